#include "extremes.hpp"

#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 14;  // numbers a block

template <class V>
using Whole = std::conditional_t<std::is_same_v<V, F>, I32, I64>;

// how many columns are looked through together
template <class T>
constexpr i64 COLUMNS = std::is_same_v<T, i64> ? 128 : LANES<T>;

// v or -v, of which the largest is looked for
template <bool largest, class V>
RL_INLINE V facing(V v) {
    return largest ? v : -v;
}

template <bool largest, class T>
RL_INLINE T of_row(const T* x, i64 n) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    const T least = -T(__builtin_inff());
    V m[4] = {all(least), all(least), all(least), all(least)};
    i64 i = 0;
    for (; i + 4 * L <= n; i += 4 * L)
        for (i64 j = 0; j < 4; j++) m[j] = max(m[j], facing<largest>(load(x + i + j * L)));
    for (; i + L <= n; i += L) m[0] = max(m[0], facing<largest>(load(x + i)));
    if (i < n) m[0] = max(m[0], keep(facing<largest>(load_part(x + i, n - i)), n - i, least));
    return facing<largest>(max(max(max(m[0], m[1]), max(m[2], m[3]))));
}

// of whole numbers, by the compiler's own registers
template <bool largest>
RL_INLINE i64 of_row(const i64* x, i64 n) {
    i64 best = x[0];
    for (i64 i = 1; i < n; i++) best = (largest ? x[i] > best : x[i] < best) ? x[i] : best;
    return best;
}

// where `value` is first; of NaN the first of these
template <class T>
i64 first_of(const T* x, i64 n, T value) {
    constexpr i64 STEP = 64;
    const bool nan = value != value;
    i64 i = 0;
    for (; i + STEP <= n; i += STEP) {
        int found = 0;
        if (nan)
            for (i64 j = 0; j < STEP; j++) found |= x[i + j] != x[i + j];
        else
            for (i64 j = 0; j < STEP; j++) found |= x[i + j] == value;
        if (found) break;
    }
    for (; i < n; i++)
        if (x[i] == value || (nan && x[i] != x[i])) return i;
    return 0;
}

// Neighbouring columns of x (n, inner): the values, and where they are.
template <bool largest, bool place, class T>
RL_INLINE void of_columns(const T* x, i64 n, i64 inner, i64 width, T* y, i64* at) {
    using V = Reg<T>;
    using I = Whole<V>;
    V best = facing<largest>(get(x, width));
    I where = {};
    for (i64 k = 1; k < n; k++) {
        const V v = facing<largest>(get(x + k * inner, width));
        if constexpr (place) {
            const I better = (v > best) | ((v != v) & (best == best));
            best = better ? v : best;
            where = better ? I{} + decltype(where[0] + 0)(k) : where;
        } else {
            best = max(best, v);
        }
    }
    if constexpr (place)
        for (i64 i = 0; i < width; i++) at[i] = where[i];
    else put(y, facing<largest>(best), width);
}

template <bool largest, bool place>
void of_columns(const i64* x, i64 n, i64 inner, i64 width, i64* y, i64* at) {
    i64 best[COLUMNS<i64>], where[COLUMNS<i64>] = {};
    std::memcpy(best, x, std::size_t(width) * sizeof(i64));
    for (i64 k = 1; k < n; k++) {
        const i64* const row = x + k * inner;
        for (i64 i = 0; i < width; i++) {
            const bool better = largest ? row[i] > best[i] : row[i] < best[i];
            best[i] = better ? row[i] : best[i];
            if constexpr (place) where[i] = better ? k : where[i];
        }
    }
    std::memcpy(place ? at : y, place ? where : best, std::size_t(width) * sizeof(i64));
}

template <bool largest, bool place, class T>
void run(const T* x, i64 outer, i64 n, i64 inner, T* y, i64* at) {
    if (inner > 1) {
        constexpr i64 L = COLUMNS<T>;
        const i64 parts = (inner + L - 1) / L;
        parallel(outer * parts, rows_per_block(n * L, GRAIN), [=](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) {
                const i64 o = i / parts, j = i % parts * L;
                of_columns<largest, place>(x + o * n * inner + j, n, inner,
                                           inner - j < L ? inner - j : L, y + o * inner + j,
                                           at + o * inner + j);
            }
        });
        return;
    }
    if (outer > 1 || n <= GRAIN) {
        parallel(outer, rows_per_block(n, GRAIN), [=](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) {
                const T v = of_row<largest>(x + i * n, n);
                if (place) at[i] = first_of(x + i * n, n, v);
                else y[i] = v;
            }
        });
        return;
    }
    const i64 blocks = (n + GRAIN - 1) / GRAIN;
    T* const part = scratch<T>(Slot::reduce, blocks);
    parallel(n, GRAIN, [=](i64 begin, i64 end) {
        part[begin / GRAIN] = of_row<largest>(x + begin, end - begin);
    });
    const T v = of_row<largest>(part, blocks);
    if (!place) {
        for (i64 i = 0; i < outer; i++) y[i] = v;
    } else {
        const i64 b = first_of(part, blocks, v) * GRAIN;
        for (i64 i = 0; i < outer; i++) at[i] = b + first_of(x + b, n - b < GRAIN ? n - b : GRAIN, v);
    }
}

}  // namespace

template <class T>
void extreme(const T* x, i64 outer, i64 n, i64 inner, bool largest, T* y) {
    if (largest) run<true, false>(x, outer, n, inner, y, static_cast<i64*>(nullptr));
    else run<false, false>(x, outer, n, inner, y, static_cast<i64*>(nullptr));
}
template <class T>
void extreme_place(const T* x, i64 outer, i64 n, i64 inner, bool largest, i64* y) {
    if (largest) run<true, true>(x, outer, n, inner, static_cast<T*>(nullptr), y);
    else run<false, true>(x, outer, n, inner, static_cast<T*>(nullptr), y);
}

#define EACH(T)                                                             \
    template void extreme(const T*, i64, i64, i64, bool, T*);               \
    template void extreme_place(const T*, i64, i64, i64, bool, i64*);
EACH(float)
EACH(double)
EACH(i64)

}  // namespace rl::RL_ISA
