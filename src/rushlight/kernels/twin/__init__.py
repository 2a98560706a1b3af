"""The kernels in NumPy: the reference that native code is tested against, and what runs without it.

Every public function of a family file is a kernel: same name, arguments and dtypes as the native
one.
Twins of pointwise kernels use operators and K only, so they run on Tensors as well.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

TWINS: dict[str, Any] = {}

for _family in sorted(m.name for m in iter_modules(__path__)):
    _module = import_module(f"{__name__}.{_family}")
    for _name, _function in vars(_module).items():
        if (
            not _name.startswith("_")
            and getattr(_function, "__module__", None) == _module.__name__
            and callable(_function)
        ):
            TWINS[_name] = _function
