"""torch.utils.dlpack: tensors from and to other libraries without a copy."""

from ..core.sharing import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
