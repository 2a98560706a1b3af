"""torch.version: what PyTorch would be built with; here all of it is absent."""

from typing import Any

from . import __version__ as __version__

RUSHLIGHT = str(__version__)  # our own, also where a program is shown PyTorch's
COMPATIBLE = "2.13.0"  # the release of PyTorch whose names and numbers are followed


class TorchVersion(str):
    """A version that compares with strings and tuples by its numbers, as torch.__version__ does.

    >>> TorchVersion("2.13.0+x") >= "2.9", TorchVersion("2.13.0") >= (2, 14)
    (True, False)
    """

    __module__ = "torch.torch_version"

    @staticmethod
    def _release(x: Any) -> tuple[int, ...]:
        parts = str(x).partition("+")[0].split(".") if isinstance(x, str) else x
        found = [int("".join(c for c in str(p) if c.isdigit()) or 0) for p in parts]
        while found and not found[-1]:
            found.pop()
        return tuple(found)

    def __lt__(self, other: Any) -> bool:
        return self._release(self) < self._release(other)

    def __le__(self, other: Any) -> bool:
        return self._release(self) <= self._release(other)

    def __gt__(self, other: Any) -> bool:
        return self._release(self) > self._release(other)

    def __ge__(self, other: Any) -> bool:
        return self._release(self) >= self._release(other)


cuda: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
debug = False
git_version = "unknown"
