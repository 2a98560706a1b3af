// Attention, a block of queries against a block of keys at a time.
//
// Queries lie along the lanes: a block of up to WIDTH of them is turned once, qᵀ (E, W), and then
// every product reads keys and values where they are, a few of their numbers broadcast against a
// row of W lanes:
//
//     sᵀ (keys, W) = k qᵀ        oᵀ (D, W) += vᵀ pᵀ
//
// So nothing of k and v is packed, whatever their strides, and the softmax over keys runs down the
// rows of sᵀ: its largest number, its sum and the factor for what was added up so far are one
// register for each LANES queries. Backward makes pᵀ anew from the logarithm of the sum; there the
// gradients of k and v are added up over the blocks of queries:
//
//     dpᵀ = v dyᵀ    dsᵀ = pᵀ (dpᵀ - Σ dy y)    dqᵀ += kᵀ dsᵀ    dv += pᵀ dy    dk += dsᵀ q
#include "attention.hpp"

#include "functions.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

#if RL_REGISTERS == 32
constexpr int VECTORS = 4, WIDE_ROWS = 6;
#else
constexpr int VECTORS = 2, WIDE_ROWS = 6;
#endif
constexpr int NARROW_ROWS = 8;  // rows of a tile that is one register wide
constexpr i64 KEYS = 64;        // of a block
template <class T>
constexpr i64 WIDTH = VECTORS * LANES<T>;
static_assert(KEYS % WIDTH<float> == 0 && KEYS % WIDTH<double> == 0);  // see `each_part`
template <class T>
constexpr T INF = T(__builtin_inff());

i64 up(i64 n, i64 to) { return (n + to - 1) / to * to; }

// out (m, W) (+)= a b over `depth` steps, a (m, depth) of any strides, b (depth, W) and out with
// rows apart by their steps
template <class T>
struct Product {
    const T* a;
    i64 row, col;
    const T* b;
    i64 b_step;
    T* out;
    i64 out_step;
    i64 depth;
    bool add;
};

template <class T, int rows, int vectors>
void tile(const Product<T>& t, i64 first) {
    using V = Reg<T>;
    T* const out = t.out + first * t.out_step;
    V c[rows][vectors];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            c[i][j] = t.add ? load(out + i * t.out_step + j * LANES<T>) : V{};
    const T* a[rows];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) a[i] = t.a + (first + i) * t.row;
    const T* b = t.b;
    i64 at = 0;
#pragma GCC unroll 2
    for (i64 k = 0; k < t.depth; k++) {
        V line[vectors];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) line[j] = load(b + j * LANES<T>);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const V x = all(a[i][at]);
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) c[i][j] = fma(x, line[j], c[i][j]);
        }
        b += t.b_step;
        at += t.col;
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) store(out + i * t.out_step + j * LANES<T>, c[i][j]);
}

template <class T, int vectors>
void product_of(const Product<T>& t, i64 m) {
    constexpr int ROWS = vectors < 3 && VECTORS > 2 ? NARROW_ROWS : vectors == 1 ? NARROW_ROWS
                                                                                : WIDE_ROWS;
    i64 i = 0;
    for (; i + ROWS <= m; i += ROWS) tile<T, ROWS, vectors>(t, i);
    if (i + 4 <= m) tile<T, 4, vectors>(t, i), i += 4;
    if (i + 2 <= m) tile<T, 2, vectors>(t, i), i += 2;
    if (i < m) tile<T, 1, vectors>(t, i);
}

// The product with b of `width` columns, a multiple of LANES, at most WIDTH.
template <class T>
void narrow_product(const Product<T>& t, i64 m, i64 width) {
    switch (width / LANES<T>) {
        case 1: return product_of<T, 1>(t, m);
        case 2: return product_of<T, 2>(t, m);
#if RL_REGISTERS == 32
        case 3: return product_of<T, 3>(t, m);
        default: return product_of<T, 4>(t, m);
#endif
    }
}

// Of any width.
template <class T>
void product(Product<T> t, i64 m, i64 width) {
    for (; width > WIDTH<T>; width -= WIDTH<T>) {
        narrow_product(t, m, WIDTH<T>);
        t.b += WIDTH<T>;
        t.out += WIDTH<T>;
    }
    narrow_product(t, m, width);
}

