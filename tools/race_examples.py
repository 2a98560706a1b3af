"""Runs the programs of examples/ on rushlight and on PyTorch in turn, one thread each, and prints
the table of docs/examples/index.md.

PYTHONPATH=src python tools/race_examples.py [--rounds 2] [NAME...]   # with torch 2.13.0 (CPU)

What they wrote and printed stays in runs/race/rushlight/NAME and runs/race/PyTorch/NAME.

Seconds are the processor's (user and system), from the start of Python to its end, the least of the
rounds: other programs on the machine change them little. The difference is the largest between the
numbers that the two wrote (numbers.json), for numbers above 1 in parts of them.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import example_cases as cases  # noqa: E402

#: row of the table -> the program, its words
RACES = {
    "nets": ("nets.py",), "vae": ("vae.py",), "minilm": ("minilm.py",),
    "forecast": ("forecast.py",), "gan_ring": ("gan.py", "--data", "ring"),
    "mlp_ddp": ("mlp_ddp.py",),
    "char_rnn": ("char_rnn.py",), "dqn": ("dqn.py",), "gan": ("gan.py",), "unet": ("unet.py",),
    "gpt": ("gpt.py",),
}  # fmt: skip
SIDES = {"rushlight": ["-m", "rushlight", "run"], "PyTorch": []}


def run(start, program, out):
    """CPU seconds of one process."""
    command = [sys.executable, *start, str(ROOT / "examples" / program[0]), *program[1:]]
    out.mkdir(parents=True, exist_ok=True)
    threads = {"OMP_NUM_THREADS": "1", "RUSHLIGHT_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with (
        open(out / "printed.txt", "w") as printed,
        subprocess.Popen(
            [*command, "--out", str(out)], env=os.environ | threads, stdout=printed
        ) as process,
    ):
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(RACES)}; default: all")
    parser.add_argument("--rounds", type=int, default=2, help="default: 2")
    parser.add_argument("--out", type=Path, default=Path("runs/race"), help="default: runs/race")
    options = parser.parse_args()
    print("| | rushlight, s | PyTorch, s | PyTorch / rushlight | largest difference |")
    print("|---|---|---|---|---|")
    for name in options.names or RACES:
        seconds: dict[str, list[float]] = {side: [] for side in SIDES}
        written = {}
        for _ in range(options.rounds):
            for side, start in SIDES.items():
                out = options.out / side / name
                seconds[side].append(run(start, RACES[name], out))
                written[side] = cases.numbers(out)
        ours, theirs = (min(s) for s in seconds.values())
        pairs = list(zip(*written.values(), strict=False))
        gap = max(abs(a - b) / max(1.0, abs(b)) for a, b in pairs)
        same = len(written["rushlight"]) == len(written["PyTorch"])
        shown = f"{gap:.1g}" if same else "another number of steps"
        print(f"| {name} | {ours:.1f} | {theirs:.1f} | {theirs / ours:.1f} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
