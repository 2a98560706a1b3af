"""GradScaler: losses times a scale, so that small float16 gradients survive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import Enum
from typing import Any

import numpy as np

from ..core.dtype import float16
from ..core.notices import warn
from ..core.tensor import Tensor, wrap

__all__ = ["GradScaler", "OptState"]

_LARGEST = float(np.finfo(np.float32).max)


class OptState(Enum):
    """How far an optimizer has come in this iteration."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


def _fresh() -> dict[str, Any]:
    return {"stage": OptState.READY, "found_inf_per_device": {}}


class GradScaler:
    """Multiplies the loss, so that small float16 gradients survive, and divides gradients again.

    device           "cpu"; "cuda" is not there: a warning, and every method does the plain thing
    init_scale       what losses are multiplied by first
    growth_factor    the scale times this after `growth_interval` steps without inf and nan
    backoff_factor   the scale times this after a step with one, which is left out
    enabled          False: every method does the plain thing
    errors           AssertionError: a factor on the wrong side of 1, a method out of its order

    >>> scaler = torch.amp.GradScaler("cpu")
    >>> scaler.scale(loss).backward()
    >>> scaler.step(optimizer)
    >>> scaler.update()
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
        self._device, self._enabled = device, enabled
        if enabled and device == "cuda":
            warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
            )
            self._enabled = False
        if not self._enabled:
            return
        assert growth_factor > 1.0, "The growth factor must be > 1.0."
        assert backoff_factor < 1.0, "The backoff factor must be < 1.0."
        self._init_scale, self._scale = init_scale, None
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        self._init_growth_tracker, self._growth_tracker = 0, None
        self._per_optimizer_states: Any = defaultdict(_fresh)

    # ------------------------------------------------------------ the scale

    def is_enabled(self) -> bool:
        """False if all methods do the plain thing."""
        return self._enabled

    def scale(self, outputs: Any) -> Any:
        """A loss times the scale; a list or tuple of them, likewise; of another iterable a map.

        errors  ValueError: neither a Tensor nor iterable
        """
        if not self._enabled:
            return outputs
        if self._scale is None:
            self._start()
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if not isinstance(outputs, Iterable):
            raise ValueError("outputs must be a Tensor or an iterable of Tensors")
        scaled = map(self.scale, outputs)
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(scaled)
        return scaled

    def _start(self) -> None:
        self._scale: Any = wrap(np.array(self._init_scale, np.float32))
        self._growth_tracker: Any = wrap(np.array(self._init_growth_tracker, np.int32))

    def _check_started(self, what: str) -> None:
        assert self._scale is not None, (
            f"Attempted {what} but _scale is None.  This may indicate your script did not use "
            "scaler.scale(loss or outputs) earlier in the iteration."
        )

    # ------------------------------------------------------------ a step

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the scale: before clipping them.

        errors  RuntimeError: called twice, or after `step`; ValueError: float16 gradients;
                AssertionError: nothing was scaled
        """
        if not self._enabled:
            return
        self._check_started("unscale_")
        known = self._per_optimizer_states[id(optimizer)]
        if known["stage"] is OptState.UNSCALED:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        if known["stage"] is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        known["found_inf_per_device"] = self._unscale(optimizer, allow_float16=False)
        known["stage"] = OptState.UNSCALED

    def _unscale(self, optimizer: Any, allow_float16: bool) -> dict[str, Tensor]:
        """Divide the gradients; {"cpu": 1 if one was not finite}, {} without gradients."""
        inverse = np.float32(1.0 / float(self._scale))
        found: dict[str, Tensor] = {}
        finite = True
        for group in optimizer.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                if grad.dtype is float16 and not allow_float16:
                    raise ValueError("Attempting to unscale FP16 gradients.")
                if grad.is_sparse:
                    grad = grad._values()
                a = grad._a
                wide = a.astype(np.float32) if a.itemsize == 2 else a
                finite = finite and bool(np.isfinite(wide).all())
                with np.errstate(all="ignore"):
                    a[...] = wide * inverse
                grad._bump()
                found["cpu"] = grad
        return {where: wrap(np.array(not finite, np.float32)) for where in found}

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(*args, **kwargs)`, unless a gradient is infinite or nan.

        errors  RuntimeError: called twice, or with a closure; AssertionError: nothing was scaled,
                or no parameter has a gradient
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_started("step")
        known = self._per_optimizer_states[id(optimizer)]
        if known["stage"] is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if known["stage"] is OptState.READY:
            self.unscale_(optimizer)
        found = known["found_inf_per_device"]
        assert found, "No inf checks were recorded for this optimizer."
        result = None
        if not any(float(f) for f in found.values()):
            result = optimizer.step(*args, **kwargs)
        known["stage"] = OptState.STEPPED
        return result

    def update(self, new_scale: Any = None) -> None:
        """Adjust the scale, once per iteration, after `step`; or set it.

        errors  AssertionError: nothing was scaled or unscaled, or new_scale is not one number
        """
        if not self._enabled:
            return
        self._check_started("update")
        if isinstance(new_scale, float):
            self._scale.fill_(new_scale)
        elif new_scale is not None:
            fits = isinstance(new_scale, Tensor) and new_scale.numel() == 1
            assert fits and not new_scale.requires_grad, (
                "new_scale should be a float or a 1-element torch.cuda.FloatTensor or "
                "torch.FloatTensor with requires_grad=False."
            )
            self._scale.copy_(new_scale)
        else:
            found = [
                f
                for known in self._per_optimizer_states.values()
                for f in known["found_inf_per_device"].values()
            ]
            assert found, "No inf checks were recorded prior to update."
            self._adjust(any(float(f) for f in found))
        self._per_optimizer_states = defaultdict(_fresh)

    def _adjust(self, infinite: bool) -> None:
        """The scale after a step: smaller after inf or nan, larger after enough good ones."""
        if infinite:
            self._scale.mul_(self._backoff_factor)
            self._growth_tracker.fill_(0)
            return
        good = int(self._growth_tracker) + 1
        if good == self._growth_interval:
            larger = float(self._scale) * self._growth_factor
            if larger <= _LARGEST:
                self._scale.fill_(larger)
            good = 0
        self._growth_tracker.fill_(good)

    # ------------------------------------------------------------ settings

    def get_scale(self) -> float:
        """What losses are multiplied by now; 1.0 if disabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else float(self._scale)

    def get_growth_factor(self) -> float:
        """The scale is multiplied by it when it grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set what the scale is multiplied by when it grows."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """The scale is multiplied by it after inf or nan."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set what the scale is multiplied by after inf or nan."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After so many good steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set after how many good steps the scale grows."""
        self._growth_interval = new_interval

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        tracker = self._growth_tracker
        return self._init_growth_tracker if tracker is None else int(tracker)

    # ------------------------------------------------------------ saving and loading

    def state_dict(self) -> dict[str, Any]:
        """The scale and its settings; empty if disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._get_growth_tracker(),
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
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(state_dict["_growth_tracker"])

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        if self._enabled:
            assert not self._per_optimizer_states, (
                "A GradScaler instance may only be pickled at the beginning of an iteration, or at "
                "the end after scaler.update()."
            )
            state["_init_scale"] = self.get_scale()
            state["_init_growth_tracker"] = self._get_growth_tracker()
            state["_scale"] = state["_growth_tracker"] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
