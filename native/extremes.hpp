// The largest or smallest numbers along one dimension, and their places.
//
// x is (outer, n, inner), n > 0, and the middle is reduced. NaN is larger and smaller than any number;
// of equal ones the first counts.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// y (outer, inner) = the largest (or smallest) of x
template <class T>
void extreme(const T* x, i64 outer, i64 n, i64 inner, bool largest, T* y);
// y (outer, inner) = its place along n < 2^31
template <class T>
void extreme_place(const T* x, i64 outer, i64 n, i64 inner, bool largest, i64* y);

}  // namespace rl::RL_ISA
