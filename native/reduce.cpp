#include "reduce.hpp"

#include <cmath>
#include <limits>

#include "losses.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 15;  // numbers a block
constexpr i64 SLAB = 256;       // rows added in T before their sums are added to the rest

// y (inner) = Σ f over the n rows of x (n, inner), for columns [begin, end)
template <class T, class G>
void sum_columns(const T* x, i64 n, i64 inner, i64 begin, i64 end, T* y, G f) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    i64 j = begin;
    for (; j + 4 * L <= end; j += 4 * L) {
        V s[4] = {};
        for (i64 i = 0; i < n; i++)
            for (i64 v = 0; v < 4; v++) s[v] += f(load(x + i * inner + j + v * L));
        for (i64 v = 0; v < 4; v++) store(y + j + v * L, s[v]);
    }
    for (; j < end; j += L) {
        const i64 part = end - j < L ? end - j : L;
        V s[2] = {};
        i64 i = 0;
        for (; i + 2 <= n; i += 2) {
            s[0] += f(get(x + i * inner + j, part));
            s[1] += f(get(x + (i + 1) * inner + j, part));
        }
        if (i < n) s[0] += f(get(x + i * inner + j, part));
        put(y + j, s[0] + s[1], part);
    }
}

// Σ f(x...) over n numbers, in double from block to block.
template <class Fn, class... X>
double total(i64 n, Fn f, const X*... x) {
    const i64 blocks = (n + GRAIN - 1) / GRAIN;
    double* const part = scratch<double>(Slot::reduce, blocks);
    parallel(n, GRAIN, [&](i64 begin, i64 end) {
        part[begin / GRAIN] = row_sum(end - begin, f, x + begin...);
    });
    double sum = 0;
    for (i64 b = 0; b < blocks; b++) sum += part[b];
    return sum;
}

}  // namespace

template <class T>
T dot(const T* x, const T* y, i64 n) {
    return T(total(n, [](Reg<T> a, Reg<T> b) { return a * b; }, x, y));
}

template <class T>
T squared_error(const T* x, const T* y, i64 n, double scale) {
    const auto square = [](Reg<T> a, Reg<T> b) {
        const Reg<T> d = a - b;
        return d * d;
    };
    return T(scale * total(n, square, x, y));
}

template <class T>
void huber_loss(const T* x, const T* y, i64 n, double a, double scale, T* loss) {
    const auto f = [h = Huber<T>(a)](Reg<T> u, Reg<T> v) { return h(u - v); };
    *loss = T(scale * total(n, f, x, y));
}
template <class T>
void smooth_l1_loss(const T* x, const T* y, i64 n, double a, double scale, T* loss) {
    const auto f = [h = SmoothL1<T>(a)](Reg<T> u, Reg<T> v) { return h(u - v); };
    *loss = T(scale * total(n, f, x, y));
}

template <class T>
void squared_error_dx(const T* x, const T* y, i64 n, T scale, T* dx) {
    parallel(n, GRAIN, [&](i64 begin, i64 end) {
        const Reg<T> by = all(scale);
        const auto f = [=](Reg<T> a, Reg<T> b) { return by * ((a - b) * 2); };
        row_map(end - begin, f, dx + begin, x + begin, y + begin);
    });
}

namespace {

template <class T, class G>
void sum_of(const T* x, i64 outer, i64 n, i64 inner, double scale, T* y, G f) {
    if (outer == 0 || inner == 0) return;  // there may be an n all the same
    if (inner == 1 && outer > 1) {
        parallel(outer, rows_per_block(n, GRAIN), [&](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) y[i] = T(scale * row_sum(n, f, x + i * n));
        });
        return;
    }
    if (inner == 1) {
        const T all = T(scale * total(n, f, x));
        for (i64 i = 0; i < outer; i++) y[i] = all;
        return;
    }
    // Slabs of rows, each to sums of its own where there is more than one.
    const i64 slabs = n > SLAB ? (n + SLAB - 1) / SLAB : 1;
    T* const part = slabs > 1 ? scratch<T>(Slot::reduce, outer * slabs * inner) : y;
    parallel(outer * slabs, rows_per_block((n < SLAB ? n : SLAB) * inner, GRAIN),
             [&](i64 begin, i64 end) {
                 for (i64 i = begin; i < end; i++) {
                     const i64 first = i % slabs * SLAB, rows = slabs == 1         ? n
                                                                : n - first < SLAB ? n - first
                                                                                   : SLAB;
                     sum_columns(x + (i / slabs * n + first) * inner, rows, inner, 0, inner,
                                 part + i * inner, f);
                 }
             });
    if (slabs == 1 && scale == 1) return;
    parallel(outer, rows_per_block(slabs * inner, GRAIN), [&](i64 begin, i64 end) {
        for (i64 o = begin; o < end; o++) {
            const T* p = part + o * slabs * inner;
            if (slabs > 1) sum_columns(p, slabs, inner, 0, inner, y + o * inner, same);
            if (scale != 1)
                for (i64 j = 0; j < inner; j++) y[o * inner + j] *= T(scale);
        }
    });
}

}  // namespace

