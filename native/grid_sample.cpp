// Sampling, see grid_sample.hpp. For a block of places the elements that each is made of are written
// into a table (offset, weight, slopes), once for all channels; the channels then only gather.
#include "grid_sample.hpp"

#include "memory.hpp"
#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 BLOCK = 256;       // places per table: long runs, since channels lie far apart
constexpr i64 GRAIN = 1 << 15;   // numbers gathered per block of work
constexpr int MOST = 16;         // elements per place: 4 x 4
constexpr double CUBIC = -0.75;

RL_INLINE F floor(F x) {
#if defined(__AVX512F__)
    return (F)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
    return (F)_mm256_floor_ps((__m256)x);
#else
    for (i64 i = 0; i < LANES<float>; i++) x[i] = __builtin_floorf(x[i]);
    return x;
#endif
}
RL_INLINE D floor(D x) {
#if defined(__AVX512F__)
    return (D)_mm512_roundscale_pd((__m512d)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
    return (D)_mm256_floor_pd((__m256d)x);
#else
    for (i64 i = 0; i < LANES<double>; i++) x[i] = __builtin_floor(x[i]);
    return x;
#endif
}

// One dimension's elements of a block of places: the index or -1, its weight, the weight's slope.
template <class T>
struct Lines {
    std::int32_t index[4][BLOCK];
    T weight[4][BLOCK], slope[4][BLOCK];
};

// `place` moved into [0, n - 1] or mirrored there; `slope` is multiplied by that move's slope.
template <int PADDING, class V>
RL_INLINE V padded(V place, Lane<V> n, bool align, V& slope) {
    using T = Lane<V>;
    const V zero{}, one = all(T(1)), end = all(n - 1);
    if constexpr (PADDING == 0) return place;
    if constexpr (PADDING == 2) {
        const T span = align ? n - 1 : n;
        if (span == 0) {
            slope = zero;
            return zero;
        }
        const V low = all(align ? T(0) : T(-0.5)), width = all(span);
        V away = place - low;
        const V sign = away < 0 ? -one : one;
        away *= sign;
        const V turns = floor(away / width), rest = away - turns * width;
        const auto odd = turns - floor(turns * T(0.5)) * 2 == 1;
        place = (odd ? width - rest : rest) + low;
        slope *= odd ? -sign : sign;
    }
    const auto above = place > zero, below = place < end;
    slope = (above & below) ? slope : zero;
    place = below ? place : end;  // NaN as well
    return above ? place : zero;
}

// The places as indices, -1 for those outside, at `index`.
template <class V>
RL_INLINE void whole(V place, Lane<V> n, std::int32_t* index) {
    typedef std::int32_t Short __attribute__((vector_size(LANES<Lane<V>> * 4)));
    const auto inside = (place >= 0) & (place <= n - 1);
    const Short i = __builtin_convertvector(inside ? place : V{}, Short);
    const Short in = __builtin_convertvector(inside, Short), out = i * 0 - 1;
    const Short found = in ? i : out;
    std::memcpy(index, &found, sizeof found);
}

template <int MODE, int PADDING, class T>
void lines(const T* u, i64 step, i64 count, T n, bool align, Lines<T>& l) {
    using V = Reg<T>;
    const V scale = all(align ? (n - 1) / 2 : n / 2);
    for (i64 p = 0; p < count; p += LANES<T>) {  // the rest of the last register: places at 0
        V at{};
        for (i64 k = 0; k < LANES<T>; k++)
            if (p + k < count) at[k] = u[(p + k) * step];
        at += 1;
        V place = align ? at * scale : (at * n - 1) / 2;
        if constexpr (MODE == 2) {
            const V low = floor(place), part = place - low;
            const T a = T(CUBIC);
            for (int k = 0; k < 4; k++) {
                const V d = k < 2 ? part - T(k - 1) : T(k - 1) - part;
                V ignored = scale;
                whole(padded<PADDING>(V(low + T(k - 1)), n, align, ignored), n, &l.index[k][p]);
                const bool near = k == 1 || k == 2;
                store(&l.weight[k][p], near ? ((a + 2) * d - (a + 3)) * d * d + 1
                                            : (((d - 5) * d + 8) * d - 4) * a);
                const V slope = near ? (3 * (a + 2) * d - 2 * (a + 3)) * d
                                     : ((3 * d - 10) * d + 8) * a;
                store(&l.slope[k][p], slope * (k < 2 ? scale : -scale));
            }
            continue;
        }
        V slope = scale;
        place = padded<PADDING>(place, n, align, slope);
        if constexpr (MODE == 1) {
            const V up = floor(place + T(0.5));
            const auto tie = (up - place == T(0.5)) & (up - floor(up * T(0.5)) * 2 == 1);
            whole(V(tie ? up - 1 : up), n, &l.index[0][p]);
        } else {
            const V low = floor(place), part = place - low;
            whole(low, n, &l.index[0][p]), whole(V(low + 1), n, &l.index[1][p]);
            store(&l.weight[0][p], 1 - part), store(&l.weight[1][p], part);
            store(&l.slope[0][p], -slope), store(&l.slope[1][p], slope);
        }
    }
}

template <class T>
void lines(const Sampler& g, const T* u, i64 count, i64 n, Lines<T>& l) {
    const auto call = [&](auto mode) {
        constexpr int M = decltype(mode)::value;
        if (g.padding == 0) lines<M, 0>(u, g.rank, count, T(n), g.align, l);
        else if (g.padding == 1) lines<M, 1>(u, g.rank, count, T(n), g.align, l);
        else lines<M, 2>(u, g.rank, count, T(n), g.align, l);
    };
    if (g.mode == 0) call(std::integral_constant<int, 0>{});
    else if (g.mode == 1) call(std::integral_constant<int, 1>{});
    else call(std::integral_constant<int, 2>{});
}

// The elements of `count` <= BLOCK places.
template <class T>
struct Table {
    int taps;
    Lines<T> along[3];  // x, y, z
    std::int32_t offset[MOST][BLOCK];  // -1: outside
    T weight[MOST][BLOCK];
    T slope[3][MOST][BLOCK];  // along x, y, z

    void fill(const Sampler& g, const T* grid, i64 count, bool slopes) {
        const int per = g.mode == 0 ? 2 : g.mode == 1 ? 1 : 4, deep = g.rank == 3 ? per : 1;
        taps = deep * per * per;
        for (int a = 0; a < g.rank; a++) lines(g, grid + a, count, g.size[2 - a], along[a]);
        if (g.mode == 1)
            for (int a = 0; a < g.rank; a++)
                for (i64 p = 0; p < count; p++) along[a].weight[0][p] = 1;
        if (g.rank == 2)
            for (i64 p = 0; p < count; p++) along[2].index[0][p] = 0, along[2].weight[0][p] = 1;
        const std::int32_t high = std::int32_t(g.size[1]), wide = std::int32_t(g.size[2]);
        for (int t = 0; t < taps; t++) {
            const int x = t % per, y = t / per % per, z = t / per / per;
            const std::int32_t *ix = along[0].index[x], *iy = along[1].index[y],
                               *iz = along[2].index[z];
            const T *wx = along[0].weight[x], *wy = along[1].weight[y], *wz = along[2].weight[z];
            for (i64 p = 0; p < count; p++) {
                const std::int32_t at = (iz[p] * high + iy[p]) * wide + ix[p];
                offset[t][p] = (ix[p] | iy[p] | iz[p]) < 0 ? -1 : at;
                weight[t][p] = wx[p] * wy[p] * wz[p];
            }
            for (i64 p = count; p < BLOCK && p % LANES<T> != 0; p++)  // the rest of a register
                offset[t][p] = -1, weight[t][p] = 0;
            if (!slopes) continue;
            const T *sx = along[0].slope[x], *sy = along[1].slope[y], *sz = along[2].slope[z];
            for (i64 p = 0; p < count; p++) {
                slope[0][t][p] = sx[p] * wy[p] * wz[p];
                slope[1][t][p] = sy[p] * wx[p] * wz[p];
            }
            if (g.rank == 3)
                for (i64 p = 0; p < count; p++) slope[2][t][p] = sz[p] * wx[p] * wy[p];
        }
    }
};

// A table that is not cleared.
template <class T>
struct Room {
    Table<T>* table = new Table<T>;
    Room() = default;
    Room(const Room&) = delete;
    ~Room() { delete table; }
};

// The numbers plane[at[p]] of a register of places, 0 where at[p] < 0.
RL_INLINE F gathered(const float* plane, const std::int32_t* at) {
    I32 index;
    std::memcpy(&index, at, sizeof index);
#if defined(__AVX512F__)
    const __mmask16 inside = _mm512_cmpge_epi32_mask((__m512i)index, _mm512_setzero_si512());
    return (F)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), inside, (__m512i)index, plane, 4);
