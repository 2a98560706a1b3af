"""torch.autograd.anomaly_mode: PyTorch's name of anomaly.py."""

from ..core.names import explain_missing as _explain_missing
from .anomaly import detect_anomaly, set_detect_anomaly

__all__ = ["detect_anomaly", "set_detect_anomaly"]

_explain_missing(__name__)
