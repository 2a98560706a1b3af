"""Which shapes ops give, where broadcasting or the first argument does not say it; see meta.py."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..core.meta import NoData
from ..dispatch.op import CARDS

#: ops whose result depends on elements
DATA = frozenset(
    "masked_select nonzero argwhere _unique2 unique unique_dim unique_consecutive bincount equal "
    "histogram histogramdd allclose combinations".split()
)
#: one element of the result for one element of each argument, broadcast
ELEMENTWISE = frozenset(
    "neg abs sign sgn signbit pow_number square clamp clamp_min clamp_max floor ceil trunc round "
    "frac lerp_tensor lerp bitwise_not logical_not conj_physical polar complex isnan isinf "
    "isfinite isposinf isneginf isclose heaviside nan_to_num relu relu6 silu mish selu hardswish "
    "hardsigmoid logsigmoid leaky_relu elu celu gelu softplus hardtanh threshold hardshrink "
    "softshrink masked_fill to_copy frexp binary_cross_entropy_of_logits".split()
)
#: cards with promotion that are not
NOT_ELEMENTWISE = frozenset("cat stack logsumexp dist addr mse huber smooth_l1".split())
#: results that are C-contiguous, whatever the arguments are
CONTIGUOUS = frozenset(
    "cumsum cumprod logcumsumexp cummax cummin softmax log_softmax layer_norm group_norm roll tril "
    "triu index_add scatter_add masked_scatter masked_fill logsigmoid mvlgamma".split()
)
#: as large as the first argument
SAME = frozenset(
    "clone copy flip roll tril triu cumsum cumprod logcumsumexp cummax cummin sort argsort softmax "
    "log_softmax layer_norm batch_norm_training batch_norm_eval group_norm native_dropout prelu "
    "rrelu_with_noise fill index_put index_add index_copy index_fill masked_scatter scatter_add "
    "scatter_src scatter_value scatter_reduce uniform normal exponential cauchy log_normal "
    "geometric bernoulli_of_number bernoulli_of_tensor bernoulli_of_input random poisson "
    "renorm".split()
)
#: in place: nothing that could be wrong but the device
FILLS = frozenset(
    "fill uniform normal exponential cauchy log_normal geometric bernoulli_of_number random "
    "copy index_put index_fill".split()
)


def _mm(x: Any, y: Any) -> Any:
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"a and b must have same reduction dim, but got {list(x.shape)} X {list(y.shape)}."
        )
    return (x.shape[0], y.shape[1])


def _linear(x: Any, w: Any, b: Any = None) -> Any:
    if w.ndim != 2 or x.shape[-1:] != w.shape[1:]:
        rows = prod(x.shape[:-1])
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1]} and "
            f"{w.shape[-1]}x{w.shape[0]})"
        )
    return (*x.shape[:-1], w.shape[0])


def _batched(x: Any, y: Any) -> Any:
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if x.shape[-1] != y.shape[-2]:
        raise RuntimeError(
            f"a and b must have same reduction dim, but got {list(x.shape)} X {list(y.shape)}."
        )
    return (*batch, x.shape[-2], y.shape[-1])


def _cat(tensors: list, dim: int) -> Any:
    kept = [x for x in tensors if x.shape != (0,)] or tensors
    d = dim % max(kept[0].ndim, 1)
    shape = list(kept[0].shape)
    for x in kept[1:]:
        for i, (n, m) in enumerate(zip(shape, x.shape, strict=True)):
            if i != d and n != m:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected {n} in "
                    f"dimension {i} but got {m} for tensor number 1 in the list"
                )
    shape[d] = sum(x.shape[d] for x in kept)
    return tuple(shape)


def _stack(tensors: list, dim: int) -> Any:
    shape = tensors[0].shape
    if any(x.shape != shape for x in tensors):
        raise RuntimeError("stack expects each tensor to be equal size")
    d = dim % (len(shape) + 1)
    return (*shape[:d], len(tensors), *shape[d:])


def _each(value: Any, n: int) -> tuple:
    return (value,) * n if isinstance(value, int) else tuple(value)


def _conv(x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    n = x.ndim - 2
    s, p, d = (_each(option, n) for option in (stride, padding, dilation))
    if x.shape[1] != w.shape[1] * groups:
        raise RuntimeError("Invalid channel dimensions")
    reach = [d[i] * (w.shape[2 + i] - 1) + 1 for i in range(n)]
    sizes = [(x.shape[2 + i] + 2 * p[i] - reach[i]) // s[i] + 1 for i in range(n)]
    return (x.shape[0], w.shape[0], *sizes)


def _conv_transpose(x: Any, w: Any, b: Any, y_shape: Any, *options: Any) -> Any:
    return tuple(y_shape)


def _index(x: Any, key: Any) -> Any:
    def plain(k: Any) -> Any:
        if not isinstance(k, np.ndarray):
            return k
        if k.dtype.kind == "b":
            raise NoData(
                "aten::nonzero: attempted to run this operator with Meta tensors, but the places "
                "of a mask without elements are not known"
            )
        return np.broadcast_to(np.zeros((), k.dtype), k.shape)

    whole = np.broadcast_to(np.zeros((), np.int8), x.shape)
    return whole[tuple(plain(k) for k in key)].shape


def _repeat(x: Any, repeats: Any) -> Any:
    shape = (1,) * (len(repeats) - x.ndim) + x.shape
    return tuple(n * m for n, m in zip(shape, repeats, strict=True))


RULES: dict[str, Any] = {  # name -> function of the card's arguments, arrays: the result's shape
    "mm": _mm,
    "matmul_batched": _batched,
    "bmm": _batched,
    "linear": _linear,
    "mv": lambda x, y: (x.shape[0],),
    "dot": lambda x, y: (),
    "cat": _cat,
    "stack": _stack,
    "convolution_nd": _conv,
    "conv_transpose_nd": _conv_transpose,
    "embedding": lambda w, i, *options: (*i.shape, w.shape[1]),
    "gather": lambda x, dim, index, *options: index.shape,
    "take": lambda x, index: index.shape,
    "index": _index,
    "reshape": lambda x, shape: tuple(shape),
    "repeat": _repeat,
}


def _leading(name: str) -> Any:
    """Poolings: (N, C) are 1, the rest is computed with."""

    def rule(x: Any, *options: Any) -> Any:
        found = CARDS[name].forward(np.zeros((1, 1, *x.shape[2:]), x.dtype), *options)
        found = found[0] if isinstance(found, tuple) else found
        return (*x.shape[:2], *found.shape[2:])

    return rule


for _name in """max_pool_2d max_pool_3d avg_pool_2d avg_pool_3d adaptive_avg_pool_2d
adaptive_avg_pool_3d adaptive_max_pool_2d adaptive_max_pool_3d mean_pool_2d mean_pool_3d
resample""".split():
    RULES[_name] = _leading(_name)


def _index_select(x: Any, dim: int, index: Any) -> Any:
    d = dim % max(x.ndim, 1)
    return (*x.shape[:d], index.size, *x.shape[d + 1 :]) if x.ndim else ()


def _topk(x: Any, k: int, dim: int, *options: Any) -> Any:
    d = dim % max(x.ndim, 1)
    return (*x.shape[:d], k, *x.shape[d + 1 :]) if x.ndim else ()


def _glu(x: Any, dim: int) -> Any:
    d = dim % x.ndim
    return (*x.shape[:d], x.shape[d] // 2, *x.shape[d + 1 :])


#: formulas whose result keeps the order of the dimensions
ORDERED = frozenset(["glu"])


def _im2col(x: Any, *options: Any) -> Any:
    found = CARDS["im2col"].forward(np.zeros((1, 1, *x.shape[2:]), x.dtype), *options)
    return (x.shape[0], x.shape[1] * found.shape[1], found.shape[2])


def _col2im(x: Any, size: Any, kernel: Any, *options: Any) -> Any:
    return (x.shape[0], x.shape[1] // prod(kernel), *size)


def _pad_by_index(x: Any, widths: Any, how: str) -> Any:
    return tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True))


def _solve(a: Any, b: Any, left: bool, vector: bool) -> Any:
    ends = 1 if vector else 2
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-ends])
    return (*batch, *b.shape[-ends:])


def _attention(q: Any, k: Any, v: Any, *options: Any) -> Any:
    batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    return (*batch, q.shape[-2], v.shape[-1])


def _rnn(x: Any, h0: Any, w_ih: Any, w_hh: Any, *options: Any) -> Any:
    return [(*x.shape[:-1], w_hh.shape[1]), h0.shape]


def _lstm(x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, *options: Any) -> Any:
    return [*_rnn(x, h0, w_ih, w_hh), c0.shape]


RULES |= {
    "attention": _attention,
    "im2col": _im2col,
    "col2im": _col2im,
    "pad_by_index": _pad_by_index,
    "self_attention": lambda x, *options: (*x.shape[:-1], x.shape[-1] // 3),
    "solve": _solve,
    "rnn_layer": _rnn,
    "gru_layer": _rnn,
    "lstm_layer": _lstm,
}


def _pad(x: Any, widths: Any, value: Any) -> Any:
    return tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=False))


RULES |= {"glu": _glu, "index_select": _index_select, "topk": _topk, "constant_pad_nd": _pad}
