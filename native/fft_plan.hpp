// What is kept from one Fourier transform of a length to the next.
#pragma once
#include "fft_small.hpp"

namespace rl::RL_ISA {

constexpr int FFT_PASSES = 64;

template <class T>
struct FftPlan {
    i64 n;
    i64 size;        // n, or the power of two that a convolution with a chirp takes
    int passes = 0;
    i64 radix[FFT_PASSES];
    i64 at[FFT_PASSES];   // of a pass's roots in `roots`
    i64 own[FFT_PASSES];  // of the roots of its radix
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

// The transform of the n elements at a, or the one the other way round: in a or in b. Both have room()
// elements.
template <bool back, class T>
C<T>* run(const FftPlan<T>& plan, C<T>* a, C<T>* b);

}  // namespace rl::RL_ISA
