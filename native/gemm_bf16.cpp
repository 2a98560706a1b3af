// Products of bfloat16, as in gemm.cpp: one operand is packed into panels of WIDTH columns, a register
// tile holds ROWS rows of the other one against a panel. What differs: a lane holds a pair of numbers
// that follow each other along k, and one instruction multiplies both and adds both products to a float,
// twice the multiplications of an fma.
//
// Every number of c is a chain of such steps over k, from low to high, whatever the tiles and the
// threads. Products of few rows with both operands contiguous along k are dot products instead.
#include "gemm_bf16.hpp"

#include "gemm_target.hpp"
#include "parallel.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {

#if defined(__AVX512BW__) && defined(__AVX512VL__)

namespace {

using Bits = std::uint16_t;   // of a bfloat16
using Pair = std::uint32_t;   // two of them, the first one in the low half
constexpr i64 L = 16;         // pairs of a register
constexpr int VECTORS = 4;    // registers of a panel's row
constexpr i64 WIDTH = VECTORS * L;
constexpr int ROWS = 6, TALL = 12;  // rows of a tile; of one that is less than half as wide
constexpr i64 BLOCK = 48;           // rows of a task
constexpr i64 DEPTH = 256;          // pairs of k at a time: a panel's part stays in the L2 cache
constexpr i64 PIECE = 128;          // pairs of k at a time when packing
constexpr i64 SMALL = 1 << 18;      // multiply-adds that one thread does faster alone
constexpr i64 FEW = 16;             // up to so many rows are dot products

// (no intrinsics: they would need files compiled for this instruction)
RL_INLINE F multiply_add(F c, I32 a, I32 b) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(c) : "v"(a), "v"(b));
    return c;
}
RL_INLINE __m256i rounded(F x) {
    __m256i y;
    asm("vcvtneps2bf16 %1, %0" : "=v"(y) : "v"(x));
    return y;
}

RL_INLINE __mmask16 first(i64 n) { return static_cast<__mmask16>((1u << n) - 1); }

// The bits of n <= 16 numbers, each in the low half of a lane.
RL_INLINE I32 lanes_of(const Bits* p, i64 n) {
    return (I32)_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first(n), p));
}
RL_INLINE I32 lanes_of(const float* p, i64 n) {
    return (I32)_mm512_cvtepu16_epi32(rounded(get(p, n)));
}
RL_INLINE void copy_bits(const Bits* x, i64 n, Bits* y) {
    std::memcpy(y, x, std::size_t(n) * sizeof *x);
}
RL_INLINE void copy_bits(const float* x, i64 n, Bits* y) {
    for (i64 i = 0; i < n; i += L) {
        const i64 part = n - i < L ? n - i : L;
        _mm256_mask_storeu_epi16(y + i, first(part), rounded(get(x + i, part)));
    }
}

RL_INLINE void put_out(float* y, F v, i64 n) { put(y, v, n); }
RL_INLINE void put_out(Bits* y, F v, i64 n) { _mm256_mask_storeu_epi16(y, first(n), rounded(v)); }

// x (n, 2 pairs or one less), of which rows or columns may be contiguous -> y (pairs, pitch): the pairs
// of a step of k side by side, zeros on the right
template <class In>
void pack(Matrix<In> x, i64 n, i64 depth, Pair* y, i64 pitch) {
    const i64 pairs = (depth + 1) / 2;
    if (n < pitch) std::memset(y, 0, std::size_t(pairs * pitch) * sizeof *y);
    if (x.row == 1) {
        for (i64 p = 0; p < pairs; p++) {
            const In *low = x.p + 2 * p * x.col, *high = low + x.col;
            const bool both = 2 * p + 1 < depth;
            for (i64 i = 0; i < n; i += L) {
                const i64 part = n - i < L ? n - i : L;
                I32 v = lanes_of(low + i, part);
                if (both) v |= lanes_of(high + i, part) << 16;
                _mm512_mask_storeu_epi32(y + p * pitch + i, first(part), (__m512i)v);
            }
        }
        return;
    }
    alignas(64) Bits rows[WIDTH * 2 * PIECE];
    for (i64 p = 0; p < pairs; p += PIECE) {
        const i64 from = 2 * p, count = depth - from < 2 * PIECE ? depth - from : 2 * PIECE;
        for (i64 i = 0; i < n; i++) {
            const In* const r = x.p + i * x.row + from * x.col;
            Bits* const to = rows + i * 2 * PIECE;
            if (x.col == 1) {
                copy_bits(r, count, to);
            } else {
                for (i64 q = 0; q < count; q++) copy_bits(r + q * x.col, 1, to + q);
            }
            if (count % 2) to[count] = 0;
        }
        // (registers of pairs are moved as registers of floats)
        transpose(reinterpret_cast<const float*>(rows), PIECE, n, (count + 1) / 2,
                  reinterpret_cast<float*>(y + p * pitch), pitch);
    }
}

