"""The graph of a model: one node per call of a module, edges where tensors went.

The model runs once; a hook on every module without children notes which tensors it got and made.
Functions between modules are not seen: what comes out of them is connected to the module that the
tensor came from through autograd's nodes, or to nothing.
"""

from __future__ import annotations

from typing import Any

from ...core.grad_mode import enable_grad
from ...core.tensor import Tensor
from ...nn import Module
from .._pytree import tree_leaves
from .wire import chunk, integer, text


def _shape(tensor: Tensor) -> bytes:
    """AttrValue.list of one shape"""
    dims = b"".join(chunk(2, integer(1, n)) for n in tensor.shape)
    return chunk(1, chunk(7, dims))


def _node(name: str, op: str, inputs: list[str], outputs: list[Tensor], about: str = "") -> bytes:
    """NodeDef"""
    data = text(1, name) + text(2, op) + b"".join(chunk(3, i) for i in inputs)
    if outputs:
        data += chunk(5, text(1, "_output_shapes") + chunk(2, _shape(outputs[0])))
    return data + chunk(5, text(1, "attr") + chunk(2, chunk(2, about)))


class _Tracer:
    """Notes the calls of a model's modules."""

    def __init__(self, model: Module):
        self.nodes: list[bytes] = []
        self.makers: dict[int, str] = {}  # id of a tensor, or of its node -> who made it
        self.kept: list[Any] = []  # so that ids are not given twice
        self.calls: dict[str, int] = {}
        root = type(model).__name__
        self.names = {
            id(m): "/".join([root, *path.split(".")] if path else [root])
            for path, m in model.named_modules()
        }

    def made(self, tensor: Tensor, name: str) -> None:
        self.kept.append(tensor)
        self.makers[id(tensor)] = name
        if tensor._node is not None:
            self.kept.append(tensor._node)
            self.makers[id(tensor._node)] = name

    def sources(self, tensors: list[Tensor]) -> list[str]:
        """Who made these tensors, or what they were computed from."""
        found: dict[str, None] = {}
        for t in tensors:
            if id(t) in self.makers:
                found[self.makers[id(t)]] = None
                continue
            seen, todo = set(), [t._node]
            while todo:
                node = todo.pop()
                if node is None or id(node) in seen:
                    continue
                seen.add(id(node))
                if id(node) in self.makers:
                    found[self.makers[id(node)]] = None
                elif hasattr(node, "variable"):
                    name = self.makers.get(id(node.variable))
                    found.update({name: None} if name else {})
                else:
                    todo += [n for n, _ in node.next_functions]
        return list(found)

    def hook(self, module: Module, args: Any, output: Any) -> None:
        name = self.names[id(module)]
        count = self.calls[name] = self.calls.get(name, 0) + 1
        name += f"_{count - 1}" if count > 1 else ""
        given = [t for t in tree_leaves(args) if isinstance(t, Tensor)]
        made = [t for t in tree_leaves(output) if isinstance(t, Tensor)]
        op = f"{type(module).__module__.rpartition('.')[2]}.{type(module).__name__}"
        about = f"{{{module.extra_repr()}}}" if module.extra_repr() else ""
        self.nodes.append(_node(name, op, self.sources(given), made, about))
        for t in made:
            self.made(t, name)


def graph(model: Module, args: Any = None, verbose: bool = False) -> tuple[bytes, bytes]:
    """(GraphDef, RunMetadata) of model(*args).

    RuntimeError: whatever the model raises
    """
    args = args if isinstance(args, (tuple, list)) else (args,)
    tracer = _Tracer(model)
    for i, t in enumerate([a for a in tree_leaves(args) if isinstance(a, Tensor)]):
        name = f"input/input{f'.{i}' if i else ''}"
        tracer.nodes.append(_node(name, "IO Node", [], [t]))
        tracer.made(t, name)
    training = [(m, m.training) for m in model.modules()]
    hooks = [
        m.register_forward_hook(tracer.hook) for m in model.modules() if not list(m.children())
    ]
    try:
        model.eval()
        with enable_grad():
            output = model(*args)
    finally:
        for hook in hooks:
            hook.remove()
        for m, mode in training:
            m.training = mode
    for i, t in enumerate([a for a in tree_leaves(output) if isinstance(a, Tensor)]):
        name = f"output/output.{i + 1}"
        tracer.nodes.append(_node(name, "IO Node", tracer.sources([t]), [t]))
    if verbose:
        print(*tracer.calls, sep="\n")
    data = b"".join(chunk(1, node) for node in tracer.nodes) + chunk(4, integer(1, 22))
    metadata = chunk(1, chunk(1, chunk(1, "/device:CPU:0")))  # step_stats.dev_stats.device
    return data, metadata
