// Arguments of the pointwise kernels. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "bind_meeting.hpp"
#include "bind_narrow.hpp"
#include "bind_ufunc.hpp"
#include "blocks.hpp"
#include "compare.hpp"
#include "formulas.hpp"
#include "pointwise.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 CHUNK = 2048;  // numbers at a time, where an operand is made as it is needed

// What is read and made is the same for all kernels of one kind, so it is compiled once for all of them, and
// each is a few pointers to loops.

template <class T>
using Loop = void (*)(const T* const* u, T* y, i64 n, const double* p);
constexpr int MOST_ARRAYS = 3, MOST_NUMBERS = 3;

// y = f(u, ..., p, ...): its arrays and numbers, and its loops; those of two-byte floats are null where they are
// the twin's
struct Formula {
    int arrays, numbers;
    Loop<float> single;
    Loop<double> twice;
    Loop<Half> half;
    Loop<Brain> brain;

    template <class T>
    Loop<T> loop() const {
        if constexpr (std::is_same_v<T, float>) return single;
        else if constexpr (std::is_same_v<T, double>) return twice;
        else if constexpr (std::is_same_v<T, Half>) return half;
        else return brain;
    }
};

template <class T, int arrays, int numbers, auto f>
void loop(const T* const* u, T* y, i64 n, [[maybe_unused]] const double* p) {
    const auto of = [&]<std::size_t... i, std::size_t... k>(std::index_sequence<i...>,
                                                            std::index_sequence<k...>) {
        f(u[i]..., y, n, p[k]...);
    };
    of(std::make_index_sequence<arrays>{}, std::make_index_sequence<numbers>{});
}

// f of float for two-byte floats: CHUNK at a time, rounded once
template <class T>
[[gnu::noinline]] void through_single(Loop<float> f, int arrays, const T* const* u, T* y, i64 n,
                                      const double* p) {
    parallel(n, even_blocks(n, 8 * CHUNK), [=](i64 begin, i64 end) {
        alignas(64) float wide[MOST_ARRAYS][CHUNK];
        const float* from[MOST_ARRAYS];
        for (i64 i = begin, some; i < end; i += some) {
            some = up_to_a_line(y + i, end - i, CHUNK);
            for (int k = 0; k < arrays; k++) {
                widen(u[k] + i, wide[k], some);
                from[k] = wide[k];
            }
            f(from, wide[0], some, p);
            narrow(wide[0], y + i, some);
        }
    });
}
template <class T, int arrays, Loop<float> f>
void narrowed(const T* const* u, T* y, i64 n, const double* p) {
    through_single(f, arrays, u, y, n, p);
}

// f(g, x, ...) of one number g, repeated
PyObject* of_uniform(const Formula& f, Args a, const double* p) {
    PyArrayObject* const x = array(a[f.arrays - 1]);
    PyObject* const y = new_alike(x);
    if (!y) return nullptr;
    const i64 size = PyArray_SIZE(x);
    compute_floats(x, [&]<class T>() {
        const Loop<T> loop = f.loop<T>();
        const T one = *static_cast<const T*>(PyArray_DATA(array(a[0])));
        const T* in[MOST_ARRAYS] = {};
        for (int k = 1; k < f.arrays; k++) in[k] = static_cast<const T*>(PyArray_DATA(array(a[k])));
        T* out = static_cast<T*>(PyArray_DATA(array(y)));
        parallel(size, 8 * CHUNK, [=](i64 begin, i64 end) {
            T many[CHUNK];
            for (T& v : many) v = one;
            for (i64 i = begin; i < end; i += CHUNK) {
                const i64 n = end - i < CHUNK ? end - i : CHUNK;
                const T* arrays[MOST_ARRAYS] = {many};
                for (int k = 1; k < f.arrays; k++) arrays[k] = in[k] + i;
                loop(arrays, out + i, n, p);
            }
        });
    });
    return y;
}

