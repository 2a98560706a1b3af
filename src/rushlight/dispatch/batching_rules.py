"""Rules of batching for cards, by kind: element by element, along dimensions, views, products,
indexing, layers. See batching.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import bool_
from ..core.tensor import Tensor, wrap
from .batching import RULES, first_only, front, one_by_one, pointwise, rule, whole
from .levels import Level, batched, is_batched, value_of
from .op import Card
from .registry import FUNCTIONS

RULES.update(
    dict.fromkeys(
        "to_copy neg abs sign sgn signbit pow_number square clamp clamp_min clamp_max sqrt rsqrt "
        "reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh "
        "asinh acosh atanh deg2rad rad2deg floor ceil trunc round frac frexp erf erfc erfinv erfcx "
        "lgamma digamma polygamma mvlgamma i0 i0e i1 i1e sinc logit entr ndtri log_ndtr bessel_j0 "
        "bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 "
        "modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 airy_ai "
        "spherical_bessel_j0 bitwise_not logical_not conj_physical angle isnan isinf isfinite "
        "isposinf isneginf nan_to_num relu relu6 sigmoid silu mish selu hardswish hardsigmoid "
        "logsigmoid leaky_relu elu celu gelu softplus hardtanh threshold hardshrink softshrink "
        "view_as_real view_as_complex part".split(),
        pointwise,
    )
)


@rule("clone")
def _clone(card: Card, args: tuple, number: int, n: int) -> Any:
    if args[1].name.startswith("channels_last"):
        return NotImplemented
    return card.run((value_of(args[0]), args[1]))


def _shifted(dim: Any, rank: int) -> Any:
    """Dimensions of a sample as dimensions of all samples."""
    if isinstance(dim, int):
        return dim % rank + 1
    return tuple([d % rank + 1 for d in dim])


def _at(card: Card, name: str) -> int:
    return card.parameters.index(name)


@rule(
    *"sum mean nansum any all count_nonzero logsumexp var std var_mean std_mean amax amin aminmax "
    "linalg_vector_norm".split()
)
def _reduction(card: Card, args: tuple, number: int, n: int) -> Any:
    """Over several dimensions, or all."""
    if not first_only(args, number):
        return NotImplemented
    x, value = args[0], value_of(args[0])
    i, rank = _at(card, "dim"), x.ndim
    dim = args[i]
    if not rank:
        value, dim = value.unsqueeze(1), (1,)
        if "keepdim" in card.parameters:
            k = _at(card, "keepdim")
            args = (*args[:k], False, *args[k + 1 :])
    elif dim is None or dim == ():
        dim = tuple(range(1, rank + 1))
    else:
        dim = _shifted(dim, rank)
    return card.run((value, *args[1:i], dim, *args[i + 1 :]))


@rule("prod", "argmax", "argmin")
def _of_one_dimension_or_all(card: Card, args: tuple, number: int, n: int) -> Any:
    if not first_only(args, number):
        return NotImplemented
    x, value, i = args[0], value_of(args[0]), _at(card, "dim")
    if args[i] is None or not x.ndim:
        k = _at(card, "keepdim")
        flat = list((value.reshape((n, -1)), *args[1:]))
        flat[i], flat[k] = 1, False
        result = card.run(tuple(flat))
        if args[k] and x.ndim:
            result = result.reshape((n, *(1,) * x.ndim))
        return result
    return card.run((value, *args[1:i], _shifted(args[i], x.ndim), *args[i + 1 :]))


@rule("max_all", "min_all")
def _extreme(card: Card, args: tuple, number: int, n: int) -> Any:
    flat = value_of(args[0]).reshape((n, -1))
    return FUNCTIONS["amax" if card.name == "max_all" else "amin"](flat, 1)


@rule("median_all", "nanmedian_all")
def _middle(card: Card, args: tuple, number: int, n: int) -> Any:
    flat = value_of(args[0]).reshape((n, -1))
    return FUNCTIONS[card.name.removesuffix("_all")](flat, 1)[0]


@rule(
    *"max min median nanmedian mode cumsum cumprod logcumsumexp cummax cummin sort argsort topk "
    "kthvalue softmax log_softmax glu unsqueeze unfold index_fill".split()
)
def _along(card: Card, args: tuple, number: int, n: int) -> Any:
    """Along one dimension."""
    x, i = args[0], _at(card, "dim")
    if not first_only(args, number) or not isinstance(args[i], int):
        return NotImplemented
    value = value_of(x)
    rank = x.ndim + (card.name == "unsqueeze")
    if not x.ndim and card.name != "unsqueeze":
        return NotImplemented
    return card.run((value, *args[1:i], _shifted(args[i], rank), *args[i + 1 :]))


@rule("flip", "squeeze")
def _along_several(card: Card, args: tuple, number: int, n: int) -> Any:
    x = args[0]
    if not x.ndim:
        return value_of(x)
    dims = args[1]
    if dims is None:
        dims = tuple(i for i, size in enumerate(x._a.shape) if size == 1)
    elif isinstance(dims, int):
        dims = (dims,)
    return card.run((value_of(x), _shifted(dims, x.ndim)))


@rule("roll")
def _roll(card: Card, args: tuple, number: int, n: int) -> Any:
    x, shifts, dims = args
    if not dims or not x.ndim:
        return NotImplemented
    return card.run((value_of(x), shifts, _shifted(dims, x.ndim)))


@rule("tril", "triu")
def _triangle(card: Card, args: tuple, number: int, n: int) -> Any:
    return card.run((value_of(args[0]), *args[1:]))


@rule("split", "unbind", "split_with_sizes")
def _parts(card: Card, args: tuple, number: int, n: int) -> Any:
    i = _at(card, "dim")
    return card.run((value_of(args[0]), *args[1:i], _shifted(args[i], args[0].ndim)))


# ---------------------------------------------------------------- views


@rule("reshape", "view")
def _reshape(card: Card, args: tuple, number: int, n: int) -> Any:
    return card.run((value_of(args[0]), (n, *args[1])))


@rule("expand")
def _expand(card: Card, args: tuple, number: int, n: int) -> Any:
    value, size = value_of(args[0]), tuple(args[1])
    missing = len(size) - args[0].ndim
    if missing > 0:
        for _ in range(missing):
            value = value.unsqueeze(1)
    if any(size[i] == -1 for i in range(missing)):
        return NotImplemented
    return card.run((value, (n, *size), *args[2:]))


@rule("permute")
def _permute(card: Card, args: tuple, number: int, n: int) -> Any:
    return card.run((value_of(args[0]), (0, *_shifted(tuple(args[1]), max(args[0].ndim, 1)))))


@rule("transpose", "t")
def _transpose(card: Card, args: tuple, number: int, n: int) -> Any:
    x = args[0]
    if x.ndim < 2:
        return value_of(x)
    dims = args[1:] or (0, 1)
    return FUNCTIONS["transpose"](value_of(x), *_shifted(dims, x.ndim))


@rule("diagonal")
def _diagonal(card: Card, args: tuple, number: int, n: int) -> Any:
    x, offset, *dims = args
    return card.run((value_of(x), offset, *_shifted(tuple(dims), x.ndim)))


@rule("basic")
def _basic(card: Card, args: tuple, number: int, n: int) -> Any:
    x, key = args
    return card.run((value_of(x), (slice(None), *(key if type(key) is tuple else (key,)))))


@rule("repeat")
def _repeat(card: Card, args: tuple, number: int, n: int) -> Any:
    value, repeats = value_of(args[0]), tuple(args[1])
    for _ in range(len(repeats) - args[0].ndim):
        value = value.unsqueeze(1)
    return card.run((value, (1, *repeats)))


@rule("trace")
def _trace(card: Card, args: tuple, number: int, n: int) -> Any:
    return FUNCTIONS["diagonal"](value_of(args[0]), 0, 1, 2).sum(1)


@rule("constant_pad_nd")
def _pad(card: Card, args: tuple, number: int, n: int) -> Any:
    if not first_only(args, number):
        return NotImplemented
    x, widths, value = args
    return card.run((value_of(x), ((0, 0), *widths), value)) if x.ndim else NotImplemented


@rule("cat", "stack")
def _joined(card: Card, args: tuple, number: int, n: int) -> Any:
    tensors, dim = args
    kept = [t for t in tensors if t._a.shape != (0,)] if card.name == "cat" else tensors
    if not kept:
        return NotImplemented
    rank = kept[0].ndim + (card.name == "stack")
    return card.run(([front(t, number, n) for t in kept], _shifted(dim, rank)))


@rule("unfold_dx", "basic_dx", "index_select_dx", "diagonal_dx")
def _back_to(card: Card, args: tuple, number: int, n: int) -> Any:
    """The gradients of views: zeros around dy."""
    dy, shape, *rest = args
    if not first_only(args, number) or not shape:
        return NotImplemented
    rank = len(shape)
    if card.name == "basic_dx":
        key = rest[0] if type(rest[0]) is tuple else (rest[0],)
        rest = [(slice(None), *key)]
    elif card.name == "diagonal_dx":
        rest = [rest[0], *_shifted(tuple(rest[1:]), rank)]
    else:
        rest = [_shifted(rest[0], rank), *rest[1:]]
    return card.run((value_of(dy), (n, *shape), *rest))


# ---------------------------------------------------------------- products


def _matmul(x: Tensor, y: Tensor) -> Tensor:
    return FUNCTIONS["matmul"](x, y)


@rule("mm", "bmm", "matmul_batched")
def _product(card: Card, args: tuple, number: int, n: int) -> Any:
    x, y = args
    rank = max(x.ndim, y.ndim)
    return _matmul(*[_lifted(t, rank, number) for t in (x, y)])


def _lifted(t: Tensor, rank: int, number: int) -> Tensor:
    """Sizes of 1 between the batch and a sample's own dimensions, up to `rank`."""
    if not is_batched(t, number):
        return t
    value, missing = value_of(t), rank - t.ndim
    for _ in range(missing):
        value = value.unsqueeze(1)
    return value


