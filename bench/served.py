"""A model at work, and the same one exported to ONNX and run by onnxruntime, the third column."""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Callable
from typing import Any


class Served:
    """A call of a model in eval mode, without gradients."""

    def __init__(self, lib: Any, model: Any, *inputs: Any):
        self.lib, self.model, self.inputs = lib, model.eval(), inputs

    def __call__(self) -> Any:
        with self.lib.torch.no_grad():
            return self.model(*self.inputs)


def available() -> bool:
    """Whether onnxruntime is installed beside PyTorch, with the package its exporter needs."""
    return all(importlib.util.find_spec(name) for name in ("onnxruntime", "onnx"))


def exported(call: Served) -> Callable[[], Any]:
    """The same call by onnxruntime, on as many threads as PyTorch has."""
    import onnxruntime

    torch, file = call.lib.torch, io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(call.model, call.inputs, file, dynamo=False, opset_version=17)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        file.getvalue(), options, providers=["CPUExecutionProvider"]
    )
    names = [i.name for i in session.get_inputs()]
    feed = {name: x.numpy() for name, x in zip(names, call.inputs, strict=False)}
    return lambda: session.run(None, feed)
