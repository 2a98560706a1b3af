// Sorting by digits, the largest of many, running sums and products, sums at indices.
#pragma once
#include <cstdint>

namespace rl::RL_ISA {

using i64 = std::int64_t;

// Each of `rows` rows of n < 2^32 numbers: values and places in order, equal ones as they were; NaN
// is the largest number. T: float, double, i64.
template <class T>
void sort_rows(const T* x, i64 rows, i64 n, bool descending, T* y, i64* index);

// The k largest (or smallest) of each row, in order. 0 < k <= n < 2^32.
template <class T>
void top_rows(const T* x, i64 rows, i64 n, i64 k, bool largest, T* y, i64* index);

// y = the running sums of x (outer, n, inner) along n, those of float in double. T: float, double,
// i64
template <class T>
void cumsum(const T* x, i64 outer, i64 n, i64 inner, T* y);

// The same of products; and the largest or smallest number so far, and where it stood last (NaN stays).
// In scans.cpp.
template <class T>
void cumprod(const T* x, i64 outer, i64 n, i64 inner, T* y);
template <class T>
void running_extreme(const T* x, i64 outer, i64 n, i64 inner, bool largest, T* y, i64* at);

// y (outer) = the products of x (outer, n)
template <class T>
void prod(const T* x, i64 outer, i64 n, T* y);

// y (outer, n, inner) += values (outer, k, inner), row i at row index[i], one after the other. False:
// an index is outside [0, n).
template <class T>
bool add_rows(T* y, i64 outer, i64 n, i64 inner, const i64* index, i64 k, const T* values);
// y = x (outer, n, inner) and the same, each number at an index of its own: index (outer, k, inner).
// False: as above; y is not to be used then.
template <class T>
bool add_at(const T* x, T* y, i64 outer, i64 n, i64 inner, const i64* index, i64 k, const T* values);

// The smallest and the largest of n > 0 numbers.
void extremes(const i64* x, i64 n, i64& low, i64& high);

// y (range) = how often low, low + 1, ... are in x, n < 2^32; y is 0 before
void count(const i64* x, i64 n, i64 low, i64 range, i64* y);

// ln |Γ(x)|; inf at 0, -1, -2, ...
void lgamma(const float* x, float* y, i64 n);
void lgamma(const double* x, double* y, i64 n);

}  // namespace rl::RL_ISA
