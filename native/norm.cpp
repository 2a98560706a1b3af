#include "norm.hpp"

#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 13;  // numbers a block
constexpr i64 SLAB = 64;        // rows whose dw and db are summed together, then added to the rest

// y += x
template <class T>
RL_INLINE void add_row(i64 n, T* y, const T* x) {
    row_map(n, [](auto a, auto b) { return a + b; }, y, static_cast<const T*>(y), x);
}

// f(first channel, width) for stretches of at most a register of channels, in parallel: how (N, C)
// is treated, where one channel's numbers are C apart but neighbours lie side by side.
template <class T, class G>
void each_stretch(i64 n, i64 c, G f) {
    constexpr i64 L = LANES<T>;
    parallel((c + L - 1) / L, rows_per_block(n * L, GRAIN), [&](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) f(i * L, c - i * L < L ? c - i * L : L);
    });
}
template <class T, class G>
void each_channel(i64 n, i64 c, i64 s, G f) {
    parallel(c, rows_per_block(n * s, GRAIN), [&](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) f(i);
    });
}

}  // namespace

template <class T>
void layer_norm(const T* x, i64 rows, i64 n, const T* w, const T* b, double eps, T* y, T* mean,
                T* rstd) {
    using V = Reg<T>;
    parallel(rows, rows_per_block(n, GRAIN), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) {
            const T* xi = x + i * n;
            T* yi = y + i * n;
            mean[i] = T(row_sum(n, same, xi) / double(n));
            const V m = all(mean[i]);
            const double var = row_sum(n, [=](V v) { return (v - m) * (v - m); }, xi) / double(n);
            rstd[i] = T(1 / std::sqrt(var + eps));
            const V r = all(rstd[i]);
            if (w && b)
                row_map(n, [=](V v, V g, V h) { return (v - m) * r * g + h; }, yi, xi, w, b);
            else if (w) row_map(n, [=](V v, V g) { return (v - m) * r * g; }, yi, xi, w);
            else row_map(n, [=](V v) { return (v - m) * r; }, yi, xi);
            if (b && !w) add_row(n, yi, b);
        }
    });
}

template <class T>
void layer_norm_dx_rows(const T* dy, const T* x, const T* w, const T* mean, const T* rstd, i64 rows, i64 n,
                        T* dx, T* dw, T* db) {
    using V = Reg<T>;
    for (i64 i = 0; i < rows; i++) {
        const T *gi = dy + i * n, *xi = x + i * n;
        const V m = all(mean[i]), r = all(rstd[i]);
        double s, sz;  // Σ g and Σ g z, g = dy w
        if (w) {
            s = row_sum(n, [](V g, V k) { return g * k; }, gi, w);
            sz = row_sum(n, [=](V g, V v, V k) { return g * k * ((v - m) * r); }, gi, xi, w);
        } else {
            s = row_sum(n, same, gi);
            sz = row_sum(n, [=](V g, V v) { return g * ((v - m) * r); }, gi, xi);
        }
        if (dw) {
            const auto more = [=](V a, V g, V v) { return a + g * ((v - m) * r); };
            row_map(n, more, dw, static_cast<const T*>(dw), gi, xi);
            add_row(n, db, gi);
        }
        const V p = all(T(s / double(n))), q = all(T(sz / double(n)));
        const auto slope = [=](V g, V v) { return r * (g - p - (v - m) * r * q); };
        if (w) row_map(n, [=](V g, V v, V k) { return slope(g * k, v); }, dx + i * n, gi, xi, w);
        else row_map(n, slope, dx + i * n, gi, xi);
    }
}

template <class T>
void layer_norm_dx(const T* dy, const T* x, const T* w, const T* mean, const T* rstd, i64 rows,
                   i64 n, T* dx, T* dw, T* db) {
    const i64 slabs = (rows + SLAB - 1) / SLAB;
    T* const part = dw ? scratch<T>(Slot::norm, 2 * slabs * n) : nullptr;
    parallel(slabs, rows_per_block(SLAB * n, GRAIN), [=](i64 first, i64 last) {
        for (i64 slab = first; slab < last; slab++) {
            const i64 begin = slab * SLAB, end = begin + SLAB < rows ? begin + SLAB : rows;
            T* const w_part = part ? part + 2 * slab * n : nullptr;
            T* const b_part = part ? w_part + n : nullptr;
            if (part) std::memset(w_part, 0, 2 * n * sizeof(T));
            layer_norm_dx_rows(dy + begin * n, x + begin * n, w, mean + begin, rstd + begin, end - begin, n,
                               dx + begin * n, w_part, b_part);
        }
    });
    if (!dw) return;
    std::memset(dw, 0, n * sizeof(T));
    std::memset(db, 0, n * sizeof(T));
    for (i64 slab = 0; slab < slabs; slab++) {
        add_row(n, dw, part + 2 * slab * n);
        add_row(n, db, part + 2 * slab * n + n);
    }
}

