// Convolution and pooling as Python functions. Part of bind.cpp.
//
// Arrays are (N, C, H, W), or (N, C, L): an image of height 1. Everything else is the twins'.
#pragma once
#include "bind.hpp"
#include "bind_narrow.hpp"
#include "conv.hpp"
#include "pool.hpp"

namespace rl::RL_ISA {
namespace {

// Sizes, strides and the like from the caller are below this, so that no sum or product of two of
// them overflows; larger ones are the twins' (Python's ints).
constexpr i64 FAR = 1 << 30;

// A pair of options, (a, b) for images and (a,) for rows, whose height takes `other`.
bool read_pair(PyObject* o, bool rows, i64 other, i64& a, i64& b) {
    if (!rows) {
        i64 x[2];
        if (!read(o, x)) return false;
        a = x[0], b = x[1];
    } else {
        i64 x[1];
        if (!read(o, x)) return false;
        a = other, b = x[0];
    }
    return a < FAR && b < FAR;
}

// The shape of images or rows from an array or a tuple, as (N, C, H, W).
struct Shape {
    int nd = 0;
    i64 n, c, h, w;

    bool set(const npy_intp* d, int count) {
        nd = count;
        if (nd != 3 && nd != 4) return false;
        n = d[0], c = d[1], h = nd == 4 ? d[2] : 1, w = d[nd - 1];
        return n > 0 && c > 0 && h > 0 && w > 0 && n < FAR && c < FAR && h < FAR && w < FAR;
    }
    bool set(const In& x) { return set(x.dims(), x.nd()); }
    bool set(PyObject* o) {
        if (!PyTuple_CheckExact(o) || PyTuple_GET_SIZE(o) > 4) return false;
        npy_intp d[4];
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++) {
            i64 x;
            if (!read(PyTuple_GET_ITEM(o, i), x)) return false;
            d[i] = x;
        }
        return set(d, int(PyTuple_GET_SIZE(o)));
    }
    Out make(int type) const {
        const npy_intp image[] = {n, c, h, w}, row[] = {n, c, w};
        return Out(nd, nd == 4 ? image : row, type);
    }
};

i64 windows(i64 size, i64 kernel, i64 stride, i64 padding, i64 dilation) {
    const i64 room = size + 2 * padding - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

// a: stride, padding, dilation, groups. False if they do not fit the shapes of x and w.
bool geometry(Args a, const Shape& x, const Shape& w, Conv& g) {
    const bool rows = x.nd == 3;
    g = {};
    if (w.nd != x.nd || !read_pair(a[0], rows, 1, g.sh, g.sw) ||
        !read_pair(a[1], rows, 0, g.ph, g.pw) || !read_pair(a[2], rows, 1, g.dh, g.dw) ||
        !read(a[3], g.groups))
        return false;
    g.n = x.n, g.c = x.c, g.h = x.h, g.w = x.w;
    g.o = w.n, g.kh = w.h, g.kw = w.w;
    if (g.groups < 1 || g.o % g.groups || w.c * g.groups != g.c) return false;
    if (g.sh < 1 || g.sw < 1 || g.ph < 0 || g.pw < 0 || g.dh < 1 || g.dw < 1) return false;
    g.p = windows(g.h, g.kh, g.sh, g.ph, g.dh);
    g.q = windows(g.w, g.kw, g.sw, g.pw, g.dw);
    // A step that is never taken is brought near: kernels make tables of its length.
    const i64 height = g.h + 2 * g.ph, width = g.w + 2 * g.pw;
    if (g.p == 1) g.sh = min(g.sh, height);
    if (g.q == 1) g.sw = min(g.sw, width);
    if (g.kh == 1) g.dh = 1;
    if (g.kw == 1) g.dw = 1;
    // Copies with their padding, of all channels: their sizes do not overflow.
    const double cells = double(height) * double(width) * double(max(g.c, g.o));
    return g.p > 0 && g.q > 0 && cells < double(i64(1) << 48);
}

bool matches(const Shape& y, const Conv& g) {
    return y.n == g.n && y.c == g.o && y.h == g.p && y.w == g.q;
}

i64 conv_work(const Conv& g) { return g.n * g.o * g.p * g.q / 16 * g.in() * g.taps(); }

// conv_ of bfloat16
PyObject* conv_narrow(Args a, Py_ssize_t n, bool relu) {
    Shape xs, ws;
    Conv g;
    if (n != 7) return nullptr;
    for (int i = 0; i < 3; i++) {
        if (i == 2 && a[i] == Py_None) continue;
        if (!of_bf16(a + i, 1) || !PyArray_ISBEHAVED_RO(array(a[i])) || !PyArray_IS_C_CONTIGUOUS(array(a[i])))
            return nullptr;
    }
    PyArrayObject *const x = array(a[0]), *const w = array(a[1]);
    PyArrayObject* const b = a[2] == Py_None ? nullptr : array(a[2]);
    if (!xs.set(PyArray_DIMS(x), PyArray_NDIM(x)) || !ws.set(PyArray_DIMS(w), PyArray_NDIM(w))) return nullptr;
    if (!geometry(a + 3, xs, ws, g)) return nullptr;
    if (b && (PyArray_NDIM(b) != 1 || PyArray_DIM(b, 0) != g.o)) return nullptr;
    const npy_intp image[] = {g.n, g.o, g.p, g.q}, row[] = {g.n, g.o, g.q};
    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    PyObject* const y = new_array(dtype, xs.nd, xs.nd == 4 ? image : row);
    if (!y) return nullptr;
    using Bits = std::uint16_t;
    const auto at = [](PyArrayObject* v) { return static_cast<Bits*>(PyArray_DATA(v)); };
    bool done;
    {
        const Array<float> bias(b ? g.o : 0);
        if (b) from_bfloat16(at(b), &bias[0], g.o);
        NoGil unlocked(conv_work(g) >= LONG_WORK);
        done = conv_bf16(g, at(x), at(w), b ? &bias[0] : nullptr, relu, at(array(y)));
    }
    if (done) return y;
    Py_DECREF(y);
    return nullptr;
}

// conv(x, w, b or None, stride, padding, dilation, groups) -> y; conv_relu: max(y, 0)
template <bool relu>
PyObject* conv_(Args a, Py_ssize_t n) {
    if (of_bf16(a, n)) return conv_narrow(a, n, relu);
    In x, w, b;
    Shape xs, ws;
    Conv g;
    if (n != 7 || !x.read_as(a[0], NPY_FLOAT) || !w.read_like(a[1], x)) return nullptr;
    if (!b.read_optional_like(a[2], x) || !xs.set(x) || !ws.set(w)) return nullptr;
    if (!geometry(a + 3, xs, ws, g) || (b && (b.nd() != 1 || b.dim(0) != g.o))) return nullptr;
    Out y = Shape{xs.nd, g.n, g.o, g.p, g.q}.make(NPY_FLOAT);
    if (!y) return nullptr;
    NoGil unlocked(conv_work(g) >= LONG_WORK);
    const Ending e{nullptr, b.data<float>(), nullptr, relu ? Act::relu : Act::none};
    conv_forward(g, x.data<float>(), w.data<float>(), e, y.data<float>());
    return y.release();
}

// conv_norm(x, w, b or None, stride, padding, dilation, groups, mean, var (O) or None, gamma, beta (O)
// or None, eps, act, other like y or None) -> act((conv - mean) / √(var + eps) · gamma + beta + other)
PyObject* conv_norm_(Args a, Py_ssize_t n) {
    In x, w, b, mean, var, gamma, beta, other;
    Shape xs, ws;
    Conv g;
    double eps;
    i64 act;
    if (n != 14 || !x.read_as(a[0], NPY_FLOAT) || !w.read_like(a[1], x)) return nullptr;
    if (!b.read_optional_like(a[2], x) || !xs.set(x) || !ws.set(w)) return nullptr;
    if (!geometry(a + 3, xs, ws, g) || !read(a[11], eps) || !read(a[12], act)) return nullptr;
    if (!mean.read_optional_like(a[7], x) || !var.read_optional_like(a[8], x)) return nullptr;
    if (!gamma.read_optional_like(a[9], x) || !beta.read_optional_like(a[10], x)) return nullptr;
    if (!other.read_optional_like(a[13], x) || bool(mean) != bool(var)) return nullptr;
    if ((gamma || beta) && !mean) return nullptr;
    const In* const by_channel[] = {&b, &mean, &var, &gamma, &beta};
    for (const In* v : by_channel)
        if (*v && (v->nd() != 1 || v->dim(0) != g.o)) return nullptr;
    if (act < 0 || act > i64(Act::hardswish)) return nullptr;
    Out y = Shape{xs.nd, g.n, g.o, g.p, g.q}.make(NPY_FLOAT);
    if (!y) return nullptr;
    if (other) {
        Shape os;
        if (!os.set(other) || os.nd != xs.nd || !matches(os, g)) return nullptr;
    }
    NoGil unlocked(conv_work(g) >= LONG_WORK);
    Array<float> scale(g.o), shift(g.o);
    for (i64 i = 0; mean && i < g.o; i++) {
        scale[i] = 1 / sqrtf(var.data<float>()[i] + float(eps));
        if (gamma) scale[i] *= gamma.data<float>()[i];
        const float from = b ? mean.data<float>()[i] - b.data<float>()[i] : mean.data<float>()[i];
        shift[i] = (beta ? beta.data<float>()[i] : 0) - from * scale[i];
    }
    const Ending e{mean ? &scale[0] : nullptr, mean ? &shift[0] : b.data<float>(),
                   other.data<float>(), Act(act)};
    conv_forward(g, x.data<float>(), w.data<float>(), e, y.data<float>());
    return y.release();
}

// conv_dx(dy, w, x_shape, stride, padding, dilation, groups, gate=None) -> dx; 0 where gate <= 0
PyObject* conv_dx_(Args a, Py_ssize_t n) {
    In dy, w, gate;
    Shape ys, ws, xs;
    Conv g;
    if (n < 7 || n > 8 || !dy.read_as(a[0], NPY_FLOAT) || !w.read_like(a[1], dy)) return nullptr;
    if (!ys.set(dy) || !ws.set(w) || !xs.set(a[2]) || ys.nd != xs.nd) return nullptr;
    if (!geometry(a + 3, xs, ws, g) || !matches(ys, g)) return nullptr;
    if (n == 8 && !gate.read_optional_like(a[7], dy)) return nullptr;
    if (gate && gate.size() != g.n * g.c * g.h * g.w) return nullptr;
    Out dx = xs.make(NPY_FLOAT);
    if (!dx) return nullptr;
    {
        NoGil unlocked(conv_work(g) >= LONG_WORK);
        // The kernels multiply every weight with the zeros around dy, too; the twin does not.
        if (!all_finite(w.data<float>(), w.size())) return nullptr;
        conv_dx(g, dy.data<float>(), w.data<float>(), gate.data<float>(), dx.data<float>());
    }
    return dx.release();
}

// conv_dw(dy, x, w_shape, stride, padding, dilation, groups) -> dw, db
PyObject* conv_dw_(Args a, Py_ssize_t n) {
    In dy, x;
    Shape ys, xs, ws;
    Conv g;
    if (n != 7 || !dy.read_as(a[0], NPY_FLOAT) || !x.read_like(a[1], dy)) return nullptr;
    if (!ys.set(dy) || !xs.set(x) || !ws.set(a[2]) || ys.nd != xs.nd) return nullptr;
    if (!geometry(a + 3, xs, ws, g) || !matches(ys, g)) return nullptr;
    const npy_intp channels[] = {g.o};
    Out dw = ws.make(NPY_FLOAT), db(1, channels, NPY_FLOAT);
    if (!dw || !db) return nullptr;
    {
        NoGil unlocked(conv_work(g) >= LONG_WORK);
        conv_dw(g, dy.data<float>(), x.data<float>(), dw.data<float>(), db.data<float>());
    }
    return tuple(std::move(dw), std::move(db));
}

// --- pooling -------------------------------------------------------------------------------------

// Windows over `size` cells; with `ceil` one more, if it starts inside the input or left padding.
i64 pooled(i64 size, i64 kernel, i64 stride, i64 padding, i64 dilation, bool ceil) {
    const i64 room = size + 2 * padding - dilation * (kernel - 1) - 1;
    if (room < 0 && (!ceil || room <= -stride)) return 0;
    if (!ceil) return room / stride + 1;
    const i64 out = (room + stride - 1) / stride + 1;  // room > -stride: nothing negative to divide
    return (out - 1) * stride >= size + padding ? out - 1 : out;
}

// max_pool(x, kernel, stride, padding, dilation, ceil) -> y, index
PyObject* max_pool_(Args a, Py_ssize_t n) {
    In x;
    Shape s;
    MaxPool g;
    bool ceil;
    if (n != 6 || !x.read(a[0]) || !s.set(x)) return nullptr;
    const bool rows = s.nd == 3;
    if (!read_pair(a[1], rows, 1, g.kh, g.kw) || !read_pair(a[2], rows, 1, g.sh, g.sw) ||
        !read_pair(a[3], rows, 0, g.ph, g.pw) || !read_pair(a[4], rows, 1, g.dh, g.dw) ||
        !read(a[5], ceil))
        return nullptr;
    if (g.kh < 1 || g.kw < 1 || g.sh < 1 || g.sw < 1 || g.ph < 0 || g.pw < 0) return nullptr;
    if (g.dh < 1 || g.dw < 1 || s.h * s.w > 1 << 30) return nullptr;  // places are 32 bits wide
    if (s.h + 2 * g.ph >= FAR || s.w + 2 * g.pw >= FAR) return nullptr;
    g.planes = s.n * s.c, g.h = s.h, g.w = s.w;
    if (g.kh == 1) g.dh = 1;
    if (g.kw == 1) g.dw = 1;
    g.p = pooled(g.h, g.kh, g.sh, g.ph, g.dh, ceil);
    g.q = pooled(g.w, g.kw, g.sw, g.pw, g.dw, ceil);
    if (g.p < 1 || g.q < 1) return nullptr;
    if (g.q == 1) g.sw = min(g.sw, g.w + 2 * g.pw);
    const Shape out{s.nd, s.n, s.c, g.p, g.q};
    Out y = out.make(x.type()), index = out.make(NPY_INT64);
    if (!y || !index) return nullptr;
    compute(x.type(), g.planes * g.p * g.q * g.kh * g.kw, [&]<class T>() {
        max_pool(g, x.data<T>(), y.data<T>(), index.data<i64>());
    });
    return tuple(std::move(y), std::move(index));
}

// max_pool_dx(dy, index, x_shape) -> dx
PyObject* max_pool_dx_(Args a, Py_ssize_t n) {
    In dy, index;
    Shape ys, is, xs;
    if (n != 3 || !dy.read(a[0]) || !index.read_as(a[1], NPY_INT64)) return nullptr;
    if (!ys.set(dy) || !is.set(index) || !xs.set(a[2])) return nullptr;
    if (ys.n * ys.c != xs.n * xs.c || is.n * is.c != xs.n * xs.c) return nullptr;
    if (ys.h != is.h || ys.w != is.w) return nullptr;
    const i64 in = xs.h * xs.w;
    Out dx = xs.make(dy.type());
    if (!dx) return nullptr;
    bool good = true;
    compute(dy.type(), xs.n * xs.c * in, [&]<class T>() {
        good = max_pool_dx(xs.n * xs.c, in, ys.h * ys.w, dy.data<T>(), index.data<i64>(),
                           dx.data<T>());
    });
    return good ? dx.release() : nullptr;
}

// The spans of the windows of avg_pool and of adaptive_avg_pool along one dimension.
void spans(i64 size, i64 kernel, i64 stride, i64 padding, bool count_padding, i64 out, Span* span) {
    for (i64 i = 0; i < out; i++) {
        const i64 begin = i * stride - padding, end = min(begin + kernel, size + padding);
        const i64 first = max(begin, 0), last = max(first, min(end, size));
        span[i] = {first, last, count_padding ? end - begin : last - first};
    }
}
void adaptive_spans(i64 size, i64 out, Span* span) {
    for (i64 i = 0; i < out; i++) {
        const i64 begin = i * size / out, end = ((i + 1) * size + out - 1) / out;
        span[i] = {begin, end, end - begin};
    }
}

// a: kernel, stride, padding, ceil, count_include_pad, divisor
struct Average {
    i64 kh, kw, sh, sw, ph, pw, divisor;
    bool ceil, count_padding;
    i64 p, q;

    bool read_from(Args a, const Shape& x) {
        const bool rows = x.nd == 3;
        if (!read_pair(a[0], rows, 1, kh, kw) || !read_pair(a[1], rows, 1, sh, sw) ||
            !read_pair(a[2], rows, 0, ph, pw) || !read(a[3], ceil) || !read(a[4], count_padding) ||
            !read(a[5], divisor))
            return false;
        if (kh < 1 || kw < 1 || sh < 1 || sw < 1 || ph < 0 || pw < 0) return false;
        p = pooled(x.h, kh, sh, ph, 1, ceil);
        q = pooled(x.w, kw, sw, pw, 1, ceil);
        return p > 0 && q > 0;
    }
    Windows windows(const Shape& x, Span* span) const {
        spans(x.h, kh, sh, ph, count_padding, p, span);
        spans(x.w, kw, sw, pw, count_padding, q, span + p);
        return {x.n * x.c, x.h, x.w, p, q, span, span + p};
    }
};

PyObject* average(const In& x, const Shape& s, const Windows& g, i64 divisor) {
    Out y = Shape{s.nd, s.n, s.c, g.p, g.q}.make(x.type());
    if (!y) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        avg_pool(g, divisor, x.data<T>(), y.data<T>());
    });
    return y.release();
}
PyObject* average_dx(const In& dy, const Shape& s, const Windows& g, i64 divisor) {
    Out dx = s.make(dy.type());
    if (!dx) return nullptr;
    compute(dy.type(), s.n * s.c * s.h * s.w, [&]<class T>() {
        avg_pool_dx(g, divisor, dy.data<T>(), dx.data<T>());
    });
    return dx.release();
}

