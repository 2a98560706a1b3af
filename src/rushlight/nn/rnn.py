"""Recurrent layers.

T steps, N sequences, I input_size, H hidden_size, P outputs of a step: proj_size if it is not 0,
else H; L num_layers, D directions.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

from ..core.notices import warn
from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..dispatch.autocast import state as autocast
from ..ops.creation import empty
from ..ops.recurrent import run_layers
from . import init
from .module import Module
from .utils.rnn import PackedSequence

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "RNNBase",
]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def apply_permutation(tensor: Tensor, permutation: Tensor, dim: int = 1) -> Tensor:
    """tensor.index_select(dim, permutation); deprecated."""
    warn(
        "`torch.nn.modules.rnn.apply_permutation` is deprecated, please use "
        "`tensor.index_select(dim, permutation)` instead",
        FutureWarning,
    )
    return tensor.index_select(dim, permutation)


class RNNBase(Module):
    """What RNN, LSTM and GRU have in common: parameters, checks, printed form.

    Parameters of layer k, from U(-√(1/H), √(1/H)): weight_ih_lk (G H, I, or D P above the first
    layer), weight_hh_lk (G H, P), bias_ih_lk and bias_hh_lk (G H) with bias, weight_hr_lk (P, H)
    with proj_size; those of the other direction end in _reverse. G is 4 for LSTM, 3 for GRU, 1 for
    RNN.

    shape   parameters as above; input and output as RNN, GRU, LSTM say
    errors  TypeError, ValueError: sizes that are no positive ints; ValueError: dropout outside of
            [0, 1], proj_size for another mode than LSTM, an unknown mode
    """

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]
    __jit_unused_properties__ = ["all_weights"]

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.mode = mode
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional = float(dropout), bidirectional
        self.proj_size = proj_size
        for name, value in (("bias", bias), ("batch_first", batch_first)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} should be of type bool, got: {type(value).__name__}")
        if (
            not isinstance(dropout, numbers.Number)
            or not 0 <= dropout <= 1  # type: ignore[operator]
            or isinstance(dropout, bool)
        ):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and num_layers == 1:
            warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={num_layers}",
            )
        for name, value in (("input_size", input_size), ("hidden_size", hidden_size)):
            if not isinstance(value, int):
                raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        for name, value in (
            ("input_size", input_size),
            ("hidden_size", hidden_size),
            ("num_layers", num_layers),
        ):
            if value <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if mode not in _GATES:
            raise ValueError("Unrecognized RNN mode: " + mode)
        self._add_parameters(_GATES[mode] * hidden_size, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _add_parameters(self, rows: int, made: dict) -> None:
        out = self.proj_size or self.hidden_size
        self._flat_weights_names: list[str] = []
        self._all_weights: list[list[str]] = []
        for layer in range(self.num_layers):
            for end in ("", "_reverse") if self.bidirectional else ("",):
                width = out * (2 if self.bidirectional else 1) if layer else self.input_size
                shapes = {"weight_ih": (rows, width), "weight_hh": (rows, out)}
                if self.bias:
                    shapes.update(bias_ih=(rows,), bias_hh=(rows,))
                if self.proj_size:
                    shapes["weight_hr"] = (self.proj_size, self.hidden_size)
                names = [f"{name}_l{layer}{end}" for name in shapes]
                for name, shape in zip(names, shapes.values(), strict=True):
                    setattr(self, name, Parameter(empty(shape, **made)))
                self._flat_weights_names += names
                self._all_weights.append(names)

    @property
    def _flat_weights(self) -> list:
        """The parameters as they are now, by layer and direction."""
        return [getattr(self, name) for name in self._flat_weights_names]

    @_flat_weights.setter
    def _flat_weights(self, weights: list) -> None:
        for name, w in zip(self._flat_weights_names, weights, strict=True):
            if w is not getattr(self, name, None):
                setattr(self, name, w)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """[[weight_ih, weight_hh, bias_ih, ...] of each layer and direction]"""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Nothing: kernels here take the weights where they are."""

    def reset_parameters(self) -> None:
        """Draw all parameters again."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for w in self.parameters():
            init.uniform_(w, -bound, bound)

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """ValueError: another dtype than the weights'; RuntimeError: a shape that does not fit."""
        weight = getattr(self, self._flat_weights_names[0])
        same = input._a.dtype is weight._a.dtype or input.dtype is weight.dtype
        if not same and not autocast.enabled.get("cpu"):
            dtype = weight.dtype
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). Convert "
                f"input: input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        expected = 3 if batch_sizes is None else 2
        shape = input._a.shape
        if len(shape) != expected:
            raise RuntimeError(
                f"input must have {expected} dimensions, got {input.dim()}\n  its shape is "
                f"{tuple(input.shape)}"
            )
        if shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{input.size(-1)}\n  the input's shape is {tuple(input.shape)}"
            )

    def get_expected_hidden_size(
        self, input: Tensor, batch_sizes: Tensor | None
    ) -> tuple[int, int, int]:
        """(L D, N, P)"""
        if batch_sizes is not None:
            n = int(batch_sizes[0])
        else:
            n = input.size(0) if self.batch_first else input.size(1)
        directions = 2 if self.bidirectional else 1
        return self.num_layers * directions, n, self.proj_size or self.hidden_size

    def check_hidden_size(
        self,
        hx: Tensor,
        expected_hidden_size: tuple[int, int, int],
        msg: str = "Expected hidden size {}, got {}",
    ) -> None:
        """RuntimeError: hx has another shape."""
        if hx.size() != expected_hidden_size:
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.size())))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Errors of input and states that do not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """The sequences of a state in another order."""
        return hx if permutation is None else hx.index_select(1, permutation)

    def _run(
        self, input: Tensor, states: tuple | None, sizes: tuple[int, ...] | None
    ) -> tuple[Tensor, list[Tensor]]:
        """All layers: input (T, N, I) or packed rows -> output, last states."""
        return run_layers(
            self.mode,
            input,
            states,
            self._flat_weights,
            self.bias,
            self.num_layers,
            self.dropout if self.training else 0.0,
            self.bidirectional,
            sizes,
        )

    def _packed(self, given: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """The layer on a packed batch; states in and out are in the order of the user's batch."""
        data, batch_sizes, sorted_indices, unsorted_indices = given
        if hx is None:
            self.check_input(data, batch_sizes)
        else:
            hx = self.permute_hidden(hx, sorted_indices)
            self.check_forward_args(data, hx, batch_sizes)
        states = None if hx is None else hx if isinstance(hx, tuple) else (hx,)
        y, last = self._run(data, states, tuple(batch_sizes.tolist()))
        packed = PackedSequence(y, batch_sizes, sorted_indices, unsorted_indices)
        hidden = tuple(last) if self.mode == "LSTM" else last[0]
        return packed, self.permute_hidden(hidden, unsorted_indices)

    def _plain(self, input: Tensor, hx: Any) -> tuple[Tensor, Any]:
        """The layer on (T, N, I), (N, T, I) with batch_first, or (T, I), and one state."""
        batched = input.dim() == 3
        if not batched:
            if hx is not None and hx.dim() != 2:
                raise RuntimeError(
                    f"For unbatched 2-D input, hx should also be 2-D but got {hx.dim()}-D tensor"
                )
            input = input.unsqueeze(0 if self.batch_first else 1)
            hx = None if hx is None else hx.unsqueeze(1)
        elif hx is not None and hx.dim() != 3:
            raise RuntimeError(
                f"For batched 3-D input, hx should also be 3-D but got {hx.dim()}-D tensor"
            )
        if hx is None:
            self.check_input(input, None)
        else:
            self.check_forward_args(input, hx, None)
        y, (last,) = self._steps(input, None if hx is None else (hx,))
        if batched:
            return y, last
        return y.squeeze(0 if self.batch_first else 1), last.squeeze(1)

    def _steps(self, input: Tensor, states: tuple | None) -> tuple[Tensor, list[Tensor]]:
        """`_run`, with the steps first. RuntimeError: there are none."""
        x = input.transpose(0, 1) if self.batch_first else input
        if not x._a.shape[0]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        y, last = self._run(x, states, None)
        return y.transpose(0, 1) if self.batch_first else y, last

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            value = getattr(self, name)
            if value != usual:
                text += f", {name}={value}"
        return text

    def __getstate__(self) -> dict:
        state = dict(self.__dict__)
        state.pop("_flat_weight_refs", None)
        return state

    def __setstate__(self, state: dict) -> None:
        state = {k: v for k, v in state.items() if k not in ("_flat_weights", "_flat_weight_refs")}
        super().__setstate__(state)
        self.__dict__.setdefault("proj_size", 0)


class RNN(RNNBase):
    """h = tanh(W_ih x + b_ih + W_hh h' + b_hh) for each step, or relu; the output of a layer is the
    input of the next.

    RNN(input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False,
    dropout=0.0, bidirectional=False, device=None, dtype=None)

    dropout  of the outputs of all layers but the last, while training
    shape    input (T, N, I), (N, T, I) with batch_first, (T, I), or a PackedSequence; h0
             (L D, N, H) or (L D, H), zeros if it is not given -> output (T, N, D H), last states
             (L D, N, H)
    errors   as RNNBase; RuntimeError, ValueError: an input or h0 of another shape or dtype
    source   Elman 1990, doi:10.1207/s15516709cog1402_1
    """

    def __init__(self, *args: Any, **kwargs: Any):
        _no_projection(kwargs)
        if len(args) > 3:
            nonlinearity, args = args[3], (*args[:3], *args[4:])
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Tensor]:
        """input (T, N, I) -> output (T, N, D H), hn (L D, N, H)"""
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(
                f"RNN: Expected input to be 2D or 3D, got {input.dim()}D tensor instead"
            )
        return self._plain(input, hx)


