"""torch._C: the few names of PyTorch's compiled module that packages use.

Questions about what is not here are answered truthfully (no tracing, no profiler, no fusers); the
rest of torch._C does not exist, and says so.
"""

from __future__ import annotations

from typing import Any

from .core.batched import without_values
from .core.device import get_default_device
from .core.dtype import dtype
from .core.layout import layout, memory_format
from .core.names import explain_missing
from .core.paths import refused_class
from .core.size import Size
from .core.storage import UntypedStorage as StorageBase
from .core.tensor import Tensor as TensorBase
from .dispatch.levels import level_of, state
from .dispatch.overrides import _disabled_implementation
from .dispatch.overrides import disabled as DisableTorchFunctionSubclass
from .futures import Future
from .jit import CompilationUnit, RecursiveScriptClass, ScriptFunction, ScriptModule
from .library.operators import BelowAutograd
from .random.generator import Generator

_AutoDispatchBelowAutograd = BelowAutograd
_TensorMeta = type(TensorBase)
_TensorBase = TensorBase
_disabled_torch_function_impl = _disabled_implementation
has_mkl = has_mkldnn = has_openmp = has_lapack = has_spectral = False
_has_cuda = has_cuda = has_mps = has_xpu = False
Graph = Value = Node = Block = CompilationUnit  # of TorchScript: nothing is one

TensorType = _Type = CompilationUnit  # types of TorchScript
PyTorchFileReader = refused_class("torch._C", "PyTorchFileReader", "torch.load reads files")
PyTorchFileWriter = refused_class("torch._C", "PyTorchFileWriter", "torch.save writes files")

__all__ = [
    "DisableTorchFunctionSubclass",
    "Future",
    "Generator",
    "RecursiveScriptClass",
    "ScriptFunction",
    "ScriptModule",
    "Size",
    "StorageBase",
    "TensorBase",
    "dtype",
    "layout",
    "memory_format",
]


def _no(*args: Any, **kwargs: Any) -> bool:
    """False: rushlight does not have, or do, what is asked about."""
    return False


def _none(*args: Any, **kwargs: Any) -> None:
    """Nothing: a note to, or a question about, what rushlight does not have."""


_jit_set_profiling_executor = _jit_set_profiling_mode = _no
_jit_set_nvfuser_enabled = _jit_set_texpr_fuser_enabled = _jit_set_nvfuser_guard_mode = _no
_jit_override_can_fuse_on_cpu = _jit_override_can_fuse_on_gpu = _none
_jit_can_fuse_on_cpu = _jit_can_fuse_on_gpu = _jit_nvfuser_enabled = _no
_jit_texpr_fuser_enabled = _cuda_isInBadFork = _no
_get_graph_executor_optimize = _is_tracing = _profiler_enabled = _autograd_init = (
    _functionalization_reapply_views_tls
) = _no
_get_tracing_state = _get_accelerator_or_none = _log_api_usage_once = _none
is_legacy_batchedtensor = is_functionaltensor = _no
_is_current_rpc_agent_set = _no


def _require_initialized(function: Any) -> Any:
    """A decorator of functions that need torch.distributed.rpc, which never is initialized here."""

    def refusing(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "RPC has not been initialized. Call torch.distributed.rpc.init_rpc first.\n"
            "  rushlight computes in one process: init_rpc is refused"
        )

    refusing.__name__, refusing.__doc__ = function.__name__, function.__doc__
    return refusing


def is_batchedtensor(t: Any) -> bool:
    """Does it stand for each sample of a batch, inside vmap?"""
    return isinstance(t, TensorBase) and without_values(t)


def is_functorch_wrapped_tensor(t: Any) -> bool:
    """Does it belong to a level of vmap or of a gradient transform?"""
    return isinstance(t, TensorBase) and level_of(t) > 0


def is_gradtrackingtensor(t: Any) -> bool:
    """Does it belong to a level of a gradient transform?"""
    return is_functorch_wrapped_tensor(t) and not is_batchedtensor(t)


def _are_functorch_transforms_active() -> bool:
    """Are we inside vmap, jvp or a gradient transform?"""
    return state.transforms > 0 or bool(state.open)


def _log_api_usage_metadata(event: str, metadata: Any) -> None:
    """Nothing is logged."""


def _get_privateuse1_backend_name() -> str:
    """The name of a device type that a program may add: none was added."""
    return "privateuseone"


def _get_default_device() -> str:
    """The default device's type."""
    return get_default_device().type


def _get_accelerator(check: bool | None = None) -> Any:
    """The accelerator's device: the CPU, as in PyTorch's build without one."""
    from .core.device import device

    return device("cpu")


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool, Any]:
    """(device, dtype, non_blocking, memory_format) of a call of `.to(...)`."""
    from .core.device import device

    found = {"device": None, "dtype": None, "non_blocking": False, "memory_format": None}
    found.update({name: value for name, value in kwargs.items() if name in found})
    rest = list(args)
    if rest and isinstance(rest[0], TensorBase):
        first = rest.pop(0)
        found.update(device=first.device, dtype=first.dtype)
    elif rest and not isinstance(rest[0], dtype) and rest[0] is not None:
        found["device"] = rest.pop(0)
    if rest and isinstance(rest[0], dtype):
        found["dtype"] = rest.pop(0)
    if rest:
        found["non_blocking"] = bool(rest[0])
    if found["device"] is not None:
        found["device"] = device(found["device"])
    return found["device"], found["dtype"], found["non_blocking"], found["memory_format"]


explain_missing(__name__)
