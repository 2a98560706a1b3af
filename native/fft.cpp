// LANES lines are transformed at once, one a lane: element j of all of them is one pair of registers,
// so every step is the same arithmetic for any line (fft_plan.cpp), and lines are transposed on the way
// in and out. 2n real numbers are transformed as n complex ones.
#include "fft.hpp"

#include "fft_plan.hpp"
#include "memory.hpp"
#include "parallel.hpp"
#include "scratch.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

// x (rows, cols), rows x_step apart -> y (cols, rows), rows y_step apart, times scale.
template <class T>
void turn(const T* x, i64 x_step, i64 rows, i64 cols, T* y, i64 y_step, bool fill, T scale) {
    const auto by = [=](Reg<T> v, const T*, i64) { return v * scale; };
    if (scale == 1) transpose(x, x_step, rows, cols, y, y_step, fill);
    else transpose(x, x_step, rows, cols, y, y_step, fill, by);
}

// Of pairs (re, im) in two registers: all re, all im; and back.
template <int odd, class V, std::size_t... I>
RL_INLINE V every_other(V a, V b, std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, int(2 * I + odd)...);
}
template <int high, class V, std::size_t... I>
RL_INLINE V paired(V re, V im, std::index_sequence<I...>) {
    constexpr int N = sizeof...(I);
    return __builtin_shufflevector(re, im, int(I / 2 + high * N / 2 + (I % 2 ? N : 0))...);
}
template <class T>
RL_INLINE C<T> read_pairs(const T* x, i64 n) {
    constexpr i64 L = LANES<T>;
    constexpr auto lanes = std::make_index_sequence<L>{};
    Reg<T> a, b;
    if (n == L) a = load(x), b = load(x + L);
    else a = get(x, 2 * n < L ? 2 * n : L), b = 2 * n > L ? get(x + L, 2 * n - L) : Reg<T>{};
    return {every_other<0>(a, b, lanes), every_other<1>(a, b, lanes)};
}
template <class T>
RL_INLINE void write_pairs(T* y, C<T> v, i64 n) {
    constexpr i64 L = LANES<T>;
    constexpr auto lanes = std::make_index_sequence<L>{};
    const Reg<T> a = paired<0>(v.re, v.im, lanes), b = paired<1>(v.re, v.im, lanes);
    put(y, a, 2 * n < L ? 2 * n : L);
    if (2 * n > L) put(y + L, b, 2 * n - L);
}

// Lines [first, first + count) of x (outer, n, inner, width): number c of element j of the lanes to
// y[j * width + c].
template <class T>
void read_lines(const T* x, i64 n, i64 inner, int width, i64 first, i64 count, Reg<T>* y) {
    constexpr i64 L = LANES<T>;
    T* const out = reinterpret_cast<T*>(y);
    if (inner == 1) {
        const i64 row = n * width;
        return turn(x + first * row, row, count, row, out, L, true, T(1));
    }
    const T* line[L];
    for (i64 l = 0; l < count; l++) {
        const i64 at = first + l;
        line[l] = x + (at / inner * n * inner + at % inner) * width;
    }
    const bool together = first / inner == (first + count - 1) / inner;
    for (i64 j = 0; j < n; j++) {
        const i64 at = j * inner * width;
        if (together) {
            if (width == 1) y[j] = get(line[0] + at, count);
            else reinterpret_cast<C<T>*>(y)[j] = read_pairs(line[0] + at, count);
            continue;
        }
        for (int c = 0; c < width; c++) {
            Reg<T> v = {};
            for (i64 l = 0; l < count; l++) v[l] = line[l][at + c];
            y[j * width + c] = v;
        }
    }
}

// And back, times scale.
template <class T>
void write_lines(const Reg<T>* x, i64 n, i64 inner, int width, i64 first, i64 count, T scale, T* y) {
    constexpr i64 L = LANES<T>;
    const T* const in = reinterpret_cast<const T*>(x);
    if (inner == 1) {
        const i64 row = n * width;
        return turn(in, L, row, count, y + first * row, row, false, scale);
    }
    T* line[L];
    for (i64 l = 0; l < count; l++) {
        const i64 at = first + l;
        line[l] = y + (at / inner * n * inner + at % inner) * width;
    }
    const bool together = first / inner == (first + count - 1) / inner;
    for (i64 j = 0; j < n; j++) {
        const i64 at = j * inner * width;
        if (together) {
            if (width == 1) put(line[0] + at, x[j] * scale, count);
            else write_pairs(line[0] + at, reinterpret_cast<const C<T>*>(x)[j] * scale, count);
            continue;
        }
        for (int c = 0; c < width; c++) {
            const Reg<T> v = x[j * width + c] * scale;
            for (i64 l = 0; l < count; l++) line[l][at + c] = v[l];
        }
    }
}

// --- a line by itself ----------------------------------------------------------------------------

