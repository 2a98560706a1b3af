"""THE seam: `K.name(x, ...)` is the only way from formulas to computation.

K carries the same vocabulary over three kinds of values:
  ndarray  the native kernel of that name, else its NumPy twin (kernels/twin), else NumPy itself
  Tensor   the card of that name, else the twin's formula (carriers.py): this is what makes a
           backward
           differentiable under create_graph=True
  others   jax arrays and tracers (kernels/xla.py), once a device other than the CPU is asked for
A native kernel that meets a dtype or layout it has no code for calls its twin by itself, so the
fast way costs no
Python. RUSHLIGHT_PURE=1 leaves the native kernels out; `show_config()` says which are live.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

_ndarray, _scalar = np.ndarray, np.generic
PURE = os.environ.get("RUSHLIGHT_PURE", "") not in ("", "0")

native: Any = None
if not PURE:
    try:
        from .. import _native as native
    except ImportError as e:
        native = None
        warnings.warn(
            "rushlight runs on its NumPy twins, several times slower: the native extension "
            f"cannot be loaded ({e}). "
            "Install a wheel or build it with `pip install .`; RUSHLIGHT_PURE=1 says that this is "
            "intended.",
            RuntimeWarning,
            stacklevel=2,
        )


class _Seam:
    """The namespace K: one attribute per kernel or vocabulary word."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no kernel '{name}'")


K = _Seam()
TABLE: dict[str, Any] = {}  # name -> the function for ndarrays


def word(name: str, function: Any) -> None:
    """Put a function of ndarrays under K.name.

    Other carriers are found by the first argument's type.
    """
    TABLE[name] = function
    if name.endswith(
        "_step"
    ):  # an optimizer's, in place on lists of arrays: it has no other carrier
        setattr(K, name, function)
        return

    def kernel(x, *args, **kwargs):
        if isinstance(x, (_ndarray, _scalar)):
            return function(x, *args, **kwargs)
        return _carrier(name, x)(x, *args, **kwargs)

    kernel.__name__ = name
    kernel.__doc__ = function.__doc__
    setattr(K, name, kernel)


def list_word(name: str, function: Any) -> None:
    """As `word`, for functions whose first argument is a list of values."""
    TABLE[name] = function

    def kernel(xs, *args, **kwargs):
        if all(isinstance(x, (_ndarray, _scalar)) for x in xs):
            return function(xs, *args, **kwargs)
        return _carrier(name, xs)(xs, *args, **kwargs)

    kernel.__name__ = name
    setattr(K, name, kernel)


def _carrier(name: str, x: Any) -> Any:
    from . import carriers

    return carriers.find(name, x)


# Families of twins that compute two-byte floats in float32, as PyTorch does, and round once.
_WIDENED = ("linear", "norm", "pointwise", "softmax")


def in_single(twin: Any) -> Any:
    """The twin with float16 and bfloat16 arrays widened to float32, its results rounded back."""

    def kernel(x, *args):
        d = x.dtype if isinstance(x, (_ndarray, _scalar)) else None
        if d is None or d.itemsize != 2 or d.kind not in "fV":
            return twin(x, *args)
        wide = [
            a.astype(np.float32) if isinstance(a, (_ndarray, _scalar)) and a.dtype == d else a
            for a in (x, *args)
        ]
        results = twin(*wide)
        if type(results) is tuple:
            return tuple([r if r is None else np.asarray(r).astype(d) for r in results])
        return np.asarray(results).astype(d)

    kernel.__name__, kernel.__doc__ = twin.__name__, twin.__doc__
    return kernel


def _load() -> None:
    from . import vocabulary
    from .twin import TWINS

    for name, function in vocabulary.WORDS.items():
        word(name, function)
    for name, function in vocabulary.LIST_WORDS.items():
        list_word(name, function)
    for name, function in TWINS.items():
        widened = function.__module__.rsplit(".", 1)[-1] in _WIDENED and not name.endswith("_")
        word(name, in_single(function) if widened else function)
    if native is not None:
        for name in native.KERNELS:
            if name in TABLE:
                native.set_fallback(name, getattr(K, name))  # which knows twins and carriers
                TABLE[name] = getattr(native, name)
                setattr(K, name, TABLE[name])


_load()
_conj = K.conj


def _conj_of_most(x: Any) -> Any:
    return x if type(x) is _ndarray and x.dtype.kind != "c" else _conj(x)


K.conj = _conj_of_most  # said in most gradients, of real arrays in nearly all


def set_num_threads(n: int) -> None:
    """Use n threads in native kernels from now on. RuntimeError: n < 1."""
    if type(n) is not int or n < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    if native is not None:
        native.set_num_threads(n)


def get_num_threads() -> int:
    """How many threads native kernels use (1 without them)."""
    return native.get_num_threads() if native is not None else 1


def show_config() -> str:
    """Which kernels are live, for which instruction set, on how many threads, with which BLAS."""
    import platform

    lines = [
        f"rushlight on Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{platform.machine()}"
    ]
    if native is None:
        lines.append(
            "kernels: NumPy twins"
            + (" (RUSHLIGHT_PURE=1)" if PURE else " (the native extension is missing)")
        )
    else:
        lines.append(f"kernels: native, {len(native.KERNELS)} of {len(TABLE)}; {native.config()}")
    return "\n".join(lines)
