"""Cards by family. Importing this package fills the registry."""

from . import convert, pointwise, shape, reduce, index, matmul, creation  # noqa: F401, I001
