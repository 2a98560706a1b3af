"""torch.optim.optimizer's helpers that optimizers written for PyTorch import."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from ..core.dtype import float32, float64, get_default_dtype
from ..core.grad_mode import is_grad_enabled, set_grad_enabled
from ..core.tensor import Tensor

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
StateDict: TypeAlias = dict[str, Any]

_params_doc = _foreach_doc = _fused_doc = _capturable_doc = _differentiable_doc = _maximize_doc = ""


def _use_grad_for_differentiable(func: Callable) -> Callable:
    """A step under no_grad, or with gradients if the optimizer is differentiable."""

    @functools.wraps(func)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = is_grad_enabled()
        try:
            set_grad_enabled(self.defaults["differentiable"])
            return func(self, *args, **kwargs)
        finally:
            set_grad_enabled(before)

    return step


def _default_to_fused_or_foreach(
    params: list[Tensor], differentiable: bool, use_fused: bool = False
) -> tuple[bool, bool]:
    """(False, False): PyTorch's CPU loops over the parameters, too."""
    return False, False


def _disable_dynamo_if_unsupported(single_tensor_fn: Any = None) -> Callable:
    """A decorator for a compiler: the function itself."""
    return lambda func: func


def _get_value(x: Any) -> Any:
    """A tensor's number, or the number."""
    return x.item() if isinstance(x, Tensor) else x


def _stack_if_compiling(x: Any) -> Any:
    """x: there is no compiler."""
    return x


def _dispatch_sqrt(x: Any) -> Any:
    """√x of a number or tensor"""
    return x.sqrt() if isinstance(x, Tensor) else math.sqrt(x)


def _to_scalar(x: Any) -> Any:
    """A tensor of one element as a 0-d one; another value as it is."""
    return x.squeeze() if isinstance(x, Tensor) and x.dim() != 0 else x


def _view_as_real(params: list[Tensor], *state_and_grads: list[Tensor]) -> None:
    """Puts real views in place of complex tensors, in all lists."""
    for i, p in enumerate(params):
        if p.is_complex():
            params[i] = _real(p)
            for others in state_and_grads:
                others[i] = _real(others[i])


def _real(x: Tensor) -> Tensor:
    from ..dispatch.registry import FUNCTIONS

    return FUNCTIONS["view_as_real"](x)


def _get_scalar_dtype(is_fused: bool | None = None) -> Any:
    """The dtype of a step counter."""
    if is_fused:
        return float32
    return float64 if get_default_dtype() == float64 else float32


def _get_capturable_supported_devices(supports_xla: bool = True) -> list[str]:
    """The devices whose steps a graph can hold: PyTorch's list; none is here."""
    return ["cuda", "xpu", "hpu", "privateuseone", *(["xla"] if supports_xla else [])]


def _get_foreach_kernels_supported_devices() -> list[str]:
    """The devices with kernels for lists of tensors: PyTorch's list."""
    return ["cuda", "xpu", "mtia", "privateuseone"]


def _device_dtype_check_for_fused(p: Tensor, cuda_unsupported: bool = False) -> None:
    """RuntimeError: p has no floating dtype."""
    if not p.is_floating_point():
        raise RuntimeError(
            "`fused=True` requires all the params to be floating point Tensors of supported devices"
        )