// Arrays of one shape and dtype without gaps, in one order; the result is laid out alike. The first
// of several may be one number, repeated.
PyObject* by_formula(const Formula& f, Args a, Py_ssize_t n) {
    if (n != f.arrays + f.numbers) return nullptr;
    if (!is_floating(a[0]) && !(f.half && is_narrow(a[0]))) return nullptr;
    PyArrayObject* const x = array(a[0]);
    if (f.arrays == 1 && !is_dense(x)) {
        if (PyArray_SIZE(x) < CHUNK) return nullptr;
        PyObject* args[1 + MOST_NUMBERS] = {reinterpret_cast<PyObject*>(row_major(x))};
        if (!args[0]) return nullptr;
        for (Py_ssize_t i = 1; i < n; i++) args[i] = a[i];
        PyObject* const y = by_formula(f, args, n);
        Py_DECREF(args[0]);
        return y;
    }
    double p[MOST_NUMBERS];
    for (int i = 0; i < f.numbers; i++)
        if (!read(a[f.arrays + i], p[i])) return nullptr;
    bool alike = true;
    for (int k = 1; k < f.arrays; k++) {
        if (!is_array(a[k]) || PyArray_TYPE(array(a[k])) != PyArray_TYPE(x)) return nullptr;
        if (!PyArray_ISBEHAVED_RO(array(a[k]))) return nullptr;
        alike &= lie_alike(x, array(a[k]));
    }
    if (!alike) {
        PyArrayObject* const other = array(a[f.arrays - 1]);
        if (!is_uniform(x) || !PyArray_SAMESHAPE(x, other) || !is_dense(other)) return nullptr;
        for (int k = 1; k < f.arrays - 1; k++)
            if (!lie_alike(array(a[k]), other)) return nullptr;
        return of_uniform(f, a, p);
    }

    PyObject* const y = new_alike(x);
    if (!y) return nullptr;
    compute_floats(x, [&]<class T>() {
        const T* u[MOST_ARRAYS];
        for (int k = 0; k < f.arrays; k++) u[k] = static_cast<const T*>(PyArray_DATA(array(a[k])));
        f.loop<T>()(u, static_cast<T*>(PyArray_DATA(array(y))), PyArray_SIZE(x), p);
    });
    return y;
}

template <int arrays, int numbers, auto f>
PyObject* pointwise(Args a, Py_ssize_t n) {
    static constexpr Formula formula{
        arrays, numbers, loop<float, arrays, numbers, f>, loop<double, arrays, numbers, f>,
        loop<Half, arrays, numbers, f>, loop<Brain, arrays, numbers, f>};
    return by_formula(formula, a, n);
}

// The same of two-byte floats, all else by NumPy.
template <Name name, int arrays, auto f>
PyObject* narrow_or_ufunc(Args a, Py_ssize_t n) {
    static constexpr Formula formula{arrays, 0, nullptr, nullptr, loop<Half, arrays, 0, f>, loop<Brain, arrays, 0, f>};
    PyObject* const y = n == arrays && is_narrow(a[0]) ? by_formula(formula, a, n) : nullptr;
    return y || PyErr_Occurred() ? y : by_ufunc(Ufuncs<name>::own, a, n);
}

// The same by formulas of float and double.
template <int arrays, int numbers, auto f>
PyObject* formula(Args a, Py_ssize_t n) {
    constexpr Loop<float> single = loop<float, arrays, numbers, f>;
    static constexpr Formula formula{
        arrays, numbers, single, loop<double, arrays, numbers, f>,
        narrowed<Half, arrays, single>, narrowed<Brain, arrays, single>};
    return by_formula(formula, a, n);
}

// y = f(x) of float and double only
template <auto f>
PyObject* special(Args a, Py_ssize_t n) {
    static constexpr Formula formula{1, 0, loop<float, 1, 0, f>, loop<double, 1, 0, f>, nullptr, nullptr};
    return by_formula(formula, a, n);
}

template <class T>
using Pairs = void (*)(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n);

// z = f(x, y): its loops, of int64 `whole` (null: none); NumPy's for other dtypes and layouts
struct Operator {
    Ufunc* numpy;
    Pairs<float> single;
    Pairs<double> twice;
    Pairs<Half> half;
    Pairs<Brain> brain;
    Pairs<std::uint64_t> whole;

    template <class T>
    Pairs<T> pairs() const {
        if constexpr (std::is_same_v<T, float>) return single;
        else if constexpr (std::is_same_v<T, double>) return twice;
        else if constexpr (std::is_same_v<T, Half>) return half;
        else return brain;
    }
};