// avg_pool(x, kernel, stride, padding, ceil, count_include_pad, divisor) -> y
PyObject* avg_pool_(Args a, Py_ssize_t n) {
    In x;
    Shape s;
    Average g;
    if (n != 7 || !x.read(a[0]) || !s.set(x) || !g.read_from(a + 1, s)) return nullptr;
    Array<Span> span(g.p + g.q);
    return average(x, s, g.windows(s, &span[0]), g.divisor);
}

// avg_pool_dx(dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor) -> dx
PyObject* avg_pool_dx_(Args a, Py_ssize_t n) {
    In dy;
    Shape ys, s;
    Average g;
    if (n != 8 || !dy.read(a[0]) || !ys.set(dy) || !s.set(a[1]) || ys.nd != s.nd) return nullptr;
    if (!g.read_from(a + 2, s) || ys.h != g.p || ys.w != g.q) return nullptr;
    if (ys.n * ys.c != s.n * s.c) return nullptr;
    Array<Span> span(g.p + g.q);
    return average_dx(dy, s, g.windows(s, &span[0]), g.divisor);
}

Windows adaptive(const Shape& x, i64 p, i64 q, Span* span) {
    adaptive_spans(x.h, p, span);
    adaptive_spans(x.w, q, span + p);
    return {x.n * x.c, x.h, x.w, p, q, span, span + p};
}

// adaptive_avg_pool(x, out) -> y
PyObject* adaptive_avg_pool_(Args a, Py_ssize_t n) {
    In x;
    Shape s;
    i64 p, q;
    if (n != 2 || !x.read(a[0]) || !s.set(x)) return nullptr;
    if (!read_pair(a[1], s.nd == 3, 1, p, q)) return nullptr;
    if (p < 1 || q < 1) return nullptr;
    Array<Span> span(p + q);
    return average(x, s, adaptive(s, p, q, &span[0]), 0);
}

// adaptive_avg_pool_dx(dy, x_shape) -> dx
PyObject* adaptive_avg_pool_dx_(Args a, Py_ssize_t n) {
    In dy;
    Shape ys, s;
    if (n != 2 || !dy.read(a[0]) || !ys.set(dy) || !s.set(a[1]) || ys.nd != s.nd) return nullptr;
    if (ys.n * ys.c != s.n * s.c) return nullptr;
    Array<Span> span(ys.h + ys.w);
    return average_dx(dy, s, adaptive(s, ys.h, ys.w, &span[0]), 0);
}

}  // namespace
}  // namespace rl::RL_ISA
