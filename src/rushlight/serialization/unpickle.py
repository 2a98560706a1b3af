"""Reading pickles as data: an interpreter of the pickle language that never calls foreign code.

Python's `pickle` lets a file name any function and call it. Here a name is resolved by a table
only (`grammar.py`), which also says what it may be used for; no module is imported because a file
names it. Protocols 0 to 5, only the opcodes that Python's and PyTorch's picklers
write. What a pickle may cost is bounded: opcodes, memory, depth, and how many values a program that
walks the result would meet (ten lists, each ten times inside the next, are 10^10).

A value of the file is never printed, hashed or compared here, except for keys (`Grammar.key`).
Source of the opcodes: https://docs.python.org/3/library/pickletools.html
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

from .errors import brief
from .grammar import Grammar
from .walk import check_shape

__all__ = ["read_pickle"]

MAX_OPCODES = 20_000_000
BASE_MEMORY = 64 << 20  # a pickle may make this, and
MEMORY_PER_BYTE = 16  # this much for each of its bytes: a list of small ints needs 4
_BIG = 4096  # reads above this are compared with what is left of the file


def read_pickle(
    file: IO[bytes],
    size: int,
    grammar: Grammar,
    persistent: Callable[[Any], Any],
    strings: tuple[str, str] = ("utf-8", "strict"),
) -> Any:
    """The value of the pickle that begins where `file` stands; leaves the file behind its end.

    size        bytes from there to the end of the file
    persistent  what a persistent id (of a storage) stands for
    strings     encoding and error handler of Python 2's strings
    UnpicklingError: a broken pickle, or one that wants what the grammar does not allow.
    """
    machine = _Machine(file, size, grammar, persistent, strings)
    try:
        value = machine.run()
    except UnpicklingError as e:
        if isinstance(e, RuntimeError):  # a LoadError: of the archive, not of the pickle
            raise
        raise UnpicklingError(f"{e}\n  at byte {machine.at} of the pickle") from None
    except (
        ValueError, TypeError, LookupError, AttributeError, OverflowError, struct.error,
    ) as e:  # fmt: skip
        line = str(e)[:200].partition("\n")[0]
        raise UnpicklingError(
            f"broken pickle at byte {machine.at}: {type(e).__name__}: {line}"
        ) from e
    finally:  # else the two keep each other, and what was read, until the garbage collector comes
        grammar.spend = _nothing
    check_shape(value, machine.count)
    return value


def _nothing(memory: int) -> None:
    """What a grammar spends between two pickles."""


class _Machine:
    """The stack machine that pickles are programs for."""

    def __init__(
        self,
        file: IO[bytes],
        size: int,
        grammar: Grammar,
        persistent: Callable[[Any], Any],
        strings: tuple[str, str],
    ):
        self.file, self.end = file, file.tell() + size
        self.grammar, self.persistent, self.strings = grammar, persistent, strings
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []  # the stacks below the marks
        self.memo: list[Any] = []
        self.count, self.at = 0, 0  # opcodes so far; where the present one begins
        self.left = BASE_MEMORY + MEMORY_PER_BYTE * size
        grammar.spend = self.spend

    def run(self) -> Any:
        read, tell, begin, steps = self.file.read, self.file.tell, self.file.tell(), _STEPS
        while True:
            self.at = tell() - begin
            code = read(1)
            self.count += 1
            if code == b".":
                break
            step = steps.get(code)
            if step is None:
                raise _unknown(code)
            step(self)
            if self.count > MAX_OPCODES:
                raise UnpicklingError(f"a pickle of more than {MAX_OPCODES:,} opcodes")
        if self.marked:
            raise UnpicklingError("broken pickle: a mark where a value should be")
        if len(self.stack) != 1:
            raise UnpicklingError("broken pickle: values are left over at its STOP")
        return self.stack[0]

    def spend(self, memory: int) -> None:
        """Take so many bytes from what the pickle may use."""
        self.left -= memory
        if self.left < 0:
            raise UnpicklingError("the values of this pickle need too much memory for its size")

    def read(self, n: int) -> bytes:
        if n > _BIG:
            if n > self.end - self.file.tell():
                raise UnpicklingError(f"broken pickle: {n} bytes wanted, which it does not have")
            self.spend(n)
        data = self.file.read(n)
        if len(data) != n:
            raise UnpicklingError("broken pickle: it ends too early")
        return data

    def line(self) -> bytes:
        data = self.file.readline()
        if data[-1:] != b"\n":
            raise UnpicklingError("broken pickle: it ends too early")
        self.spend(len(data))
        return data[:-1]

    def push(self, value: Any, memory: int = 40) -> None:
        self.stack.append(value)
        self.left -= memory
        if self.left < 0:
            self.spend(0)

    def pop(self) -> Any:
        if not self.stack:
            raise UnpicklingError("broken pickle: a value is missing")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack:
            raise UnpicklingError("broken pickle: a value is missing")
        return self.stack[-1]

    def values(self) -> list[Any]:
        """The values above the last mark, which goes too."""
        if not self.marked:
            raise UnpicklingError("broken pickle: no mark")
        values, self.stack = self.stack, self.marked.pop()
        return values

    def put(self, i: int) -> None:
        """Remember the top value; indices are given out one after the other, from 0 or 1."""
        value, memo = self.top(), self.memo
        if i == len(memo) + 1 == 1:
            memo.append(None)  # Python 2 began at 1
        if i == len(memo):
            memo.append(value)
            self.left -= 8
        elif 0 <= i < len(memo):
            memo[i] = value
        else:
            raise UnpicklingError(f"broken pickle: memo index {brief(i)} after {len(memo)} others")
        self.grammar.note(value, i)

    def get(self, i: int) -> None:
        if not 0 <= i < len(self.memo):
            raise KeyError(f"memo index {brief(i)} was never set")
        self.push(self.memo[i], 8)


def _unknown(code: bytes) -> UnpicklingError:
    if not code:
        return UnpicklingError("broken pickle: it ends without STOP")
    import pickletools

    known = pickletools.code2op.get(code.decode("latin1"))  # type: ignore[attr-defined]
    if known is None:
        return UnpicklingError(f"broken pickle: there is no opcode {code!r}")
    return UnpicklingError(f"the pickle opcode {known.name} is not supported")


# ---------------------------------------------------------------- opcodes

_STEPS: dict[bytes, Callable[[_Machine], None]] = {}


def _on(code: bytes) -> Callable[[Callable[[_Machine], None]], Callable[[_Machine], None]]:
    def register(step: Callable[[_Machine], None]) -> Callable[[_Machine], None]:
        _STEPS[code] = step
        return step

    return register


@_on(b"\x80")
def _proto(m: _Machine) -> None:
    if m.count != 1:
        raise UnpicklingError("broken pickle: PROTO in the middle")
    protocol = m.read(1)[0]
    if protocol > 5:
        raise UnpicklingError(f"pickle protocol {protocol}: 0 to 5 are known")


@_on(b"\x95")
def _frame(m: _Machine) -> None:
    (size,) = struct.unpack("<Q", m.read(8))
    if size > m.end - m.file.tell():
        raise UnpicklingError("broken pickle: a frame that is longer than the file")


def _constant(code: bytes, value: Any) -> None:
    _STEPS[code] = lambda m: m.push(value, 8)


for _code, _value in ((b"N", None), (b"\x88", True), (b"\x89", False), (b")", ())):
    _constant(_code, _value)


def _empty(code: bytes, make: Any, memory: int) -> None:
    _STEPS[code] = lambda m: m.push(make(), memory)


for _code, _make, _memory in ((b"]", list, 64), (b"}", dict, 72), (b"\x8f", set, 224)):
    _empty(_code, _make, _memory)


def _packed(code: bytes, layout: str, memory: int) -> None:
    unpack, size = struct.Struct(layout).unpack, struct.calcsize(layout)
    _STEPS[code] = lambda m: m.push(unpack(m.read(size))[0], memory)


for _code, _layout, _memory in (
    (b"K", "<B", 8), (b"M", "<H", 40), (b"J", "<i", 40), (b"G", ">d", 32),
):  # fmt: skip
    _packed(_code, _layout, _memory)


def _sized(code: bytes, layout: str, decode: Callable[[_Machine, bytes], Any]) -> None:
    """A length, then so many bytes; up to 4 bytes of memory for each."""
    unpack, width = struct.Struct(layout).unpack, struct.calcsize(layout)

    def step(m: _Machine) -> None:
        (n,) = unpack(m.read(width))
        if n < 0:
            raise UnpicklingError("broken pickle: a negative length")
        m.push(decode(m, m.read(n)), 60 + n)

    _STEPS[code] = step


def _text(m: _Machine, data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _python_2(m: _Machine, data: bytes) -> Any:
    encoding, errors = m.strings
    if encoding == "bytes":
        return data
    try:
        return data.decode(encoding, errors)
    except UnicodeDecodeError as e:
        raise UnpicklingError(
            f"a string of Python 2 is no {encoding}: {e.reason}; "
            "fix: load(..., encoding='latin1') or encoding='bytes'"
        ) from None


def _integer(m: _Machine, data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


for _code, _layout, _decode in (
    (b"X", "<I", _text), (b"\x8c", "<B", _text), (b"\x8d", "<Q", _text),
    (b"B", "<I", lambda m, data: data), (b"C", "<B", lambda m, data: data),
    (b"\x8e", "<Q", lambda m, data: data), (b"\x96", "<Q", lambda m, data: bytearray(data)),
    (b"T", "<i", _python_2), (b"U", "<B", _python_2),
    (b"\x8a", "<B", _integer), (b"\x8b", "<i", _integer),
):  # fmt: skip
    _sized(_code, _layout, _decode)


@_on(b"I")
def _int(m: _Machine) -> None:
    line = m.line()
    m.push({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line), 40)


@_on(b"L")
def _long(m: _Machine) -> None:
    m.push(int(m.line().removesuffix(b"L")), 40)


@_on(b"F")
def _float(m: _Machine) -> None:
    m.push(float(m.line()), 32)


@_on(b"S")
def _string(m: _Machine) -> None:
    line = m.line().strip()
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[-1:] != line[:1]:
        raise UnpicklingError("broken pickle: a string without its quotes")
    m.push(_python_2(m, codecs.escape_decode(line[1:-1])[0]), 60)  # type: ignore[attr-defined]


@_on(b"V")
def _unicode(m: _Machine) -> None:
    m.push(m.line().decode("raw-unicode-escape"), 60)


@_on(b"(")
def _mark(m: _Machine) -> None:
    m.marked.append(m.stack)
    m.stack = []
    m.spend(80)


@_on(b"0")
def _pop(m: _Machine) -> None:
    """As Python's own: without a value, the mark goes. Recursive tuples need both."""
    m.spend(200)
    if m.stack:
        m.stack.pop()
    else:
        m.values()