#else
    F v{};
    for (i64 k = 0; k < LANES<float>; k++)
        if (at[k] >= 0) v[k] = plane[at[k]];
    return v;
#endif
}
RL_INLINE D gathered(const double* plane, const std::int32_t* at) {
    D v{};
    for (i64 k = 0; k < LANES<double>; k++)
        if (at[k] >= 0) v[k] = plane[at[k]];
    return v;
}

i64 cells(const Sampler& g) { return g.size[0] * g.size[1] * g.size[2]; }

}  // namespace

template <class T>
void grid_sample(const Sampler& g, const T* x, const T* grid, T* y) {
    const i64 in = cells(g), blocks = (g.places + BLOCK - 1) / BLOCK;
    const i64 work = BLOCK * (g.c + 8) * 4;
    parallel(g.n * blocks, rows_per_block(work, GRAIN), [&](i64 begin, i64 end) {
        const Room<T> room;
        Table<T>& t = *room.table;
        for (i64 b = begin; b < end; b++) {
            const i64 n = b / blocks, first = b % blocks * BLOCK;
            const i64 count = g.places - first < BLOCK ? g.places - first : BLOCK;
            t.fill(g, grid + (n * g.places + first) * g.rank, count, false);
            for (i64 c = 0; c < g.c; c++) {
                const T* plane = x + (n * g.c + c) * in;
                T* out = y + (n * g.c + c) * g.places + first;
                for (i64 p = 0; p < count; p += LANES<T>) {
                    Reg<T> sum{};
                    for (int k = 0; k < t.taps; k++)
                        sum += gathered(plane, &t.offset[k][p]) * load(&t.weight[k][p]);
                    const i64 n = count - p;
                    if (n >= LANES<T>) store(out + p, sum);
                    else store_part(out + p, sum, n);
                }
            }
        }
    });
}

