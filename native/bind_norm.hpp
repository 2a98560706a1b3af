// Arguments of softmax, cross entropy, normalization and embedding. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "bind_narrow.hpp"
#include "embedding.hpp"
#include "norm.hpp"
#include "reduce.hpp"
#include "softmax.hpp"

namespace rl::RL_ISA {
namespace {

// x as (outer, n, inner) around one dimension
struct Split {
    i64 outer = 1, n = 1, inner = 1;
    Split(const In& x, i64 axis) {
        for (int i = 0; i < x.nd(); i++) (i < axis ? outer : i > axis ? inner : n) *= x.dim(i);
    }
};

// y = f(x, axis)
template <auto f>
PyObject* along(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0]))
        return along_narrow(a, n, 1, [](float* u, const float*, i64 outer, i64 n, i64 inner) {
            f(u, outer, n, inner, u);
        });
    In x;
    i64 axis;
    if (n != 2 || !x.read(a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    Out y(x);
    if (!y) return nullptr;
    const Split s(x, axis);
    if (x.size() == 0) return y.release();
    compute(x.type(), x.size(),
            [&]<class T>() { f(x.data<T>(), s.outer, s.n, s.inner, y.data<T>()); });
    return y.release();
}

// dx = f(dy, y, axis)
template <auto f>
PyObject* along_dx(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0]))
        return along_narrow(a, n, 2, [](float* u, const float* v, i64 outer, i64 n, i64 inner) {
            f(u, v, outer, n, inner, u);
        });
    In dy, y;
    i64 axis;
    if (n != 3 || !dy.read(a[0]) || !y.read_like(a[1], dy) || !dy.same_shape(y)) return nullptr;
    if (!read_axis(a[2], y, axis)) return nullptr;
    Out dx(y);
    if (!dx) return nullptr;
    const Split s(y, axis);
    if (y.size() == 0) return dx.release();
    compute(y.type(), y.size(),
            [&]<class T>() { f(dy.data<T>(), y.data<T>(), s.outer, s.n, s.inner, dx.data<T>()); });
    return dx.release();
}

// group_norm(x (N, C, *), groups, w (C), b (C), eps) -> y, mean (N, groups, 1), rstd; w, b may be None
PyObject* group_norm_(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return group_norm_narrow(a, n);
    In x, w, b;
    i64 groups;
    double eps;
    if (n != 5 || !x.read(a[0]) || !read(a[1], groups) || !read(a[4], eps)) return nullptr;
    if (!w.read_optional_like(a[2], x) || !b.read_optional_like(a[3], x)) return nullptr;
    if (x.nd() < 2 || x.size() == 0 || groups < 1 || x.dim(1) % groups) return nullptr;
    for (const In* v : {&w, &b})
        if (*v && (v->nd() != 1 || v->dim(0) != x.dim(1))) return nullptr;
    npy_intp dims[] = {x.dim(0), groups, 1};
    Out y(x), mean(3, dims, x.type()), rstd(3, dims, x.type());
    if (!y || !mean || !rstd) return nullptr;
    const i64 s = x.size() / x.dim(0) / x.dim(1);
    compute(x.type(), x.size(), [&]<class T>() {
        group_norm(x.data<T>(), x.dim(0), x.dim(1), s, groups, w.data<T>(), b.data<T>(), eps,
                   y.data<T>(), mean.data<T>(), rstd.data<T>());
    });
    return tuple(y, mean, rstd);
}

