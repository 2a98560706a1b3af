"""torch.special: functions of mathematical physics and statistics, elementwise."""

from .dispatch.registry import FUNCTIONS as _FUNCTIONS
from .ops.special import SPECIAL as _SPECIAL
from .ops.unary import xlog1py as xlog1py

globals().update(_SPECIAL)
for _name in ("exp2", "expm1", "log1p", "logsumexp", "round", "xlogy"):
    globals()[_name] = _FUNCTIONS[_name]
expit = _FUNCTIONS["sigmoid"]
softmax, log_softmax = _FUNCTIONS["softmax"], _FUNCTIONS["log_softmax"]
