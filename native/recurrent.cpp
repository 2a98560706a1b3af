// Recurrent layers.
//
// The products of x are one matrix product for all steps, and of rows that are there several times
// only one is multiplied (repeats.hpp). The weights of h are packed once per call,
// the gates of one hidden unit side by side: a register tile then ends with all gates of the same
// units, and the step's formula is computed on them. Sequences do not depend on each other, so
// threads share them, each walks its own rows through all steps; few sequences of a large layer
// share the columns of each step instead. Every sum is one chain of fma over k, so that
// neither changes bits.
#include "recurrent.hpp"

#include "functions.hpp"
#include "gemm.hpp"
#include "parallel.hpp"
#include "reduce.hpp"
#include "repeats.hpp"
#include "rows.hpp"
#include "scratch.hpp"
#include "together.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

#if RL_REGISTERS == 32
constexpr int WIDE = 4;                                             // registers of a plain panel
constexpr int tall(int v) { return v == 4 ? 6 : v == 3 ? 8 : 12; }  // rows of a tile
#else
constexpr int WIDE = 2;
constexpr int tall(int v) { return v == 4 ? 2 : v == 3 ? 3 : 6; }
#endif
constexpr int MOST = 12;             // rows of any tile
constexpr i64 LARGE_STEP = 1 << 16;  // multiply-adds of a step from which threads share its columns
constexpr i64 LARGE_JOB = 1 << 19;   // where each step is a job of the pool
constexpr i64 SMALL = 1 << 17;        // of all steps, up to which one thread does them
constexpr i64 CHUNK = 1 << 19;        // products of x that are made ahead of the steps
constexpr i64 LARGE_INPUT = 1 << 20;  // of all products of x, from which repeats are looked for

// out (rows, V registers) = x (rows, k) × panel (k, V registers)
template <class T, int rows, int V>
void multiply(const T* x, i64 step, i64 k, const T* panel, T* out) {
    constexpr i64 L = LANES<T>;
    Reg<T> c[rows][V] = {};
    for (i64 q = 0; q < k; q++) {
        Reg<T> w[V];
#pragma GCC unroll 4
        for (int j = 0; j < V; j++) w[j] = load(panel + (q * V + j) * L);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            const Reg<T> v = all(x[i * step + q]);
#pragma GCC unroll 4
            for (int j = 0; j < V; j++) c[i][j] = fma(v, w[j], c[i][j]);
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < V; j++) store(out + (i * V + j) * L, c[i][j]);
}

// The same for any number of rows up to tall(V).
template <class T, int V>
void multiply(i64 rows, const T* x, i64 step, i64 k, const T* panel, T* out) {
    switch (rows) {
#define CASE(r) \
    case r:     \
        if constexpr (r <= tall(V)) multiply<T, r, V>(x, step, k, panel, out); \
        break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#undef CASE
        default: break;
    }
}

// How many sequences one thread takes. (With fewer than four it waits for the weights.)
i64 share(i64 sequences, i64 cost) {
    const i64 threads = threads_at_work(), each = (sequences + threads - 1) / threads;
    return cost <= SMALL ? sequences : each < 4 ? 4 : each;
}

// A matrix in panels of V registers a row: G groups of `chunks` registers, one group for each gate.
template <class T>
struct Packed {
    const T* p;
    i64 k, columns, panels;  // columns of one group
};

template <class T>
i64 packed_size(i64 k, i64 columns, int groups, int chunks) {
    const i64 c = chunks * LANES<T>;
    return (columns + c - 1) / c * k * groups * c;
}

// Panels [first, last) of wᵀ, w (groups * columns, k)
template <class T>
void pack_gates(const T* w, i64 k, i64 columns, int groups, int chunks, i64 first, i64 last,
                T* to) {
    constexpr i64 L = LANES<T>;
    const i64 width = groups * chunks * L;
    for (i64 p = first; p < last; p++)
        for (int g = 0; g < groups; g++)
            for (int c = 0; c < chunks; c++) {
                const i64 j = (p * chunks + c) * L, n = columns - j < L ? columns - j : L;
                T* const y = to + p * k * width + (g * chunks + c) * L;
                if (n < L)
                    for (i64 q = 0; q < k; q++) store(y + q * width, Reg<T>{});
                if (n <= 0) continue;
                const T* const x = w + (g * columns + j) * k;
                if constexpr (std::is_same_v<T, float>) {
                    transpose(x, k, n, k, y, width);
                } else {
                    for (i64 i = 0; i < n; i++)
                        for (i64 q = 0; q < k; q++) y[q * width + i] = x[i * k + q];
                }
            }
}
template <class T>
Packed<T> pack_gates(const T* w, i64 k, i64 columns, int groups, int chunks, T* to) {
    const i64 each = chunks * LANES<T>, panels = (columns + each - 1) / each;
    pack_gates(w, k, columns, groups, chunks, 0, panels, to);
    return {to, k, columns, panels};
}

