"""Instructions of the bench's rows, counted by valgrind: one tree of sources against another.

    python tools/instructions.py SRC [OTHER_SRC] --rows "mul" "item" "batch-one net, Adam"

SRC, OTHER_SRC  folders with a `rushlight` and its built extension; the rows are those of
                bench/workloads.py beside this file, the same for both. Needs valgrind and cc.

One thread, AVX2, no random hashes, no garbage collection. Each row warms up, then runs n and 3 n
times between two zeros of the counter: the difference is 2 n runs, without the counting itself.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COUNTER = r"""
#include <valgrind/callgrind.h>
void zero(void) { CALLGRIND_ZERO_STATS; }
void dump(const char* name) { CALLGRIND_DUMP_STATS_AT(name); }
"""
SAMPLES = 640  # of an epoch: ten steps
FIXED = {
    "RUSHLIGHT_ISA": "avx2",
    "RUSHLIGHT_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}


def run(rows: list[str], counter: str) -> None:
    """Under valgrind: each row, its counts in callgrind's files."""
    sys.path.insert(0, str(ROOT))
    from bench import workloads

    library = ctypes.CDLL(counter)
    name = ""

    def counted(f: Any, calls: int, repeats: int = 9) -> list[float]:
        turns = 100 if calls >= 300 else 5 if calls > 1 else 1
        for _ in range(max(40 // turns, 3) if calls > 1 else 3):
            f()
        gc.collect()
        gc.disable()
        for times in (turns, 3 * turns):
            library.zero()
            for _ in range(times):
                f()
            library.dump(f"{name}|{turns}|{times}".encode())
        gc.enable()
        return [1.0]

    made = workloads.WORKLOADS | {
        "logistic, slices": workloads.training(workloads.logistic, 0.0, False, SAMPLES),
        "logistic, loader": workloads.training(workloads.logistic, 0.0, True, SAMPLES),
        "MLP, slices": workloads.training(workloads.mlp, 0.0, False, SAMPLES),
        "CNN, slices": workloads.training(workloads.cnn, 0.9, False, SAMPLES),
    }
    workloads.blocks = counted
    lib = workloads.Library("rushlight", 1)
    lib.blocks = counted
    for row in rows:
        name = row
        lib.torch.manual_seed(0)
        made[row](lib)


def count(source: str, rows: list[str]) -> dict[str, float]:
    """row -> instructions of one step or call."""
    with tempfile.TemporaryDirectory() as folder:
        counter = f"{folder}/counter.so"
        made = ["cc", "-O1", "-shared", "-fPIC", "-xc", "-", "-o", counter]
        subprocess.run(made, input=COUNTER, text=True, check=True)
        words = [
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", "-q",
            sys.executable, __file__, "--counter", counter, source, "--rows", *rows,
        ]  # fmt: skip
        subprocess.run(words, check=True, env={**os.environ, **FIXED, "PYTHONPATH": source})
        found: dict[str, dict[int, int]] = {}
        for path in Path(folder).glob("out.*"):
            text = path.read_text(errors="replace")
            told = re.search(r"^desc: Trigger: Client Request: (.*)\|(\d+)\|(\d+)$", text, re.M)
            total = re.search(r"^(?:summary|totals): (\d+)", text, re.M)
            if told and total:
                found.setdefault(told[1], {})[int(told[3]) // int(told[2])] = int(total[1])
                found[told[1]][0] = int(told[2])
    steps = {row: SAMPLES // 64 if row.endswith(("slices", "loader")) else 1 for row in rows}
    return {row: (found[row][3] - found[row][1]) / (2 * found[row][0] * steps[row]) for row in rows}


def main() -> None:
    """Counts, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+", metavar="SRC")
    parser.add_argument("--rows", nargs="+", required=True)
    parser.add_argument("--counter", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.counter:
        run(options.rows, options.counter)
        return
    counts = [count(str(Path(source).resolve()), options.rows) for source in options.sources]
    for row in options.rows:
        figures = [c[row] for c in counts]
        ratio = f" {figures[-1] / figures[0]:.3f} |" if len(figures) > 1 else ""
        print(f"| {row} | " + " | ".join(f"{n:,.0f}" for n in figures) + f" |{ratio}")


if __name__ == "__main__":
    main()
