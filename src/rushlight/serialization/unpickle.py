"""Reading pickles as data: an interpreter of the pickle language that never calls foreign code.

Python's `pickle` lets a file name any function and call it. Here a name is resolved by a table
only, which also says what it may be used for; no module is imported because a file names it. The
opcodes are decoded by the standard library's `pickletools`; this file gives them their meaning.
Protocols 0 to 5; out-of-band buffers, extension codes and old-style instances are refused.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

__all__ = ["Grammar", "read_pickle"]

_MARK = object()

# Opcodes whose argument, as pickletools decodes it, is the value.
_LITERALS = frozenset(
    """INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING
    UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8
    """.split()
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": set}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}

_DICTS = (dict, OrderedDict, Counter, defaultdict)
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}


class Grammar:
    """What names mean in one file, and what may be done with them.

    values    {(module, name): value}: what a name stands for
    calls     {value: function}: values that may be called; the function checks its arguments
    classes   values, registered by the user, whose instances may be built and that may be called
    unknown   unknown(module, name) -> value, or raises: asked about every other name
    """

    def __init__(
        self,
        values: dict[tuple[str, str], Any],
        calls: dict[Any, Callable[..., Any]],
        unknown: Callable[[str, str], Any],
    ):
        self.values = {**_VALUES, **values}
        self.calls = {**_CALLS, **calls}
        self.classes: set[Any] = set()
        self.unknown = unknown

    def find(self, module: str, name: str) -> Any:
        """What `name` of `module` stands for in a file."""
        module = _PYTHON_2.get(module, module).replace("numpy.core.", "numpy._core.")
        try:
            return self.values[module, name]
        except KeyError:
            return self.unknown(module, name)

    def call(self, function: Any, args: Any) -> Any:
        """function(*args), if the table or the user allows it."""
        if type(args) is not tuple:
            raise UnpicklingError(f"arguments of a call must be a tuple, not {type(args).__name__}")
        allowed = self.calls.get(function) if _hashable(function) else None
        if allowed is not None:
            return allowed(*args)
        if function is _reconstructor and len(args) == 3 and args[1:] == (object, None):
            return self.new(args[0], ())
        if not self._registered(function):
            raise UnpicklingError(f"a call of {_name(function)} is not allowed")
        return function(*args)

    def new(self, cls: Any, args: Any) -> Any:
        """A bare instance of a class: `cls.__new__(cls, *args)`."""
        if cls is OrderedDict or cls is defaultdict or cls is Counter:
            return cls()
        if not isinstance(cls, type) or not self._registered(cls):
            raise UnpicklingError(f"an instance of {_name(cls)} is not allowed")
        return cls.__new__(cls, *args)

    def build(self, instance: Any, state: Any) -> None:
        """Give an instance its state."""
        kind = type(instance)
        if kind is np.ndarray or kind in _DTYPE_TYPES:
            _set_numpy_state(instance, state)
        elif kind is OrderedDict and type(state) is dict:
            instance.__dict__.update(state)
        elif self._registered(kind):
            _set_state(instance, state)
        else:
            raise UnpicklingError(f"setting the state of {_name(kind)} is not allowed")

    def _registered(self, value: Any) -> bool:
        return _hashable(value) and value in self.classes

    def fill(self, instance: Any, kinds: tuple[type, ...]) -> Any:
        """The instance, if items may be put into it."""
        if type(instance) in kinds or (
            self._registered(type(instance)) and isinstance(instance, kinds)
        ):
            return instance
        raise UnpicklingError(f"items cannot be put into {_name(type(instance))}")


def read_pickle(file: IO[bytes], grammar: Grammar, persistent: Callable[[Any], Any]) -> Any:
    """The value of the pickle that begins at the file's position; the file is left at its end.

    persistent: what a persistent id (of a storage) stands for.
    UnpicklingError: a broken pickle, or one that wants what the grammar does not allow.
    """
    from pickletools import genops

    at = 0
    machine = _Machine(grammar, persistent)
    try:
        for opcode, argument, position in genops(file):
            at = position or 0
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, argument)
    except _Elsewhere as e:
        raise e.error from None
    except UnpicklingError as e:
        raise UnpicklingError(f"{e}\n  at byte {at} of the pickle") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as e:
        raise UnpicklingError(f"broken pickle at byte {at}: {type(e).__name__}: {e}") from e
    raise UnpicklingError("broken pickle: it ends without STOP")


class _Machine:
    """The stack machine that pickles are programs for."""

    def __init__(self, grammar: Grammar, persistent: Callable[[Any], Any]):
        self.grammar, self.persistent = grammar, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise UnpicklingError("broken pickle: a mark where a value should be")
        return value

    def pop_to_mark(self) -> list[Any]:
        """The values above the last mark, which goes too."""
        stack = self.stack
        i = len(stack) - 1
        while stack[i] is not _MARK:
            i -= 1
            if i < 0:
                raise UnpicklingError("broken pickle: no mark")
        values = stack[i + 1 :]
        del stack[i:]
        return values

    def step(self, name: str, argument: Any) -> None:
        """Execute one opcode."""
        stack, grammar = self.stack, self.grammar
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            n = _TUPLES[name]
            values = [self.pop() for _ in range(n)]
            stack.append(tuple(reversed(values)))
        else:
            run = _STEPS.get(name)
            if run is None:
                raise UnpicklingError(f"the pickle opcode {name} is not supported")
            run(self, stack, grammar, argument)


# ---------------------------------------------------------------- opcodes


def _put(m: _Machine, stack: list[Any], g: Grammar, i: Any) -> None:
    m.memo[len(m.memo) if i is None else i] = stack[-1]


def _get(m: _Machine, stack: list[Any], g: Grammar, i: int) -> None:
    stack.append(m.memo[i])


def _append(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    value = m.pop()
    g.fill(stack[-1], (list,)).append(value)


def _appends(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    values = m.pop_to_mark()
    g.fill(stack[-1], (list,)).extend(values)


def _set_item(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    value, key = m.pop(), m.pop()
    g.fill(stack[-1], _DICTS)[key] = value


def _set_items(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    values = m.pop_to_mark()
    target = g.fill(stack[-1], _DICTS)
    for i in range(0, len(values), 2):
        target[values[i]] = values[i + 1]


def _add_items(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    values = m.pop_to_mark()
    g.fill(stack[-1], (set,)).update(values)


def _dict(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    values = m.pop_to_mark()
    stack.append({values[i]: values[i + 1] for i in range(0, len(values), 2)})


def _global(m: _Machine, stack: list[Any], g: Grammar, names: str) -> None:
    module, name = names.split(" ", 1)
    stack.append(g.find(module, name))


def _stack_global(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    name, module = m.pop(), m.pop()
    if type(name) is not str or type(module) is not str:
        raise UnpicklingError("broken pickle: STACK_GLOBAL needs two strings")
    stack.append(g.find(module, name))


def _reduce(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    args, function = m.pop(), m.pop()
    stack.append(g.call(function, args))


def _new_object(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    args, cls = m.pop(), m.pop()
    stack.append(g.new(cls, args))


def _build(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    state = m.pop()
    g.build(stack[-1], state)


class _Elsewhere(Exception):
    """Carries an exception that the pickle is not to blame for through `read_pickle`."""

    def __init__(self, error: Exception):
        self.error = error


def _persistent(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    pid = m.pop()
    try:
        stack.append(m.persistent(pid))
    except UnpicklingError:
        raise
    except Exception as e:
        raise _Elsewhere(e) from e


def _no_operation(m: _Machine, stack: list[Any], g: Grammar, _: Any) -> None:
    """PROTO and FRAME: nothing to do, pickletools has checked them."""


_STEPS: dict[str, Callable[[_Machine, list[Any], Grammar, Any], object]] = {
    "PROTO": _no_operation,
    "FRAME": _no_operation,
    "MARK": lambda m, stack, g, _: stack.append(_MARK),
    "POP": lambda m, stack, g, _: stack.pop(),
    "POP_MARK": lambda m, stack, g, _: m.pop_to_mark(),
    "DUP": lambda m, stack, g, _: stack.append(stack[-1]),
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": _put,
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
    "APPEND": _append,
    "APPENDS": _appends,
    "LIST": lambda m, stack, g, _: stack.append(m.pop_to_mark()),
    "TUPLE": lambda m, stack, g, _: stack.append(tuple(m.pop_to_mark())),
    "FROZENSET": lambda m, stack, g, _: stack.append(frozenset(m.pop_to_mark())),
    "DICT": _dict,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "ADDITEMS": _add_items,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "NEWOBJ": _new_object,
    "BUILD": _build,
    "BINPERSID": _persistent,
}


# ---------------------------------------------------------------- Python's and NumPy's own types


def _hashable(value: Any) -> bool:
    return type(value).__hash__ is not None


def _name(value: Any) -> str:
    """module.name of a class or function, for error texts."""
    if not hasattr(value, "__qualname__"):
        return f"a {type(value).__name__}"
    return f"{value.__module__}.{value.__qualname__}"


def _set_state(instance: Any, state: Any) -> None:
    """What pickle's BUILD does to an instance of a class that the user has registered."""
    setter = getattr(instance, "__setstate__", None)
    if setter is not None:
        setter(state)
        return
    slots = None
    if type(state) is tuple and len(state) == 2:
        state, slots = state
    if state:
        instance.__dict__.update(state)
    for name, value in (slots or {}).items():
        setattr(instance, name, value)


