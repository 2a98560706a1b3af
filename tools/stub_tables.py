"""What tools/make_stubs.py cannot read in a schema: PyTorch's several forms under one name.

SIGNATURES     name -> the overloads, written as schemas; "Tensor.f", "F.f", "torch.f" where only
               one place is meant. In-place forms follow.
RETURNS        name (or "linalg.f") -> the result, where it is not one Tensor
SEVERAL_DIMS   functions whose dim may be several
RESULTS        named results that no card declares
"""

NEW = "dtype=None, layout=None, device=None, requires_grad: bool = False, pin_memory: bool = False"
DRAWN = f"*, generator=None, out=None, {NEW}"
_PAIRS = "tuple[Tensor, Tensor]"


def _extreme(name):
    return [
        "(input, *, out=None)",
        f"(input, dim: int, keepdim: bool = False, *, out=None) -> return_types.{name}",
        "(input, other: Tensor, *, out=None)",
    ]


def _middle(name):
    return _extreme(name)[:2]


_SPREAD = [
    "(input, dim: int | Sequence[int] | None = None, unbiased: bool = True, keepdim=False, *, "
    "out=None) -> {0}",
    "(input, dim: int | Sequence[int] | None = None, *, correction: Number | None = None, "
    "keepdim=False, out=None) -> {0}",
    "(input, unbiased: bool, *, out=None) -> {0}",
]


def _parted(dim):
    """One argument of several names."""
    either = f"indices_or_sections: int | Sequence[int] | Tensor{dim}"
    return [
        f"(input, {words}) -> tuple[Tensor, ...]"
        for words in (
            either,
            f"*, sections: int{dim}",
            f"*, indices: Sequence[int]{dim}",
            f"*, tensor_indices_or_sections: Tensor{dim}",
        )
    ]


_MOVED = "(input, source: int | Sequence[int], destination: int | Sequence[int])"
_SLICED = {
    "select_scatter": "(input, src, dim: int, index: int)",
    "slice_scatter": "(input, src, dim: int = 0, start: int | None = None, "
    "end: int | None = None, step: int = 1)",
    "diagonal_scatter": "(input, src, offset: int = 0, dim1: int = 0, dim2: int = 1)",
}

