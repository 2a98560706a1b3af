"""pickle, copy.copy and copy.deepcopy of tensors.

Pickling sends the elements of one tensor (multiprocessing does this to every batch). Files of many
tensors that share memory are written by `saving.py`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from ..core.device import moved, resolve
from ..core.dtype import adopted
from ..core.memory import address, flat_bytes, on_host, storage_array
from ..core.meta import MetaArray, phantom
from ..core.parameter import Parameter
from ..core.tensor import Tensor, wrap

__all__ = [
    "attributes",
    "copy_tensor",
    "deepcopy_tensor",
    "rebuild_tensor",
    "reduce_tensor",
    "set_attributes",
]

# What autograd keeps in a tensor's __dict__; all else there is the user's.
_ENGINE = frozenset(("_grad", "_hooks", "_after_grad", "_keeps_grad", "_inference"))


def attributes(t: Tensor) -> dict[str, Any]:
    """The attributes that the user has set on a tensor."""
    return {name: value for name, value in t.__dict__.items() if name not in _ENGINE}


def set_attributes(t: Tensor, state: dict[str, Any]) -> Tensor:
    """Set attributes that `attributes` has found; names of autograd's own are a ValueError."""
    if not _ENGINE.isdisjoint(state):
        raise ValueError(f"not attributes of a tensor's user: {sorted(_ENGINE & set(state))}")
    t.__dict__.update(state)
    return t


def reduce_tensor(t: Tensor) -> tuple[Any, ...]:
    """For pickle: how to make a leaf with these elements, dtype, class and attributes.

    `.grad`, hooks and history stay behind, as in PyTorch.
    """
    # our own classes bear PyTorch's names, under which pickle would look for them in PyTorch
    kind = {Tensor: "Tensor", Parameter: "Parameter"}.get(type(t), type(t))
    if t.is_meta:
        parts = (t._a.shape, t._a.dtype, t._a.strides)
        return rebuild_meta, (kind, *parts, t._rg, attributes(t))
    if type(t._a) is not np.ndarray and hasattr(t._a, "cell"):
        return rebuild_on, (str(t.device), kind, on_host(t._a), t._rg, attributes(t))
    return rebuild_tensor, (kind, t._a, t._rg, attributes(t))


def rebuild_on(
    where: str, kind: Any, a: np.ndarray, requires_grad: bool, state: dict[str, Any]
) -> Tensor:
    """Likewise, for a tensor of another device; it stays on the CPU where there is none."""
    try:
        place = resolve(where)
    except (RuntimeError, AssertionError):
        return rebuild_tensor(kind, a, requires_grad, state)
    t = rebuild_tensor(kind, a, requires_grad, state)
    t._a = moved(a, place)
    return t


def rebuild_tensor(kind: Any, a: np.ndarray, requires_grad: bool, state: dict[str, Any]) -> Tensor:
    """The inverse of `reduce_tensor`."""
    t = wrap(adopted(a) if type(a) is not MetaArray else a)
    if kind != "Tensor":
        t = t.as_subclass(Parameter if kind == "Parameter" else kind)
    t._rg = requires_grad
    return set_attributes(t, state) if state else t


def rebuild_meta(
    kind: Any, shape: tuple, dtype: Any, strides: tuple, requires_grad: bool, state: dict[str, Any]
) -> Tensor:
    """Likewise, for a tensor without elements."""
    return rebuild_tensor(kind, phantom(shape, dtype, strides), requires_grad, state)


def copy_tensor(t: Tensor) -> Tensor:
    """For copy.copy: a leaf that shares the elements, with the same attributes; `.grad` stays."""
    new = t.detach() if type(t) is Tensor else t.detach().as_subclass(type(t))
    new._rg = t._rg
    return set_attributes(new, attributes(t))


def deepcopy_tensor(t: Tensor, memo: dict[int, Any]) -> Tensor:
    """For copy.deepcopy: a leaf with memory of its own, its `.grad` and attributes copied, too.

    Tensors that share memory share it in the copy, if they are copied in one call.
    RuntimeError: not a leaf.
    """
    if id(t) in memo:
        return memo[id(t)]
    if not t.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
            "because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001\n"
            f"  this one comes from {t.grad_fn.name()}; fix: t.detach().clone()"
        )
    new = wrap(_copied_memory(t._a, memo))
    if type(t) is not Tensor:
        new = new.as_subclass(type(t))
    memo[id(t)] = new
    new._rg = t._rg
    if t._grad is not None:
        new._grad = deepcopy(t._grad, memo)
    state = attributes(t)
    return set_attributes(new, deepcopy(state, memo)) if state else new


def _copied_memory(a: np.ndarray, memo: dict[int, Any]) -> np.ndarray:
    """The same view of a copy of the memory under `a`; the memo keeps one copy per memory."""
    if type(a) is MetaArray:
        return phantom(a.shape, a.dtype, a.strides)
    if type(a) is not np.ndarray and hasattr(a, "cell"):  # on another device
        found: Any = a
        memo.setdefault(id(memo), []).append(found.cell)  # as below
        return found.of_cell(memo.setdefault(id(found.cell), found.cell.copy()))
    root = storage_array(a)
    memory = flat_bytes(root)
    if memory is None or any(s < 0 for s in a.strides):
        return a.copy()
    copy = memo.get(id(root))
    if copy is None:
        copy = memo[id(root)] = root.copy(order="K")
        memo.setdefault(id(memo), []).append(root)  # its id must not be used again meanwhile
    if a is root:
        return copy
    offset = address(a) - address(root) if a.size else 0
    return np.ndarray(a.shape, a.dtype, flat_bytes(copy), offset, a.strides)


for _name, _method in {
    "__reduce_ex__": lambda t, protocol: reduce_tensor(t),
    "__copy__": copy_tensor,
    "__deepcopy__": deepcopy_tensor,
}.items():
    setattr(Tensor, _name, _method)
