"""torch.onnx: models as ONNX files, and ONNX files as modules.

`export` runs a model, notes its ops, and writes them as ONNX; `load`, which PyTorch has not, reads
an ONNX file of an ordinary net back into a module. Both need the package onnx.
"""

from __future__ import annotations

from typing import Any

from ..core.names import explain_missing
from ..core.path_table import REFUSED
from ..core.paths import refused_class, refused_function
from . import errors
from .errors import OnnxExporterError
from .exporting import export, is_in_onnx_export, select_model_mode_for_export
from .loading import ONNXModule, load
from .program import ONNXProgram, OperatorExportTypes, TrainingMode

__all__ = [
    "ONNXModule",
    "ONNXProgram",
    "OnnxExporterError",
    "OperatorExportTypes",
    "TrainingMode",
    "errors",
    "export",
    "is_in_onnx_export",
    "load",
    "select_model_mode_for_export",
]

producer_name = "rushlight"

for _name in ("ExportableModule", "InputObserver", "JitScalarType", "TensorProtoDataType"):
    globals()[_name] = refused_class("torch.onnx", _name, REFUSED["onnx"])
for _name in ("register_custom_op_symbolic", "unregister_custom_op_symbolic"):
    globals()[_name] = refused_function("torch.onnx", _name, REFUSED["onnx"])


explain_missing(__name__)
