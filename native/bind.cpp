// The kernels as Python functions: one row each.
//
// How to add a kernel
//   1. A short one is written in its body, see 2. Else write it in native/<family>.cpp, declared in native/<family>.hpp, in namespace rl::RL_ISA:
//      raw pointers and sizes, results written to memory that the caller gives, no Python, no
//      exceptions. The build finds the file by itself and compiles it once per instruction set.
//      What is not a template or inline goes into an anonymous namespace, and no template of the
//      standard library is instantiated: the linker keeps one copy of each, perhaps the one for a
//      processor that the user does not have (the build fails on it: check_isa.cmake).
//   2. Write its body in native/bind_<family>.hpp: read the arguments (In, read), return nullptr
//      to fall back to the twin, make the results (Out), compute<T>, release.
//   3. Add a row here. Its twin is in src/rushlight/kernels/twin/<family>.py: same name, same
//      arguments.
//   Run `make dev`; tests/test_kernels.py compares native with twin.
#include "bind.hpp"

#include "bind_attention.hpp"
#include "bind_fft.hpp"
#include "bind_int8.hpp"
#include "bind_linear.hpp"
#include "bind_moves.hpp"
#include "bind_norm.hpp"
#include "bind_optim.hpp"
#include "bind_order.hpp"
#include "bind_pointwise.hpp"
#include "bind_random.hpp"
#include "bind_recurrent.hpp"
#include "bind_reduce.hpp"
#include "bind_resample.hpp"
#include "bind_shape.hpp"
#include "bind_windows.hpp"

