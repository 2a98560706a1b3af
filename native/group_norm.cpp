// Group norm: x (N, C, S) in G groups of neighbouring channels, each normalised by itself.
#include "moves.hpp"
#include "norm.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 13;  // numbers a block

// One group's numbers to compute with: where they lie, or in `buffer` as floats; and where results go before they
// are rounded.
template <class U, class T>
const T* wide(const U* x, [[maybe_unused]] i64 n, [[maybe_unused]] T* buffer) {
    if constexpr (std::is_same_v<U, T>) return x;
    else return widen(x, buffer, n), buffer;
}
template <class U, class T>
T* wide_result([[maybe_unused]] U* y, [[maybe_unused]] T* buffer) {
    if constexpr (std::is_same_v<U, T>) return y;
    else return buffer;
}
template <class U, class T>
void round_into([[maybe_unused]] U* y, [[maybe_unused]] const T* from, [[maybe_unused]] i64 n) {
    if constexpr (!std::is_same_v<U, T>) narrow(from, y, n);
}
template <class U, class T>
T* buffer_of(i64 n) {
    return std::is_same_v<U, T> ? nullptr : scratch<T>(Slot::norm_block, n);
}

}  // namespace

template <class U, class T>
void group_norm(const U* x, i64 n, i64 c, i64 s, i64 groups, const T* w, const T* b, double eps, U* y,
                T* mean, T* rstd) {
    using V = Reg<T>;
    const i64 channels = c / groups, size = channels * s;
    parallel(n * groups, rows_per_block(size, GRAIN), [=](i64 begin, i64 end) {
        T* const buffer = buffer_of<U, T>(size);
        for (i64 i = begin; i < end; i++) {
            const T* const xi = wide(x + i * size, size, buffer);
            T* const yi = wide_result(y + i * size, buffer);
            mean[i] = T(row_sum(size, same, xi) / double(size));
            const V m = all(mean[i]);
            const double var =
                row_sum(size, [=](V v) { return (v - m) * (v - m); }, xi) / double(size);
            rstd[i] = T(1 / std::sqrt(var + eps));
            const V r = all(rstd[i]);
            for (i64 k = 0; k < channels; k++) {
                const i64 channel = i % groups * channels + k;
                const V g = all(w ? w[channel] : T(1)), h = all(b ? b[channel] : T(0));
                row_map(s, [=](V v) { return (v - m) * r * g + h; }, yi + k * s, xi + k * s);
            }
            round_into(y + i * size, yi, size);
        }
    });
}

template <class U, class T>
void group_norm_dx(const U* dy, const U* x, i64 n, i64 c, i64 s, i64 groups, const T* w,
                   const T* mean, const T* rstd, U* dx, T* dw, T* db) {
    using V = Reg<T>;
    const i64 channels = c / groups, size = channels * s;
    double* const sums = scratch<double>(Slot::norm, 2 * n * c);  // Σ dy z and Σ dy over S
    parallel(n * groups, rows_per_block(size, GRAIN), [=](i64 begin, i64 end) {
        T* const buffer = buffer_of<U, T>(2 * size);
        for (i64 i = begin; i < end; i++) {
            const T *const xi = wide(x + i * size, size, buffer), *const gi = wide(dy + i * size, size, buffer + size);
            T* const di = wide_result(dx + i * size, buffer);
            const V m = all(mean[i]), r = all(rstd[i]);
            double along = 0, total = 0;
            for (i64 k = 0; k < channels; k++) {
                const i64 at = k * s, row = i * channels + k;
                const double g = w ? double(w[i % groups * channels + k]) : 1.;
                sums[2 * row] = row_sum(s, [=](V d, V v) { return d * ((v - m) * r); }, gi + at, xi + at);
                sums[2 * row + 1] = row_sum(s, same, gi + at);
                along += g * sums[2 * row];
                total += g * sums[2 * row + 1];
            }
            const V a = all(T(along / double(size))), t = all(T(total / double(size)));
            for (i64 k = 0; k < channels; k++) {
                const i64 at = k * s;
                const V g = all(w ? w[i % groups * channels + k] : T(1));
                row_map(s, [=](V d, V v) { return r * (d * g - t - (v - m) * r * a); }, di + at, gi + at,
                        xi + at);
            }
            round_into(dx + i * size, di, size);
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

#define EACH(U, T)                                                                                \
    template void group_norm(const U*, i64, i64, i64, i64, const T*, const T*, double, U*, T*, T*); \
    template void group_norm_dx(const U*, const U*, i64, i64, i64, i64, const T*, const T*,        \
                                const T*, U*, T*, T*);
EACH(float, float)
EACH(double, double)
EACH(Half, float)
EACH(Brain, float)

}  // namespace rl::RL_ISA