template <class T>
void batch_stats(const T* x, i64 n, i64 c, i64 s, double eps, T* mean, T* rstd) {
    using V = Reg<T>;
    const double count = double(n) * double(s);
    if (s == 1) {
        each_stretch<T>(n, c, [=](i64 j, i64 width) {
            V total{}, squares{};
            for (i64 i = 0; i < n; i++) total += get(x + i * c + j, width);
            const V m = total / T(count);
            for (i64 i = 0; i < n; i++) {
                const V z = get(x + i * c + j, width) - m;
                squares += z * z;
            }
            put(mean + j, m, width);
            put(rstd + j, 1 / sqrt(squares / T(count) + T(eps)), width);
        });
        return;
    }
    each_channel<T>(n, c, s, [=](i64 j) {
        double total = 0, squares = 0;
        for (i64 i = 0; i < n; i++) total += row_sum(s, same, x + (i * c + j) * s);
        mean[j] = T(total / count);
        const V m = all(mean[j]);
        for (i64 i = 0; i < n; i++)
            squares += row_sum(s, [=](V v) { return (v - m) * (v - m); }, x + (i * c + j) * s);
        rstd[j] = T(1 / std::sqrt(squares / count + eps));
    });
}

template <class T>
void batch_norm(const T* x, i64 n, i64 c, i64 s, const T* w, const T* b, const T* mean,
                const T* rstd, T* y) {
    using V = Reg<T>;
    if (s == 1) {
        each_stretch<T>(n, c, [=](i64 j, i64 width) {
            V a = get(rstd + j, width);
            const V m = get(mean + j, width), h = b ? get(b + j, width) : V{};
            if (w) a *= get(w + j, width);
            for (i64 i = 0; i < n; i++)
                put(y + i * c + j, fma(get(x + i * c + j, width) - m, a, h), width);
        });
        return;
    }
    parallel(n * c, rows_per_block(s, GRAIN), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) {
            const i64 j = i % c;
            const V m = all(mean[j]), a = all(w ? rstd[j] * w[j] : rstd[j]),
                    h = all(b ? b[j] : T(0));
            row_map(s, [=](V v) { return fma(v - m, a, h); }, y + i * s, x + i * s);
        }
    });
}

template <class T>
void batch_norm_dx(const T* dy, const T* x, i64 n, i64 c, i64 s, const T* w, const T* mean,
                   const T* rstd, bool fixed, T* dx, T* dw, T* db) {
    using V = Reg<T>;
    const double count = double(n) * double(s);
    if (s == 1) {
        each_stretch<T>(n, c, [=](i64 j, i64 width) {
            const V m = get(mean + j, width), r = get(rstd + j, width);
            const V a = w ? r * get(w + j, width) : r;
            V g_sum{}, gz_sum{};
            for (i64 i = 0; i < n; i++) {
                const V g = get(dy + i * c + j, width);
                g_sum += g;
                gz_sum += g * ((get(x + i * c + j, width) - m) * r);
            }
            put(db + j, g_sum, width);
            put(dw + j, gz_sum, width);
            const V p = fixed ? V{} : g_sum / T(count), q = fixed ? V{} : gz_sum / T(count);
            for (i64 i = 0; i < n; i++) {
                const V z = (get(x + i * c + j, width) - m) * r;
                put(dx + i * c + j, a * (get(dy + i * c + j, width) - p - z * q), width);
            }
        });
        return;
    }
    each_channel<T>(n, c, s, [=](i64 j) {
        const V m = all(mean[j]), r = all(rstd[j]), a = all(w ? rstd[j] * w[j] : rstd[j]);
        double g_sum = 0, gz_sum = 0;
        for (i64 i = 0; i < n; i++) {
            const i64 at = (i * c + j) * s;
            g_sum += row_sum(s, same, dy + at);
            gz_sum += row_sum(s, [=](V g, V v) { return g * ((v - m) * r); }, dy + at, x + at);
        }
        db[j] = T(g_sum);
        dw[j] = T(gz_sum);
        const V p = all(T(fixed ? 0 : g_sum / count)), q = all(T(fixed ? 0 : gz_sum / count));
        for (i64 i = 0; i < n; i++) {
            const i64 at = (i * c + j) * s;
            row_map(
                s, [=](V g, V v) { return a * (g - p - (v - m) * r * q); }, dx + at, dy + at,
                x + at);
        }
    });
}

#define EACH(T)                                                                                    \
    template void layer_norm(const T*, i64, i64, const T*, const T*, double, T*, T*, T*);          \
    template void layer_norm_dx(const T*, const T*, const T*, const T*, const T*, i64, i64, T*,    \
                                T*, T*);                                                           \
    template void layer_norm_dx_rows(const T*, const T*, const T*, const T*, const T*, i64, i64,   \
                                     T*, T*, T*);                                                  \
    template void batch_stats(const T*, i64, i64, i64, double, T*, T*);                            \
    template void batch_norm(const T*, i64, i64, i64, const T*, const T*, const T*, const T*, T*); \
    template void batch_norm_dx(const T*, const T*, i64, i64, i64, const T*, const T*, const T*,   \
                                bool, T*, T*, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
