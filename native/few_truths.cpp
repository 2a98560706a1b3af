// Questions about a few numbers: whether they are equal, whether one or all are not 0. None: not these arguments.
#include <algorithm>
#include <cstring>

#include "tensors.hpp"

namespace rl {
namespace {

using Array = PyArrayObject*;

Array as_array(PyObject* o) { return reinterpret_cast<Array>(o); }

}  // namespace

// Whether two arrays of one dtype hold equal numbers.
PyObject* same(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "same(x, y)");
    if (!PyArray_CheckExact(args[0]) || !PyArray_CheckExact(args[1])) Py_RETURN_NONE;
    const Array x = as_array(args[0]), y = as_array(args[1]);
    if (PyArray_DESCR(x) != PyArray_DESCR(y) || !PyArray_ISCARRAY_RO(x) || !PyArray_ISCARRAY_RO(y)) Py_RETURN_NONE;
    if (!PyArray_SAMESHAPE(x, y)) Py_RETURN_FALSE;
    const npy_intp size = PyArray_SIZE(x);
    if (size > 1 << 16) Py_RETURN_NONE;
    const auto look = [&]<class T>() {
        const T *const p = static_cast<const T*>(PyArray_DATA(x)), *const q = static_cast<const T*>(PyArray_DATA(y));
        for (npy_intp i = 0; i < size; i += 256) {
            bool other = false;
            for (npy_intp j = i; j < std::min(i + 256, size); j++) other |= p[j] != q[j];
            if (other) return PyBool_FromLong(false);
        }
        return PyBool_FromLong(true);
    };
    const int type = PyArray_TYPE(x);
    if (type == NPY_FLOAT) return look.template operator()<float>();
    if (type == NPY_DOUBLE) return look.template operator()<double>();
    if (PyTypeNum_ISINTEGER(type) || PyTypeNum_ISBOOL(type))
        return PyBool_FromLong(std::memcmp(PyArray_DATA(x), PyArray_DATA(y), std::size_t(PyArray_NBYTES(x))) == 0);
    Py_RETURN_NONE;
}

// Whether one of the bools of x is true, or all of them: an array without dimensions.
PyObject* truth(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "truth(x, of_all)");
    if (!PyArray_CheckExact(args[0]) || PyArray_TYPE(as_array(args[0])) != NPY_BOOL) Py_RETURN_NONE;
    const Array x = as_array(args[0]);
    const npy_intp size = PyArray_SIZE(x);
    if (!PyArray_ISCARRAY_RO(x) || size > 1 << 16) Py_RETURN_NONE;
    const bool all = args[1] == Py_True;
    const unsigned char* const p = static_cast<const unsigned char*>(PyArray_DATA(x));
    bool found = false;  // what decides: one that is true, one that is not
    for (npy_intp i = 0; i < size; i++) found |= (p[i] == 0) == all;
    PyObject* const y = PyArray_SimpleNew(0, nullptr, NPY_BOOL);
    if (y) *static_cast<npy_bool*>(PyArray_DATA(as_array(y))) = all ? !found : found;
    return y;
}

}  // namespace rl
