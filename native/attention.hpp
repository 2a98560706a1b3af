// softmax(q kᵀ scale + mask) v without the matrix of weights, and its gradients.
//
//   T queries, S keys, E numbers of a query and a key, D numbers of a value
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

constexpr int LEADING = 16;  // leading dimensions (batch, heads) that the kernel can walk

enum class MaskKind { none, additive, boolean };

struct Attention {
    i64 t, s, e, d;
    int leading;  // of them, dims[i] long; all operands step through the same ones, perhaps by 0
    i64 dims[LEADING];
    i64 heads;  // the product of dims
    double scale;
    bool causal;  // query i sees keys 0 ... i
    MaskKind mask;
};

// One matrix for each place of the leading dimensions: element (i, j) is p[i * row + j * col]. (A
// mask's p and steps count bytes, its row and col elements.)
template <class T>
struct Heads {
    T* p;
    i64 row, col;
    i64 steps[LEADING];

    T* at(const Attention& a, i64 head) const {
        T* x = p;
        for (int i = a.leading - 1; i >= 0; i--) {
            x += head % a.dims[i] * steps[i];
            head /= a.dims[i];
        }
        return x;
    }
};

// q (T, E), k (S, E), v (S, D), mask (T, S) numbers of T or bytes -> y (T, D) of column step 1, and
// lse (heads, T), the logarithm of each row's Σ exp; inf for a row without keys, whose y is 0.
template <class T>
void attention(const Attention& a, const Heads<const T>& q, const Heads<const T>& k,
               const Heads<const T>& v, const Heads<const char>& mask, const Heads<T>& y, T* lse);
// dy, y (T, D) -> dq (T, E), dk (S, E), dv (S, D), all of column step 1
template <class T>
void attention_dx(const Attention& a, const Heads<const T>& dy, const Heads<const T>& q,
                  const Heads<const T>& k, const Heads<const T>& v, const Heads<const T>& y,
                  const T* lse, const Heads<const char>& mask, const Heads<T>& dq,
                  const Heads<T>& dk, const Heads<T>& dv);

}  // namespace rl::RL_ISA
