"""What a pickle may name, and what may be done with it: one table of literals, no look-up by name.

`inert.py` has Python's own types, `numpy_values.py` NumPy's, `rebuild.py` the tensors. The user may
register classes; with `weights_only=False` rushlight's own layers are known, too, and every other
name becomes a stand-in.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from enum import Enum
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ..core.device import device
from ..core.dtype import dtype
from ..core.size import Size
from . import layers
from .errors import brief
from .inert import CALLS, STATES, VALUES, reconstructor
from .numpy_values import array_from_state, dtype_from_state
from .standins import StandIn, StandInClass

__all__ = ["Grammar"]

_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_DTYPE_TYPES = {type(np.dtype(code)) for code in "?bhilqBHILQefdgFDGSU"}
_LISTS, _SETS = {list, deque}, {set}
_DICTS = {dict, OrderedDict, Counter, defaultdict}
_SIZED = (list, tuple, dict, set, frozenset, OrderedDict, Counter, defaultdict, deque, Size)

_FILLED: dict[Any, Any] = {list: _LISTS, dict: _DICTS, set: _SETS}
_KEYED = (set, frozenset, dict, OrderedDict, Counter)

# Keys. Python's hash of text is seeded; that of numbers is not, and collisions can be computed.
_TEXT = (str, bytes, np.str_, np.bytes_)
_NAMES = (bool, type(None), dtype, device, type(Ellipsis))
_NUMBERS = (int, float, complex)
_NUMPY_NUMBERS = {np.dtype(code).type for code in "?bhilqBHILQefd"}
MAX_KEY_PARTS = 64
MAX_UNSEEDED_KEYS = 20_000


class Grammar:
    """What names mean in one file, and what may be done with them.

    values    {(module, name): value}: what a name stands for
    calls     {value: function}: values that may be called; the function checks its arguments
    unknown   unknown(module, name) -> a class that the user has registered, one of our layers or a
              StandInClass; or raises: asked about every other name
    """

    def __init__(
        self,
        values: dict[tuple[str, str], Any],
        calls: dict[Any, Callable[..., Any]],
        unknown: Callable[[str, str], Any],
    ):
        self.values = {**VALUES, **values}
        # by identity: to look a value of the file up in a dict would be to hash it
        self.calls = {id(k): f for k, f in (*CALLS.items(), *calls.items())}
        self.registered: dict[int, Any] = {}
        self.unknown = unknown
        self.spend: Callable[[int], None] = lambda memory: None
        self.fresh: dict[int, tuple[Any, int | None]] = {}  # NumPy values without their state
        self.unseeded = 0

    def find(self, module: str, name: str) -> Any:
        """What `name` of `module` stands for in a file."""
        module = _PYTHON_2.get(module, module)
        if module.startswith("numpy.core."):
            module = "numpy._core." + module[len("numpy.core.") :]
        try:
            return self.values[module, name]
        except KeyError:
            pass
        value = self.unknown(module, name)
        self.registered[id(value)] = value
        return value

    def call(self, function: Any, args: Any) -> Any:
        """function(*args), if the table or the user allows it."""
        if type(args) is not tuple:
            raise UnpicklingError(f"arguments of a call must be a tuple, not {brief(args)}")
        for arg in args:
            if type(arg) in (str, bytes, bytearray):
                self.spend(4 * len(arg))
            elif type(arg) in _SIZED:
                self.spend(100 * len(arg))
        allowed = self.calls.get(id(function))
        if allowed is not None:
            if any(function is kind for kind in _KEYED):
                self._check_keys(function, args)
            value = allowed(*args)
            if type(value) is np.ndarray or type(value) in _DTYPE_TYPES:
                self.fresh[id(value)] = value, None
            return value
        if type(function) is StandInClass:
            return StandIn(function, args)
        if function is reconstructor and len(args) == 3 and args[1] is object and args[2] is None:
            return self.new(args[0], ())
        if id(function) not in self.registered:
            raise UnpicklingError(f"a call of {_name(function)} is not allowed")
        if _is_layer(function):
            raise UnpicklingError(
                f"{_name(function)} is made bare and given its state; its constructor is not run "
                "with what a file says"
            )
        return _users(function, *args)

    def _check_keys(self, kind: Any, args: tuple[Any, ...]) -> None:
        """The arguments of a set or dict hold nothing that may not be a key."""
        for arg in args:
            if type(arg) not in _SIZED:
                continue  # its function says what is wrong
            pairs = (kind is dict or kind is OrderedDict) and type(arg) not in _DICTS
            for item in arg:
                if pairs and (type(item) not in (tuple, list) or len(item) != 2):
                    raise UnpicklingError(f"{_name(kind)} needs pairs")
                self.key(item[0] if pairs else item)

    def new(self, cls: Any, args: Any) -> Any:
        """A bare instance of a class: `cls.__new__(cls, *args)`."""
        if type(args) is not tuple:
            raise UnpicklingError(f"arguments of a class must be a tuple, not {brief(args)}")
        if type(cls) is StandInClass:
            return StandIn(cls, args)
        bare = cls is OrderedDict or cls is Counter or cls is defaultdict or cls is deque
        if not args and (bare or (isinstance(cls, type) and cls in STATES)):
            return cls.__new__(cls)
        if not isinstance(cls, type) or id(cls) not in self.registered or bare:
            raise UnpicklingError(f"an instance of {_name(cls)} is not allowed")
        if args and _is_layer(cls):
            raise UnpicklingError(f"an instance of {_name(cls)} with arguments is not allowed")
        return _users(cls.__new__, cls, *args)

    def note(self, value: Any, i: int) -> None:
        """The memo keeps this value under `i`."""
        if id(value) in self.fresh:
            self.fresh[id(value)] = value, i

    def build(self, instance: Any, state: Any) -> tuple[Any, int | None]:
        """(the instance with its state, where the memo keeps it if it is another object now)."""
        kind = type(instance)
        if kind is np.ndarray or kind in _DTYPE_TYPES:
            if id(instance) not in self.fresh:
                raise UnpicklingError("a NumPy value is given its state twice")
            _, i = self.fresh.pop(id(instance))
            if kind is not np.ndarray:
                return dtype_from_state(instance, state), i
            if type(state) is tuple and state and type(state[-1]) is bytes:
                self.spend(len(state[-1]))
            return array_from_state(state), i
        if kind is StandIn:
            instance.state = state
        elif kind is OrderedDict or kind in STATES:
            instance.__dict__.update(_attributes(state))
        elif id(kind) in self.registered:
            if _is_layer(kind):
                _attributes(state)
            _set_state(instance, state)
        else:
            raise UnpicklingError(f"setting the state of {_name(kind)} is not allowed")
        return instance, None

    def fill(self, instance: Any, kind: type) -> Any:
        """What items may be put into as into a `kind` (list, dict or set)."""
        own = type(instance)
        if own in _FILLED[kind]:
            return instance
        if own is StandIn and kind is not set:
            return instance.values if kind is list else _Pairs(instance.pairs)
        if id(own) in self.registered and isinstance(instance, kind):
            return instance
        raise UnpicklingError(f"items cannot be put into {_name(own)}")

    def key(self, value: Any) -> Any:
        """The value, if it may be a key or a member of a set: what is cheap to hash."""
        kind = type(value)
        if kind in _TEXT or kind in _NAMES:
            return value
        if (
            isinstance(value, np.generic)
            and kind.__module__ == "numpy"
            and value.dtype.kind in "biuf"
        ):
            return value
        if kind in _NUMBERS:
            self._check_number(value)
            return value
        if kind is tuple or kind is Size:
            if len(value) > MAX_KEY_PARTS:
                raise UnpicklingError(f"a key of {len(value)} parts")
            plain = True
            for part in value:
                if type(part) in _NUMBERS:
                    self._check_number(part)
                    plain = False
                elif type(part) not in _TEXT and type(part) not in _NAMES:
                    raise UnpicklingError(f"{brief(part)} inside of a key is not allowed")
            if not plain:
                self._count_unseeded()
            return value
        if kind is StandIn or kind is StandInClass:
            return value
        own_hash = getattr(kind, "__hash__", None)
        if id(kind) in self.registered and (isinstance(value, Enum) or own_hash is object.__hash__):
            return value
        raise UnpicklingError(f"{brief(value)} as a key is not allowed: text and numbers are")

    def _check_number(self, value: Any) -> None:
        if type(value) is int and not -(2**64) < value < 2**64:
            raise UnpicklingError(f"{brief(value)} as a key is not allowed")
        if type(value) is complex:
            self._count_unseeded()

    def _count_unseeded(self) -> None:
        self.unseeded += 1
        if self.unseeded > MAX_UNSEEDED_KEYS:
            raise UnpicklingError(f"more than {MAX_UNSEEDED_KEYS} keys that are tuples of numbers")


class _Pairs:
    """Where the items of a stand-in for a dict go: `d[key] = value` appends a pair."""

    def __init__(self, pairs: list[tuple[Any, Any]]):
        self.pairs = pairs

    def __setitem__(self, key: Any, value: Any) -> None:
        self.pairs.append((key, value))


def _name(value: Any) -> str:
    """module.name of a class or function, for error texts."""
    if isinstance(value, (StandInClass, StandIn)):
        return f"{brief(value.module)}.{brief(value.name)}"
    if not isinstance(value, type) and not hasattr(value, "__qualname__"):
        return brief(value)
    return f"{value.__module__}.{value.__qualname__}"


def _is_layer(value: Any) -> bool:
    """True for nn.Module and all classes made from it."""
    module = layers.find("Module")
    return isinstance(module, type) and isinstance(value, type) and issubclass(value, module)


def _attributes(state: Any) -> dict[str, Any]:
    if type(state) is not dict or not all(type(name) is str for name in state):
        raise UnpicklingError("the state of an instance must be a dict of names")
    return state


def _users(function: Any, *args: Any) -> Any:
    """Call code of a class that the user has registered; what it raises is the file's fault."""
    try:
        return function(*args)
    except Exception as e:
        line = str(e)[:200].partition("\n")[0]
        raise UnpicklingError(
            f"{_name(function)} does not accept what the file says: {type(e).__name__}: {line}"
        ) from e


def _set_state(instance: Any, state: Any) -> None:
    """What pickle's BUILD does to an instance of a class that the user has registered."""
    setter = getattr(instance, "__setstate__", None)
    if setter is not None:
        _users(setter, state)
        return
    slots = None
    if type(state) is tuple and len(state) == 2:
        state, slots = state
    if state is not None:
        instance.__dict__.update(_attributes(state))
    for name, value in _attributes(slots or {}).items():
        if name.startswith("__"):
            raise UnpicklingError(f"the attribute {brief(name)} cannot be set by a file")
        setattr(instance, name, value)
