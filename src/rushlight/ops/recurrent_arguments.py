"""Errors of recurrent layers whose arguments do not fit each other.

N sequences, I inputs, H hidden units, P outputs of a step: H, or the projection's; G gates
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.dtype import scalar_name
from ..core.tensor import Tensor
from ..dispatch.autocast import state as autocast


def check_dtypes(x: Tensor, states: Any, weights: Sequence[Any]) -> None:
    """RuntimeError unless all have one dtype, or autocast is on. TypeError: no tensors."""
    for i, w in enumerate(weights):
        if not isinstance(w, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 2, but got {type(w).__name__}"
            )
    d = weights[0]._a.dtype
    for t in (x, *(states or ()), *weights):
        if t._a.dtype is not d and t._a.dtype != d:
            if autocast.enabled.get("cpu"):
                return
            have = weights[0].dtype
            raise RuntimeError(
                f"mat1 and mat2 must have the same dtype, but got {scalar_name(t.dtype)} and "
                f"{scalar_name(have)}\n  fix: input and states .to({have}), or the layer "
                f".to({t.dtype})"
            )


def check_states(name: str, states: Any, wanted: int) -> tuple[Tensor, ...]:
    """hx as a tuple of the wanted number of tensors. TypeError, RuntimeError: it is none."""
    if isinstance(states, Tensor):
        states = (states,)
    elif not isinstance(states, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'hx' (position 2) must be "
            f"{'tuple of Tensors' if wanted > 1 else 'Tensor'}, not {type(states).__name__}"
        )
    if len(states) != wanted:
        raise RuntimeError(f"{name} expects {'two hidden states' if wanted > 1 else 'one hx'}")
    for i, s in enumerate(states):
        if not isinstance(s, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 1, but got {type(s).__name__}"
            )
    return tuple(states)


def check_counts(states: Sequence[Tensor], count: int) -> None:
    """RuntimeError unless each state has one for each layer and direction."""
    for s in states:
        if s._a.ndim != 3:
            s.size(2)  # the error of a dimension that is not there
            raise RuntimeError(f"hidden states must have 3 dimensions, got {s._a.ndim}")
        if s._a.shape[0] != count:
            more = "more" if s._a.shape[0] < count else "fewer"
            raise RuntimeError(
                f"Expected {more} hidden states in stacked_rnn\n  {count} for all layers and "
                f"directions; the state's shape is {tuple(s._a.shape)}"
            )


def check_layer(
    gates: int, x: Tensor, states: tuple, w_ih: Tensor, w_hh: Tensor, w_hr: Any, b: tuple, n: int
) -> None:
    """RuntimeError unless the operands of one layer fit: x (*, I), states (*, N, P) and (*, N, H),
    w_ih (G H, I), w_hh (G H, P), w_hr (P, H), biases (G H).
    """
    ih, hh = w_ih._a.shape, w_hh._a.shape
    if len(ih) == 2 == len(hh):
        rows, out = hh
        hidden = rows // gates
        last = (hidden, out) if w_hr is None else w_hr._a.shape[::-1]
        if (
            ih == (gates * hidden, x._a.shape[-1])
            and rows == ih[0]
            and last == (hidden, out)
            and (b[0] is None or b[0]._a.shape == (rows,) == b[1]._a.shape)
            and states[0]._a.shape[-2:] == (n, out)
            and (len(states) == 1 or states[1]._a.shape[-2:] == (n, hidden))
            and (w_hr is not None or hidden == out)
        ):
            return
    raise RuntimeError(
        f"{_misfit(gates, x, states, w_ih, w_hh, w_hr, b, n)}\n  input {_text(x)}, states "
        f"{', '.join(map(_text, states))}, weight_ih {_text(w_ih)}, weight_hh {_text(w_hh)}"
        + ("" if w_hr is None else f", weight_hr {_text(w_hr)}")
        + ("" if b[0] is None else f", biases {_text(b[0])}, {_text(b[1])}")
    )


def _misfit(
    gates: int, x: Tensor, states: tuple, w_ih: Tensor, w_hh: Tensor, w_hr: Any, b: tuple, n: int
) -> str:
    """What is wrong first, in PyTorch's words."""
    ih, hh, size = w_ih._a.shape, w_hh._a.shape, x._a.shape[-1]
    if len(ih) != 2 or len(hh) != 2:
        return "mat1 and mat2 must be matrices: weight_ih and weight_hh have two dimensions"
    for s in states:
        if s._a.shape[-2] != n:
            return (
                f"The size of tensor a ({s._a.shape[-2]}) must match the size of tensor b ({n}) at "
                "non-singleton dimension 0"
            )
    if ih[1] != size:
        rows = x._a.size // max(size, 1)
        return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{size} and {ih[1]}x{ih[0]})"
    width = states[0]._a.shape[-1]
    if hh[1] != width:
        return f"mat1 and mat2 shapes cannot be multiplied ({n}x{width} and {hh[1]}x{hh[0]})"
    hidden = states[-1]._a.shape[-1]
    for name, shape in (("weight_ih", ih), ("weight_hh", hh)):
        if shape[0] != gates * hidden:
            return (
                f"{name} first dim must be {gates} * hidden_size = {gates * hidden}, but got "
                f"{shape[0]}"
            )
    for bias in b:
        if bias is not None and bias._a.shape != (hh[0],):
            have = bias._a.shape[-1] if bias._a.ndim else 1
            return (
                f"The size of tensor a ({have}) must match the size of tensor b ({hh[0]}) at "
                "non-singleton dimension 0"
            )
    return "got an incorrect number of RNN parameters: states and weights are of different sizes"


def _text(t: Tensor) -> str:
    return str(tuple(t._a.shape))
