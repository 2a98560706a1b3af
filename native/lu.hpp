// Systems of linear equations of small matrices, many at once. Row-major throughout.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// L and U in place of each a (B, n, n), with the exchanges of rows, from 0, in pivots (B, n). A zero
// pivot is left as it is, its column not divided.
template <class T>
void lu(T* a, i64 batch, i64 n, std::int32_t* pivots);

// x (B, n, k) with a x = b (B, n, k), from a's factors. False: a pivot is 0 or not a number.
template <class T>
bool lu_solve(const T* factors, const std::int32_t* pivots, i64 batch, i64 n, i64 k, T* x);

}  // namespace rl::RL_ISA
