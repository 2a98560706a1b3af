#include "random.hpp"

#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr double PI = 3.14159265358979323846;
constexpr i64 CHUNK = 1024;  // numbers made at a time, in buffers on the stack
constexpr i64 GRAIN = 2048;  // numbers from which another thread helps with the C library's functions

// a * b + c rounded once, on processors without such an instruction too (by the C library).
RL_INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
RL_INLINE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
RL_INLINE F fused(F a, F b, F c) {
#if defined(RL_FMA)
    return fma(a, b, c);
#else
    for (i64 i = 0; i < LANES<float>; i++) a[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return a;
#endif
}

// The next 624 words, in place. The three loops differ in where the word 397 places ahead is.
void twist(Word* mt) {
    const auto mix = [](Word upper, Word lower) {
        const Word y = (upper & 0x80000000u) | (lower & 0x7fffffffu);
        return (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0u);
    };
    for (i64 i = 0; i < 227; i++) mt[i] = mt[i + 397] ^ mix(mt[i], mt[i + 1]);
    for (i64 i = 227; i < 623; i++) mt[i] = mt[i - 227] ^ mix(mt[i], mt[i + 1]);
    mt[623] = mt[396] ^ mix(mt[623], mt[0]);
}

// u in [0, 1) of 24 bits, and of 53 bits.
void u24(Word* s, float* y, i64 n) {
    Word bits[CHUNK];
    for (i64 done = 0; done < n; done += CHUNK) {
        const i64 m = n - done < CHUNK ? n - done : CHUNK;
        rng_bits(s, bits, m);
        for (i64 i = 0; i < m; i++)
            y[done + i] = float(std::int32_t(bits[i] & 0xffffff)) * 0x1p-24f;
    }
}

void u53(Word* s, double* y, i64 n) {
    Word bits[2 * CHUNK];
    for (i64 done = 0; done < n; done += CHUNK) {
        const i64 m = n - done < CHUNK ? n - done : CHUNK;
        rng_bits(s, bits, 2 * m);
        for (i64 i = 0; i < m; i++)
            y[done + i] = double(std::int32_t(bits[2 * i] & 0x1fffff)) * 0x1p-21 +
                          double(bits[2 * i + 1]) * 0x1p-53;
    }
}

double u53(Word* s) {
    double y;
    u53(s, &y, 1);
    return y;
}

// f(i, u) for n numbers u of 53 bits.
template <class G>
RL_INLINE void each_u53(Word* s, i64 n, G&& f) {
    double u[CHUNK];
    for (i64 done = 0; done < n; done += CHUNK) {
        const i64 m = n - done < CHUNK ? n - done : CHUNK;
        u53(s, u, m);
        for (i64 i = 0; i < m; i++) f(done + i, u[i]);
    }
}

// y = f(y), by several threads: for what the C library takes long to compute.
template <class G>
RL_INLINE void in_place(double* y, i64 n, G&& f) {
    parallel(n, GRAIN, [&](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) y[i] = f(y[i]);
    });
}

template <class T>
void stretch(T* y, i64 n, T low, T high) {
    const T width = high - low;
    for (i64 i = 0; i < n; i++) {
        const T x = fused(y[i], width, low);
        y[i] = x == high ? low : x;  // the interval is half open
    }
}

RL_INLINE F horner(F x, F y) {
    (void)x;
    return y;
}
template <class... C>
RL_INLINE F horner(F x, F y, float c, C... more) {
    return horner(x, fused(y, x, all(c)), more...);
}

