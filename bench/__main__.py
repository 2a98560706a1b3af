"""`make bench`: rushlight beside PyTorch 2.13.0, in turn, each run in a process of its own: A B A
B, at least five rounds.

    python -m bench [--rounds 5] [--only GLOB]... [--threads default,1] [--json bench/results.json]

Prints a table of medians and ratios (PyTorch's time over ours) and, for each figure, how near it
comes to what the machine can do; writes them with machine and date as JSON after each round, where
rows that were not measured stay as they were. Run it on an idle machine: a load above 0.5 is
reported.
tools/make_bench_tables.py puts the record into the tables of README.md and docs/performance.md.
"""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import (
    attention,
    beside,
    convnets,
    growth,
    installed,
    language_models,
    large,
    limits,
    linalg,
    quantized,
    recurrent,
    served,
    small,
    tensor_ops,
)

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT.parent / "shared" / "seeds"
LIBRARIES = ("torch", "rushlight")
WHOLE_PROCESS = ("import", "peak memory of MLP training")
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
    "bilinear upsampling, training": (1, 2),
    "bilinear upsampling, inference": (1, 2),
    **{name: goal for name, (_, goal) in attention.ROWS.items()},
    **{name: goal for name, (_, _, goal) in convnets.ROWS.items()},
    **{name: goal for name, (_, _, goal) in growth.ROWS.items()},
    **{name: goal for name, (_, _, goal) in language_models.ROWS.items()},
    **{name: goal for name, (_, _, goal) in large.ROWS.items()},
    **{name: goal for name, (_, _, goal) in linalg.ROWS.items()},
    **{name: goal for name, (_, _, goal) in quantized.ROWS.items()},
    **{name: goal for name, (_, _, goal) in recurrent.ROWS.items()},
    **{name: goal for name, (_, _, goal) in small.ROWS.items()},
    **{name: goal for name, (_, _, goal) in tensor_ops.ROWS.items()},
    **beside.ROWS,
    "import": (8, 12),
    "document 004, whole script": (2.5, 3),
    "peak memory of MLP training": (2, 3),
}

#: what onnxruntime can run, and its time over ours (at least, aim; none: (0, 0))
EXPORTABLE: dict[str, tuple[float, float]] = {
    "ResNet-18, 32x32, batch 1": (0.8, 1.1),
    "ResNet-18, 32x32, batch 16": (0.8, 1.1),
    "ResNet-18, 224x224": (0.8, 1.1),
    "ResNet-50, 224x224": (0, 0),
    "MobileNetV2, 224x224": (0, 0),
    "EfficientNet-B0, 224x224": (0, 0),
    "MiniLM's shape, 16 tokens": (0.9, 1.1),
    "MiniLM's shape, 128 tokens": (0.9, 1.0),
    "BGE-small's shape, 16 tokens": (0.9, 1.1),
    "BGE-small's shape, 128 tokens": (0.9, 1.0),
}


