"""Batches from one process to another: the objects are pickled, the arrays in them are not.

A message is one pickle followed by its arrays (PEP 574), which are read straight into their final
memory. Shared-memory files were slower at every size measured, 2 kB to 25 MB a batch: faulting in
fresh pages costs more than the copy through the pipe.
"""

from __future__ import annotations

import io
import os
import pickle
import weakref
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ...core.dtype import adopted
from ...core.tensor import Tensor, wrap

__all__ = ["make_pipe", "receive", "send"]

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
    connection.send_bytes(pickle.dumps((stream.getvalue(), sizes), 5))
    for view in views:
        _write(connection, view)


def receive(connection: Connection) -> Any:
    """The next message. EOFError: the sender has gone."""
    body, sizes = pickle.loads(connection.recv_bytes())
    buffers = [np.empty(size, np.uint8) for size in sizes]
    for buffer in buffers:
        _read(connection, buffer)
    return pickle.loads(body, buffers=buffers)


def _write(connection: Connection, view: memoryview) -> None:
    if os.name == "nt":
        connection.send_bytes(view)
        return
    while view.nbytes:
        view = view[os.write(connection.fileno(), view) :]


def _read(connection: Connection, buffer: np.ndarray) -> None:
    if os.name == "nt":
        connection.recv_bytes_into(buffer)
        return
    view = buffer.data
    while view.nbytes:
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
