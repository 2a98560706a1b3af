"""Evaluates the cases of tests/distribution_cases.py with PyTorch, into
tests/frozen/distributions.json; slopes of quantiles come from SciPy's inverse functions.

OMP_NUM_THREADS=1 python tools/freeze_distributions.py      # with torch 2.13.0 (CPU) and SciPy
"""

import json
import sys
from pathlib import Path

import torch
from scipy import special

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import distribution_cases as cases  # noqa: E402

torch.set_num_threads(1)
AT = (0.01, 0.3, 0.5, 0.9, 0.999)


def slope(f, a):
    """df/da by central differences of the fourth order."""
    h = 1e-3 * a
    return (8 * (f(a + h) - f(a - h)) - (f(a + 2 * h) - f(a - 2 * h))) / (12 * h)


def slopes():
    """[[parameters and x, dx/da]] of the quantiles of gamma and beta numbers."""
    gamma = [
        [a, special.gammaincinv(a, u), slope(lambda a, u=u: special.gammaincinv(a, u), a)]
        for a in (0.2, 0.9, 1.0, 3.5, 40.0, 900.0, 2e4)
        for u in AT
    ]
    beta = []
    for a, b in ((0.5, 0.5), (2.0, 0.7), (0.7, 5.0), (30.0, 2.0), (3.0, 200.0), (80.0, 90.0)):
        for u in AT:
            inverse = lambda a, b=b, u=u: special.betaincinv(a, b, u)  # noqa: E731
            beta.append([a, b, inverse(a), slope(inverse, a)])
    return {"gamma": gamma, "beta": beta}


def rounded(x):
    """Numbers to 10 digits."""
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [rounded(v) for v in x]
    return float(f"{x:.10g}") if isinstance(x, float) else x


def main() -> None:
    groups = {"slopes": slopes(), **rounded(cases.everything(torch))}
    made = f"tools/freeze_distributions.py with PyTorch {torch.__version__}"
    lines = [f'"made by": "{made}"']
    for name, group in groups.items():
        rows = ",\n  ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in group.items())
        lines.append(f'"{name}": {{\n  {rows}\n }}')
    path = TESTS / "frozen" / "distributions.json"
    path.write_text("{" + ",\n ".join(lines) + "}\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
