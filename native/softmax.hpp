// Softmax, its logarithm and cross entropy.
//
// x is (outer, n, inner) and the middle is normalized; N rows, C classes
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// y = e^(x - m) / Σ e^(x - m), m the largest x
template <class T>
void softmax(const T* x, i64 outer, i64 n, i64 inner, T* y);
// y = x - m - log Σ e^(x - m)
template <class T>
void log_softmax(const T* x, i64 outer, i64 n, i64 inner, T* y);
// y (outer, inner) = m + log Σ e^(x - m)
template <class T>
void logsumexp(const T* x, i64 outer, i64 n, i64 inner, T* y);
// dx = y (dy - Σ dy y)
template <class T>
void softmax_dx(const T* dy, const T* y, i64 outer, i64 n, i64 inner, T* dx);
// dx = dy - e^y Σ dy
template <class T>
void log_softmax_dx(const T* dy, const T* y, i64 outer, i64 n, i64 inner, T* dx);

// y (outer, n) = a σ(b), x (outer, 2 n) the a and the b of each in turn
template <class T>
void glu(const T* x, i64 outer, i64 n, T* y);

// How many of the targets t (N) are not `ignore`; -1 if one of them is outside of 0..C-1.
i64 count_targets(const i64* t, i64 n, i64 c, i64 ignore);
// x (N, C), t (N) -> logp (N, C) = log softmax x and -Σ logp[n, t[n]], divided by `by`
template <class T>
T cross_entropy(const T* x, const i64* t, i64 n, i64 c, i64 ignore, double by, T* logp);
// dx (N, C) = scale (e^logp - one-hot t); 0 in ignored rows
template <class T>
void cross_entropy_dx(const T* logp, const i64* t, i64 n, i64 c, i64 ignore, T scale, T* dx);

}  // namespace rl::RL_ISA
