// exp, log, tanh, ... of a register, within 2 units in the last place of the true value, right for
// infinities, NaN and denormals (expm1 and tanh of doubles within 2.5).
//
// Tables and coefficients for floats come from tools/fit_polynomials.py; so do those for doubles, but for
// the plain fractions: the first terms of power series, which are enough where they are used.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// c[0] + c[1] x + c[2] x² + ...
template <class... C>
RL_INLINE F polynomial(F x, float c0, C... c) {
    if constexpr (sizeof...(c) == 0) return all(c0);
    else return fma(x, polynomial(x, c...), all(c0));
}

// x, at most and at least; NaN stays (of two operands the instructions keep the second)
template <class V>
RL_INLINE V at_most(V x, Lane<V> most) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<V, F>) return (F)_mm512_min_ps((__m512)all(most), (__m512)x);
    else return (D)_mm512_min_pd((__m512d)all(most), (__m512d)x);
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<V, F>) return (F)_mm256_min_ps((__m256)all(most), (__m256)x);
    else return (D)_mm256_min_pd((__m256d)all(most), (__m256d)x);
#elif defined(__x86_64__)
    if constexpr (std::is_same_v<V, F>) return (F)_mm_min_ps((__m128)all(most), (__m128)x);
    else return (D)_mm_min_pd((__m128d)all(most), (__m128d)x);
#else
    return x > most ? all(most) : x;
#endif
}
template <class V>
RL_INLINE V at_least(V x, Lane<V> least) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<V, F>) return (F)_mm512_max_ps((__m512)all(least), (__m512)x);
    else return (D)_mm512_max_pd((__m512d)all(least), (__m512d)x);
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<V, F>) return (F)_mm256_max_ps((__m256)all(least), (__m256)x);
    else return (D)_mm256_max_pd((__m256d)all(least), (__m256d)x);
#elif defined(__x86_64__)
    if constexpr (std::is_same_v<V, F>) return (F)_mm_max_ps((__m128)all(least), (__m128)x);
    else return (D)_mm_max_pd((__m128d)all(least), (__m128d)x);
#else
    return x < least ? all(least) : x;
#endif
}

enum Rounding { NEAREST, DOWN, UP, TO_ZERO };  // as the processor counts them

// x as a whole number; of a half the even one is the nearest
template <Rounding way, class V>
RL_INLINE V whole(V x) {
    constexpr bool single = std::is_same_v<V, F>;
#if defined(__x86_64__)
    constexpr int HOW = way | _MM_FROUND_NO_EXC;
#endif
#if defined(__AVX512F__)
    if constexpr (single) return (F)_mm512_roundscale_ps((__m512)x, HOW);
    else return (D)_mm512_roundscale_pd((__m512d)x, HOW);
#elif defined(__AVX2__)
    if constexpr (single) return (F)_mm256_round_ps((__m256)x, HOW);
    else return (D)_mm256_round_pd((__m256d)x, HOW);
#elif defined(__x86_64__)
    if constexpr (single) return (F)_mm_round_ps((__m128)x, HOW);
    else return (D)_mm_round_pd((__m128d)x, HOW);
#else
    if constexpr (single && way == NEAREST) return (F)vrndnq_f32((float32x4_t)x);
    else if constexpr (single && way == DOWN) return (F)vrndmq_f32((float32x4_t)x);
    else if constexpr (single && way == UP) return (F)vrndpq_f32((float32x4_t)x);
    else if constexpr (single) return (F)vrndq_f32((float32x4_t)x);
    else if constexpr (way == NEAREST) return (D)vrndnq_f64((float64x2_t)x);
    else if constexpr (way == DOWN) return (D)vrndmq_f64((float64x2_t)x);
    else if constexpr (way == UP) return (D)vrndpq_f64((float64x2_t)x);
    else return (D)vrndq_f64((float64x2_t)x);
#endif
}

