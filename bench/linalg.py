"""Linear algebra: equations of 32 matrices of 64 x 64, the singular value decomposition of one of
128 x 128, without gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def solve(lib: Any) -> Callable[[], Any]:
    torch = lib.torch
    a, b = torch.randn(32, 64, 64) + 8 * torch.eye(64), torch.randn(32, 64, 64)
    f = torch.linalg.solve
    return lambda: f(a, b)


def solve_vectors(lib: Any) -> Callable[[], Any]:
    torch = lib.torch
    a, b = torch.randn(32, 64, 64) + 8 * torch.eye(64), torch.randn(32, 64)
    f = torch.linalg.solve
    return lambda: f(a, b)


def svd(lib: Any) -> Callable[[], Any]:
    x, f = lib.torch.randn(128, 128), lib.torch.linalg.svd
    return lambda: f(x)


# name -> (what makes the workload, calls in a block, (at least, aim))
ROWS = {
    "linalg.solve, 32 of 64 x 64": (solve, 20, (1, 1.2)),
    "linalg.solve, 32 vectors": (solve_vectors, 50, (1, 1.2)),
    "linalg.svd, 128 x 128": (svd, 20, (1, 1.2)),
}
