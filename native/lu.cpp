#include "lu.hpp"

#include "parallel.hpp"
#include "rows.hpp"

namespace rl::RL_ISA {
namespace {

// y -= c x over n numbers
template <class T>
RL_INLINE void subtract(T c, const T* x, i64 n, T* y) {
    const Reg<T> by = all(-c);
    row_map(n, [=](Reg<T> v, Reg<T> w) { return fma(by, v, w); }, y, x, static_cast<const T*>(y));
}

template <class T>
RL_INLINE T abs_of(T x) {
    return x < 0 ? -x : x;
}

template <class T>
void exchange(T* a, T* b, i64 n) {
    for (i64 i = 0; i < n; i++) {
        const T t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

template <class T>
void factor(T* a, i64 n, std::int32_t* pivots) {
    for (i64 j = 0; j < n; j++) {
        i64 p = j;
        for (i64 i = j + 1; i < n; i++)
            if (abs_of(a[i * n + j]) > abs_of(a[p * n + j])) p = i;
        pivots[j] = std::int32_t(p);
        if (p != j) exchange(a + j * n, a + p * n, n);
        const T pivot = a[j * n + j];
        if (pivot == 0) continue;
        for (i64 i = j + 1; i < n; i++) {
            const T c = a[i * n + j] / pivot;
            a[i * n + j] = c;
            if (c != 0) subtract(c, a + j * n + j + 1, n - j - 1, a + i * n + j + 1);
        }
    }
}

template <class T>
T dot(const T* x, const T* y, i64 n) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    V s = {};
    i64 i = 0;
    for (; i + L <= n; i += L) s = fma(load(x + i), load(y + i), s);
    if (i < n) s = fma(load_part(x + i, n - i), load_part(y + i, n - i), s);
    return sum(s);
}

template <class T>
bool solve(const T* a, const std::int32_t* pivots, i64 n, i64 k, T* x) {
    for (i64 i = 0; i < n; i++) {
        const T d = a[i * n + i];
        if (d == 0 || d != d) return false;
    }
    for (i64 i = 0; i < n; i++)
        if (pivots[i] != i) exchange(x + i * k, x + pivots[i] * k, k);
    if (k == 1) {
        for (i64 i = 1; i < n; i++) x[i] -= dot(a + i * n, x, i);
        for (i64 i = n - 1; i >= 0; i--)
            x[i] = (x[i] - dot(a + i * n + i + 1, x + i + 1, n - i - 1)) / a[i * n + i];
        return true;
    }
    for (i64 i = 1; i < n; i++)
        for (i64 j = 0; j < i; j++) subtract(a[i * n + j], x + j * k, k, x + i * k);
    for (i64 i = n - 1; i >= 0; i--) {
        for (i64 j = i + 1; j < n; j++) subtract(a[i * n + j], x + j * k, k, x + i * k);
        const Reg<T> by = all(a[i * n + i]);
        row_map(k, [=](Reg<T> v) { return v / by; }, x + i * k, static_cast<const T*>(x + i * k));
    }
    return true;
}

}  // namespace

template <class T>
void lu(T* a, i64 batch, i64 n, std::int32_t* pivots) {
    parallel(batch, rows_per_block(n * n * n / 16, 1 << 13), [=](i64 begin, i64 end) {
        for (i64 b = begin; b < end; b++) factor(a + b * n * n, n, pivots + b * n);
    });
}

template <class T>
bool lu_solve(const T* factors, const std::int32_t* pivots, i64 batch, i64 n, i64 k, T* x) {
    bool good = true;
    parallel(batch, rows_per_block(n * n * k / 8, 1 << 13), [=, &good](i64 begin, i64 end) {
        for (i64 b = begin; b < end; b++)
            if (!solve(factors + b * n * n, pivots + b * n, n, k, x + b * n * k))
                __atomic_store_n(&good, false, __ATOMIC_RELAXED);
    });
    return good;
}

#define EACH(T)                                                                              \
    template void lu(T*, i64, i64, std::int32_t*);                                           \
    template bool lu_solve(const T*, const std::int32_t*, i64, i64, i64, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
