// Direct convolution: y and dx.
//
// One register holds one output cell of LANES output channels; a tile is a small rectangle of cells
// whose sums stay in registers while all input channels and taps pass by. Each step loads the
// weights of LANES channels and multiplies them with one input number per cell, which the processor
// broadcasts as part of the load. Inputs stay in channel-major order, so nothing but a copy with a
// border of zeros is needed on the way in; on the way out cells are transposed to (channel, cell).
//
// dx is the same sum over dy: input cell r = a + s·i (a < s) meets, under tap t, output cell
// i + (a + pad - t·dil) / s where that division leaves no rest. So each of the s residues a is a
// convolution of its own, with stride 1 and the taps that divide; a `Pass` is one of them.
#include "caches.hpp"
#include "conv.hpp"
#include "parallel.hpp"
#include "scratch.hpp"
#include "memory.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 N = LANES<float>;
constexpr int WIDTH = RL_REGISTERS == 32 ? 14 : 6;  // cells of a tile of 2N channels: 28 or 12 sums

// For every channel c and tap t:  cells[r][p] += w[c][t] * src[c][off[t] + r * row + p * col]
struct TileArgs {
    const float* src;        // of the tile's first cell
    i64 channel, row, col;   // steps in src: to the next channel, the next row and cell of the tile
    const i64* off;          // (taps)
    i64 channels, taps;
    const float* w;          // (channels, taps, NV * N)
    const float *scale, *shift;  // (NV * N) or null
    const char* ahead;       // memory to ask for, `ahead_step` more for each step of the sum
    i64 ahead_step;
    float* out;              // of the tile's first cell: (NV * N)
    i64 out_row, out_col;    // steps in out
};

template <int NV, int R, int P, int COL>
void tile(const TileArgs& a) {
    F sum[R][P][NV];
#pragma GCC unroll 2
    for (int v = 0; v < NV; v++) {
        const F b = a.shift && !a.scale ? load(a.shift + v * N) : F{};
#pragma GCC unroll 4
        for (int r = 0; r < R; r++)
#pragma GCC unroll 14
            for (int p = 0; p < P; p++) sum[r][p][v] = b;
    }
    const i64 row = a.row, col = COL ? COL : a.col;
    const float *w = a.w, *src = a.src;
    const char* ahead = a.ahead;
    for (i64 c = 0; c < a.channels; c++, src += a.channel) {
        for (i64 t = 0; t < a.taps; t++, w += NV * N, ahead += a.ahead_step) {
            __builtin_prefetch(ahead, 0, 2);
            const float* x = src + a.off[t];
            F weight[NV];
#pragma GCC unroll 2
            for (int v = 0; v < NV; v++) weight[v] = load(w + v * N);
#pragma GCC unroll 4
            for (int r = 0; r < R; r++, x += row) {
                opaque(x);
#pragma GCC unroll 14
                for (int p = 0; p < P; p++) {
                    const F value = all(x[p * col]);
#pragma GCC unroll 2
                    for (int v = 0; v < NV; v++) sum[r][p][v] = fma(weight[v], value, sum[r][p][v]);
                }
            }
        }
    }
    if (a.scale)
#pragma GCC unroll 2
        for (int v = 0; v < NV; v++) {
            const F scale = load(a.scale + v * N), shift = load(a.shift + v * N);
#pragma GCC unroll 4
            for (int r = 0; r < R; r++)
#pragma GCC unroll 14
                for (int p = 0; p < P; p++) sum[r][p][v] = fma(sum[r][p][v], scale, shift);
        }
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 14
        for (int p = 0; p < P; p++)
#pragma GCC unroll 2
            for (int v = 0; v < NV; v++)
                store(a.out + r * a.out_row + p * a.out_col + v * N, sum[r][p][v]);
}

using Tile = void (*)(const TileArgs&);
constexpr int ROWS = 4;

// TILES[NV - 1][COL][R - 1][P - 1]; null where the sums would not fit into the registers.
struct TileTable {
    Tile at[2][3][ROWS][WIDTH] = {};

