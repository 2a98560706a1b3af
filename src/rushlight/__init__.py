"""rushlight: the torch.nn stack, light and fast."""

import warnings as _warnings

_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"rushlight\.")

from . import ops as _ops  # noqa: E402
from .core.registry import FUNCTIONS as _FUNCTIONS  # noqa: E402
from .core.tensor import Tensor  # noqa: E402

globals().update(_FUNCTIONS)