template <Name name, auto f, bool integers>
constexpr Operator operator_of() {
    Ufunc* const numpy = &Ufuncs<name>::own;
    if constexpr (integers) return {numpy, f, f, f, f, f};
    else return {numpy, f, f, f, f, nullptr};
}

// f of float for two-byte floats: CHUNK at a time, rounded once
template <class T>
[[gnu::noinline]] void pairs_through_single(Pairs<float> f, const T* x, i64 nx, const T* y, i64 ny, T* z,
                                            i64 n) {
    const i64 few = nx < ny ? nx : ny, row = few == 1 ? n : few, some = row < CHUNK ? row : CHUNK;
    const i64 parts = (row + some - 1) / some;  // of a row
    parallel(n / row * parts, rows_per_block(some, 8 * CHUNK), [=](i64 begin, i64 end) {
        alignas(64) float u[CHUNK], v[CHUNK];
        for (i64 i = begin; i < end; i++) {
            const i64 at = i % parts * some, count = row - at < some ? row - at : some, to = i / parts * row + at;
            const auto get = [=](const T* from, i64 size, float* wide) {
                widen(size == n ? from + to : size == 1 ? from : from + at, wide, size == 1 ? 1 : count);
                return size == 1 ? i64(1) : count;
            };
            const i64 mx = get(x, nx, u), my = get(y, ny, v);
            f(u, mx, v, my, u, count);
            narrow(u, z + to, count);
        }
    });
}
template <class T, Pairs<float> f>
void narrowed_pairs(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    pairs_through_single(f, x, nx, y, ny, z, n);
}

constexpr i64 SHORT = 8;  // numbers that are not worth a loop of their own

// z = f(x, y) of float16 or bfloat16, each in float32 and rounded: arrays of one shape and dtype in one
// order, or one of them and a number, (C) or (*, 1) in an array of that dtype
PyObject* narrow_binary(const Operator& f, Args a, PyObject* big, PyObject* small) {
    if (!is_array(small) || PyArray_TYPE(array(small)) != PyArray_TYPE(array(big))) return nullptr;
    if (!PyArray_ISBEHAVED_RO(array(small))) return nullptr;
    if (!is_dense(array(big)) && PyArray_SAMESHAPE(array(big), array(small))) std::swap(big, small);
    PyArrayObject *const x = array(big), *const y = array(small);
    const i64 size = PyArray_SIZE(x);
    i64 rows = 1, other = size;
    if (PyArray_NDIM(y) == 0 || (is_uniform(y) && PyArray_SAMESHAPE(x, y))) {
        if (!is_dense(x)) return nullptr;
        other = 1;
    } else if (is_column(x, y)) {
        rows = PyArray_SIZE(y), other = 1;
        if (size < SHORT * rows) return nullptr;
    } else if (!lie_alike(x, y)) {
        other = repeated(x, y);
        if (other < 0 || (other < SHORT && size > 0)) return nullptr;
    }
    PyObject* const z = new_alike(x);
    if (!z || size == 0) return z;
    const bool turned = big != a[0];
    const i64 n = size / rows;
    compute_floats(x, [&]<class T>() {
        const auto at = [](PyArrayObject* v) { return static_cast<T*>(PyArray_DATA(v)); };
        const auto pairs = f.pairs<T>();
        const T *const p = at(x), *const q = at(y);
        T* const out = at(array(z));
        parallel(rows, rows_per_block(n, 1 << 15), [=](i64 begin, i64 end) {
            for (i64 r = begin; r < end; r++) {
                if (turned) pairs(q + r, other, p + r * n, n, out + r * n, n);
                else pairs(p + r * n, n, q + r, other, out + r * n, n);
            }
        });
    });
    return z;
}

