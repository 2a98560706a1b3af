"""The kernels in NumPy: the reference that native code is tested against, and what runs without it.

Every public function of a family file is a kernel: same name, arguments and dtypes as the native
one.
Twins of pointwise kernels use operators and K only, so they run on Tensors as well.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

TWINS: dict[str, Any] = {}

for _family in sorted(f[:-3] for f in os.listdir(__path__[0]) if f[0] != "_" and f[-3:] == ".py"):
    _module = import_module(f"{__name__}.{_family}")
    for _name, _function in vars(_module).items():
        if (
            not _name.startswith("_")
            and getattr(_function, "__module__", None) == _module.__name__
            and callable(_function)
        ):
            TWINS[_name] = _function