SIGNATURES = {
    "max": _extreme("max"),
    "min": _extreme("min"),
    "median": _middle("median"),
    "nanmedian": _middle("nanmedian"),
    "var": [t.format("Tensor") for t in _SPREAD],
    "std": [t.format("Tensor") for t in _SPREAD],
    "var_mean": [t.format(_PAIRS) for t in _SPREAD],
    "std_mean": [t.format(_PAIRS) for t in _SPREAD],
    "where": [
        "(condition: Tensor, input: Tensor | Number, other: Tensor | Number, *, out=None)",
        "(condition: Tensor) -> tuple[Tensor, ...]",
    ],
    "Tensor.where": ["(input, condition: Tensor, other: Tensor | Number)"],
    "nonzero": [
        "(input, *, as_tuple: Literal[False] = False, out=None)",
        "(input, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]",
    ],
    "arange": [
        f"(end: Number, *, out=None, {NEW})",
        f"(start: Number, end: Number, step: Number = 1, *, out=None, {NEW})",
    ],
    "linspace": [f"(start: Tensor | Number, end: Tensor | Number, steps: int, *, out=None, {NEW})"],
    "logspace": [
        "(start: Tensor | Number, end: Tensor | Number, steps: int, base: float = 10.0, *, "
        f"out=None, {NEW})"
    ],
    "range": [f"(start: Number, end: Number, step: Number = 1, *, out=None, {NEW})"],
    "randint": [
        f"(high: int, size: Sequence[int], {DRAWN})",
        f"(low: int, high: int, size: Sequence[int], {DRAWN})",
    ],
    "randint_like": [
        f"(input, high: int, *, generator=None, {NEW}, memory_format: Any = None)",
        f"(input, low: int, high: int, *, generator=None, {NEW}, memory_format: Any = None)",
    ],
    "rand": [f"(*size: int, {DRAWN[3:]})"],
    "randn": [f"(*size: int, {DRAWN[3:]})"],
    "zeros": [f"(*size: int | Tensor, out=None, {NEW})"],
    "ones": [f"(*size: int | Tensor, out=None, {NEW})"],
    "empty": [f"(*size: int | Tensor, out=None, {NEW}, memory_format: Any = None)"],
    "normal": [
        "(mean: Tensor | Number, std: Tensor | Number = 1.0, *, generator=None, out=None)",
        f"(mean: Number, std: Number, size: Sequence[int], {DRAWN})",
    ],
    "Tensor.to": [
        "(input, dtype: dtype | type[complex | float | int | bool], non_blocking=False, "
        "copy=False, *, memory_format: Any = None)",
        "(input, device: device | str | int | None = None, dtype=None, non_blocking=False, "
        "copy=False, *, memory_format: Any = None)",
        "(input, other: Tensor, non_blocking=False, copy=False, *, memory_format: Any = None)",
        "(input, *, tensor: Tensor, non_blocking=False, copy=False, memory_format: Any = None)",
    ],
    "Tensor.type": [
        "(input, dtype: None = None, non_blocking=False) -> str",
        "(input, dtype: dtype | str | type[Any], non_blocking=False)",
    ],
    "Tensor.view": ["(input, *size: int)", "(input, dtype: dtype)"],
    "Tensor.dim_order": [
        "(input, *, ambiguity_check: bool | list[Any] = False) -> tuple[int, ...]"
    ],
    "Tensor.backward": [
        "(input, gradient: Tensor | None = None, retain_graph: bool | None = None, "
        "create_graph: bool = False, inputs: Any = None) -> None"
    ],
    "Tensor.retain_grad": ["(input) -> None"],
    "Tensor.register_hook": ["(input, hook: Callable[[Tensor], Any]) -> Any"],
    "Tensor.register_post_accumulate_grad_hook": ["(input, hook: Callable[[Tensor], None]) -> Any"],
    # `from` is no name that Python lets a stub write
    "Tensor.uniform_": ["(input, from_: Number = 0, to: Number = 1, *, generator=None)"],
    "Tensor.normal_": ["(input, mean: Number = 0, std: Number = 1, *, generator=None)"],
    "Tensor.log_normal_": ["(input, mean: Number = 1, std: Number = 2, *, generator=None)"],
    "Tensor.cauchy_": ["(input, median: Number = 0, sigma: Number = 1, *, generator=None)"],
    "Tensor.exponential_": ["(input, lambd: Number = 1, *, generator=None)"],
    "Tensor.geometric_": ["(input, p: Number, *, generator=None)"],
    "Tensor.random_": [
        "(input, *, generator=None)",
        "(input, to: int, *, generator=None)",
        "(input, low: int, to: int | None, *, generator=None)",
    ],
    "Tensor.set_": [
        "(input, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None)"
    ],
    "Tensor.__setitem__": ["(input, key: Any, value: Any) -> None"],
    "Tensor.__reduce_ex__": ["(input, protocol: Any) -> Any"],
    "Tensor.new": ["(input, *data: Any, device=None)"],
    "unique": [
        "(input, sorted: bool = True, return_inverse: Literal[False] = False, "
        "return_counts: Literal[False] = False, dim: int | None = None)",
        "(input, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, "
        "dim: int | None = None) -> Any",
    ],
    "unique_consecutive": [
        "(input, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, "
        "dim: int | None = None)",
        "(input, return_inverse: bool = False, return_counts: bool = False, "
        "dim: int | None = None) -> Any",
    ],
    "norm": [
        "(input, p: Number | str | None = 'fro', dim: int | Sequence[int] | None = None, "
        "keepdim=False, out=None, dtype=None)"
    ],
    "clamp": [
        "(input, min: Tensor | Number | None = None, max: Tensor | Number | None = None, *, "
        "out=None)"
    ],
    "softmax": ["(input, dim: int, dtype=None, *, out=None)"],
    "log_softmax": ["(input, dim: int, dtype=None, *, out=None)"],
    "einsum": ["(equation: str | Tensor, *operands: Any)"],
    "tensor_split": _parted(", dim: int = 0"),
    **{name: _parted("") for name in ("hsplit", "vsplit", "dsplit")},
    "split": [
        "(tensor, split_size_or_sections: int | Sequence[int] | Tensor, dim: int = 0) "
        "-> tuple[Tensor, ...]",
        "(tensor, *, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]",
    ],
    "unravel_index": ["(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]"],
    "select": ["(input, dim: int, index: int | Tensor)"],
    "movedim": [_MOVED],
    "moveaxis": [_MOVED],
    "scatter": [
        "(input, dim: int, index, src: Tensor | Number | None = None, *, "
        "value: Number | None = None, reduce: str | None = None, out=None)"
    ],
    "nonzero_static": ["(input, *, size: int, fill_value: int = -1)"],
    "Tensor.unfold": ["(input, dimension: int, size: int, step: int)"],
    "broadcast_shapes": ["(*shapes: Any) -> Size"],
    "logsumexp": ["(input, dim: int | Sequence[int], keepdim=False, *, out=None)"],
    **{name: [text] for name, text in _SLICED.items()},
}
SIGNATURES["clip"] = SIGNATURES["clamp"]

