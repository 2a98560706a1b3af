// Products of matrices of floats or doubles.
//
//   M rows and N columns of the result, K terms of each of its sums
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// A matrix whose element (i, j) is p[i * row + j * col]: transposed, sliced or broadcast at will.
template <class T>
struct Matrix {
    const T* p;
    i64 row, col;

    Matrix t() const { return {p, col, row}; }
    Matrix from(i64 i, i64 j) const { return {p + i * row + j * col, row, col}; }
};

// What is done to rows [i, i + m) and columns [j, j + n) of c as soon as they are there, in the cache.
struct After {
    void (*run)(const void* of, i64 i, i64 j, i64 m, i64 n) = nullptr;
    const void* of = nullptr;
};

// c = a b + bias, and max(c, 0) of that if relu: a (M, K), b (K, N), bias (N) or null, c (M, N)
// with rows `step` apart. Each sum is taken in one fixed order, whatever the number of threads.
template <class T>
void gemm(i64 m, i64 n, i64 k, Matrix<T> a, Matrix<T> b, const T* bias, bool relu, T* c, i64 step,
          After after = {});

}  // namespace rl::RL_ISA
