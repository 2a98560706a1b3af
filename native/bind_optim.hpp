// Arguments of optimizer steps: lists of arrays that run in parallel, one entry per parameter.
// Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "optim.hpp"

namespace rl::RL_ISA {
namespace {

// A list argument whose entry k must be an array like parameter k; or None for the whole list.
class ArrayList {
    PyObject* list_ = nullptr;

 public:
    bool read(PyObject* o, Py_ssize_t count) {
        if (!PyList_CheckExact(o) || PyList_GET_SIZE(o) != count) return false;
        list_ = o;
        return true;
    }
    bool read_optional(PyObject* o, Py_ssize_t count) { return o == Py_None || read(o, count); }

    explicit operator bool() const { return list_ != nullptr; }
    PyObject* at(Py_ssize_t k) const { return PyList_GET_ITEM(list_, k); }
    template <class T>
    T* data(Py_ssize_t k) const {
        return list_ ? static_cast<T*>(PyArray_DATA(array(at(k)))) : nullptr;
    }
    // Entry k can be used together with parameter p: same dtype, shape and order in memory.
    bool fits(Py_ssize_t k, PyObject* p, bool written = true) const {
        if (!list_) return true;
        if (!is_floating(at(k)) || PyArray_TYPE(array(at(k))) != PyArray_TYPE(array(p)))
            return false;
        return lie_alike(array(at(k)), array(p)) &&
               (!written || PyArray_ISWRITEABLE(array(at(k))));
    }
};

bool is_parameter(PyObject* p) {
    return is_floating(p) && is_dense(array(p)) && PyArray_ISWRITEABLE(array(p));
}

// f.operator()<T>(k, size) for every parameter k
template <class G>
void each_parameter(const ArrayList& params, Py_ssize_t count, G f) {
    i64 total = 0;
    for (Py_ssize_t k = 0; k < count; k++) total += PyArray_SIZE(array(params.at(k)));
    NoGil unlocked(total >= LONG_WORK);
    for (Py_ssize_t k = 0; k < count; k++) {
        PyArrayObject* const p = array(params.at(k));
        if (PyArray_TYPE(p) == NPY_FLOAT) f.template operator()<float>(k, PyArray_SIZE(p));
        else f.template operator()<double>(k, PyArray_SIZE(p));
    }
}

// sgd_step(params, grads, bufs, lr, momentum, dampening, weight_decay, nesterov, maximize) -> bufs
PyObject* sgd_step_(Args a, Py_ssize_t n) {
    ArrayList params, grads, bufs;
    Sgd o;
    if (n != 9 || !PyList_CheckExact(a[0])) return nullptr;
    const Py_ssize_t count = PyList_GET_SIZE(a[0]);
    if (!params.read(a[0], count) || !grads.read(a[1], count) || !bufs.read(a[2], count))
        return nullptr;
    if (!read(a[3], o.lr) || !read(a[4], o.momentum) || !read(a[5], o.dampening)) return nullptr;
    if (!read(a[6], o.weight_decay) || !read(a[7], o.nesterov) || !read(a[8], o.maximize))
        return nullptr;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject* const p = params.at(k);
        if (!is_parameter(p) || !grads.fits(k, p, false)) return nullptr;
        if (o.momentum != 0 && bufs.at(k) != Py_None && !bufs.fits(k, p)) return nullptr;
    }
    PyObject* const out = PyList_New(count);
    for (Py_ssize_t k = 0; out && k < count; k++) {
        PyArrayObject* const p = array(params.at(k));
        PyObject* b = Py_NewRef(bufs.at(k));
        if (o.momentum != 0 && b == Py_None)
            Py_SETREF(b, new_alike(p));
        if (!b) {
            Py_DECREF(out);
            return nullptr;
        }
        PyList_SET_ITEM(out, k, b);
    }
    if (!out) return nullptr;
    each_parameter(params, count, [&]<class T>(Py_ssize_t k, i64 size) {
        T* b = o.momentum == 0 ? nullptr
                               : static_cast<T*>(PyArray_DATA(array(PyList_GET_ITEM(out, k))));
        sgd_step<T>(o, size, params.data<T>(k), grads.data<T>(k), b, bufs.at(k) == Py_None);
    });
    return out;
}

// The numbers of a list of floats, 0-d arrays or the like.
bool read_steps(PyObject* o, Py_ssize_t count) {
    double t;
    if (!PyList_CheckExact(o) || PyList_GET_SIZE(o) != count) return false;
    for (Py_ssize_t k = 0; k < count; k++)
        if (!read(PyList_GET_ITEM(o, k), t)) return false;
    return true;
}

// adam_step(params, grads, ms, vs, vmaxs or None, steps, lr, beta1, beta2, eps, weight_decay,
// amsgrad,
//           maximize, decoupled)
PyObject* adam_step_(Args a, Py_ssize_t n) {
    ArrayList params, grads, ms, vs, vmaxs;
    Adam o;
    bool amsgrad;
    if (n != 14 || !PyList_CheckExact(a[0])) return nullptr;
    const Py_ssize_t count = PyList_GET_SIZE(a[0]);
    if (!params.read(a[0], count) || !grads.read(a[1], count) || !ms.read(a[2], count))
        return nullptr;
    if (!vs.read(a[3], count) || !read_steps(a[5], count)) return nullptr;
    if (!read(a[6], o.lr) || !read(a[7], o.beta1) || !read(a[8], o.beta2) || !read(a[9], o.eps))
        return nullptr;
    if (!read(a[10], o.weight_decay) || !read(a[11], amsgrad) || !read(a[12], o.maximize))
        return nullptr;
    if (!read(a[13], o.decoupled) || (amsgrad && !vmaxs.read(a[4], count))) return nullptr;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject* const p = params.at(k);
        if (!is_parameter(p) || !grads.fits(k, p, false) || !ms.fits(k, p) || !vs.fits(k, p) ||
            !vmaxs.fits(k, p))
            return nullptr;
    }
    // Steps are read before the GIL goes; one number per parameter is seldom many.
    Out steps(1, &count, NPY_DOUBLE);
    if (!steps) return nullptr;
    for (Py_ssize_t k = 0; k < count; k++) read(PyList_GET_ITEM(a[5], k), steps.data<double>()[k]);
    each_parameter(params, count, [&]<class T>(Py_ssize_t k, i64 size) {
        adam_step<T>(o, steps.data<double>()[k], size, params.data<T>(k), grads.data<T>(k),
                     ms.data<T>(k), vs.data<T>(k), vmaxs.data<T>(k));
    });
    return Py_NewRef(Py_None);
}

