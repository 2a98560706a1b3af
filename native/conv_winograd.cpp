// Convolution by Winograd's minimal filtering, F(4x4, 3x3): y, dx and dw of 3x3 kernels of stride 1.
//
// A tile is 4x4 output cells and the 6x6 input cells that they see. Along one axis
//
//   y = Aᵀ ((G w) · (Bᵀ x))
//
// where the columns of A, rows of G and rows of Bᵀ belong to six points; in two dimensions each is
// applied along both axes. The product · is one number per point, summed over channels: so the 36
// points of a tile are 36 matrix products, and 36 multiplications do what takes 144 otherwise.
//
// The points are 0, ±5/8, ±3/2 and infinity: the largest error against float64 is a third of that
// of the usual 0, ±1, ±2, and twice that of the direct sum (tests/test_conv.py measures it).
//
//   x  -> V (point, tile, channel)                 the input, transformed
//   w  -> U (pair of registers, point, C, 2N)      the weights
//   V U -> M (point, tile, 2N) -> y                for a pair of registers of output channels
//
// A NaN or an infinity would spread over its tile, and numbers near the largest would overflow in
// the transform. All such results are not finite: then `false` is returned and the direct way taken.
//
// source: Lavin & Gray 2015, arXiv:1509.09308; choice of points as in Barabasz et al. 2018,
// arXiv:1803.10986
#include <atomic>

#include "caches.hpp"
#include "conv.hpp"
#include "options.hpp"
#include "parallel.hpp"
#include "scratch.hpp"
#include "transpose.hpp"
#include "winograd.hpp"

namespace rl::RL_ISA {
namespace {

using namespace winograd;
constexpr i64 N = LANES<float>;

// c[r][v] (+)= Σ_k a[r * row + k * col] · b[k * NV * N + v * N]: R rows of NV registers.
struct Product {
    const float* a;
    i64 row, col, terms;
    const float* b;
    float* c;      // rows NV * N apart
    bool add;      // to what is there
};

// Sums of TERMS terms are added up in turn: 256 terms in one go would double the rounding error.
constexpr i64 TERMS = 32;

template <int NV, int R>
void product(const Product& p) {
    const float *a = p.a, *b = p.b;
    const i64 row = p.row;
    bool add = p.add;
    for (i64 k0 = 0; k0 < p.terms; k0 += TERMS, add = true) {
        F sum[R][NV];
#pragma GCC unroll 14
        for (int r = 0; r < R; r++)
#pragma GCC unroll 2
            for (int v = 0; v < NV; v++) sum[r][v] = F{};
        for (i64 k = min(TERMS, p.terms - k0); k > 0; k--, a += p.col, b += NV * N) {
            F weight[NV];
#pragma GCC unroll 2
            for (int v = 0; v < NV; v++) weight[v] = load(b + v * N);
            const float* x = a;
#pragma GCC unroll 14
            for (int r = 0; r < R; r++, x += row) {
                const F value = all(*x);
#pragma GCC unroll 2
                for (int v = 0; v < NV; v++) sum[r][v] = fma(weight[v], value, sum[r][v]);
            }
        }
        float* c = p.c;
#pragma GCC unroll 14
        for (int r = 0; r < R; r++)
#pragma GCC unroll 2
            for (int v = 0; v < NV; v++, c += N)
                store(c, add ? load(c) + sum[r][v] : sum[r][v]);
    }
}

constexpr int ROWS = RL_REGISTERS == 32 ? 14 : 6;  // of a product: 28 or 12 sums of two registers

struct ProductTable {
    void (*at[2][ROWS])(const Product&) = {};

