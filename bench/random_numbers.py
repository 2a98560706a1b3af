"""Random numbers: ours and PyTorch's, through the public names, in one process by turns.

    python bench/random_numbers.py [--numbers 262144]

One thread each; the best of five rounds.
"""

from __future__ import annotations

import argparse
import timeit

import torch

import rushlight

CALLS = {
    "rand": lambda t, n: t.rand(n),
    "rand float64": lambda t, n: t.rand(n, dtype=t.float64),
    "uniform_(-1, 1)": lambda t, n: t.empty(n).uniform_(-1, 1),
    "randn": lambda t, n: t.randn(n),
    "randn float64": lambda t, n: t.randn(n, dtype=t.float64),
    "bernoulli_(0.3)": lambda t, n: t.empty(n).bernoulli_(0.3),
    "dropout": lambda t, n: t.nn.functional.dropout(t.ones(n), 0.3),
    "randint": lambda t, n: t.randint(0, 10, (n,)),
    "randperm": lambda t, n: t.randperm(n),
    "exponential_": lambda t, n: t.empty(n).exponential_(),
    "rand(4)": lambda t, n: t.rand(4),
    "randn(64)": lambda t, n: t.randn(64),
}


def best(function, rounds: int = 5) -> float:
    """Seconds of one call."""
    loops, _ = timeit.Timer(function).autorange()
    return min(timeit.repeat(function, number=max(1, loops // 5), repeat=rounds)) / max(
        1, loops // 5
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--numbers", type=int, default=1 << 18)
    n = parser.parse_args().numbers
    torch.set_num_threads(1)
    rushlight.set_num_threads(1)
    print(f"{n} numbers, microseconds a call: PyTorch {torch.__version__}, rushlight")
    for name, call in CALLS.items():
        theirs, ours = (best(lambda t=t, call=call: call(t, n)) * 1e6 for t in (torch, rushlight))
        print(f"{name:16} {theirs:10.2f} {ours:10.2f}   x{theirs / ours:.2f}")


if __name__ == "__main__":
    main()
