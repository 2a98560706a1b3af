// Losses of a difference d, of a register.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// d²/2 where |d| < b, else b (|d| - b/2)
template <class T>
struct Huber {
    T b, half;
    explicit Huber(double a) : b(T(a)), half(T(0.5 * a)) {}
    RL_INLINE Reg<T> operator()(Reg<T> d) const {
        return abs(d) >= b ? b * (abs(d) - half) : T(0.5) * d * d;
    }
};
// d²/(2b) where |d| < b, else |d| - b/2
template <class T>
struct SmoothL1 {
    T b, half;
    explicit SmoothL1(double a) : b(T(a)), half(T(0.5 * a)) {}
    RL_INLINE Reg<T> operator()(Reg<T> d) const {
        return abs(d) >= b ? abs(d) - half : T(0.5) * d * d / b;
    }
};

}  // namespace rl::RL_ISA
