"""Kernels one by one: ours, their NumPy twins, and PyTorch where it is installed.

    python bench/kernels.py [--threads N] [--only linear]

Each library runs in a process of its own, in turn, and the median of the rounds' best times counts.
The shapes are those of the nets in the README: batch 64, an MLP 784-512-512-10.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import timeit

ROUNDS = 5


def cases(x):
    """name -> (arguments of our kernel, PyTorch's expression of it); x makes arrays."""
    logits, targets = x(64, 10), x(64).argsort() % 10
    table = {}
    for n, i, o in [(64, 784, 512), (64, 512, 512), (64, 512, 10), (1, 784, 512), (1, 4, 128)]:
        a, w, b, dy = x(n, i), x(o, i), x(o), x(n, o)
        size = f"{n}x{i}x{o}"
        table[f"linear {size}"] = ((a, w, b), "F.linear(*a)")
        table[f"linear_dx {size}"] = ((dy, w), "a[0] @ a[1]")
        table[f"linear_dw {size}"] = ((dy, a), "a[0].T @ a[1]")
    big, square = x(64, 512), x(512, 512)
    for name in ("relu", "sigmoid", "tanh", "exp"):
        table[f"{name} 64x512"] = ((big,), f"torch.{name}(a[0])")
    table["silu 64x512"] = ((big,), "F.silu(a[0])")
    table["gelu 64x512"] = ((big, False), "F.gelu(a[0])")
    table["add 64x512"] = ((big, big), "a[0] + a[1]")
    table["mul 4x4"] = ((x(4, 4), x(4, 4)), "a[0] * a[1]")
    table["relu 4x4"] = ((x(4, 4),), "torch.relu(a[0])")
    table["matmul 512x512x512"] = ((square, square), "a[0] @ a[1]")
    table["softmax 64x10"] = ((logits, 1), "torch.softmax(a[0], 1)")
    table["log_softmax 64x1000"] = ((x(64, 1000), 1), "torch.log_softmax(a[0], 1)")
    table["cross_entropy 64x10"] = ((logits, targets, -100, True), "F.cross_entropy(a[0], a[1])")
    table["layer_norm 64x512"] = (
        (big, 1, x(512), x(512), 1e-5),
        "F.layer_norm(a[0], (512,), a[2], a[3])",
    )
    table["batch_norm 64x16x28x28"] = (
        (x(64, 16, 28, 28), x(16), x(16), 1e-5),
        "F.batch_norm(a[0], None, None, a[1], a[2], True)",
    )
    table["take 60000x784"] = ((x(60000, 784), targets * 5000), "a[0][a[1]]")
    table["sum 64x512"] = ((big,), "a[0].sum()")
    mlp = [(512, 784), (512,), (512, 512), (512,), (10, 512), (10,)]
    params, grads = [x(*s) for s in mlp], [x(*s) for s in mlp]
    table["sgd_step MLP"] = (
        (params, grads, [None] * 6, 1e-9, 0, 0, 0, False, False),
        "torch.optim.SGD(parameters, lr=1e-9).step()",
    )
    return table


def measure(library: str, only: str) -> dict[str, float]:
    """Microseconds per call of each case in this process."""
    import numpy as np

    rng = np.random.default_rng(0)
    table = cases(lambda *shape: rng.standard_normal(shape, dtype=np.float32))
    setup = {}
    if library == "torch":
        import torch

        setup = {"torch": torch, "F": torch.nn.functional}
        torch.set_grad_enabled(False)
    else:
        from rushlight import kernels
        from rushlight.kernels import vocabulary
        from rushlight.kernels.twin import TWINS

        twins = {**vocabulary.WORDS, **TWINS}
    times = {}
    for name, (a, expression) in table.items():
        if only not in name:
            continue
        if library == "torch":

            def convert(value):
                return torch.from_numpy(value) if isinstance(value, np.ndarray) else value

            scope = setup | {"a": [convert(v) for v in a]}
            if name.startswith("sgd"):
                parameters = [torch.nn.Parameter(convert(p)) for p in a[0]]
                for p, g in zip(parameters, a[1], strict=True):
                    p.grad = convert(g)
                optimizer = torch.optim.SGD(parameters, lr=1e-9)
                scope["step"], expression = optimizer.step, "step()"
            timer = timeit.Timer(expression, globals=scope)
        else:
            kernel = name.split()[0]
            f = getattr(kernels.native, kernel) if library == "native" else twins[kernel]
            timer = timeit.Timer("f(*a)", globals={"f": f, "a": a})
        number = max(1, int(0.01 / max(timer.timeit(3) / 3, 1e-7)))
        times[name] = min(timer.repeat(5, number)) / number * 1e6
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="default: each library's own")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--library", choices=["native", "twin", "torch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.library:
        print(json.dumps(measure(options.library, options.only)))
        return

    environment = dict(os.environ)
    if options.threads:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            environment[name] = str(options.threads)
    rounds: dict[str, list[dict[str, float]]] = {"native": [], "twin": [], "torch": []}
    for _ in range(ROUNDS):
        for library, results in rounds.items():
            command = [sys.executable, __file__, "--library", library, "--only", options.only]
            run = subprocess.run(command, env=environment, capture_output=True, text=True)
            if run.returncode == 0:
                results.append(json.loads(run.stdout))
            elif library != "torch":
                sys.exit(run.stderr)
    print(f"{'microseconds':28} {'ours':>10} {'NumPy':>10} {'PyTorch':>10}   PyTorch / ours")
    for name in rounds["native"][0]:
        ours, twin, torch = (
            statistics.median(r[name] for r in results) if results else float("nan")
            for results in rounds.values()
        )
        print(f"{name:28} {ours:10.2f} {twin:10.2f} {torch:10.2f}   {torch / ours:.1f}")


if __name__ == "__main__":
    main()
