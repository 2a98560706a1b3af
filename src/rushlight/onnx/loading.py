"""onnx.load: an ONNX file of an ordinary net as a module.

The nodes become steps that forward runs one after another; floating initializers become parameters
under their own names, so that the state_dict of a model that was exported fits.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..core.parameter import Parameter
from ..core.sharing import from_numpy
from ..core.tensor import Tensor
from ..nn import Module
from .errors import OnnxExporterError, UnsupportedOperatorError
from .exporting import needs_onnx

__all__ = ["ONNXModule", "load"]


class _Attributes:
    """What a reader asks for the attributes of its node."""

    def __init__(self, node: Any):
        from onnx import helper, numpy_helper

        self.kind, self.outputs = node.op_type, len(node.output)
        self.values: dict[str, Any] = {}
        for item in node.attribute:
            value = helper.get_attribute_value(item)
            if hasattr(value, "data_type"):
                value = numpy_helper.to_array(value)
            elif isinstance(value, bytes):
                value = value.decode()
            elif isinstance(value, list) and value and isinstance(value[0], bytes):
                value = [v.decode() for v in value]
            self.values[item.name] = value

    def __call__(self, name: str, *default: Any) -> Any:
        if name in self.values or not default:
            found = self.values[name]
            return list(found) if isinstance(found, (list, tuple)) else found
        return default[0]


class _Holder(Module):
    """A place for parameters whose names have dots."""


class ONNXModule(Module):
    """An ONNX graph as a module. forward takes the graph's inputs in order, or by name, and gives
    its output, or a tuple of them.

    input_names, output_names, opset
    """

    def __init__(self, model: Any):
        from .readers import READERS

        super().__init__()
        from onnx import numpy_helper

        graph = model.graph
        self.opset = next((o.version for o in model.opset_import if not o.domain), 0)
        unknown = sorted({n.op_type for n in graph.node if n.domain or n.op_type not in READERS})
        if unknown:
            raise UnsupportedOperatorError(
                f"rushlight.onnx.load does not read {', '.join(unknown)}\n"
                "  onnxruntime runs such a file"
            )
        self._places: dict[str, tuple[Module, str]] = {}  # initializer -> where it is
        statistics = {
            name for n in graph.node if n.op_type == "BatchNormalization" for name in n.input[3:5]
        }
        for item in graph.initializer:
            value = from_numpy(np.array(numpy_helper.to_array(item)))
            trained = value.is_floating_point() and item.name not in statistics
            self._keep(item.name, Parameter(value) if trained else value, item.name in statistics)
        given = {i.name for i in graph.initializer}
        self.input_names = [i.name for i in graph.input if i.name not in given]
        self.output_names = [o.name for o in graph.output]
        self._steps = [
            (READERS[n.op_type], _Attributes(n), list(n.input), list(n.output)) for n in graph.node
        ]
        last: dict[str, int] = {}
        for i, (_, _, inputs, _) in enumerate(self._steps):
            last.update(dict.fromkeys(inputs, i))
        kept = {*self.output_names, *self._places}
        self._done = [
            [name for name, j in last.items() if j == i and name not in kept]
            for i in range(len(self._steps))
        ]

    def _keep(self, name: str, value: Tensor, statistic: bool) -> None:
        """Registers an initializer under its name, in modules for its dots."""
        *path, leaf = name.split(".")
        home: Module = self
        for part in path:
            child = home._modules.get(part)
            if child is None:
                if not part or hasattr(home, part):
                    home, leaf = self, name.replace(".", "_")
                    break
                child = _Holder()
                home.add_module(part, child)
            home = child
        leaf = leaf.replace(".", "_") or "constant"
        while hasattr(home, leaf):
            leaf += "_"
        if isinstance(value, Parameter):
            home.register_parameter(leaf, value)
        else:
            home.register_buffer(leaf, value, persistent=statistic)
        self._places[name] = (home, leaf)

    def forward(self, *args: Tensor, **kwargs: Tensor) -> Any:
        """The graph's output, or a tuple of them. TypeError: an input that is missing"""
        values: dict[str, Any] = {"": None}
        values.update(zip(self.input_names, args, strict=False))
        values.update(kwargs)
        missing = [name for name in self.input_names if name not in values]
        if missing or len(args) > len(self.input_names) or len(values) > 1 + len(self.input_names):
            raise TypeError(f"the graph takes {', '.join(self.input_names)}")
        for name, (home, leaf) in self._places.items():
            values[name] = getattr(home, leaf)
        for (reader, attributes, inputs, outputs), done in zip(
            self._steps, self._done, strict=True
        ):
            made = reader(attributes, *[values[name] for name in inputs])
            made = made if isinstance(made, tuple) else (made,)
            values.update(zip(outputs, made, strict=False))
            for name in done:
                values.pop(name, None)
            values[""] = None
        found = [values[name] for name in self.output_names]
        return found[0] if len(found) == 1 else tuple(found)

    def extra_repr(self) -> str:
        """(x) -> (y), 12 nodes"""
        names = f"({', '.join(self.input_names)}) -> ({', '.join(self.output_names)})"
        return f"{names}, {len(self._steps)} nodes, opset {self.opset}"


def load(f: Any) -> ONNXModule:
    """Reads an ONNX file as a module, whose parameters can be trained on.

    f  a path, a file open for bytes, or a ModelProto

    errors  ModuleNotFoundError: no package onnx; UnsupportedOperatorError: an operator or an
            option that is not read, by name; OnnxExporterError: no ONNX file

    >>> torch.onnx.export(model, (x,), "net.onnx")
    >>> net = rushlight.onnx.load("net.onnx")
    >>> torch.allclose(net(x), model(x))
    True
    """
    needs_onnx("load")
    import onnx
    from google.protobuf.message import DecodeError

    if isinstance(f, onnx.ModelProto):
        return ONNXModule(f)
    try:
        model = onnx.load(f if hasattr(f, "read") else os.fspath(f))
        if not model.graph.node:
            raise DecodeError("no nodes")
    except DecodeError:
        raise OnnxExporterError(
            f"{getattr(f, 'name', f)} is no ONNX file, or a broken one"
        ) from None
    return ONNXModule(model)
