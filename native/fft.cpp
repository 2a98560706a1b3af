// LANES lines are transformed at once, one a lane: element j of all of them is one pair of registers,
// so every step is the same arithmetic for any line, and lines are transposed on the way in and out.
//
// Stockham's form of the mixed-radix algorithm (Cooley and Tukey 1965; Van Loan, Computational
// Frameworks for the FFT, 1992, 1.7): each pass reads one buffer and writes the other, the results are
// in order. Radices 2, 3, 4, 5, 7, 8 are written out, other primes up to LARGEST take a general one; a
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
// a if !swap, else i conj(a): a transform between two of these is the one the other way round.
template <bool swap = true, class T>
RL_INLINE C<T> swapped(C<T> a) {
    return swap ? C<T>{a.im, a.re} : a;
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
RL_INLINE void small(C<T> (&a)[7]) {
    const T c[3] = {T(0.62348980185873353053), T(-0.22252093395631440429), T(-0.90096886790241912624)};
    const T s[3] = {T(0.78183148246802980871), T(0.97492791218182360702), T(0.43388373911755812048)};
    const C<T> p[3] = {a[1] + a[6], a[2] + a[5], a[3] + a[4]};
    const C<T> d[3] = {turned(a[1] - a[6]), turned(a[2] - a[5]), turned(a[3] - a[4])};
    const C<T> first = a[0];
    a[0] = first + (p[0] + p[1] + p[2]);
    const auto mix = [](const C<T>(&v)[3], T x, T y, T z, C<T> more) -> C<T> {
        return {fma(v[0].re, all(x), fma(v[1].re, all(y), fma(v[2].re, all(z), more.re))),
                fma(v[0].im, all(x), fma(v[1].im, all(y), fma(v[2].im, all(z), more.im)))};
    };
    const auto put = [&](int k, C<T> even, C<T> odd) {
        a[k] = even + odd;
        a[7 - k] = even - odd;
    };
    put(1, mix(p, c[0], c[1], c[2], first), mix(d, s[0], s[1], s[2], C<T>{}));
    put(2, mix(p, c[1], c[2], c[0], first), mix(d, s[1], -s[2], -s[0], C<T>{}));
    put(3, mix(p, c[2], c[0], c[1], first), mix(d, s[2], -s[0], s[1], C<T>{}));
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
// the root of unity of R m; p < m, q < s. back: with the conjugate roots.
template <int R, bool back, class T>
void pass(const C<T>* x, C<T>* y, i64 m, i64 s, const T* w) {
    const i64 step = s * m;
    for (i64 q = 0; q < s; q++) {
        C<T> a[R];
        for (int j = 0; j < R; j++) a[j] = swapped<back>(x[q + step * j]);
        small(a);
        for (int k = 0; k < R; k++) y[q + s * k] = swapped<back>(a[k]);
    }
    for (i64 p = 1; p < m; p++) {
        const T* const wp = w + p * 2 * (R - 1);
        const C<T>* const from = x + s * p;
        C<T>* const to = y + s * R * p;
        for (i64 q = 0; q < s; q++) {
            C<T> a[R];
            for (int j = 0; j < R; j++) a[j] = swapped<back>(from[q + step * j]);
            small(a);
            to[q] = swapped<back>(a[0]);
            for (int k = 1; k < R; k++)
                to[q + s * k] = swapped<back>(times(a[k], wp + 2 * (k - 1)));
        }
    }
}

// The same for any odd r; roots: cos and -sin of 2π j / r.
template <bool back, class T>
void pass_of(i64 r, const T* roots, const C<T>* x, C<T>* y, i64 m, i64 s, const T* w) {
    const i64 step = s * m, half = (r - 1) / 2;
    C<T> sums[LARGEST / 2], differences[LARGEST / 2];
    for (i64 p = 0; p < m; p++) {
        const T* const wp = w + p * 2 * (r - 1);
        for (i64 q = 0; q < s; q++) {
            const C<T>* const from = x + s * p + q;
            C<T>* const to = y + s * r * p + q;
            const C<T> first = swapped<back>(from[0]);
            C<T> sum = first;
            for (i64 j = 1; j <= half; j++) {
                const C<T> a = swapped<back>(from[step * j]);
                const C<T> b = swapped<back>(from[step * (r - j)]);
                sums[j - 1] = a + b;
                differences[j - 1] = a - b;
                sum = sum + sums[j - 1];
            }
            to[0] = swapped<back>(sum);
            for (i64 k = 1; k <= half; k++) {
                C<T> c = first, d = C<T>{};
                i64 at = 0;
                for (i64 j = 0; j < half; j++) {
                    at += k;
                    at = at >= r ? at - r : at;
                    const Reg<T> cosine = all(roots[2 * at]), sine = all(-roots[2 * at + 1]);
                    c = {fma(sums[j].re, cosine, c.re), fma(sums[j].im, cosine, c.im)};
                    d = {fma(differences[j].re, sine, d.re), fma(differences[j].im, sine, d.im)};
                }
                const C<T> e = turned(d);
                to[s * k] = swapped<back>(times(c + e, wp + 2 * (k - 1)));
                to[s * (r - k)] = swapped<back>(times(c - e, wp + 2 * (r - k - 1)));
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
    FftPlan* part = nullptr;  // of n / LANES, for a line by itself
    T* cross = nullptr;       // e^(-2πi kl / n), k < n / LANES, l < LANES
    int users = 0;
    i64 used = 0;  // when

    explicit FftPlan(i64 n);
    void allow_alone();
    ~FftPlan() {
        delete part;
        delete[] cross;
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
template <bool back, class T>
C<T>* run_passes(const FftPlan<T>& plan, C<T>* a, C<T>* b) {
    i64 m = plan.size, s = 1;
    for (int i = 0; i < plan.passes; i++) {
        const i64 r = plan.radix[i];
        m /= r;
        const T* const w = plan.roots + plan.at[i];
        switch (r) {
            case 2: pass<2, back>(a, b, m, s, w); break;
            case 3: pass<3, back>(a, b, m, s, w); break;
            case 4: pass<4, back>(a, b, m, s, w); break;
            case 5: pass<5, back>(a, b, m, s, w); break;
            case 7: pass<7, back>(a, b, m, s, w); break;
            case 8: pass<8, back>(a, b, m, s, w); break;
            default: pass_of<back>(r, plan.roots + plan.own[i], a, b, m, s, w);
        }
        s *= r;
        C<T>* const t = a;
        a = b;
        b = t;
    }
    return a;
}

// The transform of the n elements at a; both have room() elements.
template <bool back, class T>
C<T>* run(const FftPlan<T>& plan, C<T>* a, C<T>* b) {
    if (!plan.prime()) return run_passes<back>(plan, a, b);
    for (i64 k = 0; k < plan.n; k++) a[k] = times(swapped<back>(a[k]), plan.chirp + 2 * k);
    for (i64 k = plan.n; k < plan.size; k++) a[k] = C<T>{};
    C<T>* y = run_passes<false>(plan, a, b);
    for (i64 k = 0; k < plan.size; k++) y[k] = times(y[k], plan.spectrum + 2 * k);
    y = run_passes<true>(plan, y, y == a ? b : a);
    for (i64 k = 0; k < plan.n; k++) y[k] = swapped<back>(times(y[k], plan.chirp + 2 * k));
    return y;
}

// One line's transform by the passes for lanes, for the plan of a chirp.
template <class T>
void run_one(const FftPlan<T>& plan, const T* x, T* y) {
    Array<char> memory(2 * i64(sizeof(C<T>)) * plan.size + 64);
    C<T>* a = reinterpret_cast<C<T>*>((reinterpret_cast<std::uintptr_t>(&memory[0]) + 63) / 64 * 64);
    C<T>* b = a + plan.size;
    for (i64 k = 0; k < plan.size; k++) a[k] = {all(x[2 * k]), all(x[2 * k + 1])};
    a = run_passes<false>(plan, a, b);
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

template <class T>
void FftPlan<T>::allow_alone() {
    constexpr i64 L = LANES<T>;
    if (cross || n % L || n < 4 * L) return;
    if (!part) part = new FftPlan(n / L);
    T* const w = new T[2 * n];
    const Roots of_n(n);
    for (i64 k = 0; k < n / L; k++)
        for (i64 l = 0; l < L; l++) {
            T z[2];
            of_n.get(k * l, z);
            w[2 * k * L + l] = z[0];
            w[(2 * k + 1) * L + l] = z[1];
        }
    cross = w;
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
FftPlan<T>* fft_plan(i64 n, bool alone) {
    using Plans = Cache<T>;
    int oldest = -1;
    for (int i = 0; i < KEPT; i++) {
        FftPlan<T>* const p = Plans::plans[i];
        if (p && p->n == n) {
            if (alone) p->allow_alone();
            p->used = ++Plans::clock;
            __atomic_fetch_add(&p->users, 1, __ATOMIC_ACQ_REL);
            return p;
        }
        const auto age = [](int j) { return Plans::plans[j] ? Plans::plans[j]->used : -1; };
        if (p && __atomic_load_n(&p->users, __ATOMIC_ACQUIRE)) continue;
        if (oldest < 0 || age(i) < age(oldest)) oldest = i;
    }
    FftPlan<T>* const plan = new FftPlan<T>(n);
    if (alone) plan->allow_alone();
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

// 16 = 4 x 4
template <class T>
RL_INLINE void small(C<T> (&a)[16]) {
    const T c = T(0.92387953251128675613), s = T(0.38268343236508977173);
    const T r = T(0.70710678118654752440);
    const T roots[4][4][2] = {{{1, 0}, {1, 0}, {1, 0}, {1, 0}},
                              {{1, 0}, {c, -s}, {r, -r}, {s, -c}},
                              {{1, 0}, {r, -r}, {0, -1}, {-r, -r}},
                              {{1, 0}, {s, -c}, {-r, -r}, {-c, s}}};
    C<T> t[4][4];
#pragma GCC unroll 4
    for (int l = 0; l < 4; l++) {
        C<T> u[4] = {a[l], a[l + 4], a[l + 8], a[l + 12]};
        small(u);
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) t[k][l] = l && k ? times(u[k], roots[l][k]) : u[k];
    }
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
        small(t[k]);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) a[k + 4 * j] = t[k][j];
    }
}

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

#define EACH(T)                                                                        \
    template FftPlan<T>* fft_plan(i64, bool);                                             \
    template void give_back(FftPlan<T>*);                                              \
    template void fft(FftPlan<T>*, const T*, i64, i64, i64, T, bool, T*);              \
    template void fft_real(FftPlan<T>*, const T*, i64, i64, i64, i64, T, T*);          \
    template void fft_to_real(FftPlan<T>*, const T*, i64, i64, i64, T, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
