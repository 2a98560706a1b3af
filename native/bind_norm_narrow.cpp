// group_norm and batch_norm of two-byte floats: some channels at a time in float, each number rounded once.
#include "bind_narrow.hpp"
#include "norm.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 STRETCH = 256;  // numbers that lie one behind the other, at least, if there are so many

// x (N, C, *) of float16 or bfloat16, dy like it, and vectors of C floats
struct Channels : In {
    i64 batch = 0, channels = 0, places = 0;

    bool read(PyObject* o) {
        if (!is_narrow(o) || !contiguous(o) || nd() < 2 || size() == 0) return false;
        batch = dim(0), channels = dim(1), places = size() / (batch * channels);
        return true;
    }
    bool vector(In& v, PyObject* o, bool optional) const {
        if (optional && o == Py_None) return true;
        return v.read_as(o, NPY_FLOAT) && v.size() == channels;
    }
};

// f(u, v, first, count): channels [first, first + count) of x and dy, (N, count, *) each, in float; what is left
// in u becomes y. v is null without dy.
template <class T, class G>
void each_group(const Channels& of, const T* x, const T* dy, T* y, G f) {
    const i64 n = of.batch, c = of.channels, s = of.places, most = s < STRETCH ? STRETCH / s : 1;
    const i64 group = most < c ? most : c;
    parallel((c + group - 1) / group, 1, [=](i64 begin, i64 end) {
        float* const u = scratch<float>(Slot::norm, (dy ? 2 : 1) * n * group * s);
        float* const v = dy ? u + n * group * s : nullptr;
        for (i64 k = begin; k < end; k++) {
            const i64 first = k * group, count = c - first < group ? c - first : group, run = count * s;
            for (i64 i = 0; i < n; i++) widen(x + (i * c + first) * s, u + i * run, run);
            for (i64 i = 0; v && i < n; i++) widen(dy + (i * c + first) * s, v + i * run, run);
            f(u, v, first, count);
            for (i64 i = 0; i < n; i++) narrow(u + i * run, y + (i * c + first) * s, run);
        }
    });
}

// run.operator()<T>(x, dy, y) with the arrays' memory; y, of x's dtype and shape, is the result
template <class G>
PyObject* in_channels(PyArrayObject* x, const Channels& of, const Channels* dy, G run) {
    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    PyObject* const y = new_array(dtype, of.nd(), of.dims());
    if (!y) return nullptr;
    try {
        compute_floats(x, [&]<class T>() {
            if constexpr (sizeof(T) == 2)
                run(of.data<T>(), dy ? dy->data<T>() : nullptr, static_cast<T*>(PyArray_DATA(array(y))));
        });
    } catch (...) {
        Py_DECREF(y);
        throw;
    }
    return y;
}

const float* from(const float* p, i64 first) { return p ? p + first : nullptr; }

// y in front of other results, in a tuple
PyObject* with(PyObject* y, Out&& a, Out&& b) {
    PyObject* const t = y ? PyTuple_New(3) : nullptr;
    if (!t) return nullptr;
    PyTuple_SET_ITEM(t, 0, y);
    PyTuple_SET_ITEM(t, 1, a.release());
    PyTuple_SET_ITEM(t, 2, b.release());
    return t;
}

}  // namespace

PyObject* group_norm_narrow(Args a, Py_ssize_t n) {
    Channels x;
    In w, b;
    i64 groups;
    double eps;
    if (n != 5 || !x.read(a[0]) || !read(a[1], groups) || !read(a[4], eps)) return nullptr;
    if (!x.vector(w, a[2], true) || !x.vector(b, a[3], true)) return nullptr;
    if (groups < 1 || x.channels % groups) return nullptr;
    const npy_intp dims[] = {x.batch, groups, 1};
    Out mean(3, dims, NPY_FLOAT), rstd(3, dims, NPY_FLOAT);
    if (!mean || !rstd) return nullptr;
    const float *const pw = w.data<float>(), *const pb = b.data<float>();
    float *const m = mean.data<float>(), *const r = rstd.data<float>();
    PyObject* const y = in_channels(array(a[0]), x, nullptr, [&](auto* in, auto*, auto* out) {
        group_norm(in, x.batch, x.channels, x.places, groups, pw, pb, eps, out, m, r);
    });
    return with(y, std::move(mean), std::move(rstd));
}

