// A Linear with weights of 8 bits.
//
// x is rounded to whole numbers of 7 bits, q = round(x / s) + z in [0, 127], with s and z from the
// least and the greatest number of x; then
//
//   y[n, o] = (Σ_k q[n, k] w[o, k] - z Σ_k w[o, k]) s s_w + b[o]
//
// in 32-bit sums, which are exact. Seven bits, because two products of 8 and 8 bits do not fit the
// 16-bit sums of processors without VNNI; so all processors give the same numbers.
//
// A register of weights holds four k of neighbouring outputs, and meets four numbers of a row, which
// are broadcast: its 32-bit lanes are the outputs' sums.
#include "gemm_int8.hpp"

#include "gemm_target.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 N = LANES<float>;
constexpr i64 OWN = 1 << 18;   // bytes of rounded input that each thread makes for itself
constexpr i64 WORK = 1 << 15;  // multiplications of a register's bytes worth waking a thread, in numbers
constexpr float LEAST_SCALE = 6.1e-5f;

// Sums of 32 bits of N outputs, and how one step adds to them: q holds four bytes, in each lane.
#if defined(__AVX512F__)
using Sum = __m512i;
RL_INLINE Sum four_of(const std::uint8_t* q) {
    int v;
    std::memcpy(&v, q, sizeof v);
    return _mm512_set1_epi32(v);
}
RL_INLINE Sum weights_at(const std::int8_t* w) { return _mm512_loadu_si512(w); }
template <bool vnni>
RL_INLINE Sum step(Sum c, Sum q, Sum w) {
    if constexpr (vnni) {  // (by its name: the compiler is told of no VNNI)
        asm("vpdpbusd %2, %1, %0" : "+v"(c) : "v"(q), "v"(w));
        return c;
    }
    const Sum pairs = _mm512_maddubs_epi16(q, w);
    return _mm512_add_epi32(c, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}
bool has_vnni() {
    static const bool has = __builtin_cpu_supports("avx512vnni");
    return has;
}
constexpr int ROWS = 6, VECTORS = 4;  // of a tile
#elif defined(__AVX2__)
using Sum = __m256i;
RL_INLINE Sum four_of(const std::uint8_t* q) {
    int v;
    std::memcpy(&v, q, sizeof v);
    return _mm256_set1_epi32(v);
}
RL_INLINE Sum weights_at(const std::int8_t* w) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
}
template <bool vnni>
RL_INLINE Sum step(Sum c, Sum q, Sum w) {
    const Sum pairs = _mm256_maddubs_epi16(q, w);
    return _mm256_add_epi32(c, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
bool has_vnni() { return false; }
constexpr int ROWS = 2, VECTORS = 4;
#else
using Sum = I32;
using Bytes = std::int8_t __attribute__((vector_size(REGISTER)));
RL_INLINE Sum four_of(const std::uint8_t* q) {
    std::int32_t v;
    std::memcpy(&v, q, sizeof v);
    return v - Sum{};
}
RL_INLINE Sum weights_at(const std::int8_t* w) {
    Sum v;
    std::memcpy(&v, w, sizeof v);
    return v;
}
template <bool vnni>
RL_INLINE Sum step(Sum c, Sum q, Sum w) {
    for (int k = 0; k < 4; k++)  // byte k of each lane, with the sign
        c += ((q << (24 - 8 * k)) >> 24) * ((w << (24 - 8 * k)) >> 24);
    return c;
}
bool has_vnni() { return false; }
constexpr int ROWS = 2, VECTORS = 2;
#endif

constexpr i64 PER_BLOCK = VECTORS * N;  // outputs of a tile
static_assert(OUTPUTS % N == 0);

struct Tile {
    const std::uint8_t* q;  // rows `row` apart
    i64 row, steps;
    const std::int8_t* w;   // of the first output's group
    i64 group;              // from one group of OUTPUTS to the next
    std::int32_t* c;        // (R, PER_BLOCK)
};

template <int R, bool vnni>
void tile(const Tile& t, int vectors) {
    Sum c[R][VECTORS] = {};
    const std::int8_t* w[VECTORS];
    for (int v = 0; v < VECTORS; v++) {  // beyond the last one: the last one again
        const i64 at = (v < vectors ? v : vectors - 1) * N;
        w[v] = t.w + at / OUTPUTS * t.group + at % OUTPUTS * DEEP;
    }
    for (i64 k = 0; k < t.steps; k++) {
        Sum weights[VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) weights[v] = weights_at(w[v] + k * OUTPUTS * DEEP);
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
            const Sum q = four_of(t.q + r * t.row + k * DEEP);
#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++) c[r][v] = step<vnni>(c[r][v], q, weights[v]);
        }
    }
    std::memcpy(t.c, c, sizeof c);
}

template <bool vnni>
void tile_of(int rows, const Tile& t, int vectors) {
    switch (rows) {
        case 1: return tile<1, vnni>(t, vectors);
        case 2: return tile<2, vnni>(t, vectors);
#if defined(__AVX512F__)
        case 3: return tile<3, vnni>(t, vectors);
        case 4: return tile<4, vnni>(t, vectors);
        case 5: return tile<5, vnni>(t, vectors);
        default: return tile<6, vnni>(t, vectors);
#endif
    }
}

// The least and the greatest number of x, and 0; false if one is not finite.
bool range(const float* x, i64 n, float& low, float& high) {
    F least{}, most{}, check{};
    i64 i = 0;
    for (; i < n; i += N) {
        const F v = get(x + i, n - i < N ? n - i : N);
        least = v < least ? v : least, most = v > most ? v : most;
        check += v * 0;
    }
    float lanes[2][N];
    store(lanes[0], least), store(lanes[1], most);
    low = high = 0;
    for (i64 k = 0; k < N; k++) {
        low = lanes[0][k] < low ? lanes[0][k] : low;
        high = lanes[1][k] > high ? lanes[1][k] : high;
    }
    return sum(check) == 0;
}

struct Affine {
    float scale;
    std::int32_t zero;
};

// As FBGEMM chooses them: 0 is a whole number, the scale not tiny.
Affine affine(float low, float high) {
    constexpr int MOST = 127;
    double scale = (double(high) - low) / MOST;
    if (float(scale) == 0 || std::isinf(1.0f / float(scale))) scale = 0.1;
    if (scale < LEAST_SCALE) {
        const float before = float(scale);
        scale = LEAST_SCALE;
        if (low == 0) high = LEAST_SCALE * MOST;
        else if (high == 0) low = -LEAST_SCALE * MOST;
        else low *= LEAST_SCALE / before, high *= LEAST_SCALE / before;
    }
    // of the two ends the one whose whole number is the more exact
    const double from_low = 0 - low / scale, from_high = MOST - high / scale;
    const double error_low = std::abs(low / scale), error_high = MOST + std::abs(high / scale);
    const double zero = error_low < error_high ? from_low : from_high;
    const int z = zero < 0 ? 0 : zero > MOST ? MOST : int(std::nearbyint(zero));
    return {float(scale), z};
}

// A row of x -> whole numbers, zeros up to `width`.
void round_row(const float* x, i64 n, i64 width, Affine r, std::uint8_t* q) {
    const float inverse = 1.0f / r.scale;
    constexpr float SHIFT = 12582912.0f;  // 1.5 * 2^23: adding it rounds
    for (i64 i = 0; i < n; i += N) {
        const i64 many = n - i < N ? n - i : N;
        F v = get(x + i, many) * inverse;
        v = v < -1024.0f ? all(-1024.0f) : v > 1024.0f ? all(1024.0f) : v;
        v = ((v + SHIFT) - SHIFT) + float(r.zero);
        v = v < 0 ? F{} : v > 127 ? all(127.0f) : v;
        const I32 whole = __builtin_convertvector(v, I32);
        std::int32_t lanes[N];
        std::memcpy(lanes, &whole, sizeof lanes);
        for (i64 k = 0; k < many; k++) q[i + k] = std::uint8_t(lanes[k]);
    }
    std::memset(q + n, 0, width - n);
}

}  // namespace

