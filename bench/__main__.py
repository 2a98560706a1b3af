"""`make bench`: rushlight beside PyTorch 2.13.0, in turn, each run in a process of its own: A B A
B, at least five rounds.

    python -m bench [--rounds 5] [--only GLOB] [--threads default,1] [--json bench/results.json]

Prints a table of medians and ratios (PyTorch's time over ours) and, for each figure, how near it
comes to what the machine
can do; writes everything with machine, versions and date as JSON. Run it on an idle machine: a load
above 0.5 is reported.
"""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import installed, limits

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT.parent / "shared" / "seeds"
LIBRARIES = ("torch", "rushlight")
# PyTorch's time over ours: (at least, aim)
GOALS = {
    "logistic, slices": (2.5, 4),
    "logistic, loader": (6, 8),
    "MLP, slices": (1.3, 1.7),
    "MLP, loader": (1.6, 2),
    "CNN, slices": (3, 5),
    "CNN, loader": (3.5, 6),
    "batch-one net, Adam": (4, 6),
    "inference at batch one, MLP": (2, 3),
    "inference at batch one, CNN": (2, 3),
    **dict.fromkeys(
        (
            "mul",
            "mul with gradient",
            "add a number",
            "relu",
            "view",
            "index",
            "sum",
            "item",
            "Linear at batch one",
        ),
        (1, 1.5),
    ),
    "import": (8, 12),
    "document 004, whole script": (2.5, 3),
    "peak memory of MLP training": (2, 3),
}


def child(library: str, workload: str, threads: int) -> dict[str, Any]:
    """One run of a workload in a fresh process."""
    command = [sys.executable, "-m", "bench.workloads", library, workload, str(threads)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{library}, {workload}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def document(library: str, folder: Path) -> dict[str, Any]:
    """Document 004 as one script, start of the interpreter included."""
    runner = [sys.executable] if library == "torch" else [sys.executable, "-m", "rushlight", "run"]
    start = time.perf_counter()
    environment = dict(os.environ, MPLBACKEND="Agg", PYTHONWARNINGS="ignore")
    subprocess.run(
        [*runner, "seed_004_seeded.py"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    return {"us": (time.perf_counter() - start) * 1e6, "peak_mb": 0.0}


def assembled(folder: Path) -> bool:
    """Put document 004's script and data into `folder`, by the documents' own check.py.

    False: they are not here.
    """
    if not (SEEDS / "check.py").exists():
        return False
    code = (
        f"import sys; sys.path.insert(0, {str(SEEDS)!r}); import check; from pathlib import Path; "
        f"d = Path({str(folder)!r});"
        "check.mnist_pickle(d / 'data/mnist/mnist.pkl.gz');"
        "(d / 'seed_004_seeded.py').write_text('import torch\\ntorch.manual_seed(0)\\n' + "
        "check.script('004'))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    return True


def measure(name: str, rounds: int, threads: int, folder: Path) -> dict[str, Any]:
    """A B A B ...: the medians over the rounds of each library, and their ratio."""
    figures: dict[str, list[dict[str, Any]]] = {library: [] for library in LIBRARIES}
    for _ in range(rounds):
        for library in LIBRARIES:
            run = (
                document(library, folder)
                if name.startswith("document")
                else child(library, name, threads)
            )
            figures[library].append(run)
    key = "peak_mb" if name.startswith("peak memory") else "us"
    medians = {
        library: statistics.median(r[key] for r in runs) for library, runs in figures.items()
    }
    return {
        "workload": name,
        "threads": threads or "default",
        "unit": "MB" if key == "peak_mb" else "us",
        **medians,
        "ratio": medians["torch"] / medians["rushlight"],
        "runs": figures,
    }


def cpu() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def show(rows: list[dict[str, Any]], peak: float, rate: float) -> None:
    """Both tables."""
    print(
        f"\n{'workload':30}{'threads':>9}{'PyTorch':>12}{'rushlight':>12}{'ratio':>8}  "
        f"{'goal (aim)':12}"
    )
    for row in rows:
        goal = GOALS.get(row["workload"])
        verdict = "" if goal is None or row["threads"] != "default" else f"{goal[0]} ({goal[1]})"
        if verdict and row["ratio"] < goal[0]:
            verdict += "  NOT MET"
        unit = " MB" if row["unit"] == "MB" else ""
        print(
            f"{row['workload']:30}{row['threads']:>9}{row['torch']:12.2f}{row['rushlight']:12.2f}"
            f"{row['ratio']:8.2f}  {verdict}{unit}"
        )
    print(
        f"\n(us a step or call, medians; sgemm peak {peak / 1e9:.0f} GFLOP/s, copy rate "
        f"{rate / 1e9:.1f} GB/s)"
    )
    print(f"{'workload':30}{'least, us':>12}{'rushlight':>12}{'of the limit':>14}")
    for row in rows:
        least = limits.least_microseconds(row["workload"], peak, rate)
        if least is not None and row["threads"] == "default":
            print(
                f"{row['workload']:30}{least:12.1f}{row['rushlight']:12.1f}"
                f"{100 * least / row['rushlight']:13.0f}%"
            )


def main() -> int:
    p = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument(
        "--rounds", type=int, default=5, help="rounds A B; the table shows the medians over them"
    )
    p.add_argument("--only", default="*", help="workloads by name, a glob")
    p.add_argument(
        "--threads", default="default,1", help="'default' and numbers of threads, by commas"
    )
    p.add_argument("--json", type=Path, default=ROOT / "bench" / "results.json")
    a = p.parse_args()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"the machine is not idle: load {load:.2f}; the ratios below suffer", file=sys.stderr)
    peak, rate = limits.sgemm_peak(), limits.copy_rate()
    rows = []
    with tempfile.TemporaryDirectory() as tmp:
        folder = Path(tmp)
        names = [n for n in GOALS if fnmatch.fnmatchcase(n, a.only)]
        if any(n.startswith("document") for n in names) and not assembled(folder):
            print(f"document 004 is left out: {SEEDS} is not here", file=sys.stderr)
            names = [n for n in names if not n.startswith("document")]
        for name in names:
            for threads in a.threads.split(","):
                if threads != "default" and (
                    name.startswith("document") or name in ("import", "peak memory of MLP training")
                ):
                    continue
                rows.append(
                    measure(name, a.rounds, 0 if threads == "default" else int(threads), folder)
                )
                print(f"{name}, {threads}: {rows[-1]['ratio']:.2f}", file=sys.stderr)
    show(rows, peak, rate)
    sizes = installed.sizes(LIBRARIES)
    print(
        "\ninstalled with all dependencies: "
        + ", ".join(f"{k} {v / 1e6:.0f} MB" for k, v in sizes.items())
    )
    record = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": cpu(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "load_before": load,
        },
        "python": platform.python_version(),
        "sgemm_peak_gflops": peak / 1e9,
        "copy_rate_gb": rate / 1e9,
        "installed_bytes": sizes,
        "rows": rows,
    }
    a.json.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
