// More kernels that treat each number by itself: signs, mixtures of two or three arrays, rounding, remainders.
#pragma once
#include "simd.hpp"

// Whether they have loops of their own for two-byte floats; without, these go through those of float, 2048 at a time
// (`narrowed`, bind_pointwise.hpp), in a smaller file.
#if defined(__AVX2__) || defined(__aarch64__)
#define RL_NARROW_FORMULAS 1
#endif

// clang-format off
// f(arrays..., numbers...), element by element: how many of each
#define RL_FORMULAS(X)                                                                             \
    X(sign, 1, 0, "(x)") X(hardshrink, 1, 1, "(x, a)") X(softshrink, 1, 1, "(x, a)")               \
    X(huber, 1, 1, "(x, a)") X(huber_slope, 1, 1, "(x, a)") X(smooth_l1, 1, 1, "(x, a)")           \
    X(smooth_l1_slope, 1, 1, "(x, a)")                                                             \
    X(finite, 1, 3, "(x, nan, above, below)") X(add_scaled, 2, 1, "(x, y, a)")                     \
    X(lerp_number, 2, 1, "(x, y, w)") X(lerp, 3, 0, "(x, y, w)")                                   \
    X(addcmul, 3, 1, "(x, y, z, a)") X(addcdiv, 3, 1, "(x, y, z, a)")                              \
    X(bce_logits, 2, 0, "(x, y)") X(bce_logits_weighted, 3, 0, "(x, y, w)")                        \
    X(bce_logits_dx, 3, 0, "(dy, x, y)")

// y = f(x), computed in double (elementary.cpp); two-byte floats go through those of float, 2048 at a time
// (`narrowed`, bind_pointwise.hpp)
#define RL_CURVES(X)                                                                               \
    X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(asinh) X(acosh) X(atanh) X(erfc) X(erfinv)    \
    X(digamma) X(i0)

// z = f(x, y) by broadcasting, as RL_BINARY, of float and double; two-byte floats go through those of float
// (`narrowed_pairs`), integers through NumPy's. (And what NumPy calls them.)
#define RL_REMAINDERS(X)                                                                           \
    X(logaddexp, "logaddexp") X(copysign, "copysign") X(atan2, "arctan2") X(hypot, "hypot")        \
    X(logaddexp2, "logaddexp2")
// The same of int64 (its bits), too, 0 where y is 0.
#define RL_QUOTIENTS(X)                                                                            \
    X(fmod, "fmod") X(remainder, "remainder") X(floor_divide, "floor_divide")

// f(array) or f(array, array) of two-byte floats, in registers; other dtypes and layouts by the loops of NumPy's f
#define RL_ROUNDINGS(X) X(floor, "floor") X(ceil, "ceil") X(trunc, "trunc") X(round, "rint")
#define RL_EXTREMES(X) X(maximum, "maximum") X(minimum, "minimum") X(fmax, "fmax") X(fmin, "fmin")
// clang-format on

namespace rl::RL_ISA {

template <class T>
void sign(const T* x, T* y, i64 n);
template <class T>
void hardshrink(const T* x, T* y, i64 n, double a);
template <class T>
void softshrink(const T* x, T* y, i64 n, double a);
template <class T>
void huber(const T* x, T* y, i64 n, double a);
template <class T>
void huber_slope(const T* x, T* y, i64 n, double a);
template <class T>
void smooth_l1(const T* x, T* y, i64 n, double a);
template <class T>
void smooth_l1_slope(const T* x, T* y, i64 n, double a);
template <class T>
void finite(const T* x, T* y, i64 n, double nan, double above, double below);
// x + a y
template <class T>
void add_scaled(const T* x, const T* y, T* z, i64 n, double a);
// x + w (y - x), rest = 1 - w
template <class T>
void lerp_number(const T* x, const T* y, T* z, i64 n, double w);
template <class T>
void lerp(const T* x, const T* y, const T* w, T* z, i64 n);
// x + a y z, x + a y / z
template <class T>
void addcmul(const T* x, const T* y, const T* z, T* r, i64 n, double a);
template <class T>
void addcdiv(const T* x, const T* y, const T* z, T* r, i64 n, double a);

// (1 - y) x + log(1 + e^-x), the latter (1 + (w - 1) y) times; dy (sigmoid(x) - y)
template <class T>
void bce_logits(const T* x, const T* y, T* z, i64 n);
template <class T>
void bce_logits_weighted(const T* x, const T* y, const T* w, T* z, i64 n);
template <class T>
void bce_logits_dx(const T* dy, const T* x, const T* y, T* dx, i64 n);

template <class T>
void exp2(const T* x, T* y, i64 n);
#define CURVE(f) template <class T> void f(const T* x, T* y, i64 n);
RL_CURVES(CURVE)
CURVE(log2)
CURVE(log10)
#undef CURVE
#define REMAINDER(f, numpy) template <class T> void f(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n);
RL_REMAINDERS(REMAINDER)
RL_QUOTIENTS(REMAINDER)
#undef REMAINDER
// x / y without its fraction
template <class T>
void trunc_divide(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n);
// of float alone
template <class T>
void power(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n);
template <class T>
void nextafter(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n);

#define ROUNDING(f, numpy) template <class T> void f##_narrow(const T* x, T* y, i64 n);
#define EXTREME(f, numpy) template <class T> void f##_narrow(const T* x, const T* y, T* z, i64 n);
RL_ROUNDINGS(ROUNDING)
RL_EXTREMES(EXTREME)
#undef ROUNDING
#undef EXTREME

}  // namespace rl::RL_ISA
