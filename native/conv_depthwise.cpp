// Depthwise convolution, each output channel from one input channel: y, and dx of stride 1.
//
// A register holds one cell of LANES neighbouring channels: LANES planes are transposed to cells
// (row, column, channel) with a border of zeros, a strip of rows at a time, and what comes out is
// transposed back. So no lane is wasted on narrow images, no load lies across two cache lines, and a
// stride is only another step.
#include "conv.hpp"
#include "parallel.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 N = LANES<float>;
constexpr i64 WORK = 1 << 14;   // multiply-adds of a register that are worth waking a thread
constexpr i64 STRIP = 1 << 15;  // floats of a strip's input: half of a small second-level cache
constexpr int WIDTH = RL_REGISTERS == 32 ? 14 : 8;  // cells of a tile

struct TileArgs {
    const float* x;   // of the tile's first cell: (N)
    i64 col;          // step in x to the next cell
    const i64* off;   // (taps)
    i64 taps;
    const float* w;   // (taps, N)
    const float *scale, *shift;  // (N) or null
    float* y;         // (P, N)
};

template <int P, int COL>
void tile(const TileArgs& a) {
    F sum[P];
    const F first = a.shift && !a.scale ? load(a.shift) : F{};
#pragma GCC unroll 14
    for (int p = 0; p < P; p++) sum[p] = first;
    const i64 col = COL ? COL * N : a.col;
    for (i64 t = 0; t < a.taps; t++) {
        const F weight = load(a.w + t * N);
        const float* x = a.x + a.off[t];
        opaque(x);
#pragma GCC unroll 14
        for (int p = 0; p < P; p++) sum[p] = fma(load(x + p * col), weight, sum[p]);
    }
    if (a.scale) {
        const F scale = load(a.scale), shift = load(a.shift);
#pragma GCC unroll 14
        for (int p = 0; p < P; p++) sum[p] = fma(sum[p], scale, shift);
    }
#pragma GCC unroll 14
    for (int p = 0; p < P; p++) store(a.y + p * N, sum[p]);
}

struct TileTable {
    void (*at[3][WIDTH])(const TileArgs&) = {};

    template <int COL, std::size_t... P>
    constexpr void widths(std::index_sequence<P...>) { ((at[COL][P] = tile<int(P) + 1, COL>), ...); }
    constexpr TileTable() {
        widths<0>(std::make_index_sequence<WIDTH>{});
        widths<1>(std::make_index_sequence<WIDTH>{});
        widths<2>(std::make_index_sequence<WIDTH>{});
    }
};
constexpr TileTable TILES;

// Rows [top, top + height) of planes (channels, h, w) -> cells (height, width, N): `left` cells of
// zeros, a row, zeros; rows outside of the planes are zeros.
void to_cells(const float* planes, i64 channels, i64 h, i64 w, i64 top, i64 height, i64 left,
              i64 width, float* cells) {
    const i64 low = clamp(-top, 0, height), high = clamp(h - top, low, height);
    const i64 inside = clamp(width - left, 0, w), right = width - left - inside;
    zero(cells, low * width * N);
    for (i64 r = low; r < high; r++) {
        float* const row = cells + r * width * N;
        zero(row, left * N);
        transpose(planes + (top + r) * w, h * w, channels, inside, row + left * N, N, true);
        zero(row + (left + inside) * N, right * N);
    }
    zero(cells + high * width * N, (height - high) * width * N);
}

