"""In place.

Results written into a tensor's memory, with its version, its history and its base kept right.
"""

from __future__ import annotations

import gc
from functools import partial
from sys import getrefcount
from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..autograd.node import edge_of, make_node
from ..core.dtype import (
    FLOAT,
    check_can_cast,
    from_numpy_dtype,
    get_default_dtype,
    result_dtype,
)
from ..core.grad_mode import inferring, mode
from ..core.making import put
from ..core.memory import is_expanded
from ..core.notices import warn
from ..core.parameter import Parameter
from ..core.tensor import Tensor, new, wrap
from ..kernels import K, as_array, native
from . import modes
from .call import record, replay
from .messages import explain, refused
from .op import CARDS, Card
from .out import LARGE, check_overlap, expanded_error, fill, straight
from .promotion import alike, promoted

_USUAL = (Tensor, Parameter)
_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)

# a 0-d tensor is read before they write
_OF_ONE_NUMBER = frozenset({"fill", "index_fill", "masked_fill"})


def apply_inplace(card: Card, args: tuple) -> Tensor:
    """Run a card and put its result into the first argument's memory."""
    return args[0] if card.changed(args) else _generally(card, args)


def _generally(card: Card, args: tuple) -> Tensor:
    """Likewise, with all that there is to think of."""
    if modes.ON[0] and (result := modes.changed(card, args)) is not NotImplemented:
        return result
    x = args[0]
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{card.name}_(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}"
        )
    grad, track = mode.grad, False
    others = [a for a in args[1:] if isinstance(a, Tensor)]
    if grad:
        track = x._rg
        for a in others:
            track = track or a._rg
    if track and (card.backward is not None or card.boolean or card.not_for):
        check_inplace(x)
    if grad and x._inference and not mode.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can "
            "make a clone to get a normal tensor before doing inplace update."
        )
    same = card.promote is None or alike(card, args)
    if not same and not card.boolean:
        if card.promote == "arith" or x.dtype.category < FLOAT:
            found = result_dtype([a for i in card.tensors if (a := args[i]) is not None])
            if card.promote == "float" and found.category < FLOAT:
                found = get_default_dtype()
            check_can_cast(found, x.dtype)
    for a in others:
        if a is x or (a._v is x._v and a._v is not None):
            if a._a.ndim or card.name not in _OF_ONE_NUMBER:
                check_overlap(x, a, x, card.apart)
    if track or not same:
        old = new(Tensor)
        old._a, old._rg, old._node, old._view, old._v = x._a, x._rg, x._node, None, None
        if x._node is not None:
            old._slot = x._slot
        if track and card.saves_first:
            old._a = x._a.copy()
        args = (old, *args[1:])
        if not same:
            args = promoted(card, args)
    arrays = [a._a if isinstance(a, Tensor) else a for a in args]
    if card.not_for and arrays[0].dtype.kind in card.not_for:
        raise refused(card, arrays)
    try:
        r = _computed(card, x._a, arrays)
    except (ValueError, IndexError, TypeError, AttributeError) as e:
        raise explain(card, args, e) from None
    results = r if type(r) is tuple else (r,)
    kind: Any = getattr(results[0], "dtype", x._a.dtype)
    if card.promote is None and kind is not x._a.dtype:
        check_can_cast(from_numpy_dtype(kind), x.dtype)
    write(x, results[0], card.name)
    if track and card.backward is not None:
        rebase(x, card, args, (x._a, *results[1:]))
    elif track and card.boolean:
        rebase(x, _without_gradient(card), args, (x._a,))
    return x


def _computed(card: Card, a: Any, arrays: list) -> Any:
    """What forward gives for the arrays; a itself if it is large and a kernel wrote there."""
    forward = card.forward if card.narrow is None else card.forward_for(arrays[0])
    return straight(a, forward, arrays) if card.once and a.size >= LARGE else forward(*arrays)


def _first_change(card: Card, args: tuple) -> bool:
    kind = 0 if card.promote is None else 2 if card.promote == "float" else 1
    if kind and card.check:
        card.changed = _never
        return False
    card.changed = changer(
        _into_first(card, card.forward),
        card.narrow and _into_first(card, card.narrow[0]),
        partial(_finish, card),
        card.not_for,
        kind,
        sum(1 << i for i in card.tensors) if type(card.tensors) is tuple else 0,
        card.once and card.into is None,
        modes.ON,
        inferring,
        mode,
    )
    return card.changed(args)


