// How a kernel reads its arguments from Python and makes its results. Used by bind.cpp only;
// nothing else in native/ but module.cpp knows Python.
#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define PY_ARRAY_UNIQUE_SYMBOL rl_numpy
#ifndef RL_IMPORT_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <cstdint>
#include <utility>

namespace rl {

using i64 = std::int64_t;

// One kernel as Python sees it. The twin is called with the same arguments whenever the kernel does
// not take them (another dtype, a subclass, a wrong shape: the twin raises the right error).
struct Row {
    const char* name;
    const char* doc;
    PyObject* (*call)(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* keywords);
    PyObject** twin;
};

struct Rows {
    const Row* first;
    std::size_t count;
};

PyObject* call_twin(const char* name, PyObject* twin, PyObject* const* args, Py_ssize_t n,
                    PyObject* keywords);

// Where the result of the next pointwise kernel goes, if it is laid out alike: an operation in place says so
// (write_to in module.cpp). It holds for the thread that said it, and for one result.
struct Destination {
    PyArrayObject* array = nullptr;
    unsigned long thread = 0;
};
extern Destination destination;

// A new array, row-major or with these strides; and one laid out as a is. They take the reference to dtype. See
// allocation.cpp, as for empty(shape, dtype).
PyObject* new_array(PyArray_Descr* dtype, int nd, const npy_intp* dims, const npy_intp* strides = nullptr);
PyObject* new_in_order_of(PyArrayObject* a, PyArray_Descr* dtype);
PyObject* aligned_empty(PyObject* self, PyObject* const* args, Py_ssize_t n);

// crc32(data, value=0), see checksum.cpp
PyObject* crc32(PyObject* self, PyObject* const* args, Py_ssize_t n);

// What operations end with, see tensors.cpp; what each does stands in module.cpp.
PyObject* learn(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* learn_parameter(PyObject* self, PyObject* cls);
PyObject* wrap(PyObject* self, PyObject* a);
PyObject* wrap_beside(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* share(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* sizes(PyObject* self, PyObject* x);
PyObject* plain_sizes(PyObject* self, PyObject* given);
PyObject* look(PyObject* self, PyObject* tensors);

// Views of arrays, see views.cpp.
PyObject* expanded(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* squeezed(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* order_moved(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* windows(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* diagonal_of(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* cut(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* basic_view(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* turned(PyObject* self, PyObject* const* args, Py_ssize_t n);

// What needs many calls of NumPy's, see few.cpp.
PyObject* number(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* zeroed(PyObject* self, PyObject* x);
PyObject* rolled(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* counted(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* unit_matrix(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* no_ties(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* triangle(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* spaced_evenly(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* put_along(PyObject* self, PyObject* const* args, Py_ssize_t n);

// Indices into few numbers, see few_indexed.cpp; medians and modes, see few_ranks.cpp; few_truths.cpp.
PyObject* pick_key(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* strided(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* same(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* truth(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* add_along(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* add_slices(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* put_slices(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* median_of_all(PyObject* self, PyObject* x);
PyObject* median_of_rows(PyObject* self, PyObject* const* args, Py_ssize_t n);
PyObject* mode_of_rows(PyObject* self, PyObject* const* args, Py_ssize_t n);

}  // namespace rl

#ifdef RL_ISA
#include "moves.hpp"
#include "parallel.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {

using Args = PyObject* const*;

// Work (numbers touched, or multiply-adds / 16) from which the GIL is released: about 50 us. Below
// it, taking the lock back from another thread can cost more than the kernel.
constexpr i64 LONG_WORK = 1 << 18;

class NoGil {
    PyThreadState* state_ = nullptr;

 public:
    explicit NoGil(bool release) {
        if (release) state_ = PyEval_SaveThread();
    }
    ~NoGil() {
        if (state_) PyEval_RestoreThread(state_);
    }
    NoGil(const NoGil&) = delete;
};

// --- reading -----------------------------------------------------------------------------------

inline bool is_array(PyObject* o) { return PyArray_CheckExact(o); }
inline PyArrayObject* array(PyObject* o) { return reinterpret_cast<PyArrayObject*>(o); }

inline bool is_bfloat16(PyArray_Descr* d) {
    if (d->kind != 'V' || PyDataType_ELSIZE(d) != 2) return false;
    static PyTypeObject* known = nullptr;
    if (d->typeobj == known) return true;
    const char* const name = d->typeobj->tp_name;
    const char* const dot = std::strrchr(name, '.');
    if (std::strcmp(dot ? dot + 1 : name, "bfloat16") != 0) return false;
    known = d->typeobj;
    return true;
}

// No gaps, whatever the order of the dimensions: the elements are one run of memory. (What is seldom or
// long is not compiled into each of a hundred kernels: noinline.)
[[gnu::noinline]] inline bool has_no_gaps(PyArrayObject* a) {
    i64 step = PyArray_ITEMSIZE(a);  // of the dimension to be found next, from the inside
    while (step < PyArray_NBYTES(a)) {
        int i = 0;
        while (i < PyArray_NDIM(a) && (PyArray_DIM(a, i) == 1 || PyArray_STRIDE(a, i) != step)) i++;
        if (i == PyArray_NDIM(a)) return false;
        step *= PyArray_DIM(a, i);
    }
    return true;
}
inline bool is_dense(PyArrayObject* a) { return PyArray_IS_C_CONTIGUOUS(a) || has_no_gaps(a); }

// One number, repeated: an expanded array, such as the gradient of a sum.
inline bool is_uniform(PyArrayObject* a) {
    for (int i = 0; i < PyArray_NDIM(a); i++)
        if (PyArray_DIM(a, i) != 1 && PyArray_STRIDE(a, i) != 0) return false;
    return PyArray_SIZE(a) > 1;
}

// Element by element at the same place in memory: both dense, in one order (channels last, say).
inline bool lie_alike(PyArrayObject* a, PyArrayObject* b) {
    if (!PyArray_SAMESHAPE(a, b)) return false;
    if (PyArray_IS_C_CONTIGUOUS(a) && PyArray_IS_C_CONTIGUOUS(b)) return true;
    for (int i = 0; i < PyArray_NDIM(a); i++)
        if (PyArray_DIM(a, i) > 1 && PyArray_STRIDE(a, i) != PyArray_STRIDE(b, i)) return false;
    return is_dense(a) && is_dense(b);
}

// How many numbers of y meet those of x in turn, both without gaps: all of x's shape, its last dimensions;
// -1 if y is no such array.
[[gnu::noinline]] inline i64 repeated(PyArrayObject* x, PyArrayObject* y) {
    const int gap = PyArray_NDIM(x) - PyArray_NDIM(y);
    if (!PyArray_IS_C_CONTIGUOUS(x) || !PyArray_IS_C_CONTIGUOUS(y) || gap < 0) return -1;
    for (int i = 0; i < PyArray_NDIM(y); i++)
        if (PyArray_DIM(y, i) != PyArray_DIM(x, i + gap)) return -1;
    return PyArray_SIZE(y);
}
// Whether x is (*, n) and y (*, 1).
[[gnu::noinline]] inline bool is_column(PyArrayObject* x, PyArrayObject* y) {
    const int last = PyArray_NDIM(x) - 1;
    if (!PyArray_IS_C_CONTIGUOUS(x) || !PyArray_IS_C_CONTIGUOUS(y) || last < 0) return false;
    if (PyArray_NDIM(y) != last + 1 || PyArray_DIM(y, last) != 1) return false;
    for (int i = 0; i < last; i++)
        if (PyArray_DIM(y, i) != PyArray_DIM(x, i)) return false;
    return true;
}

// The destination, if there is one for a result like a: a new reference, or null.
[[gnu::noinline]] inline PyObject* destination_like(PyArrayObject* a) {
    PyArrayObject* const to = destination.array;
    if (destination.thread != PyThread_get_thread_ident()) return nullptr;
    if (PyArray_TYPE(to) != PyArray_TYPE(a) || !lie_alike(to, a)) return nullptr;
    destination.array = nullptr;
    return Py_NewRef(reinterpret_cast<PyObject*>(to));
}

// A result of a's shape, dtype and order in memory, a new array or the destination; a is dense. It may be one of the
// operands, so whoever fills it has read a number of them before it writes the one in its place.
inline PyObject* new_alike(PyArrayObject* a) {
    if (destination.array)
        if (PyObject* const to = destination_like(a)) return to;
    PyArray_Descr* const dtype = PyArray_DESCR(a);
    Py_INCREF(dtype);
    return PyArray_IS_C_CONTIGUOUS(a) ? new_array(dtype, PyArray_NDIM(a), PyArray_DIMS(a))
                                      : new_in_order_of(a, dtype);
}

// An ndarray of native float32 or float64, aligned.
inline bool is_floating(PyObject* o) {
    if (!is_array(o)) return false;
    const int type = PyArray_TYPE(array(o));
    return (type == NPY_FLOAT || type == NPY_DOUBLE) && PyArray_ISBEHAVED_RO(array(o));
}

// (N, C, *S) of floats that lies as (N, *S, C), without gaps.
inline bool is_channels_last(PyArrayObject* a) {
    const int nd = PyArray_NDIM(a);
    if (nd < 3 || PyArray_TYPE(a) != NPY_FLOAT) return false;
    i64 step = PyArray_ITEMSIZE(a);
    for (int k = 0; k < nd; k++) {  // C, then S from the last to the first, then N
        const int i = k == 0 ? 1 : k == nd - 1 ? 0 : nd - k;
        if (PyArray_DIM(a, i) != 1 && PyArray_STRIDE(a, i) != step) return false;
        step *= PyArray_DIM(a, i);
    }
    return true;
}

// Arrays whose elements may be moved as bytes.
inline bool is_plain(PyArrayObject* a) {
    const i64 size = PyArray_ITEMSIZE(a);
    return !PyDataType_REFCHK(PyArray_DESCR(a)) && size <= 16 && size > 0 && !(size & (size - 1)) &&
           PyArray_ISBEHAVED_RO(a);
}
// The elements of one array into another of its shape and dtype, elsewhere in memory; both are plain.
[[gnu::noinline]] inline void copy_elements(PyArrayObject* from, PyArrayObject* to) {
    Block b;
    b.nd = PyArray_NDIM(from);
    b.size = PyArray_ITEMSIZE(from);
    for (int i = 0; i < b.nd; i++) {
        b.dims[i] = PyArray_DIM(from, i);
        b.from[i] = PyArray_STRIDE(from, i);
        b.to[i] = PyArray_STRIDE(to, i);
    }
    NoGil unlocked(PyArray_SIZE(from) >= LONG_WORK);
    copy_block(b, PyArray_BYTES(from), PyArray_BYTES(to));
}

// Its elements in row-major order, in new memory.
[[gnu::noinline]] inline PyArrayObject* row_major(PyArrayObject* a) {
    if (!is_plain(a)) return array(PyArray_NewCopy(a, NPY_CORDER));
    PyArray_Descr* const dtype = PyArray_DESCR(a);
    Py_INCREF(dtype);
    PyArrayObject* const y = array(new_array(dtype, PyArray_NDIM(a), PyArray_DIMS(a)));
    if (y) copy_elements(a, y);
    return y;
}

// A C-contiguous array argument; one that is not contiguous is copied. Frees its copy.
class In {
 protected:
    PyArrayObject* a_ = nullptr;
    bool copied_ = false;

    bool contiguous(PyObject* o) {
        a_ = array(o);
        if (PyArray_IS_C_CONTIGUOUS(a_)) return true;
        a_ = row_major(a_);
        copied_ = true;
        return a_ != nullptr;
    }

 public:
    In() = default;
    In(const In&) = delete;
    ~In() {
        if (copied_) Py_XDECREF(a_);
    }

    bool read(PyObject* o) { return is_floating(o) && contiguous(o); }
    bool read_as(PyObject* o, int type) {  // any one dtype, such as NPY_INT64
        return is_array(o) && PyArray_TYPE(array(o)) == type && PyArray_ISBEHAVED_RO(array(o)) &&
               contiguous(o);
    }
    bool read_like(PyObject* o, const In& x) { return read_as(o, x.type()); }
    bool read_optional_like(PyObject* o, const In& x) { return o == Py_None || read_like(o, x); }

    explicit operator bool() const { return a_ != nullptr; }
    int type() const { return PyArray_TYPE(a_); }
    int nd() const { return PyArray_NDIM(a_); }
    i64 size() const { return PyArray_SIZE(a_); }
    i64 dim(int i) const { return PyArray_DIM(a_, i < 0 ? nd() + i : i); }
    bool same_shape(const In& x) const { return PyArray_SAMESHAPE(a_, x.a_); }
    i64 rows() const {  // all dimensions but the last
        i64 r = 1;
        for (int i = 0; i < nd() - 1; i++) r *= dim(i);
        return r;
    }
    const npy_intp* dims() const { return PyArray_DIMS(a_); }
    template <class T>
    const T* data() const {
        return a_ ? static_cast<const T*>(PyArray_DATA(a_)) : nullptr;
    }
};

inline bool read(PyObject* o, double& x) {
    x = PyFloat_CheckExact(o) ? PyFloat_AS_DOUBLE(o) : PyFloat_AsDouble(o);
    if (x != -1 || !PyErr_Occurred()) return true;
    PyErr_Clear();
    return false;
}
inline bool read(PyObject* o, i64& x) {
    x = PyLong_AsLongLong(o);
    if (x != -1 || !PyErr_Occurred()) return true;
    PyErr_Clear();
    return false;
}
inline bool read(PyObject* o, bool& x) {
    const int truth = PyObject_IsTrue(o);
    x = truth > 0;
    if (truth >= 0) return true;
    PyErr_Clear();
    return false;
}
// One dimension of x, from 0.
inline bool read_axis(PyObject* o, const In& x, i64& axis) {
    if (!PyLong_CheckExact(o) || !read(o, axis)) return false;
    if (axis < 0) axis += x.nd();
    return axis >= 0 && axis < x.nd();
}
// `n` whole numbers from a tuple, such as stride2.
template <std::size_t n>
bool read(PyObject* o, i64 (&x)[n]) {
    if (!PyTuple_CheckExact(o) || PyTuple_GET_SIZE(o) != Py_ssize_t(n)) return false;
    for (std::size_t i = 0; i < n; i++)
        if (!read(PyTuple_GET_ITEM(o, i), x[i])) return false;
    return true;
}

// --- results -----------------------------------------------------------------------------------

// A new array, given back by release(); freed if it is not.
class Out {
    PyArrayObject* a_ = nullptr;

 public:
    Out() = default;
    Out(int nd, const npy_intp* dims, int type)
        : a_(array(new_array(PyArray_DescrFromType(type), nd, dims))) {}
    explicit Out(const In& like) : Out(like.nd(), like.dims(), like.type()) {}
    Out(const In& like, i64 last) {  // with another last dimension
        npy_intp dims[NPY_MAXDIMS];
        for (int i = 0; i < like.nd(); i++) dims[i] = like.dim(i);
        dims[like.nd() - 1] = last;
        *this = Out(like.nd(), dims, like.type());
    }
    Out(Out&& o) : a_(o.a_) { o.a_ = nullptr; }
    Out& operator=(Out&& o) {
        std::swap(a_, o.a_);
        return *this;
    }
    Out(const Out&) = delete;
    ~Out() { Py_XDECREF(a_); }

    explicit operator bool() const { return a_ != nullptr; }
    template <class T>
    T* data() const {
        return static_cast<T*>(PyArray_DATA(a_));
    }
    PyObject* release() {
        PyObject* o = reinterpret_cast<PyObject*>(a_);
        a_ = nullptr;
        return o;
    }
};

// A tuple of results. An empty Out becomes None.
template <class... O>
PyObject* tuple(O&&... out) {
    PyObject* items[] = {out.release()...};
    PyObject* t = PyTuple_New(sizeof...(O));
    for (std::size_t i = 0; i < sizeof...(O); i++) {
        if (t) PyTuple_SET_ITEM(t, i, items[i] ? items[i] : Py_NewRef(Py_None));
        else Py_XDECREF(items[i]);
    }
    return t;
}

// Runs f.operator()<T>() for the T of `type`, without the GIL if there is much work.
template <class G>
void compute(int type, i64 work, G&& f) {
    NoGil unlocked(work >= LONG_WORK);
    if (type == NPY_FLOAT) f.template operator()<float>();
    else f.template operator()<double>();
}

// Runs f.operator()<T>() for float, double or i64, as `compute`.
template <class G>
void compute_any(int type, i64 work, G&& f) {
    NoGil unlocked(work >= LONG_WORK);
    if (type == NPY_FLOAT) f.template operator()<float>();
    else if (type == NPY_DOUBLE) f.template operator()<double>();
    else f.template operator()<i64>();
}

// A kernel's overloads for float and double as one object that can be a template argument.
#define FN(f) [](auto... a) { f(a...); }

// --- the table ---------------------------------------------------------------------------------

template <std::size_t n>
struct Name {
    char text[n];
    constexpr Name(const char (&t)[n]) {
        for (std::size_t i = 0; i < n; i++) text[i] = t[i];
    }
};

// body(args, n) returns a new reference, or nullptr: with an exception set it failed, without one
// the arguments are the twin's; keywords always are.
template <Name name, auto body>
struct Entry {
    static constexpr Name kept = name;
    static inline PyObject* twin = nullptr;
    static PyObject* call(PyObject*, Args args, Py_ssize_t n, PyObject* keywords) {
        if (!keywords) {
            try {
                if (PyObject* result = body(args, n)) return result;
            } catch (...) {  // std::bad_alloc; NoGil has taken the lock back
                return PyErr_NoMemory();
            }
            if (PyErr_Occurred()) return nullptr;
        }
        return call_twin(name.text, twin, args, n, keywords);
    }
};

template <Name name, auto body>
constexpr Row row(const char* doc) {
    using E = Entry<name, body>;
    return {E::kept.text, doc, &E::call, &E::twin};
}

}  // namespace rl::RL_ISA
#endif
