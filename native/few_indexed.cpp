// Indices into arrays of a few numbers: x[key], views by strides, sums and copies at indices. As few.cpp: each answers None where its
// arguments are not the usual ones, and has changed nothing then.
#include <algorithm>
#include <cstring>

#include "tensors.hpp"

namespace rl {
namespace {

using Array = PyArrayObject*;
using std::int64_t;
constexpr npy_intp FEW = 1 << 14;  // results; for more the kernels have threads

Array as_array(PyObject* o) { return reinterpret_cast<Array>(o); }
bool is_plain(Array a) {
    return PyArray_ISCARRAY_RO(a) && !PyDataType_REFCHK(PyArray_DESCR(a)) && PyArray_ITEMSIZE(a) <= 16;
}
bool is_index(PyObject* o) {
    return PyArray_CheckExact(o) && PyArray_TYPE(as_array(o)) == NPY_INT64 && PyArray_ISCARRAY_RO(as_array(o));
}

// An array in row-major order, copied if it is none.
class Dense {
    PyObject* a_;

 public:
    explicit Dense(PyObject* o) : a_(nullptr) {
        if (!PyArray_CheckExact(o) || !PyArray_ISBEHAVED_RO(as_array(o)) || PyArray_SIZE(as_array(o)) > FEW) return;
        a_ = PyArray_IS_C_CONTIGUOUS(as_array(o)) ? Py_NewRef(o) : PyArray_NewCopy(as_array(o), NPY_CORDER);
        if (!a_) PyErr_Clear();
    }
    Dense(const Dense&) = delete;
    ~Dense() { Py_XDECREF(a_); }
    operator PyObject*() const { return a_ ? a_ : Py_None; }
};

template <std::size_t size>
void take(char* y, const char* x, const npy_intp* at, npy_intp k, npy_intp outer, npy_intp step) {
    for (npy_intp o = 0; o < outer; o++, x += step)
        for (npy_intp i = 0; i < k; i++, y += size) std::memcpy(y, x + at[i], size);
}

// x (outer, n, inner) and an index (k) of its middle dimension, whose numbers are in bounds
struct Slices {
    npy_intp outer = 1, n, inner = 1, k;
    const int64_t* at;
    Array x;
    int axis;