// group_norm_dx(dy, x (N, C, *), w, mean, rstd (N, groups, 1), groups) -> dx, dw (C), db (C)
PyObject* group_norm_dx_(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return group_norm_dx_narrow(a, n);
    In dy, x, w, mean, rstd;
    i64 groups;
    if (n != 6 || !dy.read(a[0]) || !x.read_like(a[1], dy) || !w.read_optional_like(a[2], x))
        return nullptr;
    if (!mean.read_like(a[3], x) || !rstd.read_like(a[4], x) || !read(a[5], groups)) return nullptr;
    if (!dy.same_shape(x) || x.nd() < 2 || x.size() == 0 || groups < 1 || x.dim(1) % groups)
        return nullptr;
    if (w && (w.nd() != 1 || w.dim(0) != x.dim(1))) return nullptr;
    if (mean.size() != x.dim(0) * groups || rstd.size() != mean.size()) return nullptr;
    npy_intp dims[] = {x.dim(1)};
    Out dx(x), dw(1, dims, x.type()), db(1, dims, x.type());
    if (!dx || !dw || !db) return nullptr;
    const i64 s = x.size() / x.dim(0) / x.dim(1);
    compute(x.type(), x.size(), [&]<class T>() {
        group_norm_dx(dy.data<T>(), x.data<T>(), x.dim(0), x.dim(1), s, groups, w.data<T>(),
                      mean.data<T>(), rstd.data<T>(), dx.data<T>(), dw.data<T>(), db.data<T>());
    });
    return tuple(dx, dw, db);
}

// cross_entropy(x (N, C), t (N) int64, ignore_index, mean) -> loss (), logp (N, C)
PyObject* cross_entropy_(Args a, Py_ssize_t n) {
    In x, t;
    i64 ignore;
    bool mean;
    if (n != 4 || !x.read(a[0]) || !t.read_as(a[1], NPY_INT64)) return nullptr;
    if (!read(a[2], ignore) || !read(a[3], mean)) return nullptr;
    if (x.nd() != 2 || t.nd() != 1 || t.dim(0) != x.dim(0) || x.size() == 0) return nullptr;
    const i64 rows = x.dim(0), classes = x.dim(1);
    const i64 kept = count_targets(t.data<i64>(), rows, classes, ignore);
    if (kept < 0) return nullptr;
    Out loss(0, nullptr, x.type()), logp(x);
    if (!loss || !logp) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        *loss.data<T>() = cross_entropy(x.data<T>(), t.data<i64>(), rows, classes, ignore,
                                        mean ? double(kept) : 1., logp.data<T>());
    });
    return tuple(loss, logp);
}

// cross_entropy_dx(dloss (), logp (N, C), t (N), ignore_index, mean) -> dx (N, C)
PyObject* cross_entropy_dx_(Args a, Py_ssize_t n) {
    In logp, t;
    i64 ignore;
    bool mean;
    double dloss;
    if (n != 5 || !read(a[0], dloss) || !logp.read(a[1]) || !t.read_as(a[2], NPY_INT64))
        return nullptr;
    if (!read(a[3], ignore) || !read(a[4], mean)) return nullptr;
    if (logp.nd() != 2 || t.nd() != 1 || t.dim(0) != logp.dim(0)) return nullptr;
    const i64 rows = logp.dim(0), classes = logp.dim(1);
    const i64 kept = count_targets(t.data<i64>(), rows, classes, ignore);
    if (kept < 0) return nullptr;
    Out dx(logp);
    if (!dx) return nullptr;
    compute(logp.type(), logp.size(), [&]<class T>() {
        cross_entropy_dx(logp.data<T>(), t.data<i64>(), rows, classes, ignore,
                         T(mean ? dloss / double(kept) : dloss), dx.data<T>());
    });
    return dx.release();
}