// w (k, columns) as it is
template <class T>
Packed<T> pack_plain(const T* w, i64 k, i64 columns, T* to) {
    constexpr i64 L = LANES<T>, W = WIDE * L;
    const i64 panels = (columns + W - 1) / W;
    for (i64 p = 0; p < panels; p++)
        for (i64 q = 0; q < k; q++)
            for (i64 c = 0; c < WIDE; c++) {
                const i64 j = p * W + c * L, n = columns - j < L ? columns - j : L;
                store(to + (p * k + q) * W + c * L, n > 0 ? get(w + q * columns + j, n) : Reg<T>{});
            }
    return {to, k, columns, panels};
}

// f(i, rows, buffer) for tiles of x's rows against panel p, their products in the buffer;
// ahead(i, rows) before each product: what f needs can be sent for
template <int V, class T, class A, class F>
RL_INLINE void tiles(i64 rows, const T* x, i64 step, const Packed<T>& w, i64 p, A ahead, F f) {
    constexpr i64 most = tall(V), width = V * LANES<T>;
    alignas(64) T buffer[most * width];
    const i64 count = (rows + most - 1) / most;
    for (i64 b = 0; b < count; b++) {  // of equal heights, if they can be
        const i64 i = rows * b / count, n = rows * (b + 1) / count - i;
        ahead(i, n);
        multiply<T, V>(n, x + i * step, step, w.k, w.p + p * w.k * width, buffer);
        f(i, n, buffer);
    }
}

// y (rows, columns) = x w, or y += x w
template <bool add, class T>
void product(i64 rows, const T* x, i64 x_step, const Packed<T>& w, i64 first, i64 last, T* y,
             i64 y_step) {
    constexpr i64 L = LANES<T>, W = WIDE * L;
    for (i64 p = first; p < last; p++) {
        tiles<WIDE>(rows, x, x_step, w, p, [](i64, i64) {}, [&](i64 i, i64 n, const T* buffer) {
            for (i64 r = 0; r < n; r++)
                for (i64 j = p * W; j < p * W + W && j < w.columns; j += L) {
                    const i64 width = w.columns - j < L ? w.columns - j : L;
                    T* const to = y + (i + r) * y_step + j;
                    const Reg<T> v = load(buffer + r * W + j - p * W);
                    put(to, add ? get(to, width) + v : v, width);
                }
        });
    }
}

template <class T>
Repeats repeats_in(const Recurrent<T>& of) {
    const i64 S = of.rows();
    if (S * of.inputs * of.gates() * of.hidden < LARGE_INPUT || of.inputs < 4) return {};
    return find_repeats(of.x, S, of.inputs, scratch<i64>(Slot::recurrent_rows, repeats_memory(S)));
}

// ---------------------------------------------------------------- forward

// The step's formula for n <= LANES hidden units of one sequence. a: the products of h', a gate's
// `step` after the other's; part: those of x. All pointers are those of the first unit.
template <Cell cell, class T>
RL_INLINE void unit(const T* a, i64 step, i64 n, i64 hidden, const T* part, T* kept, const T* b_hn,
                    const T* before, T* c, T* cells, T* h) {
    const auto gate = [=](i64 k) { return get(a + k * step, n) + get(part + k * hidden, n); };
    if constexpr (cell == Cell::lstm) {
        const auto i = gate_sigmoid(gate(0)), f = gate_sigmoid(gate(1)), u = tanh(gate(2));
        const auto o = gate_sigmoid(gate(3)), now = fma(f, get(c, n), i * u);
        if (kept) {
            put(kept, i, n);
            put(kept + hidden, f, n);
            put(kept + 2 * hidden, u, n);
            put(kept + 3 * hidden, o, n);
            put(cells, now, n);
        }
        put(c, now, n);
        put(h, o * tanh(now), n);
    } else if constexpr (cell == Cell::gru) {
        const auto r = gate_sigmoid(gate(0)), z = gate_sigmoid(gate(1));
        const auto q = b_hn ? get(a + 2 * step, n) + get(b_hn, n) : get(a + 2 * step, n);
        const auto v = tanh(fma(r, q, get(part + 2 * hidden, n)));
        if (kept) {
            put(kept, r, n);
            put(kept + hidden, z, n);
            put(kept + 2 * hidden, v, n);
            put(kept + 3 * hidden, q, n);
        }
        put(h, fma(z, get(before, n) - v, v), n);
    } else {
        const auto g = gate(0);
        if constexpr (cell == Cell::tanh) put(h, tanh(g), n);
        else put(h, g < 0 ? Reg<T>{} : g, n);
    }
}

