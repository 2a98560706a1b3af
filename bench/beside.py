"""Workloads on a machine that others use, too: beside one busy process, beside two, and with a core
taken for 10 ms of every 30 by a process of real-time priority.

    python -m bench --only '*, beside*'

The other processes begin before the first block and are ended after the last one; they and the
workload have the normal priority, also where the bench has been given a real-time one: busy
processes of that kind would never let the workload run. Nothing else should run on the machine. The
third kind needs the right to a real-time priority (root, or CAP_SYS_NICE).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Workload = Callable[[Any], list[float]]

# Each ends by itself when the process that started it is gone.
_BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(100_000):
        pass
"""
_TAKING = """
import os, time
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
parent = os.getppid()
print("ready", flush=True)
while os.getppid() == parent:
    end = time.perf_counter() + 0.010
    while time.perf_counter() < end:
        pass
    time.sleep(0.020)
"""

#: how the rows are called -> the programs that run beside
KINDS: dict[str, tuple[str, ...]] = {
    "beside one": (_BUSY,),
    "beside two": (_BUSY, _BUSY),
    "beside real time": (_TAKING,),
}
#: PyTorch's time over ours (at least, aim), by model: beside busy processes, beside real time
GOALS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "MLP": ((2.5, 4), (2, 3)),
    "CNN": ((5, 8), (4, 6)),
    "ResNet-18, 32x32": ((1.3, 2), (1.3, 2)),
}


def may_take() -> bool:
    """Whether this user may start a process of real-time priority."""
    code = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))"
    return subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL).returncode == 0


def as_others() -> None:
    """The normal priority for this process and those that it starts."""
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@contextmanager
def others(programs: tuple[str, ...]) -> Iterator[None]:
    """The programs running, each on whichever processor the system puts it."""
    started: list[subprocess.Popen[str]] = []
    try:
        for program in programs:
            process = subprocess.Popen(
                [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
            )
            started.append(process)
            if program is _TAKING and process.stdout and process.stdout.readline() != "ready\n":
                raise SystemExit("this row needs the right to a real-time priority")
        time.sleep(0.2)
        yield
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def rows(workloads: dict[str, Workload]) -> dict[str, Workload]:
    """{"MLP, beside one": ...} from {"MLP": ...}."""

    def beside(workload: Workload, programs: tuple[str, ...]) -> Workload:
        def run(lib: Any) -> list[float]:
            with others(programs):
                return workload(lib)

        return run

    return {
        f"{model}, {kind}": beside(workload, programs)
        for model, workload in workloads.items()
        for kind, programs in KINDS.items()
    }


ROWS: dict[str, tuple[float, float]] = {
    f"{model}, {kind}": goals[kind == "beside real time"]
    for model, goals in GOALS.items()
    for kind in KINDS
}
