"""Activations as layers: each holds the options of the function of its name, which has the formula.

* is any number of dimensions, also none.
"""

from __future__ import annotations

from typing import Any

from ..core.notices import warn
from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..ops.creation import full
from . import functional as F
from .module import Module

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _Inplace(Module):
    """An activation whose only option is whether to change its input in place."""

    __constants__ = ["inplace"]

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ReLU(_Inplace):
    """max(0, x)

    shape   x (*) -> y (*)
    errors  RuntimeError: bool. NotImplementedError: complex numbers
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.relu(input, self.inplace)


class ReLU6(_Inplace):
    """min(max(0, x), 6)

    shape   x (*) -> y (*)
    errors  RuntimeError: bool. NotImplementedError: complex numbers
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.relu6(input, self.inplace)

    min_val, max_val = 0.0, 6.0


class SELU(_Inplace):
    """scale · (max(0, x) + min(0, alpha (e^x - 1))) with fixed scale and alpha.

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    source  arXiv:1706.02515
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.selu(input, self.inplace)


class SiLU(_Inplace):
    """x · σ(x)

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.silu(input, self.inplace)


class Mish(_Inplace):
    """x · tanh(softplus(x))

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.mish(input, self.inplace)


class Hardswish(_Inplace):
    """x · relu6(x + 3) / 6

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        return ""  # PyTorch's does not say whether it is in place


class Hardsigmoid(_Inplace):
    """relu6(x + 3) / 6

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Threshold(Module):
    """x where x > threshold, else value

    shape   x (*) -> y (*)
    errors  NotImplementedError: bool
    """

    __constants__ = ["threshold", "value", "inplace"]

    def __init__(self, threshold: float, value: float, inplace: bool = False):
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (
            ", inplace=True" if self.inplace else ""
        )


class RReLU(Module):
    """x where x >= 0, else a x with a drawn from U(lower, upper) in training, their mean in eval

    shape   x (*) -> y (*)
    errors  RuntimeError: lower > upper
    """

    __constants__ = ["lower", "upper", "inplace"]

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (
            ", inplace=True" if self.inplace else ""
        )


class Hardtanh(Module):
    """x clamped to [min_val, max_val]

    shape   x (*) -> y (*)
    errors  AssertionError: max_val is not larger than min_val
    """

    __constants__ = ["min_val", "max_val", "inplace"]

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ):
        super().__init__()
        for old, new, given in (
            ("min_value", "min_val", min_value),
            ("max_value", "max_val", max_value),
        ):
            if given is not None:
                text = f"keyword argument `{old}` is deprecated and rename to `{new}`"
                warn(text, FutureWarning)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError(
                f"max_val must be larger than min_val, but got min_val={self.min_val}, "
                f"max_val={self.max_val}"
            )

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (
            ", inplace=True" if self.inplace else ""
        )


class _Plain(Module):
    """An activation without options."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)


class Sigmoid(_Plain):
    """1 / (1 + e^-x)

    shape   x (*) -> y (*)
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return input.sigmoid()


class Tanh(_Plain):
    """tanh x

    shape   x (*) -> y (*)
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return input.tanh()


class LogSigmoid(_Plain):
    """log σ(x)

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.logsigmoid(input)


class Softsign(_Plain):
    """x / (1 + |x|)

    shape   x (*) -> y (*)
    dtype   floating and complex; integers become floats
    errors  NotImplementedError: bool
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.softsign(input)


class Tanhshrink(_Plain):
    """x - tanh x

    shape   x (*) -> y (*)
    dtype   floating and complex; integers become floats
    errors  RuntimeError: bool
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.tanhshrink(input)


class ELU(Module):
    """x where x > 0, else alpha (e^x - 1)

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    __constants__ = ["alpha", "inplace"]

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class CELU(ELU):
    """max(0, x) + min(0, alpha (e^(x / alpha) - 1))

    shape   x (*) -> y (*)
    errors  RuntimeError: alpha = 0. NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.celu(input, self.alpha, self.inplace)


class LeakyReLU(Module):
    """x where x >= 0, else negative_slope · x

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    __constants__ = ["inplace", "negative_slope"]

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False):
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """x where x >= 0, else weight · x with a learned weight (1) or (C)

    shape   x (N, C, *) -> y (N, C, *); any x for num_parameters = 1
    errors  RuntimeError: C is not num_parameters, a 0-d x, or another dtype than the weight's
    """

    __constants__ = ["num_parameters"]

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(full((num_parameters,), float(init), device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """weight = init"""
        self.weight.data.fill_(self.init)

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) -> the same shape"""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class GELU(Module):
    """x · Φ(x); approximate='tanh' for the formula with tanh.

    shape   x (*) -> y (*)
    errors  RuntimeError: approximate is neither 'none' nor 'tanh'. NotImplementedError: an integer
            or bool x
    source  arXiv:1606.08415
    """

    __constants__ = ["approximate"]

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(Module):
    """a · σ(b) for the halves a, b of input along dim

    shape   x (*, 2 n, *) -> y (*, n, *), n along dim
    errors  RuntimeError: an odd size along dim, or a 0-d x
    """

    __constants__ = ["dim"]

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """input (*, 2 N, *) -> (*, N, *)"""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Hardshrink(Module):
    """x where |x| > lambd, else 0

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    __constants__ = ["lambd"]

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """x moved towards 0 by lambd; 0 where |x| <= lambd

    shape   x (*) -> y (*)
    errors  RuntimeError: lambd < 0. NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.softshrink(input, self.lambd)


class Softplus(Module):
    """log(1 + e^(beta x)) / beta; x itself where beta x > threshold

    shape   x (*) -> y (*)
    errors  NotImplementedError: an integer or bool x
    """

    __constants__ = ["beta", "threshold"]

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """e^x / Σ e^x along dim

    shape   x (*) -> y (*)
    errors  IndexError: no such dim. NotImplementedError: an integer or bool x
    """

    __constants__ = ["dim"]

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("dim", None)

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Softmax):
    """softmax(-x) along dim

    shape   x (*) -> y (*)
    errors  IndexError: no such dim. NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.softmin(input, self.dim)


class LogSoftmax(Softmax):
    """x - log Σ e^x along dim

    shape   x (*) -> y (*)
    errors  IndexError: no such dim. NotImplementedError: an integer or bool x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.log_softmax(input, self.dim)


class Softmax2d(Module):
    """softmax over the channels of (N, C, H, W) or (C, H, W)

    shape   x (N, C, H, W) or (C, H, W) -> the same
    errors  ValueError: x has other than 3 or 4 dimensions
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) or (C, H, W) -> the same shape"""
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return F.softmax(input, -3)