template <Cell cell, class T>
struct Forward {
    static constexpr int G = cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1;
    static constexpr int C = G == 1 ? WIDE : 1, V = G * C;
    const Recurrent<T>& of;
    const Steps<T>& to;
    Packed<T> w, w_hr;
    const T* part;        // the products of x, from row `part_first` on
    i64 part_step;        // from one to the next
    i64 part_first;
    const i64* part_row;  // which row is whose; null: each has its own

    const T* source(i64 row) const {
        return part + (part_row ? part_row[row] : row - part_first) * part_step;
    }

    // Sequences [r, r + n) of step t: hidden units [j, j + width) of each, from products a
    void units(i64 t, i64 r, i64 n, i64 j, i64 end, const T* a, i64 row, i64 step, const T* state,
               T* full) const {
        constexpr i64 L = LANES<T>;
        const i64 H = of.hidden, at = of.offsets[t] + r;
        const T* const b_hn = cell == Cell::gru && of.b_hh ? of.b_hh + 2 * H : nullptr;
        for (i64 i = 0; i < n; i++)
            for (i64 k = j; k < end; k += L) {
                const i64 width = end - k < L ? end - k : L;
                T* const h = full ? full + i * H + k : to.y + (at + i) * H + k;
                unit<cell>(a + i * row + k - j, step, width, H, source(at + i) + k,
                           to.kept ? to.kept + (at + i) * 4 * H + k : nullptr,
                           b_hn ? b_hn + k : nullptr, state + (r + i) * of.out + k,
                           G == 4 ? to.cn + (r + i) * H + k : nullptr,
                           to.cells ? to.cells + (at + i) * H + k : nullptr, h);
            }
    }

    // The cache lines of hidden units from j on of n rows from `at` on: a line here and a line
    // there, which the processor does not foresee
    void send_for(i64 at, i64 n, i64 j) const {
        const i64 H = of.hidden;
        for (i64 s = at; s < at + n; s++) {
            const T* const x_part = source(s) + j;
            for (int g = 0; g < G; g++) __builtin_prefetch(x_part + g * H);
            if (to.kept) {
                T* const kept = to.kept + s * 4 * H + j;
                for (int g = 0; g < 4; g++) __builtin_prefetch(kept + g * H, 1);
                if (G == 4) __builtin_prefetch(to.cells + s * H + j, 1);
            }
            if (!of.w_hr) __builtin_prefetch(to.y + s * H + j, 1);
        }
    }

    // Sequences [r, r + n) of step t against panels [first, last); full: o tanh(c) (n, H), or null
    void panels(i64 t, i64 r, i64 n, i64 first, i64 last, const T* state, T* full) const {
        constexpr i64 L = LANES<T>;
        for (i64 q = first; q < last; q++) {
            // to and fro: the panels of the last step's end are still in the cache
            const i64 p = t & 1 ? first + last - 1 - q : q;
            const i64 j = p * C * L, end = j + C * L < of.hidden ? j + C * L : of.hidden;
            const auto ahead = [&](i64 i, i64 m) { send_for(of.offsets[t] + r + i, m, j); };
            const auto finish = [&](i64 i, i64 m, const T* buffer) {
                units(t, r + i, m, j, end, buffer, V * L, L, state,
                      full ? full + i * of.hidden : nullptr);
            };
            tiles<V>(n, state + r * of.out, of.out, w, p, ahead, finish);
        }
    }

