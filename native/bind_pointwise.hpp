// Arguments of the pointwise kernels. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "pointwise.hpp"

namespace rl::RL_ISA {
namespace {

// Arrays of one shape and dtype, all C-contiguous or all F-contiguous; the result is laid out
// alike.
template <int arrays, int numbers, auto f>
PyObject* pointwise(Args a, Py_ssize_t n) {
    if (n != arrays + numbers || !is_floating(a[0])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int type = PyArray_TYPE(x), nd = PyArray_NDIM(x);
    int order = PyArray_FLAGS(x) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS);
    for (int i = 1; i < arrays; i++) {
        if (!is_floating(a[i]) || PyArray_TYPE(array(a[i])) != type) return nullptr;
        if (!PyArray_SAMESHAPE(x, array(a[i]))) return nullptr;
        order &= PyArray_FLAGS(array(a[i]));
    }
    if (!order) return nullptr;
    double p[numbers + 1];
    for (int i = 0; i < numbers; i++)
        if (!read(a[arrays + i], p[i])) return nullptr;

    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    PyObject* y =
        PyArray_NewFromDescr(&PyArray_Type, dtype, nd, PyArray_DIMS(x), nullptr, nullptr,
                             order & NPY_ARRAY_C_CONTIGUOUS ? 0 : NPY_ARRAY_F_CONTIGUOUS, nullptr);
    if (!y) return nullptr;
    const i64 size = PyArray_SIZE(x);
    compute(type, size, [&]<class T>() {
        const auto in = [&](int i) { return static_cast<const T*>(PyArray_DATA(array(a[i]))); };
        T* out = static_cast<T*>(PyArray_DATA(array(y)));
        if constexpr (arrays == 1 && numbers == 0) f(in(0), out, size);
        if constexpr (arrays == 1 && numbers == 1) f(in(0), out, size, p[0]);
        if constexpr (arrays == 1 && numbers == 2) f(in(0), out, size, p[0], p[1]);
        if constexpr (arrays == 2 && numbers == 0) f(in(0), in(1), out, size);
        if constexpr (arrays == 2 && numbers == 1) f(in(0), in(1), out, size, p[0]);
        if constexpr (arrays == 2 && numbers == 2) f(in(0), in(1), out, size, p[0], p[1]);
    });
    return y;
}

// z = f(x, y): arrays of one shape; an array and a number or 0-d array; (*, C) and (C).
template <auto f>
PyObject* binary(Args a, Py_ssize_t n) {
    if (n != 2) return nullptr;
    PyObject *big = a[0], *small = a[1];  // the one whose shape the result has, and the other
    if (!is_array(big) ||
        (is_array(small) && PyArray_NDIM(array(small)) > PyArray_NDIM(array(big))))
        std::swap(big, small);
    if (!is_floating(big) || !PyArray_IS_C_CONTIGUOUS(array(big))) return nullptr;
    PyArrayObject* const x = array(big);
    const int type = PyArray_TYPE(x), nd = PyArray_NDIM(x);
    i64 other = 1;
    double number = 0;
    if (is_floating(small)) {
        PyArrayObject* const y = array(small);
        const int gap = nd - PyArray_NDIM(y);
        if (PyArray_TYPE(y) != type || !PyArray_IS_C_CONTIGUOUS(y)) return nullptr;
        for (int i = 0; i < nd - gap; i++) {
            if (PyArray_DIM(y, i) != PyArray_DIM(x, i + gap)) return nullptr;
            other *= PyArray_DIM(y, i);
        }
    } else if (!PyFloat_CheckExact(small) && !PyLong_CheckExact(small)) {
        return nullptr;
    } else if (!read(small, number)) {
        return nullptr;
    }

    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    PyObject* z = PyArray_NewFromDescr(&PyArray_Type, dtype, nd, PyArray_DIMS(x), nullptr, nullptr,
                                       0, nullptr);
    if (!z) return nullptr;
    const i64 size = PyArray_SIZE(x);
    compute(type, size, [&]<class T>() {
        const T as_t = T(number);
        const T* p = static_cast<const T*>(PyArray_DATA(x));
        const T* q = is_array(small) ? static_cast<const T*>(PyArray_DATA(array(small))) : &as_t;
        T* out = static_cast<T*>(PyArray_DATA(array(z)));
        if (size == 0) return;
        if (big == a[0]) f(p, size, q, other, out, size);
        else f(q, other, p, size, out, size);
    });
    return z;
}

// add_(x, y): x += y in x's memory; returns x
PyObject* add_(Args a, Py_ssize_t n) {
    if (n != 2 || !is_floating(a[0]) || !is_floating(a[1])) return nullptr;
    PyArrayObject *x = array(a[0]), *y = array(a[1]);
    const int order =
        PyArray_FLAGS(x) & PyArray_FLAGS(y) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS);
    if (PyArray_TYPE(x) != PyArray_TYPE(y) || !PyArray_SAMESHAPE(x, y) || !order) return nullptr;
    if (!PyArray_ISWRITEABLE(x)) return nullptr;
    const i64 size = PyArray_SIZE(x);
    compute(PyArray_TYPE(x), size, [&]<class T>() {
        T* p = static_cast<T*>(PyArray_DATA(x));
        add(p, size, static_cast<const T*>(PyArray_DATA(y)), size, p, size);
    });
    return Py_NewRef(a[0]);
}

}  // namespace
}  // namespace rl::RL_ISA
