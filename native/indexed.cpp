// Sums at indices.
#include <cstring>

#include "order.hpp"
#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

bool inside(const i64* index, i64 k, i64 n) {
    bool good = true;
    parallel(k, 1 << 15, [=, &good](i64 begin, i64 end) {
        i64 bad = 0;  // its sign
        for (i64 i = begin; i < end; i++) bad |= index[i] | (n - 1 - index[i]);
        if (bad < 0) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
    });
    return good;
}

// y[index[i]] += values[i], one after the other
template <class T>
void add_each(T* y, const i64* index, i64 k, const T* values) {
    i64 i = 0;
    for (; i + 4 <= k; i += 4) {  // read before y is written: the compiler cannot do it
        const i64 at[] = {index[i], index[i + 1], index[i + 2], index[i + 3]};
        const T v[] = {values[i], values[i + 1], values[i + 2], values[i + 3]};
        for (int j = 0; j < 4; j++) y[at[j]] += v[j];
    }
    for (; i < k; i++) y[index[i]] += values[i];
}

// The same, and whether all of them lie in [0, n); those that do not are left out.
template <class T>
bool add_each_within(T* y, i64 n, const i64* index, i64 k, const T* values) {
    i64 bad = 0;  // its sign
    const auto place = [&](i64 at) {  // (another thread may write to index: used as it was checked)
        const bool good = std::uint64_t(at) < std::uint64_t(n);
        bad |= good - 1;
        return good ? at : 0;
    };
    i64 i = 0;
    for (; i + 4 <= k; i += 4) {
        const i64 at[] = {place(index[i]), place(index[i + 1]), place(index[i + 2]),
                          place(index[i + 3])};
        const T v[] = {values[i], values[i + 1], values[i + 2], values[i + 3]};
        if (bad < 0) return false;
        for (int j = 0; j < 4; j++) y[at[j]] += v[j];
    }
    for (; i < k; i++) {
        const i64 at = place(index[i]);
        if (bad < 0) return false;
        y[at] += values[i];
    }
    return true;
}

constexpr i64 STRETCH = 64;  // columns that one thread adds to

}  // namespace

template <class T>
bool add_rows(T* y, i64 outer, i64 n, i64 inner, const i64* index, i64 k, const T* values) {
    if (!inside(index, k, n)) return false;
    if (inner == 1) {
        parallel(outer, rows_per_block(k, 1 << 14), [=](i64 begin, i64 end) {
            for (i64 o = begin; o < end; o++) add_each(y + o * n, index, k, values + o * k);
        });
        return true;
    }
    const i64 parts = (inner + STRETCH - 1) / STRETCH;
    parallel(outer * parts, rows_per_block(k * STRETCH, 1 << 15), [=](i64 begin, i64 end) {
        for (i64 b = begin; b < end; b++) {
            const i64 o = b / parts, first = b % parts * STRETCH;
            const i64 last = first + STRETCH < inner ? first + STRETCH : inner;
            for (i64 i = 0; i < k; i++) {
                T* const to = y + (o * n + index[i]) * inner;
                const T* const from = values + (o * k + i) * inner;
                for (i64 j = first; j < last; j++) to[j] += from[j];
            }
        }
    });
    return true;
}

template <class T>
bool add_at(const T* x, T* y, i64 outer, i64 n, i64 inner, const i64* index, i64 k,
            const T* values) {
    if (inner == 1) {
        bool good = true;
        parallel(outer, rows_per_block(k + n, 1 << 14), [=, &good](i64 begin, i64 end) {
            for (i64 o = begin; o < end; o++) {
                std::memcpy(y + o * n, x + o * n, std::size_t(n) * sizeof(T));
                if (!add_each_within(y + o * n, n, index + o * k, k, values + o * k))
                    __atomic_store_n(&good, false, __ATOMIC_RELAXED);
            }
        });
        return good;
    }
    if (!inside(index, outer * k * inner, n)) return false;
    std::memcpy(y, x, std::size_t(outer * n * inner) * sizeof(T));
    const i64 parts = (inner + STRETCH - 1) / STRETCH;
    parallel(outer * parts, rows_per_block(k * STRETCH, 1 << 14), [=](i64 begin, i64 end) {
        for (i64 b = begin; b < end; b++) {
            const i64 o = b / parts, first = b % parts * STRETCH;
            const i64 last = first + STRETCH < inner ? first + STRETCH : inner;
            for (i64 i = 0; i < k; i++)
                for (i64 j = first; j < last; j++) {
                    const i64 at = (o * k + i) * inner + j;
                    y[(o * n + index[at]) * inner + j] += values[at];
                }
        }
    });
    return true;
}

#define EACH(T)                                                           \
    template bool add_rows(T*, i64, i64, i64, const i64*, i64, const T*); \
    template bool add_at(const T*, T*, i64, i64, i64, const i64*, i64, const T*);
EACH(float)
EACH(double)
EACH(i64)

}  // namespace rl::RL_ISA
