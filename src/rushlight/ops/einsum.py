"""Products by the names of dimensions: einsum, tensordot, and the bilinear map."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..core.dtype import scalar_name
from ..core.memory import owned
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS, composite, op
from ..kernels import K
from .matmul import Bmm, Dot, Mm
from .reduce import axes_of

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@composite("tensordot(a: Tensor, b: Tensor, dims: int | Sequence = 2, out=None)", at="torch")
def tensordot(a, b, dims=2):
    """Σ over dims of both tensors: the last n of a with the first n of b, or two lists.

    A contracted dimension of size 1 is broadcast.

    errors  RuntimeError: sizes or dtypes that differ, lists of different lengths, dims < 0

    >>> torch.tensordot(tensor([1.0, 2.0]), tensor([3.0, 4.0]), 1)
    tensor(11.)
    """
    if a.dtype is not b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(
                f"tensordot expects dims <= min(ndim(a), ndim(b)), but got dims={dims}"
            )
        left, right = tuple(range(a.ndim - dims, a.ndim)), tuple(range(dims))
    else:
        left, right = ((d,) if isinstance(d, int) else tuple(d) for d in dims)
    if len(left) != len(right):
        raise RuntimeError("both dimension lists should have same length")
    left = (axes_of(left, a.ndim) or ()) if left else ()
    right = (axes_of(right, b.ndim) or ()) if right else ()
    for p, q in zip(left, right, strict=True):
        n, m = a.shape[p], b.shape[q]
        if n == 1 and m != 1:  # broadcast: the other's sum comes to the same
            b = b.sum(q, True, dtype=b.dtype)
        elif m == 1 and n != 1:
            a = a.sum(p, True, dtype=a.dtype)
        elif n != m:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {n} in dim "
                f"{p} and second has size {m} in dim {q}"
            )
    keep_a = [d for d in range(a.ndim) if d not in left]
    keep_b = [d for d in range(b.ndim) if d not in right]
    n = math.prod(a.shape[d] for d in left)
    x = a.permute(keep_a + list(left)).reshape(math.prod(a.shape[d] for d in keep_a), n)
    y = b.permute(list(right) + keep_b).reshape(n, math.prod(b.shape[d] for d in keep_b))
    return Mm.run((x, y)).reshape([a.shape[d] for d in keep_a] + [b.shape[d] for d in keep_b])


@composite("inner(input, other: Tensor, *, out=None)", at="torch Tensor")
def inner(input, other):
    """Σ over the last dimension of both.

    errors  RuntimeError: the last dimensions differ
    """
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    if input.ndim == 1 == other.ndim:
        return Dot.run((input, other))
    return tensordot(input, other, ([-1], [-1]))


@composite("einsum", at="torch")
def einsum(equation, *operands):
    """Einstein summation: letters name dimensions, a letter missing on the right is summed over;
    '...' broadcasts.

    Also einsum(x, [0, 1], y, [1, 2], [0, 2]).

    errors  RuntimeError: an equation that does not fit the operands

    >>> torch.einsum("ij,j->i", tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    if isinstance(equation, Tensor):
        equation, operands = _sublists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    return _einsum(equation.replace(" ", ""), list(operands))


def _sublists(args: tuple) -> tuple:
    letters = _LETTERS
    spell = lambda s: "".join("..." if i is Ellipsis else letters[i] for i in s)  # noqa: E731
    pairs, out = args, ""
    if len(args) % 2:
        out, pairs = "->" + spell(args[-1]), args[:-1]
    return ",".join(spell(s) for s in pairs[1::2]) + out, pairs[0::2]


@lru_cache(256)
def _read(equation: str, shapes: tuple) -> tuple[list, list]:
    """(the names of each operand's dimensions, those of the result's)"""
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise RuntimeError(
            f"einsum(): {'more' if len(shapes) > len(terms) else 'fewer'} operands were provided "
            "than specified in the equation"
        )
    sizes: dict[str, int] = {}
    dots = 0
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=False)):
        if not all(ch.isalpha() or ch == "." for ch in term):
            raise RuntimeError(
                "einsum(): invalid subscript given at index 0 in the equation string, subscripts "
                f"must be in [a-zA-Z]: {term}"
            )
        named = term.replace("...", "")
        if "..." in term:
            if len(named) > len(shape):
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({len(named)}) is more "
                    f"than the number of dimensions ({len(shape)}) for operand {i}"
                )
            dots = max(dots, len(shape) - len(named))
        elif len(named) != len(shape):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(named)}) does not match "
                f"the number of dimensions ({len(shape)}) for operand {i} and no ellipsis was given"
            )
    hidden = [chr(0x2460 + i) for i in range(dots)]  # one name per dimension under the dots
    expanded = []
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=False)):
        rank = len(shape) - len(term.replace("...", ""))
        names = list(term.replace("...", "\0"))
        names = [n for ch in names for n in (hidden[dots - rank :] if ch == "\0" else [ch])]
        own: dict[str, int] = {}
        for name, size in zip(names, shape, strict=False):
            if own.setdefault(name, size) != size:
                raise RuntimeError(
                    f"einsum(): subscript {name} is repeated for operand {i} but the sizes don't "
                    f"match, {size} != {own[name]}"
                )
            if sizes.get(name, 1) != 1 and size not in (1, sizes[name]):
                raise RuntimeError(
                    f"einsum(): subscript {name} has size {size} for operand {i} which does not "
                    f"broadcast with previously seen size {sizes[name]}"
                )
            sizes[name] = (
                max(sizes.get(name, 1), size) if 0 not in (size, sizes.get(name, 1)) else 0
            )
        expanded.append(names)
    if arrow:
        output = [n for ch in right.replace("...", "\0") for n in (hidden if ch == "\0" else [ch])]
        for n in output:
            if n not in sizes:
                raise RuntimeError(
                    f"einsum(): output subscript {n} does not appear in the equation for any input "
                    "operand"
                )
            if output.count(n) > 1:
                raise RuntimeError(
                    f"einsum(): output subscript {n} appears more than once in the output"
                )
    else:
        flat = [n for names in expanded for n in names]
        output = hidden + sorted(n for n in set(flat) if flat.count(n) == 1 and n not in hidden)
    return expanded, output


