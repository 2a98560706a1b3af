// Convolution of few output channels per group: depthwise ones above all.
//
// Here a register holds LANES neighbouring output cells of one channel, so that few channels waste
// nothing. Each (image, group) is copied once: a border of zeros around it and, for a stride of s,
// the columns sorted into s runs (0, s, 2s, ... then 1, s + 1, ...), so that neighbouring output
// cells always meet neighbouring numbers. dx is the same sum over dy, one for each residue of the
// stride, as in conv_direct.cpp.
#include "conv.hpp"
#include "parallel.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 N = LANES<float>;
constexpr i64 WORK = 1 << 14;  // multiply-adds of a register that are worth waking a thread

// One correlation: y[o](p, q) = b[o] + Σ_{c, t} w[o][c][t] · s[c](p sh + row[t], q sw + col[t])
// where s is the source with `top` rows and `left` columns of zeros before it. The cells (p, q) are
// every grid_h-th row and grid_w-th column of the output, from `first` on.
struct Plan {
    i64 images, groups;
    i64 ci, h, w;                // source
    i64 co, size, first;         // output channels; cells of one; the first that is computed
    i64 p, q, y_row, y_col;      // how many are computed, and the steps between them
    i64 sh, sw, top, left;
    i64 taps;
    const i64 *row, *col;        // (taps), not negative
    i64 most_row, most_col;      // the greatest of each

    i64 rows() const { return (p - 1) * sh + most_row + 1; }
    i64 vectors() const { return (q + N - 1) / N; }
    i64 run() const { return vectors() * N + most_col / sw; }  // columns of one residue
    i64 line() const { return run() * sw; }
    i64 plane() const { return rows() * line(); }
    // of the cell under tap t for output cell (0, 0), in the copy of one channel
    i64 offset(i64 t) const { return row[t] * line() + col[t] % sw * run() + col[t] / sw; }
};

// One channel of the source (H, W) -> its copy (rows, residues, run).
void copy_plane(const Plan& g, const float* x, float* to) {
    zero(to, g.plane());
    const i64 skip = max(0, -g.left), at = max(0, g.left);
    for (i64 y = max(0, -g.top); y < min(g.h, g.rows() - g.top); y++) {
        float* const line = to + (g.top + y) * g.line();
        const float* const from = x + y * g.w + skip;
        const i64 cells = min(g.w - skip, g.line() - at);
        if (g.sw == 1) {
            if (cells > 0) copy(from, cells, line + at);
            continue;
        }
        for (i64 k = 0; k < min(g.sw, cells); k++) {  // cells k, k + sw, k + 2 sw, ...
            float* to = line + (at + k) % g.sw * g.run() + (at + k) / g.sw;
            i64 i = k;
            if (g.sw == 2)
                for (; i + 2 * N <= cells; i += 2 * N, to += N)
                    store(to, even_lanes(load(from + i), load(from + i + N)));
            for (; i < cells; i += g.sw) *to++ = from[i];
        }
    }
}

struct TileArgs {
    const float* x;      // of the tile's first cell
    i64 channel, row;    // steps in x: to the next channel, to the cells of the next output row
    const i64* off;      // (taps)
    i64 channels, taps;
    const float* w;      // (J, channels, taps)
    const float *scale, *shift;  // (J) or null
    float low, high;     // bounds of the results
    float* y;            // of the tile's first cell
    i64 y_channel, y_row, y_col, cells;
};

// The first n lanes to places `step` apart.
RL_INLINE void scatter(F v, i64 n, float* y, i64 step) {
    float cells[N];
    store(cells, v);
    for (i64 k = 0; k < n; k++) y[k * step] = cells[k];
}

// R rows of up to N cells each, of J channels.
template <int J, int R>
void tile(const TileArgs& a) {
    F sum[J][R];
#pragma GCC unroll 4
    for (int j = 0; j < J; j++)
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) sum[j][r] = a.shift && !a.scale ? all(a.shift[j]) : F{};
    const float* w = a.w;
    const i64 filter = a.channels * a.taps;
    for (i64 c = 0; c < a.channels; c++) {
        for (i64 t = 0; t < a.taps; t++, w++) {
            const float* x = a.x + c * a.channel + a.off[t];
            F weight[J];
#pragma GCC unroll 4
            for (int j = 0; j < J; j++) weight[j] = all(w[j * filter]);
#pragma GCC unroll 8
            for (int r = 0; r < R; r++, x += a.row) {
                opaque(x);
                const F value = load(x);
#pragma GCC unroll 4
                for (int j = 0; j < J; j++) sum[j][r] = fma(weight[j], value, sum[j][r]);
            }
        }
    }
#pragma GCC unroll 4
    for (int j = 0; j < J; j++)
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
            float* const y = a.y + j * a.y_channel + r * a.y_row;
            if (a.scale) sum[j][r] = fma(sum[j][r], all(a.scale[j]), all(a.shift[j]));
            sum[j][r] = sum[j][r] < a.low ? all(a.low) : sum[j][r];  // (NaN stays)
            sum[j][r] = sum[j][r] > a.high ? all(a.high) : sum[j][r];
            if (a.y_col != 1) scatter(sum[j][r], a.cells, y, a.y_col);
            else if (a.cells == N) store(y, sum[j][r]);
            else store_part(y, sum[j][r], a.cells);
        }
}

