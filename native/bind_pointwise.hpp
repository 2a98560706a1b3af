// Arguments of the pointwise kernels. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "pointwise.hpp"

namespace rl::RL_ISA {
namespace {

// Arrays of one shape and dtype without gaps, in one order; the result is laid out alike.
template <int arrays, int numbers, auto f>
PyObject* pointwise(Args a, Py_ssize_t n) {
    if (n != arrays + numbers || !is_floating(a[0])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int type = PyArray_TYPE(x);
    if (arrays == 1 && !is_dense(x)) return nullptr;
    for (int i = 1; i < arrays; i++) {
        if (!is_floating(a[i]) || PyArray_TYPE(array(a[i])) != type) return nullptr;
        if (!lie_alike(x, array(a[i]))) return nullptr;
    }
    double p[numbers + 1];
    for (int i = 0; i < numbers; i++)
        if (!read(a[arrays + i], p[i])) return nullptr;

    PyObject* const y = new_alike(x);
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
    if (!is_floating(big) || !is_dense(array(big))) return nullptr;
    PyArrayObject* const x = array(big);
    const int type = PyArray_TYPE(x), nd = PyArray_NDIM(x);
    i64 other = 1;
    double number = 0;
    if (is_floating(small) && !PyArray_IS_C_CONTIGUOUS(x)) {
        if (PyArray_TYPE(array(small)) != type) return nullptr;
        if (PyArray_NDIM(array(small)) && !lie_alike(x, array(small))) return nullptr;
        other = PyArray_SIZE(array(small));
    } else if (is_floating(small)) {
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

    PyObject* const z = new_alike(x);
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

// f_(x, y): x = f(x, y) in x's memory, y an array of x's shape, a 0-d one or a number; returns x
template <auto f>
PyObject* in_place(Args a, Py_ssize_t n) {
    if (n != 2 || !is_floating(a[0])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    int order = PyArray_FLAGS(x) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS);
    i64 other = 1;
    double number = 0;
    if (is_floating(a[1])) {
        PyArrayObject* const y = array(a[1]);
        if (PyArray_TYPE(x) != PyArray_TYPE(y)) return nullptr;
        if (PyArray_NDIM(y)) {
            order &= PyArray_FLAGS(y);
            if (!PyArray_SAMESHAPE(x, y)) return nullptr;
            other = PyArray_SIZE(x);
        }
        const char *p = PyArray_BYTES(x), *q = PyArray_BYTES(y);
        if (p != q && p < q + PyArray_NBYTES(y) && q < p + PyArray_NBYTES(x)) return nullptr;
        if (p == q && !PyArray_NDIM(y) && PyArray_NDIM(x)) return nullptr;
    } else if (!PyFloat_CheckExact(a[1]) && !PyLong_CheckExact(a[1])) {
        return nullptr;
    } else if (!read(a[1], number)) {
        return nullptr;
    }
    if (!order || !PyArray_ISWRITEABLE(x)) return nullptr;
    const i64 size = PyArray_SIZE(x);
    if (!size) return Py_NewRef(a[0]);
    compute(PyArray_TYPE(x), size, [&]<class T>() {
        const T as_t = T(number);
        T* p = static_cast<T*>(PyArray_DATA(x));
        const T* q =
            is_array(a[1]) ? static_cast<const T*>(PyArray_DATA(array(a[1]))) : &as_t;
        f(p, size, q, other, p, size);
    });
    return Py_NewRef(a[0]);
}

}  // namespace
}  // namespace rl::RL_ISA
