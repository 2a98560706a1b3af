"""torch.device, the default device, and what to say when an absent device is asked for.

rushlight computes on the CPU, and through JAX on what accelerators.py finds. Every place that takes
a `device` argument passes it to `resolve`, which answers with the device that will be used, or
raises PyTorch's error for one that is absent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from operator import index as as_int
from typing import Any, NoReturn

from .names import closest, elsewhere

__all__ = [
    "OutOfMemoryError",
    "device",
    "get_default_device",
    "get_device_module",
    "set_default_device",
]

# PyTorch's names, in the order of its error message.
_KINDS = (
    "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia"
    " privateuseone"
).split()


class device:
    """Where a tensor lives: a type and, if given, an index.

    >>> torch.device("cuda:1"), torch.device("cuda", 1), torch.device(type="cpu")
    (device(type='cuda', index=1), device(type='cuda', index=1), device(type='cpu'))

    Immutable, hashable, equal when both parts are (`cpu` and `cpu:0` differ, as in PyTorch). Naming
    a device is always allowed, present or not. As a context, `with torch.device("cpu"):`, or as a
    decorator it is the default device of what is created inside.
    Errors: RuntimeError for an unknown type, a malformed string, a bad index; else TypeError.
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | int | device, index: int | None = None):
        if isinstance(type, str):
            kind, number = _parse(type)
            if index is not None:
                if number is not None:
                    raise RuntimeError(
                        "type (string) must not include an index because index was passed "
                        f"explicitly: {type}"
                    )
                number = _checked(as_int(index))
        elif isinstance(type, device) and index is None:
            kind, number = type.type, type.index
        elif isinstance(type, int) and index is None:
            _checked(type)
            raise no_accelerator()
        else:
            given = ", ".join(
                x.__class__.__name__ for x in (type, index)[: 1 if index is None else 2]
            )
            raise TypeError(
                f"device() received an invalid combination of arguments - got ({given}), but "
                "expected one of:\n * (torch.device device)\n * (str type, int index = -1)"
            )
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", number)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")

    def __repr__(self) -> str:
        return f"device(type='{self.type}'{'' if self.index is None else f', index={self.index}'})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type,) if self.index is None else (self.type, self.index)

    def __enter__(self) -> device:
        _here.outer = (_here.default, _here.outer)
        _here.default = self
        return self

    def __exit__(self, *error: object) -> None:
        _here.default, _here.outer = _here.outer

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def on_device(*args: Any, **options: Any) -> Any:
            with self:
                return function(*args, **options)

        return on_device


def _parse(text: str) -> tuple[str, int | None]:
    """'cuda:1' -> ('cuda', 1)."""
    if not text:
        raise RuntimeError("Device string must not be empty")
    kind, colon, number = text.partition(":")
    if not kind.isalnum():
        raise RuntimeError(f"Invalid device string: '{text}'")
    if kind not in _KINDS:
        near = closest(kind, _KINDS)
        hint = f"did you mean {near}?" if near else "'cpu' is the only device here"
        if kind.lower() == "gpu":
            hint = "PyTorch's name for a GPU is 'cuda'; the CPU is 'cpu'"
        elif kind.lower() == "tpu":
            hint = "PyTorch's name for a TPU is 'xla'"
        raise RuntimeError(
            f"Expected one of {', '.join(_KINDS)} device type at start of device string: {kind}\n"
            f"  {hint}"
        )
    if not colon:
        return kind, None
    if not (number.isascii() and number.isdigit()) or (number[0] == "0" and number != "0"):
        raise RuntimeError(f"Invalid device string: '{text}'")
    return kind, _checked(int(number))


def _checked(index: int) -> int:
    if index < 0:
        raise RuntimeError("Device index must not be negative")
    if index > 127:
        raise RuntimeError(f"Device index must be below 128, got {index}")
    return index


CPU = device("cpu")
META = device("meta")  # tensors without elements, see meta.py


