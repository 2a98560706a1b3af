// Recurrent layers, one direction: forward and backward over all steps.
//
//   N sequences, I inputs, H hidden units, P outputs of a step (H, or fewer of a projection)
//   S rows: those of all steps one after the other
//   RNN   h = tanh(g) or relu(g)                      g = x w_ihᵀ + b_ih + h' w_hhᵀ + b_hh
//   GRU   h = n + z (h' - n)                          gates r, z, n; n = tanh(x part + r q)
//   LSTM  c = f c' + i u,  h = o tanh(c)              gates i, f, u, o
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

enum class Cell { tanh, relu, gru, lstm };

// A layer's operands. Step t has the rows [offsets[t], offsets[t + 1]) of x and y, those of the
// first sequences: there are never more of them than at step t - 1.
template <class T>
struct Recurrent {
    Cell cell;
    bool reverse;
    i64 steps, batch, inputs, hidden, out;
    const i64* offsets;
    const T *x, *h0, *c0;           // (S, I), (N, P), (N, H)
    const T *w_ih, *w_hh, *w_hr;    // (G H, I), (G H, P), (P, H) or null
    const T *b_ih, *b_hh;           // (G H) or null

    i64 gates() const { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }
    i64 rows() const { return offsets[steps]; }
    i64 rows(i64 t) const { return offsets[t + 1] - offsets[t]; }
    i64 at(i64 i) const { return reverse ? steps - 1 - i : i; }  // the i-th step that is taken
    // The row of y with the state before step t of sequence r; -1: it is the initial one.
    i64 before(i64 t, i64 r) const {
        t += reverse ? 1 : -1;
        return t < 0 || t >= steps || r >= rows(t) ? -1 : offsets[t] + r;
    }
};

// What the forward makes. kept: LSTM (S, 4 H): i, f, u, o; GRU (S, 4 H): r, z, n, q; RNN null.
// kept and cells may be null: no backward follows.
template <class T>
struct Steps {
    T *y, *hn, *cn;   // (S, P), (N, P), (N, H)
    T *kept, *cells;  // cells (S, H): c, LSTM only
};

// What the backward makes out of dy (S, P) and dhn (N, P), dcn (N, H) or null. dx may be null.
template <class T>
struct Slopes {
    const T *dy, *dhn, *dcn;
    T *dx, *dh0, *dc0, *dw_ih, *dw_hh, *dw_hr, *db_ih, *db_hh;  // db_hh: GRU only
    // working memory: the gates' gradients (S, G H), for a GRU also those beside h' (S, G H); the
    // states before each step (S, P); with a projection dh (S, P) and o tanh(c) (S, H)
    T *dgates, *dgates_h, *before, *dh, *full;
};

template <class T>
void recurrent(const Recurrent<T>& of, const Steps<T>& to);
template <class T>
void recurrent_dx(const Recurrent<T>& of, const Steps<T>& made, const Slopes<T>& to);

}  // namespace rl::RL_ISA
