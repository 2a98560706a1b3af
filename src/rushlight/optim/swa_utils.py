"""Averages of a model's weights over training: SWA, EMA, their schedule and batch statistics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import numpy as np

from ..core.grad_mode import no_grad
from ..core.names import explain_missing
from ..core.tensor import Tensor, wrap
from ..nn.module import Module
from .lr_base import LRScheduler
from .optimizer import Optimizer


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable:
    """a ← decay · a + (1 - decay) · p over lists of tensors: the exponential moving average."""
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Any, current_param_list: Any, _: Any) -> None:
        for a, p in zip(ema_param_list, current_param_list, strict=True):
            if a.is_floating_point() or a.is_complex():
                a.lerp_(p, 1 - decay)
            else:
                a.copy_(a * decay + p * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable:
    """a ← a + (p - a) / (n + 1) over lists of tensors: the mean of all, n of them so far."""

    @no_grad()
    def swa_update(averaged_param_list: Any, current_param_list: Any, num_averaged: Any) -> None:
        for a, p in zip(averaged_param_list, current_param_list, strict=True):
            if a.is_floating_point() or a.is_complex():
                a.lerp_(p, 1 / (float(num_averaged) + 1))
            else:
                a.add_((p - a) // (int(num_averaged) + 1))

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Callable:
    """(a, p, n) -> decay · a + (1 - decay) · p: the exponential moving average of one tensor."""
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Callable:
    """(a, p, n) -> a + (p - a) / (n + 1): the mean of one tensor."""

    @no_grad()
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


class AveragedModel(Module):
    """A copy of a model whose weights are the average of the model's at each `update_parameters`.

    device: where the copy is kept. avg_fn(a, p, n) -> new a, or multi_avg_fn(as, ps, n) in place;
    the mean by default. use_buffers: average the buffers, too; otherwise they are copied.
    Source: Izmailov et al. 2018, arXiv:1803.05407.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable | None = None,
        multi_avg_fn: Callable | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        assert avg_fn is None or multi_avg_fn is None, (
            "Only one of avg_fn and multi_avg_fn should be provided"
        )
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", wrap(np.array(0)))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def _tensors(self, model: Module) -> list[Tensor]:
        buffers = list(model.buffers()) if self.use_buffers else []
        return [t.detach() for t in [*model.parameters(), *buffers]]

    def update_parameters(self, model: Module) -> None:
        """Update the average with the model's current weights."""
        ours, theirs = self._tensors(self.module), self._tensors(model)
        if self.n_averaged == 0:
            for a, p in zip(ours, theirs, strict=True):
                a.copy_(p)
        elif self.avg_fn is None:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(ours, theirs, self.n_averaged)
        else:
            for a, p in zip(ours, theirs, strict=True):
                a.copy_(self.avg_fn(a, p, self.n_averaged))
        if not self.use_buffers:
            for a, b in zip(self.module.buffers(), model.buffers(), strict=True):
                a.detach().copy_(b.detach())
        self.n_averaged += 1


@no_grad()
def update_bn(loader: Iterable, model: Module, device: Any = None) -> None:
    """Recompute the running statistics of the model's batch norms over the whole loader.

    Batches may be tensors, or lists and tuples whose first element is the input.
    """
    momenta = {}
    module: Any
    for module in model.modules():
        if type(module).__name__.startswith(("BatchNorm", "SyncBatchNorm", "LazyBatchNorm")):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.momentum = None  # the plain mean over all batches
    for batch in loader:
        x = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(x if device is None else x.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From each group's rate to swa_lr in anneal_epochs steps, along a cosine or a line.

    swa_lr: one rate, or one per group.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        n = len(optimizer.param_groups)
        swa_lrs = list(swa_lr) if isinstance(swa_lr, (list, tuple)) else [swa_lr] * n
        if len(swa_lrs) != n:
            raise ValueError(
                "swa_lr must have the same length as optimizer.param_groups. "
                f"swa_lr has {len(swa_lrs)} values, param_groups has {n}."
            )
        for lr, group in zip(swa_lrs, optimizer.param_groups, strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _along(self, step: int) -> float:
        """The fraction of the annealing done after a step, 0 to 1."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list:
        self._warn_of_get_lr()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._along(step - 1), self._along(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates


explain_missing(__name__)
