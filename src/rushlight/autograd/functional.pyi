from ..func.autograd_functional import hessian as hessian
from ..func.autograd_functional import hvp as hvp
from ..func.autograd_functional import jacobian as jacobian
from ..func.autograd_functional import jvp as jvp
from ..func.autograd_functional import vhp as vhp
from ..func.autograd_functional import vjp as vjp
