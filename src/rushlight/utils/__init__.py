"""What stands beside the tensors: `data`, loading."""

from . import data

__all__ = ["data"]
