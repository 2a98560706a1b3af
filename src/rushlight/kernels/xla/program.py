"""Eager: one XLA program per card, direction and options, compiled at the first call and kept.

A formula that runs op by op costs a dispatch per NumPy call; as a program it costs one. What is an
array goes in, with its chain of views in the key; what is none (options, None, which gradients are
wanted) is the key. A formula that needs a value while it is traced runs op by op from then on; one
that no device can run (HOST) computes on the host and its results go back.
"""

from __future__ import annotations

import threading
import warnings
from typing import Any

import jax
import numpy as np

from . import views
from .array import SPREAD, Array, HostAccess, Tracer, host
from .option import Option, Own, Questions, marked

_ndarray = np.ndarray
MOST = 256  # programs of one formula: more means that an option changes at every call
LARGE = 1 << 14  # bytes of a host array that may be part of a key
_SCALARS = frozenset((np.float64, np.float32, np.float16, np.int64, np.int32))
PLAIN = object()  # stands for the program of a formula that has none
DEPTH = [0]  # > 0 while a card's formula runs on Arrays
NAME: list[Any] = [str]  # what to call an Array's device
WARN: list[Any] = [warnings.warn]  # at the user's line, see core/accelerators.py
_CALL = threading.local()  # numbers: those of the call that is made
RUNNING = [0]  # > 0 while a card's program is traced
STATS: dict[str, Any] = {"programs": 0, "plain": {}, "host": {}}


class Untraceable(Exception):
    """A formula did what a program of a card cannot repeat: it drew random numbers."""


CANNOT = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerBoolConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.UnexpectedTracerError,
    HostAccess,
    Untraceable,
)


class _Plain(Exception):
    """These arguments cannot be the key of a program."""


def _described(a: Any, values: list, kept: list, indices: bool, asked: Questions | None) -> Any:
    """What the key says of an argument; arrays are put into `values`, constants into `kept`.

    indices  whole numbers of the host are inputs, too: x[i] of another i is the same program
    asked    so are floats, of which the key says the sign, but for those that the formula has
             cases of its own for; None: floats are constants
    """
    t = type(a)
    if t in _SCALARS:  # beside arrays of JAX NumPy's numbers would widen the result
        a = a.item()
        t = type(a)
    if t is Array:
        v = a.cell.value
        if isinstance(v, Tracer):
            raise _Plain
        values.append(v)
        if not a.chain:
            return ("a",)
        values += a.starts
        return ("a", a.chain, len(a.starts))
    if a is None or t is bool or t is int or t is str:
        return a if a is None else (t, a)
    if t is float:
        mark = marked(a, asked)
        if mark is None:
            return ("f", a.hex())
        values.append(a)
        return mark
    if t is tuple or t is list:
        return (t, *[_described(b, values, kept, indices, asked) for b in a])
    if t is _ndarray:
        if a.ndim == 0:
            values.append(a)
            return "0"
        if indices and a.dtype.kind in "iu":
            values.append(a)
            return "i"
        if a.nbytes > LARGE or a.dtype.hasobject:
            raise _Plain
        kept.append(a)
        return ("h", a.shape, a.dtype.str, a.tobytes())
    if isinstance(a, tuple):
        if not hasattr(a, "_make") and not hasattr(a, "given"):
            raise _Plain
        # a key of index tensors (ops/index.py) is a plain tuple in its program
        kind = t if hasattr(a, "_make") else tuple
        return (kind, *[_described(b, values, kept, indices, asked) for b in a])
    if t is slice:
        return (t, a.start, a.stop, a.step)
    if hasattr(a, "mt") or isinstance(a, _ndarray):  # a generator; an array of another kind
        raise _Plain
    kept.append(a)
    return (t, a)


def _rebuilt(key: Any, values: Any, kept: Any, made: list, option: Any) -> Any:
    """The argument that a key describes; tracers for arrays, option(tracer, sign) for floats."""
    if key is None:
        return None
    if key == "0" or key == "i":
        return Array(next(values))
    kind = key[0]
    if kind == "a":
        a = Array(next(values))
        if len(key) > 1:
            a = Array(None, a.cell, key[1], tuple([next(values) for _ in range(key[2])]))
            v = a.v
            a._shadow = views.shadow(v.shape, np.dtype(v.dtype))
        made.append(a)
        return a
    if kind == "f":
        return float.fromhex(key[1])
    if kind == "F":
        return option(next(values), key[1])
    if kind is tuple or kind is list:
        return kind([_rebuilt(k, values, kept, made, option) for k in key[1:]])
    if kind == "h":
        return next(kept)
    if kind is slice:
        return slice(*key[1:])
    if kind is bool or kind is int or kind is str:
        return key[1]
    if type(kind) is type and issubclass(kind, tuple):
        return kind(*[_rebuilt(k, values, kept, made, option) for k in key[1:]])
    return next(kept)


def _taken(r: Any, found: list) -> Any:
    """The plan of a result; its arrays are put into `found`."""
    if type(r) is Array:
        found.append(r.v)
        return "a"
    if isinstance(r, (_ndarray, np.generic)):  # a constant beside results of the device
        found.append(jax.numpy.asarray(r))
        return "a"
    if type(r) is tuple or type(r) is list:
        return [type(r), [_taken(x, found) for x in r]]
    return ("k", r)


