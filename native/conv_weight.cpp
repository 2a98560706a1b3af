// Direct convolution: dw and db.
//
//   dw[o, c, t] = Σ_{n, cell} dy[n, o, cell] · x[n, c, cell · stride + t · dilation - pad]
//
// One register holds dw of LANES output channels for one (c, t). A tile is a few kernel rows (c, i)
// with all their taps j: its sums stay in registers while cells of several images pass by. dy is
// transposed to (cell, channel) first; x gets its border of zeros. The batch is split into blocks
// that depend on the shapes alone, each with a dw of its own, added in order: the same bits
// for any number of threads.
#include "conv.hpp"
#include "memory.hpp"
#include "parallel.hpp"
#include "scratch.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 N = LANES<float>;
constexpr int SUMS = RL_REGISTERS == 32 ? 28 : 12;  // registers for sums
constexpr int LINES = 10;                // kernel rows of a tile, at most: one pointer each

struct TileArgs {
    const float* x;           // (images, rows, .., ..)
    const float* dy;          // (images, rows, cells, NV * N)
    i64 images, image;        // how many, and the step between them in x
    i64 rows, row;            // output rows, and the step between them in x
    i64 cells, step;          // output cells of a row, and the step between them in x
    const i64* line;          // (LN) where in x each kernel row begins
    float* dw;                // (LN, KW, NV * N), added to
};

template <int NV, int LN, int KW>
void tile(const TileArgs& a) {
    F sum[LN][KW][NV];
    float* dw = a.dw;
#pragma GCC unroll 10
    for (int l = 0; l < LN; l++)
#pragma GCC unroll 7
        for (int k = 0; k < KW; k++)
#pragma GCC unroll 2
            for (int v = 0; v < NV; v++) sum[l][k][v] = load(dw + ((l * KW + k) * NV + v) * N);
    const float* dy = a.dy;
    for (i64 image = 0; image < a.images; image++) {
        for (i64 row = 0; row < a.rows; row++) {
            const float* const start = a.x + image * a.image + row * a.row;
            const float* x[LN];
#pragma GCC unroll 10
            for (int l = 0; l < LN; l++) x[l] = start + a.line[l];
            const i64 end = a.cells * a.step;
            for (i64 at = 0; at < end; at += a.step, dy += NV * N) {
                F d[NV];
#pragma GCC unroll 2
                for (int v = 0; v < NV; v++) d[v] = load(dy + v * N);
#pragma GCC unroll 10
                for (int l = 0; l < LN; l++)
#pragma GCC unroll 7
                    for (int k = 0; k < KW; k++) {
                        const F value = all(x[l][at + k]);
#pragma GCC unroll 2
                        for (int v = 0; v < NV; v++) sum[l][k][v] = fma(d[v], value, sum[l][k][v]);
                    }
            }
        }
    }
#pragma GCC unroll 10
    for (int l = 0; l < LN; l++)
#pragma GCC unroll 7
        for (int k = 0; k < KW; k++)
#pragma GCC unroll 2
            for (int v = 0; v < NV; v++) store(dw + ((l * KW + k) * NV + v) * N, sum[l][k][v]);
}

using Tile = void (*)(const TileArgs&);

// TILES[NV - 1][KW / 2][LN - 1] for KW of 1, 3, 5 and 7, while the sums fit into the registers.
struct TileTable {
    Tile at[2][4][LINES] = {};
    int lines[2][4] = {};

    template <int NV, int KW, int LN>
    constexpr void one() {
        if constexpr (LN == 1 || NV * KW * LN <= SUMS) {
            at[NV - 1][KW / 2][LN - 1] = tile<NV, LN, KW>;
            lines[NV - 1][KW / 2] = LN;
        }
    }
    template <int NV, int KW, std::size_t... LN>
    constexpr void all_lines(std::index_sequence<LN...>) { (one<NV, KW, int(LN) + 1>(), ...); }
    template <int NV>
    constexpr void widths() {
        all_lines<NV, 1>(std::make_index_sequence<LINES>{});
        all_lines<NV, 3>(std::make_index_sequence<LINES>{});
        all_lines<NV, 5>(std::make_index_sequence<LINES>{});
        all_lines<NV, 7>(std::make_index_sequence<LINES>{});
    }
    constexpr TileTable() { widths<1>(), widths<2>(); }
};
constexpr TileTable TILES;

