"""dtype, device and copies: to, type, float() ..., clone, contiguous, copy_."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import dtype, float64
from ..core.layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    memory_format,
    preserve_format,
)
from ..core.tensor import Tensor
from ..core.tensor_types import dtype_of_type
from ..dispatch.registry import CARDS, apply, apply_inplace, composite, op
from ..kernels import K


@op("_to_copy", fn=False, method=False, tensors=1, node="ToCopy")
class _ToCopy:
    """y = x in another dtype; the gradient returns in x's."""

    def forward(x, dtype):
        return x.astype(dtype.np)

    def backward(c, dy, x):
        return K.like(dy, x)

    def samples(make):
        yield make(3, 4), float64
        yield make(), float64
        yield make(4, 3).T, float64
        yield make(0, 5), float64


@op("clone", tensors=1)
class Clone:
    """y = a copy of x, differentiable.

    memory_format: preserve_format keeps the order of the dimensions in memory; contiguous_format is
    C order.
    """

    def forward(x, memory_format=preserve_format):
        if memory_format is preserve_format:
            return (
                np.array(x, order="K")
                if not (x.ndim and 0 in x.strides)
                else np.array(x, order="C")
            )
        return _ordered(x, memory_format)

    def backward(c, dy):
        return dy

    def samples(make):
        yield make(3, 4)
        yield make(4, 3).T
        yield make()
        yield make(0, 5)


def _ordered(x: np.ndarray, memory: memory_format) -> np.ndarray:
    """A copy of x in the given memory format."""
    if memory in (channels_last, channels_last_3d):
        rank = 4 if memory is channels_last else 5
        if x.ndim != rank:
            raise RuntimeError(f"required rank {rank} tensor to use {memory.name} format")
        back = (0, rank - 1, *range(1, rank - 1))
        return np.array(x.transpose((0, *range(2, rank), 1)), order="C").transpose(back)
    return np.array(x, order="C")


@composite("contiguous", fn=False, method=True)
def contiguous(x, memory_format=contiguous_format):
    """x itself if its elements already lie in that order, else a copy that does."""
    return x if x.is_contiguous(memory_format) else apply(CARDS["clone"], (x, memory_format))


@op("_copy", fn=False, method=False, tensors=2, broadcast=True, node="CopyBackwards")
class _Copy:
    """y = source in x's shape and dtype: what copy_ writes."""

    def forward(x, source):
        return np.broadcast_to(source, x.shape)

    def backward(c, dy):
        return K.zeros_like(dy) if c.needs(0) else None, dy

    def samples(make):
        yield make(3, 4), make(4)
        yield make(), make()


@composite("copy_", fn=False, method=True)
def copy_(x, src, non_blocking=False):
    """Write src (broadcast, cast) into x. Returns x."""
    if not isinstance(src, Tensor):
        raise TypeError(
            f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}"
        )
    if src._rg and src.dtype is not x.dtype:
        src = src.to(x.dtype)
    return apply_inplace(CARDS["_copy"], (x, src))


@composite("to", fn=False, method=True)
def to(
    x, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=preserve_format
):
    """x on a device and in a dtype: to(dtype), to(device), to(device, dtype), to(other); itself if
    nothing changes.

    Errors: RuntimeError for a device that is absent, TypeError for other arguments.
    """
    flags = []
    for a in args:
        if isinstance(a, dtypes.dtype):
            dtype = a
        elif isinstance(a, Tensor):
            dtype, device = a.dtype, a.device
        elif isinstance(a, bool):
            flags.append(a)
        elif a is not None:
            device = a
    if len(flags) > 1:
        copy = flags[1]
    if device is not None:
        from ..core.device import resolve

        resolve(device)
    if dtype is not None and x.dtype is not dtype:
        if x._a.dtype.kind == "c" and dtype.category != dtypes.COMPLEX:
            _warn_complex()
        y = apply(CARDS["_to_copy"], (x, dtype))
        return y if memory_format is preserve_format else y.contiguous(memory_format=memory_format)
    if copy or (memory_format is not preserve_format and not x.is_contiguous(memory_format)):
        return apply(CARDS["clone"], (x, memory_format))
    return x