    template <int NV, std::size_t... R>
    constexpr void rows(std::index_sequence<R...>) {
        ((at[NV - 1][R] = product<NV, int(R) + 1>), ...);
    }
    constexpr ProductTable() {
        rows<1>(std::make_index_sequence<ROWS>{});
        rows<2>(std::make_index_sequence<ROWS>{});
    }
};
constexpr ProductTable PRODUCTS;

// All `rows` rows, in nearly equal parts.
void multiply(Product p, i64 rows, int nv) {
    const float* const a = p.a;
    float* const c = p.c;
    const i64 parts = (rows + ROWS - 1) / ROWS;
    for (i64 k = 0; k < parts; k++) {
        const i64 r0 = rows * k / parts, r1 = rows * (k + 1) / parts;
        p.a = a + r0 * p.row, p.c = c + r0 * nv * N;
        PRODUCTS.at[nv - 1][r1 - r0 - 1](p);
    }
}

// A convolution as this file sees it: y (n, co, p, q) from x (n, ci, h, w) with a border of zeros.
struct Layer {
    i64 n, ci, h, w, co, p, q, ph, pw;

    i64 tiles_h() const { return (p + M - 1) / M; }
    i64 tiles_w() const { return (q + M - 1) / M; }
    i64 tiles() const { return n * tiles_h() * tiles_w(); }
    i64 in() const { return (ci + N - 1) / N; }       // registers of channels
    i64 out() const { return (co + N - 1) / N; }
    i64 pairs() const { return (out() + 1) / 2; }
};

// The tiles of a block: rows of tiles of one image, or whole images.
struct Block {
    i64 image, images, row, rows;
};

struct Division {
    i64 images, rows, parts, count;  // images and rows of a block, parts of an image, all blocks

