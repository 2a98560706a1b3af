"""torch.storage: the memory of tensors, as bytes or as numbers (core/storage.py)."""

from .core.names import explain_missing as _explain_missing
from .core.storage import TypedStorage, UntypedStorage

__all__ = ["TypedStorage", "UntypedStorage"]

_explain_missing(__name__)
