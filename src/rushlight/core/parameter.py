"""Parameter and Buffer: the tensors that a Module keeps, the first trained, the second not."""

from __future__ import annotations

from typing import Any

import numpy as np

from .device import CPU, moved, resolve
from .dtype import FLOAT, from_numpy_dtype, get_default_dtype
from .making import learn_parameter
from .tensor import Tensor, wrap


def _contents(data: Any) -> Tensor:
    """The elements of `data` (shared, without history); none at all for None."""
    if data is None:
        return wrap(np.empty(0, get_default_dtype().np))
    t = data.detach()
    # detach gives a plain tensor; a user's own class of tensors is kept
    return t if type(data) in (Tensor, Parameter) else t.as_subclass(type(data))


class _Marked(type):
    """A tensor of a user's own class keeps its class and gets a mark: isinstance looks for it."""

    _mark: str

    def __instancecheck__(cls, instance: Any) -> bool:
        return type.__instancecheck__(cls, instance) or (
            isinstance(instance, Tensor) and getattr(instance, cls._mark, False)
        )


class Parameter(Tensor, metaclass=_Marked):
    """A tensor that is trained: set as a Module's attribute it joins `Module.parameters()`.

    data           its elements, shared; none at all by default
    requires_grad  True, even inside `no_grad()`; RuntimeError if the dtype is not floating or
    complex

    >>> Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __module__ = "torch.nn.parameter"
    _mark = "_is_param"

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        t: Any = _contents(data)
        if requires_grad and t.dtype.category < FLOAT:
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients\n"
                f"  the dtype is {t.dtype}\n  fix: requires_grad=False, or register_buffer"
            )
        if type(t) is Tensor or isinstance(t, Parameter):
            t = t.as_subclass(cls)
        else:
            t._is_param = True
        t._rg = bool(requires_grad)
        return t

    def __deepcopy__(self, memo: dict) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self._rg)
        return memo[id(self)]


learn_parameter(Parameter)


class Buffer(Tensor, metaclass=_Marked):
    """A tensor that is not trained: set as a Module's attribute it joins `Module.buffers()`.

    Returns a plain tensor with a mark. persistent: it is part of the Module's `state_dict`.
    """

    _mark = "_is_buffer"

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        t: Any = _contents(data)
        t._rg = data is not None and data.requires_grad
        t.persistent = persistent
        t._is_buffer = True
        return t


class _Uninitialized:
    """A tensor without a shape. Whatever asks for its elements gets a ValueError, its shape a
    RuntimeError; `materialize` turns it into an ordinary one, the same object."""

    cls_to_become: type
    _rg: bool
    _kind: np.dtype
    _where: Any

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        t: Any = object.__new__(cls)
        t._node = t._view = t._v = None
        t._rg = requires_grad and issubclass(cls, Parameter)
        t._kind, t._where = (dtype or get_default_dtype()).np, resolve(device)
        return t

    def _no_elements(self) -> Any:
        raise ValueError(
            "Attempted to use an uninitialized parameter. This error happens when you are using a "
            "`LazyModule` or explicitly manipulating `torch.nn.parameter.UninitializedParameter` "
            "objects. When using LazyModules Call `forward` with a dummy batch to initialize the "
            "parameters before calling torch functions"
        )

    _a: Any = property(_no_elements)

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    @property
    def dtype(self) -> Any:
        return from_numpy_dtype(self._kind)

    @property
    def device(self) -> Any:
        """Where it will be."""
        return self._where

    is_meta = is_sparse = property(lambda self: False)

    @property
    def data(self) -> Tensor:
        """An empty tensor of its dtype; assigning changes the dtype."""
        return wrap(_on(np.empty(0, self._kind), self._where))

    @data.setter
    def data(self, new: Tensor) -> None:
        self._kind, self._where = new._a.dtype, new.device

    def detach(self) -> Any:
        return self

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of this shape, its elements arbitrary."""
        kind = self.__dict__.pop("_kind") if dtype is None else dtype.np
        self.__class__ = self.cls_to_become
        where = self.__dict__.pop("_where")
        where = where if device is None else resolve(device)
        self._a = _on(np.empty(tuple(shape), kind), where)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self._rg, self._where, self.dtype)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self._rg, None, self.dtype)


def _on(a: np.ndarray, where: Any) -> Any:
    return a if where is CPU else moved(a, where)


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape is not known yet."""

    cls_to_become = Parameter


class UninitializedBuffer(_Uninitialized, Tensor):
    """A buffer whose shape is not known yet."""

    cls_to_become = Tensor


def is_lazy(t: Any) -> bool:
    """True for an UninitializedParameter or UninitializedBuffer."""
    return isinstance(t, _Uninitialized)
