// Which of the ways of convolution to take: of the two general ones by the number of registers that each must multiply.
#include "conv.hpp"
#include "functions.hpp"
#include "gemm.hpp"
#include "parallel.hpp"
#include "pointwise.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 N = LANES<float>;

// Work per row of `cells` cells: whole registers of channels for every cell, or whole registers of
// cells for every channel. The latter loads more per product and was measured to take NARROW times
// as long for it (docs/convolution.md).
constexpr double NARROW = 1.6;

bool is_narrow(i64 channels, i64 cells) {
    const i64 direct = cells * ((channels + N - 1) / N);
    const i64 narrow = channels * ((cells + N - 1) / N);
    return NARROW * double(narrow) < double(direct);
}

}  // namespace

bool all_finite(const float* x, i64 n) {
    bool finite = true;
    parallel(n, 1 << 16, [&](i64 begin, i64 end) {
        F s[4] = {};  // 0 · x is 0 for finite x, NaN for others
        i64 i = begin;
        for (; i + 4 * N <= end; i += 4 * N)
            for (i64 k = 0; k < 4; k++) s[k] += load(x + i + k * N) * 0;
        for (; i < end; i += N) s[0] += get(x + i, min(N, end - i)) * 0;
        if (sum((s[0] + s[1]) + (s[2] + s[3])) != 0)
            __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
    });
    return finite;
}

RL_INLINE F silu(F x) { return x * sigmoid(x); }

void activate(Act act, float* x, i64 n) {
    const auto each = [=](auto f) {
        i64 i = 0;
        for (; i + N <= n; i += N) store(x + i, f(load(x + i)));
        if (i < n) store_part(x + i, f(load_part(x + i, n - i)), n - i);
    };
    if (act == Act::silu) each([](F v) { return silu(v); });
    else each([](F v) { return v < -3 ? F{} : v > 3 ? v : v * (v + 3) * (1.f / 6); });
}

namespace {

// act(y + other), of y by itself
void finish(const Ending& e, float* y, i64 size) {
    with_finish(e, y, [&](auto f) {
        parallel(size, 1 << 14, [&](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i += N) {
                const i64 n = min(N, end - i);
                put(y + i, f(get(y + i, n), y + i, n), n);
            }
            if (!e.in_registers()) activate(e.act, y + begin, end - begin);
        });
    });
}

// Products of matrices, y = w x' for each image: gemm.cpp reads the weights as they are. Of 1x1 kernels x' is x; with
// few output channels the direct way is faster, unless there are more terms than the first-level cache holds.
// With 16 registers, where the direct way has smaller tiles, x' is also the cells that a stride or a tap meets: of one
// image with a LARGE-th of the weights' numbers, which would be packed for it alone.
constexpr bool UNFOLDED = RL_REGISTERS == 16;
constexpr i64 WIDE = UNFOLDED ? 24 : 48, MANY = 1024, LARGE = 4;
constexpr i64 ODD = 2;  // so many cells behind whole registers are sums of their own

// The rest of the convolution, of a part of an image's y.
struct Rest {
    const Ending& e;
    float *y, *image;
    i64 cells;
};
void finish_part(const void* of, i64 i, i64 j, i64 m, i64 n) {
    const Rest& r = *static_cast<const Rest*>(of);
    const Ending& e = r.e;
    const auto each = [&](auto f) {
        for (i64 o = i; o < i + m; o++) {
            float* const at = r.image + o * r.cells + j;
            const F scale = all(e.scale ? e.scale[o] : 1.f), shift = all(e.shift ? e.shift[o] : 0.f);
            if (e.other) __builtin_prefetch(e.other + (at - r.y) + n);  // the part to the right comes next
            i64 q = 0;
            for (; q + N <= n; q += N) store(at + q, f(fma(load(at + q), scale, shift), at + q, N));
            if (q < n) store_part(at + q, f(fma(load_part(at + q, n - q), scale, shift), at + q, n - q), n - q);
        }
    };
    // (rows are short: a call of `activate` for each takes longer than what it does)
    if (e.act == Act::silu) return each([](F v, const float*, i64) { return silu(v); });
    with_finish(e, r.y, each);
    if (!e.in_registers())
        for (i64 o = i; o < i + m; o++) activate(e.act, r.image + o * r.cells + j, n);
}