template <class T>
void sum(const T* x, i64 outer, i64 n, i64 inner, double scale, T* y) {
    sum_of(x, outer, n, inner, scale, y, same);
}
template <class T>
void square_sum(const T* x, i64 outer, i64 n, i64 inner, T* y) {
    sum_of(x, outer, n, inner, 1., y, [](auto v) { return v * v; });
}

namespace {

// f(x, y, row, n) for each run of x (outer, n, inner) and y of its shape that meets one number of (outer, inner), or,
// where inner > 1, the inner numbers from `row` on in turn
template <class T, class F>
void along_rows(const T* x, i64 outer, i64 n, i64 inner, T* y, F f) {
    if (outer == 0 || inner == 0) return;
    if (inner > 1) {
        parallel(outer * n, rows_per_block(inner, GRAIN), [&](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) f(x + i * inner, y + i * inner, i / n * inner, inner);
        });
    } else if (outer > 1) {
        parallel(outer, rows_per_block(n, GRAIN), [&](i64 begin, i64 end) {
            for (i64 o = begin; o < end; o++) f(x + o * n, y + o * n, o, n);
        });
    } else {
        parallel(n, GRAIN, [&](i64 begin, i64 end) { f(x + begin, y + begin, i64(0), end - begin); });
    }
}

}  // namespace

template <class T>
void variance(const T* x, i64 outer, i64 n, i64 inner, double correction, bool root, T* squares, T* y, T* mean) {
    const i64 count = outer * inner;
    const T of = n ? T(n) : std::numeric_limits<T>::quiet_NaN(), free = double(n) > correction ? T(double(n) - correction) : T(0);
    sum(x, outer, n, inner, 1., mean);
    for (i64 i = 0; i < count; i++) mean[i] /= of;
    along_rows(x, outer, n, inner, squares, [=](const T* from, T* to, i64 row, i64 length) {
        if (inner > 1)
            row_map(length, [](Reg<T> v, Reg<T> m) { return (v - m) * (v - m); }, to, from, mean + row);
        else
            row_map(length, [m = all(mean[row])](Reg<T> v) { return (v - m) * (v - m); }, to, from);
    });
    sum(squares, outer, n, inner, 1., y);
    for (i64 i = 0; i < count; i++) {
        y[i] /= free;
        if (root) y[i] = std::sqrt(y[i]);
    }
}

template <class T>
void unit(const T* x, i64 outer, i64 n, i64 inner, double least, T* length, T* y) {
    square_sum(x, outer, n, inner, length);
    for (i64 i = 0; i < outer * inner; i++) {
        const T norm = std::sqrt(length[i]);
        length[i] = norm < T(least) ? T(least) : norm;
    }
    along_rows(x, outer, n, inner, y, [=](const T* from, T* to, i64 row, i64 count) {
        if (inner > 1)
            row_map(count, [](Reg<T> v, Reg<T> m) { return v / m; }, to, from, length + row);
        else
            row_map(count, [m = all(length[row])](Reg<T> v) { return v / m; }, to, from);
    });
}

#define EACH(T)                                                       \
    template T dot(const T*, const T*, i64);                          \
    template T squared_error(const T*, const T*, i64, double);        \
    template void huber_loss(const T*, const T*, i64, double, double, T*);   \
    template void smooth_l1_loss(const T*, const T*, i64, double, double, T*); \
    template void squared_error_dx(const T*, const T*, i64, T, T*);   \
    template void sum(const T*, i64, i64, i64, double, T*);           \
    template void square_sum(const T*, i64, i64, i64, T*);             \
    template void variance(const T*, i64, i64, i64, double, bool, T*, T*, T*); \
    template void unit(const T*, i64, i64, i64, double, T*, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