// x (rows, cols) of any strides, times `by` -> y (cols, step); zeros up to a multiple of LANES
template <class T>
void turn(const T* x, i64 row, i64 col, i64 rows, i64 cols, T by, T* y, i64 step) {
    if constexpr (std::is_same_v<T, float>) {
        if (col == 1) {
            transpose(x, row, rows, cols, y, step, true,
                      [by](F v, const float*, i64) { return v * by; });
            return;
        }
    }
    const i64 width = up(rows, LANES<T>);
    for (i64 j = 0; j < cols; j++)
        for (i64 i = 0; i < width; i++) y[j * step + i] = i < rows ? x[i * row + j * col] * by : T(0);
}

// x (rows, cols), its rows `step` apart, of which `by` is taken -> y (cols, rows) likewise
template <class T>
void turn_back(const T* x, i64 step, i64 rows, i64 cols, T by, T* y, i64 y_step) {
    if constexpr (std::is_same_v<T, float>) {
        transpose(x, step, rows, cols, y, y_step, false,
                  [by](F v, const float*, i64) { return v * by; });
    } else {
        for (i64 i = 0; i < rows; i++)
            for (i64 j = 0; j < cols; j++) y[j * y_step + i] = x[i * step + j] * by;
    }
}

// x (rows, cols) of any strides, times `by` -> y (rows, step), zeros on the right
template <class T>
void gather(const T* x, i64 row, i64 col, i64 rows, i64 cols, T by, T* y, i64 step) {
    for (i64 i = 0; i < rows; i++) {
        for (i64 j = 0; j < cols; j++) y[i * step + j] = x[i * row + j * col] * by;
        for (i64 j = cols; j < step; j++) y[i * step + j] = 0;
    }
}

template <class T>
struct Block {
    i64 q0, n, width;  // queries q0 ... q0 + n, in `width` lanes
    i64 k0, keys;      // keys k0 ... k0 + keys
    T* s;              // (keys, width)
    T* spare;          // (KEYS + WIDTH, WIDTH) for a mask
};

// s += mask, or -inf where a boolean mask is false; a mask that is the same for all queries, or one
// that is turned first
template <class T>
void add_mask(const Attention& a, const char* mask, i64 row, i64 col, const Block<T>& b) {
    using V = Reg<T>;
    const bool boolean = a.mask == MaskKind::boolean;
    const auto value = [=](i64 i, i64 j) -> T {  // the query's row, the key
        const i64 at = (b.q0 + i) * row + (b.k0 + j) * col;
        if (boolean) return mask[at] ? T(0) : -INF<T>;
        return reinterpret_cast<const T*>(mask)[at];
    };
    if (row == 0 || b.n == 1) {
        for (i64 j = 0; j < b.keys; j++) {
            const V m = all(value(0, j));
            for (i64 l = 0; l < b.width; l += LANES<T>)
                store(b.s + j * b.width + l, load(b.s + j * b.width + l) + m);
        }
        return;
    }
    const T* from = reinterpret_cast<const T*>(mask) + b.q0 * row + b.k0 * col;
    i64 from_step = row, from_col = col;
    T* const turned = b.spare;
    if (boolean) {
        T* const numbers = b.spare + KEYS * WIDTH<T>;  // (n, KEYS)
        for (i64 i = 0; i < b.n; i++) {
            const char* x = mask + (b.q0 + i) * row + b.k0 * col;
            T* y = numbers + i * KEYS;
            if (col == 1)
                for (i64 j = 0; j < b.keys; j++) y[j] = x[j] ? T(0) : -INF<T>;
            else
                for (i64 j = 0; j < b.keys; j++) y[j] = x[j * col] ? T(0) : -INF<T>;
        }
        from = numbers;
        from_step = KEYS;
        from_col = 1;
    }
    turn(from, from_step, from_col, b.n, b.keys, T(1), turned, b.width);
    for (i64 i = 0; i < b.keys * b.width; i += LANES<T>)
        store(b.s + i, load(b.s + i) + load(turned + i));
}

// -inf for the keys behind a query.
template <class T>
void cut_triangle(const Block<T>& b) {
    using V = Reg<T>;
    V lane{};
    for (i64 l = 0; l < LANES<T>; l++) lane[l] = T(l);
    for (i64 j = 0; j < b.keys; j++) {
        const i64 first = b.k0 + j - b.q0;  // lanes before it do not see key j
        if (first <= 0) continue;
        for (i64 l = 0; l < b.width; l += LANES<T>) {
            T* const s = b.s + j * b.width + l;
            store(s, lane < T(first - l) ? all(-INF<T>) : load(s));
        }
    }
}

