"""torch.utils: `data`, data sets and loaders; `dlpack`, exchange with other libraries."""

from ..core.names import explain_missing as _explain_missing
from . import data, dlpack

__all__ = ["data", "dlpack"]

_explain_missing(__name__)
