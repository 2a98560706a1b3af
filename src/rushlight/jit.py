"""torch.jit: there is no TorchScript compiler here, so `script` and `trace` return what they are
given, with a note once; a program runs as the Python that it is.

`is_scripting()` and `is_tracing()` are False, decorators for the compiler return the function, and
nothing is an instance of the classes of compiled code unless a program defines a subclass. Files
with TorchScript in them hold programs: `load` and `save` refuse, and say what to do.
"""

from __future__ import annotations

import typing
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .core.names import explain_missing
from .core.notices import warn
from .core.paths import refused
from .futures import Future
from .nn.module import Module

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py

__all__ = [
    "Attribute",
    "CompilationUnit",
    "Error",
    "Final",
    "Future",
    "RecursiveScriptClass",
    "RecursiveScriptModule",
    "ScriptFunction",
    "ScriptModule",
    "ScriptWarning",
    "TopLevelTracedModule",
    "TracedModule",
    "TracerWarning",
    "TracingCheckError",
    "annotate",
    "enable_onednn_fusion",
    "export",
    "export_opnames",
    "fork",
    "freeze",
    "fuser",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "load",
    "onednn_fusion_enabled",
    "optimize_for_inference",
    "optimized_execution",
    "run_frozen_optimizations",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "set_fusion_strategy",
    "set_module",
    "strict_fusion",
    "trace",
    "trace_module",
    "unused",
    "wait",
]

List, Dict, Tuple, Optional, Union = (  # torch.jit.annotations has them
    getattr(typing, name) for name in ("List", "Dict", "Tuple", "Optional", "Union")
)


class BroadcastingList:
    """BroadcastingList2[int]: for TorchScript a number or two; in Python a list of numbers."""

    def __class_getitem__(cls, kind: Any) -> Any:
        return list[kind]


BroadcastingList1 = BroadcastingList2 = BroadcastingList3 = BroadcastingList

_isinstance = isinstance
_NO_FILES = "TorchScript files hold programs, and rushlight has no interpreter for them"

Final = typing.Final
Attribute = namedtuple("Attribute", ["value", "type"])
Attribute.__doc__ = "A value and the type that TorchScript would give it; ScriptModules unwrap it."


class Error(RuntimeError):
    """An error in compiled code: never raised here."""


class ScriptWarning(Warning):
    """A warning of the compiler: never given here."""


class TracerWarning(Warning):
    """A warning of the tracer: never given here."""

    @staticmethod
    def ignore_lib_warnings() -> None:
        """Nothing is to be ignored."""


class TracingCheckError(Exception):
    """A trace that differs from its function: never raised here."""


class ScriptFunction:
    """A compiled function: nothing is an instance, `script` returns the function itself."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise refused("torch.jit.ScriptFunction", "there is no TorchScript compiler")


class CompilationUnit:
    """Source text in TorchScript: refused."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise refused("torch.jit.CompilationUnit", "there is no TorchScript compiler")


