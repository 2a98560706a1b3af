// Resizing as a Python function. Part of bind.cpp.
#pragma once
#include "bind.hpp"
#include "resample.hpp"

namespace rl::RL_ISA {
namespace {

// The filter of one dimension: (index (T, L) int32, weight (T, L), size).
struct Filter {
    In index, weight;
    i64 size = 0;

    bool set(PyObject* o, const In& x, int axis) {
        if (!PyTuple_Check(o) || PyTuple_GET_SIZE(o) != 3 ||
            !index.read_as(PyTuple_GET_ITEM(o, 0), NPY_INT32) ||
            !weight.read_like(PyTuple_GET_ITEM(o, 1), x) || !read(PyTuple_GET_ITEM(o, 2), size))
            return false;
        if (index.nd() != 2 || !index.same_shape(weight) || size != x.dim(axis)) return false;
        if (index.size() == 0 || size < 1 || size > (i64(1) << 30)) return false;
        const std::int32_t* i = index.data<std::int32_t>();
        for (i64 k = 0; k < index.size(); k++)
            if (i[k] < -1 || i[k] >= size) return false;
        return true;
    }
};

// resample(x (*, *S), filters) -> y (*, *L): see kernels/filters.py
PyObject* resample_(Args a, Py_ssize_t n) {
    In x;
    if (n != 2 || !x.read(a[0]) || !PyTuple_Check(a[1])) return nullptr;
    const int rank = int(PyTuple_GET_SIZE(a[1]));
    if (rank < 1 || rank > 3 || x.nd() < rank) return nullptr;
    Filter filters[3];
    npy_intp dims[NPY_MAXDIMS];
    i64 planes = 1, work = 1;
    for (int i = 0; i < x.nd(); i++) dims[i] = x.dim(i);
    for (int i = 0; i < x.nd() - rank; i++) planes *= dims[i];
    for (int i = 0; i < rank; i++) {
        if (!filters[i].set(PyTuple_GET_ITEM(a[1], i), x, i - rank)) return nullptr;
        dims[x.nd() - rank + i] = filters[i].index.dim(1);
        work *= filters[i].index.dim(1);
    }
    Out y(x.nd(), dims, x.type());
    if (!y) return nullptr;
    compute(x.type(), planes * work * 4, [&]<class T>() {
        Taps<T> taps[3];
        for (int i = 0; i < rank; i++) {
            const Filter& f = filters[i];
            taps[i] = {f.index.dim(0), f.size, f.index.dim(1), f.index.data<std::int32_t>(),
                       f.weight.data<T>()};
        }
        resample(planes, rank, taps, x.data<T>(), y.data<T>());
    });
    return y.release();
}

}  // namespace
}  // namespace rl::RL_ISA
