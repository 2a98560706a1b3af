"""torch.testing: assert_close and make_tensor; also gradcheck, and the samples of the cards."""

from ..core.names import explain_missing as _explain_missing
from .comparison import assert_close, make_tensor

__all__ = ["assert_close", "make_tensor"]

_explain_missing(__name__)
