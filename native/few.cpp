// What NumPy takes many calls for, of a few numbers. Each answers None where its arguments are not the
// usual ones; the twin is the code in Python that asked.
#include "tensors.hpp"
#include "threads.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace rl {
namespace {

using Array = PyArrayObject*;

bool in_order(PyObject* o) {  // in row-major order, of this machine's numbers
    return PyArray_CheckExact(o) && PyArray_ISCARRAY_RO(reinterpret_cast<Array>(o));
}

// Whether the numbers taken from each row, in order, are different ones that the row has once.
template <class T>
bool taken_once(const T* x, const std::int64_t* at, npy_intp rows, npy_intp n, npy_intp k) {
    for (npy_intp r = 0; r < rows; r++, x += n, at += k) {
        for (npy_intp j = 1; j < k; j++)
            if (!(x[at[j]] < x[at[j - 1]] || x[at[j]] > x[at[j - 1]])) return false;
        const T last = x[at[k - 1]];
        npy_intp equal = 0;
        for (npy_intp i = 0; i < n; i++) equal += x[i] == last;
        if (equal != 1) return false;  // (or it is NaN)
    }
    return true;
}

// start + step i up to the middle, end - step i from there on, each rounded once
template <class T>
struct Spaced {
    T* y;
    npy_intp n;
    T start, end, step;
};
constexpr npy_intp SPACED = 1 << 14;  // numbers of a block

template <class T>
void space_block(void* context, i64 block) {
    const auto& s = *static_cast<const Spaced<T>*>(context);
    for (npy_intp i = block * SPACED; i < std::min((block + 1) * SPACED, s.n); i++)
        s.y[i] = i < s.n / 2 ? std::fma(s.step, T(i), s.start) : std::fma(-s.step, T(s.n - 1 - i), s.end);
}
template <class T>
void spaced(T* y, npy_intp n, T start, T end) {
    Spaced<T> s{y, n, start, end, (end - start) / T(n - 1)};
    run_blocks((n + SPACED - 1) / SPACED, space_block<T>, &s);
}

// x[o, at[o, i, j], j] = values[o, i, j], or the one value; rows o in blocks of `rows`
struct Put {
    const std::int64_t* at;
    char* x;
    const char* values;
    npy_intp outer, k, inner, width;
    bool one, good;
    npy_intp rows = 0;
    void (*put)(const Put& p, npy_intp begin, npy_intp end) = nullptr;
};
struct Sixteen {
    std::uint64_t a, b;
};
constexpr npy_intp ROWS_OF = 1 << 14;  // numbers of a block

bool rows_are_good(Put& p, npy_intp begin, npy_intp end) {
    const npy_intp row = p.k * p.inner;
    std::int64_t bad = 0;  // its sign
    for (npy_intp i = begin * row; i < end * row; i++) bad |= p.at[i] | (p.width - 1 - p.at[i]);
    if (bad < 0) __atomic_store_n(&p.good, false, __ATOMIC_RELAXED);
    return bad >= 0;
}
template <class T>
void put_rows(const Put& p, npy_intp begin, npy_intp end) {
    const T* const from = reinterpret_cast<const T*>(p.values);
    for (npy_intp o = begin; o < end; o++) {
        T* const to = reinterpret_cast<T*>(p.x) + o * p.width * p.inner;
        const std::int64_t* const at = p.at + o * p.k;
        if (p.inner == 1 && !p.one) {
            for (npy_intp i = 0, k = p.k; i < k; i++) to[at[i]] = from[o * k + i];
            continue;
        }
        for (npy_intp i = o * p.k; i < (o + 1) * p.k; i++)
            for (npy_intp j = 0; j < p.inner; j++)
                to[p.at[i * p.inner + j] * p.inner + j] = p.one ? *from : from[i * p.inner + j];
    }
}

}  // namespace