// nll(x (N, C), t (N), mean) -> -Σ x[n, t[n]], or None: a target is no class
PyObject* nll_(Args a, Py_ssize_t n) {
    In x, t;
    bool mean;
    if (n != 3 || !x.read(a[0]) || !t.read_as(a[1], NPY_INT64) || !read(a[2], mean)) return nullptr;
    if (x.nd() != 2 || t.nd() != 1 || t.dim(0) != x.dim(0) || x.size() == 0) return nullptr;
    const i64 rows = x.dim(0), classes = x.dim(1);
    const i64* const at = t.data<i64>();
    Out loss(0, nullptr, x.type()), picked(1, t.dims(), x.type());
    if (!loss || !picked) return nullptr;
    bool within = true;
    compute(x.type(), rows, [&]<class T>() {
        T *const to = picked.data<T>(), *const y = loss.data<T>();
        for (i64 i = 0; i < rows && within; i++) {
            const i64 c = *static_cast<const volatile i64*>(at + i);  // (another thread may change it)
            within = std::uint64_t(c) < std::uint64_t(classes);
            if (within) to[i] = -x.data<T>()[i * classes + c];
        }
        if (!within) return;
        sum(to, 1, rows, 1, 1., y);
        if (mean) *y /= T(rows);
    });
    if (!within) Py_RETURN_NONE;
    return loss.release();
}

// glu(x, axis) -> a σ(b), the halves of x along an axis
PyObject* glu_(Args a, Py_ssize_t n) {
    In x;
    i64 axis;
    if (n != 2 || !x.read(a[0]) || !read_axis(a[1], x, axis) || x.dim(int(axis)) % 2) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < x.nd(); i++) dims[i] = i == axis ? x.dim(i) / 2 : x.dim(i);
    Out y(x.nd(), dims, x.type());
    if (!y || x.size() == 0) return y.release();
    const Split s(x, axis);
    compute(x.type(), x.size(), [&]<class T>() { glu(x.data<T>(), s.outer, s.n / 2 * s.inner, y.data<T>()); });
    return y.release();
}

// layer_norm(x, n, w or None, b or None, eps) -> y, mean, rstd over the last n dimensions
PyObject* layer_norm_(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return layer_norm_narrow(a, n);
    In x, w, b;
    i64 last;
    double eps;
    if (n != 5 || !x.read(a[0]) || !read(a[1], last) || last < 1 || last > x.nd()) return nullptr;
    if (!w.read_optional_like(a[2], x) || !b.read_optional_like(a[3], x)) return nullptr;
    if (!read(a[4], eps)) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    i64 size = 1;
    for (int i = 0; i < x.nd(); i++) {
        const bool normed = i >= x.nd() - last;
        dims[i] = normed ? 1 : x.dim(i);
        if (normed) size *= x.dim(i);
    }
    if ((w && w.size() != size) || (b && b.size() != size)) return nullptr;
    Out y(x), mean(x.nd(), dims, x.type()), rstd(x.nd(), dims, x.type());
    if (!y || !mean || !rstd) return nullptr;
    if (x.size() == 0) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        layer_norm(x.data<T>(), x.size() / size, size, w.data<T>(), b.data<T>(), eps, y.data<T>(),
                   mean.data<T>(), rstd.data<T>());
    });
    return tuple(y, mean, rstd);
}

// layer_norm_dx(dy, x, w or None, mean, rstd, n) -> dx, dw, db (None without w)
PyObject* layer_norm_dx_(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return layer_norm_dx_narrow(a, n);
    In dy, x, w, mean, rstd;
    i64 last;
    if (n != 6 || !dy.read(a[0]) || !x.read_like(a[1], dy) || !dy.same_shape(x)) return nullptr;
    if (!w.read_optional_like(a[2], x) || !mean.read_like(a[3], x) || !rstd.read_like(a[4], x))
        return nullptr;
    if (!read(a[5], last) || last < 1 || last > x.nd() || x.size() == 0) return nullptr;
    i64 size = 1;
    for (int i = x.nd() - int(last); i < x.nd(); i++) size *= x.dim(i);
    const i64 rows = x.size() / size;
    if ((w && w.size() != size) || mean.size() != rows || rstd.size() != rows) return nullptr;
    Out dx(x), dw = w ? Out(w) : Out(), db = w ? Out(w) : Out();
    if (!dx || (w && (!dw || !db))) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        layer_norm_dx(dy.data<T>(), x.data<T>(), w.data<T>(), mean.data<T>(), rstd.data<T>(), rows,
                      size, dx.data<T>(), w ? dw.data<T>() : nullptr, w ? db.data<T>() : nullptr);
    });
    return tuple(dx, dw, db);
}

