"""The operations of a program as they run: line, shapes, formula; the graph of its last loss."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from itertools import groupby
from threading import get_ident
from typing import Any

from rushlight import Tensor, nn
from rushlight.app.pages.recorder import doc_of, formula_of, options_of, tensors
from rushlight.profiler.listening import listen, unlisten

_INIT = nn.init.__file__
ROWS = 300  # kinds of operations that are told apart; the rest is counted
NODES = 400  # operations of one step whose results are kept for the graph
_ITEMS = ("getitem", "setitem")
UNSEEN = ("item", "detach", "size", "dim", "numel")  # they make no numbers for a reader


@dataclass
class Row:
    """An operation on one line of the program, with the same shapes each time."""

    line: int
    name: str
    call: str
    inputs: list[str]
    output: str
    times: int = 0


@dataclass
class Node:
    """One operation of a step: where its inputs come from, and the leaves among them."""

    row: Row
    sources: list[int]
    leaves: list[Tensor]
    result: Any = field(repr=False)  # alive, so that its id is its own


def gradient_of(doc: str | None) -> str:
    """What a docstring of ours says of the gradient: "dx = dy where y > 0"; "" for nothing."""
    lines = (doc or "").strip().splitlines()
    for i, line in enumerate(lines):
        if re.match(r"\s*grad\s{2,}", line):
            found = [re.sub(r"^\s*grad\s+", "", line)]
            for more in lines[i + 1 :]:
                if not re.match(r"\s{9,}\S", more):
                    break
                found.append(more.strip())
            return " ".join(found)
    first = " ".join((doc or "").strip().split("\n\n")[0].split())
    found = re.findall(r";\s+(d\w+ = .*?)(?=\.$|$)", first)
    return found[0] if found else ""


def key_text(key: Any) -> str:
    """What stands between the brackets of x[key]: "[:, 1:, None]"."""

    def part(value: Any) -> str:
        if isinstance(value, slice):
            ends = ["" if v is None else str(v) for v in (value.start, value.stop)]
            return ":".join(ends if value.step is None else [*ends, str(value.step)])
        if isinstance(value, Tensor):
            return f"a tensor {_shape(value)}"
        return "..." if value is ... else str(value)

    return f"[{', '.join(map(part, key if isinstance(key, tuple) else (key,)))}]"


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def _shapes(given: list[Tensor]) -> list[str]:
    """The shapes of arguments; of many with one shape, how many: "40 × (3, 8)"."""
    groups = [(text, len(list(same))) for text, same in groupby(map(_shape, given))]
    return [f"{n} × {text}" if n > 2 else ", ".join([text] * n) for text, n in groups]


class Operations:
    """A listener (profiler/listening.py): `rows` and `docs` of what ran, `graph` of the last loss.

    filename   the program; what runs is told by the innermost of its lines
    leaves     every leaf that wants a gradient and was used
    graph      nodes of the step whose loss last went backward, those that lead to it
    """

    def __init__(self, filename: str):
        self.filename, self.thread = filename, get_ident()
        self.rows: dict[tuple[Any, ...], Row] = {}
        self.docs: dict[str, dict[str, str]] = {}
        self.leaves: dict[int, Tensor] = {}
        self.graph: list[Node] = []
        self.more = 0  # operations beyond ROWS kinds
        self._step: list[Node] = []
        self._made: dict[int, int] = {}
        self._deep = 0

    def __enter__(self) -> Operations:
        listen(self)
        return self

    def __exit__(self, *error: object) -> None:
        unlisten(self)

    def _line(self) -> int | None:
        """The program's line; None inside of a layer's initialisation, which nobody wrote there."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if name == self.filename:
                return int(frame.f_lineno)
            if name == _INIT:
                return None
            frame = frame.f_back
        return 0

    def begin(self, kind: str, name: str, args: Any, what: Any, keywords: Any) -> Any:
        """An operation begins; those inside of it belong to it."""
        if kind not in ("op", "change", "view"):
            return None
        self._deep += 1
        if self._deep > 1 or name in UNSEEN:
            return ()
        if keywords:
            args = (*args, *keywords.values())
        line = self._line()
        if line is None:
            return ()
        given = list(tensors(args))
        return (name, args, what, given, _shapes(given), line)

    def end(self, token: Any, result: Any) -> None:
        """It ends."""
        if token is None:
            return
        self._deep -= 1
        results = list(tensors(result))
        if not token or not results:
            return
        name, args, what, given, shapes, line = token
        if given and results[0] is given[0] and not name.endswith("_"):
            return  # nothing was to be done
        call = key_text(args[1]) if name in _ITEMS else options_of(what, args)
        call = re.sub(r"\d+\.\d{5,}", lambda m: f"{float(m[0]):.5g}", call)
        output = ", ".join(map(_shape, results[:3]))
        key = (line, name, call, tuple(shapes), output)
        row = self.rows.get(key)
        if row is None:
            row = Row(line, name, call, shapes, output)
            if len(self.rows) >= ROWS:
                self.more += 1
            else:
                self.rows[key] = row
                if name not in self.docs:
                    doc = doc_of(what, name)
                    self.docs[name] = {"formula": formula_of(doc), "grad": gradient_of(doc)}
        row.times += 1
        leaves = [t for t in given if t.requires_grad and t.is_leaf]
        self.leaves.update((id(t), t) for t in leaves)
        if len(self._step) < NODES and any(t.requires_grad and not t.is_leaf for t in results):
            sources = sorted({self._made[id(t)] for t in given if id(t) in self._made})
            self._made.update((id(t), len(self._step)) for t in results)
            self._step.append(Node(row, sources, leaves, results))

    def backward(self, root: Tensor) -> None:
        """A loss goes backward: what led to it is the graph, and a new step begins."""
        last = self._made.get(id(root))
        if last is not None:
            wanted = {last}
            for i in range(last, -1, -1):
                if i in wanted:
                    wanted.update(self._step[i].sources)
            order = sorted(wanted)
            place = {old: new for new, old in enumerate(order)}
            self.graph = [
                Node(n.row, [place[s] for s in n.sources], n.leaves, None)
                for n in (self._step[i] for i in order)
            ]
        self._step, self._made = [], {}
