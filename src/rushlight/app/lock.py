"""A run's folder belongs to one process at a time.

The lock is the system's, on the folder itself: it leaves no file, and it ends with the process,
however that ends.
"""

import os
from pathlib import Path
from types import TracebackType

from rushlight.app.errors import CliError

__all__ = ["Lock", "Taken"]


class Taken(CliError):
    """The folder belongs to another run that is going on."""


class Lock:
    """Makes the folder and takes it, or raises Taken; `with` gives it back.

    What a run that was killed has left half written is removed. Folders that were made here and are
    still empty at the end go, too.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.made = [part for part in (folder, *folder.parents) if not part.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        self.handle = _take(folder)
        for part in folder.glob("*.part"):
            part.unlink(missing_ok=True)

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for part in self.made:
            if any(part.iterdir()):
                break
            part.rmdir()
        if self.handle is not None:
            os.close(self.handle)


def _take(folder: Path) -> int | None:
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise Taken(f"{folder} is in use by another `rushlight train`") from None
        return None  # a file system without locks
    return handle
