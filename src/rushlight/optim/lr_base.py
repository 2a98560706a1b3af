"""LRScheduler, the base of all learning-rate schedules, and what they share.

A schedule sets `group["lr"]` when it is made and at each `step()`. Most compute the next rate from
the current one (chainable: several may act on one optimizer); `_get_closed_form_lr` is the same
rate from the epoch alone, for `step(epoch)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.notices import warn
from ..core.tensor import Tensor
from .optimizer import Optimizer

_HOW_TO = "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)


def _copied(x: Any) -> Any:
    return x.clone() if isinstance(x, Tensor) else x


def set_value(group: dict, key: str, value: Any) -> None:
    """group[key] = value; a rate that is a tensor stays the same tensor."""
    if isinstance(group[key], Tensor):
        group[key].fill_(value)
    else:
        group[key] = value


def check_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


class LRScheduler:
    """Base: a subclass defines `get_lr`, the list of the groups' next rates.

    last_epoch: the step to resume from; -1 to begin (the current rates become `initial_lr`).
    KeyError: resuming, but a group has no initial_lr.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming "
                    "scheduler with last_epoch >= 0.\nThis typically happens when:\n1. You're "
                    "trying to resume training from a checkpoint but haven't properly loaded the "
                    "optimizer state\n2. You're using last_epoch >= 0 for a fresh training run "
                    "(not recommended)"
                )
        self.base_lrs = [_copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self._is_initial = False
        self._get_lr_called_within_step = False
        if "_scheduled" not in optimizer.__dict__:  # steps before there was a schedule do not count
            optimizer._scheduled, optimizer._opt_called = True, False  # type: ignore[attr-defined]
        self._overridden = optimizer.__dict__.get("step")
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the rates of step 0."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_last_lr(self) -> list:
        """The rates that the last step set, one per group."""
        return self._last_lr

    def get_lr(self) -> list:
        """The next rates, one per group; subclasses define it."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Set the next rates; call it after `optimizer.step()`."""
        if self._step_count == 1:
            self._warn_of_order()
        self._step_count += 1
        if epoch is not None:
            warn(EPOCH_DEPRECATION_WARNING, UserWarning)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                values = getattr(self, "_get_closed_form_lr", self.get_lr)()
        finally:
            self._get_lr_called_within_step = False
        self._take(values)

    def _take(self, values: Iterable) -> None:
        """Set the groups' rates and remember them."""
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            set_value(group, "lr", lr)
        self._last_lr = self._rates()

    def _rates(self) -> list:
        """The groups' current rates."""
        return [_copied(group["lr"]) for group in self.optimizer.param_groups]

    def _times(self, factor: float) -> list:
        """The current rates times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _warn_of_order(self) -> None:
        if self.optimizer.__dict__.get("step") is not self._overridden:
            warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
                "initialization. Please, make sure to call `optimizer.step()` before "
                f"`lr_scheduler.step()`. See more details at {_HOW_TO}",
                UserWarning,
            )
        elif not self.optimizer._opt_called:
            warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch "
                "1.1.0 and later, you should call them in the opposite order: `optimizer.step()` "
                "before `lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping "
                f"the first value of the learning rate schedule. See more details at {_HOW_TO}",
                UserWarning,
            )

    def _warn_of_get_lr(self) -> None:
        if not self._get_lr_called_within_step:
            warn(
                "To get the last learning rate computed by the scheduler, please use "
                "`get_last_lr()`.",
                UserWarning,
            )

    def state_dict(self) -> dict[str, Any]:
        """All attributes except the optimizer."""
        return {k: v for k, v in self.__dict__.items() if k not in ("optimizer", "_overridden")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore a saved state."""
        self.__dict__.update(state_dict)
