// Kernels that treat each number by itself. n numbers each; x, y, dy and z may be the same memory. Of float,
// double and (float16 and bfloat16: their bits) Half and Brain, whose numbers are computed in float.
#pragma once
#include "simd.hpp"

// clang-format off
// y = f(x)
#define RL_UNARY(X)                                                                               \
    X(neg) X(abs) X(frac) X(cube) X(exp) X(expm1) X(log) X(log1p) X(sqrt) X(rsqrt) X(reciprocal) X(square)        \
    X(relu) X(sigmoid) X(tanh) X(erf) X(silu) X(mish) X(selu) X(relu6) X(log_sigmoid)             \
    X(softsign) X(hardswish) X(hardsigmoid) X(sin) X(cos)

// y = f(x, a) and y = f(x, a, b): numbers a, b
#define RL_UNARY_1(X) X(gelu) X(leaky_relu) X(elu) X(celu)
#define RL_UNARY_2(X) X(softplus) X(hardtanh) X(threshold)

// dx = f(dy, y) for relu, sigmoid and tanh, else dx = f(dy, x)
#define RL_DX(X)                                                                                  \
    X(relu_dx) X(sigmoid_dx) X(tanh_dx) X(silu_dx) X(mish_dx) X(selu_dx) X(relu6_dx)              \
    X(log_sigmoid_dx) X(softsign_dx) X(hardswish_dx) X(hardsigmoid_dx)
#define RL_DX_1(X) X(gelu_dx) X(leaky_relu_dx) X(elu_dx) X(celu_dx)
#define RL_DX_2(X) X(softplus_dx) X(hardtanh_dx) X(threshold_dx)

// z = f(x, y) by broadcasting: x has nx numbers and y has ny; both divide n, one of them is n. Also of
// uint64, but for div, of which the other one is one number or n. (And what NumPy calls them.)
#define RL_BINARY(X) X(add, "add") X(sub, "subtract") X(mul, "multiply") X(div, "divide")

namespace rl::RL_ISA {

struct Half {
    std::uint16_t bits;
};
struct Brain {
    std::uint16_t bits;
};

#define UNARY(f) template <class T> void f(const T* x, T* y, i64 n);
#define UNARY_1(f) template <class T> void f(const T* x, T* y, i64 n, double a);
#define UNARY_2(f) template <class T> void f(const T* x, T* y, i64 n, double a, double b);
#define DX(f) template <class T> void f(const T* dy, const T* x, T* dx, i64 n);
#define DX_1(f) template <class T> void f(const T* dy, const T* x, T* dx, i64 n, double a);
#define DX_2(f) \
    template <class T> void f(const T* dy, const T* x, T* dx, i64 n, double a, double b);
#define BINARY(f, numpy) template <class T> void f(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n);
RL_UNARY(UNARY)
RL_UNARY_1(UNARY_1)
RL_UNARY_2(UNARY_2)
RL_DX(DX)
RL_DX_1(DX_1)
RL_DX_2(DX_2)
RL_BINARY(BINARY)
#undef UNARY
#undef UNARY_1
#undef UNARY_2
#undef DX
#undef DX_1
#undef DX_2
#undef BINARY

// y = min(max(x, low), high)
void clamp(const i64* x, i64 low, i64 high, i64* y, i64 n);

}  // namespace rl::RL_ISA
