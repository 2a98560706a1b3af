// Views of arrays that NumPy takes many calls for, and what they ask. Each answers None where its
// arguments are not the usual ones; the twin is the code in Python that asked.
#include "tensors.hpp"

#include <algorithm>

namespace rl {
namespace {

using Array = PyArrayObject*;
using Steps = npy_intp[NPY_MAXDIMS];

}  // namespace

bool read_int(PyObject* o, npy_intp& n) {
    if (!PyLong_CheckExact(o)) return false;
    n = PyLong_AsSsize_t(o);
    if (n != -1 || !PyErr_Occurred()) return true;
    PyErr_Clear();
    return false;
}

bool read_dim(PyObject* o, int nd, int& d) {
    npy_intp n;
    if (!read_int(o, n) || n < -nd || n >= nd) return false;
    d = int(n < 0 ? n + nd : n);
    return true;
}

PyObject* new_view(Array x, int nd, const npy_intp* dims, const npy_intp* steps, npy_intp offset) {
    PyArray_Descr* const type = PyArray_DESCR(x);
    Py_INCREF(type);
    PyObject* const y =
        PyArray_NewFromDescr(&PyArray_Type, type, nd, dims, steps, PyArray_BYTES(x) + offset,
                             PyArray_ISWRITEABLE(x) ? NPY_ARRAY_WRITEABLE : 0, nullptr);
    PyObject* const base = Py_NewRef(reinterpret_cast<PyObject*>(x));
    if (!y) Py_DECREF(base);
    else if (PyArray_SetBaseObject(reinterpret_cast<Array>(y), base) == 0) return y;
    Py_XDECREF(y);
    return nullptr;
}

PyObject* expanded(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "expanded(x, sizes)");
    if (!PyArray_CheckExact(args[0]) || !PyTuple_CheckExact(args[1])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const Py_ssize_t nd = PyTuple_GET_SIZE(args[1]), lead = nd - PyArray_NDIM(x);
    if (lead < 0 || nd > NPY_MAXDIMS || PyArray_SIZE(x) == 0) Py_RETURN_NONE;
    Steps dims, steps;
    npy_intp bytes = PyArray_ITEMSIZE(x);
    for (Py_ssize_t i = 0; i < nd; i++) {
        if (!read_int(PyTuple_GET_ITEM(args[1], i), dims[i])) Py_RETURN_NONE;
        const npy_intp old = i < lead ? 1 : PyArray_DIM(x, int(i - lead));
        if (i >= lead && dims[i] == -1) dims[i] = old;
        if (dims[i] < 0 || (dims[i] != old && old != 1)) Py_RETURN_NONE;
        steps[i] = i >= lead && dims[i] == old ? PyArray_STRIDE(x, int(i - lead)) : 0;
        if (__builtin_mul_overflow(bytes, dims[i] ? dims[i] : 1, &bytes)) Py_RETURN_NONE;
    }
    return new_view(x, int(nd), dims, steps);
}

PyObject* squeezed(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "squeezed(x, dim)");
    if (!PyArray_CheckExact(args[0])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    int only = -1, nd = 0;
    if (args[1] != Py_None && !read_dim(args[1], PyArray_NDIM(x), only)) Py_RETURN_NONE;
    Steps dims, steps;
    for (int i = 0; i < PyArray_NDIM(x); i++) {
        if (PyArray_DIM(x, i) == 1 && (only < 0 || i == only)) continue;
        dims[nd] = PyArray_DIM(x, i), steps[nd++] = PyArray_STRIDE(x, i);
    }
    return new_view(x, nd, dims, steps);
}

PyObject* order_moved(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 3) return PyErr_Format(PyExc_TypeError, "order_moved(x, source, destination)");
    if (!PyArray_CheckExact(args[0])) Py_RETURN_NONE;
    const int nd = PyArray_NDIM(reinterpret_cast<Array>(args[0]));
    int from, to;
    if (!read_dim(args[1], nd, from) || !read_dim(args[2], nd, to)) Py_RETURN_NONE;
    PyObject* const y = PyTuple_New(nd);
    for (int i = 0; y && i < nd; i++) {
        const int rest = i - (i > to);  // which of the others comes here
        PyTuple_SET_ITEM(y, i, PyLong_FromLong(i == to ? from : rest + (rest >= from)));  // (small ones exist)
    }
    return y;
}

