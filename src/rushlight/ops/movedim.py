"""Dimensions moved to other places: movedim."""

from __future__ import annotations

from ..dispatch.registry import composite
from ..kernels import native
from .shape import Permute, wrapped


@composite(
    "movedim(input, source: int | Sequence[int], destination: int | Sequence[int])",
    "moveaxis",
    at="torch Tensor",
)
def movedim(input, source, destination):
    """Dimensions `source` moved to the places `destination`; the others keep their order. A view.

    errors  RuntimeError: a dimension named twice, or not as many sources as destinations

    >>> torch.movedim(torch.zeros(2, 3, 4), 0, -1).shape
    torch.Size([3, 4, 2])
    """
    if native is not None:
        order = native.order_moved(input._a, source, destination)
        if order is not None:
            return Permute.run((input, order))
    n = input._a.ndim
    src = (source,) if isinstance(source, int) else tuple(source)
    dst = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(src)} dims) should "
            f"contain the same number of dims as destination ({list(dst)} dims)"
        )
    src, dst = [wrapped(d, n) for d in src], [wrapped(d, n) for d in dst]
    if len(set(src)) != len(src) or len(set(dst)) != len(dst):
        raise RuntimeError("movedim: repeated dim in `source` or `destination`")
    if n == 0:
        return input[...]
    order = dict(zip(dst, src, strict=True))
    rest = iter([d for d in range(n) if d not in src])
    return input.permute(tuple([order[d] if d in order else next(rest) for d in range(n)]))
