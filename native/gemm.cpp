// Matrix products.
//
// One operand is packed into panels of WIDTH columns, the other is streamed: a register tile holds
// ROWS rows of the streamed matrix against one panel, and each step of k takes ROWS broadcast
// numbers times a panel row of up to VECTORS registers. Which operand is packed is a choice, since
// c = a b is also cᵀ = bᵀ aᵀ; the smaller one is, because a weight matrix (O, I) against a batch of
// 64 rows is then read exactly once and never copied. Rows of the packed operand that are contiguous are
// read where they lie when few rows go against them (`Way`). Results that are neither turned nor added to
// are written where they belong; others leave through a small buffer, where the transposition, the bias
// and the relu are done.
//
// Every number of c is a chain of fma over k in blocks of DEPTH, from low to high, so neither
// the shape of the tiles nor the number of threads changes its bits. Products of few rows with both
// operands contiguous along k are dot products instead.
#include "gemm.hpp"

#include "gemm_target.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {

namespace {

// Registers: 32 with AVX-512, else 16. A tile takes ROWS * VECTORS of them, and VECTORS + 1 more.
#if RL_REGISTERS == 32
constexpr int VECTORS = 4;
#else
constexpr int VECTORS = 2;
#endif
constexpr int ROWS = 6, TALL = 12;  // rows of a tile; of one that is less than half as wide
constexpr i64 BLOCK = 48;           // rows of a task: a multiple of both
constexpr i64 DEPTH = 512;          // of k at a time: a panel's part stays in the L2 cache
constexpr i64 FAR = 4 << 20;  // bytes, of which some are not in the cache
constexpr i64 AHEAD = 16;           // steps of k by which packing strips asks for memory
constexpr i64 SHORT = 512;          // see Lie
constexpr i64 GROUP = 512 << 10, STRIPS_GROUP = 4 << 20;  // bytes of packed panels, see stream
constexpr i64 SMALL = 1 << 17;      // multiply-adds that one thread does faster alone
// Up to FEW rows against rows of at least LONG numbers are dot products: a classifier's ten outputs.
#if RL_REGISTERS == 32
constexpr i64 FEW = 15, LONG = 192;
constexpr int STREAMS = 4;  // rows that one row goes against at a time, see one_row
#else
constexpr i64 FEW = 4, LONG = 0;
constexpr int STREAMS = 2;
#endif

template <class T>
constexpr i64 WIDTH = VECTORS * LANES<T>;
template <class T>
constexpr i64 LINE = 64 / sizeof(T);  // numbers of a cache line

template <class T>
struct Tile {
    const T* rows[TALL];  // of the streamed matrix, at the first k
    i64 col;              // its step along k; 0: packed, the numbers of a step side by side
    i64 next;             // from these rows to the next ones
    const T* panel;       // (k, WIDTH) or with another step
    i64 panel_step;
    T* out;  // (ROWS, WIDTH)
    i64 out_step;
};

// How the streamed rows lie: side by side in strips; apart; apart, and so short that the processor does
// not foresee where the next ones begin: their memory is asked for.
enum class Lie { packed, apart, short_ones };

// out (+)= rows × panel over `depth` steps
template <class T, int rows, int vectors, Lie lie>
void tile(const Tile<T>& t, i64 depth, bool add) {
    using V = Reg<T>;
    V c[rows][vectors];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            c[i][j] = add ? load(t.out + i * t.out_step + j * LANES<T>) : V{};

    constexpr bool packed = lie == Lie::packed;
    const T* a[packed ? 1 : rows];
    if constexpr (packed) a[0] = t.rows[0];
    else
        for (int i = 0; i < rows; i++) a[i] = t.rows[i];
    const T* b = t.panel;
    i64 at = 0;
#pragma GCC unroll 4
    for (i64 k = 0; k < depth; k++) {
        if (lie == Lie::short_ones && k % LINE<T> == 0)
#pragma GCC unroll 12
            for (int i = 0; i < rows; i++)
                __builtin_prefetch(a[packed ? 0 : i] + at + t.next, 0, 2);  // to the L2 cache
        V row[vectors];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) row[j] = load(b + j * LANES<T>);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            const V x = all(packed ? a[0][at + i] : a[packed ? 0 : i][at]);
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) c[i][j] = fma(x, row[j], c[i][j]);
        }
        b += t.panel_step;
        at += packed ? rows : t.col;
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) store(t.out + i * t.out_step + j * LANES<T>, c[i][j]);
}

