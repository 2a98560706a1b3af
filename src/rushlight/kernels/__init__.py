"""The kernels: the seam K, its vocabulary in NumPy, the twins, and what is set for all of them."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np

from . import vocabulary
from .seam import (
    _WIDENED,
    CARRIED,
    CARRIERS,
    PURE,
    TABLE,
    K,
    _ndarray,
    as_array,
    hush,
    in_single,
    list_word,
    native,
    quietly,
    unhush,
    word,
)
from .twin import TWINS


def _load() -> None:
    for name, function in vocabulary.WORDS.items():
        if name in vocabulary.ACCUMULATE:
            function = in_single(function, name if native else "")
        word(name, function if name in vocabulary.MOVES else quietly(function))
    for name, function in vocabulary.LIST_WORDS.items():
        list_word(name, function)
    for name, function in TWINS.items():
        family = function.__module__.rsplit(".", 1)[-1]
        widened = (family in _WIDENED and not name.endswith("_")) or name in vocabulary.ACCUMULATE
        word(name, quietly(in_single(function, name if native else "") if widened else function))
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


K.conj = _conj_of_most  # hot path: almost always real


def set_num_threads(n: int) -> None:
    """Use n threads in native kernels from now on. RuntimeError: n < 1."""
    if type(n) is not int or n < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    if native is not None:
        native.set_num_threads(n)


def get_num_threads() -> int:
    """How many threads native kernels use (1 without them)."""
    return native.get_num_threads() if native is not None else 1


def set_winograd(on: bool) -> None:
    """Whether native convolutions may take Winograd's way from now on."""
    if native is not None:
        native.set_winograd(on)


def get_winograd() -> bool:
    """Whether native convolutions may take Winograd's way (False without them)."""
    return native is not None and native.get_winograd()


def set_medium_products(on: bool) -> None:
    """Whether native products of float32 may round their operands to bfloat16 from now on."""
    if native is not None:
        native.set_medium_products(on)


set_winograd(os.environ.get("RUSHLIGHT_WINOGRAD", "") != "0")


def show_config() -> str:
    """Which kernels are live, for which instruction set, on how many threads, with which BLAS."""
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