class GRU(RNNBase):
    """r = σ(W_ir x + b_ir + W_hr h' + b_hr), z = σ(W_iz x + b_iz + W_hz h' + b_hz),
    n = tanh(W_in x + b_in + r (W_hn h' + b_hn)), h = (1 - z) n + z h' for each step.

    GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, device=None, dtype=None)

    dropout  of the outputs of all layers but the last, while training
    shape    as RNN
    errors   as RNN
    source   Cho et al. 2014, arXiv:1406.1078
    """

    def __init__(self, *args: Any, **kwargs: Any):
        _no_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Tensor]:
        """input (T, N, I) -> output (T, N, D H), hn (L D, N, H)"""
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(f"GRU: Expected input to be 2D or 3D, got {input.dim()}D instead")
        return self._plain(input, hx)


class LSTM(RNNBase):
    """i, f, o = σ(W x + b + W_h h' + b_h) each, g = tanh(likewise); c = f c' + i g, h = o tanh(c)
    for each step; with proj_size h = W_hr (o tanh(c)).

    LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, proj_size=0, device=None, dtype=None)

    dropout  of the outputs of all layers but the last, while training
    shape    input (T, N, I), (N, T, I) with batch_first, (T, I), or a PackedSequence; h0
             (L D, N, P) and c0 (L D, N, H), without N for (T, I), zeros if they are not given ->
             output (T, N, D P), (hn, cn)
    errors   as RNN
    source   Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; Sak et al. 2014,
             arXiv:1402.1128 (proj_size)
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(
        self, input: Tensor, batch_sizes: Tensor | None
    ) -> tuple[int, int, int]:
        """(L D, N, H)"""
        count, n, _ = self.get_expected_hidden_size(input, batch_sizes)
        return count, n, self.hidden_size

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Errors of input and states that do not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(
            hidden[0],
            self.get_expected_hidden_size(input, batch_sizes),
            "Expected hidden[0] size {}, got {}",
        )
        self.check_hidden_size(
            hidden[1],
            self.get_expected_cell_size(input, batch_sizes),
            "Expected hidden[1] size {}, got {}",
        )

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """The sequences of both states in another order."""
        if permutation is None:
            return hx
        return hx[0].index_select(1, permutation), hx[1].index_select(1, permutation)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        """input (T, N, I) -> output (T, N, D P), (hn (L D, N, P), cn (L D, N, H))"""
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        dim = input.dim()
        if dim not in (2, 3):
            raise ValueError(f"LSTM: Expected input to be 2D or 3D, got {dim}D instead")
        if hx is not None:
            dims = hx[0].dim(), hx[1].dim()
            if dims != (dim, dim):
                kind = "batched" if dim == 3 else "unbatched"
                raise RuntimeError(
                    f"For {kind} {dim}-D input, hx and cx should also be {dim}-D but got "
                    f"({dims[0]}-D, {dims[1]}-D) tensors"
                )
        if dim == 2:
            input = input.unsqueeze(0 if self.batch_first else 1)
            hx = None if hx is None else (hx[0].unsqueeze(1), hx[1].unsqueeze(1))
        if hx is None:
            self.check_input(input, None)
        else:
            if len(hx) != 2:
                raise RuntimeError("lstm expects two hidden states")
            hx = (hx[0], hx[1])
            self.check_forward_args(input, hx, None)
        y, (h, c) = self._steps(input, hx)
        if dim == 3:
            return y, (h, c)
        return y.squeeze(0 if self.batch_first else 1), (h.squeeze(1), c.squeeze(1))


def _no_projection(kwargs: dict) -> None:
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
