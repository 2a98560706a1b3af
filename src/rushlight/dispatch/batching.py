"""What ops make of batched tensors: a rule by the kind of card, or the samples one by one.

A rule is rule(card, args, level, n) -> results with the batch in front, or NotImplemented; batched
arguments are found by `is_batched`, and `value_of` gives their samples with the batch in front.
What no rule knows is computed sample by sample and stacked: slow, and right.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..core.batched import BatchArray, BatchedRead, batched
from ..core.grad_mode import mode as grad_mode
from ..core.tensor import Tensor, wrap
from .inplace import apply_inplace
from .levels import (
    BATCH,
    DRAW,
    RANDOM,
    Level,
    drawing_for,
    go_on,
    is_batched,
    mapped,
    remade,
    value_of,
)
from .op import CARDS, Card
from .promotion import promoted
from .registry import FUNCTIONS, Composite

RULES: dict[str, Any] = {}  # name of a card -> rule, filled here and in batching_rules.py
# composites that are said on batched tensors otherwise than sample by sample
WHOLE: dict[str, Any] = {}
_DYNAMIC = {
    "nonzero": "nonzero",
    "argwhere": "nonzero",
    "unique": "_unique2",
    "_unique2": "_unique2",
    "unique_dim": "unique_dim",
    "unique_consecutive": "unique_consecutive",
    "bincount": "bincount",
}
GENERATOR: list[Any] = []  # the default one, put here by func/vmap.py
_NO_FALLBACK = frozenset(["equal", "is_nonzero", "item"])


def dynamic(name: str) -> RuntimeError | None:
    """The error for an op whose result's shape depends on elements."""
    if name in _DYNAMIC:
        return RuntimeError(
            "vmap: We do not support batching operators that can output dynamic shape. Attempted "
            f"to vmap over aten::{_DYNAMIC[name]}. Please file an issue at "
            "https://github.com/pytorch/pytorch/issues if you need this feature."
        )
    if name == "masked_select":
        return RuntimeError(
            "vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot "
            "support this because for each batch this would return a differently shaped Tensor. "
            "Please file an issue at https://github.com/pytorch/pytorch/issues if you need this "
            "feature."
        )
    if name in _NO_FALLBACK:
        return RuntimeError(
            f"Batching rule not implemented for aten::{name}. We could not generate a fallback."
        )
    if name == "allclose":
        return RuntimeError(
            "vmap over torch.allclose isn't supported yet. Please file an issue at "
            "https://github.com/pytorch/pytorch/issues if you need this feature."
        )
    return None


def no_randomness() -> RuntimeError:
    """The error for a random op where randomness="error"."""
    return RuntimeError(
        "vmap: called random operation while in randomness error mode. Please either use the "
        "'same' or 'different' randomness flags on vmap or perform the randomness operation out of "
        "vmap"
    )


