#include "special.hpp"

#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1024;

RL_INLINE float erf_(float x) { return __builtin_erff(x); }
RL_INLINE double erf_(double x) { return __builtin_erf(x); }
RL_INLINE float exp_(float x) { return __builtin_expf(x); }
RL_INLINE double exp_(double x) { return __builtin_exp(x); }
RL_INLINE float log_(float x) { return __builtin_logf(x); }
RL_INLINE double log_(double x) { return __builtin_log(x); }

// A rational approximation (Blair, Edwards, Johnson 1976, doi:10.1090/S0025-5718-1976-0421040-7),
// twice improved by Newton; ±inf at ±1, NaN beyond.
template <class T>
T inverse_erf(T y) {
    const T size = y < 0 ? -y : y;
    if (!(size < 1)) return size == 1 ? y * T(__builtin_inf()) : T(__builtin_nan(""));
    T x;
    if (size <= T(0.7)) {
        const T z = y * y;
        const T above = ((T(-0.140543331) * z + T(0.914624893)) * z + T(-1.645349621)) * z +
                        T(0.886226899);
        const T below = (((T(0.012229801) * z + T(-0.329097515)) * z + T(1.442710462)) * z +
                         T(-2.118377725)) * z + T(1);
        x = y * above / below;
    } else {
        const T z = sqrt(-log_((T(1) - size) / T(2)));
        const T above = ((T(1.641345311) * z + T(3.429567803)) * z + T(-1.624906493)) * z +
                        T(-1.970840454);
        const T below = (T(1.6370678) * z + T(3.5438892)) * z + T(1);
        x = (y < 0 ? -above : above) / below;
    }
    const T slope = T(1.12837916709551257390);  // 2 / sqrt(π), erf's at 0
    for (int i = 0; i < 2; i++) x = x - (erf_(x) - y) / (slope * exp_(-x * x));
    return x;
}

template <class T>
void each(const T* x, T* y, i64 n) {
    parallel(n, GRAIN, [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) y[i] = inverse_erf(x[i]);
    });
}

}  // namespace

void erfinv(const float* x, float* y, i64 n) { each(x, y, n); }
void erfinv(const double* x, double* y, i64 n) { each(x, y, n); }

}  // namespace rl::RL_ISA
