"""torch.compile: what it returns.

Tensors of the CPU run eagerly, on kernels that are faster than XLA's there, unless the backend is
"xla"; tensors of a device are compiled (program.py). JAX is imported by neither: a program is made
at the first call that needs one.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..nn.module import Module
from ..nn.module_hooks import call_with_hooks
from .stage import DISABLED, STANCE, TRACING, InvalidBackend

_PACKAGE = __name__.partition(".")[0]
_CARRIER = f"{_PACKAGE}.kernels.xla.array"
XLA = ("xla", "openxla")
# PyTorch's: those that run eagerly there, too, and those that compile for devices
_EAGER = frozenset(
    "eager eager_debug eager_noexcept pre_dispatch_eager aot_eager aot_eager_decomp_partition "
    "aot_eager_default_partitioner invoke_subgraph ts aot_ts".split()
)
_COMPILERS = frozenset(["inductor", "cudagraphs", "tvm", "openxla_eval"])
_MODES = ("default", "lite", "reduce-overhead", "max-autotune-no-cudagraphs", "max-autotune")
_default: list[Any] = ["inductor"]  # see torch.compiler.set_default_backend


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable | None = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Any:
    """A function, a whole training step or a module as XLA programs; docs/compile.md has the rules.

    model      a function or a module; without one, the decorator
    fullgraph  an error for what cannot be compiled; else it runs eagerly, with a warning
    backend    "xla": also for tensors of the CPU, which run eagerly otherwise
    recompile_limit  how many programs there may be; torch._dynamo.config.recompile_limit

    dynamic, mode, options, isolate_recompiles, shapes_spec: of PyTorch's compiler, without effect
    errors  RuntimeError: an unknown backend or mode, mode and options together.
            AssertionError: nothing that can be called
    """
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at the same time."
        )
    if mode is not None and mode not in _MODES:
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(_MODES)}")
    backend = _default[0] if backend is None else backend
    known = (*XLA, *_EAGER, *_COMPILERS)
    if isinstance(backend, str) and backend not in known:
        raise InvalidBackend(
            f"Invalid backend: {backend!r}, see `torch._dynamo.list_backends()` for available "
            "backends."
        )
    if model is None:
        return functools.partial(
            compile,
            fullgraph=fullgraph,
            dynamic=dynamic,
            backend=backend,
            mode=mode,
            options=options,
            name=name,
            disable=disable,
            recompile_limit=recompile_limit,
        )
    if not callable(model):
        raise AssertionError(f"A callable function is expected, but {type(model)} is provided.")
    if disable or isinstance(model, OptimizedModule) or hasattr(model, "_program"):
        return model
    on_host = backend in XLA
    if not on_host and (backend in _EAGER or not isinstance(backend, str)):
        return model
    if getattr(model, "__code__", None) in DISABLED:
        return model
    if on_host:
        _check_jax()
    settings = {
        "on_host": on_host,
        "fullgraph": fullgraph,
        "limit": recompile_limit,
        "name": name or "",
    }
    if isinstance(model, Module):
        if not on_host and _CARRIER not in sys.modules:
            return model  # nothing has been put on a device so far
        return OptimizedModule(model, _late(model, settings))
    return _late(model, settings)


def _check_jax() -> None:
    """RuntimeError: a program is wanted, and JAX is not there."""
    if not find_spec("jax"):
        raise RuntimeError(
            "torch.compile(backend='xla') needs JAX, which is not installed\n"
            "  fix: pip install 'rushlight[xla]'"
        )


def _late(fn: Any, settings: dict[str, Any]) -> Any:
    """fn, with a Program behind it from the first call on that may need one."""
    on_host = settings["on_host"]
    made: list[Any] = []

    def compiled(*args: Any, **kwargs: Any) -> Any:
        if made:
            return made[0](*args, **kwargs)
        if not on_host and _CARRIER not in sys.modules:
            return fn(*args, **kwargs)
        if TRACING or STANCE[0] == "force_eager":
            return fn(*args, **kwargs)
        return program()(*args, **kwargs)

    def program() -> Any:
        if not made:
            from ..core.accelerators import backend

            backend()  # imports JAX
            from .program import Program

            made.append(Program(fn, **settings))
        return made[0]

    if not isinstance(fn, Module):
        functools.update_wrapper(compiled, fn, updated=())
    found: Any = compiled
    found._program = program
    found._torchdynamo_orig_callable = fn
    return compiled


class OptimizedModule(Module):
    """A module whose calls are programs: `_orig_mod` is the module, and has the parameters.

    Attributes are those of the module; state_dict has the prefix `_orig_mod.`, as in PyTorch.
    """

    _orig_mod: Module

    def __init__(self, mod: Module, compiled: Any):
        super().__init__()
        self._orig_mod = mod
        self.__dict__["_compiled"] = compiled
        self.training = mod.training

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if "_modules" in own and "_orig_mod" in own["_modules"]:
            return getattr(own["_modules"]["_orig_mod"], name)
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if name in ("_orig_mod", "training") or "_orig_mod" not in own.get("_modules", ()):
            super().__setattr__(name, value)
        else:
            setattr(self._orig_mod, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._orig_mod, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__dict__["_compiled"](*args, **kwargs)

    forward = __call__

    def __getitem__(self, index: Any) -> Any:
        return self._orig_mod[index]  # type: ignore[index]

    def __len__(self) -> int:
        return len(self._orig_mod)  # type: ignore[arg-type]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._orig_mod)})

    def __reduce__(self) -> Any:
        return _again, (self._orig_mod,)


class CompiledCall:
    """The call of a module that `Module.compile` was called on; copies of the module lose it."""

    def __init__(self, module: Module, options: dict[str, Any]):
        def call(*args: Any, **kwargs: Any) -> Any:
            return call_with_hooks(module, args, kwargs, False)

        call.__name__ = call.__qualname__ = type(module).__name__
        self.call = compile(call, **options)
        self.plain = self.call is call

    def __call__(self, args: tuple, kwargs: dict) -> Any:
        return self.call(*args, **kwargs)

    def __deepcopy__(self, memo: dict) -> None:
        return None

    def __reduce__(self) -> Any:
        return type(None), ()


def compiled_call(module: Module, **options: Any) -> CompiledCall | None:
    """What Module.compile puts in front of a module's call; None: nothing is compiled."""
    backend = options.get("backend") or _default[0]
    if backend not in XLA and (backend in _EAGER or _CARRIER not in sys.modules):
        compile(module, **options)  # its errors
        return None
    made = CompiledCall(module, options)
    return None if made.plain else made


def _again(mod: Module) -> Any:
    return compile(mod)


def set_default(backend: Any) -> None:
    """What torch.compile uses unless told otherwise; None: PyTorch's "inductor"."""
    _default[0] = "inductor" if backend is None else backend


def get_default() -> Any:
    """See set_default."""
    return _default[0]