def _reconstructor(*args: Any) -> Any:
    """Stands for copyreg's function of this name; Grammar.call gives it its meaning."""
    raise UnpicklingError("copyreg._reconstructor is allowed for plain objects only")


def _encode(text: str, encoding: str = "utf-8") -> bytes:
    """_codecs.encode: how protocols 0 to 2 write bytes."""
    if type(text) is not str or encoding != "latin1":
        raise UnpicklingError("_codecs.encode is allowed for latin1 only")
    return text.encode("latin1")


def _of_values(kind: Any) -> Callable[..., Any]:
    """kind(values), of values in the file itself: a `range` could ask for any amount of memory."""

    def make(*args: Any) -> Any:
        if not all(type(a) in (list, tuple, set, dict) for a in args):
            raise UnpicklingError(
                f"{_name(kind)} is allowed for lists, tuples, sets and dicts only"
            )
        return kind(*args)

    return make


def _default_dict(factory: Any = None, *args: Any) -> defaultdict[Any, Any]:
    if factory not in (None, list, dict, set, int, float, str, bool, tuple):
        raise UnpicklingError(f"defaultdict of {_name(factory)} is not allowed")
    return defaultdict(factory, *args)


def _byte_array(*args: Any) -> bytearray:
    if args and type(args[0]) not in (bytes, str):
        raise UnpicklingError("bytearray is allowed for bytes only")
    return bytearray(*args)


