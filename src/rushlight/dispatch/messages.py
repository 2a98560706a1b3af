"""Errors in PyTorch's words, with the shapes and the fix."""

from __future__ import annotations

import math
from types import NoneType
from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.layout import memory_format
from ..core.tensor import Tensor
from .schema import MISSING

# what NumPy raises that PyTorch words otherwise
TRANSLATED = (ValueError, IndexError, TypeError, AttributeError, MemoryError, OverflowError)


class AllocationError(RuntimeError, MemoryError):
    """There is no memory left for a result; a RuntimeError, as in PyTorch."""


def check_storage(shape: tuple) -> None:
    """AllocationError: so many elements that their bytes cannot be counted in 64 bits."""
    if math.prod(shape) >= 1 << 60:
        raise AllocationError(f"Storage size calculation overflowed with sizes={list(shape)}")


def out_of_memory(error: Exception, shape: tuple = ()) -> AllocationError:
    """NumPy's MemoryError (or its ValueError for sizes beyond any memory) in PyTorch's words."""
    if isinstance(error, ValueError) and shape:
        return AllocationError(f"Storage size calculation overflowed with sizes={list(shape)}")
    if isinstance(error, AllocationError):
        return error
    if not isinstance(error, MemoryError):
        return AllocationError(f"Storage size calculation overflowed\n  NumPy: {error}")
    size = getattr(error, "_total_size", None)
    asked = "more than there can be" if size is None else f"{size} bytes"
    return AllocationError(
        f"DefaultCPUAllocator: can't allocate memory: you tried to allocate {asked}."
    )


def beyond_memory(name: str, error: Exception) -> Exception | None:
    """What to raise instead of NumPy's errors about sizes near 2^63; None for any other error."""
    text = str(error)
    if isinstance(error, MemoryError) or text.startswith(_TOO_BIG):
        return out_of_memory(error)
    if isinstance(error, OverflowError) and text.startswith("Python int too large"):
        return TypeError(
            f'{name}(): failed to unpack an integer with error "Overflow when unpacking long '
            'long"\n  sizes and dimensions have 64 bits'
        )
    return None


_TOO_BIG = ("array is too big", "Maximum allowed dimension exceeded", "Maximum allowed size")


WRAPPED = "_asks_handlers_before"  # where overrides.py keeps the function inside its wrapper


class NotATensor(TypeError):
    """An argument that must be a Tensor is something else: `value`."""

    def __init__(self, text: str, value: Any):
        super().__init__(text)
        self.value = value


NotATensor.__name__ = NotATensor.__qualname__ = "TypeError"  # as which users see it
NotATensor.__module__ = "builtins"


def missing(name: str, parameter: str) -> TypeError:
    """A required argument was not given."""
    return TypeError(f'{name}() missing 1 required positional arguments: "{parameter}"')


def not_a_tensor(name: str, argument: str, position: int, value: Any) -> TypeError:
    """An argument that must be a Tensor is something else."""
    if value is MISSING:
        return missing(name, argument)
    kind, fix = type(value).__name__, ""
    if isinstance(value, np.ndarray | np.generic):
        kind, fix = f"numpy.{kind}", "\n  fix: torch.from_numpy(array), or torch.tensor(array)"
    return NotATensor(
        f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {kind}{fix}",
        value,
    )


def dtype_fix(x: str, given: Any, y: str, wanted: Any) -> str:
    """The lines below an error of two dtypes that differ: which is which, and what to write."""
    name = str(wanted).removeprefix("torch.")
    short = {"float32": "float()", "float64": "double()", "float16": "half()"}
    note = ""
    if str(given) == "torch.float64":
        note = f" (NumPy makes float64 unless told otherwise: dtype=np.{name})"
    return (
        f"\n  the {x} is {given}, the {y} {wanted}\n"
        f"  fix: {x}.{short.get(name, f'to({wanted})')}{note}"
    )


def not_implemented(kernel: str, x: np.ndarray) -> NotImplementedError:
    """An op has no kernel for the dtype of x: PyTorch's words, with its name of the kernel."""
    kind = scalar_name(from_numpy_dtype(x.dtype))
    return NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")


