// float16, bfloat16 and int64: what kernels of floats do where their arrays are of these dtypes.
#pragma once
#include "bind.hpp"

namespace rl::RL_ISA {

// Whether a kernel's first argument is of bfloat16, and this processor multiplies them.
bool of_bf16(Args a, Py_ssize_t n);

bool is_narrow(PyObject* o);  // an array of float16 or bfloat16

// y = f(u, v, p) of one or two arrays of one of these dtypes, without gaps, in one order: chunk by chunk in
// float, each number rounded once.
using Chunk = void (*)(const float* u, const float* v, float* y, i64 n, const double* p);
PyObject* in_chunks(Args a, int arrays, const double* p, Chunk f);

// y = f(x, axis) of an array of one of these dtypes along its last dimension, a few rows at a time in float,
// each number rounded once. u, v (rows, n)
using OfRows = void (*)(const float* u, i64 rows, i64 n, float* v);
PyObject* rows_narrow(Args a, Py_ssize_t n, OfRows f);

// The sum of such an array over all, or over its last dimension; args (x, axis=None, keepdims=False).
PyObject* sum_narrow(Args a, Py_ssize_t n);
// The same of int64, whose sums wrap around.
PyObject* sum_whole(Args a, Py_ssize_t n);
// layer_norm of rows of one of these dtypes; mean and rstd are float32.
PyObject* layer_norm_narrow(Args a, Py_ssize_t n);
PyObject* clamped_(Args a, Py_ssize_t n);

// linear of a few rows of one of these dtypes
PyObject* linear_few(Args a, Py_ssize_t n, bool relu);

PyObject* linear_bf16(Args a, Py_ssize_t n, bool relu);
PyObject* linear_dx_bf16(Args a, Py_ssize_t n);
PyObject* linear_dw_bf16(Args a, Py_ssize_t n);
PyObject* matmul_bf16(Args a, Py_ssize_t n);

}  // namespace rl::RL_ISA
