#include "softmax.hpp"

#include "functions.hpp"
#include "parallel.hpp"
#include "rows.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 13;  // numbers a block

// row(offset, n) for each contiguous row, or, when the rows lie across memory, column(offset,
// width) for stretches of up to a register's width of neighbouring rows, whose numbers are `inner`
// apart.
template <class T, class Row, class Column>
void each_row(i64 outer, i64 n, i64 inner, Row row, Column column) {
    if (inner == 1) {
        parallel(outer, rows_per_block(n, GRAIN), [&](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) row(i * n);
        });
        return;
    }
    constexpr i64 L = LANES<T>;
    const i64 per = (inner + L - 1) / L;
    parallel(outer * per, rows_per_block(n * L, GRAIN), [&](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) {
            const i64 j = i % per * L;
            column(i / per * n * inner + j, inner - j < L ? inner - j : L);
        }
    });
}

template <class T>
RL_INLINE Reg<T> column_max(const T* x, i64 n, i64 inner, i64 width) {
    Reg<T> m = get(x, width);
    for (i64 k = 1; k < n; k++) m = max(m, get(x + k * inner, width));
    return m;
}

// v / by for many v of one `by`, correctly rounded without a division each (Markstein 1990,
// doi:10.1147/rd.341.0111); below 2^-100, where the remainder is denormal, the last place may differ.
template <class V>
struct Divided {
    V by, inverse;
    RL_INLINE explicit Divided(V by) : by(by), inverse(1 / by) {}
    RL_INLINE V operator()(V v) const {
#if defined(RL_FMA)
        const V q = v * inverse;
        return fma(fma(-q, by, v), inverse, q);
#else
        return v / by;
#endif
    }
};

template <class T>
RL_INLINE void log_softmax_row(const T* x, i64 n, T* y) {
    using V = Reg<T>;
    const V m = all(row_max(n, x));
    const V lse = all(T(std::log(row_sum(n, [=](V v) { return exp(v - m); }, x))));
    row_map(n, [=](V v) { return v - m - lse; }, y, x);
}

}  // namespace

template <class T>
void softmax(const T* x, i64 outer, i64 n, i64 inner, T* y) {
    using V = Reg<T>;
    each_row<T>(
        outer, n, inner,
        [=](i64 at) {
            const V m = all(row_max(n, x + at));
            row_map(n, [=](V v) { return exp(v - m); }, y + at, x + at);
            const Divided<V> share(all(T(row_sum(n, [](V v) { return v; }, y + at))));
            row_map(n, [=](V v) { return share(v); }, y + at, y + at);
        },
        [=](i64 at, i64 width) {
            const V m = column_max(x + at, n, inner, width);
            V total{};
            for (i64 k = 0; k < n; k++) {
                const V e = exp(get(x + at + k * inner, width) - m);
                put(y + at + k * inner, e, width);
                total += e;
            }
            const Divided<V> share(total);
            for (i64 k = 0; k < n; k++)
                put(y + at + k * inner, share(get(y + at + k * inner, width)), width);
        });
}

template <class T>
void log_softmax(const T* x, i64 outer, i64 n, i64 inner, T* y) {
    using V = Reg<T>;
    each_row<T>(
        outer, n, inner, [=](i64 at) { log_softmax_row(x + at, n, y + at); },
        [=](i64 at, i64 width) {
            const V m = column_max(x + at, n, inner, width);
            V total{};
            for (i64 k = 0; k < n; k++) total += exp(get(x + at + k * inner, width) - m);
            const V lse = log(total);
            for (i64 k = 0; k < n; k++)
                put(y + at + k * inner, get(x + at + k * inner, width) - m - lse, width);
        });
}

// What m is subtracted is 0 where m is infinite: of -inf alone comes -inf, with a +inf +inf.
template <class T>
void logsumexp(const T* x, i64 outer, i64 n, i64 inner, T* y) {
    using V = Reg<T>;
    const T inf = T(__builtin_inff());
    each_row<T>(
        outer, n, inner,
        [=](i64 at) {
            const T most = row_max(n, x + at), m = most == inf || most == -inf ? T(0) : most;
            const V by = all(m);
            y[at / n] = T(std::log(row_sum(n, [=](V v) { return exp(v - by); }, x + at))) + m;
        },
        [=](i64 at, i64 width) {
            const V most = column_max(x + at, n, inner, width);
            const V m = abs(most) == inf ? V{} : most;
            V total{};
            for (i64 k = 0; k < n; k++) total += exp(get(x + at + k * inner, width) - m);
            put(y + at / (n * inner) * inner + at % inner, log(total) + m, width);
        });
}

