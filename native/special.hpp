// Special functions. n numbers each; x and y may be the same memory.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

void erfinv(const float* x, float* y, i64 n);  // in elementary.cpp
void erfinv(const double* x, double* y, i64 n);

}  // namespace rl::RL_ISA
