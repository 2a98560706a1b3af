"""Annotations of a class that says it is from another module: `typing.get_type_hints` looks for
their names in the module that the class names, which may not be imported, or not hold them."""

from __future__ import annotations

import builtins
from typing import Any, ForwardRef


def readable(cls: Any, module: str) -> None:
    """Let the annotations of a class be read with the names of `module`, whatever it says it is
    from."""
    kept = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  those of the class itself, to write
    for name, text in kept.items():
        if isinstance(text, str):
            kept[name] = getattr(builtins, text, None) or ForwardRef(text, module=module)
