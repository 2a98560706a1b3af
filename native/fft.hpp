// Discrete Fourier transforms along one dimension. Complex numbers lie as (real, imaginary) pairs.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

template <class T>
struct FftPlan;

// The plan for complex transforms of n numbers, from a cache or new; it also serves real ones of 2n.
// alone: also for a line by itself. It is not freed before give_back. To be called under the GIL;
// throws std::bad_alloc.
template <class T>
FftPlan<T>* fft_plan(i64 n, bool alone);
template <class T>
void give_back(FftPlan<T>* plan);

// What plan a real transform of n numbers takes.
constexpr i64 fft_half(i64 n) { return n % 2 ? n : n / 2; }

// So few lines are transformed one by one.
template <class T>
constexpr bool alone(i64 lines) {
    return lines <= LANES<T> / 4;
}

// y (outer, n, inner) = scale * the transform of x along n; back: with e^(+2πi jk / n). `plan` is
// that of n.
template <class T>
void fft(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 inner, T scale, bool back, T* y);
// y (outer, h, inner) from real x (outer, n, inner): the frequencies below h = n / 2 + 1, or h = n.
// `plan` is that of fft_half(n), below as well.
template <class T>
void fft_real(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 h, i64 inner, T scale, T* y);
// Real y (outer, n, inner) from the frequencies x (outer, n / 2 + 1, inner), with e^(+2πi jk / n)
template <class T>
void fft_to_real(FftPlan<T>* plan, const T* x, i64 outer, i64 n, i64 inner, T scale, T* y);

}  // namespace rl::RL_ISA
