"""Distributions that are nowhere on disk: what importlib.metadata says of torch in a process of
`rushlight run`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any


class Record(Distribution):
    """The record of a package: its name and version."""

    def __init__(self, name: str, version: str):
        self._files = {
            "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            "Summary: rushlight in its place\n"
        }

    def read_text(self, filename: str) -> str | None:
        """The text of a file of the record, None if there is no such file."""
        return self._files.get(filename)

    def locate_file(self, path: Any) -> Path:
        """Where a file of the package would be."""
        import rushlight

        return Path(rushlight.__file__).parent.parent / path


def records(versions: Mapping[str, str], wanted: str | None) -> list[Record]:
    """The records of these packages, or of the one that is wanted."""
    return [Record(n, v) for n, v in versions.items() if wanted in (None, n)]