class Batches:
    """How ops run on batched tensors, see levels.py."""

    @staticmethod
    def run_card(card: Card, args: tuple, level: Level) -> Any:
        """The card's result, batched."""
        error = dynamic(card.name)
        if error is not None:
            raise error
        if card.name in RANDOM:
            return _random_card(card, args, level)
        rule = RULES.get(card.name) or RULES.get(kind_of(card), _none)
        result = rule(card, args, level.number, level.size)
        if result is NotImplemented:
            return one_by_one(lambda *a: card.run(a), args, {}, level)
        if card.result is not None and isinstance(result, tuple):
            result = card.result(*result)
        return again(result, level.number)

    @staticmethod
    def run_composite(op: Any, args: tuple, kwargs: dict, go: Any, level: Level) -> Any:
        """A composite runs as it is; if it looks at elements, on each sample."""
        error = dynamic(op.name)
        if error is not None:
            raise error
        whole = WHOLE.get(op.name)
        if whole is not None:
            result = whole(args, kwargs, level)
            if result is not NotImplemented:
                return result
        if op.name in RANDOM and level.randomness == "error" and _draws(op, args, kwargs):
            raise no_randomness()
        try:
            return go_on(op, args, kwargs, go)
        except BatchedRead:
            redo = op.function if isinstance(op, Composite) else go
            return one_by_one(redo, args, kwargs, level)

    @staticmethod
    def run_random(op: Any, args: tuple, kwargs: dict, go: Any, level: Level) -> Any:
        """A random op on plain tensors inside vmap."""
        if not _draws(op, args, kwargs):
            return NotImplemented
        if level.randomness == "error":
            raise no_randomness()
        if level.randomness == "same" or not isinstance(op, Card):
            return NotImplemented
        return _random_card(op, args, level)

    @staticmethod
    def check_change(level: Level) -> None:
        """A plain tensor is filled with random numbers inside vmap."""
        if level.randomness == "error":
            raise no_randomness()
        if level.randomness == "different":
            raise RuntimeError(
                "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This "
                "will appear like same randomness. If this is necessary for your usage, please "
                "file an issue with functorch."
            )

    @staticmethod
    def change(card: Card, args: tuple, level: Level) -> Any:
        """x becomes the card's result, in the memory of all samples."""
        x, number = args[0], level.number
        if not is_batched(x, number):
            name = card.name if card.name.endswith("_") else card.name + "_"
            raise RuntimeError(
                f"vmap: aten::{name}(self, *extra_args) is not possible because there exists a "
                "Tensor `other` in extra_args that has more elements than `self`. This happened "
                "due to `other` being vmapped over but `self` not being vmapped over in a vmap. "
                "Please try to use out-of-place operators instead of "
                f"aten::{name}. If said operator is being called inside the PyTorch framework, "
                "please file a bug report instead."
            )
        value = value_of(x)
        if grad_mode.grad and any(isinstance(a, Tensor) and a._rg for a in args):
            check_inplace(value)
        if card.name == "copy":
            result = args[1]
        else:
            result = card.run(kept_apart(card, args))
        if result._a.shape != x._a.shape:
            if np.broadcast_shapes(result._a.shape, x._a.shape) != x._a.shape:
                raise RuntimeError(
                    f"output with shape {list(x._a.shape)} doesn't match the broadcast shape "
                    f"{list(result._a.shape)}"
                )
            result = FUNCTIONS["broadcast_to"](result, tuple(x._a.shape))
        apply_inplace(CARDS["copy"], (value, front(result, number, level.size)))
        x._rg, x._v = value._rg, value._v
        return x


BATCH.append(Batches)


def kept_apart(card: Card, args: tuple) -> tuple:
    """The arguments of an op in place for a run that may be recorded: it must not keep the memory
    that is then written to."""
    if not grad_mode.grad or not any(isinstance(a, Tensor) and a._rg for a in args):
        return args
    return (FUNCTIONS["clone"](args[0]), *args[1:])


def draw(name: str, plain: Any, args: tuple, kwargs: dict, level: Level) -> Any:
    """rand and the like inside vmap."""
    with drawing_for(level):
        if name == "dropped" and (not args[2] or args[1] == 0):
            return plain(*args, **kwargs)
        return _drawn(name, plain, args, kwargs, level)


def _drawn(name: str, plain: Any, args: tuple, kwargs: dict, level: Level) -> Any:
    number, n = level.number, level.size
    if level.randomness == "error":
        raise no_randomness()
    given = (*args, *kwargs.values())
    carried = any(is_batched(a, number) for a in given if isinstance(a, Tensor))
    if level.randomness == "same":
        if not carried:
            return plain(*args, **kwargs)
        if name.endswith("_like"):
            return plain(wrap(np.empty(args[0]._a.shape, args[0]._a.dtype)), *args[1:], **kwargs)
        raise RuntimeError(
            "Vmap does not currently support same randomness with a batched tensor input. Please "
            "file an issue with functorch"
        )
    if name in ("rand", "randn") and "out" not in kwargs:
        size = kwargs.pop("size", args)
        if len(size) == 1 and not isinstance(size[0], int):
            size = size[0]
        return batched(plain((n, *size), **kwargs), number)
    if name.endswith("_like") or (name == "dropped" and not kwargs.get("channels")):
        return batched(plain(front(args[0], number, n), *args[1:], **kwargs), number)
    return one_by_one(plain, args, kwargs, level)


