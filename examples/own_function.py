"""An operation of one's own, with its gradient by hand, checked against finite differences."""

import rushlight as torch
from rushlight.autograd import Function, gradcheck, gradgradcheck


class Softsign(Function):
    """y = x / (1 + |x|),  dy/dx = 1 / (1 + |x|)^2"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1 + x.abs())

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy / (1 + x.abs()) ** 2


torch.manual_seed(0)
x = torch.randn(5, dtype=torch.float64, requires_grad=True)
print(Softsign.apply(x))
print("first derivative:", gradcheck(Softsign.apply, (x,)))
print("second derivative:", gradgradcheck(Softsign.apply, (x,)))