@rule("mv")
def _matrix_vector(card: Card, args: tuple, number: int, n: int) -> Any:
    x, v = args
    v = value_of(v).unsqueeze(2) if is_batched(v, number) else v.unsqueeze(1)
    return _matmul(value_of(x) if is_batched(x, number) else x, v).squeeze(-1)


@rule("dot")
def _dot(card: Card, args: tuple, number: int, n: int) -> Any:
    x, y = [value_of(t) if is_batched(t, number) else t for t in args]
    if x.ndim == 1 or y.ndim == 1:
        return _matmul(x, y) if y.ndim == 1 else _matmul(y, x)
    return _matmul(x.unsqueeze(1), y.unsqueeze(2)).squeeze(2).squeeze(1)


@rule("linear")
def _linear(card: Card, args: tuple, number: int, n: int) -> Any:
    """A weight for each sample is a product of batches."""
    x, w, b = args
    if first_only(args, number):
        return card.run((value_of(x), w, b))
    rank = x.ndim
    inner = x._a.shape[:-1]
    flat = value_of(x) if is_batched(x, number) else x.unsqueeze(0)
    k = flat._a.shape[-1]
    flat = flat.reshape((flat._a.shape[0], -1, k))
    wt = value_of(w).transpose(1, 2) if is_batched(w, number) else w.t()
    y = _matmul(flat, wt)
    if b is not None:
        y = y + (value_of(b).unsqueeze(1) if is_batched(b, number) else b)
    size = y._a.shape[0]
    if size != n:
        y = y.expand((n, *y._a.shape[1:]))
    return y.reshape((n, *inner, y._a.shape[-1])) if rank != 2 else y


