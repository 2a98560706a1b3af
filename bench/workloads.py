"""The workloads, written once against torch's names and run by either library in its own process.

    python -m bench.workloads LIBRARY THREADS WORKLOAD...

LIBRARY is torch, rushlight or onnxruntime (which runs what PyTorch exports), THREADS a number or 0
for the library's default. Prints one line of JSON per workload: {"us": median microseconds,
"spread": [fastest, slowest], "threads": n, ...}. Every workload warms up, then times several blocks
and reports the median block.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from . import (
    attention,
    beside,
    convnets,
    growth,
    language_models,
    large,
    linalg,
    quantized,
    recurrent,
    resizing,
    small,
    tensor_ops,
)
from .served import exported

BATCH = 64
SAMPLES = 6400
LONGEST = 10.0  # seconds of a workload: beside others a step of PyTorch's may take half of one


class Library:
    """torch or rushlight under one set of names."""

    def __init__(self, name: str, threads: int):
        start = time.perf_counter()
        if name != "rushlight":
            import torch
            from torch import nn, optim
            from torch.nn import functional
            from torch.utils import data
        else:
            import rushlight as torch
            from rushlight import nn, optim
            from rushlight.nn import functional
            from rushlight.utils import data
        self.import_seconds = time.perf_counter() - start
        self.name = name
        self.torch, self.nn, self.optim, self.F, self.data = torch, nn, optim, functional, data
        if threads:
            torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.blocks = blocks


def blocks(f: Callable[[], Any], calls: int, repeats: int = 9) -> list[float]:
    """Microseconds per call of `f`, one figure per block of `calls` calls; two blocks warm up.

    Of what takes longer than LONGEST there are fewer blocks, three at least.
    """
    figures: list[float] = []
    begun = time.perf_counter()
    for i in range(repeats + 2):
        if len(figures) >= 3 and time.perf_counter() - begun > LONGEST:
            break
        start = time.perf_counter()
        for _ in range(calls):
            f()
        if i > 1:
            figures.append((time.perf_counter() - start) / calls * 1e6)
    return figures


# ---------------------------------------------------------------- training


def logistic(lib: Library) -> Any:
    return lib.nn.Linear(784, 10)


def mlp(lib: Library) -> Any:
    nn = lib.nn
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def cnn(lib: Library) -> Any:
    nn = lib.nn
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 10, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(4),
        nn.Flatten(),
    )


def training(
    make: Callable[[Library], Any], momentum: float, loader: bool, samples: int = SAMPLES
) -> Callable[[Library], list[float]]:
    """Microseconds per step of an epoch of `samples` at batch 64.

    Forward, cross entropy, backward, SGD step, zero_grad.
    """

    def run(lib: Library) -> list[float]:
        torch, functional = lib.torch, lib.F
        x, y = torch.rand(samples, 784), torch.randint(0, 10, (samples,))
        model = make(lib)
        opt = lib.optim.SGD(model.parameters(), lr=0.01, momentum=momentum)
        batches = lib.data.DataLoader(lib.data.TensorDataset(x, y), batch_size=BATCH, shuffle=True)

        def step(xb: Any, yb: Any) -> None:
            loss = functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
            opt.zero_grad()

        def from_slices() -> None:
            for i in range(0, samples, BATCH):
                step(x[i : i + BATCH], y[i : i + BATCH])

        def from_loader() -> None:
            for xb, yb in batches:
                step(xb, yb)

        return [us / (samples // BATCH) for us in blocks(from_loader if loader else from_slices, 1)]

    return run


def batch_one(lib: Library) -> list[float]:
    """Linear(4, 128)-ReLU-Linear(128, 2) on one sample with Adam.

    Forward, MSE, backward, step, zero_grad.
    """
    torch, nn = lib.torch, lib.nn
    model = nn.Sequential(nn.Linear(4, 128), nn.ReLU(), nn.Linear(128, 2))
    opt = lib.optim.Adam(model.parameters())
    x, y = torch.rand(1, 4), torch.rand(1, 2)

    def step() -> None:
        opt.zero_grad()
        lib.F.mse_loss(model(x), y).backward()
        opt.step()

    return blocks(step, 300)


def inference(make: Callable[[Library], Any]) -> Callable[[Library], list[float]]:
    """One sample through the model, without gradients, in eval mode."""

    def run(lib: Library) -> list[float]:
        model = make(lib).eval()
        x = lib.torch.rand(1, 784)
        with lib.torch.no_grad():
            return blocks(lambda: model(x), 300)

    return run


# ---------------------------------------------------------------- single operations on 4x4 tensors


def operation(make: Callable[[Library], Callable[[], Any]]) -> Callable[[Library], list[float]]:
    def run(lib: Library) -> list[float]:
        return blocks(make(lib), 5000)

    return run


def repeated(
    make: Callable[[Any], Callable[[], Any]], calls: int
) -> Callable[[Library], list[float]]:
    """As `operation`, for calls that take longer."""

    def run(lib: Library) -> list[float]:
        call = make(lib)
        return blocks(exported(call) if lib.name == "onnxruntime" else call, calls)

    return run


def _mul(lib: Library) -> Callable[[], Any]:
    a, b = lib.torch.rand(4, 4), lib.torch.rand(4, 4)
    return lambda: a * b


def _mul_grad(lib: Library) -> Callable[[], Any]:
    a, b = lib.torch.rand(4, 4), lib.torch.rand(4, 4).requires_grad_()
    return lambda: a * b


def _add_number(lib: Library) -> Callable[[], Any]:
    a = lib.torch.rand(4, 4)
    return lambda: a + 1.5


def _relu(lib: Library) -> Callable[[], Any]:
    a, relu = lib.torch.rand(4, 4), lib.torch.relu
    return lambda: relu(a)


def _view(lib: Library) -> Callable[[], Any]:
    a = lib.torch.rand(4, 4)
    return lambda: a.view(16)


def _index(lib: Library) -> Callable[[], Any]:
    a = lib.torch.rand(4, 4)
    return lambda: a[1]


def _sum(lib: Library) -> Callable[[], Any]:
    a = lib.torch.rand(4, 4)
    return lambda: a.sum()


def _item(lib: Library) -> Callable[[], Any]:
    a = lib.torch.rand(4, 4).sum()
    return lambda: a.item()


def _linear(lib: Library) -> Callable[[], Any]:
    layer, x = lib.nn.Linear(4, 4), lib.torch.rand(1, 4)
    return lambda: layer(x)


def importing(lib: Library) -> list[float]:
    """The import of the library with nn, optim and utils.data, in a fresh process."""
    return [lib.import_seconds * 1e6]


def memory(lib: Library) -> list[float]:
    """Two epochs of the MLP; what counts is the process's peak, which every reply carries."""
    return training(mlp, 0.0, loader=False)(lib)[:2]


