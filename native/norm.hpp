// Normalization: y = (x - mean) rstd w + b with rstd = 1 / √(var + eps), var not corrected.
//
//   layer norm: rows of n numbers, w and b (n);   batch norm: N batch, C channels, S places, w and
//   b (C) w and b may be null: 1 and 0.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// x (rows, n) -> y (rows, n), which may be x, mean (rows), rstd (rows)
template <class T>
void layer_norm(const T* x, i64 rows, i64 n, const T* w, const T* b, double eps, T* y, T* mean,
                T* rstd);
// dy, x (rows, n) -> dx (rows, n), dw (n), db (n); dw and db may be null
template <class T>
void layer_norm_dx(const T* dy, const T* x, const T* w, const T* mean, const T* rstd, i64 rows,
                   i64 n, T* dx, T* dw, T* db);
// The same of a few rows on this thread; to dw and db it is added. dx may be dy.
template <class T>
void layer_norm_dx_rows(const T* dy, const T* x, const T* w, const T* mean, const T* rstd, i64 rows, i64 n,
                        T* dx, T* dw, T* db);

// x (N, C, S) in groups of neighbouring channels -> y (N, C, S), mean and rstd (N, groups); w, b (C). U: T, or
// with T = float a two-byte float, each number rounded once
template <class U, class T>
void group_norm(const U* x, i64 n, i64 c, i64 s, i64 groups, const T* w, const T* b, double eps, U* y,
                T* mean, T* rstd);
// -> dx (N, C, S), dw (C), db (C)
template <class U, class T>
void group_norm_dx(const U* dy, const U* x, i64 n, i64 c, i64 s, i64 groups, const T* w,
                   const T* mean, const T* rstd, U* dx, T* dw, T* db);

// x (N, C, S) -> mean (C), rstd (C) over N and S
template <class T>
void batch_stats(const T* x, i64 n, i64 c, i64 s, double eps, T* mean, T* rstd);
// y = (x - mean) rstd w + b
template <class T>
void batch_norm(const T* x, i64 n, i64 c, i64 s, const T* w, const T* b, const T* mean,
                const T* rstd, T* y);
// dy, x (N, C, S) -> dx (N, C, S), dw (C), db (C); mean and rstd follow from x, or are given
// (fixed)
template <class T>
void batch_norm_dx(const T* dy, const T* x, i64 n, i64 c, i64 s, const T* w, const T* mean,
                   const T* rstd, bool fixed, T* dx, T* dw, T* db);

}  // namespace rl::RL_ISA
