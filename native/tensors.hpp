// What Python asks of tensors and arrays again and again; see tensors.cpp.
#pragma once
#include "bind.hpp"

namespace rl {

PyObject* dtype_of(PyObject* self, PyObject* x);
PyObject* address(PyObject* self, PyObject* a);
PyObject* strides(PyObject* self, PyObject* a);
PyObject* put(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* changer(PyObject* self, PyObject* const* args, Py_ssize_t n);

// The array of what is a Tensor, not of a class of its own; null for anything else. Borrowed.
PyObject* array_of(PyObject* x);
// Whether it is slice(None).
bool is_whole(PyObject* x);

// Arguments and results of views.cpp and the few*.cpp: an int within 64 bits; one of nd dimensions, from 0; a view of
// x, its elements from `offset` bytes on.
bool read_int(PyObject* o, npy_intp& n);
bool read_dim(PyObject* o, int nd, int& d);
PyObject* new_view(PyArrayObject* x, int nd, const npy_intp* dims, const npy_intp* steps, npy_intp offset = 0);

}  // namespace rl
