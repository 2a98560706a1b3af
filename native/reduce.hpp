// Sums along one dimension.
//
// x is (outer, n, inner) and the middle is reduced: inner = 1 for the last dimension, outer = 1 for
// the first, both for all of x. Sums are taken in fixed blocks: same bits for any number of
// threads.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// y (outer, inner) = scale * Σ x
template <class T>
void sum(const T* x, i64 outer, i64 n, i64 inner, double scale, T* y);

// y (outer, inner) = Σ x²
template <class T>
void square_sum(const T* x, i64 outer, i64 n, i64 inner, T* y);

// mean (outer, inner) and y = Σ (x - mean)² / (n - correction), or its root; squares: room for x
template <class T>
void variance(const T* x, i64 outer, i64 n, i64 inner, double correction, bool root, T* squares, T* y, T* mean);

// y (outer, n, inner) = x / max(√(Σ x²), least); length: room for (outer, inner)
template <class T>
void unit(const T* x, i64 outer, i64 n, i64 inner, double least, T* length, T* y);

// Σ x y over n numbers
template <class T>
T dot(const T* x, const T* y, i64 n);

// scale * Σ (x - y)² over n numbers
template <class T>
T squared_error(const T* x, const T* y, i64 n, double scale);
// the same of the losses of x - y (losses.hpp), in the order of `sum`
template <class T>
void huber_loss(const T* x, const T* y, i64 n, double a, double scale, T* loss);
template <class T>
void smooth_l1_loss(const T* x, const T* y, i64 n, double a, double scale, T* loss);
// dx = scale * (2 (x - y))
template <class T>
void squared_error_dx(const T* x, const T* y, i64 n, T scale, T* dx);

}  // namespace rl::RL_ISA