    // About `most` tiles in each.
    Division(const Layer& l, i64 most) {
        const i64 one = l.tiles_h() * l.tiles_w();
        rows = one <= most ? l.tiles_h() : clamp(most / l.tiles_w(), 1, l.tiles_h());
        parts = (l.tiles_h() + rows - 1) / rows;
        rows = (l.tiles_h() + parts - 1) / parts;
        images = parts > 1 ? 1 : clamp(most / one, 1, l.n);
        count = parts > 1 ? l.n * parts : (l.n + images - 1) / images;
    }
    Block at(const Layer& l, i64 i) const {
        if (parts == 1) return {i * images, min(images, l.n - i * images), 0, l.tiles_h()};
        const i64 row = i % parts * rows;
        return {i / parts, 1, row, min(rows, l.tiles_h() - row)};
    }
    i64 most(const Layer& l) const { return images * rows * l.tiles_w(); }
};

// V of a block: (point, tile, channel), rows of channels and points padded so that neither lie a
// power of two apart, where they would fall on one another in the cache.
struct Transformed {
    i64 row, point;
    Transformed(i64 registers, i64 tiles) {
        row = (registers + 1) * N;
        point = row * tiles;
        if (point % 1024 == 0) point += N;
    }
    i64 size() const { return point * POINTS; }
};

// The cells of an image's rows that a block needs, `around` of them more than its outputs: one
// register of channels each.
i64 cells_width(const Layer& l, i64 around) { return l.tiles_w() * M + around; }
i64 cells_size(const Layer& l, i64 rows, i64 around) {
    return (rows * M + around) * cells_width(l, around) * N;
}

// Planes (channels, h, w) -> cells: rows from `top` on, columns from `left` on, zeros outside.
void to_cells(const float* planes, i64 channels, i64 h, i64 w, i64 top, i64 left, i64 height,
              i64 width, float* cells) {
    const i64 low = clamp(-top, 0, height), high = clamp(h - top, low, height);
    zero(cells, height * width * N);
    for (i64 r = low; r < high; r++)
        transpose(planes + (top + r) * w, h * w, channels, min(w, width + left),
                  cells + (r * width - left) * N, N, true);
}

// The R x R cells of every tile, f of them -> rows `to.row` apart for each of the points.
template <int R, class G>
RL_INLINE void transform_tiles(const float* cells, i64 width, i64 rows, i64 columns, G f,
                               i64 row, i64 point, float* out) {
    for (i64 i = 0; i < rows; i++)
        for (i64 j = 0; j < columns; j++, out += row) {
            const float* const from = cells + (i * width + j) * M * N;
            F d[R][R], u[T][T];
#pragma GCC unroll 6
            for (int r = 0; r < R; r++)
#pragma GCC unroll 6
                for (int k = 0; k < R; k++) d[r][k] = load(from + (r * width + k) * N);
            both(d, u, f);
            float* at = out;
#pragma GCC unroll 6
            for (int r = 0; r < T; r++)
#pragma GCC unroll 6
                for (int k = 0; k < T; k++, at += point) store(at, u[r][k]);
        }
}

// Register c of the channels of x, for the tiles of a block -> V
void transform_input(const Layer& l, const Block& b, const float* x, i64 c, float* cells,
                     const Transformed& to, float* v) {
    const i64 width = cells_width(l, 2);
    for (i64 image = 0; image < b.images; image++) {
        to_cells(x + ((b.image + image) * l.ci + c * N) * l.h * l.w, min(N, l.ci - c * N), l.h, l.w,
                 b.row * M - l.ph, -l.pw, b.rows * M + 2, width, cells);
        transform_tiles<T>(
            cells, width, b.rows, l.tiles_w(),
            [](const F (&a)[T], F (&z)[T]) { input_transform(a, z); }, to.row, to.point,
            v + image * b.rows * l.tiles_w() * to.row + c * N);
    }
}

// Register c of the channels of dy, for the tiles of a block -> rows of `lanes` of each point; and
// the sum of all cells -> total (N)
void transform_gradient(const Layer& l, const Block& b, const float* dy, i64 c, float* cells,
                        i64 lanes, i64 tiles, float* m, float* total) {
    const i64 width = cells_width(l, 0), height = b.rows * M;
    F sum[4] = {};
    for (i64 image = 0; image < b.images; image++) {
        to_cells(dy + ((b.image + image) * l.co + c * N) * l.p * l.q, min(N, l.co - c * N), l.p,
                 l.q, b.row * M, 0, height, width, cells);
        for (i64 i = 0; i < height * width; i += 4)
            for (i64 k = 0; k < 4; k++) sum[k] += load(cells + (i + k) * N);
        transform_tiles<M>(
            cells, width, b.rows, l.tiles_w(),
            [](const F (&a)[M], F (&z)[T]) { output_gradient(a, z); }, lanes, tiles * lanes,
            m + image * b.rows * l.tiles_w() * lanes);
    }
    store(total, (sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// M of a block and nv registers of channels -> y; `cells` holds the rows of an image. False if a
// number is not finite.
template <class Finish>
bool finish_output(const Layer& l, const Block& b, const float* m, i64 tiles, i64 channel, int nv,
                   const Ending& e, float* cells, Finish finish, float* y) {
    const i64 lanes = nv * N, real = min(lanes, l.co - channel);
    const i64 row0 = b.row * M, row1 = min(l.p, row0 + b.rows * M);
    F check{};
    for (i64 image = 0; image < b.images; image++) {
        for (i64 v = 0; v < nv; v++) {
            const F add = e.shift ? load(e.shift + channel + v * N) : F{};
            const F scale = e.scale ? load(e.scale + channel + v * N) : all(1.f);
            for (i64 i = 0; i < b.rows; i++)
                for (i64 j = 0; j < l.tiles_w(); j++) {
                    const float* from =
                        m + ((image * b.rows + i) * l.tiles_w() + j) * lanes + v * N;
                    F s[T][T], u[M][M];
#pragma GCC unroll 6
                    for (int r = 0; r < T; r++)
#pragma GCC unroll 6
                        for (int k = 0; k < T; k++, from += tiles * lanes) s[r][k] = load(from);
                    both(s, u, [](const F (&a)[T], F (&z)[M]) { output_transform(a, z); });
                    const i64 high = min(M, row1 - row0 - i * M), wide = min(M, l.q - j * M);
                    float* const to = cells + (i * M * l.q + j * M) * lanes + v * N;
                    F total{};
                    for (i64 r = 0; r < high; r++)
                        for (i64 k = 0; k < wide; k++) {
                            const F sum = fma(u[r][k], scale, add);
                            total += sum;
                            store(to + (r * l.q + k) * lanes, sum);
                        }
                    check += total * 0;  // 0 for finite numbers, NaN for others
                }
        }
        if (!e.in_registers()) activate(e.act, cells, (row1 - row0) * l.q * lanes);
        float* const plane = y + ((b.image + image) * l.co + channel) * l.p * l.q;
        transpose(cells, lanes, (row1 - row0) * l.q, real, plane + row0 * l.q, l.p * l.q, false,
                  finish);
    }
    return sum(check) == 0;
}

// U is kept as (pair, point, ci, channels of the pair); a pair begins after whole pairs before it.
i64 weight_point(const Layer& l, int nv) { return l.ci * nv * N + N; }
i64 pair_size(const Layer& l) { return POINTS * weight_point(l, 2); }
i64 weights_size(const Layer& l) { return l.pairs() * pair_size(l); }
int registers_of(const Layer& l, i64 pair) { return int(min(2, l.out() - pair * 2)); }

// The nine taps of one input channel and a register of output channels -> their 36 points.
RL_INLINE void transform_weights(const float* w, i64 step, bool flipped, float* u, i64 point) {
    F taps[3][3], to[T][T];
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++)
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++)
            taps[i][j] = load(w + (flipped ? 8 - i * 3 - j : i * 3 + j) * step);
    both(taps, to, [](const F (&a)[3], F (&z)[T]) { weight_transform(a, z); });
#pragma GCC unroll 6
    for (int i = 0; i < T; i++)
#pragma GCC unroll 6
        for (int j = 0; j < T; j++, u += point) store(u, to[i][j]);
}

// Weights as the user has them: (co, ci, 3, 3); or (ci, co, 3, 3) turned around, for dx.
struct Weights {
    const float* w;
    bool turned;
};

constexpr i64 CHANNELS = 16;  // input channels whose taps are transposed at once
constexpr i64 TAPS = CHANNELS * 9 * 2 * N;

// Input channels [c0, c1) of a pair -> U of the pair. tap: TAPS floats.
void transform_pair(const Layer& l, Weights from, i64 pair, i64 c0, i64 c1, float* tap, float* u) {
    const int nv = registers_of(l, pair);
    const i64 lanes = nv * N, first = pair * 2 * N, real = min(lanes, l.co - first);
    for (i64 c = c0, many; c < c1; c += many) {
        many = min(CHANNELS, c1 - c);
        if (from.turned)
            for (i64 k = 0; k < many; k++)
                transpose(from.w + ((c + k) * l.co + first) * 9, 9, real, 9, tap + k * 9 * lanes,
                          lanes, true);
        else
            transpose(from.w + (first * l.ci + c) * 9, l.ci * 9, real, many * 9, tap, lanes, true);
        for (i64 k = 0; k < many; k++)
            for (i64 v = 0; v < nv; v++)
                transform_weights(tap + k * 9 * lanes + v * N, lanes, from.turned,
                                  u + (c + k) * lanes + v * N, weight_point(l, nv));
    }
}

// f(pair, c0, c1, tap) for all channels of all pairs.
template <class G>
void for_weights(const Layer& l, G f) {
    const i64 parts = (l.ci + CHANNELS - 1) / CHANNELS;
    parallel(l.pairs() * parts, 4, [&](i64 begin, i64 end) {
        float* const tap = scratch<float>(Slot::conv_block, TAPS);
        for (i64 item = begin; item < end; item++) {
            const i64 c0 = item % parts * CHANNELS;
            f(item / parts, c0, min(l.ci, c0 + CHANNELS), tap);
        }
    });
}

// dU of a pair -> its part of dw (co, ci, 3, 3), input channels [c0, c1). False if a number is not
// finite.
bool gradient_of_pair(const Layer& l, const float* du, i64 pair, i64 c0, i64 c1, float* tap,
                      float* dw) {
    const int nv = registers_of(l, pair);
    const i64 lanes = nv * N, first = pair * 2 * N, point = weight_point(l, nv);
    F check{};
    for (i64 c = c0, many; c < c1; c += many) {
        many = min(CHANNELS, c1 - c);
        for (i64 k = 0; k < many; k++)
            for (i64 v = 0; v < nv; v++) {
                const float* u = du + (c + k) * lanes + v * N;
                F from[T][T], taps[3][3];
#pragma GCC unroll 6
                for (int i = 0; i < T; i++)
#pragma GCC unroll 6
                    for (int j = 0; j < T; j++, u += point) from[i][j] = load(u);
                both(from, taps, [](const F (&a)[T], F (&z)[3]) { weight_gradient(a, z); });
                float* to = tap + k * 9 * lanes + v * N;
                for (int t = 0; t < 9; t++, to += lanes) {
                    check += taps[t / 3][t % 3] * 0;  // 0 for finite numbers, NaN for others
                    store(to, taps[t / 3][t % 3]);
                }
            }
        transpose(tap, lanes, many * 9, min(lanes, l.co - first), dw + (first * l.ci + c) * 9,
                  l.ci * 9);
    }
    return sum(check) == 0;
}

// Cells of an image's rows of tiles, of x with its border or of a pair of registers of y.
i64 strip_size(const Layer& l, i64 rows) {
    return max(cells_size(l, rows, 2), rows * M * l.q * 2 * N);
}

// Tiles of a block: enough for the products' rows, few enough that V stays in the second-level
// cache.
i64 block_tiles(i64 registers) {
    const i64 size = caches().second / 8;  // floats: half of it
    return clamp(size / (POINTS * (registers + 1) * N) / ROWS * ROWS, ROWS, 4 * ROWS);
}

// The same for dw, whose sums over the tiles of a block are added to memory.
i64 gradient_tiles(i64 registers) {
    constexpr i64 SIZE = 1 << 20;  // floats of V
    return clamp(SIZE / (POINTS * (registers + 1) * N), 256, 1024);
}
constexpr i64 LEAST_TILES = 16;
constexpr i64 WORK = 1 << 14;  // multiplications of a register that are worth waking a thread

// Work in multiplications of a register.
double winograd_work(const Layer& l) {
    const double tiles = double(l.tiles()), in = double(l.in()), out = double(l.out());
    const double products = tiles * POINTS * double(l.ci) * out;
    return 1.2 * products + tiles * (250 * in + 150 * out) + 300 * double(l.ci) * out;
}
double direct_work(const Layer& l) {
    return double(l.n * l.p * l.q * 9) * double(l.ci) * double(l.out());
}
bool pays(const Layer& l) {
    return l.ci >= 16 && l.co >= N && winograd_work(l) < 0.8 * direct_work(l);
}

bool suits(const Conv& g) {
    return winograd_allowed() && g.kh == 3 && g.kw == 3 && g.sh == 1 && g.sw == 1 && g.dh == 1 && g.dw == 1 &&
           g.groups == 1;
}

i64 large_u() { return caches().second / 4; }  // floats: the second-level cache
i64 large_v() { return caches().second * 2; }  // eight times that

// M of a pair, and what follows from it. False if a number is not finite.
template <class Finish>
bool multiply_pair(const Layer& l, const Block& b, const Transformed& layout, const float* v,
                   const float* u, i64 pair, const Ending& e, float* m, float* strip,
                   Finish finish, float* y) {
    const int nv = registers_of(l, pair);
    const i64 tiles = b.images * b.rows * l.tiles_w();
    for (i64 k = 0; k < POINTS; k++)
        multiply({v + k * layout.point, layout.row, 1, l.ci, u + k * weight_point(l, nv),
                  m + k * tiles * nv * N, false},
                 tiles, nv);
    return finish_output(l, b, m, tiles, pair * 2 * N, nv, e, strip, finish, y);
}

// What every thread makes for itself, once in a call: what another core has just written comes from it
// at 2 GB/s on the machines that we have seen, which is slower than making it again.
class OncePerThread {
    static i64 next() {
        static std::atomic<i64> calls{0};
        return ++calls;
    }
    i64 call = next();

   public:
    // `size` floats, which make(p) fills when this thread asks for the first time.
    template <class G>
    float* get(i64 size, G make) const {
        static thread_local i64 made = 0;
        float* const p = scratch<float>(Slot::conv_own, size);
        if (made != call) make(p);
        made = call;
        return p;
    }
};

// Block by block: V stays in the cache while all pairs pass by.
template <class Finish>
bool by_blocks(const Layer& l, const float* x, Weights w, const Ending& e, Finish finish,
               float* y) {
    const bool small = weights_size(l) <= large_u();
    float* const shared = small ? nullptr : scratch<float>(Slot::conv_shared, weights_size(l));
    if (!small)
        for_weights(l, [&](i64 pair, i64 c0, i64 c1, float* tap) {
            transform_pair(l, w, pair, c0, c1, tap, shared + pair * pair_size(l));
        });
    const OncePerThread own;
    const Division blocks(l, block_tiles(l.in()));
    const i64 most = blocks.most(l), pairs = l.pairs();
    const Transformed layout(l.in(), most);
    // Few blocks: the output channels are shared out, each share with a transform of its own.
    const i64 shares = clamp(threads_at_work() / blocks.count, 1, pairs);
    const i64 cells = strip_size(l, blocks.rows);
    bool finite = true;
    parallel(blocks.count * shares, 1, [&](i64 begin, i64 end) {
        float* const v = scratch<float>(Slot::conv_block,
                                        layout.size() + cells + POINTS * most * 2 * N);
        float *const strip = v + layout.size(), *const m = strip + cells;
        const float* const u = small ? own.get(weights_size(l) + TAPS, [&](float* to) {
            for (i64 pair = 0; pair < pairs; pair++)
                transform_pair(l, w, pair, 0, l.ci, to + weights_size(l), to + pair * pair_size(l));
        }) : shared;
        for (i64 item = begin; item < end; item++) {
            const i64 share = item % shares;
            const Block b = blocks.at(l, item / shares);
            for (i64 c = 0; c < l.in(); c++) transform_input(l, b, x, c, strip, layout, v);
            for (i64 pair = pairs * share / shares; pair < pairs * (share + 1) / shares; pair++)
                if (!multiply_pair(l, b, layout, v, u + pair * pair_size(l), pair, e, m, strip,
                                   finish, y))
                    __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
        }
    });
    return finite;
}

// Pair by pair: many channels and few tiles, so V is kept whole and U never leaves the cache.
template <class Finish>
bool by_pairs(const Layer& l, const float* x, Weights w, const Ending& e, Finish finish,
              float* y) {
    const Block b{0, l.n, 0, l.tiles_h()};
    const Transformed layout(l.in(), l.tiles());
    const i64 cells = strip_size(l, l.tiles_h());
    const OncePerThread own;
    bool finite = true;
    parallel(l.pairs(), 1, [&](i64 begin, i64 end) {
        float* const u = scratch<float>(
            Slot::conv_block, pair_size(l) + TAPS + cells + POINTS * l.tiles() * 2 * N);
        float *const tap = u + pair_size(l), *const strip = tap + TAPS, *const m = strip + cells;
        const float* const v = own.get(layout.size(), [&](float* to) {
            for (i64 c = 0; c < l.in(); c++) transform_input(l, b, x, c, strip, layout, to);
        });
        for (i64 pair = begin; pair < end; pair++) {
            transform_pair(l, w, pair, 0, l.ci, tap, u);
            if (!multiply_pair(l, b, layout, v, u, pair, e, m, strip, finish, y))
                __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
        }
    });
    return finite;
}

template <class Finish>
bool run(const Layer& l, const float* x, Weights w, const Ending& e, Finish finish, float* y) {
    if (weights_size(l) > large_u() && Transformed(l.in(), l.tiles()).size() <= large_v())
        return by_pairs(l, x, w, e, finish, y);
    return by_blocks(l, x, w, e, finish, y);
}

}  // namespace

bool winograd_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    const Layer l{g.n, g.c, g.h, g.w, g.o, g.p, g.q, g.ph, g.pw};
    if (!suits(g) || !pays(l)) return false;
    Array<float> scale(l.out() * N), shift(l.out() * N);  // zeros behind the last channel
    if (e.scale) copy(e.scale, l.co, &scale[0]);
    if (e.shift) copy(e.shift, l.co, &shift[0]);
    const Ending in_lanes{e.scale ? &scale[0] : nullptr, e.shift ? &shift[0] : nullptr, e.other,
                          e.act};
    return with_finish(e, y, [&](auto f) { return run(l, x, {w, false}, in_lanes, f, y); });
}

bool winograd_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx) {
    const Layer l{g.n, g.o, g.p, g.q, g.c, g.h, g.w, 2 - g.ph, 2 - g.pw};
    if (!suits(g) || g.ph > 2 || g.pw > 2 || !pays(l)) return false;
    if (gate) return run(l, dy, {w, true}, {}, Gate{gate, dx}, dx);
    return run(l, dy, {w, true}, {}, Unchanged{}, dx);
}

