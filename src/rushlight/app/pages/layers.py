"""rushlight.summary: a model's layers as a table, in the columns of torchinfo."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app.pages.recorder import Call, arguments, is_step, record, tensors

#: column -> its title
COLUMNS = {
    "input_size": "Input Shape",
    "output_size": "Output Shape",
    "num_params": "Param #",
    "params_percent": "Param %",
    "kernel_size": "Kernel Shape",
    "mult_adds": "Mult-Adds",
    "trainable": "Trainable",
}
DEFAULT = ("input_size", "output_size", "num_params", "mult_adds")
NONE = "--"


class Summary:
    """A table of layers. str() is torchinfo's text, a notebook shows it as HTML.

    rows                (name, cells) of each layer, in the order of the calls
    total_params        parameters, each counted once
    trainable_params    those that require gradients
    total_mult_adds     multiply-adds of the forward pass: products of matrices, convolutions,
                        attention (half of what torch.utils.flop_counter counts)
    total_input, total_output_bytes, total_param_bytes   sizes in bytes; outputs of the layers,
                        kept for backward (torchinfo's count: twice)
    """

    def __init__(self, model: nn.Module, x: Any, depth: int, columns: Sequence[str]):
        self.columns = list(columns)
        recorder, _ = record(model, x)
        parameters = list(model.parameters())
        self.total_params = sum(p.numel() for p in parameters)
        self.trainable_params = sum(p.numel() for p in parameters if p.requires_grad)
        self.total_mult_adds = recorder.calls[0].multiply_adds if recorder.calls else 0
        self.total_input = sum(_bytes(t) for t in tensors(arguments(x)))
        self.total_param_bytes = sum(_bytes(p) for p in parameters)
        self.total_output_bytes = sum(
            2 * _bytes(step.output) for step in recorder.steps if step.weights
        )
        self.rows: list[tuple[str, list[str]]] = []
        self._seen: set[int] = set()
        numbers: dict[int, int] = {}
        visible = [c for c in recorder.calls if c.depth <= depth]
        for i, call in enumerate(visible):
            numbers[call.depth] = numbers.get(call.depth, 0) + 1
            for deeper in [d for d in numbers if d > call.depth]:
                del numbers[deeper]
            kind = type(call.module).__name__
            title = f"{kind}: {call.depth}-{numbers[call.depth]}" if call.depth else kind
            self.rows.append((_branches(visible, i) + title, self._cells(call)))

    def _cells(self, call: Call) -> list[str]:
        module = call.module
        again = id(module) in self._seen
        self._seen.add(id(module))
        whole = list(module.parameters())
        own = list(module.parameters(recurse=False))
        leaf = is_step(module) or not list(module.children())
        n = sum(p.numel() for p in (whole if leaf else own))
        trained = {p.requires_grad for p in whole}
        weight = getattr(module, "weight", None)
        share = 100 * n / self.total_params if n and self.total_params else 0
        size = getattr(module, "kernel_size", None)
        cells = {
            "input_size": ", ".join(str(list(s)) for s in call.inputs[:1]) or NONE,
            "output_size": call.output or NONE,
            "num_params": NONE if not n else "(recursive)" if again else f"{n:,}",
            "params_percent": f"{share:.2f}%" if n and not again else NONE,
            "kernel_size": str(list(weight.shape[2:]))
            if isinstance(weight, Tensor) and size is not None and weight.ndim > 2
            else str(size)
            if size is not None
            else NONE,
            "mult_adds": f"{call.multiply_adds:,}" if leaf and call.multiply_adds else NONE,
            "trainable": NONE
            if not whole
            else "True"
            if trained == {True}
            else "False"
            if trained == {False}
            else "Partial",
        }
        return [cells[c] for c in self.columns]

    def _totals(self) -> list[list[str]]:
        n, unit = _scaled(self.total_mult_adds)
        mega = 1e6
        size = self.total_input + self.total_output_bytes + self.total_param_bytes
        return [
            [
                f"Total params: {self.total_params:,}",
                f"Trainable params: {self.trainable_params:,}",
                f"Non-trainable params: {self.total_params - self.trainable_params:,}",
                f"Total mult-adds ({unit}): {n:.2f}",
            ],
            [
                f"Input size (MB): {self.total_input / mega:.2f}",
                f"Forward/backward pass size (MB): {self.total_output_bytes / mega:.2f}",
                f"Params size (MB): {self.total_param_bytes / mega:.2f}",
                f"Estimated Total Size (MB): {size / mega:.2f}",
            ],
        ]

    def __str__(self) -> str:
        head = ["Layer (type:depth-idx)", *(COLUMNS[c] for c in self.columns)]
        lines = [[name, *cells] for name, cells in self.rows]
        widths = [max(len(line[i]) for line in (head, *lines)) + 2 for i in range(len(head))]
        rule = "=" * sum(widths)

        def text(line: Sequence[str]) -> str:
            return "".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()

        parts = [rule, text(head), rule, *map(text, lines), rule]
        for block in self._totals():
            parts += [*block, rule]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th style='text-align:left'>{escape(t)}</th>"
            for t in ("Layer (type:depth-idx)", *(COLUMNS[c] for c in self.columns))
        )
        rows = "".join(
            "<tr>"
            + f"<td style='text-align:left;white-space:pre;font-family:monospace'>{escape(name)}"
            + "</td>"
            + "".join(f"<td style='text-align:left'>{escape(c)}</td>" for c in cells)
            + "</tr>"
            for name, cells in self.rows
        )
        totals = "<br>".join(escape(t) for block in self._totals() for t in block)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><p>{totals}</p>"


def _bytes(t: Tensor) -> int:
    return t.numel() * t.element_size()


def _scaled(n: int) -> tuple[float, str]:
    """A count with its unit, as torchinfo writes it."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if n >= size:
            return n / size, unit
    return float(n), "Units"


def _branches(calls: Sequence[Call], i: int) -> str:
    """The lines of the tree before a row: '│    └─'"""
    depth = calls[i].depth
    if depth == 0:
        return ""

    def more(level: int) -> bool:  # does another row of this level follow under the same parent?
        for later in calls[i + 1 :]:
            if later.depth < level:
                return False
            if later.depth == level:
                return True
        return False

    above = "".join("│    " if more(level) else "     " for level in range(1, depth))
    return above + ("├─" if more(depth) else "└─")


def summary(
    model: nn.Module,
    input: Any,
    *,
    depth: int = 3,
    col_names: Sequence[str] = DEFAULT,
) -> Summary:
    """The layers of a model in the order of their calls, with shapes, parameters, multiply-adds.

    model      any Module; it runs once, in evaluation mode, and is left as it was
    input      a Tensor, a tuple of Tensors for several arguments, or a size such as (1, 1, 28, 28)
    depth      how deep modules are shown
    col_names  some of input_size, output_size, num_params, params_percent, kernel_size, mult_adds,
               trainable
    errors     TypeError: model is no Module. ValueError: an unknown column

    >>> text = str(torch.summary(torch.nn.Linear(4, 2), (1, 4)))
    >>> print(text.split("\\n")[3])
    Linear                  [1, 4]       [1, 2]        10       8
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"summary(): model must be a Module, got {type(model).__name__}")
    unknown = [c for c in col_names if c not in COLUMNS]
    if unknown:
        raise ValueError(
            f"summary(): no column {unknown[0]!r}; choose from {', '.join(map(repr, COLUMNS))}"
        )
    return Summary(model, example(input), depth, col_names)


def example(x: Any) -> Any:
    """x, or random numbers of that size."""
    if isinstance(x, tuple | list) and x and all(isinstance(n, int) for n in x):
        return rl.rand(*x)
    return x
