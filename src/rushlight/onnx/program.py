"""The finished model: written as protobuf by the package onnx, checked, saved, run."""

from __future__ import annotations

import os
import tempfile
from enum import Enum, IntEnum
from typing import Any

import numpy as np

from ..core.tensor import Tensor, wrap
from ..version import RUSHLIGHT
from .errors import OnnxExporterError
from .extents import Extent
from .graph import Graph, Value, onnx_dtype

__all__ = ["ONNXProgram", "OperatorExportTypes", "TrainingMode"]

_IR = {17: 8, 18: 8, 19: 9, 20: 9, 21: 10}  # the version of the file format, by opset
_LARGEST = 2_000_000_000  # bytes: protobuf ends at 2 GiB
_SMALL = 1024  # bytes: such a tensor stays in the file itself
_PAGE = 4096


class TrainingMode(IntEnum):
    """How a model is run while it is exported."""

    EVAL, PRESERVE, TRAINING = 0, 1, 2


class OperatorExportTypes(Enum):
    """What becomes of ops that ONNX lacks: only ONNX (an error) is supported."""

    ONNX, ONNX_ATEN, ONNX_ATEN_FALLBACK, ONNX_FALLTHROUGH = 0, 1, 2, 3


def proto(
    g: Graph, inputs: list[Value], outputs: list, labels: dict, params: bool, keep: bool
) -> Any:
    """The ModelProto of a graph.

    outputs  [(Value, name)]
    labels   {Extent: the user's name of this size}
    params   False: named constants are inputs; keep: they are inputs, too
    """
    from onnx import helper, numpy_helper

    def info(v: Value, name: str) -> Any:
        dims = [(labels.get(n) or None) if isinstance(n, Extent) else n for n in v.shape]
        return helper.make_tensor_value_info(name, onnx_dtype(v.dtype), dims)

    parameters = {n for n in g.initializers if not n.startswith("constant_")}
    for value, name in outputs:
        g.nodes.append(_identity(g.named(value), name))
    nodes = _needed(_renamed(g.nodes, {n for _, n in outputs}, {v.name for v in inputs}, g))
    used = {i for n in nodes for i in n.inputs}
    constants = {k: v for k, v in g.initializers.items() if k in used}
    tensors, more = [], []
    for name, a in constants.items():
        if name in parameters and (keep or not params):
            kind = onnx_dtype(_dtype_of(a))
            more.append(helper.make_tensor_value_info(name, kind, list(a.shape)))
        if params or name not in parameters:
            tensors.append(numpy_helper.from_array(np.ascontiguousarray(a).reshape(a.shape), name))
    made = [
        helper.make_node(n.kind, n.inputs, n.outputs, name=n.title, **_attributes(n.attributes))
        for n in nodes
    ]
    graph = helper.make_graph(
        made, "main_graph", [*(info(v, v.name) for v in inputs), *more],
        [info(v, name) for v, name in outputs], tensors,
    )  # fmt: skip
    return helper.make_model(
        graph, producer_name="rushlight", producer_version=RUSHLIGHT, ir_version=_IR[g.opset],
        opset_imports=[helper.make_opsetid("", g.opset)],
    )  # fmt: skip


def _dtype_of(a: np.ndarray) -> Any:
    from ..core.dtype import from_numpy_dtype

    return from_numpy_dtype(a.dtype)


def _attributes(given: dict) -> dict:
    from onnx import numpy_helper

    return {
        k: numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v for k, v in given.items()
    }


def _identity(source: str, name: str) -> Any:
    from .graph import Node

    return Node("Identity", [source], [name], {}, f"/Identity_{name}")


def _renamed(nodes: list, outputs: set, inputs: set, g: Graph) -> list:
    """Nodes that write to the outputs' names themselves, where an Identity would only copy."""
    makers = {o: n for n in nodes for o in n.outputs}
    names: dict[str, str] = {}
    for node in nodes:
        if node.outputs[0] in outputs and node.kind == "Identity":
            source = node.inputs[0]
            if source in makers and source not in names:
                names[source] = node.outputs[0]
    taken = {o for n in nodes for o in n.outputs} | inputs | set(g.initializers)
    kept = []
    for node in nodes:
        if node.kind == "Identity" and names.get(node.inputs[0]) == node.outputs[0]:
            continue
        node.inputs = [names.get(i, i) for i in node.inputs]
        node.outputs = [names.get(o, o) for o in node.outputs]
        kept.append(node)
    clash = outputs & (inputs | set(g.initializers))
    if clash or not taken:
        raise OnnxExporterError(f"outputs cannot have the names of inputs: {sorted(clash)}")
    return kept


def _needed(nodes: list) -> list:
    """Without nodes whose results nobody uses; a converter may write more than is asked for."""
    used = {i for n in nodes for i in n.inputs}
    while True:
        kept = [n for n in nodes if any(o in used or "/" not in o for o in n.outputs)]
        if len(kept) == len(nodes):
            return nodes
        nodes = kept
        used = {i for n in nodes for i in n.inputs}


def _put(message: Any, name: str, value: Any) -> None:
    """Copies one field of a message of protobuf."""
    if hasattr(value, "CopyFrom"):
        getattr(message, name).CopyFrom(value)
    elif hasattr(value, "append"):
        getattr(message, name).extend(value)
    else:
        setattr(message, name, value)


