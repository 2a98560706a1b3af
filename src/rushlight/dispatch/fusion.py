"""Fusion with a relu: what cards need for it. The pass and the table of pairs: nn/fusion.py.

Forward, `fuse` makes a card that computes an op and the relu behind it in one kernel. Backward, an
op whose input comes from a relu may apply that relu's mask itself, a pass over memory less: its
card's backward takes `mask`, and `can_mask` says whether the gradient in between is
needed (by a hook or retain_grad). The lines of the generated runners for both: codegen.py.
"""

from __future__ import annotations

from typing import Any

from ..autograd.node import FREED, Node
from .op import Card


def fuse(card: Card, relu: Card, forward: Any) -> Card:
    """A card whose forward computes relu(card(...)) in one kernel.

    The nodes of both are recorded; the intermediate is not materialised.
    """
    both = card.copied()
    both.forward, both.fused_with = card.in_order(forward), relu
    return both


def can_mask(front: Any, y: Any) -> bool:
    """True if `front` is the node of a relu with output y, and no hook or retain_grad needs the
    gradient between them: the next op's backward may then apply the relu's mask itself."""
    return (
        isinstance(front, Node)
        and front.is_relu
        and front.hooks is None
        and front.saved is not FREED
        and front.saved[0] is y
    )