@_on(b"1")
def _pop_mark(m: _Machine) -> None:
    m.spend(200)
    m.values()


_STEPS[b"p"] = lambda m: m.put(int(m.line()))
_STEPS[b"q"] = lambda m: m.put(m.read(1)[0])
_STEPS[b"r"] = lambda m: m.put(int.from_bytes(m.read(4), "little"))
_STEPS[b"\x94"] = lambda m: m.put(len(m.memo))
_STEPS[b"g"] = lambda m: m.get(int(m.line()))
_STEPS[b"h"] = lambda m: m.get(m.read(1)[0])
_STEPS[b"j"] = lambda m: m.get(int.from_bytes(m.read(4), "little"))


def _tuple_of(n: int) -> Callable[[_Machine], None]:
    def step(m: _Machine) -> None:
        if len(m.stack) < n:
            raise UnpicklingError("broken pickle: a value is missing")
        m.stack[-n:] = [tuple(m.stack[-n:])]
        m.spend(48 + 8 * n)

    return step


for _code, _n in ((b"\x85", 1), (b"\x86", 2), (b"\x87", 3)):
    _STEPS[_code] = _tuple_of(_n)


@_on(b"t")
def _tuple(m: _Machine) -> None:
    values = m.values()
    m.push(tuple(values), 48 + 8 * len(values))


