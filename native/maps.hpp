// Loops over numbers one by one: y[i] = f(x[i], ...), f a function of registers.
#pragma once
#include "blocks.hpp"
#include "narrow.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 LIGHT = 1 << 15;  // numbers a block, where memory is the limit
constexpr i64 HEAVY = 1 << 13;  // where arithmetic is

// What numbers of T are computed in.
template <class T>
using Wide = std::conditional_t<sizeof(T) == 2, float, T>;

// Memory to ask for while a long formula computes, so that the next numbers are there: the processor by itself
// stops at the end of a page, and holds no more than 1 kB of numbers in flight.
template <class T>
RL_INLINE void ask_ahead(const T* x) {
    __builtin_prefetch(reinterpret_cast<const char*>(x) + 1024);
}

// In a register: the compiler would read a number again for each use, and one that lies askew costs two reads.
template <class V>
RL_INLINE V held(V v) {
#if defined(__aarch64__)
    asm("" : "+w"(v));
#else
    asm("" : "+v"(v));
#endif
    return v;
}

// y[i] = f(x[i]...) for i in [begin, end); what is left over goes through the same registers, so a
// number's result does not depend on its place.
template <class T, class G, class... X>
RL_INLINE void map_range(i64 begin, i64 end, G f, T* y, const X*... x) {
    constexpr i64 L = LANES<T>;
    i64 i = begin;
    if (end - begin >= 64 * L) {  // so that no store touches two lines
        const i64 askew = i64(reinterpret_cast<std::uintptr_t>(y + i) % REGISTER / sizeof(T));
        if (askew) {
            store_part(y + i, f(load_part(x + i, L - askew)...), L - askew);
            i += L - askew;
        }
    }
    constexpr i64 TOGETHER = REGISTER == 64 ? 2 : 64 / REGISTER;  // registers, read before they are written
    for (; i + TOGETHER * L <= end; i += TOGETHER * L) {
        Reg<T> v[TOGETHER];
#pragma GCC unroll 4
        for (i64 j = 0; j < TOGETHER; j++) v[j] = f(held(load(x + i + j * L))...);
#pragma GCC unroll 4
        for (i64 j = 0; j < TOGETHER; j++) store(y + i + j * L, v[j]);
    }
    for (; i + L <= end; i += L) store(y + i, f(load(x + i)...));
    if (i < end) store_part(y + i, f(load_part(x + i, end - i)...), end - i);
}

// The same with one place where f is compiled instead of three: for long formulas.
template <class T, class G, class... X>
RL_INLINE void map_long(i64 begin, i64 end, G f, T* y, const X*... x) {
    constexpr i64 L = LANES<T>;
    i64 step = L;
    if (end - begin >= 64 * L)
        step -= i64(reinterpret_cast<std::uintptr_t>(y + begin) % REGISTER / sizeof(T));
    for (i64 i = begin; i < end; i += step, step = L) {
        const i64 n = end - i < step ? end - i : step;
        (ask_ahead(x + i), ...);
        put(y + i, f(get(x + i, n)...), n);
    }
}

// The same of two-byte floats, in float and rounded once.
template <i64 cost, class T, class G, class... X>
RL_INLINE void map_narrow(i64 begin, i64 end, G f, T* y, const X*... x) {
    constexpr i64 STEP = 2 * LANES<float>;
    const auto of_two = [=](auto... u) -> Two {
        if constexpr (cost == LIGHT) return {f(u.a...), f(u.b...)};
        F v[2];
#pragma GCC unroll 1
        for (int j = 0; j < 2; j++) v[j] = f((j ? u.b : u.a)...);  // (a long f is compiled once)
        return {v[0], v[1]};
    };
    i64 step = STEP;
    if (end - begin >= 64 * STEP)  // so that no store touches two lines
        step -= i64(reinterpret_cast<std::uintptr_t>(y + begin) % REGISTER / sizeof(T));
    for (i64 i = begin; i < end; i += step, step = STEP) {
        const i64 n = end - i < step ? end - i : step;
        const bool whole = n == STEP;
        if constexpr (cost == HEAVY) (ask_ahead(x + i), ...);
        const Two v = of_two((whole ? widened(x + i) : widened_part(x + i, n))...);
        if (whole) narrow(y + i, v);
        else narrow_part(y + i, v, n);
    }
}

template <i64 cost, class T, class G, class... X>
RL_INLINE void map(i64 n, G f, T* y, const X*... x) {
    if constexpr (sizeof(T) == 2)
        parallel(n, even_blocks(n, cost), [&](i64 begin, i64 end) __attribute__((noinline)) {
            map_narrow<cost>(begin, end, f, y, x...);
        });
    else if constexpr (cost == HEAVY)
        parallel(n, even_blocks(n, cost), [&](i64 begin, i64 end) __attribute__((noinline)) {
            map_long(begin, end, f, y, x...);
        });
    else
        parallel(n, even_blocks(n, cost),
                 [&](i64 begin, i64 end) { map_range(begin, end, f, y, x...); });
}

typedef std::uint64_t U64 __attribute__((vector_size(REGISTER)));

// z[i] = f(x[i], y[i]) of whole numbers; x or y may be one number. (Their bits pass through registers of doubles.)
template <class G>
RL_INLINE void zip_whole(const std::uint64_t* x, i64 nx, const std::uint64_t* y, i64 ny, std::uint64_t* z, i64 n,
                         G f) {
    const auto *const u = reinterpret_cast<const double*>(x), *const v = reinterpret_cast<const double*>(y);
    double* const to = reinterpret_cast<double*>(z);
    if (nx == n && ny == n) return map<LIGHT>(n, [=](D a, D b) { return (D)f((U64)a, (U64)b); }, to, u, v);
    const U64 one = (nx == n ? *y : *x) - U64{};
    if (nx == n) map<LIGHT>(n, [=](D a) { return (D)f((U64)a, one); }, to, u);
    else map<LIGHT>(n, [=](D b) { return (D)f(one, (U64)b); }, to, v);
}

template <class T>
RL_INLINE Wide<T> one(const T* x) {
    if constexpr (sizeof(T) == 2) return widened_part(x, 1).a[0];
    else return *x;
}

// z[i] = f(x[i % nx], y[i % ny]); cost: HEAVY for a long f, which is compiled once for each way to meet
template <i64 cost, class T, class G>
RL_INLINE void zip(const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n, G f) {
    using V = Reg<Wide<T>>;
    if (nx == n && ny == n) return map<cost>(n, f, z, x, y);
    if (ny == 1) {
        const V b = all(one(y));
        return map<cost>(n, [=](V a) { return f(a, b); }, z, x);
    }
    if (nx == 1) {
        const V a = all(one(x));
        return map<cost>(n, [=](V b) { return f(a, b); }, z, y);
    }
    const i64 row = nx < ny ? nx : ny;
    parallel(n / row, rows_per_block(row, cost), [&](i64 begin, i64 end) {
        for (i64 r = begin; r < end; r++) {
            const i64 at = r * row;
            const T *const u = nx == n ? x + at : x, *const v = ny == n ? y + at : y;
            if constexpr (sizeof(T) == 2) map_narrow<cost>(0, row, f, z + at, u, v);
            else if constexpr (cost == HEAVY) map_long(0, row, f, z + at, u, v);
            else map_range(0, row, f, z + at, u, v);
        }
    });
}

}  // namespace
}  // namespace rl::RL_ISA