    template <int NV, int COL, int R, int P>
    constexpr void one() {
        if constexpr (NV * R * P <= 2 * WIDTH) at[NV - 1][COL][R - 1][P - 1] = tile<NV, R, P, COL>;
    }
    template <int NV, int COL, int R, std::size_t... P>
    constexpr void widths(std::index_sequence<P...>) { (one<NV, COL, R, int(P) + 1>(), ...); }
    template <int NV, int COL, std::size_t... R>
    constexpr void rows(std::index_sequence<R...>) {
        (widths<NV, COL, int(R) + 1>(std::make_index_sequence<WIDTH>{}), ...);
    }
    template <int NV>
    constexpr void columns() {
        rows<NV, 0>(std::make_index_sequence<ROWS>{});
        rows<NV, 1>(std::make_index_sequence<ROWS>{});
        rows<NV, 2>(std::make_index_sequence<ROWS>{});
    }
    constexpr TileTable() { columns<1>(); columns<2>(); }
};
constexpr TileTable TILES;

constexpr i64 LINE = 64;  // bytes of a cache line

// Memory that will be needed soon: the next weights; and what is added to the cells of a pass without
// gaps, of `lanes` channels `plane` apart.
struct Ahead {
    const char *at = nullptr, *end = nullptr;
    const float* other = nullptr;
    i64 lanes = 0, plane = 0, row = 0;
};

// Tiles over `rows` rows of `cols` cells, the first of which are a.src and a.out.
void cover(TileArgs a, i64 rows, i64 cols, int nv, Ahead& next) {
    const float* const src = a.src;
    float* const out = a.out;
    const auto& table = TILES.at[nv - 1][a.col <= 2 ? a.col : 0];
    const i64 tiles = (cols + WIDTH - 1) / WIDTH;
    for (i64 k = 0; k < tiles; k++) {
        const i64 j = cols * k / tiles, p = cols * (k + 1) / tiles - j;
        for (i64 i = 0, r; i < rows; i += r) {
            for (r = min(ROWS, rows - i); !table[r - 1][p - 1];) r--;
            a.src = src + i * a.row + j * a.col;
            a.out = out + i * a.out_row + j * a.out_col;
            for (i64 c = 0; c < next.lanes; c++)
                for (i64 y = i; y < i + r; y++)
                    __builtin_prefetch(next.other + c * next.plane + y * next.row + j + p - 1);
            const bool more = next.at < next.end;
            a.ahead = more ? next.at : reinterpret_cast<const char*>(a.w);
            a.ahead_step = more ? LINE : 0;
            next.at += more ? a.channels * a.taps * LINE : 0;
            table[r - 1][p - 1](a);
        }
    }
}

// A regular part of the output grid, and the taps that reach it: `taps` of them from `first` on in
// the plan's list.
struct Pass {
    i64 row, col;            // its first cell
    i64 first, taps;
    const float* w;          // packed: (groups, pairs of registers, ci, taps, channels of the pair)
};

struct Tap {
    i64 index;               // in the kernel
    i64 row, col;            // the source cell it meets, from that of the output cell
};

// A sum over the source, for every image and group.
struct Plan {
    i64 images, groups;
    i64 ci, h, w;            // source (images, groups * ci, h, w)
    i64 co, oh, ow;          // output (images, groups * co, oh, ow)
    i64 step_h, step_w;      // source cells from one cell of a pass to the next
    i64 grid_h, grid_w;      // output cells from one cell of a pass to the next
    i64 passes;
    const Pass* pass;
    i64 taps;                // of all passes
    const Tap* tap;

    i64 registers() const { return (co + N - 1) / N; }
    i64 pairs() const { return (registers() + 1) / 2; }
};

struct Extent {
    i64 low = 0, high = 0;  // least and greatest offset
    void add(i64 x) { low = min(low, x), high = max(high, x); }
    i64 size() const { return high - low; }
};

// Packs the weights of a pair: w (J, I * T) of each group -> (I * T, channels of the pair)
struct Pack {
    const float* w;
    i64 pairs, channels, out, k;  // of a group; k = I * T