def _plain_dtype(code: Any, align: bool = False, copy: bool = True) -> np.dtype[Any]:
    """numpy.dtype of numbers, bool or text: a new object, so that its byte order can be set."""
    if type(code) is not str or code.lstrip("<>=|")[:1] not in set("biufcSU?"):
        raise UnpicklingError(f"numpy.dtype({code!r}) is not allowed: only numbers and text")
    return np.dtype(code, align=False, copy=True)


def _empty_array(cls: Any, shape: Any, code: Any) -> np.ndarray:
    if cls is not np.ndarray:
        raise UnpicklingError(f"an array of {_name(cls)} is not allowed: only numpy.ndarray")
    return np.empty(0, np.int8)


def _array_of_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """numpy._core.numeric._frombuffer: how protocol 5 writes arrays."""
    a = np.frombuffer(bytearray(data), _checked_dtype(dtype))
    return a.reshape(shape, order=order)


def _scalar(dtype: Any, data: Any = None) -> Any:
    if type(data) is not bytes:
        raise UnpicklingError("a NumPy scalar needs its bytes")
    return np.frombuffer(data, _checked_dtype(dtype))[0]


def _checked_dtype(dtype: Any) -> np.dtype[Any]:
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufcSU" or dtype.hasobject:
        raise UnpicklingError(f"NumPy data of {dtype} are not allowed: only numbers and text")
    return dtype


def _set_numpy_state(instance: Any, state: Any) -> None:
    """__setstate__ of an array or a dtype, after a look at what it would be given."""
    if type(state) is not tuple:
        raise UnpicklingError("broken state of a NumPy value")
    if isinstance(instance, np.dtype):
        # (version, byte order, subdtype, names, fields, itemsize, alignment, flags)
        if len(state) != 8 or any(part is not None for part in state[2:5]):
            raise UnpicklingError("structured NumPy dtypes are not allowed")
    else:
        # (version, shape, dtype, is Fortran order, bytes)
        if len(state) != 5 or type(state[4]) is not bytes:
            raise UnpicklingError("broken state of a NumPy array")
        _checked_dtype(state[2])
    instance.__setstate__(state)


_DTYPE_TYPES = {type(np.dtype(code)) for code in "?bhilqBHILQefdgFDGSU"}

_NUMBERS_AND_TEXT = (int, float, bool, complex, str, bytes, bytearray)
_CONTAINERS = (list, tuple, dict, set, frozenset)

_VALUES: dict[tuple[str, str], Any] = {
    **{
        ("builtins", t.__name__): t
        for t in (*_NUMBERS_AND_TEXT, *_CONTAINERS, slice, range, object)
    },
    ("builtins", "xrange"): range,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "Counter"): Counter,
    ("collections", "defaultdict"): defaultdict,
    ("_codecs", "encode"): _encode,
    ("copyreg", "_reconstructor"): _reconstructor,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy._core.numeric", "_frombuffer"): _array_of_buffer,
}

_CALLS: dict[Any, Callable[..., Any]] = {
    **{t: _of_values(t) for t in (*_CONTAINERS, OrderedDict, Counter)},
    **{t: t for t in (complex, slice, range)},
    bytearray: _byte_array,
    defaultdict: _default_dict,
    _encode: _encode,
    np.dtype: _plain_dtype,
    _empty_array: _empty_array,
    _scalar: _scalar,
    _array_of_buffer: _array_of_buffer,
}
