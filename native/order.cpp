#include "order.hpp"

#include <cstring>

#include "blocks.hpp"
#include "functions.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 15;  // numbers a block

// Whole numbers in the order of the numbers: negative ones turned around, -0 as 0, NaN above all.
RL_INLINE std::uint32_t key_of(float x) {
    std::uint32_t b;
    const float v = x + 0.0f;  // -0 -> 0
    std::memcpy(&b, &v, 4);
    const std::uint32_t k = b >> 31 ? ~b : b | 0x80000000u;
    return x != x ? ~0u : k;
}
RL_INLINE std::uint64_t key_of(double x) {
    std::uint64_t b;
    const double v = x + 0.0;
    std::memcpy(&b, &v, 8);
    const std::uint64_t k = b >> 63 ? ~b : b | (1ull << 63);
    return x != x ? ~0ull : k;
}
RL_INLINE std::uint64_t key_of(i64 x) { return std::uint64_t(x) ^ (1ull << 63); }

template <class T>
using Key = decltype(key_of(T()));

template <class K>
struct Entry {
    K key;
    std::uint32_t place;
};

// n entries by key, stable; `other` is as large. Returns where they are in the end.
template <class K>
Entry<K>* insertion(Entry<K>* e, i64 n) {
    for (i64 i = 1; i < n; i++) {
        const Entry<K> v = e[i];
        i64 j = i;
        for (; j > 0 && v.key < e[j - 1].key; j--) e[j] = e[j - 1];
        e[j] = v;
    }
    return e;
}
template <int bits, class K>
Entry<K>* by_digits(Entry<K>* e, Entry<K>* other, i64 n) {
    constexpr int digits = (int(sizeof(K)) * 8 + bits - 1) / bits, size = 1 << bits;
    std::uint32_t begin[size];
    K differ = 0;  // the bits that are not the same in all keys
    for (i64 i = 1; i < n; i++) differ |= e[i].key ^ e[0].key;
    for (int d = 0; d < digits; d++) {
        const int shift = d * bits;
        if (((differ >> shift) & K(size - 1)) == 0) continue;
        std::memset(begin, 0, sizeof begin);
        for (i64 i = 0; i < n; i++) begin[(e[i].key >> shift) & (size - 1)]++;
        std::uint32_t sum = 0;
        for (int b = 0; b < size; b++) {
            const std::uint32_t c = begin[b];
            begin[b] = sum;
            sum += c;
        }
        for (i64 i = 0; i < n; i++) other[begin[(e[i].key >> shift) & (size - 1)]++] = e[i];
        Entry<K>* const t = e;
        e = other;
        other = t;
    }
    return e;
}
template <class K>
Entry<K>* in_order(Entry<K>* e, Entry<K>* other, i64 n) {
    if (n <= 32) return insertion(e, n);
    return n <= 4096 ? by_digits<8>(e, other, n) : by_digits<11>(e, other, n);
}