template <class T>
using TileFn = void (*)(const Tile<T>&, i64 depth, bool add);

// The tile for `rows` (ROWS, TALL or 1) and a panel of n <= WIDTH columns.
template <class T>
TileFn<T> find_tile(int rows, i64 n, Lie lie) {
    const i64 v = (n + LANES<T> - 1) / LANES<T>;
#define FIND(r, vec) \
    if (rows == r && v == vec)                                               \
        return lie == Lie::packed  ? tile<T, r, vec, Lie::packed>             \
               : lie == Lie::apart ? tile<T, r, vec, Lie::apart>              \
                                   : tile<T, r, vec, Lie::short_ones>;
    FIND(ROWS, 1)
    FIND(ROWS, 2)
    FIND(TALL, 1)
    FIND(1, 1)
    FIND(1, 2)
#if RL_REGISTERS == 32
    FIND(TALL, 2)
    FIND(ROWS, 3)
    FIND(ROWS, 4)
    FIND(1, 3)
    FIND(1, 4)
#endif
#undef FIND
    __builtin_unreachable();
}

// b (depth, n), n <= pitch -> panel (depth, pitch), zeros on the right
template <class T>
void pack_panel(Matrix<T> b, i64 depth, i64 n, T* panel, i64 pitch) {
    if (n < pitch) std::memset(panel, 0, depth * pitch * sizeof(T));
    if (b.col == 1) {
        for (i64 k = 0; k < depth; k++) {
            for (i64 j = 0; j < n; j += LINE<T>) __builtin_prefetch(b.p + (k + AHEAD) * b.row + j);
            if (n == WIDTH<T>)
                std::memcpy(panel + k * pitch, b.p + k * b.row, WIDTH<T> * sizeof(T));
            else std::memcpy(panel + k * pitch, b.p + k * b.row, n * sizeof(T));
        }
    } else if (b.row == 1) {
        transpose(b.p, b.col, n, depth, panel, pitch);
    } else {
        for (i64 k = 0; k < depth; k++)
            for (i64 j = 0; j < n; j++) panel[k * pitch + j] = b.p[k * b.row + j * b.col];
    }
}

// a (m, depth) -> strips (m / rows rounded up, depth, rows); rows beyond m repeat the last one
template <class T, int rows>
void pack_strips(Matrix<T> a, i64 m, i64 depth, T* strips) {
    const i64 whole = a.row == 1 ? m / rows : 0;  // strips whose rows are side by side in memory
    for (i64 k = 0; k < depth; k++) {
        const T* x = a.p + k * a.col;
        if (whole) {  // lines far apart, which the processor does not foresee
            __builtin_prefetch(x + AHEAD * a.col);
            __builtin_prefetch(x + AHEAD * a.col + whole * rows - 1);
        }
        T* y = strips + k * rows;
        for (i64 s = 0; s < whole; s++, x += rows, y += depth * rows)
            std::memcpy(y, x, rows * sizeof(T));
        for (i64 i = whole * rows; i < m; i += rows, y += depth * rows)
            for (i64 r = 0; r < rows; r++)
                y[r] = a.p[k * a.col + (i + r < m ? i + r : m - 1) * a.row];
    }
}

