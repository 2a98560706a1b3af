// Pooling: maxima and means of windows.
#include "pool.hpp"

#include "memory.hpp"
#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 15;  // cells read per block
constexpr i64 WIDE = 64;        // taps along one dimension that are more than a usual window has

template <class P>
using Number = std::remove_cvref_t<decltype(P{}[0])>;

template <class T>
using Place = std::conditional_t<std::is_same_v<T, float>, I32, I64>;

// The numbers row[column + k * STEP] for each lane k that lies within the row, 0 for the others.
// STEP 0 stands for `step`.
template <int STEP, class T>
RL_INLINE Reg<T> strided(const T* row, i64 width, i64 column, i64 step) {
    constexpr i64 N = LANES<T>;
    if constexpr (std::is_same_v<T, float> && (STEP == 1 || STEP == 2)) {
        const auto part = [&](i64 at) {
            const i64 first = at < 0 ? (-at < N ? -at : N) : 0;
            const i64 room = width - at < N ? width - at : N;
            return load_between(row + at, first, room > first ? room : first);
        };
        if constexpr (STEP == 1) return part(column);
        else return even_lanes(part(column), part(column + N));
    } else {
        Reg<T> v{};
        for (i64 k = 0; k < N; k++, column += step)
            if (column >= 0 && column < width) v[k] = row[column];
        return v;
    }
}

// A row of windows, LANES of them at a time: the taps pass by in their order.
template <int STEP, class T>
void max_row(const MaxPool& g, const T* x, i64 top, T* y, i64* index) {
    constexpr i64 N = LANES<T>;
    Place<T> lane;
    for (i64 k = 0; k < N; k++) lane[k] = Number<Place<T>>(k * g.sw);
    for (i64 j = 0; j < g.q; j += N) {
        Reg<T> best = all(T(-__builtin_inf()));
        Place<T> at = lane * 0 - 1;
        // A window may be far larger than its input; only taps that can meet it are walked then.
        i64 t0 = 0, t1 = g.kh, c0 = 0, c1 = g.kw;
        if (g.kh > WIDE || g.kw > WIDE) {
            const i64 first = j * g.sw - g.pw, last = first + (N - 1) * g.sw;
            t0 = top < 0 ? (-top + g.dh - 1) / g.dh : 0;
            t1 = top < g.h && (g.h - 1 - top) / g.dh + 1 < t1 ? (g.h - 1 - top) / g.dh + 1 : t1;
            c0 = last < 0 ? (-last + g.dw - 1) / g.dw : 0;
            c1 = first < g.w && (g.w - 1 - first) / g.dw + 1 < c1 ? (g.w - 1 - first) / g.dw + 1
                                                                 : c1;
        }
        for (i64 t = t0; t < t1; t++) {
            const i64 r = top + t * g.dh;
            if (r < 0 || r >= g.h) continue;
            for (i64 c = c0; c < c1; c++) {
                const i64 column = j * g.sw + c * g.dw - g.pw;
                const Reg<T> v = strided<STEP>(x + r * g.w, g.w, column, g.sw);
                const Place<T> columns = lane + Number<Place<T>>(column);
                const Place<T> inside = (columns >= 0) & (columns < Number<Place<T>>(g.w));
                // a window of nothing but -inf has its first cell as the largest
                const Place<T> take = inside & ((v > best) | (v != v) | (at < 0));
                best = take ? v : best;
                at = take ? columns + Number<Place<T>>(r * g.w) : at;
            }
        }
        T values[N];
        Number<Place<T>> places[N];
        std::memcpy(values, &best, sizeof best);
        std::memcpy(places, &at, sizeof at);
        const i64 n = g.q - j < N ? g.q - j : N;
        for (i64 k = 0; k < n; k++) y[j + k] = values[k], index[j + k] = places[k];
    }
}

}  // namespace

template <class T>
void max_pool(const MaxPool& g, const T* x, T* y, i64* index) {
    const auto row = g.sw == 1 ? max_row<1, T> : g.sw == 2 ? max_row<2, T> : max_row<0, T>;
    parallel(g.planes, rows_per_block(g.p * g.q * g.kh * g.kw, GRAIN), [&](i64 begin, i64 end) {
        for (i64 plane = begin; plane < end; plane++)
            for (i64 i = 0; i < g.p; i++) {
                const i64 out = (plane * g.p + i) * g.q;
                row(g, x + plane * g.h * g.w, i * g.sh - g.ph, y + out, index + out);
            }
    });
}

template <class T>
bool max_pool_dx(i64 planes, i64 in, i64 out, const T* dy, const i64* index, T* dx) {
    bool good = true;
    parallel(planes, rows_per_block(in + out, GRAIN), [&](i64 begin, i64 end) {
        bool all_good = true;
        std::memset(dx + begin * in, 0, (end - begin) * in * sizeof(T));
        for (i64 plane = begin; plane < end; plane++)
            for (i64 k = plane * out; k < (plane + 1) * out; k++) {
                const i64 at = __atomic_load_n(index + k, __ATOMIC_RELAXED);
                if (std::uint64_t(at) < std::uint64_t(in)) dx[plane * in + at] += dy[k];
                else all_good = false;
            }
        if (!all_good) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
    });
    return good;
}

