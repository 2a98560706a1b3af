"""The size of gradients: measured, and kept below a bound."""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np

from ...core.notices import warn
from ...core.tensor import Tensor, wrap
from ...dispatch.promotion import real


def _listed(tensors: Any) -> list[Tensor]:
    """One tensor, or the tensors of an iterable."""
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Any) -> list[Tensor]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


def _elsewhere(arrays: list) -> bool:
    """Are they on a device, or stand for values while a step is traced? No value is asked for."""
    return any([type(a) is not np.ndarray for a in arrays])


def _norm_there(arrays: list, p: float) -> Any:
    """The norm of arrays of a device, as a 0-d array there."""
    wide = [a if a.itemsize >= 4 else a.astype(np.float32) for a in arrays]
    if p == 2:
        return np.sqrt(sum([(abs(a) ** 2).sum() for a in wide[1:]], (abs(wide[0]) ** 2).sum()))
    return _norm(np.stack([_norm(a, p) for a in wide]), p)


def _squares(a: np.ndarray) -> float:
    """Σ |a|²."""
    flat = a.ravel() if a.itemsize >= 4 else a.ravel().astype(np.float32)
    return float(np.vdot(flat, flat).real)


def _norm(a: np.ndarray, p: float) -> Any:
    """(Σ |a|^p)^(1/p); the largest for ∞, the smallest for -∞, how many are not 0 for 0."""
    if p == 0:
        return np.count_nonzero(a)
    size = np.abs(a)
    if math.isinf(p):
        return size.max(initial=0.0) if p > 0 else size.min(initial=math.inf)
    return (size**p).sum() ** (1.0 / p)


def get_total_norm(
    tensors: Any,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all elements of all tensors, as a 0-d tensor.

    RuntimeError: it is infinite or NaN (with error_if_nonfinite). foreach: there is one way here.
    """
    arrays = [t._a for t in _listed(tensors)]
    if not arrays:
        return wrap(np.array(0.0, np.float32))
    p = float(norm_type)
    total: Any
    if _elsewhere(arrays):
        total = _norm_there(arrays, p)
    elif p == 2:
        total = math.sqrt(sum([_squares(a) for a in arrays]))
    else:
        total = float(_norm(np.array([_norm(a, p) for a in arrays]), p))
    if error_if_nonfinite and not math.isfinite(float(total)):
        raise RuntimeError(
            f"The total norm of order {p} for gradients from `parameters` is non-finite, so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite "
            "norm anyway, set `error_if_nonfinite=False`"
        )
    dtypes = {a.dtype for a in arrays}
    dtype = np.result_type(*dtypes) if len(dtypes) > 1 else dtypes.pop()
    if _elsewhere(arrays):
        return wrap(total.astype(np.empty(0, dtype).real.dtype))
    return wrap(np.array(total, np.empty(0, dtype).real.dtype))


def clip_grads_with_norm_(
    parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Multiply all gradients by max_norm / total_norm where that is less than 1."""
    if type(total_norm._a) is not np.ndarray:
        less = np.minimum(real(max_norm) / (total_norm._a + 1e-6), 1.0)
        for g in _gradients(parameters):
            g._a *= less.astype(g._a.dtype)
            g._bump()
        return
    coefficient = float(max_norm) / (float(total_norm) + 1e-6)
    if coefficient >= 1.0:
        return
    for g in _gradients(parameters):
        g._a *= coefficient
        g._bump()


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients so that their norm together is max_norm at most; returns the norm before.

    RuntimeError: it is infinite or NaN (with error_if_nonfinite).
    """
    listed = _listed(parameters)
    if not listed and isinstance(parameters, types.GeneratorType):
        warn("`parameters` is an empty generator, no gradient clipping will occur.")
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, real(max_norm), total)
    return total


def clip_grad_norm(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of `clip_grad_norm_`."""
    warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Put every element of every gradient into [-clip_value, clip_value]."""
    bound = real(clip_value)
    for g in _gradients(parameters):
        if type(g._a) is np.ndarray:
            np.clip(g._a, -bound, bound, out=g._a)
        else:
            g._a[...] = np.minimum(np.maximum(g._a, -bound), bound)
        g._bump()
