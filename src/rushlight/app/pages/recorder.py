"""A forward pass, step by step: which modules and which functions between them ran, on what.

A step is a call of a layer of `nn`, or of a function (F.relu, a sum, x.view) in the forward of a
user's module. What happens inside a layer belongs to its step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.profiler.listening import listen, unlisten
from rushlight.utils import flop_counter

_NN = nn.__name__ + "."
#: layers of nn that call modules of their own and are one step all the same
_WHOLE = ("MultiheadAttention",)
#: functions that make no new numbers for a reader, or none at all
_UNSEEN = ("item", "to", "detach", "size", "dim", "numel", "contiguous", "clone", "alias")


@dataclass
class Step:
    """One step of the walk."""

    number: int
    name: str  # the path of the module, or of the module that called the function
    title: str  # ReLU, relu
    call: str  # ReLU(), avg_pool2d(4)
    formula: str
    module: nn.Module | None  # None: a function
    inputs: list[tuple[int, ...]]
    output: Tensor  # the first, a copy
    before: Tensor | None = None  # what an activation got, a copy
    parameters: int = 0  # that were not counted before
    multiply_adds: int = 0
    weights: list[str] = field(default_factory=list)  # names of its parameters
    sources: list[int] = field(default_factory=list)  # steps whose results it took; 0: the input

    @property
    def activation(self) -> bool:
        """Is it an activation function?"""
        return self.before is not None


@dataclass
class Call:
    """One call of any module, containers too: a row of the summary."""

    name: str
    module: nn.Module
    depth: int
    inputs: list[tuple[int, ...]]
    output: str = ""
    multiply_adds: int = 0


def tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def formula_of(doc: str | None) -> str:
    """The formula that a docstring of ours opens with: "max(0, x)" """
    first = " ".join((doc or "").strip().split("\n\n")[0].split())
    first = re.split(r";\s+(?:d\w+ =|PyTorch)|(?<=[^.])\. [A-Z]|, or, with", first)[0]
    likewise = re.match(r"(\w+) (over \(.*)", first)
    if likewise and hasattr(nn, likewise[1]):  # "BatchNorm1d over (N, C, H, W)"
        base = formula_of(getattr(nn, likewise[1]).__doc__).partition(" over (")[0]
        return f"{base} {likewise[2].rstrip('.')}"
    return first.rstrip(".").strip()


def is_step(module: nn.Module) -> bool:
    """Is it a layer of nn whose inside is of no interest here?"""
    inside = [name for name, _ in module.named_children() if name != "parametrizations"]
    ours = str(type(module).forward.__module__).startswith(_NN)
    return ours and (not inside or type(module).__name__ in _WHOLE)


def _is_activation(module: nn.Module) -> bool:
    return str(type(module).forward.__module__) == _NN + "activation"


class Recorder:
    """Context: what a model does in it is in `steps` and `calls` afterwards."""

    def __init__(self, model: nn.Module, inputs: Any):
        self.model = model
        self.steps: list[Step] = []
        self.calls: list[Call] = []
        self.thread = get_ident()
        self.names = {id(m): name for name, m in model.named_modules(remove_duplicate=True)}
        self.owners = {id(p): name for name, p in model.named_parameters()}
        self.counted: set[int] = set()
        self.made: dict[int, int] = {id(t): 0 for t in tensors(inputs)}  # tensor -> its step
        self.kept: list[Any] = [inputs]  # as long as they live, ids are theirs
        self.open: list[Call] = []
        self.inside = 0  # of a layer that is a step
        self.deep = 0  # of a function that is a step
        self.counting = 0
        self.muted = False
        self.befores: list[Tensor | None] = []
        self.formulas = {str(k): f for k, f in flop_counter.flop_registry.items()}

    def __enter__(self) -> Recorder:
        modules = list(self.model.modules())
        self.handles = [m.register_forward_pre_hook(self._begin, with_kwargs=True) for m in modules]
        self.handles += [m.register_forward_hook(self._end) for m in modules]
        listen(self)
        return self

    def __exit__(self, *error: object) -> None:
        unlisten(self)
        for handle in self.handles:
            handle.remove()

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        self.muted = True
        try:
            yield
        finally:
            self.muted = False

    def _copy(self, tensor: Tensor) -> Tensor:
        with self._quiet():
            return tensor.detach().clone()

    # modules

    def _begin(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        given = list(tensors((args, kwargs)))
        call = Call(
            self.names.get(id(module), ""),
            module,
            len(self.open),
            [tuple(t.shape) for t in given],
        )
        self.calls.append(call)
        self.open.append(call)
        if not self.inside and is_step(module):
            self.befores.append(self._copy(given[0]) if given and _is_activation(module) else None)
            self._sources = self._from(given)
        if self.inside or is_step(module):
            self.inside += 1

    def _end(self, module: nn.Module, args: Any, output: Any) -> None:
        call = self.open.pop()
        results = list(tensors(output))
        call.output = ", ".join(str(list(t.shape)) for t in results[:1])
        if self.open:
            self.open[-1].multiply_adds += call.multiply_adds
        if not self.inside:
            return
        self.inside -= 1
        if self.inside:
            return
        before = self.befores.pop()
        if results:
            own = [(n, p) for n, p in module.named_parameters() if id(p) in self.owners]
            self._step(
                Step(
                    len(self.steps) + 1,
                    call.name,
                    type(module).__name__,
                    _one_line(module),
                    formula_of(type(module).__doc__),
                    module,
                    call.inputs,
                    self._copy(results[0]),
                    before,
                    multiply_adds=call.multiply_adds,
                    sources=self._sources,
                ),
                results,
                [p for _, p in own],
            )

    def _step(self, step: Step, results: list[Tensor], parameters: list[Tensor]) -> None:
        step.weights = [self.owners[id(p)] for p in parameters]
        step.parameters = sum(p.numel() for p in parameters if id(p) not in self.counted)
        self.counted.update(id(p) for p in parameters)
        self.steps.append(step)
        self.made.update((id(t), step.number) for t in results)
        self.kept.append(results)

    def _from(self, given: list[Tensor]) -> list[int]:
        return sorted({self.made[id(t)] for t in given if id(t) in self.made})

    # functions, as listening.py tells them

    def begin(self, kind: str, name: str, args: Any, what: Any, keywords: Any) -> Any:
        """An op begins."""
        args = (*args, *keywords.values()) if what is not None and keywords else args
        if self.muted or kind not in ("op", "change", "view") or not self.open:
            return None
        outer = self.deep == 0 and not self.inside
        self.deep += not self.inside
        counted = self._known(kind, name, args, what) if not self.counting else []
        self.counting += bool(counted)
        before = None
        given = list(tensors(args)) if outer else []
        source = getattr(what, "source", None) or getattr(what, "function", None)
        if given and str(getattr(source, "__module__", "")).endswith("ops.activation"):
            before = self._copy(given[0])
        shapes = [tuple(t.shape) for t in given if id(t) not in self.owners]
        sources = self._from(given)
        return (not self.inside, outer, name, args, what, given, shapes, sources, before, counted)

    def end(self, token: Any, result: Any) -> None:
        """It ends."""
        if token is None:
            return
        went_in, outer, name, args, what, given, shapes, sources, before, counted = token
        self.deep -= went_in
        results = list(tensors(result))
        if counted:
            self.counting -= 1
        if counted and results:  # none: the op failed
            twice = sum(flop_counter._count(self.formulas[op], a, result) for op, a in counted)
            self.open[-1].multiply_adds += twice // 2
        if not outer or not results or not given or name in _UNSEEN:
            return
        if results[0] is given[0] and not name.endswith("_"):
            return
        call = self.open[-1]
        own = [t for t in given if id(t) in self.owners]
        self._step(
            Step(
                len(self.steps) + 1,
                call.name,
                name,
                f"{name}({options_of(what, args)})",
                formula_of(doc_of(what, name)),
                None,
                shapes,
                self._copy(results[0]),
                before,
                multiply_adds=self._since(call),
                sources=sources,
            ),
            results,
            own,
        )

    def _since(self, call: Call) -> int:
        """What functions have counted in this module since the last step."""
        steps = sum(s.multiply_adds for s in self.steps)
        whole = sum(c.multiply_adds for c in self.open)
        return max(0, whole - steps)

    def _known(self, kind: str, name: str, args: Any, what: Any) -> list[tuple[str, Any]]:
        """[(op of PyTorch's, arguments)] whose multiplications can be counted."""
        if kind == "view" or what is None:
            return []
        card = getattr(what, "name", name)
        if card == "lstm_layer":  # the same products, and a state more
            card, args = "gru_layer", (args[0], args[1], *args[3:])
        if card == "self_attention":  # x (A, B, 3 E)
            (a, b, e), heads, first = args[0].shape, args[2], args[5]
            n, length = (a, b) if first else (b, a)
            one = flop_counter._Shaped((n, heads, length, e // (3 * heads)))
            card, args = "attention", (one, one, one)
        known = flop_counter._forward(card, args) or [(flop_counter.op_name(what), args)]
        return [(f"aten.{op}", a) for op, a in known if f"aten.{op}" in self.formulas]


def options_of(what: Any, args: Any) -> str:
    """The arguments of a function that are no Tensors and not what they are by default."""
    known = getattr(getattr(what, "schema", None), "arguments", ())
    found = []
    for i, value in enumerate(args):
        if isinstance(value, Tensor) or value is None:
            continue
        text = repr(value)
        if len(text) > 30 or "tensor(" in text:
            continue
        if i >= len(known):
            found.append(text)
        elif known[i].default != value and not known[i].name.startswith("_"):
            found.append(f"{known[i].name}={text}")
    return ", ".join(found)


def doc_of(what: Any, name: str) -> str | None:
    """The docstring of the op: a card's, a composite's, or that of the public function."""
    source = getattr(what, "source", None)
    doc = getattr(what, "doc", None) or (source is not None and source.__doc__)
    if doc:
        return str(doc)
    for place in (rl, nn.functional, Tensor):
        found = getattr(place, name.rstrip("_"), None) or getattr(place, f"__{name}__", None)
        if callable(found) and found.__doc__:
            return str(found.__doc__)
    return None


def _one_line(module: nn.Module) -> str:
    text = repr(module)
    return text if "\n" not in text else f"{type(module).__name__}(...)"


def arguments(x: Any) -> tuple:
    """What a model is called with: x, or *x if it is a tuple or list."""
    return tuple(x) if isinstance(x, tuple | list) else (x,)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Every module in evaluation mode; afterwards each in its own again."""
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def record(model: nn.Module, x: Any) -> tuple[Recorder, Any]:
    """Runs model(*x) once, in evaluation mode and without gradients; (the record, the result)."""
    args = arguments(x)
    with evaluating(model), rl.no_grad(), Recorder(model, args) as recorder:
        output = model(*args)
    return recorder, output