class _Here(threading.local):
    """The default device of this thread, and the ones it returns to: a chain of pairs."""

    default: device = CPU
    outer: Any = None


_here = _Here()


def resolve(where: device | str | int | None) -> device:
    """The device that `where` means and that is present; None is the default device.

    Called by everything that creates or moves a tensor. A CPU index is dropped, as PyTorch does.
    Errors: as `torch.device` for a malformed one; PyTorch's own for a device that is not there.
    """
    if where is None:
        where = _here.default
    if where is CPU:
        return CPU
    if not isinstance(where, device):
        if not isinstance(where, (str, int)) or isinstance(where, bool):
            raise TypeError(f"argument 'device' must be torch.device, not {type(where).__name__}")
        where = device(where)
    if where.type == "cpu":
        return CPU
    if where.type == "meta":
        return META
    if where.type == "cuda" or where.type == "xla":
        return accelerators().present(where)  # imports JAX
    raise absence(where.type)


def moved(a: Any, where: device) -> Any:
    """An array on another device, without its elements on "meta"."""
    return accelerators().moved(a, where)


def accelerators() -> Any:
    return import_module("rushlight.core.accelerators")  # seldom needed, and it needs this module


STARTED: list[Callable[[], None]] = []  # called when the first device beside the CPU is used


class OutOfMemoryError(RuntimeError):
    """Raised by a device that has no memory left, for scripts that catch it: never by the CPU."""


class AcceleratorError(RuntimeError):
    """Raised by a device that fails, for scripts that catch it: never by the CPU."""

    __module__ = "torch"


def absence(kind: str) -> Exception:
    """The exception to raise when a device of this type is needed and there is none."""
    advice = (
        "\n  rushlight computes on the CPU here"
        "\n  fix: device='cpu', or ask torch.accelerator.is_available() first"
    )
    if kind in ("cuda", "xpu", "mtia"):
        return AssertionError(f"Torch not compiled with {kind.upper()} enabled{advice}")
    return RuntimeError(f"PyTorch is not linked with support for {kind} devices{advice}")


def no_accelerator() -> RuntimeError:
    """The exception of torch.accelerator, and of a device given as a bare number."""
    return RuntimeError("Cannot access accelerator device when none is available.")


def set_default_device(device: Any) -> None:
    """Make `device` (a torch.device, a string, or None for the CPU) the device of new tensors.

    An absent device is accepted here, as in PyTorch; the first tensor made on it raises.
    """
    _here.default = CPU if device is None else _as_device(device)


def get_default_device() -> device:
    """The device of tensors created without a `device` argument.

    Raises for an accelerator without index that is not there: its current index cannot be known.
    """
    found = _here.default
    if found.index is None and found.type in ("cuda", "xpu", "mtia"):
        raise absence(found.type)
    return found


def _as_device(d: Any) -> device:
    return d if isinstance(d, device) else device(d)


def get_device_module(device: Any = None) -> Any:
    """The module of a device type, `torch.cuda` for "cuda:0"; default: the default device's."""
    kind = (get_default_device() if device is None else _as_device(device)).type
    if kind not in ("cpu", "cuda", "mps", "mtia", "xpu"):
        raise RuntimeError(
            f"Device '{kind}' does not have a corresponding module registered as 'torch.{kind}'."
        )
    return import_module(f"rushlight.{kind}")


def only_on(kind: str, names: str) -> Callable[[str], Any]:
    """A module's `__getattr__` for what only a present device can do.

    Each of `names` is a function that raises the absence of `kind` when it is called, so that a
    script that mentions it without calling it runs; any other name is an AttributeError.
    """
    known = frozenset(names.split())

    def attribute(name: str) -> Any:
        if name not in known:
            return elsewhere(f"rushlight.{kind}", name)

        def unavailable(*args: Any, **options: Any) -> NoReturn:
            raise no_accelerator() if kind == "accelerator" else absence(kind)

        unavailable.__name__ = unavailable.__qualname__ = name
        return unavailable

    return attribute
