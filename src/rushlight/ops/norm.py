"""Normalisation by means and variances: layer, batch, group, instance.

N batch, C channels, * further dimensions; mean and rstd = 1 / sqrt(var + eps) are by-products that
backward reuses. float16 and bfloat16 are computed in float32; their weights may be float32.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..core.dtype import bfloat16, float16, float32, scalar_name
from ..core.memory_order import is_channels_last
from ..core.tensor import Tensor
from ..dispatch.on_tensors import translate
from ..dispatch.registry import composite, internal, op
from ..kernels import K, native
from .narrow import is_narrow, rounded, wide


def check_dtypes(input: Tensor, *parameters: Tensor | None) -> None:
    """RuntimeError unless weight, bias and statistics have input's dtype; those of float16 and
    bfloat16 may all be float32.
    """
    d = input._a.dtype
    for p in parameters:
        if p is not None and p._a.dtype is not d:
            break
    else:
        return
    given = [p for p in parameters if p is not None]
    x, first = input.dtype, given[0].dtype
    others = [p.dtype for p in given if p.dtype is not x]
    if not others:
        return
    if first is x:
        other = others[0]
        message = f"expected scalar type {scalar_name(x)} but found {scalar_name(other)}"
    elif x not in (float16, bfloat16) and first is float32:
        message = "mixed dtype (CPU): all inputs must share same datatype."
    elif first is not float32 or any(p.dtype is not float32 for p in given):
        message = "mixed dtype (CPU): expect parameter to have scalar type of Float"
    else:
        return
    dtypes = ", ".join(str(p.dtype) for p in given)
    raise RuntimeError(
        f"{message}\n  the input is {x}, the parameters are {dtypes}\n"
        f"  fix: input.to({first}), or the layer with .to({x})"
    )


def normalized_dims(name: str, given: Any) -> tuple[int, ...]:
    """normalized_shape as a tuple. TypeError: no sizes; RuntimeError: none at all."""
    if isinstance(given, Tensor) or not hasattr(given, "__iter__"):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(given).__name__}"
        )
    shape = tuple(given)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    return shape


def check_trailing(x: tuple, shape: tuple, comma: str, **parameters: Tensor | None) -> None:
    """RuntimeError unless weight and bias have `shape`, and the input's shape ends in it."""
    for name, p in parameters.items():
        if p is not None and p._a.shape != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(p._a.shape)} and normalized_shape = {list(shape)}"
            )
    if len(x) < len(shape) or x[len(x) - len(shape) :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*{comma}"
            f"{str(list(shape))[1:-1]}], but got input of size{list(x)}"
        )


# ---------------------------------------------------------------- layer_norm


@op(
    "layer_norm(input, normalized_shape: Sequence[int], weight: Tensor | None = None, bias=None, "
    "eps: float = 1e-5)",
    at="F",
    tensors=(0, 2, 3),
    extras=("mean", "rstd"),
    node="NativeLayerNorm",
    not_for="iubc",
    kernel="LayerNormKernelImpl",
    quiet=False,
)
class LayerNorm:
    """y = (x - mean) · rstd · w + b over the last n dimensions, of shape normalized_shape.

    dtype   floating, kept
    grad    dx = rstd (g - mean(g) - z mean(g z)),  g = dy w,  z = (x - mean) rstd;  dw = Σ dy z;
            db = Σ dy
    errors  TypeError: normalized_shape is no tuple; RuntimeError: input does not end in it, weight
            or bias have another shape, or dtypes differ
    source  Ba, Kiros, Hinton 2016, arXiv:1607.06450

    >>> F.layer_norm(tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """

    def prepare(input, normalized_shape, weight, bias, eps):
        shape, x = normalized_shape, input._a.shape
        if type(shape) is not tuple or not shape:
            shape = normalized_dims("layer_norm", shape)
        n = len(shape)
        fits = x[len(x) - n :] == shape and len(x) >= n
        for p in (weight, bias):
            fits = fits and (p is None or p._a.shape == shape)
        if not fits:
            check_trailing(x, shape, ", ", weight=weight, bias=bias)
        check_dtypes(input, weight, bias)
        return input, n, weight, bias, eps

    def forward(x, n, w, b, eps):
        if is_narrow(x):
            if native is not None and x.flags.c_contiguous:
                y, mean, rstd = K.layer_norm(x, n, w, b, eps)
                if mean.itemsize == 4:  # its twin rounds them, too
                    return y, mean, rstd
            y, mean, rstd = K.layer_norm(wide(x), n, wide(w), wide(b), eps)
            return rounded(y, x), mean, rstd
        return K.layer_norm(x, n, w, b, eps)

    def backward(c, dy, x, w, mean, rstd, n, eps, b):
        if is_narrow(x) and (isinstance(dy, Tensor) or (w is not None and not is_narrow(w))):
            dx, dw, db = _layer_norm_gradients(c, wide(dy), wide(x), wide(w), mean, rstd, n, eps)
            like = x if w is None else w
            return rounded(dx, x), rounded(dw, like), rounded(db, like)
        return _layer_norm_gradients(c, dy, x, w, mean, rstd, n, eps)

    def samples(make):
        yield make(4, 3).T, (4,), make(4), make(4)
        yield make(3, 4), (4,), make(4), make(4)
        yield make(2, 3, 4), (3, 4), make(3, 4), make(3, 4)
        yield make(3, 4), (4,)


