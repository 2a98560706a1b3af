// Views, and images in another order. Included by bind.cpp only.
#pragma once
#include "bind.hpp"

namespace rl::RL_ISA {
namespace {

// dense_view(x, shape) -> x in another shape, or None where a second look is needed: at an x that
// is not C-contiguous, at a shape that is not made of ints, or does not fit.
// shape: (2, 3) or ((2, 3),), one size may be -1
PyObject* dense_view(Args a, Py_ssize_t n) {
    if (n != 2 || !is_array(a[0]) || !PyTuple_Check(a[1])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    PyObject* shape = a[1];
    if (PyTuple_GET_SIZE(shape) == 1 && PyTuple_Check(PyTuple_GET_ITEM(shape, 0)))
        shape = PyTuple_GET_ITEM(shape, 0);
    const Py_ssize_t nd = PyTuple_GET_SIZE(shape);
    if (!PyArray_IS_C_CONTIGUOUS(x) || nd < 1 || nd > NPY_MAXDIMS) Py_RETURN_NONE;
    npy_intp dims[NPY_MAXDIMS];
    i64 known = 1, open = -1;
    const i64 size = PyArray_SIZE(x);
    for (Py_ssize_t i = 0; i < nd; i++) {
        i64 d;
        PyObject* const item = PyTuple_GET_ITEM(shape, i);
        if (!PyLong_CheckExact(item) || !read(item, d) || d < -1) Py_RETURN_NONE;
        if (d == -1 && open >= 0) Py_RETURN_NONE;
        if (d == -1) open = i;
        else if (__builtin_mul_overflow(known, d, &known)) Py_RETURN_NONE;
        dims[i] = d;
    }
    if (open >= 0) {
        if (known < 1 || size % known) Py_RETURN_NONE;
        dims[open] = size / known;
    } else if (known != size) {
        Py_RETURN_NONE;
    }
    PyArray_Descr* const type = PyArray_DESCR(x);
    Py_INCREF(type);
    PyObject* const y = PyArray_NewFromDescr(&PyArray_Type, type, int(nd), dims, nullptr,
                                             PyArray_DATA(x), PyArray_FLAGS(x), nullptr);
    if (!y) return nullptr;
    if (PyArray_SetBaseObject(array(y), Py_NewRef(a[0])) < 0) {
        Py_DECREF(y);
        return nullptr;
    }
    return y;
}

// channels_last(x (N, C, *S)) -> (N, *S, C), row-major
PyObject* channels_last_(Args a, Py_ssize_t n) {
    In x;
    if (n != 1 || !x.read_as(a[0], NPY_FLOAT) || x.nd() < 3) return nullptr;
    npy_intp dims[NPY_MAXDIMS] = {x.dim(0)};
    for (int i = 2; i < x.nd(); i++) dims[i - 1] = x.dim(i);
    dims[x.nd() - 1] = x.dim(1);
    Out y(x.nd(), dims, NPY_FLOAT);
    if (!y || x.size() == 0) return y.release();
    const i64 c = x.dim(1), s = x.size() / x.dim(0) / c;
    const float* in = x.data<float>();
    float* out = y.data<float>();
    NoGil unlocked(x.size() >= LONG_WORK);
    parallel(x.dim(0), rows_per_block(c * s, 1 << 15), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) transpose(in + i * c * s, s, c, s, out + i * c * s, c);
    });
    return y.release();
}

}  // namespace
}  // namespace rl::RL_ISA