_LINALG = [
    *("cholesky_ex", "eig", "eigh", "inv_ex", "ldl_factor", "ldl_factor_ex", "lstsq", "lu"),
    *("lu_factor", "lu_factor_ex", "qr", "slogdet", "solve_ex", "svd"),
]

RETURNS = {
    **dict.fromkeys(
        "allclose equal is_tensor is_nonzero is_distributed is_same_size is_floating_point "
        "is_complex is_signed is_conj is_neg is_inference".split(),
        "bool",
    ),
    **dict.fromkeys("numel get_device".split(), "int"),
    **dict.fromkeys(
        "split split_with_sizes chunk tensor_split hsplit vsplit dsplit unbind unsafe_chunk "
        "unsafe_split unsafe_split_with_sizes meshgrid broadcast_tensors gradient split_copy "
        "split_with_sizes_copy unbind_copy unravel_index".split(),
        "tuple[Tensor, ...]",
    ),
    "atleast_1d": "Any",
    "atleast_2d": "Any",
    "atleast_3d": "Any",
    **{f"linalg.{n}": f"return_types.linalg_{n}" for n in _LINALG},
    **dict.fromkeys(("torch.svd", "Tensor.svd"), "return_types.svd"),
    **dict.fromkeys(("torch.qr", "Tensor.qr"), "return_types.qr"),
    **dict.fromkeys(("torch.slogdet", "Tensor.slogdet"), "return_types.slogdet"),
    "torch.lu_unpack": "return_types.lu_unpack",
    "triangular_solve": "return_types.triangular_solve",
    "torch.lu": "Any",
    "Tensor.lu": "Any",
    "aminmax": "return_types.aminmax",
    "sort": "return_types.sort",
    "kthvalue": "return_types.kthvalue",
    "histogram": "return_types.histogram",
    "histogramdd": "return_types.histogramdd",
    "frexp": "return_types.frexp",
    "native_dropout": "tuple[Tensor, Tensor]",
    "multi_head_attention_forward": "tuple[Tensor, Tensor | None]",
    "__repr__": "str",
    "__format__": "str",
    "const_data_ptr": "int",
    "data_ptr": "int",
}

SEVERAL_DIMS = set(
    "sum mean nansum nanmean prod all any amax amin count_nonzero squeeze frobenius_norm "
    "nuclear_norm vector_norm flip squeeze_copy".split()
)

RESULTS = {
    "histogram": ("hist", "bin_edges"),
    "histogramdd": ("hist", "bin_edges: tuple[Tensor, ...]"),
    "sort": ("values", "indices"),
    "kthvalue": ("values", "indices"),
    "aminmax": ("min", "max"),
    "max": ("values", "indices"),
    "min": ("values", "indices"),
    "median": ("values", "indices"),
    "nanmedian": ("values", "indices"),
}
