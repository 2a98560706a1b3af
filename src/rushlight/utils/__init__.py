"""torch.utils: `data`, data sets and loaders; `dlpack`, exchange with other libraries."""

from . import data, dlpack

__all__ = ["data", "dlpack"]
