// Gamma, Poisson and binomial numbers, each of its own parameter: rejection, one number after another.
#include <cmath>
#include <limits>

#include "random.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

double u53(Word* s) {
    double y;
    rng_uniform(s, &y, 1, 0, 1);
    return y;
}

double normal(Word* s) {
    double y;
    rng_normal_serial(s, &y, 1, 0, 1);
    return y;
}

// Marsaglia and Tsang 2000, doi:10.1145/358407.358414
double gamma(Word* s, double a) {
    double scale = 1;
    if (a < 1) {
        if (a == 0) return 0;
        scale = std::pow(1 - u53(s), 1 / a);
        a += 1;
    }
    const double d = a - double(float(1.0 / 3)), c = 1 / std::sqrt(9 * d);  // PyTorch's third is a float
    if (!(d > 0) || !std::isfinite(c) || c == 0) return std::nan("");
    for (;;) {
        double x, y;
        do {
            x = normal(s);
            y = 1 + c * x;
        } while (y <= 0);
        const double v = y * y * y, u = 1 - u53(s), xx = x * x;
        if (u < 1 - 0.0331 * xx * xx) return scale * d * v;
        if (std::log(u) < 0.5 * xx + d * (1 - v + std::log(v))) return scale * d * v;
    }
}

// Below 10 uniform numbers are multiplied (Knuth); else Hörmann 1993, doi:10.1016/0167-6687(93)90997-4
double poisson(Word* s, double rate) {
    if (!(rate > 0)) return 0;
    if (rate < 10) {
        const double limit = std::exp(-rate);
        double product = u53(s), count = 0;
        for (; product > limit; count++) product *= u53(s);
        return count;
    }
    const double b = 0.931 + 2.53 * std::sqrt(rate), a = -0.059 + 0.02483 * b;
    const double log_inverse_alpha = std::log(1.1239 + 1.1328 / (b - 3.4));
    const double sure = 0.9277 - 3.6224 / (b - 2), log_rate = std::log(rate);
    for (;;) {
        const double x = u53(s) - 0.5, v = u53(s), distance = 0.5 - std::fabs(x);
        const double k = std::floor((2 * a / distance + b) * x + rate + 0.43);
        if (distance >= 0.07 && v <= sure) return k;
        if (k < 0 || (distance < 0.013 && v > distance)) continue;
        const double bound = -rate + k * log_rate - std::lgamma(k + 1);
        const double log_ratio = std::log(v) + log_inverse_alpha - std::log(a / (distance * distance) + b);
        if (log_ratio <= bound) return k;
    }
}

// log k! less Stirling's approximation to it
double stirling_rest(double k) {
    constexpr double SMALL[] = {0.0810614667953272,  0.0413406959554092,  0.0276779256849983,
                                0.02079067210376509, 0.0166446911898211,  0.0138761288230707,
                                0.0118967099458917,  0.0104112652619720,  0.00925546218271273,
                                0.00833056343336287};
    if (k <= 9) return SMALL[int(k)];
    const double square = (k + 1) * (k + 1);
    return (1. / 12 - (1. / 360 - 1. / 1260 / square) / square) / (k + 1);
}

// Geometric waiting times for n p < 10; else Hörmann 1993, doi:10.1080/00949659308811496
double binomial(Word* s, double n, double p) {
    if (!(n > 0) || !(p > 0)) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - binomial(s, n, 1 - p);
    if (n * p < 10) {
        double trials = 0, successes = -1;
        for (const double scale = std::log1p(-p); trials <= n; successes++)
            trials += std::ceil(std::log(u53(s)) / scale);
        return successes;
    }
    const double spread = std::sqrt(n * p * (1 - p));
    const double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double sure = 0.92 - 4.2 / b, odds = p / (1 - p), alpha = (2.83 + 5.1 / b) * spread;
    const double mode = std::floor((n + 1) * p);
    for (;;) {
        const double x = u53(s) - 0.5, v = u53(s), distance = 0.5 - std::fabs(x);
        const double k = std::floor((2 * a / distance + b) * x + n * p + 0.5);
        if (distance >= 0.07 && v <= sure) return k;
        if (k < 0 || k > n) continue;
        const double bound = (mode + 0.5) * std::log((mode + 1) / (odds * (n - mode + 1))) +
                             (n + 1) * std::log((n - mode + 1) / (n - k + 1)) +
                             (k + 0.5) * std::log(odds * (n - k + 1) / (k + 1)) + stirling_rest(mode) +
                             stirling_rest(n - mode) - stirling_rest(k) - stirling_rest(n - k);
        if (std::log(v * alpha / (a / (distance * distance) + b)) <= bound) return k;
    }
}

}  // namespace

void rng_gamma(Word* s, const double* a, double* y, i64 n) {
    for (i64 i = 0; i < n; i++) y[i] = gamma(s, a[i]);
}

void rng_poisson(Word* s, const double* rate, double* y, i64 n) {
    for (i64 i = 0; i < n; i++) y[i] = poisson(s, rate[i]);
}

void rng_binomial(Word* s, const double* count, const double* p, double* y, i64 n) {
    for (i64 i = 0; i < n; i++) y[i] = binomial(s, count[i], p[i]);
}

// Each row's running sums, one after the other in T, over the last of them; then for each uniform
// number the first place that reaches it. As PyTorch's, so that the same categories are drawn.
template <class T>
bool rng_multinomial(Word* s, const T* p, i64 rows, i64 n, i64 k, i64* y) {
    for (i64 r = 0; r < rows; r++) {
        bool good = true, some = false;
        for (i64 i = 0; i < n; i++) {
            const T v = p[r * n + i];
            good = good & (v >= 0) & (v <= std::numeric_limits<T>::max());
            some = some | (v > 0);
        }
        if (!good || !some) return false;
    }
    double* const u = scratch<double>(Slot::order, k);
    T* const sums = scratch<T>(Slot::reduce, n);
    for (i64 r = 0; r < rows; r++) {
        T sum = 0;
        for (i64 i = 0; i < n; i++) sums[i] = sum = sum + p[r * n + i];
        for (i64 i = 0; i < n; i++) sums[i] /= sum;
        sums[n - 1] = 1;
        rng_uniform(s, u, k, 0, 1);
        for (i64 j = 0; j < k; j++) {
            const T* at = sums;  // the places before it are too small
            for (i64 left = n; left > 1;) {
                const i64 half = left / 2;
                at += double(at[half - 1]) < u[j] ? half : 0;
                left -= half;
            }
            y[r * k + j] = at - sums + (double(*at) < u[j]);
        }
    }
    return true;
}
template bool rng_multinomial(Word*, const float*, i64, i64, i64, i64*);
template bool rng_multinomial(Word*, const double*, i64, i64, i64, i64*);

}  // namespace rl::RL_ISA
