"""Models that classify each pixel: FCN, DeepLab V3, LR-ASPP."""

from ....core.names import explain_missing as _explain_missing
from .deeplabv3 import *  # noqa: F403
from .fcn import *  # noqa: F403
from .lraspp import *  # noqa: F403

_explain_missing(__name__)