struct Tile {
    const char* rows[TALL];  // of the streamed matrix, at the first pair
    i64 next;                // bytes from a pair to the next one
    i64 ahead;               // bytes to the rows that come next, whose memory is asked for
    const Pair* panel;       // (pairs, pitch)
    i64 pitch;
    float* out;  // (rows, WIDTH)
};

// out (+)= rows × panel
template <int rows, int vectors>
void tile(const Tile& t, i64 pairs, bool add) {
    F c[rows][vectors];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) c[i][j] = add ? load(t.out + i * WIDTH + j * L) : F{};
    const char* a[rows];
    for (int i = 0; i < rows; i++) a[i] = t.rows[i];
    const Pair* b = t.panel;
    i64 at = 0;
    const auto step = [&]() __attribute__((always_inline)) {
        I32 row[vectors];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) std::memcpy(&row[j], b + j * L, sizeof row[j]);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            std::int32_t one;
            std::memcpy(&one, a[i] + at, sizeof one);
            const I32 x = (I32)_mm512_set1_epi32(one);
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) c[i][j] = multiply_add(c[i][j], x, row[j]);
        }
        b += t.pitch;
        at += t.next;
    };
    constexpr i64 LINE = 64 / sizeof(Pair);
    i64 p = 0;
    for (; p + LINE <= pairs; p += LINE) {
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) __builtin_prefetch(a[i] + at + t.ahead, 0, 2);  // to the L2 cache
#pragma GCC unroll 4
        for (i64 q = 0; q < LINE; q++) step();
    }
    for (; p < pairs; p++) step();
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) store(t.out + i * WIDTH + j * L, c[i][j]);
}

using TileFn = void (*)(const Tile&, i64 pairs, bool add);
TileFn find_tile(int rows, i64 n) {
    switch ((n + L - 1) / L) {
        case 1: return rows == TALL ? tile<TALL, 1> : tile<ROWS, 1>;
        case 2: return rows == TALL ? tile<TALL, 2> : tile<ROWS, 2>;
        case 3: return tile<ROWS, 3>;
        default: return tile<ROWS, 4>;
    }
}

template <class In>
bool in_place(Matrix<In> s, i64 k) {
    return std::is_same_v<In, Bits> && s.col == 1 && k % 2 == 0;
}

