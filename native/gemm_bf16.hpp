// Products of matrices of bfloat16 (their bits), summed in float, by the instruction vdpbf16ps.
#pragma once
#include "gemm.hpp"

namespace rl::RL_ISA {

bool has_bf16();  // has this processor got it?

// As gemm: c = a b + bias, max(c, 0) of that if relu; each sum in one fixed order, rounded once. In:
// the bits of bfloat16, or floats, which are rounded to bfloat16 first; Out: one of the same. Denormal
// numbers count as 0.
template <class In, class Out>
void gemm_bf16(i64 m, i64 n, i64 k, Matrix<In> a, Matrix<In> b, const float* bias, bool relu, Out* c,
               i64 step);

// Products of one a (m, k), k even, with the columns (k, n) of several images, of which `pack_panel` gives
// `width` from `first` on: panel (k / 2, pitch), two numbers that follow each other along k side by side,
// zeros up to the pitch. bias: one number per row of c (images, m, n), or null.
using PackPanel = void (*)(const void* of, i64 image, i64 first, i64 width, std::uint32_t* panel, i64 pitch);
void gemm_bf16_images(i64 images, i64 m, i64 n, i64 k, const std::uint16_t* a, PackPanel pack_panel,
                      const void* of, const float* bias, bool relu, std::uint16_t* c);

}  // namespace rl::RL_ISA
