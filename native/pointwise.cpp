// Activations, their derivatives and arithmetic: the formulas. T is float or double, V a register
// of T's; in a derivative g stands for dy.
#include "pointwise.hpp"

#include "functions.hpp"
#include "maps.hpp"
#include "normal.hpp"

namespace rl::RL_ISA {
namespace {

// d/dx of x Φ(x), Φ the normal distribution function: Φ(x) + x φ(x).
template <class V>
RL_INLINE V gelu_slope(V x) {
    using T = Lane<V>;
    return normal_cdf(x) + x * exp(T(-0.5) * x * x) * T(0.5 * M_SQRT1_2 * M_2_SQRTPI);
}

// The approximation 0.5 x (1 + tanh u), u = sqrt(2/π) (x + 0.044715 x³), and its slope.
template <class V>
RL_INLINE V gelu_tanh_inner(V x) {
    using T = Lane<V>;
    return T(M_SQRT1_2 * M_2_SQRTPI) * (x + T(0.044715) * x * x * x);
}
template <class V>
RL_INLINE V gelu_tanh_slope(V x) {
    using T = Lane<V>;
    const V t = tanh(gelu_tanh_inner(x));
    const V du = T(M_SQRT1_2 * M_2_SQRTPI) * (1 + T(3 * 0.044715) * x * x);
    return T(0.5) * (1 + t) + T(0.5) * x * (1 - t * t) * du;
}

template <class V>
RL_INLINE V silu_slope(V x) {
    const V s = sigmoid(x);
    return s * (1 + x * (1 - s));
}

// log(1 + e^x) without overflow
template <class V>
RL_INLINE V softplus_1(V x) {
    return (x > 0 ? x : V{}) + log1p(exp(-abs(x)));
}

// tanh(log(1 + e^x)) = w / (w + 2) with w = e^x (e^x + 2); 1 to the last place from 20 on
template <class V>
RL_INLINE V tanh_softplus(V x) {
    const V e = exp(x > 20 ? all(Lane<V>(20)) : x), w = e * (e + 2);
    return w / (w + 2);
}
template <class V>
RL_INLINE V mish_slope(V x) {
    const V t = tanh_softplus(x);
    return t + x * (1 - t * t) * sigmoid(x);
}

constexpr double SELU_ALPHA = 1.6732632423543772848170429916717;
constexpr double SELU_SCALE = 1.0507009873554804934193349852946;

// x where it is above 0, else f(x): registers of such numbers alone do not ask for f.
template <class V, class G>
RL_INLINE V above_or(V x, G f) {
    if (all_above_zero(x)) return x;
    return x > 0 ? x : f(x > 0 ? V{} : x);
}
// g where x is above 0 or NaN, else f(x)
template <class V, class G>
RL_INLINE V slope_above_or(V g, V x, G f) {
    if (all_above_zero(x)) return g;
    return x <= 0 ? f(x > 0 ? V{} : x) : g;
}
template <class V>
RL_INLINE V expm1_below(V x) {
    return expm1(x > 0 ? V{} : x);
}
template <class V>
RL_INLINE V exp_below(V x) {
    return exp(x > 0 ? V{} : x);
}

// x³; of bfloat16 x² is rounded, as PyTorch's is
template <class U, class V>
RL_INLINE V cube_of(V x) {
    if constexpr (std::is_same_v<U, Brain>) return (V)(rounded(x * x) & 0xffff0000u) * x;
    else return x * x * x;
}

// f of the bits of two-byte floats, whose sign is one of them
template <class U, class G>
void of_bits(const U* x, U* y, i64 n, G f) {
    parallel(n, even_blocks(n, LIGHT), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) y[i].bits = f(x[i].bits);
    });
}

}  // namespace

// clang-format off: it takes x * x for a pointer
//
// The comparisons are written so that NaN comes through: x < 0 ? 0 : x, not x > 0 ? x : 0. U is what the
// numbers are in memory.

#define UNARY(name, cost, formula)                                              \
    template <class U>                                                          \
    void name(const U* px, U* py, i64 n) {                                      \
        using T = Wide<U>;                                                      \
        using V = Reg<T>;                                                       \
        map<cost>(n, [](V x) -> V { return formula; }, py, px);                 \
    }                                                                           \
    template void name(const Half*, Half*, i64);                                \
    template void name(const Brain*, Brain*, i64);                              \
    template void name(const float*, float*, i64);                              \
    template void name(const double*, double*, i64);

#define SIGN(name, formula, bits_formula)                                       \
    template <class U>                                                          \
    void name(const U* px, U* py, i64 n) {                                      \
        if constexpr (sizeof(U) == 2)                                           \
            of_bits(px, py, n, [](std::uint16_t x) { return std::uint16_t(bits_formula); }); \
        else map<LIGHT>(n, [](Reg<U> x) -> Reg<U> { return formula; }, py, px); \
    }                                                                           \
    template void name(const Half*, Half*, i64);                                \
    template void name(const Brain*, Brain*, i64);                              \
    template void name(const float*, float*, i64);                              \
    template void name(const double*, double*, i64);

