"""Random tensors from nothing: rand, randn, randint, randperm, and in the likeness of a tensor.

All take generator=, out=, dtype=, layout=, device=, pin_memory= and requires_grad= as in PyTorch,
and give PyTorch's numbers for the same seed (random/variates.py, docs/random.md). out= is not left
to the schema: its dtype says what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..core.device import CPU, META, accelerators, moved, resolve
from ..core.dtype import FLOAT, as_dtype, dtype, get_default_dtype, int64, scalar_name
from ..core.grad_mode import inferring, mode
from ..core.making import plain_sizes
from ..core.meta import phantom, phantom_like
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import check_storage, not_implemented, tensor_argument
from ..dispatch.registry import Card, composite
from ..random import variates
from ..random.generator import default_generator, generator_or_default
from .random_fill import Normal, Random, Uniform, check_kind, drawn_integers, whole

_INT64 = np.dtype(np.int64)
_OPTIONS = (
    "*, torch.Generator generator, Tensor out = None, torch.dtype dtype = None, torch.layout layout"
    " = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False"
)


class Source(NamedTuple):
    """Where numbers come from: draw(n, dtype, *parameters), or the card for out=."""

    draw: Callable[..., np.ndarray]
    card: Card
    kernel: str  # what PyTorch calls the place that refuses a dtype; "" if integers are meant


# looked up at each call: the compiler watches variates (compiler/draws.py)
UNIFORM = Source(lambda *how: variates.uniform(*how), Uniform, "check_uniform_bounds")
NORMAL = Source(lambda *how: variates.normal(*how), Normal, "normal_kernel_cpu")
INTEGERS = Source(drawn_integers, Random, "")


def made(source: Source, parameters: tuple, size: tuple, *, out: Any = None, dtype: Any = None,
         layout: Any = None, device: Any = None, pin_memory: bool = False,
         requires_grad: bool = False, default: Any = None,
         name: str = "normal") -> Tensor:  # fmt: skip
    """A tensor of shape `size` and of a source's numbers."""
    shape = plain_sizes(size) or checked_shape(size, name)
    if out is not None:
        return filled(out, shape, dtype, source.card, parameters)
    if layout is not None or pin_memory:
        check_options(layout, device, pin_memory)
    where = resolve(device)
    if dtype is not None:
        dtype = as_dtype(dtype, name)
    d = (dtype or default or get_default_dtype()).np
    if source.kernel:
        check_kind(d, source.kernel, complex_too=True)
    if where is META:
        return asking(wrap(phantom(shape, d)), requires_grad)
    check_storage(shape)
    x = source.draw(prod(shape), d, *parameters).reshape(shape)
    return asking(_at(x, where), requires_grad)


def _at(x: Any, device: Any) -> Tensor:
    """The numbers as a tensor, on the device where they are wanted."""
    where = resolve(device)
    if where is CPU:
        return wrap(x)
    return wrap(moved(x, where) if type(x) is np.ndarray else x)


def _usual(source: Source, given: tuple, d: np.dtype, low: Any, high: Any) -> Tensor | None:
    """Numbers of the default generator and device; None: that is not all that was asked."""
    shape = plain_sizes(given)
    if not shape or inferring[0] or resolve(None) is not CPU:
        return None
    check_storage(shape)
    x = source.draw(prod(shape), d, low, high, default_generator)
    return wrap(x if len(shape) == 1 else x.reshape(shape))


