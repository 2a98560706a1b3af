"""One run of a program in the playground, and what is to be shown of it, as plain data.

    study = Study(source, emit)
    study.run()          # {"ok": ..., "error": ..., "lines": ..., "tensors": ..., ...}
    study.walk(0, "zh")  # the walk of the first model's last batch, as a page

While it runs, `emit(kind, data)` gets what is to be shown at once: "out" and "err" (text),
"image" (a data: address), "loss" ([value, ...] since the last time), "lint" (a finding).
"""

from __future__ import annotations

import functools
import io
import linecache
import math
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from types import CodeType, ModuleType
from typing import Any

import numpy as np

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app import run
from rushlight.app.lint import Finding, Lint
from rushlight.app.pages import png, svg
from rushlight.app.pages.numbers import Numbers, array
from rushlight.app.pages.recorder import tensors
from rushlight.app.pages.walking import walk
from rushlight.app.playground import Emit, emitting
from rushlight.app.playground.ops import Operations
from rushlight.app.playground.seen import REPORT, Seen, compiled
from rushlight.nn.module_hooks import register_module_forward_hook, register_module_forward_pre_hook

FILE = "program.py"
FIGURES = "module://rushlight.app.playground.figures"  # matplotlib's backend
PAUSE = 0.1  # seconds between two messages of the same kind
SHOWN = 60  # tensors, and parameters, that are shown
POINTS = 4000  # points of a curve that are kept
COPIED = 1 << 20  # numbers of a gradient that is copied after each backward
IMAGES = 3  # of a batch that walk through the model
SIDE = 48  # of a heat map, at most
TILES, ROW = 24, 8  # matrices of a tensor of more dimensions that are drawn, and how many in a row
BOXES = 60  # operations of a graph that is drawn


