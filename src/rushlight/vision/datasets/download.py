"""Files from the net: several mirrors, checked by md5, never half a file under the final name."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

__all__ = ["download_file"]

_BLOCK = 1 << 16


def download_file(urls: list[str], target: Path, md5: str | None = None) -> None:
    """Fetch `target` from the first URL that has it.

    The file is written beside its place, checked, and then moved there in one step.
    RuntimeError: none of the URLs worked; the text has the reason of each.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    reasons = []
    try:
        for url in urls:
            try:
                found = _fetch(url, part)
            except (OSError, ValueError) as error:
                reasons.append(f"{url}: {error}")
                continue
            if md5 is not None and found != md5:
                reasons.append(f"{url}: its md5 is {found}, expected {md5}")
                continue
            os.replace(part, target)
            return
    finally:
        part.unlink(missing_ok=True)
    lines = "".join(f"\n  {reason}" for reason in reasons)
    raise RuntimeError(
        f"Error downloading {target.name}{lines}\n"
        f"  fix: get the file in another way and put it into {target.parent}"
    )


def _fetch(url: str, part: Path) -> str:
    """Write what the URL gives into `part`; returns its md5."""
    import urllib.request

    request = urllib.request.Request(url, headers={"User-Agent": "rushlight"})
    digest = hashlib.md5(usedforsecurity=False)
    with urllib.request.urlopen(request, timeout=30) as source, open(part, "wb") as out:
        progress = _Progress(url, int(source.headers.get("Content-Length") or 0))
        while block := source.read(_BLOCK):
            out.write(block)
            digest.update(block)
            progress.add(len(block))
        progress.end()
        if progress.total and progress.done != progress.total:
            raise OSError(f"{progress.done} of {progress.total} bytes came")
    return digest.hexdigest()


class _Progress:
    """A line on stderr: drawn ten times a second on a terminal, once at the end elsewhere."""

    def __init__(self, url: str, total: int) -> None:
        self.name = url.rsplit("/", 1)[-1]
        self.total = total
        self.done = 0
        self._drawn = 0.0

    def add(self, count: int) -> None:
        self.done += count
        if sys.stderr.isatty() and time.monotonic() - self._drawn > 0.1:
            self._drawn = time.monotonic()
            print(f"\r{self._line()}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}{self._line()}", file=sys.stderr)

    def _line(self) -> str:
        size = f"{self.done / 1e6:.2f} MB"
        if not self.total:
            return f"{self.name}: {size}"
        share = self.done / self.total
        bar = "█" * round(20 * share) + "░" * (20 - round(20 * share))
        return f"{self.name}: {share:4.0%} {bar} {size} of {self.total / 1e6:.2f} MB"
