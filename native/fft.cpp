// LANES lines are transformed at once, one a lane: element j of all of them is one pair of registers,
// so every step is the same arithmetic for any line, and lines are transposed on the way in and out.
//
// Stockham's form of the mixed-radix algorithm (Cooley and Tukey 1965; Van Loan, Computational
// Frameworks for the FFT, 1992, 1.7): each pass reads one buffer and writes the other, the results are
// in order. Radices 8, 4, 2, 3, 5 are written out, other primes up to LARGEST take a general one; a
// length with a larger prime is a convolution with a chirp (Bluestein 1970). 2n real numbers are
// transformed as n complex ones.
#include "fft.hpp"

#include <new>

#include "memory.hpp"
#include "parallel.hpp"
#include "scratch.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 LARGEST = 31;  // prime
constexpr int PASSES = 64;
using Long = long double;

template <class T>
struct C {  // an element of LANES lines
    Reg<T> re, im;
};
template <class T>
RL_INLINE C<T> operator+(C<T> a, C<T> b) {
    return {a.re + b.re, a.im + b.im};
}
template <class T>
RL_INLINE C<T> operator-(C<T> a, C<T> b) {
    return {a.re - b.re, a.im - b.im};
}
template <class T>
RL_INLINE C<T> operator*(C<T> a, T s) {
    return {a.re * s, a.im * s};
}
// a (wr + i wi)
template <class T>
RL_INLINE C<T> times(C<T> a, Reg<T> wr, Reg<T> wi) {
    return {fma(a.re, wr, -(a.im * wi)), fma(a.re, wi, a.im * wr)};
}
template <class T>
RL_INLINE C<T> times(C<T> a, const T* w) {
    return times(a, all(w[0]), all(w[1]));
}
template <class T>
RL_INLINE C<T> conj(C<T> a) {
    return {a.re, -a.im};
}
template <class T>
RL_INLINE C<T> swapped(C<T> a) {
    return {a.im, a.re};
}
// -i a
template <class T>
RL_INLINE C<T> turned(C<T> a) {
    return {a.im, -a.re};
}

// --- transforms of a few numbers in registers ----------------------------------------------------

template <class T>
RL_INLINE void small(C<T> (&a)[2]) {
    const C<T> t = a[0] - a[1];
    a[0] = a[0] + a[1];
    a[1] = t;
}
template <class T>
RL_INLINE void small(C<T> (&a)[3]) {
    const C<T> s = a[1] + a[2], d = turned(a[1] - a[2]) * T(0.86602540378443864676);
    const C<T> c = {fma(s.re, all(T(-0.5)), a[0].re), fma(s.im, all(T(-0.5)), a[0].im)};
    a[0] = a[0] + s;
    a[1] = c + d;
    a[2] = c - d;
}
template <class T>
RL_INLINE void small(C<T> (&a)[4]) {
    const C<T> s = a[0] + a[2], d = a[0] - a[2], t = a[1] + a[3], e = turned(a[1] - a[3]);
    a[0] = s + t;
    a[2] = s - t;
    a[1] = d + e;
    a[3] = d - e;
}
template <class T>
RL_INLINE void small(C<T> (&a)[5]) {
    const T c1 = T(0.30901699437494742410), c2 = T(-0.80901699437494742410);
    const T s1 = T(0.95105651629515357212), s2 = T(0.58778525229247312917);
    const auto mix = [](C<T> x, T p, C<T> y, T q) -> C<T> {  // p x + q y
        return {fma(x.re, all(p), y.re * q), fma(x.im, all(p), y.im * q)};
    };
    const C<T> p = a[1] + a[4], q = a[2] + a[3], d = turned(a[1] - a[4]), e = turned(a[2] - a[3]);
    const C<T> x = a[0] + mix(p, c1, q, c2), y = a[0] + mix(p, c2, q, c1);
    const C<T> u = mix(d, s1, e, s2), v = mix(d, s2, e, -s1);
    a[0] = a[0] + p + q;
    a[1] = x + u;
    a[4] = x - u;
    a[2] = y + v;
    a[3] = y - v;
}
template <class T>
RL_INLINE void small(C<T> (&a)[8]) {
    C<T> e[4] = {a[0], a[2], a[4], a[6]}, o[4] = {a[1], a[3], a[5], a[7]};
    small(e);
    small(o);
    const T r = T(0.70710678118654752440);
    o[1] = C<T>{o[1].re + o[1].im, o[1].im - o[1].re} * r;   // by (1 - i) / √2
    o[2] = turned(o[2]);
    o[3] = C<T>{o[3].im - o[3].re, -(o[3].re + o[3].im)} * r;  // by (-1 - i) / √2
    for (int k = 0; k < 4; k++) {
        a[k] = e[k] + o[k];
        a[k + 4] = e[k] - o[k];
    }
}