using Tile = void (*)(const TileArgs&);
// By channels (1, 2, 4) and rows (1, 2, 4, 8): eight sums at most, the multiplier's latency.
constexpr Tile TILES[3][4] = {
    {tile<1, 1>, tile<1, 2>, tile<1, 4>, tile<1, 8>},
    {tile<2, 1>, tile<2, 2>, tile<2, 4>, nullptr},
    {tile<4, 1>, tile<4, 2>, nullptr, nullptr},
};

// x (images, groups * ci, h, w), w (groups * co, ci, taps) -> y (images, groups * co, size)
void correlate(const Plan& g, const float* x, const float* w, const Ending& e, float* y) {
    constexpr float INF = __builtin_inff();
    const bool bounded = e.act == Act::relu || e.act == Act::relu6;
    const i64 items = g.images * g.groups;
    Array<i64> off(g.taps);
    for (i64 t = 0; t < g.taps; t++) off[t] = g.offset(t);
    const i64 work = 1 + g.co * g.ci * g.taps * g.p * g.vectors();
    parallel(items, max(1, WORK / work), [&](i64 begin, i64 end) {
        float* const source = scratch<float>(Slot::conv_block, g.ci * g.plane());
        for (i64 item = begin; item < end; item++) {
            for (i64 c = 0; c < g.ci; c++)
                copy_plane(g, x + (item * g.ci + c) * g.h * g.w, source + c * g.plane());
            const i64 channel = item % g.groups * g.co;
            TileArgs a;
            a.channel = g.plane(), a.row = g.sh * g.line();
            a.off = &off[0], a.channels = g.ci, a.taps = g.taps;
            a.y_channel = g.size, a.y_row = g.y_row, a.y_col = g.y_col;
            a.low = bounded ? 0 : -INF, a.high = e.act == Act::relu6 ? 6 : INF;
            for (i64 o = 0; o < g.co;) {
                const int width = g.co - o >= 4 ? 2 : g.co - o >= 2 ? 1 : 0;
                a.w = w + (channel + o) * g.ci * g.taps;
                a.scale = e.scale ? e.scale + channel + o : nullptr;
                a.shift = e.shift ? e.shift + channel + o : nullptr;
                for (i64 v = 0; v < g.vectors(); v++) {
                    a.cells = min(N, g.q - v * N);
                    for (i64 p = 0; p < g.p;) {
                        int height = 3 - width;
                        while (p + (1 << height) > g.p) height--;
                        a.x = source + p * a.row + v * N;
                        a.y = y + (item * g.co + o) * g.size + g.first + p * g.y_row +
                              v * N * g.y_col;
                        TILES[width][height](a);
                        p += 1 << height;
                    }
                }
                if (!e.in_registers()) activate(e.act, y + (item * g.co + o) * g.size, g.size << width);
                o += 1 << width;
            }
        }
    });
}

// sums[t] += dy · x under tap t over one image; dy's rows are `step` apart, zeros beyond its cells.
template <int T>
void tap_sums(const Plan& g, const float* x, const float* dy, i64 step, const i64* off,
              float* sums) {
    F sum[T];
#pragma GCC unroll 9
    for (int t = 0; t < T; t++) sum[t] = load(sums + t * N);
    for (i64 p = 0; p < g.p; p++) {
        const float* const row = x + p * g.sh * g.line();
        for (i64 v = 0; v < g.vectors() * N; v += N) {
            const F d = load(dy + p * step + v);
#pragma GCC unroll 9
            for (int t = 0; t < T; t++) sum[t] = fma(d, load(row + off[t] + v), sum[t]);
        }
    }
#pragma GCC unroll 9
    for (int t = 0; t < T; t++) store(sums + t * N, sum[t]);
}
constexpr i64 MOST = 9;
constexpr void (*TAP_SUMS[])(const Plan&, const float*, const float*, i64, const i64*, float*) = {
    tap_sums<1>, tap_sums<2>, tap_sums<3>, tap_sums<4>, tap_sums<5>,
    tap_sums<6>, tap_sums<7>, tap_sums<8>, tap_sums<9>,
};

// The taps of a convolution, for its forward direction and dw.
struct Taps {
    Array<i64> row, col;

    explicit Taps(const Conv& g) : row(g.taps()), col(g.taps()) {
        for (i64 t = 0; t < g.taps(); t++) row[t] = t / g.kw * g.dh, col[t] = t % g.kw * g.dw;
    }
    Plan plan(const Conv& g) const {
        return {g.n, g.groups, g.in(), g.h, g.w, g.out(), g.p * g.q, 0, g.p, g.q, g.q, 1,
                g.sh, g.sw, g.ph, g.pw, g.taps(), &row[0], &col[0],
                (g.kh - 1) * g.dh, (g.kw - 1) * g.dw};
    }
};

}  // namespace

void narrow_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    const Taps taps(g);
    correlate(taps.plan(g), x, w, e, y);
}