PyObject* windows(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4) return PyErr_Format(PyExc_TypeError, "windows(x, dim, size, step)");
    if (!PyArray_CheckExact(args[0])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const int nd = PyArray_NDIM(x);
    int d;
    npy_intp size, step;
    if (!read_dim(args[1], nd, d) || !read_int(args[2], size) || !read_int(args[3], step)) Py_RETURN_NONE;
    const npy_intp length = PyArray_DIM(x, d);
    if (nd == NPY_MAXDIMS || size < 0 || size > length || step < 1 || PyArray_SIZE(x) == 0) Py_RETURN_NONE;
    Steps dims, steps;
    for (int i = 0; i < nd; i++) dims[i] = PyArray_DIM(x, i), steps[i] = PyArray_STRIDE(x, i);
    dims[nd] = size, steps[nd] = steps[d];
    dims[d] = (length - size) / step + 1;
    steps[d] *= std::min(step, length + 1);  // a larger one is never walked
    return new_view(x, nd + 1, dims, steps);
}

PyObject* diagonal_of(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4) return PyErr_Format(PyExc_TypeError, "diagonal_of(x, offset, dim1, dim2)");
    if (!PyArray_CheckExact(args[0])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    npy_intp offset;
    int a, b, nd = 0;
    if (!read_int(args[1], offset) || !read_dim(args[2], PyArray_NDIM(x), a) || !read_dim(args[3], PyArray_NDIM(x), b))
        Py_RETURN_NONE;
    const npy_intp rows = PyArray_DIM(x, a), columns = PyArray_DIM(x, b);
    if (a == b || offset <= -rows || offset >= columns) Py_RETURN_NONE;
    Steps dims, steps;
    for (int i = 0; i < PyArray_NDIM(x); i++)
        if (i != a && i != b) dims[nd] = PyArray_DIM(x, i), steps[nd++] = PyArray_STRIDE(x, i);
    dims[nd] = offset < 0 ? std::min(rows + offset, columns) : std::min(rows, columns - offset);
    steps[nd] = PyArray_STRIDE(x, a) + PyArray_STRIDE(x, b);
    const npy_intp first = offset < 0 ? -offset * PyArray_STRIDE(x, a) : offset * PyArray_STRIDE(x, b);
    return new_view(x, nd + 1, dims, steps, first);
}

PyObject* cut(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 3) return PyErr_Format(PyExc_TypeError, "cut(x, sizes, dim)");
    if (!PyArray_CheckExact(args[0]) || !PyTuple_CheckExact(args[1])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const int nd = PyArray_NDIM(x);
    int d;
    if (!read_dim(args[2], nd, d)) Py_RETURN_NONE;
    Steps dims;
    std::copy(PyArray_DIMS(x), PyArray_DIMS(x) + nd, dims);
    const Py_ssize_t count = PyTuple_GET_SIZE(args[1]);
    PyObject* const parts = PyList_New(count);
    npy_intp start = 0;
    for (Py_ssize_t i = 0; parts && i < count; i++) {
        PyObject* part = nullptr;
        const bool fits = read_int(PyTuple_GET_ITEM(args[1], i), dims[d]) && dims[d] >= 0 &&
                          dims[d] <= PyArray_DIM(x, d) - start;
        if (fits) part = new_view(x, nd, dims, PyArray_STRIDES(x), dims[d] ? start * PyArray_STRIDE(x, d) : 0);
        if (!part) {
            Py_DECREF(parts);
            if (fits) return nullptr;
            Py_RETURN_NONE;
        }
        start += dims[d];
        PyList_SET_ITEM(parts, i, part);
    }
    return parts;
}