// One pass: x[q + s (p + m j)], j < R, becomes y[q + s (R p + k)], k < R, times w^(p k), where w is
// the root of unity of R m; p < m, q < s.
template <int R, class T>
void pass(const C<T>* x, C<T>* y, i64 m, i64 s, const T* w) {
    const i64 step = s * m;
    for (i64 q = 0; q < s; q++) {
        C<T> a[R];
        for (int j = 0; j < R; j++) a[j] = x[q + step * j];
        small(a);
        for (int k = 0; k < R; k++) y[q + s * k] = a[k];
    }
    for (i64 p = 1; p < m; p++) {
        const T* const wp = w + p * 2 * (R - 1);
        const C<T>* const from = x + s * p;
        C<T>* const to = y + s * R * p;
        for (i64 q = 0; q < s; q++) {
            C<T> a[R];
            for (int j = 0; j < R; j++) a[j] = from[q + step * j];
            small(a);
            to[q] = a[0];
            for (int k = 1; k < R; k++) to[q + s * k] = times(a[k], wp + 2 * (k - 1));
        }
    }
}

// The same for any odd r; roots: cos and -sin of 2π j / r.
template <class T>
void pass_of(i64 r, const T* roots, const C<T>* x, C<T>* y, i64 m, i64 s, const T* w) {
    const i64 step = s * m, half = (r - 1) / 2;
    C<T> sums[LARGEST / 2], differences[LARGEST / 2];
    for (i64 p = 0; p < m; p++) {
        const T* const wp = w + p * 2 * (r - 1);
        for (i64 q = 0; q < s; q++) {
            const C<T>* const from = x + s * p + q;
            C<T>* const to = y + s * r * p + q;
            C<T> sum = from[0];
            for (i64 j = 1; j <= half; j++) {
                const C<T> a = from[step * j], b = from[step * (r - j)];
                sums[j - 1] = a + b;
                differences[j - 1] = a - b;
                sum = sum + sums[j - 1];
            }
            to[0] = sum;
            for (i64 k = 1; k <= half; k++) {
                C<T> c = from[0], d = C<T>{};
                i64 at = 0;
                for (i64 j = 0; j < half; j++) {
                    at += k;
                    at = at >= r ? at - r : at;
                    const Reg<T> cosine = all(roots[2 * at]), sine = all(-roots[2 * at + 1]);
                    c = {fma(sums[j].re, cosine, c.re), fma(sums[j].im, cosine, c.im)};
                    d = {fma(differences[j].re, sine, d.re), fma(differences[j].im, sine, d.im)};
                }
                const C<T> e = turned(d);
                to[s * k] = times(c + e, wp + 2 * (k - 1));
                to[s * (r - k)] = times(c - e, wp + 2 * (r - k - 1));
            }
        }
    }
}

// e^(-2πi k / n) from two tables of about √n roots.
class Roots {
    i64 n_, few_;
    Array<Long> low_, high_;

