"""Python's own types that a pickle may name: plain data, each made by a function that checks.

What a pickle means by `builtins.list` stands here, and nothing else of Python can be meant.
"""

from __future__ import annotations

import datetime
import os
import pathlib
from argparse import Namespace
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from pickle import UnpicklingError
from types import SimpleNamespace
from typing import Any

import numpy as np

from .errors import brief
from .numpy_values import array_from_buffer, empty_array, numpy_scalar, plain_dtype

__all__ = ["CALLS", "STATES", "VALUES", "reconstructor"]

_CONTAINERS = (list, tuple, dict, set, frozenset)
_HOLDS = (*_CONTAINERS, OrderedDict, Counter, defaultdict)
_FACTORIES = (list, dict, set, int, float, str, bool, tuple)


def reconstructor(*args: Any) -> Any:
    """Stands for copyreg's function of this name; Grammar.call gives it its meaning."""
    raise UnpicklingError("copyreg._reconstructor is allowed for plain objects only")


def _encode(text: Any = None, encoding: Any = "utf-8") -> bytes:
    """_codecs.encode: how protocols 0 to 2 write bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise UnpicklingError("_codecs.encode is allowed for latin1 only")
    return text.encode("latin1")


def _of_values(kind: Any) -> Callable[..., Any]:
    """kind(values), of values in the file itself: a `range` could ask for any amount of memory."""

    def make(*args: Any) -> Any:
        if len(args) > 1 or not all(type(a) in _HOLDS for a in args):
            raise UnpicklingError(
                f"{kind.__module__}.{kind.__qualname__} is allowed for lists, tuples, sets and "
                "dicts only"
            )
        return kind(*args)

    return make


def _default_dict(factory: Any = None, *args: Any) -> defaultdict[Any, Any]:
    if args or not (factory is None or any(factory is f for f in _FACTORIES)):
        raise UnpicklingError(f"defaultdict of {brief(factory)} is not allowed")
    return defaultdict(factory)


def _deque(items: Any = (), maxlen: Any = None) -> deque[Any]:
    if type(items) not in (list, tuple) or not (maxlen is None or _int(maxlen)):
        raise UnpicklingError("collections.deque is allowed for lists only")
    return deque(items, maxlen)


def _byte_array(*args: Any) -> bytearray:
    if len(args) == 2 and args[1] == "latin-1" and type(args[0]) is str:
        return bytearray(args[0].encode("latin1"))
    if len(args) > 1 or (args and type(args[0]) is not bytes):
        raise UnpicklingError("bytearray is allowed for bytes only")
    return bytearray(*args)


def _int(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _of_ints(kind: Any, none: bool) -> Callable[..., Any]:
    """slice and range: of ints (and None, for a slice)."""

    def make(*args: Any) -> Any:
        if not 1 <= len(args) <= 3 or not all(_int(a) or (none and a is None) for a in args):
            raise UnpicklingError(f"{kind.__name__} is allowed for ints only")
        return kind(*args)

    return make


def _complex(*args: Any) -> complex:
    if len(args) > 2 or not all(type(a) is float or _int(a) for a in args):
        raise UnpicklingError("complex is allowed for numbers only")
    return complex(*args)


def _moment(kind: Any, size: int, zone: bool) -> Callable[..., Any]:
    """date, time and datetime: the `size` bytes that Python packs them into, and a time zone."""

    def make(*args: Any) -> Any:
        packed = args[0] if args else None
        if type(packed) is str and len(packed) == size:  # written by Python 2
            packed = packed.encode("latin1")
        right = type(packed) is bytes and len(packed) == size and len(args) <= 1 + zone
        if not right or not all(isinstance(a, datetime.tzinfo) for a in args[1:]):
            raise UnpicklingError(f"datetime.{kind.__name__}: its packed bytes are expected")
        return kind(packed, *args[1:])

    return make


def _time_delta(*args: Any) -> datetime.timedelta:
    if len(args) > 3 or not all(_int(a) for a in args):
        raise UnpicklingError("datetime.timedelta is allowed for three ints only")
    return datetime.timedelta(*args)


def _time_zone(*args: Any) -> datetime.timezone:
    if not args or type(args[0]) is not datetime.timedelta or len(args) > 2:
        raise UnpicklingError("datetime.timezone needs its offset")
    if not all(type(a) is str for a in args[1:]):
        raise UnpicklingError("datetime.timezone needs a name of text")
    return datetime.timezone(*args)


def _path(kind: Any) -> Callable[..., Any]:
    def make(*parts: Any) -> Any:
        if not all(type(part) is str for part in parts):
            raise UnpicklingError(f"pathlib.{kind.__name__} needs parts of text")
        return kind(*parts)

    return make


def _bare(kind: Any) -> Callable[..., Any]:
    def make(*args: Any) -> Any:
        if args:
            raise UnpicklingError(f"{kind.__name__} gets its attributes as its state only")
        return kind()

    return make


# The other system's paths cannot be made here; their pure kind can.
_PATHS = {
    "Path": pathlib.Path,
    "PurePath": pathlib.PurePath,
    "PosixPath": pathlib.Path if os.name == "posix" else pathlib.PurePosixPath,
    "WindowsPath": pathlib.Path if os.name == "nt" else pathlib.PureWindowsPath,
    "PurePosixPath": pathlib.PurePosixPath,
    "PureWindowsPath": pathlib.PureWindowsPath,
}


class _PathKind:
    """What `pathlib.PosixPath` means in a file."""

    def __init__(self, kind: Any):
        self.kind = kind


_PATH_KINDS = {name: _PathKind(kind) for name, kind in _PATHS.items()}
_DATETIME = (datetime.date, datetime.time, datetime.datetime, datetime.timedelta, datetime.timezone)

STATES = frozenset((Namespace, SimpleNamespace))  # bare instances with a dict of attributes

VALUES: dict[tuple[str, str], Any] = {
    **{
        ("builtins", t.__name__): t
        for t in (int, float, bool, complex, str, bytes, bytearray, *_CONTAINERS, slice, object)
    },
    ("builtins", "range"): range,
    ("builtins", "xrange"): range,
    ("builtins", "Ellipsis"): Ellipsis,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "Counter"): Counter,
    ("collections", "defaultdict"): defaultdict,
    ("collections", "deque"): deque,
    ("argparse", "Namespace"): Namespace,
    ("types", "SimpleNamespace"): SimpleNamespace,
    **{("datetime", t.__name__): t for t in _DATETIME},
    **{
        (module, name): kind
        for name, kind in _PATH_KINDS.items()
        for module in ("pathlib", "pathlib._local")
    },
    ("_codecs", "encode"): _encode,
    ("copyreg", "_reconstructor"): reconstructor,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy._core.multiarray", "_reconstruct"): empty_array,
    ("numpy._core.multiarray", "scalar"): numpy_scalar,
    ("numpy._core.numeric", "_frombuffer"): array_from_buffer,
}

CALLS: dict[Any, Callable[..., Any]] = {
    **{t: _of_values(t) for t in (*_CONTAINERS, OrderedDict, Counter)},
    complex: _complex,
    slice: _of_ints(slice, none=True),
    range: _of_ints(range, none=False),
    bytearray: _byte_array,
    defaultdict: _default_dict,
    deque: _deque,
    **{t: _bare(t) for t in STATES},
    datetime.date: _moment(datetime.date, 4, zone=False),
    datetime.time: _moment(datetime.time, 6, zone=True),
    datetime.datetime: _moment(datetime.datetime, 10, zone=True),
    datetime.timedelta: _time_delta,
    datetime.timezone: _time_zone,
    **{kind: _path(kind.kind) for kind in _PATH_KINDS.values()},
    _encode: _encode,
    np.dtype: plain_dtype,
    empty_array: empty_array,
    numpy_scalar: numpy_scalar,
    array_from_buffer: array_from_buffer,
}