DRAW.append(draw)


def again(result: Any, number: int) -> Any:
    """Results with the batch in front, as batched tensors."""
    return remade(result, lambda t: batched(t, number))


def front(t: Tensor, number: int, n: int) -> Tensor:
    """All samples of a tensor with the batch in front; one for all is expanded."""
    if is_batched(t, number):
        return value_of(t)
    return t.unsqueeze(0).expand((n, *t._a.shape))


def one_by_one(f: Any, args: tuple, kwargs: dict, level: Level) -> Any:
    """f of each sample, stacked."""
    number, found = level.number, []
    first = args[0] if args and is_batched(args[0], number) else None
    same = False
    for i in range(level.size):

        def sample(t: Any, i: int = i) -> Any:
            if not is_batched(t, number):
                return t
            one = FUNCTIONS["select"](value_of(t), 0, i)
            return one if isinstance(t, Tensor) else one._a

        given = [mapped(a, sample) for a in args]
        result = f(*given, **{k: mapped(v, sample) for k, v in kwargs.items()})
        same = first is not None and result is given[0] and result is not None
        found.append(result)
    if same:  # in place: all samples were changed
        assert first is not None
        first._rg = value_of(first)._rg
        return first
    if not found:
        raise RuntimeError("vmap: a batch of size 0, of an op that has no rule for batches")
    return _stacked(found, number)


def _stacked(results: list, number: int) -> Any:
    first = results[0]
    if isinstance(first, Tensor):
        return batched(FUNCTIONS["stack"](results), number)
    if isinstance(first, (tuple, list)):
        items = [_stacked(list(r), number) for r in zip(*results, strict=True)]
        if type(first) in (tuple, list):
            return type(first)(items)
        return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
    if any(r != first for r in results[1:]):
        raise RuntimeError("vmap: an op gives another value for each sample that is no tensor")
    return first


def _draws(op: Any, args: tuple, kwargs: dict) -> bool:
    """False for dropout that is switched off."""
    if "dropout" not in op.name:
        return op.name != "rrelu" or bool(kwargs.get("training", len(args) > 3 and args[3]))
    if isinstance(op, Card):
        return bool(args[2]) and args[1] > 0
    training = kwargs.get("training", kwargs.get("train", args[2] if len(args) > 2 else True))
    p = kwargs.get("p", args[1] if len(args) > 1 else 0.5)
    return bool(training) and p > 0


def _random_card(card: Card, args: tuple, level: Level) -> Any:
    """Numbers for each sample, or the same ones for all."""
    if not _draws(card, args, {}):
        return one_by_one(lambda *a: card.run(a), args, {}, level)
    if level.randomness == "error":
        raise no_randomness()
    with drawing_for(level):
        return _drawn_by(card, args, level)


def _drawn_by(card: Card, args: tuple, level: Level) -> Any:
    number, n = level.number, level.size
    if level.randomness == "different":
        x = front(args[0], number, n)
        others = args[1:]
        if any(is_batched(a, number) for a in others):
            return one_by_one(lambda *a: card.run(a), args, {}, level)
        return again(card.run((FUNCTIONS["clone"](x), *others)), number)
    known = GENERATOR[0].get_state()

    def draw(*a: Any) -> Any:
        GENERATOR[0].set_state(known)
        return card.run(a)

    return one_by_one(draw, args, {}, level)


# ---------------------------------------------------------------- rules by kind


def _none(card: Card, args: tuple, number: int, n: int) -> Any:
    return NotImplemented


def kind_of(card: Card) -> str:
    """The kind of a card that has no rule of its own."""
    one_of_several = card.broadcast and card.arrays > 1 and card.outputs == 1
    if one_of_several and card.order != "made" and card.name not in _NOT_POINTWISE:
        return "elementwise"
    return ""


_NOT_POINTWISE = frozenset(
    "dist addr mse huber smooth_l1 prelu binomial matmul_batched addmm addmv addbmm baddbmm solve "
    "normal_of_tensors copy".split()
)