PyObject* no_ties(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "no_ties(x, index)");
    if (!in_order(args[0]) || !in_order(args[1])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]), index = reinterpret_cast<Array>(args[1]);
    const int type = PyArray_TYPE(x);
    const int last = PyArray_NDIM(x) - 1;
    if (last < 0 || PyArray_NDIM(index) != last + 1 || PyArray_TYPE(index) != NPY_INT64) Py_RETURN_NONE;
    npy_intp rows = 1;
    for (int i = 0; i < last; rows *= PyArray_DIM(x, i++))
        if (PyArray_DIM(x, i) != PyArray_DIM(index, i)) Py_RETURN_NONE;
    const npy_intp width = PyArray_DIM(x, last), k = PyArray_DIM(index, last);
    const std::int64_t* const at = static_cast<const std::int64_t*>(PyArray_DATA(index));
    if (k < 1) Py_RETURN_NONE;
    for (npy_intp i = 0; i < rows * k; i++)
        if (at[i] < 0 || at[i] >= width) Py_RETURN_NONE;
    const void* const data = PyArray_DATA(x);
    const auto look = [&]<class T>() {
        return PyBool_FromLong(taken_once(static_cast<const T*>(data), at, rows, width, k));
    };
    if (type == NPY_FLOAT) return look.template operator()<float>();
    if (type == NPY_DOUBLE) return look.template operator()<double>();
    if (type == NPY_INT64) return look.template operator()<std::int64_t>();
    Py_RETURN_NONE;
}

PyObject* triangle(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 3) return PyErr_Format(PyExc_TypeError, "triangle(x, diagonal, lower)");
    if (!in_order(args[0]) || !PyLong_CheckExact(args[1])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const int nd = PyArray_NDIM(x), lower = PyObject_IsTrue(args[2]);
    npy_intp diagonal = PyLong_AsSsize_t(args[1]);
    if (PyErr_Occurred() || lower < 0) return nullptr;
    if (nd < 2 || PyDataType_REFCHK(PyArray_DESCR(x)) || PyArray_SIZE(x) > 1 << 16) Py_RETURN_NONE;
    Py_INCREF(PyArray_DESCR(x));
    PyObject* const y = PyArray_NewFromDescr(&PyArray_Type, PyArray_DESCR(x), nd, PyArray_DIMS(x),
                                             nullptr, nullptr, 0, nullptr);
    if (!y || PyArray_SIZE(x) == 0) return y;
    const npy_intp columns = PyArray_DIM(x, nd - 1), rows = PyArray_DIM(x, nd - 2);
    if (diagonal > columns) diagonal = columns;
    if (diagonal < -rows) diagonal = -rows;
    const npy_intp size = PyArray_ITEMSIZE(x), all = PyArray_SIZE(x) / columns;
    const char* in = PyArray_BYTES(x);
    char* out = PyArray_BYTES(reinterpret_cast<Array>(y));
    for (npy_intp r = 0; r < all; r++, in += columns * size, out += columns * size) {
        npy_intp cut = r % rows + diagonal + (lower ? 1 : 0);  // columns before it: the lower part
        cut = cut < 0 ? 0 : cut > columns ? columns : cut;
        const std::size_t left = std::size_t(cut * size), right = std::size_t((columns - cut) * size);
        if (lower) std::memcpy(out, in, left), std::memset(out + left, 0, right);
        else std::memset(out, 0, left), std::memcpy(out + left, in + left, right);
    }
    return y;
}

PyObject* spaced_evenly(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4 || !PyArray_DescrCheck(args[3]))
        return PyErr_Format(PyExc_TypeError, "spaced_evenly(start, end, steps, dtype)");
    const int type = reinterpret_cast<PyArray_Descr*>(args[3])->type_num;
    const bool numbers = (PyFloat_CheckExact(args[0]) || PyLong_CheckExact(args[0])) &&
                         (PyFloat_CheckExact(args[1]) || PyLong_CheckExact(args[1])) &&
                         PyLong_CheckExact(args[2]);
    if (!numbers || (type != NPY_FLOAT && type != NPY_DOUBLE)) Py_RETURN_NONE;
    const double start = PyFloat_AsDouble(args[0]), end = PyFloat_AsDouble(args[1]);
    npy_intp steps = PyLong_AsSsize_t(args[2]);
    if (PyErr_Occurred()) PyErr_Clear(), steps = 0;
    if (steps < 2 || steps > 1 << 24) Py_RETURN_NONE;  // (more are no floats)
    PyObject* const y = PyArray_SimpleNew(1, &steps, type);
    if (!y) return nullptr;
    void* const data = PyArray_DATA(reinterpret_cast<Array>(y));
    if (type == NPY_FLOAT) spaced(static_cast<float*>(data), steps, float(start), float(end));
    else spaced(static_cast<double*>(data), steps, start, end);
    return y;
}

