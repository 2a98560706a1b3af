"""Normalisation: layer, group, instance, batch, RMS, local response; normalize.

N batch, C channels, * further dimensions; mean and rstd = 1 / sqrt(var + eps) are by-products that
backward reuses."""

from __future__ import annotations

from math import prod

from ..core.dtype import from_numpy_dtype
from ..core.tensor import Tensor
from ..dispatch.on_tensors import translate
from ..dispatch.registry import CARDS, apply, composite, op, store
from ..kernels import K


@op(
    "_layer_norm",
    fn=False,
    method=False,
    tensors=(0, 2, 3),
    extras=("mean", "rstd"),
    node="NativeLayerNorm",
)
class _LayerNorm:
    """y = (x - mean) · rstd · w + b over the last n dimensions.

    grad    dx = rstd (g - mean(g) - z mean(g z)),  g = dy w,  z = (x - mean) rstd;  dw = Σ dy z;
            db = Σ dy
    source  Ba, Kiros, Hinton 2016, arXiv:1607.06450
    """

    def forward(x, n, w=None, b=None, eps=1e-5):
        return K.layer_norm(x, n, w, b, eps)

    def backward(c, dy, x, w, mean, rstd, n, eps):
        if isinstance(dy, Tensor):  # differentiate through the statistics, too
            axes = tuple(range(x.ndim - n, x.ndim))
            mean = K.mean(x, axes, True)
            rstd = K.rsqrt(K.mean((x - mean) * (x - mean), axes, True) + eps)
        dx, dw, db = K.layer_norm_dx(dy, x, w, mean, rstd, n)
        if c.needs(2) and db is None:
            db = K.sum(dy, tuple(range(dy.ndim - n)))
        return dx, dw, db if c.needs(2) else None

    def samples(make):
        yield make(4, 3).T, 1, make(4), make(4)
        yield make(3, 4), 1, make(4), make(4)
        yield make(2, 3, 4), 2, make(3, 4), make(3, 4)
        yield make(3, 4), 1


@composite("layer_norm", functional=True)
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    """(x - mean) / sqrt(var + eps) · weight + bias over the last dimensions, of shape
    normalized_shape.

    RuntimeError: input does not end in normalized_shape, weight or bias have another shape, or
    dtypes differ.
    """
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    n = len(shape)
    a = input._a
    if n < 1:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    for name, p in (("weight", weight), ("bias", bias)):
        if p is not None and p._a.shape != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(p._a.shape)} and normalized_shape = {list(shape)}"
            )
        if p is not None and p._a.dtype != a.dtype:
            raise RuntimeError(f"expected scalar type {_scalar(a)} but found {_scalar(p._a)}")
    if a.shape[a.ndim - n :] != shape or a.ndim < n:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{str(list(shape))[1:-1]}], but got input of size{list(a.shape)}"
        )
    return apply(CARDS["_layer_norm"], (input, n, weight, bias, eps))


def _scalar(a) -> str:
    from ..core.dtype import scalar_name

    return scalar_name(from_numpy_dtype(a.dtype))


@op(
    "_batch_norm",
    fn=False,
    method=False,
    tensors=3,
    extras=("mean", "rstd"),
    node="NativeBatchNorm",
)
class _BatchNorm:
    """y = (x - mean) · rstd · w + b with the batch's own statistics per channel.

    shape   x (N, C, *), w and b (C) or None
    grad    as layer_norm's, over all dimensions but C
    source  Ioffe, Szegedy 2015, arXiv:1502.03167
    """

    def forward(x, w=None, b=None, eps=1e-5):
        return K.batch_norm(x, w, b, eps)

    def backward(c, dy, x, w, mean, rstd, eps):
        if isinstance(dy, Tensor):
            return _batch_norm_dx_on_tensors(c, dy, x, w, eps)
        dx, dw, db = K.batch_norm_dx(dy, x, w, mean, rstd)
        return dx, dw if c.needs(1) else None, db if c.needs(2) else None

    def samples(make):
        yield make(3, 4).T, make(3), make(3)
        yield make(4, 3), make(3), make(3)
        yield make(4, 3, 2), make(3), make(3)
        yield (make(2, 3, 4, 5),)


def _batch_norm_dx_on_tensors(c, dy, x, w, eps):
    """The same gradients, differentiable through the statistics."""
    axes = (0, *range(2, x.ndim))
    m = prod(x.shape) // x.shape[1]
    wide = (1, -1) + (1,) * (x.ndim - 2)
    centred = x - K.mean(x, axes, True)
    r = K.rsqrt(K.mean(centred * centred, axes, True) + eps)
    z = centred * r
    db, dw = K.sum(dy, axes, True), K.sum(dy * z, axes, True)
    dx = (r if w is None else r * w.reshape(wide)) * (dy - db / m - z * (dw / m))
    return dx, dw.reshape(-1) if c.needs(1) else None, db.reshape(-1) if c.needs(2) else None


