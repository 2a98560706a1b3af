// Arguments of reductions. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "bind_narrow.hpp"
#include "extremes.hpp"
#include "parallel.hpp"
#include "reduce.hpp"
#include "softmax.hpp"

namespace rl::RL_ISA {
namespace {

// The arguments (x, axis=None, keepdims=False): x around the dimension that is reduced, all of them
// or one; and the result's shape.
struct Along {
    i64 outer = 1, middle, inner = 1;
    npy_intp dims[NPY_MAXDIMS];
    int nd = 0;

    bool read(In& x, Args a, Py_ssize_t n, bool whole = false) {  // whole: int64, too
        if (n < 1 || n > 3 || !(x.read(a[0]) || (whole && x.read_as(a[0], NPY_INT64)))) return false;
        bool keep = false;
        i64 axis = -1;
        const bool everything = n < 2 || a[1] == Py_None;
        if (n == 3 && !rl::RL_ISA::read(a[2], keep)) return false;
        if (!everything && !read_axis(a[1], x, axis)) return false;
        middle = x.size();
        for (int i = 0; i < x.nd(); i++) {
            if (!everything && i < axis) outer *= x.dim(i);
            if (!everything && i == axis) middle = x.dim(i);
            if (!everything && i > axis) inner *= x.dim(i);
            if (!everything && i != axis) dims[nd++] = x.dim(i);
            else if (keep) dims[nd++] = 1;
        }
        return true;
    }
};

// sum(x, axis=None, keepdims=False), mean likewise: over all, the last, the first, or one dimension
template <bool mean>
PyObject* reduction(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return sum_narrow(a, n, mean);
    if (!mean && n > 0 && is_array(a[0]) && PyArray_TYPE(array(a[0])) == NPY_INT64) return sum_whole(a, n);
    In x;
    Along l;
    if (!l.read(x, a, n)) return nullptr;
    Out y(l.nd, l.dims, x.type());
    if (!y) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        sum(x.data<T>(), l.outer, l.middle, l.inner, mean ? 1. / double(l.middle) : 1., y.data<T>());
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

// huber_loss(x, y, a, mean) -> (), smooth_l1_loss likewise: operands of one shape
template <auto f>
PyObject* loss_of_difference_(Args a, Py_ssize_t n) {
    In x, y;
    double number;
    bool mean;
    if (n != 4 || !x.read(a[0]) || !y.read_like(a[1], x) || !read(a[2], number) || !read(a[3], mean))
        return nullptr;
    if (!x.same_shape(y)) return nullptr;
    Out loss(0, nullptr, x.type());
    if (!loss) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        const double scale = mean ? 1. / double(x.size()) : 1.;
        f(x.data<T>(), y.data<T>(), x.size(), number, scale, loss.data<T>());
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

// square_sum(x, axis=None, keepdims=False): Σ x², as sum
PyObject* square_sum_(Args a, Py_ssize_t n) {
    In x;
    Along l;
    if (!l.read(x, a, n)) return nullptr;
    Out y(l.nd, l.dims, x.type());
    if (!y) return nullptr;
    compute(x.type(), x.size(),
            [&]<class T>() { square_sum(x.data<T>(), l.outer, l.middle, l.inner, y.data<T>()); });
    return y.release();
}

// variance(x, axis, correction, keepdims, root) -> Σ (x - mean)² / (n - correction), or its root, and the mean: over
// all or one dimension
PyObject* variance_(Args a, Py_ssize_t n) {
    In x;
    Along l;
    double correction;
    bool root;
    if (n != 5 || !read(a[2], correction) || !read(a[4], root)) return nullptr;
    PyObject* const args[] = {a[0], a[1], a[3]};
    if (!l.read(x, args, 3)) return nullptr;
    Out y(l.nd, l.dims, x.type()), mean(l.nd, l.dims, x.type());
    npy_intp count[] = {x.size()};
    Out squares(1, count, x.type());
    if (!y || !mean || !squares) return nullptr;
    compute(x.type(), 2 * x.size(), [&]<class T>() {
        variance(x.data<T>(), l.outer, l.middle, l.inner, correction, root, squares.data<T>(), y.data<T>(),
                 mean.data<T>());
    });
    return tuple(std::move(y), std::move(mean));
}

// unit(x, axis, least): x / max(√(Σ x²), least) along one dimension
PyObject* unit_(Args a, Py_ssize_t n) {
    In x;
    Along l;
    double least;
    if (n != 3 || a[1] == Py_None || !read(a[2], least)) return nullptr;
    PyObject* const args[] = {a[0], a[1], Py_True};
    if (!l.read(x, args, 3)) return nullptr;
    Out length(l.nd, l.dims, x.type()), y(x);
    if (!length || !y) return nullptr;
    compute(x.type(), 2 * x.size(), [&]<class T>() {
        unit(x.data<T>(), l.outer, l.middle, l.inner, least, length.data<T>(), y.data<T>());
    });
    return y.release();
}

// max(x, axis=None, keepdims=False), min likewise; argmax and argmin: int64 places
template <bool largest, bool place>
PyObject* extreme_(Args a, Py_ssize_t n) {
    In x;
    Along l;
    if (!l.read(x, a, n, true) || x.size() == 0 || l.middle > 0x7fffffff) return nullptr;
    Out y(l.nd, l.dims, place ? NPY_INT64 : x.type());
    if (!y) return nullptr;
    compute_any(x.type(), x.size(), [&]<class T>() {
        if constexpr (place)
            extreme_place(x.data<T>(), l.outer, l.middle, l.inner, largest, y.data<i64>());
        else extreme(x.data<T>(), l.outer, l.middle, l.inner, largest, y.data<T>());
    });
    return y.release();
}

// both_extremes(x, axis=None, keepdims=False) -> min, max
PyObject* both_extremes_(Args a, Py_ssize_t n) {
    In x;
    Along l;
    if (!l.read(x, a, n, true) || x.size() == 0 || l.middle > 0x7fffffff) return nullptr;
    Out low(l.nd, l.dims, x.type()), high(l.nd, l.dims, x.type());
    if (!low || !high) return nullptr;
    compute_any(x.type(), 2 * x.size(), [&]<class T>() {
        extreme(x.data<T>(), l.outer, l.middle, l.inner, false, low.data<T>());
        extreme(x.data<T>(), l.outer, l.middle, l.inner, true, high.data<T>());
    });
    return tuple(std::move(low), std::move(high));
}

// logsumexp(x, axis, keepdims) over one dimension
PyObject* logsumexp_(Args a, Py_ssize_t n) {
    In x;
    Along l;
    if (n != 3 || a[1] == Py_None || !l.read(x, a, n) || x.size() == 0) return nullptr;
    Out y(l.nd, l.dims, x.type());
    if (!y) return nullptr;
    compute(x.type(), x.size(),
            [&]<class T>() { logsumexp(x.data<T>(), l.outer, l.middle, l.inner, y.data<T>()); });
    return y.release();
}

}  // namespace
}  // namespace rl::RL_ISA