def checked_shape(size: tuple, name: str) -> tuple[int, ...]:
    """rand(2, 3), rand((2, 3)), rand(size=(2, 3)): a tuple. TypeError, RuntimeError: not sizes."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    shape = []
    for n in size:
        if type(n) is not int:
            if isinstance(n, bool) or not hasattr(n, "__index__"):
                raise TypeError(
                    f"{name}(): argument 'size' (position 1) must be tuple of ints, "
                    f"not {type(n).__name__}"
                )
            n = n.__index__()
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(size)}")
        shape.append(n)
    return tuple(shape)


def check_options(layout: Any, device: Any, pin_memory: bool) -> None:
    """Raise for a layout, a device or a kind of memory that is not there."""
    if layout is not None and layout.name != "strided":
        raise NotImplementedError(f"random tensors of layout {layout}: only torch.strided")
    if pin_memory and not accelerators().count("cuda"):
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory "
            "allocator is available on this system."
        )
    resolve(device)


def asking(t: Tensor, requires_grad: bool) -> Tensor:
    """t, with requires_grad set if wanted. RuntimeError: its dtype has no gradients."""
    if requires_grad:
        if t.dtype.category < FLOAT:
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        t._rg = True
    if inferring[0] and mode.inference:
        t._inference = True
    return t


def filled(out: Tensor, shape: tuple, dtype: Any, card: Card, parameters: tuple) -> Tensor:
    """out=: a tensor that gets the shape and the numbers; its dtype must be the one asked for."""
    if dtype is not None and as_dtype(dtype, "out") is not out.dtype:
        raise RuntimeError(
            f"dtype {scalar_name(dtype)} does not match dtype of out parameter "
            f"({scalar_name(out.dtype)})"
        )
    if out._a.shape != shape:
        out._a = np.empty(shape, out._a.dtype)
    np.copyto(out._a, card.forward(out._a, *parameters))
    out._bump()
    return out


def no_overload(name: str, given: str, signatures: tuple[str, ...]) -> TypeError:
    """The exception for arguments that fit none of a function's forms."""
    forms = "".join(f"\n * ({s}, {_OPTIONS})" for s in signatures)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({given}), "
        f"but expected one of:{forms}"
    )


def sizes(name: str, given: tuple, size: Any) -> tuple:
    """The sizes of a call, positional or by keyword. TypeError: neither."""
    if size is not None:
        return (size,)
    if not given:
        raise no_overload(name, "", ("tuple of ints size",))
    return given


@composite("rand", at="torch")
def rand(*shape, size=None, generator=None, out=None, dtype=None, layout=None, device=None,
         pin_memory=False, requires_grad=False):  # fmt: skip
    """Uniform numbers in [0, 1): rand(2, 3) or rand((2, 3)).

    dtype   floating (default: the default dtype) or complex
    errors  RuntimeError: a negative size; NotImplementedError: integers

    >>> torch.rand(2, 3)
    """
    plain = generator is size is out is dtype is layout is device is None
    if plain and not (pin_memory or requires_grad):
        t = _usual(UNIFORM, shape, get_default_dtype().np, 0.0, 1.0)
        if t is not None:
            return t
    g = generator_or_default(generator, "rand", resolve(device))
    return made(UNIFORM, (0.0, 1.0, g), sizes("rand", shape, size), out=out, dtype=dtype,
                layout=layout, device=device, pin_memory=pin_memory, requires_grad=requires_grad,
                name="rand")  # fmt: skip


@composite("randn", at="torch")
def randn(*shape, size=None, generator=None, out=None, dtype=None, layout=None, device=None,
          pin_memory=False, requires_grad=False):  # fmt: skip
    """Numbers of N(0, 1): randn(2, 3) or randn((2, 3)).

    dtype   floating (default: the default dtype) or complex, then of variance 1 in all
    errors  RuntimeError: a negative size; NotImplementedError: integers

    >>> torch.randn(2, 3)
    """
    plain = generator is size is out is dtype is layout is device is None
    if plain and not (pin_memory or requires_grad):
        t = _usual(NORMAL, shape, get_default_dtype().np, 0.0, 1.0)
        if t is not None:
            return t
    g = generator_or_default(generator, "randn", resolve(device))
    return made(NORMAL, (0.0, 1.0, g), sizes("randn", shape, size), out=out, dtype=dtype,
                layout=layout, device=device, pin_memory=pin_memory, requires_grad=requires_grad,
                name="randn")  # fmt: skip


