"""torch.onnx.errors: what an export may raise."""

from __future__ import annotations

from ..core.names import explain_missing

__all__ = ["OnnxExporterError", "OnnxExporterWarning", "SymbolicValueError",
           "UnsupportedOperatorError"]  # fmt: skip


class OnnxExporterWarning(UserWarning):
    """A warning of the exporter."""


class OnnxExporterError(RuntimeError):
    """A model that cannot be exported; its words say what, and what to do."""


class UnsupportedOperatorError(OnnxExporterError):
    """An op that ONNX does not have."""


class SymbolicValueError(OnnxExporterError):
    """Something that has to be known when the model is exported, and is not."""


explain_missing(__name__)
