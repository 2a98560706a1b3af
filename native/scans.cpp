// Running products and extremes along a dimension: rows (inner = 1), or columns side by side.
#include <type_traits>

#include "blocks.hpp"
#include "order.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 COLUMNS = 256, GRAIN = 1 << 14, TOGETHER = 4;

// what products are formed in: whole numbers wrap around
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, i64>, std::uint64_t, double>;

// f(first, width) for all columns of x (outer, n, inner), `width` side by side
template <class G>
void by_columns(i64 outer, i64 n, i64 inner, G f) {
    const i64 parts = (inner + COLUMNS - 1) / COLUMNS;
    parallel(outer * parts, 1, [=](i64 begin, i64 end) {
        for (i64 b = begin; b < end; b++) {
            const i64 left = inner - b % parts * COLUMNS;
            f(b / parts * n * inner + b % parts * COLUMNS, left < COLUMNS ? left : COLUMNS);
        }
    });
}

// Whether v takes the place of the extreme so far: it is as large, or NaN.
template <bool largest, class T>
inline bool takes(T v, T so_far) {
    const bool beyond = largest ? v >= so_far : v <= so_far;
    if constexpr (std::is_same_v<T, i64>) return beyond;
    else return beyond | (v != v);
}

template <bool largest, class T>
void extremes_along(const T* x, i64 outer, i64 n, i64 inner, T* y, i64* at) {
    if (inner > 1) {
        by_columns(outer, n, inner, [=](i64 first, i64 width) {
            T best[COLUMNS];
            i64 place[COLUMNS];
            for (i64 j = 0; j < width; j++) best[j] = x[first + j], place[j] = 0;
            for (i64 i = 0; i < n; i++)
                for (i64 j = 0; j < width; j++) {
                    const i64 k = first + i * inner + j;
                    const bool newer = takes<largest>(x[k], best[j]);
                    y[k] = best[j] = newer ? x[k] : best[j];
                    at[k] = place[j] = newer ? i : place[j];
                }
        });
        return;
    }
    parallel(outer, rows_per_block(n, GRAIN), [=](i64 begin, i64 end) {
        for (i64 r = begin * n; r < end * n; r += n) {
            T best = x[r];
            i64 place = 0;
            for (i64 i = 0; i < n; i++) {
                const T v = x[r + i];
                const bool newer = takes<largest>(v, best);
                y[r + i] = best = newer ? v : best;
                at[r + i] = place = newer ? i : place;
            }
        }
    });
}

}  // namespace

template <class T>
void cumprod(const T* x, i64 outer, i64 n, i64 inner, T* y) {
    using W = Wide<T>;
    if (n == 0 || inner == 0) return;
    if (inner > 1) {
        by_columns(outer, n, inner, [=](i64 first, i64 width) {
            W product[COLUMNS];
            for (W& p : product) p = 1;
            for (i64 i = 0; i < n; i++)
                for (i64 j = 0; j < width; j++)
                    y[first + i * inner + j] = T(product[j] *= W(x[first + i * inner + j]));
        });
        return;
    }
    parallel(outer, even_blocks(outer, rows_per_block(n, GRAIN), TOGETHER), [=](i64 begin, i64 end) {
        i64 r = begin;
        for (; r + TOGETHER <= end; r += TOGETHER) {  // (each product waits for the one before)
            const T* const from = x + r * n;
            T* const to = y + r * n;
            W product[TOGETHER] = {1, 1, 1, 1};
            for (i64 i = 0; i < n; i++)
                for (i64 c = 0; c < TOGETHER; c++) to[c * n + i] = T(product[c] *= W(from[c * n + i]));
        }
        for (; r < end; r++) {
            W product = 1;
            for (i64 i = r * n; i < (r + 1) * n; i++) y[i] = T(product *= W(x[i]));
        }
    });
}

template <class T>
void running_extreme(const T* x, i64 outer, i64 n, i64 inner, bool largest, T* y, i64* at) {
    if (n == 0 || inner == 0) return;
    if (largest) extremes_along<true>(x, outer, n, inner, y, at);
    else extremes_along<false>(x, outer, n, inner, y, at);
}

#define EACH(T)                                                        \
    template void cumprod(const T*, i64, i64, i64, T*);                \
    template void running_extreme(const T*, i64, i64, i64, bool, T*, i64*);
EACH(float)
EACH(double)
EACH(i64)

}  // namespace rl::RL_ISA