@rule("addmm", "addmv", "addbmm", "baddbmm")
def _add_product(card: Card, args: tuple, number: int, n: int) -> Any:
    """input, a product, and two factors; said with ops that have rules (the arguments are batched
    still)."""
    x, a, b, beta, alpha = args
    y = _matmul(a, b)
    if card.name == "addbmm":
        y = y.sum(0)
    if alpha != 1:
        y = y * alpha
    if beta != 0:
        y = y + (x if beta == 1 else x * beta)
    return _taken(y, number, n)


def _taken(y: Tensor, number: int, n: int) -> Tensor:
    """The samples of a result that was computed on batched tensors."""
    return front(y, number, n)


# ---------------------------------------------------------------- indexing


@rule("index_select")
def _index_select(card: Card, args: tuple, number: int, n: int) -> Any:
    x, dim, index = args
    if not x.ndim or not first_only(args, number):
        return NotImplemented
    return card.run((value_of(x), _shifted(dim, x.ndim), index))


@rule("gather", "scatter_add", "scatter_src", "scatter_value", "scatter_reduce")
def _by_index(card: Card, args: tuple, number: int, n: int) -> Any:
    """An index as large as the elements that it moves."""
    x, dim, index, *rest = args
    if not x.ndim or not index.ndim:
        return NotImplemented
    rest = [front(a, number, n) if isinstance(a, Tensor) else a for a in rest]
    if card.name == "scatter_value" and isinstance(args[3], Tensor):
        return NotImplemented
    moved = [front(x, number, n), _shifted(dim, x.ndim), front(index, number, n)]
    return card.run((*moved, *rest))


