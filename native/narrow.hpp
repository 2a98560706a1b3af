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
RL_INLINE void narrow(Brain* p, Two x) {
    const auto rounded = [](F x) {
        const U32 b = (U32)x;
        return x != x ? b | 0x400000u : b + 0x7fffu + (b >> 16 & 1u);
    };
    const U32 v = rounded(x.a) >> 16 | (rounded(x.b) & 0xffff0000u);
    std::memcpy(p, &v, sizeof v);
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

}  // namespace rl::RL_ISA