    // After all panels: the projection, and the new state.
    void leave(i64 t, i64 r, i64 n, const T* full) const {
        T* const y = to.y + (of.offsets[t] + r) * of.out;
        if (full) product<false>(n, full, of.hidden, w_hr, 0, w_hr.panels, y, of.out);
        std::memcpy(to.hn + r * of.out, y, n * of.out * sizeof(T));
    }

    void run() {
        const i64 H = of.hidden, N = of.batch, I = of.inputs;
        const Repeats repeats = repeats_in(of);
        const bool packs = of.steps > 1;
        const i64 hr = of.w_hr ? packed_size<T>(H, of.out, 1, WIDE) : 0;
        const i64 hh = packs ? packed_size<T>(of.out, H, G, C) : N * G * H;
        const i64 direct = packs ? 0 : (of.w_hr ? N * H : 0);
        // Products that are not kept, nor many, have memory of their own; the others are made in
        // chunks of steps, which stay in the cache until they are used.
        const i64 S = of.rows(), most = CHUNK / (G * H) < N ? N : CHUNK / (G * H);
        const bool in_place = G == 1 || (to.kept && S <= 4 * most);
        const i64 product = repeats.kinds ? repeats.kinds : in_place ? 0 : S < most ? S : most;
        const i64 table = product * G * H + repeats.kinds * I;
        T* const memory = scratch<T>(Slot::recurrent_shared, hr + hh + direct + G * H + table);
        T *const hr_at = memory, *const hh_at = memory + hr, *const full_at = hh_at + hh;
        T *const bias = full_at + direct, *const own = bias + G * H;
        if (of.b_ih)
            for (i64 i = 0; i < G * H; i++)
                bias[i] = of.b_ih[i] + (cell == Cell::gru && i >= 2 * H ? T(0) : of.b_hh[i]);
        const auto multiply_x = [&](const T* x, i64 rows, T* y) {
            gemm<T>(rows, G * H, I, {x, I, 1}, {of.w_ih, 1, I}, of.b_ih ? bias : nullptr, false, y,
                    part_step);
            part = y;
        };
        part_first = 0;
        part_row = nullptr;
        part_step = G * H;
        bool ready = true;
        if (repeats.kinds) {
            take_kinds(repeats, of.x, I, own);
            part_row = repeats.kind;
            multiply_x(own, repeats.kinds, own + repeats.kinds * I);
        } else if (in_place) {
            part_step = G == 1 ? H : 4 * H;
            multiply_x(of.x, S, G == 1 ? to.y : to.kept);
        } else {
            ready = false;
        }
        std::memcpy(to.hn, of.h0, N * of.out * sizeof(T));
        if (G == 4) std::memcpy(to.cn, of.c0, N * H * sizeof(T));
        if (of.w_hr) w_hr = pack_gates(of.w_hr, H, of.out, 1, WIDE, hr_at);
        if (!packs) {  // packing would cost as much as the product
            if (!ready) multiply_x(of.x, S, own);
            gemm<T>(N, G * H, of.out, {of.h0, of.out, 1}, {of.w_hh, 1, of.out}, nullptr, false,
                    hh_at, G * H);
            T* const full = of.w_hr ? full_at : nullptr;
            parallel(N, rows_per_block(H * G * 8, 1 << 15), [&](i64 begin, i64 end) {
                units(0, begin, end - begin, 0, H, hh_at + begin * G * H, G * H, H, to.hn,
                      full ? full + begin * H : nullptr);
                leave(0, begin, end - begin, full ? full + begin * H : nullptr);
            });
            return;
        }
        const i64 threads = threads_at_work(), panels = (H + C * LANES<T> - 1) / (C * LANES<T>);
        const bool whole = of.rows(0) == of.rows(of.steps - 1);  // nobody ends, nobody begins
        const bool shared = N <= tall(V) && threads > 1 && panels > 1 && whole && !of.w_hr &&
                            N * G * H * of.out >= LARGE_STEP;
        w = {hh_at, of.out, H, panels};
        if (!shared) pack_gates(of.w_hh, of.out, H, G, C, 0, panels, hh_at);
        for (i64 first = 0, last; first < of.steps; first = last) {
            last = first + 1;
            if (ready) last = of.steps;
            else {
                i64 rows = of.rows(of.at(first));
                while (last < of.steps && rows + of.rows(of.at(last)) <= most)
                    rows += of.rows(of.at(last++));
                part_first = of.offsets[of.reverse ? of.at(last - 1) : first];
                multiply_x(of.x + part_first * I, rows, own);
            }
            if (shared) walk_together(first, last, hh_at);
            else walk(first, last);
        }
    }

