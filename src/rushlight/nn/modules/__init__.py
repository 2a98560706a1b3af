"""torch.nn.modules.<file>: PyTorch's file names, as other names of rushlight's families."""

import sys as _sys

_FAMILY = {
    "activation": "activation",
    "adaptive": "adaptive",
    "batchnorm": "norm",
    "channelshuffle": "vision",
    "container": "container",
    "conv": "conv",
    "distance": "distance",
    "dropout": "dropout",
    "flatten": "linear",
    "fold": "vision",
    "instancenorm": "norm",
    "lazy": "lazy",
    "linear": "linear",
    "loss": "loss",
    "module": "module",
    "normalization": "norm",
    "padding": "padding",
    "pixelshuffle": "vision",
    "pooling": "pooling",
    "rnn": "recurrent",
    "sparse": "embedding",
    "transformer": "transformer",
    "upsampling": "vision",
}

for _file, _family in _FAMILY.items():
    _module = _sys.modules.get(f"{__package__.rpartition('.')[0]}.{_family}")
    if _module is not None:
        _sys.modules[f"{__name__}.{_file}"] = globals()[_file] = _module


def __getattr__(name: str):
    """torch.nn.modules.Linear and the like: the names of torch.nn."""
    return getattr(_sys.modules[__package__.rpartition(".")[0]], name)