// Asks for the memory that `leave` will write to, while there is something to compute.
template <class T>
RL_INLINE void send_for(i64 m, i64 n, const Target<T>& to, i64 i, i64 j) {
    if (to.transposed) {
        std::swap(m, n);
        std::swap(i, j);
    }
    for (i64 r = 0; r < m; r++)
        for (i64 k = 0; k < n; k += LINE<T>)
            __builtin_prefetch(to.c + (i + r) * to.step + j + k, 1);
}

// How s (m, k) goes against b (k, n).
template <class T>
struct Way {
    bool strips;    // s is copied, too: its rows are not contiguous
    bool in_place;  // b is not: its rows are contiguous, and few rows are to go against it, or its own
                    // lie close together
    i64 copied;     // numbers

    Way(i64 m, i64 n, i64 k, const Matrix<T>& s, const Matrix<T>& b)
        : strips(s.col != 1 && k > 1),
          in_place(b.col == 1 && (m <= most(strips, b.row, k) || b.row <= WIDTH<T>)),
          copied((in_place ? 0 : k * n) + (strips ? k * m : 0)) {}

    // Up to how many rows against b where it lies are faster than copying it.
    static i64 most(bool strips, i64 step, i64 k) {
        if (strips) return 2 * ROWS;
        // A panel of one line a row: models' rows begin a multiple of 256 bytes apart, and more than 256 of
        // them share too few lines of the first-level cache.
        if (RL_REGISTERS == 16 && k > 256) return 2 * VECTORS * ROWS;
        // Rows of b that begin a multiple of 4096 bytes apart share a few lines of the caches; those that
        // are far apart lie on more pages than the processor has addresses of at hand.
        const i64 bytes = step * i64(sizeof(T));
        if (bytes % 4096 == 0 || bytes > 8192) return VECTORS * ROWS;
        return k > 4 * DEPTH ? BLOCK : 4 * BLOCK;
    }
};