class ONNXProgram:
    """What `torch.onnx.export(..., dynamo=True)` returns: model_proto, save, and a call that runs
    it with onnxruntime."""

    def __init__(self, model_proto: Any, call: Any = None, tensors: Any = (), names: Any = ()):
        self.model_proto = model_proto
        self._call, self._tensors, self._names = call, list(tensors), list(names)
        self._session: Any = None

    def __repr__(self) -> str:
        graph = self.model_proto.graph
        opset = self.model_proto.opset_import[0].version
        return (
            f"ONNXProgram(opset={opset}, inputs={[i.name for i in graph.input]}, "
            f"outputs={[o.name for o in graph.output]}, nodes={len(graph.node)})"
        )

    def optimize(self) -> None:
        """Nothing to do: the graph is as short as the export writes it."""

    def save(
        self,
        destination: Any,
        *,
        include_initializers: bool = True,
        keep_initializers_as_inputs: bool = False,
        external_data: bool | None = None,
    ) -> None:
        """Writes the file: a path, or a file open for bytes.

        external_data  True: weights in a file of their own beside it; None: if they exceed 2 GB
        errors  NotImplementedError: the other two (export has them)
        """
        import onnx

        if not include_initializers or keep_initializers_as_inputs:
            raise NotImplementedError(
                "rushlight does not have ONNXProgram.save(include_initializers=, "
                "keep_initializers_as_inputs=): export(export_params=, "
                "keep_initializers_as_inputs=) has them"
            )
        if hasattr(destination, "write"):
            if self._large():
                raise ValueError(
                    "the model is larger than 2 GB, which one file of ONNX cannot hold\n"
                    "  fix: save it to a path; its weights are written beside it"
                )
            destination.write(self.model_proto.SerializeToString())
            return
        path = os.fspath(destination)
        if self._large() if external_data is None else external_data:
            self._save_apart(path)
        else:
            onnx.save(self.model_proto, path)

    def _large(self) -> bool:
        """Is it more than one message of protobuf may hold?"""
        return sum(len(t.raw_data) for t in self.model_proto.graph.initializer) > _LARGEST

    def _save_apart(self, path: str) -> None:
        """The file, and the weights in PATH.data, one after another: never twice in memory."""
        import onnx

        place = os.path.basename(path) + ".data"
        light = onnx.ModelProto()
        whole = self.model_proto
        for field, value in whole.ListFields():
            if field.name != "graph":
                _put(light, field.name, value)
        for field, value in whole.graph.ListFields():
            if field.name != "initializer":
                _put(light.graph, field.name, value)
        with open(path + ".data", "wb") as file:
            for tensor in whole.graph.initializer:
                entry = light.graph.initializer.add(
                    name=tensor.name, data_type=tensor.data_type, dims=tensor.dims
                )
                if len(tensor.raw_data) < _SMALL:
                    entry.raw_data = tensor.raw_data
                    continue
                file.write(b"\0" * (-file.tell() % _PAGE))  # a reader may map it
                start = file.tell()
                file.write(tensor.raw_data)
                entry.data_location = onnx.TensorProto.EXTERNAL
                for key, found in (("location", place), ("offset", start),
                                   ("length", len(tensor.raw_data))):  # fmt: skip
                    entry.external_data.add(key=key, value=str(found))
        onnx.save(light, path)

    def initialize_inference_session(self) -> None:
        """Starts onnxruntime on the model."""
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "running an ONNXProgram needs onnxruntime\n  fix: pip install onnxruntime",
                name="onnxruntime",
            ) from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        if not self._large():
            given = self.model_proto.SerializeToString()
            self._session = onnxruntime.InferenceSession(given, options, providers=providers)
            return
        with tempfile.TemporaryDirectory() as folder:  # protobuf cannot pass it in memory
            path = os.path.join(folder, "net.onnx")
            self._save_apart(path)
            self._session = onnxruntime.InferenceSession(path, options, providers=providers)

    def release(self) -> None:
        """Ends the session."""
        self._session = None

    def __call__(self, *args: Any, **kwargs: Any) -> list[Tensor]:
        """The outputs for these inputs, in the graph's order, by onnxruntime."""
        if self._session is None:
            self.initialize_inference_session()
        names = [i.name for i in self._session.get_inputs()]
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        arrays = {k: v._a if isinstance(v, Tensor) else np.asarray(v) for k, v in given.items()}
        return [wrap(np.asarray(a)) for a in self._session.run(None, arrays)]

    def verify(self) -> None:
        """OnnxExporterError: onnxruntime computes something else than the model."""
        from ..core.grad_mode import no_grad
        from .tracing import leaves

        with no_grad():
            wanted = list(leaves(self._call(self._tensors)))
        for i, (a, b) in enumerate(zip(wanted, self(*self._tensors), strict=True)):
            off = np.abs(a._a.astype(np.float64) - b._a.astype(np.float64)).max(initial=0)
            if not off <= 1e-4 * max(1.0, float(np.abs(a._a).max(initial=0))):
                raise OnnxExporterError(f"output {i}: onnxruntime is off by {off:.3g}")
