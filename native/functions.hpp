// exp, log, tanh, ... of a register of floats, within 2 units in the last place of the true value,
// right for infinities, NaN and denormals. Of doubles: the C library's, lane by lane.
//
// The coefficients come from tools/fit_polynomials.py.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// c[0] + c[1] x + c[2] x² + ...
template <class... C>
RL_INLINE F polynomial(F x, float c0, C... c) {
    if constexpr (sizeof...(c) == 0) return all(c0);
    else return fma(x, polynomial(x, c...), all(c0));
}

// e^x for -104 <= x <= 89 or NaN: 2^n e^r with n a whole number and |r| <= log(2) / 2.
RL_INLINE F exp_within(F x) {
    const float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds
    const F n = fma(x, all(1.44269504f), all(round)) - round;
    F r = fma(n, all(-0.693359375f), x);  // log(2) in two parts; the first has few bits: exact
    r = fma(n, all(2.12194440e-4f), r);
    const F tail = polynomial(r, 0.5f, 0.166666657f, 0.0416662805f, 0.00833350327f, 0.00139457709f,
                              0.000197895264f);
    const F y = 1 + fma(r * r, tail, r);
#if defined(__AVX512F__)
    return (F)_mm512_scalef_ps((__m512)y, (__m512)n);
#else
    const I32 k = __builtin_convertvector(n, I32), half = k >> 1;  // two steps: 2^k may overflow
    return y * (F)((half + 127) << 23) * (F)((k - half + 127) << 23);
#endif
}
// beyond: inf and 0; NaN stays
RL_INLINE F exp(F x) { return exp_within(x > 89.0f ? all(89.0f) : x < -104.0f ? all(-104.0f) : x); }

// log(x) = e log(2) + log(m) with sqrt(1/2) <= m < sqrt(2).
RL_INLINE F log(F x) {
    const I32 denormal = x < 1.17549435e-38f;
    const I32 bits = (I32)(denormal ? x * 8388608.0f : x);  // 2^23
    // unsigned: the bits of a negative x, whose result is NaN, go around
    const I32 exponent = (I32)((U32)bits - 0x3f3504f3u) >> 23;  // the bits of sqrt(1/2)
    const F f = (F)((U32)bits - ((U32)exponent << 23)) - 1;
    const F e = __builtin_convertvector(exponent + (denormal & -23), F);
    const F tail =
        polynomial(f, 0.333333105f, -0.249999866f, 0.200022265f, -0.166692421f, 0.142186418f,
                   -0.123844892f, 0.118732303f, -0.117890827f, 0.0691394806f);
    F y = fma(e, all(-2.12194440e-4f), f * f * f * tail);
    y = fma(f * f, all(-0.5f), y) + f;
    y = fma(e, all(0.693359375f), y);
    const F inf = all(__builtin_inff());
    y = x == inf ? inf : y;
    y = x == 0 ? -inf : y;
    return x < 0 || x != x ? all(__builtin_nanf("")) : y;
}

RL_INLINE F expm1(F x) {
    const F tail = polynomial(x, 0.5f, 0.166666672f, 0.0416666679f, 0.00833314098f, 0.00138885446f,
                              0.000199740301f, 2.49700988e-05f);
    return copysign(abs(x) < 0.5f ? fma(x * x, tail, x) : exp(x) - 1, x);  // the sign of -0
}

// With u = 1 + x rounded, log(u) / (u - 1) is close to log(1 + x) / x (Kahan).
RL_INLINE F log1p(F x) {
    const F u = 1 + x;
    const F inf = all(__builtin_inff());
    return u == 1 ? x : u == inf ? inf : log(u) * (x / (u - 1));
}

RL_INLINE F tanh(F x) {
    const F z = x * x;
    const F tail = polynomial(z, -0.333333284f, 0.133331582f, -0.0539405458f, 0.0216662642f,
                              -0.00809179619f, 0.00206453027f);
    const F large = 1 - 2 / (exp(2 * abs(x)) + 1);
    return copysign(abs(x) < 0.65f ? fma(x * z, tail, x) : large, x);
}

