#include "dots_narrow.hpp"

#include <cstring>

#include "narrow.hpp"
#include "parallel.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 L = LANES<float>, STEP = 2 * L;

template <class T>
float one(const T* p) {
    return widened_part(p, 1).a[0];
}

// Σ x[r][i] w[i] for `rows` rows r, widened as `widened` does it, `pitch` apart, zeros behind k
template <int rows, class T>
RL_INLINE void dots(const float* x, i64 pitch, const T* w, i64 k, float* sums) {
    constexpr int CHAINS = rows == 1 ? 4 : 2;
    F c[rows][CHAINS] = {};
    const auto step = [&](Two v, i64 at, int chain) {
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            c[r][chain] = fma(load(x + r * pitch + at), v.a, c[r][chain]);
            c[r][chain + 1] = fma(load(x + r * pitch + at + L), v.b, c[r][chain + 1]);
        }
    };
    i64 at = 0;
    for (; at + CHAINS * L <= k; at += CHAINS * L)
#pragma GCC unroll 2
        for (int chain = 0; chain < CHAINS; chain += 2)
            step(widened(w + at + chain * L), at + chain * L, chain);
    for (; at + STEP <= k; at += STEP) step(widened(w + at), at, 0);
    if (at < k) step(widened_part(w + at, k - at), at, 0);
    for (int r = 0; r < rows; r++) {
        F all = c[r][0] + c[r][1];
        if constexpr (CHAINS == 4) all += c[r][2] + c[r][3];
        sums[r] = sum(all);
    }
}

}  // namespace

template <class T>
void dots_narrow(i64 m, i64 n, i64 k, const T* x, const T* w, const T* b, bool relu, T* y) {
    constexpr int MANY = 4;
    const i64 pitch = (k + STEP - 1) / STEP * STEP;
    float* const wide = scratch<float>(Slot::gemm_shared, m * pitch);
    for (i64 r = 0; r < m; r++)
        for (i64 i = 0; i < k; i += STEP) {
            const T* const p = x + r * k + i;
            const Two v = k - i < STEP ? widened_part(p, k - i) : widened(p);
            store(wide + r * pitch + i, v.a);
            store(wide + r * pitch + i + L, v.b);
        }
    parallel(n, rows_per_block(k * m, 1 << 15), [=](i64 begin, i64 end) {
        for (i64 j = begin; j < end; j++) {
            const float bias = b ? one(b + j) : 0;
            float sums[FEW_ROWS];
            i64 r = 0;
            for (; r + MANY <= m; r += MANY) dots<MANY>(wide + r * pitch, pitch, w + j * k, k, sums + r);
            for (; r < m; r++) dots<1>(wide + r * pitch, pitch, w + j * k, k, sums + r);
            for (r = 0; r < m; r++) {
                const float v = sums[r] + bias;
                T out[STEP];
                narrow(out, {all(relu && v < 0 ? 0.f : v), F{}});
                y[r * n + j] = out[0];
            }
        }
    });
}

template void dots_narrow(i64, i64, i64, const Half*, const Half*, const Half*, bool, Half*);
template void dots_narrow(i64, i64, i64, const Brain*, const Brain*, const Brain*, bool, Brain*);

}  // namespace rl::RL_ISA
