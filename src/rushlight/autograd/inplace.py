"""Which in-place changes autograd forbids."""

from __future__ import annotations

from ..core.tensor import Tensor


def check_inplace(x: Tensor) -> None:
    """RuntimeError if autograd forbids changing `x` in place."""
    if x._view is not None:
        x._view.refresh(x)
        base = x._view.base
        if x._view.multi_output:
            name = x._view.multi_output if x._node is None else x._node.name()
            name = name.removesuffix("Backward0")
            raise RuntimeError(
                f"Output {x.output_nr} of {name} is a view and is being modified inplace. This "
                "view is the output of a function that returns multiple views. Such functions do "
                "not allow the output views to be modified inplace. You should replace the inplace "
                "operation by an out-of-place one."
            )
        if base._node is None and (base._rg or x._rg):
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation."
            )
    if x._rg and x._node is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation.\n"
            "  fix: do it under torch.no_grad(), or out of place"
        )