def _into_first(card: Card, forward: Any) -> Any:
    """forward, after `into` was asked to write into x itself."""
    into = card.into
    if into is None:
        return forward
    return lambda *arrays: arrays[0] if into(*arrays) else forward(*arrays)


Card.changed = _first_change


def _never(args: tuple) -> bool:
    return False


def _changer(forward: Any, narrow: Any, finish: Any, not_for: str, promoted: int, operands: int,
             once: bool, asked: list, inferring: list, mode: Any) -> Any:  # fmt: skip
    """`changed` of a card. See `native.changer`, which is the same.

    forward, narrow   what computes the result; narrow: of two-byte numbers, None: the same
    finish(x, array)  writes a result that is not like x
    not_for           kinds of dtypes that are refused
    promoted          0: operands keep their dtypes; 1: they are all of one; 2: of one of floats
    operands          bit i: args[i] is promoted
    once              as of a card
    asked             [whether modes are on]
    """

    def changed(args: tuple) -> bool:
        """The result in args[0], if its elements are all that there is to think of: no graph, no
        other dtype, no memory that others hold, too."""
        x = args[0]
        if asked[0] or inferring[0] or type(x) not in _USUAL or type(a := x._a) is not np.ndarray:
            return False
        arrays: list[Any] = [a]
        d, wanted = a.dtype, x._rg
        if x._inference or d.kind in not_for or (promoted == 2 and d is not _F32 and d is not _F64):
            return False
        for i, o in enumerate(args[1:], 1):
            if not isinstance(o, Tensor):
                if promoted and operands >> i & 1:
                    return False
                arrays.append(o)
                continue
            if type(o) not in _USUAL or o is x or (o._v is x._v and o._v is not None):
                return False
            b = o._a
            if type(b) is not np.ndarray or (promoted and b.dtype is not d):
                return False
            wanted = wanted or o._rg
            arrays.append(b)
        if wanted and mode.grad:
            return False
        try:
            r = (forward if narrow is None or a.itemsize != 2 else narrow)(*arrays)
        except (ValueError, IndexError, TypeError, AttributeError):  # worded by the general way
            return False
        if type(r) is tuple:
            r = r[0]
        if r is a:
            x._bump()
        elif put(x, r) is None:
            finish(x, r)
        return True

    return changed


changer: Any = _changer if native is None else native.changer


def _finish(card: Card, x: Tensor, r: Any) -> None:
    if card.promote is None and getattr(r, "dtype", x._a.dtype) is not x._a.dtype:
        check_can_cast(from_numpy_dtype(r.dtype), x.dtype)
    write(x, r, card.name)


def _without_gradient(card: Card) -> Card:
    """A comparison in place: x is overwritten by constants, so its gradient is 0."""
    found = card.variants.get("in place")
    if found is None:
        found = card.variants["in place"] = card.copied()
        found.backward = _zero
    return found


def _zero(c: Any, dy: Any) -> Any:
    return K.zeros_like(dy)


def _change(card: Card, args: Any) -> Tensor:
    if card.prepare is not None:
        args = card.prepare(*args)
    if card.variant is not None:
        card = card.select(args)
    return args[0] if card.changed(args) else _generally(card, args)


Card.change = _change


# ops that write elements one by one: PyTorch only warns if the target's elements share memory
_ONE_BY_ONE = {"index_put": " This also applies to advanced indexing e.g. tensor[indices] = tensor"}
_ONE_BY_ONE["masked_fill"] = ""
_ONE_BY_ONE["index_fill"] = " This also applies to advanced indexing e.g. tensor[mask] = scalar"
# PyTorch does not look whether elements of these share memory
_NOT_LOOKED_AT = frozenset({"fill", "tril", "triu", "zero"})