def _layer_norm_gradients(c, dy, x, w, mean, rstd, n, eps):
    if isinstance(dy, Tensor):  # differentiate through the statistics, too
        axes = tuple(range(x.ndim - n, x.ndim))
        mean = K.mean(x, axes, True)
        rstd = K.rsqrt(K.mean((x - mean) * (x - mean), axes, True) + eps)
    dx, dw, db = K.layer_norm_dx(dy, x, w, mean, rstd, n)
    if c.needs(2) and db is None:
        db = K.sum(dy, tuple(range(dy.ndim - n)))
    return dx, dw, db if c.needs(2) else None


def _layer_norm_dx_on_tensors(dy, x, w, mean, rstd, n):
    axes, lead = tuple(range(x.ndim - n, x.ndim)), tuple(range(x.ndim - n))
    z = (x - mean) * rstd
    g = dy if w is None else dy * w
    dx = rstd * (g - K.mean(g, axes, True) - z * K.mean(g * z, axes, True))
    if w is None:
        return dx, None, None
    return dx, (K.sum(dy * z, lead) if lead else dy * z), (K.sum(dy, lead) if lead else dy)


translate("layer_norm_dx", _layer_norm_dx_on_tensors)


@composite(
    "layer_norm(input, normalized_shape: Sequence[int], weight: Tensor | None = None, bias=None, "
    "eps: float = 1e-5, cudnn_enable: bool = True)",
    at="torch",
)
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    """torch.nn.functional.layer_norm; cudnn_enable says nothing here.

    shape   and errors as there
    """
    return LayerNorm(input, normalized_shape, weight, bias, eps)


# ---------------------------------------------------------------- batch_norm


def _with_sums(kernel: Any, arrays: tuple, *args: Any) -> tuple:
    """kernel(*arrays, *args); all that it gives but the first float32 where arrays are narrow."""
    if native is not None and is_narrow(arrays[0]):
        results = kernel(*arrays, *args)
        if results[1].itemsize == 4:  # its twin rounds them, too
            return results
    return kernel(*map(wide, arrays), *args)


class _BatchNorm:
    """y = (x - mean) · rstd · w + b with the batch's own statistics per channel.

    shape   x (N, C, *), w and b (C) or None -> y (N, C, *), mean and rstd (C)
    grad    as layer_norm's, over all dimensions but C
    source  Ioffe, Szegedy 2015, arXiv:1502.03167
    """

    def forward(x, w=None, b=None, eps=1e-5):
        y, mean, rstd = _with_sums(K.batch_norm, (x,), wide(w), wide(b), eps)
        return rounded(y, x), mean, rstd

    def backward(c, dy, x, w, mean, rstd, eps):
        if isinstance(dy, Tensor):
            dx, dw, db = _batch_norm_dx_on_tensors(wide(dy), wide(x), wide(w), eps)
        else:
            dx, dw, db = _with_sums(K.batch_norm_dx, (dy, x), wide(w), mean, rstd)
        like = x if w is None else w
        dw, db = dw if c.needs(1) else None, db if c.needs(2) else None
        return rounded(dx, x), rounded(dw, like), rounded(db, like)


_OPTIONS: dict[str, Any] = {
    "tensors": 3,
    "extras": ("mean", "rstd"),
    "node": "NativeBatchNorm",
    "order": "channels",
    "not_for": "iubc",
    "kernel": "batch_norm",
}


