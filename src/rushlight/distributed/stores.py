"""Stores: keys and values that the processes of a group share.

`HashStore` is a dict of one process, `FileStore` a file that several read and append to, `TCPStore`
(tcp_store.py) a dict that one process serves to others. `init_process_group` finds the other
processes by one of them.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .errors import DistStoreError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def as_bytes(value: Any) -> bytes:
    """Text in UTF-8, or bytes as they are."""
    return value.encode() if isinstance(value, str) else bytes(value)


def milliseconds(time_: datetime.timedelta) -> int:
    """A timedelta in whole milliseconds."""
    return round(time_.total_seconds() * 1000)


class Store:
    """The base of stores: what can be said in words of `get`, `set` and `check`."""

    timeout = datetime.timedelta(seconds=300)

    def set_timeout(self, timeout: datetime.timedelta) -> None:
        """How long get and wait wait."""
        self.timeout = timeout

    def get(self, key: str) -> bytes:
        """The bytes under a key. errors  DistStoreError: it is not set within the timeout"""
        raise NotImplementedError

    def set(self, key: str, value: Any) -> None:
        """Sets a key to text or bytes."""
        raise NotImplementedError

    def multi_get(self, keys: Sequence[str]) -> list[bytes]:
        """get for each key."""
        return [self.get(key) for key in keys]

    def multi_set(self, keys: Sequence[str], values: Sequence[Any]) -> None:
        """set for each pair."""
        for key, value in zip(keys, values, strict=True):
            self.set(key, value)

    def has_extended_api(self) -> bool:
        """True: there are append, multi_get and multi_set."""
        return True


class HashStore(Store):
    """A dict for threads: get(key) waits until the key is set, timeout at most."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._news = threading.Condition()

    def set(self, key: str, value: Any) -> None:
        """Sets a key to text or bytes."""
        with self._news:
            self._values[key] = as_bytes(value)
            self._news.notify_all()

    def get(self, key: str) -> bytes:
        """The bytes under a key. errors  DistStoreError: it is not set within the timeout"""
        self.wait([key])
        with self._news:
            return self._values[key]

    def wait(self, keys: Sequence[str], timeout: datetime.timedelta | None = None) -> None:
        """Waits until all keys are set. errors  DistStoreError: not within the timeout"""
        limit = self.timeout if timeout is None else timeout
        with self._news:
            there = self._news.wait_for(lambda: self._has(keys), limit.total_seconds())
        if not there:
            raise too_late(keys, limit)

    def _has(self, keys: Sequence[str]) -> bool:
        return all(key in self._values for key in keys)

    def add(self, key: str, amount: int) -> int:
        """Adds to the number under a key, 0 at first; the sum."""
        with self._news:
            total = int(self._values.get(key, b"0")) + amount
            self._values[key] = str(total).encode()
            self._news.notify_all()
        return total

    def append(self, key: str, value: Any) -> None:
        """Appends to the bytes under a key, none at first."""
        with self._news:
            self._values[key] = self._values.get(key, b"") + as_bytes(value)
            self._news.notify_all()

    def compare_set(self, key: str, expected_value: str, desired_value: str) -> bytes:
        """Sets the key if it has the expected value (or is not set and "" is expected)."""
        with self._news:
            if self._values.get(key, b"") == as_bytes(expected_value):
                self._values[key] = as_bytes(desired_value)
                self._news.notify_all()
            return self._values.get(key, as_bytes(expected_value))

    def check(self, keys: Sequence[str]) -> bool:
        """Are all keys set?"""
        with self._news:
            return self._has(keys)

    def delete_key(self, key: str) -> bool:
        """Removes a key; was it there?"""
        with self._news:
            return self._values.pop(key, None) is not None

    def num_keys(self) -> int:
        """How many keys are set."""
        with self._news:
            return len(self._values)


def too_late(keys: Sequence[str], limit: datetime.timedelta) -> DistStoreError:
    """The error of keys that were not set in time."""
    names = ", ".join(f"/{key}" for key in keys)
    return DistStoreError(f"wait timeout after {milliseconds(limit)}ms, keys: {names}")


