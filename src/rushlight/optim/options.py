"""The options of an optimizer, declared once, in the class's body:

    class SGD(Optimizer):
        lr: float = option(default=1e-3, check=at_least(0.0, "Invalid learning rate"))
        momentum: float = option(default=0)
        _: KW_ONLY
        maximize: bool = option(default=False)

From the declaration follow the constructor `SGD(params, lr=1e-3, momentum=0, *, maximize=False)`,
its checks, and the dict of defaults that the groups are filled from. Type checkers and editors see
the same constructor (`dataclass_transform`). A class that declares options declares all of them, in
the order of PyTorch's signature; a class that declares none inherits its base's.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Any, NamedTuple

from ..core.tensor import Tensor

__all__ = [
    "KW_ONLY",
    "Option",
    "at_least",
    "at_most",
    "below_one",
    "learning_rate",
    "option",
    "options_of",
    "require",
    "within",
]

#: check(value, all options): raises ValueError
Check = Callable[[Any, dict[str, Any]], None]


class Option(NamedTuple):
    """What `option` notes: a default, a check, and whether the constructor takes the option."""

    default: Any
    check: Check | None
    init: bool
    kw_only: bool = False


def option(*, default: Any, check: Check | None = None, init: bool = True) -> Any:
    """Declares an option; init=False: it is kept in the groups, but is no argument."""
    return Option(default, check, init)


def options_of(cls: type) -> dict[str, Option]:
    """The declared options of an optimizer's class by name, in the order of its signature."""
    return getattr(cls, "_options", {})


# ---------------------------------------------------------------- checks


def require(fine: bool, problem: str) -> None:
    """ValueError unless an option is fine."""
    if not fine:
        raise ValueError(problem)


def at_least(low: float, sentence: str) -> Check:
    """low <= value; the error is `sentence: value`."""
    return lambda value, _: require(low <= value, f"{sentence}: {value}")


def at_most(high: float, sentence: str) -> Check:
    """value <= high; the error is `sentence: value`."""
    return lambda value, _: require(value <= high, f"{sentence}: {value}")


def within(low: float, high: float, sentence: str) -> Check:
    """low <= value <= high; the error is `sentence: value`."""
    return lambda value, _: require(low <= value <= high, f"{sentence}: {value}")


def below_one(betas: Any, _: dict[str, Any]) -> None:
    """Both decay rates in [0, 1)."""
    for i, beta in enumerate(betas):
        require(0.0 <= beta < 1.0, f"Invalid beta parameter at index {i}: {beta}")


def learning_rate(sentence: str = "Invalid learning rate") -> Check:
    """At least 0; a tensor must have one element."""

    def check(lr: Any, _: dict[str, Any]) -> None:
        if isinstance(lr, Tensor):
            require(lr.numel() == 1, "Tensor lr must be 1-element")
        require(0.0 <= lr, f"{sentence}: {lr}")

    return check


# ---------------------------------------------------------------- from the declaration


def collect(cls: Any, start: Callable, order: str) -> None:
    """Turns the options declared in `cls` into `cls._options` and a constructor.

    start(self, params, values, checks)  is what the constructor calls
    order                                names of options whose order in PyTorch's groups is not the
                                         signature's: among the places of these, the order there
    The attributes themselves are removed: PyTorch's optimizers have no `optimizer.lr`.
    TypeError: an option without a type, or a name in `order` that is none.
    """
    if not any(isinstance(value, Option) for value in cls.__dict__.values()):
        return
    annotations = inspect.get_annotations(cls)
    options: dict[str, Option] = {}
    kw_only = False
    for name, kind in annotations.items():
        kw_only = kw_only or kind in (KW_ONLY, "KW_ONLY")
        if isinstance(cls.__dict__.get(name), Option):
            options[name] = cls.__dict__[name]._replace(kw_only=kw_only)
            delattr(cls, name)
    for name, value in cls.__dict__.items():
        if isinstance(value, Option):
            raise TypeError(f"{cls.__name__}.{name} needs a type: {name}: float = option(...)")
    moved = order.split()
    if not set(moved) <= set(options):
        raise TypeError(f"{cls.__name__}: group_order={order!r} names something that is no option")
    following = iter(moved)
    names = [next(following) if name in moved else name for name in options]
    cls._options = options
    cls.__init__ = _constructor(cls.__name__, options, names, start)
    cls.__init__.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__.__module__ = cls.__module__
    kinds = {name: annotations[name] for name, o in options.items() if o.init}
    cls.__init__.__annotations__ = {"params": "Iterable", **kinds, "return": None}


def _constructor(name: str, options: dict[str, Option], names: list[str], start: Callable) -> Any:
    """def __init__(self, params, lr=<its default>, ...): start(self, params, {"lr": lr, ...}, ...)

    Written as text, as dataclasses does, so that Python itself binds the arguments.
    """
    arguments = ["self", "params"]
    for key, o in options.items():
        if o.init:
            if o.kw_only and "*" not in arguments:
                arguments.append("*")
            arguments.append(f"{key}=options[{key!r}].default")
    values = [f"{k!r}: " + (k if options[k].init else f"options[{k!r}].default") for k in names]
    text = (
        f"def __init__({', '.join(arguments)}):\n"
        f"    start(self, params, {{{', '.join(values)}}}, checks)\n"
    )
    checks = [(key, o.check) for key, o in options.items() if o.check is not None]
    # with the names of the optimizer's base, in which annotations are read (get_type_hints)
    scope = vars(sys.modules[start.__module__]) | {
        "options": options,
        "checks": checks,
        "start": start,
    }
    exec(compile(text, f"<options of {name}>", "exec"), scope)
    return scope["__init__"]
