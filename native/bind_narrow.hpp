// float16, bfloat16 and int64: what kernels of floats do where their arrays are of these dtypes.
#pragma once
#include "bind.hpp"
#include "moves.hpp"
#include "pointwise.hpp"

namespace rl::RL_ISA {

// Whether a kernel's first argument is of bfloat16, and this processor multiplies them.
bool of_bf16(Args a, Py_ssize_t n);
// Whether it is to do so with (m, k) times (k, n): always where that is fast, else where reading the larger
// matrix takes longer than the products (16 rows of 2048 x 2048: 1.9 ms, in float32 3.1).
bool by_bf16(i64 m, i64 n, i64 k);

// An array of float16 or bfloat16 that this processor converts to float.
bool is_narrow(PyObject* o);

// How many of at most `most` two-byte numbers from y to take first, so that the next ones begin with a line.
inline i64 up_to_a_line(const void* y, i64 left, i64 most) {
    const i64 some = most - i64(reinterpret_cast<std::uintptr_t>(y) % 64 / 2);
    return left < some ? left : some;
}

// run.operator()<T>() for the T of x, which is of float or double or is_narrow; as `compute`.
template <class G>
void compute_floats(PyArrayObject* x, G&& run) {
    const i64 size = PyArray_SIZE(x);
    if (PyArray_ITEMSIZE(x) != 2) return compute(PyArray_TYPE(x), size, run);
    NoGil unlocked(size >= LONG_WORK);
    if (PyArray_TYPE(x) == NPY_HALF) run.template operator()<Half>();
    else run.template operator()<Brain>();
}

// f(x, axis) or f(dy, y, axis) of arrays of one of these dtypes: some slices or columns at a time in float,
// each number rounded once. u and v (outer, n, inner), v null for one array; the results replace u.
using Along = void (*)(float* u, const float* v, i64 outer, i64 n, i64 inner);
PyObject* along_narrow(Args a, Py_ssize_t n, int arrays, Along f);

// The sum or the mean of such an array over all, or over one dimension; args (x, axis=None, keepdims=False).
PyObject* sum_narrow(Args a, Py_ssize_t n, bool mean);
// The sum of int64, which wraps around, over all or over the last dimension.
PyObject* sum_whole(Args a, Py_ssize_t n);
// layer_norm of rows of one of these dtypes; mean and rstd are float32.
PyObject* layer_norm_narrow(Args a, Py_ssize_t n);
PyObject* layer_norm_dx_narrow(Args a, Py_ssize_t n);
PyObject* clamped_(Args a, Py_ssize_t n);
// group_norm and batch_norm of these dtypes; w, b, mean, rstd, var, dw and db are float32
PyObject* group_norm_narrow(Args a, Py_ssize_t n);
PyObject* group_norm_dx_narrow(Args a, Py_ssize_t n);
PyObject* batch_norm_narrow(Args a, Py_ssize_t n);
PyObject* batch_norm_dx_narrow(Args a, Py_ssize_t n);
PyObject* batch_norm_eval_narrow(Args a, Py_ssize_t n);

// linear of a few rows of one of these dtypes
PyObject* linear_few(Args a, Py_ssize_t n, bool relu);

PyObject* linear_bf16(Args a, Py_ssize_t n, bool relu);
PyObject* linear_dx_bf16(Args a, Py_ssize_t n);
PyObject* linear_dw_bf16(Args a, Py_ssize_t n);
PyObject* matmul_bf16(Args a, Py_ssize_t n);

}  // namespace rl::RL_ISA
