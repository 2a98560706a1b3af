// Resizing, see resample.hpp. An output row is made in two steps: the rows of the input that it
// needs are added up, weighted, in a buffer that stays in the cache; then the row's own filter is
// applied to the buffer. Where neighbours in the output need neighbours in the input, as they do
// unless an image shrinks a lot, a register of outputs is one or two loads and a permutation per
// tap instead of a load per number.
#include "resample.hpp"

#include "memory.hpp"
#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 15;  // multiply-adds per block

// How the filter along a row runs.
enum class Way { copy, one, two, any };

// The plan of the filter along rows: for each register of outputs and each tap, where to load and
// which lanes to take.
template <class T>
struct Along {
    Taps<T> taps;
    Way way = Way::any;
    i64 blocks;
    Array<std::int32_t> base;  // (blocks, count)
    Array<std::int32_t> lane;  // (blocks, count, LANES); -1: no tap
    Array<T> weight;           // (blocks, count, LANES)
    bool full = true;          // no tap is missing

    explicit Along(const Taps<T>& t)
        : taps(t),
          blocks((t.outs + LANES<T> - 1) / LANES<T>),
          base(blocks * t.count),
          lane(blocks * t.count * LANES<T>),
          weight(blocks * t.count * LANES<T>) {
        for (i64 i = 0; i < t.count * t.outs; i++) full &= t.index[i] >= 0;
        bool same = t.count == 1 && t.outs == t.size;
        for (i64 l = 0; same && l < t.outs; l++) same = t.index[l] == l && t.weight[l] == 1;
        if (same) {
            way = Way::copy;
            return;
        }
        if (!std::is_same_v<T, float> || REGISTER < 32) return;
        i64 widest = 0;
        for (i64 b = 0; b < blocks; b++)
            for (i64 k = 0; k < t.count; k++) {
                const i64 span = plan(b, k);
                if (span > widest) widest = span;
            }
        way = widest <= LANES<T> ? Way::one : widest <= 2 * LANES<T> ? Way::two : Way::any;
        const i64 reach = way == Way::one ? LANES<T> : 2 * LANES<T>;
        if (way == Way::any) return;
        for (i64 i = 0; i < blocks * t.count; i++) {
            // loads that stay within the row, if it is long enough
            const i64 shift = base[i] + reach > t.size
                                  ? base[i] - (t.size > reach ? t.size - reach : 0)
                                  : 0;
            base[i] -= std::int32_t(shift);
            for (i64 k = 0; k < LANES<T>; k++)
                if (lane[i * LANES<T> + k] >= 0) lane[i * LANES<T> + k] += std::int32_t(shift);
        }
    }

    // Fills the plan of one tap of a block; how many elements it spans.
    i64 plan(i64 b, i64 k) {
        const i64 at = (b * taps.count + k) * LANES<T>, first = b * LANES<T>;
        i64 low = taps.size, high = -1;
        for (i64 l = first; l < first + LANES<T> && l < taps.outs; l++) {
            const i64 i = taps.index[k * taps.outs + l];
            if (i < 0) continue;
            if (i < low) low = i;
            if (i > high) high = i;
        }
        if (high < 0) low = 0;
        base[b * taps.count + k] = std::int32_t(low);
        for (i64 j = 0; j < LANES<T>; j++) {
            const i64 l = first + j;
            const i64 i = l < taps.outs ? taps.index[k * taps.outs + l] : -1;
            lane[at + j] = i < 0 ? -1 : std::int32_t(i - low);
            weight[at + j] = i < 0 ? T(0) : taps.weight[k * taps.outs + l];
        }
        return high - low + 1;
    }
};

#if defined(__AVX512F__)
RL_INLINE F pick(F a, F, I32 lane, std::false_type) {
    return (F)_mm512_permutexvar_ps((__m512i)lane, (__m512)a);
}
RL_INLINE F pick(F a, F b, I32 lane, std::true_type) {
    return (F)_mm512_permutex2var_ps((__m512)a, (__m512i)lane, (__m512)b);
}
#elif defined(__AVX2__)
RL_INLINE F pick(F a, F, I32 lane, std::false_type) {
    return (F)_mm256_permutevar8x32_ps((__m256)a, (__m256i)lane);
}
RL_INLINE F pick(F a, F b, I32 lane, std::true_type) {
    const F low = (F)_mm256_permutevar8x32_ps((__m256)a, (__m256i)lane);
    const F high = (F)_mm256_permutevar8x32_ps((__m256)b, (__m256i)lane);
    return lane < 8 ? low : high;
}
#else
template <class B>
RL_INLINE F pick(F a, F, I32, B) {
    return a;  // not used: Way::any
}
#endif

// The lanes of p[0], p[1], ... of which `room` may be read.
RL_INLINE F within(const float* p, i64 room) {
    return room >= LANES<float> ? load(p) : room > 0 ? load_part(p, room) : F{};
}

