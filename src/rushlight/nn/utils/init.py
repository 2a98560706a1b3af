"""Modules without initial values."""

from __future__ import annotations

from typing import Any


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """module_cls(*args, **kwargs): initial values cost too little here to leave them out."""
    return module_cls(*args, **kwargs)