// Cephes's logf and sincosf: polynomials in single precision, as PyTorch's normal kernel has them.
// log(m 2^e) with sqrt(1/2) <= m < sqrt(2); x > 0, not denormal.
RL_INLINE F cephes_log(F x) {
    const I32 bits = (I32)x;
    F m = (F)((bits & 0x7fffff) | 0x3f000000);
    I32 exponent = (bits >> 23) - 126;
    const I32 below = m < 0.707106781186547524f;
    exponent += below;
    m = (below ? m + m : m) - 1;
    const F e = __builtin_convertvector(exponent, F), square = m * m;
    const F p = horner(m, all(7.0376836292e-2f), -1.1514610310e-1f, 1.1676998740e-1f,
                       -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f,
                       -2.4999993993e-1f, 3.3333331174e-1f);
    F y = fused(p * m, square, e * -2.12194440e-4f);
    y = fused(-square, all(0.5f), y);
    return fused(e, all(0.693359375f), m + y);
}

// x >= 0, reduced to |x| <= π/4 about the nearest multiple of π/2.
RL_INLINE void cephes_sincos(F x, F& sine, F& cosine) {
    const I32 octant = (__builtin_convertvector(x * float(4 / PI), I32) + 1) & ~1;
    const F turns = __builtin_convertvector(octant, F);
    x = fused(turns, all(-0.78515625f), x);
    x = fused(turns, all(-2.4187564849853515625e-4f), x);
    x = fused(turns, all(-3.77489497744594108e-8f), x);
    const F z = x * x;
    const F pc = horner(z, all(2.443315711809948e-5f), -1.388731625493765e-3f,
                        4.166664568298827e-2f);
    const F ps = horner(z, all(-1.9515295891e-4f), 8.3321608736e-3f, -1.6666654611e-1f);
    const F c = fused(pc * z, z, z * -0.5f) + 1, s = fused(ps * z, x, x);
    const I32 swap = (octant & 2) != 0;
    const I32 negate_sine = (octant & 4) << 29, negate_cosine = ((octant + 2) & 4) << 29;
    sine = (F)((I32)(swap ? c : s) ^ negate_sine);
    cosine = (F)((I32)(swap ? s : c) ^ negate_cosine);
}

// Box-Muller in blocks of 16: number j and number j + 8 of a block make a pair. n is 16 k.
void normal_blocks(Word* s, float* y, i64 n, double mean, double std) {
    constexpr i64 W = LANES<float>;
    Word bits[CHUNK];
    float a[CHUNK / 2], b[CHUNK / 2];  // first and second halves of the blocks, side by side
    const F scale = all(float(std)), shift = all(float(mean));
    for (i64 done = 0; done < n; done += CHUNK) {
        const i64 m = n - done < CHUNK ? n - done : CHUNK, half = m / 2;
        rng_bits(s, bits, m);
        for (i64 i = 0; i < m; i += 16)
            for (i64 j = 0; j < 8; j++) {
                a[i / 2 + j] = 1 - float(std::int32_t(bits[i + j] & 0xffffff)) * 0x1p-24f;
                b[i / 2 + j] = float(std::int32_t(bits[i + j + 8] & 0xffffff)) * 0x1p-24f;
            }
        for (i64 j = half; j % W; j++) a[j] = b[j] = 1;  // a register may hold two blocks
        for (i64 j = 0; j < half; j += W) {
            const F radius = sqrt(-2 * cephes_log(load(a + j)));
            F sine, cosine;
            cephes_sincos(float(2 * PI) * load(b + j), sine, cosine);
            store(a + j, fused(radius * cosine, scale, shift));
            store(b + j, fused(radius * sine, scale, shift));
        }
        for (i64 i = 0; i < m; i += 16)
            for (i64 j = 0; j < 8; j++) {
                y[done + i + j] = a[i / 2 + j];
                y[done + i + j + 8] = b[i / 2 + j];
            }
    }
}

void normal_blocks(Word* s, double* y, i64 n, double mean, double std) {
    u53(s, y, n);
    parallel(n / 16, GRAIN / 16, [=](i64 begin, i64 end) {
        for (double* u = y + 16 * begin; u < y + 16 * end; u += 16)
            for (i64 j = 0; j < 8; j++) {
                const double radius = __builtin_sqrt(-2 * __builtin_log(1 - u[j]));
                const double angle = 2 * PI * u[j + 8];
                u[j] = fused(radius * __builtin_cos(angle), std, mean);
                u[j + 8] = fused(radius * __builtin_sin(angle), std, mean);
            }
    });
}

