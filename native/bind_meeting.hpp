// How two arrays meet by broadcasting.
#pragma once
#include <algorithm>

#include "bind.hpp"

namespace rl::RL_ISA {

// Two arrays of any layout as rows of n numbers, of which an operand has n side by side or one. Its rows
// may lie anywhere in row-major order, or be one row for many.
struct RowByRow {
    int nd = 0, outer = 0;                            // the result's dimensions; those of the rows
    npy_intp dims[NPY_MAXDIMS], steps[2][NPY_MAXDIMS];  // in bytes, 0: repeated
    i64 rows = 1, n = 1;
    bool many[2] = {};

    bool read(PyArrayObject* const (&x)[2]) {
        constexpr i64 SHORT_ROW = 16;  // which is not worth a call
        const npy_intp item = PyArray_ITEMSIZE(x[0]);
        nd = std::max(PyArray_NDIM(x[0]), PyArray_NDIM(x[1]));
        for (int i = 0; i < nd; i++) {
            dims[i] = 1;
            for (int k = 0; k < 2; k++) {
                const int d = i - (nd - PyArray_NDIM(x[k]));
                const npy_intp size = d < 0 ? 1 : PyArray_DIM(x[k], d);
                steps[k][i] = size == 1 ? 0 : PyArray_STRIDE(x[k], d);
                if (size == 0 || (size != 1 && dims[i] != 1 && dims[i] != size)) return false;
                if (size != 1) dims[i] = size;
            }
        }
        int i = nd - 1;
        for (bool begun = false; i >= 0; i--) {
            if (dims[i] == 1) continue;
            bool follows = true;
            for (int k = 0; k < 2; k++) {
                if (!begun) many[k] = steps[k][i] == item;
                follows = follows && steps[k][i] == (many[k] ? item * n : 0);
            }
            if (!follows) break;
            begun = true;
            n *= dims[i];
        }
        if (n < SHORT_ROW || !(many[0] || many[1])) return false;
        outer = i + 1;
        for (int k = 0; k < 2; k++) {
            npy_intp inside = many[k] ? item * n : 1;
            for (int j = i; j >= 0; j--) {
                if (steps[k][j] == 0) continue;
                if (steps[k][j] < inside) return false;
                inside = steps[k][j];
            }
        }
        for (int j = 0; j < outer; j++) rows *= dims[j];
        return true;
    }
};

}  // namespace rl::RL_ISA
