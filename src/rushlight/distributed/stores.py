"""Stores: keys and values that the processes of a group share; of one process, a dict."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from typing import Any

_ALONE = "one process has nobody to meet on the network: use torch.distributed.HashStore()"


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


class Store:
    """The base of stores."""

    timeout = datetime.timedelta(seconds=300)


class HashStore(Store):
    """A dict for threads: get(key) waits until the key is set, timeout at most."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._news = threading.Condition()

    def set(self, key: str, value: Any) -> None:
        """Sets a key to text or bytes."""
        with self._news:
            self._values[key] = _bytes(value)
            self._news.notify_all()

    def get(self, key: str) -> bytes:
        """The bytes under a key. errors  RuntimeError: it is not set within the timeout"""
        self.wait([key])
        return self._values[key]

    def wait(self, keys: Sequence[str], timeout: datetime.timedelta | None = None) -> None:
        """Waits until all keys are set. errors  RuntimeError: not within the timeout"""
        limit = (timeout or self.timeout).total_seconds()
        with self._news:
            if not self._news.wait_for(lambda: all(k in self._values for k in keys), limit):
                raise RuntimeError(f"Wait timeout: {list(keys)} were not set in {limit:g} s")

    def add(self, key: str, amount: int) -> int:
        """Adds to the number under a key, 0 at first; the sum."""
        with self._news:
            total = int(self._values.get(key, b"0")) + amount
            self._values[key] = str(total).encode()
            self._news.notify_all()
        return total

    def compare_set(self, key: str, expected_value: str, desired_value: str) -> bytes:
        """Sets the key if it has the expected value (or is not set and "" is expected)."""
        with self._news:
            if self._values.get(key, b"") == _bytes(expected_value):
                self._values[key] = _bytes(desired_value)
                self._news.notify_all()
            return self._values.get(key, _bytes(expected_value))

    def check(self, keys: Sequence[str]) -> bool:
        """Are all keys set?"""
        return all(key in self._values for key in keys)

    def delete_key(self, key: str) -> bool:
        """Removes a key; was it there?"""
        return self._values.pop(key, None) is not None

    def num_keys(self) -> int:
        """How many keys are set."""
        return len(self._values)

    def set_timeout(self, timeout: datetime.timedelta) -> None:
        """How long get and wait wait."""
        self.timeout = timeout


class PrefixStore(Store):
    """A store in which all keys begin with a prefix: those of another, under names of its own."""

    def __init__(self, prefix: str, store: Any):
        self._prefix, self.underlying_store = prefix, store

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.underlying_store, name)

        def call(key: Any, *args: Any) -> Any:
            if isinstance(key, str):
                return method(f"{self._prefix}/{key}", *args)
            return method([f"{self._prefix}/{one}" for one in key], *args)

        return call if name not in ("num_keys", "set_timeout", "timeout") else method


class TCPStore(HashStore):
    """A store that PyTorch serves on the network: of one process, a HashStore with an address.

    Nothing listens at the port.

    errors  NotImplementedError: more than one process, or one that would look for another's
    """

    def __init__(
        self,
        host_name: str,
        port: int,
        world_size: int | None = None,
        is_master: bool = False,
        timeout: datetime.timedelta = Store.timeout,
        wait_for_workers: bool = True,
        multi_tenant: bool = False,
        master_listen_fd: int | None = None,
        use_libuv: bool = True,
    ):
        if not is_master or (world_size or 1) > 1:
            raise NotImplementedError(
                f"rushlight does not have torch.distributed.TCPStore of several: {_ALONE}"
            )
        super().__init__()
        self.host, self.port, self.timeout = host_name, port, timeout


class FileStore(HashStore):
    """A store that PyTorch keeps in a file: of one process, a HashStore with the file's name.

    Nothing is written.

    errors  NotImplementedError: more than one process, or a number that is not known
    """

    def __init__(self, file_name: str, world_size: int = -1):
        if world_size != 1:
            raise NotImplementedError(
                f"rushlight does not have torch.distributed.FileStore of several: {_ALONE}"
            )
        super().__init__()
        self.path = file_name
