// What a user chooses for all kernels.
#pragma once

namespace rl {

// Convolutions may take Winograd's way (conv_winograd.cpp).
bool winograd_allowed() noexcept;

// Products of float32 may round their operands to bfloat16 (set_float32_matmul_precision("medium")).
bool medium_products() noexcept;

// Products of bfloat16 are made by the processor's own instruction, if it has one, and not in float32.
bool bf16_products() noexcept;

}  // namespace rl