// Integers in bounds, slices, None and one ..., where integers are ints: (the view, the key with its ..., which
// of ALIAS, SLICE, SELECT, UNSQUEEZE)
PyObject* basic_view(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "basic_view(x, key)");
    PyObject* const key = args[1];
    if (!PyArray_CheckExact(args[0]) || !PyTuple_CheckExact(key)) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const Py_ssize_t items = PyTuple_GET_SIZE(key);
    int used = 0, fills = 0, news = 0;
    for (Py_ssize_t i = 0; i < items; i++) {
        PyObject* const k = PyTuple_GET_ITEM(key, i);
        (k == Py_None ? news : k == Py_Ellipsis ? fills : used)++;
    }
    const int left = PyArray_NDIM(x) - used;  // dimensions that ... stands for
    if (left < 0 || fills > 1 || PyArray_NDIM(x) + news > NPY_MAXDIMS) Py_RETURN_NONE;
    enum { ALIAS, SLICE, SELECT, UNSQUEEZE } card = ALIAS;
    Steps dims, steps;
    int nd = 0, d = 0;
    npy_intp offset = 0;
    const auto keep = [&](int count) {
        for (; count > 0; count--, d++) dims[nd] = PyArray_DIM(x, d), steps[nd++] = PyArray_STRIDE(x, d);
    };
    for (Py_ssize_t i = 0; i < items; i++) {
        PyObject* const k = PyTuple_GET_ITEM(key, i);
        if (k == Py_Ellipsis) {
            keep(left);
        } else if (k == Py_None) {
            dims[nd] = 1, steps[nd++] = 0;
            card = UNSQUEEZE;
        } else if (PySlice_Check(k)) {
            PySliceObject* const s = reinterpret_cast<PySliceObject*>(k);
            if (s->start == Py_None && s->stop == Py_None && s->step == Py_None && items > 1) {
                keep(1);
                continue;
            }
            for (PyObject* const part : {s->start, s->stop, s->step})
                if (part != Py_None && !PyLong_CheckExact(part)) Py_RETURN_NONE;
            Py_ssize_t start, stop, step;
            if (PySlice_Unpack(k, &start, &stop, &step) < 0) step = 0;  // a step of 0
            PyErr_Clear();
            if (step < 1) Py_RETURN_NONE;
            dims[nd] = PySlice_AdjustIndices(PyArray_DIM(x, d), &start, &stop, step);
            if (dims[nd] == 0) start = 0, step = 1;
            steps[nd] = npy_intp(std::uint64_t(PyArray_STRIDE(x, d)) * std::uint64_t(step));
            offset += start * PyArray_STRIDE(x, d);
            nd++, d++;
            card = SLICE;
        } else {
            npy_intp at;
            const npy_intp size = PyArray_DIM(x, d);
            if (!read_int(k, at) || at < -size || at >= size) Py_RETURN_NONE;
            offset += (at < 0 ? at + size : at) * PyArray_STRIDE(x, d);
            d++;
            card = SELECT;
        }
    }
    PyObject* whole = Py_NewRef(key);
    if (fills == 0) {
        keep(left);
        Py_SETREF(whole, PyTuple_New(items + 1));
        for (Py_ssize_t i = 0; whole && i < items; i++)
            PyTuple_SET_ITEM(whole, i, Py_NewRef(PyTuple_GET_ITEM(key, i)));
        if (whole) PyTuple_SET_ITEM(whole, items, Py_NewRef(Py_Ellipsis));
    }
    PyObject* const y = whole ? new_view(x, nd, dims, steps, offset) : nullptr;
    PyObject* const found = y ? Py_BuildValue("NNi", y, whole, int(card)) : nullptr;
    if (!y) Py_XDECREF(whole);
    return found;
}

PyObject* turned(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "turned(x, dims)");
    if (!PyArray_CheckExact(args[0]) || !PyTuple_CheckExact(args[1])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const int nd = PyArray_NDIM(x);
    if (nd == 0 || PyArray_SIZE(x) == 0) Py_RETURN_NONE;
    Steps steps;
    std::copy(PyArray_STRIDES(x), PyArray_STRIDES(x) + nd, steps);
    npy_intp offset = 0;
    bool done[NPY_MAXDIMS] = {};
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[1]); i++) {
        int d;
        if (!read_dim(PyTuple_GET_ITEM(args[1], i), nd, d) || done[d]) Py_RETURN_NONE;
        done[d] = true;
        offset += (PyArray_DIM(x, d) - 1) * steps[d];
        steps[d] = -steps[d];
    }
    return new_view(x, nd, PyArray_DIMS(x), steps, offset);
}

}  // namespace rl
