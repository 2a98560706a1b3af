"""torch.testing: assert_close and make_tensor;
beside them gradcheck, and the samples of the cards.
"""

from .comparison import assert_close, make_tensor

__all__ = ["assert_close", "make_tensor"]