@composite("randint", at="torch")
def randint(*arguments, low=None, high=None, size=None, generator=None, out=None, dtype=None,
            layout=None, device=None, pin_memory=False, requires_grad=False):  # fmt: skip
    """Whole numbers in [low, high): randint(high, size) or randint(low, high, size).

    dtype   int64 unless given
    errors  RuntimeError: low >= high, or out of the dtype's range; TypeError: not ints

    >>> torch.randint(3, 10, (2, 2))
    """
    if generator is low is high is size is out is dtype is layout is device is None:
        given = len(arguments)
        first, last = (0, arguments[0]) if given == 2 else arguments[:2] if given == 3 else (0, 0)
        if type(first) is int is type(last) and -(1 << 62) < first < last < 1 << 62:
            if type(arguments[-1]) is tuple and not (pin_memory or requires_grad):
                t = _usual(INTEGERS, arguments[-1:], _INT64, first, last)
                if t is not None:
                    return t
    signatures = ("int high, tuple of ints size", "int low, int high, tuple of ints size")
    arguments = list(arguments)
    if size is None and arguments and not is_whole(arguments[-1]):
        size = arguments.pop()
    if high is None and arguments:
        high = arguments.pop()
    if low is None and arguments:
        low = arguments.pop()
    if size is None and low is not None and high is not None:  # randint(5, 2)
        raise size_error("randint", type(high).__name__)
    if arguments or high is None or size is None:
        given = ", ".join(type(a).__name__ for a in (low, high, size, *arguments) if a is not None)
        raise no_overload("randint", given, signatures)
    if not isinstance(size, (tuple, list)):
        raise size_error("randint", type(size).__name__)
    high = whole(high, "randint", "high", 1 if low is None else 2)
    low = 0 if low is None else whole(low, "randint", "low", 1)
    g = generator_or_default(generator, "randint", resolve(device))
    return made(INTEGERS, (low, high, g), (size,), out=out, dtype=dtype, layout=layout,
                device=device, pin_memory=pin_memory, requires_grad=requires_grad, default=int64,
                name="randint")  # fmt: skip


def is_whole(x: Any) -> bool:
    """Could x be a bound of randint? (A float is meant as one, and refused as such.)"""
    return isinstance(x, (int, float, np.number)) or (isinstance(x, Tensor) and x.ndim == 0)


def size_error(name: str, kind: str) -> TypeError:
    """The exception for a size that is not a tuple."""
    return TypeError(f"{name}(): argument 'size' (position 2) must be tuple of ints, not {kind}")


@composite("randperm", at="torch")
def randperm(n, *, generator=None, out=None, dtype=None, layout=None, device=None,
             pin_memory=False, requires_grad=False):  # fmt: skip
    """The numbers 0 .. n-1 in random order.

    dtype   int64 unless given
    errors  RuntimeError: n < 0, or more than the dtype can count; TypeError: n not an int

    >>> torch.randperm(4)
    """
    n = whole(n, "randperm", "n", 1)
    g = generator_or_default(generator, "randperm", resolve(device))
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {[n]}")
    dtype = None if dtype is None else as_dtype(dtype, "randperm")
    d = (out.dtype if out is not None else dtype) or int64
    check_countable(n, d)
    if layout is not None or pin_memory:
        check_options(layout, device, pin_memory)
    if resolve(device) is META:
        return asking(wrap(phantom((n,), d.np)), requires_grad)
    order = variates.permutation(n, d.np, g)
    if out is None:
        return asking(_at(order, device), requires_grad)
    if out._a.shape != (n,):
        out._a = np.empty(n, d.np)
    np.copyto(out._a, order)
    out._bump()
    return out


def check_countable(n: int, d: dtype) -> None:
    """RuntimeError: the dtype cannot hold n; NotImplementedError: it holds no whole numbers."""
    if d is int64:
        return
    if d.category not in (int64.category, FLOAT) or (d.category == FLOAT and d.itemsize == 1):
        raise not_implemented("randperm", np.empty(0, d.np))
    if d.category == FLOAT:
        most = (1 << variates.significand(d.np)) + 1
        if n > most and d.name != "bfloat16":  # PyTorch does not look at bfloat16
            raise RuntimeError(f"n cannot be greater than {most} for {scalar_name(d)} type.")
    elif n > np.iinfo(d.np).max:
        raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow")


# ---------------------------------------------------------------- in the likeness of a tensor


