// Products of 8-bit whole numbers: a Linear with quantized weights (torch.ao.quantization).
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

constexpr i64 OUTPUTS = 16, DEEP = 4;  // of the packed weights, whatever the registers

// Weights: packed (O / 16 rounded up, K / 4 rounded up, 16, 4), zeros where there are none, and the
// sum of each output's.
struct Int8Weights {
    const std::int8_t* packed;
    const std::int32_t* sums;  // (O / 16 rounded up * 16)
    i64 out, in;
    float scale;
};

// y (rows, out) = x (rows, in) wᵀ + bias, with x rounded to seven bits, one scale for all of it. False
// if x has a number that is not finite.
bool linear_int8(const Int8Weights& w, const float* x, i64 rows, const float* bias, float* y);

}  // namespace rl::RL_ISA
