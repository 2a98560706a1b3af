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

// 1x1 kernels are products of matrices, y = w x for each image: gemm.cpp reads the weights as they are. With
// few output channels the direct way is faster, unless there are more terms than the first-level cache holds.
constexpr i64 WIDE = 48, MANY = 1024;
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
            for (i64 q = 0; q < n; q += N) {
                const i64 part = min(N, n - q);
                put(at + q, f(fma(get(at + q, part), scale, shift), at + q, part), part);
            }
        }
    };
    // (rows are short: a call of `activate` for each takes longer than what it does)
    if (e.act == Act::silu) return each([](F v, const float*, i64) { return silu(v); });
    with_finish(e, r.y, each);
    if (!e.in_registers())
        for (i64 o = i; o < i + m; o++) activate(e.act, r.image + o * r.cells + j, n);
}

bool product_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    const i64 cells = g.h * g.w;
    if (g.taps() != 1 || g.groups != 1 || g.sh != 1 || g.sw != 1 || g.ph || g.pw) return false;
    if ((g.o < WIDE && g.c < MANY) || g.c < N || cells < 2 * N) return false;
    const bool nothing = !e.shift && !e.other && e.act == Act::none;
    const i64 odd = cells % N <= ODD ? cells % N : 0, even = cells - odd;
    for (i64 i = 0; i < g.n; i++) {
        const float* const from = x + i * g.c * cells;
        const Rest rest{e, y, y + i * g.o * cells, cells};
        const Matrix<float> weights{w, g.c, 1}, columns{from, cells, 1};
        const After after = nothing ? After{} : After{finish_part, &rest};
        gemm<float>(g.o, even, g.c, weights, columns, nullptr, false, rest.image, cells, after);
        for (i64 j = even; j < cells; j++) {
            float* const column = scratch<float>(Slot::conv_shared, g.c);
            for (i64 c = 0; c < g.c; c++) column[c] = from[c * cells + j];
            gemm<float>(g.o, 1, g.c, weights, {column, 1, g.c}, nullptr, false, rest.image + j, cells);
            if (!nothing) finish_part(&rest, 0, j, g.o, 1);
        }
    }
    return true;
}

void forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    if (product_forward(g, x, w, e, y)) return;
    if (winograd_forward(g, x, w, e, y)) return;
    if (depthwise_forward(g, x, w, e, y)) return;
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