    static i64 root_of(i64 n) {
        i64 r = 1;
        while (r * r < n) r++;
        return r;
    }
    // the angle within an eighth of the circle, so that multiples of it are exact
    static void of(i64 k, i64 n, Long* w) {
        const i64 part = 8 * k / n;
        i64 a = 8 * k - part * n;  // in units of 2π / 8n
        if (part & 1) a = n - a;
        const Long angle = a * (3.14159265358979323846264338327950288L / (4 * Long(n)));
        Long c = __builtin_cosl(angle), s = __builtin_sinl(angle);
        if (part == 1 || part == 2 || part == 5 || part == 6) {
            const Long t = c;
            c = s, s = t;
        }
        w[0] = part >= 2 && part <= 5 ? -c : c;
        w[1] = part >= 4 ? s : -s;
    }

   public:
    explicit Roots(i64 n)
        : n_(n), few_(root_of(n)), low_(2 * few_), high_(2 * (n / few_ + 1)) {
        for (i64 k = 0; k < few_; k++) of(k, n, &low_[2 * k]);
        for (i64 k = 0; k * few_ < n; k++) of(k * few_, n, &high_[2 * k]);
    }
    template <class T>
    void get(i64 k, T* w) const {
        k %= n_;
        const Long *a = &high_[2 * (k / few_)], *b = &low_[2 * (k % few_)];
        w[0] = T(a[0] * b[0] - a[1] * b[1]);
        w[1] = T(a[0] * b[1] + a[1] * b[0]);
    }
};

}  // namespace

template <class T>
struct FftPlan {
    i64 n;
    i64 size;        // n, or the power of two that a convolution with a chirp takes
    int passes = 0;
    i64 radix[PASSES];
    i64 at[PASSES];   // of a pass's roots in `roots`
    i64 own[PASSES];  // of the roots of its radix
    T* roots = nullptr;
    T* halves = nullptr;    // e^(-2πi k / 2n), k <= n
    T* chirp = nullptr;     // e^(-πi k² / n), k < n
    T* spectrum = nullptr;  // of the chirp's conjugate, over `size`
    int users = 0;
    i64 used = 0;  // when

    explicit FftPlan(i64 n);
    ~FftPlan() {
        delete[] roots;
        delete[] halves;
        delete[] chirp;
        delete[] spectrum;
    }
    FftPlan(const FftPlan&) = delete;
    bool prime() const { return chirp != nullptr; }
    i64 room() const { return (size > n ? size : n) + 1; }  // elements of a buffer, see run
};

namespace {

// The transform of a (size elements), which is overwritten: in a or in b.
template <class T>
C<T>* run_passes(const FftPlan<T>& plan, C<T>* a, C<T>* b) {
    i64 m = plan.size, s = 1;
    for (int i = 0; i < plan.passes; i++) {
        const i64 r = plan.radix[i];
        m /= r;
        const T* const w = plan.roots + plan.at[i];
        switch (r) {
            case 2: pass<2>(a, b, m, s, w); break;
            case 3: pass<3>(a, b, m, s, w); break;
            case 4: pass<4>(a, b, m, s, w); break;
            case 5: pass<5>(a, b, m, s, w); break;
            case 8: pass<8>(a, b, m, s, w); break;
            default: pass_of(r, plan.roots + plan.own[i], a, b, m, s, w);
        }
        s *= r;
        C<T>* const t = a;
        a = b;
        b = t;
    }
    return a;
}

// The transform of the n elements at a; both have room() elements.
template <class T>
C<T>* run(const FftPlan<T>& plan, C<T>* a, C<T>* b) {
    if (!plan.prime()) return run_passes(plan, a, b);
    for (i64 k = 0; k < plan.n; k++) a[k] = times(a[k], plan.chirp + 2 * k);
    for (i64 k = plan.n; k < plan.size; k++) a[k] = C<T>{};
    C<T>* y = run_passes(plan, a, b);
    // back by the forward transform of what is swapped
    for (i64 k = 0; k < plan.size; k++) y[k] = swapped(times(y[k], plan.spectrum + 2 * k));
    y = run_passes(plan, y, y == a ? b : a);
    for (i64 k = 0; k < plan.n; k++) y[k] = times(swapped(y[k]), plan.chirp + 2 * k);
    return y;
}

// One line's transform by the passes for lanes, for the plan of a chirp.
template <class T>
void run_one(const FftPlan<T>& plan, const T* x, T* y) {
    Array<char> memory(2 * i64(sizeof(C<T>)) * plan.size + 64);
    C<T>* a = reinterpret_cast<C<T>*>((reinterpret_cast<std::uintptr_t>(&memory[0]) + 63) / 64 * 64);
    C<T>* b = a + plan.size;
    for (i64 k = 0; k < plan.size; k++) a[k] = {all(x[2 * k]), all(x[2 * k + 1])};
    a = run_passes(plan, a, b);
    for (i64 k = 0; k < plan.size; k++) y[2 * k] = a[k].re[0], y[2 * k + 1] = a[k].im[0];
}

}  // namespace

