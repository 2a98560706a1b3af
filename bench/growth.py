"""Workloads that grow along one side: batch, width, depth, length of the graph, number of tensors,
samples, size of a file. Each row is one end of such a series.

    python -m bench --only 'growth: *'
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Callable
from typing import Any

Call = Callable[[], Any]


def _step(lib: Any, model: Any, *shape: int) -> Call:
    """Forward, mean of squares, backward, SGD step, zero_grad."""
    x, opt = lib.torch.rand(*shape), lib.optim.SGD(model.parameters(), lr=0.01)

    def call() -> None:
        model(x).square().mean().backward()
        opt.step()
        opt.zero_grad()

    return call


def _batch(size: int) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        nn = lib.nn
        layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU()]
        return _step(lib, nn.Sequential(*layers, nn.Linear(512, 10)), size, 784)

    return make


def _width(size: int) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        nn = lib.nn
        model = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, size))
        return _step(lib, model, 64, size)

    return make


def _depth(layers: int) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        nn = lib.nn
        made = [layer for _ in range(layers) for layer in (nn.Linear(64, 64), nn.ReLU())]
        return _step(lib, nn.Sequential(*made), 32, 64)

    return make


def _chain(length: int) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        x = lib.torch.rand(4, requires_grad=True)

        def call() -> None:
            y = x
            for _ in range(length):
                y = y + 1
            y.sum().backward()

        return call

    return make


def _joined(name: str, count: int) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        join, parts = getattr(lib.torch, name), [lib.torch.rand(4) for _ in range(count)]
        return lambda: join(parts)

    return make


def _samples(count: int) -> Callable[[Any], Call]:
    """An epoch of shuffled batches of 256 from tensors."""

    def make(lib: Any) -> Call:
        tensors = lib.torch.rand(count, 4), lib.torch.zeros(count, dtype=lib.torch.int64)
        samples = lib.data.TensorDataset(*tensors)
        return lambda: [0 for _ in lib.data.DataLoader(samples, 256, shuffle=True)]

    return make


def _own_samples(lib: Any) -> Call:
    """An epoch of batches of 64 from a data set written in Python."""

    class Samples(lib.data.Dataset):
        def __len__(self) -> int:
            return 20_000

        def __getitem__(self, i: int) -> Any:
            return lib.torch.full((8,), float(i)), i

    return lambda: [0 for _ in lib.data.DataLoader(Samples(), 64)]


def _path() -> str:
    handle, path = tempfile.mkstemp(suffix=".pt")
    os.close(handle)
    atexit.register(os.unlink, path)
    return path


def _save(count: int) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        state, path = {"w": lib.torch.rand(count)}, _path()
        return lambda: lib.torch.save(state, path)

    return make


def _load(count: int) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        path = _path()
        lib.torch.save({"w": lib.torch.rand(count)}, path)
        return lambda: lib.torch.load(path)

    return make


# name -> (workload, calls a block, PyTorch's time over ours: at least, aim)
ROWS: dict[str, tuple[Callable[[Any], Call], int, tuple[float, float]]] = {
    "growth: MLP, batch 1": (_batch(1), 30, (1, 1.5)),
    "growth: MLP, batch 4096": (_batch(4096), 1, (1, 1.2)),
    "growth: width 4096": (_width(4096), 1, (1, 1.2)),
    "growth: depth 10": (_depth(10), 30, (1, 2)),
    "growth: depth 1000": (_depth(1000), 1, (1, 2)),
    "growth: chain of 10": (_chain(10), 500, (1, 2)),
    "growth: chain of 10000": (_chain(10_000), 1, (1, 2)),
    "growth: cat of 10": (_joined("cat", 10), 1000, (1, 1.3)),
    "growth: cat of 50000": (_joined("cat", 50_000), 1, (1, 1.3)),
    "growth: stack of 10": (_joined("stack", 10), 1000, (1, 1.3)),
    "growth: stack of 50000": (_joined("stack", 50_000), 1, (1, 1.3)),
    "growth: 1000 samples": (_samples(1000), 20, (1, 4)),
    "growth: 100000 samples": (_samples(100_000), 1, (1, 4)),
    "growth: own data set": (_own_samples, 1, (1, 1.3)),
    "growth: save 10^5": (_save(100_000), 20, (1, 1.3)),
    "growth: save 10^7": (_save(10_000_000), 1, (1, 1.3)),
    "growth: load 10^5": (_load(100_000), 50, (1, 1.3)),
    "growth: load 10^7": (_load(10_000_000), 1, (1, 1.3)),
}
