"""Cards by family. Importing this package fills the registry."""

from importlib import import_module as _import

for _family in ("convert", "pointwise", "elementary", "blend", "bitwise", "complex", "compare", "shape", "index", "join", "scatter", "reduce", "matmul", "creation", "distributions", "random", "sampling"):
    _import(f"{__name__}.{_family}")