void narrow_dx(const Conv& g, const float* dy, const float* w, float* dx) {
    const i64 in = g.in(), out = g.out();
    float* const part = scratch<float>(Slot::conv_shared, g.c * out * g.taps());
    Array<i64> row(g.taps()), col(g.taps()), tap(g.taps());
    for (i64 a = 0; a < min(g.sh, g.h); a++)
        for (i64 b = 0; b < min(g.sw, g.w); b++) {
            // The taps that reach rows a, a + sh, ... and columns b, b + sw, ... and from where.
            i64 taps = 0, top = 0, left = 0, most_row = 0, most_col = 0;
            for (i64 t = 0; t < g.taps(); t++) {
                const i64 r = a + g.ph - t / g.kw * g.dh, c = b + g.pw - t % g.kw * g.dw;
                if (r % g.sh || c % g.sw) continue;
                tap[taps] = t, row[taps] = r / g.sh, col[taps] = c / g.sw;
                top = max(top, -row[taps]), left = max(left, -col[taps]);
                taps++;
            }
            for (i64 t = 0; t < taps; t++) {
                most_row = max(most_row, row[t] += top);
                most_col = max(most_col, col[t] += left);
            }
            // w (G, J, I, T) -> (G, I, J, these taps)
            for (i64 group = 0; group < g.groups; group++)
                for (i64 c = 0; c < in; c++)
                    for (i64 j = 0; j < out; j++)
                        for (i64 t = 0; t < taps; t++)
                            part[((group * in + c) * out + j) * taps + t] =
                                w[((group * out + j) * in + c) * g.taps() + tap[t]];
            const Plan plan{g.n, g.groups, out, g.p, g.q, in, g.h * g.w, a * g.w + b,
                            (g.h - a + g.sh - 1) / g.sh, (g.w - b + g.sw - 1) / g.sw,
                            g.sh * g.w, g.sw, 1, 1, top, left, taps, &row[0], &col[0],
                            most_row, most_col};
            correlate(plan, dy, part, {}, dx);
        }
}

void narrow_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db) {
    const i64 in = g.in(), out = g.out(), taps = g.taps(), columns = in * taps;
    const Taps places(g);
    const Plan plan = places.plan(g);
    Array<i64> off(taps);
    for (i64 t = 0; t < taps; t++) off[t] = plan.offset(t);

    // As in conv_weight.cpp: blocks of the batch by the shapes alone, added in order. The last
    // column is db.
    constexpr i64 BLOCKS = 16;
    const i64 work = g.n * g.p * plan.vectors() * out * columns;  // of a group
    const i64 blocks = clamp(min(BLOCKS / g.groups, work / WORK), 1, g.n);
    const i64 one = g.o * (columns + 1);
    float* const partial = scratch<float>(Slot::conv_shared, blocks * one);
    const i64 items = blocks * g.groups;
    const i64 dy_size = g.p * plan.vectors() * N;

    parallel(items, max(1, WORK * items / (work * g.groups)), [&](i64 begin, i64 end) {
        const i64 sums_size = out * (columns + 1) * N;
        float* const sums =
            scratch<float>(Slot::conv_block, sums_size + out * dy_size + in * plan.plane());
        float* const cells = sums + sums_size;
        float* const source = cells + out * dy_size;
        for (i64 item = begin; item < end; item++) {
            const i64 group = item % g.groups, block = item / g.groups;
            zero(sums, sums_size);
            for (i64 n = g.n * block / blocks; n < g.n * (block + 1) / blocks; n++) {
                const i64 plane = n * g.groups + group;
                for (i64 c = 0; c < in; c++)
                    copy_plane(plan, x + (plane * in + c) * g.h * g.w, source + c * plan.plane());
                const i64 line = plan.vectors() * N;
                copy_rows(dy + plane * out * g.p * g.q, g.p, g.q, out, 0, g.p, 0, line, cells);
                for (i64 j = 0; j < out; j++) {
                    const float* const d = cells + j * line;
                    float* const row = sums + j * (columns + 1) * N;
                    F total = load(row + columns * N);
                    for (i64 p = 0; p < g.p; p++)
                        for (i64 v = 0; v < line; v += N) total += load(d + p * out * line + v);
                    store(row + columns * N, total);
                    for (i64 c = 0; c < in; c++)
                        for (i64 t = 0; t < taps; t += MOST)
                            TAP_SUMS[min(MOST, taps - t) - 1](
                                plan, source + c * plan.plane(), d, out * line, &off[t],
                                row + (c * taps + t) * N);
                }
            }
            float* const to = partial + block * one + group * out * (columns + 1);
            for (i64 i = 0; i < out * (columns + 1); i++) to[i] = sum(load(sums + i * N));
        }
    });
    for (i64 block = 1; block < blocks; block++)
        for (i64 i = 0; i < one; i++) partial[i] += partial[block * one + i];
    for (i64 o = 0; o < g.o; o++) {
        copy(partial + o * (columns + 1), columns, dw + o * columns);
        db[o] = partial[o * (columns + 1) + columns];
    }
}

}  // namespace rl::RL_ISA
