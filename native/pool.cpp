// Pooling: maxima and means of windows.
#include "pool.hpp"

#include "memory.hpp"
#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 15;  // cells read per block

// One tap of a row of windows: x holds the cells it meets, STEP apart (0: `step`). best and at are
// updated where the cell is larger, or NaN.
template <int STEP, class T>
void take_larger(const T* x, i64 step, i64 cells, std::int32_t place, T* best, std::int32_t* at) {
    const i64 s = STEP ? STEP : step;
    for (i64 j = 0; j < cells; j++) {
        const T v = x[j * s];
        const bool take = (v > best[j]) | (v != v);
        best[j] = take ? v : best[j];
        at[j] = take ? place + std::int32_t(j * s) : at[j];
    }
}

// Output cells [first, last) of one dimension whose tap at `shift` from them falls into n cells.
struct Reach {
    i64 first, last;
    Reach(i64 n, i64 out, i64 stride, i64 shift) {
        first = shift < 0 ? (-shift + stride - 1) / stride : 0;
        last = n - 1 < shift ? 0 : (n - 1 - shift) / stride + 1;
        if (last > out) last = out;
    }
};

}  // namespace

template <class T>
void max_pool(const MaxPool& g, const T* x, T* y, i64* index) {
    parallel(g.planes, rows_per_block(g.p * g.q * g.kh * g.kw, GRAIN), [&](i64 begin, i64 end) {
        Array<std::int32_t> at(g.q);
        for (i64 plane = begin; plane < end; plane++) {
            const T* const cells = x + plane * g.h * g.w;
            for (i64 i = 0; i < g.p; i++) {
                T* const best = y + (plane * g.p + i) * g.q;
                for (i64 j = 0; j < g.q; j++) best[j] = -__builtin_inf(), at[j] = -1;
                for (i64 t = 0; t < g.kh * g.kw; t++) {
                    const i64 r = i * g.sh + t / g.kw * g.dh - g.ph;
                    const i64 shift = t % g.kw * g.dw - g.pw;
                    const Reach reach(g.w, g.q, g.sw, shift);
                    if (r < 0 || r >= g.h || reach.first >= reach.last) continue;
                    const i64 place = r * g.w + reach.first * g.sw + shift;
                    // a window of nothing but -inf has its first cell as the largest
                    for (i64 j = reach.first; j < reach.last; j++)
                        if (at[j] < 0) at[j] = std::int32_t(place + (j - reach.first) * g.sw);
                    const auto take = g.sw == 1   ? take_larger<1, T>
                                      : g.sw == 2 ? take_larger<2, T>
                                                  : take_larger<0, T>;
                    take(cells + place, g.sw, reach.last - reach.first, std::int32_t(place),
                         best + reach.first, &at[reach.first]);
                }
                i64* const to = index + (plane * g.p + i) * g.q;
                for (i64 j = 0; j < g.q; j++) to[j] = at[j];
            }
        }
    });
}

template <class T>
void max_pool_dx(i64 planes, i64 in, i64 out, const T* dy, const i64* index, T* dx) {
    parallel(planes, rows_per_block(in + out, GRAIN), [&](i64 begin, i64 end) {
        std::memset(dx + begin * in, 0, (end - begin) * in * sizeof(T));
        for (i64 plane = begin; plane < end; plane++)
            for (i64 k = plane * out; k < (plane + 1) * out; k++) dx[plane * in + index[k]] += dy[k];
    });
}

// The rows of a window are added up first, whole registers at a time, then its columns.
template <class T>
void avg_pool(const Windows& g, i64 divisor, const T* x, T* y) {
    parallel(g.planes, rows_per_block(g.h * g.w, GRAIN), [&](i64 begin, i64 end) {
        Array<T> column(g.w);
        T* const sum = &column[0];
        for (i64 plane = begin; plane < end; plane++) {
            for (i64 i = 0; i < g.p; i++) {
                const Span row = g.row[i];
                for (i64 c = 0; c < g.w; c++) sum[c] = 0;
                for (i64 r = row.begin; r < row.end; r++) {
                    const T* const from = x + (plane * g.h + r) * g.w;
                    for (i64 c = 0; c < g.w; c++) sum[c] += from[c];
                }
                T* const to = y + (plane * g.p + i) * g.q;
                for (i64 j = 0; j < g.q; j++) {
                    const Span col = g.col[j];
                    T total = 0;
                    for (i64 c = col.begin; c < col.end; c++) total += sum[c];
                    to[j] = total / T(divisor ? divisor : row.count * col.count);
                }
            }
        }
    });
}

template <class T>
void avg_pool_dx(const Windows& g, i64 divisor, const T* dy, T* dx) {
    parallel(g.planes, rows_per_block(g.h * g.w, GRAIN), [&](i64 begin, i64 end) {
        Array<T> column(g.w);
        T* const sum = &column[0];
        std::memset(dx + begin * g.h * g.w, 0, (end - begin) * g.h * g.w * sizeof(T));
        for (i64 plane = begin; plane < end; plane++) {
            for (i64 i = 0; i < g.p; i++) {
                const Span row = g.row[i];
                const T* const from = dy + (plane * g.p + i) * g.q;
                for (i64 c = 0; c < g.w; c++) sum[c] = 0;
                for (i64 j = 0; j < g.q; j++) {
                    const Span col = g.col[j];
                    const T share = from[j] / T(divisor ? divisor : row.count * col.count);
                    for (i64 c = col.begin; c < col.end; c++) sum[c] += share;
                }
                for (i64 r = row.begin; r < row.end; r++) {
                    T* const to = dx + (plane * g.h + r) * g.w;
                    for (i64 c = 0; c < g.w; c++) to[c] += sum[c];
                }
            }
        }
    });
}

#define FOR(T)                                                                        \
    template void max_pool(const MaxPool&, const T*, T*, i64*);                       \
    template void max_pool_dx(i64, i64, i64, const T*, const i64*, T*);               \
    template void avg_pool(const Windows&, i64, const T*, T*);                        \
    template void avg_pool_dx(const Windows&, i64, const T*, T*);
FOR(float)
FOR(double)

}  // namespace rl::RL_ISA
