// Optimizer steps for one parameter of n numbers: p parameter, g gradient, the rest is state. In
// place.
//
// The order of operations, and where a product and a sum are rounded once (fma), is PyTorch's, so
// that training takes the same path.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

struct Sgd {
    double lr, momentum, dampening, weight_decay;
    bool nesterov, maximize;
};
// first: b has no value yet and becomes the gradient. b is null without momentum.
template <class T>
void sgd_step(const Sgd& o, i64 n, T* p, const T* g, T* b, bool first);

struct Adam {
    double lr, beta1, beta2, eps, weight_decay;
    bool maximize, decoupled;
};
// step: counted from 1. vmax is null without amsgrad.
template <class T>
void adam_step(const Adam& o, double step, i64 n, T* p, const T* g, T* m, T* v, T* vmax);

struct RmsProp {
    double lr, alpha, eps, weight_decay, momentum;
    bool maximize;
};
// mean is null unless centered, b is null without momentum.
template <class T>
void rmsprop_step(const RmsProp& o, i64 n, T* p, const T* g, T* square, T* mean, T* b);

struct Adagrad {
    double lr, lr_decay, eps, weight_decay;
    bool maximize;
};
template <class T>
void adagrad_step(const Adagrad& o, double step, i64 n, T* p, const T* g, T* sum);

}  // namespace rl::RL_ISA
