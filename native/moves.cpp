#include "moves.hpp"

#include <cstring>

#include "blocks.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

// Dimensions of 1 left out, in the order of y's memory, those that follow on each other as one.
void simplify(Block& b) {
    Block s;
    s.nd = 0;
    for (int i = 0; i < b.nd; i++) {
        if (b.dims[i] == 1) continue;
        int at = s.nd++;
        for (; at > 0 && s.to[at - 1] < b.to[i]; at--) {
            s.dims[at] = s.dims[at - 1];
            s.from[at] = s.from[at - 1];
            s.to[at] = s.to[at - 1];
        }
        s.dims[at] = b.dims[i], s.from[at] = b.from[i], s.to[at] = b.to[i];
    }
    b.nd = 0;
    for (int i = 0; i < s.nd; i++) {
        const int last = b.nd - 1;
        if (last >= 0 && b.from[last] == s.from[i] * s.dims[i] &&
            b.to[last] == s.to[i] * s.dims[i]) {
            b.dims[last] *= s.dims[i];
            b.from[last] = s.from[i], b.to[last] = s.to[i];
            continue;
        }
        b.dims[b.nd] = s.dims[i], b.from[b.nd] = s.from[i], b.to[b.nd] = s.to[i];
        b.nd++;
    }
}

// The places of the outer dimensions, one after the other.
struct Walk {
    const Block& b;
    int nd;
    i64 at[64];
    i64 from = 0, to = 0;

    Walk(const Block& block, int outer, i64 start) : b(block), nd(outer) {
        for (int i = nd - 1; i >= 0; i--) {
            at[i] = start % b.dims[i];
            start /= b.dims[i];
            from += at[i] * b.from[i];
            to += at[i] * b.to[i];
        }
    }
    void next() {
        for (int i = nd - 1; i >= 0; i--) {
            from += b.from[i], to += b.to[i];
            if (++at[i] < b.dims[i]) return;
            from -= b.dims[i] * b.from[i], to -= b.dims[i] * b.to[i];
            at[i] = 0;
        }
    }
};

struct Pair {
    std::uint64_t a, b;
};

// f.operator()<T>() with a T of `size` bytes
template <class G>
RL_INLINE void of_size(i64 size, G f) {
    switch (size) {
        case 1: return f.template operator()<std::uint8_t>();
        case 2: return f.template operator()<std::uint16_t>();
        case 4: return f.template operator()<std::uint32_t>();
        case 8: return f.template operator()<std::uint64_t>();
        default: return f.template operator()<Pair>();
    }
}

// y (cols, rows) = x (rows, cols), steps in bytes
template <class T>
void turned(const char* x, i64 x_step, i64 rows, i64 cols, char* y, i64 y_step) {
    if constexpr (sizeof(T) == 4 || sizeof(T) == 8) {
        using Number = std::conditional_t<sizeof(T) == 4, float, double>;
        if (x_step % i64(sizeof(T)) == 0 && y_step % i64(sizeof(T)) == 0)
            return transpose(reinterpret_cast<const Number*>(x), x_step / i64(sizeof(T)), rows, cols,
                             reinterpret_cast<Number*>(y), y_step / i64(sizeof(T)));
    }
    constexpr i64 TILE = 16;
    for (i64 i = 0; i < rows; i += TILE)
        for (i64 j = 0; j < cols; j += TILE)
            for (i64 c = j; c < j + TILE && c < cols; c++)
                for (i64 r = i; r < i + TILE && r < rows; r++)
                    reinterpret_cast<T*>(y + c * y_step)[r] =
                        reinterpret_cast<const T*>(x + r * x_step)[c];
}

// memcpy without its call for what is short
RL_INLINE void copy_row(char* y, const char* x, i64 bytes) {
    constexpr i64 LINE = 64, SHORT = 16;
    if (bytes < SHORT || bytes > 8192) {
        std::memcpy(y, x, std::size_t(bytes));
        return;
    }
    const auto steps = [=]<i64 step>() {  // the last one overlaps the one before
        for (i64 i = 0; i + step <= bytes; i += step) std::memcpy(y + i, x + i, step);
        if (bytes % step) std::memcpy(y + bytes - step, x + bytes - step, step);
    };
    if (bytes < LINE) steps.template operator()<SHORT>();
    else steps.template operator()<LINE>();
}

template <class T>
RL_INLINE void fill_row(T* y, i64 n, T v) {
    constexpr i64 FEW = 8;
    if (n > FEW) {
        for (i64 i = 0; i < n; i++) y[i] = v;
        return;
    }
    for (i64 i = 0; i < n; i++) {
        y[i] = v;
        asm("");  // as it stands: a vectorised loop takes longer to begin
    }
}

