"""rushlight: the torch.nn stack, light and fast.

The names of this module are PyTorch's: functions and Tensor methods come from the cards in `ops`
through the registry, dtypes from `core.dtype`; subpackages and whatever is seldom needed are
imported on first use.
"""

from . import _startup  # first: Ctrl-C while the rest is imported

# isort: split
import math as _math
import os as _os
import sys as _sys
from importlib import import_module as _import_module
from types import ModuleType as _Module

# The twins multiply with NumPy's BLAS. Its threads spin while they wait, and beside other work make
# the small products here four times slower: one thread, unless the user says otherwise.
if _os.environ.get("RUSHLIGHT_PURE", "") not in ("", "0"):
    _os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from . import ops as _ops
from .core import dtype as _dtype
from .core import methods as _methods
from .core.dtype import (
    bfloat16,
    can_cast,
    complex32,
    complex64,
    complex128,
    dtype,
    float8_e4m3fn,
    float8_e4m3fnuz,
    float8_e5m2,
    float8_e5m2fnuz,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    qint8,
    set_default_dtype,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .core.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .core.layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    jagged,
    layout,
    memory_format,
    preserve_format,
    sparse_bsc,
    sparse_bsr,
    sparse_coo,
    sparse_csc,
    sparse_csr,
    strided,
)
from .core.names import elsewhere as _elsewhere
from .core.paths import Finder as _Finder
from .core.size import Size
from .core.tensor import Tensor
from .dispatch.registry import FUNCTIONS as _FUNCTIONS
from .kernels import get_num_threads, set_num_threads, show_config
from .serialization import layers as _layers
from .serialization import pickling as _pickling

__version__ = "0.1.0"

globals().update(_dtype.ALIASES)
bool = _dtype.bool_
pi, e, inf, nan, newaxis = _math.pi, _math.e, _math.inf, _math.nan, None

_FUNCTIONS.caches.append(globals())
del globals()["ops"]  # the name is PyTorch's torch.ops; our cards stay in sys.modules

