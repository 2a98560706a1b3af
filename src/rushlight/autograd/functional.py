"""torch.autograd.functional: jacobian, hessian, vjp, jvp, hvp and vhp are not there yet.

Asking for one says so by name; `autograd.grad` with create_graph=True is there.
"""

from ..core.names import explain_missing as _explain_missing

__all__: list[str] = []

_explain_missing(__name__)
