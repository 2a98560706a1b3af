"""The operators below PyTorch's layers, under the names that torch has for them: normalisations
that return their statistics, embedding_bag with its bags, softmax and unique with all results.

N batch, C channels, G groups, B bags, E features. Compositions of the public ops; statistics carry
no gradient. Imported when one of the names is first asked for.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import float32, int32, int64, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import FUNCTIONAL, FUNCTIONS, composite

# ---------------------------------------------------------------- normalisations


def _statistics(x: Tensor, axes: tuple, eps: float) -> tuple[Tensor, Tensor]:
    """(mean, 1 / √(var + eps)) over axes, which stay as size 1; in float32 for narrower dtypes."""
    x = x.detach()
    x = x.to(float32) if x.itemsize == 2 else x
    return x.mean(axes, True), (x.var(axes, correction=0, keepdim=True) + eps).rsqrt()


@composite(
    "native_layer_norm(input, normalized_shape: Sequence[int], weight: Tensor | None, "
    "bias: Tensor | None, eps: float)",
    at="torch",
)
def native_layer_norm(input, normalized_shape, weight, bias, eps):
    """(y, mean, rstd): F.layer_norm with its statistics

    shape   x (*, normalized_shape) -> y likewise, mean and rstd (*, 1, ..., 1)
    errors  as F.layer_norm
    """
    y = FUNCTIONAL["layer_norm"](input, normalized_shape, weight, bias, eps)
    axes = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    return y, *_statistics(input, axes, eps)


@composite(
    "native_group_norm(input, weight: Tensor | None, bias: Tensor | None, N: int, C: int, "
    "HxW: int, group: int, eps: float)",
    at="torch",
)
def native_group_norm(input, weight, bias, N, C, HxW, group, eps):
    """(y, mean, rstd): F.group_norm with its statistics

    shape   x (N, C, *), HxW elements in a channel -> y likewise, mean and rstd (N, G)
    errors  RuntimeError: N, C and HxW are not the input's; as F.group_norm
    """
    if input.numel() != N * C * HxW:
        raise RuntimeError(
            f"Expected X.numel() == N * C * HxW to be true, but got false.\n"
            f"  input {tuple(input.shape)}, N {N}, C {C}, HxW {HxW}"
        )
    y = FUNCTIONAL["group_norm"](input.reshape(N, C, HxW), group, weight, bias, eps)
    mean, rstd = _statistics(input.reshape(N, group, -1), (2,), eps)
    return y.reshape(input.shape), mean.squeeze(2), rstd.squeeze(2)


@composite(
    "native_batch_norm(input, weight: Tensor | None, bias: Tensor | None, "
    "running_mean: Tensor | None, running_var: Tensor | None, training: bool, momentum: float, "
    "eps: float)",
    at="torch",
)
def native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    """(y, mean, rstd): F.batch_norm with the batch's statistics, empty ones outside of training

    running_mean, running_var   moved by momentum in training, in place
    shape   x (N, C, *) -> y likewise, mean and rstd (C)
    errors  as F.batch_norm
    """
    y = FUNCTIONAL["batch_norm"](
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )
    if not training:
        return y, input.new_empty(0), input.new_empty(0)
    axes = (0, *range(2, input.ndim))
    return y, *(s.reshape(-1) for s in _statistics(input, axes, eps))


@composite(
    "batch_norm_update_stats(input, running_mean: Tensor | None, running_var: Tensor | None, "
    "momentum: float)",
    at="torch",
)
def batch_norm_update_stats(input, running_mean, running_var, momentum):
    """(mean, var) per channel of a batch, var without correction; moves the running ones

    running_mean, running_var   (1 - momentum) old + momentum new, in place; the variance that goes
                                in is the unbiased one
    shape   x (N, C, *), running ones (C) or None -> (C), (C)
    """
    axes = (0, *range(2, input.ndim))
    x = input.detach()
    mean, var = x.mean(axes), x.var(axes, correction=0)
    n = x.numel() // max(x.shape[1], 1)
    if running_mean is not None:
        running_mean.mul_(1 - momentum).add_(mean * momentum)
    if running_var is not None:
        running_var.mul_(1 - momentum).add_(var * (momentum * n / max(n - 1, 1)))
    return mean, var


@composite("_weight_norm_interface(v: Tensor, g: Tensor, dim=0)", at="torch")
def weight_norm_interface(v, g, dim=0):
    """(w, norms): w = g v / ‖v‖, the norm over all dimensions but dim

    shape   v (*), g and norms of size 1 but at dim -> w (*)
    """
    axes = tuple(i for i in range(v.ndim) if i != dim % v.ndim)
    norms = FUNCTIONS["linalg.vector_norm"](v, 2, axes, True)
    return v * (g / norms), norms.detach()


# ---------------------------------------------------------------- softmax, unique, shapes


def _plain(half_to_float: bool) -> None:
    if half_to_float:
        raise RuntimeError("softmax with half to float conversion is not supported on CPU")


@composite("_softmax(input, dim, half_to_float: bool)", at="torch")
def softmax(input, dim, half_to_float):
    """F.softmax; half_to_float must be False. RuntimeError: it is True"""
    _plain(half_to_float)
    return FUNCTIONAL["softmax"](input, dim)


@composite("_log_softmax(input, dim, half_to_float: bool)", at="torch")
def log_softmax(input, dim, half_to_float):
    """F.log_softmax; half_to_float must be False. RuntimeError: it is True"""
    _plain(half_to_float)
    return FUNCTIONAL["log_softmax"](input, dim)


@composite("_safe_softmax(input, dim, dtype=None)", at="torch")
def safe_softmax(input, dim, dtype=None):
    """F.softmax, and 0 along rows that are -inf throughout.

    shape   input (*) -> (*)
    """
    y = FUNCTIONAL["softmax"](input, dim, dtype=dtype)
    return y.masked_fill((input == -math.inf).all(dim, True), 0)


@composite(
    "_unique2(input, sorted: bool = True, return_inverse: bool = False, "
    "return_counts: bool = False)",
    at="torch",
)
def unique2(input, sorted=True, return_inverse=False, return_counts=False):
    """torch.unique with all three results; those that were not asked for are empty.

    shape   input (*) -> (k,), (*), (k,)
    """
    found = FUNCTIONS["unique"](input, sorted, return_inverse, return_counts)
    found = list(found) if isinstance(found, tuple) else [found]
    empty = FUNCTIONS["zeros"](0, dtype=int64)
    inverse = found[1] if return_inverse else empty
    return found[0], inverse, found[-1] if return_counts else empty


@composite("_unique(input, sorted: bool = True, return_inverse: bool = False)", at="torch")
def unique(input, sorted=True, return_inverse=False):
    """torch.unique with both results; an empty one if the inverse was not asked for.

    shape   input (*) -> (k,), (*)
    """
    return unique2(input, sorted, return_inverse)[:2]


@composite("_dim_arange(like: Tensor, dim)", at="torch")
def dim_arange(like, dim):
    """0, 1, ... as many as like has along dim.

    shape   like (*) -> (like.shape[dim],)        dtype   int64
    """
    return FUNCTIONS["arange"](like.shape[dim])


# ---------------------------------------------------------------- products


@composite("_int_mm(input, mat2, *, out=None)", at="torch")
def int_mm(input, mat2):
    """X Y of int8 matrices, summed in int32

    shape   (n, k)(k, m) -> (n, m) int32
    errors  RuntimeError: not int8, not two matrices, sizes that do not fit
    """
    for what, x in (("self", input), ("mat2", mat2)):
        if x.ndim != 2:
            raise RuntimeError(f"Expected {what} to be of dimension 2 but got {x.ndim}")
        if x.dtype.name != "int8":
            raise RuntimeError(f"Expected {what} dtype to be of type int8 but got {x.dtype.name}")
    if input.shape[1] != mat2.shape[0]:
        raise RuntimeError(
            "self.size(1) needs to match mat2.size(0)\n"
            f"  self {tuple(input.shape)}, mat2 {tuple(mat2.shape)}"
        )
    return FUNCTIONS["mm"](input.to(int32), mat2.to(int32))


_ONE_EACH = "Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d"


@composite(
    "grouped_mm(mat_a: Tensor, mat_b: Tensor, *, offs: Tensor | None = None, "
    "bias: Tensor | None = None, out_dtype: dtype | None = None)",
    at="F",
)
def grouped_mm(mat_a, mat_b, *, offs=None, bias=None, out_dtype=None):
    """Products of G pairs of matrices whose rows or columns lie behind each other

    offs    int32 (G): where each group ends along the dimension that is cut: the rows of a 2-d
            mat_a (n, k) with mat_b (G, k, m) -> (n, m); the columns of a 2-d mat_b (k, m) with
            mat_a (G, n, k) -> (n, m); the inner one of two matrices (n, k)(k, m) -> (G, n, m).
            None for (G, n, k)(G, k, m) -> (G, n, m). What lies behind the last group is 0
    dtype   float32, float16, bfloat16, kept
    grad    to both
    errors  RuntimeError: offs missing or given to two 3-d tensors, not int32, sizes or dtypes that
            do not fit, a bias, another out_dtype
    """
    a, b = mat_a, mat_b
    for what, x in (("mat_a", a), ("mat_b", b)):
        if x.ndim not in (2, 3):
            raise RuntimeError(f"{what} has to be 2 or 3d")
        if x.dtype.name not in ("float32", "float16", "bfloat16"):
            raise RuntimeError(
                f"Expected {what} to be Float32, BFloat16 or Float16 matrix, got "
                f"{scalar_name(x.dtype)}"
            )
    if a.shape[-1] != b.shape[-2]:
        raise RuntimeError(
            "contraction dimension of mat_a and mat_b must match\n"
            f"  mat_a {tuple(a.shape)}, mat_b {tuple(b.shape)}"
        )
    if (offs is not None) != (a.ndim == 2 or b.ndim == 2):
        raise RuntimeError(_ONE_EACH)
    if bias is not None:
        raise RuntimeError("Bias not supported yet")
    if out_dtype is not None and out_dtype is not a.dtype:
        raise RuntimeError("Grouped gemm output dtype must match `mat_a` dtype")
    if offs is None:
        if a.shape[0] != b.shape[0]:
            raise RuntimeError("batched dimension has to match")
        return FUNCTIONS["bmm"](a, b)
    if offs.dtype is not int32 or offs.ndim != 1:
        raise RuntimeError("Offsets have to be int32" if offs.ndim == 1 else "offs has to be 1D")
    return _groups(a, b, offs.tolist())


def _groups(a: Tensor, b: Tensor, ends: list[int]) -> Tensor:
    groups = next((x.shape[0] for x in (a, b) if x.ndim == 3), len(ends))
    whole = a.shape[1] if a.ndim == b.ndim else a.shape[0] if a.ndim == 2 else b.shape[1]
    if len(ends) != groups:
        raise RuntimeError("matrix batch sizes have to match")
    starts = [0, *ends]
    if any(x > y for x, y in zip(starts, ends, strict=False)) or starts[-1] > whole:
        raise RuntimeError(f"offs must rise to {whole} at most, but got {ends}")
    parts = [slice(x, y) for x, y in zip(starts, ends, strict=False)]
    mm = FUNCTIONS["mm"]
    if a.ndim == b.ndim:  # the inner dimension is cut
        return FUNCTIONS["stack"]([mm(a[:, s], b[s]) for s in parts])
    if a.ndim == 2:
        rest = a.new_zeros(whole - starts[-1], b.shape[2])
        return FUNCTIONS["cat"]([*(mm(a[s], b[g]) for g, s in enumerate(parts)), rest])
    rest = a.new_zeros(a.shape[1], whole - starts[-1])
    return FUNCTIONS["cat"]([*(mm(a[g], b[:, s]) for g, s in enumerate(parts)), rest], 1)


# ---------------------------------------------------------------- embedding_bag

_MODES = ("sum", "mean", "max")


@composite(
    "embedding_bag(weight: Tensor, indices: Tensor, offsets: Tensor, "
    "scale_grad_by_freq: bool = False, mode: int = 0, sparse: bool = False, "
    "per_sample_weights: Tensor | None = None, include_last_offset: bool = False, "
    "padding_idx: int | None = None)",
    at="torch",
)
def embedding_bag(
    weight,
    indices,
    offsets,
    scale_grad_by_freq=False,
    mode=0,
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """(y, bag of each index, size of each bag, index of each maximum): F.embedding_bag with weight
    first, and what its gradient needs

    mode    0 sum, 1 mean, 2 max. For sums the sizes are 0, and the second result is empty unless
            there is a padding_idx
    shape   weight (V, E), indices (S), offsets (B) -> (B, E), (S), (B), (B) or (B, E) for max
    errors  RuntimeError: another mode; as F.embedding_bag
    """
    if mode not in (0, 1, 2):
        raise RuntimeError("`mode` must be sum, mean, or max.")
    y = FUNCTIONAL["embedding_bag"](
        indices,
        weight,
        offsets,
        scale_grad_by_freq=scale_grad_by_freq,
        mode=_MODES[mode],
        sparse=sparse,
        per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset,
        padding_idx=padding_idx,
    )
    like, count = offsets._a.dtype, offsets._a.shape[0]
    if mode == 0:
        given = 0 if padding_idx is None else indices._a.size
        sums = wrap(_bags(indices._a, offsets._a, None, 1)[0][:given].astype(like))
        return y, sums, wrap(np.zeros(count, like)), wrap(np.zeros(count, like))
    bag, kept = _bags(indices._a, offsets._a, padding_idx, weight.shape[0])
    sizes = np.bincount(bag[kept], minlength=count).astype(like)
    last = wrap(sizes.copy()) if mode == 1 else wrap(_largest(weight, indices, bag, kept, y))
    return y, wrap(bag.astype(like)), wrap(sizes), last


def _bags(indices: Any, offsets: Any, padding_idx: int | None, rows: int) -> tuple:
    """The bag of each index, and which indices are no padding."""
    bag = np.searchsorted(offsets, np.arange(indices.size), "right") - 1
    kept = np.ones(indices.size, bool)
    if padding_idx is not None:
        kept = indices != padding_idx % rows
    return bag, kept


def _largest(weight: Tensor, indices: Tensor, bag: Any, kept: Any, y: Tensor) -> Any:
    """(B, E): the first index of each bag whose row has the maximum; 0 in empty bags."""
    found = np.zeros(y.shape, indices._a.dtype)
    rows, target = weight._a, y._a
    for i in np.flatnonzero(kept)[::-1]:
        hit = rows[indices._a[i]] == target[bag[i]]
        found[bag[i], hit] = indices._a[i]
    return found