// s (m, k) streamed against b (k, n) packed; `to` says where the product goes. pack_panel(image, first, n,
// panel, pitch) packs n columns of b; products of several images have one s, c's image_step apart.
//
// A task is a chunk of rows against a group of panels that it packs for itself: what another core has
// just written is read more slowly (2 GB/s here) than it is packed again.
template <class In, class Out, class G>
void stream(i64 images, i64 m, i64 n, i64 k, Matrix<In> s, G pack_panel, const Target<float, Out>& to,
            i64 image_step) {
    constexpr i64 ENOUGH = 16, LEAST = 4 * BLOCK, TOGETHER = 4;  // tasks, rows, panels
    const bool alone = images * m * n * k <= SMALL, as_it_is = in_place(s, k);
    const i64 panels = (n + WIDTH - 1) / WIDTH, pairs = (k + 1) / 2;
    const int rows = 2 * n <= WIDTH ? TALL : ROWS;
    const i64 pitch = n < WIDTH ? (n + L - 1) / L * L : WIDTH;
    const i64 together = as_it_is ? 1 : panels < TOGETHER ? panels : TOGETHER;
    const i64 groups = (panels + together - 1) / together;
    i64 chunks = 1;
    while (images * groups * chunks < ENOUGH && m >= 2 * chunks * LEAST) chunks *= 2;
    const i64 chunk = ((m + chunks - 1) / chunks + BLOCK - 1) / BLOCK * BLOCK;
    chunks = (m + chunk - 1) / chunk;
    const i64 tasks = images * groups * chunks;

    const std::uint64_t call = next_call();
    parallel(tasks, alone ? tasks : 1, [&](i64 begin, i64 end) {
        for (i64 task = begin; task < end; task++) {
            const i64 group = task / chunks, image = group / groups;
            const i64 first_panel = group % groups * together;
            const i64 last_panel = first_panel + together < panels ? first_panel + together : panels;
            Pair* const packed = packed_group<Pair>(call, group, together * pairs * pitch, [&](Pair* to) {
                for (i64 p = first_panel; p < last_panel; p++) {
                    const i64 j = p * WIDTH;
                    pack_panel(image, j, n - j < WIDTH ? n - j : WIDTH,
                               to + (p - first_panel) * pairs * pitch, pitch);
                }
            });
            Target<float, Out> of_image = to;
            of_image.c += image * image_step;
            const i64 top = task % chunks * chunk, bottom = top + chunk < m ? top + chunk : m;
            for (i64 i0 = top; i0 < bottom; i0 += BLOCK) {
                const i64 mi = bottom - i0 < BLOCK ? bottom - i0 : BLOCK;
                const Pair* strips = nullptr;  // (pairs, BLOCK)
                if (!as_it_is) {
                    Pair* const space = scratch<Pair>(Slot::gemm_block, pairs * BLOCK);
                    pack(s.from(i0, 0), mi, k, space, BLOCK);
                    strips = space;
                }
                for (i64 p = first_panel; p < last_panel; p++) {
                    const i64 width = n - p * WIDTH < WIDTH ? n - p * WIDTH : WIDTH;
                    const TileFn multiply = find_tile(rows, width);
                    alignas(64) float buffer[(BLOCK + TALL) * WIDTH];
                    for (i64 p0 = 0; p0 < pairs; p0 += DEPTH) {
                        Tile t;
                        t.next = as_it_is ? sizeof(Pair) : BLOCK * sizeof(Pair);
                        t.ahead = as_it_is ? rows * s.row * i64(sizeof(In)) : 0;
                        t.panel = packed + ((p - first_panel) * pairs + p0) * pitch;
                        t.pitch = pitch;
                        for (i64 i = 0; i < mi; i += rows) {
                            for (i64 r = 0; r < rows; r++) {
                                const i64 row = i + r < mi ? i + r : mi - 1;
                                t.rows[r] = reinterpret_cast<const char*>(
                                    as_it_is
                                        ? static_cast<const void*>(s.p + (i0 + row) * s.row + 2 * p0)
                                        : static_cast<const void*>(strips + p0 * BLOCK + row));
                            }
                            t.out = buffer + i * WIDTH;
                            multiply(t, pairs - p0 < DEPTH ? pairs - p0 : DEPTH, p0 > 0);
                        }
                    }
                    leave<WIDTH, BLOCK>(buffer, mi, width, of_image, i0, p * WIDTH,
                                        [](Out* at, F v, i64 n) { put_out(at, v, n); });
                }
            }
        }
    });
}
template <class In, class Out>
void stream(i64 m, i64 n, i64 k, Matrix<In> s, Matrix<In> b, const Target<float, Out>& to) {
    stream(
        1, m, n, k, s,
        [&](i64, i64 j, i64 width, Pair* panel, i64 pitch) {
            pack(b.t().from(j, 0), width, k, panel, pitch);
        },
        to, 0);
}

constexpr int J = 4;  // rows of b that a dot product takes at a time

// c[i][j0 + j] = Σ a[i][k] b[j0 + j][k], `rows` rows i from `top` on against J rows of b, contiguous.
template <int rows, class Out>
void dots(i64 top, i64 j0, i64 n, i64 k, Matrix<Bits> a, Matrix<Bits> b, const Target<float, Out>& to) {
    const Bits *x[rows], *y[J];
    for (int i = 0; i < rows; i++) x[i] = a.p + (top + i) * a.row;
    for (i64 j = 0; j < J; j++) y[j] = b.p + (j0 + j < n ? j0 + j : n - 1) * b.col;
    F c[rows][J] = {};
    const auto step = [&](auto get, i64 at) {
        I32 row[rows];
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) row[i] = get(x[i] + at);
#pragma GCC unroll 4
        for (int j = 0; j < J; j++) {
            const I32 z = get(y[j] + at);
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) c[i][j] = multiply_add(c[i][j], row[i], z);
        }
    };
    i64 at = 0;
    for (; at + 2 * L <= k; at += 2 * L)
        step([](const Bits* p) { return (I32)_mm512_loadu_si512(p); }, at);
    if (at < k) {
        const auto rest = static_cast<__mmask32>((1u << (k - at)) - 1);
        step([=](const Bits* p) { return (I32)_mm512_maskz_loadu_epi16(rest, p); }, at);
    }
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < J && j0 + j < n; j++) {
            const i64 r = to.transposed ? j0 + j : top + i, q = to.transposed ? top + i : j0 + j;
            float v = sum(c[i][j]);
            if (to.bias) v += to.bias[q];
            put_out(to.c + r * to.step + q, F{} + (to.relu && v < 0 ? 0.f : v), 1);
        }
    }
}

