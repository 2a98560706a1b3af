// Convolution of bfloat16 as a product of matrices, y = w x' for each image: x' (I T, P Q) has one row per
// channel and tap, one column per output cell. It is never made as a whole: each task packs the panel of 64
// columns that it multiplies with. Sums are float32, rounded once.
#include "conv.hpp"
#include "gemm_bf16.hpp"
#include "options.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {

#if defined(__AVX512BW__) && defined(__AVX512VL__)

namespace {

using Bits = std::uint16_t;
constexpr i64 L = 16, PANEL = 64;  // pairs of a register, columns of a panel

struct Images {
    const Conv& g;
    const Bits* x;
};

// Up to 16 cells of a row of y, or 32 where they lie side by side in x, and where their numbers lie under
// one tap.
struct Piece {
    i64 at, n, p, q;  // place in the panel, cells, the first one's place in y
};
struct Source {
    i64 from;            // from the channel's first number to the first cell's
    std::uint32_t mask;  // the cells that lie inside x
};

RL_INLINE __mmask16 first(i64 n) { return static_cast<__mmask16>((1u << n) - 1); }

RL_INLINE std::uint32_t cells(i64 n) { return std::uint32_t((std::uint64_t(1) << n) - 1); }

// n pairs to the panel
RL_INLINE void put_pairs(std::uint32_t* to, __m512i v, i64 n) {
    if (n >= L) _mm512_storeu_si512(to, v);
    else _mm512_mask_storeu_epi32(to, first(n), v);
}

// The numbers of up to 16 cells `step` apart, each in the low half of a lane.
RL_INLINE __m512i lanes_of(const Bits* x, const Bits* end, Source s, i64 step) {
    const Bits* const p = x + s.from;
    if (step == 2 && end - p > 2 * L)  // (pairs, of which the second one is left out)
        return _mm512_and_si512(_mm512_maskz_loadu_epi32(static_cast<__mmask16>(s.mask), p),
                                _mm512_set1_epi32(0xffff));
    alignas(64) std::uint32_t one[L] = {};
    for (i64 i = 0; i < L; i++)
        if (s.mask >> i & 1) one[i] = p[i * step];
    return _mm512_load_si512(one);
}

// Numbers of `low` and of `high`, from places i on, in turn.
RL_INLINE __m512i in_turn(__m512i low, __m512i high, int i) {
    const __m512i pairs = _mm512_add_epi32(
        _mm512_setr_epi32(0x200000, 0x210001, 0x220002, 0x230003, 0x240004, 0x250005, 0x260006, 0x270007,
                          0x280008, 0x290009, 0x2a000a, 0x2b000b, 0x2c000c, 0x2d000d, 0x2e000e, 0x2f000f),
        _mm512_set1_epi32(i << 16 | i));
    return _mm512_permutex2var_epi16(low, pairs, high);
}

void pack(const void* of, i64 image, i64 begin, i64 width, std::uint32_t* panel, i64 pitch) {
    const Images& images = *static_cast<const Images*>(of);
    const Conv& g = images.g;
    const Bits* const x = images.x + image * g.c * g.h * g.w;
    const Bits* const end = images.x + g.n * g.c * g.h * g.w;
    const i64 together = g.sw == 1 ? 2 * L : L;
    Piece pieces[PANEL];
    i64 count = 0;
    for (i64 at = 0, n; at < width; at += n) {
        const i64 p = (begin + at) / g.q, q = (begin + at) % g.q;
        n = min(together, min(g.q - q, width - at));
        pieces[count++] = {at, n, p, q};
    }
    const i64 taps = g.taps(), k = g.c * taps;
    Source* const sources = scratch<Source>(Slot::conv_block, taps * count);
    for (i64 t = 0; t < taps; t++)
        for (i64 i = 0; i < count; i++) {
            const Piece& c = pieces[i];
            const i64 row = c.p * g.sh + t / g.kw * g.dh - g.ph;
            const i64 col = c.q * g.sw + t % g.kw * g.dw - g.pw;
            // the cells with 0 <= col + i sw < w
            const i64 low = col < 0 ? (-col + g.sw - 1) / g.sw : 0;
            const i64 high = col >= g.w ? 0 : (g.w - col + g.sw - 1) / g.sw;
            const bool within = row >= 0 && row < g.h && low < min(high, c.n);
            sources[t * count + i] = {
                row * g.w + col, within ? cells(min(high, c.n)) & ~cells(low) : 0u};
        }
    if (width < pitch) std::memset(panel, 0, std::size_t((k + 1) / 2 * pitch) * sizeof *panel);
    const i64 plane = g.h * g.w;
    i64 channel = 0, tap = 0;
    const auto next = [&] {
        if (++tap == taps) tap = 0, channel++;
    };
    for (i64 row = 0; row < k; row += 2, panel += pitch) {
        const Bits* const low = x + channel * plane;
        const Source* const of_low = sources + tap * count;
        next();
        const bool both = row + 1 < k;
        const Bits* const high = x + channel * plane;
        const Source* const of_high = sources + tap * count;
        next();
        for (i64 i = 0; i < count; i++) {
            const i64 n = pieces[i].n;
            std::uint32_t* const to = panel + pieces[i].at;
            if (g.sw == 1) {
                const __m512i a = _mm512_maskz_loadu_epi16(of_low[i].mask, low + of_low[i].from);
                const __m512i b =
                    both ? _mm512_maskz_loadu_epi16(of_high[i].mask, high + of_high[i].from) : __m512i{};
                put_pairs(to, in_turn(a, b, 0), n);
                if (n > L) put_pairs(to + L, in_turn(a, b, L), n - L);
            } else {
                __m512i v = lanes_of(low, end, of_low[i], g.sw);
                if (both)
                    v = _mm512_or_si512(v, _mm512_slli_epi32(lanes_of(high, end, of_high[i], g.sw), 16));
                put_pairs(to, v, n);
            }
        }
    }
}

}  // namespace

bool conv_bf16(const Conv& g, const Bits* x, const Bits* w, const float* bias, bool relu, Bits* y) {
    constexpr i64 FEW = 8;
    if (!has_bf16() || !bf16_products() || g.groups != 1 || g.o < FEW || g.c * g.taps() < FEW) return false;
    const i64 k = g.c * g.taps();
    const Bits* rows = w;
    if (k % 2) {  // a product's rows are pairs
        Bits* const even = scratch<Bits>(Slot::conv_shared, g.o * (k + 1));
        for (i64 i = 0; i < g.o; i++) {
            std::memcpy(even + i * (k + 1), w + i * k, std::size_t(k) * sizeof *w);
            even[i * (k + 1) + k] = 0;
        }
        rows = even;
    }
    const Images images{g, x};
    gemm_bf16_images(g.n, g.o, g.p * g.q, k + k % 2, rows, pack, &images, bias, relu, y);
    return true;
}

#else

bool conv_bf16(const Conv&, const std::uint16_t*, const std::uint16_t*, const float*, bool, std::uint16_t*) {
    return false;
}

#endif

}  // namespace rl::RL_ISA
