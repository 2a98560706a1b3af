"""The loader beside PyTorch's: microseconds per batch of 64 rows of 784 float32, and a label.

    python bench/loader.py [--rounds 5]      # needs torch 2.13.0 (CPU) beside rushlight

The libraries run in processes of their own, in turn; the table has the median of the rounds. The
last row is the floor: NumPy's gather of one shuffled batch, without any loader.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from importlib import import_module

BATCH, WIDTH, ROWS, FEW = 64, 784, 50_000, 6_400


def cases(torch):
    data = torch.utils.data
    torch.manual_seed(0)
    x, y = torch.rand(ROWS, WIDTH), torch.arange(ROWS) % 10
    rows = data.TensorDataset(x, y)

    class Own(data.Dataset):
        """A user's data set: one row and an int at a time."""

        def __len__(self):
            return FEW

        def __getitem__(self, i):
            return x[i], i % 10

    subset = data.Subset(rows, list(range(0, ROWS, 2)))
    return {
        "TensorDataset, shuffled": data.DataLoader(rows, BATCH, shuffle=True),
        "TensorDataset, in order": data.DataLoader(rows, BATCH),
        "Subset, shuffled": data.DataLoader(subset, BATCH, shuffle=True),
        "TensorDataset, 2 workers": data.DataLoader(rows, BATCH, shuffle=True, num_workers=2),
        "own data set, shuffled": data.DataLoader(Own(), BATCH, shuffle=True),
        "own data set, 2 workers": data.DataLoader(Own(), BATCH, shuffle=True, num_workers=2),
    }


def per_batch(loader):
    """Seconds per batch of an epoch; workers start before the clock."""
    iterator = iter(loader)
    next(iterator)
    start = time.perf_counter()
    count = sum(1 for _ in iterator)
    return (time.perf_counter() - start) / count


def gather():
    """Seconds per batch of NumPy alone."""
    import numpy as np

    x = np.random.default_rng(0).random((ROWS, WIDTH), np.float32)
    order = np.random.default_rng(1).permutation(ROWS)
    start = time.perf_counter()
    for i in range(0, ROWS, BATCH):
        x.take(order[i : i + BATCH], 0)
    return (time.perf_counter() - start) / (ROWS / BATCH)


def measure(library):
    torch = import_module(library)
    import_module(f"{library}.utils.data")
    times = {name: per_batch(loader) for name, loader in cases(torch).items()}
    print(json.dumps({**times, "gather alone": gather()}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", choices=["rushlight", "torch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    found = {"rushlight": [], "torch": []}
    for _ in range(options.rounds):
        for library, results in found.items():
            command = [sys.executable, "-W", "ignore", __file__, "--measure", library]
            results.append(json.loads(subprocess.check_output(command, text=True)))
    print(f"{'us per batch':28}{'PyTorch':>10}{'rushlight':>11}{'ratio':>8}")
    for name in found["torch"][0]:
        ours, theirs = (
            1e6 * statistics.median(result[name] for result in found[library])
            for library in ("rushlight", "torch")
        )
        print(f"{name:28}{theirs:10.1f}{ours:11.1f}{theirs / ours:8.1f}")


if __name__ == "__main__":
    main()
