"""torch.fx.passes.shape_prop: notes shapes and dtypes of the values of a graph in its nodes."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from .interpreter import Interpreter
from .node import Node, map_aggregate

__all__ = ["ShapeProp", "TensorMetadata"]


class TensorMetadata(NamedTuple):
    """Of one tensor."""

    shape: Any
    dtype: Any
    requires_grad: bool
    stride: tuple[int, ...]
    memory_format: Any
    is_quantized: bool
    qparams: dict[str, Any]


def _metadata(t: Tensor) -> TensorMetadata:
    from ..core.layout import contiguous_format

    form = contiguous_format if t.is_contiguous() else None
    return TensorMetadata(t.shape, t.dtype, t.requires_grad, t.stride(), form, False, {})


class ShapeProp(Interpreter):
    """ShapeProp(gm).propagate(x) runs the graph: node.meta["tensor_meta"] and ["type"]."""

    def __init__(self, gm: Any, fake_mode: Any = None):
        super().__init__(gm)

    def run_node(self, n: Node) -> Any:
        """The value, and a note of it."""
        result = super().run_node(n)
        found = [False]

        def note(x: Any) -> Any:
            if isinstance(x, Tensor):
                found[0] = True
                return _metadata(x)
            return x

        meta = map_aggregate(result, note)
        if found[0]:
            n.meta["tensor_meta"] = meta
        n.meta["type"] = type(result)
        return result

    def propagate(self, *args: Any) -> Any:
        """The output for args."""
        with no_grad():
            return super().run(*args)
