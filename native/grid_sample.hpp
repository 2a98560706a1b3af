// Sampling images at places that a grid names.
//
//   N batch, C channels; size: up to three spatial sizes (the first ones 1 in two dimensions);
//   P places per image. mode: 0 linear, 1 nearest, 2 cubic. padding: 0 zeros, 1 border,
//   2 reflection. See kernels/twin/grid_sample.py for the formulas.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

struct Sampler {
    i64 n, c, size[3], places;
    int rank, mode, padding;
    bool align;
};

// x (N, C, size), grid (N, P, rank) -> y (N, C, P)
template <class T>
void grid_sample(const Sampler& g, const T* x, const T* grid, T* y);

// dy (N, C, P), grid -> dx (N, C, size)
template <class T>
void grid_sample_dx(const Sampler& g, const T* dy, const T* grid, T* dx);

// dy, x, grid -> dgrid (N, P, rank); not for the nearest mode
template <class T>
void grid_sample_dgrid(const Sampler& g, const T* dy, const T* x, const T* grid, T* dgrid);

}  // namespace rl::RL_ISA
