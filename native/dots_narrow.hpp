// Products of a few rows of two-byte floats with a matrix of them, which is read once, as it is.
#pragma once
#include "pointwise.hpp"

namespace rl::RL_ISA {

constexpr i64 FEW_ROWS = 8;  // beyond, the matrix is better widened as a whole

// y (m, n) = x (m, k) wᵀ + b, max(y, 0) of that if relu; w (n, k), all without gaps, b (n) or null. Sums are
// float32, in one fixed order, rounded once. T: Half or Brain.
template <class T>
void dots_narrow(i64 m, i64 n, i64 k, const T* x, const T* w, const T* b, bool relu, T* y);

}  // namespace rl::RL_ISA
