"""torch.fx.GraphModule: a module whose forward is the code of its graph."""

from __future__ import annotations

import copy
import itertools
import linecache
from typing import Any

from ..core.parameter import Parameter
from ..core.paths import refused
from ..core.tensor import Tensor
from ..nn.module import Module
from .graph import Graph, PythonCode

__all__ = ["GraphModule"]

_files = itertools.count()


def _compiled(code: PythonCode) -> Any:
    """The function `forward`; its source is in tracebacks."""
    name = f"<eval_with_key>.{next(_files)}"
    linecache.cache[name] = (len(code.src), None, code.src.splitlines(True), name)
    space = dict(code.globals)
    exec(compile(code.src, name, "exec"), space)
    return space["forward"]


def _copied(root: Module, to: Module, target: str) -> None:
    """Gives `to` what root has under a dotted name: modules on the way are made, empty."""
    *path, last = target.split(".")
    for part in path:
        inner = getattr(root, part)
        if not hasattr(to, part):
            setattr(to, part, Module())
        root, to = inner, getattr(to, part)
        if root is to:
            return
    value = getattr(root, last)
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        to.register_buffer(last, value, persistent=last in root._buffers)
    else:
        setattr(to, last, value)


class GraphModule(Module):
    """A module of a graph.

    root        a Module, or a dict of names, that has what the graph's nodes name
    graph       setting it, or changing it and calling recompile(), makes forward anew
    class_name  the name of the module's class

    errors      RuntimeError: a node names what root does not have
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        for base in cls.__mro__:
            if base.__qualname__.endswith("GraphModuleImpl"):
                return super().__new__(base)

        class GraphModuleImpl(cls):  # type: ignore[misc,valid-type]
            """The class of one GraphModule: its forward is written for it."""

        return super().__new__(GraphModuleImpl)

    def __init__(self, root: Any, graph: Graph, class_name: str = "GraphModule"):
        super().__init__()
        type(self).__name__ = class_name
        if isinstance(root, Module):
            self.training = root.training
            for node in graph.nodes:
                if node.op in ("get_attr", "call_module"):
                    _copied(root, self, node.target)
        else:
            targets = [n.target for n in graph.nodes if n.op in ("get_attr", "call_module")]
            for target in targets:
                if target not in root:
                    raise RuntimeError(
                        f"Node referenced target {target} but that target was not provided in root!"
                    )
            for target in sorted(targets, key=lambda t: t.count(".")):
                holder: Any = self
                *path, last = target.split(".")
                for part in path:
                    if not hasattr(holder, part):
                        setattr(holder, part, Module())
                    holder = getattr(holder, part)
                value = root[target]
                if isinstance(value, Tensor) and not isinstance(value, Parameter):
                    holder.register_buffer(last, value)
                else:
                    setattr(holder, last, value)
        self.meta: dict[str, Any] = {}
        self.graph = graph

    @property
    def graph(self) -> Graph:
        """The graph."""
        return self.__dict__["_graph"]

    @graph.setter
    def graph(self, g: Graph) -> None:
        if not isinstance(g, Graph):
            raise AssertionError(f"Expected a Graph instance, but got {type(g)}")
        self.__dict__["_graph"] = g
        g.owning_module = self
        self.recompile()

    @property
    def code(self) -> str:
        """The source of forward."""
        if "_code" not in self.__dict__:
            raise RuntimeError("Code has not been generated! Please report a bug to PyTorch")
        return self.__dict__["_code"]

    def recompile(self) -> PythonCode:
        """Makes forward of the graph as it is now."""
        code = self.graph.python_code("self")
        self.__dict__["_code"] = code.src
        type(self).forward = _compiled(code)  # type: ignore[method-assign]
        return code

    def add_submodule(self, target: str, m: Module) -> bool:
        """Puts a module under a dotted name; False if something else is in the way."""
        *path, last = target.split(".")
        at: Module = self
        for part in path:
            found = getattr(at, part, None)
            if found is None:
                found = Module()
                setattr(at, part, found)
            if not isinstance(found, Module):
                return False
            at = found
        at.add_module(last, m)
        return True

    def delete_submodule(self, target: str) -> bool:
        """Takes the module of a dotted name away; False if there is none."""
        *path, last = target.split(".")
        at: Any = self
        for part in path:
            at = getattr(at, part, None)
            if not isinstance(at, Module):
                return False
        if not isinstance(getattr(at, last, None), Module):
            return False
        delattr(at, last)
        return True

    def delete_all_unused_submodules(self) -> None:
        """Takes the modules away that no node names."""
        used: set[str] = set()
        for node in self.graph.nodes:
            if node.op in ("call_module", "get_attr"):
                parts = node.target.split(".")
                used.update(".".join(parts[: i + 1]) for i in range(len(parts)))
                if node.op == "call_module" and isinstance(self.get_submodule(node.target), Module):
                    inner = self.get_submodule(node.target)
                    used.update(
                        f"{node.target}.{name}" for name, _ in inner.named_modules() if name
                    )
        for name in [n for n, _ in self.named_modules() if n and n not in used]:
            self.delete_submodule(name)

    def print_readable(self, print_output: bool = True, *args: Any, **kwargs: Any) -> str:
        """The class with its forward, as text; printed unless print_output is False."""
        body = self.code.strip("\n").rstrip()
        text = f"class {type(self).__name__}(torch.nn.Module):\n"
        text += "\n".join(f"    {line}" if line else "" for line in body.splitlines()) + "\n"
        if print_output:
            print(text)
        return text

    def to_folder(self, folder: Any, module_name: str = "FxModule") -> None:
        """Refused: print_readable() has the code, torch.save(state_dict) the numbers."""
        raise refused("torch.fx.GraphModule.to_folder", "save state_dict() and print_readable()")

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        new = GraphModule.__new__(type(self).__mro__[1])
        memo[id(self)] = new
        Module.__init__(new)
        type(new).__name__ = type(self).__name__
        kept = {k: v for k, v in self.__dict__.items() if k not in ("_graph", "_code")}
        for name, value in copy.deepcopy(kept, memo).items():
            if name in ("_parameters", "_buffers", "_modules"):
                for key, inner in dict(value).items():
                    getattr(new, name)[key] = inner
            elif name not in (*self._parameters, *self._buffers, *self._modules):
                new.__dict__[name] = value
        new.graph = copy.deepcopy(self.graph, memo)
        return new

    def __copy__(self) -> Any:
        return GraphModule(self, copy.copy(self.graph), type(self).__name__)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise refused("pickle of torch.fx.GraphModule", "save its state_dict(), and trace again")

    def __str__(self) -> str:
        hint = "# To see more debug info, please use `graph_module.print_readable()`"
        return "\n".join([super().__repr__(), self.code, hint])
