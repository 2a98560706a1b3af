// One register of floats or doubles, and arithmetic on it: GCC's vector extensions, whose operators
// are the language's own (x * y, x < y ? a : b), with a few functions that they lack.
//
//   F, D     a register of floats, of doubles        Reg<T>   the one of T's
//   LANES<T> how many numbers it holds
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define RL_INLINE inline __attribute__((always_inline))

namespace rl::RL_ISA {

using i64 = std::int64_t;

#if defined(__AVX512F__)
constexpr int REGISTER = 64;
#elif defined(__AVX2__)
constexpr int REGISTER = 32;
#else
constexpr int REGISTER = 16;
#endif

// How many registers there are, which bounds the sums of a tile. (A macro: `#if` asks for it.)
#if defined(__AVX512F__) || defined(__aarch64__)
#define RL_REGISTERS 32
#else
#define RL_REGISTERS 16
#endif

// Whether fma() rounds once.
#if defined(__FMA__) || defined(__aarch64__)
#define RL_FMA 1
#endif

typedef float F __attribute__((vector_size(REGISTER)));
typedef double D __attribute__((vector_size(REGISTER)));
typedef std::int32_t I32 __attribute__((vector_size(REGISTER)));
typedef std::uint32_t U32 __attribute__((vector_size(REGISTER)));
typedef std::int64_t I64 __attribute__((vector_size(REGISTER)));

template <class T>
using Reg = std::conditional_t<std::is_same_v<T, float>, F, D>;
template <class V>
using Lane = std::conditional_t<std::is_same_v<V, F>, float, double>;
template <class T>
constexpr i64 LANES = REGISTER / sizeof(T);

RL_INLINE F load(const float* p) {
    F v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
RL_INLINE D load(const double* p) {
    D v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
RL_INLINE void store(float* p, F v) { std::memcpy(p, &v, sizeof v); }
RL_INLINE void store(double* p, D v) { std::memcpy(p, &v, sizeof v); }

// The first n lanes from p, the others 0; and back. 0 < n <= LANES.
#if defined(__AVX512F__)
RL_INLINE F load_part(const float* p, i64 n) {
    return (F)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
RL_INLINE D load_part(const double* p, i64 n) {
    return (D)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
}
RL_INLINE void store_part(float* p, F v, i64 n) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), (__m512)v);
}
RL_INLINE void store_part(double* p, D v, i64 n) {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), (__m512d)v);
}
#elif defined(__AVX2__)
RL_INLINE F load_part(const float* p, i64 n) {
    const I32 lane = {0, 1, 2, 3, 4, 5, 6, 7};
    return (F)_mm256_maskload_ps(p, (__m256i)(lane < std::int32_t(n)));
}
RL_INLINE D load_part(const double* p, i64 n) {
    const I64 lane = {0, 1, 2, 3};
    return (D)_mm256_maskload_pd(p, (__m256i)(lane < n));
}
// (by halves: processors differ widely in what a masked store to memory costs)
RL_INLINE void store_part(float* p, F v, i64 n) {
    if (n & 8) return store(p, v);
    __m128 x = _mm256_castps256_ps128((__m256)v);
    if (n & 4) {
        _mm_storeu_ps(p, x);
        x = _mm256_extractf128_ps((__m256)v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi(reinterpret_cast<__m64*>(p), x);
        x = _mm_movehl_ps(x, x);
        p += 2;
    }
    if (n & 1) _mm_store_ss(p, x);
}
RL_INLINE void store_part(double* p, D v, i64 n) {
    if (n & 4) return store(p, v);
    __m128d x = _mm256_castpd256_pd128((__m256d)v);
    if (n & 2) {
        _mm_storeu_pd(p, x);
        x = _mm256_extractf128_pd((__m256d)v, 1);
        p += 2;
    }
    if (n & 1) _mm_store_sd(p, x);
}
#else
template <class T>
RL_INLINE Reg<T> load_part(const T* p, i64 n) {
    Reg<T> v{};
    for (i64 i = 0; i < LANES<T>; i++)
        if (i < n) v[i] = p[i];
    return v;
}
template <class V>
RL_INLINE void store_part(Lane<V>* p, V v, i64 n) {
    for (i64 i = 0; i < LANES<Lane<V>>; i++)
        if (i < n) p[i] = v[i];
}
#endif

// The same for n <= LANES.
template <class T>
RL_INLINE Reg<T> get(const T* p, i64 n) {
    return n == LANES<T> ? load(p) : load_part(p, n);
}
template <class V>
RL_INLINE void put(Lane<V>* p, V v, i64 n) {
    if (n == LANES<Lane<V>>) store(p, v);
    else store_part(p, v, n);
}

template <class T>
RL_INLINE Reg<T> all(T x) {
    return x - Reg<T>{};
}  // x in every lane

// a * b + c, rounded once where the processor can.
RL_INLINE F fma(F a, F b, F c) {
#if defined(__AVX512F__)
    return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
    return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
    return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}
RL_INLINE D fma(D a, D b, D c) {
#if defined(__AVX512F__)
    return (D)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
    return (D)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
    return (D)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}
RL_INLINE float fma(float a, float b, float c) {
#if defined(RL_FMA)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}
RL_INLINE double fma(double a, double b, double c) {
#if defined(RL_FMA)
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

RL_INLINE F sqrt(F x) {
#if defined(__AVX512F__)
    return (F)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
    return (F)_mm256_sqrt_ps((__m256)x);
#elif defined(__aarch64__)
    return (F)vsqrtq_f32((float32x4_t)x);
#else
    for (i64 i = 0; i < LANES<float>; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}
RL_INLINE D sqrt(D x) {
#if defined(__AVX512F__)
    return (D)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
    return (D)_mm256_sqrt_pd((__m256d)x);
#elif defined(__aarch64__)
    return (D)vsqrtq_f64((float64x2_t)x);
#else
    for (i64 i = 0; i < LANES<double>; i++) x[i] = __builtin_sqrt(x[i]);
    return x;
#endif
}
RL_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
RL_INLINE double sqrt(double x) { return __builtin_sqrt(x); }

RL_INLINE F abs(F x) { return (F)((I32)x & 0x7fffffff); }
RL_INLINE D abs(D x) { return (D)((I64)x & 0x7fffffffffffffff); }
#if defined(__AVX512F__)
// in one instruction: bit by bit, mask ? x : sign
RL_INLINE F copysign(F x, F sign) {
    const __m512i mask = (__m512i)(I32{} + 0x7fffffff);
    return (F)_mm512_ternarylogic_epi32(mask, (__m512i)x, (__m512i)sign, 0xca);
}
RL_INLINE D copysign(D x, D sign) {
    const __m512i mask = (__m512i)(I64{} + 0x7fffffffffffffff);
    return (D)_mm512_ternarylogic_epi64(mask, (__m512i)x, (__m512i)sign, 0xca);
}
#else
RL_INLINE F copysign(F x, F sign) {
    return (F)(((I32)x & 0x7fffffff) | ((I32)sign & std::int32_t(0x80000000)));
}
RL_INLINE D copysign(D x, D sign) {
    return (D)(((I64)x & 0x7fffffffffffffff) | ((I64)sign & std::int64_t(1ull << 63)));
}
#endif

// Whether all lanes are above 0: no NaN.
template <class V>
RL_INLINE bool all_above_zero(V x) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<V, F>) return _mm512_cmp_ps_mask((__m512)x, _mm512_setzero_ps(), _CMP_NGT_UQ) == 0;
    else return _mm512_cmp_pd_mask((__m512d)x, _mm512_setzero_pd(), _CMP_NGT_UQ) == 0;
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<V, F>) return _mm256_movemask_ps((__m256)(x > 0)) == 0xff;
    else return _mm256_movemask_pd((__m256d)(x > 0)) == 0xf;
#else
    const auto above = x > 0;
    i64 all_above = -1;
    for (i64 i = 0; i < LANES<Lane<V>>; i++) all_above &= above[i];
    return all_above != 0;
#endif
}

// The larger of two; NaN if either is.
template <class V>
RL_INLINE V max(V a, V b) {
    const V m = a > b ? a : b;
    return a != a ? a : m;
}

// The lanes folded to one number by f, always in the same order: halves onto each other. In
// registers: left to a loop over the lanes, the compiler goes through memory, 10 ns a row.
template <class V, class G, std::size_t... I>
RL_INLINE auto folded(V v, G f, std::index_sequence<I...>) {
    constexpr int half = sizeof...(I);
    if constexpr (half == 1) {
        return f(v[0], v[1]);
    } else if constexpr (half == 2) {
        return f(f(v[0], v[2]), f(v[1], v[3]));
    } else {
        const auto low = __builtin_shufflevector(v, v, int(I)...);
        const auto high = __builtin_shufflevector(v, v, int(I) + half...);
        return folded(f(low, high), f, std::make_index_sequence<half / 2>{});
    }
}
template <class V>
RL_INLINE Lane<V> sum(V v) {
    const auto add = [](auto a, auto b) { return a + b; };
    return folded(v, add, std::make_index_sequence<LANES<Lane<V>> / 2>{});
}
template <class V>
RL_INLINE Lane<V> max(V v) {
    const auto larger = [](auto a, auto b) { return (a > b) | (a != a) ? a : b; };
    return folded(v, larger, std::make_index_sequence<LANES<Lane<V>> / 2>{});
}

// f of each lane, by the C library: for doubles, which are for checking, not for speed.
template <class G>
RL_INLINE D lanes(D x, G f) {
    for (i64 i = 0; i < LANES<double>; i++) x[i] = f(x[i]);
    return x;
}

}  // namespace rl::RL_ISA