template <class T>
FftPlan<T>::FftPlan(i64 length) : n(length), size(length) {
    i64 left = n;
    while (left % 2 == 0) left /= 2;
    for (i64 p = 3; p <= LARGEST; p += 2)
        while (left % p == 0) left /= p;
    if (left > 1)
        for (size = 1; size < 2 * n - 1;) size *= 2;
    // radices: as many 8 as there may be beside no 2
    left = size;
    int twos = 0;
    while (left % 2 == 0) left /= 2, twos++;
    const auto take = [&](i64 r) { radix[passes++] = r; };
    if (twos == 1) take(2), twos = 0;
    while (twos % 3) take(4), twos -= 2;
    for (; twos > 0; twos -= 3) take(8);
    for (i64 p = 3; p <= LARGEST; p += 2)
        while (left % p == 0) left /= p, take(p);

    i64 numbers = 0, m = size;
    for (int i = 0; i < passes; i++) {
        m /= radix[i];
        at[i] = numbers;
        numbers += 2 * m * (radix[i] - 1);
        own[i] = numbers;
        numbers += 2 * radix[i];
    }
    roots = new T[numbers + 2];
    const Roots of_size(size);
    m = size;
    for (int i = 0; i < passes; i++) {
        const i64 r = radix[i], times = size / m;
        m /= r;
        for (i64 p = 0; p < m; p++)
            for (i64 k = 1; k < r; k++)
                of_size.get(p * k * times, roots + at[i] + 2 * (p * (r - 1) + k - 1));
        for (i64 k = 0; k < r; k++) of_size.get(k * (size / r), roots + own[i] + 2 * k);
    }
    const Roots of_2n(2 * n);
    halves = new T[2 * n + 2];
    for (i64 k = 0; k <= n; k++) of_2n.get(k, halves + 2 * k);
    if (size == n) return;

    T* const c = new T[2 * n];
    Array<double> conjugate(2 * size);
    for (i64 k = 0; k < n; k++) {
        const i64 square = i64((unsigned __int128)(k)*std::uint64_t(k) % std::uint64_t(2 * n));
        of_2n.get(square, c + 2 * k);
        double w[2];
        of_2n.get(square, w);
        const i64 mirrored = k ? size - k : 0;
        conjugate[2 * k] = conjugate[2 * mirrored] = w[0] / double(size);
        conjugate[2 * k + 1] = conjugate[2 * mirrored + 1] = -w[1] / double(size);
    }
    spectrum = new T[2 * size];
    if constexpr (std::is_same_v<T, double>) {
        run_one(*this, &conjugate[0], spectrum);
    } else {  // in double, rounded once
        const FftPlan<double> wide(size);
        Array<double> y(2 * size);
        run_one(wide, &conjugate[0], &y[0]);
        for (i64 k = 0; k < 2 * size; k++) spectrum[k] = T(y[k]);
    }
    chirp = c;
}

// --- plans that were used last -------------------------------------------------------------------

namespace {
constexpr int KEPT = 16;
template <class T>
struct Cache {
    static inline FftPlan<T>* plans[KEPT] = {};
    static inline i64 clock = 0;
};
}  // namespace

