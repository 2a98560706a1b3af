"""torch.autograd: gradients by hand, custom operations, modes, checks."""

from ..core.autograd import backward, grad
from ..core.function import Function, FunctionCtx
from ..core.grad_mode import (
    detect_anomaly,
    enable_grad,
    inference_mode,
    no_grad,
    set_detect_anomaly,
    set_grad_enabled,
)
from ..core.tensor import Tensor as Variable
from . import function, graph

__all__ = [
    "Function",
    "FunctionCtx",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]


def __getattr__(name: str):
    from importlib import import_module

    if name in ("gradcheck", "gradgradcheck"):
        return getattr(import_module("rushlight.testing.gradcheck"), name)
    if name in ("functional", "forward_ad", "profiler"):
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError:
            pass
    raise AttributeError(
        f"rushlight does not have torch.autograd.{name} yet: module '{__name__}' has no attribute "
        f"'{name}'"
    )
