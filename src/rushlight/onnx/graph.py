"""The graph that is being written: values, nodes, initializers.

Letters: a Value is one edge of the graph. A constant one has its array, and becomes an initializer
when a node uses it.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..core.dtype import bool_, dtype, from_numpy_dtype, int64
from .extents import Extent, certain


class Value:
    """An edge: its name, its sizes (int or Extent), its dtype, its array if constant."""

    __slots__ = ("array", "dtype", "name", "shape")

    def __init__(self, name: str, shape: Any, dtype: Any, array: Any = None):
        self.name, self.shape, self.dtype, self.array = name, shape, dtype, array

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<{self.name or 'constant'} {self.shape} {self.dtype}>"


class Node:
    """One operator of ONNX."""

    __slots__ = ("attributes", "inputs", "kind", "outputs", "title")

    def __init__(self, kind: str, inputs: list, outputs: list, attributes: dict, title: str):
        self.kind, self.inputs, self.outputs = kind, inputs, outputs
        self.attributes, self.title = attributes, title


class Graph:
    """What converters write to. `results` are the Values of the call that is being converted."""

    def __init__(self, opset: int):
        self.opset = opset
        self.nodes: list[Node] = []
        self.initializers: dict[str, np.ndarray] = {}
        self.inputs: list[Value] = []
        self.names: set[str] = set()
        self.results: list[Value] = []
        self.scope = ""
        self._numbers: Any = itertools.count()
        self._constants: dict[Any, Value] = {}
        self._places: dict[Any, tuple[str, int]] = {}  # an Extent -> (value's name, its dimension)
        self._sizes: dict[Any, Value] = {}

    # values

    @property
    def result(self) -> Value:
        """The first result of the call that is being converted: its shape and dtype."""
        return self.results[0]

    def fresh(self, stem: str) -> str:
        """A name that is not taken: stem, or stem with a number."""
        name, i = stem, 0
        while name in self.names:
            i += 1
            name = f"{stem}_{i}"
        self.names.add(name)
        return name

    def op(self, kind: str, *inputs: Any, outputs: int = 1, dtype: Any = None, **attributes: Any):
        """A node; its output, or a tuple of outputs.

        inputs  Values, arrays, lists of whole numbers (int64); None: an optional one left out
        dtype   of the outputs, if not that of the first Value
        """
        given = [self.named(x) for x in inputs]
        while given and not given[-1]:
            given.pop()
        if dtype is None:
            dtype = next((x.dtype for x in inputs if isinstance(x, Value)), None)
        title = self.fresh(f"{self.scope}/{kind}")
        names = [self.fresh(f"{title}_output_{i}") for i in range(outputs)]
        kept = {k: certain(v) for k, v in attributes.items() if v is not None}
        self.nodes.append(Node(kind, given, names, kept, title))
        made = [Value(name, None, dtype) for name in names]
        return made[0] if outputs == 1 else tuple(made)

    def named(self, x: Any) -> str:
        """The name of an input of a node."""
        if x is None:
            return ""
        if not isinstance(x, Value):
            x = self.constant(x)
        if not x.name:
            x.name = self.fresh(f"constant_{next(self._numbers)}")
        if x.array is not None and x.name not in self.initializers:
            self.names.add(x.name)
            self.initializers[x.name] = x.array
        return x.name

    def constant(self, x: Any, dtype: Any = None) -> Value:
        """A constant; whole numbers are int64."""
        if isinstance(x, (list, tuple)):
            x = np.array(certain(list(x)), np.int64)
        a = np.asarray(x) if dtype is None else np.asarray(x).astype(dtype.np)
        key = (a.tobytes(), a.shape, a.dtype.str, a.dtype.name) if a.size <= 16 else None
        if key in self._constants:
            return self._constants[key]
        made = Value("", a.shape, from_numpy_dtype(a.dtype), a)
        if key is not None:
            self._constants[key] = made
        return made

    def cast(self, x: Any, to: dtype) -> Value:
        """x in another dtype; a number or an array becomes a constant of it."""
        if not isinstance(x, Value):
            return self.constant(x, to)
        if x.dtype is to:
            return x
        if x.array is not None and x.array.size <= 1:
            return self.constant(x.array, to)
        if to is bool_ and x.dtype is not None and x.dtype.is_floating_point:  # NaN is true
            return self.op("Not", self.op("Equal", x, self.constant(0, x.dtype), dtype=bool_))
        return self.op("Cast", x, to=onnx_dtype(to), dtype=to)

    # sizes that follow the input

    def register(self, value: Value) -> None:
        """Sizes of this value can be read off when they are needed."""
        if value.array is not None or value.shape is None:
            return
        for i, n in enumerate(value.shape):
            if isinstance(n, Extent):
                self._places.setdefault(n, (value.name, i))

    def size(self, n: Any) -> Value:
        """A size as an int64 tensor of one element.

        Varies: it is no size of a value, and no product, multiple, sum or part of those of the
        inputs.
        """
        if not isinstance(n, Extent):
            return self.constant([n])
        if n not in self._sizes:
            self._sizes[n] = self._found(n)
        return self._sizes[n]

    def _found(self, n: Extent) -> Value:
        if n in self._places:
            name, i = self._places[n]
            return self.op("Shape", Value(name, None, None), start=i, end=i + 1, dtype=int64)
        known = list(self._places)
        for a in known:
            if isinstance(n % a, int) and n % a == 0:  # n = a * q
                q = n // a
                if not isinstance(q, Extent) or q in self._places:
                    return self.op("Mul", self.size(a), self.size(q))
        for a in known:
            for k in range(2, 65):
                if a // k == n:
                    return self.op("Div", self.size(a), self.size(k))
        for a in known:
            if isinstance(n - a, int):
                return self.op("Add", self.size(a), self.size(n - a))
        for a in known:  # n = q a + r
            rise, step = n.values[1] - n.values[0], a.values[1] - a.values[0]
            if step and rise and rise % step == 0:
                q = rise // step
                rest = n - a * q
                if isinstance(rest, int):
                    return self.op(
                        "Add", self.op("Mul", self.size(a), self.size(q)), self.size(rest)
                    )
        raise _varies(n)

    def sizes(self, shape: Any) -> Value:
        """A list of sizes as an int64 tensor."""
        shape = list(shape)
        if not any(isinstance(n, Extent) for n in shape):
            return self.constant(np.array(shape, np.int64))
        parts: list[Any] = []
        for n in shape:
            if isinstance(n, Extent) or not parts or isinstance(parts[-1], Value):
                parts.append(self.size(n) if isinstance(n, Extent) else [n])
            else:
                parts[-1].append(n)
        return self.op("Concat", *parts, axis=0, dtype=int64) if len(parts) > 1 else parts[0]

    def reshape(self, x: Any, shape: Any) -> Value:
        """x in another shape; one size that follows the input is left to ONNX."""
        shape = list(shape)
        varying = [i for i, n in enumerate(shape) if isinstance(n, Extent)]
        zero = any(n == 0 for n in shape if not isinstance(n, Extent))
        if len(varying) == 1 and not zero:
            shape[varying[0]] = -1
        return self.op("Reshape", x, self.sizes(shape), allowzero=1 if zero else None)

    def filled(self, shape: Any, value: Any, dtype: Any) -> Value:
        """A tensor of this shape that holds one number."""
        one = np.asarray([value]).astype(dtype.np)
        if not any(isinstance(n, Extent) for n in shape):
            return self.constant(np.full(tuple(shape), one[0]))
        return self.op("ConstantOfShape", self.sizes(shape), value=one, dtype=dtype)

    # what many converters need

    def axes_op(self, kind: str, x: Any, axes: Any, since: int = 13, **attributes: Any) -> Value:
        """An operator whose axes became an input with opset `since`."""
        if axes is None:
            return self.op(kind, x, **attributes)
        if self.opset >= since:
            return self.op(kind, x, list(axes), **attributes)
        return self.op(kind, x, axes=list(axes), **attributes)

    def reduce(self, kind: str, x: Any, axes: Any, keepdim: bool) -> Value:
        """ReduceSum and its kin."""
        since = 13 if kind == "ReduceSum" else 18
        return self.axes_op(kind, x, axes, since, keepdims=int(keepdim))

    def squeeze(self, x: Any, *axes: int) -> Value:
        return self.axes_op("Squeeze", x, axes)

    def unsqueeze(self, x: Any, *axes: int) -> Value:
        return self.axes_op("Unsqueeze", x, axes)

    def slice(self, x: Any, dim: int, start: Any, stop: Any, step: int = 1) -> Value:
        """x[start:stop:step] along dim"""
        return self.op("Slice", x, self.size(start), self.size(stop), [dim], [step])


def _varies(n: Extent) -> Exception:
    from .extents import Varies

    shown = ", ".join(map(str, n.values))
    return Varies(f"a size is {shown} in turn, which is no simple function of the input's sizes")


def onnx_dtype(d: Any) -> int:
    """The number of ONNX's TensorProto.DataType for one of our dtypes."""
    from onnx.helper import np_dtype_to_tensor_dtype

    return int(np_dtype_to_tensor_dtype(d.np))
