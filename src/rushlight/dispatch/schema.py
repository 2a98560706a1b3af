"""Signatures as text: `lerp(input, end, weight, *, out=None)`.

A schema is PyTorch's signature of an op, in Python's syntax; annotations may be left out where the
table `TYPES` knows the name. Binding, error words, help and stubs follow from it (faces.py). It is
parsed when it is first needed.
"""

from __future__ import annotations

import ast
import inspect
import math
from functools import cached_property
from typing import Any, NamedTuple

from ..core import layout

MISSING = type("Missing", (), {"__repr__": lambda self: "..."})()  # default of a required argument

# NumPy's names for PyTorch's arguments; PyTorch takes both
ALIASES = {
    "dim": ("axis",),
    "keepdim": ("keepdims",),
    "input": ("self", "x", "a", "x1"),
    "other": ("x2",),
    "dim0": ("axis0",),
    "dim1": ("axis1",),
    "indices_or_sections": ("sections", "indices", "tensor_indices_or_sections"),
    "from_": ("from",),  # a keyword of Python's
}

# What an argument of this name is, where the schema does not say; with a default of None, None
# too. "Tensor" is checked when an op fails (messages.py), the others are for tools/make_stubs.py.
TYPES = {
    **dict.fromkeys(
        "input end tensor tensor1 tensor2 mat mat1 mat2 vec vec1 vec2 batch1 batch2 src source "
        "index mask target weight A B".split(),
        "Tensor",
    ),
    **dict.fromkeys("other exponent".split(), "Tensor | Number"),
    **dict.fromkeys("tensors matrices".split(), "Sequence[Tensor]"),
    **dict.fromkeys("bias prepend append".split(), "Tensor | None"),
    **dict.fromkeys(
        "dim0 dim1 dim2 dim k n offset diagonal start_dim end_dim start_axis groups num_groups "
        "chunks num_samples num_classes minlength decimals length step upscale_factor "
        "downscale_factor ignore_index storage_offset window_length repeat".split(),
        "int",
    ),
    **dict.fromkeys(
        "keepdim inplace unbiased training largest sorted descending stable requires_grad "
        "pin_memory non_blocking copy replacement equal_nan ceil_mode count_include_pad "
        "return_indices accumulate include_self assume_unique invert right out_int32 swap "
        "log_target full log_input zero_infinity hard periodic train size_average".split(),
        "bool",
    ),
    **dict.fromkeys(
        "alpha beta value negative_slope p eps momentum threshold min_val max_val lambd tau delta "
        "rtol atol margin maxnorm max_norm norm_type correction label_smoothing "
        "divisor_override".split(),
        "Number",
    ),
    **dict.fromkeys(
        "kernel_size stride padding dilation output_padding output_size dims".split(),
        "int | Sequence[int]",
    ),
    **dict.fromkeys("size shape sizes split_sizes normalized_shape".split(), "Sequence[int]"),
    "dtype": "dtype | type[complex | float | int | bool] | None",
    "device": "device | str | int | None",
    "generator": "Generator | None",
    "layout": "layout | None",
    "memory_format": "memory_format",
    "out": "Tensor | None",
    "reduction": "str",
    "rounding_mode": "str | None",
}

_NAMES = {
    "inf": math.inf,
    "preserve_format": layout.preserve_format,
    "contiguous_format": layout.contiguous_format,
    "strided": layout.strided,
}


class Parameter(NamedTuple):
    """One parameter of a schema: kind is "positional", "variadic" (*dims) or "keyword"."""

    name: str
    kind: str
    default: Any  # MISSING: required
    type: str | None


class Schema:
    """The parsed signature of an op: `Schema("silu(input, inplace=False)")`."""

    def __init__(self, text: str):
        self.text = text
        self.name = text.partition("(")[0].strip()

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters, `out` and `inplace` among them. SyntaxError: not Python's syntax."""
        found: Any = ast.parse(f"def {self.text}: ...").body[0]
        a = found.args
        first = len(a.posonlyargs + a.args) - len(a.defaults)
        items: list[Parameter] = []
        for i, p in enumerate(a.posonlyargs + a.args):
            default = _value(a.defaults[i - first]) if i >= first else MISSING
            items.append(Parameter(p.arg, "positional", default, _type(p, default)))
        if a.vararg:
            items.append(Parameter(a.vararg.arg, "variadic", MISSING, _type(a.vararg, MISSING)))
        for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True):
            default = MISSING if d is None else _value(d)
            items.append(Parameter(p.arg, "keyword", default, _type(p, default)))
        return tuple(items)

    @cached_property
    def arguments(self) -> tuple[Parameter, ...]:
        """The parameters that the op itself gets: all but `out` and `inplace`."""
        return tuple(p for p in self.parameters if p.name not in ("out", "inplace"))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of `arguments`."""
        return tuple(p.name for p in self.arguments)

    def has(self, name: str) -> bool:
        """True if there is a parameter of this name."""
        return any(p.name == name for p in self.parameters)

    def resolve(self, keyword: str) -> int | None:
        """Which argument a keyword means, aliases included; None if there is none."""
        names = self.names
        if keyword in names:
            return names.index(keyword)
        for i, name in enumerate(names):
            if keyword in ALIASES.get(name, ()):
                return i
        return None

    def signature(self, leave_out: tuple[str, ...] = ()) -> inspect.Signature:
        """As inspect.signature shows it."""
        kinds = {
            "positional": inspect.Parameter.POSITIONAL_OR_KEYWORD,
            "variadic": inspect.Parameter.VAR_POSITIONAL,
            "keyword": inspect.Parameter.KEYWORD_ONLY,
        }
        return inspect.Signature(
            [
                inspect.Parameter(
                    p.name,
                    kinds[p.kind],
                    default=inspect.Parameter.empty if p.default is MISSING else p.default,
                )
                for p in self.parameters
                if p.name not in leave_out
            ]
        )

    def __repr__(self) -> str:
        return f"<schema {self.text}>"


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return eval(compile(ast.Expression(node), "<schema>", "eval"), {})  # 1.0 / 3


def _type(p: ast.arg, default: Any) -> str | None:
    if p.annotation:
        return ast.unparse(p.annotation)
    found = TYPES.get(p.arg)
    if found and default is None and "None" not in found:
        found += " | None"
    return found