// True if it was a case for dot products.
template <class Out>
bool few_rows(i64 m, i64 n, i64 k, Matrix<Bits> a, Matrix<Bits> b, const Target<float, Out>& to) {
    if (a.col != 1 || b.row != 1 || m > FEW) return false;
    parallel((n + J - 1) / J, rows_per_block(k * m * J, 1 << 16), [&](i64 begin, i64 end) {
        for (i64 j = begin * J; j < end * J && j < n; j += J) {
            for (i64 i = 0; i < m; i += 4) {
                switch (m - i < 4 ? m - i : 4) {
                    case 1: dots<1>(i, j, n, k, a, b, to); break;
                    case 2: dots<2>(i, j, n, k, a, b, to); break;
                    case 3: dots<3>(i, j, n, k, a, b, to); break;
                    default: dots<4>(i, j, n, k, a, b, to); break;
                }
            }
        }
    });
    return true;
}

}  // namespace

bool has_bf16() {
    static const bool has = __builtin_cpu_supports("avx512bf16");
    return has;
}

template <class In, class Out>
void gemm_bf16(i64 m, i64 n, i64 k, Matrix<In> a, Matrix<In> b, const float* bias, bool relu, Out* c,
               i64 step) {
    if (m == 0 || n == 0) return;
    // A step along one single element means nothing: 1 opens the faster ways.
    if (k <= 1) a.col = b.row = 1;
    if (n == 1) b.col = 1;
    if (m == 1) a.row = 1;
    const Target<float, Out> straight{c, step, false, bias, false, relu};
    const Target<float, Out> turned{c, step, true, bias, false, relu};
    if constexpr (std::is_same_v<In, Bits>) {
        if (few_rows(m, n, k, a, b, straight)) return;
        if (few_rows(n, m, k, b.t(), a.t(), turned)) return;
    }
    // Packing costs its operand once over; turning costs the result.
    const i64 other_a = in_place(a, k) ? 0 : k * m, other_b = in_place(b.t(), k) ? 0 : k * n;
    if (k * n + other_a <= k * m + other_b + m * n) stream(m, n, k, a, b, straight);
    else stream(n, m, k, b.t(), a.t(), turned);
}

void gemm_bf16_images(i64 images, i64 m, i64 n, i64 k, const Bits* a, PackPanel pack_panel, const void* of,
                      const float* bias, bool relu, Bits* c) {
    const Target<float, Bits> to{c, n, false, bias, true, relu};
    stream(
        images, m, n, k, Matrix<Bits>{a, k, 1},
        [=](i64 image, i64 first, i64 width, Pair* panel, i64 pitch) {
            pack_panel(of, image, first, width, panel, pitch);
        },
        to, m * n);
}

#else

bool has_bf16() { return false; }

void gemm_bf16_images(i64, i64, i64, i64, const std::uint16_t*, PackPanel, const void*, const float*, bool,
                      std::uint16_t*) {}

template <class In, class Out>
void gemm_bf16(i64, i64, i64, Matrix<In>, Matrix<In>, const float*, bool, Out*, i64) {}

#endif

template void gemm_bf16(i64, i64, i64, Matrix<std::uint16_t>, Matrix<std::uint16_t>, const float*, bool,
                        std::uint16_t*, i64);
template void gemm_bf16(i64, i64, i64, Matrix<std::uint16_t>, Matrix<std::uint16_t>, const float*, bool,
                        float*, i64);
template void gemm_bf16(i64, i64, i64, Matrix<float>, Matrix<float>, const float*, bool, float*, i64);

}  // namespace rl::RL_ISA
