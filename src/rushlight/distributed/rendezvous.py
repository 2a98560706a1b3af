"""How processes find each other: env://, tcp://, file://, and handlers of the user's own.

`rendezvous(url)` gives (store, rank, world_size). Under the launcher (run.py) the store is served
by the launcher itself (TORCHELASTIC_USE_AGENT_STORE), else by rank 0.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlparse

from .stores import FileStore, PrefixStore, Store
from .tcp_store import TCPStore

__all__ = ["register_rendezvous_handler", "rendezvous"]

Handler = Callable[..., Iterator[tuple[Any, int, int]]]
_HANDLERS: dict[str, Handler] = {}


def register_rendezvous_handler(scheme: str, handler: Handler) -> None:
    """handler(url, timeout=...) yields (store, rank, world_size) for urls scheme://...

    errors  RuntimeError: the scheme has a handler
    """
    if scheme in _HANDLERS:
        raise RuntimeError(f"Rendezvous handler for {scheme}:// already registered")
    _HANDLERS[scheme] = handler


def rendezvous(url: str, rank: int = -1, world_size: int = -1, **kwargs: Any) -> Iterator[Any]:
    """(store, rank, world_size), once; more of them if processes come and go, which none does here.

    url     env:// ($MASTER_ADDR, $MASTER_PORT, $RANK, $WORLD_SIZE), tcp://host:port,
            file:///path; ?rank=0&world_size=2 in the url, or as arguments
    errors  RuntimeError: url is no text, or of an unknown kind. ValueError: something is missing
    """
    if not isinstance(url, (str, bytes)):
        raise RuntimeError(f"`url` must be a string. {type(url)}: {url}")
    if isinstance(url, bytes):
        url = url.decode()
    scheme = urlparse(url).scheme
    if scheme not in _HANDLERS:
        raise RuntimeError(f"No rendezvous handler for {scheme}://")
    words = _read(url)[1]
    for key, value in (("rank", rank), ("world_size", world_size)):
        if value != -1:
            if key in words and int(words[key]) != value:
                raise ValueError(f"{key} is {words[key]} in {url} and {value} as an argument")
            words[key] = str(value)
    return _HANDLERS[scheme](urlparse(url)._replace(query=urlencode(words)).geturl(), **kwargs)


def _read(url: str) -> tuple[Any, dict[str, str]]:
    """The parts of a url, and what stands behind its question mark."""
    parts = urlparse(url)
    return parts, {key: values[0] for key, values in parse_qs(parts.query).items()}


def _needed(words: dict[str, str], key: str, scheme: str, text: str) -> int:
    if key not in words:
        raise ValueError(
            f"Error initializing torch.distributed using {scheme}:// rendezvous: {text}"
        )
    return int(words[key])


def _served_elsewhere() -> bool:
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def _store(host: str, port: int, rank: int, size: int, timeout: datetime.timedelta) -> Store:
    if _served_elsewhere():
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store: Any = TCPStore(host, port, None, False, timeout)
        return PrefixStore(f"/worker/attempt_{attempt}", store)
    return TCPStore(host, port, size, rank == 0, timeout)


def _tcp(url: str, timeout: datetime.timedelta = Store.timeout, **more: Any) -> Iterator[Any]:
    parts, words = _read(url)
    if not parts.hostname or parts.port is None:
        raise ValueError(
            "Error initializing torch.distributed using tcp:// rendezvous: port number missing"
        )
    rank = _needed(words, "rank", "tcp", "rank parameter missing")
    size = _needed(words, "world_size", "tcp", "world size parameter missing")
    yield _store(parts.hostname, parts.port, rank, size, timeout), rank, size


def _env(url: str, timeout: datetime.timedelta = Store.timeout, **more: Any) -> Iterator[Any]:
    words = _read(url)[1]

    def variable(name: str) -> str:
        if name not in os.environ:
            raise ValueError(
                "Error initializing torch.distributed using env:// rendezvous: environment "
                f"variable {name} expected, but not set\n"
                "  fix: start the program with `python -m rushlight.distributed.run`, or set it"
            )
        return os.environ[name]

    rank = int(words["rank"]) if "rank" in words else int(variable("RANK"))
    size = int(words["world_size"]) if "world_size" in words else int(variable("WORLD_SIZE"))
    host, port = variable("MASTER_ADDR"), int(variable("MASTER_PORT"))
    yield _store(host, port, rank, size, timeout), rank, size


def _file(url: str, timeout: datetime.timedelta = Store.timeout, **more: Any) -> Iterator[Any]:
    parts, words = _read(url)
    if not parts.path:
        raise ValueError(
            "Error initializing torch.distributed using file:// rendezvous: path missing"
        )
    rank = _needed(words, "rank", "file", "rank parameter missing")
    size = _needed(words, "world_size", "file", "world size parameter missing")
    store = FileStore(parts.path, size)
    store.set_timeout(timeout)
    yield store, rank, size


register_rendezvous_handler("tcp", _tcp)
register_rendezvous_handler("env", _env)
register_rendezvous_handler("file", _file)
