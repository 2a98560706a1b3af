"""What ops make of tensors on the device "meta": shape, dtype, strides and history, no elements.

A mode (dispatch/modes.py) that is on while a MetaArray lives. It finds the shape of a card's result

    views        by running the card: NumPy's views need no elements
    element wise by broadcasting; SAME: that of the first argument
    by formula   RULES: products, convolutions, poolings, cat, ...
    small ones   by running the card on zeros of the same strides
    others       by running it on small zeros, each size standing for a large one

and its dtype by running it where every size is 1 (or small). What cannot be found is refused by
name. Nodes are recorded whose backward gives gradients without elements. Composites run as they
are; those that look at elements run on zeros, up to a size.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..autograd.node import edge_of, make_node
from ..core.dtype import int64, result_dtype
from ..core.grad_mode import mode as grad_mode
from ..core.grad_mode import no_grad
from ..core.meta import (
    NO_DATA,
    MetaArray,
    NoData,
    device_of,
    ordered_strides,
    phantom,
    without_data,
)
from ..core.sparse import SparseTensor
from ..core.tensor import Tensor, new, wrap
from ..dispatch import modes
from ..dispatch.call import RECORD, runner
from ..dispatch.messages import mismatch
from ..dispatch.op import CARDS, Card
from .meta_rules import CONTIGUOUS, DATA, ELEMENTWISE, FILLS, NOT_ELEMENTWISE, ORDERED, RULES, SAME
from .shape import as_view

_I64 = int64.np
SMALL = 1 << 14  # so many elements are computed with rather than reasoned about
LARGE = 1 << 20  # and so many where there is nothing to reason with


class Meta:
    """The mode, see modes.py."""

    names = None

    @staticmethod
    def run(op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
        """The op's result without elements; NotImplemented if none of its arguments is."""
        found = _tensors((*args, *kwargs.values()))
        if not any(type(t._a) is MetaArray for t in found):
            if op.name == "index" and any(type(k) is MetaArray for k in args[1]):
                raise _two_devices("meta", "cpu")
            return NotImplemented
        if op.name in DATA:
            raise _refused(op.name)
        if not isinstance(op, Card):
            rule = WHOLE.get(op.name)
            if rule is not None:
                return rule(op, args, kwargs)
            try:
                return go(*args, **kwargs)
            except (NoData, TwoDevices) as e:
                mixed = len({device_of(t._a) for t in found}) > 1
                if mixed or str(e) == NO_DATA or "aten::" in str(e):
                    raise
            return _computed(op, args, kwargs)
        _check_devices(op, found)
        return _result(op, args)

    @staticmethod
    def change(card: Any, args: tuple) -> Any:
        """In place: nothing is written, shapes and devices are checked."""
        found = _tensors(args)
        if not any(type(t._a) is MetaArray for t in found):
            return NotImplemented
        x = args[0]
        if card.name == "copy":
            if type(x._a) is not MetaArray:
                raise NoData(NO_DATA)
        elif card.name not in FILLS:
            _check_devices(card, found)
            y = _result(card, args)
            if y.shape != x.shape:
                raise RuntimeError(
                    f"output with shape {list(x.shape)} doesn't match the broadcast shape "
                    f"{list(y.shape)}"
                )
        if grad_mode.grad and any(t._rg for t in found):
            if x._rg and x._node is None:
                raise RuntimeError(
                    "a leaf Variable that requires grad is being used in an in-place operation."
                )
            _record(card, args, [x])
        x._bump()
        return x


def switch(on: bool) -> None:
    """Called with the first array without elements, and after the last."""
    (modes.switch_on if on else modes.switch_off)(Meta)


