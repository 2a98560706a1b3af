// x = y, x < y, ... of n numbers each, or of one y for all; 1 or 0 in a byte. T is float, double or i64.
#pragma once
#include "simd.hpp"

// (and what NumPy calls them)
#define RL_COMPARE(X)                                                                              \
    X(eq, "equal") X(ne, "not_equal") X(lt, "less") X(le, "less_equal") X(gt, "greater")           \
    X(ge, "greater_equal")

namespace rl::RL_ISA {

#define COMPARE(f, numpy) \
    template <class T> \
    void f(const T* x, const T* y, bool one, bool* z, i64 n);
RL_COMPARE(COMPARE)
#undef COMPARE

}  // namespace rl::RL_ISA