// y = the transform of the n pairs of x, y as well in pairs: lane l of element j is number jL + l, so
// the lanes' transforms, turned, are put together by one of L numbers.
template <bool back, class T>
void line(const FftPlan<T>& plan, const T* x, T scale, C<T>* a, C<T>* b, T* y) {
    constexpr i64 L = LANES<T>;
    const i64 m = plan.n / L;
    for (i64 j = 0; j < m; j++) a[j] = read_pairs(x + 2 * j * L, L);
    C<T>* const z = run<back>(*plan.part, a, b);
    for (i64 k = 0; k < m; k += L) {
        const i64 count = m - k < L ? m - k : L;
        Reg<T> re[L], im[L];
        for (i64 i = 0; i < L; i++) {
            const T* const w = plan.cross + 2 * (k + i) * L;
            const C<T> v = i < count ? swapped<back>(times(swapped<back>(z[k + i]), load(w), load(w + L)))
                                     : C<T>{};
            re[i] = v.re * scale;
            im[i] = v.im * scale;
        }
        transpose(re);
        transpose(im);
        C<T> v[L];
        for (i64 i = 0; i < L; i++) v[i] = swapped<back>(C<T>{re[i], im[i]});
        small(v);
        for (i64 c = 0; c < L; c++) write_pairs(y + 2 * (k + m * c), swapped<back>(v[c]), count);
    }
}

// Are lines transformed by themselves: too few for the lanes, and of a length that allows it?
template <class T>
bool one_by_one(const FftPlan<T>* plan, i64 lines, i64 inner) {
    return plan->cross && inner == 1 && alone<T>(lines);
}

// f(line, a, b) for each line
template <class T, class G>
void each_line(i64 lines, i64 room, G f) {
    parallel(lines, 1, [=](i64 begin, i64 end) {
        C<T>* const a = scratch<C<T>>(Slot::fft, 2 * room + 4);
        for (i64 i = begin; i < end; i++) f(i, a, a + room + 4);
    });
}

// f(first, count, a, b) for each group of up to LANES lines; a and b have room for `room` elements.
// Lines of (outer, n, inner) that lie side by side make up groups of their own.
template <class T, class G>
void each_group(i64 outer, i64 n, i64 inner, i64 room, G f) {
    constexpr i64 L = LANES<T>;
    const bool apart = inner >= L;
    const i64 of_one = apart ? inner : outer * inner;  // lines that a group may take from
    const i64 groups = (of_one + L - 1) / L, all = apart ? outer * groups : groups;
    parallel(all, rows_per_block(n * L, 1 << 13), [=](i64 begin, i64 end) {
        // (a line more: the two do not lie at the same places of the cache's pages)
        C<T>* const a = scratch<C<T>>(Slot::fft, 2 * room + 4);
        for (i64 g = begin; g < end; g++) {
            const i64 at = g % groups * L, left = of_one - at;
            f(g / groups * of_one + at, left < L ? left : L, a, a + room + 4);
        }
    });
}

// The m frequencies of pairs of real numbers to the m + 1 of those numbers, in place; and back.
template <class T>
void apart(const T* halves, i64 m, T* z) {
    const T re = z[0], im = z[1];
    z[0] = re + im, z[1] = 0;
    z[2 * m] = re - im, z[2 * m + 1] = 0;
    for (i64 k = 1; 2 * k <= m; k++) {
        T *p = z + 2 * k, *q = z + 2 * (m - k);
        const T wr = halves[2 * k], wi = halves[2 * k + 1];
        const T er = (p[0] + q[0]) / 2, ei = (p[1] - q[1]) / 2;
        const T dr = (p[1] + q[1]) / 2, di = (q[0] - p[0]) / 2;
        const T r = fma(dr, wr, -(di * wi)), i = fma(dr, wi, di * wr);
        q[0] = er - r, q[1] = i - ei;
        p[0] = er + r, p[1] = ei + i;
    }
}
template <class T>
void joined(const T* halves, i64 m, const T* x, T* z) {
    z[0] = x[0] + x[2 * m];
    z[1] = x[0] - x[2 * m];
    for (i64 k = 1; 2 * k <= m; k++) {
        const T *p = x + 2 * k, *q = x + 2 * (m - k);
        const T wr = halves[2 * k], wi = halves[2 * k + 1];
        const T er = p[0] + q[0], ei = p[1] - q[1], dr = p[0] - q[0], di = p[1] + q[1];
        const T r = fma(dr, wi, -(di * wr)), i = fma(dr, wr, di * wi);
        z[2 * (m - k)] = er - r, z[2 * (m - k) + 1] = i - ei;
        z[2 * k] = er + r, z[2 * k + 1] = ei + i;
    }
}

template <class T>
Reg<T>* flat(C<T>* a) {
    return reinterpret_cast<Reg<T>*>(a);
}

}  // namespace