def _refused(name: str) -> NoData:
    if name in ("nonzero", "argwhere"):
        return NoData(
            "The register_meta function for torch.nonzero() raises unimplemented by default, as a "
            "correct data-independent implementation does not exist.\n  fix: run it on the CPU"
        )
    return NoData(
        f"aten::{name}: attempted to run this operator with Meta tensors, but there was no fake "
        "impl or Meta kernel registered.\n  its result depends on elements, or rushlight does not "
        "know its shape; fix: run it on the CPU"
    )


def _tensors(args: Any) -> list[Tensor]:
    """The tensors among arguments and in lists of them."""
    found = []
    for a in args:
        for t in a if type(a) in (list, tuple) else (a,):
            if isinstance(t, Tensor) and not isinstance(t, SparseTensor):
                found.append(t)
    return found


def _check_devices(card: Any, tensors: list[Tensor]) -> None:
    """RuntimeError: a tensor of the CPU (with dimensions) beside one of "meta"."""
    if card.name in ("embedding", "index", "copy"):
        return
    first = device_of(tensors[0]._a)
    for t in tensors[1:]:
        here = device_of(t._a)
        if here is not first and t._a.ndim and tensors[0]._a.ndim:
            raise _two_devices(here, first)


class TwoDevices(RuntimeError):
    """Tensors of two devices in one call."""


TwoDevices.__name__ = TwoDevices.__qualname__ = "RuntimeError"
TwoDevices.__module__ = "builtins"


def _two_devices(found: Any, wanted: Any) -> TwoDevices:
    return TwoDevices(
        f"Tensor on device {found} is not on the expected device {wanted}!\n"
        "  fix: .to('meta') what has elements, or materialise what has none"
    )


# ---------------------------------------------------------------- results


def _result(card: Card, args: tuple) -> Any:
    """What `run` of a card returns, on "meta"."""
    if card.view and not (card.name == "reshape" and not _viewable(*args[:2])):
        return _view(card, args)
    rule = RULES.get(card.name)
    first = _tensors(args)[0]._a
    if rule is not None:
        shape = rule(*[_array(a) for a in args])
        kind = result_dtype(list(args[0])).np if card.listed else first.dtype
        shapes = shape if isinstance(shape, list) else [shape]
        count = 1 if card.listed else card.outputs
        found = [(kind, None)] * count + [(_I64, None)] * (card.visible - count)
        return _made(card, args, found, shapes, card.name not in ORDERED)
    if card.name in ELEMENTWISE or (card.promote is not None and card.name not in NOT_ELEMENTWISE):
        found, shapes = _run(card, [_ones(a) for a in args]), [_broadcast(card, args)]
        return _made(card, args, found, shapes, card.name in CONTIGUOUS)
    if card.name == "clone" and args[1].name.startswith("channels_last"):
        rank = first.ndim
        if args[1].name != {4: "channels_last", 5: "channels_last_3d"}.get(rank):
            need = 4 if args[1].name == "channels_last" else 5
            raise RuntimeError(f"required rank {need} tensor to use {args[1].name} format")
        y = _made(card, args, [(first.dtype, None)], [first.shape], contiguous=True)
        moved = phantom(tuple(first.shape[i] for i in (0, *range(2, rank), 1)), first.dtype)
        y._a = moved.transpose((0, rank - 1, *range(1, rank - 1)))
        return y
    if card.name in SAME:
        if card.name == "clone" and args[1].name == "contiguous_format":
            return _made(card, args, [(first.dtype, None)], [first.shape], contiguous=True)
        return _made(card, args, _same(card, args), [first.shape], card.name in CONTIGUOUS)
    if sum(t._a.size for t in _tensors(args)) <= SMALL:
        return _made(card, args, _run(card, [_zeros(a) for a in args]), None)
    return _shrunk(card, args)


def _array(a: Any) -> Any:
    return a._a if isinstance(a, Tensor) else [t._a for t in a] if type(a) is list else a


def _viewable(x: Tensor, shape: tuple) -> bool:
    """Can x be seen in this shape without a copy? (Sizes that do not fit are left to the card.)"""
    return prod(shape) != x._a.size or as_view(x._a, shape) is not None