// f(first key, keys, first lane) for the parts of a block that have anything to compute: the whole,
// or, on the diagonal of a causal mask, a few keys at a time against the lanes from the first on that
// sees one of them. The first part has all lanes: no block of keys begins behind its first query.
template <class T, class G>
void each_part(const Attention& a, const Block<T>& b, G f) {
    if (!a.causal || b.k0 + b.keys - 1 <= b.q0) return f(i64(0), b.keys, i64(0));
    constexpr i64 L = LANES<T>;
    for (i64 j = 0; j < b.keys; j += L) {
        const i64 behind = b.k0 + j - b.q0;
        f(j, b.keys - j < L ? b.keys - j : L, behind > 0 ? behind / L * L : 0);
    }
}

// sᵀ = k qᵀ with everything that is added to it
template <class T>
void scores(const Attention& a, const T* k, i64 k_row, i64 k_col, const T* q, const char* mask,
            i64 mask_row, i64 mask_col, const Block<T>& b) {
    each_part(a, b, [&](i64 j, i64 keys, i64 lane) {
        product<T>({k + (b.k0 + j) * k_row, k_row, k_col, q + lane, b.width,
                    b.s + j * b.width + lane, b.width, a.e, false},
                   keys, b.width - lane);
    });
    if (a.mask != MaskKind::none) add_mask(a, mask, mask_row, mask_col, b);
    if (a.causal && b.k0 + b.keys - 1 > b.q0) cut_triangle(b);
}

// One block of keys of the online softmax: s becomes exp(s - m) with m the largest so far, `total`
// the sum of them; o (D, width) is scaled down to the new m.
template <class T, int vectors>
void soften_of(const Block<T>& b, i64 d, T* o, T* largest, T* total) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    V m[vectors], sums[vectors], old[vectors];
    for (int v = 0; v < vectors; v++) m[v] = old[v] = load(largest + v * L);
    for (i64 j = 0; j < b.keys; j++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            const V x = load(b.s + (j * vectors + v) * L);
            m[v] = x > m[v] ? x : m[v];  // NaN is not taken: it comes through exp
        }
    }
    V moved{};
    for (int v = 0; v < vectors; v++) {
        store(largest + v * L, m[v]);
        moved = m[v] != old[v] ? all(T(1)) : moved;
        m[v] = m[v] == -INF<T> ? V{} : m[v];  // no key yet: exp(-inf - 0) = 0
        sums[v] = load(total + v * L);
    }
    if (b.k0 > 0 && sum(moved) != 0) {
        V by[vectors];
        for (int v = 0; v < vectors; v++) {
            by[v] = exp(old[v] - m[v]);
            sums[v] *= by[v];
        }
        for (i64 i = 0; i < d; i++)
            for (int v = 0; v < vectors; v++) {
                T* const at = o + (i * vectors + v) * L;
                store(at, load(at) * by[v]);
            }
    }
    for (i64 j = 0; j < b.keys; j++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            T* const at = b.s + (j * vectors + v) * L;
            const V p = exp(load(at) - m[v]);
            store(at, p);
            sums[v] += p;
        }
    }
    for (int v = 0; v < vectors; v++) store(total + v * L, sums[v]);
}

template <class T>
void soften(const Block<T>& b, i64 d, T* o, T* largest, T* total) {
    switch (b.width / LANES<T>) {
        case 1: return soften_of<T, 1>(b, d, o, largest, total);
        case 2: return soften_of<T, 2>(b, d, o, largest, total);
#if RL_REGISTERS == 32
        case 3: return soften_of<T, 3>(b, d, o, largest, total);
        default: return soften_of<T, 4>(b, d, o, largest, total);
#endif
    }
}

// A run of a thread's buffer.
template <class T>
class Pieces {
    T* at_;

   public:
    explicit Pieces(i64 n) : at_(scratch<T>(Slot::attention, n)) {}
    T* take(i64 n) {
        T* p = at_;
        at_ += up(n, 64);
        return p;
    }
};