// s (m, k) streamed against b (k, n) packed; `to` says where the product goes.
//
// A task is a block of rows against a group of panels, which each thread packs for itself, once as long
// as its tasks are of one group: what another core has just written is read more slowly than it is packed
// again. With `add` the product is added to what is there, as further steps of k.
template <class T>
void stream(i64 m, i64 n, i64 k, Matrix<T> s, Matrix<T> b, const Target<T>& to, After after,
            bool add = false) {
    constexpr i64 W = WIDTH<T>;
    const bool alone = m * n * k <= SMALL;
    const i64 panels = (n + W - 1) / W;
    const int rows = m == 1 ? 1 : 2 * n <= W ? TALL : ROWS;
    const i64 pitch = n < W ? (n + LANES<T> - 1) / LANES<T> * LANES<T> : W;
    const auto [strips, in_place, copied] = Way<T>(m, n, k, s, b);
    const Lie lie = strips ? Lie::packed : k < SHORT ? Lie::short_ones : Lie::apart;

    const i64 first_packed = in_place ? n / W : 0;  // (a partial panel is)

    // Strips are packed anew for each group: so there should be few of those. A panel that lies where it is
    // should meet all rows while it is in the cache: so each is a group.
    const i64 most = (strips ? STRIPS_GROUP : GROUP) / (k * pitch * i64(sizeof(T)));
    const bool by_panel = in_place && !strips;
    const bool large = (by_panel && panels >= 8) || m >= 16 * BLOCK;
    const i64 block = large ? BLOCK : m >= 4 * BLOCK ? BLOCK / 2 : BLOCK / 4;
    const i64 blocks = (m + block - 1) / block;
    i64 groups = most < 1 ? panels : (panels + most - 1) / most;
    if (in_place) groups = by_panel ? panels : 1;
    if (blocks < 8) {  // with few rows there are other tasks than rows
        const i64 enough = m * n * k / SMALL / blocks + 1, all = enough < panels ? enough : panels;
        groups = groups < all ? all : groups;
    }
    const i64 largest = (panels + groups - 1) / groups;
    const std::uint64_t call = next_call();
    parallel(blocks * groups, alone ? blocks * groups : 1, [&](i64 begin, i64 end) {
        for (i64 task = begin; task < end; task++) {
            const i64 group = task / blocks, end_panel = panels * (group + 1) / groups;
            const i64 first_panel = panels * group / groups;
            const i64 from = first_panel > first_packed ? first_panel : first_packed;
            T* const packed = packed_group<T>(call, group, largest * k * pitch, [&](T* to) {
                for (i64 p = from; p < end_panel; p++)
                    pack_panel(b.from(0, p * W), k, n - p * W < W ? n - p * W : W,
                               to + (p - from) * k * pitch, pitch);
            });
            const i64 i0 = task % blocks * block, mi = m - i0 < block ? m - i0 : block;
            T* const strip = strips ? scratch<T>(Slot::gemm_block, (block + TALL) * k) : nullptr;
            if (strips && rows == TALL) pack_strips<T, TALL>(s.from(i0, 0), mi, k, strip);
            if (strips && rows == ROWS) pack_strips<T, ROWS>(s.from(i0, 0), mi, k, strip);
            if (strips && rows == 1) pack_strips<T, 1>(s.from(i0, 0), mi, k, strip);
            for (i64 p = first_panel; p < end_panel; p++) {
                const i64 width = n - p * W < W ? n - p * W : W;
                const bool direct = p < first_packed;
                // rows [0, past) need no buffer: whole registers of sums that stay as they are
                const bool as_is = !to.transposed && !to.bias && !to.relu && width % LANES<T> == 0;
                const i64 past = as_is ? mi / rows * rows : 0;
                const TileFn<T> multiply = find_tile<T>(rows, width, lie);
                send_for(mi, width, to, i0, p * W);
                alignas(64) T buffer[(BLOCK + TALL) * W];
                for (i64 i = past; add && i < mi; i++)
                    std::memcpy(buffer + i * W, to.c + (i0 + i) * to.step + p * W, width * sizeof(T));
                for (i64 k0 = 0; k0 < k; k0 += DEPTH) {
                    const i64 depth = k - k0 < DEPTH ? k - k0 : DEPTH;
                    Tile<T> t;
                    t.col = s.col;
                    t.next = rows * s.row;
                    t.panel = direct ? b.p + k0 * b.row + p * W : packed + ((p - from) * k + k0) * pitch;
                    t.panel_step = direct ? b.row : pitch;
                    for (i64 i = 0; i < mi; i += rows) {
                        if (strips) {
                            t.rows[0] = strip + i * k + k0 * rows;
                        } else {
                            for (i64 r = 0; r < rows; r++) {
                                const i64 row = i + r < mi ? i + r : mi - 1;
                                t.rows[r] = s.p + (i0 + row) * s.row + k0 * s.col;
                            }
                        }
                        t.out = i < past ? to.c + (i0 + i) * to.step + p * W : buffer + i * W;
                        t.out_step = i < past ? to.step : W;
                        multiply(t, depth, add || k0 > 0);
                    }
                }
                if (past < mi)
                    leave<W, BLOCK>(buffer + past * W, mi - past, width, to, i0 + past, p * W,
                                    [](T* at, Reg<T> v, i64 l) { put(at, v, l); });
                if (after.run && to.transposed) after.run(after.of, p * W, i0, width, mi);
                else if (after.run) after.run(after.of, i0, p * W, mi, width);
            }
        }
    });
}

template <class T>
RL_INLINE void put_one(T v, i64 i, i64 j, const Target<T>& to) {
    if (to.bias) v += to.bias[j];
    to.c[i * to.step + j] = to.relu && v < 0 ? T(0) : v;
}

constexpr int J = 4;  // rows of b that a dot product takes at a time