PyObject* number(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2 || !PyArray_DescrCheck(args[1])) return PyErr_Format(PyExc_TypeError, "number(x, dtype)");
    PyArray_Descr* const type = reinterpret_cast<PyArray_Descr*>(args[1]);
    Py_INCREF(type);
    PyObject* const y = PyArray_NewFromDescr(&PyArray_Type, type, 0, nullptr, nullptr, nullptr, 0, nullptr);
    if (!y) return nullptr;
    void* const item = PyArray_DATA(reinterpret_cast<Array>(y));
    if (type->type_num == NPY_FLOAT && PyFloat_CheckExact(args[0])) {
        *static_cast<float*>(item) = float(PyFloat_AS_DOUBLE(args[0]));
    } else if (PyArray_Pack(type, item, args[0]) < 0) {
        Py_DECREF(y);
        return nullptr;
    }
    return y;
}

PyObject* zeroed(PyObject*, PyObject* o) {
    const Array x = reinterpret_cast<Array>(o);
    if (!PyArray_CheckExact(o) || !PyArray_ISBEHAVED(x) || PyDataType_REFCHK(PyArray_DESCR(x)) ||
        !(PyArray_IS_C_CONTIGUOUS(x) || PyArray_IS_F_CONTIGUOUS(x)) || PyArray_SIZE(x) > 1 << 14)
        return PyErr_Format(PyExc_TypeError, "zeroed(x): not this one");
    std::memset(PyArray_DATA(x), 0, std::size_t(PyArray_NBYTES(x)));
    return Py_NewRef(o);
}

PyObject* rolled(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 3) return PyErr_Format(PyExc_TypeError, "rolled(x, shift, dim)");
    if (!in_order(args[0])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const int nd = PyArray_NDIM(x);
    npy_intp shift;
    int dim;
    if (!read_int(args[1], shift) || !read_dim(args[2], nd, dim) || PyArray_SIZE(x) == 0 ||
        PyArray_SIZE(x) > 1 << 16 || PyDataType_REFCHK(PyArray_DESCR(x)))
        Py_RETURN_NONE;
    Py_INCREF(PyArray_DESCR(x));
    PyObject* const y = PyArray_NewFromDescr(&PyArray_Type, PyArray_DESCR(x), nd, PyArray_DIMS(x),
                                             nullptr, nullptr, 0, nullptr);
    if (!y) return nullptr;
    const npy_intp width = PyArray_DIM(x, dim);
    npy_intp inner = PyArray_ITEMSIZE(x);
    for (int i = dim + 1; i < nd; i++) inner *= PyArray_DIM(x, i);
    shift %= width;
    if (shift < 0) shift += width;
    const std::size_t head = std::size_t((width - shift) * inner), tail = std::size_t(shift * inner);
    const char *in = PyArray_BYTES(x), *const end = in + PyArray_NBYTES(x);
    for (char* out = PyArray_BYTES(reinterpret_cast<Array>(y)); in < end; in += head + tail, out += head + tail)
        std::memcpy(out + tail, in, head), std::memcpy(out, in + head, tail);
    return y;
}

PyObject* counted(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4 || !PyArray_DescrCheck(args[3]))
        return PyErr_Format(PyExc_TypeError, "counted(start, step, count, dtype)");
    const int type = reinterpret_cast<PyArray_Descr*>(args[3])->type_num;
    for (int i = 0; i < 2; i++)
        if (!PyFloat_CheckExact(args[i]) && !PyLong_CheckExact(args[i])) Py_RETURN_NONE;
    if ((type != NPY_FLOAT && type != NPY_DOUBLE) || !PyLong_CheckExact(args[2])) Py_RETURN_NONE;
    const double start = PyFloat_AsDouble(args[0]), step = PyFloat_AsDouble(args[1]);
    npy_intp count = PyLong_AsSsize_t(args[2]);
    if (PyErr_Occurred()) PyErr_Clear(), count = -1;
    if (count < 0 || count > 1 << 14) Py_RETURN_NONE;
    PyObject* const y = PyArray_SimpleNew(1, &count, type);
    if (!y) return nullptr;
    void* const data = PyArray_DATA(reinterpret_cast<Array>(y));
    for (npy_intp i = 0; i < count; i++) {
        const double v = double(i) * step + start;
        if (type == NPY_FLOAT) static_cast<float*>(data)[i] = float(v);
        else static_cast<double*>(data)[i] = v;
    }
    return y;
}