// One query, as when a token follows those of a cache: nothing to be put along the lanes but the numbers of
// a key, and then of a value, which are read once. k and v of column step 1, no causal mask.
template <class T>
void attend_one(const Attention& a, const T* q, i64 q_col, const T* k, i64 k_row, const T* v, i64 v_row,
                const char* mask, i64 mask_col, T* y, T& lse, T* numbers, T* s) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    constexpr int AT_ONCE = 4;  // keys, and registers of y
    for (i64 i = 0; i < a.e; i++) numbers[i] = T(a.scale) * q[i * q_col];
    for (i64 j = 0; j < a.s; j += AT_ONCE) {
        const T* rows[AT_ONCE];
        V c[AT_ONCE]{};
        for (int r = 0; r < AT_ONCE; r++) rows[r] = k + (j + r < a.s ? j + r : a.s - 1) * k_row;
        i64 i = 0;
        for (; i + L <= a.e; i += L)
#pragma GCC unroll 4
            for (int r = 0; r < AT_ONCE; r++) c[r] = fma(load(numbers + i), load(rows[r] + i), c[r]);
        if (i < a.e)
            for (int r = 0; r < AT_ONCE; r++)
                c[r] = fma(load_part(numbers + i, a.e - i), load_part(rows[r] + i, a.e - i), c[r]);
        for (int r = 0; r < AT_ONCE; r++) s[j + r] = sum(c[r]);
    }
    if (a.mask == MaskKind::boolean)
        for (i64 j = 0; j < a.s; j++) s[j] += mask[j * mask_col] ? T(0) : -INF<T>;
    if (a.mask == MaskKind::additive)
        for (i64 j = 0; j < a.s; j++) s[j] += reinterpret_cast<const T*>(mask)[j * mask_col];
    T m = -INF<T>;
    for (i64 j = 0; j < a.s; j++) m = s[j] > m ? s[j] : m;  // NaN is not taken: it comes through exp
    m = m == -INF<T> ? T(0) : m;
    V total{};
    for (i64 j = 0; j < a.s; j += L) {
        const i64 n = a.s - j < L ? a.s - j : L;
        V p = exp(load(s + j) - m);
        put(s + j, p, n);
        total += load_part(s + j, n);
    }
    const T z = sum(total), by = z == 0 ? T(0) : 1 / z;
    for (i64 i = 0; i < a.d; i += AT_ONCE * L) {
        V c[AT_ONCE]{};
        const i64 left = a.d - i;
        if (left >= AT_ONCE * L) {
            for (i64 j = 0; j < a.s; j++)
#pragma GCC unroll 4
                for (int r = 0; r < AT_ONCE; r++) c[r] = fma(all(s[j]), load(v + j * v_row + i + r * L), c[r]);
        } else {
            for (i64 j = 0; j < a.s; j++)
                for (int r = 0; r * L < left; r++) {
                    const i64 n = left - r * L < L ? left - r * L : L;
                    c[r] = fma(all(s[j]), load_part(v + j * v_row + i + r * L, n), c[r]);
                }
        }
        for (int r = 0; r * L < left && r < AT_ONCE; r++)
            put(y + i + r * L, c[r] * by, left - r * L < L ? left - r * L : L);
    }
    lse = z == 0 ? INF<T> : m + log(all(z))[0];
}

}  // namespace