template <class T>
void grid_sample_dx(const Sampler& g, const T* dy, const T* grid, T* dx) {
    const i64 in = cells(g);
    constexpr i64 CHANNELS = 16;  // that share a table
    const i64 groups = (g.c + CHANNELS - 1) / CHANNELS;
    parallel(g.n * groups, 1, [&](i64 begin, i64 end) {
        const Room<T> room;
        Table<T>& t = *room.table;
        for (i64 b = begin; b < end; b++) {
            const i64 n = b / groups, c0 = b % groups * CHANNELS;
            const i64 c1 = c0 + CHANNELS < g.c ? c0 + CHANNELS : g.c;
            std::memset(dx + (n * g.c + c0) * in, 0, (c1 - c0) * in * sizeof(T));
            for (i64 first = 0; first < g.places; first += BLOCK) {
                const i64 count = g.places - first < BLOCK ? g.places - first : BLOCK;
                t.fill(g, grid + (n * g.places + first) * g.rank, count, false);
                for (i64 c = c0; c < c1; c++) {
                    const T* d = dy + (n * g.c + c) * g.places + first;
                    T* plane = dx + (n * g.c + c) * in;
                    for (int k = 0; k < t.taps; k++)
                        for (i64 p = 0; p < count; p++) {
                            const i64 at = t.offset[k][p];
                            if (at >= 0) plane[at] += d[p] * t.weight[k][p];
                        }
                }
            }
        }
    });
}

template <class T>
void grid_sample_dgrid(const Sampler& g, const T* dy, const T* x, const T* grid, T* dgrid) {
    const i64 in = cells(g), blocks = (g.places + BLOCK - 1) / BLOCK;
    const i64 work = BLOCK * (g.c + 8) * 8;
    parallel(g.n * blocks, rows_per_block(work, GRAIN), [&](i64 begin, i64 end) {
        const Room<T> room;
        Table<T>& t = *room.table;
        for (i64 b = begin; b < end; b++) {
            const i64 n = b / blocks, first = b % blocks * BLOCK;
            const i64 count = g.places - first < BLOCK ? g.places - first : BLOCK;
            t.fill(g, grid + (n * g.places + first) * g.rank, count, true);
            T total[3][BLOCK] = {};
            for (int k = 0; k < t.taps; k++) {
                T along[BLOCK] = {};  // Σ over the channels of dy x
                for (i64 c = 0; c < g.c; c++) {
                    const T* plane = x + (n * g.c + c) * in;
                    const T* d = dy + (n * g.c + c) * g.places + first;
                    for (i64 p = 0; p < count; p += LANES<T>) {
                        const Reg<T> v = gathered(plane, &t.offset[k][p]);
                        const i64 n = count - p;
                        const Reg<T> e = n >= LANES<T> ? load(d + p) : load_part(d + p, n);
                        store(along + p, load(along + p) + v * e);
                    }
                }
                for (int a = 0; a < g.rank; a++)
                    for (i64 p = 0; p < count; p++) total[a][p] += along[p] * t.slope[a][k][p];
            }
            T* out = dgrid + (n * g.places + first) * g.rank;
            for (i64 p = 0; p < count; p++)
                for (int a = 0; a < g.rank; a++) out[p * g.rank + a] = total[a][p];
        }
    });
}

#define RL_TYPES(T)                                                             \
    template void grid_sample(const Sampler&, const T*, const T*, T*);          \
    template void grid_sample_dx(const Sampler&, const T*, const T*, T*);       \
    template void grid_sample_dgrid(const Sampler&, const T*, const T*, const T*, T*);
RL_TYPES(float)
RL_TYPES(double)

}  // namespace rl::RL_ISA
