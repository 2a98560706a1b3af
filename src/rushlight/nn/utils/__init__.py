"""torch.nn.utils: gradients, parameters, sequences of different lengths, parametrizations.

A name of NAMES is imported from its file when it is first asked for.
"""

from importlib import import_module as _import_module

from ...core.names import missing as _missing

#: file -> its public names, here as in PyTorch
NAMES = {
    "clip_grad": "clip_grad_norm clip_grad_norm_ clip_grad_value_ clip_grads_with_norm_ "
    "get_total_norm",
    "convert_parameters": "parameters_to_vector vector_to_parameters",
    "init": "skip_init",
    "rnn": "",
}
_FILE_OF = {name: file for file, names in NAMES.items() for name in names.split()}


def __getattr__(name: str):
    if name in NAMES:
        return _import_module(f"{__name__}.{name}")
    if name not in _FILE_OF:
        raise _missing(__name__, name)
    value = getattr(_import_module(f"{__name__}.{_FILE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*NAMES, *_FILE_OF})