// y[i] = x[-i]
template <class T>
void reverse_row(const T* x, T* y, i64 n) {
    i64 i = 0;
    if constexpr (sizeof(T) <= 8) {
        typedef T V __attribute__((vector_size(REGISTER)));
        constexpr i64 L = REGISTER / sizeof(T);
        const auto turn = [=]<std::size_t... k>(V v, std::index_sequence<k...>) {
            return __builtin_shufflevector(v, v, (int(L) - 1 - int(k))...);
        };
        for (; i + L <= n; i += L) {
            V v;
            std::memcpy(&v, x - i - L + 1, sizeof v);
            v = turn(v, std::make_index_sequence<L>{});
            std::memcpy(y + i, &v, sizeof v);
        }
    }
    for (; i < n; i++) y[i] = x[-i];
}

void copy_bytes(const char* x, i64 bytes, char* y) {
    parallel(bytes, MOVE_BYTES, [=](i64 begin, i64 end) {
        std::memcpy(y + begin, x + begin, std::size_t(end - begin));
    });
}

}  // namespace

void copy_block(Block b, const char* x, char* y) {
    for (int i = 0; i < b.nd; i++)
        if (b.dims[i] == 0) return;
    simplify(b);
    const i64 size = b.size;
    if (b.nd == 0) {
        std::memcpy(y, x, std::size_t(size));
        return;
    }
    const int last = b.nd - 1;
    if (b.from[last] == size && b.to[last] == size) {
        const i64 bytes = b.dims[last] * size;
        if (last == 0) return copy_bytes(x, bytes, y);
        i64 rows = 1;
        for (int i = 0; i < last; i++) rows *= b.dims[i];
        parallel(rows, rows_per_block(bytes, MOVE_BYTES), [&](i64 begin, i64 end) {
            Walk w(b, last, begin);
            for (i64 r = begin; r < end; r++, w.next())
                copy_row(y + w.to, x + w.from, bytes);
        });
        return;
    }
    const bool repeats = b.from[last] == 0, reverses = b.from[last] == -size;
    if ((repeats || reverses) && b.to[last] == size) {
        i64 rows = 1;
        for (int i = 0; i < last; i++) rows *= b.dims[i];
        const i64 n = b.dims[last], parts = (n * size + MOVE_BYTES - 1) / MOVE_BYTES;
        const i64 part = (n + parts - 1) / parts;
        parallel(rows * parts, rows_per_block(part * size, MOVE_BYTES), [&](i64 begin, i64 end) {
            of_size(size, [&]<class T>() {
                for (i64 r = begin; r < end; r++) {
                    const Walk w(b, last, r / parts);
                    const i64 first = r % parts * part, left = n - first, some = left < part ? left : part;
                    T* const to = reinterpret_cast<T*>(y + w.to) + first;
                    const T* const from = reinterpret_cast<const T*>(x + w.from);
                    T v;
                    std::memcpy(&v, from, sizeof v);
                    if (repeats) fill_row(to, some, v);
                    else reverse_row(from - first, to, some);
                }
            });
        });
        return;
    }
    int side = -1;  // the dimension whose elements lie side by side in x
    for (int i = 0; i < last; i++)
        if (b.from[i] == size || b.from[i] == -size) side = i;
    if (side >= 0 && b.from[side] < 0) {  // the same from its other end
        x += (b.dims[side] - 1) * b.from[side], y += (b.dims[side] - 1) * b.to[side];
        b.from[side] = size, b.to[side] = -b.to[side];
    }
    if (side >= 0 && b.to[last] == size && b.dims[last] >= 4 && b.dims[side] >= 4) {
        Block outer;
        outer.nd = 0;
        const i64 cols = b.dims[side], x_step = b.from[last], rows = b.dims[last];
        const i64 y_step = b.to[side];
        // stretches of columns, so that one large matrix is work for all threads
        i64 stretch = MOVE_BYTES / (rows * size) / 64 * 64;
        stretch = stretch < 64 ? 64 : stretch;
        const i64 parts = (cols + stretch - 1) / stretch;
        i64 tasks = parts;
        for (int i = 0; i < last; i++) {
            if (i == side) continue;
            outer.dims[outer.nd] = b.dims[i];
            outer.from[outer.nd] = b.from[i], outer.to[outer.nd] = b.to[i];
            outer.nd++;
            tasks *= b.dims[i];
        }
        const i64 each = rows * (cols < stretch ? cols : stretch) * size;
        parallel(tasks, rows_per_block(each, MOVE_BYTES), [&](i64 begin, i64 end) {
            for (i64 t = begin; t < end; t++) {
                const Walk w(outer, outer.nd, t / parts);
                const i64 c = t % parts * stretch, n = cols - c < stretch ? cols - c : stretch;
                of_size(size, [&]<class T>() {
                    turned<T>(x + w.from + c * size, x_step, rows, n, y + w.to + c * y_step, y_step);
                });
            }
        });
        return;
    }
    i64 rows = 1;
    for (int i = 0; i < last; i++) rows *= b.dims[i];
    const i64 n = b.dims[last], from = b.from[last], to = b.to[last];
    parallel(rows, rows_per_block(n, 1 << 14), [&](i64 begin, i64 end) {
        of_size(size, [&]<class T>() {
            Walk w(b, last, begin);
            for (i64 r = begin; r < end; r++, w.next()) {
                const char* p = x + w.from;
                char* q = y + w.to;
                for (i64 i = 0; i < n; i++, p += from, q += to) std::memcpy(q, p, sizeof(T));
            }
        });
    });
}

