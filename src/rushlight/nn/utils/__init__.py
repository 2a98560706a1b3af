"""torch.nn.utils: gradients, parameters, sequences of different lengths, parametrizations.

A name of NAMES is imported from its file when it is first asked for. Two of PyTorch's files have
the name of a function in them; ours have other names, and what `import` finds under PyTorch's is a
module that looks into them (`signpost`): importing it leaves the function in its place.
"""

from importlib import import_module as _import_module

from ...core.names import elsewhere as _elsewhere
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
_ELSEWHERE = {"spectral_norm": "old_spectral_norm", "weight_norm": "old_weight_norm"}
_LAZY = {name: file for file, names in NAMES.items() for name in names.split()}


for _name, _file in _ELSEWHERE.items():
    _signpost(f"{__name__}.{_name}", f"{__name__}.{_file}")


def __getattr__(name: str):
    if name in NAMES:
        return _import_module(f"{__name__}.{name}")
    if name not in _LAZY:
        return _elsewhere(__name__, name)
    value = getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({n for n in (*NAMES, *_LAZY) if not n.startswith("old_")})