template <class T>
void softmax_dx(const T* dy, const T* y, i64 outer, i64 n, i64 inner, T* dx) {
    using V = Reg<T>;
    each_row<T>(
        outer, n, inner,
        [=](i64 at) {
            const V s = all(T(row_sum(n, [](V g, V v) { return g * v; }, dy + at, y + at)));
            row_map(n, [=](V g, V v) { return v * (g - s); }, dx + at, dy + at, y + at);
        },
        [=](i64 at, i64 width) {
            V s{};
            for (i64 k = 0; k < n; k++)
                s += get(dy + at + k * inner, width) * get(y + at + k * inner, width);
            for (i64 k = 0; k < n; k++) {
                const i64 p = at + k * inner;
                put(dx + p, get(y + p, width) * (get(dy + p, width) - s), width);
            }
        });
}

template <class T>
void log_softmax_dx(const T* dy, const T* y, i64 outer, i64 n, i64 inner, T* dx) {
    using V = Reg<T>;
    each_row<T>(
        outer, n, inner,
        [=](i64 at) {
            const V s = all(T(row_sum(n, [](V g) { return g; }, dy + at)));
            row_map(n, [=](V g, V v) { return g - exp(v) * s; }, dx + at, dy + at, y + at);
        },
        [=](i64 at, i64 width) {
            V s{};
            for (i64 k = 0; k < n; k++) s += get(dy + at + k * inner, width);
            for (i64 k = 0; k < n; k++) {
                const i64 p = at + k * inner;
                put(dx + p, get(dy + p, width) - exp(get(y + p, width)) * s, width);
            }
        });
}

// Read once where it is used: another thread may write to it after count_targets has checked it.
RL_INLINE static i64 once(const i64* p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }

i64 count_targets(const i64* t, i64 n, i64 c, i64 ignore) {
    i64 count = 0;
    for (i64 i = 0; i < n; i++) {
        if (t[i] == ignore) continue;
        if (t[i] < 0 || t[i] >= c) return -1;
        count++;
    }
    return count;
}

template <class T>
T cross_entropy(const T* x, const i64* t, i64 n, i64 c, i64 ignore, double by, T* logp) {
    log_softmax(x, n, c, 1, logp);
    double total = 0;
    for (i64 i = 0; i < n; i++) {
        const i64 at = once(t + i);
        if (at != ignore && std::uint64_t(at) < std::uint64_t(c)) total -= logp[i * c + at];
    }
    return T(total / by);
}

template <class T>
void cross_entropy_dx(const T* logp, const i64* t, i64 n, i64 c, i64 ignore, T scale, T* dx) {
    using V = Reg<T>;
    parallel(n, rows_per_block(c, GRAIN), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) {
            T* d = dx + i * c;
            const i64 at = once(t + i);
            if (at == ignore) {
                std::memset(d, 0, c * sizeof(T));
                continue;
            }
            row_map(c, [=](V v) { return exp(v) * scale; }, d, logp + i * c);
            if (std::uint64_t(at) < std::uint64_t(c)) d[at] -= scale;
        }
    });
}

template <class T>
void glu(const T* x, i64 outer, i64 n, T* y) {
    const auto run = [=](i64 row, i64 begin, i64 end) {
        const T* const a = x + 2 * row * n;
        row_map(end - begin, [](Reg<T> u, Reg<T> v) { return u * sigmoid(v); }, y + row * n + begin, a + begin,
                a + n + begin);
    };
    if (outer == 1) return parallel(n, GRAIN, [=](i64 begin, i64 end) { run(0, begin, end); });
    parallel(outer, rows_per_block(n, GRAIN), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) run(i, 0, n);
    });
}

#define EACH(T)                                                                \
    template void softmax(const T*, i64, i64, i64, T*);                        \
    template void log_softmax(const T*, i64, i64, i64, T*);                    \
    template void logsumexp(const T*, i64, i64, i64, T*);                      \
    template void softmax_dx(const T*, const T*, i64, i64, i64, T*);           \
    template void log_softmax_dx(const T*, const T*, i64, i64, i64, T*);       \
    template void glu(const T*, i64, i64, T*);                                 \
    template T cross_entropy(const T*, const i64*, i64, i64, i64, double, T*); \
    template void cross_entropy_dx(const T*, const i64*, i64, i64, i64, T, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