    i64 group(i64 item) const { return item / pairs; }
    i64 first(i64 item) const { return item % pairs * 2 * N; }
    i64 lanes(i64 item) const { return min(2 * N, channels - first(item)); }
    const float* from(i64 item) const { return w + (group(item) * out + first(item)) * k; }
    i64 real(i64 item) const { return min(lanes(item), out - first(item)); }
    void operator()(i64 item, float* to) const {
        transpose(from(item), k, real(item), k, to, lanes(item), true);
    }
    Ahead next(i64 item) const {
        const char* const p = reinterpret_cast<const char*>(from(item));
        return {p, p + real(item) * k * i64(sizeof(float))};
    }
};

// What takes a strip's cells (cell, lane) to the output's channels, `plane` apart, and finishes them.
struct Leave {
    void (*f)(const void* finish, const float* cells, i64 lanes, i64 count, i64 channels, float* y,
              i64 plane);
    const void* finish;
};
template <class Finish>
Leave leave_with(const Finish& finish) {
    return {[](const void* finish, const float* cells, i64 lanes, i64 count, i64 channels, float* y,
               i64 plane) {
                transpose(cells, lanes, count, channels, y, plane, false,
                          *static_cast<const Finish*>(finish));
            },
            &finish};
}

// Everything, in items of some rows of one image and some channels of one group. Of one image with
// fewer numbers than weights, an item is some channels and all rows: then (*pack)(pair, to) packs the
// weights of a pair right before they are used, by the thread that uses them, and each weight is
// read once from memory.
void run(const Plan& plan, const float* src, const Ending& e, Leave leave, float* out,
         const Pack* pack = nullptr) {
    Extent reach_h, reach_w;
    for (i64 t = 0; t < plan.taps; t++) {
        reach_h.add(plan.tap[t].row);
        reach_w.add(plan.tap[t].col);
    }
    // Rows and columns of a pass, at most.
    const i64 pass_h = (plan.oh + plan.grid_h - 1) / plan.grid_h;
    const i64 pass_w = (plan.ow + plan.grid_w - 1) / plan.grid_w;
    i64 width = (pass_w - 1) * plan.step_w + reach_w.size() + 1;
    if (plan.ci * width % 1024 == 0) width++;  // rows 4 KB apart fall on one another in the cache
    const i64 line = plan.ci * width;  // a source row, all channels
    Array<i64> off(plan.taps);
    for (i64 t = 0; t < plan.taps; t++)
        off[t] = (plan.tap[t].row - reach_h.low) * line + plan.tap[t].col - reach_w.low;

    // An item is `chunk` rows of every pass: few enough that its source stays in the second-level
    // cache and, if there are few images, that the threads have something to share. Last of all the
    // output channels are shared out. `WORK` multiply-adds of a register are worth waking a thread.
    constexpr i64 ITEMS = 16, WORK = 1 << 14;
    const i64 source_size = caches().second / 8;  // floats: half of it
    const i64 planes = plan.images * plan.groups;
    const i64 registers = plan.registers(), pairs = plan.pairs();
    const i64 plane_work = 1 + plan.taps * pass_h * pass_w * plan.ci * registers;
    const bool local = pack != nullptr;
    const i64 wanted =
        local ? 1 : clamp(min((ITEMS + planes - 1) / planes, plane_work / WORK), 1, pass_h);
    const i64 chunk = clamp((source_size / line - reach_h.size()) / plan.step_h, 1,
                            (pass_h + wanted - 1) / wanted);
    const i64 chunks = (pass_h + chunk - 1) / chunk;
    const i64 shares = clamp(min(ITEMS / (planes * chunks), plane_work / chunks / WORK), 1, pairs);
    const i64 items = planes * chunks * shares;
    const i64 grain = max(1, WORK * chunks * shares / plane_work);

    constexpr i64 AHEAD = 1 << 14;  // bytes

    // A strip is what is computed before it is transposed: rows of every pass, a pair wide.
    constexpr i64 STRIP = 1 << 13;  // floats
    const i64 strip = clamp(STRIP / (plan.ow * plan.grid_h * 2 * N), 1, chunk);

    const i64 source_rows = (chunk - 1) * plan.step_h + reach_h.size() + 1;
    const i64 weights = local ? 2 * N * plan.ci * plan.taps : 0;
    const i64 strip_size = strip * plan.grid_h * plan.ow * 2 * N;

    parallel(items, grain, [&](i64 begin, i64 end) {
        float* const cells =
            scratch<float>(Slot::conv_block, strip_size + source_rows * line + weights);
        float* const source = cells + strip_size;
        float* const packed = source + source_rows * line;
        for (i64 item = begin; item < end; item++) {
            const i64 share = item % shares, part = item / shares % chunks;
            const i64 plane = item / (shares * chunks), group = plane % plan.groups;
            const i64 i0 = part * chunk, i1 = min(pass_h, i0 + chunk);
            copy_rows(src + plane * plan.ci * plan.h * plan.w, plan.h, plan.w, plan.ci,
                      i0 * plan.step_h + reach_h.low,
                      (i1 - i0 - 1) * plan.step_h + reach_h.size() + 1, -reach_w.low, width,
                      source);
            if (chunks * shares == 1 && item + 1 < end) {  // the next image comes while this is
                const char* const next =                   // multiplied
                    reinterpret_cast<const char*>(src + (plane + 1) * plan.ci * plan.h * plan.w);
                const i64 bytes = plan.ci * plan.h * plan.w * i64(sizeof(float));
                for (i64 b = 0; b < min(bytes, AHEAD); b += 64) __builtin_prefetch(next + b);
            }
            for (i64 pair = pairs * share / shares; pair < pairs * (share + 1) / shares; pair++) {
                const i64 channel = pair * 2 * N;
                const int nv = int(min(2, registers - pair * 2));
                const i64 lanes = nv * N;
                if (local) (*pack)(pair, packed);
                const bool more = local && pair + 1 < pairs * (share + 1) / shares;
                Ahead next = more ? pack->next(pair + 1) : Ahead{};
                for (i64 s0 = i0; s0 < i1; s0 += strip) {
                    const i64 row0 = s0 * plan.grid_h;
                    if (e.other) {
                        next.lanes = min(lanes, plan.co - channel);
                        next.plane = plan.oh * plan.ow, next.row = plan.ow;
                        next.other = e.other + (plane * plan.co + channel) * next.plane +
                                     row0 * plan.ow;
                    }
                    const i64 row1 = min(plan.oh, min(i1, s0 + strip) * plan.grid_h);
                    for (i64 k = 0; k < plan.passes; k++) {
                        const Pass& pass = plan.pass[k];
                        TileArgs a;
                        a.channel = width, a.row = plan.step_h * line, a.col = plan.step_w;
                        a.off = &off[pass.first], a.channels = plan.ci, a.taps = pass.taps;
                        a.w = local ? packed
                                    : pass.w + (group * registers * N + channel) * plan.ci * pass.taps;
                        const i64 first = group * registers * N + channel;
                        a.scale = e.scale ? e.scale + first : nullptr;
                        a.shift = e.shift ? e.shift + first : nullptr;
                        a.out_row = plan.grid_h * plan.ow * lanes, a.out_col = plan.grid_w * lanes;
                        a.src = source + (s0 - i0) * a.row;
                        a.out = cells + (pass.row * plan.ow + pass.col) * lanes;
                        cover(a, (row1 - row0 - pass.row + plan.grid_h - 1) / plan.grid_h,
                              (plan.ow - pass.col + plan.grid_w - 1) / plan.grid_w, nv, next);
                    }
                    if (!e.in_registers()) activate(e.act, cells, (row1 - row0) * plan.ow * lanes);
                    float* const y = out + (plane * plan.co + channel) * plan.oh * plan.ow;
                    leave.f(leave.finish, cells, lanes, (row1 - row0) * plan.ow,
                            min(lanes, plan.co - channel), y + row0 * plan.ow, plan.oh * plan.ow);
                }
            }
        }
    });
}

