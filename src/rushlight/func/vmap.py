"""vmap: a function of one sample, run on all samples of a batch at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..core.batched import BatchArray, batched
from ..core.tensor import Tensor
from ..dispatch import batching, batching_rules, functions, tangents
from ..dispatch.gradients import inside
from ..dispatch.levels import begin, end, level_of
from ..dispatch.registry import FUNCTIONS
from ..random.generator import default_generator
from ..utils._pytree import (
    _broadcast_to_and_flatten,
    tree_flatten,
    tree_is_leaf,
    tree_structure,
    tree_unflatten,
)

_RULES = batching_rules, functions, tangents  # imported for what they register
batching.GENERATOR.append(default_generator)


def vmap(
    func: Callable,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable:
    """func over a dimension of its inputs: func sees one sample, the ops run on all of them.
    Keyword arguments are the same for all samples.

    in_dims     the dimension of each input that is the batch; None: the same for all samples. A
                number, or a tree like the inputs
    out_dims    where the batch is in the outputs; None: they are the same for all samples
    randomness  of random ops: "error" refuses them, "same" numbers for all samples, "different"
    chunk_size  so many samples at a time

    shape   inputs (.., B, ..) -> outputs (.., B, ..)
    grad    flows through; vmap of grad gives gradients for each sample
    errors  ValueError: structures or sizes that do not fit, outputs that are no tensors;
            RuntimeError: .item() or bool() of a sample, results whose shape depends on elements

    >>> vmap(torch.dot)(tensor([[1.0, 2.0], [3.0, 4.0]]), torch.ones(2, 2))
    tensor([3., 7.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if in_dims == 0 and chunk_size is None and (size := _common_size(args)) is not None:
            return _run_rows(func, size, args, kwargs, out_dims, randomness)
        size, dims, leaves, spec = _inputs(in_dims, args, func)
        everything = (leaves, spec, dims, kwargs)
        if chunk_size is None or chunk_size >= size:
            return _run(func, size, everything, out_dims, randomness)
        return _in_chunks(func, size, everything, out_dims, randomness, chunk_size)

    wrapped.__dict__.pop("__wrapped__", None)
    return wrapped


def _common_size(args: tuple) -> int | None:
    """The batch of arguments that are all tensors with one in front; None: anything else."""
    size = None
    for x in args:
        if not isinstance(x, Tensor) or not x._a.ndim:
            return None
        n = x._a.shape[0]
        if size is None:
            size = n
        elif n != size:
            return None
    return size


def _run_rows(
    func: Any, size: int, args: tuple, kwargs: dict, out_dims: Any, randomness: str
) -> Any:
    """The short way, of tensors with the batch in front."""
    level = begin("vmap", size, randomness)
    try:
        out = func(*[batched(x, level.number) for x in args], **kwargs)
    finally:
        end(level)
    if out_dims == 0 and isinstance(out, Tensor):
        a: Any = out._a
        if type(a) is BatchArray and a.level == level.number:
            return a.value
    return _outputs(out, out_dims, func, level.number, size)


def _name(f: Any) -> str:
    return getattr(f, "__name__", repr(f))


def _inputs(in_dims: Any, args: tuple, func: Any) -> tuple:
    """(size of the batch, dimension of each leaf, leaves, their TreeSpec), checked."""
    name = _name(func)
    head = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): "
    if not isinstance(in_dims, (int, tuple)) and not isinstance(in_dims, list):
        raise ValueError(
            f"{head}expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are "
            "trying to vmap over a function with no inputs. The latter is unsupported."
        )
    leaves, spec = tree_flatten(args)
    dims = _broadcast_to_and_flatten(tuple(in_dims) if isinstance(in_dims, list) else in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{head}in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {tree_structure(in_dims)} but inputs has structure {spec}."
        )
    for i, (x, d) in enumerate(zip(leaves, dims, strict=True)):
        if d is not None and not isinstance(d, int):
            raise ValueError(
                f"{head}Got in_dim={d} for an input but in_dim must be either an integer "
                "dimension or None."
            )
        if isinstance(d, int) and not isinstance(x, Tensor):
            raise ValueError(
                f"{head}Got in_dim={d} for an input but the input is of type {type(x)}. We cannot "
                "vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        if d is not None and not -x.ndim <= d < x.ndim:
            raise ValueError(
                f"{head}Got in_dim={d} for some input, but that input is a Tensor of "
                f"dimensionality {x.ndim} so expected in_dim to satisfy -{x.ndim} <= in_dim < "
                f"{x.ndim}."
            )
        if d is not None and d < 0:
            dims[i] = d % x.ndim
    return _check_sizes(leaves, dims), dims, leaves, spec


def _check_sizes(leaves: list, dims: list) -> int:
    sizes = [x.shape[d] for x, d in zip(leaves, dims, strict=True) if d is not None]
    if not sizes:
        raise ValueError("vmap: at least one of in_dims must be a dimension, all of them are None")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0]


def _run(func: Any, size: int, everything: tuple, out_dims: Any, randomness: str) -> Any:
    leaves, spec, dims, kwargs = everything
    level = begin("vmap", size, randomness)
    try:
        args = tree_unflatten(_batched(leaves, dims, level.number), spec)
        out = func(*args, **kwargs)
    finally:
        end(level)
    return _outputs(out, out_dims, func, level.number, size)


def _batched(leaves: list, dims: list, number: int) -> list:
    return [
        x if d is None else batched(FUNCTIONS["movedim"](x, d, 0) if d else x, number)
        for x, d in zip(leaves, dims, strict=True)
    ]


def _outputs(out: Any, out_dims: Any, func: Any, number: int, size: int) -> Any:
    name = _name(func)
    leaves, spec = tree_flatten(out)
    if (isinstance(out_dims, int) and not isinstance(out_dims, bool)) or out_dims is None:
        dims: Any = [out_dims] * len(leaves)
    else:
        if not isinstance(out_dims, (tuple, list, dict)) and tree_is_leaf(out_dims):
            raise ValueError(
                f"vmap({name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a "
                "python collection of ints representing where in the outputs the vmapped dimension "
                "should appear."
            )
        dims = _broadcast_to_and_flatten(out_dims, spec)
        if dims is None and isinstance(out_dims, tuple) and len(out_dims) == 1:
            dims = _broadcast_to_and_flatten(out_dims[0], spec)
        if dims is None:
            raise ValueError(
                f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible "
                f"with the structure of `outputs`. out_dims has structure "
                f"{tree_structure(out_dims)} but outputs has structure {spec}."
            )
    found = []
    for t, d in zip(leaves, dims, strict=True):
        if d is None:
            if isinstance(t, Tensor) and level_of(t) == number:
                raise ValueError(
                    f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is "
                    "None"
                )
            found.append(t)
            continue
        if not isinstance(t, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(t)}. Did "
                "you mean to set out_dims= to None for output?"
            )
        value = inside(t, number, size)
        if type(t._a) is not BatchArray:
            value = FUNCTIONS["clone"](value)
        found.append(FUNCTIONS["movedim"](value, 0, d) if d else value)
    return tree_unflatten(found, spec)


