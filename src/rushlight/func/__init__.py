"""torch.func: functions of functions: gradients, Jacobians, batches; modules as functions.

vmap.py       vmap: a function of one sample, over a batch
transforms.py grad, vjp, jvp, linearize: derivatives of functions
jacobian.py   jacrev, jacfwd, hessian
state.py      functional_call, stack_module_state
rearrange.py  rearrange

How tensors carry batches and tangents is in dispatch/levels.py; docs/func.md tells more.
"""

from ..core.names import explain_missing
from .jacobian import hessian, jacfwd, jacrev
from .rearrange import rearrange
from .state import functional_call, replace_all_batch_norm_modules_, stack_module_state
from .transforms import functionalize, grad, grad_and_value, jvp, linearize, vjp
from .vmap import debug_unwrap, vmap

__all__ = [
    "debug_unwrap",
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "rearrange",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]

explain_missing(__name__)