PyObject* group_norm_dx_narrow(Args a, Py_ssize_t n) {
    Channels dy, x;
    In w, mean, rstd;
    i64 groups;
    if (n != 6 || !dy.read(a[0]) || !x.read(a[1]) || !dy.same_shape(x) || !read(a[5], groups)) return nullptr;
    if (PyArray_TYPE(array(a[0])) != PyArray_TYPE(array(a[1])) || !x.vector(w, a[2], true)) return nullptr;
    if (groups < 1 || x.channels % groups) return nullptr;
    if (!mean.read_as(a[3], NPY_FLOAT) || !rstd.read_as(a[4], NPY_FLOAT)) return nullptr;
    if (mean.size() != x.batch * groups || rstd.size() != mean.size()) return nullptr;
    const npy_intp dims[] = {x.channels};
    Out dw(1, dims, NPY_FLOAT), db(1, dims, NPY_FLOAT);
    if (!dw || !db) return nullptr;
    float *const pdw = dw.data<float>(), *const pdb = db.data<float>();
    const float *const pw = w.data<float>(), *const m = mean.data<float>(), *const r = rstd.data<float>();
    PyObject* const dx = in_channels(array(a[1]), x, &dy, [&](auto* in, auto* grad, auto* out) {
        group_norm_dx(grad, in, x.batch, x.channels, x.places, groups, pw, m, r, out, pdw, pdb);
    });
    return with(dx, std::move(dw), std::move(db));
}

PyObject* batch_norm_narrow(Args a, Py_ssize_t n) {
    Channels x;
    In w, b;
    double eps;
    if (n != 4 || !x.read(a[0]) || !read(a[3], eps)) return nullptr;
    if (!x.vector(w, a[1], true) || !x.vector(b, a[2], true)) return nullptr;
    const npy_intp c[] = {x.channels};
    Out mean(1, c, NPY_FLOAT), rstd(1, c, NPY_FLOAT);
    if (!mean || !rstd) return nullptr;
    float *const m = mean.data<float>(), *const r = rstd.data<float>();
    const float *const pw = w.data<float>(), *const pb = b.data<float>();
    PyObject* const y = in_channels(array(a[0]), x, nullptr, [&](auto* in, auto* none, auto* out) {
        each_group(x, in, none, out, [&](float* u, float*, i64 first, i64 count) {
            batch_stats(u, x.batch, count, x.places, eps, m + first, r + first);
            batch_norm<float>(u, x.batch, count, x.places, from(pw, first), from(pb, first), m + first,
                              r + first, u);
        });
    });
    return with(y, std::move(mean), std::move(rstd));
}

PyObject* batch_norm_dx_narrow(Args a, Py_ssize_t n) {
    Channels dy, x;
    In w, mean, rstd;
    if (n != 5 || !dy.read(a[0]) || !x.read(a[1]) || !dy.same_shape(x)) return nullptr;
    if (PyArray_TYPE(array(a[0])) != PyArray_TYPE(array(a[1]))) return nullptr;
    if (!x.vector(w, a[2], true) || !x.vector(mean, a[3], false) || !x.vector(rstd, a[4], false)) return nullptr;
    Out dw(mean), db(mean);
    if (!dw || !db) return nullptr;
    float *const pdw = dw.data<float>(), *const pdb = db.data<float>();
    const float *const pw = w.data<float>(), *const m = mean.data<float>(), *const r = rstd.data<float>();
    PyObject* const dx = in_channels(array(a[1]), x, &dy, [&](auto* in, auto* grad, auto* out) {
        each_group(x, in, grad, out, [&](float* u, float* v, i64 first, i64 count) {
            batch_norm_dx<float>(v, u, x.batch, count, x.places, from(pw, first), m + first, r + first, false, u,
                                 pdw + first, pdb + first);
        });
    });
    return with(dx, std::move(dw), std::move(db));
}

PyObject* batch_norm_eval_narrow(Args a, Py_ssize_t n) {
    Channels x;
    In w, b, mean, var;
    double eps;
    if (n != 6 || !x.read(a[0]) || !read(a[5], eps)) return nullptr;
    if (!x.vector(w, a[1], true) || !x.vector(b, a[2], true)) return nullptr;
    if (!x.vector(mean, a[3], false) || !x.vector(var, a[4], false)) return nullptr;
    Out rstd(var);
    if (!rstd) return nullptr;
    float* const r = rstd.data<float>();
    for (i64 i = 0; i < x.channels; i++) r[i] = 1 / sqrt(var.data<float>()[i] + float(eps));
    const float *const pw = w.data<float>(), *const pb = b.data<float>(), *const m = mean.data<float>();
    return in_channels(array(a[0]), x, nullptr, [&](auto* in, auto* none, auto* out) {
        each_group(x, in, none, out, [&](float* u, float*, i64 first, i64 count) {
            batch_norm<float>(u, x.batch, count, x.places, from(pw, first), from(pb, first), m + first, r + first,
                              u);
        });
    });
}

}  // namespace rl::RL_ISA