    bool read(PyObject* o, PyObject* dim, PyObject* index, bool from_end) {
        if (!PyArray_CheckExact(o) || !is_index(index)) return false;
        x = as_array(o);
        if (!read_dim(dim, PyArray_NDIM(x), axis) || PyArray_NDIM(as_array(index)) > 1) return false;
        if (!PyArray_ISWRITEABLE(x) || !is_plain(x)) return false;
        for (int i = 0; i < PyArray_NDIM(x); i++)
            if (i != axis) (i < axis ? outer : inner) *= PyArray_DIM(x, i);
        n = PyArray_DIM(x, axis);
        at = static_cast<const int64_t*>(PyArray_DATA(as_array(index)));
        k = PyArray_SIZE(as_array(index));
        if (outer * k * inner > FEW) return false;
        for (npy_intp i = 0; i < k; i++)
            if (at[i] >= n || at[i] < (from_end ? -n : 0)) return false;
        return true;
    }
    // Whether values are (outer, k, inner), as x but for one dimension.
    bool fit(PyObject* o) const {
        if (!PyArray_CheckExact(o)) return false;
        const Array v = as_array(o);
        if (PyArray_DESCR(v) != PyArray_DESCR(x) || PyArray_NDIM(v) != PyArray_NDIM(x) || !is_plain(v)) return false;
        for (int i = 0; i < PyArray_NDIM(x); i++)
            if (PyArray_DIM(v, i) != (i == axis ? k : PyArray_DIM(x, i))) return false;
        return true;
    }
};

template <class T>
void add_run(T* y, const T* x, npy_intp n) {
    for (npy_intp i = 0; i < n; i++) y[i] += x[i];
}

// f.operator()<T>() for T of the numbers that are added: integers without a sign, they wrap around
template <class F>
bool of_sums(int type, F f) {
    if (type == NPY_FLOAT) f.template operator()<float>();
    else if (type == NPY_DOUBLE) f.template operator()<double>();
    else if (type == NPY_INT64) f.template operator()<std::uint64_t>();
    else return false;
    return true;
}

}  // namespace

// x[key] for a key of index tensors of one shape side by side, whole slices and ints.
PyObject* pick_key(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2 || !PyTuple_CheckExact(args[1])) return PyErr_Format(PyExc_TypeError, "pick_key(x, key)");
    if (!PyArray_CheckExact(args[0]) || !is_plain(as_array(args[0]))) Py_RETURN_NONE;
    const Array x = as_array(args[0]);
    const int nd = PyArray_NDIM(x), given = int(PyTuple_GET_SIZE(args[1]));
    if (given > nd || nd > 8) Py_RETURN_NONE;
    npy_intp dims[NPY_MAXDIMS], outer = 1, inner = PyArray_ITEMSIZE(x), k = 0;
    int found = 0, state = 0, out = 0;  // state: before the index tensors, among them, behind
    int indexed[8], chosen = 0, last_kept = -1;
    Array arrays[8];
    const char* from = PyArray_BYTES(x);
    for (int i = 0; i < nd; i++) {
        PyObject* const item = i < given ? PyTuple_GET_ITEM(args[1], i) : nullptr;
        PyObject* const index = item ? array_of(item) : nullptr;
        if (index) {
            if (!is_index(index) || PyArray_NDIM(as_array(index)) == 0 || state == 2) Py_RETURN_NONE;
            arrays[found] = as_array(index), indexed[found++] = i;
            if (state == 0) {
                k = PyArray_SIZE(arrays[0]);
                if (out + PyArray_NDIM(arrays[0]) > 16) Py_RETURN_NONE;
                for (int j = 0; j < PyArray_NDIM(arrays[0]); j++) dims[out++] = PyArray_DIM(arrays[0], j);
            } else if (!PyArray_SAMESHAPE(arrays[0], arrays[found - 1])) {
                Py_RETURN_NONE;
            }
            state = 1;
        } else if (item && PyLong_CheckExact(item)) {
            npy_intp at = PyLong_AsSsize_t(item);
            if (PyErr_Occurred()) PyErr_Clear(), at = -1 - PyArray_DIM(x, i);
            if (at < 0) at += PyArray_DIM(x, i);
            if (at < 0 || at >= PyArray_DIM(x, i)) Py_RETURN_NONE;
            from += at * PyArray_STRIDE(x, i);
            chosen++;
        } else if (item && !is_whole(item)) {
            Py_RETURN_NONE;
        } else {
            if (state == 1) state = 2;
            if (last_kept >= 0 && state == 0) Py_RETURN_NONE;  // (outer dimensions as one step)
            if (state == 0) last_kept = i, outer *= PyArray_DIM(x, i);
            else inner *= PyArray_DIM(x, i);
            dims[out++] = PyArray_DIM(x, i);
        }
    }
    // With ints what is indexed is a view, whose results lie in memory as it does, unless it has one dimension.
    if (!found || (chosen && nd - chosen > 1) || outer * k > FEW || outer * k * inner > FEW * 16) Py_RETURN_NONE;
    npy_intp at[512];
    if (k > 512) Py_RETURN_NONE;
    for (npy_intp j = 0; j < k; j++) {
        at[j] = 0;
        for (int f = 0; f < found; f++) {
            const npy_intp size = PyArray_DIM(x, indexed[f]);
            npy_intp i = static_cast<const int64_t*>(PyArray_DATA(arrays[f]))[j];
            if (i < 0) i += size;
            if (i < 0 || i >= size) Py_RETURN_NONE;
            at[j] += i * PyArray_STRIDE(x, indexed[f]);
        }
    }
    PyArray_Descr* const type = PyArray_DESCR(x);
    Py_INCREF(type);
    PyObject* const y = PyArray_NewFromDescr(&PyArray_Type, type, out, dims, nullptr, nullptr, 0, nullptr);
    if (!y) return nullptr;
    char* to = PyArray_BYTES(as_array(y));
    const npy_intp step = last_kept >= 0 ? PyArray_STRIDE(x, last_kept) : 0;
    if (inner == 4) take<4>(to, from, at, k, outer, step);
    else if (inner == 8) take<8>(to, from, at, k, outer, step);
    else
        for (npy_intp o = 0; o < outer; o++, from += step)
            for (npy_intp j = 0; j < k; j++, to += inner) std::memcpy(to, from + at[j], std::size_t(inner));
    return y;
}

