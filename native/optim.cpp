#include "optim.hpp"

#include "parallel.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 GRAIN = 1 << 14;

// f(i, width) for each register of [0, n)
template <class T, class G>
void each_register(i64 n, G f) {
    constexpr i64 L = LANES<T>;
    parallel(n, GRAIN, [=](i64 begin, i64 end) {
        i64 i = begin;
        for (; i + L <= end; i += L) f(i, std::integral_constant<i64, L>());
        if (i < end) f(i, end - i);
    });
}

// The gradient that counts: -g to maximize, and weight decay added.
template <class T>
RL_INLINE Reg<T> gradient(Reg<T> g, Reg<T> p, T decay, bool maximize) {
    if (maximize) g = -g;
    return decay != 0 ? fma(all(decay), p, g) : g;
}

// a + w (b - a), from the end that is nearer
template <class T>
RL_INLINE Reg<T> lerp(Reg<T> a, Reg<T> b, T w) {
    return w < T(0.5) ? fma(all(w), b - a, a) : fma(all(w - 1), b - a, b);
}

}  // namespace

template <class T>
void sgd_step(const Sgd& o, i64 n, T* p, const T* g, T* b, bool first) {
    using V = Reg<T>;
    const T decay = T(o.weight_decay), momentum = T(o.momentum), fresh = T(1 - o.dampening);
    const V rate = all(T(-o.lr));
    each_register<T>(n, [=, maximize = o.maximize, nesterov = o.nesterov](i64 i, auto width) {
        const V x = get(p + i, width);
        V d = gradient<T>(get(g + i, width), x, decay, maximize);
        if (b) {
            const V s = first ? d : fma(all(fresh), d, get(b + i, width) * momentum);
            put(b + i, s, width);
            d = nesterov ? fma(all(momentum), s, d) : s;
        }
        put(p + i, fma(rate, d, x), width);
    });
}

template <class T>
void adam_step(const Adam& o, double step, i64 n, T* p, const T* g, T* m, T* v, T* vmax) {
    using V = Reg<T>;
    const T decay = T(o.decoupled ? 0 : o.weight_decay);
    const T shrink = T(o.decoupled ? 1 - o.lr * o.weight_decay : 1);
    const T w1 = T(1 - o.beta1), beta2 = T(o.beta2), w2 = T(1 - o.beta2), eps = T(o.eps);
    const T rate = T(-o.lr / (1 - std::pow(o.beta1, step)));
    const T root = T(std::sqrt(1 - std::pow(o.beta2, step)));
    each_register<T>(n, [=, maximize = o.maximize](i64 i, auto width) {
        V x = get(p + i, width);
        const V d = gradient<T>(get(g + i, width), x, decay, maximize);
        x = shrink != 1 ? x * shrink : x;
        const V mi = lerp<T>(get(m + i, width), d, w1);
        V vi = fma(w2 * d, d, get(v + i, width) * beta2);
        put(m + i, mi, width);
        put(v + i, vi, width);
        if (vmax) {
            vi = max(get(vmax + i, width), vi);
            put(vmax + i, vi, width);
        }
        put(p + i, x + rate * mi / (sqrt(vi) / root + eps), width);
    });
}

template <class T>
void rmsprop_step(const RmsProp& o, i64 n, T* p, const T* g, T* square, T* mean, T* b) {
    using V = Reg<T>;
    const T decay = T(o.weight_decay), alpha = T(o.alpha), w = T(1 - o.alpha), eps = T(o.eps);
    const T momentum = T(o.momentum), rate = T(-o.lr);
    each_register<T>(n, [=, maximize = o.maximize](i64 i, auto width) {
        const V x = get(p + i, width);
        const V d = gradient<T>(get(g + i, width), x, decay, maximize);
        V s = fma(w * d, d, get(square + i, width) * alpha);
        put(square + i, s, width);
        if (mean) {
            const V a = lerp<T>(get(mean + i, width), d, w);
            put(mean + i, a, width);
            s = fma(-a, a, s);
        }
        const V root = sqrt(s) + eps;
        if (b) {
            const V bi = get(b + i, width) * momentum + d / root;
            put(b + i, bi, width);
            put(p + i, fma(all(rate), bi, x), width);
        } else {
            put(p + i, x + rate * d / root, width);
        }
    });
}

template <class T>
void adagrad_step(const Adagrad& o, double step, i64 n, T* p, const T* g, T* sum) {
    using V = Reg<T>;
    const T decay = T(o.weight_decay), eps = T(o.eps);
    const T rate = T(-o.lr / (1 + (step - 1) * o.lr_decay));
    each_register<T>(n, [=, maximize = o.maximize](i64 i, auto width) {
        const V x = get(p + i, width);
        const V d = gradient<T>(get(g + i, width), x, decay, maximize);
        const V s = fma(d, d, get(sum + i, width));
        put(sum + i, s, width);
        put(p + i, x + rate * d / (sqrt(s) + eps), width);
    });
}

#define EACH(T)                                                                  \
    template void sgd_step(const Sgd&, i64, T*, const T*, T*, bool);             \
    template void adam_step(const Adam&, double, i64, T*, const T*, T*, T*, T*); \
    template void rmsprop_step(const RmsProp&, i64, T*, const T*, T*, T*, T*);   \
    template void adagrad_step(const Adagrad&, double, i64, T*, const T*, T*);
EACH(float)
EACH(double)

}  // namespace rl::RL_ISA