// rmsprop_step(params, grads, squares, means or None, bufs or None, lr, alpha, eps, weight_decay,
//              momentum, maximize)
PyObject* rmsprop_step_(Args a, Py_ssize_t n) {
    ArrayList params, grads, squares, means, bufs;
    RmsProp o;
    if (n != 11 || !PyList_CheckExact(a[0])) return nullptr;
    const Py_ssize_t count = PyList_GET_SIZE(a[0]);
    if (!params.read(a[0], count) || !grads.read(a[1], count) || !squares.read(a[2], count))
        return nullptr;
    if (!means.read_optional(a[3], count) || !bufs.read_optional(a[4], count)) return nullptr;
    if (!read(a[5], o.lr) || !read(a[6], o.alpha) || !read(a[7], o.eps)) return nullptr;
    if (!read(a[8], o.weight_decay) || !read(a[9], o.momentum) || !read(a[10], o.maximize))
        return nullptr;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject* const p = params.at(k);
        if (!is_parameter(p) || !grads.fits(k, p, false) || !squares.fits(k, p) ||
            !means.fits(k, p) || !bufs.fits(k, p))
            return nullptr;
    }
    each_parameter(params, count, [&]<class T>(Py_ssize_t k, i64 size) {
        rmsprop_step<T>(o, size, params.data<T>(k), grads.data<T>(k), squares.data<T>(k),
                        means.data<T>(k), bufs.data<T>(k));
    });
    return Py_NewRef(Py_None);
}

// adagrad_step(params, grads, sums, steps, lr, lr_decay, eps, weight_decay, maximize)
PyObject* adagrad_step_(Args a, Py_ssize_t n) {
    ArrayList params, grads, sums;
    Adagrad o;
    if (n != 9 || !PyList_CheckExact(a[0])) return nullptr;
    const Py_ssize_t count = PyList_GET_SIZE(a[0]);
    if (!params.read(a[0], count) || !grads.read(a[1], count) || !sums.read(a[2], count))
        return nullptr;
    if (!read_steps(a[3], count) || !read(a[4], o.lr) || !read(a[5], o.lr_decay)) return nullptr;
    if (!read(a[6], o.eps) || !read(a[7], o.weight_decay) || !read(a[8], o.maximize))
        return nullptr;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject* const p = params.at(k);
        if (!is_parameter(p) || !grads.fits(k, p, false) || !sums.fits(k, p)) return nullptr;
    }
    Out steps(1, &count, NPY_DOUBLE);
    if (!steps) return nullptr;
    for (Py_ssize_t k = 0; k < count; k++) read(PyList_GET_ITEM(a[3], k), steps.data<double>()[k]);
    each_parameter(params, count, [&]<class T>(Py_ssize_t k, i64 size) {
        adagrad_step<T>(o, steps.data<double>()[k], size, params.data<T>(k), grads.data<T>(k),
                        sums.data<T>(k));
    });
    return Py_NewRef(Py_None);
}

}  // namespace
}  // namespace rl::RL_ISA
