"""DistributedSampler: one process's share of a data set."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sized
from typing import cast

import numpy as np

from ...random import variates
from ...random.generator import Generator
from .dataset import Dataset
from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index of the (shuffled) order, from the `rank`-th on.

    All shares are equally long: indices of the beginning are used again, or, with `drop_last`,
    those at the end are left out. The order of epoch e is that of seed + e: call `set_epoch`.
    `num_replicas` and `rank`, if not given, are those of the default process group.
    Raises ValueError for a rank outside [0, num_replicas), and if one of them is missing and there
    is no process group.
    """

    def __init__(
        self,
        dataset: Dataset,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            groups = sys.modules.get(f"{__name__.partition('.')[0]}.distributed.groups")
            if groups is None or not groups.is_initialized():  # nobody has made a group
                raise ValueError(
                    "Default process group has not been initialized, "
                    "please make sure to call init_process_group.\n"
                    "  fix: pass num_replicas=... and rank=... to DistributedSampler"
                )
            num_replicas = groups.get_world_size() if num_replicas is None else num_replicas
            rank = groups.get_rank() if rank is None else rank
        assert num_replicas is not None and rank is not None
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        n = len(cast(Sized, dataset))
        self.num_samples = n // num_replicas if drop_last else math.ceil(n / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        n = len(cast(Sized, self.dataset))
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = variates.permutation(n, np.dtype(np.int64), generator).tolist()
        else:
            order = list(range(n))
        if not self.drop_last:
            order *= math.ceil(self.total_size / max(n, 1))
        return iter(order[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next epoch: the same number in every process."""
        self.epoch = epoch