def _view(card: Card, args: tuple) -> Any:
    result = _raw(card)(args)
    for t in result if isinstance(result, tuple) else (result,):
        if type(t._a) is not MetaArray:
            t._a = t._a.view(MetaArray)
    if args[0]._rg and grad_mode.grad:
        _record(card, args, list(result) if isinstance(result, tuple) else [result])
    return result


def _raw(card: Card) -> Any:
    """A card's own `run`."""
    return card.unasked or runner(card)


def _run(card: Card, args: Any) -> list[tuple]:
    """(array, ...) of what the card makes of small arguments."""
    with no_grad():
        found = _raw(card)(tuple(args))
    return [(t._a.dtype, t._a) for t in (found if isinstance(found, tuple) else (found,))]


def _same(card: Card, args: tuple) -> list[tuple]:
    """Likewise for a result as large as the first argument: computed where all sizes are 1; that is
    too small for some options (groups), which do not change the dtype."""
    kind = (_tensors(args)[0]._a.dtype, None)
    if card.name == "native_dropout":
        return [kind, (np.dtype(bool), None)]
    try:
        return _run(card, [_ones(a) for a in args])
    except (RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError):
        return [kind, (_I64, None)]


def _on(a: Tensor, array: np.ndarray) -> Tensor:
    """A plain tensor of this array that wants a gradient if a does."""
    t = wrap(array)
    t._rg = a._rg
    return t


def _mapped(a: Any, f: Any) -> Any:
    if isinstance(a, Tensor):
        return _on(a, f(a._a))
    if type(a) is list:
        return [_mapped(x, f) for x in a]
    return a


def _ones(a: Any) -> Any:
    """The same argument where every size is 1."""
    return _mapped(a, lambda x: np.zeros((1,) * x.ndim, x.dtype))


def _zeros(a: Any) -> Any:
    """The same argument with zeros."""
    return _mapped(a, lambda x: x.view(np.ndarray))


def _broadcast(card: Card, args: tuple) -> tuple:
    shapes = [a._a.shape for a in args[: card.arrays] if isinstance(a, Tensor)]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError(mismatch(shapes)) from None


# small sizes that stand for large ones, in two choices: a size that an option asks for can be taken
# for a stand-in in one of them, but not in both
_STAND_INS = ((5, 6, 8, 9, 10, 12, 14, 15), (7, 11, 13, 16, 17, 18, 19, 20))


def _shrunk(card: Card, args: tuple) -> Any:
    """Small sizes stand for the large ones: each another one, told apart in the result."""
    found, shapes = _reasoned(
        card.name, args, lambda small: _run(card, [_mapped(a, small) for a in args])
    )
    return _made(card, args, found, shapes)


def _reasoned(name: str, args: Any, run: Any) -> tuple[list[tuple], list[tuple]]:
    """(what run(small) gives, [(dtype, array), ...], the shapes with the large sizes again).

    small   the function that makes arguments small
    errors  NotImplementedError: a size of the result is none of the arguments'
    """
    sizes = sorted({n for t in _tensors(args) for n in t._a.shape if n > 1})
    shapes = None
    for choice in _STAND_INS:
        short = dict(zip(sizes, choice, strict=False)) | {0: 0, 1: 1}
        long = {small: n for n, small in short.items()}
        try:
            found = run(lambda x, short=short: _plain(x, tuple(short[n] for n in x.shape)))
            before, shapes = shapes, [tuple(long[n] for n in a.shape) for _, a in found]
        except (KeyError, RuntimeError, ValueError, IndexError, TypeError):
            raise _refused(name) from None
        if before is not None and before != shapes:
            raise _refused(name)
    assert shapes is not None
    return found, shapes


