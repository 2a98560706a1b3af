"""Batches from one process to another: the objects are pickled, the arrays in them are not.

A message is one pickle followed by its arrays (PEP 574), which are read straight into their final
memory. Shared-memory files were slower at every size measured, 2 kB to 25 MB a batch: faulting in
fresh pages costs more than the copy through the pipe.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import time
import weakref
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ...core.dtype import adopted
from ...core.tensor import Tensor, wrap

__all__ = ["make_pipe", "receive", "send"]

CHECK_SECONDS = 5.0  # how often a silent sender is looked after
_PIPE_BYTES = 1 << 20  # what Linux grants without privileges; the default is 64 KiB


def _received(a: np.ndarray) -> Tensor:
    return wrap(adopted(a))


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is Tensor and not obj.requires_grad:
            return _received, (obj._a,)
        return NotImplemented


def make_pipe(context: Any) -> tuple[Connection, Connection]:
    """(receiving end, sending end), with room for a few batches where the system allows it."""
    receiver, sender = context.Pipe(duplex=False)
    try:
        import fcntl

        fcntl.fcntl(sender.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        pass  # not Linux, or the user's limit is reached: the pipe stays smaller
    return receiver, sender


def send(connection: Connection, message: Any) -> None:
    """Send `message`. PicklingError, before any byte is sent; OSError: the reader has gone."""
    stream = io.BytesIO()
    buffers: list[pickle.PickleBuffer] = []
    _Pickler(stream, 5, buffer_callback=buffers.append).dump(message)
    views = [buffer.raw() for buffer in buffers]
    sizes = [view.nbytes for view in views]
    head = pickle.dumps((stream.getvalue(), sizes), 5)
    if os.name != "nt":  # there send_bytes keeps the length
        _write(connection, memoryview(struct.pack("<Q", len(head))))
    _write(connection, memoryview(head))
    for view in views:
        _write(connection, view)


def receive(
    connection: Connection,
    deadline: float | None = None,
    alive: Callable[[], bool] = lambda: True,
) -> Any:
    """The next message. EOFError: the sender has gone, or `alive` says so, in whatever part of it.

    deadline: a time.monotonic() after which TimeoutError is raised, within a message too.
    """
    if os.name == "nt":
        head = memoryview(connection.recv_bytes())
    else:
        length = np.empty(8, np.uint8)
        _read(connection, length, deadline, alive)
        found = np.empty(struct.unpack("<Q", length.data)[0], np.uint8)
        _read(connection, found, deadline, alive)
        head = found.data
    body, sizes = pickle.loads(head)
    buffers = [np.empty(size, np.uint8) for size in sizes]
    for buffer in buffers:
        _read(connection, buffer, deadline, alive)
    return pickle.loads(body, buffers=buffers)


def _write(connection: Connection, view: memoryview) -> None:
    if os.name == "nt":
        connection.send_bytes(view)
        return
    while view.nbytes:
        view = view[os.write(connection.fileno(), view) :]


def _read(
    connection: Connection, buffer: np.ndarray, deadline: float | None, alive: Callable[[], bool]
) -> None:
    if os.name == "nt":
        connection.recv_bytes_into(buffer)
        return
    import select

    ready = select.poll()
    ready.register(connection.fileno(), select.POLLIN)
    view = buffer.data
    while view.nbytes:
        seconds = CHECK_SECONDS
        if deadline is not None:
            seconds = min(seconds, max(deadline - time.monotonic(), 0.0))
        if not ready.poll(seconds * 1000):
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError
            if not alive() and not ready.poll(0):
                raise EOFError
            continue
        count = os.readv(connection.fileno(), [view])
        if count == 0:
            raise EOFError
        view = view[count:]


# This process's ends of all workers' pipes. A forked worker inherits them, and a pipe is only seen
# to be closed when no other process holds it: each worker closes those of the others.
own_ends: weakref.WeakSet = weakref.WeakSet()


def close_inherited_ends(keep: tuple) -> None:
    """In a forked worker: close what belongs to the main process."""
    for end in list(own_ends):
        if end not in keep:
            end.close()
    own_ends.clear()
