"""torch.nn.parallel: modules over several devices. There is one, so they wrap and forward.

DistributedDataParallel, of several processes, is in distributed/data_parallel.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..core.names import elsewhere, signpost
from .module import Module

__all__ = [
    "DataParallel",
    "DistributedDataParallel",
    "data_parallel",
    "gather",
    "parallel_apply",
    "replicate",
    "scatter",
]


if TYPE_CHECKING:
    from ..distributed.data_parallel import DistributedDataParallel

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py
for _name in ("data_parallel", "parallel_apply", "replicate"):
    signpost(f"{__name__}.{_name}", __name__)  # the names of functions, too


class DataParallel(Module):
    """`module` under the name "module", as programs for several GPUs wrap it: its state_dict keys
    begin with "module.".

    device_ids, output_device and dim have no effect: without an accelerator PyTorch forwards, too.

    shape   what module takes -> what it returns
    errors  those of module
    """

    device_ids: list
    module: Module

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ):
        super().__init__()
        self.module = module
        self.device_ids = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What module(*inputs, **kwargs) is."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any] | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict | None = None,
) -> Any:
    """module(*inputs, **module_kwargs); inputs is a tuple or one tensor.

    errors  RuntimeError: device_ids names an accelerator
    """
    if device_ids:
        raise _no_devices("data_parallel")
    arguments = inputs if isinstance(inputs, tuple) else (inputs,) if inputs is not None else ()
    return module(*arguments, **(module_kwargs or {}))


def replicate(network: Module, devices: Sequence[Any], detach: bool = False) -> Any:
    """RuntimeError: there are no devices to copy a module to."""
    raise _no_devices("replicate")


def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> Any:
    """RuntimeError: there are no devices to spread tensors over."""
    raise _no_devices("scatter")


def gather(outputs: Any, target_device: Any, dim: int = 0) -> Any:
    """RuntimeError: there are no devices to collect tensors from."""
    raise _no_devices("gather")


def parallel_apply(
    modules: Sequence[Module],
    inputs: Sequence[Any],
    kwargs_tup: Sequence[dict] | None = None,
    devices: Sequence[Any] | None = None,
) -> Any:
    """RuntimeError: there are no devices to run modules on side by side."""
    raise _no_devices("parallel_apply")


def _no_devices(name: str) -> RuntimeError:
    return RuntimeError(
        f"Cannot access accelerator device when none is available.\n  {name} needs several "
        "devices, and the CPU is the only one; fix: call the module itself"
    )


def __getattr__(name: str) -> Any:
    if name == "DistributedDataParallel":
        root = __name__.partition(".")[0]
        found = import_module(f"{root}.distributed.data_parallel").DistributedDataParallel
        globals()[name] = found
        return found
    return elsewhere(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
