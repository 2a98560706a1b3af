// Pooling in two dimensions. One-dimensional pooling comes as images of height 1.
//
//   planes = batch * channels; H, W input size; P, Q output size; kh, kw window
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// The cells [begin, end) of one dimension that a window sees, and what it counts them as.
struct Span {
    i64 begin, end, count;
};

// Where the windows lie: P spans of rows and Q spans of columns.
struct Windows {
    i64 planes, h, w, p, q;
    const Span *row, *col;
};

struct MaxPool {
    i64 planes, h, w, p, q, kh, kw, sh, sw, ph, pw, dh, dw;
};

// x (planes, H, W) -> y, index (planes, P, Q): the largest cell of each window and its place in
// the plane. The first of equals; a NaN is the largest, the last one if there are several.
template <class T>
void max_pool(const MaxPool& g, const T* x, T* y, i64* index);

// dy, index (planes, out) -> dx (planes, in): dy added at the places that index names; false if one
// of them lies outside
template <class T>
bool max_pool_dx(i64 planes, i64 in, i64 out, const T* dy, const i64* index, T* dx);

// x (planes, H, W) -> y (planes, P, Q): each window's sum over its count (of rows times of
// columns), or over `divisor` if that is not 0
template <class T>
void avg_pool(const Windows& g, i64 divisor, const T* x, T* y);

// dy (planes, P, Q) -> dx (planes, H, W): each dy spread evenly over its window
template <class T>
void avg_pool_dx(const Windows& g, i64 divisor, const T* dy, T* dx);

}  // namespace rl::RL_ISA
