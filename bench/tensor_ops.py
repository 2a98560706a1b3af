"""Workloads of single operations on 10^6 numbers: running sums, sorting, sums at indices; and the
transform of a batch of signals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

N = 1_000_000
BINS = 1000


def rfft(lib: Any) -> Callable[[], Any]:
    x, f = lib.torch.randn(64, 1024), lib.torch.fft.rfft
    return lambda: f(x)


def cumsum(lib: Any) -> Callable[[], Any]:
    x, f = lib.torch.randn(N), lib.torch.cumsum
    return lambda: f(x, 0)


def prod(lib: Any) -> Callable[[], Any]:
    x, f = lib.torch.rand(N) + 0.5, lib.torch.prod
    return lambda: f(x)


def lgamma(lib: Any) -> Callable[[], Any]:
    x, f = lib.torch.rand(N) + 0.5, lib.torch.lgamma
    return lambda: f(x)


def sort(lib: Any) -> Callable[[], Any]:
    x, f = lib.torch.randn(N), lib.torch.sort
    return lambda: f(x)


def topk(lib: Any) -> Callable[[], Any]:
    x, f = lib.torch.randn(N), lib.torch.topk
    return lambda: f(x, 100)


def _bins(lib: Any) -> Any:
    return lib.torch.randint(0, BINS, (N,))


def unique(lib: Any) -> Callable[[], Any]:
    x, f = _bins(lib), lib.torch.unique
    return lambda: f(x)


def index_add(lib: Any) -> Callable[[], Any]:
    y, i, x, f = lib.torch.zeros(BINS), _bins(lib), lib.torch.randn(N), lib.torch.index_add
    return lambda: f(y, 0, i, x)


def scatter_add(lib: Any) -> Callable[[], Any]:
    y, i, x, f = lib.torch.zeros(BINS), _bins(lib), lib.torch.randn(N), lib.torch.scatter_add
    return lambda: f(y, 0, i, x)


def bincount(lib: Any) -> Callable[[], Any]:
    x, f = _bins(lib), lib.torch.bincount
    return lambda: f(x)


# name -> (workload, calls a block, PyTorch's time over ours: at least, aim)
ROWS: dict[str, tuple[Callable[[Any], Callable[[], Any]], int, tuple[float, float]]] = {
    "fft.rfft, 64 x 1024": (rfft, 50, (1, 1.5)),
    "cumsum of 10^6": (cumsum, 10, (1, 1.5)),
    "prod of 10^6": (prod, 50, (1, 1.5)),
    "lgamma of 10^6": (lgamma, 5, (1, 2)),
    "sort of 10^6": (sort, 1, (1, 2)),
    "topk of 10^6": (topk, 10, (1, 4)),
    "unique of 10^6": (unique, 2, (1, 4)),
    "index_add of 10^6": (index_add, 10, (1, 1.5)),
    "scatter_add of 10^6": (scatter_add, 10, (1, 1.5)),
    "bincount of 10^6": (bincount, 10, (1, 1.5)),
}
