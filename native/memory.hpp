// Small arrays, and moving runs of floats.
#pragma once
#include <utility>

#include "simd.hpp"

namespace rl::RL_ISA {

// `n` small things of a kernel's plan. (No std::vector here: see bind.cpp on templates.)
template <class T>
class Array {
    T* at_;

   public:
    explicit Array(i64 n) : at_(new T[n]{}) {}
    Array(const Array&) = delete;
    ~Array() { delete[] at_; }
    T& operator[](i64 i) const { return at_[i]; }
};

// Keeps the compiler from seeing how p was made: then p[0], p[1], ... stay displacements from one
// register instead of becoming a register each.
template <class T>
RL_INLINE void opaque(T*& p) {
    asm("" : "+r"(p));
}

// Lanes [first, last) from p + first, ..., p + last - 1; 0 in the others, whose memory is not read.
RL_INLINE F load_between(const float* p, i64 first, i64 last) {
#if defined(__AVX512F__)
    const auto mask = static_cast<__mmask16>((1u << last) - (1u << first));
    return (F)_mm512_maskz_loadu_ps(mask, p);
#elif defined(__AVX2__)
    const I32 lane = {0, 1, 2, 3, 4, 5, 6, 7};
    const I32 mask = (lane >= std::int32_t(first)) & (lane < std::int32_t(last));
    return (F)_mm256_maskload_ps(p, (__m256i)mask);
#else
    F v{};
    for (i64 i = 0; i < LANES<float>; i++)
        if (i >= first && i < last) v[i] = p[i];
    return v;
#endif
}

// Lanes 0, 2, 4, ... of a, then of b.
template <std::size_t... L>
RL_INLINE F even_lanes(F a, F b, std::index_sequence<L...>) {
    return __builtin_shufflevector(a, b, int(2 * L)...);
}
RL_INLINE F even_lanes(F a, F b) {
    return even_lanes(a, b, std::make_index_sequence<LANES<float>>{});
}

RL_INLINE void copy(const float* x, i64 n, float* y) {
    i64 i = 0;
    for (; i + LANES<float> <= n; i += LANES<float>) store(y + i, load(x + i));
    if (i < n) store_part(y + i, load_part(x + i, n - i), n - i);
}

RL_INLINE void zero(float* y, i64 n) { std::memset(y, 0, n * sizeof(float)); }

}  // namespace rl::RL_ISA
