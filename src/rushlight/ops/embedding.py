"""Embeddings: rows of a table by index.

V rows, E features.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import int32, int64, scalar_name
from ..core.memory import on_host
from ..core.tensor import Tensor, wrap
from ..dispatch.on_tensors import translate
from ..dispatch.registry import composite, internal, op
from ..kernels import K
from .narrow import rounded, wide

_I64 = np.dtype(np.int64)


# how the gradient of a table is made: False: plain, True: divided by the frequencies, or these
_SPARSE, _SPARSE_SCALED = "sparse", "sparse and divided by the frequencies"


def _how(scale_grad_by_freq: bool, sparse: bool) -> Any:
    if sparse:
        return _SPARSE_SCALED if scale_grad_by_freq else _SPARSE
    return bool(scale_grad_by_freq)


def _sparse_dw(dy: Any, i: Any, shape: tuple, padding_idx: int, how: str) -> Any:
    """The table's gradient as a sparse tensor: the rows of dy at the places i."""
    from . import sparse  # seldom needed

    if how == _SPARSE_SCALED:
        raise RuntimeError(
            "embedding_backward: scale_grad_by_freq not supported with sparse gradients"
        )
    places = (i._a if isinstance(i, Tensor) else i).reshape(1, -1).astype(np.int64)
    blocks = (dy if isinstance(dy, Tensor) else wrap(dy.copy())).reshape(-1, shape[1])
    if padding_idx >= 0:
        kept = places[0] != padding_idx
        places, blocks = places[:, kept], blocks[wrap(kept)]
    return sparse.sparse(places, blocks, shape)