// x (N, C, *), and vectors of C numbers: true if they fit together.
template <class... In_>
bool read_channels(const In& x, const In_&... v) {
    return x.nd() >= 2 && x.size() > 0 && ((!v || v.size() == x.dim(1)) && ...);
}
i64 places(const In& x) { return x.size() / (x.dim(0) * x.dim(1)); }

// batch_norm(x (N, C, *), w or None, b or None, eps) -> y, mean (C), rstd (C)
PyObject* batch_norm_(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return batch_norm_narrow(a, n);
    In x, w, b;
    double eps;
    if (n != 4 || !x.read(a[0]) || !read(a[3], eps)) return nullptr;
    if (!w.read_optional_like(a[1], x) || !b.read_optional_like(a[2], x)) return nullptr;
    if (!read_channels(x, w, b)) return nullptr;
    const npy_intp c[] = {x.dim(1)};
    Out y(x), mean(1, c, x.type()), rstd(1, c, x.type());
    if (!y || !mean || !rstd) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        batch_stats(x.data<T>(), x.dim(0), x.dim(1), places(x), eps, mean.data<T>(),
                    rstd.data<T>());
        batch_norm<T>(x.data<T>(), x.dim(0), x.dim(1), places(x), w.data<T>(), b.data<T>(),
                      mean.data<T>(), rstd.data<T>(), y.data<T>());
    });
    return tuple(y, mean, rstd);
}

// batch_norm_dx(dy, x (N, C, *), w or None, mean (C), rstd (C)) -> dx, dw (C), db (C)
PyObject* batch_norm_dx_(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return batch_norm_dx_narrow(a, n);
    In dy, x, w, mean, rstd;
    if (n != 5 || !dy.read(a[0]) || !x.read_like(a[1], dy) || !dy.same_shape(x)) return nullptr;
    if (!w.read_optional_like(a[2], x) || !mean.read_like(a[3], x) || !rstd.read_like(a[4], x))
        return nullptr;
    if (!read_channels(x, w, mean, rstd)) return nullptr;
    Out dx(x), dw(mean), db(mean);
    if (!dx || !dw || !db) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        batch_norm_dx<T>(dy.data<T>(), x.data<T>(), x.dim(0), x.dim(1), places(x), w.data<T>(),
                         mean.data<T>(), rstd.data<T>(), false, dx.data<T>(), dw.data<T>(),
                         db.data<T>());
    });
    return tuple(dx, dw, db);
}

// rstd (C) of a given variance
template <class T>
void from_variance(const In& var, double eps, T* rstd) {
    for (i64 i = 0; i < var.size(); i++) rstd[i] = T(1) / sqrt(T(var.data<T>()[i] + T(eps)));
}

// batch_norm_eval(x (N, C, *), w or None, b or None, mean (C), var (C), eps) -> y
PyObject* batch_norm_eval_(Args a, Py_ssize_t n) {
    if (n > 0 && is_narrow(a[0])) return batch_norm_eval_narrow(a, n);
    In x, w, b, mean, var;
    double eps;
    if (n != 6 || !x.read(a[0]) || !read(a[5], eps)) return nullptr;
    if (!w.read_optional_like(a[1], x) || !b.read_optional_like(a[2], x)) return nullptr;
    if (!mean.read_like(a[3], x) || !var.read_like(a[4], x)) return nullptr;
    if (!read_channels(x, w, b, mean, var)) return nullptr;
    Out y(x), rstd(var);
    if (!y || !rstd) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        from_variance(var, eps, rstd.data<T>());
        batch_norm<T>(x.data<T>(), x.dim(0), x.dim(1), places(x), w.data<T>(), b.data<T>(),
                      mean.data<T>(), rstd.data<T>(), y.data<T>());
    });
    return y.release();
}