// c[first + i][j0 + j] = Σ a[i][k] b[j0 + j][k], a few rows i against J rows of b, all contiguous.
template <class T, int rows>
void dots(i64 first, i64 j0, i64 n, i64 k, Matrix<T> a, Matrix<T> b, const Target<T>& to) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    const T *x[rows], *y[J];
    for (int i = 0; i < rows; i++) x[i] = a.p + (first + i) * a.row;
    for (i64 j = 0; j < J; j++) y[j] = b.p + (j0 + j < n ? j0 + j : n - 1) * b.col;
    V c[rows][J] = {};
    const auto step = [&](auto get, i64 at) {
        V row[rows];
        for (int i = 0; i < rows; i++) row[i] = get(x[i] + at);
        for (int j = 0; j < J; j++) {
            const V z = get(y[j] + at);
            for (int i = 0; i < rows; i++) c[i][j] = fma(row[i], z, c[i][j]);
        }
    };
    i64 at = 0;
    for (; at + L <= k; at += L) step([](const T* p) { return load(p); }, at);
    if (at < k) step([&](const T* p) { return load_part(p, k - at); }, at);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < J && j0 + j < n; j++) {
            const i64 one = first + i, other = j0 + j;
            put_one(sum(c[i][j]), to.transposed ? other : one, to.transposed ? one : other, to);
        }
    }
}

// One row against `rows` rows of b from row j on, sums enough for each to hide the multiplier's latency.
// far: those are not in the cache; the next `rows` ones are asked for, into the L2 cache.
template <class T, bool far, int rows>
RL_INLINE void dots_of_one(i64 j, i64 k, Matrix<T> a, Matrix<T> b, const Target<T>& to) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>, U = 4;
    const T *const x = a.p, *y[rows];
    for (int r = 0; r < rows; r++) y[r] = b.p + (j + r) * b.col;
    V c[rows][U] = {};
    i64 at = 0;
    for (; at + U * L <= k; at += U * L)
#pragma GCC unroll 4
        for (i64 u = 0; u < U; u++) {
            const V z = load(x + at + u * L);
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++) {
                const T* const p = y[r] + at + u * L;
                if constexpr (far) __builtin_prefetch(p + rows * b.col, 0, 2);
                c[r][u] = fma(z, load(p), c[r][u]);
            }
        }
    for (int r = 0; r < rows; r++) {
        i64 rest = at;
        for (; rest + L <= k; rest += L) c[r][0] = fma(load(x + rest), load(y[r] + rest), c[r][0]);
        if (rest < k)
            c[r][1] = fma(load_part(x + rest, k - rest), load_part(y[r] + rest, k - rest), c[r][1]);
        const T v = sum((c[r][0] + c[r][1]) + (c[r][2] + c[r][3]));
        put_one(v, to.transposed ? j + r : 0, to.transposed ? 0 : j + r, to);
    }
}

// One row against rows [begin, end) of b, which are read but once. The memory gives more to STREAMS rows
// at a time than to one; a cache does not.
template <class T, bool far>
void one_row(i64 begin, i64 end, i64 k, Matrix<T> a, Matrix<T> b, const Target<T>& to) {
    i64 j = begin;
    for (; far && j + STREAMS <= end; j += STREAMS) dots_of_one<T, far, STREAMS>(j, k, a, b, to);
    for (; j < end; j++) dots_of_one<T, far, 1>(j, k, a, b, to);
}