def child(library: str, threads: int, names: list[str]) -> list[dict[str, Any]]:
    """The workloads, one after the other, in one fresh process."""
    command = [sys.executable, "-m", "bench.workloads", library, str(threads), *names]
    shared = any(n in beside.ROWS for n in names)
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=beside.as_others if shared else None,
    )
    if done.returncode:
        raise SystemExit(f"{library}, {names}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def document(library: str, folder: Path) -> dict[str, Any]:
    """Document 004 as one script, start of the interpreter included."""
    runner = [sys.executable] if library == "torch" else [sys.executable, "-m", "rushlight", "run"]
    start = time.perf_counter()
    environment = dict(os.environ, MPLBACKEND="Agg", PYTHONWARNINGS="ignore")
    command = [*runner, "seed_004_seeded.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{library}, document 004: exit {done.returncode}\n{done.stderr[-2000:]}")
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


def measure(
    names: list[str], rounds: int, threads: int, folder: Path
) -> Iterator[list[dict[str, Any]]]:
    """A B A B ...: after each round each workload's median over the rounds for both libraries, and
    their ratio.

    What is measured of the process as a whole (the import, its peak memory, a script) has a process
    of its own; the other workloads of a round share one, and those beside other processes another.
    """
    alone = [n for n in names if n in WHOLE_PROCESS]
    shared = [n for n in names if n in beside.ROWS]
    apart = {*WHOLE_PROCESS, *shared}
    groups = [[n for n in names if n not in apart and not n.startswith("document")], shared]
    groups += [[n] for n in alone]
    figures: dict[str, dict[str, list]] = {n: {library: [] for library in LIBRARIES} for n in names}
    exportable = [n for n in names if n in EXPORTABLE] if served.available() else []
    for n in exportable:
        figures[n]["onnxruntime"] = []
    for i in range(rounds):
        for reply in child("onnxruntime", threads, exportable) if exportable else ():
            figures[reply["workload"]]["onnxruntime"].append(reply)
        for library in LIBRARIES:
            for group in filter(None, groups):
                for reply in child(library, threads, group):
                    figures[reply["workload"]][library].append(reply)
            for n in names:
                if n.startswith("document"):
                    figures[n][library].append(document(library, folder))
        print(f"round {i + 1} of {rounds}, threads {threads or 'default'}", file=sys.stderr)
        yield [_row(n, threads, figures[n]) for n in names]


def _row(name: str, threads: int, runs: dict[str, list]) -> dict[str, Any]:
    key = "peak_mb" if name.startswith("peak memory") else "us"
    medians = {library: statistics.median(r[key] for r in runs[library]) for library in runs}
    return {
        "workload": name,
        "threads": threads or "default",
        "unit": "MB" if key == "peak_mb" else "us",
        **medians,
        "ratio": medians["torch"] / medians["rushlight"],
        "onnxruntime ratio": medians.get("onnxruntime", math.nan) / medians["rushlight"],
    }


def cpu() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _beside_onnxruntime(row: dict[str, Any]) -> str:
    ratio = row["onnxruntime ratio"]
    if math.isnan(ratio):
        return ""
    text = f"  onnxruntime {row['onnxruntime']:.0f}, {ratio:.2f}"
    least, aim = EXPORTABLE[row["workload"]]
    goal = f" of {least} ({aim})" if least else ""
    return text + goal + ("  NOT MET" if least and ratio < least else "")


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
            f"{row['ratio']:8.2f}  {verdict}{unit}{_beside_onnxruntime(row)}"
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


def _with_earlier(rows: list[dict[str, Any]], earlier: list[dict[str, Any]]) -> list[dict]:
    """These rows, each with today's date, and earlier ones that they do not replace, in the order
    of GOALS.
    """
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    found = {}
    for row in rows:
        figures = {k: round(v, 3) for k, v in row.items() if type(v) is float and v == v}
        words = {k: v for k, v in row.items() if type(v) is not float}
        found[row["workload"], row["threads"]] = {**words, **figures, "date": today}
    for row in earlier:
        if row["workload"] in GOALS:
            found.setdefault((row["workload"], row["threads"]), row)
    order = {name: i for i, name in enumerate(GOALS)}
    return sorted(found.values(), key=lambda r: (r["threads"] != "default", order[r["workload"]]))


def main() -> int:
    p = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument(
        "--rounds", type=int, default=5, help="rounds A B; the table shows the medians over them"
    )
    p.add_argument("--only", action="append", help="workloads by name, a glob; again: others, too")
    p.add_argument(
        "--threads", default="default,1", help="'default' and numbers of threads, by commas"
    )
    p.add_argument("--json", type=Path, default=ROOT / "bench" / "results.json")
    a = p.parse_args()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"the machine is not idle: load {load:.2f}; the ratios below suffer", file=sys.stderr)
    peak, rate = limits.sgemm_peak(), limits.copy_rate()
    sizes = installed.sizes(LIBRARIES)
    record: dict[str, Any] = {
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
    }
    earlier = json.loads(a.json.read_text("utf-8"))["rows"] if a.json.exists() else []
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as tmp:
        folder = Path(tmp)
        chosen = a.only or ["*"]
        names = [n for n in GOALS if any(fnmatch.fnmatchcase(n, glob) for glob in chosen)]
        if any(n.startswith("document") for n in names) and not assembled(folder):
            print(f"document 004 is left out: {SEEDS} is not here", file=sys.stderr)
            names = [n for n in names if not n.startswith("document")]
        if any(n.endswith(", beside real time") for n in names) and not beside.may_take():
            print("'beside real time' is left out: it needs that right", file=sys.stderr)
            names = [n for n in names if not n.endswith(", beside real time")]
        for word in a.threads.split(","):
            threads = 0 if word == "default" else int(word)
            here = [
                n for n in names if not threads or (n not in WHOLE_PROCESS and "document" not in n)
            ]
            so_far = rows
            for found in measure(here, a.rounds, threads, folder) if here else ():
                rows = so_far + found
                record["rows"] = _with_earlier(rows, earlier)
                a.json.write_text(json.dumps(record, indent=1) + "\n")
    show(rows, peak, rate)
    print(
        "\ninstalled with all dependencies: "
        + ", ".join(f"{k} {v / 1e6:.0f} MB" for k, v in sizes.items())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
