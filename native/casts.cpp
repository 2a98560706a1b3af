// Numbers from one dtype to another.
#include <bit>
#include <cstring>

#include "blocks.hpp"
#include "gemm_bf16.hpp"
#include "moves.hpp"
#include "narrow.hpp"

namespace rl::RL_ISA {

namespace {

constexpr i64 CAST = 1 << 15;  // numbers a block

constexpr i64 STEP = LANES<float>;
RL_INLINE void widen(const std::uint16_t* x, float* y) {
    store(y, widened_half(reinterpret_cast<const Half*>(x)));
}
RL_INLINE void narrow(const float* x, std::uint16_t* y) {
    narrow_half(reinterpret_cast<Half*>(y), load(x));
}

// f(x, y) for STEP numbers at a time; the last ones by way of a buffer
template <class T, class U, class G>
void by_steps(const T* x, U* y, i64 n, G f) {
    parallel(n, even_blocks(n, CAST), [=](i64 begin, i64 end) {
        const auto few = [=](i64 i, i64 count) {
            T from[STEP] = {};
            U to[STEP];
            std::memcpy(from, x + i, std::size_t(count) * sizeof(T));
            f(from, to);
            std::memcpy(y + i, to, std::size_t(count) * sizeof(U));
        };
        i64 i = begin;
        constexpr i64 BYTES = STEP * sizeof(U);
        const i64 askew = i64(reinterpret_cast<std::uintptr_t>(y + i) % BYTES / sizeof(U));
        if (askew && end - begin >= 64 * STEP) {  // so that no store touches two lines
            few(i, STEP - askew);
            i += STEP - askew;
        }
        for (; i + STEP <= end; i += STEP) f(x + i, y + i);
        if (i < end) few(i, end - i);
    });
}

}  // namespace

void from_half(const std::uint16_t* x, float* y, i64 n) {
    by_steps(x, y, n, [](const std::uint16_t* p, float* q) { widen(p, q); });
}
void to_half(const float* x, std::uint16_t* y, i64 n) {
    by_steps(x, y, n, [](const float* p, std::uint16_t* q) { narrow(p, q); });
}

namespace {

// y[i] = f(x[i]); after the first few no store touches two lines
template <class T, class U, class G>
RL_INLINE void cast_each(const T* x, U* y, i64 n, G f) {
    parallel(n, even_blocks(n, CAST), [=](i64 begin, i64 end) {
        i64 i = begin;
        while (i < end && reinterpret_cast<std::uintptr_t>(y + i) % REGISTER) y[i] = f(x[i]), i++;
        for (; i < end; i++) y[i] = f(x[i]);
    });
}

}  // namespace

void from_bfloat16(const std::uint16_t* x, float* y, i64 n) {
    cast_each(x, reinterpret_cast<std::uint32_t*>(y), n,
              [](std::uint16_t v) { return std::uint32_t(v) << 16; });
}

namespace {

typedef std::uint16_t U16 __attribute__((vector_size(REGISTER)));
template <std::size_t... I>
RL_INLINE U16 odd_lanes(U16 a, U16 b, std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, int(2 * I + 1)...);
}

#if defined(__AVX512BW__) && defined(__AVX512DQ__)
// Two registers by one instruction, which takes denormal numbers for 0: false if there is one. (No
// intrinsic: it would need files compiled for this instruction.)
RL_INLINE bool narrow_two(const float* x, std::uint16_t* y) {
    const __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
    constexpr int DENORMAL = 0x20;
    if (_mm512_fpclass_ps_mask(a, DENORMAL) | _mm512_fpclass_ps_mask(b, DENORMAL)) return false;
    __m512i both;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(both) : "v"(a), "v"(b));
    _mm512_storeu_si512(y, both);
    return true;
}
#elif defined(__AVX2__)
// Two registers that hold no NaN: false if there is one.
RL_INLINE bool narrow_two(const float* x, std::uint16_t* y) {
    const F a = load(x), b = load(x + LANES<float>);
    if (_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_UNORD_Q))) return false;
    const U32 low = rounded_number(a) >> 16, high = rounded_number(b) >> 16;
    const __m256i mixed = _mm256_packus_epi32((__m256i)low, (__m256i)high);  // in each half one half of both
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), _mm256_permute4x64_epi64(mixed, 0b11011000));
    return true;
}
#endif

}  // namespace

// to the nearest, ties to even; NaN keeps its sign
void to_bfloat16(const float* x, std::uint16_t* y, i64 n) {
    const auto* const from = reinterpret_cast<const std::uint32_t*>(x);
    const auto rounded = [](auto b) {  // the result in the upper half
        const auto nan = (b & 0x80000000) | 0x7fc00000;
        return (b & 0x7fffffff) > 0x7f800000 ? nan : b + 0x7fff + (b >> 16 & 1);
    };
    parallel(n, even_blocks(n, CAST), [=](i64 begin, i64 end) {
        i64 i = begin;
        const auto one = [=](i64 i) { y[i] = std::uint16_t(rounded(from[i]) >> 16); };
        while (i < end && reinterpret_cast<std::uintptr_t>(y + i) % REGISTER) one(i++);
        constexpr auto lanes = std::make_index_sequence<REGISTER / 2>{};
#if defined(__AVX512BW__) && defined(__AVX512DQ__)
        const bool fast = has_bf16();
#elif defined(__AVX2__)
        constexpr bool fast = true;
#endif
        for (; i + REGISTER / 2 <= end; i += REGISTER / 2) {
#if defined(__AVX2__)
            if (fast && narrow_two(x + i, y + i)) continue;
#endif
            U32 a, b;
            std::memcpy(&a, from + i, sizeof a);
            std::memcpy(&b, from + i + LANES<float>, sizeof b);
            const U16 v = odd_lanes((U16)rounded(a), (U16)rounded(b), lanes);
            std::memcpy(y + i, &v, sizeof v);
        }
        while (i < end) one(i++);
    });
}

template <class T, class U>
void convert(const T* x, U* y, i64 n) {
    if constexpr (std::is_same_v<T, Half>)
        by_steps(x, y, n, [](const Half* p, U* q) {
            const F v = widened_half(p);
#pragma GCC unroll 16
            for (i64 k = 0; k < STEP; k++) q[k] = static_cast<U>(v[k]);
        });
    else if constexpr (std::is_same_v<T, Brain>)
        cast_each(x, y, n, [](Brain v) { return static_cast<U>(std::bit_cast<float>(std::uint32_t(v.bits) << 16)); });
    else cast_each(x, y, n, [](T v) { return static_cast<U>(v); });
}

#define CONVERT(T, U)                              \
    template void convert(const T*, U*, i64);      \
    template void convert(const U*, T*, i64);
CONVERT(float, double)
CONVERT(float, i64)
CONVERT(double, i64)
CONVERT(float, std::int32_t)
CONVERT(i64, std::int32_t)
#define FROM_NARROW(U)                             \
    template void convert(const Half*, U*, i64);   \
    template void convert(const Brain*, U*, i64);
FROM_NARROW(double)
FROM_NARROW(i64)
FROM_NARROW(std::int32_t)
template void convert(const std::uint8_t*, float*, i64);
template void convert(const std::uint8_t*, double*, i64);
template void convert(const std::uint8_t*, i64*, i64);

}  // namespace rl::RL_ISA
