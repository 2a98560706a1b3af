"""Batches from one process to another: the objects are pickled, the arrays in them are not.

A message is one pickle with its arrays beside it (PEP 574). Small ones follow it through the pipe,
read straight into their final memory. From SHARED_FROM bytes on they are written to a file in
shared memory, which the receiver maps and unlinks: its process spends no time copying. A full or
missing /dev/shm only means that the pipe carries them.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import tempfile
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap

__all__ = ["make_folder", "make_pipe", "receive", "send"]

SHARED_FROM = 1 << 19
_ALIGN = 64
_PIPE_BYTES = 1 << 20  # what Linux grants without privileges; the default is 64 KiB


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is Tensor and not obj.requires_grad:
            return wrap, (obj._a,)
        return NotImplemented


def make_pipe(context: Any) -> tuple[Connection, Connection]:
    """(receiving end, sending end) with room for a few batches."""
    receiver, sender = context.Pipe(duplex=False)
    try:
        import fcntl

        fcntl.fcntl(sender.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        pass  # not Linux, or the user's allowance is spent: the pipe is only smaller
    return receiver, sender


def make_folder() -> str | None:
    """A new folder in shared memory, or None where there is none."""
    try:
        return tempfile.mkdtemp(prefix="rushlight-", dir="/dev/shm")
    except OSError:
        return None


def send(connection: Connection, message: Any, folder: str | None = None) -> None:
    """Send `message`; large arrays by way of a file in `folder`."""
    stream, buffers = io.BytesIO(), []
    _Pickler(stream, 5, buffer_callback=buffers.append).dump(message)
    views = [buffer.raw() for buffer in buffers]
    path = None
    if folder and sum(view.nbytes for view in views) >= SHARED_FROM:
        path = _to_file(folder, views)
    sizes = [view.nbytes for view in views]
    connection.send_bytes(pickle.dumps((stream.getvalue(), sizes, path), 5))
    if path is None:
        for view in views:
            _write(connection, view)


def receive(connection: Connection) -> Any:
    """The next message. EOFError: the other side is gone."""
    body, sizes, path = pickle.loads(connection.recv_bytes())
    if path is not None:
        return pickle.loads(body, buffers=_from_file(path, sizes))
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
    view = memoryview(buffer)
    while view.nbytes:
        count = os.readv(connection.fileno(), [view])
        if count == 0:
            raise EOFError
        view = view[count:]


def _places(sizes: list[int]) -> tuple[list[int], int]:
    """Aligned offsets for buffers of these sizes, and the length of it all."""
    offsets, end = [], 0
    for size in sizes:
        offsets.append(end)
        end += -(-size // _ALIGN) * _ALIGN
    return offsets, end


def _to_file(folder: str, views: list[memoryview]) -> str | None:
    offsets, length = _places([view.nbytes for view in views])
    file, path = tempfile.mkstemp(dir=folder)
    try:
        # Reserves the memory: a full /dev/shm is an error here, and not a SIGBUS while writing.
        os.posix_fallocate(file, 0, length)
        for offset, view in zip(offsets, views, strict=True):
            while view.nbytes:
                count = os.pwrite(file, view, offset)
                view, offset = view[count:], offset + count
    except OSError:
        os.unlink(path)
        return None
    finally:
        os.close(file)
    return path


def _from_file(path: str, sizes: list[int]) -> list[memoryview]:
    offsets, length = _places(sizes)
    file = os.open(path, os.O_RDWR)
    try:
        os.unlink(path)
        whole = memoryview(mmap.mmap(file, length))
    finally:
        os.close(file)
    return [whole[offset : offset + size] for offset, size in zip(offsets, sizes, strict=True)]