# name -> the module that has it, imported when the name is first asked for
_LAZY = {
    name: module
    for module, names in {
        "core.construct": "tensor",
        "core.sharing": "as_tensor asarray from_file from_numpy frombuffer from_dlpack to_dlpack",
        "core.device": "AcceleratorError OutOfMemoryError device set_default_device "
        "get_default_device get_device_module",
        "core.dtype_info": "finfo iinfo",
        "core.printing": "set_printoptions get_printoptions",
        "serialization": "save load",
        "random.generator": "Generator default_generator manual_seed seed initial_seed "
        "get_rng_state set_rng_state",
        "core.predicates": "is_tensor is_storage is_floating_point is_complex is_signed is_nonzero "
        "is_same_size numel result_type typename is_inference is_conj is_neg",
        "ops.sparse": "sparse_coo_tensor sparse_csr_tensor sparse_csc_tensor sparse_bsr_tensor "
        "sparse_bsc_tensor sparse_compressed_tensor "
        "_convert_indices_from_coo_to_csr _convert_indices_from_csr_to_coo",
        "compiler.entry": "compile",
        "core.settings": "use_deterministic_algorithms set_deterministic_debug_mode "
        "get_deterministic_debug_mode are_deterministic_algorithms_enabled "
        "is_deterministic_algorithms_warn_only_enabled set_float32_matmul_precision "
        "get_float32_matmul_precision get_num_interop_threads set_num_interop_threads "
        "set_flush_denormal has_lapack has_mkl has_openmp has_spectral is_vulkan_available "
        "set_warn_always is_warn_always_enabled thread_safe_generator",
        "core.tensor_types": "set_default_tensor_type FloatTensor DoubleTensor HalfTensor "
        "BFloat16Tensor LongTensor IntTensor ShortTensor CharTensor ByteTensor BoolTensor",
        "autograd.anomaly": "is_anomaly_enabled is_anomaly_check_nan_enabled set_anomaly_enabled",
        "core.storage": "Storage UntypedStorage TypedStorage BoolStorage ByteStorage "
        "CharStorage ShortStorage IntStorage LongStorage HalfStorage BFloat16Storage FloatStorage "
        "DoubleStorage ComplexFloatStorage ComplexDoubleStorage",
        "core.streams": "Event Stream",
        "core.symbols": "sym_constrain_range sym_constrain_range_for_size sym_sqrt",
        "dispatch.overrides": "DisableTorchFunction DisableTorchFunctionSubclass",
        "func.control_flow": "cond while_loop",
        "ops.sparse_names": "dsmm hsmm hspmm resize_as_sparse_ saddmm smm spmm sspaddmm",
        "amp": "autocast GradScaler",
        "amp.autocast_mode": "is_autocast_enabled set_autocast_enabled get_autocast_dtype "
        "set_autocast_dtype is_autocast_cpu_enabled set_autocast_cpu_enabled "
        "get_autocast_cpu_dtype set_autocast_cpu_dtype get_autocast_gpu_dtype "
        "set_autocast_gpu_dtype is_autocast_cache_enabled set_autocast_cache_enabled "
        "clear_autocast_cache autocast_increment_nesting autocast_decrement_nesting",
        "func.vmap": "vmap",
        "learner": "fit Learner",
        "serialization.safetensors": "save_safetensors load_safetensors",
        "_utils.checks": "_check _check_index _check_is_size _check_not_implemented "
        "_check_tensor_all _check_tensor_all_with _check_type _check_value _check_with _assert "
        "_assert_async _assert_scalar SymInt SymFloat SymBool sym_float sym_int sym_ite sym_max "
        "sym_min sym_not sym_sum",
        "_c": "PyTorchFileReader TensorType",
        "_utils": "_shape_as_tensor _softmax_backward_data",
        "jit": "ScriptFunction ScriptModule",
        "library.namespaces": "ops",
        "futures": "Future",
        "app.lint": "lint",
        "app.pages.layers": "summary",
        "app.pages.report_page": "report",
        "app.pages.walking": "walk",
    }.items()
    for name in names.split()
}
_NAME = __name__  # under the stand-in, __name__ says torch
_SUBMODULES = frozenset(
    "_VF accelerator amp autograd backends compiler cpu cuda distributed distributions fft func "
    "futures fx hub jit learner library linalg masked mps mtia multiprocessing nested nn onnx "
    "optim overrides profiler quasirandom random return_types serialization signal sparse "
    "special storage testing types utils version vision xpu".split()
)


def _layer(name: str):
    """rushlight's own nn.Module of this name, or None: what a file with a whole module may name."""
    nn = _import_module(f"{_NAME}.nn")
    found = getattr(nn, name, None) or getattr(nn.linear, name, None)  # one is not public
    return found if isinstance(found, type) and issubclass(found, nn.Module) else None


def _model(name: str):
    """rushlight.vision's own nn.Module, "models.resnet.ResNet", or None: the same for models."""
    if not name.startswith(("models.", "ops.")):
        return None
    space, _, kind = f"{_NAME}.vision.{name}".rpartition(".")
    _import_module(f"{_NAME}.vision.models")  # and with it all that a file may name
    found = vars(_sys.modules.get(space, _math)).get(kind)
    ours = isinstance(found, type) and issubclass(found, _import_module(f"{_NAME}.nn").Module)
    return found if ours and found.__module__ == space else None


_layers.find, _layers.find_model = _layer, _model


def __getattr__(name: str):
    if name in _FUNCTIONS and "." not in name:
        globals()[name] = found = _FUNCTIONS[name]
        return found
    if name in _LAZY:
        found = getattr(_import_module(f"{_NAME}.{_LAZY[name]}"), name)
        globals()[name] = found
        return found
    if name.startswith("_foreach_"):
        return getattr(_import_module(f"{_NAME}.ops.foreach"), name)
    if name in _SUBMODULES:
        return _import_module(f"{_NAME}.{name}")
    if name == "torch":  # torch.torch.nn: PyTorch's package holds itself, too
        return _import_module(_NAME)
    return _elsewhere(_NAME, name)


def __dir__() -> list[str]:
    """PyTorch's names; our own rooms (core, ops, ...) are not among them."""
    functions = {name for name in _FUNCTIONS if "." not in name}
    own = {n for n, value in globals().items() if isinstance(value, _Module)}
    return sorted((set(globals()) - own) | functions | set(_LAZY) | _SUBMODULES)
