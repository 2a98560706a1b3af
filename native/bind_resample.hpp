// Resizing and sampling as Python functions. Part of bind.cpp.
#pragma once
#include "bind.hpp"
#include "grid_sample.hpp"
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

// mode, padding, align; the shapes of x (N, C, *S) and of the grid (N, *L, r)
bool sampler(Args a, const npy_intp* x, int nd, const In& grid, Sampler& g) {
    i64 mode, padding;
    if (nd < 4 || nd > 5 || grid.nd() != nd || grid.dim(-1) != nd - 2 || grid.dim(0) != x[0])
        return false;
    if (!read(a[0], mode) || !read(a[1], padding) || !read(a[2], g.align)) return false;
    if (mode < 0 || mode > (nd == 4 ? 2 : 1) || padding < 0 || padding > 2) return false;
    g.n = x[0], g.c = x[1], g.rank = nd - 2, g.mode = int(mode), g.padding = int(padding);
    g.places = 1;
    g.size[0] = nd == 5 ? x[2] : 1, g.size[1] = x[nd - 2], g.size[2] = x[nd - 1];
    for (int i = 1; i < nd - 1; i++) g.places *= grid.dim(i);
    double cells = 1;
    for (i64 n : g.size) {
        if (n < 1) return false;
        cells *= double(n);
    }
    return cells < double(i64(1) << 31);
}

i64 sampling_work(const Sampler& g) { return g.n * g.c * g.places * 4; }

// dy (N, C, *L) of these places
bool fits(const In& dy, const In& grid, const Sampler& g) {
    if (dy.nd() != grid.nd() || dy.dim(0) != g.n || dy.dim(1) != g.c) return false;
    for (int i = 2; i < dy.nd(); i++)
        if (dy.dim(i) != grid.dim(i - 1)) return false;
    return true;
}

// grid_sample(x, grid, mode, padding, align) -> y
PyObject* grid_sample_(Args a, Py_ssize_t n) {
    In x, grid;
    Sampler g;
    if (n != 5 || !x.read(a[0]) || !grid.read_like(a[1], x)) return nullptr;
    if (!sampler(a + 2, x.dims(), x.nd(), grid, g)) return nullptr;
    npy_intp dims[5] = {g.n, g.c};
    for (int i = 2; i < x.nd(); i++) dims[i] = grid.dim(i - 1);
    Out y(x.nd(), dims, x.type());
    if (!y) return nullptr;
    compute(x.type(), sampling_work(g),
            [&]<class T>() { grid_sample(g, x.data<T>(), grid.data<T>(), y.data<T>()); });
    return y.release();
}

// grid_sample_dx(dy, grid, x_shape, mode, padding, align) -> dx
PyObject* grid_sample_dx_(Args a, Py_ssize_t n) {
    In dy, grid;
    Sampler g;
    if (n != 6 || !dy.read(a[0]) || !grid.read_like(a[1], dy) || !PyTuple_CheckExact(a[2]))
        return nullptr;
    const int nd = int(PyTuple_GET_SIZE(a[2]));
    if (nd < 4 || nd > 5) return nullptr;
    npy_intp dims[5];
    for (int i = 0; i < nd; i++) {
        i64 size;
        if (!read(PyTuple_GET_ITEM(a[2], i), size) || size < 0) return nullptr;
        dims[i] = size;
    }
    if (!sampler(a + 3, dims, nd, grid, g) || !fits(dy, grid, g)) return nullptr;
    Out dx(nd, dims, dy.type());
    if (!dx) return nullptr;
    compute(dy.type(), sampling_work(g),
            [&]<class T>() { grid_sample_dx(g, dy.data<T>(), grid.data<T>(), dx.data<T>()); });
    return dx.release();
}

// grid_sample_dgrid(dy, x, grid, mode, padding, align) -> dgrid
PyObject* grid_sample_dgrid_(Args a, Py_ssize_t n) {
    In dy, x, grid;
    Sampler g;
    if (n != 6 || !dy.read(a[0]) || !x.read_like(a[1], dy) || !grid.read_like(a[2], dy))
        return nullptr;
    if (!sampler(a + 3, x.dims(), x.nd(), grid, g) || !fits(dy, grid, g) || g.mode == 1)
        return nullptr;
    Out dgrid(grid);
    if (!dgrid) return nullptr;
    compute(dy.type(), sampling_work(g), [&]<class T>() {
        grid_sample_dgrid(g, dy.data<T>(), x.data<T>(), grid.data<T>(), dgrid.data<T>());
    });
    return dgrid.release();
}

}  // namespace
}  // namespace rl::RL_ISA