@_on(b"l")
def _list(m: _Machine) -> None:
    m.push(m.values(), 64)


@_on(b"d")
def _dict(m: _Machine) -> None:
    values = m.values()
    m.push({}, 72 + 50 * len(values))
    _fill_dict(m, values)


@_on(b"\x91")
def _frozenset(m: _Machine) -> None:
    values = m.values()
    m.push(frozenset(map(m.grammar.key, values)), 224 + 40 * len(values))


@_on(b"a")
def _append(m: _Machine) -> None:
    value = m.pop()
    m.grammar.fill(m.top(), list).append(value)
    m.left -= 8


@_on(b"e")
def _appends(m: _Machine) -> None:
    values = m.values()
    m.grammar.fill(m.top(), list).extend(values)
    m.spend(8 * len(values))


@_on(b"s")
def _set_item(m: _Machine) -> None:
    value, key = m.pop(), m.pop()
    m.grammar.fill(m.top(), dict)[m.grammar.key(key)] = value
    m.spend(100)


@_on(b"u")
def _set_items(m: _Machine) -> None:
    values = m.values()
    m.spend(50 * len(values))
    _fill_dict(m, values)


def _fill_dict(m: _Machine, values: list[Any]) -> None:
    target, key = m.grammar.fill(m.top(), dict), m.grammar.key
    if len(values) % 2:
        raise UnpicklingError("broken pickle: a key without a value")
    for i in range(0, len(values), 2):
        target[key(values[i])] = values[i + 1]


