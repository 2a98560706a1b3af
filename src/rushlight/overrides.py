"""torch.overrides: what `__torch_function__` of a class can be asked, and modes that are asked
before every function.

The protocol itself is in dispatch/overrides.py.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable
from typing import Any

from .core.names import explain_missing
from .core.tensor import Tensor
from .dispatch.messages import WRAPPED
from .dispatch.overrides import MODES, ask_modes, disabled, overloaded, watch
from .dispatch.registry import FUNCTIONAL, FUNCTIONS

__all__ = [
    "BaseTorchFunctionMode",
    "TorchFunctionMode",
    "get_ignored_functions",
    "get_overridable_functions",
    "get_testing_overrides",
    "handle_torch_function",
    "has_torch_function",
    "is_tensor_like",
    "is_tensor_method_or_property",
    "resolve_name",
    "wrap_torch_function",
]

_NOT_ASKED = (
    "typename is_tensor is_storage set_default_tensor_type set_default_device get_default_device "
    "set_rng_state get_rng_state manual_seed initial_seed seed save load set_printoptions fork "
    "arange empty eye from_numpy full linspace logspace ones rand randint randn randperm range "
    "tensor zeros compile set_default_dtype get_default_dtype promote_types can_cast"
).split()


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """True if one of the arguments has a `__torch_function__` of its own, or a mode is on."""
    return bool(MODES) or bool(overloaded(tuple(relevant_args)))


def handle_torch_function(
    public_api: Callable, relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """What `__torch_function__` of the relevant arguments makes of public_api(*args, **kwargs).

    errors  TypeError: all of them decline
    """
    if MODES:
        result = ask_modes(public_api, args, kwargs)
        if result is not NotImplemented:
            return result
    found = overloaded(tuple(relevant_args))
    kinds = tuple(type(x) for x in found)
    for x in found:
        result = type(x).__torch_function__(public_api, kinds, args, kwargs)
        if result is not NotImplemented:
            return result
    name = f"{public_api.__module__}.{public_api.__name__}"
    raise TypeError(
        f"no implementation found for '{name}' on types that implement __torch_function__: "
        f"{list(kinds)}"
    )


def wrap_torch_function(dispatcher: Callable) -> Callable:
    """Decorator: a function of yours is asked about as one of torch's.

    dispatcher(*args, **kwargs) returns the arguments whose types are asked.
    """

    def decorate(func: Callable) -> Callable:
        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant = tuple(dispatcher(*args, **kwargs))
            if has_torch_function(relevant):
                return handle_torch_function(wrapped, relevant, *args, **kwargs)
            return func(*args, **kwargs)

        return wrapped

    return decorate


def is_tensor_like(inp: Any) -> bool:
    """True for a Tensor, and for whatever has a `__torch_function__`."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def is_tensor_method_or_property(func: Callable) -> bool:
    """True for a method of Tensor, or the `__get__` of a property."""
    return func in _methods() or getattr(func, "__name__", "") == "__get__"


def _methods() -> dict[Any, str]:
    found = {}
    for name in dir(Tensor):
        if name.startswith("_") and not name.startswith("__"):
            continue
        thing = getattr(Tensor, name, None)
        if isinstance(thing, property):
            found[thing.__get__] = name
        elif isinstance(thing, types.FunctionType):
            found[thing] = name
    return found


def _functions() -> dict[str, tuple[Any, dict[Any, str]]]:
    """namespace -> (the module's name, {function: name}), as users find them."""
    package = __name__.partition(".")[0]
    plain = {FUNCTIONS[n]: n for n in FUNCTIONS if "." not in n and n not in _NOT_ASKED}
    in_nn = {FUNCTIONAL[n]: n for n in FUNCTIONAL if not n.startswith("_")}
    spaces: dict[str, tuple[Any, dict[Any, str]]] = {
        f"{package}": ("torch", plain),
        f"{package}.nn.functional": ("torch.nn.functional", in_nn),
        f"{package}.Tensor": ("torch.Tensor", _methods()),
    }
    for n in FUNCTIONS:
        space, _, name = n.rpartition(".")
        if space:
            known = spaces.setdefault(f"{package}.{space}", (f"torch.{space}", {}))
            known[1][FUNCTIONS[n]] = name
    return spaces


def get_overridable_functions() -> dict[Any, list[Callable]]:
    """{namespace: [function, ...]} of all that `__torch_function__` is asked about."""
    from importlib import import_module

    result: dict[Any, list[Callable]] = {}
    for place, (_, functions) in _functions().items():
        space = Tensor if place.endswith(".Tensor") else import_module(place)
        result[space] = list(functions)
    return result


def get_ignored_functions() -> set[Callable]:
    """Public functions that `__torch_function__` is not asked about: they take no tensors."""
    return {FUNCTIONS[n] for n in _NOT_ASKED if n in FUNCTIONS}


def get_testing_overrides() -> dict[Callable, Callable]:
    """{function: a function of the same signature that returns -1}, for tests of a class's own."""
    found: dict[Callable, Callable] = {}
    for _, functions in _functions().values():
        for f in functions:
            found[f] = _returning(f)
    return found


def _returning(f: Any) -> Callable:
    @functools.wraps(f)
    def dummy(*args: Any, **kwargs: Any) -> int:
        return -1

    return dummy


def resolve_name(f: Callable) -> str | None:
    """The public name of a function, "torch.add" or "torch.Tensor.add"; None for another one."""
    for _, (shown, functions) in _functions().items():
        for known, name in functions.items():
            if known is f or known == f or getattr(known, WRAPPED, None) is f:
                suffix = ".__get__" if getattr(f, "__name__", "") == "__get__" else ""
                return f"{shown}.{name}{suffix}"
    return None


class TorchFunctionMode:
    """A context: inside, `__torch_function__(self, func, types, args, kwargs)` is asked before
    every function of torch, whatever its arguments are.

    Modes nest; what one of them calls is asked of those around it.

    >>> class Loud(TorchFunctionMode):
    ...     def __torch_function__(self, func, types, args=(), kwargs=None):
    ...         print(func.__name__)
    ...         return func(*args, **(kwargs or {}))
    """

    def __init__(self) -> None:
        pass

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise NotImplementedError

    def __enter__(self) -> Any:
        watch(ask_modes, first=True)
        MODES.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        MODES.pop()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Any:
        """A new mode of this class, to be used as a context."""
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """The mode that does nothing but run the function."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


DisableTorchFunctionSubclass = disabled
explain_missing(__name__)
