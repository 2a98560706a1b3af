// The transforms of Winograd's way (conv_winograd.cpp), on registers: Bᵀ, Aᵀ, G, and their
// transposes for gradients.
#pragma once
#include "memory.hpp"

namespace rl::RL_ISA::winograd {

constexpr int M = 4, T = 6, POINTS = T * T;  // cells of a tile: outputs and inputs along an axis

constexpr float A = 0.625f, B = 1.5f;  // the points 0, ±A, ±B, infinity
constexpr float AA = A * A, BB = B * B;

// Six numbers, `step` apart -> their transform by Bᵀ.
RL_INLINE void input_transform(const F (&d)[T], F (&v)[T]) {
    const F even_a = fma(all(-BB), d[2], d[4]), odd_a = A * fma(all(-BB), d[1], d[3]);
    const F even_b = fma(all(-AA), d[2], d[4]), odd_b = B * fma(all(-AA), d[1], d[3]);
    v[0] = fma(all(AA * BB), d[0], fma(all(-(AA + BB)), d[2], d[4]));
    v[1] = even_a + odd_a, v[2] = even_a - odd_a;
    v[3] = even_b + odd_b, v[4] = even_b - odd_b;
    v[5] = fma(all(AA * BB), d[1], fma(all(-(AA + BB)), d[3], d[5]));
}

// Six -> four, by Aᵀ.
RL_INLINE void output_transform(const F (&m)[T], F (&y)[M]) {
    const F sum_a = m[1] + m[2], dif_a = m[1] - m[2], sum_b = m[3] + m[4], dif_b = m[3] - m[4];
    y[0] = (m[0] + sum_a) + sum_b;
    y[1] = fma(all(B), dif_b, A * dif_a);
    y[2] = fma(all(BB), sum_b, AA * sum_a);
    y[3] = fma(all(B * BB), dif_b, fma(all(A * AA), dif_a, m[5]));
}

// Three -> six, by G.
RL_INLINE void weight_transform(const F (&w)[3], F (&u)[T]) {
    constexpr float at_0 = 1 / (AA * BB), at_a = 1 / (2 * AA * (AA - BB)),
                    at_b = 1 / (2 * BB * (BB - AA));
    const F even_a = at_a * fma(all(AA), w[2], w[0]), odd_a = (at_a * A) * w[1];
    const F even_b = at_b * fma(all(BB), w[2], w[0]), odd_b = (at_b * B) * w[1];
    u[0] = at_0 * w[0];
    u[1] = even_a + odd_a, u[2] = even_a - odd_a;
    u[3] = even_b + odd_b, u[4] = even_b - odd_b;
    u[5] = w[2];
}

// Four -> six, by A: the gradient of output_transform.
RL_INLINE void output_gradient(const F (&y)[M], F (&m)[T]) {
    const F even_a = fma(all(AA), y[2], y[0]), odd_a = fma(all(A * AA), y[3], A * y[1]);
    const F even_b = fma(all(BB), y[2], y[0]), odd_b = fma(all(B * BB), y[3], B * y[1]);
    m[0] = y[0];
    m[1] = even_a + odd_a, m[2] = even_a - odd_a;
    m[3] = even_b + odd_b, m[4] = even_b - odd_b;
    m[5] = y[3];
}

// Six -> three, by Gᵀ: the gradient of weight_transform.
RL_INLINE void weight_gradient(const F (&u)[T], F (&w)[3]) {
    constexpr float at_0 = 1 / (AA * BB), at_a = 1 / (2 * AA * (AA - BB)),
                    at_b = 1 / (2 * BB * (BB - AA));
    const F sum_a = at_a * (u[1] + u[2]), sum_b = at_b * (u[3] + u[4]);
    w[0] = fma(all(at_0), u[0], sum_a + sum_b);
    w[1] = fma(all(at_b * B), u[3] - u[4], (at_a * A) * (u[1] - u[2]));
    w[2] = fma(all(AA), sum_a, fma(all(BB), sum_b, u[5]));
}

// Along both axes: f along the columns of x (R, R), then along the rows.
template <int R, int S, class G>
RL_INLINE void both(const F (&x)[R][R], F (&y)[S][S], G f) {
    F t[R][S];  // t[j] = f of column j
#pragma GCC unroll 6
    for (int j = 0; j < R; j++) {
        F column[R];
#pragma GCC unroll 6
        for (int i = 0; i < R; i++) column[i] = x[i][j];
        f(column, t[j]);
    }
#pragma GCC unroll 6
    for (int i = 0; i < S; i++) {
        F row[R];
#pragma GCC unroll 6
        for (int j = 0; j < R; j++) row[j] = t[j][i];
        f(row, y[i]);
    }
}

}  // namespace rl::RL_ISA::winograd
