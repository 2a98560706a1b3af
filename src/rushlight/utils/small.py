"""What torch.utils and its small modules hold: names set, tensors swapped, weak references, a lock
in a file, which module is running."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from ..core.paths import refused
from ..core.tensor import Tensor

fill_uninitialized_memory = (
    True  # torch.utils.deterministic's setting; memory here is never read so
)
cmake_prefix_path = ""


def set_module(obj: Any, mod: Any) -> None:
    """obj.__module__ = mod. errors  TypeError: mod is no text"""
    if not isinstance(mod, str):
        raise TypeError("The mod argument should be a string")
    obj.__module__ = mod


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Each of the two objects becomes the other: data, gradient, class and attributes.

    errors  RuntimeError: one of them has weak references, hooks or a place in a graph
    """
    for name, t in (("t1", t1), ("t2", t2)):
        if weakref.getweakrefs(t):
            raise RuntimeError(f"Cannot swap {name} because it has weakref associated with it")
        if t.grad_fn is not None:
            raise RuntimeError(f"Cannot swap {name}: it is the result of an operation")
    first, second = _state(t1), _state(t2)
    t1.__class__, t2.__class__ = type(t2), type(t1)
    for t, (own, slots) in ((t1, second), (t2, first)):
        t.__dict__.clear()
        t.__dict__.update(own)
        for key in _slots(t):
            if key in slots:
                setattr(t, key, slots[key])
            elif hasattr(t, key):
                delattr(t, key)


def _slots(t: Tensor) -> list[str]:
    found = [k for kind in type(t).__mro__ for k in getattr(kind, "__slots__", ())]
    return [k for k in found if k not in ("__dict__", "__weakref__")]


def _state(t: Tensor) -> tuple[dict[str, Any], dict[str, Any]]:
    return dict(t.__dict__), {k: getattr(t, k) for k in _slots(t) if hasattr(t, k)}


def copy_func_params(source: Callable) -> Callable:
    """A decorator for type checkers: the function itself."""
    return lambda function: function


copy_method_params = copy_func_sig = copy_method_sig = copy_func_params


def not_none(obj: Any) -> Any:
    """obj. errors  TypeError: it is None"""
    if obj is None:
        raise TypeError("Invariant encountered: value was None when it should not be")
    return obj


# ---------------------------------------------------------------- torch.utils._contextlib


def context_decorator(ctx: Callable[[], Any], func: Any) -> Any:
    """func with the context `ctx()` around each call, and each step of a generator.

    errors  RuntimeError: func is a class
    """
    if inspect.isclass(func):
        raise RuntimeError(
            f"Cannot decorate classes; it is ambiguous whether or not only the constructor or all "
            f"methods should have the context manager applied; additionally, decorating a class "
            f"at definition-site will prevent use of the identifier as a conventional type. To "
            f"specify which methods to decorate, decorate each of them individually: {func}"
        )
    if inspect.isgeneratorfunction(func):

        @functools.wraps(func)
        def generator(*args: Any, **kwargs: Any) -> Any:
            steps = func(*args, **kwargs)
            answer: Any = None
            while True:
                with ctx():
                    try:
                        value = steps.send(answer)
                    except StopIteration as end:
                        return end.value
                answer = yield value

        return generator

    @functools.wraps(func)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with ctx():
            return func(*args, **kwargs)

    return decorated


class _DecoratorContextManager:
    """A context that is a decorator, too: each call is made in a copy of it."""

    def __call__(self, orig_func: Any) -> Any:
        return context_decorator(self.clone, orig_func)

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *error: Any) -> Any:
        raise NotImplementedError

    def clone(self) -> Any:
        """Another one; subclasses with options override it."""
        return self.__class__()


class _NoParamDecoratorContextManager(_DecoratorContextManager):
    """One without options: `@name` and `@name()` are the same."""

    def __new__(cls, orig_func: Any = None) -> Any:
        return super().__new__(cls) if orig_func is None else cls()(orig_func)


# ---------------------------------------------------------------- torch.utils.weak


class WeakIdRef(weakref.ref):
    """A weak reference that is compared and hashed by identity: tensors compare elements."""

    __slots__ = ("_id",)

    def __init__(self, key: Any, callback: Any = None):
        super().__init__(key, callback)
        self._id = id(key)

    def __hash__(self) -> int:
        return self._id

    def __eq__(self, other: Any) -> bool:
        a, b = self(), other()
        return a is b if a is not None and b is not None else self is other

    def __ne__(self, other: Any) -> bool:  # weakref.ref has one of its own
        return not self == other


TensorWeakRef = WeakIdRef


