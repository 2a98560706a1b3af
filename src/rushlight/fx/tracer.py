"""torch.fx.Tracer: runs a module or a function on proxies and keeps what is done as a Graph.

Only what is written for proxies is replaced while it runs: calls of modules, parameters read from a
module, functions that `wrap` names, and those of `math`.
"""

from __future__ import annotations

import builtins
import collections
import functools
import inspect
import math
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import rushlight

from .._utils.checks import _assert
from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONAL, FUNCTIONS
from ..nn import functional
from ..nn.module import Module
from .graph import Graph
from .graph_module import GraphModule
from .node import Node, map_aggregate
from .proxy import ParameterProxy, Proxy, TracerBase

__all__ = ["PH", "Tracer", "is_fx_tracing", "symbolic_trace", "wrap"]

#: (globals of a module, name) of the functions that `wrap` has named
WRAPPED: dict[tuple[int, str], dict[str, Any]] = {}
_tracing = 0


class _PlaceHolder:
    """An argument in concrete_args that stays a proxy."""

    def __repr__(self) -> str:
        return "PH"


PH = _PlaceHolder()


def is_fx_tracing() -> bool:
    """Is a function being traced?"""
    return _tracing > 0


def wrap(fn_or_name: Any) -> Any:
    """A function of this module becomes a node when it is called with a proxy; at module scope, by
    name or as a decorator.

    errors  RuntimeError: no name and no function. NotImplementedError: not at module scope
    """
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError(
            "Unsupported type for global function! Must be either a callable or string name"
        )
    name = fn_or_name if isinstance(fn_or_name, str) else fn_or_name.__name__
    if callable(fn_or_name) and hasattr(fn_or_name, "__globals__"):
        where = fn_or_name.__globals__
    else:
        frame = inspect.currentframe()
        assert frame is not None and frame.f_back is not None
        frame = frame.f_back
        if frame.f_code.co_name != "<module>":
            raise NotImplementedError("wrap must be called at the top level of a module")
        where = frame.f_globals
    WRAPPED[id(where), name] = where
    return fn_or_name


def _proxy_in(args: Any, kwargs: Any) -> Proxy | None:
    found: list[Proxy] = []
    map_aggregate((args, kwargs), lambda x: found.append(x) if isinstance(x, Proxy) else x)
    return found[0] if found else None


def _as_node(original: Callable) -> Callable:
    """The function, which gives a node when it is called with a proxy."""

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        proxy = _proxy_in(args, kwargs)
        if proxy is None:
            return original(*args, **kwargs)
        return proxy.tracer.create_proxy("call_function", original, args, kwargs)

    return wrapped


