"""`rushlight inspect WHAT`: a model's layers with shapes and parameters, or the tensors of a file.

WHAT is a model's name, `file.py:Class`, a run's folder or checkpoint, or any file of tensors that
`rushlight.load` reads. With images, --walk or --page: the walk of a mini-batch through the model,
layer by layer. Without images the mini-batch is three test images of the run, or random numbers.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app import models
from rushlight.app.arguments import Parser, count, whole
from rushlight.app.errors import CliError, reason, say
from rushlight.app.pages.walking import Walk, walk
from rushlight.app.pages.words import LANGUAGES
from rushlight.serialization.loading import load_data
from rushlight.serialization.standins import StandIn

MOST = 4  # calls of one module that are shown one by one
BATCH = 3  # images of the walk's mini-batch


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
    """Prints the table, or the walk."""
    parser = Parser(
        prog="rushlight inspect",
        usage="rushlight inspect WHAT [IMAGE ...] [--walk] [--page FILE] [--lang en|zh]",
        description=__doc__.split("\n\n")[1],
    )
    parser.add_argument("what", help="a model, file.py:Class, a run's folder, or a file of tensors")
    parser.add_argument("images", type=Path, nargs="*", metavar="IMAGE", help="the mini-batch")
    parser.add_argument("--walk", action="store_true", help="print the walk")
    parser.add_argument("--page", type=Path, metavar="FILE", help="draw the walk as an HTML page")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="of the page (en)")
    parser.add_argument("--invert", action="store_true", help="dark becomes light in the images")
    parser.add_argument("--shape", default="1x28x28", help="of an image, C x H x W (1x28x28)")
    parser.add_argument("--classes", type=count, default=10, help="default: 10")
    options = parser.parse_args(words)
    if not (options.images or options.walk or options.page):
        print("\n".join(_lines(options)))
        return 0
    found = _walk(options)
    if options.page:
        if options.page.is_dir():
            raise CliError(f"{options.page} is a folder; --page needs the name of a file")
        found.save(options.page, options.lang)
        print(f"the walk is in {options.page}")
    if options.walk or not options.page:
        print(found)
    return 0


def _walk(options: argparse.Namespace) -> Walk:
    """The walk that the command line asks for."""
    path = Path(options.what)
    if path.is_dir() or (path.is_file() and path.suffix != ".py"):
        model, state = models.load(path)
        about, title = state["data"], (path if path.is_dir() else path.parent).resolve().name
        name = state["settings"]["model"]
    else:
        state, title, name = None, options.what, options.what
        about = {"shape": _shape(options), "mean": 0.0, "std": 1.0, "classes": None}
        rl.manual_seed(0)
        with models.own_code(name):
            model = models.recipe(name).make(about["shape"], options.classes)
    names: list[str] | None = None
    target: Tensor | None = None
    if options.images:
        from rushlight.app.predict import read_image

        images = []
        for image in options.images:
            try:
                images.append(read_image(image, about, options.invert))
            except Exception as error:  # Pillow's decoders raise many types
                raise CliError(reason(error, image)) from error
        x, names = rl.cat(images), [image.name for image in options.images]
    else:
        x = rl.rand(BATCH, *about["shape"])  # as the documents do
        if state is not None:
            x, target, names = _test_images(state, x)
    with models.own_code(name):
        return walk(
            model,
            x,
            target=target,
            classes=about["classes"],
            names=names,
            mean=about["mean"],
            std=about["std"],
            title=title,
        )


def _test_images(state: dict[str, Any], other: Tensor) -> tuple[Tensor, Any, Any]:
    """(images, labels, names) of three classes from a run's test images; else `other`."""
    from rushlight.app import datasets
    from rushlight.app.pages.outcome import file_names, short_names
    from rushlight.app.train import DEFAULTS

    s = DEFAULTS | state["settings"]
    try:
        data = datasets.of(s | {"strict": False}, tell=lambda text: None)
    except (CliError, OSError) as error:
        say("inspect", f"random numbers instead of the run's images: {error}")
        return other, None, None
    found: dict[int, int] = {}  # label -> the first image of it
    for i in range(min(len(data.test), 1000)):
        found.setdefault(int(data.test[i][1]), i)
        if len(found) == BATCH:
            break
    indices = list(found.values())
    names = short_names([file_names(data.test)(i) for i in indices])
    images = rl.stack([data.test[i][0] for i in indices])
    return images, rl.tensor(list(found)), names


def _shape(options: argparse.Namespace) -> tuple[int, int, int]:
    try:
        channels, height, width = map(whole(low=1), options.shape.split("x"))
    except (ValueError, argparse.ArgumentTypeError):
        raise CliError(
            f"--shape {options.shape}: three numbers such as 3x64x64, each at least 1"
        ) from None
    return channels, height, width


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
        shape = _shape(options)
        with models.own_code(options.what):
            model = models.recipe(options.what).make(shape, options.classes)
            rows = list(describe(model, shape))
        yield from rows