def alike(name: str, card: Card, arguments: tuple, input: Any, dtype: Any, layout: Any, device: Any,
          pin_memory: bool, requires_grad: bool, memory_format: Any) -> Tensor:  # fmt: skip
    """A tensor of input's shape, strides and dtype (or those given), filled by a card."""
    if dtype is layout is device is memory_format is None and not pin_memory:  # the usual
        x = tensor_argument(name, input)._a
        if type(x) is np.ndarray and x.flags.c_contiguous:
            return asking(wrap(card.forward(x, *arguments)), requires_grad)
    tensor_argument(name, input)
    check_options(layout, device, pin_memory)
    array_type = input._a.dtype if dtype is None else as_dtype(dtype, name).np
    where = input.device if device is None else resolve(device)
    if where is not input.device and META not in (where, input.device):
        input = input.to(where)
    if where is META:
        return asking(wrap(phantom_like(input._a, array_type)), requires_grad)
    if memory_format is None or memory_format.name == "preserve_format":
        x = np.empty_like(input._a, array_type)
    elif memory_format.name == "contiguous_format":
        x = np.empty(input._a.shape, array_type)
    else:
        x = channels_last(input._a.shape, array_type)
    return asking(wrap(card.forward(x, *arguments)), requires_grad)


def channels_last(shape: tuple, array_type: np.dtype) -> np.ndarray:
    """An empty array (N, C, *) whose memory is laid out as (N, *, C)."""
    return np.moveaxis(np.empty((shape[0], *shape[2:], shape[1]), array_type), -1, 1)


def _like(source: Source, input: Tensor, asked: tuple) -> Tensor | None:
    """Numbers in the likeness of a tensor in row-major order, of which nothing else is asked."""
    if asked != (None,) * len(asked) or inferring[0] or not isinstance(input, Tensor):
        return None
    x = input._a
    if type(x) is not np.ndarray or not x.flags.c_contiguous:
        return None
    d = x.dtype
    check_kind(d, source.kernel, complex_too=True)
    return wrap(source.draw(x.size, d, 0.0, 1.0, default_generator).reshape(x.shape))


@composite("rand_like", at="torch")
def rand_like(input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False,
              requires_grad=False, memory_format=None):  # fmt: skip
    """Uniform numbers in [0, 1) in the shape and dtype of input.

    errors  NotImplementedError: integers
    """
    if not (pin_memory or requires_grad):
        t = _like(UNIFORM, input, (generator, dtype, layout, device, memory_format))
        if t is not None:
            return t
    g = generator_or_default(generator, "rand_like", input)
    return alike("rand_like", Uniform, (0.0, 1.0, g), input, dtype, layout, device, pin_memory,
                 requires_grad, memory_format)  # fmt: skip


@composite("randn_like", at="torch")
def randn_like(input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False,
               requires_grad=False, memory_format=None):  # fmt: skip
    """Numbers of N(0, 1) in the shape and dtype of input.

    errors  NotImplementedError: integers
    """
    if not (pin_memory or requires_grad):
        t = _like(NORMAL, input, (generator, dtype, layout, device, memory_format))
        if t is not None:
            return t
    g = generator_or_default(generator, "randn_like", input)
    return alike("randn_like", Normal, (0.0, 1.0, g), input, dtype, layout, device, pin_memory,
                 requires_grad, memory_format)  # fmt: skip


@composite("randint_like", at="torch")
def randint_like(input, *bounds, low=None, high=None, generator=None, dtype=None, layout=None,
                 device=None, pin_memory=False, requires_grad=False,
                 memory_format=None):  # fmt: skip
    """Whole numbers in [0, high) or [low, high) in the shape and dtype of input.

    errors  RuntimeError: low >= high, or out of the dtype's range; TypeError: not ints
    """
    tensor_argument("randint_like", input)
    given = [*bounds]
    if high is None and given:
        high = given.pop()
    if low is None and given:
        low = given.pop()
    if given or high is None:
        kinds = ", ".join(type(a).__name__ for a in (input, *bounds))
        raise no_overload("randint_like", kinds, ("Tensor input, int high",
                                                  "Tensor input, int low, int high"))  # fmt: skip
    high = whole(high, "randint_like", "high", 2 if low is None else 3)
    low = 0 if low is None else whole(low, "randint_like", "low", 2)
    g = generator_or_default(generator, "randint_like", input)
    return alike("randint_like", Random, (low, high, g), input, dtype, layout, device,
                 pin_memory, requires_grad, memory_format)  # fmt: skip
