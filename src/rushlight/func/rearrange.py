"""rearrange: transposing, splitting and joining dimensions by a pattern, as einops writes it.

A side of a pattern is a list of groups, each a list of names that share one dimension: "a (b c)" is
[["a"], ["b", "c"]], "()" and "1" are []; "..." is itself.

Source: Rogozhnikov 2022, "Einops: Clear and Reliable Tensor Manipulations with Einstein-like
Notation", openreview.net/forum?id=oapKSVM2bcj
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from math import prod

from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS

Side = list[list[str]]
_REST = "..."
_ALONE = [_REST]  # the group of a "..." that stands in no brackets


def _side(text: str) -> Side:
    """One side of a pattern as groups; ValueError: no such pattern."""
    bare = text.replace(_REST, "")
    if "." in bare or text.count(_REST) > 1:
        more = "; only one ellipsis for tensor" if text.count(_REST) > 1 else ""
        raise ValueError(f"Expression may contain dots only inside ellipsis (...){more}")
    groups: Side = []
    inside: list[str] | None = None
    seen: set[str] = set()
    for word in re.findall(r"\.\.\.|[()]|\w+|[^\s]", text):
        if word == "(":
            if inside is not None:
                raise ValueError(
                    "Axis composition is one-level (brackets inside brackets not allowed)"
                )
            inside = []
        elif word == ")":
            if inside is None:
                raise ValueError("Brackets are not balanced")
            groups.append(inside)
            inside = None
        else:
            name = [] if word == "1" else [_name(word, seen)]
            if inside is None:
                groups.append(_ALONE if word == _REST else name)
            else:
                inside += name
    if inside is not None:
        raise ValueError(f"Imbalanced parentheses in expression: '{text}'")
    return groups


def _name(word: str, seen: set[str]) -> str:
    if word != _REST and not word.isidentifier():
        if word.isdecimal():
            raise ValueError("rearrange only supports unnamed axes of size 1")
        raise ValueError(f"Unknown character '{word}'")
    if word[0] == "_" or word[-1] == "_":
        raise ValueError(
            f"Invalid axis identifier: {word}\n"
            "axis name should should not start or end with underscore"
        )
    if word in seen:
        raise ValueError(f"Indexing expression contains duplicate dimension '{word}'")
    seen.add(word)
    return word


def _parsed(pattern: str, lengths: dict[str, int]) -> tuple[Side, Side]:
    """The pattern's two sides, which have the same names."""
    if not isinstance(pattern, str):
        raise TypeError(f"rearrange: the pattern must be a str, not {type(pattern).__name__}")
    if pattern.count("->") != 1:
        raise ValueError("Pattern must contain a single '->' separator")
    left, right = (_side(side) for side in pattern.split("->"))
    before, after = (dict.fromkeys(chain(*side)) for side in (left, right))
    if any(_REST in group and group is not _ALONE for group in left):
        raise ValueError(f"Ellipsis is parenthesis in the left side is not allowed: {pattern}")
    if _REST in after and _REST not in before:
        raise ValueError(f"Ellipsis found in right side, but not left side of a pattern {pattern}")
    alone = [n for n in (*before, *after) if (n in before) != (n in after)]
    if alone:
        raise ValueError(
            "Identifiers only on one side of rearrange expression (should be on both): "
            f"{{{', '.join(map(repr, alone))}}}"
        )
    unknown = [n for n in lengths if n not in before]
    if unknown:
        raise ValueError(
            f"Identifiers not found in rearrange expression: {{{', '.join(map(repr, unknown))}}}"
        )
    for value in lengths.values():
        if type(value) is not int:
            raise TypeError(f"rearrange axis lengths must be integers, got: {type(value)}")
    return left, right


def _sizes(group: list[str], size: int, lengths: dict[str, int]) -> dict[str, int]:
    """The size of each name of a group that shares a dimension of this size."""
    known = {n: lengths[n] for n in group if n in lengths}
    open_ = [n for n in group if n not in lengths]
    rest = prod(known.values())
    label = " ".join(group) or "1"
    if any(n < 0 for n in known.values()):
        raise ValueError(f"rearrange: sizes must not be negative, got {known}")
    if len(open_) > 1:
        raise ValueError(
            f"cannot infer the sizes of two dimensions at once {open_[0]} and {open_[1]}\n"
            f"  fix: rearrange(..., {open_[0]}=...)"
        )
    if not open_ and rest != size:
        raise ValueError(
            f"Dimension sizes to do not match ({size} != {rest}) when matching dimension pack "
            f"({label})"
        )
    if open_:
        if rest == 0 or size % rest:
            raise ValueError(
                f"inferred dimension does not evenly fit into larger dimension: {size} vs "
                f"({label}) with {known}"
            )
        known[open_[0]] = size // rest
    return {n: known[n] for n in group}


def rearrange(tensor: Tensor | Sequence[Tensor], pattern: str, **axes_lengths: int) -> Tensor:
    """The tensor with its dimensions in another order, split and joined: "b c h w -> b (h w) c"

    tensor        or a list of tensors of one shape, which are stacked: their number is the first
                  dimension
    pattern       the dimensions before and after "->": names, "..." for all that are not named,
                  (a b) for one that is a times b long, 1 or () for one of size 1
    axes_lengths  sizes of names that stand in brackets
    shape         x (as the left side says) -> y (as the right side says), a view where possible
    dtype         any, kept; gradients flow through
    errors        ValueError: a pattern that cannot be read or does not fit, with both; TypeError: a
                  size that is no int

    >>> from rushlight.func import rearrange
    >>> rearrange(tensor([[1, 2], [3, 4]]), "a b -> (b a)")
    tensor([1, 3, 2, 4])
    """
    x = tensor if isinstance(tensor, Tensor) else FUNCTIONS["stack"](tensor)
    left, right = _parsed(pattern, axes_lengths)
    named = len(left) - (_ALONE in left)
    if x.ndim < named or (x.ndim > named and named == len(left)):
        raise ValueError(
            f"Number of dimensions in pattern ({len(left)}) must be equal to the number of "
            f"dimensions in the tensor ({x.ndim})\n  pattern '{pattern}', tensor {tuple(x.shape)}"
        )
    rest = [f".{i}" for i in range(x.ndim - named)]  # the dimensions of "...", one by one
    spread = [[n] for n in rest]
    left = list(chain(*(spread if group is _ALONE else [group] for group in left)))
    sizes: dict[str, int] = {}
    for group, size in zip(left, x.shape, strict=True):
        sizes |= _sizes(group, size, axes_lengths)
    groups: Side = []
    for group in right:
        if group is _ALONE:
            groups += spread
        else:
            groups.append([n for g in group for n in (rest if g == _REST else [g])])
    before, after = list(chain(*left)), list(chain(*groups))
    y = x.reshape([sizes[n] for n in before])
    y = y.permute([before.index(n) for n in after])
    return y.reshape([prod(sizes[n] for n in group) for group in groups])
