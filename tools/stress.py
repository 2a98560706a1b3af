"""What needs hundreds of tries: killed runs, interrupted loaders, several runs in one folder.

    python tools/stress.py --kills 200 --interrupts 200 --races 20       # `make stress`

kills       `rushlight train` is killed (-9) after a random time and resumed, again and again. Every
            folder that gets to its end must hold the numbers of a run that was left alone, and no
            file that it does not.
interrupts  Ctrl-C (SIGINT) at a random moment of a program that reads DataLoaders with workers: a
            second after its end no process of its group is alive.
races       three `rushlight train` start at the same moment in one folder: one finishes, two refuse
            with status 2 and one line.

Each failure is printed with its seed; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rushlight as torch

COMMAND = [sys.executable, "-m", "rushlight", "train"]
WORDS = ["digits", "--model", "logistic", "--epochs", "6", "--quiet", "--schedule", "none"]
FILES = ["best.pt", "history.csv", "last.pt", "report.html", "report.txt"]
LOADERS = """
import sys, time
from rushlight.utils.data import DataLoader, Dataset
class Slow(Dataset):
    def __len__(self): return 16
    def __getitem__(self, i):
        time.sleep(0.002)
        return i
print("ready", flush=True)
while True:
    for _ in DataLoader(Slow(), 4, num_workers=2): pass
    it = iter(DataLoader(Slow(), 2, num_workers=2, persistent_workers=True))
    next(it)
    del it
"""


def train(*words: str) -> subprocess.Popen:
    return subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def start_or_resume(folder: Path) -> subprocess.Popen:
    if (folder / "last.pt").exists():
        return train("--resume", str(folder), "--quiet")
    return train(*WORDS, "--out", str(folder))


def same_run(folder: Path, whole: Path) -> str:
    """How a folder differs from that of the run which was left alone; "" if it does not."""
    if sorted(os.listdir(folder)) != FILES:
        return f"holds {sorted(os.listdir(folder))}"
    for name in ("last.pt", "best.pt"):
        a, b = (torch.load(f / name)["model"] for f in (folder, whole))
        if any(not torch.equal(a[key], b[key]) for key in b):
            return f"{name} has other numbers"
    return ""


def kills(count: int, r: random.Random, room: Path) -> list[str]:
    whole = room / "whole"
    start = time.monotonic()
    done = train(*WORDS, "--out", str(whole))
    if done.wait():
        raise SystemExit(done.stderr.read())
    once = time.monotonic() - start
    found, killed, folders = [], 0, 0
    while killed < count:
        folder = room / f"run{folders}"
        folders += 1
        for _ in range(r.randint(1, 6)):  # kills of this folder; then it may finish
            run = start_or_resume(folder)
            try:
                run.wait(r.random() * once * 1.1)
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                killed += 1
            error = run.communicate()[1]
            if run.returncode not in (0, -signal.SIGKILL):
                found.append(f"kill {killed}, {folder.name}: {error}")
            if (folder / "report.txt").exists():
                break
        if not (folder / "report.txt").exists():
            run = start_or_resume(folder)
            error = run.communicate()[1]
            if run.returncode:
                found.append(f"{folder.name} does not resume: {error}")
                continue
        problem = same_run(folder, whole)
        if problem:
            found.append(f"{folder.name}: {problem}")
        else:
            shutil.rmtree(folder)
    print(f"{killed} kills of runs in {folders} folders: {len(found)} faults")
    return found


def alive(group: int) -> list[str]:
    """The processes of a group that are neither gone nor waiting to be reaped."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().partition(") ")
        except OSError:
            continue
        state, _, pgrp = rest.split()[:3]
        if int(pgrp) == group and state != "Z":
            found.append(f"{name}) {state}")
    return found


def interrupts(count: int, r: random.Random, room: Path) -> list[str]:
    found = []
    for i in range(count):
        run = subprocess.Popen(
            [sys.executable, "-c", LOADERS],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        run.stdout.readline()
        time.sleep(r.random() * 0.4)
        # what a terminal does: every process of the group gets the signal
        os.killpg(run.pid, signal.SIGINT)
        sent = 1
        while True:
            try:
                error = run.communicate(timeout=2)[1]
                break
            except subprocess.TimeoutExpired:
                if sent == 3:
                    run.kill()
                    error = run.communicate()[1]
                    found.append(f"interrupt {i}: goes on after three signals\n{error}")
                    break
                sent += 1
                os.killpg(run.pid, signal.SIGINT)
        if sent == 2:
            print(f"interrupt {i}: one signal was lost")
        end = time.monotonic() + 1
        while (left := alive(run.pid)) and time.monotonic() < end:
            time.sleep(0.02)
        if left:
            found.append(f"interrupt {i}: alive a second later: {left}")
            os.killpg(run.pid, signal.SIGKILL)
        if "KeyboardInterrupt" not in error:
            found.append(f"interrupt {i}: no KeyboardInterrupt\n{error}")
    print(f"{count} interrupts of loaders: {len(found)} faults")
    return found


def races(count: int, r: random.Random, room: Path) -> list[str]:
    found = []
    for i in range(count):
        folder = room / f"race{i}"
        runs = [train(*WORDS, "--out", str(folder)) for _ in range(3)]
        ends = sorted((run.communicate()[1], run.returncode) for run in runs)
        codes = sorted(code for _, code in ends)
        if codes != [0, 2, 2] or any(len(e.strip().splitlines()) != 1 for e, code in ends if code):
            found.append(f"race {i}: {ends}")
        elif sorted(os.listdir(folder)) != FILES:
            found.append(f"race {i}: holds {sorted(os.listdir(folder))}")
    print(f"{count} times three runs in one folder: {len(found)} faults")
    return found


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("kills", "interrupts", "races"):
        p.add_argument(f"--{name}", type=int, default=0)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as room:
        for test in (kills, interrupts, races):
            if count := getattr(a, test.__name__):
                found += test(count, random.Random(a.seed), Path(room))
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