class ScriptModule(Module):
    """A module whose methods are marked by `script_method`: an ordinary nn.Module here.

    Attributes that are set to an `Attribute` become its value, as in PyTorch. Of what a compiled
    module has besides (`SCRIPTED`), nothing is here.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value.value if _isinstance(value, Attribute) else value)


#: What a compiled module or function has in PyTorch, and a module of nn has not.
SCRIPTED = (
    "code",
    "code_with_constants",
    "graph",
    "graph_for",
    "inlined_graph",
    "save",
    "save_to_buffer",
)


class _Scripted:
    """Says, where a module is asked for one of `SCRIPTED`, that it was not compiled.

    `hasattr` is False, and a module's own attribute of that name goes before.
    """

    def __init__(self, name: str):
        self.name = name

    def __get__(self, module: Any, owner: type) -> Any:
        plain = (
            f"type object '{owner.__name__}'" if module is None else f"'{owner.__name__}' object"
        )
        raise AttributeError(
            f"{plain} has no attribute '{self.name}'\n"
            "  torch.jit.script and trace return the module itself: rushlight has no TorchScript\n"
            "  fix: torch.save(model.state_dict(), FILE) keeps the weights, "
            "torch.onnx.export(model, args, FILE) a program",
            name=self.name,
            obj=None,
        )


class RecursiveScriptModule(ScriptModule):
    """What `script` makes of a module in PyTorch: nothing is an instance here."""


class RecursiveScriptClass:
    """What `script` makes of a class in PyTorch: nothing is an instance here."""


class TracedModule(ScriptModule):
    """What `trace` makes of a module in PyTorch: nothing is an instance here."""


class TopLevelTracedModule(TracedModule):
    """The outermost TracedModule."""


def is_scripting() -> bool:
    """Is this code being compiled? No."""
    return False


def is_tracing() -> bool:
    """Is this code being traced? No."""
    return False


_noted = False


def _note(name: str) -> None:
    """Says once in a process that nothing was compiled; never an error of its own.

    From then on modules say so, too, when they are asked for what a compiled one has.
    """
    global _noted
    if _noted:
        return
    _noted = True
    for scripted in SCRIPTED:
        if not hasattr(Module, scripted):
            setattr(Module, scripted, _Scripted(scripted))
    try:
        warn(f"torch.jit.{name} returns what it is given: rushlight has no TorchScript compiler")
    except Warning:
        pass  # where warnings are errors, this is still no more than a note


def script(
    obj: Any,
    optimize: None = None,
    _frames_up: int = 0,
    _rcb: Any = None,
    example_inputs: Any = None,
) -> Any:
    """obj itself: a function, a module, a class, a list or a dict.

    errors  TypeError: a number or a string
    """
    if _isinstance(obj, (int, float, complex, str, bytes)):
        raise TypeError(f"{type(obj)} is a built-in class")
    _note("script")
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """func itself: it is not run, and what it decides by its inputs stays undecided.

    errors  RuntimeError: neither example_inputs nor example_kwarg_inputs
    """
    if example_inputs is None and kwargs.get("example_kwarg_inputs") is None:
        raise RuntimeError("example_kwarg_inputs should be a dict")
    _note("trace")
    return func


def trace_module(mod: Any, inputs: dict, *args: Any, **kwargs: Any) -> Any:
    """mod itself. errors  AttributeError: inputs is no dict of method names"""
    if not _isinstance(inputs, dict):
        raise AttributeError("expected a dictionary of (method_name, input) pairs")
    _note("trace_module")
    return mod


def script_method(fn: Callable) -> Callable:
    """fn itself."""
    return fn


def script_if_tracing(fn: Callable) -> Callable:
    """fn itself: nothing is traced here."""
    return fn


_script_if_tracing = script_if_tracing


def unused(fn: Any) -> Any:
    """fn itself."""
    return fn


def export(fn: Callable) -> Callable:
    """fn itself."""
    return fn


def interface(obj: Any) -> Any:
    """obj itself. errors  RuntimeError: no class"""
    if not _isinstance(obj, type):
        raise RuntimeError("interface must be applied to a class")
    return obj


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself; with an argument (`@torch.jit.ignore(drop=True)`), the decorator.

    errors  RuntimeError: drop is neither a bool nor a function
    """
    if callable(drop):
        return drop
    if not _isinstance(drop, bool):
        raise RuntimeError(
            f"Argument to @torch.jit.ignore must be a bool or a function but got {drop}"
        )
    return lambda fn: fn


def annotate(the_type: Any, the_value: Any) -> Any:
    """the_value itself."""
    return the_value


def _overload(func: Callable) -> Callable:
    """func itself: a signature for the compiler."""
    return func


_overload_method = _copy_to_script_wrapper = _overload


class ignored_context:
    """A context that changes nothing."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


strict_fusion = _DisableContext = ignored_context


def fuser(name: str) -> ignored_context:
    """A context that changes nothing. errors  Exception: an unknown name"""
    if name not in ("fuser0", "fuser1", "fuser2", "fuser3"):
        raise Exception(f"unrecognized fuser option (name: {name})")
    return ignored_context()


@contextmanager
def optimized_execution(should_optimize: bool) -> Iterator[None]:
    """A context that changes nothing."""
    yield


def set_fusion_strategy(strategy: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Nothing is fused by a compiler; returns the strategy that PyTorch begins with."""
    return [("STATIC", 2), ("DYNAMIC", 10)]


