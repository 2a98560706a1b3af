"""Python's operators: x + y, y + x, x += y."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.grad_mode import mode
from ..core.sparse import NoElements
from ..core.tensor import Tensor, wrap
from .codegen import operator
from .inplace import apply_inplace
from .messages import explain
from .op import Card
from .promotion import is_number

_F32, _F64, _I64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)


def binary_operator(card: Card, ufunc: Any, whole: bool = False) -> tuple[Any, Any]:
    """(x op y, y op x) as methods of Tensor; whole: ufunc of int64 is the card's forward, too."""

    def first(x, y):
        """Leaves its place at the first call: importing the package compiles nothing.

        While a mode listens, its place is taken and it is called again; modes.py puts `written`
        there in the end.
        """
        written = first.written  # type: ignore[attr-defined]
        if written is None:
            first.written = written = operator(card, ufunc, whole)  # type: ignore[attr-defined]
            written.operator_of = card
            for name, value in list(vars(Tensor).items()):
                if value is first:
                    setattr(Tensor, name, written)
        return written(x, y)

    def reflected(x, y):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"descriptor requires a 'torch.Tensor' object but received a '{type(x).__name__}'"
            )
        if not (isinstance(y, (Tensor, np.ndarray)) or is_number(y)):
            return NotImplemented
        args = (y, x, *card.defaults)
        return card.select(args).run(args)

    first.operator_of = reflected.operator_of = card  # type: ignore[attr-defined]
    first.written = None  # type: ignore[attr-defined]
    reflected.turned = True  # type: ignore[attr-defined]  # see modes.py
    return first, reflected


def inplace_method(card: Card, operator: Any) -> None:
    """x.add_(y) without options takes the way of x += y."""
    general = Card.change
    assert card.schema is not None
    option = card.schema.arguments[-1].default

    def change(args: Any) -> Any:
        if len(args) == 2 or args[2] is option:
            x = operator(args[0], args[1]) if isinstance(args[0], Tensor) else NotImplemented
            if x is not NotImplemented:
                return x
        return general(card, args)

    card.change = change


def inplace_operator(card: Card, kernel: Any, whole: Any = None) -> Any:
    """x op= y: without a gradient kernel(x, y) writes straight into x.

    whole  the ufunc of int64 by an int, if these give int64; it does not warn
    """

    def inplace(x, y):
        a = x._a
        b: Any
        if isinstance(y, Tensor):
            try:
                b = y._a
            except NoElements:  # a sparse tensor, see ops/sparse.py
                return y.change(card.name, x)  # type: ignore[attr-defined]
            plain = not ((x._rg or y._rg) and mode.grad) and a.dtype is b.dtype
        elif type(y) is float or type(y) is int:
            b, plain = y, not (x._rg and mode.grad)
            if plain and whole and a.dtype is _I64 and type(y) is int and abs(y) < 1 << 63:
                if a.flags.carray and not x._inference:
                    whole(a, y, a)
                    x._bump()
                    return x
        elif isinstance(y, np.ndarray):
            y, plain = wrap(y), False
        elif is_number(y):
            plain = False
        else:
            return NotImplemented
        if plain and (a.dtype is _F32 or a.dtype is _F64) and a.flags.carray and not x._inference:
            try:
                kernel(a, b)
            except ValueError as e:
                raise explain(card, (x, y), e, into=x) from None
            x._bump()
            return x
        args = (x, y, *card.defaults)
        return apply_inplace(card.select(args), args)

    def change(args):
        args = card.arguments(args)
        if len(args) == 2 and isinstance(args[0], Tensor):
            r = inplace(*args)
            if r is not NotImplemented:
                return r
        return apply_inplace(card.select(args), args)

    card.change = change  # add_ and += are one
    inplace.changes = card  # type: ignore[attr-defined]  # see levels.py
    return inplace