def _given(plan: Any, values: Any) -> Any:
    if plan == "a":
        return Array(next(values))
    if type(plan) is list:
        return plan[0]([_given(p, values) for p in plan[1]])
    return plan[1]


class _Node:
    """What a formula asks of its node. The node itself would keep its graph and model alive."""

    def __init__(self, node: Any):
        self.edges = tuple([None if e is None else True for e in node.edges])
        self._name = node.name()

    def needs(self, i: int) -> bool:
        """As of the node."""
        return self.edges[i] is not None

    def name(self) -> str:
        """As of the node."""
        return self._name


class _Plans:
    """What the results of a program mean, and which arguments it writes: as a rule the same for all
    shapes; where it is not, by shapes."""

    def __init__(self) -> None:
        self.last: Any = None
        self.all: dict[Any, Any] = {}
        self.vary = False

    def note(self, values: Any, plan: tuple) -> None:
        """The plan of a trace with these arguments."""
        self.vary = self.vary or (self.last is not None and plan != self.last)
        self.last = self.all[self._shapes(values)] = plan

    def of(self, values: Any) -> tuple:
        """The plan of a call with these arguments."""
        return self.all[self._shapes(values)] if self.vary else self.last

    @staticmethod
    def _shapes(values: Any) -> tuple:
        return tuple([(np.shape(v), _dtype_of(v)) for v in values])


def _dtype_of(v: Any) -> Any:
    """None of a Python number, as JAX sees it while it traces, too."""
    return None if type(v) in (int, float) or getattr(v, "weak_type", False) else v.dtype


class Program:
    """A formula on Arrays, compiled for each kind of arguments.

    f        the formula
    node     its first argument is the node of a backward
    indices  arrays of whole numbers on the host are no options but indices
    """

    def __init__(self, f: Any, name: str, node: bool = False, indices: bool = False):
        self.f, self.name, self.node, self.indices = f, name, node, indices
        self.known: dict[Any, Any] = {}
        self.questions = Questions()
        self.asked: set[Any] = set()  # keys whose formula asks for the numbers' values

    def __call__(self, args: tuple, options: dict | None = None) -> Any:
        try:
            key, values, kept = self._key(args, options, self.questions)
            if key in self.asked and self.known.get(key) is not PLAIN:
                key, values, kept = self._key(args, options, None)
            run = self.known.get(key)
        except (_Plain, TypeError):
            return self.plain(args, options)
        if run is PLAIN:
            return self.plain(args, options)
        if run is None:
            if len(self.known) >= MOST:
                return self.plain(args, options)
            run = self.known[key] = self._compiled(args, key, kept, options)
            STATS["programs"] += 1
        jitted, plans = run
        _CALL.numbers = numbers = [v for v in values if type(v) is float]
        if SPREAD[0] is not None:
            values = SPREAD[0](values)
        try:
            results = jitted(*values)
        except Own:
            results = None
        except Exception as e:
            if numbers:
                return self._with_constants(key, args, options)
            if not isinstance(e, CANNOT):
                if isinstance(e, (IndexError, TypeError, ValueError)):
                    raise self._in_numpys_words(e, args, options) from None
                raise
            self.known[key] = PLAIN
            STATS["plain"][self.name] = f"{type(e).__name__}: {str(e).splitlines()[0]}"
            return self.plain(args, options)
        if results is None:
            return self(args, options)
        found = iter(results)
        plan, writes = plans.of(values)
        r = _given(plan, found)
        if writes:
            arrays = [a for a in _each((args, options or {})) if type(a) is Array]
            for i in writes:
                arrays[i].write(next(found))
        return r

    def _with_constants(self, key: Any, args: tuple, options: dict | None) -> Any:
        """The call whose formula could not be traced with its numbers unknown: as a rule it asks
        for their values."""
        self.known.pop(key, None)
        STATS["programs"] -= 1
        self.asked.add(key)
        try:
            r = self(args, options)
        except Exception:  # it was not for the numbers
            self.asked.discard(key)
            raise
        if self.known.get(self._key(args, options, None)[0]) is PLAIN:
            self.known[key] = PLAIN  # with no numbers at all
        return r

    def _key(self, args: tuple, options: dict | None, asked: Any) -> tuple[Any, list, list]:
        """What a call's program depends on; its inputs; its constants."""
        values: list = []
        kept: list = []
        how = self.indices, asked
        key: Any = tuple([_described(a, values, kept, *how) for a in args[self.node :]])
        if self.node:
            key = (tuple([e is None for e in args[0].edges]), key)
        if options:
            key = (key, *[(n, _described(a, values, kept, *how)) for n, a in options.items()])
        return key, values, kept

    def _compiled(self, args: tuple, key: Any, kept: list, options: dict | None) -> tuple:
        node, f = [_Node(c) for c in args[: self.node]], self.f
        plans = _Plans()
        parts = key[0] if options else key
        parts = parts[1] if self.node else parts
        more = [(n, k) for n, k in key[1:]] if options else []

        def program(*values: Any) -> list:
            it, rest, made = iter(values), iter(kept), []
            numbers = iter(_CALL.numbers)

            def option(v: Any, sign: int) -> Option:
                return Option(v, sign, self.questions, next(numbers))

            given = [_rebuilt(k, it, rest, made, option) for k in parts]
            named = {n: _rebuilt(k, it, rest, made, option) for n, k in more}
            before = [a.cell.version for a in made]
            RUNNING[0] += 1
            try:
                r = f(*node, *given, **named)
            finally:
                RUNNING[0] -= 1
            found: list = []
            plan = _taken(r, found)
            writes = [
                i for i, (a, n) in enumerate(zip(made, before, strict=True)) if a.cell.version != n
            ]
            plans.note(values, (plan, writes))
            return [*found, *[made[i].v for i in writes]]

        program.__name__ = self.name
        return jax.jit(program), plans

    def plain(self, args: tuple, options: dict | None = None) -> Any:
        """Op by op."""
        DEPTH[0] += 1
        try:
            return _lifted(self.f(*args, **(options or {})), args)
        except (HostAccess, jax.errors.TracerArrayConversionError) as e:
            if any(
                [
                    type(a) is Array and isinstance(a.cell.value, Tracer)
                    for a in _each((args, options))
                ]
            ):
                raise
            if self.name not in STATS["host"]:
                STATS["host"][self.name] = str(e)
                WARN[0](
                    f"{self.name} cannot be computed on an XLA device: its tensors are copied to "
                    "the host and back, here and from now on (docs/devices.md)"
                )
        except (IndexError, TypeError, ValueError) as e:
            raise self._in_numpys_words(e, args, options) from None
        finally:
            DEPTH[0] -= 1
        return self.on_host(args, options)

    def _in_numpys_words(self, e: Exception, args: tuple, options: dict | None) -> Exception:
        """The error that the formula raises on the host: messages.explain knows NumPy's."""
        if any(
            [type(a) is Array and isinstance(a.cell.value, Tracer) for a in _each((args, options))]
        ):
            return e
        try:
            self.on_host(args, options)
        except Exception as found:
            return found
        return _explained(e)

    def on_host(self, args: tuple, options: dict | None = None) -> Any:
        """On the host, the results back on the device."""
        where: list = []

        def down(a: Any) -> Any:
            t = type(a)
            if t is Array:
                where.append(a.device)
                return host(a)
            if t is tuple or t is list:
                return t([down(b) for b in a])
            return a

        def up(a: Any) -> Any:
            if type(a) is tuple or type(a) is list:
                return type(a)([up(b) for b in a])
            if isinstance(a, (_ndarray, np.generic)) and type(a) is not Array:
                return Array(jax.device_put(np.array(a), where[0]))
            return a

        given = down(args)
        return up(self.f(*given, **{n: down(a) for n, a in (options or {}).items()}))


