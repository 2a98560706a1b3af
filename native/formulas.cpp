#include "formulas.hpp"

#include "functions.hpp"
#include "losses.hpp"
#include "maps.hpp"

namespace rl::RL_ISA {
namespace {

template <class V>
inline __attribute__((noinline)) V fmod_each(V x, V y) {
    for (i64 i = 0; i < LANES<Lane<V>>; i++) x[i] = Lane<V>(__builtin_fmod(x[i], y[i]));
    return x;
}

// x - y trunc(x / y). The quotient, if it is not too long, is never too small, and at most one too large where
// rounding made it whole; what it leaves is exact by fma. All others, and NaN, are the C library's.
template <class V>
RL_INLINE V remains(V x, V y) {
#if defined(RL_FMA)
    constexpr Lane<V> LONG = sizeof(Lane<V>) == 4 ? 0x1p22 : 0x1p51;
    const V b = abs(y), size = abs(x), q = whole<TO_ZERO>(size / b);
    V r = fma(-q, b, size);
    r = r < 0 ? r + b : r;
    if (__builtin_expect(any_beyond(q, LONG) || any_beyond(r, Lane<V>(__builtin_inf())), 0))
        return fmod_each(x, y);
    return copysign(r, x);
#else
    return fmod_each(x, y);
#endif
}

// to y's sign; a zero keeps that of x
template <class V>
RL_INLINE V remains_above(V x, V y) {
    const V r = remains(x, y);
    return (r != 0) & ((r < 0) != (y < 0)) ? r + y : r;
}

// the whole number below x / y, as it is left by the remainder
template <class V>
RL_INLINE V whole_below(V x, V y) {
    const V r = remains(x, y), zero = {};
    V q = (x - r) / y;
    q = (r != 0) & ((r < 0) != (y < 0)) ? q - 1 : q;
    const V low = whole<DOWN>(q), near = q - low > Lane<V>(0.5) ? low + 1 : low;
    return y == 0 ? x / y : q == 0 ? copysign(zero, x / y) : near;
}

enum Part { QUOTIENT_BELOW, QUOTIENT, REST_ABOVE, REST };  // rounded down or towards 0, and what that leaves

// One part of x / y, which wraps around; 0 where y is 0.
template <Part part>
RL_INLINE i64 divided(i64 x, i64 y) {
    constexpr bool below = part == QUOTIENT_BELOW || part == REST_ABOVE, rest = part == REST_ABOVE || part == REST;
    if (y == 0) return 0;
    if (y == -1) return rest ? 0 : i64(0 - std::uint64_t(x));
    const i64 q = x / y, r = x % y;
    const bool less = below && r != 0 && (r < 0) != (y < 0);
    return rest ? (less ? r + y : r) : q - less;
}

// The same in registers of doubles, which hold the numbers of [-2^51, 2^51) and round no quotient of two of them to
// a whole number that it is not: it is 2^-51 of itself away from one, if not at one.
template <Part part>
RL_INLINE I64 divided(I64 x, I64 y) {
    constexpr bool below = part == QUOTIENT_BELOW || part == REST_ABOVE, rest = part == REST_ABOVE || part == REST;
    const I64 bits = (I64)all(0x1.8p52);
    const auto number = [=](I64 v) { return (D)(v + bits) - 0x1.8p52; };
    const D q = whole<below ? DOWN : TO_ZERO>(number(x) / number(y));
    const I64 as_whole = (I64)(q + 0x1.8p52) - bits;
    return y == 0 ? I64{} : rest ? x - as_whole * y : as_whole;
}

template <Part part>
void divide_whole(const std::uint64_t* x, i64 nx, const std::uint64_t* y, i64 ny, std::uint64_t* z, i64 n) {
    constexpr i64 CHUNK = 256, L = LANES<double>, HALF = i64(1) << 51;
    const auto *const u = reinterpret_cast<const i64*>(x), *const v = reinterpret_cast<const i64*>(y);
    i64* const to = reinterpret_cast<i64*>(z);
    parallel(n, even_blocks(n, HEAVY), [=](i64 begin, i64 end) {
        i64 same[CHUNK];
        if (nx != n || ny != n)
            for (i64& s : same) s = nx != n ? *u : *v;
        for (i64 i = begin; i < end; i += CHUNK) {
            const i64 some = end - i < CHUNK ? end - i : CHUNK;
            const i64 *const a = nx == n ? u + i : same, *const b = ny == n ? v + i : same;
            std::uint64_t far = 0;
            for (i64 j = 0; j < some; j++)
                far |= (std::uint64_t(a[j]) + HALF) | (std::uint64_t(b[j]) + HALF);
            i64 j = 0;
            if (far < 2 * HALF)
                for (; j + L <= some; j += L) {
                    I64 p, q;
                    std::memcpy(&p, a + j, sizeof p);
                    std::memcpy(&q, b + j, sizeof q);
                    p = divided<part>(p, q);
                    std::memcpy(to + i + j, &p, sizeof p);
                }
            for (; j < some; j++) to[i + j] = divided<part>(a[j], b[j]);
        }
    });
}

// log(1 + e^-x) without overflow
template <class V>
RL_INLINE V softplus_of_minus(V x) {
    return log1p(exp(-abs(x))) + (x < 0 ? -x : V{});
}

}  // namespace

template <class U>
void sign(const U* x, U* y, i64 n) {
    using T = Wide<U>;
    using V = Reg<T>;
    // (one comparison, of 0 and NaN false)
    map<LIGHT>(
        n,
        [](V v) -> V {
            const V one = copysign(all(T(1)), v);
            return abs(v) > 0 ? one : V{};
        },
        y, x);
}
template <class U>
void hardshrink(const U* x, U* y, i64 n, double a) {
    using T = Wide<U>;
    using V = Reg<T>;
    map<LIGHT>(n, [b = T(a)](V v) -> V { return (v >= -b) & (v <= b) ? V{} : v; }, y, x);
}
template <class U>
void softshrink(const U* x, U* y, i64 n, double a) {
    using T = Wide<U>;
    using V = Reg<T>;  // v * 0: NaN stays
    map<LIGHT>(n, [b = T(a)](V v) -> V { return v > b ? v - b : v < -b ? v + b : v * 0; }, y, x);
}
template <class U>
void huber(const U* x, U* y, i64 n, double a) {
    map<LIGHT>(n, Huber<Wide<U>>(a), y, x);
}
template <class U>
void huber_slope(const U* x, U* y, i64 n, double a) {
    using T = Wide<U>;
    using V = Reg<T>;
    map<LIGHT>(n, [b = T(a)](V v) -> V { return abs(v) >= b ? copysign(all(b), v) : v; }, y, x);
}
template <class U>
void smooth_l1(const U* x, U* y, i64 n, double a) {
    map<LIGHT>(n, SmoothL1<Wide<U>>(a), y, x);
}
template <class U>
void smooth_l1_slope(const U* x, U* y, i64 n, double a) {
    using T = Wide<U>;
    using V = Reg<T>;  // (a = 0: the slope at 0 is 0)
    const V zero = {}, one = all(T(1));
    map<LIGHT>(
        n,
        [=, b = T(a)](V v) -> V {
            return abs(v) >= b ? (v == 0 ? zero : copysign(one, v)) : v / b;
        },
        y, x);
}
template <class U>
void finite(const U* x, U* y, i64 n, double nan, double above, double below) {
    using T = Wide<U>;
    using V = Reg<T>;
    const T inf = T(__builtin_inf()), a = T(nan), b = T(above), c = T(below);
    map<LIGHT>(
        n,
        [inf, a, b, c](V v) -> V { return v != v ? all(a) : v == inf ? all(b) : v == -inf ? all(c) : v; }, y, x);
}
template <class U>
void add_scaled(const U* x, const U* y, U* z, i64 n, double a) {
    using T = Wide<U>;
    using V = Reg<T>;
    map<LIGHT>(n, [b = all(T(a))](V v, V w) -> V { return fma(b, w, v); }, z, x, y);
}
template <class U>
void lerp_number(const U* x, const U* y, U* z, i64 n, double w) {
    using T = Wide<U>;
    using V = Reg<T>;  // from the nearer end
    const V a = all(T(w)), b = all(T(w) - 1);
    if (__builtin_fabs(w) < 0.5) map<LIGHT>(n, [=](V u, V v) -> V { return fma(v - u, a, u); }, z, x, y);
    else map<LIGHT>(n, [=](V u, V v) -> V { return fma(v - u, b, v); }, z, x, y);
}
template <class U>
void lerp(const U* x, const U* y, const U* w, U* z, i64 n) {
    using T = Wide<U>;
    using V = Reg<T>;
    map<LIGHT>(
        n,
        [](V u, V v, V w) -> V {
            const V d = v - u;
            return abs(w) < T(0.5) ? fma(w, d, u) : fma(w - 1, d, v);
        },
        z, x, y, w);
}
template <class U>
void addcmul(const U* x, const U* y, const U* z, U* r, i64 n, double a) {
    using T = Wide<U>;
    using V = Reg<T>;
    map<LIGHT>(n, [b = T(a)](V u, V v, V w) -> V { return fma(v * b, w, u); }, r, x, y, z);
}
template <class U>
void addcdiv(const U* x, const U* y, const U* z, U* r, i64 n, double a) {
    using T = Wide<U>;
    using V = Reg<T>;
    map<LIGHT>(n, [b = T(a)](V u, V v, V w) -> V { return u + v * b / w; }, r, x, y, z);
}

template <class U>
void bce_logits(const U* x, const U* y, U* z, i64 n) {
    using V = Reg<Wide<U>>;
    map<HEAVY>(n, [](V v, V t) -> V { return (1 - t) * v + softplus_of_minus(v); }, z, x, y);
}
template <class U>
void bce_logits_weighted(const U* x, const U* y, const U* w, U* z, i64 n) {
    using V = Reg<Wide<U>>;
    map<HEAVY>(
        n, [](V v, V t, V u) -> V { return (1 - t) * v + (1 + (u - 1) * t) * softplus_of_minus(v); }, z, x, y, w);
}
template <class U>
void bce_logits_dx(const U* dy, const U* x, const U* y, U* dx, i64 n) {
    using V = Reg<Wide<U>>;
    map<HEAVY>(n, [](V g, V v, V t) -> V { return g * (sigmoid(v) - t); }, dx, dy, x, y);
}

template <class T>
void trunc_divide(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    if constexpr (std::is_same_v<T, std::uint64_t>) divide_whole<QUOTIENT>(x, nx, y, ny, z, n);
    else zip<LIGHT>(x, nx, y, ny, z, n, [](auto u, auto v) { return whole<TO_ZERO>(u / v); });
}
template <class T>
void fmod(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    if constexpr (std::is_same_v<T, std::uint64_t>) divide_whole<REST>(x, nx, y, ny, z, n);
    else zip<HEAVY>(x, nx, y, ny, z, n, [](Reg<T> u, Reg<T> v) { return remains(u, v); });
}
template <class T>
void remainder(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    if constexpr (std::is_same_v<T, std::uint64_t>) divide_whole<REST_ABOVE>(x, nx, y, ny, z, n);
    else zip<HEAVY>(x, nx, y, ny, z, n, [](Reg<T> u, Reg<T> v) { return remains_above(u, v); });
}
template <class T>
void floor_divide(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    if constexpr (std::is_same_v<T, std::uint64_t>) divide_whole<QUOTIENT_BELOW>(x, nx, y, ny, z, n);
    else zip<HEAVY>(x, nx, y, ny, z, n, [](Reg<T> u, Reg<T> v) { return whole_below(u, v); });
}

template <class T>
void logaddexp(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    using V = Reg<T>;
    // of two infinities of one sign the difference is NaN, and the sum is that infinity
    zip<HEAVY>(x, nx, y, ny, z, n, [](V u, V v) -> V {
        const V more = u > v ? u : v, rest = log1p(exp(-abs(u - v)));
        return u == v ? u + T(0.69314718055994530942) : u != u ? u : more + rest;
    });
}

template <class T>
void copysign(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    zip<LIGHT>(x, nx, y, ny, z, n, [](Reg<T> u, Reg<T> v) { return copysign(u, v); });
}

#define ROUNDING(name, way)                                                                   \
    template <class T>                                                                        \
    void name(const T* x, T* y, i64 n) {                                                      \
        map<LIGHT>(n, [](F v) { return whole<way>(v); }, y, x);                               \
    }
ROUNDING(floor_narrow, DOWN)
ROUNDING(ceil_narrow, UP)
ROUNDING(trunc_narrow, TO_ZERO)
ROUNDING(round_narrow, NEAREST)

#define EXTREME(name, formula)                                                                \
    template <class T>                                                                        \
    void name(const T* x, const T* y, T* z, i64 n) {                                          \
        map<LIGHT>(n, [](F u, F v) -> F { return formula; }, z, x, y);                        \
    }
EXTREME(maximum_narrow, max(u, v))
EXTREME(minimum_narrow, (u < v) | (u != u) ? u : v)
EXTREME(fmax_narrow, (u > v) | (v != v) ? u : v)
EXTREME(fmin_narrow, (u < v) | (v != v) ? u : v)

#define FORMULAS(T)                                                                           \
    template void sign(const T*, T*, i64);                                                    \
    template void hardshrink(const T*, T*, i64, double);                                      \
    template void softshrink(const T*, T*, i64, double);                                      \
    template void huber(const T*, T*, i64, double);                                           \
    template void huber_slope(const T*, T*, i64, double);                                     \
    template void smooth_l1(const T*, T*, i64, double);                                       \
    template void smooth_l1_slope(const T*, T*, i64, double);                                 \
    template void finite(const T*, T*, i64, double, double, double);                          \
    template void add_scaled(const T*, const T*, T*, i64, double);                            \
    template void lerp_number(const T*, const T*, T*, i64, double);                           \
    template void lerp(const T*, const T*, const T*, T*, i64);                                \
    template void addcmul(const T*, const T*, const T*, T*, i64, double);                     \
    template void addcdiv(const T*, const T*, const T*, T*, i64, double);                     \
    template void bce_logits(const T*, const T*, T*, i64);                                    \
    template void bce_logits_weighted(const T*, const T*, const T*, T*, i64);                 \
    template void bce_logits_dx(const T*, const T*, const T*, T*, i64);
#define QUOTIENTS(T)                                                                          \
    template void fmod(const T*, i64, const T*, i64, T*, i64);                                \
    template void remainder(const T*, i64, const T*, i64, T*, i64);                           \
    template void floor_divide(const T*, i64, const T*, i64, T*, i64);                        \
    template void trunc_divide(const T*, i64, const T*, i64, T*, i64);
#define PAIRS(T)                                                                              \
    QUOTIENTS(T)                                                                              \
    template void logaddexp(const T*, i64, const T*, i64, T*, i64);                           \
    template void copysign(const T*, i64, const T*, i64, T*, i64);
#define NARROW(T)                                                                             \
    template void floor_narrow(const T*, T*, i64);                                            \
    template void ceil_narrow(const T*, T*, i64);                                             \
    template void trunc_narrow(const T*, T*, i64);                                            \
    template void round_narrow(const T*, T*, i64);                                            \
    template void maximum_narrow(const T*, const T*, T*, i64);                                \
    template void minimum_narrow(const T*, const T*, T*, i64);                                \
    template void fmax_narrow(const T*, const T*, T*, i64);                                   \
    template void fmin_narrow(const T*, const T*, T*, i64);
FORMULAS(float)
FORMULAS(double)
#ifdef RL_NARROW_FORMULAS
FORMULAS(Half)
FORMULAS(Brain)
#endif
PAIRS(float)
PAIRS(double)
QUOTIENTS(std::uint64_t)
NARROW(Half)
NARROW(Brain)

}  // namespace rl::RL_ISA
