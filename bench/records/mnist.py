"""MNIST on two cores: seconds from the start of the process to 99 % test accuracy, and the best
accuracy within a minute.

    python -m bench.records.mnist FOLDER [--seeds 20]           # time to 99 %: median of the seeds
    python -m bench.records.mnist FOLDER --best [--seeds 3]     # accuracy of 60 seconds' training

FOLDER holds the four IDX files, packed or not, in MNIST/raw as the data set class wants them. Each
seed is a process of its own: the import, reading the files, training and the test are in its time.
The test images are looked at once, when training is over; nothing in a run is chosen by them (the
settings were, on other seeds).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

BATCH = 128


def net(nn, width: int):
    """A convolution of stride 2, one of stride 1, pooling, one more; batch norm behind each."""

    def layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list:
        conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *layer(1, width, 5, 2),
        *layer(width, 2 * width, 3),
        nn.MaxPool2d(2),
        *layer(2 * width, 2 * width, 3),
        nn.Flatten(),
        nn.Linear(2 * width * 49, 10),
    )


def steps_until(until: float, x, y, model, tests: int) -> int:
    """How many steps fit before `until` (time.time()), with `tests` batches of 1000 to test, as
    fast as a few of them run now. The model is spoilt by it."""
    import rushlight as torch
    import rushlight.nn.functional as F

    optimizer = torch.optim.Adam(model.parameters())
    for i in range(40):
        if i == 10:
            start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(x[:BATCH, :, :28, :28]), y[:BATCH]).backward()
        optimizer.step()
    each = (time.perf_counter() - start) / 30
    model.eval()
    start = time.perf_counter()
    with torch.no_grad():
        model(x[:1000, :, :28, :28])
    rest = tests * (time.perf_counter() - start) + 0.5
    return int(0.94 * (until - time.time() - rest) / each)


def run(
    folder: str, seed: int, width: int, epochs: float, shift: bool, until: float | None = None
) -> float:
    """Train and test; the accuracy in percent. `until`: as long as time.time() allows, instead of
    `epochs` passes."""
    import rushlight as torch
    import rushlight.nn.functional as F
    from rushlight import nn
    from rushlight.vision.datasets import MNIST

    torch.manual_seed(seed)
    sets = [MNIST(folder, train=train) for train in (True, False)]
    (x, y), (test_x, test_y) = [
        (s.data.unsqueeze(1).float().sub_(33.3).div_(78.6), s.targets) for s in sets
    ]
    if shift:  # room to move the images by two cells
        x = F.pad(x, (2, 2, 2, 2), value=-33.3 / 78.6)
    steps = int(len(x) * epochs) // BATCH
    if until is not None:
        steps = steps_until(until, x, y, net(nn, width), len(test_x) // 1000)
        torch.manual_seed(seed)
    model = net(nn, width)
    optimizer = torch.optim.Adam(model.parameters())
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.02, total_steps=steps + 1, pct_start=0.2
    )
    order, at = torch.randperm(len(x)), 0
    for _ in range(steps):
        if at + BATCH > len(x):
            order, at = torch.randperm(len(x)), 0
        chosen = order[at : at + BATCH]
        at += BATCH
        images = x[chosen]
        if shift:
            i, j = torch.randint(0, 5, (2,)).tolist()
            images = images[:, :, i : i + 28, j : j + 28]
        optimizer.zero_grad()
        F.cross_entropy(model(images), y[chosen], label_smoothing=0.1).backward()
        optimizer.step()
        rate.step()
    model.eval()
    with torch.no_grad():
        right = sum(
            (model(test_x[i : i + 1000]).argmax(1) == test_y[i : i + 1000]).sum().item()
            for i in range(0, len(test_x), 1000)
        )
    return 100 * right / len(test_x)


def main() -> int:
    p = argparse.ArgumentParser(
        prog="python -m bench.records.mnist",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("folder", help="holds MNIST/raw with the four files")
    p.add_argument("--seeds", type=int, default=20, help="how many, from 0 on")
    p.add_argument("--best", action="store_true", help="a minute of training instead")
    p.add_argument("--epochs", type=float, help="passes over the images (0.9; --best: what fits)")
    # a seed: train in this process; when the time is over
    p.add_argument("--one", type=int, help=argparse.SUPPRESS)
    p.add_argument("--until", type=float, help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.one is not None:
        until = None if a.epochs else a.until
        print(run(a.folder, a.one, 32 if a.best else 16, a.epochs or 0.9, a.best, until))
        return 0
    options = ["--best"] if a.best else []
    options += ["--epochs", str(a.epochs)] if a.epochs else []
    seconds, accuracies = [], []
    for seed in range(a.seeds):
        command = [sys.executable, "-m", "bench.records.mnist", a.folder, "--one", str(seed)]
        command += ["--until", str(time.time() + 60)] if a.best else []
        start = time.perf_counter()
        done = subprocess.run([*command, *options], check=True, capture_output=True, text=True)
        seconds.append(time.perf_counter() - start)
        accuracies.append(float(done.stdout.split()[-1]))
        print(f"seed {seed}: {accuracies[-1]:.2f} % in {seconds[-1]:.1f} s", flush=True)
    print(
        f"median of {a.seeds}: {statistics.median(accuracies):.2f} % in "
        f"{statistics.median(seconds):.1f} s; {sum(x >= 99 for x in accuracies)} seeds at 99 % or "
        f"more, least {min(accuracies):.2f} %"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