template <class TWO, bool FULL>
void along(const Along<float>& a, const float* x, float* y) {
    constexpr i64 N = LANES<float>;
    const i64 count = a.taps.count, size = a.taps.size, outs = a.taps.outs;
    for (i64 b = 0; b < a.blocks; b++) {
        F sum{};
        for (i64 k = 0; k < count; k++) {
            const i64 at = b * count + k, base = a.base[at];
            I32 lane;
            std::memcpy(&lane, &a.lane[at * N], sizeof lane);
            const F low = within(x + base, size - base);
            F high{};
            if constexpr (TWO::value) high = within(x + base + N, size - base - N);
            F v = pick(low, high, lane, TWO{}) * load(&a.weight[at * N]);
            if constexpr (!FULL) v = lane < 0 ? F{} : v;
            sum = k ? sum + v : v;
        }
        const i64 n = outs - b * N;
        if (n >= N) store(y + b * N, sum);
        else store_part(y + b * N, sum, n);
    }
}

template <class T>
void along_any(const Along<T>& a, const T* x, T* y) {
    const Taps<T>& t = a.taps;
    for (i64 k = 0; k < t.count; k++) {
        const std::int32_t* index = t.index + k * t.outs;
        const T* weight = t.weight + k * t.outs;
        if (k == 0 && a.full)
            for (i64 l = 0; l < t.outs; l++) y[l] = x[index[l]] * weight[l];
        else if (k == 0)
            for (i64 l = 0; l < t.outs; l++) y[l] = index[l] < 0 ? T(0) : x[index[l]] * weight[l];
        else if (a.full)
            for (i64 l = 0; l < t.outs; l++) y[l] += x[index[l]] * weight[l];
        else
            for (i64 l = 0; l < t.outs; l++)
                if (index[l] >= 0) y[l] += x[index[l]] * weight[l];
    }
}

template <class T>
void row_filter(const Along<T>& a, const T* x, T* y) {
    if constexpr (std::is_same_v<T, float>) {
        if (a.way == Way::one)
            return a.full ? along<std::false_type, true>(a, x, y)
                          : along<std::false_type, false>(a, x, y);
        if (a.way == Way::two)
            return a.full ? along<std::true_type, true>(a, x, y)
                          : along<std::true_type, false>(a, x, y);
    }
    along_any(a, x, y);
}

// y = Σ_k weight[k] row[k], `n` numbers each.
template <class T>
void add_rows(i64 count, const T* const* row, const T* weight, i64 n, T* y) {
    constexpr i64 N = LANES<T>;
    const auto sum = [&](i64 i, auto get) {
        Reg<T> s = get(row[0] + i) * all(weight[0]);
        for (i64 k = 1; k < count; k++) s += get(row[k] + i) * all(weight[k]);
        return s;
    };
    i64 i = 0;
    for (; i + N <= n; i += N) store(y + i, sum(i, [](const T* p) { return load(p); }));
    if (i < n) store_part(y + i, sum(i, [=](const T* p) { return load_part(p, n - i); }), n - i);
}

}  // namespace

template <class T>
void resample(i64 planes, int rank, const Taps<T>* axes, const T* x, T* y) {
    const Along<T> last(axes[rank - 1]);
    const i64 n = last.taps.size, m = last.taps.outs;
    const Taps<T> none{1, 1, 1, nullptr, nullptr};
    const Taps<T>& high = rank == 3 ? axes[0] : none;
    const Taps<T>& middle = rank > 1 ? axes[rank - 2] : none;
    const i64 in = high.size * middle.size * n, rows = high.outs * middle.outs;
    const i64 most = high.count * middle.count;
    const i64 work = n * most + m * last.taps.count;
    parallel(planes * rows, rows_per_block(work, GRAIN), [&](i64 begin, i64 end) {
        const Array<const T*> row(most);
        const Array<T> weight(most);
        const Array<T> buffer(n);
        const T* shown = nullptr;  // the row that y's last row was made of, if it was one
        for (i64 r = begin; r < end; r++) {
            const T* plane = x + r / rows * in;
            const i64 d = r % rows / middle.outs, h = r % middle.outs;
            i64 count = 0;
            for (i64 i = 0; i < high.count; i++) {
                const i64 slab = high.index ? high.index[i * high.outs + d] : 0;
                if (slab < 0) continue;
                const T outer = high.weight ? high.weight[i * high.outs + d] : T(1);
                for (i64 j = 0; j < middle.count; j++) {
                    const i64 line = middle.index ? middle.index[j * middle.outs + h] : 0;
                    if (line < 0) continue;
                    row[count] = plane + (slab * middle.size + line) * n;
                    weight[count++] =
                        middle.weight ? outer * middle.weight[j * middle.outs + h] : outer;
                }
            }
            T* out = y + r * m;
            if (count == 1 && weight[0] == 1) {
                if (row[0] == shown) std::memcpy(out, out - m, m * sizeof(T));
                else if (last.way == Way::copy) std::memcpy(out, row[0], m * sizeof(T));
                else row_filter(last, row[0], out);
                shown = row[0];
                continue;
            }
            shown = nullptr;
            if (count == 0) {
                std::memset(out, 0, m * sizeof(T));
            } else if (last.way == Way::copy) {
                add_rows(count, &row[0], &weight[0], n, out);
            } else {
                add_rows(count, &row[0], &weight[0], n, &buffer[0]);
                row_filter(last, &buffer[0], out);
            }
        }
    });
}

template void resample(i64, int, const Taps<float>*, const float*, float*);
template void resample(i64, int, const Taps<double>*, const double*, double*);

}  // namespace rl::RL_ISA
