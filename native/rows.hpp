// Reductions of one contiguous row, always in the same order.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// v with the lanes from n on replaced by `other`.
template <class V>
RL_INLINE V keep(V v, i64 n, Lane<V> other) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<V, F>)
        return (F)_mm512_mask_mov_ps((__m512)all(other), static_cast<__mmask16>((1u << n) - 1),
                                     (__m512)v);
    else
        return (D)_mm512_mask_mov_pd((__m512d)all(other), static_cast<__mmask8>((1u << n) - 1),
                                     (__m512d)v);
#endif
    for (i64 i = 0; i < LANES<Lane<V>>; i++) v[i] = i < n ? v[i] : other;
    return v;
}

constexpr auto same = [](auto v) { return v; };

// Σ f(x[i]...) for i < n: in T over runs of 16 additions a lane, the runs' sums in double.
template <class T, class G, class... X>
RL_INLINE double row_sum(i64 n, G f, const T* x, const X*... y) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>, RUN = 64 * L;
    double total = 0;
    for (i64 run = 0; run < n; run += RUN) {
        const i64 end = run + RUN < n ? run + RUN : n;
        V s[4] = {};
        i64 i = run;
        for (; i + 4 * L <= end; i += 4 * L)
            for (i64 j = 0; j < 4; j++) s[j] += f(load(x + i + j * L), load(y + i + j * L)...);
        for (; i + L <= end; i += L) s[0] += f(load(x + i), load(y + i)...);
        if (i < end)
            s[1] += keep(f(load_part(x + i, end - i), load_part(y + i, end - i)...), end - i, 0);
        total += sum((s[0] + s[1]) + (s[2] + s[3]));
    }
    return total;
}

// The largest of x, NaN if there is one. n > 0.
template <class T>
RL_INLINE T row_max(i64 n, const T* x) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    V m = all(-T(__builtin_inff()));
    i64 i = 0;
    for (; i + L <= n; i += L) m = max(m, load(x + i));
    if (i < n) m = max(m, keep(load_part(x + i, n - i), n - i, -T(__builtin_inff())));
    return max(m);
}

// y[i] = f(x[i]...) for i < n
template <class T, class G, class... X>
RL_INLINE void row_map(i64 n, G f, T* y, const X*... x) {
    constexpr i64 L = LANES<T>;
    i64 i = 0;
    for (; i + L <= n; i += L) store(y + i, f(load(x + i)...));
    if (i < n) store_part(y + i, f(load_part(x + i, n - i)...), n - i);
}

}  // namespace rl::RL_ISA
