// The arguments of a batched product. Part of the binding.
#pragma once
#include "bind.hpp"
#include "gemm.hpp"
#include "parallel.hpp"

namespace rl::RL_ISA {

// The last two dimensions of an array of T, by its strides.
template <class T>
Matrix<T> last_two(PyArrayObject* a) {
    const int nd = PyArray_NDIM(a);
    constexpr i64 SIZE = sizeof(T);
    return {static_cast<const T*>(PyArray_DATA(a)), PyArray_STRIDE(a, nd - 2) / SIZE,
            PyArray_STRIDE(a, nd - 1) / SIZE};
}

// x (..., M, K) times y (..., K, N) of any strides; leading dimensions are broadcast.
struct Batches {
    int nd;
    npy_intp dims[NPY_MAXDIMS];  // of the result
    i64 count = 1, m, n, k;
    i64 x_steps[NPY_MAXDIMS], y_steps[NPY_MAXDIMS];  // along the leading dimensions, in numbers

    // False: shapes that do not fit, or a vector.
    bool read(PyArrayObject* x, PyArrayObject* y) {
        const int nx = PyArray_NDIM(x), ny = PyArray_NDIM(y);
        const i64 size = PyArray_ITEMSIZE(x);
        if (nx < 2 || ny < 2) return false;
        nd = nx > ny ? nx : ny;
        for (int i = 0; i < nd - 2; i++) {
            const int ix = i - (nd - nx), iy = i - (nd - ny);
            const i64 dx = ix < 0 ? 1 : PyArray_DIM(x, ix), dy = iy < 0 ? 1 : PyArray_DIM(y, iy);
            if (dx != dy && dx != 1 && dy != 1) return false;
            dims[i] = dx == 1 ? dy : dx;
            count *= dims[i];
            x_steps[i] = dx == 1 ? 0 : PyArray_STRIDE(x, ix) / size;
            y_steps[i] = dy == 1 ? 0 : PyArray_STRIDE(y, iy) / size;
        }
        m = PyArray_DIM(x, nx - 2), k = PyArray_DIM(x, nx - 1), n = PyArray_DIM(y, ny - 1);
        dims[nd - 2] = m;
        dims[nd - 1] = n;
        return PyArray_DIM(y, ny - 2) == k;
    }

    // f(matrix of x, matrix of y, z of that product) for each; `enough`: multiply-adds of a task
    template <class T, class G>
    void each(Matrix<T> x, Matrix<T> y, T* z, i64 enough, G f) const {
        const auto one = [&](i64 i) {
            Matrix<T> p = x, q = y;
            for (i64 d = nd - 3, rest = i; d >= 0; rest /= dims[d--]) {
                p.p += rest % dims[d] * x_steps[d];
                q.p += rest % dims[d] * y_steps[d];
            }
            f(p, q, z + i * m * n);
        };
        const i64 some = count >= 4 ? rows_per_block(m * n * k, enough) : count;
        parallel(count, some, [&](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) one(i);
        });
    }
};

}  // namespace rl::RL_ISA