// z = f(x, y) of int64, which wraps around: arrays of one shape in one order, or one of them and a number,
// which may be in an array
PyObject* integer_binary(const Operator& f, Args a, PyObject* big, PyObject* small) {
    PyArrayObject *const x = array(big), *const y = is_array(small) ? array(small) : nullptr;
    i64 number = 0;
    if (y ? PyArray_TYPE(y) != NPY_INT64 || !PyArray_ISBEHAVED_RO(y)
          : !PyLong_CheckExact(small) || !read(small, number))
        return nullptr;
    const bool one = !y || PyArray_NDIM(y) == 0;
    if (!PyArray_ISBEHAVED_RO(x) || !(one ? is_dense(x) : lie_alike(x, y))) return nullptr;
    PyObject* const z = new_alike(x);
    if (!z) return nullptr;
    const i64 size = PyArray_SIZE(x), other = one ? 1 : size;
    const auto at = [](PyArrayObject* v) { return static_cast<std::uint64_t*>(PyArray_DATA(v)); };
    const auto as_bits = std::uint64_t(number);
    const std::uint64_t* const q = y ? at(y) : &as_bits;
    NoGil unlocked(size >= LONG_WORK);
    if (size == 0) return z;
    if (big != a[0]) f.whole(q, other, at(x), size, at(array(z)), size);
    else f.whole(at(x), size, q, other, at(array(z)), size);
    return z;
}

// z = f(x, y): arrays of one shape; an array and a number or 0-d array; (*, C) and (C).
PyObject* by_formulas(const Operator& f, Args a, Py_ssize_t n) {
    if (n != 2) return nullptr;
    PyObject *big = a[0], *small = a[1];  // the one whose shape the result has, and the other
    if (!is_array(big) ||
        (is_array(small) && PyArray_NDIM(array(small)) > PyArray_NDIM(array(big))))
        std::swap(big, small);
    if (f.whole && is_array(big) && PyArray_TYPE(array(big)) == NPY_INT64)
        return integer_binary(f, a, big, small);
    if (!is_floating(big)) return f.half && is_narrow(big) ? narrow_binary(f, a, big, small) : nullptr;
    if (!f.twice && PyArray_TYPE(array(big)) == NPY_DOUBLE) return nullptr;
    if (!PyArray_IS_C_CONTIGUOUS(array(big)) && is_floating(small) && is_uniform(array(big)))
        std::swap(big, small);
    if (!is_dense(array(big))) return nullptr;
    PyArrayObject* const x = array(big);
    const int type = PyArray_TYPE(x);
    i64 other = 1;
    double number = 0;
    if (is_floating(small) && is_uniform(array(small))) {
        if (PyArray_TYPE(array(small)) != type || !PyArray_SAMESHAPE(x, array(small))) return nullptr;
    } else if (is_floating(small) && !PyArray_IS_C_CONTIGUOUS(x)) {
        if (PyArray_TYPE(array(small)) != type) return nullptr;
        if (PyArray_NDIM(array(small)) && !lie_alike(x, array(small))) return nullptr;
        other = PyArray_SIZE(array(small));
    } else if (is_floating(small)) {
        PyArrayObject* const y = array(small);
        other = repeated(x, y);
        if (PyArray_TYPE(y) != type || other < 0) return nullptr;
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
        if (big == a[0]) f.pairs<T>()(p, size, q, other, out, size);
        else f.pairs<T>()(q, other, p, size, out, size);
    });
    return z;
}

// z = f(x, y) of arrays of one dtype, row by row: the result is row-major
PyObject* by_rows(const Operator& f, Args a, Py_ssize_t n) {
    constexpr i64 PART = 1 << 15;  // numbers of a long row
    if (n != 2 || !is_array(a[0]) || !is_array(a[1])) return nullptr;
    PyArrayObject* const x[] = {array(a[0]), array(a[1])};
    const int type = PyArray_TYPE(x[0]);
    if (PyArray_TYPE(x[1]) != type || !PyArray_ISBEHAVED_RO(x[0]) || !PyArray_ISBEHAVED_RO(x[1])) return nullptr;
    const bool whole = f.whole && type == NPY_INT64, narrow = is_narrow(a[0]) && is_narrow(a[1]);
    if (!whole && !(narrow && f.half) && !is_floating(a[0])) return nullptr;
    if (type == NPY_DOUBLE && !f.twice) return nullptr;
    RowByRow of;
    if (!of.read(x)) return nullptr;
    PyArray_Descr* const dtype = PyArray_DESCR(x[0]);
    Py_INCREF(dtype);
    PyObject* const z = new_array(dtype, of.nd, of.dims);
    if (!z) return nullptr;
    const auto run = [&]<class T>(Pairs<T> pairs) {
        const i64 width = of.n, part = std::min(width, PART), parts = (width + part - 1) / part;
        T* const to = static_cast<T*>(PyArray_DATA(array(z)));
        parallel(of.rows * parts, rows_per_block(part, PART), [=, &of](i64 begin, i64 end) {
            for (i64 t = begin; t < end; t++) {
                const i64 first = t % parts * part, some = std::min(part, width - first);
                const T* from[2];
                for (int k = 0; k < 2; k++) {
                    const char* p = PyArray_BYTES(x[k]);
                    i64 row = t / parts;
                    for (int i = of.outer - 1; i >= 0; row /= of.dims[i--]) p += row % of.dims[i] * of.steps[k][i];
                    from[k] = reinterpret_cast<const T*>(p) + (of.many[k] ? first : 0);
                }
                pairs(from[0], of.many[0] ? some : 1, from[1], of.many[1] ? some : 1, to + t / parts * width + first,
                      some);
            }
        });
    };
    if (whole) {
        NoGil unlocked(PyArray_SIZE(array(z)) >= LONG_WORK);
        run(f.whole);
    } else {
        compute_floats(array(z), [&]<class T>() { run(f.pairs<T>()); });
    }
    return z;
}