def _einsum(equation: str, operands: list) -> Tensor:
    expanded, output = _read(equation, tuple([t._a.shape for t in operands]))
    result, names = _without_repeats(operands[0], expanded[0])
    for k in range(1, len(operands)):
        other, other_names = _without_repeats(operands[k], expanded[k])
        later = set(output).union(*expanded[k + 1 :])
        result, names = _contract(result, names, other, other_names, later)
    extra = tuple(i for i, n in enumerate(names) if n not in output)
    if extra:
        result, names = result.sum(extra), [n for n in names if n in output]
    return result.permute([names.index(n) for n in output]) if names != output else result


def _without_repeats(t: Tensor, names: list) -> tuple[Tensor, list]:
    """The diagonal over every letter that an operand repeats."""
    names = list(names)
    if len(set(names)) == len(names):
        return t, names
    for n in sorted(set(names)):
        while names.count(n) > 1:
            i = names.index(n)
            j = names.index(n, i + 1)
            t = t.diagonal(0, i, j)
            names = [m for k, m in enumerate(names) if k not in (i, j)] + [n]
    return t, names


def _contract(x: Tensor, xs: list, y: Tensor, ys: list, later: set) -> tuple[Tensor, list]:
    """One pair of operands: a batched matrix product over the letters that are needed no more."""
    for n in [n for n in xs if n in ys and n not in later]:  # sums against one broadcast element
        i, j = xs.index(n), ys.index(n)
        if x._a.shape[i] == 1 or y._a.shape[j] == 1:
            x = x.squeeze(i) if x._a.shape[i] == 1 else x.sum(i)
            y = y.squeeze(j) if y._a.shape[j] == 1 else y.sum(j)
            xs, ys = [m for m in xs if m != n], [m for m in ys if m != n]
    gone_x = tuple(i for i, n in enumerate(xs) if n not in ys and n not in later)
    if gone_x:
        x, xs = x.sum(gone_x), [n for i, n in enumerate(xs) if i not in gone_x]
    gone_y = tuple(i for i, n in enumerate(ys) if n not in xs and n not in later)
    if gone_y:
        y, ys = y.sum(gone_y), [n for i, n in enumerate(ys) if i not in gone_y]
    plan = _plan(tuple(xs), x._a.shape, tuple(ys), y._a.shape, frozenset(later))
    x, y = _arranged(x, *plan.x), _arranged(y, *plan.y)
    if plan.as_they_lie and not (x._a.flags.c_contiguous and y._a.flags.c_contiguous):
        return FUNCTIONS["matmul"](x, y), plan.names
    left, right = x.reshape(plan.left), y.reshape(plan.right)
    z = left * right if plan.outer else Bmm.run((left, right))
    return owned(z.reshape(plan.shape)), plan.names


def _arranged(t: Tensor, order: tuple, sizes: tuple) -> Tensor:
    """t with its dimensions in this order, those of size 1 repeated up to these sizes."""
    if order != tuple(range(len(order))):
        t = t.permute(order)
    return t if t._a.shape == sizes else t.expand(sizes)


class Plan(NamedTuple):
    """How a pair of operands becomes one batched product."""

    x: tuple  # (order, sizes) of the first, and of the second
    y: tuple
    left: tuple  # their shapes (b, r, k), (b, k, m)
    right: tuple
    outer: bool  # nothing is summed over
    as_they_lie: bool  # matmul can read them as they lie
    shape: tuple  # of the result
    names: list