def _plain(x: np.ndarray, shape: tuple) -> np.ndarray:
    """Zeros of a shape, its dimensions in the order of x in memory."""
    y = np.zeros(prod(shape), x.dtype)
    return np.ndarray(shape, x.dtype, y, 0, ordered_strides(shape, x.strides, x.itemsize))


def _made(
    card: Card, args: tuple, found: list[tuple], shapes: Any, contiguous: bool = False
) -> Any:
    """The results: dtypes as in found, (dtype, small array or None) of each, with these shapes.

    shapes  None: those of found; one for all of them if there is one
    """
    first = _tensors(args)[-1 if card.name == "rsub" else 0]._a
    tensors = []
    count = card.visible if isinstance(card.visible, int) else len(found)
    for i, (kind, a) in enumerate(found[:count]):
        shape = a.shape if shapes is None else shapes[min(i, len(shapes) - 1)]
        like = next((x for x in (first, a) if x is not None and x.ndim == len(shape)), None)
        if like is first and shape != first.shape and a is not None and a.ndim == len(shape):
            like = a
        strides = (
            None
            if like is None or contiguous
            else ordered_strides(shape, like.strides, kind.itemsize)
        )
        tensors.append(wrap(phantom(shape, kind, strides)))
    wanted = any(t._rg for t in _tensors(args)) and card.backward is not None
    if grad_mode.grad and wanted and any(t._a.dtype.kind in "fcV" for t in tensors):
        number = len(tensors) if card.outputs == "list" else card.outputs
        _record(card, args, tensors[:number])
    if card.result is not None:
        return card.result(*tensors)
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


# ---------------------------------------------------------------- history


def _record(card: Card, args: tuple, tensors: list[Tensor]) -> None:
    """A node on the results whose backward gives gradients without elements."""
    inputs = list(args[0]) if card.listed else [args[i] for i in card.tensors]
    _hang(card, card.title, inputs, tensors)


def _hang(card: Card, title: str, inputs: list, tensors: list[Tensor]) -> None:
    key = f"{title} on meta"
    back = card.variants.get(key)
    if back is None:
        back = card.variants[key] = card.copied()
        back.title, back.backward, back.save, back.tensor_slots = title, _backward, (), ()
        back.narrow = back.fast_backward = None
        back.slow_backward, back.fill, back.saved_out, back.more_outs = True, False, -1, {}
    edges = tuple([edge_of(a) if isinstance(a, Tensor) else None for a in inputs])
    sizes = tuple([(a._a.shape, a._a.dtype) if isinstance(a, Tensor) else None for a in inputs])
    outs = None
    if back.outputs != 1:
        outs = tuple([(t._a.shape, t._a.dtype) for t in tensors])
    node = make_node(back.node_type, edges, (sizes,), None, outs)
    for slot, t in enumerate(tensors):
        if t._a.dtype.kind in "fcV":
            t._node, t._slot, t._rg = node, slot, True
            if t._view is not None:
                t._view.recorded_at = t._view.base._node


def _computed(op: Any, args: tuple, kwargs: dict) -> Any:
    """A composite that looks at elements: on zeros, of small sizes if it is large."""
    tensors = _tensors((*args, *kwargs.values()))
    last: list[Any] = []

    def run(small: Any) -> list[tuple]:
        result = op.unasked(
            *[_mapped(a, small) for a in args], **{k: _mapped(v, small) for k, v in kwargs.items()}
        )
        last[:] = [result]
        return [(t._a.dtype, t._a) for t in _tensors(_several(result))]

    if sum(t._a.size for t in tensors) <= LARGE:
        try:
            found = run(lambda x: _plain(x, x.shape))
        except (RuntimeError, ValueError, IndexError, TypeError):
            raise _refused(op.name) from None
        shapes = [a.shape for _, a in found]
    else:
        found, shapes = _reasoned(op.name, tensors, run)
    parts, results = list(_several(last[0])), iter(zip(found, shapes, strict=True))
    for i, t in enumerate(parts):
        if isinstance(t, Tensor):
            (kind, a), shape = next(results)
            strides = ordered_strides(shape, a.strides, kind.itemsize)
            parts[i] = y = wrap(phantom(shape, kind, strides))
            if t._rg and t._node is not None:
                _hang(CARDS["to_copy"], type(t._node).__name__, tensors, [y])
    if not isinstance(last[0], tuple):
        return parts[0]
    return type(last[0])(*parts) if hasattr(last[0], "_fields") else tuple(parts)


