// Medians and modes of a few numbers; of equal ones PyTorch's choice: the median's is that of a stable sort, the
// mode's that of the C++ library's sort. None: not these arguments.
#include <algorithm>
#include <vector>

#include "tensors.hpp"

namespace rl {
namespace {

using Array = PyArrayObject*;
using std::int64_t;

template <class T>
bool is_nan(T x) {
    return x != x;
}

// The place of the lower median of x (n > 0), of equal numbers as a stable sort has them; of its first NaN, if there
// is one.
template <class T>
int64_t middle(const T* x, int64_t n, std::vector<T>& numbers) {
    for (int64_t i = 0; i < n; i++)
        if (is_nan(x[i])) return i;
    numbers.assign(x, x + n);
    const auto at = numbers.begin() + (n - 1) / 2;
    std::nth_element(numbers.begin(), at, numbers.end());
    int64_t rank = (n - 1) / 2, place = 0;  // among those that are equal
    for (int64_t i = 0; i < n; i++) rank -= x[i] < *at;
    while (x[place] != *at || rank-- > 0) place++;
    return place;
}

// The place of the most frequent number of x (n > 0), of the smallest of several; -1: x has a NaN.
template <class T>
int64_t most_frequent(const T* x, int64_t n, std::vector<std::pair<T, int64_t>>& pairs) {
    pairs.resize(std::size_t(n));
    for (int64_t i = 0; i < n; i++) {
        if (is_nan(x[i])) return -1;
        pairs[std::size_t(i)] = {x[i], i};
    }
    std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    int64_t found = 0, most = 0, count = 0;
    for (std::size_t i = 0; i < std::size_t(n); i++) {
        count++;
        if (i + 1 < std::size_t(n) && pairs[i].first == pairs[i + 1].first) continue;
        if (count > most) found = pairs[i].second, most = count;
        count = 0;
    }
    return found;
}

// x (rows, n), n > 0, at most 2^16 numbers
bool is_few(PyObject* o) {
    if (!PyArray_CheckExact(o)) return false;
    const Array x = reinterpret_cast<Array>(o);
    return PyArray_ISCARRAY_RO(x) && PyArray_NDIM(x) > 0 && PyArray_SIZE(x) > 0 && PyArray_SIZE(x) <= 1 << 16;
}

// f.operator()<T>(), which says whether it could; for float32, float64 and int64
template <class F>
bool of_type(int type, F f) {
    if (type == NPY_FLOAT) return f.template operator()<float>();
    if (type == NPY_DOUBLE) return f.template operator()<double>();
    if (type == NPY_INT64) return f.template operator()<int64_t>();
    return false;
}

// (values, indices) of place(row) of each row of the last dimension, which is left out or of size 1
template <class F>
PyObject* of_rows(PyObject* const* args, Py_ssize_t n, F place) {
    if (n != 2) return PyErr_Format(PyExc_TypeError, "(x, keepdim)");
    const int keep = PyObject_IsTrue(args[1]);
    if (keep < 0) return nullptr;
    if (!is_few(args[0])) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(args[0]);
    const int nd = PyArray_NDIM(x);
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < nd; i++) dims[i] = i == nd - 1 ? 1 : PyArray_DIM(x, i);
    PyObject* const values = PyArray_SimpleNew(nd - !keep, dims, PyArray_TYPE(x));
    PyObject* const indices = PyArray_SimpleNew(nd - !keep, dims, NPY_INT64);
    const int64_t width = PyArray_DIM(x, nd - 1), rows = PyArray_SIZE(x) / width;
    const bool done = values && indices && of_type(PyArray_TYPE(x), [&]<class T>() {
        const T* in = static_cast<const T*>(PyArray_DATA(x));
        T* const y = static_cast<T*>(PyArray_DATA(reinterpret_cast<Array>(values)));
        int64_t* const at = static_cast<int64_t*>(PyArray_DATA(reinterpret_cast<Array>(indices)));
        auto of = place.template operator()<T>();
        for (int64_t r = 0; r < rows; r++, in += width) {
            const int64_t i = of(in, width);
            if (i < 0) return false;
            y[r] = in[i], at[r] = i;
        }
        return true;
    });
    PyObject* const both = done ? PyTuple_Pack(2, values, indices) : nullptr;
    Py_XDECREF(values), Py_XDECREF(indices);
    if (both || PyErr_Occurred()) return both;
    Py_RETURN_NONE;
}

}  // namespace

PyObject* median_of_all(PyObject*, PyObject* o) {
    if (!is_few(o)) Py_RETURN_NONE;
    const Array x = reinterpret_cast<Array>(o);
    PyObject* y = nullptr;
    const bool done = of_type(PyArray_TYPE(x), [&]<class T>() {
        const T* const in = static_cast<const T*>(PyArray_DATA(x));
        std::vector<T> numbers;
        y = PyArray_SimpleNew(0, nullptr, PyArray_TYPE(x));
        if (y)
            *static_cast<T*>(PyArray_DATA(reinterpret_cast<Array>(y))) = in[middle(in, PyArray_SIZE(x), numbers)];
        return true;
    });
    if (done) return y;
    Py_RETURN_NONE;
}

PyObject* median_of_rows(PyObject*, PyObject* const* args, Py_ssize_t n) {
    return of_rows(args, n, []<class T>() {
        return [numbers = std::vector<T>()](const T* x, int64_t n) mutable { return middle(x, n, numbers); };
    });
}

PyObject* mode_of_rows(PyObject*, PyObject* const* args, Py_ssize_t n) {
    return of_rows(args, n, []<class T>() {
        return [pairs = std::vector<std::pair<T, int64_t>>()](const T* x, int64_t n) mutable {
            return most_frequent(x, n, pairs);
        };
    });
}

}  // namespace rl
