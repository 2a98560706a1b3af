"""One step of training in milliseconds, the fastest of 40: other work disturbs that least.

PYTHONPATH=src python tools/step_time.py                      # native kernels
PYTHONPATH=src RUSHLIGHT_PURE=1 python tools/step_time.py     # their NumPy twins
node tests/browser/python.mjs build/playground . tools/step_time.py
"""

import time

import rushlight as torch
from rushlight import nn
from rushlight.nn import functional as F

ROUNDS = 40


def mlp(batch: int, width: int) -> tuple:
    """(model, x, y): images of 28 x 28 through one hidden layer."""
    model = nn.Sequential(nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))
    return model, torch.rand(batch, 784)


def cnn(batch: int) -> tuple:
    """(model, x): images of 28 x 28 through two convolutions."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(16 * 49, 10),
    )  # fmt: skip
    return model, torch.rand(batch, 1, 28, 28)


def small() -> tuple:
    """(model, x): so little that what is measured is Python's own cost."""
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 10))
    return model, torch.rand(64, 2)


def step_time(model: nn.Module, x: torch.Tensor) -> float:
    """Milliseconds of zero_grad, forward, cross-entropy, backward, Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    y = torch.arange(len(x)) % 10
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        times.append(time.perf_counter() - begun)
    return 1e3 * min(times)


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    print(torch.show_config())
    for name, (model, x) in {
        "2-16-10, batch 64": small(),
        "784-128-10, batch 64": mlp(64, 128),
        "784-512-10, batch 64": mlp(64, 512),
        "two convolutions, batch 64": cnn(64),
    }.items():
        print(f"{name:28} {step_time(model, x):8.2f} ms")


if __name__ == "__main__":
    main()
