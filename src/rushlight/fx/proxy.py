"""torch.fx.Proxy: what stands for a value while a function is traced; all that is done with it
becomes nodes of a graph."""

from __future__ import annotations

import dis
import inspect
import operator
from collections.abc import Iterator
from typing import Any

from ..core.device import device
from ..core.dtype import dtype
from ..core.layout import layout, memory_format
from ..core.tensor import Tensor
from .node import Node, map_aggregate

__all__ = ["Attribute", "GraphAppendingTracer", "Proxy", "TraceError", "TracerBase"]

_NO_LOOP = (
    "Proxy object cannot be iterated. This can be attempted when the Proxy is used in a loop or as "
    "a *args or **kwargs function argument. See the torch.fx docs on pytorch.org for a more "
    "detailed explanation of what types of control flow can be traced, and check out the Proxy "
    "docstring for help troubleshooting Proxy iteration errors"
)
_PLAIN = (str, int, float, bool, complex, dtype, device, layout, memory_format, type(None))
_PLAIN += (type(Ellipsis), range)


class TraceError(ValueError):
    """What cannot be traced: a decision by a value."""


class TracerBase:
    """What a tracer does with values: nodes of `graph`, and proxies of nodes."""

    graph: Any
    check_mutable_operations = False
    trace_asserts = False
    proxy_buffer_attributes = False
    record_stack_traces = False

    def create_node(
        self,
        kind: str,
        target: Any,
        args: tuple,
        kwargs: dict,
        name: str | None = None,
        type_expr: Any = None,
    ) -> Node:
        """A node of the graph."""
        return self.graph.create_node(kind, target, args, kwargs, name, type_expr)

    def proxy(self, node: Node) -> Any:
        """What stands for the node's value."""
        return Proxy(node, self)

    def create_proxy(
        self,
        kind: str,
        target: Any,
        args: tuple,
        kwargs: dict,
        name: str | None = None,
        type_expr: Any = None,
        proxy_factory_fn: Any = None,
    ) -> Any:
        """A node, its arguments made of proxies and values, and the proxy of it."""
        made = self.create_arg(tuple(args)), self.create_arg(dict(kwargs))
        node = self.create_node(kind, target, *made, name, type_expr)
        return proxy_factory_fn(node) if proxy_factory_fn is not None else self.proxy(node)

    def create_arg(self, a: Any) -> Any:
        """A value as an argument of a node: proxies become nodes.

        errors  NotImplementedError: a value that no node can have
        """
        if isinstance(a, Proxy):
            return a.node
        if hasattr(a, "__fx_create_arg__"):
            return a.__fx_create_arg__(self)
        if isinstance(a, tuple) and hasattr(a, "_fields"):
            parts = [self.create_arg(x) for x in a]
            return self.create_node("call_function", type(a), tuple(parts), {})
        if isinstance(a, (tuple, list)):
            return (
                type(a)(self.create_arg(x) for x in a)
                if type(a) in (tuple, list)
                else (tuple(self.create_arg(x) for x in a))
            )
        if isinstance(a, dict):
            for key in a:
                if isinstance(key, Proxy):
                    raise RuntimeError(
                        "Keys for dictionaries used as an argument cannot contain a Node. Got key: "
                        f"{key.node}"
                    )
            return {key: self.create_arg(x) for key, x in a.items()}
        if isinstance(a, slice):
            return slice(*(self.create_arg(x) for x in (a.start, a.stop, a.step)))
        if isinstance(a, _PLAIN) or (callable(a) and not isinstance(a, Tensor)):
            return a
        raise NotImplementedError(f"argument of type: {type(a)}")

    def to_bool(self, obj: Any) -> bool:
        """bool(proxy): TraceError."""
        raise TraceError("symbolically traced variables cannot be used as inputs to control flow")

    def iter(self, obj: Any) -> Iterator[Any]:
        """iter(proxy): TraceError, unless it is taken apart into a known number of names."""
        count = _names_on_the_left(inspect.currentframe())
        if count is not None:
            return iter([obj[i] for i in range(count)])
        raise TraceError(_NO_LOOP)

    def keys(self, obj: Any) -> Any:
        """proxy.keys(), for **proxy."""
        return Attribute(obj, "keys")()


def _names_on_the_left(frame: Any) -> int | None:
    """How many names `a, b = proxy` wants; None if it is no such line."""
    calling = frame.f_back.f_back
    if calling is None:
        return None
    steps = [i for i in dis.get_instructions(calling.f_code) if i.offset == calling.f_lasti]
    if steps and steps[0].opname == "UNPACK_SEQUENCE":
        return steps[0].argval
    return None


