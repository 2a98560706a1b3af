// The rows of attention in bind.cpp's table.
#pragma once
#include "bind.hpp"

namespace rl::RL_ISA {

PyObject* attention_(Args a, Py_ssize_t n);
PyObject* attention_dx_(Args a, Py_ssize_t n);

}  // namespace rl::RL_ISA
