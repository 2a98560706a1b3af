"""torch.amp: mixed precision, as far as it can be had truthfully on the CPU.

`autocast` for a device that is not there does nothing, as in PyTorch, so that scripts which wrap
their forward pass in `autocast("cuda")` run; for the CPU it is refused: every operation computes in
the dtype of its tensors. `GradScaler` scales losses and skips steps with infinite gradients.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from math import isfinite
from typing import Any

from .core.device import device as _device

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


def is_autocast_available(device_type: str) -> bool:
    """Can operations on this device change their dtype by themselves? No."""
    _device(device_type)
    return False


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Is such a change of dtypes switched on? No."""
    return False


class autocast:
    """`with autocast(device_type):` or a decorator; does nothing for an absent device.

    ValueError, RuntimeError: not a device type; NotImplementedError: the CPU, unless enabled=False.
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = _device(device_type).type
        if enabled and self.device == "cuda":
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2
            )
        elif enabled and self.device == "cpu":
            raise NotImplementedError(
                "autocast on the CPU: rushlight computes in the dtypes of the tensors\n"
                "  fix: enabled=False, or cast the model and its inputs with .to(torch.bfloat16)"
            )

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def unchanged(*args: Any, **options: Any) -> Any:
            return function(*args, **options)

        return unchanged


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorates the forward of a Function: with autocast off, as always, it stays as it is."""
    return fwd if fwd is not None else lambda f: f


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorates the backward of a Function: with autocast off, as always, it stays as it is."""
    return bwd if bwd is not None else lambda f: f


class GradScaler:
    """Multiplies the loss, so that small float16 gradients survive, and divides gradients again.

    A step whose gradients are not finite is skipped and the scale multiplied by `backoff_factor`;
    after `growth_interval` good steps it is multiplied by `growth_factor`. For a device that is not
    there (the default, "cuda") it is disabled: every method then does the plain thing.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ):
        self._enabled = enabled and device == "cpu"
        if enabled and device == "cuda":
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
                stacklevel=2,
            )
        assert growth_factor > 1.0, "The growth factor must be > 1.0."
        assert backoff_factor < 1.0, "The backoff factor must be < 1.0."
        self._scale = init_scale
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._scaled = False
        self._finite: dict[int, bool] = {}  # id of an optimizer -> were its gradients finite?
        self._stepped: set[int] = set()

    def is_enabled(self) -> bool:
        """False if all methods do the plain thing."""
        return self._enabled

    def get_scale(self) -> float:
        """What losses are multiplied by now; 1.0 if disabled."""
        return self._scale if self._enabled else 1.0

    def scale(self, outputs: Any) -> Any:
        """A loss, or a list or tuple of them, times the scale."""
        if not self._enabled:
            return outputs
        self._scaled = True
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(x) for x in outputs)
        return outputs * self._scale

    def _check_scaled(self, what: str) -> None:
        assert self._scaled, (
            f"Attempted {what} but _scale is None.  This may indicate your script did not use "
            "scaler.scale(loss or outputs) earlier in the iteration."
        )

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the scale: before clipping them."""
        if not self._enabled:
            return
        self._check_scaled("unscale_")
        if id(optimizer) in self._stepped:
            raise RuntimeError("unscale_() is being called after step().")
        if id(optimizer) in self._finite:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        finite = True
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.detach().mul_(1 / self._scale)
                    finite = finite and isfinite(p.grad.detach().double().sum().item())
        self._finite[id(optimizer)] = finite

    def step(self, optimizer: Any, *args: Any, **options: Any) -> Any:
        """`optimizer.step()`, unless a gradient is infinite or nan."""
        if not self._enabled:
            return optimizer.step(*args, **options)
        if "closure" in options:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_scaled("step")
        if id(optimizer) in self._stepped:
            raise RuntimeError("step() has already been called since the last update().")
        if id(optimizer) not in self._finite:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        return optimizer.step(*args, **options) if self._finite[id(optimizer)] else None

    def update(self, new_scale: float | None = None) -> None:
        """Adjust the scale, once per iteration, after `step`; or set it."""
        if not self._enabled:
            return
        self._check_scaled("update")
        if new_scale is not None:
            self._scale = float(new_scale)
        else:
            assert self._finite, "No inf checks were recorded prior to update."
            self._adjust(all(self._finite.values()))
        self._finite.clear()
        self._stepped.clear()

    def _adjust(self, finite: bool) -> None:
        if not finite:
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            self._scale *= self._growth_factor
            self._growth_tracker = 0

    def state_dict(self) -> dict[str, Any]:
        """The scale and its settings; empty if disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. RuntimeError: it came from a disabled scaler."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        self._scale = state_dict["scale"]
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]