class Tracer(TracerBase):
    """Traces: Tracer().trace(module) is a Graph.

    autowrap_modules    whose functions become nodes when they are called with a proxy
    autowrap_functions  likewise

    Subclasses say with is_leaf_module which modules are one node, and may change what call_module,
    create_arg and proxy do.
    """

    module_stack: Any
    root: Module

    def __init__(
        self,
        autowrap_modules: tuple[ModuleType, ...] = (math,),
        autowrap_functions: tuple[Callable, ...] = (),
        param_shapes_constant: bool = False,
    ):
        self._wrapped = {
            id(value)
            for module in autowrap_modules
            for name, value in vars(module).items()
            if callable(value) and not name.startswith("_")
        } | {id(f) for f in autowrap_functions}
        self._search = list(autowrap_modules)
        self.param_shapes_constant = param_shapes_constant
        self.submodule_paths: dict[Module, str] | None = None
        self.tensor_attrs: dict[int, str] = {}
        self.module_stack = collections.OrderedDict()

    # ---------------------------------------------------------------- what subclasses change

    def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
        """Is m one node? Those of torch.nn are, but for Sequential."""
        home = type(m).__module__
        ours = home.startswith(("rushlight.nn", "torch.nn", "rushlight.ao"))
        return ours and type(m).__name__ != "Sequential"

    def path_of_module(self, mod: Module) -> str:
        """The name of a submodule of the root. errors  NameError: it is none"""
        if self.submodule_paths:
            path = self.submodule_paths.get(mod)
            if path is not None:
                return path
        for name, module in self.root.named_modules():
            if module is mod:
                return name
        raise NameError("module is not installed as a submodule")

    def call_module(
        self, m: Module, forward: Callable[..., Any], args: tuple, kwargs: dict[str, Any]
    ) -> Any:
        """A call of a submodule: a node if it is a leaf, else its own steps."""
        path = self.path_of_module(m)
        self.module_stack[path] = (path, type(m))
        try:
            if not self.is_leaf_module(m, path):
                return forward(*args, **kwargs)
            return self.create_proxy("call_module", path, args, kwargs)
        finally:
            self.module_stack.popitem()

    def create_node(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any) -> Node:
        """A node, which notes the modules that it is in."""
        node = super().create_node(kind, target, args, kwargs, *rest)
        if self.module_stack:
            node.meta["nn_module_stack"] = collections.OrderedDict(self.module_stack)
        return node

    def create_arg(self, a: Any) -> Any:
        """Parameters and buffers become get_attr nodes; other tensors constants of the module."""
        if isinstance(a, ParameterProxy):
            return a.node
        if isinstance(a, Parameter):
            for name, parameter in self.root.named_parameters():
                if parameter is a:
                    return self.create_node("get_attr", name, (), {})
            raise NameError("parameter is not a member of this module")
        if isinstance(a, Tensor):
            path = self.tensor_attrs.get(id(a))
            if path is None:
                path = self._constant(a)
            return self.create_node("get_attr", path, (), {})
        if isinstance(a, Module):
            return self.create_node("get_attr", self.path_of_module(a), (), {})
        return super().create_arg(a)

    def _constant(self, a: Tensor) -> str:
        i = 0
        while hasattr(self.root, f"_tensor_constant{i}"):
            i += 1
        path = f"_tensor_constant{i}"
        self.tensor_attrs[id(a)] = path
        setattr(self.root, path, a)
        return path

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """What reading an attribute of a module gives: of a parameter, a proxy."""
        if not isinstance(attr_val, Parameter):
            return attr_val
        for name, parameter in self.root.named_parameters():
            if parameter is attr_val:
                if name not in parameter_proxy_cache:
                    node = self.create_node("get_attr", name, (), {})
                    parameter_proxy_cache[name] = (
                        ParameterProxy(self, node, name, attr_val)
                        if self.param_shapes_constant
                        else self.proxy(node)
                    )
                return parameter_proxy_cache[name]
        return attr_val

    def create_args_for_root(
        self, root_fn: Any, is_module: bool, concrete_args: Any = None
    ) -> tuple[Callable, list[Any]]:
        """(the function, its arguments): a placeholder for each, fixed where concrete_args says."""
        concrete = concrete_args or {}
        function = inspect.unwrap(root_fn)
        code = function.__code__
        count = code.co_argcount + code.co_kwonlyargcount
        names = list(code.co_varnames[:count])
        signature = inspect.signature(function)
        args: list[Any] = []
        if is_module:
            args.append(self.root)
            names = names[1:]
        if isinstance(concrete, (tuple, list)):
            concrete = dict(zip(names, concrete, strict=False))
        for name in names:
            default = signature.parameters[name].default
            args.append(self._placeholder(name, default, concrete))
        if code.co_flags & inspect.CO_VARARGS:
            args.append(self._placeholder("*" + code.co_varnames[count], inspect._empty, {}))
            count += 1
        if code.co_flags & inspect.CO_VARKEYWORDS:
            args.append(self._placeholder("**" + code.co_varnames[count], inspect._empty, {}))
        return root_fn, args

    def _placeholder(self, name: str, default: Any, concrete: dict[str, Any]) -> Any:
        given = () if default is inspect.Parameter.empty else (default,)
        fixed = concrete.get(name, PH)
        label = name if fixed is PH else f"{name}_1"
        proxy = self.create_proxy("placeholder", label, given, {})
        if fixed is PH:
            return proxy
        if isinstance(fixed, (bool, int, float, str)) or fixed is None:
            text = f"{name} has been specialized to have value {fixed} but got another value"
            _assert_same(self, proxy, fixed, text)
            return fixed
        if isinstance(fixed, (list, tuple, dict)):
            raise NotImplementedError(
                f"rushlight does not have concrete_args of structures: {name}={fixed!r}\n"
                "  fix: numbers, text and None; or wrap the function in one with plain arguments"
            )
        return fixed

    # ---------------------------------------------------------------- tracing

    def trace(self, root: Any, concrete_args: dict[str, Any] | None = None) -> Graph:
        """The Graph of a module or a function.

        concrete_args   values of arguments by name: numbers, text, None
        errors          TraceError: the function decides by a value. Those of the function
        """
        global _tracing
        if isinstance(root, Module):
            self.root = root
            fn = type(root).forward
            self.submodule_paths = {module: name for name, module in root.named_modules()}
        else:
            self.root, fn = Module(), root
        self.graph = Graph(tracer_cls=type(self))
        self.tensor_attrs = {}
        for path, module in self.root.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Tensor) and not isinstance(value, Parameter):
                    self.tensor_attrs[id(value)] = f"{path}.{name}".lstrip(".")
        fn, args = self.create_args_for_root(fn, isinstance(root, Module), concrete_args)
        _tracing += 1
        try:
            with _patched(self, fn):
                result = _positional(fn, len(args))(*args)
                self.create_node("output", "output", (self.create_arg(result),), {})
        finally:
            _tracing -= 1
            self.submodule_paths = None
        return self.graph


