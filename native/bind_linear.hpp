// Arguments of matrix products: N rows of the batch, I inputs, O outputs. Included by bind.cpp
// only.
#pragma once
#include "bind.hpp"
#include "bind_batches.hpp"
#include "bind_narrow.hpp"
#include "lu.hpp"
#include "gemm.hpp"
#include "gemm_bf16.hpp"
#include "options.hpp"
#include "parallel.hpp"
#include "reduce.hpp"

namespace rl::RL_ISA {
namespace {

// Multiply-adds in the unit of compute()'s `work`.
i64 gemm_work(i64 m, i64 n, i64 k) { return m * n * k / 16; }

// gemm; of floats with their bfloat16 if the user allows it, where there are enough rows to gain by it
template <class T>
void product(i64 m, i64 n, i64 k, Matrix<T> a, Matrix<T> b, const T* bias, bool relu, T* c, i64 step) {
    constexpr i64 FEW = 8;
    if constexpr (std::is_same_v<T, float>)
        if (medium_products() && m > FEW && n > FEW && k > FEW && by_bf16(m, n, k))
            return gemm_bf16(m, n, k, a, b, bias, relu, c, step);
    gemm<T>(m, n, k, a, b, bias, relu, c, step);
}

// linear(x (*, I), w (O, I), b (O) or None) -> (*, O)
template <bool relu>
PyObject* linear(Args a, Py_ssize_t n) {
    if (of_bf16(a, n)) return linear_bf16(a, n, relu);
    if (n > 0 && is_narrow(a[0])) return linear_few(a, n, relu);
    In x, w, b;
    if (n != 3 || !x.read(a[0]) || !w.read_like(a[1], x)) return nullptr;
    if (!b.read_optional_like(a[2], x)) return nullptr;
    if (x.nd() < 1 || w.nd() != 2 || x.dim(-1) != w.dim(1)) return nullptr;
    if (b && (b.nd() != 1 || b.dim(0) != w.dim(0))) return nullptr;
    const i64 in = w.dim(1), out = w.dim(0), rows = x.rows();
    Out y(x, out);
    if (!y) return nullptr;
    compute(x.type(), gemm_work(rows, out, in), [&]<class T>() {
        product<T>(rows, out, in, {x.data<T>(), in, 1}, {w.data<T>(), 1, in}, b.data<T>(), relu,
                y.data<T>(), out);
    });
    return y.release();
}

// linear_dx(dy (*, O), w (O, I)) -> (*, I)
PyObject* linear_dx(Args a, Py_ssize_t n) {
    if (of_bf16(a, n)) return linear_dx_bf16(a, n);
    In dy, w;
    if (n != 2 || !dy.read(a[0]) || !w.read_like(a[1], dy)) return nullptr;
    if (dy.nd() < 1 || w.nd() != 2 || dy.dim(-1) != w.dim(0)) return nullptr;
    const i64 in = w.dim(1), out = w.dim(0), rows = dy.rows();
    Out dx(dy, in);
    if (!dx) return nullptr;
    compute(dy.type(), gemm_work(rows, in, out), [&]<class T>() {
        product<T>(rows, in, out, {dy.data<T>(), out, 1}, {w.data<T>(), in, 1}, nullptr, false,
                dx.data<T>(), in);
    });
    return dx.release();
}

// linear_dw(dy (*, O), x (*, I)) -> (O, I)
PyObject* linear_dw(Args a, Py_ssize_t n) {
    if (of_bf16(a, n)) return linear_dw_bf16(a, n);
    In dy, x;
    if (n != 2 || !dy.read(a[0]) || !x.read_like(a[1], dy) || dy.nd() < 1 || x.nd() < 1)
        return nullptr;
    const i64 in = x.dim(-1), out = dy.dim(-1), rows = dy.rows();
    if (x.rows() != rows) return nullptr;
    const npy_intp dims[] = {out, in};
    Out dw(2, dims, dy.type());
    if (!dw) return nullptr;
    compute(dy.type(), gemm_work(rows, in, out), [&]<class T>() {
        product<T>(out, in, rows, {dy.data<T>(), 1, out}, {x.data<T>(), in, 1}, nullptr, false,
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
    compute(dy.type(), dy.size(),
            [&]<class T>() { sum(dy.data<T>(), 1, dy.rows(), dy.dim(-1), 1., db.data<T>()); });
    return db.release();
}

// matmul(x (..., M, K), y (..., K, N)) of any strides; leading dimensions are broadcast. Vectors are
// the twin's.
PyObject* matmul(Args a, Py_ssize_t n) {
    if (of_bf16(a, n)) return matmul_bf16(a, n);
    if (n != 2 || !is_floating(a[0]) || !is_floating(a[1])) return nullptr;
    PyArrayObject *x = array(a[0]), *y = array(a[1]);
    const int type = PyArray_TYPE(x);
    Batches of;
    if (PyArray_TYPE(y) != type || !of.read(x, y)) return nullptr;
    Out z(of.nd, of.dims, type);
    if (!z) return nullptr;
    compute(type, gemm_work(of.m, of.n, of.k) * of.count, [&]<class T>() {
        of.each(last_two<T>(x), last_two<T>(y), z.data<T>(), 1 << 17, [&](Matrix<T> p, Matrix<T> q, T* c) {
            product<T>(of.m, of.n, of.k, p, q, nullptr, false, c, of.n);
        });
    });
    return z.release();
}

// solve_small(a (B, N, N), b (B, N, K)) -> X (B, N, K) with a X = b, or None: a matrix has a zero pivot
PyObject* solve_small_(Args a, Py_ssize_t n) {
    In x, b;
    if (n != 2 || !x.read(a[0]) || !b.read_like(a[1], x) || x.nd() != 3 || b.nd() != 3) return nullptr;
    const i64 batch = x.dim(0), size = x.dim(1), k = b.dim(2);
    if (x.dim(2) != size || b.dim(0) != batch || b.dim(1) != size || b.size() == 0) return nullptr;
    Out y(b), factors(x);
    if (!y || !factors) return nullptr;
    bool good = true;
    compute(x.type(), x.size() * size / 16, [&]<class T>() {
        std::memcpy(factors.data<T>(), x.data<T>(), std::size_t(x.size()) * sizeof(T));
        std::memcpy(y.data<T>(), b.data<T>(), std::size_t(b.size()) * sizeof(T));
        good = solve_all(factors.data<T>(), batch, size, k, y.data<T>());
    });
    if (!good) Py_RETURN_NONE;
    return y.release();
}

// dot(x (N), y (N)) -> (): Σ x y
PyObject* dot_(Args a, Py_ssize_t n) {
    In x, y;
    if (n != 2 || !x.read(a[0]) || !y.read_like(a[1], x) || x.nd() != 1 || !x.same_shape(y)) return nullptr;
    Out z(0, nullptr, x.type());
    if (!z) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        *z.data<T>() = dot(x.data<T>(), y.data<T>(), x.size());
    });
    return z.release();
}

// cross(x, y, axis) -> x × y along an axis of 3: arrays of one shape
PyObject* cross_(Args a, Py_ssize_t n) {
    In x, y;
    i64 axis;
    if (n != 3 || !x.read(a[0]) || !y.read_like(a[1], x) || !x.same_shape(y) || !read_axis(a[2], x, axis))
        return nullptr;
    if (x.dim(int(axis)) != 3) return nullptr;
    i64 inner = 1;
    for (int i = int(axis) + 1; i < x.nd(); i++) inner *= x.dim(i);
    Out z(x);
    if (!z) return nullptr;
    compute(x.type(), x.size(), [&]<class T>() {
        const T *const u = x.data<T>(), *const v = y.data<T>();
        T* const w = z.data<T>();
        parallel(inner ? x.size() / (3 * inner) : 0, rows_per_block(3 * inner, 1 << 15), [=](i64 begin, i64 end) {
            for (i64 o = begin; o < end; o++)
                for (i64 j = 3 * o * inner; j < (3 * o + 1) * inner; j++) {
                    const i64 k = j + inner, l = k + inner;
                    w[j] = u[k] * v[l] - u[l] * v[k];
                    w[k] = u[l] * v[j] - u[j] * v[l];
                    w[l] = u[j] * v[k] - u[k] * v[j];
                }
        });
    });
    return z.release();
}

}  // namespace
}  // namespace rl::RL_ISA
