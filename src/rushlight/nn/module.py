"""Module: a function with parameters, buffers and submodules.

How an attribute is found. `_parameters`, `_buffers` and `_modules` are the source of truth; each
is a dict that mirrors its entries into its module's `__dict__`. So `self.weight` is an ordinary
attribute (12 ns; through `__getattr__` 620 ns, measured on Python 3.11), however the dict was
changed. For the same reason Module has no `__getattr__`: it would make every attribute four times
slower. It gets one as soon as a subclass defines its own, which then may call
`super().__getattr__`, or has a method that calls `self.__getattr__` (gpytorch).
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, Self

from ..core.annotations import readable
from ..core.grad_mode import no_grad
from ..core.meta import NoData, no_way_back
from ..core.parameter import Buffer, Parameter, is_lazy
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS
from .destination import destination
from .error_notes import misspelt_forward, no_module, note
from .module_hooks import (  # noqa: F401  names of torch.nn.modules.module
    EVERY,
    Hooked,
    call_with_hooks,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from .module_state import _EXTRA_STATE_KEY_SUFFIX, Stateful  # noqa: F401
from .module_tree import Tree

__all__ = [
    "Module",
]

_put, _drop = object.__setattr__, object.__delattr__
_DICTS = ("_parameters", "_buffers", "_modules")


_OURS = __name__.rpartition(".")[0] + "."
_FILES = {
    "adaptive_softmax": "adaptive",
    "embedding": "sparse",
    "margin_loss": "loss",
    "rnn_cell": "rnn",
}
_STARTS = (  # PyTorch's file of a class out of a family that is spread over several
    ("norm", "BatchNorm _BatchNorm SyncBatchNorm", "batchnorm"),
    ("norm", "InstanceNorm _InstanceNorm", "instancenorm"),
    ("norm", "", "normalization"),
    ("linear", "Flatten Unflatten", "flatten"),
    ("pixel_shuffle", "Channel", "channelshuffle"),
    ("pixel_shuffle", "Fold Unfold", "fold"),
    ("pixel_shuffle", "", "pixelshuffle"),
    ("lazy", "LazyLinear", "linear"),
    ("lazy", "LazyConv", "conv"),
    ("lazy", "LazyBatchNorm", "batchnorm"),
    ("lazy", "LazyInstanceNorm", "instancenorm"),
)


def runs_as_torch() -> bool:
    """True in a program for which `import torch` means this package (`rushlight run`): there
    classes say that they are from torch.nn.modules, and pickle finds them there."""
    return sys.modules.get("torch") is sys.modules[_OURS.partition(".")[0]]


def torch_module(family: str, name: str) -> str:
    """PyTorch's module of a class: torch.nn.modules.dropout of Dropout, what prints show."""
    if family.startswith("utils."):
        return f"torch.nn.{family}"
    for of, starts, file in _STARTS:
        if of == family and name.startswith(tuple(starts.split()) or ""):
            return f"torch.nn.modules.{file}"
    return f"torch.nn.modules.{_FILES.get(family, family)}"


class _Members(dict):
    """{name: parameter, buffer or module}, mirrored into the `__dict__` of each owning module.

    owners: weak references; more than one after `copy.copy(module)`, whose copy shares the dict.
    """

    __slots__ = ("owners",)

    def __init__(self, owner: Module, entries: dict | None = None):
        self.owners = [weakref.ref(owner)]
        for name, value in (entries or {}).items():
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        for module in self._living():
            if not hasattr(type(module), name):  # attributes of the class take precedence
                module.__dict__[name] = value

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        for module in self._living():
            module.__dict__.pop(name, None)

    def _living(self) -> list[Module]:
        return [m for m in (owner() for owner in self.owners) if m is not None]

    def share(self, module: Module) -> None:
        """Mirror the entries into one more module."""
        self.owners.append(weakref.ref(module))
        for name, value in self.items():
            self[name] = value

    def pop(self, name: str, *default: Any) -> Any:
        if name not in self and default:
            return default[0]
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        name = next(reversed(self))
        return name, self.pop(name)

    def clear(self) -> None:
        for name in list(self):
            del self[name]

    def update(self, *args: Any, **kwargs: Any) -> None:
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def __ior__(self, other: Any) -> _Members:
        self.update(other)
        return self

    def __reduce_ex__(self, protocol: int) -> Any:
        return dict, (dict(self),)  # Module.__setstate__ makes it a table of the module again