bool linear_int8(const Int8Weights& w, const float* x, i64 rows, const float* bias, float* y) {
    float low, high;
    if (!range(x, rows * w.in, low, high)) return false;
    const Affine r = affine(low, high);
    const i64 steps = (w.in + DEEP - 1) / DEEP, width = steps * DEEP;
    const auto round_rows = [&](i64 begin, i64 end, std::uint8_t* to) {
        for (i64 i = begin; i < end; i++) round_row(x + i * w.in, w.in, width, r, to + i * width);
    };
    // Each thread rounds a small input for itself: what another core has just written is read more slowly.
    const bool own = rows * width <= OWN;
    const std::uint64_t call = next_call();
    std::uint8_t* const shared = own ? nullptr : scratch<std::uint8_t>(Slot::gemm_shared, rows * width);
    if (!own)
        parallel(rows, rows_per_block(w.in, 1 << 15),
                 [&](i64 begin, i64 end) { round_rows(begin, end, shared); });
    const bool vnni = has_vnni();
    const float scale = r.scale * w.scale;
    const i64 blocks = (w.out + PER_BLOCK - 1) / PER_BLOCK;
    parallel(blocks, rows_per_block(rows * w.in * PER_BLOCK / 16, WORK), [&](i64 begin, i64 end) {
        std::int32_t c[ROWS * PER_BLOCK];
        const auto round_all = [&](std::uint8_t* to) { round_rows(0, rows, to); };
        const std::uint8_t* const q =
            own ? packed_group<std::uint8_t>(call, 0, rows * width, round_all) : shared;
        for (i64 block = begin; block < end; block++) {
            const i64 first = block * PER_BLOCK, group = steps * OUTPUTS * DEEP;
            const i64 many = w.out - first < PER_BLOCK ? w.out - first : PER_BLOCK;
            const int vectors = int((many + N - 1) / N);
            const std::int8_t* const from =
                w.packed + first / OUTPUTS * group + first % OUTPUTS * DEEP;
            for (i64 i = 0; i < rows; i += ROWS) {
                const int height = int(rows - i < ROWS ? rows - i : ROWS);
                const Tile t{q + i * width, width, steps, from, group, c};
                if (vnni) tile_of<true>(height, t, vectors);
                else tile_of<false>(height, t, vectors);
                for (int k = 0; k < height; k++)
                    for (i64 j = 0; j < many; j += N) {
                        const i64 n = many - j < N ? many - j : N;
                        I32 total, sums;
                        std::memcpy(&total, c + k * PER_BLOCK + j, sizeof total);
                        std::memcpy(&sums, w.sums + first + j, sizeof sums);
                        F v = __builtin_convertvector(total - sums * r.zero, F) * scale;
                        if (bias) v += get(bias + first + j, n);
                        put(y + (i + k) * w.out + first + j, v, n);
                    }
            }
        }
    });
    return true;
}

}  // namespace rl::RL_ISA
