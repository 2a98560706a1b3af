// Arguments of reductions. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "reduce.hpp"

namespace rl::RL_ISA {
namespace {

// sum(x, axis=None, keepdims=False), mean likewise: over all, the last, the first, or one dimension
template <bool mean>
PyObject* reduction(Args a, Py_ssize_t n) {
    In x;
    if (n < 1 || n > 3 || !x.read(a[0])) return nullptr;
    bool keep = false;
    i64 axis = -1;
    const bool everything = n < 2 || a[1] == Py_None;
    if (n == 3 && !read(a[2], keep)) return nullptr;
    if (!everything && !read_axis(a[1], x, axis)) return nullptr;
    i64 outer = 1, middle = x.size(), inner = 1;
    npy_intp dims[NPY_MAXDIMS];
    int nd = 0;
    for (int i = 0; i < x.nd(); i++) {
        if (!everything && i < axis) outer *= x.dim(i);
        if (!everything && i == axis) middle = x.dim(i);
        if (!everything && i > axis) inner *= x.dim(i);
        if (!everything && i != axis) dims[nd++] = x.dim(i);
        else if (keep) dims[nd++] = 1;
    }
    Out y(nd, dims, x.type());
    if (!y) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        sum(x.data<T>(), outer, middle, inner, mean ? 1. / double(middle) : 1., y.data<T>());
    });
    return y.release();
}

// argmax(x, axis=None, keepdims=False): over the last dimension only
PyObject* argmax_(Args a, Py_ssize_t n) {
    In x;
    i64 axis;
    if (n != 2 || !x.read(a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    if (axis != x.nd() - 1 || x.dim(-1) == 0) return nullptr;
    Out y(x.nd() - 1, x.dims(), NPY_INT64);
    if (!y) return nullptr;
    compute(x.type(), x.size(),
            [&]<class T>() { argmax(x.data<T>(), x.rows(), x.dim(-1), y.data<i64>()); });
    return y.release();
}

}  // namespace
}  // namespace rl::RL_ISA
