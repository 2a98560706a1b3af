"""The main process's side of a loader with workers: sends tasks, receives batches.

Each worker has a pipe for its tasks and one for its batches. A worker answers its tasks in order,
so no batch has to be buffered here: the next batch is the next answer of the worker whose turn it
is, and a worker that is ahead blocks on its full pipe. When a worker dies its pipe closes, which
ends the wait for it at once.
"""

from __future__ import annotations

import collections
import os
import signal
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection as mp_connection
from threading import Timer, current_thread, main_thread
from typing import TYPE_CHECKING, Any

from . import pipe
from .worker import INTERRUPTED, Job, Restart, StreamEnd, work

if TYPE_CHECKING:
    from .dataloader import DataLoader

__all__ = ["WorkerPool"]

_GRACE_SECONDS = 5.0  # for the sample that a worker is at when its loader ends


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block ends: inside of it a process would be forgotten or half ended.

    In the main thread, which is where Python raises KeyboardInterrupt. One that came meanwhile is
    sent once more a moment later: what a finalizer raises, Python prints and forgets. (To block the
    signal is not enough: another thread would take it.)
    """
    before = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()


class _Worker:
    """A process and our ends of its pipes. `active`: it accepts tasks."""

    def __init__(self, context: Any, job: dict, worker_id: int) -> None:
        task_receiver, self.tasks = context.Pipe(duplex=False)
        self.results, result_sender = pipe.make_pipe(context)
        pipe.own_ends.update((self.tasks, self.results))
        own = Job(**job, id=worker_id, tasks=task_receiver, results=result_sender)
        self.process = context.Process(target=work, args=(own,), daemon=True)
        try:
            self.process.start()
        finally:
            # If they stayed open here, the worker's death would go unnoticed.
            task_receiver.close()
            result_sender.close()
        self.unanswered = 0
        self.active = True


class WorkerPool:
    """The workers of one loader: `put` a task, `get` a batch; `restart` for the next epoch."""

    def __init__(self, loader: DataLoader, base_seed: int, is_stream: bool) -> None:
        import multiprocessing

        self._timeout = loader.timeout
        self._in_order = loader.in_order
        self._limit: int = loader.prefetch_factor or 0
        self._turns: collections.deque[_Worker] = collections.deque()
        self._next_worker = 0
        self._epoch = 0
        self.closed = False  # by an error: a persistent loader needs a new one
        self._workers: list[_Worker] = []
        self._closer = weakref.finalize(self, _shut_down, self._workers, os.getpid())
        job = {
            "dataset": loader.dataset,
            "is_stream": is_stream,
            "batched": loader._auto_collation,
            "collate_fn": loader.collate_fn,
            "drop_last": loader.drop_last,
            "base_seed": base_seed,
            "init_fn": loader.worker_init_fn,
            "num_workers": loader.num_workers,
        }
        context = loader.multiprocessing_context or multiprocessing
        with uninterrupted():
            for i in range(loader.num_workers):
                self._workers.append(_Worker(context, job, i))

    @property
    def processes(self) -> list:
        """The worker processes, by number."""
        return [worker.process for worker in self._workers]

    def put(self, task: Any) -> None:
        """Give a task to the next active worker in turn, or, out of order, to the least busy one.

        The caller checks that there is one (`has_room`)."""
        if self._in_order:
            while not self._workers[self._next_worker].active:
                self._next_worker = (self._next_worker + 1) % len(self._workers)
            worker = self._workers[self._next_worker]
            self._next_worker = (self._next_worker + 1) % len(self._workers)
        else:
            worker = min((w for w in self._workers if w.active), key=lambda w: w.unanswered)
        self._send(worker, task)
        worker.unanswered += 1
        self._turns.append(worker)

    def has_room(self) -> bool:
        """Can another task be sent now?"""
        waiting = sum(worker.unanswered for worker in self._workers if worker.active)
        active = sum(worker.active for worker in self._workers)
        return active > 0 and waiting < max(self._limit * len(self._workers), 1)

    def get(self) -> Any:
        """The next batch, or a WorkerError in its place; a StreamEnd: one worker's data set is
        exhausted; None: no task is outstanding."""
        worker = self._whose_turn()
        if worker is None:
            return None
        answer = self._receive(worker)
        worker.unanswered -= 1
        if isinstance(answer, StreamEnd):
            worker.active = False
        return answer

    def restart(self) -> None:
        """Begin a new epoch with the same processes; outstanding answers are discarded."""
        self._epoch += 1
        self._turns.clear()
        self._next_worker = 0
        for worker in self._workers:
            self._send(worker, Restart(self._epoch))
        for worker in self._workers:
            answer = None
            while not (isinstance(answer, Restart) and answer.epoch == self._epoch):
                answer = self._receive(worker)
            worker.unanswered = 0
            worker.active = True

    def close(self) -> None:
        """End the processes. Also happens when the pool is deleted and at exit."""
        self.closed = True
        self._turns.clear()
        self._closer()

    def _whose_turn(self) -> _Worker | None:
        if self._in_order:
            while self._turns:
                worker = self._turns.popleft()
                if worker.active:
                    return worker
            return None
        busy: dict[Any, _Worker] = {
            w.results: w for w in self._workers if w.active and w.unanswered
        }
        if not busy:
            return None
        ready = mp_connection.wait(list(busy), self._timeout or None)
        if not ready:
            raise self._late()
        return busy[ready[0]]

    def _send(self, worker: _Worker, task: Any) -> None:
        try:
            pipe.send(worker.tasks, task)
        except OSError:
            raise self._death(worker) from None

    def _receive(self, worker: _Worker) -> Any:
        deadline = time.monotonic() + self._timeout if self._timeout > 0 else None
        try:
            if os.name == "nt":  # elsewhere `receive` waits by itself
                self._wait(worker, deadline)
            return pipe.receive(worker.results, deadline, worker.process.is_alive)
        except TimeoutError:
            # what is left of its message would be taken for the next one
            self.close()
            raise self._late() from None
        except (EOFError, ConnectionResetError):
            raise self._death(worker) from None
        except BaseException:  # Ctrl-C within a message
            self.close()
            raise

    def _wait(self, worker: _Worker, deadline: float | None) -> None:
        while True:
            seconds = pipe.CHECK_SECONDS
            if deadline is not None:
                seconds = min(seconds, max(deadline - time.monotonic(), 0))
            if worker.results.poll(seconds):
                return
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError
            if not worker.process.is_alive() and not worker.results.poll(0):
                raise EOFError

    def _late(self) -> RuntimeError:
        return RuntimeError(f"DataLoader timed out after {self._timeout} seconds")

    def _death(self, worker: _Worker) -> RuntimeError:
        process = worker.process
        process.join(1.0)
        code = process.exitcode
        if code == INTERRUPTED:
            # By Ctrl-C at the terminal, which every process of the group is told of: that is the
            # error to raise. It may be on its way, see `uninterrupted`.
            self.close()
            time.sleep(0.2)
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by signal {-code} ({signal.Signals(-code).name})"
            if -code == getattr(signal, "SIGKILL", 9):
                how += "; the system does this when memory runs out"
        self.close()
        return RuntimeError(
            f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly\n  {how}\n"
            "  fix: run once with num_workers=0 to see where it happens"
        )


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.tasks.close()
        worker.results.close()
    deadline = time.monotonic() + _GRACE_SECONDS
    for worker in workers:
        worker.process.join(max(deadline - time.monotonic(), 0))
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join(1.0)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _shut_down(workers: list[_Worker], owner: int) -> None:
    """Close the pipes, which ends the workers after their current sample, and join them."""
    if os.getpid() != owner:
        return  # a copy of the pool in a forked process
    with uninterrupted():
        _end(workers)