bool w_is_larger(const Conv& g) { return g.o * g.taps() > g.h * g.w; }  // than x, by channel

}  // namespace

void direct_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    const i64 taps = g.taps();
    Array<Tap> tap(taps);
    for (i64 t = 0; t < taps; t++)
        tap[t] = {t, t / g.kw * g.dh - g.ph, t % g.kw * g.dw - g.pw};
    Pass pass{0, 0, 0, taps, nullptr};
    const Plan plan{g.n,  g.groups, g.in(), g.h, g.w, g.out(), g.p,  g.q,
                    g.sh, g.sw,     1,      1,   1,   &pass,   taps,  &tap[0]};

    // w (J, I * T) -> (pairs, I * T, 2N), and scale and shift in the same order.
    const i64 k = g.in() * taps, pairs = plan.pairs(), channels = plan.registers() * N;
    const Pack pack{w, pairs, channels, g.out(), k};
    const bool local = g.n * g.groups == 1 && w_is_larger(g) && pairs > 1;
    const i64 lanes = g.groups * channels;
    float* const scale = scratch<float>(Slot::conv_shared, lanes * (local ? 2 : k + 2));
    float *const shift = scale + lanes, *const packed = shift + lanes;
    pass.w = packed;
    const auto spread = [&](const float* from, float* to) -> const float* {
        if (!from) return nullptr;
        for (i64 i = 0; i < g.groups; i++) {
            zero(to + i * channels, channels);
            copy(from + i * g.out(), g.out(), to + i * channels);
        }
        return to;
    };
    const Ending in_lanes{spread(e.scale, scale), spread(e.shift, shift), e.other, e.act};
    if (local)
        return with_finish(e, y, [&](auto finish) {
            run(plan, x, in_lanes, leave_with(finish), y, &pack);
        });
    parallel(g.groups * pairs, rows_per_block(2 * N * k, 1 << 15), [&](i64 begin, i64 end) {
        for (i64 item = begin; item < end; item++)
            pack(item, packed + (item / pairs * channels + item % pairs * 2 * N) * k);
    });
    with_finish(e, y, [&](auto finish) { run(plan, x, in_lanes, leave_with(finish), y); });
}