@rule("index_add", "index_copy")
def _index_add(card: Card, args: tuple, number: int, n: int) -> Any:
    x, dim, index, source, *rest = args
    if is_batched(index, number) or not x.ndim or not source.ndim:
        return NotImplemented
    x, source = front(x, number, n), front(source, number, n)
    return card.run((x, _shifted(dim, x.ndim - 1), index, source, *rest))


@rule("masked_fill")
def _masked_fill(card: Card, args: tuple, number: int, n: int) -> Any:
    if is_batched(args[2], number):
        return NotImplemented
    return RULES["elementwise"](card, args, number, n)


@rule("index")
def _index(card: Card, args: tuple, number: int, n: int) -> Any:
    """Index arrays that stand side by side; one for each sample goes the slow way."""
    x, key = args
    kinds = [hasattr(k, "dtype") for k in key]
    places = [i for i, k in enumerate(kinds) if k]
    if any(is_batched(k, number) for k in key):
        if any(is_batched(k, number) and k.dtype.kind == "b" for k in key):
            raise RuntimeError(
                "vmap: We do not support batching operators that can support dynamic shape. "
                "Attempting to batch over indexing with a boolean mask."
            )
        return NotImplemented
    if not places or places[-1] - places[0] + 1 != len(places):
        return NotImplemented
    return card.run((value_of(x), (slice(None), *key)))


@whole("getitem")
def _getitem(args: tuple, kwargs: dict, level: Level) -> Any:
    """x[i, j, ...] with indices that differ from sample to sample: beside a range for the batch."""
    x, key = args
    keys = key if type(key) is tuple else (key,)
    number, n = level.number, level.size
    if not any(is_batched(k, number) for k in keys if isinstance(k, Tensor)):
        return NotImplemented
    if any(is_batched(k, number) and k.dtype is bool_ for k in keys if isinstance(k, Tensor)):
        raise RuntimeError(
            "vmap: We do not support batching operators that can support dynamic shape. "
            "Attempting to batch over indexing with a boolean mask."
        )
    count = 0
    while count < len(keys) and isinstance(keys[count], Tensor) and keys[count].dtype is not bool_:
        count += 1
    indices, rest = keys[:count], keys[count:]
    if not all(isinstance(k, slice) or k is Ellipsis for k in rest):
        return one_by_one(Tensor.__getitem__, args, kwargs, level)
    rank = max(k.ndim for k in indices)
    moved = [_lifted(k, rank, number) for k in indices]
    if not is_batched(x, number):
        return batched(x[(*moved, *rest)], number)
    rows = wrap(np.arange(n).reshape((n, *(1,) * rank)))
    return batched(value_of(x)[(rows, *moved, *rest)], number)


