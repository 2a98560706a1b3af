"""torch.autograd.graph: nodes of the tape and where a tensor's gradient goes."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.names import explain_missing
from ..core.tensor import Tensor
from .node import AccumulateGrad, Node, edge_of


class GradientEdge(NamedTuple):
    """A node and which of its outputs."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of `tensor` goes. RuntimeError: it does not require one."""
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    if isinstance(edge, Tensor):
        return GradientEdge(AccumulateGrad(edge), 0)
    return GradientEdge(*edge) if type(edge) is tuple else GradientEdge(edge, 0)


__all__ = ["GradientEdge", "Node", "get_gradient_edge"]


explain_missing(__name__)
