"""torch.autograd.forward_ad: there is no forward-mode differentiation; its names say so."""

from ..core.names import explain_missing as _explain_missing

__all__: list[str] = []

_explain_missing(__name__)