def enable_onednn_fusion(enabled: bool) -> None:
    """Accepted; there is no oneDNN here."""


def onednn_fusion_enabled() -> bool:
    """False."""
    return False


def set_module(obj: Any, mod: Any) -> None:
    """Sets obj.__module__ to the name mod. errors  TypeError: mod is no name"""
    if not _isinstance(mod, str):
        raise TypeError("The mod argument should be a string")
    obj.__module__ = mod


def isinstance(obj: Any, target_type: Any) -> bool:
    """Is obj of this type, its elements too: `isinstance([1], List[int])`.

    errors  RuntimeError: a container without the type of what it holds
    """
    if _isinstance(target_type, tuple):
        return any(isinstance(obj, one) for one in target_type)
    origin, inner = typing.get_origin(target_type), typing.get_args(target_type)
    if origin is None:
        if target_type in (list, dict, tuple, typing.List, typing.Dict, typing.Tuple):  # noqa: UP006
            name = getattr(target_type, "__name__", str(target_type))
            raise RuntimeError(
                f"Attempted to use {name} without a contained type. Please add a contained type, "
                f"e.g. {name}[int]"
            )
        return target_type is typing.Any or _isinstance(obj, target_type)
    if origin is typing.Union or type(target_type).__name__ == "UnionType":
        return any((one is type(None) and obj is None) or isinstance(obj, one) for one in inner)
    if not _isinstance(obj, origin):
        return False
    if origin is dict:
        return all(isinstance(k, inner[0]) and isinstance(v, inner[1]) for k, v in obj.items())
    if origin is tuple and inner[-1:] != (...,):
        return len(obj) == len(inner) and all(map(isinstance, obj, inner))
    return all(isinstance(x, inner[0]) for x in obj)


def freeze(mod: Any, preserved_attrs: Any = None, optimize_numerics: bool = True) -> Any:
    """mod itself. errors  RuntimeError: a module in training"""
    if getattr(mod, "training", False):
        raise RuntimeError(
            "Freezing is currently only implemented for modules in eval mode. Please call .eval() "
            "on your module before freezing."
        )
    return mod


def optimize_for_inference(mod: Any, other_methods: Any = None) -> Any:
    """mod itself, in eval mode."""
    return mod.eval() if hasattr(mod, "eval") else mod


def run_frozen_optimizations(
    mod: Any, optimize_numerics: bool = True, preserved_methods: Any = None
) -> None:
    """Nothing to do."""


def export_opnames(m: Any) -> list[str]:
    """Refused: there is no compiled code to list the ops of."""
    raise refused("torch.jit.export_opnames", "there is no TorchScript compiler")


def fork(func: Callable, *args: Any, **kwargs: Any) -> Future:
    """A Future with the result of func(*args, **kwargs), which is run at once.

    What func raises is raised by fork, as in PyTorch outside of TorchScript.
    """
    future: Future = Future()
    future.set_result(func(*args, **kwargs))
    return future


def wait(future: Future) -> Any:
    """The future's result."""
    return future.wait()


def load(f: Any, map_location: Any = None, _extra_files: Any = None, **kwargs: Any) -> Any:
    """Refused. errors  ValueError: no such file"""
    import os

    if _isinstance(f, (str, os.PathLike)) and not os.path.exists(f):
        raise ValueError(f"The provided filename {f} does not exist")
    raise NotImplementedError(
        f"rushlight does not have torch.jit.load: {_NO_FILES}\n"
        "  fix: with PyTorch, torch.save(torch.jit.load(FILE).state_dict(), 'weights.pt'); here, "
        "build the module in Python and load_state_dict(torch.load('weights.pt'))"
    )


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """Refused: torch.save(module.state_dict(), f) writes the weights."""
    raise NotImplementedError(
        f"rushlight does not have torch.jit.save: {_NO_FILES}\n"
        "  fix: torch.save(module.state_dict(), FILE)"
    )


explain_missing(__name__)
del annotations  # what __future__ has put here: torch.jit.annotations is a module