def _several(result: Any) -> tuple:
    return result if isinstance(result, tuple) else (result,)


def _backward(c: Any, *given: Any) -> tuple:
    """Gradients as large as the inputs."""
    *dys, inputs = given
    dys = dys[0] if len(dys) == 1 and isinstance(dys[0], list) else dys
    found = []
    for i, x in enumerate(inputs):
        g: Any = None if x is None or not c.needs(i) else phantom(*x)
        if g is not None and any(isinstance(dy, Tensor) for dy in dys):
            g = wrap(g)
        found.append(g)
    return tuple(found)


RECORD.append(_record)


def empty(shape: tuple, dtype: Any) -> Tensor:
    """A tensor without elements."""
    return wrap(phantom(shape, dtype.np))


def to_meta(x: Tensor) -> Tensor:
    """x without its elements."""
    t = new(Tensor)
    t._a, t._rg, t._node, t._view, t._v = without_data(x._a), False, None, None, None
    if x._rg and grad_mode.grad:
        _record(CARDS["to_copy"], (x, None, None), [t])
    return t


def _batch_norm(op: Any, args: tuple, kwargs: dict) -> Tensor:
    """Running statistics are not there to be moved."""
    given = dict(zip(op.schema.names, args, strict=False)) | kwargs
    x, card = given["input"], CARDS["batch_norm_training"]
    inputs = (x, given.get("weight"), given.get("bias"), 0.0)
    _check_devices(card, _tensors(inputs))
    return _made(card, inputs, [(x._a.dtype, None)], [x._a.shape])


def _untouched(op: Any, args: tuple, kwargs: dict) -> Any:
    """In place, with numbers only."""
    args[0]._bump()
    return args[0]


def _setitem(op: Any, args: tuple, kwargs: dict) -> None:
    """x[key] = value: nothing is written."""
    if type(args[0]._a) is not MetaArray:
        raise _two_devices("meta", "cpu")
    args[0]._bump()


def _one_hot(op: Any, args: tuple, kwargs: dict) -> Tensor:
    given = dict(zip(op.schema.names, args, strict=False)) | kwargs
    x, classes = given["tensor"], given.get("num_classes", -1)
    if classes < 0:  # the largest index counts them
        raise _refused(op.name)
    return wrap(phantom((*x._a.shape, classes), _I64))


def _repeat_interleave(op: Any, args: tuple, kwargs: dict) -> Tensor:
    """By a number: a size of the result; by numbers that are not there: refused."""
    given = dict(zip(op.schema.names, args, strict=False)) | kwargs
    x, n, dim = given["input"], given.get("repeats"), given.get("dim")
    if not isinstance(n, int):
        raise _refused(op.name)
    x = x.reshape(-1) if dim is None else x
    d = 0 if dim is None else dim % x.ndim
    shape = (*x._a.shape[:d], x._a.shape[d] * n, *x._a.shape[d + 1 :])
    inputs = (x, d, None)
    return _made(CARDS["index_select"], inputs, [(x._a.dtype, None)], [shape], contiguous=True)


# composites that look at elements, and what they are instead
WHOLE: dict[str, Any] = {
    "batch_norm": _batch_norm,
    "zero_": _untouched,
    "fill_diagonal_": _untouched,
    "one_hot": _one_hot,
    "repeat_interleave": _repeat_interleave,
    "setitem": _setitem,
}

__all__ = ["Meta", "empty", "switch", "to_meta"]