// db (lanes) += the sum of the rows of dy (cells, lanes); four at a time, for the adder's latency.
void add_rows(const float* dy, i64 cells, i64 lanes, float* db) {
    for (i64 v = 0; v < lanes; v += N) {
        F sum[4] = {load(db + v)};
        i64 i = 0;
        for (; i + 4 <= cells; i += 4)
            for (i64 k = 0; k < 4; k++) sum[k] += load(dy + (i + k) * lanes + v);
        for (; i < cells; i++) sum[0] += load(dy + i * lanes + v);
        store(db + v, (sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
}

}  // namespace

void direct_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db) {
    const i64 in = g.in(), out = g.out(), taps = g.taps();
    const i64 registers = (out + N - 1) / N, pairs = (registers + 1) / 2, lanes = registers * N;
    i64 width = (g.q - 1) * g.sw + (g.kw - 1) * g.dw + 1;
    if (in * width % 1024 == 0) width++;  // rows 4 KB apart fall on one another in the cache
    const i64 line = in * width;

    // A unit is what a tile sees at once: a few small images, or some rows of a large one.
    constexpr i64 SOURCE = 1 << 18, CELLS = 1 << 8;
    const i64 most_rows = min(CELLS / g.q, (SOURCE / line - (g.kh - 1) * g.dh) / g.sh);
    const i64 rows = clamp(most_rows, 1, g.p);
    const i64 source = ((rows - 1) * g.sh + (g.kh - 1) * g.dh + 1) * line;
    const i64 images = rows < g.p ? 1 : clamp(min(SOURCE / source, CELLS / (rows * g.q)), 1, g.n);
    const i64 parts = (g.p + rows - 1) / rows, units = (g.n + images - 1) / images * parts;

    // A block is some units of the batch, with a dw and db of its own. WORK as in conv_direct.cpp.
    constexpr i64 BLOCKS = 16, WORK = 1 << 14, MEMORY = 1 << 22;
    const i64 columns = in * taps, one = g.groups * lanes * (columns + 1);
    const i64 work = g.n * g.p * g.q * columns * registers;  // of a group
    const i64 shared = min(min(BLOCKS / (g.groups * pairs), work / WORK), MEMORY / one);
    const i64 blocks = clamp(shared, 1, units);

    // Kernel rows, or single taps where a row is not of a kind that there is a tile for.
    const bool whole = g.dw == 1 && g.kw <= 7 && g.kw % 2;
    const i64 kw = whole ? g.kw : 1, count = columns / kw;
    Array<i64> at(count);
    for (i64 k = 0; k < count; k++) {
        const i64 t = k * kw % taps;
        at[k] = t / g.kw * g.dh * line + k * kw / taps * width + t % g.kw * g.dw;
    }

    // (blocks, groups, pairs, I * T + 1, channels of the pair): the last column is db
    float* const partial = scratch<float>(Slot::conv_shared, blocks * one);
    const i64 items = blocks * g.groups * pairs;
    parallel(items, max(1, WORK * items / (work * g.groups)), [&](i64 begin, i64 end) {
        const i64 cells_size = images * rows * g.q * 2 * N;
        float* const cells = scratch<float>(Slot::conv_block, cells_size + images * source);
        float* const padded = cells + cells_size;
        for (i64 item = begin; item < end; item++) {
            const i64 pair = item % pairs, group = item / pairs % g.groups;
            const i64 block = item / (pairs * g.groups), channel = pair * 2 * N;
            const int nv = int(min(2, registers - pair * 2));
            const i64 width_out = nv * N, real = min(width_out, out - channel);
            float* const sums =
                partial + block * one + (group * lanes + channel) * (columns + 1);
            zero(sums, (columns + 1) * width_out);
            for (i64 unit = units * block / blocks; unit < units * (block + 1) / blocks; unit++) {
                const i64 first = unit / parts * images, row0 = unit % parts * rows;
                TileArgs a;
                a.images = min(images, g.n - first), a.image = source;
                a.rows = min(rows, g.p - row0), a.row = g.sh * line;
                a.cells = g.q, a.step = g.sw;
                a.dy = cells;
                for (i64 i = 0; i < a.images; i++) {
                    const i64 plane = (first + i) * g.groups + group;
                    copy_rows(x + plane * in * g.h * g.w, g.h, g.w, in, row0 * g.sh - g.ph,
                              (a.rows - 1) * g.sh + (g.kh - 1) * g.dh + 1, g.pw, width,
                              padded + i * source);
                    transpose(dy + ((plane * out + channel) * g.p + row0) * g.q, g.p * g.q, real,
                              a.rows * g.q, cells + i * a.rows * g.q * width_out, width_out, true);
                }
                add_rows(cells, a.images * a.rows * g.q, width_out, sums + columns * width_out);
                const i64 most = TILES.lines[nv - 1][kw / 2], tiles = (count + most - 1) / most;
                for (i64 k = 0; k < tiles; k++) {
                    const i64 l0 = count * k / tiles, l1 = count * (k + 1) / tiles;
                    a.x = padded, a.line = &at[l0], a.dw = sums + l0 * kw * width_out;
                    TILES.at[nv - 1][kw / 2][l1 - l0 - 1](a);
                }
            }
        }
    });

    parallel(g.groups * pairs, rows_per_block(2 * N * columns * blocks, 1 << 16),
             [&](i64 begin, i64 end) {
        for (i64 item = begin; item < end; item++) {
            const i64 channel = item % pairs * 2 * N, group = item / pairs;
            const i64 width_out = min(2 * N, lanes - channel), real = min(width_out, out - channel);
            const i64 size = (columns + 1) * width_out;
            float* const sums = partial + (group * lanes + channel) * (columns + 1);
            for (i64 block = 1; block < blocks; block++)
                for (i64 i = 0; i < size; i += N)
                    store(sums + i, load(sums + i) + load(sums + block * one + i));
            const i64 o = group * out + channel;
            transpose(sums, width_out, columns, real, dw + o * columns, columns);
            copy(sums + columns * width_out, real, db + o);
        }
    });
}

}  // namespace rl::RL_ISA
