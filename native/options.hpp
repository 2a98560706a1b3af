// What a user chooses for all kernels.
#pragma once

namespace rl {

// Convolutions may take Winograd's way (conv_winograd.cpp).
bool winograd_allowed() noexcept;

}  // namespace rl