// The same for rows that stay in the cache: a bound is looked for by halving, which leaves few more
// than k.
template <class T>
void top_of_few(const T* x, i64 n, i64 k, bool largest, Entry<Key<T>>* e, i64 room, Key<T>* keys, T* y,
                i64* index) {
    using K = Key<T>;
    const K turn = largest ? K(~K(0)) : K(0);  // kept: the smallest of key ^ turn
    K low = ~K(0), high = 0;
    for (i64 i = 0; i < n; i++) {
        const K key = key_of(x[i]) ^ turn;
        keys[i] = key;
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    i64 enough = n;  // how many are at most `high`
    while (low < high && enough > room) {
        const K middle = low + (high - low) / 2;
        K count = 0;
        for (i64 i = 0; i < n; i++) count += keys[i] <= middle;
        if (i64(count) >= k) high = middle, enough = i64(count);
        else low = middle + 1;
    }
    i64 held = 0, equal = 0;
    for (i64 i = 0; i < n && held < room; i++)
        if (keys[i] < high || (keys[i] == high && equal++ < k)) e[held++] = {keys[i], std::uint32_t(i)};
    const Entry<K>* const sorted = in_order(e, e + room, held);
    for (i64 i = 0; i < k; i++) {
        y[i] = x[sorted[i].place];
        index[i] = sorted[i].place;
    }
}

// The k largest keys of a row, from the largest on: those above the k-th largest so far are
// collected, and from time to time cut back to k.
template <class T>
void top(const T* x, i64 n, i64 k, bool largest, Entry<Key<T>>* e, i64 room, T* y, i64* index) {
    using K = Key<T>;
    constexpr i64 STEP = 64;
    const K turn = largest ? K(~K(0)) : K(0);  // kept: the smallest of key ^ turn
    Entry<K>* other = e + room;
    K bound = 0;
    bool full = false;
    i64 held = 0;
    const auto cut = [&] {
        Entry<K>* const sorted = in_order(e, other, held);
        if (sorted != e) {
            other = e;
            e = sorted;
        }
        if (held > k) held = k;
        full = held == k;
        if (full) bound = e[k - 1].key;
    };
    for (i64 i = 0; i < n; i += STEP) {
        const i64 end = i + STEP < n ? i + STEP : n;
        if (full) {
            K least = ~K(0);
            for (i64 j = i; j < end; j++) {
                const K key = key_of(x[j]) ^ turn;
                least = key < least ? key : least;
            }
            if (least >= bound) continue;
        }
        for (i64 j = i; j < end; j++) {
            const K key = key_of(x[j]) ^ turn;
            if (!full || key < bound) e[held++] = {key, std::uint32_t(j)};
        }
        // the first cut comes early: few numbers are kept from then on
        if (held + STEP > room || (!full && held >= STEP && held >= 2 * k)) cut();
    }
    cut();
    for (i64 i = 0; i < k; i++) {
        y[i] = x[e[i].place];
        index[i] = e[i].place;
    }
}

}  // namespace

template <class T>
void sort_rows(const T* x, i64 rows, i64 n, bool descending, T* y, i64* index) {
    using K = Key<T>;
    const K turn = descending ? K(~K(0)) : K(0);
    parallel(rows, rows_per_block(n, 1 << 12), [=](i64 begin, i64 end) {
        Entry<K>* const room = scratch<Entry<K>>(Slot::order, 2 * n);
        for (i64 r = begin; r < end; r++) {
            const T* const row = x + r * n;
            for (i64 i = 0; i < n; i++) room[i] = {K(key_of(row[i]) ^ turn), std::uint32_t(i)};
            const Entry<K>* const e = in_order(room, room + n, n);
            for (i64 i = 0; i < n; i++) {
                y[r * n + i] = row[e[i].place];
                index[r * n + i] = e[i].place;
            }
        }
    });
}

template <class T>
void top_rows(const T* x, i64 rows, i64 n, i64 k, bool largest, T* y, i64* index) {
    parallel(rows, rows_per_block(n, 1 << 14), [=](i64 begin, i64 end) {
        i64 room = 2 * k + 256;
        if (room > n + 64) room = n + 64;
        constexpr i64 FEW = 1 << 14;
        if (n <= FEW && 4 * k <= n) {
            room = 2 * k + 16;
            Entry<Key<T>>* const e = scratch<Entry<Key<T>>>(Slot::order, 2 * room + n);
            Key<T>* const keys = reinterpret_cast<Key<T>*>(e + 2 * room);
            for (i64 r = begin; r < end; r++)
                top_of_few(x + r * n, n, k, largest, e, room, keys, y + r * k, index + r * k);
            return;
        }
        Entry<Key<T>>* const e = scratch<Entry<Key<T>>>(Slot::order, 2 * room);
        for (i64 r = begin; r < end; r++)
            top(x + r * n, n, k, largest, e, room, y + r * k, index + r * k);
    });
}

