// Functions that NumPy has, one number at a time, for all dtypes: its own loops, on the pool.
#pragma once
#include "bind.hpp"

// clang-format off
// y = f(x), z = f(x, y): our name, NumPy's
#define RL_UFUNC(X)                                                                                \
    X("isnan", "isnan") X("isinf", "isinf") X("isfinite", "isfinite") X("signbit", "signbit")      \
    X("bitwise_not", "invert") X("logical_not", "logical_not")
#define RL_UFUNC_2(X)                                                                              \
    X("bitwise_and", "bitwise_and") X("bitwise_or", "bitwise_or") X("bitwise_xor", "bitwise_xor")  \
    X("bitwise_left_shift", "left_shift") X("bitwise_right_shift", "right_shift")                  \
    X("logical_and", "logical_and") X("logical_or", "logical_or") X("logical_xor", "logical_xor")
// clang-format on

namespace rl::RL_ISA {

// The ufunc numpy.<name>, which is looked up at its first use.
struct Ufunc {
    const char* name;
    PyObject* found = nullptr;
};

// y = f(x) or z = f(x, y) of real numbers of one dtype, whose result NumPy has a loop for; two-byte floats are
// widened to float, 2048 at a time, and rounded once. Arrays that lie alike, or one of them with (C) or (*, 1),
// or a number in an array (of float32 beside two-byte floats, whose own digits count). nullptr: not these.
PyObject* by_ufunc(Ufunc& f, Args a, Py_ssize_t n);

template <Name name>
struct Ufuncs {
    static constexpr Name kept = name;
    static inline Ufunc own{kept.text};
};

template <Name name>
PyObject* ufunc(Args a, Py_ssize_t n) {
    return by_ufunc(Ufuncs<name>::own, a, n);
}

}  // namespace rl::RL_ISA
