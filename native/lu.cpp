// A panel of LANES columns at a time. The panel is turned, so that each of its columns is contiguous: the
// search for a pivot, the division by it and the subtraction from the panel's other columns all go along
// whole registers. Then everything to the right of the panel, the right hand sides as well, has its LANES
// rows held in registers while the rows below pass by (`Rows`). So B becomes L⁻¹ P B on the way, and
// what is left is to go up from the last panel to the first.
//
// Every number of the factors is a chain of fma from the first column to the last.
#include "lu.hpp"

#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {
namespace {

constexpr int AT_ONCE = 4;  // rows that pass by together
constexpr i64 FEW = 5;      // see solve_few; 1000 of 3 x 3: 243 us by panels, 55 without

template <class T>
RL_INLINE Reg<T> counted() {  // 0, 1, 2, ...
    Reg<T> v{};
    for (i64 l = 0; l < LANES<T>; l++) v[l] = T(l);
    return v;
}

template <class T>
void exchange(T* a, T* b, i64 n) {
    for (i64 i = 0; i < n; i++) {
        const T t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

// The first of the largest |x[i]|, j <= i < n; j if there are but zeros and NaN. From the register of j on;
// behind x[n] are zeros to that register's end.
template <class T>
i64 largest(const T* x, i64 j, i64 n) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    V at = all(T(j)), most{}, lane = counted<T>() + T(j / L * L);
    for (i64 i = j / L * L; i < n; i += L, lane += T(L)) {
        const V v = abs(load(x + i));
        const V size = lane < T(j) ? V{} : v;
        at = size > most ? lane : at;
        most = size > most ? size : most;
    }
    const V best = all(max(most));
    return i64(-max(most == best ? -at : all(-T(__builtin_inff()))));
}

// A panel of w columns and m rows, turned: column j is t + j * pitch, with zeros up to a whole register.
template <class T>
void factor_panel(T* t, i64 pitch, i64 w, i64 m, std::int32_t* pivots) {
    using V = Reg<T>;
    constexpr i64 L = LANES<T>;
    const V lane = counted<T>();
    for (i64 j = 0; j < w; j++) {
        T* const c = t + j * pitch;
        const i64 p = largest(c, j, m), first = j / L * L;
        pivots[j] = std::int32_t(p);
        if (p != j)
            for (i64 k = 0; k < w; k++) exchange(t + k * pitch + j, t + k * pitch + p, 1);
        const T pivot = c[j];
        if (pivot == 0) continue;
        const V by = all(pivot), below = lane + T(first);  // rows of the first register
        store(c + first, below > T(j) ? load(c + first) / by : load(c + first));
        for (i64 i = first + L; i < m; i += L) store(c + i, load(c + i) / by);
        for (i64 k = j + 1; k < w; k++) {
            T* const y = t + k * pitch;
            const V x = all(-y[j]), old = load(y + first);
            store(y + first, below > T(j) ? fma(load(c + first), x, old) : old);
            for (i64 i = first + L; i < m; i += L) store(y + i, fma(load(c + i), x, load(y + i)));
        }
    }
}

// `count` rows x[0], x[1], ... of at most a register, `step` apart, in registers.
template <class T>
struct Rows {
    static constexpr i64 L = LANES<T>;
    Reg<T> held[L];
    T* x;
    i64 step, width, count;

    RL_INLINE Rows(T* x, i64 step, i64 width, i64 count) : x(x), step(step), width(width), count(count) {
#pragma GCC unroll 16
        for (i64 i = 0; i < L; i++) held[i] = i < count ? get(x + i * step, width) : Reg<T>{};
    }
    RL_INLINE void put_back() const {
#pragma GCC unroll 16
        for (i64 i = 0; i < L; i++)
            if (i < count) put(x + i * step, held[i], width);
    }
    // row i -= c row j
    RL_INLINE void subtract(i64 i, T c, i64 j) { held[i] = fma(all(c), -held[j], held[i]); }

    // y[i] -= Σ c[i][j] row j for n rows i of y
    RL_INLINE void subtract_from(T* y, i64 n, const T* c, i64 c_step) const {
        i64 i = 0;
        for (; i + AT_ONCE <= n; i += AT_ONCE) subtract_some<AT_ONCE>(y + i * step, c + i * c_step, c_step);
        for (; i < n; i++) subtract_some<1>(y + i * step, c + i * c_step, c_step);
    }

  private:
    template <int rows>
    RL_INLINE void subtract_some(T* y, const T* c, i64 c_step) const {
        Reg<T> v[rows];
        for (int r = 0; r < rows; r++) v[r] = get(y + r * step, width);
#pragma GCC unroll 16
        for (i64 j = 0; j < L; j++) {
            if (j == count) break;
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++) v[r] = fma(all(c[r * c_step + j]), -held[j], v[r]);
        }
        for (int r = 0; r < rows; r++) put(y + r * step, v[r], width);
    }
};

// x becomes L⁻¹ x for the w columns of L from a on, whose rows are n apart, and the rows of x below have
// what they get from it subtracted; x has `cols` columns, its rows are `step` apart.
template <class T>
void forward(const T* a, i64 n, i64 w, i64 below, T* x, i64 step, i64 cols) {
    constexpr i64 L = LANES<T>;
    for (i64 k = 0; k < cols; k += L) {
        Rows<T> rows(x + k, step, cols - k < L ? cols - k : L, w);
#pragma GCC unroll 16
        for (i64 i = 1; i < L; i++) {
            if (i >= w) break;
#pragma GCC unroll 16
            for (i64 j = 0; j < i; j++) rows.subtract(i, a[i * n + j], j);
        }
        rows.put_back();
        rows.subtract_from(x + w * step + k, below, a + w * n, n);
    }
}

// The same up: x becomes U⁻¹ x for the w rows of U from a on, and the `above` rows before them follow.
template <class T>
void backward(const T* a, i64 n, i64 w, i64 above, T* x, i64 step, i64 cols) {
    constexpr i64 L = LANES<T>;
    for (i64 k = 0; k < cols; k += L) {
        Rows<T> rows(x + k, step, cols - k < L ? cols - k : L, w);
#pragma GCC unroll 16
        for (i64 i = L - 1; i >= 0; i--) {
            if (i >= w) continue;
            rows.held[i] /= all(a[i * n + i]);
#pragma GCC unroll 16
            for (i64 j = 0; j < i; j++) rows.subtract(j, a[j * n + i], i);
        }
        rows.put_back();
        rows.subtract_from(x - above * step + k, above, a - above * n, n);
    }
}

// A matrix of so few rows that there is nothing to gain from registers (FEW).
template <class T>
bool solve_few(T* a, i64 n, i64 k, T* x) {
    const auto subtract = [](T c, const T* row, i64 count, T* y) {
        for (i64 l = 0; l < count; l++) y[l] = fma(-c, row[l], y[l]);
    };
    for (i64 j = 0; j < n; j++) {
        i64 p = j;
        for (i64 i = j + 1; i < n; i++)
            if (std::abs(a[i * n + j]) > std::abs(a[p * n + j])) p = i;
        if (p != j) exchange(a + j * n, a + p * n, n), exchange(x + j * k, x + p * k, k);
        const T pivot = a[j * n + j];
        if (pivot == 0 || pivot != pivot) return false;
        for (i64 i = j + 1; i < n; i++) {
            const T c = a[i * n + j] / pivot;
            subtract(c, a + j * n + j + 1, n - j - 1, a + i * n + j + 1);
            subtract(c, x + j * k, k, x + i * k);
        }
    }
    for (i64 i = n - 1; i >= 0; i--) {
        for (i64 l = 0; l < k; l++) x[i * k + l] /= a[i * n + i];
        for (i64 j = 0; j < i; j++) subtract(a[j * n + i], x + i * k, k, x + j * k);
    }
    return true;
}

template <class T>
bool solve(T* a, i64 n, i64 k, T* x, T* turned, std::int32_t* pivots) {
    if (n <= FEW) return solve_few(a, n, k, x);
    constexpr i64 L = LANES<T>;
    for (i64 j = 0; j < n; j += L) {
        const i64 m = n - j, w = m < L ? m : L, pitch = (m + L - 1) / L * L;
        T* const at = a + j * n + j;
        transpose(at, n, m, w, turned, pitch, true);
        factor_panel(turned, pitch, w, m, pivots);
        transpose(turned, pitch, w, m, at, n);
        for (i64 i = 0; i < w; i++) {
            const T d = at[i * n + i];
            if (d == 0 || d != d) return false;
            const i64 p = pivots[i];
            if (p == i) continue;
            exchange(at + i * n + w, at + p * n + w, m - w);
            exchange(x + (j + i) * k, x + (j + p) * k, k);
        }
        forward(at, n, w, m - w, at + w, n, m - w);
        forward(at, n, w, m - w, x + j * k, k, k);
    }
    for (i64 j = (n - 1) / L * L; j >= 0; j -= L)
        backward(a + j * n + j, n, n - j < L ? n - j : L, j, x + j * k, k, k);
    return true;
}

}  // namespace

template <class T>
bool solve_all(T* a, i64 batch, i64 n, i64 k, T* x) {
    constexpr i64 L = LANES<T>;
    bool good = true;
    parallel(batch, rows_per_block(n * n * (n + k) / 16, 1 << 13), [=, &good](i64 begin, i64 end) {
        T* const turned = scratch<T>(Slot::linalg, (n + L) * L);
        std::int32_t pivots[L];
        for (i64 b = begin; b < end; b++)
            if (!solve(a + b * n * n, n, k, x + b * n * k, turned, pivots))
                __atomic_store_n(&good, false, __ATOMIC_RELAXED);
    });
    return good;
}

template bool solve_all(float*, i64, i64, i64, float*);
template bool solve_all(double*, i64, i64, i64, double*);

}  // namespace rl::RL_ISA