namespace {

// Whether x, or what it is another shape of, owns memory that it fills.
bool is_all_of_its_memory(Array x) {
    PyObject* const base = PyArray_BASE(x);
    if (!base) return PyArray_CHKFLAGS(x, NPY_ARRAY_OWNDATA);
    if (!PyArray_CheckExact(base)) return false;
    const Array root = as_array(base);
    return !PyArray_BASE(root) && PyArray_CHKFLAGS(root, NPY_ARRAY_OWNDATA) && PyArray_DATA(root) == PyArray_DATA(x) &&
           PyArray_NBYTES(root) == PyArray_NBYTES(x);
}

}  // namespace

// The view of x's memory at offset + Σ index · stride; x is all of it, and lies as origin and steps say.
PyObject* strided(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 6) return PyErr_Format(PyExc_TypeError, "strided(x, size, stride, offset, origin, steps)");
    if (!PyArray_CheckExact(args[0]) || !PyTuple_CheckExact(args[1]) || !PyTuple_CheckExact(args[2]) ||
        !PyTuple_CheckExact(args[5]))
        Py_RETURN_NONE;
    const Array x = as_array(args[0]);
    const npy_intp bytes = PyArray_ITEMSIZE(x), all = PyArray_SIZE(x);
    const Py_ssize_t nd = PyTuple_GET_SIZE(args[1]);
    if (!PyArray_ISCARRAY(x) || !is_all_of_its_memory(x) || all == 0 || nd > 16 || PyTuple_GET_SIZE(args[2]) != nd ||
        PyTuple_GET_SIZE(args[5]) != PyArray_NDIM(x))
        Py_RETURN_NONE;
    const auto number = [](PyObject* o) {  // a small one, or -1
        const Py_ssize_t i = PyLong_CheckExact(o) ? PyLong_AsSsize_t(o) : -1;
        if (PyErr_Occurred()) PyErr_Clear();
        return i > npy_intp(1) << 30 ? -1 : i;
    };
    for (int i = 0; i < PyArray_NDIM(x); i++)
        if (PyArray_DIM(x, i) > 1 && number(PyTuple_GET_ITEM(args[5], i)) * bytes != PyArray_STRIDE(x, i))
            Py_RETURN_NONE;
    const npy_intp start = args[3] == Py_None ? 0 : number(args[3]);
    if (number(args[4]) != 0 || start < 0) Py_RETURN_NONE;
    npy_intp dims[16], steps[16], last = start;  // where the last element lies
    for (int i = 0; i < nd; i++) {
        const npy_intp size = number(PyTuple_GET_ITEM(args[1], i)), step = number(PyTuple_GET_ITEM(args[2], i));
        if (size < 1 || step < 0) Py_RETURN_NONE;
        dims[i] = size, steps[i] = step * bytes;
        if (size > 1) last += (size - 1) * step;
        if (last >= all) Py_RETURN_NONE;
    }
    if (start >= all) Py_RETURN_NONE;
    return new_view(x, int(nd), dims, steps, start * bytes);
}

