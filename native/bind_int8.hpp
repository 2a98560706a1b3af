// linear_int8 as a Python function. Part of bind.cpp.
#pragma once
#include "bind.hpp"
#include "gemm_int8.hpp"

namespace rl::RL_ISA {
namespace {

// linear_int8(x (*, K), packed (O / 16 up, K / 4 up, 16, 4), sums (O / 16 up * 16), scale, b (O) or None,
// O) -> (*, O)
PyObject* linear_int8_(Args a, Py_ssize_t n) {
    In x, packed, sums, b;
    double scale;
    i64 out;
    if (n != 6 || !x.read_as(a[0], NPY_FLOAT) || !packed.read_as(a[1], NPY_INT8)) return nullptr;
    if (!sums.read_as(a[2], NPY_INT32) || !read(a[3], scale) || !read(a[5], out)) return nullptr;
    if (!b.read_optional_like(a[4], x) || x.nd() < 1 || packed.nd() != 4 || out < 1) return nullptr;
    const i64 in = x.dim(-1), groups = packed.dim(0);
    if (in < 1 || x.rows() < 1 || groups != (out + OUTPUTS - 1) / OUTPUTS) return nullptr;
    if (packed.dim(1) != (in + DEEP - 1) / DEEP || packed.dim(2) != OUTPUTS || packed.dim(3) != DEEP)
        return nullptr;
    if (sums.size() != groups * OUTPUTS || (b && (b.nd() != 1 || b.dim(0) != out))) return nullptr;
    Out y(x, out);
    if (!y) return nullptr;
    const Int8Weights w{packed.data<std::int8_t>(), sums.data<std::int32_t>(), out, in, float(scale)};
    bool good;
    {
        NoGil unlocked(x.rows() * in * out / 32 >= LONG_WORK);
        good = linear_int8(w, x.data<float>(), x.rows(), b.data<float>(), y.data<float>());
    }
    return good ? y.release() : nullptr;
}

}  // namespace
}  // namespace rl::RL_ISA
