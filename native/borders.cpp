// Arrays with a border that continues what is within: reflected, repeated, periodic.
#include "blocks.hpp"
#include "moves.hpp"
#include "parallel.hpp"

namespace rl::RL_ISA {

i64 continuation(Border how, i64 i, i64 n, i64 before, i64 after) {
    if (how == Border::periodic) {
        const i64 start = before < 0 ? -before : 0, end = n - (after < 0 ? -after : 0);
        const i64 period = end - start < 1 ? 1 : end - start, p = (i - (before > 0 ? before : 0)) % period;
        return start + (p < 0 ? p + period : p);
    }
    const i64 p = i - before, last = n - 1;
    if (how == Border::repeated) return p < 0 ? 0 : p > last ? last : p;
    const i64 turned = p < 0 ? -p : p;
    return turned > last ? 2 * last - turned : turned;
}

namespace {

struct Sixteen {
    std::uint64_t a, b;
};

template <class T>
void rows(const ContinuedBlock& b, const char* x, char* y) {
    const int last = b.nd - 1;
    const i64 n = b.out[last], lead = b.lead, inside = b.inside;
    const i64* const ends = b.at[last];
    i64 count = 1;
    for (int i = 0; i < last; i++) count *= b.out[i];
    parallel(count, rows_per_block(n * i64(sizeof(T)), MOVE_BYTES), [&](i64 begin, i64 end) {
        for (i64 r = begin; r < end; r++) {
            i64 from = 0;
            for (i64 i = last - 1, left = r; i >= 0; i--) {
                from += b.at[i][left % b.out[i]];
                left /= b.out[i];
            }
            const char* const row = x + from;
            char* const to = y + r * n * i64(sizeof(T));
            const auto one = [&](i64 i) { std::memcpy(to + i * i64(sizeof(T)), row + ends[i], sizeof(T)); };
            for (i64 i = 0; i < lead; i++) one(i);
            if (inside > 0) std::memcpy(to + lead * i64(sizeof(T)), row + ends[lead], std::size_t(inside) * sizeof(T));
            for (i64 i = lead + inside; i < n; i++) one(i);
        }
    });
}

}  // namespace

void continue_block(const ContinuedBlock& b, const char* x, char* y) {
    if (b.size == 1) rows<std::uint8_t>(b, x, y);
    else if (b.size == 2) rows<std::uint16_t>(b, x, y);
    else if (b.size == 4) rows<std::uint32_t>(b, x, y);
    else if (b.size == 8) rows<std::uint64_t>(b, x, y);
    else rows<Sixteen>(b, x, y);
}

}  // namespace rl::RL_ISA
