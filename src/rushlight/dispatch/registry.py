"""The registry: from one card to everything that users call, and the one door for the cards'
authors.

`@op("silu", inplace=True, functional=True)` over a class with forward and backward makes
`torch.silu`, `Tensor.silu_`, `F.silu`: functions that bind arguments, promote dtypes, unwrap
Tensors, run the formula on arrays, wrap the result and record a node if a gradient is wanted.
`@composite` registers a plain function over Tensors under the same names. The cards in
`rushlight.ops` speak only of arrays and formulas.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..core.dtype import check_can_cast
from ..core.grad_mode import mode
from ..core.tensor import Tensor, wrap
from .call import apply, fuse, record, replay, view_of
from .inplace import apply_inplace, writable, write
from .op import CARDS, Card, bind
from .operators import binary_operator, inplace_operator
from .promotion import cast, number_array, number_of, public_name

_ndarray = np.ndarray
FUNCTIONS: dict[str, Any] = {}  # torch.<name>
FUNCTIONAL: dict[str, Any] = {}  # torch.nn.functional.<name>

__all__ = [
    "CARDS",
    "FUNCTIONAL",
    "FUNCTIONS",
    "Card",
    "apply",
    "apply_inplace",
    "binary_operator",
    "bind",
    "cast",
    "check_inplace",
    "composite",
    "fuse",
    "inplace_operator",
    "number_array",
    "number_of",
    "op",
    "record",
    "replay",
    "store",
    "view_of",
    "writable",
    "write",
]


def _function(card: Card) -> Any:
    count, varargs = card.count, card.varargs
    first_is_tensor = not card.listed and (card.promote is None or len(card.tensors) < 2)

    def function(*args, **kwargs):
        if kwargs:
            out = kwargs.pop("out", None)
            args = bind(card, args, kwargs)
            if out is not None:
                return _into(card, args, out)
        elif len(args) != count or varargs:
            args = bind(card, args, kwargs)
        if first_is_tensor and not isinstance(args[0], Tensor):
            args = _checked_first(card, args)
        return card.run(args)

    return function


def _checked_first(card: Card, args: tuple) -> tuple:
    if isinstance(args[0], _ndarray):
        return (wrap(args[0]), *args[1:])
    raise TypeError(
        f"{card.name}(): argument '{public_name(card, 0)}' (position 1) must be Tensor, not "
        f"{type(args[0]).__name__}"
    )


def _inplace_function(card: Card) -> Any:
    def function(*args, **kwargs):
        return apply_inplace(card, bind(card, args, kwargs))

    return function


def _into(card: Card, args: tuple, out: Any) -> Any:
    """The out= form: the result is written into given tensors, resized if need be."""
    outs = out if isinstance(out, (tuple, list)) else (out,)
    if mode.grad:
        tensors = args[0] if card.listed else args
        if any(isinstance(a, Tensor) and a._rg for a in (*tensors, *outs)):
            raise RuntimeError(
                f"{card.name}(): functions with out=... arguments don't support automatic "
                "differentiation, "
                "but one of the arguments requires grad."
            )
    results = apply(card, args)
    pairs = zip(outs, results if isinstance(results, tuple) else (results,), strict=False)
    for o, r in pairs:
        store(o, r)
    return out if not isinstance(out, (tuple, list)) or card.result is None else card.result(*outs)


def store(out: Tensor, result: Tensor) -> None:
    """Write a result into the tensor given as out=; a wrong shape is resized."""
    check_can_cast(result.dtype, out.dtype)
    if out._a.shape != result._a.shape:
        if out._a.size:
            import warnings

            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out._a.shape)}, which does not match "
                f"the required output shape {list(result._a.shape)}. This behavior is deprecated, "
                "and in a future PyTorch "
                "release outputs will not be resized unless they have zero elements. You can "
                "explicitly reuse an out tensor t "
                "by resizing it, inplace, to zero elements with t.resize_(0).",
                stacklevel=4,
            )
        out._a = np.empty(result._a.shape, out._a.dtype)
    np.copyto(out._a, result._a, casting="unsafe")
    out._bump()


def op(
    name: str,
    *aliases: str,
    fn: bool = True,
    method: bool = True,
    inplace: bool = False,
    functional: bool = False,
    **options: Any,
) -> Any:
    """Register a card. See Card for the options.

    fn, method, inplace, functional: whether torch.name, Tensor.name, name_ (both) and
    nn.functional.name exist.
    The decorated name becomes the function, so that cards of one file can use each other.
    """

    def decorate(cls: type) -> Any:
        card = Card(cls, name, **options)
        CARDS[name] = card
        function = _function(card)
        function.__name__ = function.__qualname__ = name
        function.__doc__ = cls.__doc__
        function.card = card
        publish(function, (name, *aliases), fn, method, functional)
        if inplace:
            changed = _inplace_function(card)
            changed.__name__ = changed.__qualname__ = name + "_"
            changed.__doc__ = f"In-place version of {name}."
            publish(changed, tuple(n + "_" for n in (name, *aliases)), fn, True, False)
        return function

    return decorate


def composite(
    name: str, *aliases: str, fn: bool = True, method: bool = False, functional: bool = False
) -> Any:
    """Register a plain function over Tensors under the public names."""

    def decorate(function: Any) -> Any:
        publish(function, (name, *aliases), fn, method, functional)
        return function

    return decorate


def publish(function: Any, names: tuple, fn: bool, method: bool, functional: bool) -> None:
    for n in names:
        if fn:
            FUNCTIONS[n] = function
        if method:
            setattr(Tensor, n, function)
        if functional:
            FUNCTIONAL[n] = function
