"""Embeddings: rows of a table by index."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor, wrap
from ..dispatch.on_tensors import translate
from ..dispatch.registry import CARDS, apply, composite, op
from ..kernels import K


@op("_embedding", fn=False, method=False, tensors=1, node="Embedding")
class _Embedding:
    """y = w[i];  w (V, E), i integer (*) -> (*, E)

    grad    dw[v] = Σ dy where i = v (by their number if scale_grad_by_freq); 0 in row padding_idx
    errors  IndexError: an index outside of 0..V-1
    """

    def forward(w, i, padding_idx=-1, scale=False):
        return K.embedding(w, i)

    def backward(c, dy, w_shape, i, padding_idx, scale):
        if isinstance(dy, Tensor):
            return apply(CARDS["_embedding_dw"], (dy, i, w_shape[0], padding_idx, scale))
        return K.embedding_dw(dy, i, w_shape[0], padding_idx, scale)

    def samples(make):
        yield make(5, 3), make.indices(2, 4, high=5)
        yield make(5, 3), make.indices(6, high=5), 2


@op("_embedding_dw", fn=False, method=False, tensors=1, node="EmbeddingDenseBackward")
class _EmbeddingDw:
    """The table's gradient from the rows'."""

    def forward(dy, i, rows, padding_idx, scale):
        return K.embedding_dw(dy, i, rows, padding_idx, scale)

    def backward(c, ddw, i, padding_idx, scale):
        rows = (
            apply(CARDS["_embedding"], (ddw, i, -1, False))
            if isinstance(ddw, Tensor)
            else K.embedding(ddw, i)
        )
        array = i._a if isinstance(i, Tensor) else i
        factor = (array != padding_idx).astype(np.float64)
        if scale:
            factor = factor / np.bincount(array.reshape(-1))[array]
        factor = factor[..., None].astype((ddw._a if isinstance(ddw, Tensor) else ddw).dtype)
        return rows * (wrap(factor) if isinstance(ddw, Tensor) else factor)

    def samples(make):
        yield make(4, 3), make.indices(4, high=5), 5, -1, False
        yield make(2, 2, 3), make.indices(2, 2, high=5), 5, 1, True


translate("embedding", lambda w, i: apply(CARDS["_embedding"], (w, i, -1, False)))


def _checked_padding(padding_idx: int | None, rows: int) -> int:
    if padding_idx is None:
        return -1
    if padding_idx >= rows or padding_idx < -rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % rows


@composite("embedding", functional=True, fn=False)
def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """The rows of weight (V, E) that input (*), integers, lists -> (*, E).

    padding_idx: a row without gradient; max_norm: rows looked up are first scaled down to that
    norm, in place.
    Errors: IndexError out of range; RuntimeError for index dtypes; NotImplementedError for
    sparse=True.
    """
    if sparse:
        raise NotImplementedError(
            "embedding(sparse=True): rushlight has no sparse gradients; leave sparse=False"
        )
    if input._a.dtype.kind not in "iu":
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{_type_name(input)} instead (while checking arguments for "
            "embedding)"
        )
    if weight._a.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    padding = _checked_padding(padding_idx, weight._a.shape[0])
    if max_norm is not None:
        _renormalise(weight, input._a, max_norm, norm_type)
    return apply(CARDS["_embedding"], (weight, input, padding, bool(scale_grad_by_freq)))


def _type_name(t: Tensor) -> str:
    from ..core.dtype import scalar_name

    return scalar_name(t.dtype) + "Tensor"


def _renormalise(weight: Tensor, index: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up down to max_norm, in place, outside of autograd."""
    rows = np.unique(index)
    norms = np.linalg.norm(weight._a[rows], norm_type, axis=1)
    large = norms > max_norm
    if large.any():
        weight._a[rows[large]] *= (max_norm / (norms[large] + 1e-7))[:, None].astype(
            weight._a.dtype
        )
        weight._bump()


@composite("one_hot", fn=False, functional=True)
def one_hot(tensor, num_classes=-1):
    """y (*, C) int64 with a one at each index.

    C = the largest index + 1 unless given. RuntimeError: a class outside.
    """
    a = tensor._a
    if a.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if a.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if a.size and a.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(a.max()) + 1
    elif a.size and a.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((a[..., None] == np.arange(num_classes)).astype(np.int64))


@composite("embedding_bag", fn=False, functional=True)
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
    """Sums, means or maxima of the embeddings of bags.

    rows of a 2-d input, or runs of a 1-d one cut at offsets.
    """
    if sparse:
        raise NotImplementedError(
            "embedding_bag(sparse=True): rushlight has no sparse gradients; leave sparse=False"
        )
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
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
        if include_last_offset:
            flat = flat[: int(offsets._a[-1])]
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {i.ndim}")
    rows = embedding(flat, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)
    bag = np.searchsorted(starts, np.arange(flat._a.size), "right") - 1
    if padding_idx is not None:
        kept = flat._a != padding_idx % weight._a.shape[0]
        rows, bag = rows[wrap(kept)], bag[kept]
        per_sample_weights = None if per_sample_weights is None else per_sample_weights[wrap(kept)]
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(1)
    y = rows.new_zeros((count, weight._a.shape[1]))
    if mode == "max":
        target = wrap(np.broadcast_to(bag[:, None], rows._a.shape))
        return y.scatter_reduce(0, target, rows, "amax", include_self=False) if rows._a.size else y
    y = y.index_add(0, wrap(bag), rows)
    if mode == "mean":
        sizes = np.maximum(np.bincount(bag, minlength=count), 1).astype(rows._a.dtype)
        y = y / wrap(sizes[:, None])
    return y