// Whether a lane of |x| is beyond, or NaN.
template <class V>
RL_INLINE bool any_beyond(V x, Lane<V> limit) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<V, F>)
        return _mm512_cmp_ps_mask((__m512)abs(x), (__m512)all(limit), _CMP_NLE_UQ) != 0;
    else return _mm512_cmp_pd_mask((__m512d)abs(x), (__m512d)all(limit), _CMP_NLE_UQ) != 0;
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<V, F>)
        return _mm256_movemask_ps(_mm256_cmp_ps((__m256)abs(x), (__m256)all(limit), _CMP_NLE_UQ)) != 0;
    else return _mm256_movemask_pd(_mm256_cmp_pd((__m256d)abs(x), (__m256d)all(limit), _CMP_NLE_UQ)) != 0;
#else
    const auto near = abs(x) <= limit;
    i64 all_near = -1;
    for (i64 i = 0; i < LANES<Lane<V>>; i++) all_near &= near[i];
    return all_near == 0;
#endif
}

#if defined(__AVX512F__)
// table[i % n], from registers
RL_INLINE F lookup(const float (&table)[16], I32 i) {
    return (F)_mm512_permutexvar_ps((__m512i)i, _mm512_load_ps(table));
}
RL_INLINE F lookup(const float (&table)[32], I32 i) {
    return (F)_mm512_permutex2var_ps(_mm512_load_ps(table), (__m512i)i, _mm512_load_ps(table + 16));
}
RL_INLINE D lookup(const double (&table)[16], I64 i) {
    return (D)_mm512_permutex2var_pd(_mm512_load_pd(table), (__m512i)i, _mm512_load_pd(table + 8));
}
#endif

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
RL_INLINE F exp(F x) { return exp_within(at_least(at_most(x, 89.0f), -104.0f)); }

#if defined(__AVX512F__)
// log(x) = e log(2) - log(c) + log(1 + r) with x = 2^e m, 1 <= m < 2, c near 1 / m, r = m c - 1. In the last
// of 16 parts c is 1/2, so that nothing is lost below 1.
alignas(64) constexpr float LOG_NEAR_F[] = {
    0x1p0f,        0x1.d3ac8ap-1f, 0x1.ba6b1ap-1f, 0x1.a469ccp-1f, 0x1.8ff0f8p-1f, 0x1.7d43b6p-1f,
    0x1.6c138p-1f, 0x1.5c5efap-1f, 0x1.4ed662p-1f, 0x1.417adap-1f, 0x1.352496p-1f, 0x1.2a3244p-1f,
    0x1.1fda2ep-1f, 0x1.156382p-1f, 0x1.0c9956p-1f, 0x1p-1f};
alignas(64) constexpr float LOG_OF_NEAR_F[] = {
    0.0f,           0x1.72e7e8p-4f, 0x1.2b260cp-3f, 0x1.93a20cp-3f, 0x1.f9debep-3f, 0x1.2de84p-2f,
    0x1.5d2504p-2f, 0x1.8a4c48p-2f, 0x1.b2df2ep-2f, 0x1.dc8f1ap-2f, 0x1.025092p-1f, 0x1.14c5eap-1f,
    0x1.26d962p-1f, 0x1.39ceaap-1f, 0x1.4a4b3ap-1f, 0x1.62e43p-1f};
RL_INLINE F log(F x) {
    const __m512 e = _mm512_getexp_ps((__m512)x);  // -inf of 0, inf of inf; of x < 0 m is NaN
    const F m = (F)_mm512_getmant_ps((__m512)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan);
    const I32 part = (I32)((U32)m >> 19);
    const F r = fma(m, lookup(LOG_NEAR_F, part), all(-1.0f));
    const F tail = polynomial(r, -0.5f, 0.33334446f, -0.250066638f, 0.188550487f);
    const F whole = fma((F)e, all(0.693147181f), lookup(LOG_OF_NEAR_F, part));
    return whole + fma(r * r, tail, r);
}
#else
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
#endif

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