def _lifted(r: Any, args: Any) -> Any:
    """The results of a formula that ran op by op; a constant among them goes to the device."""
    if type(r) is Array or r is None:
        return r
    if type(r) is tuple or type(r) is list:
        return type(r)([_lifted(x, args) for x in r])
    if isinstance(r, (_ndarray, np.generic)):
        where = next(a for a in _each(args) if type(a) is Array).device
        return Array(jax.device_put(np.array(r), where))
    return r


def _each(x: Any) -> Any:
    if isinstance(x, (tuple, list)) and type(x) is not Array:
        for y in x:
            yield from _each(y)
    elif type(x) is dict:
        yield from _each(tuple(x.values()))
    else:
        yield x


def _explained(e: Exception) -> Exception:
    if "incompatible devices" in str(e):
        return RuntimeError("Expected all tensors to be on the same device")
    return e


def one_device(x: Any, y: Any, arrays: tuple = (), name: str = "") -> None:
    """RuntimeError: an operand of the host, of more than one number, beside one of a device.

    arrays  all that the op `name` was given
    """
    for a, b in ((x, y), (y, x)):
        if type(a) is _ndarray and a.ndim and type(b) is Array:
            if not DEPTH[0] and not RUNNING[0] and not isinstance(b.cell.value, Tracer):
                raise RuntimeError(mixed(arrays or (x, y), name))


def mixed(arrays: Any, name: str = "") -> str:
    """PyTorch's words for arrays of the CPU and of another device in one op, and which they are."""
    there = next(NAME[0](a) for a in arrays if type(a) is Array)
    found = [
        f"{tuple(a.shape)} on {NAME[0](a) if type(a) is Array else 'cpu'}"
        for a in arrays
        if isinstance(a, _ndarray)
    ]
    return (
        "Expected all tensors to be on the same device, but found at least two devices, "
        f"{there} and cpu!\n  {name + ': ' if name else ''}{', '.join(found)}\n"
        f"  fix: x.to({str(there)!r}) for data, model.to({str(there)!r}) for parameters and buffers"
    )


# compiled steps donate their state; the CPU cannot use all of it
warnings.filterwarnings("ignore", message="Some donated buffers were not usable")
