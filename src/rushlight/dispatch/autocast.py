"""Autocast: products in a 16-bit dtype, losses in float32, chosen op by op.

PyTorch's lists for the CPU, found by running it; tests/oracle/test_autocast_oracle.py asks all ops:

    LOWER    arguments are cast to the autocast dtype: products, convolutions, prelu
    SINGLE   to float32: losses, prod, trace, some poolings and paddings, ...
    WIDEST   to the widest dtype among them: index_copy (cat and stack promote by themselves)

Only float16, bfloat16 and float32 are cast. All other ops run in the dtypes that they get. A leaf
that requires grad is cast to the lower dtype once per context: the copy is kept, and its gradient
is summed in the graph before it goes back to float32. The state is the thread's own.
"""

from __future__ import annotations

import threading
from typing import Any

from ..core.dtype import bfloat16, float16, float32
from ..core.grad_mode import mode as grad_mode
from ..core.tensor import Tensor
from . import modes
from .promotion import cast

LOWER = frozenset(
    "matmul matmul_batched mm bmm addmm addbmm baddbmm linear prelu conv1d conv2d conv3d conv_tbc "
    "conv_transpose1d conv_transpose2d conv_transpose3d convolution_nd conv_transpose_nd "
    "scaled_dot_product_attention attention self_attention linalg_vecdot vecdot affine_grid "
    "affine_grid_generator lstm rnn_tanh rnn_relu rnn_tanh_cell rnn_relu_cell lstm_layer "
    "rnn_layer".split()
)
SINGLE = frozenset(
    "avg_pool_3d max_pool_3d max_unpool_2d max_unpool_3d adaptive_avg_pool_3d adaptive_max_pool_3d "
    "fractional_max_pool_2d fractional_max_pool_3d avg_pool3d max_pool3d max_pool3d_with_indices "
    "adaptive_avg_pool3d adaptive_max_pool3d adaptive_max_pool3d_with_indices max_unpool1d "
    "max_unpool2d max_unpool3d fractional_max_pool2d fractional_max_pool2d_with_indices "
    "fractional_max_pool3d fractional_max_pool3d_with_indices "
    "binary_cross_entropy binary_cross_entropy_with_logits mse_loss l1_loss smooth_l1_loss "
    "huber_loss nll_loss cross_entropy linear_cross_entropy cosine_embedding_loss "
    "hinge_embedding_loss poisson_nll_loss margin_ranking_loss soft_margin_loss "
    "triplet_margin_loss multi_margin_loss multilabel_margin_loss ctc_loss kl_div nll nll2d "
    "cdist grid_sample grid_sampler grid_sampler_2d grid_sampler_3d polar prod quantile "
    "grid_sampler_2d_card grid_sampler_3d_card nanquantile trace view_as_complex solve "
    "geqrf householder_product inv inv_ex inverse svd svdvals eig eigvals eigh eigvalsh qr "
    "cholesky cholesky_ex cholesky_inverse cholesky_solve lstsq matrix_rank cond tensorinv "
    "tensorsolve orgqr ormqr pinverse triangular_solve lu_solve".split()
)
WIDEST = frozenset(["index_copy"])
_CAST = (float16, bfloat16, float32)
_PADDED = {"reflect": (2, 4), "replicate": (2, 4, 6)}  # mode -> lengths of the padding in SINGLE
# not in PyTorch's lists, though what they are made of here is
_RAW = ("convolution", "lstm_cell", "gru_cell", "gru")
DEFAULTS = {"cpu": bfloat16, "cuda": float16, "xpu": float16, "mps": float16, "ipu": float16}
DEFAULTS |= {"hpu": bfloat16, "xla": bfloat16, "mtia": float16, "maia": bfloat16}


class _State(threading.local):
    """What the thread has set."""

    def __init__(self) -> None:
        self.enabled: dict[str, bool] = {}
        self.dtype: dict[str, Any] = dict(DEFAULTS)
        self.caches = True
        self.nesting = 0
        self.cache: dict[int, tuple[Tensor, Tensor]] = {}  # id of a leaf -> (leaf, its copy)
        self.inside = False  # an op of the lists is running: what it calls is not asked again


state = _State()


def enable(kind: str, wanted: bool) -> None:
    """Autocast for a device type, on or off, in this thread."""
    before = state.enabled.get(kind, False)
    state.enabled[kind] = wanted
    if kind == "cpu" and wanted is not before:
        (modes.switch_on if wanted else modes.switch_off)(Autocast)


class Autocast:
    """The mode that casts, see modes.py."""

    names = LOWER | SINGLE | WIDEST | {*_RAW, "pad"}

    @staticmethod
    def run(op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
        """The op on cast arguments; NotImplemented for an op that is in no list."""
        name = getattr(op, "name", "")
        if state.inside or not state.enabled.get("cpu"):
            return NotImplemented
        if name in LOWER:
            target = state.dtype["cpu"]
        elif name in SINGLE or (name == "pad" and _pads_in_single(args, kwargs)):
            target = float32
        elif name in WIDEST:
            given = {t.dtype for t in args if isinstance(t, Tensor)} & set(_CAST)
            target = float32 if len(given) > 1 else given.pop() if given else float32
        elif name in _RAW:
            return _inside(go, args, kwargs)
        else:
            return NotImplemented
        args = tuple([_lowered(a, target) for a in args])
        if kwargs:
            kwargs = {k: _lowered(v, target) for k, v in kwargs.items()}
        return _inside(go, args, kwargs)

    @staticmethod
    def change(card: Any, args: tuple) -> Any:
        """Ops in place keep the dtype that they are given."""
        return NotImplemented


def _inside(go: Any, args: tuple, kwargs: dict) -> Any:
    state.inside = True
    try:
        return go(*args, **kwargs)
    finally:
        state.inside = False


def _lowered(a: Any, target: Any) -> Any:
    """An argument, its tensors in `target`."""
    if isinstance(a, Tensor):
        given = a.dtype
        if given is target or given not in _CAST or a.is_sparse or a.is_meta:
            return a
        kept = (
            given is float32
            and state.caches
            and a._rg
            and grad_mode.grad
            and a._node is None
            and a._view is None
            and target is not float32
        )
        if not kept:
            return cast(a, target)
        found = state.cache.get(id(a))
        if found is None:
            found = state.cache[id(a)] = (a, cast(a, target))
        return found[1]
    if type(a) in (list, tuple):
        return type(a)([_lowered(x, target) for x in a])
    return a


def _pads_in_single(args: tuple, kwargs: dict) -> bool:
    """Reflections of one or two dimensions and all replications; other paddings are in no list."""
    mode = kwargs.get("mode", args[2] if len(args) > 2 else "constant")
    pad = kwargs.get("pad", args[1] if len(args) > 1 else ())
    return len(pad) in _PADDED.get(mode, ()) if hasattr(pad, "__len__") else False