class _Stream(io.TextIOBase):
    """What a program prints, told in pieces that are not too many."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, kind: str, emit: Emit):
        self.kind, self.emit = kind, emit
        self.parts: list[str] = []
        self.last = 0.0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.parts.append(text)
        if time.monotonic() - self.last > PAUSE:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self.parts:
            text, self.parts = "".join(self.parts), []
            self.last = time.monotonic()
            self.emit(self.kind, text)


class Study:
    """A program, its run, and what was seen."""

    def __init__(self, source: str, emit: Emit):
        self.source, self.emit = source, emit
        self.module = ModuleType("__main__")
        self.seen, self.ops = Seen(), Operations(FILE)
        self.grads: dict[int, tuple[Tensor, Any]] = {}  # leaf -> it and its last gradient
        self.norms: list[float] = []  # of all gradients together, after each backward
        self.losses: list[float] = []
        self.inputs: dict[int, tuple[nn.Module, Any]] = {}  # model -> it and its last batch
        self._said = 0
        self._when = 0.0
        self._depth = 0

    def run(self) -> dict[str, Any]:
        """Runs the program to its end or its error; what was seen."""
        out, err = _Stream("out", self.emit), _Stream("err", self.emit)
        begun = time.perf_counter()
        error = None
        try:
            code = compiled(self.source, FILE)
        except SyntaxError as problem:
            error = _failure(problem)
        else:
            with redirect_stdout(out), redirect_stderr(err), self._watched():
                error = self._execute(code)
        seconds = time.perf_counter() - begun
        out.flush()
        err.flush()
        self._tell_losses()
        return {"ok": error is None, "error": error, "seconds": seconds, **self._found()}

    def _execute(self, code: CodeType) -> dict[str, Any] | None:
        names = vars(self.module)
        names.update({"__file__": FILE, "__builtins__": sys.modules["builtins"], REPORT: self.seen})
        lines = self.source.splitlines(keepends=True)
        linecache.cache[FILE] = (len(self.source), None, lines, FILE)
        before = sys.modules.get("__main__"), sys.argv[:]
        sys.modules["__main__"], sys.argv[:] = self.module, [FILE]
        try:
            exec(code, names)
            return None
        except SystemExit as end:
            if end.code in (None, 0):
                return None
            return _failure(end)
        except BaseException as problem:
            return _failure(problem)
        finally:
            sys.argv[:] = before[1]
            if before[0] is not None:
                sys.modules["__main__"] = before[0]
            self._show_figures()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Everything that looks on is there; afterwards it is gone."""
        run.install()
        os.environ["MPLBACKEND"] = FIGURES
        plain = Tensor.backward

        @functools.wraps(plain)
        def backward(root: Tensor, *args: Any, **kwargs: Any) -> None:
            plain(root, *args, **kwargs)
            self._after_backward(root)

        with ExitStack() as stack:
            emitting.append(self.emit)
            stack.callback(emitting.pop)
            stack.callback(rl.set_default_dtype, rl.get_default_dtype())
            stack.callback(rl.set_grad_enabled, True)
            stack.enter_context(Lint(self._lint))
            stack.enter_context(self.ops)
            setattr(Tensor, "backward", backward)  # noqa: B010 (mypy)
            stack.callback(setattr, Tensor, "backward", plain)
            for handle in (
                register_module_forward_pre_hook(self._enter),
                register_module_forward_hook(self._leave, always_call=True),
            ):
                stack.callback(handle.remove)
            yield

    # ------------------------------------------------------------ while it runs

    def _lint(self, found: Finding) -> None:
        line = found.line if found.file == FILE else 0
        self.emit("lint", {"kind": found.kind, "line": line, "message": found.message})

    def _enter(self, module: nn.Module, args: Any) -> None:
        self._depth += 1

    def _leave(self, module: nn.Module, args: Any, result: Any) -> None:
        self._depth -= 1
        if self._depth == 0 and args and result is not None and not _is_loss(module):
            self.inputs[id(module)] = (module, args)

    def _after_backward(self, root: Tensor) -> None:
        self.ops.backward(root)
        total = 0.0
        for leaf in self.ops.leaves.values():
            grad = leaf.grad
            if grad is None or grad.is_sparse:
                continue
            values = grad.detach().numpy()
            if values.size <= COPIED:
                values = values.copy()
            self.grads[id(leaf)] = (leaf, values)
            total += float(np.vdot(values, values).real)
        if root.numel() == 1 and len(self.losses) < POINTS and not root.is_complex():
            self.losses.append(float(root.detach()))
            self.norms.append(math.sqrt(total) if total >= 0 else math.nan)
            if time.monotonic() - self._when > PAUSE:
                self._tell_losses()

    def _tell_losses(self) -> None:
        if self._said < len(self.losses):
            self._when = time.monotonic()
            self.emit("loss", [_finite(v) for v in self.losses[self._said :]])
            self._said = len(self.losses)

    def _show_figures(self) -> None:
        if "matplotlib.pyplot" in sys.modules:
            from rushlight.app.playground import figures

            figures.show()

    # ------------------------------------------------------------ afterwards

    def _found(self) -> dict[str, Any]:
        names = _leaf_names(vars(self.module))
        return {
            "lines": self.seen.lines,
            "tensors": [_tensor(n, t) for n, t in self._tensors()[:SHOWN]],
            "grads": [
                _gradient(names.get(key, ""), leaf, grad)
                for key, (leaf, grad) in list(self.grads.items())[:SHOWN]
            ],
            "more": {
                "tensors": max(0, len(self._tensors()) - SHOWN),
                "grads": max(0, len(self.grads) - SHOWN),
                "ops": self.ops.more,
            },
            "losses": [_finite(v) for v in self.losses],
            "norms": [_finite(v) for v in self.norms],
            "ops": [vars(row) for row in self.ops.rows.values()],
            "docs": self.ops.docs,
            "graph": self._graph(names),
            "models": self._models(),
        }

    def _tensors(self) -> list[tuple[str, Tensor]]:
        return [
            (name, value)
            for name, value in vars(self.module).items()
            if isinstance(value, Tensor) and not name.startswith("__")
        ]

    def _roots(self) -> list[tuple[str, nn.Module, Any]]:
        """(name, model, batch) of each model with parameters that was called by the program."""
        called = dict(vars(self.module))
        names = {id(v): n for n, v in called.items() if isinstance(v, nn.Module)}
        return [
            (names.get(key, type(model).__name__), model, args)
            for key, (model, args) in self.inputs.items()
            if any(True for _ in model.parameters()) and any(True for _ in tensors(args))
        ]

    def _models(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "class": type(model).__name__,
                "parameters": sum(p.numel() for p in model.parameters()),
                "input": ", ".join(str(tuple(t.shape)) for t in tensors(args)),
            }
            for name, model, args in self._roots()
        ]

    def _graph(self, names: dict[int, str]) -> dict[str, Any] | None:
        """The graph of the last loss, drawn; and how many operations it has."""
        nodes = self.ops.graph
        if not nodes:
            return None
        if len(nodes) > BOXES:
            return {"size": len(nodes), "svg": ""}
        boxes = []
        for node in nodes:
            row = node.row
            leaves = ", ".join(names[id(t)] for t in node.leaves if id(t) in names)
            below = f"{row.line}" + (f" · {leaves}" if leaves else "")
            kind = "end" if node is nodes[-1] else ""
            boxes.append(svg.Box(f"line-{row.line}", row.name, row.output, below, kind))
        edges = [(s, i) for i, node in enumerate(nodes) for s in node.sources]
        return {"size": len(nodes), "svg": svg.column(boxes, edges)}

    def walk(self, index: int, lang: str = "en") -> str:
        """The walk of a model's last batch as a page; the first images of it."""
        name, model, args = self._roots()[index]
        return walk(model, _few(args), title=name).page(lang)