class WeakIdKeyDictionary(weakref.WeakKeyDictionary):
    """A dict of objects by identity, which it does not keep alive."""

    def __init__(self, dict: Any = None, ref_type: Any = WeakIdRef):
        super().__init__()
        self.ref_type = ref_type
        if dict is not None:
            self.update(dict)

    def update(self, dict: Any = None, /, **kwargs: Any) -> None:
        """Sets all keys of a dict."""
        for key, value in (dict or {}).items():
            self[key] = value

    def __setitem__(self, key: Any, value: Any) -> None:
        self.data[WeakIdRef(key, self._remove)] = value  # type: ignore[attr-defined]

    def __getitem__(self, key: Any) -> Any:
        return self.data[WeakIdRef(key)]  # type: ignore[attr-defined]

    def __delitem__(self, key: Any) -> None:
        del self.data[WeakIdRef(key)]  # type: ignore[attr-defined]

    def __contains__(self, key: Any) -> bool:
        return WeakIdRef(key) in self.data  # type: ignore[attr-defined]

    def get(self, key: Any, default: Any = None) -> Any:
        """The value, or default."""
        return self.data.get(WeakIdRef(key), default)  # type: ignore[attr-defined]

    def pop(self, key: Any, *args: Any) -> Any:
        """Removes a key; its value."""
        return self.data.pop(WeakIdRef(key), *args)  # type: ignore[attr-defined]

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The value, which is set to default if there is none."""
        if key not in self:
            self[key] = default
        return self[key]


WeakTensorKeyDictionary = WeakIdKeyDictionary


# ---------------------------------------------------------------- file_baton, module_tracker


class FileBaton:
    """A lock between processes: a file that only one of them can make."""

    def __init__(
        self, lock_file_path: str, wait_seconds: float = 0.1, warn_after_seconds: Any = None
    ):
        self.lock_file_path, self.wait_seconds = lock_file_path, wait_seconds
        self.fd: int | None = None

    def try_acquire(self) -> bool:
        """Makes the file; False if it is there."""
        try:
            self.fd = os.open(self.lock_file_path, os.O_CREAT | os.O_EXCL)
            return True
        except FileExistsError:
            return False

    def wait(self) -> None:
        """Waits until the file is gone."""
        while os.path.exists(self.lock_file_path):
            time.sleep(self.wait_seconds)

    def release(self) -> None:
        """Removes the file."""
        if self.fd is not None:
            os.close(self.fd)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.lock_file_path)


class ModuleTracker:
    """Inside `with ModuleTracker() as t`, t.parents has the names of the modules that are running,
    and "Global". Forward only: t.is_bw is False."""

    def __init__(self) -> None:
        self.parents: set[str] = {"Global"}
        self._names: dict[int, str] = {}
        self._handles: list[Any] = []

    is_bw = False

    def _name(self, module: Any) -> str:
        if id(module) not in self._names:
            top = type(module).__name__
            for name, inner in module.named_modules():
                self._names.setdefault(id(inner), f"{top}.{name}" if name else top)
        return self._names[id(module)]

    def __enter__(self) -> ModuleTracker:
        from ..nn import module_hooks

        self._handles = [
            module_hooks.register_module_forward_pre_hook(
                lambda module, input: self.parents.add(self._name(module))
            ),
            module_hooks.register_module_forward_hook(
                lambda module, input, output: self.parents.discard(self._name(module)),
                always_call=True,
            ),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()


# ---------------------------------------------------------------- __torch_dispatch__


class TorchDispatchMode:
    """A context whose __torch_dispatch__ sees every operation below autograd: refused."""

    def __enter__(self) -> Any:
        raise refused(
            "torch.utils._python_dispatch.TorchDispatchMode",
            "there is no __torch_dispatch__; torch.overrides.TorchFunctionMode sees every function",
        )

    def __exit__(self, *error: object) -> None:
        pass


def _get_current_dispatch_mode() -> None:
    """None: there is no mode."""


def _get_current_dispatch_mode_stack() -> list[Any]:
    """[]"""
    return []


def is_in_torch_dispatch_mode(include_infra_modes: bool = True) -> bool:
    """False"""
    return False


def is_traceable_wrapper_subclass(t: Any) -> bool:
    """False: tensors that hold others are not known to anything here."""
    return False


is_traceable_wrapper_subclass_type = is_traceable_wrapper_subclass


@contextlib.contextmanager
def _disable_current_modes() -> Iterator[list[Any]]:
    """A context without modes: there are none."""
    yield []


def has_triton() -> bool:
    """False"""
    return False


has_triton_package = has_triton


def rename_privateuse1_backend(backend_name: str) -> None:
    """Refused: devices are not added by a program."""
    raise refused("torch.utils.rename_privateuse1_backend", "devices are not added by a program")


def generate_methods_for_privateuse1_backend(*args: Any, **kwargs: Any) -> None:
    """Refused: devices are not added by a program."""
    raise refused(
        "torch.utils.generate_methods_for_privateuse1_backend", "devices are not added by a program"
    )


def worker_init_fn(worker_id: int) -> None:
    """Nothing to do: each worker has a seed of its own."""
