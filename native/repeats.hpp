// Rows of a matrix that are there more than once: a batch of characters or words, as one-hot rows
// or embedded. What is linear in a row needs to be done for one of each kind only.
#pragma once
#include "parallel.hpp"
#include "rows.hpp"

namespace rl::RL_ISA {
namespace {

struct Repeats {
    i64 kinds = 0;                // 0: too many of them to be worth anything
    const i64* first = nullptr;   // (kinds): the first row of each
    const i64* kind = nullptr;    // (rows)
};

// How large the table of find_repeats is: twice the rows, a power of two.
inline i64 repeats_table(i64 rows) {
    i64 n = 64;
    while (n < 2 * rows) n *= 2;
    return n;
}
inline i64 repeats_memory(i64 rows) { return 2 * rows + repeats_table(rows); }

RL_INLINE std::uint32_t hash_bytes(const char* p, i64 n) {
    U32 h{}, odd;
    for (int i = 0; i < REGISTER / 4; i++) odd[i] = 2 * (i + 1) * 0x9E3779B1u + 1;
    for (i64 i = 0; i < n; i += REGISTER) {
        U32 v{};
        if (n - i >= REGISTER) std::memcpy(&v, p + i, REGISTER);
        else std::memcpy(&v, p + i, n - i);
        h = h * 0x85EBCA6Bu + v;
    }
    h *= odd;
    std::uint32_t sum = 0;
    for (int i = 0; i < REGISTER / 4; i++) sum += h[i];
    return (sum ^ sum >> 15) * 0x2C1B3C6Du >> 4;
}

// Equal means the same bits. Gives up when three rows in four are new ones after the first 128. The
// result lies in `memory`, repeats_memory(rows) numbers.
template <class T>
Repeats find_repeats(const T* x, i64 rows, i64 width, i64* memory) {
    const i64 size = repeats_table(rows), bytes = width * sizeof(T);
    i64 *const first = memory, *const kind = memory + rows, *const table = memory + 2 * rows;
    std::memset(table, 0xff, size * sizeof(i64));
    i64 kinds = 0;
    for (i64 r = 0; r < rows; r++) {
        const char* const row = reinterpret_cast<const char*>(x + r * width);
        i64 at = hash_bytes(row, bytes) & (size - 1), k;
        while ((k = table[at]) >= 0 &&
               std::memcmp(reinterpret_cast<const char*>(x + first[k] * width), row, bytes) != 0)
            at = (at + 1) & (size - 1);
        if (k < 0) {
            if (r >= 128 && 4 * kinds >= 3 * r) return {};
            k = table[at] = kinds;
            first[kinds++] = r;
        }
        kind[r] = k;
    }
    return {4 * kinds < 3 * rows ? kinds : 0, first, kind};
}

// y (kinds, width) = one row of each kind
template <class T>
void take_kinds(const Repeats& of, const T* x, i64 width, T* y) {
    for (i64 k = 0; k < of.kinds; k++)
        std::memcpy(y + k * width, x + of.first[k] * width, width * sizeof(T));
}

// y (kinds, width) = the sums of the rows of x of each kind, in their order
template <class T>
void add_kinds(const Repeats& of, const T* x, i64 rows, i64 width, T* y) {
    constexpr i64 L = LANES<T>, STRETCH = 8 * L;
    std::memset(y, 0, of.kinds * width * sizeof(T));
    parallel((width + STRETCH - 1) / STRETCH, rows_per_block(rows * STRETCH, 1 << 16),
             [=](i64 first, i64 last) {
                 const i64 begin = first * STRETCH;
                 const i64 end = last * STRETCH < width ? last * STRETCH : width;
                 for (i64 r = 0; r < rows; r++) {
                     T* const to = y + of.kind[r] * width;
                     row_map(end - begin, [](Reg<T> a, Reg<T> b) { return a + b; }, to + begin,
                             static_cast<const T*>(to + begin), x + r * width + begin);
                 }
             });
}

}  // namespace
}  // namespace rl::RL_ISA