#if defined(__AVX512F__)
// A polynomial in |x| - c for each of 32 parts of |x|, which the last bits of the exponent and the first two
// of the mantissa tell; below 1/16 c = 0, beyond 9.1 it is 1. Rows: c, then the coefficients.
alignas(64) constexpr float TANH[7][32] = {
    {2.24957728f, 2.75033522f, 3.25043082f, 3.75024748f, 4.50029421f, 5.50036287f, 6.49904633f,
     7.5009532f, 8.55190659f, 0, 0, 0, 0.0703241304f, 0.0859252959f, 0.101560496f, 0.117191508f,
     0.140598401f, 0.171887636f, 0.203143537f, 0.234345883f, 0.281213075f, 0.34375155f,
     0.406266391f, 0.468707174f, 0.562405646f, 0.687473178f, 0.81253767f, 0.937449276f, 1.1251353f,
     1.37509537f, 1.62498569f, 1.87500703f},
    {0.978007734f, 0.991865158f, 0.997000217f, 0.998894989f, 0.999753356f, 0.999966621f,
     0.99999547f, 0.999999404f, 0.99999994f, 0, 0, 0, 0.0702084303f, 0.085714452f, 0.101212747f,
     0.116657943f, 0.139679223f, 0.170214579f, 0.200394511f, 0.230148137f, 0.274027437f,
     0.330822498f, 0.385297924f, 0.437154144f, 0.509760141f, 0.596356273f, 0.670987785f,
     0.734048128f, 0.809347749f, 0.879848242f, 0.925344169f, 0.954045892f},
    {0.0435008705f, 0.0162035134f, 0.00599056901f, 0.00220880099f, 0.000493241765f, 6.67581189e-05f,
     9.05878187e-06f, 1.22131678e-06f, 1.49277412e-07f, 0, 0, 1, 0.995070755f, 0.992653012f,
     0.989755988f, 0.986390948f, 0.980489731f, 0.971027017f, 0.959842026f, 0.947031856f,
     0.924908936f, 0.890556455f, 0.851545513f, 0.808896244f, 0.74014461f, 0.644359171f,
     0.549775422f, 0.461173356f, 0.344956219f, 0.225867063f, 0.143738165f, 0.0897964388f},
    {-0.0425429754f, -0.0160707776f, -0.00597218703f, -0.00220619864f, -0.000492503925f,
     -6.66718697e-05f, -9.04736316e-06f, -1.21977519e-06f, -1.4899814e-07f, 0, 0, 0, -0.0698623583f,
     -0.085084714f, -0.100175925f, -0.115070336f, -0.136954039f, -0.16528295f, -0.19234708f,
     -0.217957616f, -0.253450394f, -0.294616073f, -0.328098685f, -0.353612334f, -0.377295971f,
     -0.384267569f, -0.36889261f, -0.338523537f, -0.279191494f, -0.198729903f, -0.133007705f,
     -0.0856699869f},
    {0.027108727f, 0.0105392588f, 0.00395752396f, 0.00146753609f, 0.000328142254f, 4.44399775e-05f,
     6.03161061e-06f, 8.13043584e-07f, 9.92980844e-08f, 0, 0, -0.333332986f, -0.326785326f,
     -0.323591352f, -0.319779575f, -0.315373093f, -0.307700276f, -0.295542121f, -0.281402051f,
     -0.265514761f, -0.238850743f, -0.199386641f, -0.157432869f, -0.115049057f, -0.0543852523f,
     0.0143734757f, 0.0642637461f, 0.094768025f, 0.110978149f, 0.0995638892f, 0.0751656368f,
     0.0518012121f},
    {-0.0123938806f, -0.00514425291f, -0.0019762041f, -0.000738869014f, -0.000171848747f,
     -2.32995881e-05f, -3.1623772e-06f, -4.26372424e-07f, -5.26200097e-08f, 0, 0, 0, 0.0462283343f,
     0.0560953654f, 0.0657546446f, 0.0751440376f, 0.0886142924f, 0.105380796f, 0.12048582f,
     0.133737296f, 0.149837509f, 0.164069295f, 0.169934735f, 0.168088242f, 0.153285593f,
     0.119454175f, 0.0798833668f, 0.0433693044f, 0.00364785152f, -0.0211181212f, -0.0251282379f,
     -0.0208498426f},
    {0.00397672877f, 0.00191627827f, 0.000771226361f, 0.000292943034f, 6.85874329e-05f,
     9.31850445e-06f, 1.26178236e-06f, 1.70776616e-07f, 2.11139213e-08f, 0, 0, 0.133040324f,
     0.127803311f, 0.125118226f, 0.121938057f, 0.118284918f, 0.111993648f, 0.102182478f,
     0.091015555f, 0.0787812173f, 0.0591814816f, 0.0320569351f, 0.00600810442f, -0.017099632f,
     -0.0433425717f, -0.0615238249f, -0.0626699179f, -0.0530777983f, -0.0321119353f,
     -0.00955083594f, 0.00138157164f, 0.00459719123f}};