template <class T>
FftPlan<T>* fft_plan(i64 n) {
    using Plans = Cache<T>;
    int oldest = -1;
    for (int i = 0; i < KEPT; i++) {
        FftPlan<T>* const p = Plans::plans[i];
        if (p && p->n == n) {
            p->used = ++Plans::clock;
            __atomic_fetch_add(&p->users, 1, __ATOMIC_ACQ_REL);
            return p;
        }
        const auto age = [](int j) { return Plans::plans[j] ? Plans::plans[j]->used : -1; };
        if (p && __atomic_load_n(&p->users, __ATOMIC_ACQUIRE)) continue;
        if (oldest < 0 || age(i) < age(oldest)) oldest = i;
    }
    FftPlan<T>* const plan = new FftPlan<T>(n);
    if (oldest < 0) {  // all are in use: give_back frees it
        plan->users = 1;
        plan->used = -1;
        return plan;
    }
    delete Plans::plans[oldest];
    Plans::plans[oldest] = plan;
    plan->used = ++Plans::clock;
    plan->users = 1;
    return plan;
}

template <class T>
void give_back(FftPlan<T>* plan) {
    if (plan->used < 0) delete plan;
    else __atomic_fetch_sub(&plan->users, 1, __ATOMIC_ACQ_REL);
}

// --- lines in and out ----------------------------------------------------------------------------

