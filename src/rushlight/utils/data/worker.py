"""The worker process of a loader: takes tasks, reads batches, sends them back."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from ...kernels import set_num_threads
from ...random.generator import manual_seed
from .fetch import epoch_reader, map_reader, stream_reader, with_whole_batches

#: exit code of a worker that Ctrl-C has ended
INTERRUPTED = 130

__all__ = ["Job", "StreamEnd", "WorkerError", "WorkerInfo", "get_worker_info", "work"]

_info: WorkerInfo | None = None
_CLOSED = object()


@dataclass(init=False, repr=False)
class WorkerInfo:
    """Which worker this process is: `id` of `num_workers`, its `seed`, its copy of the
    `dataset`."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str = "multiprocessing"

    def __init__(self, **values: Any) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, values.get(field.name, field.default))

    def __setattr__(self, name: str, value: Any) -> None:
        raise RuntimeError(f"Cannot assign attributes to {type(self).__name__} objects")

    def __repr__(self) -> str:
        items = (f"{field.name}={getattr(self, field.name)!r}" for field in fields(self))
        return f"{type(self).__name__}({', '.join(items)})"


def get_worker_info() -> WorkerInfo | None:
    """The WorkerInfo of this process; None outside of a loader's worker."""
    return _info


@dataclass
class Job:
    """Everything a worker needs at its start."""

    dataset: Any
    is_stream: bool
    batched: bool
    collate_fn: Callable
    drop_last: bool
    base_seed: int
    init_fn: Callable | None
    id: int
    num_workers: int
    tasks: Any
    results: Any


class StreamEnd:
    """Instead of a batch: this worker's iterable data set is exhausted."""


@dataclass
class Restart:
    """A task: start a new epoch (persistent workers). The answer is the same object."""

    epoch: int


class _Text(str):
    """A str whose repr is itself: KeyError prints a repr, which would hide newlines."""

    def __repr__(self) -> str:
        return str(self)


class WorkerError:
    """An exception on its way to the main process: its type and the text of its traceback."""

    def __init__(self, where: str, error: BaseException) -> None:
        import traceback

        self.kind = type(error)
        lines = "".join(traceback.format_exception(error))
        self.text = f"Caught {self.kind.__name__} {where}.\nOriginal {lines}"

    def __getstate__(self) -> dict:
        import pickle

        try:
            pickle.dumps(self.kind)
        except Exception:  # a class defined in a function cannot be pickled
            return {"kind": RuntimeError, "text": self.text}
        return self.__dict__

    def reraise(self) -> None:
        """Raise the exception with its own type, or RuntimeError if that takes other arguments."""
        if self.kind is KeyError:
            raise KeyError(_Text(self.text))
        try:
            error = self.kind(self.text)
        except Exception:
            raise RuntimeError(self.text) from None
        try:
            raise error
        finally:
            del error  # its traceback has this frame: a cycle would keep the workers alive


def work(job: Job) -> None:
    """The main function of a worker process."""
    global _info
    from .pipe import close_inherited_ends  # multiprocessing: slow to import

    signal.signal(signal.SIGINT, signal.default_int_handler)  # `uninterrupted` had another one
    close_inherited_ends(keep=(job.tasks, job.results))
    set_num_threads(1)
    seed = job.base_seed + job.id
    _seed(job.base_seed, job.id)
    _info = WorkerInfo(id=job.id, num_workers=job.num_workers, seed=seed, dataset=job.dataset)
    where = f"in DataLoader worker process {job.id}"
    failure = None
    if job.init_fn is not None:
        try:
            job.init_fn(job.id)
        except Exception as error:
            failure = WorkerError(where, error)
    try:
        _serve(job, _Inbox(job.tasks), where, failure)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the main process has closed the pipe
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)  # and so is the main process, in a moment


def _serve(job: Job, inbox: _Inbox, where: str, failure: WorkerError | None) -> None:
    """Answer each task, in order, by (batch | WorkerError | StreamEnd | Restart)."""
    from .pipe import send

    read: Callable | None = None
    ended = False
    answer: Any
    while (task := inbox.next()) is not _CLOSED:
        if isinstance(task, Restart):
            read, ended = None, False
            answer = task
        elif ended:
            continue
        elif failure is not None:
            answer, failure = failure, None
        else:
            try:
                if read is None:
                    read = _reader(job)
                answer = read(task)
            except StopIteration as stop:
                ended = job.is_stream
                answer = StreamEnd() if ended else WorkerError(where, stop)
            except Exception as error:
                answer = WorkerError(where, error)
        try:
            send(job.results, answer)
        except OSError:
            raise
        except Exception as error:  # a batch that cannot be pickled
            send(job.results, WorkerError(where, error))
        del answer  # free a large batch before the next is made


def _reader(job: Job) -> Callable[[Any], Any]:
    if job.is_stream:
        return stream_reader(job.dataset, job.collate_fn, job.batched, job.drop_last)
    read = map_reader(job.dataset, job.collate_fn, job.batched)
    read_batch = epoch_reader(job.dataset, job.batched, job.collate_fn)
    return read if read_batch is None else with_whole_batches(read_batch, read)


def _seed(base_seed: int, worker_id: int) -> None:
    """Seed torch and `random` by base_seed + id, NumPy by both numbers spread over four words."""
    import numpy as np

    random.seed(base_seed + worker_id)
    manual_seed(base_seed + worker_id)
    words = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(words).generate_state(4))


class _Inbox:
    """The tasks. A thread reads the pipe, so that the main process never blocks when it sends."""

    def __init__(self, connection: Any) -> None:
        import queue
        import threading

        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._closed = False
        thread = threading.Thread(target=self._receive, args=(connection,), daemon=True)
        thread.start()

    def _receive(self, connection: Any) -> None:
        from .pipe import receive

        try:
            while True:
                self._tasks.put(receive(connection))
        except (EOFError, OSError):
            self._closed = True
            self._tasks.put(_CLOSED)

    def next(self) -> Any:
        """The next task; _CLOSED when the main process has closed the pipe, or has ended."""
        import queue

        while not self._closed:
            try:
                return self._tasks.get(timeout=5.0)
            except queue.Empty:
                # Another process may hold the pipe open.
                if not _parent_lives():
                    break
        return _CLOSED


def _parent_lives() -> bool:
    from multiprocessing import parent_process

    parent = parent_process()
    return parent is None or parent.is_alive()
