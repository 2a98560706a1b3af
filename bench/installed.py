"""The disk space of a package with everything it needs, from the installed distributions' own file
lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata


def closure(name: str) -> set[str]:
    """The distribution and those it requires, however far, without extras.

    Absent ones are left out.
    """
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if current in found:
            continue
        try:
            requires = metadata.requires(current) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(current)
        waiting += [re.match(r"[\w.-]+", r).group() for r in requires if "extra ==" not in r]
    return found


def size(name: str) -> int:
    """Bytes of the files of one distribution, without compiled Python."""
    files = metadata.files(name) or []
    return sum(
        f.locate().stat().st_size for f in files if f.suffix != ".pyc" and f.locate().exists()
    )


def sizes(names: Iterable[str]) -> dict[str, int]:
    """Bytes of each package with its requirements."""
    return {name: sum(size(part) for part in closure(name)) for name in names}
