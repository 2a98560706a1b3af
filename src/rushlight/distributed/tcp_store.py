"""TCPStore: a HashStore that one process serves to others, each request one message.

A message is a count of fields and, for each, its length and its bytes; an answer is a message, too.
The server has a thread per connection; a client has a connection per thread, so that a `get` that
waits holds up nobody else.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import socket
import struct
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

from .errors import DistNetworkError, DistStoreError
from .stores import HashStore, Store, as_bytes, milliseconds, too_late

_COUNT = struct.Struct("<I")
_SIZE = struct.Struct("<Q")
_HELLO = b"rushlight store 1\n"
_LIMIT = 1 << 34  # bytes of a field: a wrong client must not make us ask for all memory
_JOINED = "init/"


def send_message(to: socket.socket, *fields: bytes) -> None:
    """Sends fields as one message."""
    parts = [_COUNT.pack(len(fields))]
    for field in fields:
        parts += [_SIZE.pack(len(field)), field]
    to.sendall(b"".join(parts))


def receive_message(source: socket.socket) -> list[bytes]:
    """The fields of the next message. errors  ConnectionError: the other side has gone"""
    (count,) = _COUNT.unpack(_exactly(source, _COUNT.size))
    if count > 1 << 20:
        raise ConnectionError("not a message of a store")
    fields = []
    for _ in range(count):
        (size,) = _SIZE.unpack(_exactly(source, _SIZE.size))
        if size > _LIMIT:
            raise ConnectionError("not a message of a store")
        fields.append(_exactly(source, size))
    return fields


def _exactly(source: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = source.recv(min(size, 1 << 20))
        if not part:
            raise ConnectionError("the store's process has closed the connection")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def is_loopback(host: str) -> bool:
    """Does this name mean this machine, for itself alone?"""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def is_here(host: str) -> bool:
    """Is that an address of this machine?"""
    if is_loopback(host) or host == socket.gethostname():
        return True
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    for address in found:
        with socket.socket() as probe:
            try:
                probe.bind((address, 0))  # only one's own addresses can be taken
                return True
            except OSError:
                continue
    return False


class Server:
    """Serves a HashStore at a port; 0: a free one, which `port` says.

    errors  DistNetworkError: the port is taken
    """

    def __init__(self, host: str, port: int, listener: int | None = None):
        self.values = HashStore()
        if listener is not None:
            self._socket = socket.socket(fileno=listener)
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                # a store for this machine alone is not offered to the network
                self._socket.bind(("127.0.0.1" if is_loopback(host) else "", port))
                self._socket.listen(1024)
            except (OSError, OverflowError) as error:
                self._socket.close()
                number = getattr(error, "errno", None) or 0
                name = errno.errorcode.get(number, "?")
                raise DistNetworkError(
                    "The server socket has failed to listen on any local network address. port: "
                    f"{port}, useIpv6: false, code: -{number}, name: {name}, message: "
                    f"{os.strerror(number).lower()}"
                ) from None
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True, name="TCPStore").start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if _exactly(connection, len(_HELLO)) != _HELLO:
                    return
                while True:
                    send_message(connection, *self._answer(receive_message(connection)))
            except (OSError, ValueError, UnicodeDecodeError, IndexError):
                return  # the client has gone, or it is none of ours

    def _answer(self, fields: list[bytes]) -> list[bytes]:
        store, (op, *rest) = self.values, fields
        key = rest[0].decode() if rest else ""
        if op == b"set":
            store.set(key, rest[1])
        elif op == b"append":
            store.append(key, rest[1])
        elif op == b"add":
            return [str(store.add(key, int(rest[1]))).encode()]
        elif op == b"compare_set":
            return [store.compare_set(key, rest[1], rest[2])]  # type: ignore[arg-type]
        elif op == b"delete_key":
            return [b"1" if store.delete_key(key) else b"0"]
        elif op == b"num_keys":
            return [str(store.num_keys()).encode()]
        elif op == b"check":
            return [b"1" if store.check([k.decode() for k in rest]) else b"0"]
        elif op == b"wait":
            limit = datetime.timedelta(milliseconds=int(rest[0]))
            keys = [k.decode() for k in rest[1:]]
            try:
                store.wait(keys, limit)
            except DistStoreError:
                return [b"0"]
            return [b"1", *store.multi_get(keys)]
        return []

    def close(self) -> None:
        """Takes no more connections."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._socket.close()


def _close(sockets: list[socket.socket], server: Server | None) -> None:
    """What a store leaves behind."""
    for one in sockets:
        one.close()
    if server is not None:
        server.close()


