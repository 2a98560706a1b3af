"""torch.nn: modules, their parameters, losses, initialisation, functions."""

from importlib import import_module as _import_module
from types import ModuleType as _Module

from ..core.names import elsewhere as _elsewhere
from ..core.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from . import functional, init, modules
from .activation import *  # noqa: F403
from .adaptive_softmax import *  # noqa: F403
from .container import *  # noqa: F403
from .conv import *  # noqa: F403
from .distance import *  # noqa: F403
from .dropout import *  # noqa: F403
from .embedding import *  # noqa: F403
from .factory import factory_kwargs
from .lazy import *  # noqa: F403
from .linear import *  # noqa: F403
from .loss import *  # noqa: F403
from .margin_loss import *  # noqa: F403
from .module import *  # noqa: F403
from .multihead_attention import *  # noqa: F403
from .norm import *  # noqa: F403
from .padding import *  # noqa: F403
from .parallel import DataParallel
from .pixel_shuffle import *  # noqa: F403
from .pooling import *  # noqa: F403
from .rnn import *  # noqa: F403
from .rnn_cell import *  # noqa: F403
from .transformer import *  # noqa: F403
from .upsampling import *  # noqa: F403

_SUBMODULES = frozenset(
    "attention common_types functional grad init modules parallel parameter utils".split()
)


def __getattr__(name: str):
    if name in _SUBMODULES:
        return _import_module(f"{__name__}.{name}")
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    """PyTorch's names; the files that hold the layers are not among them."""
    own = {n for n, value in globals().items() if isinstance(value, _Module)}
    return sorted((set(globals()) - own) | _SUBMODULES)