WORKLOADS: dict[str, Callable[[Library], list[float]]] = {
    "logistic, slices": training(logistic, 0.0, loader=False),
    "logistic, loader": training(logistic, 0.0, loader=True),
    "MLP, slices": training(mlp, 0.0, loader=False),
    "MLP, loader": training(mlp, 0.0, loader=True),
    "CNN, slices": training(cnn, 0.9, loader=False),
    "CNN, loader": training(cnn, 0.9, loader=True),
    "batch-one net, Adam": batch_one,
    "inference at batch one, MLP": inference(mlp),
    "inference at batch one, CNN": inference(cnn),
    "mul": operation(_mul),
    "mul with gradient": operation(_mul_grad),
    "add a number": operation(_add_number),
    "relu": operation(_relu),
    "view": operation(_view),
    "index": operation(_index),
    "sum": operation(_sum),
    "item": operation(_item),
    "Linear at batch one": operation(_linear),
    "bilinear upsampling, training": repeated(resizing.training, 20),
    "bilinear upsampling, inference": repeated(resizing.inference, 50),
    **{name: workload for name, (workload, _) in attention.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in convnets.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in growth.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in language_models.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in large.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in linalg.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in quantized.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in recurrent.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in small.ROWS.items()},
    **{name: repeated(make, calls) for name, (make, calls, _) in tensor_ops.ROWS.items()},
    **beside.rows(
        {
            "MLP": training(mlp, 0.0, loader=False, samples=1280),
            "CNN": training(cnn, 0.9, loader=False, samples=1280),
            "ResNet-18, 32x32": repeated(*convnets.ROWS["ResNet-18, 32x32, batch 1"][:2]),
        }
    ),
    "import": importing,
    "peak memory of MLP training": memory,
}


def peak_memory() -> int:
    """The most memory this program has held, in kB: VmHWM (ru_maxrss would be inherited)."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def main(library: str, threads: str, *names: str) -> None:
    lib = Library(library, int(threads))
    for name in names:
        lib.torch.manual_seed(0)
        figures = WORKLOADS[name](lib)
        reply = {
            "workload": name,
            "us": statistics.median(figures),
            "spread": [min(figures), max(figures)],
            "threads": lib.torch.get_num_threads(),
            "version": lib.torch.__version__,
            "peak_mb": peak_memory() / 1024,
        }
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
