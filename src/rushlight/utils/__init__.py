"""What stands beside the tensors: `data`, loading; `dlpack`, exchange with other libraries."""

from . import data, dlpack

__all__ = ["data", "dlpack"]