void join_rows(const char* const* x, const i64* row, i64 count, i64 rows, char* y) {
    i64 step = 0;
    for (i64 k = 0; k < count; k++) step += row[k];
    parallel(rows, even_blocks(rows, rows_per_block(step, MOVE_BYTES), 1), [=](i64 begin, i64 end) {
        char* to = y + begin * step;
        for (i64 i = begin; i < end; i++)
            for (i64 k = 0; k < count; to += row[k], k++) copy_row(to, x[k] + i * row[k], row[k]);
    });
}

void pad_block(const PadBlock& b, const char* x, const char* value, char* y) {
    const int last = b.nd - 1, line = last - 1;  // a line of rows, where there is one
    const i64 size = b.size, n = b.out[last], inside = b.in[last], lead = b.before[last];
    const i64 lines = line < 0 ? 1 : b.out[line];
    i64 planes = 1;
    for (int i = 0; i < line; i++) planes *= b.out[i];
    // a plane may be cut into parts: one large one is work for all threads
    const i64 per = rows_per_block(n * size, MOVE_BYTES), part = per < lines ? per : lines;
    const i64 parts = (lines + part - 1) / part;
    of_size(size, [&]<class T>() {
        constexpr i64 FEW = 16 / sizeof(T);
        T v, many[FEW];
        std::memcpy(&v, value, sizeof v);
        for (T& m : many) m = v;
        const auto rows = [&](i64 plane, i64 first, i64 end) {
            i64 from = 0, left = plane;
            bool within = true;
            for (int i = line - 1; i >= 0; i--) {
                const i64 p = left % b.out[i] - b.before[i];
                left /= b.out[i];
                within = within && p >= 0 && p < b.in[i];
                from += p * b.from[i];
            }
            T* to = reinterpret_cast<T*>(y) + (plane * lines + first) * n;
            T* const after = to + (end - first) * n;
            // the rows that x has: what lies between two of them is filled in one go
            i64 low = line < 0 ? 0 : b.before[line] - first;
            i64 high = line < 0 ? 1 : low + b.in[line];
            low = low < 0 ? 0 : low, high = high < end - first ? high : end - first;
            if (!within || low >= high) return fill_row(to, after - to, v);
            fill_row(to, low * n + lead, v);
            to += low * n + lead;
            const i64 gap = n - inside, x_step = line < 0 ? 0 : b.from[line];
            const char* row = x + from + (line < 0 ? 0 : (first + low - b.before[line]) * x_step);
            const bool small = gap <= FEW && inside >= FEW;
            for (i64 r = low; r < high; r++, row += x_step) {
                copy_row(reinterpret_cast<char*>(to), row, inside * size);
                to += inside;
                if (r + 1 == high) return fill_row(to, after - to, v);
                if (small) std::memcpy(to, many, sizeof many);  // the next row covers what is too much
                else fill_row(to, gap, v);
                to += gap;
            }
        };
        const i64 tasks = planes * parts;
        parallel(tasks, even_blocks(tasks, rows_per_block(part * n * size, MOVE_BYTES), 1), [&](i64 begin, i64 end) {
            for (i64 t = begin; t < end; t++) {
                const i64 first = t % parts * part;
                rows(t / parts, first, first + part < lines ? first + part : lines);
            }
        });
    });
}

