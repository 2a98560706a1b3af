"""Processes of the launcher: started, watched, ended together.

Each is the leader of a session of its own, so that what it started ends with it, and Ctrl-C reaches
it once, from us. A thread waits for each: who ended first is known, and that is who is named.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from .errors import DistError


@dataclass
class Node:
    """This machine among all: its number, how many processes each has, where the store is."""

    rank: int
    counts: list[int]
    host: str
    port: int
    store: Any
    run_id: str
    failed: str  # the store's key that says that a machine has failed

    @property
    def first(self) -> int:
        """The rank of its first process."""
        return sum(self.counts[: self.rank])

    @property
    def size(self) -> int:
        """All processes of all machines."""
        return sum(self.counts)


@dataclass
class Plan:
    """What to run, and how."""

    words: list[str]
    name: str
    role: str = "default"
    log_dir: str | None = None
    redirects: list[int] = field(default_factory=list)
    tee: list[int] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    grace: float = 5.0
    restarts: int = 0


def say(text: str) -> None:
    """One message of the launcher."""
    print(f"rushlight.distributed.run: {text}", file=sys.stderr, flush=True)


class Rank:
    """One process."""

    def __init__(self, plan: Plan, node: Node, local: int, attempt: int, folder: str):
        self.local, self.rank = local, node.first + local
        self.error_file = os.path.join(folder, f"error_{self.rank}.json")
        self.code: int | None = None
        self._files: list[IO[bytes]] = []
        self._threads: list[threading.Thread] = []
        streams = [self._stream(plan, folder, attempt, bit) for bit in (1, 2)]
        try:
            self.process = subprocess.Popen(
                plan.words,
                env=os.environ | self._environment(plan, node, attempt),
                stdout=streams[0],
                stderr=streams[1],
                start_new_session=True,
            )
        except OSError as error:
            raise DistError(f"{plan.words[0]}: {error.strerror}") from None
        for bit, stream in ((1, self.process.stdout), (2, self.process.stderr)):
            if stream is not None:
                self._pump(plan, bit, stream)

    def _environment(self, plan: Plan, node: Node, attempt: int) -> dict[str, str]:
        count = node.counts[node.rank]
        numbers = {
            "LOCAL_RANK": self.local,
            "RANK": self.rank,
            "GROUP_RANK": node.rank,
            "ROLE_RANK": self.rank,
            "LOCAL_WORLD_SIZE": count,
            "WORLD_SIZE": node.size,
            "GROUP_WORLD_SIZE": len(node.counts),
            "ROLE_WORLD_SIZE": node.size,
            "MASTER_PORT": node.port,
            "TORCHELASTIC_RESTART_COUNT": attempt,
            "TORCHELASTIC_MAX_RESTARTS": plan.restarts,
        }
        return {key: str(value) for key, value in numbers.items()} | {
            "ROLE_NAME": plan.role,
            "MASTER_ADDR": node.host,
            "TORCHELASTIC_RUN_ID": node.run_id,
            "TORCHELASTIC_USE_AGENT_STORE": "True",
            "TORCHELASTIC_ERROR_FILE": self.error_file,
            "RUSHLIGHT_LAUNCHER": str(os.getpid()),
        }

    def _stream(self, plan: Plan, folder: str, attempt: int, bit: int) -> Any:
        """Where a stream of the process goes: None (here), a file, a pipe, nowhere."""
        shown = not plan.shown or self.local in plan.shown
        to_file = (plan.redirects[self.local] | plan.tee[self.local]) & bit
        if not to_file:
            return None if shown else subprocess.DEVNULL
        name = "stdout.log" if bit == 1 else "stderr.log"
        where = os.path.join(folder, f"attempt_{attempt}", str(self.local))
        os.makedirs(where, exist_ok=True)
        file = open(os.path.join(where, name), "wb", buffering=0)
        self._files.append(file)
        if plan.tee[self.local] & bit and shown:
            return subprocess.PIPE
        return file

    def _pump(self, plan: Plan, bit: int, source: Any) -> None:
        """Copies a pipe to its file and, line by line, to here."""
        name = "stdout.log" if bit == 1 else "stderr.log"
        file = next(f for f in self._files if f.name.endswith(name))
        to, head = (sys.stdout, sys.stderr)[bit - 1], f"[{plan.role}{self.rank}]:"

        def copy() -> None:
            for line in source:
                file.write(line)
                to.write(head + line.decode("utf-8", "replace"))
                to.flush()

        thread = threading.Thread(target=copy, daemon=True)
        thread.start()
        self._threads.append(thread)

    def send(self, number: int) -> None:
        """A signal to the process and all that it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def close(self) -> None:
        """Waits for its output, and closes the files."""
        for thread in self._threads:
            thread.join(2)
        for file in self._files:
            file.close()

    def outcome(self) -> str:
        """How it ended, in words: "ended by signal 9 (SIGKILL)"."""
        code = self.code
        if code is None:
            return "still running"
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = "?"
            return f"ended by signal {-code} ({name})"
        return f"exit status {code}"

    def error(self) -> str:
        """The exception that `record` has written down; "" if there is none."""
        try:
            with open(self.error_file, encoding="utf-8") as file:
                return str(json.load(file)["message"]["message"]).split("\n")[0]
        except (OSError, ValueError, KeyError, TypeError):
            return ""


