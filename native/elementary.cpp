// Functions of the angle, the hyperbola, powers and logarithms to other bases, errors and factorials. All are
// computed in registers of doubles: a float's result is then off by no more than its own rounding.
#include "formulas.hpp"

#include "functions.hpp"
#include "maps.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 AT_ONCE = LANES<double>;
constexpr double INF = __builtin_inf(), PI = 3.14159265358979323846, LN2 = 0.69314718055994530942;

RL_INLINE D wide(const double* x) { return load(x); }
RL_INLINE D wide(const float* x) {
#if defined(__AVX512F__)
    return (D)_mm512_cvtps_pd(_mm256_loadu_ps(x));
#elif defined(__AVX2__)
    return (D)_mm256_cvtps_pd(_mm_loadu_ps(x));  // (GCC goes by halves)
#else
    HalfF v;
    std::memcpy(&v, x, sizeof v);
    return __builtin_convertvector(v, D);
#endif
}
RL_INLINE void keep(double* y, D v) { store(y, v); }
RL_INLINE void keep(float* y, D v) {
    const HalfF u = __builtin_convertvector(v, HalfF);
    std::memcpy(y, &u, sizeof u);
}

// y[i] = f(x[i], ...), f a function of doubles, compiled in one place
template <class T, class G, class... X>
RL_INLINE void curve(i64 n, G f, T* y, const X*... x) {
    parallel(n, even_blocks(n, HEAVY), [&](i64 begin, i64 end) __attribute__((noinline)) {
        for (i64 i = begin; i < end; i += AT_ONCE) {
            const i64 left = end - i;
            const bool whole = left >= AT_ONCE;
            T parts[sizeof...(X)][AT_ONCE], to[AT_ONCE];
            int next = 0;
            const auto get = [&](const T* from) {
                if (whole) return from;
                T* const part = parts[next++];
                for (i64 k = 0; k < AT_ONCE; k++) part[k] = k < left ? from[k] : T(0);
                return static_cast<const T*>(part);
            };
            keep(whole ? y + i : to, f(wide(get(x + i))...));
            if (!whole)
                for (i64 k = 0; k < left; k++) y[i + k] = to[k];
        }
    });
}

// z[i] = f(x[i % nx], y[i % ny])
template <class T, class G>
RL_INLINE void curve_of_two(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n, G f) {
    const i64 row = nx < ny ? nx : ny;
    if (nx == n && ny == n) return curve(n, f, z, x, y);
    if (row == 1) {
        const D one = all(double(nx == 1 ? *x : *y));
        const bool turned = nx == 1;
        return curve(n, [=](D v) { return f(turned ? one : v, turned ? v : one); }, z, turned ? y : x);
    }
    parallel(n / row, rows_per_block(row, HEAVY), [&](i64 begin, i64 end) {
        for (i64 r = begin; r < end; r++)
            curve(row, f, z + r * row, nx == n ? x + r * row : x, ny == n ? y + r * row : y);
    });
}

// --- for results that are rounded to float ---------------------------------------------------------

typedef std::uint64_t U64 __attribute__((vector_size(REGISTER)));
constexpr double EXP_SHORT[] = {1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320};
constexpr double LOG_SHORT[] = {0x1.555554fd050a9p-1, 0x1.999a7b6a0359fp-2, 0x1.2438a5cd7536cp-2, 0x1.e2fd4e24632e7p-3};
// the same for 1 <= m <= 2
constexpr double LOG1P_SHORT[] = {0x1.5555553aa2b22p-1, 0x1.9999bd69bd145p-2, 0x1.248a4c534b960p-2,
                                 0x1.c8bd786ad5038p-3, 0x1.5f2483be6e59fp-3, 0x1.be739ef55a75dp-3};

template <class T>
RL_INLINE D exp_of(D x) {
    if constexpr (std::is_same_v<T, double>) return exp(x);
    const D within = at_least(at_most(x, 89.5), -104.5);
    const D turns = fma(within, all(0x1.71547652b82fep0), all(SHIFT)), n = turns - SHIFT;
    const D r = fma(n, all(-LN2), within), y = 1 + fma(r * r, series(r, EXP_SHORT), r);
    return y * (D)(((U64)turns << 52) + 0x3ff0000000000000u);
}

