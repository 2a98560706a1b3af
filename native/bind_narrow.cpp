#include "bind_narrow.hpp"

#include "gemm_bf16.hpp"

namespace rl::RL_ISA {
namespace {

using Bits = std::uint16_t;

// A contiguous array of bfloat16.
struct Narrow : In {
    bool read(PyObject* o) {
        return is_array(o) && is_bfloat16(PyArray_DESCR(array(o))) && PyArray_ISBEHAVED_RO(array(o)) &&
               contiguous(o);
    }
    const Bits* bits() const { return data<Bits>(); }
};

// The last two dimensions of an array, by its strides.
Matrix<Bits> matrix(PyArrayObject* a) {
    const int nd = PyArray_NDIM(a);
    constexpr i64 SIZE = sizeof(Bits);
    return {static_cast<const Bits*>(PyArray_DATA(a)), PyArray_STRIDE(a, nd - 2) / SIZE,
            PyArray_STRIDE(a, nd - 1) / SIZE};
}

// A new array of a's dtype.
PyArrayObject* result(PyObject* a, int nd, const npy_intp* dims) {
    PyArray_Descr* const dtype = PyArray_DESCR(array(a));
    Py_INCREF(dtype);
    return array(PyArray_NewFromDescr(&PyArray_Type, dtype, nd, const_cast<npy_intp*>(dims), nullptr,
                                      nullptr, 0, nullptr));
}

// z (m, n) of a (m, k), b (k, n), without the GIL if that is much work
PyObject* product(PyArrayObject* z, i64 m, i64 n, i64 k, Matrix<Bits> a, Matrix<Bits> b,
                  const float* bias = nullptr, bool relu = false) {
    if (z) {
        NoGil unlocked(m * n * k / 32 >= LONG_WORK);
        gemm_bf16(m, n, k, a, b, bias, relu, static_cast<Bits*>(PyArray_DATA(z)), n);
    }
    return reinterpret_cast<PyObject*>(z);
}

}  // namespace

bool of_bf16(Args a, Py_ssize_t n) {
    return n > 0 && is_array(a[0]) && PyArray_ITEMSIZE(array(a[0])) == 2 &&
           is_bfloat16(PyArray_DESCR(array(a[0]))) && has_bf16();
}

PyObject* linear_bf16(Args a, Py_ssize_t n, bool relu) {
    Narrow x, b;
    if (n != 3 || !x.read(a[0]) || !of_bf16(a + 1, 1)) return nullptr;
    if (a[2] != Py_None && !b.read(a[2])) return nullptr;
    PyArrayObject* const w = array(a[1]);  // of any strides
    if (PyArray_NDIM(w) != 2 || !PyArray_ISBEHAVED_RO(w) || x.nd() < 1) return nullptr;
    const i64 in = PyArray_DIM(w, 1), out = PyArray_DIM(w, 0);
    if (x.dim(-1) != in || in == 0 || (b && (b.nd() != 1 || b.dim(0) != out))) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < x.nd() - 1; i++) dims[i] = x.dim(i);
    dims[x.nd() - 1] = out;
    const Array<float> bias(b ? out : 0);
    if (b) from_bfloat16(b.bits(), &bias[0], out);
    return product(result(a[0], x.nd(), dims), x.rows(), out, in, {x.bits(), in, 1},
                   matrix(w).t(), b ? &bias[0] : nullptr, relu);
}

PyObject* linear_dx_bf16(Args a, Py_ssize_t n) {
    Narrow dy, w;
    if (n != 2 || !dy.read(a[0]) || !w.read(a[1]) || dy.nd() < 1 || w.nd() != 2) return nullptr;
    if (dy.dim(-1) != w.dim(0) || w.dim(0) == 0) return nullptr;
    const i64 in = w.dim(1), out = w.dim(0);
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < dy.nd() - 1; i++) dims[i] = dy.dim(i);
    dims[dy.nd() - 1] = in;
    return product(result(a[0], dy.nd(), dims), dy.rows(), in, out, {dy.bits(), out, 1},
                   {w.bits(), in, 1});
}

PyObject* linear_dw_bf16(Args a, Py_ssize_t n) {
    Narrow dy, x;
    if (n != 2 || !dy.read(a[0]) || !x.read(a[1]) || dy.nd() < 1 || x.nd() < 1) return nullptr;
    const i64 in = x.dim(-1), out = dy.dim(-1), rows = dy.rows();
    if (x.rows() != rows || rows == 0) return nullptr;
    const npy_intp dims[] = {out, in};
    return product(result(a[0], 2, dims), out, in, rows, {dy.bits(), 1, out}, {x.bits(), in, 1});
}

PyObject* matmul_bf16(Args a, Py_ssize_t n) {
    if (n != 2 || !of_bf16(a + 1, 1)) return nullptr;
    PyArrayObject *x = array(a[0]), *y = array(a[1]);
    const int nx = PyArray_NDIM(x), ny = PyArray_NDIM(y), nd = nx > ny ? nx : ny;
    if (nx < 2 || ny < 2 || !PyArray_ISBEHAVED_RO(x) || !PyArray_ISBEHAVED_RO(y)) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    i64 x_steps[NPY_MAXDIMS], y_steps[NPY_MAXDIMS], batch = 1;  // along the leading dimensions
    constexpr i64 SIZE = sizeof(Bits);
    for (int i = 0; i < nd - 2; i++) {
        const int ix = i - (nd - nx), iy = i - (nd - ny);
        const i64 dx = ix < 0 ? 1 : PyArray_DIM(x, ix), dy = iy < 0 ? 1 : PyArray_DIM(y, iy);
        if (dx != dy && dx != 1 && dy != 1) return nullptr;
        dims[i] = dx == 1 ? dy : dx;
        batch *= dims[i];
        x_steps[i] = dx == 1 ? 0 : PyArray_STRIDE(x, ix) / SIZE;
        y_steps[i] = dy == 1 ? 0 : PyArray_STRIDE(y, iy) / SIZE;
    }
    const i64 m = PyArray_DIM(x, nx - 2), k = PyArray_DIM(x, nx - 1), cols = PyArray_DIM(y, ny - 1);
    if (PyArray_DIM(y, ny - 2) != k || k == 0) return nullptr;
    dims[nd - 2] = m;
    dims[nd - 1] = cols;
    PyArrayObject* const z = result(a[0], nd, dims);
    if (!z) return nullptr;
    const Matrix<Bits> p = matrix(x), q = matrix(y);
    Bits* const out = static_cast<Bits*>(PyArray_DATA(z));
    NoGil unlocked(m * cols * k / 32 * batch >= LONG_WORK);
    const auto one = [&](i64 i) {
        i64 x_at = 0, y_at = 0;
        for (i64 d = nd - 3, rest = i; d >= 0; rest /= dims[d--]) {
            x_at += rest % dims[d] * x_steps[d];
            y_at += rest % dims[d] * y_steps[d];
        }
        gemm_bf16<Bits, Bits>(m, cols, k, {p.p + x_at, p.row, p.col}, {q.p + y_at, q.row, q.col}, nullptr, false,
                  out + i * m * cols, cols);
    };
    const i64 some = batch >= 4 ? rows_per_block(m * cols * k, 1 << 18) : batch;
    parallel(batch, some, [&](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) one(i);
    });
    return reinterpret_cast<PyObject*>(z);
}

}  // namespace rl::RL_ISA
