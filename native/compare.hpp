// x = y, x < y, ... of n numbers each, or of one y for all; 1 or 0 in a byte. T is float, double or i64.
#pragma once
#include "simd.hpp"

#define RL_COMPARE(X) X(eq) X(ne) X(lt) X(le) X(gt) X(ge)

namespace rl::RL_ISA {

#define COMPARE(f) \
    template <class T> \
    void f(const T* x, const T* y, bool one, bool* z, i64 n);
RL_COMPARE(COMPARE)
#undef COMPARE

}  // namespace rl::RL_ISA
