"""torch.nn.utils.parametrize: parameters that are functions of other parameters.

A parametrized module has a class of its own, `ParametrizedLinear` for a Linear, with a property in
place of the parameter: reading it computes f(original), assigning to it stores the right inverse.
The originals and the modules f are in `module.parametrizations`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ...core.grad_mode import no_grad
from ...core.parameter import Parameter
from ...core.tensor import Tensor
from ..container import ModuleDict, ModuleList
from ..module import Module, runs_as_torch

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_open = 0  # how many cached() blocks are open
_cache: dict[tuple[int, str], Any] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Context: every parametrized tensor is computed once, when it is first read.

    For nets that use a parameter more than once in a forward pass.
    """
    global _open
    _open += 1
    try:
        yield
    finally:
        _open -= 1
        if not _open:
            _cache.clear()


class ParametrizationList(ModuleList):
    """The modules whose composition gives one parameter, and the tensors that they are applied to.

    modules   f1, f2, ...: the parameter is ... f2(f1(original)); f1 gets original0, original1, ...
              if its right_inverse returns a sequence
    original  the tensor as it was
    unsafe    do not look whether shape and dtype stay
    ValueError: no modules; shape or dtype would change.
    """

    original: Any
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False):
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            new: Any = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        pass  # said to be without an inverse: the original is taken as it is
        if not isinstance(new, Tensor) and not isinstance(new, Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if original.dtype != new.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {original.dtype}\n"
                    f"right_inverse(original).dtype: {new.dtype}"
                )
            _refill(original, new)  # an optimizer may know it: it stays the same object
            _register(self, "original", original)
        else:
            for i, t in enumerate(new):
                if not isinstance(t, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, "
                        f"tuple...). Got element {i} of the sequence with type {type(t).__name__}."
                    )
                if isinstance(original, Parameter):
                    t = Parameter(t, original.requires_grad)
                t.requires_grad_(original.requires_grad)
                _register(self, f"original{i}", t)
        if not self.unsafe:
            self._check(self(), shape, dtype)

    def _check(self, found: Any, shape: Any, dtype: Any) -> None:
        if not isinstance(found, Tensor):
            raise ValueError(f"A parametrization must return a tensor. Got {type(found).__name__}.")
        for what, before, after in (("dtype", dtype, found.dtype), ("shape", shape, found.shape)):
            if before != after:
                raise ValueError(
                    f"Registering a parametrization may not change the {what} of the tensor, "
                    f"unless `unsafe` flag is enabled.\nunparametrized {what}: {before}\n"
                    f"parametrized {what}: {after}"
                )

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the parameter becomes `value`.

        RuntimeError: a module has no right_inverse. ValueError: what it returns does not fit.
        """
        with no_grad():
            new: Any = value
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                new = module.right_inverse(new)
            if self.is_tensor:
                if not isinstance(new, Tensor):
                    raise ValueError(
                        f"`right_inverse` should return a tensor. Got {type(new).__name__}"
                    )
                if new.dtype != self.original.dtype:
                    raise ValueError(
                        f"The tensor returned by `right_inverse` has dtype {new.dtype} while "
                        f"`original` has dtype {self.original.dtype}"
                    )
                _refill(self.original, new)
                return
            if not isinstance(new, Sequence):
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors. Got {type(new).__name__}."
                )
            if len(new) != self.ntensors:
                raise ValueError(
                    "'right_inverse' must return a sequence of tensors of length "
                    f"{self.ntensors}. Got a sequence of length {len(new)}."
                )
            for i, t in enumerate(new):
                original = getattr(self, f"original{i}")
                if not isinstance(t, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a sequence of tensors or reference-type "
                        f"opaques. Got element {i} of type {type(t).__name__}."
                    )
                if original.dtype != t.dtype:
                    raise ValueError(
                        f"Tensor {i} returned by `right_inverse` has dtype {t.dtype} while "
                        f"`original{i}` has dtype {original.dtype}"
                    )
                _refill(original, t)

    def forward(self) -> Tensor:  # type: ignore[override]
        """The parameter: the composition of all modules applied to the originals."""
        first, *others = self
        if self.is_tensor:
            x = first(self.original)
        else:
            x = first(*(getattr(self, f"original{i}") for i in range(self.ntensors)))
        for module in others:
            x = module(x)
        return x


def _refill(t: Tensor, new: Tensor) -> None:
    """The same object with the elements of `new`, whatever its shape is."""
    if new is not t:
        t.data = new.detach()


def _register(module: Module, name: str, t: Tensor) -> None:
    if isinstance(t, Parameter):
        module.register_parameter(name, t)
    else:
        module.register_buffer(name, t)


# ---------------------------------------------------------------- the class of such a module


def _refuse_state(self: Module) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _refuse_reduce(self: Module, protocol: Any) -> Any:
    return _refuse_state(self)


def _deepcopy(self: Any, memo: dict) -> Any:
    if id(self) in memo:
        return memo[id(self)]
    replica = memo[id(self)] = type(self).__new__(type(self))
    replica.__setstate__(copy.deepcopy(dict(self.__dict__), memo))
    return replica


def _property(name: str) -> property:
    """Reads a parametrized tensor, and sets it through the right inverse."""

    def read(self: Module) -> Any:
        if not _open:
            return self.parametrizations[name]()
        key = id(self), name
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def write(self: Module, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(read, write)


def _parametrized_class(base: type, names: Any) -> type:
    """The class of a module whose tensors of these names are parametrized.

    One class for each module: another module may have the same tensors parametrized, or not.
    """
    members: dict[str, Any] = {
        "__module__": "torch.nn.utils.parametrize" if runs_as_torch() else __name__,
        "__reduce_ex__": _refuse_reduce,
        "__getstate__": _refuse_state,
        **{name: _property(name) for name in names},
    }
    if not hasattr(base, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy
    return type(f"Parametrized{base.__name__}", (base,), members)


def _start(module: Module, name: str) -> None:
    """Make a property of a tensor; the first one gives the module its class and its table."""
    if is_parametrized(module):
        setattr(type(module), name, _property(name))
        return
    module.__class__ = _parametrized_class(type(module), ())
    module.parametrizations = ModuleDict()
    setattr(type(module), name, _property(name))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Make a parameter or buffer of `module` the result of `parametrization`; returns the module.

    tensor_name      the parameter x becomes parametrization(x'), where x' is an original that is
                     kept and trained; parametrization.right_inverse(x), if there is one, gives x'
                     from the value that x has now, and from those that are assigned to it later
    parametrization  a Module; one that is registered on top of others is applied to their result
    unsafe           do not look whether shape and dtype stay
    ValueError: no tensor of that name; shape or dtype would change.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_on_top(module, tensor_name, parametrization)
        table = module.parametrizations[tensor_name]
        table.append(parametrization)
        table.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        table = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        _start(module, tensor_name)
        module.parametrizations[tensor_name] = table
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    return module


def _check_on_top(module: Module, name: str, parametrization: Any) -> None:
    """ValueError: the result, or the right inverse, would have another shape or dtype."""
    y = getattr(module, name)
    x = parametrization(y)
    if not isinstance(x, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(x).__name__}.")
    for what in ("dtype", "shape"):
        if getattr(x, what) != getattr(y, what):
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless "
                f"the `unsafe` flag is enabled.\nmodule.{name}.{what}: {getattr(y, what)}\n"
                f"parametrization(module.{name}).{what}: {getattr(x, what)}"
            )
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        z = parametrization.right_inverse(x)
    except NotImplementedError:
        return
    if not isinstance(z, Tensor):
        raise ValueError(
            f"parametrization.right_inverse must return a tensor. Got: {type(z).__name__}"
        )
    for what in ("dtype", "shape"):
        if getattr(z, what) != getattr(y, what):
            raise ValueError(
                f"The tensor returned by parametrization.right_inverse must have the same {what} "
                f"as module.{name}, unless the `unsafe` flag is enabled.\n"
                f"module.{name}.{what}: {getattr(y, what)}\nreturned {what}: {getattr(z, what)}"
            )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """True if the module (or its tensor of this name) is parametrized."""
    table = getattr(module, "parametrizations", None)
    if not isinstance(table, ModuleDict):
        return False
    return len(table) > 0 if tensor_name is None else tensor_name in table


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make the tensor an ordinary parameter or buffer again; returns the module.

    leave_parametrized   it keeps the value that it has; otherwise it is the original
    ValueError: it is not parametrized; it has several originals and leave_parametrized is False.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    table = module.parametrizations[tensor_name]
    if table.is_tensor:
        t = table.original
        if leave_parametrized:
            with no_grad():
                _refill(t, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        t = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    del module.parametrizations[tensor_name]
    base = type_before_parametrizations(module)
    left = list(module.parametrizations)
    if not left:
        del module.parametrizations
    # a class anew: a deep copy of the module has the same one
    module.__class__ = _parametrized_class(base, left) if left else base
    _register(module, tensor_name, t)
    _cache.pop((id(module), tensor_name), None)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class without its parametrizations."""
    cls = type(module)
    return cls.__bases__[0] if vars(cls).get("__getstate__") is _refuse_state else cls


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give to_module the parametrizations of from_module and the tensors that they apply to.

    tensor_name: those of one tensor only. The modules and the tensors are shared.
    """
    if not is_parametrized(from_module):
        return to_module
    assert isinstance(from_module.parametrizations, ModuleDict)
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        if not hasattr(to_module, name):
            value: Any = getattr(from_module, name).detach().clone()
            trained = any(True for _ in from_module.parametrizations[name].parameters(False))
            _register(to_module, name, Parameter(value) if trained else value)
        for parametrization in from_module.parametrizations[name]:
            register_parametrization(to_module, name, parametrization)
        theirs = to_module.parametrizations[name]
        for key, t in from_module.parametrizations[name]._own_state().items():
            setattr(theirs, key, t)
    return to_module