template <class T>
void attention(const Attention& a, const Heads<const T>& q, const Heads<const T>& k,
               const Heads<const T>& v, const Heads<const char>& mask, const Heads<T>& y, T* lse) {
    using V = Reg<T>;
    constexpr i64 W = WIDTH<T>, L = LANES<T>;
    if (a.t == 1 && !a.causal && k.col == 1 && v.col == 1) {
        parallel(a.heads, rows_per_block(a.s * (a.e + a.d), 1 << 15), [&](i64 begin, i64 end) {
            Pieces<T> pieces(a.e + a.s + 3 * W + 128);
            T *const numbers = pieces.take(a.e), *const s = pieces.take(a.s + 2 * W);
            for (i64 head = begin; head < end; head++)
                attend_one<T>(a, q.at(a, head), q.col, k.at(a, head), k.row, v.at(a, head), v.row,
                              a.mask == MaskKind::none ? nullptr : mask.at(a, head), mask.col, y.at(a, head),
                              lse[head], numbers, s);
        });
        return;
    }
    const i64 blocks = (a.t + W - 1) / W, work = a.s * (a.e + a.d) * (a.t < W ? up(a.t, L) : W);
    parallel(a.heads * blocks, rows_per_block(work, 1 << 17), [&](i64 begin, i64 end) {
        Pieces<T> pieces((a.e + a.d + 3 * KEYS + W + 4) * W + 512);
        T *const qt = pieces.take(a.e * W), *const o = pieces.take(a.d * W);
        T *const largest = pieces.take(W), *const total = pieces.take(W);
        T* const s = pieces.take(KEYS * W);
        T* const spare = pieces.take((KEYS + KEYS) * W);
        for (i64 task = begin; task < end; task++) {
            const i64 head = task / blocks, q0 = task % blocks * W;
            const i64 n = a.t - q0 < W ? a.t - q0 : W, width = up(n, L);
            const T *const kh = k.at(a, head), *const vh = v.at(a, head);
            const char* const mh = a.mask == MaskKind::none ? nullptr : mask.at(a, head);
            turn(q.at(a, head) + q0 * q.row, q.row, q.col, n, a.e, T(a.scale), qt, width);
            for (i64 l = 0; l < width; l++) largest[l] = -INF<T>, total[l] = 0;
            const i64 last = a.causal && q0 + n < a.s ? q0 + n : a.s;
            for (i64 k0 = 0; k0 < last; k0 += KEYS) {
                const Block<T> b{q0, n, width, k0, last - k0 < KEYS ? last - k0 : KEYS, s, spare};
                scores(a, kh, k.row, k.col, qt, mh, mask.row, mask.col, b);
                soften(b, a.d, o, largest, total);
                each_part(a, b, [&](i64 j, i64 keys, i64 lane) {
                    product<T>({vh + (k0 + j) * v.row, v.col, v.row, s + j * width + lane, width,
                                o + lane, width, keys, k0 + j > 0},
                               a.d, width - lane);
                });
            }
            for (i64 l = 0; l < width; l += L) {
                const V z = load(total + l), m = load(largest + l);
                const V by = z == 0 ? V{} : 1 / z;
                for (i64 i = 0; i < a.d; i++)
                    store(o + i * width + l, load(o + i * width + l) * by);
                const V of_row = z == 0 ? all(INF<T>) : m + log(z);
                T* const to = lse + head * a.t + q0 + l;
                put(to, of_row, n - l < L ? n - l : L);
            }
            turn_back(o, width, a.d, n, T(1), y.at(a, head) + q0 * y.row, y.row);
        }
    });
}