// batch_norm_eval_dx(dy, x (N, C, *), w or None, mean (C), var (C), eps) -> dx, dw (C), db (C)
PyObject* batch_norm_eval_dx_(Args a, Py_ssize_t n) {
    In dy, x, w, mean, var;
    double eps;
    if (n != 6 || !dy.read(a[0]) || !x.read_like(a[1], dy) || !dy.same_shape(x)) return nullptr;
    if (!w.read_optional_like(a[2], x) || !mean.read_like(a[3], x) || !var.read_like(a[4], x))
        return nullptr;
    if (!read(a[5], eps) || !read_channels(x, w, mean, var)) return nullptr;
    Out dx(x), dw(mean), db(mean), rstd(var);
    if (!dx || !dw || !db || !rstd) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        from_variance(var, eps, rstd.data<T>());
        batch_norm_dx<T>(dy.data<T>(), x.data<T>(), x.dim(0), x.dim(1), places(x), w.data<T>(),
                         mean.data<T>(), rstd.data<T>(), true, dx.data<T>(), dw.data<T>(),
                         db.data<T>());
    });
    return tuple(dx, dw, db);
}

// take(x (V, *) of any dtype, i int64 (*)) -> i's shape, then x's without its first dimension.
// strict: with a negative index it falls back to the twin, too.
template <bool strict>
PyObject* take(Args a, Py_ssize_t n) {
    In i;
    if (n != 2 || !is_array(a[0]) || !i.read_as(a[1], NPY_INT64)) return nullptr;
    PyArrayObject* const x = array(a[0]);
    PyArray_Descr* const dtype = PyArray_DESCR(x);
    if (!PyArray_IS_C_CONTIGUOUS(x) || PyArray_NDIM(x) < 1 || PyDataType_REFCHK(dtype))
        return nullptr;
    if (strict && PyArray_NDIM(x) != 2) return nullptr;
    const i64 rows = PyArray_DIM(x, 0);
    if (!in_range(i.data<i64>(), i.size(), strict ? 0 : -rows, rows)) return nullptr;
    npy_intp dims[2 * NPY_MAXDIMS];
    int nd = 0;
    for (int k = 0; k < i.nd(); k++) dims[nd++] = i.dim(k);
    i64 bytes = PyArray_ITEMSIZE(x);
    for (int k = 1; k < PyArray_NDIM(x); k++) bytes *= dims[nd++] = PyArray_DIM(x, k);
    if (nd > NPY_MAXDIMS) return nullptr;
    Py_INCREF(dtype);
    PyObject* y = new_array(dtype, nd, dims);
    if (!y) return nullptr;
    NoGil unlocked(i.size() * bytes / 8 >= LONG_WORK);
    take_rows(PyArray_BYTES(x), rows, bytes, i.data<i64>(), i.size(), PyArray_BYTES(array(y)));
    return y;
}

// embedding_dw(dy (*, E), i int64 (*), rows, padding_idx, scale_by_freq) -> (rows, E)
PyObject* embedding_dw_(Args a, Py_ssize_t n) {
    In dy, i;
    i64 rows, skip;
    bool scale;
    if (n != 5 || !dy.read(a[0]) || !i.read_as(a[1], NPY_INT64) || !read(a[2], rows))
        return nullptr;
    if (!read(a[3], skip) || !read(a[4], scale) || dy.nd() < 1 || dy.rows() != i.size())
        return nullptr;
    if (!in_range(i.data<i64>(), i.size(), 0, rows)) return nullptr;
    const npy_intp dims[] = {rows, dy.dim(-1)};
    Out dw(2, dims, dy.type()), counts(scale ? 1 : 0, dims, NPY_INT64);
    if (!dw || !counts) return nullptr;
    compute(dy.type(), dy.size(), [&]<class T>() {
        embedding_dw(dy.data<T>(), i.data<i64>(), i.size(), rows, dy.dim(-1), skip,
                     scale ? counts.data<i64>() : nullptr, dw.data<T>());
    });
    return dw.release();
}

}  // namespace
}  // namespace rl::RL_ISA