def write(x: Tensor, values: Any, name: str = "") -> None:
    """Copy values into the memory of x (same shape, or broadcast up to it) and count the change."""
    a = x._a
    shape = getattr(values, "shape", None)
    if shape != a.shape:
        if shape is None:
            shape = np.shape(values)
        if shape and np.broadcast_shapes(shape, a.shape) != a.shape:
            raise RuntimeError(
                f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(shape)}"
            )
    flags = a.flags
    if flags.forc and flags.writeable:
        pass
    elif name in _NOT_LOOKED_AT and is_expanded(a):
        return _write_changed(x, values)
    elif name in _ONE_BY_ONE and is_expanded(a):
        warn(
            f"Use of {name}_ on expanded tensors is deprecated. Please clone() the tensor before "
            f"performing this operation.{_ONE_BY_ONE[name]}",
        )
        return _write_changed(x, values)
    elif not flags.writeable:
        a = writable(x)
    elif a.ndim and 0 in a.strides and a.size > 1 and is_expanded(a):
        raise expanded_error()
    elif a.size < 2**16 and _elements_under(a) < a.size:
        return _write_changed(x, values)
    if values is not a:  # else a kernel has written there
        fill(a, values)
    x._bump()


def _elements_under(a: np.ndarray) -> int:
    """How many elements lie between the first and the last one of a, fewer than a.size if it is a
    strided view whose elements share memory."""
    span = sum(abs(s) * (n - 1) for s, n in zip(a.strides, a.shape, strict=True))
    return span // a.itemsize + 1


def _write_changed(x: Tensor, values: Any) -> None:
    """Write what differs only: an element that shares its memory with others must not be put back
    by them."""
    a = x._a if x._a.flags.writeable else writable(x)
    values = as_array(values).astype(a.dtype, copy=False)
    np.copyto(a, values, where=values != a.copy())
    x._bump()


def writable(x: Tensor) -> np.ndarray:
    """The array of x for writing.

    Expanded tensors are refused in PyTorch's words, read-only memory by name.
    """
    a = x._a
    if is_expanded(a):
        raise expanded_error()
    raise RuntimeError(
        "the tensor shares read-only memory of a NumPy array and cannot be changed in place; "
        "clone() it first"
    )


def rebase(x: Tensor, card: Card, args: tuple, results: tuple) -> None:
    """After an in-place operation x, and the base it is a view of, come from the new node."""
    view, x._view = x._view, None
    base = x if view is None else view.base
    first = not base._rg
    node = record(card, args, results, (x,))
    if x._v is not None:
        _outdate(node, x._v)
    x._view = view
    if view is not None:
        view.fit(x)
        old_edge = edge_of(base)
        scatter = make_node(
            CARDS["_view_scatter"].node_type, (old_edge, node), (view.replay, base._a.shape)
        )
        base._node, base._slot, base._rg = scatter, 0, True
    # the cell is held by base, x and the argument; by more if there are other views
    if first and base._rg and getrefcount(base._v) > (2 if view is None else 3):
        _wake_views(base)


def _outdate(node: Any, cell: list) -> None:
    """What the node keeps beside the old value of the tensor that was written, in the same memory
    (x.mul_(x)), it kept before the write."""
    for j in node.tensor_slots:
        s = node.saved[j]
        if isinstance(s, Tensor) and s._v is cell:
            versions = node.versions or [0] * len(node.saved)
            node.versions = [*versions[:j], cell[0] - 1, *versions[j + 1 :]]


def _wake_views(base: Tensor) -> None:
    """Tell the views of `base` that it has a history from now on: they were made when it had none,
    and an op looks at `_rg` alone. A base does not know its views (a list would cost more than
    making a view does), so they are looked for; this happens once in the life of a base.
    """
    for t in gc.get_referrers(base._v):
        if isinstance(t, Tensor) and t._view is not None and t._view.base is base:
            if t._a.dtype.kind in "fcV":
                t._rg = True


class _ViewScatter:
    """The base after a view of it was overwritten: y = base outside the view, new inside."""

    def forward(base, new, chain, shape):
        raise AssertionError("recorded by rebase, never called")

    def backward(c: Any, dy, chain, shape):
        outside = np.ones(shape, dtype=bool)
        inside = replay(chain, outside)
        if np.may_share_memory(inside, outside):
            inside[...] = False
        else:  # by strides, and the base does not lie in memory as `outside` does
            places = replay(chain, np.arange(outside.size).reshape(shape))
            outside.reshape(-1)[places] = False
        base = None
        if c.needs(0):  # 0 inside, also where dy is infinite
            kept = wrap(outside) if isinstance(dy, Tensor) else outside
            base = K.where(kept, dy, K.zeros_like(dy))
        return base, replay(chain, dy) if c.needs(1) else None


CARDS["_view_scatter"] = Card(_ViewScatter, "_view_scatter", tensors=2, node="CopySlices")