RL_INLINE F by_parts(const float (&table)[7][32], F size) {
    const __m512i least = (__m512i)(I32{} + 0x3d7fffff);  // the last number below 1/16
    const I32 part = (I32)((U32)_mm512_max_epi32((__m512i)size, least) >> 21);
    const F d = size - lookup(table[0], part);
    F y = lookup(table[6], part);
#pragma GCC unroll 5
    for (int k = 5; k >= 1; k--) y = fma(y, d, lookup(table[k], part));
    return y;
}
RL_INLINE F tanh(F x) { return copysign(by_parts(TANH, at_most(abs(x), 9.1f)), x); }
#else
// h / (h + 1) with h = (e^2|x| - 1) / 2 = 2^n (e^2r - 1) / 2 + (2^n - 1) / 2 and |x| = n log(2) / 2 + r; 1 from
// 9.1 on
RL_INLINE F tanh(F x) {
    const F size = at_most(abs(x), 9.1f), z = x * x;
    const float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds
    const F turns = fma(size, all(2.88539008f), all(round)), n = turns - round;
    const F r = fma(n, all(-0.34657359f), size);
    const F tail = polynomial(r, 1.0f, 0.666661322f, 0.333330005f, 0.133886829f, 0.0446358398f);
    const F scale = (F)(((U32)turns << 23) + 0x3f800000u);
    const F h = fma(scale, fma(r * r, tail, r), fma(scale, all(0.5f), all(-0.5f)));
    const F small = fma(x * z, polynomial(z, -0.33333227f, 0.133233622f, -0.0513116382f), x);
    return copysign(abs(x) < 0.256f ? small : h / (h + 1), x);
}
#endif

// c[0] + c[1] x + c[2] x² + ..., in two chains, of even and of odd powers
template <std::size_t n>
RL_INLINE D series(D x, const double (&c)[n]) {
    const D z = x * x;
    D even = all(c[n - 1 - (n - 1) % 2]), odd = all(c[n - 1 - n % 2]);
#pragma GCC unroll 32
    for (int k = int(n) - 3; k >= 0; k--)
        if (k % 2) odd = fma(odd, z, all(c[k]));
        else even = fma(even, z, all(c[k]));
    return fma(odd, x, even);
}

constexpr double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;  // its first 33 bits
constexpr double SHIFT = 0x1.8p52;  // adding it rounds, and puts a whole number into the last bits

#if defined(__AVX512F__)
// e^x = 2^n p (1 + q) with x = n log(2) + r, n a multiple of 1/16 whose fraction p is for, |r| <= log(2) / 32
// and q = e^r - 1.
alignas(64) constexpr double EXP_PARTS[] = {
    0x1p0,                0x1.0b5586cf9890fp0, 0x1.172b83c7d517bp0, 0x1.2387a6e756238p0,
    0x1.306fe0a31b715p0,  0x1.3dea64c123422p0, 0x1.4bfdad5362a27p0, 0x1.5ab07dd485429p0,
    0x1.6a09e667f3bcdp0,  0x1.7a11473eb0187p0, 0x1.8ace5422aa0dbp0, 0x1.9c49182a3f09p0,
    0x1.ae89f995ad3adp0,  0x1.c199bdd85529cp0, 0x1.d5818dcfba487p0, 0x1.ea4afa2a490dap0};