namespace {

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, i64>, std::uint64_t, double>;

// A row in pieces of CHAINS parts: their sums first, then the running sums of all parts at once,
// since one alone waits for each addition.
constexpr i64 CHAINS = 8, PART = 512;

template <class T>
Wide<T> run_sum(const T* x, i64 n, Wide<T> sum, T* y) {
    for (i64 i = 0; i < n; i++) y[i] = T(sum += Wide<T>(x[i]));
    return sum;
}
template <class T>
Wide<T> piece_sum(const T* x, i64 n) {
    Wide<T> s[8] = {};
    i64 i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++) s[j] += Wide<T>(x[i + j]);
    Wide<T> sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    for (i64 left = n % 8; left > 0; left--) sum += Wide<T>(x[n - left]);
    return sum;
}
template <class T>
void run_sum_row(const T* x, i64 n, Wide<T> sum, T* y) {
    i64 i = 0;
    for (; i + CHAINS * PART <= n; i += CHAINS * PART) {
        Wide<T> s[CHAINS];
        for (i64 c = 0; c < CHAINS; c++) {
            s[c] = sum;
            sum += piece_sum(x + i + c * PART, PART);
        }
        const T* const p = x + i;
        T* const q = y + i;
        for (i64 j = 0; j < PART; j++)
            for (i64 c = 0; c < CHAINS; c++) q[c * PART + j] = T(s[c] += Wide<T>(p[c * PART + j]));
    }
    run_sum(x + i, n - i, sum, y + i);
}
// A few short rows at once, for the same reason. (Four, since rows may lie a power of two apart, and of
// many such lines the cache holds only a few.)
constexpr i64 TOGETHER = 4;
template <class T>
void run_sum_rows(const T* x, i64 n, T* y) {
    Wide<T> s[TOGETHER] = {};
    for (i64 j = 0; j < n; j++)
        for (i64 c = 0; c < TOGETHER; c++) y[c * n + j] = T(s[c] += Wide<T>(x[c * n + j]));
}

}  // namespace

template <class T>
void cumsum(const T* x, i64 outer, i64 n, i64 inner, T* y) {
    constexpr i64 COLUMNS = 256;
    if (n == 0 || inner == 0) return;
    if (inner > 1) {
        const i64 parts = (inner + COLUMNS - 1) / COLUMNS;
        parallel(outer * parts, 1, [=](i64 begin, i64 end) {
            for (i64 b = begin; b < end; b++) {
                const i64 at = b / parts * n * inner + b % parts * COLUMNS;
                const i64 left = inner - b % parts * COLUMNS;
                const i64 width = left < COLUMNS ? left : COLUMNS;
                Wide<T> sum[COLUMNS] = {};
                for (i64 i = 0; i < n; i++)
                    for (i64 j = 0; j < width; j++)
                        y[at + i * inner + j] = T(sum[j] += Wide<T>(x[at + i * inner + j]));
            }
        });
        return;
    }
    const i64 blocks = (n + GRAIN - 1) / GRAIN;
    if (outer > 1 || blocks == 1) {
        // (whole numbers wait for one cycle only)
        const bool together = !std::is_same_v<T, i64> && n < CHAINS * PART;
        parallel(outer, even_blocks(outer, rows_per_block(n, GRAIN), TOGETHER), [=](i64 begin, i64 end) {
            i64 r = begin;
            for (; together && r + TOGETHER <= end; r += TOGETHER) run_sum_rows(x + r * n, n, y + r * n);
            for (; r < end; r++) run_sum_row(x + r * n, n, Wide<T>(0), y + r * n);
        });
        return;
    }
    Wide<T>* const start = scratch<Wide<T>>(Slot::reduce, blocks);
    parallel(n, GRAIN, [=](i64 begin, i64 end) {
        start[begin / GRAIN] = piece_sum(x + begin, end - begin);
    });
    Wide<T> sum = 0;
    for (i64 b = 0; b < blocks; b++) {
        const Wide<T> s = start[b];
        start[b] = sum;
        sum += s;
    }
    parallel(n, GRAIN, [=](i64 begin, i64 end) {
        run_sum_row(x + begin, end - begin, start[begin / GRAIN], y + begin);
    });
}

namespace {

// The product of all lanes, in double.
double folded_product(F v) {
    constexpr auto half = std::make_index_sequence<LANES<double>>{};
    const auto times = [](auto a, auto b) { return a * b; };
    return folded(widened(v, 0, half) * widened(v, 1, half), times,
                  std::make_index_sequence<LANES<double> / 2>{});
}
double folded_product(D v) {
    const auto times = [](auto a, auto b) { return a * b; };
    return folded(v, times, std::make_index_sequence<LANES<double> / 2>{});
}

// In double one after the other where there are few; else in T, a lane each.
template <class T>
double product(const T* x, i64 n) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    double y = 1;
    i64 i = 0;
    if (n >= 16 * L) {
        V p[8];
        for (i64 j = 0; j < 8; j++) p[j] = load(x + j * L);
        for (i = 8 * L; i + 8 * L <= n; i += 8 * L)
            for (i64 j = 0; j < 8; j++) p[j] *= load(x + i + j * L);
#pragma GCC unroll 8
        for (i64 j = 0; j < 7; j++)
            if (i + L <= n) p[j] *= load(x + i), i += L;
        if (i < n) p[7] *= keep(load_part(x + i, n - i), n - i, T(1));
        const V tail = ((p[0] * p[1]) * (p[2] * p[3])) * ((p[4] * p[5]) * (p[6] * p[7]));
        return folded_product(tail);
    }
    for (; i < n; i++) y *= double(x[i]);
    return y;
}

}  // namespace

