"""The one place that sees values which are no plain CPU tensors.

Subclasses of Tensor and foreign classes with `__torch_function__` want to be asked before an op
runs (batches of vmap and duals of forward mode: levels.py). Nothing here costs anything until such
a kind of value exists: then `watch` puts a wrapper around every public function, which asks the
handlers first. A foreign class cannot be seen when it is defined; a face asks it when its value
turns out to be no Tensor (`recover` in faces.py).

Protocol of `__torch_function__`: https://numpy.org/neps/nep-0018-array-function-protocol.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FunctionType
from typing import Any

from ..core.parameter import Parameter
from ..core.sparse import SparseTensor
from ..core.tensor import Tensor
from .faces import FOREIGN, Method
from .messages import WRAPPED
from .modes import settle
from .promotion import is_number
from .registry import FUNCTIONAL, FUNCTIONS

Handler = Callable[[Any, tuple, dict], Any]
HANDLERS: list[Handler] = []  # handler(function, args, kwargs) -> result, or NotImplemented
_PLAIN = (Tensor, Parameter, SparseTensor)
# how a Tensor is made and kept, not what is computed with it
_UNTOUCHED = frozenset(
    "__new__ __init__ __init_subclass__ __getattribute__ __setattr__ __delattr__ __class__ __dir__"
    " __hash__ __reduce_ex__ __deepcopy__ __copy__ __torch_function__ as_subclass".split()
)


class _State(threading.local):
    disabled = 0  # no handler is asked
    plain = 0  # `__torch_function__` of classes is not, modes are


_state = _State()


def watch(handler: Handler, first: bool = False) -> None:
    """Ask `handler` before every public function from now on; first: before the others."""
    if handler in HANDLERS:
        return
    HANDLERS.insert(0 if first else len(HANDLERS), handler)
    if len(HANDLERS) > 1:
        return
    settle()  # else what levels put in front would be wrapped, and put back over it
    for table in (FUNCTIONS, FUNCTIONAL):
        table.wrap(_asking)
    for name, thing in list(vars(Tensor).items()):
        if name in _UNTOUCHED or (name.startswith("_") and not name.startswith("__")):
            continue
        if isinstance(thing, Method):
            thing = thing.face.build()
        if isinstance(thing, FunctionType):
            setattr(Tensor, name, public := _asking(thing, _SHOWN.get(name)))
            if name.startswith("__"):
                public.__name__ = _RENAMED.get(name, name)
        elif isinstance(thing, property) and name in _KEPT:
            setattr(Tensor, name, _asking_property(thing))
    Method.finish = staticmethod(_asking)  # type: ignore[method-assign]


# as which method an operator is shown to `__torch_function__`
_SHOWN = {
    "__add__": "add", "__radd__": "add", "__sub__": "sub", "__mul__": "mul", "__rmul__": "mul",
    "__truediv__": "div", "__mod__": "remainder", "__pow__": "pow", "__neg__": "neg",
    "__pos__": "positive", "__abs__": "abs", "__matmul__": "matmul", "__ne__": "ne",
    "__lt__": "lt", "__le__": "le", "__gt__": "gt", "__ge__": "ge", "__rand__": "bitwise_and",
    "__iadd__": "add_", "__isub__": "sub_", "__imul__": "mul_", "__itruediv__": "div_",
    "__ifloordiv__": "floor_divide_", "__ipow__": "pow_", "__imod__": "remainder_",
    "__iter__": "unbind",
}  # fmt: skip
_RENAMED = {"__rtruediv__": "__rdiv__"}
# properties that are tensors: asked, so that they keep the class
_KEPT = frozenset("data T mT H mH real imag".split())
MODES: list[Any] = []  # modes of torch.overrides that are on, the innermost last


def ask_modes(function: Any, args: tuple, kwargs: dict) -> Any:
    """What the innermost mode makes of the call; those around it are on meanwhile."""
    if not MODES:
        return NotImplemented
    mode = MODES.pop()
    try:
        types = tuple(type(x) for x in overloaded((*args, *kwargs.values())))
        return mode.__torch_function__(function, types, args, kwargs)
    finally:
        MODES.append(mode)


def _asking_property(known: property) -> property:
    """The property, with the handlers asked about its `__get__` first."""

    def get(self: Any) -> Any:
        if type(self) not in _PLAIN and not _state.disabled:
            for handler in HANDLERS:
                result = handler(public.__get__, (self,), {})
                if result is not NotImplemented:
                    return result
        return known.__get__(self)

    public = property(get, known.fset, known.fdel, known.__doc__)
    return public


def _asking_items(function: Any) -> Any:
    """Tensor.__iter__, whose items keep the class."""

    @wraps(function)
    def items(self: Any) -> Any:
        if type(self) in _PLAIN or _state.disabled or not self._a.ndim:
            return function(self)
        return iter(self.unbind(0))

    setattr(items, WRAPPED, function)
    return items


def _operand(x: Any) -> bool:
    return is_number(x) or isinstance(x, Tensor) or hasattr(type(x), "__torch_function__")


def _asking(function: Any, shown: str | None = None) -> Any:
    """The function, with the handlers asked first; shown: as that method of Tensor."""
    if getattr(function, WRAPPED, None) is not None:
        return function
    if shown == "unbind":
        return _asking_items(function)

    public: Any
    run = function
    if shown is None and type(function) is FunctionType:
        public, run = function, _copy(function)
    else:
        public = wraps(function)(lambda *args, **kwargs: ask(args, kwargs))

    def ask(args: tuple, kwargs: dict) -> Any:
        if not _state.disabled:
            if shown is not None and len(args) > 1 and not _operand(args[1]):
                return run(*args, **kwargs)  # an operator: NotImplemented
            asked: Any = public if shown is None else getattr(Tensor, shown)
            for handler in HANDLERS:
                result = handler(asked, args, kwargs)
                if result is not NotImplemented:
                    return result
        return run(*args, **kwargs)

    if public is function:
        _become(function, ask)
        public.__wrapped__ = run  # type: ignore[attr-defined]
    setattr(public, WRAPPED, run)
    return public


def _copy(f: FunctionType) -> FunctionType:
    made = FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, f.__closure__)
    made.__kwdefaults__, made.__annotations__ = f.__kwdefaults__, f.__annotations__
    made.__module__, made.__qualname__, made.__doc__ = f.__module__, f.__qualname__, f.__doc__
    made.__dict__.update(f.__dict__)
    return made


def _asks(*args: Any, _ask: Any = None, **kwargs: Any) -> Any:
    return _ask(args, kwargs)


def _become(f: FunctionType, ask: Callable[[tuple, dict], Any]) -> None:
    """Let f ask from now on. It stays the same object: programs have it in tables of theirs, by
    which their `__torch_function__` looks up what it is asked about."""
    f.__code__ = _asks.__code__.replace(
        co_freevars=f.__code__.co_freevars, co_name=f.__name__, co_qualname=f.__qualname__
    )
    f.__defaults__, f.__kwdefaults__ = None, {"_ask": ask}


@contextmanager
def disabled() -> Iterator[None]:
    """Inside, functions run on subclasses as on plain tensors."""
    _state.disabled += 1
    try:
        yield
    finally:
        _state.disabled -= 1


class DisableTorchFunction:
    """Context: neither `__torch_function__` of classes nor modes are asked."""

    def __enter__(self) -> None:
        _state.disabled += 1

    def __exit__(self, *exc: object) -> None:
        _state.disabled -= 1


class DisableTorchFunctionSubclass:
    """Context: `__torch_function__` of classes is not asked; modes are."""

    def __enter__(self) -> None:
        _state.plain += 1

    def __exit__(self, *exc: object) -> None:
        _state.plain -= 1


# ---------------------------------------------------------------- __torch_function__


def overloaded(values: Iterable[Any]) -> list[Any]:
    """Those of the values that have a `__torch_function__` of their own, one for each type,
    subclasses before their bases; lists and tuples are looked into."""
    found: list[Any] = []
    for value in values:
        for x in value if type(value) in (list, tuple) else (value,):
            kind = type(x)
            if kind in _PLAIN or not hasattr(kind, "__torch_function__") or isinstance(x, type):
                continue
            if kind.__torch_function__ is _disabled_implementation:
                continue
            if any(type(y) is kind for y in found):
                continue
            at = next((i for i, y in enumerate(found) if issubclass(kind, type(y))), len(found))
            found.insert(at, x)
    return found


def ask_torch_function(function: Any, args: tuple, kwargs: dict) -> Any:
    """What `__torch_function__` of the arguments' types makes of the call; NotImplemented if none
    of them has one. TypeError: all of them decline."""
    found = [] if _state.plain else overloaded((*args, *kwargs.values()))
    if not found:
        return NotImplemented
    types = tuple(type(x) for x in found)
    for x in found:
        result = type(x).__torch_function__(function, types, args, kwargs)
        if result is not NotImplemented:
            return result
    name = f"torch.{function.__name__}"
    kinds = "\n".join(f"  - tensor subclass {kind}" for kind in types)
    raise TypeError(
        f"Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned "
        f"NotImplemented:\n\n{kinds}"
    )


def _torch_function(cls: type, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Tensor.__torch_function__: run the function, and give the results this class."""
    if not all(issubclass(cls, t) for t in types):
        return NotImplemented
    with disabled():
        result = func(*args, **(kwargs or {}))
    return _converted(result, cls)


def _converted(result: Any, cls: type) -> Any:
    if cls is Tensor:
        return result
    if isinstance(result, Tensor) and not isinstance(result, cls):
        return result.as_subclass(cls)
    if isinstance(result, (tuple, list)):
        items = [_converted(x, cls) for x in result]
        if hasattr(result, "_fields"):
            return type(result)(*items)
        return type(result)(items) if type(result) in (tuple, list) else result
    return result


def _disabled_implementation(cls: type, *args: Any, **kwargs: Any) -> Any:
    return NotImplemented


def _subclassed(cls: type, **kwargs: Any) -> None:
    """Tensor.__init_subclass__: the first subclass of a user's switches the handlers on."""
    super(Tensor, cls).__init_subclass__(**kwargs)  # type: ignore[misc]  # cls is a subclass
    if not cls.__module__.startswith(("torch", __name__.partition(".")[0])):
        watch(ask_torch_function)


FOREIGN.append(ask_torch_function)
Tensor.__torch_function__ = classmethod(_torch_function)  # type: ignore[attr-defined]
Tensor.__init_subclass__ = classmethod(_subclassed)  # type: ignore[assignment, method-assign]
