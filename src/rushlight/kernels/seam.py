"""THE seam: `K.name(x, ...)` is the only way from formulas to computation.

K carries the same vocabulary over three kinds of values:
  ndarray  the native kernel of that name, else its NumPy twin (kernels/twin), else NumPy itself
  Tensor   the card of that name, else the twin's formula (dispatch/on_tensors.py): this makes a
           backward differentiable under create_graph=True
A native kernel that meets a dtype or layout it has no code for calls its twin by itself, so the
fast path costs no Python. RUSHLIGHT_PURE=1 leaves the native kernels out.
"""

from __future__ import annotations

import os
import sys
import warnings
from functools import partial
from typing import Any

import numpy as np

_ndarray, _scalar = np.ndarray, np.generic
PURE = os.environ.get("RUSHLIGHT_PURE", "") not in ("", "0")

native: Any = None
failure = ""  # why it is None, if it was to be loaded
if not PURE:
    try:
        from .. import _native as native
    except ImportError as e:
        native, failure = None, str(e)
        folder = os.path.dirname(os.path.dirname(__file__))
        built = any(
            n.startswith("_native") and n.endswith((".so", ".pyd")) for n in os.listdir(folder)
        )
        if built:
            what = (
                f"the native kernels cannot be loaded ({e}), NumPy computes, several times slower"
            )
        else:
            what = "the package without native kernels, NumPy computes"
        if sys.platform != "emscripten":  # in a browser there are none to be loaded
            # (explicit: one line, without a line of code that is not the user's)
            warnings.warn_explicit(
                f"{what}: `rushlight doctor` says more, RUSHLIGHT_PURE=1 that this is intended",
                RuntimeWarning,
                "rushlight",
                0,
            )


# the types that may stand in Tensor._a; core/meta.py and kernels/xla add theirs
CARRIED: set[type] = {np.ndarray}


def as_array(a: Any, dtype: Any = None) -> Any:
    """a itself if it is an array of any device, else NumPy's array of it."""
    return a if type(a) in CARRIED else np.asarray(a, dtype)


class _Seam:
    """The namespace K: one attribute per kernel or vocabulary word."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no kernel '{name}'")


K = _Seam()


def zeros(shape: tuple, like: Any, dtype: Any = None) -> Any:
    """Zeros of a shape, to be filled with results, where `like` is and of its dtype."""
    if isinstance(like, (_ndarray, _scalar)):
        return np.zeros(shape, dtype or like.dtype)
    return _carrier("zeros", like)(shape, like, dtype)


K.zeros = zeros
TABLE: dict[str, Any] = {}  # name -> the function for ndarrays
NUMPY: dict[str, Any] = {}  # name -> K.name as it is without native kernels: twins, other carriers
# find(name, x) -> the function that means K.name for values of x's kind, or None. The room that
# defines a kind of value adds its own (dispatch/on_tensors.py for Tensors).
CARRIERS: list[Any] = []


def word(name: str, function: Any) -> None:
    """Put a function of ndarrays under K.name.

    Other carriers are found by the first argument's type.
    """
    TABLE[name] = function
    if name.endswith(
        "_step"
    ):  # an optimizer's, in place on lists of arrays: it has no other carrier
        setattr(K, name, function)
        NUMPY[name] = function
        return

    def kernel(x, *args, **kwargs):
        if isinstance(x, (_ndarray, _scalar)):
            return function(x, *args, **kwargs)
        return _carrier(name, x)(x, *args, **kwargs)

    kernel.__name__ = name
    kernel.__doc__ = function.__doc__
    NUMPY[name] = kernel
    setattr(K, name, kernel)


def list_word(name: str, function: Any) -> None:
    """As `word`, for functions whose first argument is a list of values."""
    TABLE[name] = function

    def kernel(xs, *args, **kwargs):
        if all(isinstance(x, (_ndarray, _scalar)) for x in xs):
            return function(xs, *args, **kwargs)
        return _carrier(name, xs)(xs, *args, **kwargs)

    kernel.__name__ = name
    NUMPY[name] = kernel
    setattr(K, name, kernel)


def _carrier(name: str, x: Any) -> Any:
    for find in CARRIERS:
        found = find(name, x)
        if found is not None:
            return found
    raise TypeError(f"kernel '{name}' cannot take a {type(x).__name__}")


# Families of twins that compute two-byte floats in float32, as PyTorch does, and round once.
_WIDENED = (
    "grid_sample",
    "linear",
    "norm",
    "pointwise",
    "pool",
    "recurrent",
    "resample",
    "softmax",
    "special",
)


def in_single(f: Any, name: str = "") -> Any:
    """f with float16 and bfloat16 arrays widened to float32, its float32 results rounded back.

    The one mechanism for sums, counts and formulas of 2-byte floats: everything is computed in
    float32 and rounded once. `name`: the kernel that f is the twin of, and that computes it.
    """

    def kernel(*args, **kwargs):
        for a in args:
            if isinstance(a, (_ndarray, _scalar)) and a.itemsize == 2 and a.dtype.kind in "fV":
                d = a.dtype
                break
        else:
            return f(*args, **kwargs)
        wide = [
            TABLE["astype"](a, _SINGLE)
            if isinstance(a, (_ndarray, _scalar)) and a.dtype == d
            else a
            for a in args
        ]
        token = hush()
        try:
            results = TABLE.get(name, f)(*wide, **kwargs)
            if type(results) is tuple:
                return tuple([_rounded(r, d) for r in results])
            return _rounded(results, d)
        finally:
            unhush(token)

    kernel.__name__, kernel.__doc__ = getattr(f, "__name__", "kernel"), f.__doc__
    return kernel


# `np.errstate` at a tenth of its price: its state is a context variable, and its value is made
# once. hush() -> token; unhush(token).
try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj  # type: ignore

    # from now on NumPy does not warn in this context; see `quietly`
    hush: Any = partial(_extobj_contextvar.set, _make_extobj(all="ignore"))
    unhush: Any = _extobj_contextvar.reset
except ImportError:  # a NumPy that keeps it elsewhere

    def hush() -> Any:  # type: ignore[misc]
        """From now on NumPy does not warn in this context; see `quietly`."""
        state = np.errstate(all="ignore")
        state.__enter__()
        return state

    def unhush(token: Any) -> None:
        """As before `hush`."""
        token.__exit__(None, None, None)


def quietly(f: Any) -> Any:
    """f without NumPy's warnings: an overflow gives inf and 0/0 gives nan, as in PyTorch.

    NumPy attributes them to the line that computed, and a filter would be undone by the user's own
    (-W error, pytest); so they must not arise.
    """
    if f is None:
        return None

    def quiet(*args, **kwargs):
        token = hush()
        try:
            return f(*args, **kwargs)
        finally:
            unhush(token)

    quiet.__name__, quiet.__doc__ = getattr(f, "__name__", "kernel"), f.__doc__
    return quiet


def _rounded(r: Any, d: Any) -> Any:
    if isinstance(r, (_ndarray, _scalar)) and r.dtype == _SINGLE:
        return TABLE["astype"](as_array(r), d)
    return r


_SINGLE = np.dtype(np.float32)
