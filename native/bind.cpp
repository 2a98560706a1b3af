// The kernels as Python functions: one row each, at the end of this file.
//
// How to add a kernel
//   1. Write it in native/<family>.cpp, declared in native/<family>.hpp, inside namespace rl::RL_ISA:
//      raw pointers and sizes, results written to memory that the caller gives, no Python, no
//      exceptions. The build finds the file by itself and compiles it once per instruction set.
//      Give what is not a template or inline internal linkage (anonymous namespace), and instantiate
//      no templates of the standard library there: the linker keeps one copy of each, perhaps the
//      one compiled for a processor that the user does not have.
//   2. Write its body here: read the arguments (In, read), return nullptr for arguments that are the
//      twin's business, make the results (Out), compute<T>, release.
//   3. Add a row. Its twin is src/rushlight/kernels/twin/<family>.py: same name, same arguments.
//   Run `make dev`; tests/test_kernels.py compares native with twin.
#include "bind.hpp"

#include "gemm.hpp"
#include "parallel.hpp"
#include "pointwise.hpp"
#include "random.hpp"
#include "reduce.hpp"

namespace rl::RL_ISA {
namespace {

// A kernel's overloads for float and double as one object that can be a template argument.
#define FN(f) [](auto... a) { f(a...); }

// --- pointwise: y = f(x..., numbers...) ----------------------------------------------------------

// Arrays of one shape and dtype, all C-contiguous or all F-contiguous; the result is laid out alike.
template <int arrays, int numbers, auto f>
PyObject* pointwise(Args a, Py_ssize_t n) {
    if (n != arrays + numbers || !is_floating(a[0])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int type = PyArray_TYPE(x), nd = PyArray_NDIM(x);
    int order = PyArray_FLAGS(x) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS);
    for (int i = 1; i < arrays; i++) {
        if (!is_floating(a[i]) || PyArray_TYPE(array(a[i])) != type) return nullptr;
        if (!PyArray_SAMESHAPE(x, array(a[i]))) return nullptr;
        order &= PyArray_FLAGS(array(a[i]));
    }
    if (!order) return nullptr;
    double p[numbers + 1];
    for (int i = 0; i < numbers; i++)
        if (!read(a[arrays + i], p[i])) return nullptr;

    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    PyObject* y = PyArray_NewFromDescr(&PyArray_Type, dtype, nd, PyArray_DIMS(x), nullptr, nullptr,
                                       order & NPY_ARRAY_C_CONTIGUOUS ? 0 : NPY_ARRAY_F_CONTIGUOUS,
                                       nullptr);
    if (!y) return nullptr;
    const i64 size = PyArray_SIZE(x);
    compute(type, size, [&]<class T>() {
        const auto in = [&](int i) { return static_cast<const T*>(PyArray_DATA(array(a[i]))); };
        T* out = static_cast<T*>(PyArray_DATA(array(y)));
        if constexpr (arrays == 1 && numbers == 0) f(in(0), out, size);
        if constexpr (arrays == 1 && numbers == 1) f(in(0), out, size, p[0]);
        if constexpr (arrays == 1 && numbers == 2) f(in(0), out, size, p[0], p[1]);
        if constexpr (arrays == 2 && numbers == 0) f(in(0), in(1), out, size);
        if constexpr (arrays == 2 && numbers == 1) f(in(0), in(1), out, size, p[0]);
        if constexpr (arrays == 2 && numbers == 2) f(in(0), in(1), out, size, p[0], p[1]);
    });
    return y;
}

// z = f(x, y): arrays of one shape; an array and a number or 0-d array; (*, C) and (C).
template <auto f>
PyObject* binary(Args a, Py_ssize_t n) {
    if (n != 2) return nullptr;
    PyObject *big = a[0], *small = a[1];  // the one whose shape the result has, and the other
    if (!is_array(big) || (is_array(small) && PyArray_NDIM(array(small)) > PyArray_NDIM(array(big))))
        std::swap(big, small);
    if (!is_floating(big) || !PyArray_IS_C_CONTIGUOUS(array(big))) return nullptr;
    PyArrayObject* const x = array(big);
    const int type = PyArray_TYPE(x), nd = PyArray_NDIM(x);
    i64 other = 1;
    double number = 0;
    if (is_floating(small)) {
        PyArrayObject* const y = array(small);
        const int gap = nd - PyArray_NDIM(y);
        if (PyArray_TYPE(y) != type || !PyArray_IS_C_CONTIGUOUS(y)) return nullptr;
        for (int i = 0; i < nd - gap; i++) {
            if (PyArray_DIM(y, i) != PyArray_DIM(x, i + gap)) return nullptr;
            other *= PyArray_DIM(y, i);
        }
    } else if (!PyFloat_CheckExact(small) && !PyLong_CheckExact(small)) {
        return nullptr;
    } else if (!read(small, number)) {
        return nullptr;
    }

    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    PyObject* z = PyArray_NewFromDescr(&PyArray_Type, dtype, nd, PyArray_DIMS(x), nullptr, nullptr, 0,
                                       nullptr);
    if (!z) return nullptr;
    const i64 size = PyArray_SIZE(x);
    compute(type, size, [&]<class T>() {
        const T as_t = T(number);
        const T* p = static_cast<const T*>(PyArray_DATA(x));
        const T* q = is_array(small) ? static_cast<const T*>(PyArray_DATA(array(small))) : &as_t;
        T* out = static_cast<T*>(PyArray_DATA(array(z)));
        if (size == 0) return;
        if (big == a[0]) f(p, size, q, other, out, size);
        else f(q, other, p, size, out, size);
    });
    return z;
}

// --- random: the state comes first, and is changed ----------------------------------------------

Word* rng_state(PyObject* o) {
    if (!is_array(o) || PyArray_TYPE(array(o)) != NPY_UINT32) return nullptr;
    if (!PyArray_ISCARRAY(array(o))) return nullptr;
    return PyArray_SIZE(array(o)) == RNG_SIZE ? static_cast<Word*>(PyArray_DATA(array(o))) : nullptr;
}

PyObject* rng_seed_(Args a, Py_ssize_t n) {
    i64 seed;
    Word* const s = n == 2 ? rng_state(a[0]) : nullptr;
    if (!s || !read(a[1], seed)) return nullptr;
    rng_seed(s, Word(seed));
    return Py_NewRef(Py_None);
}

// (s, n, numbers...) -> n of T
template <class T, int type, int numbers, auto f>
PyObject* rng(Args a, Py_ssize_t n) {
    i64 size;
    Word* const s = n == 2 + numbers ? rng_state(a[0]) : nullptr;
    if (!s || !read(a[1], size) || size < 0) return nullptr;
    double p[numbers + 1];
    for (int i = 0; i < numbers; i++)
        if (!read(a[2 + i], p[i])) return nullptr;
    const npy_intp dims[] = {size};
    Out y(1, dims, type);
    if (!y) return nullptr;
    if constexpr (numbers == 0) f(s, y.data<T>(), size);
    if constexpr (numbers == 1) f(s, y.data<T>(), size, p[0]);
    if constexpr (numbers == 2) f(s, y.data<T>(), size, p[0], p[1]);
    return y.release();
}

// (s, n, number, number, double) -> n of float or double
template <auto f>
PyObject* rng_either(Args a, Py_ssize_t n) {
    bool twice;
    if (n != 5 || !read(a[4], twice)) return nullptr;
    return twice ? rng<double, NPY_DOUBLE, 2, f>(a, 4) : rng<float, NPY_FLOAT, 2, f>(a, 4);
}

PyObject* rng_integers_(Args a, Py_ssize_t n) {
    i64 size, low, high;
    Word* const s = n == 4 ? rng_state(a[0]) : nullptr;
    if (!s || !read(a[1], size) || size < 0 || !read(a[2], low) || !read(a[3], high)) return nullptr;
    if (low >= high) return nullptr;
    const npy_intp dims[] = {size};
    Out y(1, dims, NPY_INT64);
    if (!y) return nullptr;
    rng_integers(s, y.data<i64>(), size, low, high);
    return y.release();
}

PyObject* rng_bernoulli_each_(Args a, Py_ssize_t n) {
    In p;
    Word* const s = n == 2 ? rng_state(a[0]) : nullptr;
    if (!s || !p.read(a[1])) return nullptr;
    Out y(p.nd(), p.dims(), NPY_BOOL);
    if (!y) return nullptr;
    if (p.type() == NPY_FLOAT) rng_bernoulli_each(s, p.data<float>(), y.data<bool>(), p.size());
    else rng_bernoulli_each(s, p.data<double>(), y.data<bool>(), p.size());
    return y.release();
}

// --- matrix products: N rows of the batch, I inputs, O outputs -------------------------------------

// Multiply-adds in the unit of compute()'s `work`.
i64 gemm_work(i64 m, i64 n, i64 k) { return m * n * k / 16; }

// linear(x (*, I), w (O, I), b (O) or None) -> (*, O)
template <bool relu>
PyObject* linear(Args a, Py_ssize_t n) {
    In x, w, b;
    if (n != 3 || !x.read(a[0]) || !w.read_like(a[1], x)) return nullptr;
    if (!b.read_optional_like(a[2], x)) return nullptr;
    if (x.nd() < 1 || w.nd() != 2 || x.dim(-1) != w.dim(1)) return nullptr;
    if (b && (b.nd() != 1 || b.dim(0) != w.dim(0))) return nullptr;
    const i64 in = w.dim(1), out = w.dim(0), rows = x.rows();
    Out y(x, out);
    if (!y) return nullptr;
    compute(x.type(), gemm_work(rows, out, in), [&]<class T>() {
        gemm<T>(rows, out, in, {x.data<T>(), in, 1}, {w.data<T>(), 1, in}, b.data<T>(), relu,
                y.data<T>(), out);
    });
    return y.release();
}

// linear_dx(dy (*, O), w (O, I)) -> (*, I)
PyObject* linear_dx(Args a, Py_ssize_t n) {
    In dy, w;
    if (n != 2 || !dy.read(a[0]) || !w.read_like(a[1], dy)) return nullptr;
    if (dy.nd() < 1 || w.nd() != 2 || dy.dim(-1) != w.dim(0)) return nullptr;
    const i64 in = w.dim(1), out = w.dim(0), rows = dy.rows();
    Out dx(dy, in);
    if (!dx) return nullptr;
    compute(dy.type(), gemm_work(rows, in, out), [&]<class T>() {
        gemm<T>(rows, in, out, {dy.data<T>(), out, 1}, {w.data<T>(), in, 1}, nullptr, false,
                dx.data<T>(), in);
    });
    return dx.release();
}

// linear_dw(dy (*, O), x (*, I)) -> (O, I)
PyObject* linear_dw(Args a, Py_ssize_t n) {
    In dy, x;
    if (n != 2 || !dy.read(a[0]) || !x.read_like(a[1], dy) || dy.nd() < 1 || x.nd() < 1) return nullptr;
    const i64 in = x.dim(-1), out = dy.dim(-1), rows = dy.rows();
    if (x.rows() != rows) return nullptr;
    const npy_intp dims[] = {out, in};
    Out dw(2, dims, dy.type());
    if (!dw) return nullptr;
    compute(dy.type(), gemm_work(rows, in, out), [&]<class T>() {
        gemm<T>(out, in, rows, {dy.data<T>(), 1, out}, {x.data<T>(), in, 1}, nullptr, false,
                dw.data<T>(), in);
    });
    return dw.release();
}

// linear_db(dy (*, O)) -> (O)
PyObject* linear_db(Args a, Py_ssize_t n) {
    In dy;
    if (n != 1 || !dy.read(a[0]) || dy.nd() < 1) return nullptr;
    const npy_intp dims[] = {dy.dim(-1)};
    Out db(1, dims, dy.type());
    if (!db) return nullptr;
    compute(dy.type(), dy.size(), [&]<class T>() {
        sum(dy.data<T>(), 1, dy.rows(), dy.dim(-1), 1., db.data<T>());
    });
    return db.release();
}

// matmul(x (..., M, K), y (..., K, N)): of two dimensions with any strides, or of more with the same
// leading dimensions (or none on one side); the rest of NumPy's rules is the twin's.
PyObject* matmul(Args a, Py_ssize_t n) {
    if (n != 2 || !is_floating(a[0]) || !is_floating(a[1])) return nullptr;
    PyArrayObject *x = array(a[0]), *y = array(a[1]);
    const int type = PyArray_TYPE(x), nx = PyArray_NDIM(x), ny = PyArray_NDIM(y);
    if (PyArray_TYPE(y) != type || nx < 2 || ny < 2) return nullptr;
    if (nx > 2 && ny > 2 && nx != ny) return nullptr;
    const int nd = nx > ny ? nx : ny;
    npy_intp dims[NPY_MAXDIMS];
    i64 batch = 1;
    for (int i = 0; i < nd - 2; i++) {
        dims[i] = nx > 2 ? PyArray_DIM(x, i) : PyArray_DIM(y, i);
        if (nx > 2 && ny > 2 && PyArray_DIM(y, i) != dims[i]) return nullptr;
        batch *= dims[i];
    }
    const i64 m = PyArray_DIM(x, nx - 2), k = PyArray_DIM(x, nx - 1), cols = PyArray_DIM(y, ny - 1);
    if (PyArray_DIM(y, ny - 2) != k) return nullptr;
    if ((nx > 2 && !PyArray_IS_C_CONTIGUOUS(x) && nd > 3) ||
        (ny > 2 && !PyArray_IS_C_CONTIGUOUS(y) && nd > 3))
        return nullptr;
    dims[nd - 2] = m;
    dims[nd - 1] = cols;
    Out z(nd, dims, type);
    if (!z) return nullptr;
    compute(type, gemm_work(m, cols, k) * batch, [&]<class T>() {
        const i64 size = sizeof(T);
        const auto matrix = [&](PyArrayObject* o, int d) {
            return Matrix<T>{static_cast<const T*>(PyArray_DATA(o)), PyArray_STRIDE(o, d - 2) / size,
                             PyArray_STRIDE(o, d - 1) / size};
        };
        const Matrix<T> p = matrix(x, nx), q = matrix(y, ny);
        // From one product of the batch to the next: the stride of the last leading dimension.
        const i64 p_step = nx > 2 ? PyArray_STRIDE(x, nx - 3) / size : 0;
        const i64 q_step = ny > 2 ? PyArray_STRIDE(y, ny - 3) / size : 0;
        T* out = z.data<T>();
        const auto one = [&](i64 i) {
            gemm<T>(m, cols, k, {p.p + i * p_step, p.row, p.col}, {q.p + i * q_step, q.row, q.col},
                    nullptr, false, out + i * m * cols, cols);
        };
        if (batch >= 4) {
            parallel(batch, rows_per_block(m * cols * k, 1 << 17), [&](i64 begin, i64 end) {
                for (i64 i = begin; i < end; i++) one(i);
            });
        } else {
            for (i64 i = 0; i < batch; i++) one(i);
        }
    });
    return z.release();
}

// --- reductions ------------------------------------------------------------------------------------

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

// add_(x, y): x += y in x's memory; returns x
PyObject* add_(Args a, Py_ssize_t n) {
    if (n != 2 || !is_floating(a[0]) || !is_floating(a[1])) return nullptr;
    PyArrayObject *x = array(a[0]), *y = array(a[1]);
    const int order = PyArray_FLAGS(x) & PyArray_FLAGS(y) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS);
    if (PyArray_TYPE(x) != PyArray_TYPE(y) || !PyArray_SAMESHAPE(x, y) || !order) return nullptr;
    if (!PyArray_ISWRITEABLE(x)) return nullptr;
    const i64 size = PyArray_SIZE(x);
    compute(PyArray_TYPE(x), size, [&]<class T>() {
        T* p = static_cast<T*>(PyArray_DATA(x));
        add(p, size, static_cast<const T*>(PyArray_DATA(y)), size, p, size);
    });
    return Py_NewRef(a[0]);
}

// --- the table -----------------------------------------------------------------------------------

#define UNARY(f) row<#f, pointwise<1, 0, FN(f)>>(#f "(x)"),
#define UNARY_1(f) row<#f, pointwise<1, 1, FN(f)>>(#f "(x, a)"),
#define UNARY_2(f) row<#f, pointwise<1, 2, FN(f)>>(#f "(x, a, b)"),
#define DX(f) row<#f, pointwise<2, 0, FN(f)>>(#f "(dy, x)"),
#define DX_1(f) row<#f, pointwise<2, 1, FN(f)>>(#f "(dy, x, a)"),
#define DX_2(f) row<#f, pointwise<2, 2, FN(f)>>(#f "(dy, x, a, b)"),
#define BINARY(f) row<#f, binary<FN(f)>>(#f "(x, y)"),

const Row table[] = {
    RL_UNARY(UNARY)
    RL_UNARY_1(UNARY_1)
    RL_UNARY_2(UNARY_2)
    RL_DX(DX)
    RL_DX_1(DX_1)
    RL_DX_2(DX_2)
    RL_BINARY(BINARY)
    row<"add_", add_>("(x, y)"),
    row<"linear", linear<false>>("(x, w, b)"),
    row<"linear_relu", linear<true>>("(x, w, b)"),
    row<"linear_dx", linear_dx>("(dy, w)"),
    row<"linear_dw", linear_dw>("(dy, x)"),
    row<"linear_db", linear_db>("(dy)"),
    row<"matmul", matmul>("(x, y)"),
    row<"sum", reduction<false>>("(x, axis=None, keepdims=False)"),
    row<"mean", reduction<true>>("(x, axis=None, keepdims=False)"),
    row<"rng_seed", rng_seed_>("(s, seed)"),
    row<"rng_bits", rng<Word, NPY_UINT32, 0, FN(rng_bits)>>("(s, n)"),
    row<"rng_uniform", rng_either<FN(rng_uniform)>>("(s, n, low, high, double)"),
    row<"rng_integers", rng_integers_>("(s, n, low, high)"),
    row<"rng_bernoulli", rng<bool, NPY_BOOL, 1, FN(rng_bernoulli)>>("(s, n, p)"),
    row<"rng_bernoulli_each", rng_bernoulli_each_>("(s, p)"),
    row<"rng_dropout", rng<float, NPY_FLOAT, 1, FN(rng_dropout)>>("(s, n, p)"),
    row<"rng_exponential", rng<double, NPY_DOUBLE, 1, FN(rng_exponential)>>("(s, n, rate)"),
    row<"rng_cauchy", rng<double, NPY_DOUBLE, 2, FN(rng_cauchy)>>("(s, n, median, sigma)"),
    row<"rng_normal", rng_either<FN(rng_normal)>>("(s, n, mean, std, double)"),
    row<"rng_normal_serial", rng<double, NPY_DOUBLE, 2, FN(rng_normal_serial)>>("(s, n, mean, std)"),
    row<"rng_randperm", rng<i64, NPY_INT64, 0, FN(rng_randperm)>>("(s, n)"),
};

}  // namespace

Rows rows() { return {table, sizeof table / sizeof *table}; }

}  // namespace rl::RL_ISA