// what they lack, relative to them
alignas(64) constexpr double EXP_REST[] = {
    0,                     0x1.79aa65d837b6dp-54,  -0x1.01b15eaa59348p-55, 0x1.68efde3a8a894p-54,
    0x1.34d754db0abb6p-55, 0x1.59f48a72a4c6dp-55,  0x1.690cebb7aafbp-56,   0x1.063e1e21c5409p-54,
    -0x1.3b3efbf5e2228p-54, -0x1.b32dcb94da51dp-56, 0x1.db72fc1f0eab4p-55, 0x1.1affc2b91ce27p-56,
    0x1.c1a7792cb3387p-55, 0x1.36eae30af0cb3p-56,  0x1.4a385a63d07a7p-56,  -0x1.ff7128fd391fp-55};
constexpr double EXP_TABLE_SERIES[] = {
    0x1.0000000000003p-1, 0x1.5555555555558p-3, 0x1.555555549f634p-5,
    0x1.1111111092494p-7, 0x1.6c182d69d943p-10, 0x1.a01b86c8d22fcp-13};
constexpr double SHIFT_PARTS = 0x1.8p48;  // adding it rounds to sixteenths

struct Power {
    D n, p, q;
};
// `closely`: q with what rounding r lost, and the table
template <bool closely>
RL_INLINE Power power(D x) {
    const D turns = fma(x, all(0x1.71547652b82fep0), all(SHIFT_PARTS)), n = turns - SHIFT_PARTS;
    const D near_r = fma(n, all(-LN2_HIGH), x), r = fma(n, all(-LN2_LOW), near_r);
    const D p = lookup(EXP_PARTS, (I64)turns), tail = series(r, EXP_TABLE_SERIES);
    if constexpr (!closely) return {n, p, fma(r * r, tail, r)};
    const D rest = lookup(EXP_REST, (I64)turns) + fma(n, all(-LN2_LOW), near_r - r);
    return {n, p, r + fma(r * r, tail, rest)};
}
// x 2^⌊n⌋
RL_INLINE D scaled(D x, D n) { return (D)_mm512_scalef_pd((__m512d)x, (__m512d)n); }

RL_INLINE D exp(D x) {
    const Power e = power<false>(at_least(at_most(x, 710.0), -746.0));
    return scaled(fma(e.p, e.q, e.p), e.n);
}
// 2 (2^(n-1) p q + (2^(n-1) p - 1/2)): 2^n may overflow where the result does not
RL_INLINE D expm1(D x) {
    const Power e = power<true>(at_least(at_most(x, 710.0), -40.0));
    const D half = scaled(e.p, e.n - 1);
    return abs(x) < 0x1p-54 ? x : 2 * fma(half, e.q, half - 0.5);
}
// t / (t + 2), t = e^2|x| - 1; 1 from 20 on
RL_INLINE D tanh(D x) {
    const Power e = power<true>(at_most(abs(x) * 2, 40.0));
    const D scale = scaled(e.p, e.n), t = fma(scale, e.q, scale - 1);
    // what rounding t + 2 lost counts where t is small; 1 / (t + 2) = (1 - y) / 2
    const D sum = t + 2, lost = t < 1 ? t - (sum - 2) : D{}, y = t / sum;
    return copysign(fma(y * lost, fma(y, all(0.5), all(-0.5)), y), x);
}
#else
// 1/2!, 1/3!, ...
constexpr double EXP_SERIES[] = {1. / 2,       1. / 6,        1. / 24,       1. / 120,
                                 1. / 720,     1. / 5040,     1. / 40320,    1. / 362880,
                                 1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800};

// x = n log(2) + r with |r| <= log(2) / 2; e^r - 1
RL_INLINE D expm1_of_rest(D x, D& n) {
    n = fma(x, all(0x1.71547652b82fep0), all(SHIFT)) - SHIFT;
    D r = fma(n, all(-LN2_HIGH), x);
    r = fma(n, all(-LN2_LOW), r);
    return fma(r * r, series(r, EXP_SERIES), r);
}
// 2^n for a whole n, -1022 <= n <= 1023
RL_INLINE D power_of_2(D n) { return (D)((I64)(n + (SHIFT + 1023)) << 52); }