namespace {

constexpr i64 PICKS = 8;         // numbers of a step of gather
constexpr i64 NEAR = 16 << 10;  // bytes of a row that the first-level cache holds beside the others

// y[j] = x[index[j]] for a step, negative ones of which count from `shift`; false: one is outside of [0, m).
// (another thread may write to index: a place is used as it was checked)
template <class T>
RL_INLINE bool pick(const T* x, i64 m, i64 shift, const i64* index, T* y) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    __m512i at = _mm512_loadu_si512(index);
    at = _mm512_mask_add_epi64(at, _mm512_movepi64_mask(at), at, _mm512_set1_epi64(shift));
    const __mmask8 good = _mm512_cmplt_epu64_mask(at, _mm512_set1_epi64(m));
    if constexpr (sizeof(T) == 8)
        _mm512_storeu_si512(y, _mm512_mask_i64gather_epi64(__m512i{}, good, at, x, 8));
    else if constexpr (sizeof(T) == 4)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y),
                            _mm512_mask_i64gather_epi32(__m256i{}, good, at, x, 4));
    else {  // of the four bytes that they are part of, which lie on one page
        constexpr int SHIFT = sizeof(T) == 2 ? 1 : 0;
        const __m512i bytes =
            _mm512_add_epi64(_mm512_slli_epi64(at, SHIFT), _mm512_set1_epi64(reinterpret_cast<i64>(x)));
        const __m256i words = _mm512_mask_i64gather_epi32(
            __m256i{}, good, _mm512_and_si512(bytes, _mm512_set1_epi64(~3)), nullptr, 1);
        const __m256i bits = _mm512_cvtepi64_epi32(
            _mm512_slli_epi64(_mm512_and_si512(bytes, _mm512_set1_epi64(3)), 3));
        const __m256i found = _mm256_srlv_epi32(words, bits);
        if constexpr (sizeof(T) == 2)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm256_cvtepi32_epi16(found));
        else _mm_storeu_si64(y, _mm256_cvtepi32_epi8(found));
    }
    return good == 0xff;
#else
    bool all_good = true;
#pragma GCC unroll 8
    for (i64 j = 0; j < PICKS; j++) {
        i64 at = index[j];
        asm("" : "+r"(at));
        at += at < 0 ? shift : 0;
        const bool good = std::uint64_t(at) < std::uint64_t(m);
        all_good &= good;
        y[j] = x[good ? at : 0];
    }
    return all_good;
#endif
}

}  // namespace

template <class T>
bool gather(const T* x, i64 rows, i64 m, i64 inner, const i64* index, i64 n, bool strict, T* y) {
    constexpr i64 LINE = 64;
    bool within = true;
    const auto check = [&](bool good) {
        if (!good) __atomic_store_n(&within, false, __ATOMIC_RELAXED);
    };
    const i64 shift = strict ? 0 : m;
    const auto place = [=](i64 i, std::uint64_t& most) {
        i64 at = index[i];
        asm("" : "+r"(at));
        at += at < 0 ? shift : 0;
        const bool good = std::uint64_t(at) < std::uint64_t(m);
        most = good ? most : ~std::uint64_t(0);
        return good ? at : 0;
    };
    if (m == 0) return rows * n * inner == 0;
    if (inner == 1) {
        // The places of a row lie here and there: the processor does not foresee them, so the next row's
        // memory is asked for, as far as its lines are likely to be used.
        const i64 bytes = m * i64(sizeof(T)), steps = n / PICKS;
        const bool ahead = bytes <= NEAR && steps > 0 && n * LINE >= bytes;
        const i64 each = ahead ? (bytes / LINE + steps) / steps * LINE : 0;
        parallel(rows, even_blocks(rows, rows_per_block(n, 1 << 14), 1), [=](i64 begin, i64 end) {
            bool good = true;
            std::uint64_t most = 0;
            for (i64 r = begin; r < end; r++) {
                const T* const row = x + r * m;
                const char* next = reinterpret_cast<const char*>(row + m);
                const char* const stop = next + (r + 1 < end ? bytes : 0);
                i64 i = r * n;
                for (; i + PICKS <= (r + 1) * n; i += PICKS) {
                    for (const char* const to = next + each; next < to && next < stop; next += LINE)
                        __builtin_prefetch(next);
                    good &= pick(row, m, shift, index + i, y + i);
                }
                for (; i < (r + 1) * n; i++) y[i] = row[place(i, most)];
            }
            check(good && most == 0);
        });
        return within;
    }
    parallel(rows * n, rows_per_block(inner, 1 << 14), [=](i64 begin, i64 end) {
        std::uint64_t most = 0;
        for (i64 r = begin; r < end; r++)
            for (i64 i = 0; i < inner; i++)
                y[r * inner + i] = x[(r / n * m + place(r * inner + i, most)) * inner + i];
        check(most == 0);
    });
    return within;
}