def _positional(fn: Callable, count: int) -> Callable:
    """The function with all its arguments positional: *args and **kwargs are one proxy each."""
    function = inspect.unwrap(fn)
    code = function.__code__
    stars = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    if not code.co_kwonlyargcount and not code.co_flags & stars:
        return fn
    flat = code.replace(
        co_argcount=count,
        co_posonlyargcount=0,
        co_kwonlyargcount=0,
        co_flags=code.co_flags & ~stars,
    )
    made = (function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    return types.FunctionType(flat, *made)


def _assert_same(tracer: Tracer, proxy: Proxy, value: Any, text: str) -> None:
    if value is None:
        same = tracer.create_proxy("call_function", _is_none, (proxy,), {})
    else:
        same = proxy == value
    tracer.create_proxy("call_function", _assert, (same, text), {})


def _is_none(x: Any) -> bool:
    return x is None


@contextmanager
def _patched(tracer: Tracer, fn: Callable) -> Iterator[None]:
    """Inside, module calls and parameters go to the tracer, wrapped functions become nodes."""
    call = Module.__call__
    cache: dict[str, Any] = {}
    done: set[int] = set()
    undo: list[tuple[dict[str, Any], str, Any]] = []

    def replace(where: dict[str, Any], name: str, new: Any) -> None:
        undo.append((where, name, where.get(name, _ABSENT)))
        where[name] = new

    def search(where: dict[str, Any]) -> None:
        if id(where) in done:
            return
        done.add(id(where))
        for name, value in list(where.items()):
            if id(value) in tracer._wrapped and callable(value) and not name.startswith("_"):
                replace(where, name, _as_node(value))

    def calling(module: Module, *args: Any, **kwargs: Any) -> Any:
        def forward(*args: Any, **kwargs: Any) -> Any:
            return call(module, *args, **kwargs)

        search(getattr(type(module).forward, "__globals__", {}))
        return tracer.call_module(module, forward, args, kwargs)

    def reading(module: Module, name: str) -> Any:
        value = object.__getattribute__(module, name)
        if isinstance(value, Parameter):
            return tracer.getattr(name, value, cache)
        return value

    for table, module in ((FUNCTIONAL, functional), (FUNCTIONS, rushlight)):
        for name in _plain_functions(table):
            replace(vars(module), name, _as_node(table[name]))
    for (_, name), where in WRAPPED.items():
        original = where.get(name, getattr(builtins, name, None))
        if original is not None:
            replace(where, name, _as_node(original))
    search(getattr(inspect.unwrap(fn), "__globals__", {}))
    for module in tracer._search:
        search(vars(module))
    Module.__call__ = calling  # type: ignore[method-assign]
    Module.__getattribute__ = reading  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Module.__call__ = call  # type: ignore[method-assign]
        del Module.__getattribute__
        for where, name, before in reversed(undo):
            if before is _ABSENT:
                where.pop(name, None)
            else:
                where[name] = before


_ABSENT = object()


def _plain_functions(table: Any) -> list[str]:
    """The functions that do not ask the class of their arguments: those written by hand."""
    codes = {name: getattr(table[name], "__code__", None) for name in table if "." not in name}
    return [n for n, code in codes.items() if code and not code.co_filename.startswith("<face")]


def symbolic_trace(root: Any, concrete_args: dict[str, Any] | None = None) -> GraphModule:
    """The GraphModule of a module or a function: its steps, and a forward that runs them.

    Values decide nothing while it is traced: a loop runs as often as its length in Python says, an
    `if` on a tensor is a TraceError.
    """
    tracer = Tracer()
    graph = tracer.trace(root, concrete_args)
    name = type(root).__name__ if isinstance(root, Module) else root.__name__
    return GraphModule(tracer.root, graph, name)