@lru_cache(256)
def _plan(xs: tuple, x_shape: tuple, ys: tuple, y_shape: tuple, later: frozenset) -> Plan:
    size = {n: s for n, s in zip(xs, x_shape, strict=False)}
    for n, s in zip(ys, y_shape, strict=False):
        size[n] = s if size.get(n, 1) == 1 else size[n]
    shared = [n for n in xs if n in ys]
    batch = [n for n in shared if n in later]
    inner = [n for n in shared if n not in later]
    rows, columns = [n for n in xs if n not in ys], [n for n in ys if n not in xs]

    def arrangement(names, wanted):
        return tuple(names.index(n) for n in wanted), tuple(size[n] for n in wanted)

    b, r, k, m = (math.prod(size[n] for n in group) for group in (batch, rows, inner, columns))
    names = batch + rows + columns
    return Plan(
        x=arrangement(xs, batch + rows + inner),
        y=arrangement(ys, batch + inner + columns),
        left=(b, r, k),
        right=(b, k, m),
        outer=not inner,
        as_they_lie=len(batch) > 1 and len(rows) == len(inner) == len(columns) == 1,
        shape=tuple(size[n] for n in names),
        names=names,
    )


def _einsum_word(equation, *operands):
    return (
        einsum(equation, *operands)
        if isinstance(operands[0], Tensor)
        else np.einsum(equation, *operands, optimize=True)
    )


K.einsum = _einsum_word  # its first argument is a string, so it finds its carrier by the second


@op(
    "bilinear(input1: Tensor, input2: Tensor, weight, bias=None)",
    at="torch F",
    tensors=4,
    accumulate=True,
    save_if={"input1": (1, 2), "input2": (0, 2), "weight": (0, 1)},
)
class Bilinear:
    """y[o] = x1ᵀ A[o] x2 + b[o];  x1 (*, I), x2 (*, J), weight (O, I, J), bias (O) -> (*, O)

    errors  RuntimeError: sizes that do not fit, several dtypes; IndexError: a 0-d input
    """

    def prepare(input1, input2, weight, bias):
        if not input1.dtype == input2.dtype == weight.dtype:
            kinds = [scalar_name(x.dtype).lower() for x in (input1, input2, weight)]
            raise RuntimeError(
                f"All tensors must have the same dtype, got input1: {kinds[0]}, input2: {kinds[1]},"
                f" weight: {kinds[2]}"
            )
        for x, least in ((input1, 1), (input2, 1), (weight, 3)):
            if x.dim() < least:
                raise IndexError(
                    "Dimension specified as -1 but tensor has no dimensions\n"
                    f"  input1 {tuple(input1.shape)} must be (*, I), input2 {tuple(input2.shape)} "
                    f"(*, J), weight {tuple(weight.shape)} (O, I, J)"
                )
        if bias is not None and (bias.dim() != 1 or bias.shape[0] != weight.shape[0]):
            raise RuntimeError(
                f"bilinear(): bias size does not match weight size: got {tuple(bias.shape)} but "
                f"expected {weight.shape[0]}"
            )
        if input1.shape[:-1] != input2.shape[:-1]:
            raise RuntimeError(
                "bilinear(): input batch dimensions do not match at dim 0: got "
                f"{list(input1.shape[:-1])} and {list(input2.shape[:-1])}"
            )
        for k, x in ((1, input1), (2, input2)):
            if x.shape[-1] != weight.shape[k]:
                raise RuntimeError(
                    f"bilinear(): input{k} size does not match weight size: got {x.shape[-1]} but "
                    f"expected {weight.shape[k]}"
                )
        return input1, input2, weight, bias

    def forward(input1, input2, weight, bias):
        x, y = input1.reshape(-1, input1.shape[-1]), input2.reshape(-1, input2.shape[-1])
        z = K.einsum("ni,oij,nj->no", x, weight, y)
        z = K.reshape(K.like(z, weight), (*input1.shape[:-1], weight.shape[0]))
        return z if bias is None else z + bias

    def backward(c, dz, input1, input2, weight, input1_shape, input2_shape):
        x, y = (None if t is None else K.reshape(t, (-1, t.shape[-1])) for t in (input1, input2))
        d = K.reshape(dz, (-1, dz.shape[-1]))
        wy = K.einsum("oij,nj->noi", weight, y) if c.needs(0) else None
        dx = K.reshape(K.einsum("no,noi->ni", d, wy), input1_shape) if c.needs(0) else None
        dy = None
        if c.needs(1):
            dy = K.reshape(
                K.einsum("no,noj->nj", d, K.einsum("oij,ni->noj", weight, x)), input2_shape
            )
        dw = K.einsum("no,nij->oij", d, K.einsum("ni,nj->nij", x, y)) if c.needs(2) else None
        return dx, dy, dw, K.sum(d, 0) if c.needs(3) else None

    def samples(make):
        yield make(2, 3).T, make(3, 4), make(5, 2, 4), make(5)
        yield make(0, 2), make(0, 4), make(5, 2, 4)
        yield make(3, 2), make(3, 4), make(5, 2, 4), make(5)
        yield make(2, 3, 2), make(2, 3, 4), make(5, 2, 4)
