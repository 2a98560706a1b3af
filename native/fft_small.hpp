// Complex numbers in registers, and transforms of a few of them.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

template <class T>
struct C {  // an element of LANES lines
    Reg<T> re, im;
};
template <class T>
RL_INLINE C<T> operator+(C<T> a, C<T> b) {
    return {a.re + b.re, a.im + b.im};
}
template <class T>
RL_INLINE C<T> operator-(C<T> a, C<T> b) {
    return {a.re - b.re, a.im - b.im};
}
template <class T>
RL_INLINE C<T> operator*(C<T> a, T s) {
    return {a.re * s, a.im * s};
}
// a (wr + i wi)
template <class T>
RL_INLINE C<T> times(C<T> a, Reg<T> wr, Reg<T> wi) {
    return {fma(a.re, wr, -(a.im * wi)), fma(a.re, wi, a.im * wr)};
}
template <class T>
RL_INLINE C<T> times(C<T> a, const T* w) {
    return times(a, all(w[0]), all(w[1]));
}
template <class T>
RL_INLINE C<T> conj(C<T> a) {
    return {a.re, -a.im};
}
// a if !swap, else i conj(a): a transform between two of these is the one the other way round.
template <bool swap = true, class T>
RL_INLINE C<T> swapped(C<T> a) {
    return swap ? C<T>{a.im, a.re} : a;
}
// -i a
template <class T>
RL_INLINE C<T> turned(C<T> a) {
    return {a.im, -a.re};
}

// --- a[k] becomes Σ a[j] e^(-2πi jk / R) over j --------------------------------------------------

template <class T>
RL_INLINE void small(C<T> (&a)[2]) {
    const C<T> t = a[0] - a[1];
    a[0] = a[0] + a[1];
    a[1] = t;
}
template <class T>
RL_INLINE void small(C<T> (&a)[3]) {
    const C<T> s = a[1] + a[2], d = turned(a[1] - a[2]) * T(0.86602540378443864676);
    const C<T> c = {fma(s.re, all(T(-0.5)), a[0].re), fma(s.im, all(T(-0.5)), a[0].im)};
    a[0] = a[0] + s;
    a[1] = c + d;
    a[2] = c - d;
}
template <class T>
RL_INLINE void small(C<T> (&a)[4]) {
    const C<T> s = a[0] + a[2], d = a[0] - a[2], t = a[1] + a[3], e = turned(a[1] - a[3]);
    a[0] = s + t;
    a[2] = s - t;
    a[1] = d + e;
    a[3] = d - e;
}
template <class T>
RL_INLINE void small(C<T> (&a)[5]) {
    const T c1 = T(0.30901699437494742410), c2 = T(-0.80901699437494742410);
    const T s1 = T(0.95105651629515357212), s2 = T(0.58778525229247312917);
    const auto mix = [](C<T> x, T p, C<T> y, T q) -> C<T> {  // p x + q y
        return {fma(x.re, all(p), y.re * q), fma(x.im, all(p), y.im * q)};
    };
    const C<T> p = a[1] + a[4], q = a[2] + a[3], d = turned(a[1] - a[4]), e = turned(a[2] - a[3]);
    const C<T> x = a[0] + mix(p, c1, q, c2), y = a[0] + mix(p, c2, q, c1);
    const C<T> u = mix(d, s1, e, s2), v = mix(d, s2, e, -s1);
    a[0] = a[0] + p + q;
    a[1] = x + u;
    a[4] = x - u;
    a[2] = y + v;
    a[3] = y - v;
}
template <class T>
RL_INLINE void small(C<T> (&a)[7]) {
    const T c[3] = {T(0.62348980185873353053), T(-0.22252093395631440429), T(-0.90096886790241912624)};
    const T s[3] = {T(0.78183148246802980871), T(0.97492791218182360702), T(0.43388373911755812048)};
    const C<T> p[3] = {a[1] + a[6], a[2] + a[5], a[3] + a[4]};
    const C<T> d[3] = {turned(a[1] - a[6]), turned(a[2] - a[5]), turned(a[3] - a[4])};
    const C<T> first = a[0];
    a[0] = first + (p[0] + p[1] + p[2]);
    const auto mix = [](const C<T>(&v)[3], T x, T y, T z, C<T> more) -> C<T> {
        return {fma(v[0].re, all(x), fma(v[1].re, all(y), fma(v[2].re, all(z), more.re))),
                fma(v[0].im, all(x), fma(v[1].im, all(y), fma(v[2].im, all(z), more.im)))};
    };
    const auto put = [&](int k, C<T> even, C<T> odd) {
        a[k] = even + odd;
        a[7 - k] = even - odd;
    };
    put(1, mix(p, c[0], c[1], c[2], first), mix(d, s[0], s[1], s[2], C<T>{}));
    put(2, mix(p, c[1], c[2], c[0], first), mix(d, s[1], -s[2], -s[0], C<T>{}));
    put(3, mix(p, c[2], c[0], c[1], first), mix(d, s[2], -s[0], s[1], C<T>{}));
}
template <class T>
RL_INLINE void small(C<T> (&a)[8]) {
    C<T> e[4] = {a[0], a[2], a[4], a[6]}, o[4] = {a[1], a[3], a[5], a[7]};
    small(e);
    small(o);
    const T r = T(0.70710678118654752440);
    o[1] = C<T>{o[1].re + o[1].im, o[1].im - o[1].re} * r;   // by (1 - i) / √2
    o[2] = turned(o[2]);
    o[3] = C<T>{o[3].im - o[3].re, -(o[3].re + o[3].im)} * r;  // by (-1 - i) / √2
    for (int k = 0; k < 4; k++) {
        a[k] = e[k] + o[k];
        a[k + 4] = e[k] - o[k];
    }
}

// 16 = 4 x 4
template <class T>
RL_INLINE void small(C<T> (&a)[16]) {
    const T c = T(0.92387953251128675613), s = T(0.38268343236508977173);
    const T r = T(0.70710678118654752440);
    const T roots[4][4][2] = {{{1, 0}, {1, 0}, {1, 0}, {1, 0}},
                              {{1, 0}, {c, -s}, {r, -r}, {s, -c}},
                              {{1, 0}, {r, -r}, {0, -1}, {-r, -r}},
                              {{1, 0}, {s, -c}, {-r, -r}, {-c, s}}};
    C<T> t[4][4];
#pragma GCC unroll 4
    for (int l = 0; l < 4; l++) {
        C<T> u[4] = {a[l], a[l + 4], a[l + 8], a[l + 12]};
        small(u);
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) t[k][l] = l && k ? times(u[k], roots[l][k]) : u[k];
    }
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
        small(t[k]);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) a[k + 4 * j] = t[k][j];
    }
}

}  // namespace rl::RL_ISA
