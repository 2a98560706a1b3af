"""torch.distributed.algorithms.Join: processes that have different numbers of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.notices import warn
from ..core.tensor import wrap
from .collectives import all_reduce
from .groups import ProcessGroup
from .work import Work

__all__ = ["Join", "JoinHook", "Joinable"]


class JoinHook:
    """What a process without batches does in place of a Joinable."""

    def main_hook(self) -> None:
        """Once for each step of the others."""

    def post_hook(self, is_last_joiner: bool) -> None:
        """When all have ended; is_last_joiner: this process had the most batches."""


class _Settings:
    """How a Joinable is joined, while it is."""

    def __init__(self, enable: bool, throw: bool, first: bool, settings: dict):
        self.enable, self.throw, self.first, self.settings = enable, throw, first, settings


class Joinable:
    """Base of what takes part in Join."""

    _join_config: _Settings = _Settings(False, False, False, {})

    def join_hook(self, **kwargs: Any) -> JoinHook:
        """What a process without batches does in its place."""
        raise NotImplementedError(f"{type(self).__name__}.join_hook")

    @property
    def join_device(self) -> Any:
        """Where its tensors are."""
        raise NotImplementedError(f"{type(self).__name__}.join_device")

    @property
    def join_process_group(self) -> ProcessGroup:
        """Its group."""
        raise NotImplementedError(f"{type(self).__name__}.join_process_group")


def _count(group: ProcessGroup, value: int) -> Any:
    number = wrap(np.array([value], np.int64))
    return number, all_reduce(number, group=group, async_op=True)


class Join:
    """A context: who leaves it early takes part in the others' collectives until all have left.

    joinables  of one group
    enable     False: it does nothing
    throw_on_early_termination  an error in all processes as soon as one has ended

    errors  ValueError: no joinables, of different groups
    """

    def __init__(
        self,
        joinables: list[Joinable],
        enable: bool = True,
        throw_on_early_termination: bool = False,
        **kwargs: Any,
    ):
        if not joinables:
            raise ValueError("The join context manager requires at least one joinable")
        self._joinables, self._enable = joinables, enable
        self._throw = throw_on_early_termination
        self._hooks = [j.join_hook(**kwargs) for j in joinables] if enable else []
        self._group = joinables[0].join_process_group
        if any(j.join_process_group is not self._group for j in joinables):
            raise ValueError("Using join context manager with multiple process groups")
        for i, j in enumerate(joinables):
            j._join_config = _Settings(enable, self._throw, i == 0, kwargs)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        try:
            if self._enable and kind is None:
                self._wait_for_others()
        finally:
            for j in self._joinables:
                j._join_config = Joinable._join_config

    def _wait_for_others(self) -> None:
        last, steps = True, 0
        while True:
            number, work = _count(self._group, 0)
            work.wait()
            if number.item() == 0:
                break
            if self._throw:
                _count(self._group, 1)[1].wait()
                raise RuntimeError(f"Rank {self._group.rank()} exhausted all inputs.")
            last, steps = False, steps + 1
            if steps == 1000:
                warn(
                    "Detected uneven input skew of greater than 1000. This means that rank "
                    f"{self._group.rank()} has at least 1000 fewer inputs than other currently-"
                    "active ranks."
                )
            for hook in self._hooks:
                hook.main_hook()
        for hook in self._hooks:
            hook.post_hook(last)

    @staticmethod
    def notify_join_context(joinable: Joinable) -> Work | None:
        """Says that this process has a batch: the Work, whose result is how many have one. None
        outside of the context, and for all joinables but the first.

        errors  RuntimeError: a process has none left, and throw_on_early_termination
        """
        config = joinable._join_config
        if not config.enable or not config.first:
            return None
        group = joinable.join_process_group
        _, work = _count(group, 1)
        if config.throw:
            number, other = _count(group, 0)
            other.wait()
            if number.item():
                raise RuntimeError(
                    "Detected at least one rank that exhausted inputs. Throwing across all ranks."
                )
        return work