// If 16 does not divide n, the last 16 numbers are drawn anew over the end of the last whole block,
// after the draws of a first, useless filling of the tail.
template <class T>
void normal(Word* s, T* y, i64 n, double mean, double std) {
    const i64 whole = n - n % 16;
    normal_blocks(s, y, whole, mean, std);
    if (whole == n) return;
    Word unused[32];
    rng_bits(s, unused, (n - whole) * i64(sizeof(T) / sizeof(float)));
    normal_blocks(s, y + n - 16, 16, mean, std);
}

}  // namespace

void rng_seed(Word* s, Word seed) {
    s[0] = seed;
    for (Word i = 1; i < RNG_WORDS; i++) s[i] = 1812433253u * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
    s[RNG_LEFT] = 1;
    for (i64 i = RNG_NEXT; i < RNG_SIZE; i++) s[i] = 0;
}

void rng_bits(Word* s, Word* y, i64 n) {
    while (n > 0) {
        // == 1 in a sound state; any other that does not fit would lead out of the words
        if (s[RNG_LEFT] - 2 >= Word(RNG_WORDS) || s[RNG_NEXT] > RNG_WORDS - (s[RNG_LEFT] - 1)) {
            twist(s);
            s[RNG_LEFT] = RNG_WORDS + 1;
            s[RNG_NEXT] = 0;
        }
        const i64 unused = s[RNG_LEFT] - 1, m = n < unused ? n : unused;
        const Word* x = s + s[RNG_NEXT];
        for (i64 i = 0; i < m; i++) {
            Word w = x[i];
            w ^= w >> 11;
            w ^= (w << 7) & 0x9d2c5680u;
            w ^= (w << 15) & 0xefc60000u;
            y[i] = w ^ (w >> 18);
        }
        s[RNG_LEFT] -= Word(m);
        s[RNG_NEXT] += Word(m);
        y += m;
        n -= m;
    }
}

void rng_uniform(Word* s, float* y, i64 n, double low, double high) {
    u24(s, y, n);
    if (low != 0 || high != 1) stretch(y, n, float(low), float(high));
}

void rng_uniform(Word* s, double* y, i64 n, double low, double high) {
    u53(s, y, n);
    if (low != 0 || high != 1) stretch(y, n, low, high);
}

// The remainder of 32 bits, of 64 if there are 2^28 numbers or more to choose from.
void rng_integers(Word* s, i64* y, i64 n, i64 low, i64 high) {
    const std::uint64_t span = std::uint64_t(high) - std::uint64_t(low), inverse = ~0ull / span + 1;
    Word bits[2 * CHUNK];
    for (i64 done = 0; done < n; done += CHUNK) {
        const i64 m = n - done < CHUNK ? n - done : CHUNK;
        if (span < 1 << 28) {
            rng_bits(s, bits, m);
            for (i64 i = 0; i < m; i++) {  // bits % span by two products: Lemire, Kaser, Kurz 2019
                const std::uint64_t fraction = inverse * bits[i];
                y[done + i] = low + i64((unsigned __int128)(fraction)*span >> 64);
            }
        } else {
            rng_bits(s, bits, 2 * m);
            for (i64 i = 0; i < m; i++) {
                const std::uint64_t x = (std::uint64_t(bits[2 * i]) << 32) | bits[2 * i + 1];
                y[done + i] = i64(std::uint64_t(low) + x % span);
            }
        }
    }
}

void rng_bernoulli(Word* s, bool* y, i64 n, double p) {
    each_u53(s, n, [=](i64 i, double u) { y[i] = u < p; });
}