namespace {

// r[i] of lane j becomes r[j] of lane i.
template <int S, class V, std::size_t... I>
RL_INLINE void exchange(V& a, V& b, std::index_sequence<I...>) {
    constexpr int N = sizeof...(I);
    const V low = __builtin_shufflevector(a, b, int((I & S) ? N + I - S : I)...);
    b = __builtin_shufflevector(a, b, int((I & S) ? N + I : I + S)...);
    a = low;
}
RL_INLINE void transpose(D (&r)[LANES<double>]) {
    constexpr i64 N = LANES<double>;
    constexpr auto lanes = std::make_index_sequence<N>{};
    const auto stage = [&]<int S>() {
        if constexpr (S < N)
#pragma GCC unroll 8
            for (int i = 0; i < N; i++)
                if (!(i & S)) exchange<S>(r[i], r[i + S], lanes);
    };
    stage.template operator()<1>();
    stage.template operator()<2>();
    stage.template operator()<4>();
}

// x (rows, cols), rows x_step apart -> y (cols, rows), rows y_step apart, times scale.
template <class T>
void turn(const T* x, i64 x_step, i64 rows, i64 cols, T* y, i64 y_step, bool fill, T scale) {
    if constexpr (std::is_same_v<T, float>) {
        const auto by = [=](F v, const float*, i64) { return v * scale; };
        if (scale == 1) rl::RL_ISA::transpose(x, x_step, rows, cols, y, y_step, fill);
        else rl::RL_ISA::transpose(x, x_step, rows, cols, y, y_step, fill, by);
    } else {
        constexpr i64 N = LANES<T>;
        for (i64 i = 0; i < rows; i += N) {
            const i64 ni = rows - i < N ? rows - i : N;
            for (i64 j = 0; j < cols; j += N) {
                const i64 nj = cols - j < N ? cols - j : N;
                D r[N];
                for (i64 k = 0; k < N; k++)
                    r[k] = k < ni ? get(x + (i + k) * x_step + j, nj) : D{};
                transpose(r);
                for (i64 k = 0; k < nj; k++)
                    put(y + (j + k) * y_step + i, r[k] * scale, fill ? N : ni);
            }
        }
    }
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
    const bool together = width == 1 && first / inner == (first + count - 1) / inner;
    for (i64 j = 0; j < n; j++) {
        const i64 at = j * inner * width;
        if (together) {
            y[j] = get(line[0] + at, count);
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
    const bool together = width == 1 && first / inner == (first + count - 1) / inner;
    for (i64 j = 0; j < n; j++) {
        const i64 at = j * inner * width;
        if (together) {
            put(line[0] + at, x[j] * scale, count);
            continue;
        }
        for (int c = 0; c < width; c++) {
            const Reg<T> v = x[j * width + c] * scale;
            for (i64 l = 0; l < count; l++) line[l][at + c] = v[l];
        }
    }
}

// f(first, count, a, b) for each group of LANES lines; a and b have room for `room` elements.
template <class T, class G>
void each_group(i64 lines, i64 n, i64 room, G f) {
    constexpr i64 L = LANES<T>;
    const i64 groups = (lines + L - 1) / L;
    parallel(groups, rows_per_block(n * L, 1 << 13), [=](i64 begin, i64 end) {
        // (a line more: the two do not lie at the same places of the cache's pages)
        C<T>* const a = scratch<C<T>>(Slot::fft, 2 * room + 4);
        for (i64 g = begin; g < end; g++)
            f(g * L, lines - g * L < L ? lines - g * L : L, a, a + room + 4);
    });
}

template <class T>
Reg<T>* flat(C<T>* a) {
    return reinterpret_cast<Reg<T>*>(a);
}

}  // namespace

template <class T>
void fft(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 inner, T scale, bool back, T* y) {
    each_group<T>(outer * inner, n, plan->room(), [=](i64 first, i64 count, C<T>* a, C<T>* b) {
        read_lines(x, n, inner, 2, first, count, flat(a));
        if (back)
            for (i64 k = 0; k < n; k++) a[k] = swapped(a[k]);
        C<T>* const z = run(*plan, a, b);
        if (back)
            for (i64 k = 0; k < n; k++) z[k] = swapped(z[k]);
        write_lines(flat(z), n, inner, 2, first, count, scale, y);
    });
}

template <class T>
void fft_real(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 h, i64 inner, T scale, T* y) {
    const bool even = n % 2 == 0;
    const i64 m = n / 2, room = (plan->room() > n + 1 ? plan->room() : n + 1);
    each_group<T>(outer * inner, n, room, [=](i64 first, i64 count, C<T>* a, C<T>* b) {
        C<T>* z;
        if (even) {
            read_lines(x, n, inner, 1, first, count, flat(a));
            z = run(*plan, a, b);
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
            z = run(*plan, a, b);
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
    each_group<T>(outer * inner, n, room, [=](i64 first, i64 count, C<T>* a, C<T>* b) {
        read_lines(x, m + 1, inner, 2, first, count, flat(a));
        if (even) {  // Z[k] = E[k] + i O[k], swapped
            b[0] = {a[0].re - a[m].re, a[0].re + a[m].re};
            for (i64 k = 1; 2 * k <= m; k++) {
                const C<T> p = a[k], q = conj(a[m - k]), e = p + q;
                const T* const w = plan->halves + 2 * k;
                // i w^-k (p - q)
                const C<T> o = times(p - q, all(w[1]), all(w[0]));
                b[m - k] = swapped(conj(e - o));
                b[k] = swapped(e + o);
            }
            C<T>* const z = run(*plan, b, a);
            for (i64 k = 0; k < m; k++) z[k] = swapped(z[k]);
            return write_lines(flat(z), n, inner, 1, first, count, scale, y);
        }
        a[0].im = Reg<T>{};
        for (i64 k = 1; k <= m; k++) {
            a[n - k] = swapped(conj(a[k]));
            a[k] = swapped(a[k]);
        }
        a[0] = swapped(a[0]);
        C<T>* const z = run(*plan, a, b);
        for (i64 k = 0; k < n; k++) flat(z)[k] = z[k].im;
        write_lines(flat(z), n, inner, 1, first, count, scale, y);
    });
}

#define EACH(T)                                                                        \
    template FftPlan<T>* fft_plan(i64);                                                \
    template void give_back(FftPlan<T>*);                                              \
    template void fft(FftPlan<T>*, const T*, i64, i64, i64, T, bool, T*);              \
    template void fft_real(FftPlan<T>*, const T*, i64, i64, i64, i64, T, T*);          \
    template void fft_to_real(FftPlan<T>*, const T*, i64, i64, i64, T, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