@rule("embedding")
def _embedding(card: Card, args: tuple, number: int, n: int) -> Any:
    w, i, *rest = args
    if is_batched(w, number):
        return NotImplemented
    return card.run((w, value_of(i), *rest))


# ---------------------------------------------------------------- layers


@rule("layer_norm")
def _layer_norm(card: Card, args: tuple, number: int, n: int) -> Any:
    x, sizes, w, b, eps = args
    if first_only(args, number):
        return card.run((value_of(x), sizes, w, b, eps))
    y = card.run((x, sizes, None, None, eps))
    y = y if w is None else y * w
    return _taken(y if b is None else y + b, number, n)


@rule(
    *"max_pool_2d max_pool_3d adaptive_max_pool_2d adaptive_max_pool_3d avg_pool_2d avg_pool_3d "
    "adaptive_avg_pool_2d adaptive_avg_pool_3d mean_pool_2d mean_pool_3d".split()
)
def _folded(card: Card, args: tuple, number: int, n: int) -> Any:
    """Cards whose first dimension is a batch of its own: one larger batch."""
    value = value_of(args[0])
    shape = value._a.shape
    if not first_only(args, number) or 0 in shape[:2]:
        return NotImplemented
    found = card.run((value.reshape((shape[0] * shape[1], *shape[2:])), *args[1:]))

    def apart(y: Tensor) -> Tensor:
        return y.reshape((*shape[:2], *y._a.shape[1:]))

    return tuple([apart(y) for y in found]) if isinstance(found, tuple) else apart(found)


@rule("convolution_nd")
def _convolution(card: Card, args: tuple, number: int, n: int) -> Any:
    """Samples join the batch; where each has a weight of its own, they are groups."""
    x, w, b, stride, padding, dilation, groups = args
    options = (stride, padding, dilation)
    if first_only(args, number):
        value = value_of(x)
        shape = value._a.shape
        if 0 in shape[:2]:
            return NotImplemented
        y = card.run((value.reshape((-1, *shape[2:])), w, b, *options, groups))
        return y.reshape((*shape[:2], *y._a.shape[1:]))
    xs, ws = front(x, number, n), front(w, number, n)
    images, out = xs._a.shape[1], ws._a.shape[1]
    if 0 in xs._a.shape[:3]:
        return NotImplemented
    xs = xs.transpose(0, 1)
    xs = xs.reshape((images, n * xs._a.shape[2], *xs._a.shape[3:]))
    bias = None if b is None else front(b, number, n).reshape((-1,))
    ws = ws.reshape((n * out, *ws._a.shape[2:]))
    y = card.run((xs, ws, bias, *options, groups * n))
    return y.reshape((images, n, out, *y._a.shape[2:])).transpose(0, 1)


@rule("mse", "huber", "smooth_l1")
def _difference(card: Card, args: tuple, number: int, n: int) -> Any:
    """Without reduction, element by element; else summed up for each sample."""
    x, y, *options = args
    if len(options) != 2 or options[0] not in ("mean", "sum", "none"):
        return NotImplemented
    reduction, option = options
    each = RULES["elementwise"](card, (x, y, "none", option), number, n)
    if reduction == "none":
        return each
    flat = each.reshape((n, -1))
    return flat.mean(1) if reduction == "mean" else flat.sum(1)


@rule("softmax_nll")
def _cross_entropy(card: Card, args: tuple, number: int, n: int) -> Any:
    """log_softmax, the targets' entries, and their sum or mean over what is not ignored."""
    x, t, ignored, mean = args
    logp = FUNCTIONS["log_softmax"](x, 1)
    kept = t != ignored
    t = FUNCTIONS["where"](kept, t, 0)
    picked = logp.gather(1, t.unsqueeze(1)).squeeze(1)
    total = -FUNCTIONS["where"](kept, picked, FUNCTIONS["zeros_like"](picked)).sum()
    if mean:
        total = total / kept.sum()
    return _taken(total, number, n)