    // The steps [begin, end) of few sequences: each thread packs and multiplies panels of its own
    void walk_together(i64 begin, i64 end, T* packed) const {
        const i64 threads = threads_at_work(), N = of.batch, P = of.out;
        Together all(threads < w.panels ? threads : w.panels);
        parallel(all.parts(), 1, [&](i64 own, i64) {
            all.go(end - begin, own, [&](i64 s, i64 part) {
                const i64 i = begin + s, t = of.at(i), before = of.at(i ? i - 1 : 0);
                const i64 first = w.panels * part / all.parts();
                const i64 last = w.panels * (part + 1) / all.parts();
                if (i == 0) pack_gates(of.w_hh, P, of.hidden, G, C, first, last, packed);
                panels(t, 0, N, first, last, s ? to.y + of.offsets[before] * P : to.hn, nullptr);
            });
        });
        std::memcpy(to.hn, to.y + of.offsets[of.at(end - 1)] * P, N * P * sizeof(T));
    }

    // The steps [begin, end)
    void walk(i64 begin_step, i64 end_step) const {
        const i64 N = of.batch, count = w.panels, cost = N * G * of.hidden * of.out;
        parallel(N, share(N, (end_step - begin_step) * cost), [&](i64 begin, i64 end) {
            T* const full =
                of.w_hr ? scratch<T>(Slot::recurrent_block, (end - begin) * of.hidden) : nullptr;
            for (i64 i = begin_step; i < end_step; i++) {
                const i64 t = of.at(i), n = (of.rows(t) < end ? of.rows(t) : end) - begin;
                if (n <= 0) continue;
                panels(t, begin, n, 0, count, to.hn, full);
                leave(t, begin, n, full);
            }
        });
    }
};

// ---------------------------------------------------------------- backward

// The gradients of the gates of n <= LANES hidden units of one sequence. dh: of h, all of it.
// d, d_h: the gates' gradients beside x and beside h'. dc: of c, changed. Returns what dh' has
// beside the products.
template <Cell cell, class T>
RL_INLINE Reg<T> unit_dx(Reg<T> dh, i64 n, i64 hidden, const T* kept, const T* h, const T* c,
                         const T* before, T* d, T* d_h, T* dc) {
    if constexpr (cell == Cell::lstm) {
        const auto i = get(kept, n), f = get(kept + hidden, n), u = get(kept + 2 * hidden, n);
        const auto o = get(kept + 3 * hidden, n), v = tanh(get(c, n));
        const auto dnow = fma(dh * o, 1 - v * v, get(dc, n));
        put(d, dnow * u * (i * (1 - i)), n);
        put(d + hidden, dnow * get(before, n) * (f * (1 - f)), n);
        put(d + 2 * hidden, dnow * i * (1 - u * u), n);
        put(d + 3 * hidden, dh * v * (o * (1 - o)), n);
        put(dc, dnow * f, n);
        return Reg<T>{};
    } else if constexpr (cell == Cell::gru) {
        const auto r = get(kept, n), z = get(kept + hidden, n), v = get(kept + 2 * hidden, n);
        const auto q = get(kept + 3 * hidden, n);
        const auto dv = dh * (1 - z) * (1 - v * v), dr = dv * q * (r * (1 - r));
        const auto dz = dh * (get(before, n) - v) * (z * (1 - z));
        put(d, dr, n);
        put(d + hidden, dz, n);
        put(d + 2 * hidden, dv, n);
        put(d_h, dr, n);
        put(d_h + hidden, dz, n);
        put(d_h + 2 * hidden, dv * r, n);
        return dh * z;
    } else {
        const auto y = get(h, n);
        if constexpr (cell == Cell::tanh) put(d, dh * (1 - y * y), n);
        else put(d, y > 0 ? dh : Reg<T>{}, n);
        return Reg<T>{};
    }
}

template <Cell cell, class T>
struct Backward {
    static constexpr int G = cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1;
    const Recurrent<T>& of;
    const Steps<T>& made;
    const Slopes<T>& to;
    Packed<T> w, w_hr;