def _in_chunks(
    func: Any, size: int, everything: tuple, out_dims: Any, randomness: str, chunk: int
) -> Any:
    """Parts of the batch one after the other, joined."""
    leaves, spec, dims, kwargs = everything
    found, structure = [], None
    for start in range(0, size, chunk):
        n = min(chunk, size - start)

        part = [
            x if d is None else x.narrow(d, start, n) for x, d in zip(leaves, dims, strict=True)
        ]
        now = (part, spec, dims, kwargs)
        out, structure = tree_flatten(_run(func, n, now, out_dims, randomness))
        found.append(out)
    assert structure is not None
    where = _broadcast_to_and_flatten(out_dims, structure)
    assert where is not None
    joined = [
        parts[0] if d is None else FUNCTIONS["cat"](list(parts), d)
        for parts, d in zip(zip(*found, strict=True), where, strict=True)
    ]
    return tree_unflatten(joined, structure)


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The tensor of all samples behind one that a vmap runs on, to be printed while one looks for a
    mistake; any other tensor as it is.

    What is computed from it inside the function is no part of the transform.

    recurse     through all vmaps that are nested; False: the innermost only
    errors      TypeError: no tensor
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"debug_unwrap(): expected a Tensor, not {type(tensor).__name__}")
    while type(tensor._a) is BatchArray:
        tensor = tensor._a.value
        if not recurse:
            break
    return tensor