namespace rl::RL_ISA {
namespace {

#define UNARY(f) row<#f, pointwise<1, 0, FN(f)>>(#f "(x)"),
#define UNARY_1(f) row<#f, pointwise<1, 1, FN(f)>>(#f "(x, a)"),
#define UNARY_2(f) row<#f, pointwise<1, 2, FN(f)>>(#f "(x, a, b)"),
#define DX(f) row<#f, pointwise<2, 0, FN(f)>>(#f "(dy, x)"),
#define DX_1(f) row<#f, pointwise<2, 1, FN(f)>>(#f "(dy, x, a)"),
#define DX_2(f) row<#f, pointwise<2, 2, FN(f)>>(#f "(dy, x, a, b)"),
#define BINARY(f, numpy) row<#f, binary<numpy, FN(f), #f[0] != 'd'>>(#f "(x, y)"),
#define COMPARE(f, numpy) row<#f, comparison<numpy, FN(f)>>(#f "(x, y)"),
#define IN_PLACE(f, numpy) row<#f "_", in_place<numpy, FN(f), #f[0] != 'd'>>(#f "_(x, y)"),
#ifdef RL_NARROW_FORMULAS
#define FORMULA(f, arrays, numbers, doc) row<#f, pointwise<arrays, numbers, FN(f)>>(doc),
#else
#define FORMULA(f, arrays, numbers, doc) row<#f, formula<arrays, numbers, FN(f)>>(doc),
#endif
#define CURVE(f) row<#f, formula<1, 0, FN(f)>>("(x)"),
#define REMAINDER(f, numpy) row<#f, remainders<numpy, FN(f)>>("(x, y)"),
#define QUOTIENT(f, numpy) row<#f, remainders<numpy, FN(f), true>>("(x, y)"),
#define ROUNDING(f, numpy) row<#f, narrow_or_ufunc<numpy, 1, FN(f##_narrow)>>("(x)"),
#define EXTREME(f, numpy) row<#f, narrow_or_ufunc<numpy, 2, FN(f##_narrow)>>("(x, y)"),
#define UFUNC(f, numpy) row<f, ufunc<numpy>>("(x)"),
#define UFUNC_2(f, numpy) row<f, ufunc<numpy>>("(x, y)"),

// clang-format off
const Row table[] = {
    RL_UNARY(UNARY)
    row<"lgamma", special<FN(lgamma)>>("(x)"),
    RL_UNARY_1(UNARY_1)
    RL_UNARY_2(UNARY_2)
    RL_DX(DX)
    RL_DX_1(DX_1)
    RL_DX_2(DX_2)
    RL_BINARY(BINARY)
    RL_COMPARE(COMPARE)
    RL_FORMULAS(FORMULA)
    RL_CURVES(CURVE)
    CURVE(exp2)
    UNARY(log2)
    UNARY(log10)
    RL_REMAINDERS(REMAINDER)
    RL_QUOTIENTS(QUOTIENT)
    row<"trunc_divide", own<FN(trunc_divide)>>("(x, y)"),
    RL_ROUNDINGS(ROUNDING)
    RL_EXTREMES(EXTREME)
    row<"power", of_float<"power", FN(power)>>("(x, y)"),
    row<"nextafter", steps<FN(nextafter)>>("(x, y)"),
    RL_UFUNC(UFUNC)
    RL_UFUNC_2(UFUNC_2)
    row<"clamped", clamped_>("(x, low, high)"),
    row<"dense_view", dense_view>("(x, shape)"),
    row<"channels_last", channels_last_>("(x)"),
    RL_BINARY(IN_PLACE)
    row<"linear", linear<false>>("(x, w, b)"),
    row<"linear_relu", linear<true>>("(x, w, b)"),
    row<"linear_int8", linear_int8_>("(x, packed, sums, scale, b, out)"),
    row<"linear_dx", linear_dx>("(dy, w)"),
    row<"linear_dw", linear_dw>("(dy, x)"),
    row<"linear_db", linear_db>("(dy)"),
    row<"matmul", matmul>("(x, y)"),
    row<"solve_small", solve_small_>("(a, b)"),
    row<"sum", reduction<false>>("(x, axis=None, keepdims=False)"),
    row<"mean", reduction<true>>("(x, axis=None, keepdims=False)"),
    row<"mse_loss", mse_loss_>("(x, y, mean)"),
    row<"huber_loss", loss_of_difference_<FN(huber_loss)>>("(x, y, a, mean)"),
    row<"smooth_l1_loss", loss_of_difference_<FN(smooth_l1_loss)>>("(x, y, a, mean)"),
    row<"mse_loss_dx", mse_loss_dx_>("(dloss, x, y, mean)"),
    row<"dot", dot_>("(x, y)"),
    row<"cross", cross_>("(x, y, axis)"),
    row<"prod", prod_>("(x, axis=None, keepdims=False)"),
    row<"cumsum", running_<true>>("(x, axis)"),
    row<"cumprod", running_<false>>("(x, axis)"),
    row<"cummax", running_extreme_<true>>("(x, axis)"),
    row<"cummin", running_extreme_<false>>("(x, axis)"),
    row<"sort_rows", sort_rows_>("(x, descending)"),
    row<"top_rows", top_rows_>("(x, k, largest)"),
    row<"add_rows", add_rows_>("(x, index, values, axis)"),
    row<"add_at", add_at_>("(x, axis, index, values)"),
    row<"count", count_>("(x, most)"),
    row<"square_sum", square_sum_>("(x, axis=None, keepdims=False)"),
    row<"both_extremes", both_extremes_>("(x, axis=None, keepdims=False)"),
    row<"variance", variance_>("(x, axis, correction, keepdims, root)"),
    row<"unit", unit_>("(x, axis, least)"),
    row<"max", extreme_<true, false>>("(x, axis=None, keepdims=False)"),
    row<"min", extreme_<false, false>>("(x, axis=None, keepdims=False)"),
    row<"argmax", extreme_<true, true>>("(x, axis=None, keepdims=False)"),
    row<"argmin", extreme_<false, true>>("(x, axis=None, keepdims=False)"),
    row<"logsumexp", logsumexp_>("(x, axis, keepdims)"),
    row<"softmax", along<FN(softmax)>>("(x, axis)"),
    row<"log_softmax", along<FN(log_softmax)>>("(x, axis)"),
    row<"softmax_dx", along_dx<FN(softmax_dx)>>("(dy, y, axis)"),
    row<"log_softmax_dx", along_dx<FN(log_softmax_dx)>>("(dy, y, axis)"),
    row<"nll", nll_>("(x, t, mean)"),
    row<"glu", glu_>("(x, axis)"),
    row<"cross_entropy", cross_entropy_>("(x, t, ignore_index, mean)"),
    row<"cross_entropy_dx", cross_entropy_dx_>("(dloss, logp, t, ignore_index, mean)"),
    row<"layer_norm", layer_norm_>("(x, n, w, b, eps)"),
    row<"layer_norm_dx", layer_norm_dx_>("(dy, x, w, mean, rstd, n)"),
    row<"group_norm", group_norm_>("(x, groups, w, b, eps)"),
    row<"group_norm_dx", group_norm_dx_>("(dy, x, w, mean, rstd, groups)"),
    row<"batch_norm", batch_norm_>("(x, w, b, eps)"),
    row<"batch_norm_dx", batch_norm_dx_>("(dy, x, w, mean, rstd)"),
    row<"batch_norm_eval", batch_norm_eval_>("(x, w, b, mean, var, eps)"),
    row<"batch_norm_eval_dx", batch_norm_eval_dx_>("(dy, x, w, mean, var, eps)"),
    row<"attention", attention_>("(q, k, v, mask, scale, causal)"),
    row<"attention_dx", attention_dx_>("(dy, q, k, v, y, lse, mask, scale, causal)"),
    row<"take", take<false>>("(x, i)"),
    row<"embedding", take<true>>("(w, i)"),
    row<"embedding_dw", embedding_dw_>("(dy, i, rows, padding_idx, scale_by_freq)"),
    row<"dense", dense_>("(x)"),
    row<"dense_copy", dense_copy_>("(x)"),
    row<"filled", filled_>("(x, y)"),
    row<"assign", assign_>("(x, y)"),
    row<"concatenate", concatenate_>("(xs, axis)"),
    row<"stack", stack_>("(xs, axis)"),
    row<"padded", padded_>("(x, widths, value)"),
    row<"continued", continued_>("(x, widths, how)"),
    row<"where", where_>("(c, x, y)"),
    row<"take_along_axis", take_along_axis_>("(x, index, axis)"),
    row<"pick", pick_>("(x, index, axis)"),
    row<"places", places_>("(x)"),
    row<"chosen", chosen_>("(x, mask)"),
    row<"tril", triangle_<true>>("(x, k=0)"),
    row<"triu", triangle_<false>>("(x, k=0)"),
    row<"within", within_>("(index, low, high)"),
    row<"astype", astype_>("(x, dtype)"),
    row<"dft", dft_>("(x, axis, scale, back)"),
    row<"dft_real", dft_real_>("(x, axis, scale, half)"),
    row<"dft_to_real", dft_to_real_>("(x, axis, n, scale)"),
    row<"sgd_step", sgd_step_>(
        "(params, grads, bufs, lr, momentum, dampening, weight_decay, nesterov, maximize)"),
    row<"adam_step", adam_step_>(
        "(params, grads, ms, vs, vmaxs, steps, lr, beta1, beta2, eps, weight_decay, amsgrad, "
        "maximize, decoupled)"),
    row<"rmsprop_step", rmsprop_step_>(
        "(params, grads, squares, means, bufs, lr, alpha, eps, weight_decay, momentum, maximize)"),
    row<"adagrad_step", adagrad_step_>(
        "(params, grads, sums, steps, lr, lr_decay, eps, weight_decay, maximize)"),
    row<"conv1d", conv_<false>>("(x, w, b, stride, padding, dilation, groups)"),
    row<"conv2d", conv_<false>>("(x, w, b, stride, padding, dilation, groups)"),
    row<"conv1d_relu", conv_<true>>("(x, w, b, stride, padding, dilation, groups)"),
    row<"conv2d_relu", conv_<true>>("(x, w, b, stride, padding, dilation, groups)"),
    row<"conv1d_norm", conv_norm_>(
        "(x, w, b, stride, padding, dilation, groups, mean, var, gamma, beta, eps, act, other)"),
    row<"conv2d_norm", conv_norm_>(
        "(x, w, b, stride, padding, dilation, groups, mean, var, gamma, beta, eps, act, other)"),
    row<"conv1d_dx", conv_dx_>("(dy, w, x_shape, stride, padding, dilation, groups, gate=None)"),
    row<"conv2d_dx", conv_dx_>("(dy, w, x_shape, stride, padding, dilation, groups, gate=None)"),
    row<"conv1d_dw", conv_dw_>("(dy, x, w_shape, stride, padding, dilation, groups)"),
    row<"conv2d_dw", conv_dw_>("(dy, x, w_shape, stride, padding, dilation, groups)"),
    row<"max_pool2d", max_pool_>("(x, kernel, stride, padding, dilation, ceil)"),
    row<"max_pool2d_dx", max_pool_dx_>("(dy, index, x_shape)"),
    row<"avg_pool2d", avg_pool_>(
        "(x, kernel, stride, padding, ceil, count_include_pad, divisor)"),
    row<"avg_pool2d_dx", avg_pool_dx_>(
        "(dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor)"),
    row<"adaptive_avg_pool", adaptive_avg_pool_>("(x, out)"),
    row<"adaptive_avg_pool_dx", adaptive_avg_pool_dx_>("(dy, x_shape)"),
    row<"grid_sample", grid_sample_>("(x, grid, mode, padding, align)"),
    row<"grid_sample_dx", grid_sample_dx_>("(dy, grid, x_shape, mode, padding, align)"),
    row<"grid_sample_dgrid", grid_sample_dgrid_>("(dy, x, grid, mode, padding, align)"),
    row<"resample", resample_>("(x, filters)"),
    row<"rnn_layer", rnn_layer_>("(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu)"),
    row<"rnn_layer_dx", rnn_layer_dx_>(
        "(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu, y, want_dx)"),
    row<"gru_layer", gru_layer_>("(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, keep)"),
    row<"gru_layer_dx", gru_layer_dx_>(
        "(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, y, gates, want_dx)"),
    row<"lstm_layer", lstm_layer_>(
        "(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, keep)"),
    row<"lstm_layer_dx", lstm_layer_dx_>(
        "(dy, dhn, dcn, x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, y, gates, cells, "
        "want_dx)"),
    row<"rng_seed", rng_seed_>("(s, seed)"),
    row<"rng_bits", rng<Word, NPY_UINT32, 0, FN(rng_bits)>>("(s, n)"),
    row<"rng_uniform", rng_either<FN(rng_uniform)>>("(s, n, low, high, double)"),
    row<"rng_integers", rng_integers_>("(s, n, low, high)"),
    row<"rng_bernoulli", rng<bool, NPY_BOOL, 1, FN(rng_bernoulli)>>("(s, n, p)"),
    row<"rng_bernoulli_each", rng_bernoulli_each_>("(s, p)"),
    row<"rng_dropout", rng<float, NPY_FLOAT, 1, FN(rng_dropout)>>("(s, n, p)"),
    row<"rng_exponential", rng<double, NPY_DOUBLE, 1, FN(rng_exponential)>>("(s, n, rate)"),
    row<"rng_cauchy", rng<double, NPY_DOUBLE, 2, FN(rng_cauchy)>>("(s, n, median, sigma)"),
    row<"rng_normal", rng_either<FN(rng_normal)>>("(s, n, mean, std, double)"),
    row<"rng_normal_serial", rng<double, NPY_DOUBLE, 2, FN(rng_normal_serial)>>("(s, n, mean, std)"),
    row<"rng_gamma", rng_of<1, FN(rng_gamma)>>("(s, a)"),
    row<"rng_poisson", rng_of<1, FN(rng_poisson)>>("(s, rate)"),
    row<"rng_binomial", rng_of<2, FN(rng_binomial)>>("(s, count, p)"),
    row<"rng_multinomial", rng_multinomial_>("(s, p, k)"),
    row<"rng_randperm", rng<i64, NPY_INT64, 0, FN(rng_randperm)>>("(s, n)"),
};

}  // namespace

Rows rows() { return {table, sizeof table / sizeof *table}; }

}  // namespace rl::RL_ISA