    // The gates' gradients of sequences [r, r + n) at step t
    void gates(i64 t, i64 r, i64 n) const {
        constexpr i64 L = LANES<T>;
        const i64 H = of.hidden, P = of.out, at = of.offsets[t] + r;
        const T* dh = to.dh0 + r * P;
        i64 dh_step = P;
        if (of.w_hr) {  // of the projection's output, then of its input
            T *const sum = to.dh + at * P, *const full = scratch<T>(Slot::recurrent_block, n * H);
            row_map(n * P, [](Reg<T> a, Reg<T> b) { return a + b; }, sum, dh, to.dy + at * P);
            product<false>(n, sum, P, w_hr, 0, w_hr.panels, full, H);
            dh = full;
            dh_step = H;
        }
        for (i64 i = 0; i < n; i++) {
            const i64 row = at + i, last = of.before(t, r + i);
            const T* const first = G == 4 ? of.c0 : of.h0;
            const T* const states = G == 4 ? made.cells : made.y;
            const T* const before = last < 0 ? first + (r + i) * H : states + last * H;
            for (i64 j = 0; j < H; j += L) {
                const i64 m = H - j < L ? H - j : L;
                auto g = get(dh + i * dh_step + j, m);
                if (!of.w_hr) g += get(to.dy + row * H + j, m);
                const auto rest = unit_dx<cell>(
                    g, m, H, G == 1 ? nullptr : made.kept + row * 4 * H + j,
                    made.y + row * P + j, G == 4 ? made.cells + row * H + j : nullptr, before + j,
                    to.dgates + row * G * H + j,
                    G == 3 ? to.dgates_h + row * G * H + j : nullptr,
                    G == 4 ? to.dc0 + (r + i) * H + j : nullptr);
                if (G == 3) put(to.dh0 + (r + i) * H + j, rest, m);
            }
        }
    }

    // The gradient of the state before step t, from the gates'
    void state(i64 t, i64 r, i64 n, i64 first, i64 last) const {
        const i64 k = G * of.hidden;
        const T* const d = (G == 3 ? to.dgates_h : to.dgates) + (of.offsets[t] + r) * k;
        product<G == 3>(n, d, k, w, first, last, to.dh0 + r * of.out, of.out);
    }

    void run() {
        const i64 H = of.hidden, P = of.out, N = of.batch, K = G * H;
        const bool packs = of.steps > 1;
        const i64 hr = of.w_hr ? packed_size<T>(P, H, 1, WIDE) : 0;
        const i64 hh = packs ? packed_size<T>(K, P, 1, WIDE) : G == 3 ? N * P : 0;
        T* const memory = scratch<T>(Slot::recurrent_shared, hr + hh);
        if (of.w_hr) w_hr = pack_plain(of.w_hr, P, H, memory);
        if (packs) w = pack_plain(of.w_hh, K, P, memory + hr);
        start(to.dh0, to.dhn, N * P);
        if (G == 4) start(to.dc0, to.dcn, N * H);

        const i64 threads = threads_at_work();
        if (!packs) {
            parallel(N, rows_per_block(H * G * 8, 1 << 15),
                     [&](i64 begin, i64 end) { gates(0, begin, end - begin); });
            const T* const d = G == 3 ? to.dgates_h : to.dgates;
            T* const dh = G == 3 ? memory + hr : to.dh0;
            gemm<T>(N, P, K, {d, K, 1}, {of.w_hh, P, 1}, nullptr, false, dh, P);
            if (G == 3)
                row_map(N * P, [](Reg<T> a, Reg<T> b) { return a + b; }, to.dh0,
                        static_cast<const T*>(to.dh0), static_cast<const T*>(dh));
        } else if (N <= tall(WIDE) && threads > 1 && N * K * P >= LARGE_JOB) {
            for (i64 i = of.steps - 1; i >= 0; i--) {
                const i64 t = of.at(i), n = of.rows(t);
                gates(t, 0, n);
                parallel(w.panels, (w.panels + threads - 1) / threads,
                         [&](i64 first, i64 last) { state(t, 0, n, first, last); });
            }
        } else {
            parallel(N, share(N, of.steps * N * K * P), [&](i64 begin, i64 end) {
                for (i64 i = of.steps - 1; i >= 0; i--) {
                    const i64 t = of.at(i), n = (of.rows(t) < end ? of.rows(t) : end) - begin;
                    if (n <= 0) continue;
                    gates(t, begin, n);
                    state(t, begin, n, 0, w.panels);
                }
            });
        }
        weights();
    }