// x (c, h, w) -> to (c, taps, p, q), the cell that each tap meets, 0 outside
void unfold(const Conv& g, const float* x, float* to) {
    const i64 taps = g.taps();
    parallel(g.c * taps, rows_per_block(g.p * g.q, 1 << 14), [&](i64 begin, i64 end) {
        for (i64 item = begin; item < end; item++) {
            const float* const plane = x + item / taps * g.h * g.w;
            const i64 t = item % taps, down = t / g.kw * g.dh - g.ph, right = t % g.kw * g.dw - g.pw;
            // cells [low, high) of a row lie inside
            const i64 low = clamp((g.sw - 1 - right) / g.sw, 0, g.q);
            const i64 high = clamp((g.w - 1 - right + g.sw) / g.sw, low, g.q);
            float* cells = to + item * g.p * g.q;
            for (i64 i = 0; i < g.p; i++, cells += g.q) {
                const i64 row = i * g.sh + down;
                const float* const from = plane + row * g.w + right;
                if (row < 0 || row >= g.h) {
                    zero(cells, g.q);
                } else if (g.sw == 1) {
                    for (i64 j = 0; j < g.q; j += N) {
                        const i64 begin = clamp(low - j, 0, N), until = clamp(high - j, begin, N);
                        put(cells + j, load_between(from + j, begin, until), min(N, g.q - j));
                    }
                } else {
                    zero(cells, low);
                    for (i64 j = low; j < high; j++) cells[j] = from[j * g.sw];
                    zero(cells + high, g.q - high);
                }
            }
        }
    });
}

bool product_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    const i64 cells = g.p * g.q, taps = g.taps(), k = g.c * taps;
    const bool by_cell = taps == 1 && !g.ph && !g.pw, as_is = by_cell && g.sh == 1 && g.sw == 1;
    if (g.groups != 1 || g.c < N || cells < 2 * N || !(as_is || UNFOLDED)) return false;
    if (g.o < WIDE && (!by_cell || g.c < MANY)) return false;
    if (!by_cell && (g.n > 1 || g.o * taps < LARGE * g.h * g.w)) return false;
    const bool nothing = !e.shift && !e.other && e.act == Act::none;
    const i64 odd = cells % N <= ODD ? cells % N : 0, even = cells - odd;
    float* const unfolded = as_is ? nullptr : scratch<float>(Slot::conv_block, k * cells);
    for (i64 i = 0; i < g.n; i++) {
        const float* const image = x + i * g.c * g.h * g.w;
        if (!as_is) unfold(g, image, unfolded);
        const float* const from = as_is ? image : unfolded;
        const Rest rest{e, y, y + i * g.o * cells, cells};
        const Matrix<float> weights{w, k, 1}, columns{from, cells, 1};
        const After after = nothing ? After{} : After{finish_part, &rest};
        gemm<float>(g.o, even, k, weights, columns, nullptr, false, rest.image, cells, after);
        for (i64 j = even; j < cells; j++) {
            float* const column = scratch<float>(Slot::conv_shared, k);
            for (i64 c = 0; c < k; c++) column[c] = from[c * cells + j];
            gemm<float>(g.o, 1, k, weights, {column, 1, k}, nullptr, false, rest.image + j, cells);
            if (!nothing) finish_part(&rest, 0, j, g.o, 1);
        }
    }
    return true;
}

void forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    if (winograd_forward(g, x, w, e, y)) return;
    if (depthwise_forward(g, x, w, e, y)) return;
    if (product_forward(g, x, w, e, y)) return;
    if (is_narrow(g.out(), g.q)) narrow_forward(g, x, w, e, y);
    else direct_forward(g, x, w, e, y);
}

}  // namespace

void conv_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    const bool apart = e.other && (!e.in_registers() || is_narrow(g.out(), g.q));
    if (!apart) return forward(g, x, w, e, y);
    forward(g, x, w, {e.scale, e.shift, nullptr, Act::none}, y);
    finish({nullptr, nullptr, e.other, e.act}, y, g.n * g.o * g.p * g.q);
}

void conv_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx) {
    if (winograd_dx(g, dy, w, gate, dx)) return;
    if (depthwise_dx(g, dy, w, gate, dx)) return;
    if (!is_narrow(g.in(), (g.w + g.sw - 1) / g.sw)) return direct_dx(g, dy, w, gate, dx);
    narrow_dx(g, dy, w, dx);
    if (gate) relu_dx(dx, gate, dx, g.n * g.c * g.h * g.w);
}

void conv_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db) {
    if (winograd_dw(g, dy, x, dw, db)) return;
    if (is_narrow(g.out(), g.q)) narrow_dw(g, dy, x, dw, db);
    else direct_dw(g, dy, x, dw, db);
}

}  // namespace rl::RL_ISA