def refused(card: Any, arrays: Any) -> Exception:
    """A card has no kernel for the dtype of its first array; sizes that do not fit come first."""
    if card.broadcast and len(card.tensors) > 1:
        sentence = mismatch([a.shape for a in arrays if isinstance(a, np.ndarray)])
        if sentence:
            return RuntimeError(sentence)
    return not_implemented(card.kernel, arrays[0])


def explain_arguments(schema: Any, values: tuple, error: Exception) -> Exception:
    """The exception to raise instead of `error`, if an argument is missing or no Tensor."""
    for i, (p, value) in enumerate(zip(schema.arguments, values, strict=False)):
        if value is MISSING:
            return missing(schema.name, p.name)
        if p.type == "Tensor" and not isinstance(value, Tensor):
            return not_a_tensor(schema.name, p.name, i + 1, value)
        if p.name == "memory_format" and not isinstance(value, (memory_format, NoneType)):
            return TypeError(
                f"{schema.name}(): argument 'memory_format' must be torch.memory_format, not "
                f"{type(value).__name__}"
            )
    return error


def explain(card: Any, args: tuple, error: Exception, into: Tensor | None = None) -> Exception:
    """The exception to raise instead of what NumPy said while running a card on these arguments."""
    beyond = beyond_memory(card.name, error)
    if beyond is not None:
        return beyond
    if card.schema is not None and card.prepare is None:
        found = explain_arguments(card.schema, args, error)
        if found is not error:
            return found
    tensors = [a for a in args if isinstance(a, Tensor)]
    if isinstance(error, np.exceptions.AxisError):
        ndim = max(tensors[0]._a.ndim, 1) if tensors else 1
        return IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{error.axis})"
        )
    if isinstance(error, ValueError) and card.broadcast and len(tensors) > 1:
        sentence = mismatch([t._a.shape for t in tensors])
        if sentence:
            return RuntimeError(sentence)
        if into is not None:
            shape = np.broadcast_shapes(*[t._a.shape for t in tensors])
            return RuntimeError(
                f"output with shape {list(into._a.shape)} doesn't match the broadcast shape "
                f"{list(shape)}"
            )
    if isinstance(error, (TypeError, AttributeError)):
        for i in card.tensors if not card.listed else ():
            if i < card.required and not isinstance(
                args[i], (Tensor, int, float, complex, np.number)
            ):
                return not_a_tensor(card.name, card.public_name(i), i + 1, args[i])
    return error


def mismatch(shapes: list[tuple]) -> str | None:
    """PyTorch's sentence about the first two shapes that do not broadcast; None if all do."""
    common: tuple = ()
    for shape in shapes:
        if shape == common:
            continue
        n = max(len(common), len(shape))
        a, b = (1,) * (n - len(common)) + tuple(common), (1,) * (n - len(shape)) + tuple(shape)
        for i in range(n - 1, -1, -1):
            if a[i] != b[i] and a[i] != 1 and b[i] != 1:
                return (
                    f"The size of tensor a ({a[i]}) must match the size of tensor b ({b[i]}) at "
                    f"non-singleton dimension {i}\n"
                    f"  shapes {list(common)} and {list(shape)}: sizes must be equal, or one of "
                    "them 1, counted from the last"
                )
        common = tuple(max(p, q) if 0 not in (p, q) else 0 for p, q in zip(a, b, strict=False))
    return None


def tensor_argument(name: str, x: Any, argument: str = "input", position: int = 1) -> Tensor:
    """x, if it is a Tensor. TypeError otherwise."""
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, argument, position, x)
    return x


def refuse_complex(name: str, *xs: Any) -> None:
    """RuntimeError if any operand is complex."""
    for x in xs:
        if x.dtype.kind == "c":
            raise RuntimeError(f"{name} not implemented for complex tensors.")


def indices_elsewhere(x: Any, key: tuple) -> RuntimeError | None:
    """The error of an array of the CPU that is indexed by one of a device; None: it is not."""
    array = np.ndarray
    if type(x) is array and any([isinstance(k, array) and type(k) is not array for k in key]):
        return RuntimeError(
            "indices should be either on cpu or on the same device as the indexed tensor (cpu)\n"
            "  fix: index.cpu(), or move the tensor to the device"
        )
    return None