template <class T>
void prod(const T* x, i64 outer, i64 n, T* y) {
    if (outer > 1 || n <= GRAIN) {
        parallel(outer, rows_per_block(n, GRAIN), [=](i64 begin, i64 end) {
            for (i64 r = begin; r < end; r++) y[r] = T(product(x + r * n, n));
        });
        return;
    }
    const i64 blocks = (n + GRAIN - 1) / GRAIN;
    double* const part = scratch<double>(Slot::reduce, blocks);
    parallel(n, GRAIN, [=](i64 begin, i64 end) {
        part[begin / GRAIN] = product(x + begin, end - begin);
    });
    double all = 1;
    for (i64 b = 0; b < blocks; b++) all *= part[b];
    for (i64 i = 0; i < outer; i++) y[i] = T(all);
}

void extremes(const i64* x, i64 n, i64& low, i64& high) {
    constexpr i64 PIECE = 1 << 15;
    i64* const part = scratch<i64>(Slot::order, 2 * ((n + PIECE - 1) / PIECE));
    parallel(n, PIECE, [=](i64 begin, i64 end) {
        i64 least = x[begin], most = x[begin];
        for (i64 i = begin; i < end; i++) {
            least = x[i] < least ? x[i] : least;
            most = x[i] > most ? x[i] : most;
        }
        part[2 * (begin / PIECE)] = least;
        part[2 * (begin / PIECE) + 1] = most;
    });
    low = part[0];
    high = part[1];
    for (i64 b = 0; b < (n + PIECE - 1) / PIECE; b++) {
        low = part[2 * b] < low ? part[2 * b] : low;
        high = part[2 * b + 1] > high ? part[2 * b + 1] : high;
    }
}

// Two counters for each number, so that equal ones in a row do not wait for each other; a part of the
// numbers for each of a few blocks.
void count(const i64* x, i64 n, i64 low, i64 range, i64* y) {
    constexpr i64 PIECES = 8, FEW = 1 << 13;
    if (range > FEW || n < 8 * range) {
        for (i64 i = 0; i < n; i++)
            if (const i64 at = x[i] - low; std::uint64_t(at) < std::uint64_t(range)) y[at]++;
        return;
    }
    std::uint32_t* const all = scratch<std::uint32_t>(Slot::reduce, 2 * PIECES * range);
    std::memset(all, 0, std::size_t(2 * PIECES * range) * sizeof *all);
    const i64 piece = (n + PIECES - 1) / PIECES;
    parallel(PIECES, 1, [=](i64 begin, i64 end) {
        for (i64 p = begin; p < end; p++) {
            std::uint32_t *const a = all + 2 * p * range, *const b = a + range;
            const i64 last = (p + 1) * piece < n ? (p + 1) * piece : n;
            i64 i = p * piece;
            for (; i + 2 <= last; i += 2) {
                const i64 s = x[i] - low, t = x[i + 1] - low;
                if (std::uint64_t(s) < std::uint64_t(range)) a[s]++;
                if (std::uint64_t(t) < std::uint64_t(range)) b[t]++;
            }
            for (; i < last; i++)
                if (const i64 s = x[i] - low; std::uint64_t(s) < std::uint64_t(range)) a[s]++;
        }
    });
    for (i64 i = 0; i < range; i++) {
        i64 sum = 0;
        for (i64 p = 0; p < 2 * PIECES; p++) sum += all[p * range + i];
        y[i] = sum;
    }
}