class Module(Hooked, Stateful, Tree):
    """Base of all layers and nets: define `forward`, call the instance.

    Parameters, Buffers and Modules set as attributes are registered; `training` says which of
    train() and eval() was called last.

    errors  NotImplementedError: forward is not defined. TypeError: arguments of its constructor

    >>> class Net(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    """

    if runs_as_torch():
        __module__ = "torch.nn.modules.module"

    dump_patches: bool = False
    call_super_init: bool = False
    _version: int = 1
    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]

    if TYPE_CHECKING:  # parameters, buffers and modules are attributes, whatever their names

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            if kwargs:
                problem = f"got an unexpected keyword argument '{next(iter(kwargs))}'"
            else:
                problem = f"takes 1 positional argument but {len(args) + 1} were given"
            raise TypeError(f"{type(self).__name__}.__init__() {problem}")
        own = self.__dict__
        own["training"] = True
        own["_parameters"] = _Members(self)
        own["_buffers"] = _Members(self)
        own["_non_persistent_buffers_set"] = set()
        own["_modules"] = _Members(self)
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(_OURS) and runs_as_torch():
            readable(cls, cls.__module__)
            cls.__module__ = torch_module(cls.__module__.removeprefix(_OURS), cls.__name__)
        if cls.__call__ is not Module.__call__:
            cls._hooked = True  # Sequential then calls the module, not its forward
        if not hasattr(Module, "__getattr__") and (hasattr(cls, "__getattr__") or _asks(cls)):
            Module.__getattr__ = _no_attribute  # type: ignore[attr-defined]

    def __reduce_ex__(self, protocol: Any) -> Any:
        made = super().__reduce_ex__(protocol)
        cls = type(self)
        if isinstance(made, str) or not cls.__module__.startswith("torch.nn.modules."):
            return made
        # by the name of our package: pickle would look for the class where it says it is from
        return _bare, (cls.__name__,), *made[2:]

    # ------------------------------------------------------------ the call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooked:
            try:
                return call_with_hooks(self, args, kwargs)
            except Exception as error:
                note(error, self, args, kwargs)
                raise
        try:
            if kwargs or len(args) != 1:
                return self.forward(*args, **kwargs)
            return self.forward(args[0])  # a starred call takes longer
        except Exception as error:
            note(error, self, args, kwargs)
            raise

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
            + misspelt_forward(type(self))
        )

    def compile(self, *args: Any, **kwargs: Any) -> Self:
        """torch.compile of this module's calls, in place; returns the module. docs/compile.md

        On the CPU it does nothing unless backend="xla".
        """
        entry = import_module(f"{_OURS.partition('.')[0]}.compiler.entry")
        compiled = entry.compiled_call(self, *args, **kwargs)
        if compiled is not None:
            self.__dict__["_compiled_call_impl"] = compiled
            self.__dict__["_hooked"] = True
        return self

    # ------------------------------------------------------------ attributes

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        parameters = own.get("_parameters")
        if type(parameters) is not _Members:
            if parameters is None:
                self._set_before_init(name, value)
                return
            Module.__setstate__(self, {})  # restored by a __setstate__ that did not call Module's
            parameters = own["_parameters"]
        buffers, modules = own["_buffers"], own["_modules"]
        if isinstance(value, Tensor) and isinstance(value, Parameter):
            self._leave(name, buffers, modules)
            self.register_parameter(name, value)
        elif name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            self._leave(name, parameters, buffers)
            modules[name] = EVERY.registered("module", self, name, value)
        elif name in modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            modules[name] = EVERY.registered("module", self, name, value)
        elif name in buffers or (isinstance(value, Tensor) and isinstance(value, Buffer)):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            if isinstance(value, Buffer):
                self.register_buffer(name, value, value.persistent)
            else:
                buffers[name] = EVERY.registered("buffer", self, name, value)
        elif name in _DICTS:
            own[name].clear()
            own[name] = _Members(self, value)
        else:
            _put(self, name, value)

    def _set_before_init(self, name: str, value: Any) -> None:
        for kind, what in ((Parameter, "parameters"), (Module, "module"), (Buffer, "buffer")):
            if isinstance(value, kind):
                raise AttributeError(
                    f"cannot assign {what} before Module.__init__() call\n"
                    f"  fix: super().__init__() as the first line of {type(self).__name__}.__init__"
                )
        _put(self, name, value)

    def _leave(self, name: str, *others: dict) -> None:
        """Remove `name` from the other member dicts: it will be registered in one."""
        for members in others:
            members.pop(name, None)
        self.__dict__.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        for members in (self._parameters, self._buffers, self._modules):
            if name in members:
                del members[name]
                self._non_persistent_buffers_set.discard(name)
                return
        _drop(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        for members in _DICTS:
            names.update(self.__dict__.get(members, ()))
        return sorted(n for n in names if not n[:1].isdigit())

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self.__dict__.setdefault("_non_persistent_buffers_set", set())
        for name in _DICTS:
            members = self.__dict__[name]
            if isinstance(members, _Members):
                members.share(self)
            else:
                self.__dict__[name] = _Members(self, members)

    # ------------------------------------------------------------ registration

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None keeps the name without one.

        KeyError: the name is empty, has a dot or is taken. TypeError: not a Parameter.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, compute "
                "the value in the forward() method."
            )
        self._parameters[name] = EVERY.registered("parameter", self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is not trained; persistent: it is part of state_dict.

        KeyError: the name is empty, has a dot or is taken. TypeError: not a Tensor.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = EVERY.registered("buffer", self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule; None keeps the name without one.

        KeyError: the name is empty, has a dot or is taken. TypeError: not a Module.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass" + no_module(module))
        self._check_name("module", name, self._modules)
        self._modules[name] = EVERY.registered("module", self, name, module)

    register_module = add_module

    def _check_name(self, kind: str, name: Any, members: dict) -> None:
        if type(members) is not _Members:
            Module.__setstate__(self, {})
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if hasattr(self, name) and name not in members:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    # ------------------------------------------------------------ modes and conversions

    def train(self, mode: bool = True) -> Self:
        """Set `training` here and in all submodules; returns the module. ValueError: not a bool."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """The same as train(False)."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Train all parameters, or none of them; returns the module."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or fill them with zeros."""
        for p in self.parameters():
            if p.grad is not None:
                if set_to_none:
                    p.grad = None
                else:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call fn on every submodule, then on this one; returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the elements of every parameter, its gradient and every buffer by fn of them."""
        for module in self.children() if recurse else ():
            module._apply(fn)
        with no_grad():
            for p in self._parameters.values():
                if p is not None:
                    p.data = fn(p.data)
                    if p.grad is not None:
                        p.grad.data = fn(p.grad.detach())
            for name, buffer in self._buffers.items():
                if is_lazy(buffer):
                    buffer.data = fn(buffer.data)
                elif buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move to a device, convert to a floating or complex dtype, in place; returns the module.

        to(device=None, dtype=None, non_blocking=False, memory_format=None), to(dtype), to(tensor).
        Integer tensors keep their dtype; the memory format is that of tensors with 4 or 5
        dimensions. TypeError: another dtype.
        """
        device, dtype, memory = destination(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, "
                f"but got desired dtype={dtype}"
            )

        def convert(t: Tensor) -> Tensor:
            wanted = dtype if t.is_floating_point() or t.is_complex() else None
            options = {"memory_format": memory} if memory is not None and t.ndim in (4, 5) else {}
            return t.to(device, wanted or t.dtype, **options)

        try:
            return self._apply(convert)
        except NoData as e:
            raise no_way_back(e) from None

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move to a device without copying the elements, which are arbitrary afterwards."""
        empty_like = FUNCTIONS["empty_like"]
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def cpu(self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Self:
        """Move all parameters and buffers to a CUDA device."""
        return self._apply(lambda t: t.cuda(device))

    def xpu(self, device: Any = None) -> Self:
        """Move all parameters and buffers to an XPU device."""
        return self.to("xpu" if device is None else device)

    def mtia(self, device: Any = None) -> Self:
        """Move all parameters and buffers to an MTIA device."""
        return self.to("mtia" if device is None else device)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Self:
        """Convert floating parameters and buffers to float32."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self) -> Self:
        """Convert floating parameters and buffers to float64."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self) -> Self:
        """Convert floating parameters and buffers to float16."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self) -> Self:
        """Convert floating parameters and buffers to bfloat16."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def share_memory(self) -> Self:
        """Move all parameters and buffers to shared memory."""
        return self._apply(lambda t: t.share_memory_())

    # ------------------------------------------------------------ text

    def extra_repr(self) -> str:
        """The text between the parentheses of repr; subclasses return their settings."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = [
            f"({name}): " + repr(module).replace("\n", "\n  ")
            for name, module in self._modules.items()
        ]
        if not lines and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        lines = (extra.split("\n") if extra else []) + lines
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


def _bare(name: str) -> Any:
    """An instance of rushlight.nn's class of this name, to be given its state."""
    cls = getattr(import_module(_OURS[:-1]), name)
    return cls.__new__(cls)


def _asks(cls: type) -> bool:
    """Does a method of a class of others name `__getattr__`?"""
    return not cls.__module__.startswith((_OURS, "torch.")) and any(
        "__getattr__" in f.__code__.co_names
        for f in vars(cls).values()
        if isinstance(f, FunctionType)
    )


def _no_attribute(self: Module, name: str) -> Any:
    """Module.__getattr__, set only when a subclass defines its own: Python has not found the name,
    or the subclass asks here first. AttributeError: nothing is registered under it.
    """
    for members in map(vars(self).get, _DICTS):
        if members is not None and name in members:
            return members[name]
    if name in vars(Module):  # a descriptor that has said no, in words of its own
        return object.__getattribute__(self, name)
    raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def _typename(x: Any) -> str:
    from ..core.predicates import typename

    return typename(x)


readable(Module, __name__)