// log(m) with x = 2^e m, sqrt(1/2) <= m < sqrt(2)
RL_INLINE D log_short(D x, D& e) {
    const U64 t = (U64)x + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    e = (D)((t >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
    const D m = (D)((t & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
    const D s = (m - 1) / (m + 1), z = s * s;
    return s * fma(z, series(z, LOG_SHORT), all(2.0));
}
// y, the logarithm of x, but for 0, infinity, negative numbers and NaN
RL_INLINE D unless_special(D x, D y) {
    const D below = x == 0 ? all(-INF) : all(__builtin_nan("")), above = x < INF ? y : x;
    return x > 0 ? above : below;
}
template <class T>
RL_INLINE D log_of(D x) {
    if constexpr (std::is_same_v<T, double>) return log(x);
    D e;
    const D y = log_short(x, e);
    return unless_special(x, fma(e, all(LN2), y));
}

// --- angles --------------------------------------------------------------------------------------

constexpr double ATAN_SERIES[] = {
    -0x1.5555555555554p-2, 0x1.9999999999660p-3, -0x1.2492492475fa7p-3, 0x1.c71c71b78575dp-4,
    -0x1.745d14c0f20e5p-4, 0x1.3b136ebca20fdp-4, -0x1.110c7a1a62a47p-4, 0x1.e1728017c68a5p-5,
    -0x1.ab806be8292a6p-5, 0x1.70f82c1eee412p-5, -0x1.124f418ff2179p-5, 0x1.f242256cc379dp-7};
constexpr double ATAN_SHORT[] = {-0x1.555554c6d16adp-2, 0x1.9999193f94a5fp-3, -0x1.247eec165057bp-3,
                                0x1.c465a34b3849cp-4,  -0x1.5b38d7bc978c8p-4, 0x1.84c3a4edff176p-5};
constexpr double HALF_PI = PI / 2, QUARTER_PI = PI / 4, HALF_PI_REST = 0x1.1a62633145c07p-54;

// The angle of the point (x, y): that of the smaller by the larger one, which is π/4 + atan((a - b) / (a + b))
// where it is more than tan(π/8).
template <class T>
RL_INLINE D angle(D y, D x) {
    constexpr bool single = std::is_same_v<T, float>;
    const D u = abs(x), v = abs(y);
    const I64 steep = v > u;
    D small = steep ? u : v, large = steep ? v : u;
    const I64 endless = small == INF;
    small = endless ? all(1.0) : small, large = endless | (large == 0) ? all(1.0) : large;
    if constexpr (!single) {
        const D scale = large > 0x1p1000 ? all(0x1p-100) : large < 0x1p-900 ? all(0x1p100) : all(1.0);
        small *= scale, large *= scale;
    }
    const I64 half = small > 0.41421356237309503 * large;
    const D q = (half ? small - large : small) / (half ? small + large : large), z = q * q;
    D a;
    if constexpr (single) {
        a = fma(q * z, series(z, ATAN_SHORT), q) + (half ? all(QUARTER_PI) : D{});
        a = steep ? HALF_PI - a : a;
        a = (I64)x < 0 ? PI - a : a;  // (x = -0 is on the left, too)
    } else {
        const D near = fma(q * z, series(z, ATAN_SERIES), half ? q + HALF_PI_REST / 2 : q);
        a = half ? QUARTER_PI + near : near;
        a = steep ? HALF_PI - (a - HALF_PI_REST) : a;
        a = (I64)x < 0 ? PI - (a - 2 * HALF_PI_REST) : a;
    }
    return (x != x) | (y != y) ? x + y : copysign(a, y);
}

RL_INLINE D half_chord(D x) { return sqrt((1 - x) * (1 + x)); }
// (asin(x) - x) / x³ in x²
constexpr double ASIN_SHORT[] = {0x1.555555478911ap-3, 0x1.333340c99eb14p-4, 0x1.6db24b256828dp-5,
                                0x1.f283e537b6c0dp-6, 0x1.662fcffce0684p-6, 0x1.528ff75a16f39p-6,
                                0x1.fb376d4399f36p-10, 0x1.0dfa2f360ba73p-5};
// asin of |x| up to 1/2; beyond, of sqrt((1 - |x|) / 2), twice which it lacks to π/2
RL_INLINE D half_asin(D x, I64& far) {
    const D size = abs(x), z0 = fma(size, all(-0.5), all(0.5));
    far = size > 0.5;
    const D z = far ? z0 : x * x, root = far ? sqrt(z0) : size;
    return fma(root * z, series(z, ASIN_SHORT), root);
}
template <class T>
RL_INLINE D asin(D x) {
    if constexpr (std::is_same_v<T, double>) return angle<T>(x, half_chord(x));
    I64 far;
    const D y = half_asin(x, far);
    return copysign(far ? fma(y, all(-2.0), all(HALF_PI)) : y, x);
}
template <class T>
RL_INLINE D acos(D x) {
    if constexpr (std::is_same_v<T, double>) return angle<T>(half_chord(x), x);
    I64 far;
    const D y = half_asin(x, far);
    const D beyond = (I64)x < 0 ? fma(y, all(-2.0), all(PI)) : y + y;
    return far ? beyond : HALF_PI - copysign(y, x);
}
template <class T>
RL_INLINE D atan(D x) {
    return angle<T>(x, all(1.0));
}

constexpr double SINE_SHORT[] = {-0x1.5555554cac620p-3, 0x1.1111088f263bfp-7, -0x1.a00f991078e5cp-13,
                                0x1.6cd76d0bc3818p-19};
constexpr double COSINE_SHORT[] = {0x1.55554aaf48d59p-5, -0x1.6c0c8912354f2p-10, 0x1.9a01a2f12d1c8p-16};
// The C library's, far from 0.
inline __attribute__((noinline)) D tan_beyond(D x) {
    return lanes(x, [](double v) { return __builtin_tan(v); });
}
template <class T>
RL_INLINE D tan(D x) {
    D y;
    if constexpr (std::is_same_v<T, float>) {
        const D turns = fma(x, all(0x1.45f306dc9c883p-1), all(SHIFT)), n = turns - SHIFT;
        const D r = fma(n, all(-HALF_PI_REST), fma(n, all(-HALF_PI), x)), z = r * r;
        const D sine = fma(r * z, series(z, SINE_SHORT), r);
        const D cosine = fma(z * z, series(z, COSINE_SHORT), fma(z, all(-0.5), all(1.0)));
        const I64 odd = ((I64)turns & 1) != 0;
        y = (odd ? -cosine : sine) / (odd ? sine : cosine);
        y = x == 0 ? x : y;
    } else {
        y = sin(x) / cos(x);
    }
    return __builtin_expect(any_beyond(x, TURNS), 0) ? tan_beyond(x) : y;
}

// --- the hyperbola -------------------------------------------------------------------------------

constexpr double SINH_SERIES[] = {
    0x1.5555555555556p-3, 0x1.11111111110a1p-7, 0x1.a01a01a02921cp-13, 0x1.71de3a45f5c64p-19,
    0x1.ae6467677cc66p-26, 0x1.611a39cc071a3p-33, 0x1.b4cf8fdaef0bap-41};
constexpr double LONG = 709;  // e^x overflows soon

template <class T>
RL_INLINE D half_exp(D size) {  // e^x / 2
    if constexpr (std::is_same_v<T, double>)
        if (__builtin_expect(any_beyond(size, LONG), 0)) {
            const D root = exp(0.5 * size);
            return 0.5 * root * root;
        }
    return 0.5 * exp_of<T>(size);
}
// (of float too large, and smaller again)
template <class T>
RL_INLINE D sinh(D x) {
    const D size = abs(x), z = x * x, e = half_exp<T>(size);
    const D near = fma(x * z, series(z, SINH_SERIES), x);
    return size <= 1 ? near : copysign(e - 0.25 / e, x);
}
template <class T>
RL_INLINE D cosh(D x) {
    const D e = half_exp<T>(abs(x));
    return e + 0.25 / e;
}

constexpr double SQUARE = 0x1p500;  // beyond, squares overflow
constexpr double NEAR = 0.005;      // up to where two terms are enough for a float
template <class T>
RL_INLINE D asinh(D x) {
    const D size = abs(x), z = size * size, root = sqrt(z + 1);
    if constexpr (std::is_same_v<T, float>) {
        const D y = copysign(log_of<T>(size + root), x);
        return size < NEAR ? fma(x * z, all(-1. / 6), x) : y;
    }
    D y = log1p(size + z / (1 + root));
    if (__builtin_expect(any_beyond(x, SQUARE), 0)) y = size > SQUARE ? log(size) + LN2 : y;
    return copysign(y, x);
}
template <class T>
RL_INLINE D acosh(D x) {
    const D t = x - 1, root = sqrt(t * (x + 1));  // NaN below 1
    if constexpr (std::is_same_v<T, float>) return x < 1 ? all(__builtin_nan("")) : log_of<T>(x + root);
    D y = log1p(t + root);
    if (__builtin_expect(any_beyond(x, SQUARE), 0)) y = x > SQUARE ? log(x) + LN2 : y;
    return x < 1 ? all(__builtin_nan("")) : y;
}
template <class T>
RL_INLINE D atanh(D x) {
    if constexpr (std::is_same_v<T, float>) {
        const D y = 0.5 * log_of<T>((1 + x) / (1 - x));
        return abs(x) < NEAR ? fma(x * x * x, all(1. / 3), x) : y;
    }
    const D size = abs(x), y = 0.5 * log1p(2 * size / (1 - size));
    return size > 1 ? all(__builtin_nan("")) : copysign(y, x);
}

// --- powers and logarithms -----------------------------------------------------------------------

// x = 2^e m with sqrt(1/2) <= m < sqrt(2), or 2^0 x of 0, negative numbers, infinity and NaN
RL_INLINE D parts_of(D x, D& e) {
    const I64 small = x < 0x1p-1022;
    const D up = small ? x * 0x1p54 : x;
    const I64 k = (I64)((U64)up - 0x3fe6a09e667f3bcdu) >> 52;
    const I64 usual = (x > 0) & (x < INF);
    e = usual ? ((D)(k + 0x4338000000000000) - SHIFT) + (small ? all(-54.0) : D{}) : D{};
    return usual ? (D)((U64)up - ((U64)k << 52)) : x;
}
// (whole powers are exact)
template <class T>
RL_INLINE D log2(D x) {
    D e;
    if constexpr (std::is_same_v<T, float>) {
        const D y = log_short(x, e);
        return unless_special(x, fma(y, all(0x1.71547652b82fep0), e));
    }
    const D y = log(parts_of(x, e));
    return fma(y, all(0x1.71547652b82fep0), fma(y, all(0x1.777d0ffda0d24p-56), e));
}
template <class T>
RL_INLINE D log10(D x) {
    D e;
    if constexpr (std::is_same_v<T, float>) {
        const D y = log_short(x, e) * 0x1.bcb7b1526e50ep-2;
        return unless_special(x, fma(e, all(0x1.34413509f79ffp-2), y));
    }
    const D y = log(parts_of(x, e));  // log10(2) in two parts, the first times e exact
    const D low = fma(e, all(0x1.cff7988f8959bp-41), y * 0x1.95355baaafad3p-57);
    return fma(e, all(0x1.34413509f4p-2), fma(y, all(0x1.bcb7b1526e50ep-2), low));
}

// 2^x = 2^n 2^r with n a whole number and |r| <= 1/2
RL_INLINE F exp2(F x) {
    const float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds
    const F within = at_least(at_most(x, 129.0f), -151.0f), n = (within + round) - round;
    const F r = within - n;
    const F y = fma(r, polynomial(r, 0.693147182f, 0.240226477f, 0.0555033199f, 0.00961842854f,
                                  0.00133989786f, 0.000153558984f), all(1.0f));
    const I32 k = __builtin_convertvector(n, I32), half = k >> 1;  // two steps: 2^k may overflow
    return y * (F)((half + 127) << 23) * (F)((k - half + 127) << 23);
}
RL_INLINE D exp2(D x) {
    const D within = at_least(at_most(x, 1025.0), -1076.0), n = (within + SHIFT) - SHIFT;
    const D half = (n * 0.5 + SHIFT) - SHIFT;
    const auto power_of_two = [](D k) { return (D)((I64)(k + (SHIFT + 1023)) << 52); };
    return exp((within - n) * LN2) * power_of_two(half) * power_of_two(n - half);
}

// |x|^y, for results that are rounded to float
RL_INLINE D power(D x, D y) {
    const D size = abs(x);
    D z = exp_of<float>(y * log_of<float>(size));
    // below 0: NaN, or for whole y with the sign of an odd one; beyond 2^53 all are even
    const D half = 0.5 * y;
    const I64 is_whole = whole<DOWN>(y) == y, odd = is_whole & (whole<DOWN>(half) != half) & (abs(y) < INF);
    z = (x < 0) & ~is_whole & (x != -INF) ? all(__builtin_nan("")) : z;
    z = ((I64)x < 0) & odd ? -z : z;
    return (x == 1) | (y == 0) | ((size == 1) & (abs(y) == INF)) ? all(1.0) : z;
}

// the larger one, and of what is between them the logarithm of 1 + 2^-d
template <class T>
RL_INLINE D logaddexp2(D x, D y) {
    const D more = x > y ? x : y, t = exp_of<T>(-LN2 * abs(x - y));
    D rest;
    if constexpr (std::is_same_v<T, double>) {
        rest = log1p(t);
    } else {
        const D s = t / (t + 2), z = s * s;
        rest = s * fma(z, series(z, LOG1P_SHORT), all(2.0));
    }
    return x == y ? x + 1 : x != x ? x : fma(rest, all(0x1.71547652b82fep0), more);
}

// --- lengths -------------------------------------------------------------------------------------

template <class T>
RL_INLINE D length(D x, D y) {
    const D u = abs(x), v = abs(y), inf = all(INF);
    if constexpr (std::is_same_v<T, float>) return (u == inf) | (v == inf) ? inf : sqrt(fma(u, u, v * v));
    const D large = u > v ? u : v;
    const D scale = large > 0x1p500 ? all(0x1p-600) : large < 0x1p-500 ? all(0x1p600) : all(1.0);
    const D a = u * scale, b = v * scale, aa = a * a, bb = b * b, h = sqrt(aa + bb), hh = h * h;
    // what rounding lost (Borges 2019, arXiv:1904.09481)
    const D lost = fma(-b, b, hh - aa) + fma(h, h, -hh) - fma(a, a, -aa);
    const D z = (h == 0 ? h : h - lost / (2 * h)) / scale;
    return (u == inf) | (v == inf) ? inf : z;
}

// --- errors and factorials -----------------------------------------------------------------------

// (1 + 2x) e^(x²) erfc(x) in (x - 4) / (x + 4)
constexpr double ERFC_SERIES[] = {
    0x1.3ba5916e9fd7fp+0, -0x1.1df1ad154a29bp-3, 0x1.f7f5df66fd782p-7, 0x1.16ecefcfa5f66p-4,
    -0x1.9ddb23c3e8ed9p-4, 0x1.7fee004df82efp-4, -0x1.0fb06dfe510bap-4, 0x1.3079edf9d4ab0p-5,
    -0x1.09623882005e6p-6, 0x1.49c671987d97cp-8, -0x1.8d4a9e95fadf0p-11, -0x1.a1de85dfda52ap-13,
    0x1.3be0bc4c14731p-13, -0x1.9969e8c1c95fep-16, -0x1.78a4df5c53ce7p-17, 0x1.7fb1be7c05da1p-18,
    0x1.4390f76b3763ap-22, -0x1.c0240dec36aa8p-21, 0x1.0ddbfbff3766ap-24, 0x1.ee61be1cd5025p-24,
    -0x1.0d11510d23fb3p-27, -0x1.d421acb4bc96cp-27, -0x1.ecc737cebb295p-30};
// the same up to 10.5, for float
constexpr double ERFC_SHORT[] = {
    0x1.3ba5916fa9516p+0, -0x1.1df1af2b9c168p-3, 0x1.f7f5789367060p-7, 0x1.16edcd692e20ap-4,
    -0x1.9dd91c18b1957p-4, 0x1.7fe23086364ddp-4, -0x1.0fcf9ebce52c7p-4, 0x1.30da3052fc56bp-5,
    -0x1.06656a7276d8ap-6, 0x1.4c9d34ea61a71p-8, -0x1.22b36d8fa6063p-10, -0x1.4c53fc5fe60dap-11};
template <class T>
RL_INLINE D erfc(D x) {
    D tail;
    if constexpr (std::is_same_v<T, float>) {
        const D t = at_most(abs(x), 10.4), a = t + 4, b = fma(t, all(2.0), all(1.0));
        const D q = 1 / (a * b);
        tail = series((t - 4) * (b * q), ERFC_SHORT) * (exp_of<T>(-t * t) * (a * q));
    } else {
        const D t = at_most(abs(x), 27.5), high = (D)((I64)t & -0x8000000), square = high * high;
        const D low = (t - high) * (t + high), s = square + low, lost = (square - s) + low, e = exp(-s);
        tail = series((t - 4) / (t + 4), ERFC_SERIES) / fma(t, all(2.0), all(1.0)) * fma(-lost, e, e);
    }
    return x < 0 ? 2 - tail : tail;
}

// 1 / (k!)², in x² / 4
constexpr double I0_SERIES[] = {
    1, 1, 0x1p-2, 0x1.c71c71c71c71cp-6, 0x1.c71c71c71c71cp-10, 0x1.23456789abcdfp-14,
    0x1.02e85c0898b71p-19, 0x1.522a43f65486ap-25, 0x1.522a43f65486ap-31, 0x1.0b313289be0b9p-37,
    0x1.5601885e63e5dp-44, 0x1.69ca9cf3b7f54p-51, 0x1.4197a7f5154bcp-58, 0x1.e725594ee52e9p-66,
    0x1.3e22d70ef3b5fp-73, 0x1.69f7da8510bcdp-81, 0x1.69f7da8510bcdp-89, 0x1.40a2dc2460523p-97,
    0x1.faaf2fa1c79e5p-106, 0x1.674f8e46c208cp-114, 0x1.cbeaf38dc529fp-123, 0x1.0afb53e9cec0bp-131,
    0x1.1a6d4e307528fp-140};
// sqrt(x) e^-x I₀(x) in 16 / x - 1
constexpr double I0_FAR[] = {
    0x1.9bd428ad249a5p-2, 0x1.b87969bb9396cp-9, 0x1.1daa72b57ac60p-13, 0x1.75e5ee7ac4f34p-17,
    0x1.8e5142f07c523p-20, 0x1.3f498d3e647b6p-22, 0x1.7d0657c23b373p-24, 0x1.51d7b4cea9176p-25,
    0x1.735bf0b4b4a2ap-26, 0x1.02aa3121dd825p-27, -0x1.e6e27ec488f85p-28, -0x1.c92ed7537df42p-27,
    -0x1.2a6485e549de1p-28, 0x1.f53f929d7f35cp-28, 0x1.685199b8b607ap-28, -0x1.a753deddde5e2p-29,
    -0x1.993798b01e616p-29, 0x1.23c8b4962bf69p-30, 0x1.1145f1ec1288fp-30, -0x1.1ed4d28c5b11bp-32,
    -0x1.4f0faa1072e1ap-33, 0x1.1e753afb96f82p-35};
template <class T>
RL_INLINE D i0(D x) {
    const D size = abs(x), near = at_most(size, 8.0);
    const D y = series(0.25 * near * near, I0_SERIES);
    if (!any_beyond(x, 8.0)) return y;
    const D t = at_least(size, 8.0), root = exp(0.5 * t);  // of infinity NaN, as in PyTorch
    return size <= 8 ? y : root * (series(16 / t - 1, I0_FAR) / sqrt(t)) * root;
}

// 1/12, 1/120, ...: Abramowitz and Stegun 6.3.18
constexpr double DIGAMMA_SERIES[] = {1. / 12,   -1. / 120,      1. / 252, -1. / 240,
                                     1. / 132, -691. / 32760, 1. / 12};
template <class T>
RL_INLINE D digamma(D x) {
    constexpr int FAR = std::is_same_v<T, float> ? 6 : 10;
    const I64 negative = x < 0;
    D y = negative ? 1 - x : x, above = {}, below = all(1.0);  // a sum of 1 / y as a fraction
    for (int i = 0; i < FAR && any_beyond(at_least(FAR - y, 0.0), 0.0); i++) {
        const I64 small = y < FAR;
        above = small ? fma(above, y, below) : above;
        below = small ? below * y : below;
        y = small ? y + 1 : y;
    }
    const D r = 1 / y, z = r * r;
    D total = log_of<T>(y) - 0.5 * r - z * series(z, DIGAMMA_SERIES) - above / below;
    if (any_beyond(at_least(-x, 0.0), 0.0)) {  // reflected
        const D part = PI * (x - whole<TO_ZERO>(x));
        total = negative ? total - PI * cos(part) / sin(part) : total;
        total = negative & (x == whole<TO_ZERO>(x)) ? all(__builtin_nan("")) : total;
    }
    return x == 0 ? copysign(all(INF), -x) : total;
}

// x P(-log(1 - x²)), for results that are rounded to float: tools/fit_polynomials.py
constexpr double ERFINV_CENTRE[] = {
    0x1.805c5cff863a9p+0, 0x1.f91e8996e9b3fp-3, -0x1.11c3e17231610p-8, -0x1.4863d39a9d3f6p-10,
    0x1.c9bb78bbdbb31p-13, -0x1.4f423196a3f59p-18, -0x1.cbd8234b2e6a1p-19, 0x1.00f14a334be2fp-21,
    0x1.1b064b52885fbp-26, -0x1.74a9d9875fa87p-27, 0x1.df58f6afc3758p-32, 0x1.0d72497448f2bp-33};
constexpr double ERFINV_TAIL[] = {
    0x1.6a9efbdd65af2p+1, 0x1.006dc9f27bcaap+0, 0x1.3580b7938e858p-7, -0x1.f4e2fff43193ap-8,
    0x1.74c3f44dd1a40p-8, -0x1.d370c7a8a25e9p-9, 0x1.82750bd958c0cp-10, -0x1.fd97c44e9f240p-14,
    -0x1.218278e18aff1p-12, 0x1.527f909ff1ef2p-13, -0x1.fc3ffb89616f5p-16};
// of doubles: up to w = -log(1 - x²) = 6.25 in w - 3.125, up to 16 in sqrt(w) - 3.25, beyond in sqrt(w) - 5
constexpr double ERFINV_UP_TO_6[] = {
    0x1.a755e7c99ae86p+0, 0x1.ebd80d9b13e29p-3, -0x1.8b6c33114f1cap-8, -0x1.84576948502c1p-11,
    0x1.879c2a20f2c0bp-13, -0x1.d1d1f7b83ff5ep-17, -0x1.6e8a5404715d4p-20, 0x1.c6b4f5c9b2c2cp-22,
    -0x1.f36ce0b7a355ep-26, -0x1.1a9e37eeae2d1p-28, 0x1.20f4c87bf1417p-30, -0x1.dc58660cc80edp-35,
    -0x1.c890e3be444c3p-37, 0x1.72a2ba5503fc8p-39, -0x1.6e0d086236ed5p-44, -0x1.6d38ce465005bp-45,
    0x1.dc2b0aa64aee5p-48, 0x1.86286ee67f93dp-56, -0x1.2e37d68848105p-53, 0x1.9b582ab807614p-57,
    0x1.5ed846d5aee8cp-60, -0x1.8d79a0ad94b7fp-63, -0x1.152766270a111p-69};
constexpr double ERFINV_UP_TO_16[] = {
    0x1.8abcc380d5a48p+1, 0x1.0158a6d641d31p+0, 0x1.5ffcfe5b76d59p-8, -0x1.ebadabb832ac2p-9,
    0x1.468eeca511625p-9, -0x1.ba9241469711dp-10, 0x1.f3cc55b97b17cp-11, -0x1.7448a4f8d12c7p-12,
    0x1.932cc67ed8bc4p-16, 0x1.1e67f1274dee7p-14, -0x1.8ceef9fbf4dd1p-15, 0x1.a2a445f72030cp-17,
    0x1.885a168402b9fp-19, -0x1.0d8708c616b49p-18, 0x1.937963a732766p-20, 0x1.657e7a96b3407p-26,
    -0x1.27c2966fe5f8bp-22, 0x1.80f54b583deccp-24, 0x1.3d8f70ee73308p-29};
constexpr double ERFINV_BEYOND[] = {
    0x1.3664ddd1ad7fbp+2, 0x1.02a30d1fba10fp+0, -0x1.22ea5df0ae750p-13, -0x1.c2f36aa2af2f6p-13,
    0x1.3ebf4ec13109ap-14, -0x1.4a348f9c8d58ep-16, 0x1.2fbd21a57b67bp-18, -0x1.0a9080a7474a6p-20,
    0x1.ebcc8dc847e00p-23, -0x1.2224df48a5331p-24, 0x1.f483f034ac59fp-26, -0x1.06211e5efb902p-26,
    0x1.063832384c55bp-27, -0x1.dcbbf16782cdbp-29, 0x1.9bdd1cc2a618cp-30, -0x1.e27f346fb3d84p-32,
    -0x1.b5fecc067f278p-36, 0x1.7b3d8cb5ebadap-35};
template <class T>
RL_INLINE D erfinv(D x) {
    const D w = -log_of<T>((1 - x) * (1 + x));
    if constexpr (std::is_same_v<T, float>) {
        const D centre = x * series(at_most(w, 5.0) - 2.5, ERFINV_CENTRE);
        if (__builtin_expect(!any_beyond(w, 5.0), 1)) return centre;
        const D tail = x * series(sqrt(at_most(w, 17.0)) - 3, ERFINV_TAIL);
        return w == INF ? copysign(w, x) : w <= 5 ? centre : tail;
    }
    const D centre = x * series(at_most(w, 6.25) - 3.125, ERFINV_UP_TO_6);
    if (__builtin_expect(!any_beyond(w, 6.25), 1)) return centre;
    const D root = sqrt(at_most(w, 37.0));
    const D tail = x * series(at_most(root, 4.0) - 3.25, ERFINV_UP_TO_16), far = x * series(root - 5, ERFINV_BEYOND);
    return w == INF ? copysign(w, x) : w <= 6.25 ? centre : w <= 16 ? tail : far;
}

// The next number towards the other: one more or less of the bits.
template <class V>
RL_INLINE V next_after(V x, V y) {
    using I = std::conditional_t<std::is_same_v<V, F>, I32, I64>;
    using U = std::conditional_t<std::is_same_v<V, F>, U32, U64>;  // (the bits of -0 are the least number)
    const U up = (U)((x < y) ^ ((I)x < 0));
    const V z = (V)((U)x - 2 * up - 1), least = copysign((V)(I{} + 1), y);
    return (x != x) | (y != y) ? x + y : x == y ? y : x == 0 ? least : z;
}

}  // namespace

#define CURVE(name)                                                       \
    template <class T>                                                    \
    void name(const T* x, T* y, i64 n) {                                  \
        curve(n, [](D v) -> D { return name<T>(v); }, y, x);              \
    }                                                                     \
    template void name(const float*, float*, i64);                        \
    template void name(const double*, double*, i64);
RL_CURVES(CURVE)

// of two-byte floats by the logarithm in float
#define LOGARITHM(name, one)                                                          \
    template <class T>                                                                \
    void name(const T* x, T* y, i64 n) {                                              \
        if constexpr (sizeof(T) == 2)                                                 \
            map<HEAVY>(n, [](F v) -> F { return log(v) * float(one); }, y, x);        \
        else curve(n, [](D v) -> D { return name<T>(v); }, y, x);                     \
    }                                                                                 \
    template void name(const Half*, Half*, i64);                                      \
    template void name(const Brain*, Brain*, i64);                                    \
    template void name(const float*, float*, i64);                                    \
    template void name(const double*, double*, i64);
LOGARITHM(log2, 1.44269504088896340736)
LOGARITHM(log10, 0.43429448190325182765)

#define CURVE_2(name, formula)                                            \
    template <class T>                                                    \
    void name(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {      \
        curve_of_two(x, nx, y, ny, z, n, [](D u, D v) -> D { return formula; }); \
    }                                                                     \
    template void name(const float*, i64, const float*, i64, float*, i64);
CURVE_2(power, power(u, v))
#define OF_DOUBLE(name) \
    template void name(const double*, i64, const double*, i64, double*, i64);
CURVE_2(atan2, angle<T>(u, v))
OF_DOUBLE(atan2)
CURVE_2(logaddexp2, logaddexp2<T>(u, v))
OF_DOUBLE(logaddexp2)
CURVE_2(hypot, length<T>(u, v))
OF_DOUBLE(hypot)

template <class T>
void exp2(const T* x, T* y, i64 n) {
    map<HEAVY>(n, [](Reg<T> v) -> Reg<T> { return exp2(v); }, y, x);
}
template void exp2(const float*, float*, i64);
template void exp2(const double*, double*, i64);

template <class T>
void nextafter(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    zip<HEAVY>(x, nx, y, ny, z, n, [](Reg<T> u, Reg<T> v) { return next_after(u, v); });
}
template void nextafter(const float*, i64, const float*, i64, float*, i64);
template void nextafter(const double*, i64, const double*, i64, double*, i64);

}  // namespace rl::RL_ISA
