// Arguments of sorting, running sums and sums at indices. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "bind_narrow.hpp"
#include "order.hpp"

namespace rl::RL_ISA {
namespace {

inline bool read_any(In& x, PyObject* o) { return x.read(o) || x.read_as(o, NPY_INT64); }

// sort_rows(x (*, n), descending) -> values (*, n), indices (*, n)
PyObject* sort_rows_(Args a, Py_ssize_t n) {
    In x;
    bool descending;
    if (n != 2 || !read_any(x, a[0]) || x.nd() == 0 || !read(a[1], descending)) return nullptr;
    if (x.dim(-1) > 0xffffffff) return nullptr;
    Out y(x), index(x.nd(), x.dims(), NPY_INT64);
    if (!y || !index) return nullptr;
    compute_any(x.type(), x.size(), [&]<class T>() {
        sort_rows(x.data<T>(), x.rows(), x.dim(-1), descending, y.data<T>(), index.data<i64>());
    });
    return tuple(std::move(y), std::move(index));
}

// top_rows(x (*, n), k, largest) -> values (*, k), indices (*, k)
PyObject* top_rows_(Args a, Py_ssize_t n) {
    In x;
    i64 k;
    bool largest;
    if (n != 3 || !read_any(x, a[0]) || x.nd() == 0 || !read(a[1], k) || !read(a[2], largest))
        return nullptr;
    if (x.dim(-1) > 0xffffffff || k < 1 || k > x.dim(-1)) return nullptr;
    Out y(x, k);
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < x.nd(); i++) dims[i] = x.dim(i);
    dims[x.nd() - 1] = k;
    Out index(x.nd(), dims, NPY_INT64);
    if (!y || !index) return nullptr;
    compute_any(x.type(), x.size(), [&]<class T>() {
        top_rows(x.data<T>(), x.rows(), x.dim(-1), k, largest, y.data<T>(), index.data<i64>());
    });
    return tuple(std::move(y), std::move(index));
}

// x (outer, n, inner) along an axis
struct Lines {
    i64 outer = 1, n, inner = 1;
    Lines(const In& x, i64 axis) : n(x.dim(int(axis))) {
        for (int i = 0; i < x.nd(); i++)
            if (i != axis) (i < axis ? outer : inner) *= x.dim(i);
    }
};

// cumsum(x, axis), cumprod(x, axis)
template <bool sums>
PyObject* running_(Args a, Py_ssize_t n) {
    const auto run = []<class T>(const T* x, i64 outer, i64 n, i64 inner, T* y) {
        if constexpr (sums) cumsum(x, outer, n, inner, y);
        else cumprod(x, outer, n, inner, y);
    };
    if (n > 0 && is_narrow(a[0]))
        return along_narrow(a, n, 1, [](float* u, const float*, i64 outer, i64 n, i64 inner) {
            if constexpr (sums) cumsum<float>(u, outer, n, inner, u);
            else cumprod<float>(u, outer, n, inner, u);
        });
    In x;
    i64 axis;
    if (n != 2 || !read_any(x, a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    Out y(x);
    if (!y) return nullptr;
    const Lines of(x, axis);
    compute_any(x.type(), x.size(),
                [&]<class T>() { run(x.data<T>(), of.outer, of.n, of.inner, y.data<T>()); });
    return y.release();
}

// cummax(x, axis), cummin(x, axis) -> values, places
template <bool largest>
PyObject* running_extreme_(Args a, Py_ssize_t n) {
    In x;
    i64 axis;
    if (n != 2 || !read_any(x, a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    Out y(x), at(x.nd(), x.dims(), NPY_INT64);
    if (!y || !at) return nullptr;
    const Lines of(x, axis);
    compute_any(x.type(), x.size(), [&]<class T>() {
        running_extreme(x.data<T>(), of.outer, of.n, of.inner, largest, y.data<T>(), at.data<i64>());
    });
    return tuple(std::move(y), std::move(at));
}

// prod(x, axis=None, keepdims=False): over all, or over the last dimension
PyObject* prod_(Args a, Py_ssize_t n) {
    In x;
    bool keep = false;
    i64 axis = -1;
    if (n < 1 || n > 3 || !x.read(a[0]) || (n == 3 && !read(a[2], keep))) return nullptr;
    const bool everything = n < 2 || a[1] == Py_None;
    if (!everything && (!read_axis(a[1], x, axis) || axis != x.nd() - 1)) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    int nd = 0;
    for (int i = 0; i < x.nd(); i++) {
        if (!everything && i < axis) dims[nd++] = x.dim(i);
        else if (keep) dims[nd++] = 1;
    }
    Out y(nd, dims, x.type());
    if (!y) return nullptr;
    const i64 outer = everything ? 1 : x.rows();
    const i64 inner = everything ? x.size() : x.dim(-1);
    compute(x.type(), x.size(),
            [&]<class T>() { prod(x.data<T>(), outer, inner, y.data<T>()); });
    return y.release();
}

// add_rows(x (*, n, *), index (k), values (*, k, *), axis) -> x with values[i] added to row index[i]
// of axis, or None for an index outside [0, n)
PyObject* add_rows_(Args a, Py_ssize_t n) {
    In x, index, values;
    i64 axis;
    if (n != 4 || !read_any(x, a[0]) || !index.read_as(a[1], NPY_INT64)) return nullptr;
    if (!values.read_like(a[2], x) || !read_axis(a[3], x, axis) || index.nd() != 1) return nullptr;
    if (values.nd() != x.nd() || values.dim(int(axis)) != index.dim(0)) return nullptr;
    i64 outer = 1, inner = 1;
    for (int i = 0; i < x.nd(); i++) {
        if (i != axis && values.dim(i) != x.dim(i)) return nullptr;
        if (i < axis) outer *= x.dim(i);
        if (i > axis) inner *= x.dim(i);
    }
    Out y(x);
    if (!y) return nullptr;
    bool within = true;
    compute_any(x.type(), x.size() + values.size(), [&]<class T>() {
        std::memcpy(y.data<T>(), x.data<T>(), std::size_t(x.size()) * sizeof(T));
        within = add_rows(y.data<T>(), outer, x.dim(int(axis)), inner, index.data<i64>(),
                          index.size(), values.data<T>());
    });
    if (!within) Py_RETURN_NONE;
    return y.release();
}

// add_at(x, axis, index, values): index and values of one shape, which differs from x's along
// axis only; None for an index outside [0, n)
PyObject* add_at_(Args a, Py_ssize_t n) {
    In x, index, values;
    i64 axis;
    if (n != 4 || !read_any(x, a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    if (!index.read_as(a[2], NPY_INT64) || !values.read_like(a[3], x)) return nullptr;
    if (index.nd() != x.nd() || !index.same_shape(values)) return nullptr;
    i64 outer = 1, inner = 1;
    for (int i = 0; i < x.nd(); i++) {
        if (i != axis && index.dim(i) != x.dim(i)) return nullptr;
        if (i < axis) outer *= x.dim(i);
        if (i > axis) inner *= x.dim(i);
    }
    Out y(x);
    if (!y) return nullptr;
    bool within = true;
    compute_any(x.type(), x.size() + values.size(), [&]<class T>() {
        within = add_at(x.data<T>(), y.data<T>(), outer, x.dim(int(axis)), inner, index.data<i64>(),
                             index.dim(int(axis)), values.data<T>());
    });
    if (!within) Py_RETURN_NONE;
    return y.release();
}

// count(x (n), most) -> (low, counts (high - low + 1)) of int64 numbers, or None if there were more
// than `most` counts
PyObject* count_(Args a, Py_ssize_t n) {
    In x;
    i64 most;
    if (n != 2 || !x.read_as(a[0], NPY_INT64) || x.nd() != 1 || x.size() == 0 || !read(a[1], most))
        return nullptr;
    if (x.size() > 0xffffffff) return nullptr;
    i64 low = 0, high = 0;
    {
        NoGil unlocked(x.size() >= LONG_WORK);
        extremes(x.data<i64>(), x.size(), low, high);
    }
    if (std::uint64_t(high) - std::uint64_t(low) >= std::uint64_t(most)) Py_RETURN_NONE;
    npy_intp dims[] = {high - low + 1};
    Out y(1, dims, NPY_INT64);
    if (!y) return nullptr;
    {
        NoGil unlocked(x.size() >= LONG_WORK);
        std::memset(y.data<i64>(), 0, std::size_t(dims[0]) * sizeof(i64));
        count(x.data<i64>(), x.size(), low, dims[0], y.data<i64>());
    }
    return Py_BuildValue("LN", static_cast<long long>(low), y.release());
}

}  // namespace
}  // namespace rl::RL_ISA
