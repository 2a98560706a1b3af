#include "embedding.hpp"

#include "parallel.hpp"

namespace rl::RL_ISA {

bool in_range(const i64* index, i64 n, i64 low, i64 high) {
    bool good = true;
    for (i64 i = 0; i < n; i++) good &= index[i] >= low && index[i] < high;
    return good;
}

static constexpr i64 AHEAD = 4096;  // bytes

// Another thread may write to an index array between its check (in_range) and its use: it is read
// once where it is used, and a row that is none is left out.
RL_INLINE i64 once(const i64* p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
RL_INLINE bool is_row(i64 i, i64 rows) { return std::uint64_t(i) < std::uint64_t(rows); }

void take_rows(const char* x, i64 rows, i64 row_bytes, const i64* index, i64 n, char* y) {
    parallel(n, rows_per_block(row_bytes, 1 << 16), [=](i64 begin, i64 end) {
        const auto place = [=](i64 i) {
            const i64 at = once(index + i);
            return at < 0 ? at + rows : at;
        };
        for (i64 i = begin; i < end; i++) {
            if (i + 1 < end) {  // rows lie anywhere: the next one is sent for while this is copied
                const i64 at = place(i + 1);
                const char* const next = x + (is_row(at, rows) ? at * row_bytes : 0);
                for (i64 b = 0; b < row_bytes && b < AHEAD; b += 64) __builtin_prefetch(next + b);
            }
            const i64 row = place(i);
            if (is_row(row, rows)) std::memcpy(y + i * row_bytes, x + row * row_bytes, row_bytes);
            else std::memset(y + i * row_bytes, 0, row_bytes);
        }
    });
}

template <class T>
void embedding_dw(const T* dy, const i64* index, i64 n, i64 v, i64 e, i64 skip, i64* counts,
                  T* dw) {
    constexpr i64 L = LANES<T>, STRETCH = 8 * L;
    std::memset(dw, 0, v * e * sizeof(T));
    if (counts) {
        std::memset(counts, 0, v * sizeof(i64));
        for (i64 i = 0; i < n; i++)
            if (const i64 at = once(index + i); is_row(at, v)) counts[at]++;
    }
    // Threads share the columns: the rows of one index must be added in order.
    parallel((e + STRETCH - 1) / STRETCH, rows_per_block(n * STRETCH, 1 << 15),
             [=](i64 first, i64 last) {
                 const i64 begin = first * STRETCH, end = last * STRETCH < e ? last * STRETCH : e;
                 for (i64 i = 0; i < n; i++) {
                     const i64 at = once(index + i);
                     if (at == skip || !is_row(at, v)) continue;
                     const T* g = dy + i * e;
                     T* w = dw + at * e;
                     const T scale = counts ? T(1) / T(counts[at]) : T(1);
                     for (i64 j = begin; j < end; j += L) {
                         const i64 width = end - j < L ? end - j : L;
                         put(w + j, get(w + j, width) + get(g + j, width) * scale, width);
                     }
                 }
             });
}

template void embedding_dw(const float*, const i64*, i64, i64, i64, i64, i64*, float*);
template void embedding_dw(const double*, const i64*, i64, i64, i64, i64, i64*, double*);

}  // namespace rl::RL_ISA