// x (n, c, h, w), w (c, kh, kw), turned around if `flipped` -> y (n, c, p, q)
template <class Finish>
void run(const Conv& g, const float* x, const float* w, bool flipped, const Ending& e,
         Finish finish, float* y) {
    const i64 taps = g.taps(), registers = (g.c + N - 1) / N;
    const i64 width = (g.q - 1) * g.sw + (g.kw - 1) * g.dw + 1, reach = (g.kh - 1) * g.dh + 1;
    const i64 rows = clamp((STRIP / (width * N) - reach) / g.sh + 1, min(4, g.p), g.p);
    const i64 strips = (g.p + rows - 1) / rows;
    const i64 height = (rows - 1) * g.sh + reach;
    Array<i64> off(taps);
    for (i64 t = 0; t < taps; t++)
        off[t] = (t / g.kw * g.dh * width + t % g.kw * g.dw) * N;
    const i64 in_size = height * width * N, out_size = rows * g.q * N;
    const i64 items = g.n * registers * strips, work = 1 + rows * g.q * (taps + 2);
    parallel(items, max(1, WORK / work), [&](i64 begin, i64 end) {
        float* const cells =
            scratch<float>(Slot::conv_block, in_size + out_size + (taps + 2) * N);
        float *const out = cells + in_size, *const weights = out + out_size;
        float *const scale = weights + taps * N, *const shift = scale + N;
        for (i64 item = begin; item < end; item++) {
            const i64 part = item % strips, first = item / strips % registers * N;
            const i64 image = item / (strips * registers), real = min(N, g.c - first);
            const i64 p0 = part * rows, p1 = min(g.p, p0 + rows);
            transpose(w + first * taps, taps, real, taps, weights, N, true);
            if (flipped)
                for (i64 t = 0; t < taps / 2; t++) {
                    const F v = load(weights + t * N);
                    store(weights + t * N, load(weights + (taps - 1 - t) * N));
                    store(weights + (taps - 1 - t) * N, v);
                }
            if (e.scale) store(scale, get(e.scale + first, real));
            if (e.shift) store(shift, get(e.shift + first, real));
            to_cells(x + (image * g.c + first) * g.h * g.w, real, g.h, g.w, p0 * g.sh - g.ph,
                     (p1 - p0 - 1) * g.sh + reach, g.pw, width, cells);
            TileArgs a;
            a.col = g.sw * N, a.off = &off[0], a.taps = taps, a.w = weights;
            a.scale = e.scale ? scale : nullptr, a.shift = e.shift ? shift : nullptr;
            const auto& table = TILES.at[g.sw <= 2 ? g.sw : 0];
            const i64 tiles = (g.q + WIDTH - 1) / WIDTH;
            for (i64 p = p0; p < p1; p++)
                for (i64 k = 0; k < tiles; k++) {
                    const i64 j = g.q * k / tiles, many = g.q * (k + 1) / tiles - j;
                    a.x = cells + ((p - p0) * g.sh * width + j * g.sw) * N;
                    a.y = out + ((p - p0) * g.q + j) * N;
                    table[many - 1](a);
                }
            if (!e.in_registers()) activate(e.act, out, (p1 - p0) * g.q * N);
            transpose(out, N, (p1 - p0) * g.q, real,
                      y + (image * g.c + first) * g.p * g.q + p0 * g.q, g.p * g.q, false, finish);
        }
    });
}

bool suits(const Conv& g) { return g.groups == g.c && g.o == g.c && g.c >= N; }

}  // namespace

bool depthwise_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    if (!suits(g) || g.pw > (g.kw - 1) * g.dw) return false;
    with_finish(e, y, [&](auto finish) { run(g, x, w, false, e, finish, y); });
    return true;
}

bool depthwise_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx) {
    const i64 ph = (g.kh - 1) * g.dh - g.ph, pw = (g.kw - 1) * g.dw - g.pw;
    if (!suits(g) || g.sh != 1 || g.sw != 1 || ph < 0 || pw < 0) return false;
    const Conv turned{g.n, g.c, g.p, g.q, g.c, g.kh, g.kw, g.h, g.w, 1, 1, ph, pw, g.dh, g.dw, g.c};
    if (gate) run(turned, dy, w, true, {}, Gate{gate, dx}, dx);
    else run(turned, dy, w, true, {}, Unchanged{}, dx);
    return true;
}

}  // namespace rl::RL_ISA