class PrefixStore(Store):
    """A store in which all keys begin with a prefix: those of another, under names of its own."""

    def __init__(self, prefix: str, store: Any):
        self._prefix, self.underlying_store = prefix, store

    def _named(self, key: str) -> str:
        return f"{self._prefix}/{key}"

    def set(self, key: str, value: Any) -> None:
        """Sets a key to text or bytes."""
        self.underlying_store.set(self._named(key), value)

    def get(self, key: str) -> bytes:
        """The bytes under a key. errors  DistStoreError: it is not set within the timeout"""
        return self.underlying_store.get(self._named(key))

    def wait(self, keys: Sequence[str], *timeout: datetime.timedelta) -> None:
        """Waits until all keys are set. errors  DistStoreError: not within the timeout"""
        self.underlying_store.wait([self._named(key) for key in keys], *timeout)

    def add(self, key: str, amount: int) -> int:
        """Adds to the number under a key, 0 at first; the sum."""
        return self.underlying_store.add(self._named(key), amount)

    def append(self, key: str, value: Any) -> None:
        """Appends to the bytes under a key."""
        self.underlying_store.append(self._named(key), value)

    def compare_set(self, key: str, expected_value: str, desired_value: str) -> bytes:
        """Sets the key if it has the expected value (or is not set and "" is expected)."""
        return self.underlying_store.compare_set(self._named(key), expected_value, desired_value)

    def check(self, keys: Sequence[str]) -> bool:
        """Are all keys set?"""
        return self.underlying_store.check([self._named(key) for key in keys])

    def delete_key(self, key: str) -> bool:
        """Removes a key; was it there?"""
        return self.underlying_store.delete_key(self._named(key))

    def num_keys(self) -> int:
        """How many keys the store beneath has."""
        return self.underlying_store.num_keys()

    def set_timeout(self, timeout: datetime.timedelta) -> None:
        """How long get and wait wait, in the store beneath."""
        self.underlying_store.set_timeout(timeout)

    @property
    def timeout(self) -> datetime.timedelta:  # type: ignore[override]
        """That of the store beneath."""
        return self.underlying_store.timeout


# op, bytes of the key, bytes of the value
_RECORD = struct.Struct("<cIQ")


class FileStore(Store):
    """A store in a file that all processes can write to, on one machine or a shared folder.

    Each change is appended to the file under a lock; who asks reads on from where it was. Where
    there is one process of a known number (world_size=1), the file is made likewise.

    errors  RuntimeError: there are no file locks on this system
    """

    def __init__(self, file_name: str, world_size: int = -1):
        if fcntl is None:
            raise RuntimeError("torch.distributed.FileStore needs file locks, which are not here")
        self.path, self._read = str(file_name), 0
        self._values: dict[str, bytes] = {}
        self._lock = threading.RLock()
        with self._locked():
            pass

    @contextlib.contextmanager
    def _locked(self) -> Iterator[Callable[[bytes, str, bytes], None]]:
        """The file is ours and read to its end; gives a function that appends a record."""
        with self._lock, open(self.path, "ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                file.seek(self._read)
                self._replay(file.read())

                def record(kind: bytes, key: str, value: bytes) -> None:
                    name = key.encode()
                    text = _RECORD.pack(kind, len(name), len(value)) + name + value
                    file.write(text)
                    file.flush()
                    self._replay(text)

                yield record
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)

    def _replay(self, text: bytes) -> None:
        at = 0
        while at < len(text):
            kind, name, size = _RECORD.unpack_from(text, at)
            at += _RECORD.size
            key, value = text[at : at + name].decode(), text[at + name : at + name + size]
            at += name + size
            if kind == b"-":
                self._values.pop(key, None)
            else:
                self._values[key] = value
        self._read += at

    def set(self, key: str, value: Any) -> None:
        """Sets a key to text or bytes."""
        with self._locked() as record:
            record(b"+", key, as_bytes(value))

    def get(self, key: str) -> bytes:
        """The bytes under a key. errors  DistStoreError: it is not set within the timeout"""
        self.wait([key])
        return self._values[key]

    def wait(self, keys: Sequence[str], timeout: datetime.timedelta | None = None) -> None:
        """Waits until all keys are set. errors  DistStoreError: not within the timeout"""
        limit = self.timeout if timeout is None else timeout
        end = time.monotonic() + limit.total_seconds()
        while not self.check(keys):
            if time.monotonic() > end:
                raise too_late(keys, limit)
            time.sleep(0.01)

    def add(self, key: str, amount: int) -> int:
        """Adds to the number under a key, 0 at first; the sum."""
        with self._locked() as record:
            total = int(self._values.get(key, b"0")) + amount
            record(b"+", key, str(total).encode())
        return total

    def append(self, key: str, value: Any) -> None:
        """Appends to the bytes under a key, none at first."""
        with self._locked() as record:
            record(b"+", key, self._values.get(key, b"") + as_bytes(value))

    def compare_set(self, key: str, expected_value: str, desired_value: str) -> bytes:
        """Sets the key if it has the expected value (or is not set and "" is expected)."""
        with self._locked() as record:
            if self._values.get(key, b"") == as_bytes(expected_value):
                record(b"+", key, as_bytes(desired_value))
            return self._values.get(key, as_bytes(expected_value))

    def check(self, keys: Sequence[str]) -> bool:
        """Are all keys set?"""
        with self._locked():
            return all(key in self._values for key in keys)

    def delete_key(self, key: str) -> bool:
        """Removes a key; was it there?"""
        with self._locked() as record:
            there = key in self._values
            if there:
                record(b"-", key, b"")
        return there

    def num_keys(self) -> int:
        """How many keys are set."""
        with self._locked():
            return len(self._values)

    def __repr__(self) -> str:
        return f"FileStore({self.path!r}, {os.path.getsize(self.path)} bytes)"
