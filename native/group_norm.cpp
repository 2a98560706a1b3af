// Group norm: x (N, C, S) in G groups of neighbouring channels, each normalised by itself.
#include "norm.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 13;  // numbers a block

}  // namespace

template <class T>
void group_norm(const T* x, i64 n, i64 c, i64 s, i64 groups, const T* w, const T* b, double eps, T* y,
                T* mean, T* rstd) {
    using V = Reg<T>;
    const i64 channels = c / groups, size = channels * s;
    parallel(n * groups, rows_per_block(size, GRAIN), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) {
            const T* const xi = x + i * size;
            mean[i] = T(row_sum(size, same, xi) / double(size));
            const V m = all(mean[i]);
            const double var =
                row_sum(size, [=](V v) { return (v - m) * (v - m); }, xi) / double(size);
            rstd[i] = T(1 / std::sqrt(var + eps));
            const V r = all(rstd[i]);
            for (i64 k = 0; k < channels; k++) {
                const i64 channel = i % groups * channels + k;
                const V g = all(w ? w[channel] : T(1)), h = all(b ? b[channel] : T(0));
                row_map(s, [=](V v) { return (v - m) * r * g + h; }, y + i * size + k * s, xi + k * s);
            }
        }
    });
}

template <class T>
void group_norm_dx(const T* dy, const T* x, i64 n, i64 c, i64 s, i64 groups, const T* w,
                   const T* mean, const T* rstd, T* dx, T* dw, T* db) {
    using V = Reg<T>;
    const i64 channels = c / groups, size = channels * s;
    double* const sums = scratch<double>(Slot::norm, 2 * n * c);  // Σ dy z and Σ dy over S
    parallel(n * groups, rows_per_block(size, GRAIN), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) {
            const V m = all(mean[i]), r = all(rstd[i]);
            double along = 0, total = 0;
            for (i64 k = 0; k < channels; k++) {
                const i64 at = i * size + k * s, row = i * channels + k;
                const double g = w ? double(w[i % groups * channels + k]) : 1.;
                sums[2 * row] = row_sum(s, [=](V d, V v) { return d * ((v - m) * r); }, dy + at, x + at);
                sums[2 * row + 1] = row_sum(s, same, dy + at);
                along += g * sums[2 * row];
                total += g * sums[2 * row + 1];
            }
            const V a = all(T(along / double(size))), t = all(T(total / double(size)));
            for (i64 k = 0; k < channels; k++) {
                const i64 at = i * size + k * s;
                const V g = all(w ? w[i % groups * channels + k] : T(1));
                row_map(s, [=](V d, V v) { return r * (d * g - t - (v - m) * r * a); }, dx + at, dy + at,
                        x + at);
            }
        }
    });
    for (i64 k = 0; k < c; k++) {
        double along = 0, total = 0;
        for (i64 i = 0; i < n; i++) {
            along += sums[2 * (i * c + k)];
            total += sums[2 * (i * c + k) + 1];
        }
        if (dw) dw[k] = T(along);
        if (db) db[k] = T(total);
    }
}

#define EACH(T)                                                                                   \
    template void group_norm(const T*, i64, i64, i64, i64, const T*, const T*, double, T*, T*, T*); \
    template void group_norm_dx(const T*, const T*, i64, i64, i64, i64, const T*, const T*,        \
                                const T*, T*, T*, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
