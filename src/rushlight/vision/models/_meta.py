"""The names of the classes that published models tell apart."""

from __future__ import annotations

from typing import Any

from ...core.names import missing as _missing
from ._weights import _file


def __getattr__(name: str) -> Any:
    lists = _file()["lists"]
    if name not in lists:
        raise _missing(__name__, name)
    return lists[name]


def __dir__() -> list[str]:
    return sorted(_file()["lists"])
