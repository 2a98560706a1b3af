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
#if defined(__AVX2__) && !defined(__AVX512F__)
    const __m256i v = _mm256_blend_epi16((__m256i)(even >> 16), (__m256i)odd, 0xaa);
#else
    const U32 v = even >> 16 | (odd & 0xffff0000u);
#endif
    std::memcpy(p, &v, sizeof v);
}
RL_INLINE void narrow(Brain* p, Two x) {
    // (one comparison for both: half of the work is to look for NaN)
#if defined(__AVX512F__)
    const int nan = _mm512_cmp_ps_mask((__m512)x.a, (__m512)x.b, _CMP_UNORD_Q);
#elif defined(__AVX2__)
    const int nan = _mm256_movemask_ps(_mm256_cmp_ps((__m256)x.a, (__m256)x.b, _CMP_UNORD_Q));
#elif defined(__x86_64__)
    const int nan = _mm_movemask_ps(_mm_cmpunord_ps((__m128)x.a, (__m128)x.b));
#else
    constexpr int nan = 1;
#endif
    if (__builtin_expect(nan == 0, 1))
        return put_upper_halves(p, rounded_number(x.a), rounded_number(x.b));
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
// (by whole numbers and one operation that is exact, or rounds to the nearest as it should)
typedef std::uint16_t FewBits __attribute__((vector_size(2 * LANES<float>)));
RL_INLINE F widened_half(const Half* p) {
    FewBits few;
    std::memcpy(&few, p, sizeof few);
    const U32 h = __builtin_convertvector(few, U32), size = h & 0x7fffu;
    const U32 finite = (U32)((F)(size << 13) * 0x1p112f);
    const U32 other = size << 13 | 0x7f800000u | ((I32)size > 0x7c00 ? U32{} + 0x400000u : U32{});
    return (F)(((I32)size < 0x7c00 ? finite : other) | (h & 0x8000u) << 16);
}
RL_INLINE void narrow_half(Half* p, F x) {
    const U32 b = (U32)x, size = b & 0x7fffffffu;
    const U32 normal = ((size + 0xfffu + (size >> 13 & 1u)) >> 13) - (112u << 10);
    const U32 below = (U32)((F)size + 0.5f) - 0x3f000000u;  // 2^-14: in steps of 2^-24, as at 0.5
    const U32 above = (I32)size > 0x7f800000 ? (size >> 13 & 0x3ffu) | 0x7e00u : U32{} + 0x7c00u;
    const U32 h = (I32)size < 0x38800000 ? below : (I32)size < 0x477ff000 ? normal : above;
    const FewBits few = __builtin_convertvector(h | (b >> 16 & 0x8000u), FewBits);
    std::memcpy(p, &few, sizeof few);
}
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