PyObject* unit_matrix(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 3 || !PyArray_DescrCheck(args[2]))
        return PyErr_Format(PyExc_TypeError, "unit_matrix(rows, columns, dtype)");
    PyArray_Descr* const type = reinterpret_cast<PyArray_Descr*>(args[2]);
    if (!PyLong_CheckExact(args[0]) || !PyLong_CheckExact(args[1])) Py_RETURN_NONE;
    npy_intp dims[2] = {PyLong_AsSsize_t(args[0]), PyLong_AsSsize_t(args[1])};
    if (PyErr_Occurred()) PyErr_Clear(), dims[0] = -1;
    if (dims[0] < 0 || dims[1] < 0 || (type->type_num != NPY_FLOAT && type->type_num != NPY_DOUBLE)) Py_RETURN_NONE;
    PyObject* const y = PyArray_ZEROS(2, dims, type->type_num, 0);
    if (!y) return nullptr;
    void* const data = PyArray_DATA(reinterpret_cast<Array>(y));
    for (npy_intp i = 0; i < std::min(dims[0], dims[1]); i++) {
        if (type->type_num == NPY_FLOAT) static_cast<float*>(data)[i * (dims[1] + 1)] = 1;
        else static_cast<double*>(data)[i * (dims[1] + 1)] = 1;
    }
    return y;
}

PyObject* put_along(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4 && n != 5) return PyErr_Format(PyExc_TypeError, "put_along(x, index, axis, values, spare=False)");
    if (!in_order(args[0]) || !in_order(args[1]) || !in_order(args[3])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]), index = reinterpret_cast<Array>(args[1]),
                values = reinterpret_cast<Array>(args[3]);
    const int nd = PyArray_NDIM(x);
    const long axis = PyLong_AsLong(args[2]);
    if (axis == -1 && PyErr_Occurred()) return nullptr;
    const bool one = PyArray_NDIM(values) == 0;
    if (!PyArray_ISWRITEABLE(x) || axis < 0 || axis >= nd || PyArray_NDIM(index) != nd ||
        PyArray_TYPE(index) != NPY_INT64 || PyArray_DESCR(values) != PyArray_DESCR(x) ||
        PyDataType_REFCHK(PyArray_DESCR(x)) || !(one || PyArray_SAMESHAPE(values, index)))
        Py_RETURN_NONE;
    npy_intp outer = 1, inner = 1;
    for (int i = 0; i < nd; i++) {
        if (i != axis && PyArray_DIM(index, i) != PyArray_DIM(x, i)) Py_RETURN_NONE;
        (i < axis ? outer : inner) *= i == axis ? 1 : PyArray_DIM(x, i);
    }
    const npy_intp width = PyArray_DIM(x, int(axis)), k = PyArray_DIM(index, int(axis));
    Put put{static_cast<const std::int64_t*>(PyArray_DATA(index)), PyArray_BYTES(x), PyArray_BYTES(values),
            outer, k, inner, width, one, true};
    const npy_intp size = PyArray_ITEMSIZE(x), count = outer * k * inner;
    put.rows = count < ROWS_OF ? outer : 1 + ROWS_OF / (k * inner + 1);
    const npy_intp blocks = (outer + put.rows - 1) / (put.rows ? put.rows : 1);
    if (size == 1) put.put = put_rows<std::uint8_t>;
    else if (size == 2) put.put = put_rows<std::uint16_t>;
    else if (size == 4) put.put = put_rows<std::uint32_t>;
    else if (size == 8) put.put = put_rows<std::uint64_t>;
    else if (size == 16) put.put = put_rows<Sixteen>;
    else Py_RETURN_NONE;
    const auto rows = [&]<bool look, bool write>() {
        run_blocks(blocks, [](void* context, i64 block) {
            Put& p = *static_cast<Put*>(context);
            const npy_intp begin = block * p.rows, end = std::min(begin + p.rows, p.outer);
            if ((!look || rows_are_good(p, begin, end)) && write) p.put(p, begin, end);
        }, &put);
    };
    const int spare = n == 5 ? PyObject_IsTrue(args[4]) : 0;
    if (spare < 0) return nullptr;
    if (spare) rows.template operator()<true, true>();  // while the indices are in the cache
    else rows.template operator()<true, false>();
    if (!put.good) Py_RETURN_NONE;
    if (!spare) rows.template operator()<false, true>();
    return Py_NewRef(Py_True);
}

}  // namespace rl
