// Stockham's form of the mixed-radix algorithm (Cooley and Tukey 1965; Van Loan, Computational
// Frameworks for the FFT, 1992, 1.7): each pass reads one buffer and writes the other, the results are
// in order. Radices 2, 3, 4, 5, 7, 8 are written out, other primes up to LARGEST take a general one; a
// length with a larger prime is a convolution with a chirp (Bluestein 1970).
#include "fft_plan.hpp"

#include "fft.hpp"
#include "memory.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 LARGEST = 31;  // prime
using Long = long double;

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

}  // namespace

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

namespace {

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

#define EACH(T)                                              \
    template FftPlan<T>* fft_plan(i64, bool);                \
    template void give_back(FftPlan<T>*);                    \
    template C<T>* run<false>(const FftPlan<T>&, C<T>*, C<T>*); \
    template C<T>* run<true>(const FftPlan<T>&, C<T>*, C<T>*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
