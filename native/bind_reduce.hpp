// Arguments of reductions. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "parallel.hpp"
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

// mse_loss(x, y, mean) -> (): operands of one shape
PyObject* mse_loss_(Args a, Py_ssize_t n) {
    In x, y;
    bool mean;
    if (n != 3 || !x.read(a[0]) || !y.read_like(a[1], x) || !read(a[2], mean)) return nullptr;
    if (!x.same_shape(y)) return nullptr;
    Out loss(0, nullptr, x.type());
    if (!loss) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        const double scale = mean ? 1. / double(x.size()) : 1.;
        *loss.data<T>() = squared_error(x.data<T>(), y.data<T>(), x.size(), scale);
    });
    return loss.release();
}

// mse_loss_dx(dloss (), x, y, mean) -> dx
PyObject* mse_loss_dx_(Args a, Py_ssize_t n) {
    In x, y;
    bool mean;
    double dloss;
    if (n != 4 || !read(a[0], dloss) || !x.read(a[1]) || !y.read_like(a[2], x)) return nullptr;
    if (!read(a[3], mean) || !x.same_shape(y)) return nullptr;
    Out dx(x);
    if (!dx) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        const T scale = mean ? T(dloss) / T(x.size()) : T(dloss);
        squared_error_dx(x.data<T>(), y.data<T>(), x.size(), scale, dx.data<T>());
    });
    return dx.release();
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
