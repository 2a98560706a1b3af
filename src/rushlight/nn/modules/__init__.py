"""torch.nn.modules.<file>: PyTorch's file names, each with the names of rushlight's families."""

import sys as _sys
from importlib import import_module as _import_module
from types import ModuleType as _ModuleType

_nn = _sys.modules[__package__.rpartition(".")[0]]

# PyTorch's file -> the families in rushlight.nn
_FAMILIES = {
    "activation": "activation multihead_attention",
    "adaptive": "adaptive_softmax",
    "batchnorm": "norm",
    "channelshuffle": "pixel_shuffle",
    "container": "container",
    "conv": "conv",
    "distance": "distance",
    "dropout": "dropout",
    "flatten": "linear",
    "fold": "pixel_shuffle",
    "instancenorm": "norm",
    "lazy": "lazy",
    "linear": "linear",
    "loss": "loss margin_loss",
    "module": "module",
    "normalization": "norm",
    "padding": "padding",
    "pixelshuffle": "pixel_shuffle",
    "pooling": "pooling",
    "rnn": "rnn rnn_cell",
    "sparse": "embedding",
    "upsampling": "upsampling",
    "transformer": "transformer",
}

for _file, _families in _FAMILIES.items():
    _module = _ModuleType(f"{__name__}.{_file}", f"torch.nn.modules.{_file}")
    for _family in _families.split():
        _members = vars(_import_module(f"{_nn.__name__}.{_family}"))
        vars(_module).update((n, v) for n, v in _members.items() if not n.startswith("__"))
    _sys.modules[_module.__name__] = globals()[_file] = _module


def __getattr__(name: str):
    """torch.nn.modules.Linear and the like: the names of torch.nn; utils is a file of its own."""
    if name == "utils":
        return _import_module(f"{__name__}.utils")
    return getattr(_nn, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *(n for n in dir(_nn) if n[:1].isupper())})
