"""torch.autograd.function: custom operations and their decorators."""

from ..core.function import Function, FunctionCtx, once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