SIGN(neg, -x, x ^ 0x8000)
SIGN(abs, abs(x), x & 0x7fff)
UNARY(frac, LIGHT, x - whole<TO_ZERO>(x))
UNARY(cube, LIGHT, cube_of<U>(x))
UNARY(square, LIGHT, x * x)
UNARY(sqrt, LIGHT, sqrt(x))
UNARY(rsqrt, LIGHT, 1 / sqrt(x))
UNARY(reciprocal, LIGHT, 1 / x)
UNARY(relu, LIGHT, x < 0 ? V{} : x)
UNARY(relu6, LIGHT, x < 0 ? V{} : x > 6 ? all(T(6)) : x)
UNARY(hardsigmoid, LIGHT, x < -3 ? V{} : x > 3 ? all(T(1)) : (x + 3) * T(1. / 6))
UNARY(hardswish, LIGHT, x < -3 ? V{} : x > 3 ? x : x * (x + 3) * T(1. / 6))
UNARY(softsign, LIGHT, x / (1 + abs(x)))
UNARY(exp, HEAVY, exp(x))
UNARY(expm1, HEAVY, expm1(x))
UNARY(log, HEAVY, log(x))
UNARY(log1p, HEAVY, log1p(x))
UNARY(tanh, HEAVY, tanh(x))
UNARY(erf, HEAVY, erf(x))
UNARY(sin, HEAVY, sin(x))
UNARY(cos, HEAVY, cos(x))
UNARY(sigmoid, HEAVY, sigmoid(x))
UNARY(silu, HEAVY, x * sigmoid(x))
UNARY(mish, HEAVY, x * tanh_softplus(x))
UNARY(log_sigmoid, HEAVY, 0 - softplus_1(-x))
UNARY(selu, HEAVY, T(SELU_SCALE) * above_or(x, [](V v) { return T(SELU_ALPHA) * expm1(v); }))

#define UNARY_1(name, cost, formula)                                            \
    template <class U>                                                          \
    void name(const U* px, U* py, i64 n, double p) {                            \
        using T = Wide<U>;                                                      \
        using V = Reg<T>;                                                       \
        map<cost>(n, [a = T(p)](V x) -> V { return formula; }, py, px);         \
    }                                                                           \
    template void name(const Half*, Half*, i64, double);                        \
    template void name(const Brain*, Brain*, i64, double);                      \
    template void name(const float*, float*, i64, double);                      \
    template void name(const double*, double*, i64, double);

UNARY_1(leaky_relu, LIGHT, x > 0 ? x : x * a)
UNARY_1(elu, HEAVY, above_or(x, [=](V v) { return a * expm1(v); }))
UNARY_1(celu, HEAVY, above_or(x, [=](V v) { return a * expm1_below(v / a); }))

// approximate: 1 for the tanh approximation, 0 for the exact function
template <class U>
void gelu(const U* x, U* y, i64 n, double approximate) {
    using T = Wide<U>;
    using V = Reg<T>;
    if (approximate != 0)
        map<HEAVY>(n, [](V v) -> V { return T(0.5) * v * (1 + tanh(gelu_tanh_inner(v))); }, y, x);
    else
        map<HEAVY>(n, [](V v) -> V { return times_normal_cdf(v); }, y, x);
}
template <class U>
void gelu_dx(const U* dy, const U* x, U* dx, i64 n, double approximate) {
    using T = Wide<U>;
    using V = Reg<T>;
    if (approximate != 0)
        map<HEAVY>(n, [](V g, V v) -> V { return g * gelu_tanh_slope(v); }, dx, dy, x);
    else
        map<HEAVY>(n, [](V g, V v) -> V { return g * gelu_slope(v); }, dx, dy, x);
}
#define GELU(T)                                                                 \
    template void gelu(const T*, T*, i64, double);                              \
    template void gelu_dx(const T*, const T*, T*, i64, double);
GELU(Half)
GELU(Brain)
GELU(float)
GELU(double)

#define UNARY_2(name, cost, formula)                                            \
    template <class U>                                                          \
    void name(const U* px, U* py, i64 n, double p, double q) {                  \
        using T = Wide<U>;                                                      \
        using V = Reg<T>;                                                       \
        map<cost>(n, [a = T(p), b = T(q)](V x) -> V { return formula; }, py, px); \
    }                                                                           \
    template void name(const Half*, Half*, i64, double, double);                \
    template void name(const Brain*, Brain*, i64, double, double);              \
    template void name(const float*, float*, i64, double, double);              \
    template void name(const double*, double*, i64, double, double);

// a = beta, b = threshold
UNARY_2(softplus, HEAVY, x * a > b ? x : softplus_1(x * a) / a)
// a = lowest, b = highest
UNARY_2(hardtanh, LIGHT, x < a ? all(a) : x > b ? all(b) : x)
// a = threshold, b = the value at and below it
UNARY_2(threshold, LIGHT, x <= a ? all(b) : x)

