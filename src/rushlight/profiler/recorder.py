"""The recorder: a listener that notes names and times.

An event is noted as a plain list while the program runs; `events` makes FunctionEvents of them.
"""

from __future__ import annotations

import os
import re
import sys
from math import prod
from threading import get_ident
from time import perf_counter_ns
from typing import Any

from ..core.tensor import Tensor
from ..dispatch.op import Card
from .events import EventList, FunctionEvent
from .flops import event_flops
from .listening import listen, unlisten

RECORDERS: list[Recorder] = []  # those that are on; `record_function` tells them

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_HIDDEN = tuple(_PACKAGE + room + os.sep for room in ("profiler", "dispatch", "core", "autograd"))
# where PyTorch's op is neither our name nor that of the node
_NAMES = {
    "matmul_batched": "bmm",
    "attention": "_scaled_dot_product_flash_attention_for_cpu",
    "linear": "linear",
    "cross_entropy": "cross_entropy_loss",
}
_ENGINE = "autograd::engine::evaluate_function: "
USER, BACKWARD, FUNCTION = 7, 1, 0  # PyTorch's RecordScope


def op_name(op: Any) -> str:
    """PyTorch's name of what a card computes: that of its node, if no user calls the card."""
    name = op.name
    if name in _NAMES:
        return _NAMES[name]
    if isinstance(op, Card) and op.schema is None and op.title != "NotImplemented":
        return snake(op.title)
    return name


def snake(title: str) -> str:
    """The op of a node: "MaxPool2DWithIndicesBackward0" -> "max_pool2d_with_indices"."""
    words = re.sub(r"Backward\d*$", "", title)
    words = re.sub(r"(\d)D", r"\1d", words)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", words).lower()


def shapes_of(args: Any) -> list:
    """The shapes of the arguments, [] for what is no tensor."""
    return [_shape(a) for a in args]


def _shape(a: Any) -> list:
    if isinstance(a, Tensor):
        return list(a.shape)
    if type(a) in (list, tuple) and a and all(isinstance(t, Tensor) for t in a):
        return [list(t.shape) for t in a]
    shape = getattr(a, "shape", None)  # a gradient as the engine has it
    return list(shape) if isinstance(shape, tuple) else []


def stack_here(depth: int = 1) -> list[str]:
    """The lines of Python that led here, the innermost first, without what carries a call."""
    lines = []
    frame: Any = sys._getframe(depth)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_HIDDEN) and not file.startswith(("<card", "<face")):
            lines.append(f"{file}({frame.f_lineno}): {frame.f_code.co_name}")
        frame = frame.f_back
    return lines