def elementwise(card: Card, args: tuple, number: int, n: int) -> Any:
    """Batched operands get sizes of 1 behind the batch; the others broadcast as they are."""
    if card.promote is not None and not _of_one_dtype(args[: card.arrays]):
        args = promoted(card, args)
    tensors = args[: card.arrays]
    rank = max((t.ndim for t in tensors if hasattr(t, "ndim")), default=0)
    if any(type(a) is BatchArray or is_batched(a, number) for a in args[card.arrays :]):
        return NotImplemented
    return card.run(tuple([_padded(a, rank, number) for a in tensors]) + args[card.arrays :])


def _of_one_dtype(operands: tuple) -> bool:
    """Tensors of one dtype, or a tensor and numbers: what they are promoted to does not depend on
    their dimensions, of which all samples together have more than one has."""
    found = None
    for a in operands:
        if isinstance(a, Tensor):
            if found is not None and a._a.dtype is not found:
                return False
            found = a._a.dtype
        elif a is not None and type(a) not in (int, float, bool):
            return False
    return True


def _padded(a: Any, rank: int, number: int) -> Any:
    if not is_batched(a, number):
        return a
    value, missing = value_of(a), rank - a.ndim
    if not missing:
        return value
    shape = value._a.shape
    return value.reshape((shape[0], *(1,) * missing, *shape[1:]))


RULES["elementwise"] = elementwise


def first_only(args: tuple, number: int) -> bool:
    """True if only the first argument is batched."""
    others = args[1:]
    for a in others:
        if is_batched(a, number):
            return False
        if type(a) in (list, tuple) and any(is_batched(x, number) for x in a):
            return False
    return is_batched(args[0], number)


def pointwise(card: Card, args: tuple, number: int, n: int) -> Any:
    """One operand, element by element."""
    if not first_only(args, number):
        return NotImplemented
    return card.run((value_of(args[0]), *args[1:]))


def rule(*names: str) -> Any:
    """Decorator: the rule of these cards."""

    def decorate(f: Any) -> Any:
        RULES.update(dict.fromkeys(names, f))
        return f

    return decorate


def whole(*names: str) -> Any:
    """Decorator: f(args, kwargs, level) for these composites."""

    def decorate(f: Any) -> Any:
        for name in names:
            WHOLE[name] = partial(f, name=name) if "name" in f.__code__.co_varnames else f
        return f

    return decorate


@whole("detach")
def _detach(args: tuple, kwargs: dict, level: Level) -> Any:
    x = args[0]
    return batched(value_of(x).detach(), level.number) if is_batched(x, level.number) else x


@whole("zero_")
def _zero(args: tuple, kwargs: dict, level: Level) -> Any:
    if is_batched(args[0], level.number):
        value_of(args[0]).zero_()
    return args[0]


@whole("as_strided_scatter")
def _by_strides(args: tuple, kwargs: dict, level: Level) -> Any:
    """Strides are those of the samples' memory: one by one, as each of them would lie alone."""
    x, *rest = args
    if is_batched(x, level.number):
        x = batched(value_of(x).contiguous(), level.number)
    return one_by_one(FUNCTIONS["as_strided_scatter"], (x, *rest), kwargs, level)


@whole("zeros_like", "ones_like", "empty_like", "full_like")
def _like(args: tuple, kwargs: dict, level: Level, name: str = "") -> Any:
    """As many for each sample: a batch, so that it can be written to."""
    if not first_only((*args, *kwargs.values()), level.number):
        return NotImplemented
    return batched(FUNCTIONS[name](value_of(args[0]), *args[1:], **kwargs), level.number)


@whole("new_zeros", "new_ones", "new_empty", "new_full")
def _new(args: tuple, kwargs: dict, level: Level, name: str = "") -> Any:
    if not first_only((*args, *kwargs.values()), level.number):
        return NotImplemented
    size = args[1:]
    rest: tuple = ()
    if name == "new_full":
        size, rest = args[1], args[2:]
    if len(size) == 1 and not isinstance(size[0], (int, np.integer)):
        size = size[0]
    made = getattr(value_of(args[0]), name)((level.size, *size), *rest, **kwargs)
    return batched(made, level.number)