namespace {

template <bool one_x, bool one_y, class T>
void choose_of(const bool* c, const T* x, const T* y, T* z, i64 n) {
    parallel(n, even_blocks(n, MOVE_BYTES / 4 / i64(sizeof(T))), [=](i64 begin, i64 end) {
        const auto* const chosen = reinterpret_cast<const std::uint8_t*>(c);
        const T first = *x, second = *y;
        for (i64 i = begin; i < end; i++) {
            const T a = one_x ? first : x[i], b = one_y ? second : y[i];
            z[i] = chosen[i] ? a : b;
        }
    });
}

}  // namespace

template <class T>
void choose(const bool* c, const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n) {
    if (nx == 1 && ny == 1) choose_of<true, true>(c, x, y, z, n);
    else if (nx == 1) choose_of<true, false>(c, x, y, z, n);
    else if (ny == 1) choose_of<false, true>(c, x, y, z, n);
    else choose_of<false, false>(c, x, y, z, n);
}

void count_true(const bool* x, i64 n, i64* counts) {
    parallel((n + CHOSEN_STEP - 1) / CHOSEN_STEP, 4, [=](i64 begin, i64 end) {
        const auto* const c = reinterpret_cast<const std::uint8_t*>(x);
        for (i64 b = begin; b < end; b++) {
            const i64 first = b * CHOSEN_STEP, left = n - first;
            const i64 last = first + (left < CHOSEN_STEP ? left : CHOSEN_STEP);
            std::uint32_t sum = 0;
            for (i64 i = first; i < last; i++) sum += c[i];
            counts[b] = sum;
        }
    });
}

namespace {

// f(place) for each true of [begin, end), in order
template <class G>
RL_INLINE void each_true(const bool* x, i64 begin, i64 end, G f) {
    i64 i = begin;
    for (; i + 8 <= end; i += 8) {
        std::uint64_t word;  // a byte is 0 or 1
        std::memcpy(&word, x + i, 8);
        for (; word; word &= word - 1) f(i + (__builtin_ctzll(word) >> 3));
    }
    for (; i < end; i++)
        if (x[i]) f(i);
}

}  // namespace

void places_of_true(const bool* x, i64 n, const i64* starts, const i64* dims, int nd, i64* y) {
    const i64 total = starts[(n + CHOSEN_STEP - 1) / CHOSEN_STEP];
    parallel((n + CHOSEN_STEP - 1) / CHOSEN_STEP, 1, [=](i64 begin, i64 end) {
        const i64 first = begin * CHOSEN_STEP;
        const i64 last = end * CHOSEN_STEP < n ? end * CHOSEN_STEP : n;
        i64* to = y + starts[begin];
        if (nd == 1) return each_true(x, first, last, [&](i64 p) { *to++ = p; });
        const i64 width = dims[nd - 1];
        i64 row = first / width, row_start = row * width;
        if (nd == 2)
            return each_true(x, first, last, [&](i64 p) {
                while (p - row_start >= width) row++, row_start += width;
                to[0] = row, to[total] = p - row_start;
                to++;
            });
        i64 known = -1, at[64] = {};
        each_true(x, first, last, [&](i64 p) {
            while (p - row_start >= width) row++, row_start += width;
            if (row != known) {
                i64 left = known = row;
                for (int d = nd - 2; d >= 0; d--) {
                    at[d] = left % dims[d];
                    left /= dims[d];
                }
            }
            for (int d = 0; d < nd - 1; d++) to[d * total] = at[d];
            to[(nd - 1) * total] = p - row_start;
            to++;
        });
    });
}

template <class T>
void take_true(const bool* c, const T* x, i64 n, const i64* starts, T* y) {
    parallel((n + CHOSEN_STEP - 1) / CHOSEN_STEP, 1, [=](i64 begin, i64 end) {
        i64 at = starts[begin];
        for (i64 p = begin * CHOSEN_STEP; at < starts[end]; p++) {
            y[at] = x[p];
            at += c[p];
        }
    });
}

#define EACH(T)                                                              \
    template bool gather(const T*, i64, i64, i64, const i64*, i64, bool, T*); \
    template void choose(const bool*, const T*, i64, const T*, i64, T*, i64); \
    template void take_true(const bool*, const T*, i64, const i64*, T*);
EACH(std::uint8_t)
EACH(std::uint16_t)
EACH(std::uint32_t)
EACH(std::uint64_t)

}  // namespace rl::RL_ISA