void rng_bernoulli_each(Word* s, const double* p, bool* y, i64 n) {
    each_u53(s, n, [=](i64 i, double u) { y[i] = u < p[i]; });
}

void rng_bernoulli_each(Word* s, const float* p, bool* y, i64 n) {
    float u[CHUNK];
    for (i64 done = 0; done < n; done += CHUNK) {
        const i64 m = n - done < CHUNK ? n - done : CHUNK;
        u24(s, u, m);
        for (i64 i = 0; i < m; i++) y[done + i] = u[i] < p[done + i];
    }
}

void rng_dropout(Word* s, float* y, i64 n, double p) {
    const double keep = 1 - p;
    const float scale = 1 / float(keep);
    each_u53(s, n, [=](i64 i, double u) { y[i] = u < keep ? scale : 0; });
}

void rng_exponential(Word* s, double* y, i64 n, double rate) {
    u53(s, y, n);
    in_place(y, n, [=](double u) { return -1 / rate * __builtin_log1p(-u); });
}

void rng_cauchy(Word* s, double* y, i64 n, double median, double sigma) {
    u53(s, y, n);
    in_place(y, n, [=](double u) { return fused(__builtin_tan(PI * (u - 0.5)), sigma, median); });
}

void rng_normal(Word* s, float* y, i64 n, double mean, double std) { normal(s, y, n, mean, std); }
void rng_normal(Word* s, double* y, i64 n, double mean, double std) { normal(s, y, n, mean, std); }

// A pair takes two numbers of 53 bits; its sine waits in the state if it is not wanted yet.
void rng_normal_serial(Word* s, double* y, i64 n, double mean, double std) {
    for (i64 i = 0; i < n; i++) {
        double x;
        if (s[RNG_WAITS]) {
            std::memcpy(&x, s + RNG_NORMAL, sizeof x);
            std::memset(s + RNG_NORMAL, 0, sizeof x);
            s[RNG_WAITS] = 0;
        } else {
            const double angle = 2 * PI * u53(s);
            const double radius = __builtin_sqrt(-2 * __builtin_log1p(-u53(s)));
            x = radius * __builtin_cos(angle);
            const double other = radius * __builtin_sin(angle);
            std::memcpy(s + RNG_NORMAL, &other, sizeof other);
            s[RNG_WAITS] = 1;
        }
        y[i] = fused(x, std, mean);
    }
}

namespace {

// f(i, x) for i = begin .. end - 1 with a fresh x of 32 bits, or of 64.
template <class X, class G>
void each_bits(Word* s, i64 begin, i64 end, G&& f) {
    constexpr i64 WORDS = sizeof(X) / sizeof(Word);
    Word bits[CHUNK * WORDS];
    for (i64 i = begin; i < end; i += CHUNK) {
        const i64 m = end - i < CHUNK ? end - i : CHUNK;
        rng_bits(s, bits, m * WORDS);
        for (i64 j = 0; j < m; j++) {
            if constexpr (WORDS == 1) f(i + j, bits[j]);
            else f(i + j, (X(bits[2 * j]) << 32) | bits[2 * j + 1]);
        }
    }
}

}  // namespace

// Fisher-Yates: from the front with one draw a place; where one draw would favour small numbers,
// inside out with two.
void rng_randperm(Word* s, i64* y, i64 n) {
    if (n >= 0xffffffff / 20)
        return each_bits<std::uint64_t>(s, 0, n, [=](i64 i, std::uint64_t x) {
            const i64 j = i64(x % std::uint64_t(i + 1));
            y[i] = y[j];
            y[j] = i;
        });
    for (i64 i = 0; i < n; i++) y[i] = i;
    each_bits<Word>(s, 0, n - 1, [=](i64 i, Word x) {
        const i64 j = i + x % Word(n - i), swapped = y[i];
        y[i] = y[j];
        y[j] = swapped;
    });
}

}  // namespace rl::RL_ISA