bool winograd_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db) {
    const Layer l{g.n, g.c, g.h, g.w, g.o, g.p, g.q, g.ph, g.pw};
    if (!suits(g) || !pays(l) || l.tiles() < LEAST_TILES) return false;
    const Division blocks(l, gradient_tiles(l.in()));
    const i64 most = blocks.most(l), pairs = l.pairs(), out = l.out();
    const Transformed layout(l.in(), most);
    // V and M of a block, the sums of dy of each block, and dU if it is to be added up
    const bool once = blocks.count == 1;
    const i64 m_size = POINTS * most * 2 * N;  // of a pair
    const i64 du_size = once ? 0 : weights_size(l);
    float* const v = scratch<float>(Slot::conv_shared, layout.size() + pairs * m_size +
                                                           blocks.count * out * N + du_size);
    float *const m = v + layout.size(), *const totals = m + pairs * m_size;
    float* const du = totals + blocks.count * out * N;
    const i64 cells = cells_size(l, blocks.rows, 2);
    bool finite = true;
    for (i64 k = 0; k < blocks.count; k++) {
        const Block b = blocks.at(l, k);
        const i64 tiles = b.images * b.rows * l.tiles_w();
        parallel(l.in() + out, rows_per_block(tiles * 100, WORK), [&](i64 begin, i64 end) {
            float* const strip = scratch<float>(Slot::conv_block, cells);
            for (i64 item = begin; item < end; item++) {
                if (item < l.in()) {
                    transform_input(l, b, x, item, strip, layout, v);
                } else {
                    const i64 c = item - l.in();
                    transform_gradient(l, b, dy, c, strip, registers_of(l, c / 2) * N, tiles,
                                       m + c / 2 * m_size + c % 2 * N, totals + (k * out + c) * N);
                }
            }
        });
        const auto add = [&](i64 pair, i64 point, float* to) {
            const int nv = registers_of(l, pair);
            multiply({v + point * layout.point, 1, layout.row, tiles,
                      m + pair * m_size + point * tiles * nv * N, to + point * weight_point(l, nv),
                      k > 0},
                     l.ci, nv);
        };
        if (once)
            parallel(pairs, 1, [&](i64 begin, i64 end) {
                float* const u = scratch<float>(Slot::conv_block, pair_size(l) + TAPS);
                for (i64 pair = begin; pair < end; pair++) {
                    for (i64 point = 0; point < POINTS; point++) add(pair, point, u);
                    if (!gradient_of_pair(l, u, pair, 0, l.ci, u + pair_size(l), dw))
                        __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
                }
            });
        else
            parallel(pairs * POINTS, rows_per_block(tiles * l.ci * 2, WORK),
                     [&](i64 begin, i64 end) {
                for (i64 item = begin; item < end; item++)
                    add(item / POINTS, item % POINTS, du + item / POINTS * pair_size(l));
            });
    }
    if (!once)
        for_weights(l, [&](i64 pair, i64 c0, i64 c1, float* tap) {
            if (!gradient_of_pair(l, du + pair * pair_size(l), pair, c0, c1, tap, dw))
                __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
        });
    for (i64 c = 0; c < l.co; c++) {
        float total = 0;
        for (i64 k = 0; k < blocks.count; k++) total += totals[k * out * N + c];
        db[c] = total;
    }
    return finite && all_finite(db, l.co);
}

}  // namespace rl::RL_ISA