void direct_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx) {
    const i64 in = g.in(), out = g.out(), taps = g.taps();
    const i64 passes_h = min(g.sh, g.h), passes_w = min(g.sw, g.w);
    Array<Tap> tap(passes_h * passes_w * taps);
    Array<Pass> pass(passes_h * passes_w);
    Plan plan{g.n, g.groups, out,  g.p,  g.q, in, g.h, g.w, 1, 1, g.sh, g.sw, passes_h * passes_w,
              &pass[0], 0, &tap[0]};
    const i64 channels = plan.registers() * N;
    float* const packed = scratch<float>(Slot::conv_shared, g.groups * channels * out * taps);
    for (i64 k = 0; k < plan.passes; k++) {
        const i64 a = k / passes_w, b = k % passes_w, first = plan.taps;
        for (i64 t = 0; t < taps; t++) {
            const i64 row = a + g.ph - t / g.kw * g.dh, col = b + g.pw - t % g.kw * g.dw;
            if (row % g.sh == 0 && col % g.sw == 0) tap[plan.taps++] = {t, row / g.sh, col / g.sw};
        }
        pass[k] = {a, b, first, plan.taps - first, packed + g.groups * channels * out * first};
    }
    // w (J, I, T) -> for each pass (pairs, J, its taps, 2N)
    parallel(g.groups * out, rows_per_block(in * taps, 1 << 15), [&](i64 begin, i64 end) {
        float* const by_tap = scratch<float>(Slot::conv_block, taps * channels);  // (T, I)
        for (i64 item = begin; item < end; item++) {
            const i64 group = item / out, j = item % out;
            transpose(w + item * in * taps, taps, in, taps, by_tap, channels, true);
            for (i64 k = 0; k < plan.passes; k++) {
                const i64 m = pass[k].taps;
                float* const to = packed + g.groups * channels * out * pass[k].first +
                                  group * channels * out * m;
                for (i64 c = 0; c < channels; c += 2 * N) {
                    const i64 lanes = min(2 * N, channels - c);
                    for (i64 t = 0; t < m; t++)
                        copy(by_tap + tap[pass[k].first + t].index * channels + c, lanes,
                             to + c * out * m + (j * m + t) * lanes);
                }
            }
        }
    });
    if (gate) run(plan, dy, {}, leave_with(Gate{gate, dx}), dx);
    else run(plan, dy, {}, leave_with(Unchanged{}), dx);
}

}  // namespace rl::RL_ISA
