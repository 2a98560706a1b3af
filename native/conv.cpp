// Which of the ways of convolution to take: of the two general ones by the number of registers that each must multiply.
#include "conv.hpp"
#include "functions.hpp"
#include "gemm.hpp"
#include "parallel.hpp"
#include "pointwise.hpp"
#include "rows.hpp"

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

void activate(Act act, float* x, i64 n) {
    const auto each = [=](auto f) {
        i64 i = 0;
        for (; i + N <= n; i += N) store(x + i, f(load(x + i)));
        if (i < n) store_part(x + i, f(load_part(x + i, n - i)), n - i);
    };
    if (act == Act::silu) each([](F v) { return v * sigmoid(v); });
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

// 1x1 kernels over many channels are products of matrices, y = w x for each image: their sums over
// more terms than the first-level cache holds are what gemm.cpp is made for.
constexpr i64 MANY = 1024;

bool product_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y) {
    const i64 cells = g.h * g.w;
    if (g.taps() != 1 || g.groups != 1 || g.sh != 1 || g.sw != 1 || g.ph || g.pw) return false;
    if (g.c < MANY || cells < 2 * N) return false;
    for (i64 i = 0; i < g.n; i++)
        gemm<float>(g.o, cells, g.c, {w, g.c, 1}, {x + i * g.c * cells, cells, 1}, nullptr, false,
                    y + i * g.o * cells, cells);
    if (!e.shift && !e.other && e.act == Act::none) return true;
    parallel(g.n * g.o, rows_per_block(cells, 1 << 14), [&](i64 begin, i64 end) {
        for (i64 row = begin; row < end; row++) {
            const i64 o = row % g.o;
            const F scale = all(e.scale ? e.scale[o] : 1.f), shift = all(e.shift ? e.shift[o] : 0.f);
            float* const at = y + row * cells;
            with_finish(e, y, [&](auto f) {
                for (i64 j = 0; j < cells; j += N) {
                    const i64 n = min(N, cells - j);
                    put(at + j, f(fma(get(at + j, n), scale, shift), at + j, n), n);
                }
            });
            if (!e.in_registers()) activate(e.act, at, cells);
        }
    });
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