// True if it was a case for dot products.
template <class T>
bool few_rows(i64 m, i64 n, i64 k, Matrix<T> a, Matrix<T> b, const Target<T>& to) {
    if (a.col != 1 || b.row != 1 || m > FEW || (m > 4 && (k < LONG || n < LANES<T>))) return false;
    if (k <= 8) {  // shorter than a register is worth
        for (i64 i = 0; i < m; i++) {
            for (i64 j = 0; j < n; j++) {
                const T *x = a.p + i * a.row, *y = b.p + j * b.col;
                T v = x[0] * y[0];
                for (i64 q = 1; q < k; q++) v = fma(x[q], y[q], v);
                put_one(v, to.transposed ? j : i, to.transposed ? i : j, to);
            }
        }
        return true;
    }
    if (m == 1) {
        const i64 rows = rows_per_block(k, 1 << 15);
        if (n * k * i64(sizeof(T)) <= FAR)
            parallel(n, rows, [&](i64 i, i64 end) { one_row<T, false>(i, end, k, a, b, to); });
        else
            parallel(n, (rows + STREAMS - 1) / STREAMS * STREAMS,
                     [&](i64 i, i64 end) { one_row<T, true>(i, end, k, a, b, to); });
        return true;
    }
    const i64 most = FEW > 4 && m % 5 == 0 ? 5 : 4;
    parallel((n + J - 1) / J, rows_per_block(k * m * J, 1 << 15), [&](i64 begin, i64 end) {
        for (i64 j = begin * J; j < end * J && j < n; j += J) {
            for (i64 i = 0; i < m; i += most) {
                switch (m - i < most ? m - i : most) {
                    case 1: dots<T, 1>(i, j, n, k, a, b, to); break;
                    case 2: dots<T, 2>(i, j, n, k, a, b, to); break;
                    case 3: dots<T, 3>(i, j, n, k, a, b, to); break;
                    case 4: dots<T, 4>(i, j, n, k, a, b, to); break;
                    default: dots<T, 5>(i, j, n, k, a, b, to); break;
                }
            }
        }
    });
    return true;
}

}  // namespace

template <class T>
void gemm(i64 m, i64 n, i64 k, Matrix<T> a, Matrix<T> b, const T* bias, bool relu, T* c, i64 step,
          After after) {
    const auto whole = [=] {
        if (after.run) after.run(after.of, 0, 0, m, n);
    };
    if (m == 0 || n == 0) return;
    if (k == 0) {
        for (i64 i = 0; i < m; i++)
            for (i64 j = 0; j < n; j++)
                c[i * step + j] = !bias || (relu && bias[j] < 0) ? T(0) : bias[j];
        return whole();
    }
    if (k == 1 && b.col == 1 && !bias && !relu) {  // nothing to add up: past the buffer
        parallel(m, rows_per_block(n, 1 << 14), [&](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) {
                const Reg<T> x = all(a.p[i * a.row]);
                row_map(n, [=](Reg<T> y) { return x * y; }, c + i * step, b.p);
            }
        });
        return whole();
    }
    const Target<T> straight{c, step, false, bias, false, relu};
    const Target<T> turned{c, step, true, bias, false, relu};
    if (few_rows(m, n, k, a, b, straight)) return whole();
    if (few_rows(n, m, k, b.t(), a.t(), turned)) return whole();
    // A step along one single element means nothing: 1 opens the faster ways.
    if (k == 1) a.col = b.row = 1;
    if (n == 1) b.col = 1;
    if (m == 1) a.row = 1;
    // What is copied costs its numbers; turning costs the result.
    const Way<T> way(m, n, k, a, b), other(n, m, k, b.t(), a.t());
    if (way.copied > other.copied + m * n) return stream(n, m, k, b.t(), a.t(), turned, after);
    if (!way.strips || bias || relu) return stream(m, n, k, a, b, straight, after);
    // Strips and panels of all of a long k would not stay in the cache.
    for (i64 k0 = 0; k0 < k; k0 += DEPTH) {
        const bool last = k - k0 <= DEPTH;
        stream(m, n, last ? k - k0 : DEPTH, a.from(0, k0), b.from(k0, 0), straight, last ? after : After{},
               k0 > 0);
    }
}

template void gemm(i64, i64, i64, Matrix<float>, Matrix<float>, const float*, bool, float*, i64, After);
template void gemm(i64, i64, i64, Matrix<double>, Matrix<double>, const double*, bool, double*, i64, After);

}  // namespace rl::RL_ISA