@op("_batch_norm_eval", fn=False, method=False, tensors=(0, 1, 2), node="NativeBatchNorm")
class _BatchNormEval:
    """y = (x - mean) / sqrt(var + eps) · w + b with given statistics."""

    def forward(x, w, b, mean, var, eps):
        return K.batch_norm_eval(x, w, b, mean, var, eps)

    def backward(c, dy, x, w, mean, var, eps):
        dx, dw, db = K.batch_norm_eval_dx(dy, x, w, mean, var, eps)
        return dx, dw if c.needs(1) else None, db if c.needs(2) else None

    def samples(make):
        yield make(4, 3), make(3), make(3), make(3)._a, make(3, low=0.5)._a, 1e-5
        yield make(2, 3, 2), None, None, make(3)._a, make(3, low=0.5)._a, 1e-5


@composite("batch_norm", functional=True)
def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Per channel: (x - mean) / sqrt(var + eps) · weight + bias; input (N, C, *).

    training: with the batch's statistics, moving running_mean and running_var (unbiased) by
    momentum, in place;
    otherwise with the running ones. ValueError: one value per channel in training. RuntimeError:
    sizes differ.
    """
    a = input._a
    if eps <= 0:
        raise ValueError(f"batch_norm eps must be positive, but got {eps}")
    if a.size == 0:
        return input.clone()
    if a.ndim < 2:
        raise RuntimeError(
            "Expected input to have at least 2 dimensions (N, C, *), got " + str(list(a.shape))
        )
    channels = a.shape[1]
    if training and a.size // max(channels, 1) == 1 and channels:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    for name, p in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        if p is not None and p._a.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {p._a.size}")
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when training=False"
                if running_mean is None
                else "running_var must be defined in evaluation mode"
            )
        return apply(
            CARDS["_batch_norm_eval"], (input, weight, bias, running_mean._a, running_var._a, eps)
        )
    if running_mean is None and running_var is None:
        return apply(CARDS["_batch_norm"], (input, weight, bias, eps))
    y, mean, rstd = _with_statistics(input, weight, bias, eps)
    n = a.size // channels if channels else 0
    var = 1 / (rstd * rstd) - eps
    if running_mean is not None:
        running_mean._a += momentum * (mean - running_mean._a)
        running_mean._bump()
    if running_var is not None:
        running_var._a += momentum * (var * (n / max(n - 1, 1)) - running_var._a)
        running_var._bump()
    return y


_STATISTICS = type(CARDS["_batch_norm"])(
    CARDS["_batch_norm"].source,
    "_batch_norm_statistics",
    tensors=3,
    extras=("mean", "rstd"),
    returns=("y", "mean", "rstd"),
    node="NativeBatchNorm",
)


def _with_statistics(input, weight, bias, eps):
    """y as a Tensor on the tape, mean and rstd as arrays."""
    y, mean, rstd = apply(_STATISTICS, (input, weight, bias, eps))
    return y, mean._a, rstd._a


@composite("group_norm", functional=True)
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """layer_norm over each of num_groups groups of channels, then an affine map per channel; input
    (N, C, *).

    RuntimeError: C is not divisible by num_groups, or weight, bias are not (C).
    """
    a = input._a
    if a.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {a.ndim}")
    _n, channels = a.shape[:2]
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
    return apply(CARDS["_group_norm"], (input, num_groups, weight, bias, eps))


@op(
    "_group_norm",
    fn=False,
    method=False,
    tensors=(0, 2, 3),
    extras=("mean", "rstd"),
    node="NativeGroupNorm",
)
class _GroupNorm:
    """y = layer_norm of each group, · w + b per channel.

    source  Wu, He 2018, arXiv:1803.08494
    """

    def forward(x, groups, w=None, b=None, eps=1e-5):
        z, mean, rstd = K.layer_norm(x.reshape(_folded(x.shape, groups)), 1, None, None, eps)
        y = z.reshape(x.shape)
        wide = (1, -1) + (1,) * (x.ndim - 2)
        if w is not None:
            y = y * w.reshape(wide)
        return y if b is None else y + b.reshape(wide), mean, rstd

    def backward(c, dy, x, w, mean, rstd, groups, eps):
        folded = _folded(x.shape, groups)
        axes, wide = (0, *range(2, x.ndim)), (1, -1) + (1,) * (x.ndim - 2)
        z = K.reshape(x, folded)
        if isinstance(dy, Tensor):
            mean = K.mean(z, (2,), True)
            rstd = K.rsqrt(K.mean((z - mean) * (z - mean), (2,), True) + eps)
        dw = K.sum(dy * K.reshape((z - mean) * rstd, x.shape), axes) if c.needs(1) else None
        db = K.sum(dy, axes) if c.needs(2) else None
        if not c.needs(0):
            return None, dw, db
        g = dy if w is None else dy * K.reshape(w, wide)
        dx, _, _ = K.layer_norm_dx(K.reshape(g, folded), z, None, mean, rstd, 1)
        return K.reshape(dx, x.shape), dw, db

    def samples(make):
        yield make(4, 2).T, 2, make(4), make(4)
        yield make(2, 4, 3), 2, make(4), make(4)
        yield make(2, 4), 4


def _folded(shape, groups: int) -> tuple:
    """(N, C, *) with the elements of each group in one dimension."""
    return (shape[0], groups, prod(shape[1:]) // groups)


@composite("instance_norm", functional=True)
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
    """batch_norm of every sample and channel by itself.

    Input (N, C, *) with *, or unbatched through the module.
    """
    a = input._a
    if use_input_stats:
        if a.ndim < 3:
            raise ValueError(
                f"Expected more than 1 spatial element when training, got input size {input.shape}"
            )
        if prod(a.shape[2:]) == 1:
            raise ValueError(
                f"Expected more than 1 spatial element when training, got input size {input.shape}"
            )
    elif running_mean is None or running_var is None:
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats=False"
        )
    _n, channels = a.shape[:2]
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    y = group_norm(input, channels, weight, bias, eps)
    if running_mean is not None:
        axes = tuple(range(2, a.ndim))
        m = prod(a.shape[2:])
        running_mean._a += momentum * (a.mean(axes).mean(0) - running_mean._a)
        running_var._a += momentum * (a.var(axes).mean(0) * (m / (m - 1)) - running_var._a)
        running_mean._bump()
        running_var._bump()
    return y


@composite("rms_norm", functional=True)
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """x / sqrt(mean(x²) + eps) · weight over the last dimensions; eps: the dtype's by default.

    source  Zhang, Sennrich 2019, arXiv:1910.07467
    """
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    a, n = input._a, len(shape)
    if n < 1:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    if weight is not None and weight._a.shape != shape:
        raise RuntimeError(
            "Expected weight to be of same shape as normalized_shape, but got weight of shape "
            f"{list(weight._a.shape)} and normalized_shape = {list(shape)}"
        )
    if a.shape[a.ndim - n :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{str(list(shape))[1:-1]}], but got input of size{list(a.shape)}"
        )
    if eps is None:
        import numpy as np

        eps = float(np.finfo(a.dtype).eps)
    y = input * (input * input).mean(tuple(range(-n, 0)), keepdim=True).add(eps).rsqrt()
    return y if weight is None else y * weight


@composite("normalize", fn=False, functional=True)
def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """x / max(‖x‖_p, eps) along dim."""
    y = input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    if out is None:
        return y
    store(out, y)
    return out


@composite("local_response_norm", fn=False, functional=True)
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """x / (k + alpha · mean of x² over `size` neighbouring channels)^beta; input (N, C, *).

    source  Krizhevsky, Sutskever, Hinton 2012
    """
    dim = input.dim()
    if dim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {dim} dimensions)")
    if input.numel() == 0:
        return input
    channels = input.shape[1]
    squares = input * input
    before, after = size // 2, (size - 1) // 2
    zeros_before = squares.new_zeros((squares.shape[0], before, *squares.shape[2:]))
    zeros_after = squares.new_zeros((squares.shape[0], after, *squares.shape[2:]))
    from .cat_split import cat

    padded = cat([zeros_before, squares, zeros_after], 1)
    total = padded[:, 0:channels]
    for i in range(1, size):
        total = total + padded[:, i : i + channels]
    exact = input.is_floating_point() or input.is_complex()  # else means are cut, as PyTorch does
    mean = total / size if exact else total.div(size, rounding_mode="trunc")
    return input / (mean * alpha + k).pow(beta)


def _layer_norm_dx_on_tensors(dy, x, w, mean, rstd, n):
    axes, lead = tuple(range(x.ndim - n, x.ndim)), tuple(range(x.ndim - n))
    z = (x - mean) * rstd
    g = dy if w is None else dy * w
    dx = rstd * (g - K.mean(g, axes, True) - z * K.mean(g * z, axes, True))
    if w is None:
        return dx, None, None
    return dx, (K.sum(dy * z, lead) if lead else dy * z), (K.sum(dy, lead) if lead else dy)


translate("layer_norm_dx", _layer_norm_dx_on_tensors)