@internal("batch_norm_training", **_OPTIONS)
class BatchNorm(_BatchNorm):
    __doc__ = _BatchNorm.__doc__

    def samples(make):
        yield make(3, 4).T, make(3), make(3)
        yield make(4, 3), make(3), make(3)
        yield make(4, 3, 2), make(3), make(3)
        yield (make(2, 3, 4, 5),)


@internal("batch_norm_statistics", returns=("y", "mean", "rstd"), **_OPTIONS)
class BatchNormStatistics(_BatchNorm):
    """BatchNorm, and its mean and rstd, for the running statistics."""


def _batch_norm_dx_on_tensors(dy, x, w, eps):
    """The same gradients, differentiable through the statistics."""
    axes = (0, *range(2, x.ndim))
    m = prod(x.shape) // x.shape[1]
    wide = (1, -1) + (1,) * (x.ndim - 2)
    centred = x - K.mean(x, axes, True)
    r = K.rsqrt(K.mean(centred * centred, axes, True) + eps)
    z = centred * r
    db, dw = K.sum(dy, axes, True), K.sum(dy * z, axes, True)
    dx = (r if w is None else r * w.reshape(wide)) * (dy - db / m - z * (dw / m))
    return dx, dw.reshape(-1), db.reshape(-1)


@internal(
    "batch_norm_eval",
    tensors=(0, 1, 2),
    node="NativeBatchNorm",
    order="channels",
    not_for="iubc",
    kernel="batch_norm",
)
class BatchNormEval:
    """y = (x - mean) / sqrt(var + eps) · w + b with given statistics, which get no gradient."""

    def forward(x, w, b, mean, var, eps):
        if is_narrow(x):
            return K.batch_norm_eval(x, wide(w), wide(b), wide(mean), wide(var), eps)
        return K.batch_norm_eval(x, w, b, mean, var, eps)

    def backward(c, dy, x, w, mean, var, eps):
        args = (wide(w), wide(mean), wide(var), eps)
        dx, dw, db = K.batch_norm_eval_dx(wide(dy), wide(x), *args)
        like = x if w is None else w
        dw, db = dw if c.needs(1) else None, db if c.needs(2) else None
        return rounded(dx, x), rounded(dw, like), rounded(db, like)

    def samples(make):
        yield make(4, 3), make(3), make(3), make(3)._a, make(3, low=0.5)._a, 1e-5
        yield make(2, 3, 2), None, None, make(3)._a, make(3, low=0.5)._a, 1e-5


