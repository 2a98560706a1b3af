"""The functions and dtypes of torch under one name, for a room that does not import the package.

>>> from rushlight.vision import functions as T
>>> T.cat([T.zeros(1), T.ones(2)])
tensor([0., 1., 1.])
"""

from __future__ import annotations

from typing import Any

from ..core import dtype as _dtype
from ..core.names import missing as _missing
from ..dispatch.registry import FUNCTIONS as _FUNCTIONS

_FUNCTIONS.caches.append(globals())


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS and "." not in name:
        found = _FUNCTIONS[name]
    elif isinstance(getattr(_dtype, name, None), _dtype.dtype):
        found = getattr(_dtype, name)
    else:
        raise _missing("rushlight", name)
    globals()[name] = found
    return found
