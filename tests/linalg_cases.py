"""The cases of tests/cases_linalg.txt: expressions with `torch` and the names below in scope.

tools/freeze_linalg.py evaluates them with PyTorch, tests/test_linalg.py with rushlight.
"""

import warnings
from pathlib import Path

import op_cases

CASES = (Path(__file__).parent / "cases_linalg.txt").read_text().splitlines()


def names(torch):
    """Matrices, the same in both libraries: a real, b two right-hand sides, B a batch, c complex,
    cb complex right-hand sides, P positive definite, N indefinite, C and CN the same and
    hermitian, s and S singular, r no square, i integers, h halves, big for several panels of LU.
    """
    scope = op_cases.names(torch)
    y = scope["y"]
    a, e, zeros = y[:, :3].clone(), torch.eye, torch.zeros
    c = torch.complex(a, y[:, 1:].clone())
    indefinite = torch.tensor([[0.0, 1, 2], [1, 0.5, 5], [2, 5, 0]])
    singular = zeros(3, 2, 2) + e(2)
    singular[1] = 0
    at = torch.arange(1600.0).reshape(40, 40)
    scope |= {
        "L": torch.linalg,
        "T": torch.tensor,
        "e": e,
        "Z": zeros,
        "leaf": lambda x: x.detach().clone().requires_grad_(),
        "a": a,
        "b": torch.tensor([[1.0, 2], [-1, 0.5], [0.25, 3]]),
        "B": torch.stack([a, y[:, 1:]]),
        "c": c,
        "cb": torch.complex(y[:, :2].clone(), y[:, 2:].clone()),
        "P": a @ a.mT + e(3),
        "N": indefinite,
        "C": c @ c.mH + e(3),
        "CN": torch.complex(indefinite, torch.tensor([[0.0, 1, 2], [-1, 0, 3], [-2, -3, 0]])),
        "s": zeros(2, 2),
        "S": singular,
        "i": torch.ones(2, 2, dtype=torch.long),
        "h": torch.ones(2, 2, dtype=torch.half),
        "r": torch.ones(2, 3),
        "v": torch.ones(3),
        "n": -e(2),
        "nan": torch.full((2, 2), float("nan")),
        "big": torch.sin(at * at),
    }
    return scope


def evaluate(torch, code):
    """As op_cases.evaluate, with the names above."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return op_cases.encode(torch, eval(code, names(torch)))
        except Exception as e:
            return {"error": type(e).__name__, "message": str(e).split("\n")[0]}
