"""torch.nn: modules, their parameters, losses, initialisation, functions."""

from importlib import import_module as _import_module
from types import ModuleType as _Module

from ..core.names import elsewhere as _elsewhere
from ..core.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from . import functional, init, modules
from .activation import *  # noqa: F403
from .container import *  # noqa: F403
from .conv import *  # noqa: F403
from .dropout import *  # noqa: F403
from .embedding import *  # noqa: F403
from .factory import factory_kwargs
from .linear import *  # noqa: F403
from .loss import *  # noqa: F403
from .module import *  # noqa: F403
from .norm import *  # noqa: F403
from .padding import *  # noqa: F403
from .pooling import *  # noqa: F403

#: layers whose file is imported when the first of them is asked for: name -> file
_LAZY = {
    name: file
    for file, names in {
        "adaptive_softmax": "AdaptiveLogSoftmaxWithLoss",
        "distance": "CosineSimilarity PairwiseDistance",
        "lazy": "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d "
        "LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d "
        "LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear",
        "margin_loss": "CosineEmbeddingLoss HingeEmbeddingLoss MarginRankingLoss "
        "MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss SoftMarginLoss "
        "TripletMarginLoss TripletMarginWithDistanceLoss",
        "multihead_attention": "MultiheadAttention",
        "parallel": "DataParallel",
        "pixel_shuffle": "ChannelShuffle Fold PixelShuffle PixelUnshuffle Unfold",
        "rnn": "GRU LSTM RNN RNNBase",
        "rnn_cell": "GRUCell LSTMCell RNNCell RNNCellBase",
        "transformer": "Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder "
        "TransformerEncoderLayer",
        "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
    }.items()
    for name in names.split()
}
_SUBMODULES = frozenset(
    "attention common_types functional grad init modules parallel parameter utils".split()
)


def __getattr__(name: str):
    if name in _LAZY:
        globals()[name] = found = getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
        return found
    if name in _SUBMODULES:
        return _import_module(f"{__name__}.{name}")
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    """PyTorch's names; the files that hold the layers are not among them."""
    own = {n for n, value in globals().items() if isinstance(value, _Module)}
    return sorted((set(globals()) - own) | _SUBMODULES | set(_LAZY))


#: what `from rushlight.nn import *` gives: the late layers, too
__all__ = [name for name in __dir__() if not name.startswith("_")]
