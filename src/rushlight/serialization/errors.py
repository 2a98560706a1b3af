"""What is raised about a file that cannot be loaded: one family of errors, the file's name in all.

`LoadError` is what PyTorch's users catch (pickle.UnpicklingError) and what PyTorch raises for a
damaged archive (RuntimeError). `reading` is the only place that turns what goes wrong while a file
is read into it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

__all__ = [
    "EmptyFileError",
    "ImageError",
    "LoadError",
    "SafetensorsError",
    "UserError",
    "brief",
    "name_of",
    "read_into",
    "reading",
]


_BLOCK = 1 << 20


class LoadError(UnpicklingError, RuntimeError):
    """A file that cannot be loaded: damaged, foreign, or with names that are not allowed in it."""

    __module__ = "torch.serialization"


class EmptyFileError(LoadError, EOFError):
    """A file without a byte in it."""

    __module__ = "torch.serialization"


class SafetensorsError(LoadError, ValueError):
    """A file that is no whole safetensors file."""

    __module__ = "torch.serialization"


class ImageError(LoadError, OSError):
    """A file that is no image, or only part of one."""

    __module__ = "torch.serialization"


class UserError(Exception):
    """Carries an exception of the caller's own code (map_location) out of `reading`, unchanged."""

    def __init__(self, error: Exception):
        self.error = error


def brief(value: Any) -> str:
    """A value of a file for an error text, of bounded length whatever it is: never its repr."""
    if type(value) is str:
        return repr(value) if len(value) <= 80 else f"{value[:80]!r}... ({len(value)} characters)"
    if type(value) is int:
        bits = value.bit_length()
        return str(value) if bits <= 64 else f"an int of {bits} bits"
    if value is None or type(value) in (bool, float):
        return repr(value)
    return f"a {type(value).__name__}"


def name_of(f: Any) -> str:
    """What error texts call a file: its path, the `name` of an open one, else its type."""
    if isinstance(f, (str, bytes, os.PathLike)):
        return os.fsdecode(f)
    return str(getattr(f, "name", f"a {type(f).__name__}"))


def read_into(
    file: IO[bytes], memory: np.ndarray, each: Callable[[memoryview], object] | None = None
) -> int:
    """Fill a uint8 array from an open file, without a second copy; how many bytes there were.

    `each` is called with every part that has been read.
    """
    view, done = memoryview(memory), 0  # type: ignore[arg-type]
    readinto = getattr(file, "readinto", None)
    while done < len(view):
        block = view[done : done + _BLOCK]
        if readinto is not None:
            count = readinto(block)
        else:
            data = file.read(len(block))
            count = len(data)
            block[:count] = data
        if not count:
            break
        done += count
        if each is not None:
            each(block[:count])
    return done


@contextmanager
def reading(name: str, kind: type[LoadError] = LoadError) -> Iterator[None]:
    """Around everything that reads a file: what comes out is `kind` or LoadError, and names it."""
    try:
        yield
    except UserError as e:
        raise e.error from None
    except LoadError as e:
        text = str(e)
        raise (e if name in text else type(e)(f"{text}\n  in {name}")) from e.__cause__
    except UnpicklingError as e:
        raise kind(f"Weights only load failed. {e}\n  in {name}") from e.__cause__
    except MemoryError as e:
        raise kind(f"{name}: there is not enough memory for what it says it holds") from e
    except Exception as e:
        raise kind(f"{name} is damaged: {_first_line(e)}") from e


def _first_line(error: Exception) -> str:
    lines = str(error)[:200].splitlines()
    return f"{type(error).__name__}{': ' + lines[0] if lines else ''}"
