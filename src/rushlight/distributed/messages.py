"""From one process to another: send, recv, isend, irecv, batches of them, and monitored_barrier.

A message is a value in the store of JAX's coordination service, which rank 0 serves: sending never
waits for the receiver, and any order of sends and receives is right. Measured here: 0.6 ms for a
few bytes, 55 MB/s for large ones; collectives are the way for much data.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from .collectives import _skip, _tensor, root_of
from .errors import DistBackendError
from .groups import ProcessGroup, member
from .stores import milliseconds
from .work import Work, values, write

_CHUNK = 1 << 24


def _peer(group: ProcessGroup, rank: Any, group_rank: Any, name: str, role: str) -> int:
    if group.size() == 1:
        raise ValueError(f"{name}: a group of one process has nobody to send to or receive from")
    found = root_of(group, rank, group_rank, name)
    if found == group.rank():
        raise ValueError(
            f"Invalid {role} rank: {role} rank should not be the same as the rank of the current "
            "process."
        )
    return found


def _key(group: ProcessGroup, source: int, to: int, tag: int, count: int) -> str:
    return f"message/{group.group_name}/{source}/{to}/{tag}/{count}"


def _next(group: ProcessGroup, source: int, to: int, tag: int) -> str:
    """The key of the next message between two processes."""
    count = group.sent.get((source, to, tag), 0)
    group.sent[source, to, tag] = count + 1
    return _key(group, source, to, tag, count)


def put(group: ProcessGroup, key: str, text: bytes) -> None:
    """Leaves a message, in parts of 16 MB."""
    client = group.runtime.client  # type: ignore[union-attr]
    parts = [text[i : i + _CHUNK] for i in range(0, len(text), _CHUNK)] or [b""]
    try:
        for i, part in enumerate(parts):
            client.key_value_set_bytes(f"{key}/{i}", bytes([i + 1 == len(parts)]) + part)
    except Exception as error:
        raise _gone("send", error) from None


def take(group: ProcessGroup, key: str, seconds: float, name: str = "recv") -> bytes:
    """Waits for a message and takes it away. errors  DistBackendError: not within the time"""
    client = group.runtime.client  # type: ignore[union-attr]
    end, parts = time.monotonic() + seconds, []
    while not parts or parts[-1][0] == 0:
        one = f"{key}/{len(parts)}"
        left = end - time.monotonic()
        if left <= 0:
            raise DistBackendError(f"{name} timed out after {seconds:g} s: nothing was sent")
        try:  # a second at a time, so that Ctrl-C is heard
            parts.append(client.blocking_key_value_get_bytes(one, int(min(left, 1.0) * 1000) + 1))
        except Exception as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise _gone(name, error) from None
            continue
        client.key_value_delete(one)
    return b"".join(part[1:] for part in parts)


def _there(group: ProcessGroup, key: str) -> bool:
    try:
        group.runtime.client.key_value_try_get_bytes(f"{key}/0")  # type: ignore[union-attr]
    except Exception as error:
        if "NOT_FOUND" in str(error):
            return False
        raise _gone("recv", error) from None
    return True


def _gone(name: str, error: Exception) -> DistBackendError:
    line = str(error).split("\n")[0]
    return DistBackendError(f"{name} failed: rank 0, which hands on messages, has ended\n  {line}")


def _host(x: Tensor) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(values(x)))


def _arrive(x: Tensor, text: bytes) -> None:
    held = values(x)
    if len(text) != held.size * held.dtype.itemsize:
        raise DistBackendError(
            f"recv: {len(text)} bytes came for a tensor of {held.size * held.dtype.itemsize}, "
            f"{x.dtype} {tuple(x.shape)}"
        )
    found = np.frombuffer(text, held.dtype).reshape(held.shape)
    with no_grad():
        if isinstance(held, np.ndarray):
            write(x, found)
        else:
            from jax import device_put

            write(x, device_put(found, next(iter(held.devices()))))


class Message(Work):
    """A message on its way here: `wait()` takes it."""

    def __init__(self, group: ProcessGroup, x: Tensor, key: str, source: int):
        super().__init__([x], "irecv", group.timeout)
        self._group, self._tensor, self._key, self._source = group, x, key, source

    def is_completed(self) -> bool:
        """Has it come?"""
        if not self._done.is_set() and _there(self._group, self._key):
            self.wait()
        return self._done.is_set()

    def wait(self, timeout: Any = None) -> bool:
        """True, when it is in the tensor. errors  DistBackendError: not within the timeout"""
        if not self._done.is_set():
            limit = timeout or self._timeout
            _arrive(self._tensor, take(self._group, self._key, limit.total_seconds(), "irecv"))
            self._finish(None)
        return True

    def source_rank(self) -> int:
        """Who sent it."""
        return self._group.ranks[self._source]


def isend(
    tensor: Tensor,
    dst: int | None = None,
    group: Any = None,
    tag: int = 0,
    group_dst: int | None = None,
) -> Work | None:
    """Sends tensor to the process dst; the tensor may be changed at once.

    errors  ValueError: dst is this process, or not one of the group
    """
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("isend")
    to = _peer(found, dst, group_dst, "isend", "destination")
    put(found, _next(found, found.rank(), to, tag), _host(tensor).tobytes())
    return Work.done([tensor])


def send(
    tensor: Tensor,
    dst: int | None = None,
    group: Any = None,
    tag: int = 0,
    group_dst: int | None = None,
) -> None:
    """Sends tensor to the process dst. errors  ValueError: dst is this process, or not there"""
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("send")
    to = _peer(found, dst, group_dst, "send", "destination")
    put(found, _next(found, found.rank(), to, tag), _host(tensor).tobytes())
    return None


def irecv(
    tensor: Tensor,
    src: int | None = None,
    group: Any = None,
    tag: int = 0,
    group_src: int | None = None,
) -> Work | None:
    """A Work whose wait() takes the next message of the process src into tensor.

    errors  ValueError: src is this process, or not one of the group. NotImplementedError: no src
    """
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("irecv")
    if src is None and group_src is None and found.size() > 1:
        raise NotImplementedError("irecv from any process is not supported: name src, or use recv")
    source = _peer(found, src, group_src, "irecv", "source")
    return Message(found, tensor, _next(found, source, found.rank(), tag), source)


def recv(
    tensor: Tensor,
    src: int | None = None,
    group: Any = None,
    tag: int = 0,
    group_src: int | None = None,
) -> int:
    """Takes the next message of the process src, or of any, into tensor; who sent it.

    errors  ValueError: src is this process, or not there. DistBackendError: nothing came in time
    """
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        _skip("recv")
        return -1
    if src is None and group_src is None and found.size() > 1:
        source = _any(found, tag)
    else:
        source = _peer(found, src, group_src, "recv", "source")
    key = _next(found, source, found.rank(), tag)
    _arrive(tensor, take(found, key, found.timeout.total_seconds()))
    return found.ranks[source]


def _any(group: ProcessGroup, tag: int) -> int:
    """The first process from which there is a message."""
    here, end = group.rank(), time.monotonic() + group.timeout.total_seconds()
    pause = 0.0005
    while time.monotonic() < end:
        for source in range(group.size()):
            count = group.sent.get((source, here, tag), 0)
            if source != here and _there(group, _key(group, source, here, tag, count)):
                return source
        time.sleep(pause)
        pause = min(2 * pause, 0.02)
    raise DistBackendError(f"recv timed out after {group.timeout.total_seconds():g} s")


class P2POp:
    """One of isend and irecv, for batch_isend_irecv.

    errors  ValueError: another function
    """

    def __init__(
        self,
        op: Any,
        tensor: Tensor,
        peer: int | None = None,
        group: Any = None,
        tag: int = 0,
        group_peer: int | None = None,
    ):
        if op not in (isend, irecv):
            raise ValueError(
                "Invalid ``op``. Expected ``op`` to be of type ``torch.distributed.isend`` or "
                "``torch.distributed.irecv``."
            )
        _tensor(tensor, "tensor")
        self.op, self.tensor, self.peer, self.group = op, tensor, peer, group
        self.tag, self.group_peer = tag, group_peer

    def __repr__(self) -> str:
        return f"P2POp({self.op.__name__} pg={self.group}, peer={self.peer}, {self.tensor.shape})"


def batch_isend_irecv(p2p_op_list: list[P2POp]) -> list[Any]:
    """The Works of the operations, begun in order.

    errors  ValueError: one of the list is no P2POp
    """
    if not isinstance(p2p_op_list, list) or not all(isinstance(p, P2POp) for p in p2p_op_list):
        raise ValueError(
            "Invalid ``p2p_op_list``. Each op is expected to to be of type "
            "``torch.distributed.P2POp``."
        )
    works = [p.op(p.tensor, p.peer, p.group, p.tag, p.group_peer) for p in p2p_op_list]
    return [work for work in works if work is not None]


def monitored_barrier(group: Any = None, timeout: Any = None, wait_all_ranks: bool = False) -> None:
    """barrier() that says in process 0 which processes did not come.

    wait_all_ranks  say all of them, not the first
    errors  RuntimeError: one did not come within the timeout
    """
    found = member(group)
    if found is None:
        return _skip("monitored_barrier")
    if found.size() == 1:
        return None
    limit = found.timeout if timeout is None else timeout
    seconds, here = limit.total_seconds(), found.rank()
    if here:
        put(found, _next(found, here, 0, -1), b"")
        try:
            take(found, _next(found, 0, here, -1), seconds)
        except DistBackendError:
            raise RuntimeError(
                f"Rank {here} successfully reached monitoredBarrier, but received errors while "
                "waiting for send/recv from rank 0. Please check rank 0 logs for faulty rank."
            ) from None
        return None
    absent: list[int] = []
    end = time.monotonic() + seconds
    for source in range(1, found.size()):
        try:
            take(found, _next(found, source, 0, -1), max(end - time.monotonic(), 0.001))
        except DistBackendError:
            absent.append(source)
            if not wait_all_ranks:
                break
    if absent:
        ranks = ", ".join(map(str, absent))
        raise RuntimeError(
            f"[Rank 0]: Rank{'s' if len(absent) > 1 else ''} {ranks} failed to pass "
            f"monitoredBarrier in {milliseconds(limit)} ms"
        )
    for to in range(1, found.size()):
        put(found, _next(found, 0, to, -1), b"")
    return None


__all__: Sequence[str] = [
    "P2POp",
    "batch_isend_irecv",
    "irecv",
    "isend",
    "monitored_barrier",
    "recv",
    "send",
]
