#include "special.hpp"

#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1024;

// A rational approximation (Blair, Edwards, Johnson 1976, doi:10.1090/S0025-5718-1976-0421040-7),
// twice improved by Newton; ±inf at ±1, NaN beyond. Near ±1 Newton works on erfc, where erf has no
// digits left.
double inverse_erf(double y) {
    const double size = y < 0 ? -y : y, rest = 1 - size;
    if (!(rest > 0)) return rest == 0 ? y * __builtin_inf() : __builtin_nan("");
    const double slope = 1.12837916709551257390;  // 2 / sqrt(π), erf's at 0
    if (size <= 0.7) {
        const double z = y * y;
        const double above = ((-0.140543331 * z + 0.914624893) * z - 1.645349621) * z + 0.886226899;
        const double below = (((0.012229801 * z - 0.329097515) * z + 1.442710462) * z -
                              2.118377725) * z + 1;
        double x = y * above / below;
        for (int i = 0; i < 2; i++) x -= (__builtin_erf(x) - y) / (slope * __builtin_exp(-x * x));
        return x;
    }
    const double z = __builtin_sqrt(-__builtin_log(rest / 2));
    double x = (((1.641345311 * z + 3.429567803) * z - 1.624906493) * z - 1.970840454) /
               ((1.6370678 * z + 3.5438892) * z + 1);
    for (int i = 0; i < 2; i++) x += (__builtin_erfc(x) - rest) / (slope * __builtin_exp(-x * x));
    return y < 0 ? -x : x;
}

}  // namespace

void erfinv(const double* x, double* y, i64 n) {
    parallel(n, GRAIN, [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) y[i] = inverse_erf(x[i]);
    });
}

}  // namespace rl::RL_ISA
