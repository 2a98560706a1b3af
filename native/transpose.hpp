// Transposition of a matrix of floats or doubles, a square of registers at a time.
#pragma once
#include <utility>

#include "memory.hpp"

namespace rl::RL_ISA {

namespace transposing {

constexpr i64 N = LANES<float>;
constexpr int QUADS = N / 4;  // groups of four numbers of a register: most shuffles stay in one

// Of a and b, quad by quad: the first two numbers of each interleaved, and the last two.
template <int HALF, std::size_t... L>
RL_INLINE F interleave(F a, F b, std::index_sequence<L...>) {
    return __builtin_shufflevector(a, b, int(L % 2 * N + L / 4 * 4 + L % 4 / 2 + HALF * 2)...);
}
// The same with pairs of numbers.
template <int HALF, std::size_t... L>
RL_INLINE F interleave_pairs(F a, F b, std::index_sequence<L...>) {
    return __builtin_shufflevector(a, b, int(L % 4 / 2 * N + L / 4 * 4 + L % 2 + HALF * 2)...);
}
// The even quads of a, then of b; or the odd ones.
template <int ODD, std::size_t... L>
RL_INLINE F alternate_quads(F a, F b, std::index_sequence<L...>) {
    return __builtin_shufflevector(a, b, int((L / 4 * 2 + ODD) * 4 + L % 4)...);
}

}  // namespace transposing

// r[i][j] becomes r[j][i].
RL_INLINE void transpose(F (&r)[LANES<float>]) {
    using namespace transposing;
    constexpr auto lanes = std::make_index_sequence<N>{};
    F s[N];
    // within quads: s[4i + j] = for each quad q, column 4q + j of rows 4i ... 4i + 3
#pragma GCC unroll 4
    for (int i = 0; i < N; i += 4) {
        const F a = interleave<0>(r[i], r[i + 1], lanes), b = interleave<1>(r[i], r[i + 1], lanes);
        const F c = interleave<0>(r[i + 2], r[i + 3], lanes);
        const F d = interleave<1>(r[i + 2], r[i + 3], lanes);
        s[i] = interleave_pairs<0>(a, c, lanes), s[i + 1] = interleave_pairs<1>(a, c, lanes);
        s[i + 2] = interleave_pairs<0>(b, d, lanes), s[i + 3] = interleave_pairs<1>(b, d, lanes);
    }
    // quads: a quad matrix (i, q) of each j is transposed
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        if constexpr (QUADS == 1) {
            r[j] = s[j];
        } else if constexpr (QUADS == 2) {
            r[j] = alternate_quads<0>(s[j], s[4 + j], lanes);
            r[4 + j] = alternate_quads<1>(s[j], s[4 + j], lanes);
        } else {
            const F even0 = alternate_quads<0>(s[j], s[4 + j], lanes);
            const F odd0 = alternate_quads<1>(s[j], s[4 + j], lanes);
            const F even1 = alternate_quads<0>(s[8 + j], s[12 + j], lanes);
            const F odd1 = alternate_quads<1>(s[8 + j], s[12 + j], lanes);
            r[j] = alternate_quads<0>(even0, even1, lanes);
            r[8 + j] = alternate_quads<1>(even0, even1, lanes);
            r[4 + j] = alternate_quads<0>(odd0, odd1, lanes);
            r[12 + j] = alternate_quads<1>(odd0, odd1, lanes);
        }
    }
}

namespace transposing {

// Of a and b, two rows S apart: the lanes with bit S of a's, and those without of b's, change places.
template <int S, std::size_t... I>
RL_INLINE void exchange(D& a, D& b, std::index_sequence<I...>) {
    constexpr int n = sizeof...(I);
    const D low = __builtin_shufflevector(a, b, int((I & S) ? n + I - S : I)...);
    b = __builtin_shufflevector(a, b, int((I & S) ? n + I : I + S)...);
    a = low;
}

}  // namespace transposing

RL_INLINE void transpose(D (&r)[LANES<double>]) {
    using namespace transposing;
    constexpr int n = LANES<double>;
    constexpr auto lanes = std::make_index_sequence<n>{};
    const auto stage = [&]<int S>() __attribute__((always_inline)) {
        if constexpr (S < n)
#pragma GCC unroll 8
            for (int i = 0; i < n; i++)
                if (!(i & S)) exchange<S>(r[i], r[i + S], lanes);
    };
    stage.template operator()<1>();
    stage.template operator()<2>();
    stage.template operator()<4>();
}

struct Unchanged {
    template <class V>
    V operator()(V v, const Lane<V>*, i64) const {
        return v;
    }
};

// A square of cells, from rows `x_step` apart to rows `y_step` apart. (Walking pointers: left to
// itself the compiler keeps sixteen of each, on the stack.)
template <class T, class Finish>
RL_INLINE void transpose_square(const T* x, i64 x_step, T* y, i64 y_step, Finish finish) {
    constexpr i64 N = LANES<T>;
    Reg<T> r[N];
#pragma GCC unroll 16
    for (i64 k = 0; k < N; k++, x += x_step) {
        opaque(x);
        r[k] = load(x);
    }
    transpose(r);
#pragma GCC unroll 16
    for (i64 k = 0; k < N; k++, y += y_step) {
        opaque(y);
        store(y, finish(r[k], y, N));
    }
}

// The same at an edge: only `rows` rows and `cols` columns of the square are there. Where rows are
// missing, y gets zeros in their place if `fill`.
template <class T, class Finish>
RL_INLINE void transpose_edge(const T* x, i64 x_step, i64 rows, i64 cols, T* y, i64 y_step,
                              bool fill, Finish finish) {
    constexpr i64 N = LANES<T>;
    Reg<T> r[N];
#pragma GCC unroll 16
    for (i64 k = 0; k < N; k++, x += x_step) {
        opaque(x);
        r[k] = k >= rows ? Reg<T>{} : cols == N ? load(x) : load_part(x, cols);
    }
    transpose(r);
#pragma GCC unroll 16
    for (i64 k = 0; k < N; k++, y += y_step) {
        opaque(y);
        if (k >= cols) break;
        if (rows == N || fill) store(y, finish(r[k], y, N));
        else store_part(y, finish(r[k], y, rows), rows);
    }
}

// x (rows, cols), its rows `x_step` apart -> y (cols, rows), its rows `y_step` apart. Where fewer
// than LANES rows are left, y gets zeros up to the full register if `fill`. The side whose rows lie
// farther apart is walked along its rows: they are often a power of two apart, and of many such
// lines at once the cache can hold only a few. finish(v, at, n) sees the n numbers that go to `at`.
template <class T, class Finish = Unchanged>
inline void transpose(const T* x, i64 x_step, i64 rows, i64 cols, T* y, i64 y_step,
                      bool fill = false, Finish finish = {}) {
    constexpr i64 N = LANES<T>;
    const auto square = [&](i64 i, i64 j) {
        const i64 ni = rows - i < N ? rows - i : N, nj = cols - j < N ? cols - j : N;
        const T* from = x + i * x_step + j;
        T* to = y + j * y_step + i;
        if (ni == N && nj == N) transpose_square(from, x_step, to, y_step, finish);
        else transpose_edge(from, x_step, ni, nj, to, y_step, fill, finish);
    };
    if (x_step > y_step) {
        for (i64 i = 0; i < rows; i += N)
            for (i64 j = 0; j < cols; j += N) square(i, j);
    } else {
        for (i64 j = 0; j < cols; j += N)
            for (i64 i = 0; i < rows; i += N) square(i, j);
    }
}

}  // namespace rl::RL_ISA