class Watch:
    """The processes of one attempt."""

    def __init__(self, node: Node, plan: Plan, attempt: int, folder: str):
        self.node, self.plan = node, plan
        self.ended: queue.SimpleQueue[Rank] = queue.SimpleQueue()
        self.ranks: list[Rank] = []
        try:
            for local in range(node.counts[node.rank]):
                self.ranks.append(Rank(plan, node, local, attempt, folder))
        except BaseException:
            self.stop()
            raise
        for rank in self.ranks:
            threading.Thread(target=self._wait, args=(rank,), daemon=True).start()

    def _wait(self, rank: Rank) -> None:
        rank.code = rank.process.wait()
        self.ended.put(rank)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends all: the signal, and SIGKILL to those that do not heed it in time."""
        for rank in self.ranks:
            if rank.process.poll() is None:
                rank.send(number)
        end = time.monotonic() + self.plan.grace
        for rank in self.ranks:
            with contextlib.suppress(subprocess.TimeoutExpired):
                rank.process.wait(max(end - time.monotonic(), 0))
        for rank in self.ranks:
            rank.send(signal.SIGKILL)  # what it has started, too
            rank.process.wait()
            rank.close()

    def until_end(self, caught: list[int]) -> tuple[Rank | None, str]:
        """Waits: (None, "") when all have ended well, else who did not, or why we stop."""
        left, looked = len(self.ranks), time.monotonic()
        while left:
            if caught:
                return None, f"signal {caught[0]} ({signal.Signals(caught[0]).name})"
            try:
                rank = self.ended.get(timeout=0.1)
            except queue.Empty:
                if len(self.node.counts) > 1 and time.monotonic() - looked > 1:
                    looked = time.monotonic()
                    if other := self._elsewhere():
                        return None, other
                continue
            if rank.code != 0:
                return rank, ""
            left -= 1
        return None, ""

    def _elsewhere(self) -> str:
        """What another machine says of its failure."""
        try:
            if self.node.store.check([self.node.failed]):
                return self.node.store.get(self.node.failed).decode()
        except DistError:
            if self.node.rank:
                return "machine 0, which serves the store, has ended"
        return ""


@contextlib.contextmanager
def _listening(numbers: list[int], watch: list[Watch]) -> Iterator[list[int]]:
    """Notes the signals that come, and passes on SIGUSR1 and SIGUSR2."""
    caught: list[int] = []

    def note(number: int, frame: Any) -> None:
        caught.append(number)

    def pass_on(number: int, frame: Any) -> None:
        for rank in watch[-1].ranks if watch else []:
            rank.send(number)

    before = {}
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        before[number] = signal.signal(number, pass_on)
    for number in numbers:
        before[number] = signal.signal(number, note)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_all(node: Node, plan: Plan) -> int:
    """Runs the processes of this machine to their end; the exit status: 0 if all ended well."""
    folder = tempfile.mkdtemp(prefix=f"{node.run_id}_", dir=_log_dir(plan))
    keep = plan.log_dir is not None
    watch: list[Watch] = []
    try:
        with _listening(plan.signals, watch) as caught:
            for attempt in range(plan.restarts + 1):
                watch.append(Watch(node, plan, attempt, folder))
                failed, why = watch[-1].until_end(caught)
                if failed is None and not why:
                    for rank in watch[-1].ranks:
                        rank.close()
                    _farewell(node)
                    return 0
                watch[-1].stop(caught[0] if caught else signal.SIGTERM)
                if caught:
                    say(f"stopped by {why}, which was passed on to all ranks")
                    return 128 + caught[0]
                _report(node, plan, watch[-1], failed, why)
                if failed is not None and attempt < plan.restarts:
                    say(f"all ranks start again ({attempt + 1} of {plan.restarts} times)")
            return 1
    except DistError as error:
        say(str(error))
        return 1
    finally:
        if not keep:
            import shutil

            shutil.rmtree(folder, ignore_errors=True)


def _log_dir(plan: Plan) -> str | None:
    if plan.log_dir is not None:
        os.makedirs(plan.log_dir, exist_ok=True)
    return plan.log_dir


def _farewell(node: Node) -> None:
    """Machine 0 serves the store until the processes of all machines have ended."""
    if len(node.counts) == 1:
        return
    with contextlib.suppress(DistError):
        done = node.store.add(f"{node.failed}/done", 1)
        while node.rank == 0 and done < len(node.counts):
            if node.store.check([node.failed]):
                return
            time.sleep(0.2)
            done = node.store.add(f"{node.failed}/done", 0)


def _report(node: Node, plan: Plan, watch: Watch, failed: Rank | None, why: str) -> None:
    """Says who failed, here and to the other machines."""
    if failed is None:
        say(f"{plan.name} was stopped, since another machine failed: {why}")
        return
    text = (
        f"rank {failed.rank} (local_rank {failed.local}, pid {failed.process.pid}): "
        f"{failed.outcome()}"
    )
    if failed.error():
        text += f", {failed.error()}"
    others = [str(rank.rank) for rank in watch.ranks if rank is not failed]
    more = f"\n  the other ranks here were stopped: {', '.join(others)}" if others else ""
    say(f"{plan.name} failed\n  {text}{more}")
    if len(node.counts) > 1:
        with contextlib.suppress(DistError):
            node.store.set(node.failed, text)
            if node.rank == 0:
                time.sleep(2.5)  # the others look once a second