class GraphAppendingTracer(TracerBase):
    """Puts what is done with a proxy at the end of a graph."""

    def __init__(self, graph: Any):
        self.graph = graph


class Proxy:
    """A value that is not known: operators, methods, attributes, items and functions of torch give
    proxies again, and a node each.

    errors  TraceError: bool(proxy) and loops over it. RuntimeError: len(proxy)
    """

    def __init__(self, node: Node, tracer: TracerBase | None = None):
        self.node = node
        self.tracer = GraphAppendingTracer(node.graph) if tracer is None else tracer

    def __repr__(self) -> str:
        return f"Proxy({self.node.name})"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"'Proxy' object has no attribute '{name}'")
        return Attribute(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.tracer.create_proxy("call_method", "__call__", (self, *args), kwargs)

    def __iter__(self) -> Iterator[Any]:
        return self.tracer.iter(self)

    def __bool__(self) -> bool:
        return self.tracer.to_bool(self)

    def __len__(self) -> int:
        raise RuntimeError(
            "'len' is not supported in symbolic tracing by default. If you want this call to be "
            "recorded, please call torch.fx.wrap('len') at module scope"
        )

    def __contains__(self, item: Any) -> bool:
        raise TraceError(_NO_LOOP)

    def __hash__(self) -> int:
        return id(self)

    def keys(self) -> Any:
        """For **proxy."""
        return self.tracer.keys(self)

    @classmethod
    def __torch_function__(cls, orig_method: Any, types: Any, args: Any = (), kwargs: Any = None):
        found: list[Proxy] = []
        kwargs = kwargs or {}
        map_aggregate((tuple(args), kwargs), lambda x: found.append(x) if _is_proxy(x) else x)
        tracer = found[0].tracer
        owner = getattr(Tensor, getattr(orig_method, "__name__", ""), None)
        if owner is orig_method or inspect.ismethoddescriptor(orig_method):
            return tracer.create_proxy("call_method", orig_method.__name__, args, kwargs)
        return tracer.create_proxy("call_function", orig_method, args, kwargs)


def _is_proxy(x: Any) -> bool:
    return isinstance(x, Proxy)


class Attribute(Proxy):
    """proxy.name: a node when its value is used, or, called, a call of the method."""

    def __init__(self, root: Proxy, attr: str):
        self.root, self.attr, self.tracer = root, attr, root.tracer
        self._node: Node | None = None

    @property
    def node(self) -> Node:  # type: ignore[override]
        """getattr(root, attr), made when it is asked for."""
        if self._node is None:
            made = self.tracer.create_proxy("call_function", getattr, (self.root, self.attr), {})
            self._node = made.node
        return self._node

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.tracer.create_proxy("call_method", self.attr, (self.root, *args), kwargs)


class ParameterProxy(Proxy):
    """A Proxy of a parameter: shape, size, dim, numel are those of the parameter itself."""

    def __init__(self, tracer: TracerBase, node: Node, name: str, param: Tensor):
        super().__init__(node, tracer)
        self.param, self.name = param, name

    def __repr__(self) -> str:
        return f"ParameterProxy({self.name})"

    @property
    def shape(self) -> Any:
        """Of the parameter."""
        return self.param.shape

    def size(self, *args: Any) -> Any:
        """Of the parameter."""
        return self.param.size(*args)

    def dim(self) -> int:
        """Of the parameter."""
        return self.param.dim()

    ndim = property(dim)

    def numel(self) -> int:
        """Of the parameter."""
        return self.param.numel()


def _operator(name: str, reflected: bool = False) -> Any:
    function = getattr(operator, name.strip("_") + "_" * (name.strip("_") in ("and", "or")))

    def method(self: Proxy, *args: Any) -> Any:
        given = (*args, self) if reflected else (self, *args)
        return self.tracer.create_proxy("call_function", function, given, {})

    return method


for _name in (
    "add sub mul floordiv truediv mod pow lshift rshift and or xor getitem matmul eq ne lt gt le "
    "ge pos neg invert abs"
).split():
    setattr(Proxy, f"__{_name}__", _operator(_name))
for _name in "add sub mul floordiv truediv mod pow lshift rshift and or xor matmul".split():
    setattr(Proxy, f"__r{_name}__", _operator(_name, reflected=True))