@composite(
    "batch_norm(input, running_mean: Tensor | None, running_var: Tensor | None, "
    "weight: Tensor | None = None, bias=None, training: bool = False, momentum: float = 0.1, "
    "eps: float = 1e-5)",
    at="F",
)
def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """y = (x - mean) / sqrt(var + eps) · w + b per channel.

    training: with the batch's statistics, moving running_mean and running_var (unbiased) by
    momentum, in place; otherwise with the running ones.

    shape   x (N, C, *), all others (C) or None -> y (N, C, *)
    dtype   floating, kept
    errors  ValueError: eps is not positive, one value per channel in training; RuntimeError: sizes
            or dtypes that do not fit, statistics missing

    >>> F.batch_norm(tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    a = input._a
    if eps <= 0:
        raise ValueError(f"batch_norm eps must be positive, but got {eps}")
    if training and a.ndim > 1 and a.shape[1] and a.size == a.shape[1]:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


@composite(
    "batch_norm(input, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, "
    "running_var: Tensor | None, training: bool, momentum: float, eps: float, cudnn_enabled: bool)",
    at="torch",
)
def torch_batch_norm(
    input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled
):
    """torch.nn.functional.batch_norm in another order, all arguments to be given.

    shape   and errors as there
    """
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _batch_norm(input, weight, bias, mean, var, training, momentum, eps) -> Tensor:
    a = input._a
    if a.ndim < 2:
        if a.size == 0:
            return _affine_of_none(input, weight, bias)
        if training and not a.ndim:
            raise IndexError("tuple index out of range\n  input is 0-d; it must be (N, C, *)")
        raise RuntimeError(
            "Expected input to have at least 2 dimensions (N, C, *), got " + str(list(a.shape))
        )
    if a.size == 0:
        return _affine_of_none(input, weight, bias)
    channels = a.shape[1]
    for p in (mean, var, weight, bias):
        if p is not None and p._a.size != channels:
            name = {id(mean): "running_mean", id(var): "running_var", id(weight): "weight"}
            raise RuntimeError(
                f"{name.get(id(p), 'bias')} should contain {channels} elements not {p._a.size}"
            )
    if not training and (mean is None or var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when training=False"
            if mean is None
            else "running_var must be defined in evaluation mode"
        )
    check_dtypes(input, weight, bias, mean, var)
    if not training:
        return BatchNormEval.run((input, weight, bias, mean._a, var._a, eps))
    if mean is None and var is None:
        return BatchNorm.run((input, weight, bias, eps))
    y, batch_mean, rstd = BatchNormStatistics.run((input, weight, bias, eps))
    if mean is not None:
        _move(mean, batch_mean._a, momentum)
    if var is not None:
        n = a.size // channels
        biased = 1 / (rstd._a * rstd._a) - eps
        _move(var, biased * (n / max(n - 1, 1)), momentum)
    return y


def _affine_of_none(input: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """An empty input: the statistics stay as they are, weight and bias get gradients of 0."""
    y = input.clone()
    for p in (weight, bias):
        if p is not None and p._a.ndim and not p._a.shape[0]:
            raise IndexError("select(): index 0 out of range for tensor of size [0] at dimension 0")
    y = y if weight is None else y * weight.select(0, 0)
    return y if bias is None else y + bias.select(0, 0)


def _move(running: Tensor, value: np.ndarray, momentum: float) -> None:
    """running += momentum (value - running), in place."""
    if is_narrow(running._a):
        old = wide(running._a)
        running._a[...] = rounded(old + momentum * (value - old), running._a)
    else:
        running._a += momentum * (value - running._a)
    running._bump()


# ---------------------------------------------------------------- group_norm, instance_norm


@op(
    "group_norm(input, num_groups: int, weight: Tensor | None = None, bias=None, "
    "eps: float = 1e-5)",
    at="F",
    tensors=(0, 2, 3),
    extras=("mean", "rstd"),
    node="NativeGroupNorm",
    order="channels",
    not_for="iubc",
    kernel="GroupNormKernelImpl",
)
class GroupNorm:
    """y = layer_norm of each of num_groups groups of channels, · w + b per channel.

    shape   x (N, C, *), w and b (C) -> y (N, C, *)
    dtype   floating, kept
    errors  RuntimeError: C is not divisible by num_groups, weight or bias are not (C), or dtypes
            differ; ValueError: one value per group
    source  Wu, He 2018, arXiv:1803.08494

    >>> F.group_norm(tensor([[1.0, 3.0, 0.0, 8.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """

    def prepare(input, num_groups, weight, bias, eps):
        _check_groups(input, num_groups, weight, bias)
        n, channels, *size = input._a.shape
        if n * channels // num_groups * prod(size) == 1:
            raise ValueError(
                "Expected more than 1 value per channel when training, got input size "
                f"{[n * channels // num_groups, num_groups, *size]}"
            )
        return _laid(input), num_groups, weight, bias, eps

    def forward(x, groups, w, b, eps):
        if not x.size:
            return x.copy(), *(np.zeros((x.shape[0], groups, 1), wide(x).dtype) for _ in range(2))
        y, mean, rstd = _with_sums(K.group_norm, (x,), groups, wide(w), wide(b), eps)
        return rounded(y, x), mean, rstd

    def backward(c, dy, x, w, mean, rstd, groups, eps):
        dx, dw, db = _group_norm_dx(c, dy, x, wide(w), mean, rstd, groups, eps)
        like = x if w is None else w
        return rounded(dx, x), rounded(dw, like), rounded(db, like)

    def samples(make):
        yield make(4, 2).T, 2, make(4), make(4)
        yield make(2, 4, 3), 2, make(4), make(4)
        yield make(2, 4), 4


def _laid(input: Tensor) -> Tensor:
    """input, or a copy of it in row-major order if it lies neither so nor channels last."""
    a = input._a
    return input if a.flags.c_contiguous or is_channels_last(a) else input.contiguous()


def _group_norm_dx(c, dy, x, w, mean, rstd, groups, eps):
    if not isinstance(dy, Tensor) and x.size:
        dx, dw, db = _with_sums(K.group_norm_dx, (dy, x), w, mean, rstd, groups)
        return dx, dw if c.needs(1) else None, db if c.needs(2) else None
    dy, x = wide(dy), wide(x)
    folded = _folded(x, groups)
    axes = (0, *range(2, x.ndim))
    z = K.reshape(x, folded)
    if isinstance(dy, Tensor):
        mean = K.mean(z, (2,), True)
        rstd = K.rsqrt(K.mean((z - mean) * (z - mean), (2,), True) + eps)
    dw = K.sum(dy * K.reshape((z - mean) * rstd, x.shape), axes) if c.needs(1) else None
    db = K.sum(dy, axes) if c.needs(2) else None
    if not c.needs(0):
        return None, dw, db
    g = dy if w is None else dy * _per_channel(w, x)
    dx, _, _ = K.layer_norm_dx(K.reshape(g, folded), z, None, mean, rstd, 1)
    return K.reshape(dx, x.shape), dw, db


def _folded(x, groups: int) -> tuple:
    """(N, C, *) with the elements of each group in one dimension."""
    return (x.shape[0], groups, prod(x.shape[1:]) // groups)


def _per_channel(v, x):
    """v (C) against x (N, C, *)."""
    return K.reshape(v, (1, v.shape[0]) + (1,) * (x.ndim - 2))


def _check_groups(input: Tensor, num_groups: int, weight: Any, bias: Any) -> None:
    a = input._a
    if a.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {a.ndim}")
    channels = a.shape[1]
    if num_groups < 1:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(a.shape)} and num_groups={num_groups}"
        )
    for name, p in (("weight", weight), ("bias", bias)):
        if p is not None and p._a.shape != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, "
                f"but got {name} of shape {list(p._a.shape)} and input of shape {list(a.shape)}"
            )
    check_dtypes(input, weight, bias)


@composite(
    "group_norm(input, num_groups: int, weight: Tensor | None = None, bias=None, "
    "eps: float = 1e-5, cudnn_enabled: bool = True)",
    at="torch",
)
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5, cudnn_enabled=True):
    """torch.nn.functional.group_norm, of one value per group, too.

    shape   and errors as there
    """
    _check_groups(input, num_groups, weight, bias)
    return GroupNorm.run((_laid(input), num_groups, weight, bias, eps))


@composite(
    "instance_norm(input, running_mean: Tensor | None = None, running_var: Tensor | None = None, "
    "weight: Tensor | None = None, bias=None, use_input_stats: bool = True, momentum: float = 0.1, "
    "eps: float = 1e-5)",
    at="F",
)
def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """y = (x - mean) / sqrt(var + eps) · w + b for every sample and channel by itself.

    use_input_stats: with the input's statistics, whose means over the batch move running_mean and
    running_var; otherwise with the running ones.

    shape   x (N, C, *), * not empty; all others (C) or None -> y (N, C, *)
    dtype   floating, kept
    errors  ValueError: one value per channel; RuntimeError: sizes or dtypes that do not fit
    source  Ulyanov, Vedaldi, Lempitsky 2016, arXiv:1607.08022

    >>> F.instance_norm(tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    a = input._a
    if use_input_stats and (a.ndim < 3 or prod(a.shape[2:]) == 1):
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    return _instance_norm(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps
    )


@composite(
    "instance_norm(input, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, "
    "running_var: Tensor | None, use_input_stats: bool, momentum: float, eps: float, "
    "cudnn_enabled: bool)",
    at="torch",
)
def torch_instance_norm(
    input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled
):
    """torch.nn.functional.instance_norm in another order, all arguments to be given.

    shape   and errors as there
    """
    return _instance_norm(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps
    )


_IN_ROWS = GroupNorm.lying("rows")  # PyTorch's instance_norm does not keep channels last


def _instance_norm(input, weight, bias, running_mean, running_var, own, momentum, eps) -> Tensor:
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if not own:
        if running_mean is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return _batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps)
    check_dtypes(input, weight, bias, running_mean, running_var)
    a = input._a
    if a.size == 0:
        return _batch_norm(input, weight, bias, None, None, True, momentum, eps)
    y = _IN_ROWS.call((input, a.shape[1], weight, bias, eps))
    if running_mean is not None:
        x, axes, m = wide(a), tuple(range(2, a.ndim)), prod(a.shape[2:])
        _move(running_mean, x.mean(axes).mean(0), momentum)
        _move(running_var, x.var(axes).mean(0) * (m / max(m - 1, 1)), momentum)
    return y
