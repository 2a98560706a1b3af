// Arguments of the random kernels: the state comes first, and is changed. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "random.hpp"

namespace rl::RL_ISA {
namespace {

Word* rng_state(PyObject* o) {
    if (!is_array(o) || PyArray_TYPE(array(o)) != NPY_UINT32) return nullptr;
    if (!PyArray_ISCARRAY(array(o))) return nullptr;
    return PyArray_SIZE(array(o)) == RNG_SIZE ? static_cast<Word*>(PyArray_DATA(array(o))) : nullptr;
}

PyObject* rng_seed_(Args a, Py_ssize_t n) {
    i64 seed;
    Word* const s = n == 2 ? rng_state(a[0]) : nullptr;
    if (!s || !read(a[1], seed)) return nullptr;
    rng_seed(s, Word(seed));
    return Py_NewRef(Py_None);
}

// n numbers in a row: a new array, or the destination, whatever its shape, if it has so many in row-major order.
PyObject* new_row(i64 n, int type) {
    PyArrayObject* const to = destination.array;
    if (to && PyArray_TYPE(to) == type && PyArray_SIZE(to) == n && PyArray_ISCARRAY(to) &&
        destination.thread == PyThread_get_thread_ident()) {
        destination.array = nullptr;
        return Py_NewRef(reinterpret_cast<PyObject*>(to));
    }
    const npy_intp dims[] = {n};
    return PyArray_SimpleNew(1, const_cast<npy_intp*>(dims), type);
}

// (s, n, numbers...) -> n of T
template <class T, int type, int numbers, auto f>
PyObject* rng(Args a, Py_ssize_t n) {
    i64 size;
    Word* const s = n == 2 + numbers ? rng_state(a[0]) : nullptr;
    if (!s || !read(a[1], size) || size < 0) return nullptr;
    double p[numbers + 1];
    for (int i = 0; i < numbers; i++)
        if (!read(a[2 + i], p[i])) return nullptr;
    PyObject* const y = new_row(size, type);
    if (!y) return nullptr;
    T* const out = static_cast<T*>(PyArray_DATA(array(y)));
    if constexpr (numbers == 0) f(s, out, size);
    if constexpr (numbers == 1) f(s, out, size, p[0]);
    if constexpr (numbers == 2) f(s, out, size, p[0], p[1]);
    return y;
}

// (s, n, number, number, double) -> n of float or double
template <auto f>
PyObject* rng_either(Args a, Py_ssize_t n) {
    bool twice;
    if (n != 5 || !read(a[4], twice)) return nullptr;
    return twice ? rng<double, NPY_DOUBLE, 2, f>(a, 4) : rng<float, NPY_FLOAT, 2, f>(a, 4);
}

PyObject* rng_integers_(Args a, Py_ssize_t n) {
    i64 size, low, high;
    Word* const s = n == 4 ? rng_state(a[0]) : nullptr;
    if (!s || !read(a[1], size) || size < 0 || !read(a[2], low) || !read(a[3], high)) return nullptr;
    if (low >= high) return nullptr;
    const npy_intp dims[] = {size};
    Out y(1, dims, NPY_INT64);
    if (!y) return nullptr;
    rng_integers(s, y.data<i64>(), size, low, high);
    return y.release();
}

PyObject* rng_bernoulli_each_(Args a, Py_ssize_t n) {
    In p;
    Word* const s = n == 2 ? rng_state(a[0]) : nullptr;
    if (!s || !p.read(a[1])) return nullptr;
    Out y(p.nd(), p.dims(), NPY_BOOL);
    if (!y) return nullptr;
    if (p.type() == NPY_FLOAT) rng_bernoulli_each(s, p.data<float>(), y.data<bool>(), p.size());
    else rng_bernoulli_each(s, p.data<double>(), y.data<bool>(), p.size());
    return y.release();
}

// (s, weights (rows, n), k) -> int64 (rows, k), or None for weights that are no distribution
PyObject* rng_multinomial_(Args a, Py_ssize_t n) {
    In p;
    i64 k;
    Word* const s = n == 3 ? rng_state(a[0]) : nullptr;
    if (!s || !p.read(a[1]) || p.nd() != 2 || p.size() == 0 || !read(a[2], k) || k < 1) return nullptr;
    const npy_intp dims[] = {p.dim(0), k};
    Out y(2, dims, NPY_INT64);
    if (!y) return nullptr;
    const auto draw = [&](const auto* w) {
        return rng_multinomial(s, w, p.dim(0), p.dim(1), k, y.data<i64>());
    };
    const bool good = p.type() == NPY_FLOAT ? draw(p.data<float>()) : draw(p.data<double>());
    if (!good) Py_RETURN_NONE;
    return y.release();
}

// (s, parameters of float64, all of one size) -> float64 (n)
template <int parameters, auto f>
PyObject* rng_of(Args a, Py_ssize_t n) {
    In p[parameters];
    Word* const s = n == 1 + parameters ? rng_state(a[0]) : nullptr;
    if (!s) return nullptr;
    for (int i = 0; i < parameters; i++)
        if (!p[i].read(a[1 + i]) || p[i].type() != NPY_DOUBLE || p[i].size() != p[0].size()) return nullptr;
    Out y(p[0].nd(), p[0].dims(), NPY_DOUBLE);
    if (!y) return nullptr;
    if constexpr (parameters == 1) f(s, p[0].template data<double>(), y.template data<double>(), p[0].size());
    else f(s, p[0].template data<double>(), p[1].template data<double>(), y.template data<double>(), p[0].size());
    return y.release();
}

}  // namespace
}  // namespace rl::RL_ISA
