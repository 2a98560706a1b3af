"""softmax, log_softmax, softmin: exponentials normalised along one dimension."""

from __future__ import annotations

from ..core.dtype import scalar_name
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.accumulate import by_kernels
from ..dispatch.registry import composite, op
from ..kernels import K
from .reduce import in_dtype
from .shape import wrapped


def _no_kernel(name: str, x: Tensor, dim: int) -> NotImplementedError:
    where = "lastdim_" if wrapped(dim, x.ndim) >= x.ndim - 1 else ""
    return NotImplementedError(
        f"\"{name}_{where}kernel_impl\" not implemented for '{scalar_name(x.dtype)}'"
    )


def _arguments(name: str, input: Tensor, dim: int, dtype) -> tuple[Tensor, int]:
    """(x, dim) with x cast to dtype. NotImplementedError: x is not floating."""
    if dtype is not None and not dtype.is_floating_point and not dtype.is_complex and input.numel():
        raise _no_kernel(name, input.detach().to(dtype), dim)
    x = in_dtype(input, dtype)
    if not x.is_floating_point() and x.numel():  # no elements, no kernel that could refuse them
        raise _no_kernel(name, x, dim)
    return x, dim


@op(
    "softmax(input, dim, dtype=None, *, out=None)",
    at="torch Tensor special",
    tensors=1,
    accumulate=True,
    fast="dtype is None and input._a.dtype.kind == 'f'",
    fresh=True,
    quiet=False,
)
class Softmax:
    """y = e^x / Σ e^x along dim

    dtype   floating; dtype=: x is cast to it first
    grad    dx = y (dy - Σ dy y)
    errors  NotImplementedError: integers, complex input; IndexError: dim out of range

    >>> torch.softmax(tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """

    def prepare(input, dim, dtype):
        return _arguments("softmax", input, dim, dtype)

    def forward(x, dim):
        return K.softmax(x, wrapped(dim, x.ndim)) if x.dtype.kind != "b" else x.copy()

    def backward(c, dy, out, dim):
        return K.softmax_dx(dy, out, wrapped(dim, dy.ndim))

    narrow = by_kernels

    def samples(make):
        yield make(3, 4), 1
        yield make(3, 4), 0
        yield make(), 0
        yield make(0, 5), 1
        yield make(2, 3, 4).transpose(0, 2), -2


@op(
    "log_softmax(input, dim, dtype=None, *, out=None)",
    at="torch Tensor special",
    tensors=1,
    accumulate=True,
    fast="dtype is None and input._a.dtype.kind == 'f'",
    fresh=True,
    quiet=False,
)
class LogSoftmax:
    """y = x - log Σ e^x along dim

    dtype   floating; dtype=: x is cast to it first
    grad    dx = dy - e^y Σ dy
    errors  NotImplementedError: integers, complex input; IndexError: dim out of range
    """

    def prepare(input, dim, dtype):
        return _arguments("log_softmax", input, dim, dtype)

    def forward(x, dim):
        return K.log_softmax(x, wrapped(dim, x.ndim)) if x.dtype.kind != "b" else x.copy()

    def backward(c, dy, out, dim):
        return K.log_softmax_dx(dy, out, wrapped(dim, dy.ndim))

    narrow = by_kernels

    def samples(make):
        yield make(4, 3).T, 0
        yield make(3, 4), 1
        yield make(3, 4), 0
        yield make(), 0
        yield make(0, 5), 1


def _implicit_dim(name: str, ndim: int) -> int:
    warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
    )
    return 0 if ndim in (0, 1, 3) else 1


_F_ARGUMENTS = "(input, dim: int | None = None, _stacklevel: int = 3, dtype=None)"


@composite("softmax" + _F_ARGUMENTS, at="F")
def softmax(input, dim, _stacklevel, dtype):  # _stacklevel: `warn` finds the line by itself
    """y = e^x / Σ e^x along dim; without dim it is guessed, with a warning.

    dtype   floating; dtype=: input is cast to it first
    errors  NotImplementedError: integers, complex input; IndexError: dim out of range
    """
    if dim is None:
        dim = _implicit_dim("softmax", input._a.ndim)
    if dtype is None and input._a.dtype.kind == "f":
        return Softmax.run((input, dim))
    return Softmax.call((input, dim, dtype))


@composite("log_softmax" + _F_ARGUMENTS, at="F")
def log_softmax(input, dim, _stacklevel, dtype):
    """y = x - log Σ e^x along dim; without dim it is guessed, with a warning.

    dtype   floating; dtype=: input is cast to it first
    errors  NotImplementedError: integers, complex input; IndexError: dim out of range
    """
    if dim is None:
        dim = _implicit_dim("log_softmax", input._a.ndim)
    if dtype is None and input._a.dtype.kind == "f":
        return LogSoftmax.run((input, dim))
    return LogSoftmax.call((input, dim, dtype))


@composite("softmin" + _F_ARGUMENTS, at="F")
def softmin(input, dim, _stacklevel, dtype):
    """softmax(-input): e^-x / Σ e^-x along dim; without dim it is guessed, with a warning.

    errors  NotImplementedError: integers, complex input; IndexError: dim out of range
    """
    if dim is None:
        dim = _implicit_dim("softmin", input._a.ndim)
    return Softmax.call((-input, dim, dtype))


@composite("gumbel_softmax", at="F")
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """softmax((logits + g) / tau) with g drawn from Gumbel(0, 1).

    hard    one-hot forward, the soft gradient backward
    errors  NotImplementedError: integers; IndexError: dim out of range
    source  Jang, Gu, Poole 2017, arXiv:1611.01144
    """
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect.")
    g = -logits.detach().clone().exponential_().log()
    soft = ((logits + g) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.argmax(dim, keepdim=True)
    return logits.detach().mul(0).scatter(dim, index, 1.0) - soft.detach() + soft