class TCPStore(Store):
    """Keys and values that the process with is_master=True serves at host_name:port to others.

    port              of the master 0: a free one, which `port` says
    world_size        how many processes there are; the constructor waits for all of them
    wait_for_workers  False: it does not
    multi_tenant, use_libuv  have no effect

    errors  DistNetworkError: the port is taken, nobody answers. DistStoreError: not all came
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
        self.host, self.timeout = host_name, timeout
        self.libuvBackend = False
        self._mine = threading.local()
        self._server = Server(host_name, port, master_listen_fd) if is_master else None
        self.port = port if self._server is None else self._server.port
        self._sockets: list[socket.socket] = []
        weakref.finalize(self, _close, self._sockets, self._server)
        self._connection()
        here = self.add(_JOINED, 1)
        if wait_for_workers and world_size is not None and world_size > 1:
            self._wait_for(world_size, here)

    def _wait_for(self, world_size: int, here: int) -> None:
        end = time.monotonic() + self.timeout.total_seconds()
        while here < world_size:
            if time.monotonic() > end:
                raise DistStoreError(
                    f"Timed out after {self.timeout.total_seconds():g} seconds waiting for "
                    f"clients. {here}/{world_size} clients joined."
                )
            time.sleep(0.01)
            here = self.add(_JOINED, 0)

    def _connection(self) -> socket.socket:
        """This thread's connection; the first call waits until somebody answers."""
        found = getattr(self._mine, "socket", None)
        if found is not None:
            return found
        host = "127.0.0.1" if self._server is not None else self.host
        end = time.monotonic() + self.timeout.total_seconds()
        while True:
            try:
                found = socket.create_connection((host, self.port), timeout=10)
                break
            except OSError:
                if time.monotonic() > end:
                    raise DistNetworkError(
                        f"The client socket has timed out after {milliseconds(self.timeout)}ms "
                        f"while trying to connect to ({self.host}, {self.port})."
                    ) from None
                time.sleep(0.1)
        self._sockets.append(found)
        found.settimeout(None)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found.sendall(_HELLO)
        self._mine.socket = found
        return found

    def _ask(self, op: bytes, *fields: bytes) -> list[bytes]:
        connection = self._connection()
        try:
            send_message(connection, op, *fields)
            return receive_message(connection)
        except BaseException as error:
            # an answer that was not read would be taken for that of the next question
            self._mine.socket = None
            connection.close()
            if isinstance(error, OSError):
                raise DistNetworkError(
                    f"Connection to the store at {self.host}:{self.port} was closed: its process "
                    "has ended"
                ) from None
            raise

    def set(self, key: str, value: Any) -> None:
        """Sets a key to text or bytes."""
        self._ask(b"set", key.encode(), as_bytes(value))

    def get(self, key: str) -> bytes:
        """The bytes under a key. errors  DistStoreError: it is not set within the timeout"""
        return self.multi_get([key])[0]

    def multi_get(self, keys: Sequence[str]) -> list[bytes]:
        """get for each key, in one message."""
        return self._wait(keys, self.timeout)

    def wait(self, keys: Sequence[str], timeout: datetime.timedelta | None = None) -> None:
        """Waits until all keys are set. errors  DistStoreError: not within the timeout"""
        self._wait(keys, self.timeout if timeout is None else timeout)

    def _wait(self, keys: Sequence[str], limit: datetime.timedelta) -> list[bytes]:
        end = time.monotonic() + limit.total_seconds()
        names = [key.encode() for key in keys]
        while True:  # a second at a time, so that Ctrl-C is heard
            left = min(max(end - time.monotonic(), 0.0), 1.0)
            there, *values = self._ask(b"wait", str(int(left * 1000)).encode(), *names)
            if there == b"1":
                return values
            if time.monotonic() >= end:
                raise too_late(keys, limit)

    def add(self, key: str, amount: int) -> int:
        """Adds to the number under a key, 0 at first; the sum."""
        return int(self._ask(b"add", key.encode(), str(int(amount)).encode())[0])

    def append(self, key: str, value: Any) -> None:
        """Appends to the bytes under a key, none at first."""
        self._ask(b"append", key.encode(), as_bytes(value))

    def compare_set(self, key: str, expected_value: str, desired_value: str) -> bytes:
        """Sets the key if it has the expected value (or is not set and "" is expected)."""
        words = key.encode(), as_bytes(expected_value), as_bytes(desired_value)
        return self._ask(b"compare_set", *words)[0]

    def check(self, keys: Sequence[str]) -> bool:
        """Are all keys set?"""
        return self._ask(b"check", *(key.encode() for key in keys)) == [b"1"]

    def delete_key(self, key: str) -> bool:
        """Removes a key; was it there?"""
        return self._ask(b"delete_key", key.encode()) == [b"1"]

    def num_keys(self) -> int:
        """How many keys are set, with one by which the processes wait for each other."""
        return int(self._ask(b"num_keys")[0])

    def __repr__(self) -> str:
        return f"TCPStore({self.host!r}, {self.port}, is_master={self._server is not None})"