# ---------------------------------------------------------------- pieces


def _is_loss(module: nn.Module) -> bool:
    return type(module).__module__.endswith("nn.loss")


def _few(args: Any) -> Any:
    """The same arguments with the first images of a batch only, where all agree what N is."""
    given = list(tensors(args))
    n = given[0].shape[0] if given and given[0].ndim > 1 else 0
    if n <= IMAGES:
        return args

    def few(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value[:IMAGES] if value.ndim and value.shape[0] == n else value
        if isinstance(value, tuple | list):
            return type(value)(map(few, value))
        return value

    with rl.no_grad():
        return tuple(few(a) for a in args)


def _leaf_names(names: dict[str, Any]) -> dict[int, str]:
    """{id of a leaf: what the program calls it}: w, model.0.weight."""
    found: dict[int, str] = {}
    for name, value in names.items():
        if isinstance(value, nn.Module):
            for inner, p in value.named_parameters():
                found.setdefault(id(p), f"{name}.{inner}")
        elif isinstance(value, Tensor):
            found[id(value)] = name
        elif isinstance(value, list | tuple):
            for i, part in enumerate(value):
                if isinstance(part, Tensor):
                    found.setdefault(id(part), f"{name}[{i}]")
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(values: np.ndarray) -> dict[str, float | None]:
    n = Numbers(values)
    return {k: _finite(getattr(n, k)) for k in ("min", "mean", "max", "zeros")}


def _heat(values: np.ndarray) -> dict[str, Any] | None:
    """A picture of numbers: a vector as a strip, a matrix, the first matrices of more of them."""
    if not values.size:
        return None
    if values.ndim > 2:
        small = png.smaller(values.reshape(-1, *values.shape[-2:])[:TILES], SIDE, SIDE)
    else:
        small = png.smaller(np.atleast_2d(values), SIDE, 4 * SIDE)[None]
    finite = np.abs(small[np.isfinite(small)])
    limit = float(finite.max()) if finite.size else 1.0
    image, width, height = png.grid(small, ROW, limit)
    return {"image": image, "limit": svg.short(limit), "height": height, "width": width}


def _tensor(name: str, t: Tensor) -> dict[str, Any]:
    values = None if t.is_sparse else array(t)
    return {
        "name": name,
        "kind": type(t).__name__,
        "shape": str(tuple(t.shape)),
        "dtype": str(t.dtype),
        "requires_grad": t.requires_grad,
        "grad_fn": "" if t.grad_fn is None else t.grad_fn.name(),
        **({} if values is None else {**_numbers(values), "heat": _heat(values)}),
    }


def _gradient(name: str, leaf: Tensor, grad: np.ndarray) -> dict[str, Any]:
    values, g = array(leaf), np.asarray(grad, np.complex128 if grad.dtype.kind == "c" else float)
    g = np.abs(g) if g.dtype.kind == "c" else g
    return {
        "name": name,
        "shape": str(tuple(leaf.shape)),
        "norm": _finite(float(np.sqrt((g * g).sum()))),
        "share": _finite(float(np.sqrt((g * g).sum()) / (np.sqrt((values * values).sum()) or 1.0))),
        "values": {**_numbers(values), "heat": _heat(values)},
        "grad": {**_numbers(g), "heat": _heat(g)},
        "histogram": svg.histogram(g, "b", name),
    }


def _failure(problem: BaseException) -> dict[str, Any]:
    """An error as the page shows it: its type and text, the lines of the program, the traceback."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    frames = [
        {"line": f.lineno, "name": f.name, "code": f.line or ""}
        for f in traceback.extract_tb(trace)
        if f.filename == FILE
    ]
    if isinstance(problem, SyntaxError) and problem.filename == FILE:
        frames.append({"line": problem.lineno or 0, "name": "", "code": problem.text or ""})
        message = problem.msg
    else:
        message = str(problem)
    return {
        "type": type(problem).__name__,
        "message": message,
        "line": frames[-1]["line"] if frames else 0,
        "frames": frames,
        "traceback": "".join(traceback.format_exception(type(problem), problem, trace)),
    }
