"""What the launcher starts: `rushlight run`, in a process that ends with the launcher."""

from __future__ import annotations

import ctypes
import io
import os
import signal
import sys

from ..app import run
from . import runtime


def follow(launcher: int) -> None:
    """SIGTERM when the launcher dies, even by SIGKILL; on Linux, where the kernel offers it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != launcher:  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def by_lines() -> None:
    """Each line goes out at once and whole: lines of several processes do not mix."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=False)


if __name__ == "__main__":
    by_lines()
    if "RUSHLIGHT_LAUNCHER" in os.environ:
        follow(int(os.environ["RUSHLIGHT_LAUNCHER"]))
    try:
        status = run.main(sys.argv[1:])
    except SystemExit as end:
        runtime.FAILED[0] = end.code not in (None, 0)
        raise
    runtime.FAILED[0] = status != 0
    raise SystemExit(status)
