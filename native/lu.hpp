// Systems of linear equations of small matrices, many at once. Row-major throughout.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// x (B, n, k) becomes the solution of a x = b, which it holds; a (B, n, n) is used up. False: a pivot is 0 or
// not a number.
template <class T>
bool solve_all(T* a, i64 batch, i64 n, i64 k, T* x);

}  // namespace rl::RL_ISA