PyObject* by_operator(const Operator& f, Args a, Py_ssize_t n) {
    PyObject* z = by_formulas(f, a, n);
    if (!z && !PyErr_Occurred()) z = by_rows(f, a, n);
    return z || PyErr_Occurred() ? z : by_ufunc(*f.numpy, a, n);
}

template <Name name, auto f, bool integers>
PyObject* binary(Args a, Py_ssize_t n) {
    static constexpr Operator loops = operator_of<name, f, integers>();
    return by_operator(loops, a, n);
}

// o in row-major order, in the shape that x and o have together; null: they have none
PyObject* spread(PyObject* o, PyObject* x) {
    PyObject* const both = PyArray_MultiIterFromObjects(nullptr, 0, 2, o, x);
    if (!both) return nullptr;
    PyArray_Descr* const dtype = PyArray_DESCR(array(o));
    Py_INCREF(dtype);
    const auto* const of = reinterpret_cast<PyArrayMultiIterObject*>(both);
    PyObject* const y = new_array(dtype, of->nd, of->dimensions);
    Py_DECREF(both);
    if (y && PyArray_CopyInto(array(y), array(o)) == 0) return y;
    Py_XDECREF(y);
    return nullptr;
}

// The same where NumPy's bits are others: also arrays that lie or broadcast in other ways, by way of copies.
PyObject* by_own_formulas(const Operator& f, Args a, Py_ssize_t n) {
    PyObject* z = by_formulas(f, a, n);
    if (!z && !PyErr_Occurred()) z = by_rows(f, a, n);
    if (z || PyErr_Occurred() || n != 2) return z;
    PyObject* copies[2];
    for (int k = 0; k < 2; k++) {
        const bool floats = is_floating(a[k]) || (f.half && is_narrow(a[k]));
        if (!floats && !PyFloat_CheckExact(a[k]) && !PyLong_CheckExact(a[k])) return nullptr;
    }
    if (!is_array(a[0]) && !is_array(a[1])) return nullptr;
    for (int k = 0; k < 2; k++) {
        PyObject* const other = is_array(a[1 - k]) ? a[1 - k] : a[k];
        copies[k] = is_array(a[k]) ? spread(a[k], other) : Py_NewRef(a[k]);
    }
    PyObject* y = nullptr;
    if (copies[0] && copies[1]) y = by_formulas(f, copies, 2);
    else PyErr_Clear();  // (NumPy says which shapes they are)
    for (PyObject* c : copies) Py_XDECREF(c);
    return y;
}
PyObject* by_own_operator(const Operator& f, Args a, Py_ssize_t n) {
    PyObject* const z = by_own_formulas(f, a, n);
    return z || PyErr_Occurred() ? z : by_ufunc(*f.numpy, a, n);
}

// The same by formulas of float and double, and of int64.
template <Name name, auto f, bool integers = false>
PyObject* remainders(Args a, Py_ssize_t n) {
    constexpr Pairs<float> single = f;
    constexpr Pairs<std::uint64_t> whole = [] {
        if constexpr (integers) return Pairs<std::uint64_t>(f);
        else return nullptr;
    }();
    static constexpr Operator loops{&Ufuncs<name>::own, single, f, narrowed_pairs<Half, single>,
                                    narrowed_pairs<Brain, single>, whole};
    return by_own_operator(loops, a, n);
}

