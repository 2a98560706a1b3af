"""The text of a tensor, PyTorch's letter for letter.

One pass: the corners that are shown are cut out of the array, their numbers decide a style (how one
number is written, and how wide), and the rows are laid out in lines of `linewidth` characters.
What the styles must reproduce was read off PyTorch 2.13, and tests/oracle/test_printing_oracle.py
compares thousands of arrays with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf, isfinite
from typing import Any

import numpy as np

from . import dtype as _dtype
from .batched import BatchArray
from .memory import on_host
from .parameter import Parameter
from .tensor import Tensor

__all__ = ["get_printoptions", "printoptions", "set_printoptions", "tensor_format", "tensor_repr"]

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": inf, "edgeitems": 3, "linewidth": 80},
}


class PrintOptions:
    """What `set_printoptions` sets; the one instance is PRINT_OPTS."""

    precision: int
    threshold: float
    edgeitems: int
    linewidth: int
    sci_mode: bool | None

    def __init__(self) -> None:
        self.__dict__.update(_PROFILES["default"], sci_mode=None)

    def __repr__(self) -> str:
        return f"PrintOptions({', '.join(f'{k}={v}' for k, v in self.__dict__.items())})"


PRINT_OPTS = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Choose how tensors are printed; an argument that is left out keeps its value.

    precision: digits after the point (4). linewidth: characters per line (80).
    threshold: a tensor of more elements is summarised (1000), edgeitems (3) at each end of an axis.
    profile: "default", "short" or "full", applied before the other arguments.
    sci_mode: True or False forces or forbids scientific notation; None, also when left out, decides
    by the numbers. ValueError: an unknown profile.
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"unknown print profile {profile!r}; one of {', '.join(_PROFILES)}")
        PRINT_OPTS.__dict__.update(_PROFILES[profile])
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    PRINT_OPTS.__dict__.update({k: v for k, v in given.items() if v is not None})
    PRINT_OPTS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options in force, as arguments for `set_printoptions`."""
    return dict(PRINT_OPTS.__dict__)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """`set_printoptions(**options)` inside a with block; the old ones return at its end."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        PRINT_OPTS.__dict__.update(before)


# A style: how wide the widest number is, and the text of one number, not yet padded.
_Style = tuple[int, Callable[[Any], str]]


def _real_style(numbers: list[float]) -> _Style:
    """The style of floating numbers: "1." if all are whole, else fixed or scientific.

    Width and choice come from the numbers that are neither 0, inf nor nan.
    """
    plain = [v for v in numbers if v and isfinite(v)]
    whole = all(map(float.is_integer, plain))
    scientific = False
    width = 1
    digits = PRINT_OPTS.precision
    if plain:
        sizes = [abs(v) for v in plain]
        smallest, largest = min(sizes), max(sizes)
        scientific = largest / smallest > 1000 or largest > 1e8 or (not whole and smallest < 1e-4)
        if PRINT_OPTS.sci_mode is not None:
            scientific = PRINT_OPTS.sci_mode
    if scientific:
        spec = f".{digits}e"
    elif whole:
        spec = ".0f"
    else:
        spec = f".{digits}f"

    if whole and not scientific:
        width = max((len(format(v, spec)) + 1 for v in plain), default=width)
        return width, lambda v: format(v, spec) + ("." if isfinite(v) else "")
    width = max((len(format(v, spec)) for v in plain), default=width)
    return width, lambda v: format(v, spec)


def _complex_style(numbers: list[complex]) -> _Style:
    """Both parts in their own styles, "1.+2.5000j"; only the real part is padded."""
    real_width, real = _real_style([z.real for z in numbers])
    imag_width, imag = _real_style([z.imag for z in numbers])

    def text(z: complex) -> str:
        b = imag(z.imag)
        return f"{real(z.real):>{real_width}}{'' if b[0] == '-' else '+'}{b}j"

    return real_width + imag_width + 1, text


def _style(shown: np.ndarray) -> _Style:
    numbers = shown.ravel().tolist()
    if shown.dtype.kind == "c":
        return _complex_style(numbers)
    if shown.dtype.kind == "f":
        return _real_style(numbers)
    return max((len(str(v)) for v in numbers), default=0), str


def array_text(x: np.ndarray, indent: int = 0) -> str:
    """The brackets and numbers of a non-empty array whose first line starts at column `indent`."""
    if x.dtype.kind not in "biufc":  # bfloat16, float8: float64 holds every value exactly
        x = x.astype(np.float64)
    edge = PRINT_OPTS.edgeitems
    cut = [x.size > PRINT_OPTS.threshold and n > 2 * edge for n in x.shape]
    for axis, is_cut in enumerate(cut):
        if is_cut:
            ends = [*range(edge), *range(x.shape[axis] - edge, x.shape[axis])]
            x = x.take(ends, axis)
    width, text = _style(x)
    columns = width + 2
    pad = 0 if x.dtype.kind == "c" else width  # a complex number has padded its real part itself

    def line_up(row: list[Any], indent: int) -> str:
        cells = [f"{text(v):>{pad}}" for v in row]
        if cut[-1]:
            cells[edge:edge] = [" ..." if edge else "..."]
        # never more cells than there are, so that linewidth may be infinite
        per_line = max(1, int(min(len(cells), (PRINT_OPTS.linewidth - indent) / columns)))
        lines = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def nest(rows: Any, indent: int, axis: int) -> str:
        depth = x.ndim - axis
        if depth == 0:
            return f"{text(rows):>{pad}}"
        if depth == 1:
            return line_up(rows, indent)
        blocks = [nest(row, indent + 1, axis + 1) for row in rows]
        if cut[axis]:
            blocks[edge:edge] = ["..."]
        return "[" + ("," + "\n" * (depth - 1) + " " * (indent + 1)).join(blocks) + "]"

    return nest(x.tolist(), indent, 0)


def tensor_repr(t: Tensor, *, tensor_contents: str | None = None) -> str:
    """`repr(t)`: numbers, then what is not the default of device, size, dtype and gradient.

    tensor_contents: text to put in place of the numbers.
    >>> print(tensor_repr(Parameter(torch.ones(2))))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """
    kind = type(t)
    if not t.is_sparse and type(t._a) is BatchArray:
        return _batch_text(t)
    if t.is_sparse:
        return "tensor(" + _sparse_contents(t, 7)
    if kind is Tensor:
        return "tensor(" + _contents(t, 7, tensor_contents)
    start = "tensor(" if kind is Parameter else kind.__name__ + "("
    text = start + _contents(t, len(start), tensor_contents)
    if kind is not Parameter and isinstance(t, Parameter):
        text = f"Parameter({text})"
    return f"Parameter containing:\n{text}" if Parameter in kind.__mro__ else text


def _batch_text(t: Any) -> str:
    """A tensor inside vmap: all samples."""
    value = t._a.value
    depth, inner = 1, value
    while type(inner._a) is BatchArray:
        depth, inner = depth + 1, inner._a.value
    lines = "\n".join("    " + line for line in tensor_repr(value).splitlines())
    return f"BatchedTensor(lvl={depth}, bdim=0, value=\n{lines}\n)"


def _contents(t: Tensor, indent: int, text: str | None) -> str:
    """Everything behind "tensor(": the numbers and the suffixes, each on a new line if it must."""
    empty = not t.numel()
    if t.is_meta:
        text = "..."
    suffixes = [f"device='{t.device}'"] if t.device.type != "cpu" else []
    shape_is_hidden = t.ndim != 1 if empty else not PRINT_OPTS.edgeitems
    if shape_is_hidden or t.is_meta:
        suffixes.append(f"size={tuple(t.shape)}")
    default = _dtype.get_default_dtype()
    default_complex = _dtype.complex128 if default is _dtype.float64 else _dtype.complex64
    implied = (
        (default,) if empty or t.is_meta else (default, default_complex, _dtype.int64, _dtype.bool_)
    )
    if t.dtype not in implied:
        suffixes.append(f"dtype={t.dtype}")
    if t.grad_fn is not None:
        suffixes.append(f"grad_fn=<{type(t.grad_fn).__name__}>")
    elif t.requires_grad:
        suffixes.append("requires_grad=True")
    if t._duals:
        suffixes.append(f"tangent={tensor_repr(next(reversed(t._duals.values())))}")

    if text is None:
        text = "[]" if empty else array_text(on_host(t._a), indent)
    # PyTorch's count: one column beyond the text, and on the first line the indent beside it
    column = len(text) - text.rfind("\n") + 1 + (indent if "\n" not in text else 0)
    for suffix in suffixes:
        if column + len(suffix) + 2 > PRINT_OPTS.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def _sparse_contents(t: Any, indent: int) -> str:
    """The same for a sparse tensor: places and values on lines of their own."""

    def part(name: str, x: Tensor) -> str:
        first = indent + len(name) + len("=tensor(")
        if not x.numel():
            return f"{name}=tensor([], size={tuple(x.shape)})"
        return f"{name}=tensor({array_text(on_host(x._a), first)})"

    parts = [part("indices", t._indices()), part("values", t._values())]
    text = (",\n" + " " * indent).join(parts)
    suffixes = [f"size={tuple(t.shape)}", f"nnz={t._nnz()}"]
    if t.dtype not in (_dtype.get_default_dtype(), _dtype.int64, _dtype.bool_):
        suffixes.append(f"dtype={t.dtype}")
    suffixes.append(f"layout={t.layout}")
    if t.grad_fn is not None:
        suffixes.append(f"grad_fn=<{type(t.grad_fn).__name__}>")
    elif t.requires_grad:
        suffixes.append("requires_grad=True")
    column = PRINT_OPTS.linewidth  # they begin on a new line
    for suffix in suffixes:
        if column + len(suffix) + 2 > PRINT_OPTS.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def tensor_format(t: Tensor, spec: str) -> str:
    """`format(t, spec)`: a 0-d tensor formats as its number; any other takes no spec: TypeError."""
    if t.ndim == 0 and type(t) is Tensor and not t.is_meta:
        return format(t.item(), spec)
    return object.__format__(t, spec)