def _warn_complex() -> None:
    import warnings

    warnings.warn("Casting complex values to real discards the imaginary part", stacklevel=4)


def _conversion(name: str, target: dtype) -> None:
    def convert(x, memory_format=preserve_format):
        return to(x, target, memory_format=memory_format)

    convert.__name__ = name
    convert.__doc__ = f"x as {target}; itself if it already is."
    composite(name, fn=False, method=True)(convert)


for _name, _target in {
    **dtypes.ALIASES,
    "bool": dtypes.bool_,
    "byte": dtypes.uint8,
    "char": dtypes.int8,
    "bfloat16": dtypes.bfloat16,
}.items():
    _conversion(_name, _target)


@composite("type_as", fn=False, method=True)
def type_as(x, other):
    """x in the dtype of other."""
    return to(x, other.dtype)


@composite("type", fn=False, method=True)
def type_(x, dtype=None, non_blocking=False, **kwargs):
    """Without an argument the name of the tensor type ('torch.FloatTensor').

    With one, x in that dtype.
    """
    if dtype is None:
        return f"torch.{dtypes.scalar_name(x.dtype)}Tensor"
    return to(x, dtype_of_type(dtype))


@composite("cpu", fn=False, method=True)
def cpu(x, memory_format=preserve_format):
    """x on the CPU: itself."""
    return x


@composite("cuda", fn=False, method=True)
def cuda(x, device=None, non_blocking=False, memory_format=preserve_format):
    """x on a CUDA device; raises PyTorch's error where there is none."""
    from ..core.device import resolve

    resolve("cuda" if device is None else device)
    return x


# ---------------------------------------------------------------- element by element, in Python


def _called(name: str, x: Tensor, others: tuple, f: Any) -> Tensor:
    """x with f of every element and of the others' elements at its place, in place."""
    if x._rg:
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )
    arrays = np.broadcast_arrays(x._a, *(t._a for t in others))
    values = [f(*v) for v in zip(*(a.reshape(-1).tolist() for a in arrays), strict=True)]
    x._a[...] = np.array(values).reshape(x._a.shape) if values else x._a
    x._bump()
    return x


@composite("apply_", fn=False, method=True)
def apply_(x, callable):
    """callable(element) in place of every element.

    slow, a Python call each. RuntimeError: x requires grad.
    """
    return _called("apply_", x, (), callable)


@composite("map_", fn=False, method=True)
def map_(x, tensor, callable):
    """callable(element, element of tensor) in place of every element.

    RuntimeError: x requires grad.
    """
    return _called("map_", x, (tensor,), callable)


@composite("map2_", fn=False, method=True)
def map2_(x, tensor1, tensor2, callable):
    """callable(element, element of tensor1, of tensor2) in place of every element.

    RuntimeError: x requires grad.
    """
    return _called("map2_", x, (tensor1, tensor2), callable)


# ---------------------------------------------------------------- what changes nothing on a CPU


@composite("share_memory_", fn=False, method=True)
def share_memory_(x):
    """x itself: workers get their tensors through pipes here, not through shared memory."""
    return x


@composite("pin_memory", fn=False, method=True)
def pin_memory(x, device=None):
    """RuntimeError: there is no accelerator to pin memory for."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


@composite("to_dense", fn=False, method=True)
def to_dense(x, dtype=None, *, masked_grad=True):
    """x itself (in dtype): every tensor here is dense."""
    return x if dtype is None else to(x, dtype)


@composite("detach")
def detach(input):
    """The same elements (shared), without history."""
    return input.detach()


@composite("detach_")
def detach_(input):
    """input with its history forgotten, in place."""
    return input.detach_()


@composite("get_device")
def get_device(input):
    """The index of input's device; -1 for the CPU."""
    return input.get_device()


@composite("is_nonzero", fn=False, method=True)
def is_nonzero(input):
    """True if the only element is not zero. RuntimeError: not exactly one element."""
    return bool(input)


@composite("is_distributed", method=True)
def is_distributed(input):
    """False: no tensor is spread over processes."""
    return False


@composite("const_data_ptr", fn=False, method=True)
def const_data_ptr(x):
    """The address of the first element (bytes), for reading."""
    return x.data_ptr()
