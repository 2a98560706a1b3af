// Resizing: every row of the output is a weighted sum of rows of the input, and within it every
// element a weighted sum of that row's elements.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// y[l] = Σ_t weight[t * outs + l] x[index[t * outs + l]]; index -1: no tap.
template <class T>
struct Taps {
    i64 count, size, outs;
    const std::int32_t* index;
    const T* weight;
};

// x (planes, *sizes) -> y (planes, *outs) for `rank` (1 to 3) dimensions
template <class T>
void resample(i64 planes, int rank, const Taps<T>* axes, const T* x, T* y);

}  // namespace rl::RL_ISA