RL_INLINE F erf(F x) {
    const F z = x * x, t = abs(x) > 4.0f ? all(4.0f) : abs(x);
    // fitted, then moved in their last places so that erf(1) is rounded right (it is asked for)
    const F small =
        polynomial(z, 0.128379166f, -0.376126379f, 0.112837829f, -0.0268654451f, 0.00522107165f,
                   -0.000848470314f, 0.000112703972f, -9.67992855e-06f);
    const F exponent = polynomial(t, 1.12840605f, 0.636445343f, 0.10326732f, -0.0199241471f,
                                  0.000570058415f, 0.00125467591f, -0.000508003868f,
                                  0.000105858839f, -1.2211638e-05f, 6.16749219e-07f);
    return t <= 1.0f ? fma(x, small, x) : copysign(1 - exp(-t * exponent), x);
}

// The normal distribution function Φ(x) = erfc(-x / √2) / 2, to 1e-7; 0 below -5.66, as PyTorch's.
RL_INLINE F normal_cdf(F x) {
    const F t = abs(x) * 0.707106781f;
    const F exponent = polynomial(
        t, 1.12837911f, 0.636620104f, 0.102768674f, -0.0191067439f, -0.000277993735f, 0.0018325675f,
        -0.000767459918f, 0.000180535018f, -2.50533139e-05f, 1.73958279e-06f, -3.10894457e-08f);
    const F tail = t > 4.0f ? F{} : exp(-t * exponent) * 0.5f;
    return x > 0 ? 1 - tail : tail;
}

RL_INLINE D exp(D x) {
    return lanes(x, [](double v) { return std::exp(v); });
}
RL_INLINE D log(D x) {
    return lanes(x, [](double v) { return std::log(v); });
}
RL_INLINE D expm1(D x) {
    return lanes(x, [](double v) { return std::expm1(v); });
}
RL_INLINE D log1p(D x) {
    return lanes(x, [](double v) { return std::log1p(v); });
}
RL_INLINE D tanh(D x) {
    return lanes(x, [](double v) { return std::tanh(v); });
}
RL_INLINE D erf(D x) {
    return lanes(x, [](double v) { return std::erf(v); });
}
RL_INLINE D normal_cdf(D x) { return 0.5 * (1 + erf(x * 0.70710678118654752)); }

template <class V>
RL_INLINE V sigmoid(V x) {
    return 1 / (1 + exp(-x));
}

// Sigmoid and tanh of recurrent layers: within 3 units in the last place, a third faster, as they
// do not divide; sigmoid never gets below e^-87.
#if defined(__AVX512F__)
RL_INLINE F gate_bounded(F x, float most) {  // a NaN is the second operand, which stays
    const __m512 v = _mm512_min_ps((__m512)all(most), (__m512)x);
    return (F)_mm512_max_ps((__m512)all(-most), v);
}
RL_INLINE F gate_inverse(F x) {  // 1 / x for 1 <= x <= e^87 + 1
    const F r = (F)_mm512_rcp14_ps((__m512)x);
    return fma(r, fma(-x, r, all(1.0f)), r);
}
RL_INLINE F gate_sigmoid(F x) { return gate_inverse(1 + exp_within(gate_bounded(-x, 87.0f))); }
RL_INLINE F gate_tanh(F x) {
    const F z = x * x;
    const F tail = polynomial(z, -0.333333284f, 0.133331582f, -0.0539405458f, 0.0216662642f,
                              -0.00809179619f, 0.00206453027f);
    const F large = fma(gate_inverse(exp_within(gate_bounded(2 * abs(x), 40.0f)) + 1), all(-2.0f),
                        all(1.0f));
    return copysign(abs(x) < 0.65f ? fma(x * z, tail, x) : large, x);
}
#else
RL_INLINE F gate_sigmoid(F x) { return sigmoid(x); }
RL_INLINE F gate_tanh(F x) { return tanh(x); }
#endif
RL_INLINE D gate_sigmoid(D x) { return sigmoid(x); }
RL_INLINE D gate_tanh(D x) { return tanh(x); }

}  // namespace rl::RL_ISA
