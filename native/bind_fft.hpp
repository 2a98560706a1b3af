// Arguments of Fourier transforms.
#pragma once
#include "bind.hpp"

namespace rl::RL_ISA {

PyObject* dft_(Args a, Py_ssize_t n);
PyObject* dft_real_(Args a, Py_ssize_t n);
PyObject* dft_to_real_(Args a, Py_ssize_t n);

}  // namespace rl::RL_ISA
