"""The arguments of one call: its tensors, its objects, and what is plain in it; results likewise.

A `spec` is a hashable description: two calls of equal spec differ only in the elements of their
tensors.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from ..core.device import device
from ..core.dtype import dtype
from ..core.layout import layout, memory_format
from ..core.meta import MetaArray
from ..core.size import Size
from ..core.tensor import Tensor
from ..kernels.xla.option import Asked, Option, Questions, marked
from ..nn.module import Module
from ..optim.optimizer import Optimizer
from ..utils._pytree import SUPPORTED_NODES
from .stage import CannotCompile

_PLAIN = (int, float, bool, str, bytes, complex, type(None), dtype, device, layout, memory_format,
          type)  # fmt: skip
_ndarray = np.ndarray


def where(a: Any) -> str:
    """The device of an array that is not NumPy's, as text; "" for the CPU."""
    return "" if type(a) is _ndarray else str(getattr(a, "device", type(a).__name__))


def kind_of(t: Tensor) -> tuple:
    """What of a tensor a program depends on, but for its elements."""
    if t.is_sparse or isinstance(t._a, MetaArray):
        raise CannotCompile("has a sparse or meta tensor")
    a = t._a
    return a.shape, a.dtype, t._rg, t._node is None, t._grad is None, where(a)


class Call:
    """args and kwargs taken apart.

    tensors  in order, each once
    objects  modules, optimizers and other objects, which the walk follows
    numbers  the floats that are inputs
    spec     the rest

    asked    what is asked of floats; None: they are constants
    """

    __slots__ = ("args", "asked", "inputs", "kwargs", "numbers", "objects", "spec", "tensors")

    def __init__(self, args: tuple, kwargs: dict, asked: Questions | None = None):
        self.args, self.kwargs, self.asked = args, kwargs, asked
        self.numbers: list[float] = []
        self.inputs: list[bool] = []  # of each float in turn: is it one of `numbers`?
        self.tensors: list[Tensor] = []
        self.objects: list[Any] = []
        spec = tuple([self._take(x) for x in args])
        if kwargs:
            spec = (spec, tuple([(name, self._take(x)) for name, x in kwargs.items()]))
        self.spec = spec

    def _take(self, x: Any) -> Any:
        if isinstance(x, Tensor):
            for i, t in enumerate(self.tensors):
                if t is x:
                    return ("again", i)
            self.tensors.append(x)
            return kind_of(x)
        t = type(x)
        if t is float:
            mark = marked(x, self.asked)
            self.inputs.append(mark is not None)
            if mark is not None:
                self.numbers.append(x)
                return mark
        if isinstance(x, _PLAIN):
            return (t, x)
        if t is tuple or t is list or isinstance(x, Size):
            return (t, *[self._take(y) for y in x])
        if t is dict or t is OrderedDict:
            return (t, *[(key, self._take(y)) for key, y in x.items()])
        if isinstance(x, (Module, Optimizer)):
            self.objects.append(x)
            return (t, id(x))
        if isinstance(x, (_ndarray, np.generic)):
            raise CannotCompile("has a NumPy array among its arguments", "torch.from_numpy")
        node = _node_of(x)
        if node is not None:
            children, context = node.flatten_fn(x)
            return (t, repr(context), *[self._take(y) for y in children])
        if isinstance(x, slice):
            return (t, repr(x))
        self.objects.append(x)
        return (t, id(x))

    def standing(self, tensors: list[Any], numbers: list[Any]) -> tuple[tuple, dict]:
        """args and kwargs with others in place of its tensors and numbers."""
        table = {id(old): new for old, new in zip(self.tensors, tensors, strict=True)}
        given, inputs = iter(numbers), iter(self.inputs)

        def put(x: Any) -> Any:
            if isinstance(x, Tensor):
                return table.get(id(x), x)
            if type(x) is float:
                return next(given) if next(inputs) else x
            return _mapped(x, put)

        args = tuple([put(x) for x in self.args])
        return args, {name: put(x) for name, x in self.kwargs.items()}


def _node_of(x: Any) -> Any:
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return SUPPORTED_NODES.get(type(x)) or _Named
    return SUPPORTED_NODES.get(type(x))


class _Named:
    """Named tuples, as _pytree's entries are."""

    @staticmethod
    def flatten_fn(x: Any) -> tuple[list, Any]:
        return list(x), type(x)

    @staticmethod
    def unflatten_fn(values: Any, context: Any) -> Any:
        return context(*values)


def _mapped(x: Any, f: Any) -> Any:
    """A container of x's kind with f of its members; x itself if it is none."""
    t = type(x)
    if t is tuple or t is list:
        return t([f(y) for y in x])
    if t is dict or t is OrderedDict:
        return t([(key, f(y)) for key, y in x.items()])
    node = _node_of(x)
    if node is None:
        return x
    children, context = node.flatten_fn(x)
    return node.unflatten_fn([f(y) for y in children], context)


def taken(result: Any, leaf: Any) -> Any:
    """A result with leaf(tensor) in place of each tensor.

    CannotCompile: an object of a kind that is not known to hold tensors, and does.
    """
    if isinstance(result, Tensor):
        return leaf(result)
    if type(result) is Option:
        raise Asked
    if isinstance(result, _PLAIN):
        return result
    mapped = _mapped(result, lambda y: taken(y, leaf))
    if mapped is result and any(isinstance(v, Tensor) for v in _values(result)):
        raise CannotCompile(
            f"returns a {type(result).__name__} with tensors in it",
            "a tuple or dict, or torch.utils._pytree.register_pytree_node for the class",
        )
    return mapped


def _values(x: Any) -> list[Any]:
    found = list(getattr(x, "__dict__", {}).values())
    return found + (list(x) if isinstance(x, (set, frozenset)) else [])


def differing(one: Any, other: Any, at: str = "arguments") -> list[str]:
    """Where two specs differ, in words."""
    if one == other:
        return []
    if not (isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other)):
        return [f"{at}: {_text(other)}, then {_text(one)}"]
    if len(one) == 6 and isinstance(one[0], tuple) and isinstance(one[1], np.dtype):
        words = ("shape", "dtype", "requires_grad", "is_leaf", "grad is None", "device")
        return [
            f"{at}: {word} {_text(b)}, then {_text(a)}"
            for word, a, b in zip(words, one, other, strict=True)
            if a != b
        ]
    found = []
    for i, (a, b) in enumerate(zip(one, other, strict=True)):
        found += differing(a, b, f"{at}[{i}]" if at != "arguments" else f"argument {i}")
    return found


def _text(x: Any) -> str:
    if isinstance(x, tuple) and len(x) == 2 and isinstance(x[0], type):
        return repr(x[1])
    text = repr(x)
    return text if len(text) < 60 else text[:57] + "..."