def _check(name: str, weight: Tensor, indices: Tensor) -> None:
    """Errors of what is looked up, and where."""
    if name == "embedding" and weight._a.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices.dtype not in (int64, int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{scalar_name(indices.dtype)}Tensor instead (while checking "
            f"arguments for {name})\n  fix: indices.long()"
        )


@op(
    "embedding(weight, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, "
    "sparse: bool = False)",
    at="torch",
    tensors=1,
    node="Embedding",
)
class Embedding:
    """y = w[i], the rows of a table.

    shape   w (V, E), i (*) int64 or int32 -> y (*, E)
    dtype   w's
    grad    dw[v] = Σ dy where i = v (by their number if scale_grad_by_freq); 0 in row padding_idx,
            unless that is negative
    errors  IndexError: an index outside of 0..V-1; RuntimeError: w is no matrix, i of another
            dtype; with sparse=True, in backward: scale_grad_by_freq

    >>> torch.embedding(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1]))
    tensor([[3., 4.]])
    """

    def prepare(weight, indices, padding_idx, scale_grad_by_freq, sparse):
        _check("embedding", weight, indices)
        return weight, indices, padding_idx, _how(scale_grad_by_freq, sparse)

    def forward(w, i, padding_idx, scale):
        return K.embedding(w, i)

    def backward(c, dy, w_shape, i, padding_idx, scale):
        if type(scale) is str:
            return _sparse_dw(dy, i, w_shape, padding_idx, scale)
        if isinstance(dy, Tensor):
            return EmbeddingDw.run((dy, i, w_shape[0], padding_idx, scale))
        return rounded(K.embedding_dw(wide(dy), i, w_shape[0], padding_idx, scale), dy)

    def samples(make):
        yield make(5, 3), make.indices(2, 4, high=5)
        yield make(5, 3), make.indices(6, high=5), 2


@internal("embedding_dense_backward", tensors=1, node="EmbeddingDenseBackward")
class EmbeddingDw:
    """The table's gradient from the rows'."""

    def forward(dy, i, rows, padding_idx, scale):
        return rounded(K.embedding_dw(wide(dy), i, rows, padding_idx, scale), dy)

    def backward(c, ddw, i, padding_idx, scale):
        rows = K.embedding(ddw, i)
        array = i._a if isinstance(i, Tensor) else i
        factor = (array != padding_idx).astype(np.float64)
        if scale:
            factor = factor / np.bincount(array.reshape(-1))[array]
        factor = factor[..., None].astype((ddw._a if isinstance(ddw, Tensor) else ddw).dtype)
        return rows * (wrap(factor) if isinstance(ddw, Tensor) else factor)

    def samples(make):
        yield make(4, 3), make.indices(4, high=5), 5, -1, False
        yield make(2, 2, 3), make.indices(2, 2, high=5), 5, 1, True


translate("embedding", lambda w, i: Embedding.run((w, i, -1, False)))


@composite(
    "embedding(input, weight, padding_idx: int | None = None, max_norm: float | None = None, "
    "norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False)",
    at="F",
)
def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """The rows of weight that input lists.

    padding_idx: a row without gradient; max_norm: rows looked up are first scaled down to that
    norm, in place.

    shape   input (*) int64 or int32, weight (V, E) -> (*, E)
    errors  IndexError: an index outside of 0..V-1; RuntimeError: dtypes; AssertionError:
            padding_idx is no row

    >>> F.embedding(tensor([1]), tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.]])
    """
    padding = -1
    if padding_idx is not None:
        rows = weight._a.shape[0]
        if padding_idx >= rows or padding_idx < -rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding = padding_idx % rows
    if weight._a.ndim != 2 or input._a.dtype is not _I64:
        _check("embedding", weight, input)
    if max_norm is not None:
        _renormalise(weight, input._a, max_norm, norm_type)
    return Embedding.run((weight, input, padding, _how(scale_grad_by_freq, sparse)))


@composite(
    "embedding_renorm(input, indices: Tensor, max_norm: float, norm_type: float)", inplace="torch"
)
def embedding_renorm(input, indices, max_norm, norm_type):
    """The rows of input that indices list, scaled down to max_norm.

    shape   input (V, E), indices (*)
    errors  RuntimeError: indices of another dtype
    """
    _check("embedding_renorm_", input, indices)
    y = input.detach().clone()
    _renormalise(y, indices._a, max_norm, norm_type)
    return y


def _renormalise(weight: Tensor, index: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up down to max_norm, in place, outside of autograd."""
    rows = np.unique(index)
    norms = np.linalg.norm(wide(weight._a[rows]), norm_type, axis=1)
    large = norms > max_norm
    if large.any():
        found = wide(weight._a[rows[large]]) * (max_norm / (norms[large] + 1e-7))[:, None]
        weight._a[rows[large]] = found.astype(weight._a.dtype)
        weight._bump()


@composite("one_hot(tensor, num_classes: int = -1)", at="F")
def one_hot(tensor, num_classes=-1):
    """y = 1 at each index, else 0; as many classes as the largest index + 1 unless given.

    shape   tensor (*) int64 -> (*, C) int64
    errors  RuntimeError: a class outside, another dtype, no class to count

    >>> F.one_hot(tensor([1, 0]))
    tensor([[0, 1],
            [1, 0]])
    """
    a = tensor._a
    if a.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if a.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if num_classes == -1 or not K.within(a, 0, num_classes):
        if a.size and a.min() < 0:
            raise RuntimeError("Class values must be non-negative.")
        if num_classes == -1:
            num_classes = int(a.max()) + 1
        elif a.size and a.max() >= num_classes:
            raise RuntimeError("Class values must be smaller than num_classes.")
    y = K.zeros((*a.shape, num_classes), a, np.int64)
    y.reshape(-1)[np.arange(a.size) * num_classes + a.reshape(-1)] = 1
    return wrap(y)


def _check_offsets(offsets: np.ndarray, size: int, include_last: bool) -> None:
    """The bags lie one after the other inside of the input. RuntimeError: they do not."""
    if include_last and not offsets.size:
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if offsets.size and offsets[-1] > size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {size} but got offsets[-1] of "
            f"{offsets[-1]}"
        )
    if include_last and offsets[-1] != size:
        raise RuntimeError(
            "Your input appears to be incorrect: the last offset value should be the size of the "
            "indices tensor, but it seems not to be the case."
        )
    if (np.diff(offsets) < 0).any():
        raise RuntimeError(
            f"offsets must not become smaller, but a bag that ends before its beginning was found "
            f"in {offsets[:10].tolist()}"
        )


@composite(
    "embedding_bag(input, weight, offsets: Tensor | None = None, max_norm: float | None = None, "
    "norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = 'mean', "
    "sparse: bool = False, per_sample_weights: Tensor | None = None, "
    "include_last_offset: bool = False, padding_idx: int | None = None)",
    at="F",
)
def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """Sums, means or maxima of the embeddings of bags: rows of a 2-d input, or runs of a 1-d one
    cut at offsets.

    shape   input (B, S), or (S) with offsets (B); weight (V, E) -> (B, E)
    errors  ValueError: another mode, shapes that do not fit; RuntimeError: wrong offsets;
            IndexError: an index outside of 0..V-1; NotImplementedError: weights for another mode
            than sum
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and (sparse or scale_grad_by_freq):
        scaled = "scaling the gradient by the frequency"
        what = scaled if scale_grad_by_freq else "sparse weights"
        raise ValueError(f"max mode does not support {what}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    if per_sample_weights is not None and per_sample_weights._a.shape != input._a.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({list(per_sample_weights._a.shape)}) is not "
            f"None, then it must have the same shape as the input ({list(input._a.shape)})"
        )
    i = input._a
    if i.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        starts, count = np.arange(i.shape[0]) * i.shape[1], i.shape[0]
        flat = input.reshape(-1)
        per_sample_weights = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    elif i.ndim == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets._a.ndim != 1:
            raise ValueError("offsets has to be a 1D Tensor")
        starts = offsets._a[:-1] if include_last_offset else offsets._a
        flat, count = input, len(starts)
        if len(offsets._a) and offsets._a[0] != 0:
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start "
                f"from position 0. However, got {int(offsets._a[0])}"
            )
        _check_offsets(offsets._a, i.size, include_last_offset)
        if include_last_offset:
            flat = flat[: int(offsets._a[-1])]
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {i.ndim}")
    for n in flat._a[(flat._a < 0) | (flat._a >= weight._a.shape[0])][:1]:
        place = int(np.flatnonzero(flat._a == n)[0])
        raise RuntimeError(
            f"Index {place} of input takes value {n} which is not in the valid range "
            f"[0, {weight._a.shape[0]})"
        )
    rows = embedding(flat, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)

    def there(a: np.ndarray) -> Tensor:
        return wrap(a) if rows.is_cpu or rows.is_meta else wrap(a).to(rows.device)

    bag = np.searchsorted(starts, np.arange(flat._a.size), "right") - 1
    if padding_idx is not None:
        kept = flat._a != padding_idx % weight._a.shape[0]
        rows, bag = rows[wrap(kept)], bag[on_host(kept)]
        per_sample_weights = None if per_sample_weights is None else per_sample_weights[wrap(kept)]
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(1)
    y = rows.new_zeros((count, weight._a.shape[1]))
    if mode == "max":
        target = there(np.broadcast_to(bag[:, None], rows._a.shape))
        if rows._a.size:
            return y.scatter_reduce(0, target, rows, "amax", include_self=False)
    y = y.index_add(0, there(bag), rows)
    if mode == "mean":
        sizes = np.maximum(np.bincount(bag, minlength=count), 1).astype(rows._a.dtype)
        y = y / there(sizes[:, None])
    return y