RL_INLINE D exp(D x) {
    const D within = x > 710.0 ? all(710.0) : x < -746.0 ? all(-746.0) : x;
    D n;
    const D y = 1 + expm1_of_rest(within, n);
#if defined(__AVX512F__)
    return (D)_mm512_scalef_pd((__m512d)y, (__m512d)n);
#else
    const D half = (n * 0.5 + SHIFT) - SHIFT;  // two steps: 2^n may overflow
    return y * power_of_2(half) * power_of_2(n - half);
#endif
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1)
RL_INLINE D expm1(D x) {
    const D inf = all(__builtin_inf());
    const D within = x > 700.0 ? all(700.0) : x < -40.0 ? all(-40.0) : x;
    D n;
    const D rest = expm1_of_rest(within, n), scale = power_of_2(n);
    D y = fma(scale, rest, scale - 1);
    y = x > 700.0 ? exp(x) : y;
    return x == 0 ? x : x == inf ? inf : y;
}
RL_INLINE D tanh(D x) {
    const D size = abs(x), t = expm1(size > 22.0 ? all(44.0) : 2 * size);
    const I64 large = size > 0.6;
    const D q = (large ? all(2.0) : t) / (t + 2);
    return copysign(large ? 1 - q : q, x);
}
#endif

#if defined(__AVX512F__)
// As of floats, with 3/4 <= m < 3/2, which needs no other exponent below 1.
alignas(64) constexpr double LOG_NEAR[] = {
    0x1p0,            0x1.d41496d6p-1, 0x1.bad210f2p-1, 0x1.a477447ep-1, 0x1.8f6101f2p-1,
    0x1.7d4bd68ep-1,  0x1.6b9a38a4p-1, 0x1.5c441e36p-1, 0x1.4e29e374p0,  0x1.41355f92p0,
    0x1.34fa740bp0,   0x1.29bd65e2p0,  0x1.1f8dee3ep0,  0x1.15726954p0,  0x1.0ca8e6d1p0,
    0x1p0};
alignas(64) constexpr double LOG_OF_NEAR[] = {
    0,                   0x1.6f5901919cp-4,   0x1.2949a12b18p-3,   0x1.93606e138p-3,
    0x1.fcc07343b4p-3,   0x1.2dd26c47a5p-2,   0x1.5e7a589c8cp-2,   0x1.8a9b3db44fp-2,
    -0x1.10d9243fc7p-2,  -0x1.d0b7bf0278p-3,  -0x1.8137468342p-3,  -0x1.3555d62f0cp-3,
    -0x1.dc18e362a4p-4,  -0x1.49883c4d78p-4,  -0x1.8b6a0f29c8p-5,  0};
constexpr double LOG_TABLE_SERIES[] = {
    -0x1.0000000000002p-1, 0x1.5555555555f5dp-2,  -0x1.fffffffff3a5p-3,
    0x1.99999980c07ap-3,   -0x1.555554a7e3818p-3, 0x1.2492d6fd2a5c6p-3,
    -0x1.0009cd47939e7p-3, 0x1.c57bdf94c87fbp-4,  -0x1.662df63ec3769p-4};
