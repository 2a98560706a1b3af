// Rows of bind.cpp's table: elements copied, joined, chosen, converted.
#pragma once
#include "bind.hpp"

namespace rl::RL_ISA {

PyObject* dense_(Args a, Py_ssize_t n);
PyObject* dense_copy_(Args a, Py_ssize_t n);
PyObject* filled_(Args a, Py_ssize_t n);
PyObject* assign_(Args a, Py_ssize_t n);
PyObject* concatenate_(Args a, Py_ssize_t n);
PyObject* stack_(Args a, Py_ssize_t n);
PyObject* padded_(Args a, Py_ssize_t n);
PyObject* continued_(Args a, Py_ssize_t n);
PyObject* where_(Args a, Py_ssize_t n);
PyObject* take_along_axis_(Args a, Py_ssize_t n);
PyObject* pick_(Args a, Py_ssize_t n);
PyObject* places_(Args a, Py_ssize_t n);
PyObject* chosen_(Args a, Py_ssize_t n);
template <bool lower>
PyObject* triangle_(Args a, Py_ssize_t n);
PyObject* within_(Args a, Py_ssize_t n);
PyObject* astype_(Args a, Py_ssize_t n);

}  // namespace rl::RL_ISA
