"""torch.nn.utils: gradients, parameters, sequences of different lengths, parametrizations.

A name of NAMES is imported from its file when it is first asked for. Two of PyTorch's files have
the name of a function in them; ours have other names, and what `import` finds under PyTorch's is a
module that looks into them (`signpost`): importing it leaves the function in its place.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from ...core.names import missing as _missing
from ...core.names import signpost as _signpost

#: file -> its public names, here as in PyTorch
NAMES = {
    "clip_grad": "clip_grad_norm clip_grad_norm_ clip_grad_value_ clip_grads_with_norm_ "
    "get_total_norm",
    "convert_parameters": "parameters_to_vector vector_to_parameters",
    "fusion": "fuse_conv_bn_eval fuse_conv_bn_weights fuse_linear_bn_eval fuse_linear_bn_weights",
    "init": "skip_init",
    "memory_format": "convert_conv2d_weight_memory_format convert_conv3d_weight_memory_format",
    "parametrizations": "",
    "parametrize": "",
    "prune": "",
    "stateless": "",
    "old_spectral_norm": "remove_spectral_norm spectral_norm",
    "old_weight_norm": "remove_weight_norm weight_norm",
    "rnn": "",
}

if TYPE_CHECKING:  # what type checkers see; all of it is imported when first asked for
    from . import parametrizations as parametrizations
    from . import parametrize as parametrize
    from . import prune as prune
    from . import rnn as rnn
    from . import stateless as stateless
    from .clip_grad import clip_grad_norm as clip_grad_norm
    from .clip_grad import clip_grad_norm_ as clip_grad_norm_
    from .clip_grad import clip_grad_value_ as clip_grad_value_
    from .clip_grad import clip_grads_with_norm_ as clip_grads_with_norm_
    from .clip_grad import get_total_norm as get_total_norm
    from .convert_parameters import parameters_to_vector as parameters_to_vector
    from .convert_parameters import vector_to_parameters as vector_to_parameters
    from .fusion import fuse_conv_bn_eval as fuse_conv_bn_eval
    from .fusion import fuse_conv_bn_weights as fuse_conv_bn_weights
    from .fusion import fuse_linear_bn_eval as fuse_linear_bn_eval
    from .fusion import fuse_linear_bn_weights as fuse_linear_bn_weights
    from .init import skip_init as skip_init
    from .memory_format import (
        convert_conv2d_weight_memory_format as convert_conv2d_weight_memory_format,
    )
    from .memory_format import (
        convert_conv3d_weight_memory_format as convert_conv3d_weight_memory_format,
    )
    from .old_spectral_norm import remove_spectral_norm as remove_spectral_norm
    from .old_spectral_norm import spectral_norm as spectral_norm
    from .old_weight_norm import remove_weight_norm as remove_weight_norm
    from .old_weight_norm import weight_norm as weight_norm
_ELSEWHERE = {"spectral_norm": "old_spectral_norm", "weight_norm": "old_weight_norm"}
_FILE_OF = {name: file for file, names in NAMES.items() for name in names.split()}


for _name, _file in _ELSEWHERE.items():
    _signpost(f"{__name__}.{_name}", f"{__name__}.{_file}")


def __getattr__(name: str) -> _Any:
    if name in NAMES:
        return _import_module(f"{__name__}.{name}")
    if name not in _FILE_OF:
        raise _missing(__name__, name)
    value = getattr(_import_module(f"{__name__}.{_FILE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({n for n in (*NAMES, *_FILE_OF) if not n.startswith("old_")})