@_on(b"\x90")
def _add_items(m: _Machine) -> None:
    values = m.values()
    m.spend(40 * len(values))
    m.grammar.fill(m.top(), set).update(map(m.grammar.key, values))


@_on(b"c")
def _global(m: _Machine) -> None:
    module, name = m.line().decode("utf-8"), m.line().decode("utf-8")
    m.push(m.grammar.find(module, name), 8)


@_on(b"\x93")
def _stack_global(m: _Machine) -> None:
    name, module = m.pop(), m.pop()
    if type(name) is not str or type(module) is not str:
        raise UnpicklingError("broken pickle: STACK_GLOBAL needs two strings")
    m.push(m.grammar.find(module, name), 8)


@_on(b"R")
def _reduce(m: _Machine) -> None:
    args, function = m.pop(), m.pop()
    m.push(m.grammar.call(function, args), 300)


@_on(b"\x81")
def _new_object(m: _Machine) -> None:
    args, cls = m.pop(), m.pop()
    m.push(m.grammar.new(cls, args), 300)


@_on(b"\x92")
def _new_object_ex(m: _Machine) -> None:
    options, args, cls = m.pop(), m.pop(), m.pop()
    if type(options) is not dict or options:
        raise UnpicklingError("an instance made with keyword arguments is not allowed")
    m.push(m.grammar.new(cls, args), 300)


@_on(b"o")
def _old_object(m: _Machine) -> None:
    """Protocol 1's instances: a class and its arguments above the mark."""
    values = m.values()
    if not values:
        raise UnpicklingError("broken pickle: an instance without its class")
    m.push(m.grammar.new(values[0], tuple(values[1:])), 300)


@_on(b"b")
def _build(m: _Machine) -> None:
    state = m.pop()
    old = m.top()
    new, i = m.grammar.build(old, state)
    m.spend(64)
    if new is not old:  # a NumPy value, which is made when its state is known
        m.stack[-1] = new
        if i is not None:
            m.memo[i] = new


@_on(b"Q")
def _persistent(m: _Machine) -> None:
    m.push(m.persistent(m.pop()), 100)