#define DX(name, cost, formula)                                                 \
    template <class U>                                                          \
    void name(const U* pg, const U* px, U* py, i64 n) {                         \
        using T = Wide<U>;                                                      \
        using V = Reg<T>;                                                       \
        map<cost>(n, [](V g, V x) -> V { return formula; }, py, pg, px);        \
    }                                                                           \
    template void name(const Half*, const Half*, Half*, i64);                   \
    template void name(const Brain*, const Brain*, Brain*, i64);                \
    template void name(const float*, const float*, float*, i64);                \
    template void name(const double*, const double*, double*, i64);

// For the first three x stands for the output y.
DX(relu_dx, LIGHT, x <= 0 ? V{} : g)
DX(sigmoid_dx, LIGHT, g * (1 - x) * x)
DX(tanh_dx, LIGHT, g * (1 - x * x))
DX(relu6_dx, LIGHT, x <= 0 || x >= 6 ? V{} : g)
DX(hardsigmoid_dx, LIGHT, x <= -3 || x >= 3 ? V{} : g * T(1. / 6))
DX(hardswish_dx, LIGHT, x <= -3 ? V{} : x < 3 ? g * (x * T(1. / 3) + T(0.5)) : g)
DX(softsign_dx, LIGHT, g / ((1 + abs(x)) * (1 + abs(x))))
DX(silu_dx, HEAVY, g * silu_slope(x))
DX(mish_dx, HEAVY, g * mish_slope(x))
DX(log_sigmoid_dx, HEAVY, g * sigmoid(-x))
DX(selu_dx, HEAVY, T(SELU_SCALE) * slope_above_or(g, x, [=](V v) { return g * T(SELU_ALPHA) * exp(v); }))

#define DX_1(name, cost, formula)                                               \
    template <class U>                                                          \
    void name(const U* pg, const U* px, U* py, i64 n, double p) {               \
        using T = Wide<U>;                                                      \
        using V = Reg<T>;                                                       \
        map<cost>(n, [a = T(p)](V g, V x) -> V { return formula; }, py, pg, px); \
    }                                                                           \
    template void name(const Half*, const Half*, Half*, i64, double);           \
    template void name(const Brain*, const Brain*, Brain*, i64, double);        \
    template void name(const float*, const float*, float*, i64, double);        \
    template void name(const double*, const double*, double*, i64, double);

DX_1(leaky_relu_dx, LIGHT, x > 0 ? g : g * a)
// a NaN x passes the gradient on, as in PyTorch
DX_1(elu_dx, HEAVY, slope_above_or(g, x, [=](V v) { return g * a * exp(v); }))
DX_1(celu_dx, HEAVY, slope_above_or(g, x, [=](V v) { return g * exp_below(v / a); }))

#define DX_2(name, cost, formula)                                               \
    template <class U>                                                          \
    void name(const U* pg, const U* px, U* py, i64 n, double p, double q) {     \
        using T = Wide<U>;                                                      \
        using V = Reg<T>;                                                       \
        map<cost>(n, [a = T(p), b = T(q)](V g, V x) -> V { return formula; }, py, pg, px); \
    }                                                                           \
    template void name(const Half*, const Half*, Half*, i64, double, double);   \
    template void name(const Brain*, const Brain*, Brain*, i64, double, double);\
    template void name(const float*, const float*, float*, i64, double, double); \
    template void name(const double*, const double*, double*, i64, double, double);

DX_2(softplus_dx, HEAVY, x * a > b ? g : g * sigmoid(x * a))
DX_2(hardtanh_dx, LIGHT, x <= a || x >= b ? V{} : g)
DX_2(threshold_dx, LIGHT, x <= a ? V{} : g)

#define BINARY(name, formula)                                                   \
    template <class T>                                                          \
    void name(const T* px, i64 nx, const T* py, i64 ny, T* pz, i64 n) {         \
        const auto f = [](auto x, auto y) { return formula; };                  \
        if constexpr (std::is_same_v<T, std::uint64_t>) zip_whole(px, nx, py, ny, pz, n, f); \
        else zip<LIGHT>(px, nx, py, ny, pz, n, f);                              \
    }                                                                           \
    template void name(const Half*, i64, const Half*, i64, Half*, i64);         \
    template void name(const Brain*, i64, const Brain*, i64, Brain*, i64);      \
    template void name(const float*, i64, const float*, i64, float*, i64);      \
    template void name(const double*, i64, const double*, i64, double*, i64);

BINARY(add, x + y)
BINARY(sub, x - y)
BINARY(mul, x * y)
#define WHOLE(name)                                                                       \
    template void name(const std::uint64_t*, i64, const std::uint64_t*, i64, std::uint64_t*, i64);
WHOLE(add)
WHOLE(sub)
WHOLE(mul)
BINARY(div, x / y)

void clamp(const i64* x, i64 low, i64 high, i64* y, i64 n) {
    const auto f = [=](D v) {
        const I64 above = (I64)v < low ? low - I64{} : (I64)v;
        return (D)(above > high ? high - I64{} : above);
    };
    map<LIGHT>(n, f, reinterpret_cast<double*>(y), reinterpret_cast<const double*>(x));
}

}  // namespace rl::RL_ISA
