"""softmax, log_softmax, softmin: exponentials normalised along one dimension."""

from __future__ import annotations

import warnings

from ..core.tensor import Tensor
from ..dispatch.registry import CARDS, apply, cast, composite, op, store
from ..kernels import K
from .shape import wrapped


def _no_integers(name: str, x, dim: int) -> None:
    if x.dtype.kind in "iub":
        from ..core.dtype import from_numpy_dtype, scalar_name

        raise NotImplementedError(
            f'"{name}_{"lastdim_" if dim >= x.ndim - 1 else ""}kernel_impl" not implemented for '
            f"'{scalar_name(from_numpy_dtype(x.dtype))}'"
        )


@op("_softmax", fn=False, method=False, tensors=1, node="Softmax")
class _Softmax:
    """y = e^x / Σ e^x along dim.

    grad    dx = y (dy - Σ dy y)
    """

    def forward(x, dim):
        d = wrapped(dim, x.ndim)
        _no_integers("softmax", x, d)
        return K.softmax(x, d)

    def backward(c, dy, out, dim):
        return K.softmax_dx(dy, out, wrapped(dim, dy.ndim))

    def samples(make):
        yield make(3, 4), 1
        yield make(3, 4), 0
        yield make(), 0
        yield make(0, 5), 1
        yield make(2, 3, 4).transpose(0, 2), -2


@op("_log_softmax", fn=False, method=False, tensors=1, node="LogSoftmax")
class _LogSoftmax:
    """y = x - log Σ e^x along dim.

    grad    dx = dy - e^y Σ dy
    """

    def forward(x, dim):
        d = wrapped(dim, x.ndim)
        _no_integers("log_softmax", x, d)
        return K.log_softmax(x, d)

    def backward(c, dy, out, dim):
        return K.log_softmax_dx(dy, out, wrapped(dim, dy.ndim))

    def samples(make):
        yield make(4, 3).T, 0
        yield make(3, 4), 1
        yield make(3, 4), 0
        yield make(), 0
        yield make(0, 5), 1


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=stacklevel + 1,
    )
    return 0 if ndim in (0, 1, 3) else 1


def _prepared(
    name: str, input: Tensor, dim: int | None, dtype, stacklevel: int
) -> tuple[Tensor, int]:
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    if dim is None:
        dim = _implicit_dim(name, input._a.ndim, stacklevel + 1)
    if dtype is not None and input.dtype is not dtype:
        input = cast(input, dtype)
    return input, dim


@composite("softmax", method=True, functional=True)
def softmax(input, dim=None, _stacklevel=3, dtype=None, *, out=None):
    """y = e^x / Σ e^x along dim; dtype: cast first. NotImplementedError: integers."""
    y = apply(CARDS["_softmax"], _prepared("softmax", input, dim, dtype, _stacklevel))
    return y if out is None else _into(out, y)


@composite("log_softmax", method=True, functional=True)
def log_softmax(input, dim=None, _stacklevel=3, dtype=None, *, out=None):
    """y = x - log Σ e^x along dim; dtype: cast first. NotImplementedError: integers."""
    y = apply(CARDS["_log_softmax"], _prepared("log_softmax", input, dim, dtype, _stacklevel))
    return y if out is None else _into(out, y)


@composite("softmin", fn=False, functional=True)
def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax(-input)"""
    input, dim = _prepared("softmin", input, dim, dtype, _stacklevel)
    return apply(CARDS["_softmax"], (-input, dim))


@composite("gumbel_softmax", fn=False, functional=True)
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """softmax((logits + g) / tau) with g drawn from Gumbel(0, 1).

    hard: one-hot forward, the soft gradient backward.
    """
    g = -logits.detach().clone().exponential_().log()
    soft = ((logits + g) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.argmax(dim, keepdim=True)
    return logits.detach().mul(0).scatter(dim, index, 1.0) - soft.detach() + soft


def _into(out: Tensor, y: Tensor) -> Tensor:
    store(out, y)
    return out
