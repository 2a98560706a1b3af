"""Collectives of Python objects: pickled, and sent as bytes.

Only objects from processes of one's own program: unpickling runs what the sender wrote.

Letters: K processes of the group.
"""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np

from .collectives import _skip, gathers_here, root_of
from .groups import ProcessGroup, member
from .messages import _next, _peer, put, take
from .work import begin


def _text(obj: Any) -> np.ndarray:
    return np.frombuffer(pickle.dumps(obj), np.uint8)


def _object(text: Any) -> Any:
    return pickle.load(io.BytesIO(bytes(text)))


def _link(group: ProcessGroup) -> Any:
    return group.link("cpu") or group.link("gpu")


def _all_texts(group: ProcessGroup, text: np.ndarray) -> list[np.ndarray]:
    """The bytes of each process."""
    link, found = _link(group), []

    def job() -> None:
        sizes = link.gather(np.array([text.size], np.int64)).reshape(-1)
        room = np.zeros(int(sizes.max()), np.uint8)
        room[: text.size] = text
        found.extend(row[:n] for row, n in zip(link.gather(room), sizes, strict=True))

    begin(group, "all_gather_object", job, False)
    return found


def all_gather_object(object_list: list[Any], obj: Any, group: Any = None) -> None:
    """object_list[r] = a copy of obj of process r. errors  ValueError: not K places"""
    found = member(group)
    if found is None:
        return _skip("all_gather_object")
    if len(object_list) < found.size():
        raise ValueError(f"object_list has {len(object_list)} places for a group of {found.size()}")
    if found.size() == 1:
        object_list[0] = copy.deepcopy(obj)
        return None
    for i, text in enumerate(_all_texts(found, _text(obj))):
        object_list[i] = _object(text)
    return None


def gather_object(
    obj: Any,
    object_gather_list: list[Any] | None = None,
    dst: int | None = None,
    group: Any = None,
    group_dst: int | None = None,
) -> None:
    """object_gather_list[r] of the process dst (0) = a copy of obj of process r.

    errors  ValueError: no list at dst, a list elsewhere
    """
    found = member(group)
    if found is None:
        return _skip("gather_object")
    here = gathers_here(found, dst, group_dst, object_gather_list, "gather_object")
    if found.size() == 1:
        assert object_gather_list is not None
        object_gather_list[0] = copy.deepcopy(obj)
        return None
    texts = _all_texts(found, _text(obj))
    if here:
        assert object_gather_list is not None
        object_gather_list[: len(texts)] = [_object(text) for text in texts]
    return None


def _broadcast(group: ProcessGroup, text: np.ndarray, root: int) -> np.ndarray:
    """The bytes of the process root."""
    link, found = _link(group), []

    def job() -> None:
        size = int(link.broadcast(np.array([text.size], np.int64), root)[0])
        room = np.zeros(size, np.uint8)
        if group.rank() == root:
            room[:] = text
        found.append(link.broadcast(room, root))

    begin(group, "broadcast_object_list", job, False)
    return found[0]


def broadcast_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: Any = None,
    device: Any = None,
    group_src: int | None = None,
) -> None:
    """object_list becomes a copy of that of the process src (0), element by element.

    errors  ValueError: no such process, lists of different lengths
    """
    found = member(group)
    if found is None:
        return _skip("broadcast_object_list")
    if src is None and group_src is None:
        src = found.ranks[0]
    root = root_of(found, src, group_src, "broadcast_object_list")
    if found.size() == 1:
        return None
    here = found.rank() == root
    objects = _object(_broadcast(found, _text(list(object_list) if here else None), root))
    if len(objects) != len(object_list):
        raise ValueError(f"{len(objects)} objects came for a list of {len(object_list)}")
    if not here:
        object_list[:] = objects
    return None


def scatter_object_list(
    scatter_object_output_list: list[Any],
    scatter_object_input_list: list[Any] | None = None,
    src: int | None = None,
    group: Any = None,
    group_src: int | None = None,
) -> None:
    """scatter_object_output_list[0] = a copy of what the process src (0) has for this one.

    errors  ValueError: no place for the output, no list at src
    """
    found = member(group)
    if found is None:
        return _skip("scatter_object_list")
    if not isinstance(scatter_object_output_list, list) or not scatter_object_output_list:
        raise ValueError(
            "Expected argument scatter_object_output_list to be a list of size at least 1."
        )
    if src is None and group_src is None:
        src = found.ranks[0]
    root = root_of(found, src, group_src, "scatter_object_list")
    here = found.rank() == root
    if here and (not scatter_object_input_list or len(scatter_object_input_list) != found.size()):
        raise ValueError(
            "source rank must provide non-empty scatter_object_input_list of as many objects as "
            "the group has processes"
            if scatter_object_input_list
            else "source rank must provide non-empty scatter_object_input_list"
        )
    if found.size() == 1:
        assert scatter_object_input_list is not None
        scatter_object_output_list[0] = copy.deepcopy(scatter_object_input_list[0])
        return None
    texts = [pickle.dumps(o) for o in scatter_object_input_list or []] if here else None
    received = _object(_broadcast(found, _text(texts), root))
    scatter_object_output_list[0] = pickle.loads(received[found.rank()])
    return None


def send_object_list(
    object_list: list[Any],
    dst: int | None = None,
    group: Any = None,
    device: Any = None,
    group_dst: int | None = None,
    use_batch: bool = False,
) -> None:
    """Sends the objects to the process dst. errors  ValueError: dst is this one, or not there"""
    found = member(group)
    if found is None:
        return _skip("send_object_list")
    to = _peer(found, dst, group_dst, "send_object_list", "destination")
    put(found, _next(found, found.rank(), to, -2), pickle.dumps(list(object_list)))
    return None


def recv_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: Any = None,
    device: Any = None,
    group_src: int | None = None,
    use_batch: bool = False,
) -> int:
    """Fills object_list with what the process src sends; its rank.

    errors  ValueError: src is this process, or not there; another number of objects
    """
    found = member(group)
    if found is None:
        _skip("recv_object_list")
        return -1
    source = _peer(found, src, group_src, "recv_object_list", "source")
    key = _next(found, source, found.rank(), -2)
    objects = _object(take(found, key, found.timeout.total_seconds(), "recv_object_list"))
    if len(objects) != len(object_list):
        raise ValueError(f"{len(objects)} objects came for a list of {len(object_list)}")
    object_list[:] = objects
    return found.ranks[source]


__all__ = [
    "all_gather_object",
    "broadcast_object_list",
    "gather_object",
    "recv_object_list",
    "scatter_object_list",
    "send_object_list",
]