namespace {

constexpr double ODD[] = {1. / 21, 1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7,
                          1. / 5, 1. / 3};
constexpr double SINE[] = {-1. / 506, -1. / 420, -1. / 342, -1. / 272, -1. / 210, -1. / 156,
                           -1. / 110, -1. / 72,  -1. / 42,  -1. / 20,  -1. / 6};

RL_INLINE bool any(I64 mask) {
    i64 m = 0;
    for (i64 j = 0; j < LANES<double>; j++) m |= mask[j];
    return m;
}

// log(x) for positive, finite, normal x, to 1e-16 absolutely near 1: e log(2) + 2 artanh(s).
RL_INLINE D log_of(D x) {
    const I64 bits = (I64)x, e = (bits - 0x3fe6a09e667f3bcd) >> 52;  // from sqrt(1/2) on
    const D m = (D)(bits - (e << 52)), s = (m - 1) / (m + 1), z = s * s;
    D t = all(ODD[0]);
#pragma GCC unroll 16
    for (int k = 1; k < 10; k++) t = fma(t, z, all(ODD[k]));
    return fma(__builtin_convertvector(e, D), all(0.69314718055994531), fma(s * z, 2 * t, 2 * s));
}

// ln |Γ(x)| by Stirling's series (Abramowitz and Stegun 6.1.40) beyond 8, where recurrence and, for
// x < 1/2, reflection lead: to 1e-14 absolutely, for results that are rounded to float.
RL_INLINE D ln_gamma(D x) {
    const D inf = all(__builtin_inf());
    const I64 low = x < 0.5;
    const D a = low ? 1 - x : x;
    const I64 small = a < 8.0;
    D z = a, product = all(1.0);
    if (any(small)) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) product *= a + double(i);
        z = small ? a + 8 : a;
        product = small ? product : all(1.0);
    }
    const D r = 1 / z, q = r * r;
    const D series = r * fma(q, fma(q, fma(q, fma(q, fma(q, all(-691.0 / 360360), all(1.0 / 1188)),
                                                  all(-1.0 / 1680)),
                                           all(1.0 / 1260)),
                                    all(-1.0 / 360)),
                             all(1.0 / 12));
    D y = (z - 0.5) * log_of(z) - z + 0.91893853320467274 + series;
    if (any(small)) y -= log_of(product);
    y = (x == 1) | (x == 2) ? D{} : y;
    if (!any(low | (abs(x) == inf) | (x != x))) return y;
    // |sin πx| from the distance to the nearest whole number
    const D big = all(6755399441055744.0);  // 1.5 * 2^52: adding it rounds
    const D w = abs(x) > 2251799813685248.0 ? D{} : x - ((x + big) - big);
    const D p = w * 3.1415926535897932, v = p * p;
    D sine = all(1.0);
#pragma GCC unroll 16
    for (int k = 0; k < 11; k++) sine = fma(v * SINE[k], sine, all(1.0));
    sine = abs(p * sine);
    const I64 pole = low & (sine == 0);
    const D turned = 1.1447298858494002 - log_of(sine == 0 ? all(1.0) : sine) - y;
    y = low ? turned : y;
    y = pole | (abs(x) == inf) ? inf : y;
    return x != x ? x : y;
}

}  // namespace

void lgamma(const float* x, float* y, i64 n) {
    constexpr i64 L = LANES<double>;
    parallel(n, 1 << 12, [=](i64 begin, i64 end) {
        typedef float Half __attribute__((vector_size(REGISTER / 2)));
        i64 i = begin;
        for (; i + L <= end; i += L) {
            Half v;
            std::memcpy(&v, x + i, sizeof v);
            v = __builtin_convertvector(ln_gamma(__builtin_convertvector(v, D)), Half);
            std::memcpy(y + i, &v, sizeof v);
        }
        if (i < end) {
            Half v = {};
            std::memcpy(&v, x + i, std::size_t(end - i) * sizeof(float));
            v = __builtin_convertvector(ln_gamma(__builtin_convertvector(v, D)), Half);
            std::memcpy(y + i, &v, std::size_t(end - i) * sizeof(float));
        }
    });
}

void lgamma(const double* x, double* y, i64 n) {
    parallel(n, 1 << 10, [=](i64 begin, i64 end) {
        int sign;
        for (i64 i = begin; i < end; i++) y[i] = ::lgamma_r(x[i], &sign);
    });
}

#define EACH(T)                                                             \
    template void sort_rows(const T*, i64, i64, bool, T*, i64*);            \
    template void top_rows(const T*, i64, i64, i64, bool, T*, i64*);        \
    template void cumsum(const T*, i64, i64, i64, T*);
EACH(float)
EACH(double)
EACH(i64)
template void prod(const float*, i64, i64, float*);
template void prod(const double*, i64, i64, double*);

}  // namespace rl::RL_ISA
