"""torch.signal: windows."""

from ..core.names import explain_missing as _explain
from . import windows

__all__ = ["windows"]
_explain(__name__)