template <class T>
void fft(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 inner, T scale, bool back, T* y) {
    if (one_by_one(plan, outer * inner, inner))
        return each_line<T>(outer, plan->part->room(), [=](i64 i, C<T>* a, C<T>* b) {
            const T* const from = x + 2 * i * n;
            if (back) line<true>(*plan, from, scale, a, b, y + 2 * i * n);
            else line<false>(*plan, from, scale, a, b, y + 2 * i * n);
        });
    each_group<T>(outer, n, inner, plan->room(), [=](i64 first, i64 count, C<T>* a, C<T>* b) {
        read_lines(x, n, inner, 2, first, count, flat(a));
        C<T>* const z = back ? run<true>(*plan, a, b) : run<false>(*plan, a, b);
        write_lines(flat(z), n, inner, 2, first, count, scale, y);
    });
}

template <class T>
void fft_real(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 h, i64 inner, T scale, T* y) {
    const bool even = n % 2 == 0;
    const i64 m = n / 2, room = (plan->room() > n + 1 ? plan->room() : n + 1);
    if (even && one_by_one(plan, outer * inner, inner))
        return each_line<T>(outer, plan->part->room(), [=](i64 i, C<T>* a, C<T>* b) {
            T* const to = y + 2 * i * h;
            line<false>(*plan, x + i * n, scale, a, b, to);
            apart(plan->halves, m, to);
            for (i64 k = m + 1; k < h; k++) to[2 * k] = to[2 * (n - k)], to[2 * k + 1] = -to[2 * (n - k) + 1];
        });
    each_group<T>(outer, n, inner, room, [=](i64 first, i64 count, C<T>* a, C<T>* b) {
        C<T>* z;
        if (even) {
            read_lines(x, n, inner, 1, first, count, flat(a));
            z = run<false>(*plan, a, b);
            C<T>* const to = z == a ? b : a;
            // even and odd numbers apart, and together: X[k] = E[k] + w^k O[k]
            to[0] = C<T>{z[0].re + z[0].im, Reg<T>{}};
            to[m] = C<T>{z[0].re - z[0].im, Reg<T>{}};
            for (i64 k = 1; 2 * k <= m; k++) {
                const C<T> p = z[k], q = conj(z[m - k]);
                const C<T> e = (p + q) * T(0.5);
                const C<T> o = times(turned(p - q) * T(0.5), plan->halves + 2 * k);
                to[m - k] = conj(e - o);
                to[k] = e + o;
            }
            z = to;
        } else {
            read_lines(x, n, inner, 1, first, count, flat(b));
            for (i64 k = 0; k < n; k++) a[k] = C<T>{flat(b)[k], Reg<T>{}};
            z = run<false>(*plan, a, b);
            z[0].im = Reg<T>{};
        }
        for (i64 k = m + 1; k < h; k++) z[k] = conj(z[n - k]);
        write_lines(flat(z), h, inner, 2, first, count, scale, y);
    });
}

template <class T>
void fft_to_real(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 inner, T scale, T* y) {
    const bool even = n % 2 == 0;
    const i64 m = n / 2, room = (plan->room() > n + 1 ? plan->room() : n + 1);
    if (even && one_by_one(plan, outer * inner, inner))
        return each_line<T>(outer, plan->part->room() + m / LANES<T> + 2, [=](i64 i, C<T>* a, C<T>* b) {
            T* const z = reinterpret_cast<T*>(b + plan->part->room());
            joined(plan->halves, m, x + 2 * i * (m + 1), z);
            line<true>(*plan, z, scale, a, b, y + i * n);
        });
    each_group<T>(outer, n, inner, room, [=](i64 first, i64 count, C<T>* a, C<T>* b) {
        read_lines(x, m + 1, inner, 2, first, count, flat(a));
        if (even) {  // Z[k] = E[k] + i O[k]
            b[0] = {a[0].re + a[m].re, a[0].re - a[m].re};
            for (i64 k = 1; 2 * k <= m; k++) {
                const C<T> p = a[k], q = conj(a[m - k]), e = p + q;
                const T* const w = plan->halves + 2 * k;
                // i w^-k (p - q)
                const C<T> o = times(p - q, all(w[1]), all(w[0]));
                b[m - k] = conj(e - o);
                b[k] = e + o;
            }
            C<T>* const z = run<true>(*plan, b, a);
            return write_lines(flat(z), n, inner, 1, first, count, scale, y);
        }
        a[0].im = Reg<T>{};
        for (i64 k = 1; k <= m; k++) {
            a[n - k] = swapped(conj(a[k]));
            a[k] = swapped(a[k]);
        }
        a[0] = swapped(a[0]);
        C<T>* const z = run<false>(*plan, a, b);
        for (i64 k = 0; k < n; k++) flat(z)[k] = z[k].im;
        write_lines(flat(z), n, inner, 1, first, count, scale, y);
    });
}

#define EACH(T)                                                               \
    template void fft(FftPlan<T>*, const T*, i64, i64, i64, T, bool, T*);     \
    template void fft_real(FftPlan<T>*, const T*, i64, i64, i64, i64, T, T*); \
    template void fft_to_real(FftPlan<T>*, const T*, i64, i64, i64, T, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