RL_INLINE D log(D x, D more = D{}) {  // and a small number more
    const __m512d m = _mm512_getmant_pd((__m512d)x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
    const D e = (D)_mm512_getexp_pd((__m512d)x) - (D)_mm512_getexp_pd(m);
    const I64 part = (I64)_mm512_srli_epi64((__m512i)m, 48);
    const D r = fma((D)m, lookup(LOG_NEAR, part), all(-1.0));
    const D whole = fma(e, all(LN2_HIGH), lookup(LOG_OF_NEAR, part));  // exact
    return whole + (r + fma(r * r, series(r, LOG_TABLE_SERIES), fma(e, all(LN2_LOW), more)));
}
#else
// 2/3, 2/5, ...
constexpr double LOG_SERIES[] = {2. / 3,  2. / 5,  2. / 7,  2. / 9,  2. / 11,
                                 2. / 13, 2. / 15, 2. / 17, 2. / 19, 2. / 21};

// log(x) = e log(2) + log(m) with sqrt(1/2) <= m < sqrt(2), log(m) = 2 artanh(s), s = f / (2 + f),
// f = m - 1.
RL_INLINE D log(D x) {
    const I64 denormal = x < 0x1p-1022;
    const I64 bits = (I64)(denormal ? x * 0x1p54 : x);
    typedef std::uint64_t U64 __attribute__((vector_size(REGISTER)));
    // the bits of a negative x, whose result is NaN, go around
    const I64 e = (I64)((U64)bits - 0x3fe6a09e667f3bcdu) >> 52;
    const D f = (D)((U64)bits - ((U64)e << 52)) - 1;
    const D n = ((D)(e + 0x4338000000000000) - SHIFT) + (denormal ? all(-54.0) : D{});
    const D s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    const D rest = z * series(z, LOG_SERIES);
    const D y = fma(n, all(LN2_HIGH), f - (half - fma(s, half + rest, n * LN2_LOW)));
    const D inf = all(__builtin_inf());
    D found = x == inf ? inf : y;
    found = x == 0 ? -inf : found;
    return (x < 0) | (x != x) ? all(__builtin_nan("")) : found;
}
RL_INLINE D log(D x, D more) { return log(x) + more; }
#endif
RL_INLINE D log1p(D x) {
    const D u = 1 + x, inf = all(__builtin_inf());
    // with u rounded, the rest of x is a correction of the first order
    return u == 1 ? x : u == inf ? inf : log(u, (u == 0) | (u != u) ? D{} : (x - (u - 1)) / u);
}
// --- sine and cosine -----------------------------------------------------------------------------
//
// x = n π/2 + r with |r| <= π/4, and sin(r) or cos(r), which n tells. π/2 is in parts (tools/fit_polynomials.py).

constexpr float TURNS_F = 1e5f;  // beyond, r would lose digits; that, and NaN, is the C library's
constexpr double TURNS = 3e4;

template <class V>
inline __attribute__((noinline)) V sine_beyond(V x, V y, int shift) {
    for (i64 i = 0; i < LANES<Lane<V>>; i++) {
        const double v = x[i];
        if (!(__builtin_fabs(v) <= (sizeof x[0] == 4 ? double(TURNS_F) : TURNS)))
            y[i] = Lane<V>(shift ? __builtin_cos(v) : __builtin_sin(v));
    }
    return y;
}

typedef float HalfF __attribute__((vector_size(REGISTER / 2)));
template <std::size_t... I>
RL_INLINE D widened(F x, int high, std::index_sequence<I...>) {
    const HalfF h = high ? __builtin_shufflevector(x, x, int(I + sizeof...(I))...)
                         : __builtin_shufflevector(x, x, int(I)...);
    return __builtin_convertvector(h, D);
}
template <std::size_t... I>
RL_INLINE F narrowed(D low, D high, std::index_sequence<I...>) {
    const HalfF a = __builtin_convertvector(low, HalfF), b = __builtin_convertvector(high, HalfF);
    return __builtin_shufflevector(a, b, int(I)...);
}

#if defined(RL_FMA)
// The first step is exact, and so the second where r is small.
RL_INLINE F quarter_turns(F x, I32& n) {
    const float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds, and leaves n in the last bits
    const F turns = fma(x, all(0.636619772f), all(round)), whole = turns - round;
    n = (I32)turns;
    const F r = fma(whole, all(-0x1.4442d0p-24f), fma(whole, all(-0x1.921fb4p0f), x));
    return fma(whole, all(-0x1.846988p-48f), r);
}
#else
RL_INLINE D quarter_turns(D x, D& n) {
    n = fma(x, all(0x1.45f306dc9c883p-1), all(SHIFT)) - SHIFT;
    const D r = fma(n, all(-0x1.921fb544p0), x);
    return fma(n, all(-0x1.0b4611a626331p-34), r);
}

RL_INLINE F quarter_turns(F x, I32& n) {
    constexpr auto half = std::make_index_sequence<LANES<double>>{};
    constexpr auto whole = std::make_index_sequence<LANES<float>>{};
    D n0, n1;
    const D r0 = quarter_turns(widened(x, 0, half), n0), r1 = quarter_turns(widened(x, 1, half), n1);
    n = __builtin_convertvector(narrowed(n0, n1, whole), I32);
    return narrowed(r0, r1, whole);
}
#endif

// sin(x + shift π/2)
RL_INLINE F sine_of(F x, int shift) {
    I32 quarter;
    const F r = quarter_turns(x, quarter), z = r * r;
    quarter += shift;
    const F sine = fma(r * z, polynomial(z, -0.166666508f, 0.00833196193f, -0.000194883469f), r);
    const F tail = polynomial(z, -0.5f, 0.0416666418f, -0.00138870825f, 2.44059538e-05f);
    const F cosine = fma(z, tail, all(1.0f));
    const F y = (quarter & 1) == 0 ? shift ? sine : copysign(sine, r) : cosine;  // of -0
    const F turned = (F)((I32)y ^ ((quarter & 2) << 30));
    return __builtin_expect(any_beyond(x, TURNS_F), 0) ? sine_beyond(x, turned, shift) : turned;
}
RL_INLINE F sin(F x) { return sine_of(x, 0); }
RL_INLINE F cos(F x) { return sine_of(x, 1); }

constexpr double SINE_SERIES[] = {
    -0x1.5555555555549p-3, 0x1.111111110f872p-7,  -0x1.a01a019c10c8p-13,
    0x1.71de35771b114p-19, -0x1.ae5e65cf3b514p-26, 0x1.5d92e5038d927p-33};
constexpr double COSINE_SERIES[] = {
    -0.5, 0x1.555555555554cp-5,  -0x1.6c16c16c1517ap-10, 0x1.a01a019cb163ep-16,
    -0x1.27e4f809b5fb6p-22, 0x1.1ee9ebc49fe39p-29, -0x1.8fae8aebc95bcp-37};

RL_INLINE D sine_of(D x, int shift) {
    const D turns = fma(x, all(0x1.45f306dc9c883p-1), all(SHIFT)), n = turns - SHIFT;
    const D near_r = fma(n, all(-0x1.921fb544p0), x), r = fma(n, all(-0x1.0b4611a6p-34), near_r);
    // what rounding r lost
    const D rest = fma(n, all(-0x1.3198a2e037073p-69), fma(n, all(-0x1.0b4611a6p-34), near_r - r));
    const D z = r * r;
    const D sine = r + fma(r * z, series(z, SINE_SERIES), rest);
    const D cosine = 1 + fma(z, series(z, COSINE_SERIES), -r * rest);
    const I64 quarter = (I64)turns + shift;
    const D y = (quarter & 1) == 0 ? shift ? sine : copysign(sine, r) : cosine;
    const D turned = (D)((I64)y ^ ((quarter & 2) << 62));
    return __builtin_expect(any_beyond(x, TURNS), 0) ? sine_beyond(x, turned, shift) : turned;
}
RL_INLINE D sin(D x) { return sine_of(x, 0); }
RL_INLINE D cos(D x) { return sine_of(x, 1); }

template <class V>
RL_INLINE V sigmoid(V x) {
    return 1 / (1 + exp(-x));
}

// Sigmoid of recurrent layers: within 3 units in the last place, and does not divide; never below e^-87.
#if defined(__AVX512F__)
RL_INLINE F gate_inverse(F x) {  // 1 / x for 1 <= x <= e^87 + 1
    const F r = (F)_mm512_rcp14_ps((__m512)x);
    return fma(r, fma(-x, r, all(1.0f)), r);
}
RL_INLINE F gate_sigmoid(F x) {
    return gate_inverse(1 + exp_within(at_least(at_most(-x, 87.0f), -87.0f)));
}
#else
RL_INLINE F gate_sigmoid(F x) { return sigmoid(x); }
#endif
RL_INLINE D gate_sigmoid(D x) { return sigmoid(x); }

}  // namespace rl::RL_ISA
