"""`rushlight inspect WHAT`: a model's layers with shapes and parameters, or the tensors of a file.

WHAT is a model's name, `file.py:Class`, a run's folder or checkpoint, or any file of tensors that
`rushlight.load` reads.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app import models
from rushlight.app.arguments import Parser, count
from rushlight.app.errors import CliError
from rushlight.serialization.loading import load_data
from rushlight.serialization.standins import StandIn

MOST = 4  # calls of one module that are shown one by one


def shape_of(value: Any) -> str:
    """(2, 10), or those of each part of a tuple; '' for what is no tensor."""
    if isinstance(value, Tensor):
        return str(tuple(value.shape))
    if isinstance(value, tuple | list):
        return ", ".join(filter(None, map(shape_of, value)))
    return ""


def calls(model: nn.Module, x: Tensor) -> list[tuple[str, str]]:
    """(name of the module, shape of its output) of each call in a forward pass of x (N, ...)."""
    done: list[list[str]] = []
    running: list[list[str]] = []

    def begin(name: str) -> Any:
        def hook(module: nn.Module, args: Any) -> None:
            running.append([name, ""])
            done.append(running[-1])

        return hook

    def end(module: nn.Module, args: Any, output: Any) -> None:
        running.pop()[1] = shape_of(output)

    handles = [m.register_forward_pre_hook(begin(name)) for name, m in model.named_modules()]
    handles += [m.register_forward_hook(end) for m in model.modules()]
    try:
        with rl.no_grad():
            model.eval()(x)
    finally:
        for handle in handles:
            handle.remove()
    return [(name, shape) for name, shape in done]


def layers(model: nn.Module, x: Tensor) -> list[tuple[str, str, str, int | str]]:
    """(name, class, shape of the output, own parameters) of each call, in the order of the calls.

    A module that is called again stands there again, without its parameters; one that is called
    more than MOST times stands once, with how often and the shapes. A container stands before the
    first of its modules; what is never called comes last.
    """
    modules = dict(model.named_modules())
    made = calls(model, x)
    times = Counter(name for name, _ in made)
    rows: list[tuple[str, str, str, int | str]] = []
    shown: set[str] = set()

    def show(name: str, shape: str) -> None:
        kind = type(modules[name]).__name__
        if name in shown:
            rows.append((name, f"{kind}, again", shape, ""))
            return
        shown.add(name)
        own = sum(p.numel() for p in modules[name].parameters(recurse=False))
        rows.append(
            (name, f"{kind}, {times[name]} times" if times[name] > MOST else kind, shape, own)
        )

    for name, shape in made:
        if times[name] > MOST:
            if name in shown:
                continue
            shape = ", ".join(dict.fromkeys(s for n, s in made if n == name))
        parts = name.split(".")
        for i in range(1, len(parts)):
            above = ".".join(parts[:i])
            if above not in shown and not times[above]:
                show(above, "")
        show(name, shape)
    for name in modules:
        if name not in shown:
            show(name, "not called")
    return rows


def tensors(
    value: Any, name: str = "", above: tuple[int, ...] = ()
) -> Iterator[tuple[str, Tensor]]:
    """Every tensor inside a file's content, with the path of keys that leads to it.

    Stand-ins of foreign classes and whole models are looked into, too.
    """
    if isinstance(value, Tensor):
        yield name, value
        return
    if isinstance(value, nn.Module):
        parts: Iterable[tuple[Any, Any]] = value.state_dict().items()
    elif isinstance(value, StandIn):
        items = [*enumerate(value.args), *enumerate(value.values), *value.pairs]
        parts = [*items, *([("", value.state)] if value.state is not None else [])]
    elif isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    else:
        return
    if id(value) in above:  # it stands inside of itself
        return
    for key, part in parts:
        path = ".".join(filter(None, (name, str(key))))
        yield from tensors(part, path, (*above, id(value)))


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Lines of columns as wide as they need; numbers to the right, with thousands apart."""
    cells = [[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    right = [bool(rows) and isinstance(c, int) for c in (rows[0] if rows else head)]
    for row in cells:
        parts = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(parts).rstrip()


def describe(model: nn.Module, shape: tuple[int, int, int]) -> Iterator[str]:
    """The table of a model's layers, for one image of `shape`, and its totals."""
    rows = layers(model, rl.zeros(1, *shape))
    yield from table(
        ("layer", "class", "output", "parameters"),
        [("  " * name.count(".") + (name or "(the model)"), *rest) for name, *rest in rows],
    )
    parameters = list(model.parameters())
    total = sum(p.numel() for p in parameters)
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    size = sum(t.numel() * t.element_size() for t in (*parameters, *model.buffers()))
    yield f"{total:,} parameters, {trained:,} of them trained; {size / 2**20:.2f} MiB"


def main(words: Sequence[str]) -> int:
    """Prints the table."""
    parser = Parser(
        prog="rushlight inspect",
        usage="rushlight inspect WHAT [--shape CxHxW] [--classes K]",
        description=__doc__.split("\n")[0].partition(": ")[2],
    )
    parser.add_argument("what", help="a model, file.py:Class, a run's folder, or a file of tensors")
    parser.add_argument("--shape", default="1x28x28", help="of an image, C x H x W (1x28x28)")
    parser.add_argument("--classes", type=count, default=10, help="default: 10")
    print("\n".join(_lines(parser.parse_args(words))))
    return 0


def _lines(options: argparse.Namespace) -> Iterator[str]:
    path = Path(options.what)
    if path.is_dir():
        model, state = models.load(path)
        yield from describe(model, tuple(state["data"]["shape"]))
    elif path.suffix == ".py" and path.is_file():
        raise CliError(f"{path} is a program; name the class of a model in it, as {path}:Net")
    elif path.is_file():
        found = [
            (name, shape_of(tensor), str(tensor.dtype), tensor.numel())
            for name, tensor in tensors(models.read(path, load_data))
        ]
        yield from table(("tensor", "shape", "dtype", "numbers"), found)
        yield f"{len(found)} tensors, {sum(row[-1] for row in found):,} numbers"
    else:
        try:
            channels, height, width = map(int, options.shape.split("x"))
        except ValueError:
            raise CliError(f"--shape {options.shape}: three numbers such as 3x64x64") from None
        shape = (channels, height, width)
        with models.own_code(options.what):
            model = models.recipe(options.what).make(shape, options.classes)
            rows = list(describe(model, shape))
        yield from rows
