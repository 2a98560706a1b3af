"""torch.nn.parameter: Parameter, Buffer and their kinds without a shape."""

from ..core.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter, is_lazy

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"]
