"""torch.amp: mixed precision. `autocast` chooses dtypes op by op, `GradScaler` scales losses.

The lists of ops: docs/autocast.md.
"""

from .autocast_mode import autocast, custom_bwd, custom_fwd, is_autocast_available
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