    // The weights' gradients and x's: products over all steps at once
    void weights() const {
        const i64 H = of.hidden, P = of.out, S = of.rows(), K = G * H, I = of.inputs;
        parallel(of.steps, rows_per_block(of.batch * P, 1 << 15), [&](i64 begin, i64 end) {
            for (i64 t = begin; t < end; t++)
                for (i64 r = 0; r < of.rows(t); r++) {
                    const i64 last = of.before(t, r);
                    std::memcpy(to.before + (of.offsets[t] + r) * P,
                                last < 0 ? of.h0 + r * P : made.y + last * P, P * sizeof(T));
                }
        });
        const T *const d = to.dgates, *const d_h = G == 3 ? to.dgates_h : to.dgates;
        gemm<T>(K, P, S, {d_h, 1, K}, {to.before, P, 1}, nullptr, false, to.dw_hh, P);
        const Repeats repeats = repeats_in(of);
        const T *x = of.x, *d_x = d;
        const i64 rows = repeats.kinds ? repeats.kinds : S;
        if (repeats.kinds) {  // rows that are the same: their gradients are added up first
            T* const kinds = scratch<T>(Slot::recurrent_shared, rows * (I + K));
            take_kinds(repeats, of.x, I, kinds);
            x = kinds;
            d_x = kinds + rows * I;
            add_kinds(repeats, d, S, K, kinds + rows * I);
        }
        gemm<T>(K, I, rows, {d_x, 1, K}, {x, I, 1}, nullptr, false, to.dw_ih, I);
        if (to.db_ih) sum(d_x, 1, rows, K, 1., to.db_ih);
        if (to.db_hh) sum(d_h, 1, S, K, 1., to.db_hh);
        if (to.dx) gemm<T>(S, I, K, {d, K, 1}, {of.w_ih, I, 1}, nullptr, false, to.dx, I);
        if (!of.w_hr) return;
        for (i64 s = 0; s < S; s++)
            row_map(H, [](Reg<T> o, Reg<T> c) { return o * tanh(c); }, to.full + s * H,
                    static_cast<const T*>(made.kept + s * 4 * H + 3 * H),
                    static_cast<const T*>(made.cells + s * H));
        gemm<T>(P, H, S, {to.dh, 1, P}, {to.full, H, 1}, nullptr, false, to.dw_hr, H);
    }

    static void start(T* to, const T* from, i64 n) {
        if (from) std::memcpy(to, from, n * sizeof(T));
        else std::memset(to, 0, n * sizeof(T));
    }
};

}  // namespace

template <class T>
void recurrent(const Recurrent<T>& of, const Steps<T>& to) {
    switch (of.cell) {
        case Cell::lstm: Forward<Cell::lstm, T>{of, to, {}, {}, {}, {}, {}, {}}.run(); break;
        case Cell::gru: Forward<Cell::gru, T>{of, to, {}, {}, {}, {}, {}, {}}.run(); break;
        case Cell::tanh: Forward<Cell::tanh, T>{of, to, {}, {}, {}, {}, {}, {}}.run(); break;
        case Cell::relu: Forward<Cell::relu, T>{of, to, {}, {}, {}, {}, {}, {}}.run(); break;
    }
}

template <class T>
void recurrent_dx(const Recurrent<T>& of, const Steps<T>& made, const Slopes<T>& to) {
    switch (of.cell) {
        case Cell::lstm: Backward<Cell::lstm, T>{of, made, to, {}, {}}.run(); break;
        case Cell::gru: Backward<Cell::gru, T>{of, made, to, {}, {}}.run(); break;
        case Cell::tanh: Backward<Cell::tanh, T>{of, made, to, {}, {}}.run(); break;
        case Cell::relu: Backward<Cell::relu, T>{of, made, to, {}, {}}.run(); break;
    }
}

template void recurrent(const Recurrent<float>&, const Steps<float>&);
template void recurrent(const Recurrent<double>&, const Steps<double>&);
template void recurrent_dx(const Recurrent<float>&, const Steps<float>&, const Slopes<float>&);
template void recurrent_dx(const Recurrent<double>&, const Steps<double>&, const Slopes<double>&);

}  // namespace rl::RL_ISA