template <class T>
void attention_dx(const Attention& a, const Heads<const T>& dy, const Heads<const T>& q,
                  const Heads<const T>& k, const Heads<const T>& v, const Heads<const T>& y,
                  const T* lse, const Heads<const char>& mask, const Heads<T>& dq,
                  const Heads<T>& dk, const Heads<T>& dv) {
    using V = Reg<T>;
    constexpr i64 W = WIDTH<T>, L = LANES<T>;
    const i64 e_step = up(a.e, L), d_step = up(a.d, L);
    const i64 work = a.s * a.t * (a.e + a.d);
    parallel(a.heads, rows_per_block(work, 1 << 17), [&](i64 begin, i64 end) {
        Pieces<T> pieces((2 * a.e + a.d + e_step + d_step + 4 * KEYS + 8) * W +
                         a.s * (e_step + d_step) + 1024);
        T *const qt = pieces.take(a.e * W), *const qn = pieces.take(e_step * W);
        T *const gt = pieces.take(a.d * W), *const gn = pieces.take(d_step * W);
        T* const dqt = pieces.take(a.e * W);
        T *const inner = pieces.take(W), *const row_lse = pieces.take(W);
        T *const p = pieces.take(KEYS * W), *const ds = pieces.take(KEYS * W);
        T* const spare = pieces.take(2 * KEYS * W);
        T *const dks = pieces.take(a.s * e_step), *const dvs = pieces.take(a.s * d_step);
        for (i64 head = begin; head < end; head++) {
            const T *const kh = k.at(a, head), *const vh = v.at(a, head);
            const char* const mh = a.mask == MaskKind::none ? nullptr : mask.at(a, head);
            std::memset(dks, 0, a.s * e_step * sizeof(T));
            std::memset(dvs, 0, a.s * d_step * sizeof(T));
            for (i64 q0 = 0; q0 < a.t; q0 += W) {
                const i64 n = a.t - q0 < W ? a.t - q0 : W, width = up(n, L);
                const T* const qh = q.at(a, head) + q0 * q.row;
                const T* const gh = dy.at(a, head) + q0 * dy.row;
                const T* const yh = y.at(a, head) + q0 * y.row;
                turn(qh, q.row, q.col, n, a.e, T(a.scale), qt, width);
                gather(qh, q.row, q.col, n, a.e, T(a.scale), qn, e_step);
                turn(gh, dy.row, dy.col, n, a.d, T(1), gt, width);
                gather(gh, dy.row, dy.col, n, a.d, T(1), gn, d_step);
                for (i64 l = 0; l < width; l++) {
                    row_lse[l] = l < n ? lse[head * a.t + q0 + l] : INF<T>;
                    T total = 0;
                    if (l < n && y.col == 1)
                        total = T(row_sum(a.d, [](V g, V o) { return g * o; }, gn + l * d_step,
                                          yh + l * y.row));
                    else if (l < n)
                        for (i64 i = 0; i < a.d; i++)
                            total += gn[l * d_step + i] * yh[l * y.row + i * y.col];
                    inner[l] = total;
                }
                const i64 last = a.causal && q0 + n < a.s ? q0 + n : a.s;
                for (i64 k0 = 0; k0 < last; k0 += KEYS) {
                    const Block<T> b{q0, n, width, k0, last - k0 < KEYS ? last - k0 : KEYS,
                                     p,  spare};
                    scores(a, kh, k.row, k.col, qt, mh, mask.row, mask.col, b);
                    each_part(a, b, [&](i64 j, i64 keys, i64 lane) {
                        const i64 at = j * width + lane, lanes = width - lane;
                        T *const pj = p + at, *const dsj = ds + at;
                        product<T>({vh + (k0 + j) * v.row, v.row, v.col, gt + lane, width, dsj,
                                    width, a.d, false},
                                   keys, lanes);
                        for (i64 l = 0; l < lanes; l += L) {
                            const V by = load(row_lse + lane + l), mean = load(inner + lane + l);
                            for (i64 i = 0; i < keys; i++) {
                                const V w = exp(load(pj + i * width + l) - by);
                                store(pj + i * width + l, w);
                                T* const d = dsj + i * width + l;
                                store(d, w * (load(d) - mean));
                            }
                        }
                        product<T>({pj, width, 1, gn + lane * d_step, d_step,
                                    dvs + (k0 + j) * d_step, d_step, n - lane, true},
                                   keys, d_step);
                        product<T>({dsj, width, 1, qn + lane * e_step, e_step,
                                    dks + (k0 + j) * e_step, e_step, n - lane, true},
                                   keys, e_step);
                        product<T>({kh + (k0 + j) * k.row, k.col, k.row, dsj, width, dqt + lane,
                                    width, keys, k0 + j > 0},
                                   a.e, lanes);
                    });
                }
                T* const to = dq.at(a, head) + q0 * dq.row;
                if (last == 0)
                    for (i64 i = 0; i < n; i++) std::memset(to + i * dq.row, 0, a.e * sizeof(T));
                else turn_back(dqt, width, a.e, n, T(a.scale), to, dq.row);
            }
            T *const to_k = dk.at(a, head), *const to_v = dv.at(a, head);
            for (i64 j = 0; j < a.s; j++) {
                std::memcpy(to_k + j * dk.row, dks + j * e_step, a.e * sizeof(T));
                std::memcpy(to_v + j * dv.row, dvs + j * d_step, a.d * sizeof(T));
            }
        }
    });
}

#define EACH(T)                                                                                  \
    template void attention(const Attention&, const Heads<const T>&, const Heads<const T>&,      \
                            const Heads<const T>&, const Heads<const char>&, const Heads<T>&, T*); \
    template void attention_dx(const Attention&, const Heads<const T>&, const Heads<const T>&,   \
                               const Heads<const T>&, const Heads<const T>&,                     \
                               const Heads<const T>&, const T*, const Heads<const char>&,        \
                               const Heads<T>&, const Heads<T>&, const Heads<T>&);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
