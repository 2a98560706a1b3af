// Two-byte floats in registers.
#pragma once
#include "pointwise.hpp"

namespace rl::RL_ISA {

// Two registers of floats from two-byte ones, and back, to the nearest. Of bfloat16 the even ones and the
// odd ones: nothing is to be moved between lanes.
struct Two {
    F a, b;
};
RL_INLINE Two widened(const Brain* p) {
    U32 v;
    std::memcpy(&v, p, sizeof v);
    return {(F)(v << 16), (F)(v & 0xffff0000u)};
}
// x in the upper halves, to the nearest; of no NaN, and of any number
RL_INLINE U32 rounded_number(F x) {
    const U32 b = (U32)x;
    return b + 0x7fffu + (b >> 16 & 1u);
}
RL_INLINE U32 rounded(F x) { return x != x ? (U32)x | 0x400000u : rounded_number(x); }
RL_INLINE void put_upper_halves(Brain* p, U32 even, U32 odd) {
    const U32 v = even >> 16 | (odd & 0xffff0000u);
    std::memcpy(p, &v, sizeof v);
}
RL_INLINE void narrow(Brain* p, Two x) {
#if defined(__AVX512F__)
    // (one comparison for both: half of the work is to look for NaN)
    if (__builtin_expect(_mm512_cmp_ps_mask((__m512)x.a, (__m512)x.b, _CMP_UNORD_Q) == 0, 1))
        return put_upper_halves(p, rounded_number(x.a), rounded_number(x.b));
#endif
    put_upper_halves(p, rounded(x.a), rounded(x.b));
}
#if defined(__AVX512F__)
RL_INLINE F widened_half(const Half* p) {
    return (F)_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
RL_INLINE void narrow_half(Half* p, F x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                        _mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT));
}
#elif defined(__F16C__)
RL_INLINE F widened_half(const Half* p) {
    return (F)_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
RL_INLINE void narrow_half(Half* p, F x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                     _mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT));
}
#else
RL_INLINE F widened_half(const Half*) { return F{}; }  // (not called: from_half says so)
RL_INLINE void narrow_half(Half*, F) {}
#endif
RL_INLINE Two widened(const Half* p) { return {widened_half(p), widened_half(p + LANES<float>)}; }
RL_INLINE void narrow(Half* p, Two x) {
    narrow_half(p, x.a);
    narrow_half(p + LANES<float>, x.b);
}


// Two registers of floats from the first n of two-byte ones, the others 0, and back.
template <class T>
[[gnu::noinline]] Two widened_part(const T* x, i64 n) {
    T few[2 * LANES<float>] = {};
    std::memcpy(few, x, std::size_t(n) * sizeof(T));
    return widened(few);
}
template <class T>
[[gnu::noinline]] void narrow_part(T* y, Two x, i64 n) {
    T few[2 * LANES<float>];
    narrow(few, x);
    std::memcpy(y, few, std::size_t(n) * sizeof(T));
}

}  // namespace rl::RL_ISA
