"""torch.utils: `data`, data sets and loaders; `dlpack`, exchange with other libraries;
`checkpoint`, memory for time; `hooks`."""

from importlib import import_module as _import_module

from ..core.names import elsewhere as _elsewhere
from . import data, dlpack

__all__ = "benchmark checkpoint collect_env data dlpack flop_counter hooks tensorboard".split()
_SMALL = """cmake_prefix_path generate_methods_for_privateuse1_backend rename_privateuse1_backend
set_module swap_tensors""".split()


def __getattr__(name: str):
    if name in __all__ or name == "_pytree":
        return _import_module(f"{__name__}.{name}")
    if name in _SMALL:
        return getattr(_import_module(f"{__name__}.small"), name)
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return __all__