// The sum of n numbers that lie together.
template <class T>
RL_INLINE T total(const T* x, i64 n) {
    Reg<T> s{};
    i64 i = 0;
    for (; i + LANES<T> <= n; i += LANES<T>) s += load(x + i);
    if (i < n) s += load_part(x + i, n - i);
    return sum(s);
}

// Windows as wide as the image, side by side: runs of numbers.
static bool are_runs(const Windows& g) {
    if (g.q != 1 || g.col[0].end - g.col[0].begin != g.w) return false;
    for (i64 i = 1; i < g.p; i++)
        if (g.row[i].begin < g.row[i - 1].end) return false;
    return true;
}

template <class T>
void avg_pool_runs(const Windows& g, i64 divisor, const T* x, T* y) {
    parallel(g.planes, rows_per_block(g.h * g.w, GRAIN), [&](i64 begin, i64 end) {
        for (i64 i = 0; i < g.p; i++) {
            const Span row = g.row[i];
            const T count = T(divisor ? divisor : row.count * g.col[0].count);
            const i64 first = row.begin * g.w, n = row.end * g.w - first, in = g.h * g.w;
            for (i64 plane = begin; plane < end; plane++)
                y[plane * g.p + i] = total(x + plane * in + first, n) / count;
        }
    });
}

template <class T>
void avg_pool_runs_dx(const Windows& g, i64 divisor, const T* dy, T* dx) {
    parallel(g.planes, rows_per_block(g.h * g.w, GRAIN), [&](i64 begin, i64 end) {
        const i64 in = g.h * g.w;
        if (g.p > 1 || g.row[0].end * g.w < in || g.row[0].begin > 0)
            std::memset(dx + begin * in, 0, (end - begin) * in * sizeof(T));
        for (i64 i = 0; i < g.p; i++) {
            const Span row = g.row[i];
            const T count = T(divisor ? divisor : row.count * g.col[0].count);
            const i64 first = row.begin * g.w, n = row.end * g.w - first;
            for (i64 plane = begin; plane < end; plane++) {
                const Reg<T> share = all(dy[plane * g.p + i] / count);
                T* const to = dx + plane * in + first;
                i64 k = 0;
                for (; k + LANES<T> <= n; k += LANES<T>) store(to + k, share);
                if (k < n) store_part(to + k, share, n - k);
            }
        }
    });
}

// The rows of a window are added up first, whole registers at a time, then its columns.
template <class T>
void avg_pool(const Windows& g, i64 divisor, const T* x, T* y) {
    if (are_runs(g)) return avg_pool_runs(g, divisor, x, y);
    parallel(g.planes, rows_per_block(g.h * g.w, GRAIN), [&](i64 begin, i64 end) {
        Array<T> column(g.w);
        for (i64 plane = begin; plane < end; plane++) {
            for (i64 i = 0; i < g.p; i++) {
                const Span row = g.row[i];
                for (i64 c = 0; c < g.w; c++) column[c] = 0;
                for (i64 r = row.begin; r < row.end; r++) {
                    const T* const from = x + (plane * g.h + r) * g.w;
                    for (i64 c = 0; c < g.w; c++) column[c] += from[c];
                }
                T* const to = y + (plane * g.p + i) * g.q;
                for (i64 j = 0; j < g.q; j++) {
                    const Span col = g.col[j];
                    T window = 0;
                    for (i64 c = col.begin; c < col.end; c++) window += column[c];
                    to[j] = window / T(divisor ? divisor : row.count * col.count);
                }
            }
        }
    });
}

template <class T>
void avg_pool_dx(const Windows& g, i64 divisor, const T* dy, T* dx) {
    if (are_runs(g)) return avg_pool_runs_dx(g, divisor, dy, dx);
    parallel(g.planes, rows_per_block(g.h * g.w, GRAIN), [&](i64 begin, i64 end) {
        Array<T> column(g.w);
        std::memset(dx + begin * g.h * g.w, 0, (end - begin) * g.h * g.w * sizeof(T));
        for (i64 plane = begin; plane < end; plane++) {
            for (i64 i = 0; i < g.p; i++) {
                const Span row = g.row[i];
                const T* const from = dy + (plane * g.p + i) * g.q;
                for (i64 c = 0; c < g.w; c++) column[c] = 0;
                for (i64 j = 0; j < g.q; j++) {
                    const Span col = g.col[j];
                    const T share = from[j] / T(divisor ? divisor : row.count * col.count);
                    for (i64 c = col.begin; c < col.end; c++) column[c] += share;
                }
                for (i64 r = row.begin; r < row.end; r++) {
                    T* const to = dx + (plane * g.h + r) * g.w;
                    for (i64 c = 0; c < g.w; c++) to[c] += column[c];
                }
            }
        }
    });
}

#define FOR(T)                                                                        \
    template void max_pool(const MaxPool&, const T*, T*, i64*);                       \
    template bool max_pool_dx(i64, i64, i64, const T*, const i64*, T*);               \
    template void avg_pool(const Windows&, i64, const T*, T*);                        \
    template void avg_pool_dx(const Windows&, i64, const T*, T*);
FOR(float)
FOR(double)

}  // namespace rl::RL_ISA
