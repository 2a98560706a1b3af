"""torch.distributed.elastic.multiprocessing.errors: `record`, which tells the launcher why."""

from __future__ import annotations

import functools
import json
import os
import time
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

__all__ = ["ChildFailedError", "record"]


class ChildFailedError(Exception):
    """A process of the launcher has failed."""


def record(fn: Callable[..., T], error_handler: Any = None) -> Callable[..., T]:
    """fn, whose exceptions are also written to $TORCHELASTIC_ERROR_FILE for the launcher's report.

    >>> @record
    ... def main(): ...
    """

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> T:
        try:
            return fn(*args, **kwargs)
        except Exception as error:
            path = os.environ.get("TORCHELASTIC_ERROR_FILE")
            if path:
                text = {
                    "message": f"{type(error).__name__}: {error}",
                    "extraInfo": {
                        "py_callstack": traceback.format_exc(),
                        "timestamp": str(int(time.time())),
                    },
                }
                with open(path, "w", encoding="utf-8") as file:
                    json.dump({"message": text}, file)
            raise

    return wrapped
