"""XLA's devices (CPUs, GPUs, TPUs) through JAX: arrays, K's words on them, programs.

Importing this package imports JAX and puts the words of XLA behind K. Nothing does so before a
device other than the CPU is named (core/accelerators.py).

    array.py     Cell, Array: an array that formulas take for NumPy's
    views.py     chains of views: how they are got from a cell, and written
    protocol.py  NumPy's functions and ufuncs on Arrays
    words.py     what XLA says better than the twins; recurrent.py, attention.py
    random.py    a device's generator
    steps.py     optimizer steps as one program
    program.py   a program per card
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)  # without it int64 becomes int32, float64 float32

from .. import seam  # noqa: E402
from ..seam import TABLE, K, in_single  # noqa: E402
from ..twin import TWINS  # noqa: E402
from . import functions, protocol, random, recurrent, steps, words  # noqa: E402
from .array import NOTED, TRACED, Array, Cell, HostAccess, Tracer, axes_of, host, raw  # noqa: E402
from .program import NAME, STATS, WARN, Program  # noqa: E402
from .words import WORDS  # noqa: E402

__all__ = [
    "NAME",
    "NOTED",
    "STATS",
    "TRACED",
    "WARN",
    "Array",
    "Cell",
    "HostAccess",
    "Program",
    "Tracer",
    "host",
    "random",
    "raw",
    "to_device",
    "words",
]


def to_device(a: Any, device: Any) -> Array:
    """A NumPy array, or an Array, on a JAX device: elements of its own."""
    axes = axes_of(a)
    inner = a if axes is None else a.transpose(axes)
    # JAX may keep the memory that it is given
    v = inner.v if type(a) is Array else inner.copy(order="C")
    found = Array(jax.device_put(v, device))
    return found if axes is None else found.transpose(np.argsort(axes))


def _there(args: Any) -> bool:
    for a in args:
        if type(a) is Array:
            return True
        if type(a) is list or type(a) is tuple:
            for b in a:
                if type(b) is Array:
                    return True
    return False


def _carried(name: str, on_host: Any) -> Any:
    """A word's function of NumPy arrays, for arrays of any device."""
    there = WORDS.get(name, on_host)
    twin = TWINS.get(name)
    if name in WORDS and twin is not None and not name.startswith("rng_"):
        family = twin.__module__.rpartition(".")[2]
        if family in seam._WIDENED:
            there = in_single(there)

    def function(*args: Any, **kwargs: Any) -> Any:
        return (there if _there(args) else on_host)(*args, **kwargs)

    return function


def _install() -> None:
    """Put XLA's words beside NumPy's.

    A native kernel calls its twin for what it does not take, and K.name may have been put into a
    table when a module was imported: so it is the function inside K.name that is changed.
    """
    native = seam.native
    for name in TABLE:
        before = seam.NUMPY[name]
        cells = dict(zip(before.__code__.co_freevars, before.__closure__ or (), strict=True))
        if name.endswith("_step"):
            function = _carried(name, before)
            if native is not None and name in native.KERNELS:
                native.set_fallback(name, function)
            else:
                setattr(K, name, function)
        else:
            cells["function"].cell_contents = _carried(name, cells["function"].cell_contents)
    zeros = K.zeros

    def zeros_anywhere(shape: Any, like: Any, dtype: Any = None) -> Any:
        if type(like) is Array:
            return WORDS["zeros"](shape, like, dtype)
        return zeros(shape, like, dtype)

    K.zeros = zeros_anywhere


seam.CARRIED.add(Array)
_install()
