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

}  // namespace rl::RL_ISA