// The same of what NumPy has no function for.
template <auto f>
PyObject* own(Args a, Py_ssize_t n) {
    static constexpr Operator loops{nullptr, f, f, nullptr, nullptr, f};
    return by_own_formulas(loops, a, n);
}

// The same by a formula of float alone; NumPy's loop of double.
template <Name name, auto f>
PyObject* of_float(Args a, Py_ssize_t n) {
    constexpr Pairs<float> single = f;
    static constexpr Operator loops{&Ufuncs<name>::own, single, nullptr, narrowed_pairs<Half, single>,
                                    narrowed_pairs<Brain, single>, nullptr};
    return by_own_operator(loops, a, n);
}

// The same of float and double only, where two-byte floats cannot go through float.
template <auto f>
PyObject* steps(Args a, Py_ssize_t n) {
    static constexpr Operator loops{nullptr, f, f, nullptr, nullptr, nullptr};
    return by_own_formulas(loops, a, n);
}

// f_(x, y): x = f(x, y) in x's memory, y an array of x's shape, a 0-d one or a number; returns x
PyObject* in_place_by(const Operator& f, Args a, Py_ssize_t n) {
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
        f.pairs<T>()(p, size, q, other, p, size);
    });
    return Py_NewRef(a[0]);
}

template <class T>
using Compared = void (*)(const T* x, const T* y, bool one, bool* z, i64 n);

struct Comparison {
    Ufunc* numpy;
    Compared<float> single;
    Compared<double> twice;
    Compared<i64> whole;

    template <class T>
    Compared<T> of() const {
        if constexpr (std::is_same_v<T, float>) return single;
        else if constexpr (std::is_same_v<T, double>) return twice;
        else return whole;
    }
};

// z = f(x, y) as bool: arrays of one shape and dtype in one order, or an array and a number, which may be
// in an array
PyObject* by_comparisons(const Comparison& f, Args a, Py_ssize_t n) {
    if (n != 2 || !is_array(a[0])) return nullptr;
    PyArrayObject *const x = array(a[0]), *const other = is_array(a[1]) ? array(a[1]) : nullptr;
    const int type = PyArray_TYPE(x);
    const bool whole = type == NPY_INT64;
    if (!(whole || type == NPY_FLOAT || type == NPY_DOUBLE) || !PyArray_ISBEHAVED_RO(x)) return nullptr;
    double number = 0;
    i64 integer = 0;
    if (other) {
        if (PyArray_TYPE(other) != type || !PyArray_ISBEHAVED_RO(other)) return nullptr;
    } else if (whole ? !PyLong_CheckExact(a[1]) || !read(a[1], integer)
                     : !PyFloat_CheckExact(a[1]) || !read(a[1], number)) {
        return nullptr;
    }
    const bool one = !other || PyArray_NDIM(other) == 0;
    if (!(one ? is_dense(x) : lie_alike(x, other))) return nullptr;
    PyObject* const z = new_in_order_of(x, PyArray_DescrFromType(NPY_BOOL));
    if (!z) return nullptr;
    const i64 size = PyArray_SIZE(x);
    if (size == 0) return z;
    compute_any(type, size, [&]<class T>() {
        const T as_t = whole ? T(integer) : T(number);
        const T* const y = other ? static_cast<const T*>(PyArray_DATA(other)) : &as_t;
        f.of<T>()(static_cast<const T*>(PyArray_DATA(x)), y, one,
                  static_cast<bool*>(PyArray_DATA(array(z))), size);
    });
    return z;
}

template <Name name, auto f>
PyObject* comparison(Args a, Py_ssize_t n) {
    static constexpr Comparison loops{&Ufuncs<name>::own, f, f, f};
    PyObject* const z = by_comparisons(loops, a, n);
    return z || PyErr_Occurred() ? z : by_ufunc(*loops.numpy, a, n);
}

template <Name name, auto f, bool integers>
PyObject* in_place(Args a, Py_ssize_t n) {
    static constexpr Operator loops = operator_of<name, f, integers>();
    return in_place_by(loops, a, n);
}

}  // namespace
}  // namespace rl::RL_ISA