// x[.., index, ..] += values along an axis, one after the other; index and values of one shape.
PyObject* add_along(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4) return PyErr_Format(PyExc_TypeError, "add_along(x, axis, index, values)");
    const Dense at_places(args[2]), given(args[3]);
    if (!PyArray_CheckExact(args[0]) || !is_index(at_places) || !PyArray_CheckExact(static_cast<PyObject*>(given)))
        Py_RETURN_NONE;
    const Array x = as_array(args[0]), index = as_array(at_places), values = as_array(given);
    const int nd = PyArray_NDIM(x);
    int axis;
    if (!read_dim(args[1], nd, axis) || PyArray_NDIM(index) != nd || PyArray_DESCR(values) != PyArray_DESCR(x) ||
        !PyArray_ISWRITEABLE(x) || !is_plain(x) || !is_plain(values) || !PyArray_SAMESHAPE(index, values) ||
        PyArray_SIZE(index) > FEW)
        Py_RETURN_NONE;
    npy_intp outer = 1, inner = 1;
    for (int i = 0; i < nd; i++) {
        if (i == axis) continue;
        if (PyArray_DIM(index, i) != PyArray_DIM(x, i)) Py_RETURN_NONE;
        (i < axis ? outer : inner) *= PyArray_DIM(x, i);
    }
    const npy_intp width = PyArray_DIM(x, axis), k = PyArray_DIM(index, axis), size = PyArray_SIZE(index);
    const int64_t* at = static_cast<const int64_t*>(PyArray_DATA(index));
    for (npy_intp i = 0; i < size; i++)
        if (at[i] < 0 || at[i] >= width) Py_RETURN_NONE;
    const bool known = of_sums(PyArray_TYPE(x), [&]<class T>() {
        T* to = static_cast<T*>(PyArray_DATA(x));
        const T* from = static_cast<const T*>(PyArray_DATA(values));
        for (npy_intp o = 0; o < outer; o++, to += width * inner)
            for (npy_intp i = 0; i < k; i++, at += inner, from += inner)
                for (npy_intp j = 0; j < inner; j++) to[at[j] * inner + j] += from[j];
    });
    if (!known) Py_RETURN_NONE;
    return Py_NewRef(Py_True);
}

// Slices x[.., index, ..] += values along an axis, one after the other.
PyObject* add_slices(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4) return PyErr_Format(PyExc_TypeError, "add_slices(x, axis, index, values)");
    const Dense values(args[3]);
    Slices s;
    if (!s.read(args[0], args[1], args[2], false) || !s.fit(values)) Py_RETURN_NONE;
    const bool known = of_sums(PyArray_TYPE(s.x), [&]<class T>() {
        T* const to = static_cast<T*>(PyArray_DATA(s.x));
        const T* from = static_cast<const T*>(PyArray_DATA(as_array(values)));
        for (npy_intp o = 0; o < s.outer; o++)
            for (npy_intp i = 0; i < s.k; i++, from += s.inner)
                add_run(to + (o * s.n + s.at[i]) * s.inner, from, s.inner);
    });
    if (!known) Py_RETURN_NONE;
    return Py_NewRef(Py_True);
}

// Slices x[.., index, ..] = values along an axis, or one number; indices of a number may count from the end.
PyObject* put_slices(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 4) return PyErr_Format(PyExc_TypeError, "put_slices(x, axis, index, values)");
    const Dense values(args[3]);
    Slices s;
    const bool one = PyArray_CheckExact(static_cast<PyObject*>(values)) && PyArray_NDIM(as_array(values)) == 0;
    if (!s.read(args[0], args[1], args[2], one)) Py_RETURN_NONE;
    if (one ? PyArray_DESCR(as_array(values)) != PyArray_DESCR(s.x) : !s.fit(values)) Py_RETURN_NONE;
    const npy_intp size = PyArray_ITEMSIZE(s.x), run = s.inner * size;
    char* const to = PyArray_BYTES(s.x);
    const char* from = PyArray_BYTES(as_array(values));
    for (npy_intp o = 0; o < s.outer; o++)
        for (npy_intp i = 0; i < s.k; i++) {
            char* const row = to + (o * s.n + s.at[i] + (s.at[i] < 0 ? s.n : 0)) * run;
            if (!one) std::memcpy(row, from, std::size_t(run)), from += run;
            else
                for (npy_intp j = 0; j < run; j += size) std::memcpy(row + j, from, std::size_t(size));
        }
    return Py_NewRef(Py_True);
}

}  // namespace rl
