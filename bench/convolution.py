"""Convolution kernels beside PyTorch's: y, dx, dw with db, in turn, in one process.

    python -m bench.convolution --threads 1 --only cnn

Prints microseconds (medians) as PyTorch / rushlight and their ratio, and rushlight's GFLOP/s.
docs/convolution.md has the tables and what was tried.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

import rushlight
from rushlight.kernels import native

SHAPES = {
    # name: (N, C, H = W, O, kernel, stride, padding, groups)
    "cnn 1": (64, 1, 28, 16, 3, 2, 1, 1),  # the documents' convnet, batch 64
    "cnn 2": (64, 16, 14, 16, 3, 2, 1, 1),
    "cnn 3": (64, 16, 7, 10, 3, 2, 1, 1),
    "cnn 1, one": (1, 1, 28, 16, 3, 2, 1, 1),  # and batch one
    "cnn 2, one": (1, 16, 14, 16, 3, 2, 1, 1),
    "cnn 3, one": (1, 16, 7, 10, 3, 2, 1, 1),
    "3-32": (16, 3, 32, 32, 3, 1, 1, 1),
    "1-32": (64, 1, 28, 32, 3, 1, 1, 1),
    "6-16 k5": (64, 6, 14, 16, 5, 1, 0, 1),
    "32-64": (16, 32, 32, 64, 3, 1, 1, 1),
    "64-128": (16, 64, 32, 128, 3, 1, 1, 1),
    "512-512": (4, 512, 7, 512, 3, 1, 1, 1),
    "k1 64-256": (16, 64, 32, 256, 1, 1, 0, 1),
    "k1 256-64": (16, 256, 16, 64, 1, 1, 0, 1),
    "k7 s2 3-64": (4, 3, 224, 64, 7, 2, 3, 1),
    "depthwise 64": (16, 64, 32, 64, 3, 1, 1, 64),
    "4 groups 64-64": (16, 64, 16, 64, 3, 1, 1, 4),
}


def median_us(calls: list, rounds: int, seconds: float) -> list[float]:
    """The median time of each call, taken in turn, round by round."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, found in zip(calls, times, strict=True):
            call()
            end = time.perf_counter() + seconds / rounds
            while time.perf_counter() < end or not found:
                start = time.perf_counter()
                call()
                found.append(time.perf_counter() - start)
    return [statistics.median(t) * 1e6 for t in times]


def calls(n, c, h, o, k, s, p, groups) -> list[tuple]:
    """(PyTorch's call, ours) for y, dx and dw; and the FLOPs of each."""
    x, w, b = torch.randn(n, c, h, h), torch.randn(o, c // groups, k, k), torch.randn(o)
    dy = torch.randn_like(torch.conv2d(x, w, b, s, p, 1, groups))
    ours_x, ours_w, ours_b, ours_dy = (t.numpy() for t in (x, w, b, dy))
    options = ((s, s), (p, p), (1, 1), groups)

    def backward(*wanted):
        return torch.ops.aten.convolution_backward(
            dy, x, w, [o], [s, s], [p, p], [1, 1], False, [0, 0], groups, wanted
        )

    pairs = [
        (
            lambda: torch.conv2d(x, w, b, s, p, 1, groups),
            lambda: native.conv2d(ours_x, ours_w, ours_b, *options),
        ),
        (
            lambda: backward(True, False, False),
            lambda: native.conv2d_dx(ours_dy, ours_w, ours_x.shape, *options),
        ),
        (
            lambda: backward(False, True, True),
            lambda: native.conv2d_dw(ours_dy, ours_x, ours_w.shape, *options),
        ),
    ]
    return pairs, 2 * dy.numel() * (c // groups) * k * k


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="shapes whose name begins so")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="per measurement")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rushlight.set_num_threads(args.threads)
    print(f"{args.threads} thread(s), PyTorch {torch.__version__}, {native.isa()}")
    print("PyTorch / rushlight in us = ratio (GFLOP/s of rushlight)")
    with torch.no_grad():
        for name, shape in SHAPES.items():
            if not name.startswith(args.only):
                continue
            pairs, flops = calls(*shape)
            cells = []
            for pair in pairs:
                theirs, ours = median_us(list(pair), args.rounds, args.seconds)
                cells.append(
                    f"{theirs:8.0f} /{ours:7.0f} = {theirs / ours:4.1f} ({flops / ours / 1e3:3.0f})"
                )
            print(f"{name:15s} " + "  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
