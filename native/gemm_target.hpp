// What gemm.cpp and gemm_bf16.cpp share: a thread's packed panels, and how results leave a tile's buffer.
#pragma once
#include "scratch.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {

// A number that no call had before, and that no other content of a buffer is likely to be.
inline std::uint64_t next_call() {
    static std::uint64_t last = 0x9e3779b97f4a7c15;
    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

// This thread's panels of a group, `size` numbers: those that it has packed already for this call, if they
// are of the same group, else those that pack(panels) makes.
template <class T, class G>
T* packed_group(std::uint64_t call, i64 group, i64 size, G pack) {
    struct Head {
        std::uint64_t call;
        i64 group;
    };
    constexpr i64 LINE = 64 / sizeof(T);
    T* const buffer = scratch<T>(Slot::gemm_shared, LINE + size);
    Head* const head = reinterpret_cast<Head*>(buffer);
    if (head->call != call || head->group != group) {
        head->call = 0;  // (in case that pack throws)
        pack(buffer + LINE);
        *head = {call, group};
    }
    return buffer + LINE;
}

// T: the sums, Out: the numbers of c.
template <class T, class Out = T>
struct Target {
    Out* c;
    i64 step;
    bool transposed;  // the buffer holds cᵀ
    const T* bias;    // one number per column of c, or null
    bool by_row;      // one per row instead
    bool relu;
};

// buffer (m, W), its first n columns -> c at row i, column j of the product; m <= BLOCK.
// put(at, v, n) writes the first n lanes of v.
template <i64 W, i64 BLOCK, class T, class Out, class Put>
void leave(const T* buffer, i64 m, i64 n, const Target<T, Out>& to, i64 i, i64 j, Put put) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    alignas(64) T turned[W * BLOCK];
    i64 from_step = W;
    if (to.transposed) {
        transpose(buffer, W, m, n, turned, BLOCK);
        buffer = turned;
        from_step = BLOCK;
        std::swap(m, n);
        std::swap(i, j);
    }
    const T* const bias = to.bias && !to.by_row ? to.bias + j : nullptr;
    for (i64 r = 0; r < m; r++) {
        const T* const x = buffer + r * from_step;
        Out* const y = to.c + (i + r) * to.step + j;
        const V of_row = to.bias && to.by_row ? all(to.bias[i + r]) : V{};
        const auto finish = [&](V v, V b) {
            if (bias) v = v + b;
            if (to.by_row) v = v + of_row;
            return to.relu ? (v < 0 ? V{} : v) : v;
        };
        i64 k = 0;
        for (; k + L <= n; k += L) put(y + k, finish(load(x + k), bias ? load(bias + k) : V{}), L);
        if (k < n)
            put(y + k, finish(load_part(x + k, n - k), bias ? load_part(bias + k, n - k) : V{}), n - k);
    }
}

}  // namespace rl::RL_ISA
