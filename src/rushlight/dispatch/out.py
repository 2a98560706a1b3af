"""Results written into given memory: out=, with its checks, and what operations in place share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.dtype import check_can_cast
from ..core.grad_mode import mode
from ..core.memory import address, is_expanded
from ..core.notices import warn
from ..core.tensor import Tensor
from ..kernels import K
from ..kernels.seam import native
from . import modes

LARGE = 1 << 14  # numbers that a kernel copies


def straight(a: Any, forward: Any, arrays: Sequence, inputs: Sequence = ()) -> Any:
    """forward(*arrays) of a card with `once`, by a kernel that writes into a at once if it can:
    then the result is a. inputs: the arrays that it reads, if not these.
    """
    if native is None or type(a) is not np.ndarray or not a.flags.forc or not a.flags.writeable:
        return forward(*arrays)
    for b in inputs or arrays:
        if type(b) is np.ndarray and b is not a and may_overlap(a, b) and not is_same(a, b):
            return forward(*arrays)
    native.write_to(a)
    try:
        return forward(*arrays)
    finally:
        native.write_to(None)


def fill(a: np.ndarray, values: Any) -> None:
    """a[...] = values, of any dtype; by all threads if a is large."""
    if type(values) is type(a) is np.ndarray and values.dtype is a.dtype:
        if a.size >= LARGE:
            K.assign(a, values)
        else:
            a[...] = values  # a third of the other
    else:
        np.copyto(a, values, casting="unsafe")


def write_result(op: Any, name: str, out: Any, run: Callable[[], Any], inputs: tuple) -> Any:
    """What `run` returns, which runs the op on its inputs, into out=; see write_out."""
    if type(out) is Tensor and not modes.ON[0] and _may_be_straight(op, out, inputs):
        read = [t._a for t in inputs if isinstance(t, Tensor)]
        result = straight(out._a, run, (), read)
    else:
        result = run()
    check = getattr(op, "check_out", None)
    if check is not None:
        check(out, result)
    return write_out(name, out, result, inputs, getattr(op, "apart", False))


def _may_be_straight(op: Any, out: Tensor, inputs: tuple) -> bool:
    """Whether a kernel may write into a large out at once: no gradient has to be refused."""
    if not getattr(op, "once", False) or out._a.size < LARGE or out._rg:
        return False
    if any(isinstance(t, Tensor) and t._rg for t in inputs):
        return False
    return op.select(op.arguments(inputs)).once


def write_out(name: str, out: Any, result: Any, inputs: tuple = (), apart: bool = False) -> Any:
    """Write what an op returned into the tensor (or tensors) given as out=; returns `out`.

    TypeError: out is no tensor, or not as many as there are results. RuntimeError: a gradient is
    wanted, the dtype is too narrow, or out overlaps an input (with apart: or is one).
    """
    several = isinstance(result, tuple)
    outs = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    results = result if several else (result,)
    if len(outs) != len(results) or not all(isinstance(o, Tensor) for o in outs):
        want = f"tuple of {len(results)} Tensors" if several else "Tensor"
        got = type(out).__name__ if isinstance(out, Tensor) or not several else f"{len(outs)} items"
        raise TypeError(f"{name}(): argument 'out' must be {want}, not {got}")
    given = [t for a in inputs for t in (a if isinstance(a, (list, tuple)) else (a,))]
    given = [t for t in given if isinstance(t, Tensor)]
    if mode.grad and any(t._rg for t in (*given, *outs)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    for o, r in zip(outs, results, strict=True):
        if o._a.size and is_expanded(o._a):
            raise expanded_error()
        for t in given:
            check_overlap(o, t, r, apart)
        store(o, r)
    if hasattr(result, "_fields"):
        return type(result)(*outs)
    return out


def check_overlap(out: Tensor, x: Tensor, result: Tensor, apart: bool = False) -> None:
    """RuntimeError if `out` overlaps `x`, unless they are the same elements in the same order, and
    those of the result, too (and not apart).
    """
    a, b = out._a, x._a
    resized = out is x and a.shape != result._a.shape  # an input that would become another one
    if not resized and not may_overlap(a, b):
        return
    if not apart and is_same(a, b) and a.shape == result._a.shape:
        return
    if is_dense(a) and is_dense(b):
        raise overlap_error()


def may_overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether the bytes between the first and the last element of both meet."""
    return bool(a.size and b.size and np.may_share_memory(a, b))


def is_same(a: np.ndarray, b: np.ndarray) -> bool:
    """The same elements of the same memory in the same order."""
    return address(a) == address(b) and a.strides == b.strides and a.shape == b.shape


def is_dense(a: Any) -> bool:
    """No gaps. Of others PyTorch does not ask whether they meet: two strided grids may lie side by
    side, and to find out would cost more than it is worth."""
    low, high = np.lib.array_utils.byte_bounds(a if type(a) is np.ndarray else a.shadow)
    return high - low == a.size * a.itemsize


def expanded_error() -> RuntimeError:
    return RuntimeError(
        "unsupported operation: more than one element of the written-to tensor refers to a single "
        "memory location. Please clone() the tensor before performing the operation."
    )


def overlap_error() -> RuntimeError:
    return RuntimeError(
        "unsupported operation: some elements of the input tensor and the written-to tensor refer "
        "to a single memory location. Please clone() the tensor before performing the operation."
    )


def of_the_same_dtype(out: Any, result: Any) -> None:
    """RuntimeError: out= has another dtype than the result; for ops that write elements as they
    are. A card's `check_out`.
    """
    several = isinstance(result, tuple)
    for o, r in zip(out, result, strict=False) if several else [(out, result)]:
        if isinstance(o, Tensor) and o.dtype is not r.dtype:
            names = {"float32": "float", "float64": "double", "int64": "long int"}
            wanted, given = (names.get(d.name, d.name) for d in (r.dtype, o.dtype))
            raise RuntimeError(
                f"Expected out tensor to have dtype {wanted}, but got {given} instead"
            )


def store(out: Tensor, result: Tensor) -> None:
    """Copy a result into `out` and count the change; a wrong shape is resized, with a warning."""
    check_can_cast(result.dtype, out.dtype)
    if result.is_meta or out.is_meta:
        if result.device is not out.device:
            raise RuntimeError(
                f"Attempting to copy from device {result.device} to device {out.device}, but "
                "cross-device copies are not allowed!"
            )
        out._a = out._a if out._a.shape == result._a.shape else result._a.astype(out._a.dtype)
        out._bump()
        return
    if out._a.shape != result._a.shape:
        if out._a.size:
            warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out._a.shape)}, which does not match the required output shape "
                f"{list(result._a.shape)}. This behavior is deprecated, and in a future PyTorch "
                "release outputs will not be resized unless they have zero elements. You can "
                "explicitly reuse an out tensor t by resizing it, inplace, to zero elements with "
                "t.resize_(0).",
            )
        out._a = np.empty(result._a.shape, out._a.dtype)
    if out._a is not result._a:  # else a kernel has written there
        fill(out._a, result._a)
    out._bump()
