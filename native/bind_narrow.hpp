// Products of bfloat16: what the kernels of bind_linear.hpp do where their arrays are of that dtype.
#pragma once
#include "bind.hpp"

namespace rl::RL_ISA {

// Whether a kernel's first argument is of bfloat16, and this processor multiplies them.
bool of_bf16(Args a, Py_ssize_t n);

PyObject* linear_bf16(Args a, Py_ssize_t n, bool relu);
PyObject* linear_dx_bf16(Args a, Py_ssize_t n);
PyObject* linear_dw_bf16(Args a, Py_ssize_t n);
PyObject* matmul_bf16(Args a, Py_ssize_t n);

}  // namespace rl::RL_ISA
