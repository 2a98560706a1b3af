"""The errors of torch.distributed: PyTorch's names and family."""

from __future__ import annotations


class DistError(RuntimeError):
    """An error of a group of processes."""


class DistBackendError(DistError):
    """An error of what they talk by: a process has ended, a timeout."""


class DistNetworkError(DistError):
    """An error of the network."""


class DistStoreError(DistError):
    """An error of the store: a key that does not come, processes that do not come."""


class QueueEmptyError(DistStoreError):
    """A queue of a store is empty."""
