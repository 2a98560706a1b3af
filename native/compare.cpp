#include "compare.hpp"

#include "blocks.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 15;  // numbers a block

#if defined(__AVX512F__)
template <class T>
using Numbers = std::conditional_t<std::is_same_v<T, i64>, I64, Reg<T>>;

template <class T>
RL_INLINE Numbers<T> some(const T* p) {
    Numbers<T> v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
RL_INLINE std::uint64_t bits(I32 lanes) { return _mm512_movepi32_mask((__m512i)lanes); }
RL_INLINE std::uint64_t bits(I64 lanes) { return _mm512_movepi64_mask((__m512i)lanes); }
#endif

template <bool one, class T, class C>
RL_INLINE void compared(const T* x, const T* y, bool* z, i64 n, C c) {
    parallel(n, even_blocks(n, GRAIN), [=](i64 begin, i64 end) {
        i64 i = begin;
        const T only = one ? *y : T();
#if defined(__AVX512F__)
        constexpr i64 L = LANES<T>;
        const Numbers<T> always = only - Numbers<T>{};
        for (; i + 64 <= end; i += 64) {
            std::uint64_t found = 0;
#pragma GCC unroll 8
            for (i64 j = 0; j < 64; j += L)
                found |= bits(c(some(x + i + j), one ? always : some(y + i + j))) << j;
            _mm512_storeu_si512(z + i, _mm512_maskz_set1_epi8(found, 1));
        }
#endif
        for (; i < end; i++) z[i] = c(x[i], one ? only : y[i]);
    });
}

}  // namespace

#define COMPARE(name, symbol)                                                  \
    template <class T>                                                         \
    void name(const T* x, const T* y, bool one, bool* z, i64 n) {              \
        const auto c = [](auto a, auto b) { return a symbol b; };              \
        if (one) compared<true>(x, y, z, n, c);                                \
        else compared<false>(x, y, z, n, c);                                   \
    }                                                                          \
    template void name(const float*, const float*, bool, bool*, i64);          \
    template void name(const double*, const double*, bool, bool*, i64);        \
    template void name(const i64*, const i64*, bool, bool*, i64);

COMPARE(eq, ==)
COMPARE(ne, !=)
COMPARE(lt, <)
COMPARE(le, <=)
COMPARE(gt, >)
COMPARE(ge, >=)

}  // namespace rl::RL_ISA