class Recorder:
    """Notes what runs in the thread that made it."""

    def __init__(self, shapes: bool = False, memory: bool = False, stack: bool = False,
                 flops: bool = False):  # fmt: skip
        self.thread = get_ident()
        self.shapes, self.memory, self.stack, self.flops = shapes, memory, stack, flops
        self.rows: list[list] = []
        self.began = perf_counter_ns()
        self.open = 0

    def start(self) -> None:
        """Note from now on."""
        listen(self)
        RECORDERS.append(self)
        if not self.rows:
            self.began = perf_counter_ns()

    def pause(self) -> None:
        """Note nothing until `resume`."""
        if self in RECORDERS:
            RECORDERS.remove(self)
            unlisten(self)

    def resume(self) -> None:
        """Go on."""
        if self not in RECORDERS:
            self.start()

    def stop(self) -> None:
        """Note no more; blocks that are still open end here."""
        self.pause()
        now = perf_counter_ns()
        for row in self.rows:
            if row[2] == 0:
                row[2] = now

    # row: name, begin, end, scope, shapes, stack, sequence number, flops, bytes, is the user's
    def begin(self, kind: str, name: str, args: Any, what: Any, keywords: Any) -> Any:
        """An op begins, see listening.py."""
        if what is not None and keywords:
            args = (*args, *keywords.values())
        scope, sequence = FUNCTION, -1
        first = len(self.rows)
        if kind == "node":
            scope, sequence = BACKWARD, what.number
            self.rows.append(self._row(_ENGINE + name, FUNCTION, (), sequence))
        elif kind == "leaf":
            scope, name = BACKWARD, "torch::autograd::" + name
            self.rows.append(self._row(_ENGINE + name, FUNCTION, (), -1))
        elif kind == "block":
            scope = USER
        else:
            name = "aten::" + (name if what is None or kind != "op" else op_name(what))
        self.rows.append(row := self._row(name, scope, args, sequence))
        if self.flops and kind == "op":
            row[7] = event_flops(name, args)
        inner = _kernel_of(name, args, what) if kind == "op" else None
        if inner is not None:
            name, args = inner
            self.rows.append(row := self._row(name, scope, args, sequence))
            if self.flops:
                row[7] = event_flops(name, args)
        return self.rows[first:]

    def end(self, token: Any, result: Any) -> None:
        """It ends."""
        now = perf_counter_ns()
        for row in token:
            row[2] = now
            node = getattr(result, "_node", None)
            if row[3] == FUNCTION and row[6] < 0 and node is not None:
                row[6] = node.number
        if self.memory:
            size = _allocated(result)
            for row in token:
                row[8] = size

    def _row(self, name: str, scope: int, args: Any, sequence: int) -> list:
        shapes = shapes_of(args) if self.shapes and scope != USER else []
        stack = stack_here(3) if self.stack else []
        return [name, perf_counter_ns(), 0, scope, shapes, stack, sequence, 0, 0, scope == USER]

    def block(self, name: str) -> list:
        """A block that the user named begins; set `row[2]` when it ends."""
        self.rows.append(row := self._row(name, USER, (), -1))
        return row

    def events(self) -> EventList:
        """What was noted."""
        found = EventList(profile_memory=self.memory, with_flops=self.flops)
        for i, row in enumerate(self.rows):
            name, begin, end, scope, shapes, stack, sequence, flops, size, user = row
            found.append(
                FunctionEvent(
                    i,
                    name,
                    1,
                    (begin - self.began) / 1000,
                    (end - self.began) / 1000,
                    overload_name="",
                    fwd_thread=1 if scope == BACKWARD else 0,
                    input_shapes=shapes,
                    stack=stack,
                    scope=scope,
                    cpu_memory_usage=size,
                    sequence_nr=sequence,
                    flops=flops,
                    is_user_annotation=user,
                )
            )
        found._build_tree()
        if self.memory:
            _sum_memory(found)
        return found


def _kernel_of(name: str, args: Any, what: Any) -> tuple[str, Any] | None:
    """(name, arguments) of what an op is in PyTorch one level down; None: nothing else."""
    fused = getattr(what, "fused_with", None) is not None
    if name == "aten::linear":
        x, w, b = args[:3]
        turned = _Shaped(w.shape[::-1])
        if b is None:
            kernel = "mm" if x.ndim == 2 else "matmul"
            args = x, turned
        else:
            flat = _Shaped((prod(x.shape[:-1]), x.shape[-1]))
            kernel, args = "addmm", (b, flat, turned)
        if fused:
            kernel = "_addmm_activation" if b is not None else kernel + "_relu"
        return "aten::" + kernel, args
    return (name + "_relu", args) if fused else None


class _Shaped:
    """A tensor of which only the shape is known: making a view of one would be seen."""

    def __init__(self, shape: tuple):
        self.shape = tuple(shape)


def _allocated(result: Any) -> int:
    if isinstance(result, Tensor):
        a = result._a
        return 0 if result._view is not None or a.base is not None else int(a.nbytes)
    if type(result) in (tuple, list):
        return sum(_allocated(r) for r in result)
    return 0


def _sum_memory(events: EventList) -> None:
    """A result that an inner event allocated is the outer one's as well: count it once."""
    for e in reversed(events):  # children come after their parent
        inside = sum(child.cpu_memory_usage for child in e.cpu_children)
        e.cpu_memory_usage = max(e.cpu_memory_usage, inside)
