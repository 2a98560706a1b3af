# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.

from builtins import bool as _bool, complex as _complex, float as _float, int as _int, range as _range, str as _str, type as _type
from collections.abc import Callable, Iterable, Sequence
from typing import Any as _Any, Literal, overload
import numpy as np
from .random.generator import Generator as _Generator
from .core.size import Size as _Size
from .core.device import device as _device
from .core.dtype import dtype as _dtype
from .core.layout import layout as _layout
from .core.layout import memory_format as _memory_format
from . import return_types
_Number = _int | _float | _complex | _bool | np.number[_Any]

from .core.device import AcceleratorError as AcceleratorError
from .core.storage import BFloat16Storage as BFloat16Storage
from .core.tensor_types import BFloat16Tensor as BFloat16Tensor
from .core.storage import BoolStorage as BoolStorage
from .core.tensor_types import BoolTensor as BoolTensor
from .core.storage import ByteStorage as ByteStorage
from .core.tensor_types import ByteTensor as ByteTensor
from .core.storage import CharStorage as CharStorage
from .core.tensor_types import CharTensor as CharTensor
from .core.storage import ComplexDoubleStorage as ComplexDoubleStorage
from .core.storage import ComplexFloatStorage as ComplexFloatStorage
from .dispatch.overrides import DisableTorchFunction as DisableTorchFunction
from .dispatch.overrides import DisableTorchFunctionSubclass as DisableTorchFunctionSubclass
from .core.storage import DoubleStorage as DoubleStorage
from .core.tensor_types import DoubleTensor as DoubleTensor
from .core.streams import Event as Event
from .core.storage import FloatStorage as FloatStorage
from .core.tensor_types import FloatTensor as FloatTensor
from .futures import Future as Future
from .random.generator import Generator as Generator
from .amp import GradScaler as GradScaler
from .core.storage import HalfStorage as HalfStorage
from .core.tensor_types import HalfTensor as HalfTensor
from .core.storage import IntStorage as IntStorage
from .core.tensor_types import IntTensor as IntTensor
from .learner import Learner as Learner
from .core.storage import LongStorage as LongStorage
from .core.tensor_types import LongTensor as LongTensor
from .core.device import OutOfMemoryError as OutOfMemoryError
from ._c import PyTorchFileReader as PyTorchFileReader
from .jit import ScriptFunction as ScriptFunction
from .jit import ScriptModule as ScriptModule
from .core.storage import ShortStorage as ShortStorage
from .core.tensor_types import ShortTensor as ShortTensor
from .core.size import Size as Size
from .core.storage import Storage as Storage
from .core.streams import Stream as Stream
from ._utils.checks import SymBool as SymBool
from ._utils.checks import SymFloat as SymFloat
from ._utils.checks import SymInt as SymInt
from .core.tensor import Tensor as Tensor
from ._c import TensorType as TensorType
from .core.storage import TypedStorage as TypedStorage
from .core.storage import UntypedStorage as UntypedStorage
__version__: _str
from . import accelerator as accelerator
from . import amp as amp
from .core.settings import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from .core.sharing import as_tensor as as_tensor
from .core.sharing import asarray as asarray
from .amp import autocast as autocast
from .amp.autocast_mode import autocast_decrement_nesting as autocast_decrement_nesting
from .amp.autocast_mode import autocast_increment_nesting as autocast_increment_nesting
from . import autograd as autograd
from . import backends as backends
from .core.dtype import bfloat16 as bfloat16
bool: _dtype
from .core.dtype import can_cast as can_cast
cdouble: _dtype
cfloat: _dtype
chalf: _dtype
from .core.layout import channels_last as channels_last
from .core.layout import channels_last_3d as channels_last_3d
from .amp.autocast_mode import clear_autocast_cache as clear_autocast_cache
from .compiler.entry import compile as compile
from . import compiler as compiler
from .core.dtype import complex128 as complex128
from .core.dtype import complex32 as complex32
from .core.dtype import complex64 as complex64
from .func.control_flow import cond as cond
from .core.layout import contiguous_format as contiguous_format
from . import cpu as cpu
from . import cuda as cuda
from .random.generator import default_generator as default_generator
from .core.device import device as device
from . import distributed as distributed
from . import distributions as distributions
double: _dtype
from .ops.sparse_names import dsmm as dsmm
from .core.dtype import dtype as dtype
e: _float
from .core.grad_mode import enable_grad as enable_grad
from . import fft as fft
from .core.dtype_info import finfo as finfo
from .learner import fit as fit
float: _dtype
from .core.dtype import float16 as float16
from .core.dtype import float32 as float32
from .core.dtype import float64 as float64
from .core.dtype import float8_e4m3fn as float8_e4m3fn
from .core.dtype import float8_e4m3fnuz as float8_e4m3fnuz
from .core.dtype import float8_e5m2 as float8_e5m2
from .core.dtype import float8_e5m2fnuz as float8_e5m2fnuz
from .core.sharing import from_dlpack as from_dlpack
from .core.sharing import from_file as from_file
from .core.sharing import from_numpy as from_numpy
from .core.sharing import frombuffer as frombuffer
from . import func as func
from . import futures as futures
from . import fx as fx
from .amp.autocast_mode import get_autocast_cpu_dtype as get_autocast_cpu_dtype
from .amp.autocast_mode import get_autocast_dtype as get_autocast_dtype
from .amp.autocast_mode import get_autocast_gpu_dtype as get_autocast_gpu_dtype
from .core.device import get_default_device as get_default_device
from .core.dtype import get_default_dtype as get_default_dtype
from .core.settings import get_deterministic_debug_mode as get_deterministic_debug_mode
from .core.device import get_device_module as get_device_module
from .core.settings import get_float32_matmul_precision as get_float32_matmul_precision
from .core.settings import get_num_interop_threads as get_num_interop_threads
from .kernels import get_num_threads as get_num_threads
from .core.printing import get_printoptions as get_printoptions
from .random.generator import get_rng_state as get_rng_state
half: _dtype
from .core.settings import has_lapack as has_lapack
from .core.settings import has_mkl as has_mkl
from .core.settings import has_openmp as has_openmp
from .core.settings import has_spectral as has_spectral
from .ops.sparse_names import hsmm as hsmm
from .ops.sparse_names import hspmm as hspmm
from . import hub as hub
from .core.dtype_info import iinfo as iinfo
inf: _float
from .core.grad_mode import inference_mode as inference_mode
from .random.generator import initial_seed as initial_seed
int: _dtype
from .core.dtype import int16 as int16
from .core.dtype import int32 as int32
from .core.dtype import int64 as int64
from .core.dtype import int8 as int8
from .autograd.anomaly import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from .autograd.anomaly import is_anomaly_enabled as is_anomaly_enabled
from .amp.autocast_mode import is_autocast_cache_enabled as is_autocast_cache_enabled
from .amp.autocast_mode import is_autocast_cpu_enabled as is_autocast_cpu_enabled
from .amp.autocast_mode import is_autocast_enabled as is_autocast_enabled
from .core.predicates import is_complex as is_complex
from .core.predicates import is_conj as is_conj
from .core.settings import is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled
from .core.predicates import is_floating_point as is_floating_point
from .core.grad_mode import is_grad_enabled as is_grad_enabled
from .core.predicates import is_inference as is_inference
from .core.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from .core.predicates import is_neg as is_neg
from .core.predicates import is_nonzero as is_nonzero
from .core.predicates import is_same_size as is_same_size
from .core.predicates import is_signed as is_signed
from .core.predicates import is_storage as is_storage
from .core.predicates import is_tensor as is_tensor
from .core.settings import is_vulkan_available as is_vulkan_available
from .core.settings import is_warn_always_enabled as is_warn_always_enabled
from .core.layout import jagged as jagged
from . import jit as jit
from .core.layout import layout as layout
from . import learner as learner
from . import library as library
from . import linalg as linalg
from .app.lint import lint as lint
from .serialization import load as load
from .serialization.safetensors import load_safetensors as load_safetensors
long: _dtype
from .random.generator import manual_seed as manual_seed
from . import masked as masked
from .core.layout import memory_format as memory_format
from . import mps as mps
from . import mtia as mtia
from . import multiprocessing as multiprocessing
nan: _float
from . import nested as nested
newaxis: None
from . import nn as nn
from .core.grad_mode import no_grad as no_grad
from .core.predicates import numel as numel
from . import onnx as onnx
from .library.namespaces import ops as ops
from . import optim as optim
from . import overrides as overrides
pi: _float
from .core.layout import preserve_format as preserve_format
from . import profiler as profiler
from .core.dtype import promote_types as promote_types
from .core.dtype import qint8 as qint8
from . import quasirandom as quasirandom
from . import random as random
from .app.pages.report_page import report as report
from .ops.sparse_names import resize_as_sparse_ as resize_as_sparse_
from .core.predicates import result_type as result_type
from . import return_types as return_types
from .ops.sparse_names import saddmm as saddmm
from .serialization import save as save
from .serialization.safetensors import save_safetensors as save_safetensors
from .random.generator import seed as seed
from . import serialization as serialization
from .autograd.anomaly import set_anomaly_enabled as set_anomaly_enabled
from .amp.autocast_mode import set_autocast_cache_enabled as set_autocast_cache_enabled
from .amp.autocast_mode import set_autocast_cpu_dtype as set_autocast_cpu_dtype
from .amp.autocast_mode import set_autocast_cpu_enabled as set_autocast_cpu_enabled
from .amp.autocast_mode import set_autocast_dtype as set_autocast_dtype
from .amp.autocast_mode import set_autocast_enabled as set_autocast_enabled
from .amp.autocast_mode import set_autocast_gpu_dtype as set_autocast_gpu_dtype
from .core.device import set_default_device as set_default_device
from .core.dtype import set_default_dtype as set_default_dtype
from .core.tensor_types import set_default_tensor_type as set_default_tensor_type
from .core.settings import set_deterministic_debug_mode as set_deterministic_debug_mode
from .core.settings import set_float32_matmul_precision as set_float32_matmul_precision
from .core.settings import set_flush_denormal as set_flush_denormal
from .core.grad_mode import set_grad_enabled as set_grad_enabled
from .core.settings import set_num_interop_threads as set_num_interop_threads
from .kernels import set_num_threads as set_num_threads
from .core.printing import set_printoptions as set_printoptions
from .random.generator import set_rng_state as set_rng_state
from .core.settings import set_warn_always as set_warn_always
short: _dtype
from .kernels import show_config as show_config
from . import signal as signal
from .ops.sparse_names import smm as smm
from . import sparse as sparse
from .core.layout import sparse_bsc as sparse_bsc
from .ops.sparse import sparse_bsc_tensor as sparse_bsc_tensor
from .core.layout import sparse_bsr as sparse_bsr
from .ops.sparse import sparse_bsr_tensor as sparse_bsr_tensor
from .ops.sparse import sparse_compressed_tensor as sparse_compressed_tensor
from .core.layout import sparse_coo as sparse_coo
from .ops.sparse import sparse_coo_tensor as sparse_coo_tensor
from .core.layout import sparse_csc as sparse_csc
from .ops.sparse import sparse_csc_tensor as sparse_csc_tensor
from .core.layout import sparse_csr as sparse_csr
from .ops.sparse import sparse_csr_tensor as sparse_csr_tensor
from . import special as special
from .ops.sparse_names import spmm as spmm
from .ops.sparse_names import sspaddmm as sspaddmm
from . import storage as storage
from .core.layout import strided as strided
from .app.pages.layers import summary as summary
from .core.symbols import sym_constrain_range as sym_constrain_range
from .core.symbols import sym_constrain_range_for_size as sym_constrain_range_for_size
from ._utils.checks import sym_float as sym_float
from ._utils.checks import sym_int as sym_int
from ._utils.checks import sym_ite as sym_ite
from ._utils.checks import sym_max as sym_max
from ._utils.checks import sym_min as sym_min
from ._utils.checks import sym_not as sym_not
from .core.symbols import sym_sqrt as sym_sqrt
from ._utils.checks import sym_sum as sym_sum
from .core.construct import tensor as tensor
from . import testing as testing
from .core.settings import thread_safe_generator as thread_safe_generator
from .core.sharing import to_dlpack as to_dlpack
from .core.predicates import typename as typename
from . import types as types
from .core.dtype import uint16 as uint16
from .core.dtype import uint32 as uint32
from .core.dtype import uint64 as uint64
from .core.dtype import uint8 as uint8
from .core.settings import use_deterministic_algorithms as use_deterministic_algorithms
from . import utils as utils
from . import version as version
from . import vision as vision
from .func.vmap import vmap as vmap
from .app.pages.walking import walk as walk
from .func.control_flow import while_loop as while_loop
from . import xpu as xpu

def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = |x|, real for complex x;  dx = dy · x / |x|, 0 at 0"""
def abs_(input: Tensor) -> Tensor:
    """In-place version of abs; returns input."""
def absolute(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = |x|, real for complex x;  dx = dy · x / |x|, 0 at 0"""
def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arccos x;  dx = -dy / √(1 - x²)"""
def acos_(input: Tensor) -> Tensor:
    """In-place version of acos; returns input."""
def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arcosh x;  dx = dy / (√(x - 1) √(x + 1))"""
def acosh_(input: Tensor) -> Tensor:
    """In-place version of acosh; returns input."""
def adaptive_avg_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """Means of output_size windows of the last 1 dimension(s)."""
def adaptive_max_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """adaptive_max_pool1d together with the places of the maxima in their planes."""
def add(input: Tensor, other: Tensor | _Number, *, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """z = x + α y, α a number"""
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _Number = 1, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """Z = β input + α Σ X[b] Y[b] over the batch, X (b, n, k), Y (b, k, m)"""
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _Number = 1, out: Tensor | None = None) -> Tensor:
    """r = x + v y / z for a number v"""
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _Number = 1, out: Tensor | None = None) -> Tensor:
    """r = x + v y z for a number v"""
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: _Number = 1, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """Z = β input + α X Y for matrices X (n, k), Y (k, m)"""
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: _Number = 1, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """z = β input + α X y for a matrix X (n, k) and a vector y (k)"""
def addmv_(input: Tensor, mat: Tensor, vec: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
    """In-place version of addmv; returns input."""
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: _Number = 1, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """Z = β input + α x yᵀ for vectors x (n), y (m)"""
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and conjugated. RuntimeError: 1-d."""
def affine_grid_generator(theta: Tensor, size: Sequence[_int], align_corners: _bool) -> Tensor:
    """F.affine_grid without its checks. RuntimeError: size is neither 4-d nor 5-d."""
def alias_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of what alias returns; shapes and errors as there."""
def all(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """True where no element is 0, over all elements or over dim (an int or several)"""
def allclose(input: Tensor, other: Tensor, rtol: _Number = 1e-05, atol: _Number = 1e-08, equal_nan: _bool = False) -> _bool:
    """True if all elements are close (see isclose)."""
def alpha_dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """torch.nn.functional.alpha_dropout, all arguments to be given."""
def alpha_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of alpha_dropout."""
def amax(input: Tensor, dim: _int | Sequence[_int] | None = ..., keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = ..., keepdims: _bool = False) -> Tensor:
    """y = the maximum of all elements or over dim (an int or several), NaN if there is one"""
def amin(input: Tensor, dim: _int | Sequence[_int] | None = ..., keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = ..., keepdims: _bool = False) -> Tensor:
    """y = the minimum of all elements or over dim (an int or several), NaN if there is one"""
def aminmax(input: Tensor, *, dim: _int | None = None, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int | None = None, keepdims: _bool = False) -> return_types.aminmax:
    """(min, max) of all elements, or over dim;  gradients are shared equally by ties"""
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the argument of x: 0 or π for real x, NaN for NaN;  dx = dy i x / |x|², 0 for real x"""
def any(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """True where some element is not 0, over all elements or over dim (an int or several)"""
@overload
def arange(end: _Number, *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """start, start + step, ... below end: arange(end), arange(start, end), arange(start, end,"""
@overload
def arange(start: _Number, end: _Number, step: _Number = 1, *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor: ...
def arccos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arccos x;  dx = -dy / √(1 - x²)"""
def arccos_(input: Tensor) -> Tensor:
    """In-place version of arccos; returns input."""
def arccosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arcosh x;  dx = dy / (√(x - 1) √(x + 1))"""
def arccosh_(input: Tensor) -> Tensor:
    """In-place version of arccosh; returns input."""
def arcsin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arcsin x;  dx = dy / √(1 - x²)"""
def arcsin_(input: Tensor) -> Tensor:
    """In-place version of arcsin; returns input."""
def arcsinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arsinh x;  dx = dy / √(x² + 1)"""
def arcsinh_(input: Tensor) -> Tensor:
    """In-place version of arcsinh; returns input."""
def arctan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arctan x;  dx = dy / (1 + x²)"""
def arctan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = the angle of the point (y, x);  dx = dz y / (x² + y²),  dy = -dz x / (x² + y²)"""
def arctan_(input: Tensor) -> Tensor:
    """In-place version of arctan; returns input."""
def arctanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = artanh x;  dx = dy / (1 - x²)"""
def arctanh_(input: Tensor) -> Tensor:
    """In-place version of arctanh; returns input."""
def argmax(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | None = None, keepdims: _bool = False) -> Tensor:
    """The int64 index of the largest element along dim, of the flattened tensor without dim"""
def argmin(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | None = None, keepdims: _bool = False) -> Tensor:
    """The int64 index of the smallest element along dim, of the flattened tensor without dim"""
def argsort(input: Tensor, dim: _int = -1, descending: _bool = False, *, stable: _bool = False, axis: _int = -1) -> Tensor:
    """The indices that sort input along dim; equal elements always keep their order"""
def argwhere(input: Tensor) -> Tensor:
    """nonzero(input)"""
def as_strided(input: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
    """y = the elements at storage_offset + Σ index · stride of x's storage; a view."""
def as_strided_(input: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
    """input turned into input.as_strided(...), in place. RuntimeError: outside of the storage."""
def as_strided_copy(input: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None, *, out: Tensor | None = None) -> Tensor:
    """A copy of what as_strided returns; shapes and errors as there."""
def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
    """A copy of input with src at as_strided(size, stride, storage_offset)."""
def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arcsin x;  dx = dy / √(1 - x²)"""
def asin_(input: Tensor) -> Tensor:
    """In-place version of asin; returns input."""
def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arsinh x;  dx = dy / √(x² + 1)"""
def asinh_(input: Tensor) -> Tensor:
    """In-place version of asinh; returns input."""
def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = arctan x;  dx = dy / (1 + x²)"""
def atan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = the angle of the point (y, x);  dx = dz y / (x² + y²),  dy = -dz x / (x² + y²)"""
def atan_(input: Tensor) -> Tensor:
    """In-place version of atan; returns input."""
def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = artanh x;  dx = dy / (1 - x²)"""
def atanh_(input: Tensor) -> Tensor:
    """In-place version of atanh; returns input."""
@overload
def atleast_1d(*tensors: Tensor) -> _Any:
    """Each tensor, 0-d ones as 1-d; views."""
@overload
def atleast_1d(tensors: Sequence[Tensor]) -> _Any: ...
@overload
def atleast_2d(*tensors: Tensor) -> _Any:
    """Each tensor with at least 2 dimensions: vectors become rows; views."""
@overload
def atleast_2d(tensors: Sequence[Tensor]) -> _Any: ...
@overload
def atleast_3d(*tensors: Tensor) -> _Any:
    """Each tensor with at least 3 dimensions: (n) -> (1, n, 1), (n, m) -> (n, m, 1); views."""
@overload
def atleast_3d(tensors: Sequence[Tensor]) -> _Any: ...
def avg_pool1d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, ceil_mode: _bool = False, count_include_pad: _bool = True) -> Tensor:
    """The mean of every window over the last 1 dimension(s)."""
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _Number = 1, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """Z[b] = β input[b] + α X[b] Y[b], X (b, n, k), Y (b, k, m)"""
def bartlett_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """w[i] = 1 - |2i / n - 1|, n as in hann_window."""
def batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None, training: _bool, momentum: _float, eps: _float, cudnn_enabled: _bool) -> Tensor:
    """torch.nn.functional.batch_norm in another order, all arguments to be given."""
def batch_norm_update_stats(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, momentum: _float) -> Tensor:
    """(mean, var) per channel of a batch, var without correction; moves the running ones"""
def bernoulli(input: Tensor, p: _Number | None = None, *, generator: _Generator | None = None, out: Tensor | None = None) -> Tensor:
    """y_i = 1 with probability input_i (or p, if it is given), else 0."""
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y[o] = x1ᵀ A[o] x2 + b[o];  x1 (*, I), x2 (*, J), weight (O, I, J), bias (O) -> (*, O)"""
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: _int = 1) -> Tensor:
    """torch.nn.functional.binary_cross_entropy_with_logits; reduction is 0, 1 or 2."""
def bincount(input: Tensor, weights: Tensor | None = None, minlength: _int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs, or the sum of its weights; at least minlength long."""
def binomial(count: Tensor, prob: Tensor, generator: _Generator | None = None) -> Tensor:
    """y_i: successes in count_i trials of probability prob_i."""
def bitwise_and(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x & y, bit by bit"""
def bitwise_left_shift(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x · 2^n; 0 where n is negative or no smaller than the width"""
def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ~x: all bits turned; logical not for bool"""
def bitwise_or(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x | y, bit by bit"""
def bitwise_right_shift(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = ⌊x / 2^n⌋; the sign alone is left where n is negative or no smaller than the width"""
def bitwise_xor(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ^ y, bit by bit"""
def blackman_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """w[i] = 0.42 - 0.5 cos(2π i / n) + 0.08 cos(4π i / n), n as in hann_window."""
@overload
def block_diag(*tensors: Tensor) -> Tensor:
    """The matrices along the diagonal of a larger one, zeros elsewhere; vectors are rows."""
@overload
def block_diag(tensors: Sequence[Tensor]) -> Tensor: ...
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Z[b] = X[b] Y[b] for batches X (b, n, k), Y (b, k, m)"""
def broadcast_shapes(*shapes: _Any) -> _Size:
    """The shape that tensors of these shapes broadcast to. RuntimeError: they do not."""
@overload
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape: views."""
@overload
def broadcast_tensors(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...
@overload
def broadcast_to(input: Tensor, *size: _int) -> Tensor:
    """input expanded to `size`: a view. RuntimeError: it does not broadcast to it."""
@overload
def broadcast_to(input: Tensor, size: Sequence[_int]) -> Tensor: ...
def bucketize(input: Tensor | _Number, boundaries: Tensor, *, out_int32: _bool = False, right: _bool = False, out: Tensor | None = None) -> Tensor:
    """The index of the bucket of each element: boundaries (1-d, sorted) are upper ends, included"""
@overload
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of one element from each vector, as rows. RuntimeError: not vectors."""
@overload
def cartesian_prod(tensors: Sequence[Tensor]) -> Tensor: ...
def cat(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | None = None, axis: _int = 0) -> Tensor:
    """y = the tensors one after the other along an existing dimension; a copy."""
def cdist(x1: Tensor, x2: Tensor, p: _float = 2.0, compute_mode: _str | None = None) -> Tensor:
    """The p-norm distances between all rows of x1 and all rows of x2."""
def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the smallest integer ≥ x; integers stay as they are.  grad 0"""
def ceil_(input: Tensor) -> Tensor:
    """In-place version of ceil; returns input."""
def celu(input: Tensor, alpha: _Number = 1.0) -> Tensor:
    """y = x where x > 0, else α (e^(x/α) - 1)    Barron 2017, arXiv:1704.07483"""
def celu_(input: Tensor, alpha: _Number = 1.0) -> Tensor:
    """In-place version of celu; returns input."""
@overload
def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of several matrices, in an order that needs few multiplications."""
@overload
def chain_matmul(matrices: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor: ...
def channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels, seen as (g, C / g), in the order of their transpose."""
def cholesky(input: Tensor, upper: _bool = False, *, out: Tensor | None = None) -> Tensor:
    """L with input = L Lᴴ, the older name of linalg.cholesky. input (*, N, N) -> (*, N, N)"""
def cholesky_inverse(input: Tensor, upper: _bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of L Lᴴ, L = input a lower triangle; upper: of Uᴴ U."""
def cholesky_solve(input: Tensor, input2: Tensor, upper: _bool = False, *, out: Tensor | None = None) -> Tensor:
    """X with L Lᴴ X = input, L = input2 a lower triangle; upper: Uᴴ U X = input."""
def chunk(input: Tensor, chunks: _int, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views of equal size along dim (the last may be shorter)."""
def clamp(input: Tensor, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = x held between min and max: numbers, tensors, or None for no bound; max wins if min > max"""
def clamp_(input: Tensor, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None, *, out: Tensor | None = None) -> Tensor:
    """In-place version of clamp; returns input."""
def clamp_max(input: Tensor, max: _Any, *, out: Tensor | None = None) -> Tensor:
    """y = min(x, max), max a number or a tensor; see clamp"""
def clamp_max_(input: Tensor, max: _Any) -> Tensor:
    """In-place version of clamp_max; returns input."""
def clamp_min(input: Tensor, min: _Any, *, out: Tensor | None = None) -> Tensor:
    """y = max(x, min), min a number or a tensor; see clamp"""
def clamp_min_(input: Tensor, min: _Any) -> Tensor:
    """In-place version of clamp_min; returns input."""
def clip(input: Tensor, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = x held between min and max: numbers, tensors, or None for no bound; max wins if min > max"""
def clip_(input: Tensor, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None, *, out: Tensor | None = None) -> Tensor:
    """In-place version of clip; returns input."""
def clone(input: Tensor, *, memory_format: _memory_format = ...) -> Tensor:
    """y = a copy of x, differentiable."""
def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """cat along columns; vectors are columns."""
def combinations(input: Tensor, r: _int = 2, with_replacement: _bool = False) -> Tensor:
    """All combinations of r elements of a vector, as rows, in the vector's order."""
def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = x + iy;  dx = Re dz,  dy = Im dz"""
def concat(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | None = None, axis: _int = 0) -> Tensor:
    """y = the tensors one after the other along an existing dimension; a copy."""
def concatenate(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | None = None, axis: _int = 0) -> Tensor:
    """y = the tensors one after the other along an existing dimension; a copy."""
def conj(input: Tensor) -> Tensor:
    """x̄: a new tensor for complex input (conjugation is never lazy here), input itself if it is"""
def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x̄, computed;  dx = dȳ.  A real tensor comes back itself from conj()."""
def conj_physical_(input: Tensor) -> Tensor:
    """In-place version of conj_physical; returns input."""
def constant_pad_nd(input: Tensor, pad: Sequence[_int], value: _Number = 0) -> Tensor:
    """y = x with `value` around it; negative widths cut off."""
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] | _str = 0, dilation: _int | Sequence[_int] = 1, groups: _int = 1) -> Tensor:
    """Convolution in one dimension; see conv2d."""
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] | _str = 0, dilation: _int | Sequence[_int] = 1, groups: _int = 1) -> Tensor:
    """Convolution in two dimensions: windows of the input, weighed and added up."""
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] | _str = 0, dilation: _int | Sequence[_int] = 1, groups: _int = 1) -> Tensor:
    """Convolution in three dimensions; see conv2d."""
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: _int = 0) -> Tensor:
    """conv1d with time first."""
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] = 0, output_padding: _int | Sequence[_int] = 0, groups: _int = 1, dilation: _int | Sequence[_int] = 1) -> Tensor:
    """Transposed convolution in one dimension; see conv_transpose2d."""
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] = 0, output_padding: _int | Sequence[_int] = 0, groups: _int = 1, dilation: _int | Sequence[_int] = 1) -> Tensor:
    """The gradient of conv2d with respect to its input, as a layer of its own."""
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] = 0, output_padding: _int | Sequence[_int] = 0, groups: _int = 1, dilation: _int | Sequence[_int] = 1) -> Tensor:
    """Transposed convolution in three dimensions; see conv_transpose2d."""
def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[_int], padding: Sequence[_int], dilation: Sequence[_int], transposed: _bool, output_padding: Sequence[_int], groups: _int) -> Tensor:
    """conv1d, conv2d or conv3d, or its transpose, by the number of dimensions of weight."""
def copysign(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = |x| with the sign of y;  dx = dz where the sign was kept, else -dz, 0 where x = 0"""
def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients (V, V) of V variables: covariances by standard deviations."""
def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = cos x;  dx = -dy sin x"""
def cos_(input: Tensor) -> Tensor:
    """In-place version of cos; returns input."""
def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = cosh x;  dx = dy sinh x"""
def cosh_(input: Tensor) -> Tensor:
    """In-place version of cosh; returns input."""
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: _float = 0.0, reduction: _int = 1) -> Tensor:
    """torch.nn.functional.cosine_embedding_loss; reduction is 0, 1 or 2."""
def cosine_similarity(x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-08, *, axis: _int = 1) -> Tensor:
    """y = x1 · x2 / (max(|x1|, eps) max(|x2|, eps)) along dim of the broadcast inputs."""
def count_nonzero(input: Tensor, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """How many elements are not 0, in all or over dim (an int or several), as int64"""
def cov(input: Tensor, *, correction: _int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """The covariances (V, V) of V variables: input (V, N) or (N), a row each."""
def cross(input: Tensor, other: Tensor, dim: _int | None = None, *, out: Tensor | None = None, axis: _int | None = None) -> Tensor:
    """z = x × y along dim; without dim along the first dimension of length 3 (deprecated)."""
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[_int], target_lengths: Tensor | Sequence[_int], blank: _int = 0, reduction: _int = 1, zero_infinity: _bool = False) -> Tensor:
    """torch.nn.functional.ctc_loss; reduction is 0, 1 or 2."""
@overload
def cummax(input: Tensor, dim: _int, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.cummax:
    """(values, indices): the maximum so far along dim, and where it stood last; NaN stays"""
@overload
def cummax(input: Tensor, *, axis: _int, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.cummax: ...
@overload
def cummin(input: Tensor, dim: _int, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.cummin:
    """(values, indices): the minimum so far along dim, and where it stood last; NaN stays"""
@overload
def cummin(input: Tensor, *, axis: _int, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.cummin: ...
@overload
def cumprod(input: Tensor, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor:
    """y[i] = x[0] · ... · x[i] along dim"""
@overload
def cumprod(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
@overload
def cumsum(input: Tensor, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor:
    """y[i] = x[0] + ... + x[i] along dim;  dx[i] = dy[i] + ... + dy[-1]"""
@overload
def cumsum(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: _float | None = None, dim: _int = -1, axis: _int = -1) -> Tensor:
    """The running integral of y over dim by the trapezoidal rule."""
def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x π / 180"""
def deg2rad_(input: Tensor) -> Tensor:
    """In-place version of deg2rad; returns input."""
def det(input: Tensor) -> Tensor:
    """The determinant: the product of the eigenvalues."""
def detach(input: Tensor) -> Tensor:
    """The same elements (shared), without history."""
def detach_(input: Tensor) -> Tensor:
    """input with its history forgotten, in place."""
def detach_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of what detach returns; shapes and errors as there."""
def diag(input: Tensor, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector (a copy)."""
def diag_embed(input: Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Tensor:
    """The last dimension as diagonals of matrices in dimensions dim1, dim2, zeros elsewhere."""
def diagflat(input: Tensor, offset: _int = 0) -> Tensor:
    """All elements as the diagonal of a matrix."""
def diagonal(input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
    """y (..., k) = the elements x[i, i + offset] of dimensions dim1, dim2; a view."""
def diagonal_copy(input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: Tensor | None = None) -> Tensor:
    """A copy of what diagonal returns; shapes and errors as there."""
def diagonal_scatter(input: Tensor, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
    """A copy of input with src at diagonal(offset, dim1, dim2). RuntimeError: another shape."""
def diff(input: Tensor, n: _int = 1, dim: _int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """The n-th differences x[i + 1] - x[i] along dim, of prepend, input, append joined."""
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ψ(x), the slope of ln Γ;  dx = dy ψ'(x)"""
def dist(input: Tensor, other: Tensor, p: _float = 2) -> Tensor:
    """z = the p-norm of input - other, broadcast"""
def div(input: Tensor, other: Tensor | _Number, *, rounding_mode: _str | None = None, out: Tensor | None = None) -> Tensor:
    """z = x / y; rounding_mode "floor" rounds down, "trunc" towards zero, and both keep integers"""
def divide(input: Tensor, other: Tensor | _Number, *, rounding_mode: _str | None = None, out: Tensor | None = None) -> Tensor:
    """z = x / y; rounding_mode "floor" rounds down, "trunc" towards zero, and both keep integers"""
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = Σ x y for vectors of one length"""
def dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """torch.nn.functional.dropout, all arguments to be given."""
def dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of dropout."""
@overload
def dsplit(input: Tensor, indices_or_sections: _int | Sequence[_int] | Tensor) -> tuple[Tensor, ...]:
    """tensor_split along depth. RuntimeError: parts of unequal size, or fewer than 3 dimensions."""
@overload
def dsplit(input: Tensor, *, sections: _int) -> tuple[Tensor, ...]: ...
@overload
def dsplit(input: Tensor, *, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
@overload
def dsplit(input: Tensor, *, tensor_indices_or_sections: Tensor) -> tuple[Tensor, ...]: ...
def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """cat along depth."""
def eig(self: _Any, eigenvectors: _bool = False, *, e: _Any = None, v: _Any = None) -> Tensor:
    """Removed in PyTorch, too: use torch.linalg.eig. RuntimeError: always"""
def einsum(equation: _str | Tensor, *operands: _Any) -> Tensor:
    """Einstein summation: letters name dimensions, a letter missing on the right is summed over;"""
def embedding(weight: Tensor, indices: Tensor, padding_idx: _int = -1, scale_grad_by_freq: _bool = False, sparse: _bool = False) -> Tensor:
    """y = w[i], the rows of a table."""
def embedding_bag(weight: Tensor, indices: Tensor, offsets: Tensor, scale_grad_by_freq: _bool = False, mode: _int = 0, sparse: _bool = False, per_sample_weights: Tensor | None = None, include_last_offset: _bool = False, padding_idx: _int | None = None) -> Tensor:
    """(y, bag of each index, size of each bag, index of each maximum): F.embedding_bag with weight"""
def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: _float, norm_type: _float) -> Tensor:
    """In-place version of embedding_renorm; returns input."""
@overload
def empty(*size: _int | Tensor, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False, memory_format: _Any = None) -> Tensor:
    """A tensor of the given size; elements: empty."""
@overload
def empty(size: Sequence[_int | Tensor], *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False, memory_format: _Any = None) -> Tensor: ...
def empty_like(input: Tensor, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False, memory_format: _memory_format = ...) -> Tensor:
    """A tensor of input's shape, dtype and memory order; elements: empty."""
def empty_permuted(size: Sequence[_int], physical_layout: _Any, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """An uninitialised tensor whose dimensions lie in memory in the order physical_layout."""
def empty_strided(size: Sequence[_int], stride: _int | Sequence[_int], *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """An uninitialised tensor of the given sizes and strides (in elements)."""
def eq(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x = y as bool, compared in the promoted dtype; not differentiable"""
def equal(input: Tensor, other: Tensor) -> _bool:
    """True if shape and all elements are equal."""
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 2/√π ∫₀ˣ e^-t² dt;  dx = dy 2/√π e^-x²"""
def erf_(input: Tensor) -> Tensor:
    """In-place version of erf; returns input."""
def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 1 - erf(x);  dx = -dy 2/√π e^-x²"""
def erfc_(input: Tensor) -> Tensor:
    """In-place version of erfc; returns input."""
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = erf⁻¹(x): erf(y) = x; ±inf at ±1, NaN beyond."""
def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^x;  dx = dy · y"""
def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 2^x;  dx = dy · y ln 2"""
def exp2_(input: Tensor) -> Tensor:
    """In-place version of exp2; returns input."""
def exp_(input: Tensor) -> Tensor:
    """In-place version of exp; returns input."""
def expand_copy(input: Tensor, size: Sequence[_int], *, implicit: _bool = False, out: Tensor | None = None) -> Tensor:
    """A copy of what expand returns; shapes and errors as there."""
def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^x - 1, exact near 0;  dx = dy (y + 1)"""
def expm1_(input: Tensor) -> Tensor:
    """In-place version of expm1; returns input."""
def eye(n: _int, m: _Any = None, *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """An (n, m) matrix with ones on the diagonal. RuntimeError: a negative size."""
def feature_alpha_dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """torch.nn.functional.feature_alpha_dropout, all arguments to be given."""
def feature_alpha_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of feature_alpha_dropout."""
def feature_dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """torch.nn.functional.feature_dropout, all arguments to be given."""
def feature_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of feature_dropout."""
def fill(input: Tensor, value: Tensor | _Number) -> Tensor:
    """y = value everywhere, in x's shape and dtype."""
def fill_(input: Tensor, value: Tensor | _Number) -> Tensor:
    """In-place version of fill; returns input."""
def fix(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x without its fraction; integers stay as they are.  grad 0"""
def fix_(input: Tensor) -> Tensor:
    """In-place version of fix; returns input."""
def flatten(input: Tensor, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
    """Dimensions start_dim to end_dim become one; a view where possible."""
@overload
def flip(input: Tensor, *dims: _int) -> Tensor:
    """y = x in reverse order along dims; a copy."""
@overload
def flip(input: Tensor, dims: Sequence[_int]) -> Tensor: ...
def fliplr(input: Tensor) -> Tensor:
    """input with its columns in reverse order; a copy. RuntimeError: fewer than 2 dimensions."""
def flipud(input: Tensor) -> Tensor:
    """input with its rows in reverse order; a copy. RuntimeError: 0-d."""
def float_power(input: Tensor | _Number, exponent: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x^y, computed in float64 or complex128, each a tensor or a number."""
def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the largest integer ≤ x; integers stay as they are.  grad 0"""
def floor_(input: Tensor) -> Tensor:
    """In-place version of floor; returns input."""
def floor_divide(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = ⌊x / y⌋, as Python's //; not differentiable, backward raises"""
def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = max(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""
def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = min(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""
def fmod(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x - y trunc(x / y): the sign of x, as C's fmod"""
def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x - trunc(x);  dx = dy"""
def frac_(input: Tensor) -> Tensor:
    """In-place version of frac; returns input."""
def frexp(input: Tensor, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.frexp:
    """x = mantissa · 2^exponent, ½ ≤ |mantissa| < 1, exponent int32;  dx = dmantissa / 2^exponent"""
def frobenius_norm(input: Tensor, dim: _int | Sequence[_int] | None = ..., keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = ..., keepdims: _bool = False) -> Tensor:
    """The Euclidean norm of all elements, or over one or two dimensions."""
def full(size: Sequence[_int], fill_value: _Any, *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """A tensor of the given size, every element fill_value."""
def full_like(input: Tensor, fill_value: _Number, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False, memory_format: _memory_format = ...) -> Tensor:
    """A tensor of input's shape and dtype, every element fill_value."""
@overload
def gather(input: Tensor, dim: _int, index: Tensor, *, sparse_grad: _bool = False, out: Tensor | None = None) -> Tensor:
    """y[i, j] = x[index[i, j], j] for dim = 0, and so on."""
@overload
def gather(input: Tensor, *, axis: _int, index: Tensor, sparse_grad: _bool = False, out: Tensor | None = None) -> Tensor: ...
def gcd(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = the greatest common divisor of integers x, y; gcd(0, 0) = 0"""
def gcd_(input: Tensor, other: Tensor) -> Tensor:
    """In-place version of gcd; returns input."""
def ge(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ≥ y as bool, compared in the promoted dtype; not differentiable"""
def geqrf(input: Tensor, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.geqrf:
    """A = Q R: R on and above the diagonal of a, the reflections that make Q below it, and tau"""
def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix (n, m) of all products of two vectors' elements."""
def get_device(input: Tensor) -> _int:
    """The index of input's device; -1 for the CPU."""
def gradient(input: Tensor, *, spacing: _float | Sequence = 1, dim: _int | Sequence[_int] | None = None, edge_order: _int = 1, axis: _int | Sequence[_int] | None = None) -> tuple[Tensor, ...]:
    """Estimates of the derivatives along each of dim (all), a tuple of tensors of input's shape."""
def greater(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x > y as bool, compared in the promoted dtype; not differentiable"""
def greater_equal(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ≥ y as bool, compared in the promoted dtype; not differentiable"""
def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool) -> Tensor:
    """F.grid_sample with numbers for the modes: 0 bilinear, 1 nearest, 2 bicubic; 0 zeros,"""
def grid_sampler_2d(input: Tensor, grid: Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool) -> Tensor:
    """grid_sampler for (N, C, H, W). RuntimeError: other dimensions."""
def grid_sampler_3d(input: Tensor, grid: Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool) -> Tensor:
    """grid_sampler for (N, C, D, H, W). RuntimeError: other dimensions."""
def group_norm(input: Tensor, num_groups: _int, weight: Tensor | None = None, bias: Tensor | None = None, eps: _float = 1e-05, cudnn_enabled: _bool = True) -> Tensor:
    """torch.nn.functional.group_norm, of one value per group, too."""
def gru(input: Tensor, hx: _Any, params: _Any, has_biases: _Any, num_layers: _Any, dropout: _Any, train: _bool, bidirectional: _Any, batch_first: _Any) -> Tensor:
    """A GRU of several layers: what torch.nn.GRU computes. Also by position for a packed batch,"""
def gru_cell(input: Tensor, hx: _Any, w_ih: Tensor, w_hh: Tensor, b_ih: _Any = None, b_hh: _Any = None) -> Tensor:
    """One step of a GRU."""
def gt(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x > y as bool, compared in the promoted dtype; not differentiable"""
def hamming_window(window_length: _int, periodic: _bool = True, alpha: _float = 0.54, beta: _float = 0.46, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """w[i] = α - β cos(2π i / n), n as in hann_window."""
def hann_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """w[i] = 0.5 - 0.5 cos(2π i / n), n = window_length if periodic, else window_length - 1."""
def hardshrink(input: Tensor, lambd: _Number = 0.5, *, out: Tensor | None = None) -> Tensor:
    """y = x where |x| > λ, else 0;  dx = dy where |x| > λ"""
def hash_tensor(input: Tensor, dim: _int | Sequence[_int] = ..., *, keepdim: _bool = False, mode: _int = 0, out: Tensor | None = None, axis: _int | Sequence[_int] = ..., keepdims: _bool = False) -> Tensor:
    """y = x_1 ^ x_2 ^ ... over dim (all dimensions if it is empty): a check sum of elements' bits"""
def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = 0 where x < 0, 1 where x > 0, y where x = 0; not differentiable, backward raises"""
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: _float = 1.0, reduction: _int = 1) -> Tensor:
    """torch.nn.functional.hinge_embedding_loss; reduction is 0, 1 or 2."""
def histc(input: Tensor, bins: _int = 100, min: _float = 0, max: _float = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max] (of the data's range if"""
def histogram(input: Tensor, bins: _int | Tensor = 100, *, range: Sequence[_float] | None = None, weight: Tensor | None = None, density: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.histogram:
    """(hist, bin_edges): how many elements (or how much weight) lie in each bin."""
def histogramdd(input: Tensor, bins: _int | Sequence, *, range: Sequence[_float] | None = None, weight: Tensor | None = None, density: _bool = False) -> return_types.histogramdd:
    """(hist, bin_edges): how many rows of input (*, D) lie in each box of a grid."""
@overload
def hsplit(input: Tensor, indices_or_sections: _int | Sequence[_int] | Tensor) -> tuple[Tensor, ...]:
    """tensor_split along columns (of a vector: along it). RuntimeError: parts of unequal size."""
@overload
def hsplit(input: Tensor, *, sections: _int) -> tuple[Tensor, ...]: ...
@overload
def hsplit(input: Tensor, *, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
@overload
def hsplit(input: Tensor, *, tensor_indices_or_sections: Tensor) -> tuple[Tensor, ...]: ...
def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """cat along columns (of vectors: end to end)."""
def hypot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = √(x² + y²);  dx = dz x / z"""
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = I₀(x), the modified Bessel function;  dx = dy I₁(x)"""
def i0_(input: Tensor) -> Tensor:
    """In-place version of i0; returns input."""
def igamma(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = P(a, x), the regularised lower incomplete gamma function: ∫₀ˣ t^(a-1) e^-t dt / Γ(a)"""
def igammac(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = Q(a, x), the regularised upper incomplete gamma function: ∫ₓ^∞ t^(a-1) e^-t dt / Γ(a)"""
def imag(input: Tensor) -> Tensor:
    """The imaginary part as a view. RuntimeError: a real tensor."""
@overload
def index_add(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """y = x, with alpha · source[i] added to slice index[i] of dim."""
@overload
def index_add(input: Tensor, *, axis: _int, index: Tensor, source: Tensor, alpha: _Number = 1, out: Tensor | None = None) -> Tensor: ...
@overload
def index_copy(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x, with slice index[i] of dim replaced by source[i]."""
@overload
def index_copy(input: Tensor, *, axis: _int, index: Tensor, source: Tensor, out: Tensor | None = None) -> Tensor: ...
@overload
def index_fill(input: Tensor, dim: _int, index: Tensor, value: Tensor | _Number) -> Tensor:
    """y = x, with the slices `index` of dim set to value (a number or 0-d tensor)."""
@overload
def index_fill(input: Tensor, *, axis: _int, index: Tensor, value: Tensor | _Number) -> Tensor: ...
def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
    """y = x, with values at [indices] (added there if accumulate)."""
def index_put_(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
    """In-place version of index_put; returns input."""
@overload
def index_reduce(input: Tensor, dim: _int, index: Tensor, source: Tensor, reduce: _str, *, include_self: _bool = True, out: Tensor | None = None) -> Tensor:
    """scatter_reduce of whole slices: slice i of source goes to slice index[i] of dim."""
@overload
def index_reduce(input: Tensor, *, axis: _int, index: Tensor, source: Tensor, reduce: _str, include_self: _bool = True, out: Tensor | None = None) -> Tensor: ...
@overload
def index_select(input: Tensor, dim: _int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the slices of x along dim that `index` lists, in its order; a copy."""
@overload
def index_select(input: Tensor, *, axis: _int, index: Tensor, out: Tensor | None = None) -> Tensor: ...
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Σ over the last dimension of both."""
def instance_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None, use_input_stats: _bool, momentum: _float, eps: _float, cudnn_enabled: _bool) -> Tensor:
    """torch.nn.functional.instance_norm in another order, all arguments to be given."""
def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse matrix: Y with X Y = I."""
def is_distributed(input: Tensor) -> _bool:
    """False: no tensor is spread over processes."""
def isclose(input: Tensor, other: Tensor, rtol: _Number = 1e-05, atol: _Number = 1e-08, equal_nan: _bool = False) -> Tensor:
    """True where |x - y| ≤ atol + rtol |y|, or both are the same infinity, or (equal_nan) both NaN"""
def isfinite(input: Tensor) -> Tensor:
    """True where x is neither infinite nor NaN."""
def isin(elements: _Any, test_elements: _Any, *, assume_unique: _bool = False, invert: _bool = False, out: Tensor | None = None) -> Tensor:
    """True where an element is one of test_elements (invert: is none of them)"""
def isinf(input: Tensor) -> Tensor:
    """True where x is infinite."""
def isnan(input: Tensor) -> Tensor:
    """True where x is NaN."""
def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """True where x is -infinity.  RuntimeError: complex."""
def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """True where x is +infinity.  RuntimeError: complex."""
def isreal(input: Tensor) -> Tensor:
    """True where the imaginary part is 0."""
def istft(input: Tensor, n_fft: _int, hop_length: _int | None = None, win_length: _int | None = None, window: Tensor | None = None, center: _bool = True, normalized: _bool = False, onesided: _bool | None = None, length: _int | None = None, return_complex: _bool = False) -> Tensor:
    """The signal with this short-time Fourier transform, by least squares: the frames' inverse"""
def kaiser_window(window_length: _int, periodic: _bool = True, beta: _float = 12.0, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """w[i] = I₀(β √(1 - (2i / n - 1)²)) / I₀(β), n as in hann_window."""
def kl_div(input: Tensor, target: Tensor, reduction: _int = 1, *, log_target: _bool = False) -> Tensor:
    """torch.nn.functional.kl_div; reduction is 0, 1 or 2."""
def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product: every element of input times other, as blocks."""
def kthvalue(input: Tensor, k: _int, dim: _int = -1, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int = -1, keepdims: _bool = False) -> return_types.kthvalue:
    """(values, indices) of the k-th smallest element along dim, k from 1;  dy goes back to it"""
def layer_norm(input: Tensor, normalized_shape: Sequence[_int], weight: Tensor | None = None, bias: Tensor | None = None, eps: _float = 1e-05, cudnn_enable: _bool = True) -> Tensor:
    """torch.nn.functional.layer_norm; cudnn_enable says nothing here."""
def lcm(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = the least common multiple of integers x, y; 0 if one is 0"""
def lcm_(input: Tensor, other: Tensor) -> Tensor:
    """In-place version of lcm; returns input."""
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = x 2^y;  dx = dz 2^y,  dy = dz z ln 2"""
def ldexp_(input: Tensor, other: Tensor) -> Tensor:
    """In-place version of ldexp; returns input."""
def le(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ≤ y as bool, compared in the promoted dtype; not differentiable"""
def lerp(input: Tensor, end: Tensor, weight: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x + w (y - x), w a number or a tensor"""
def less(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x < y as bool, compared in the promoted dtype; not differentiable"""
def less_equal(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ≤ y as bool, compared in the promoted dtype; not differentiable"""
def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ln |Γ(x)|;  dx = dy ψ(x)"""
def linspace(start: Tensor | _Number, end: Tensor | _Number, steps: _int, *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """`steps` numbers from start to end, both included, equally spaced."""
def lobpcg(A: Tensor, k: _int | None = None, B: Tensor | None = None, X: Tensor | None = None, n: _int | None = None, iK: Tensor | None = None, niter: _int | None = None, tol: _float | None = None, largest: _bool | None = None, method: _str | None = None, tracker: None = None, ortho_iparams: _Any = None, ortho_fparams: _Any = None, ortho_bparams: _Any = None) -> tuple[Tensor, Tensor]:
    """The k largest (or smallest) eigenvalues of A X = B X E for a symmetric A, and their vectors."""
def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ln x;  dx = dy / x"""
def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = log₁₀ x;  dx = dy / (x ln 10)"""
def log10_(input: Tensor) -> Tensor:
    """In-place version of log10; returns input."""
def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ln(1 + x), exact near 0;  dx = dy / (1 + x)"""
def log1p_(input: Tensor) -> Tensor:
    """In-place version of log1p; returns input."""
def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = log₂ x;  dx = dy / (x ln 2)"""
def log2_(input: Tensor) -> Tensor:
    """In-place version of log2; returns input."""
def log_(input: Tensor) -> Tensor:
    """In-place version of log; returns input."""
@overload
def log_softmax(input: Tensor, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = x - log Σ e^x along dim"""
@overload
def log_softmax(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = ln(e^x + e^y);  dx = dz / (1 + e^(y - x))"""
def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = log₂(2^x + 2^y);  dx = dz / (1 + 2^(y - x))"""
@overload
def logcumsumexp(input: Tensor, dim: _int, *, out: Tensor | None = None) -> Tensor:
    """y[i] = ln(e^x[0] + ... + e^x[i]) along dim"""
@overload
def logcumsumexp(input: Tensor, *, axis: _int, out: Tensor | None = None) -> Tensor: ...
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: nan for a negative one, -inf for 0."""
def logical_and(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = x and y as bool; numbers count as true unless they are 0"""
def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = not x as bool: true where x is 0."""
def logical_or(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = x or y as bool; numbers count as true unless they are 0"""
def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = x or y but not both as bool; numbers count as true unless they are 0"""
def logit(input: Tensor, eps: _Number | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = ln(x / (1 - x)), x held within [eps, 1 - eps] if eps is given"""
def logit_(input: Tensor, eps: _Number | None = None) -> Tensor:
    """In-place version of logit; returns input."""
def logspace(start: Tensor | _Number, end: Tensor | _Number, steps: _int, base: _float = 10.0, *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """base to the power of linspace(start, end, steps)."""
@overload
def logsumexp(input: Tensor, dim: _int | Sequence[_int], keepdim: _bool = False, *, out: Tensor | None = None, keepdims: _bool = False) -> Tensor:
    """y = ln Σ e^x over dim (an int or several), by way of the maximum so that nothing overflows"""
@overload
def logsumexp(input: Tensor, *, axis: _int | Sequence[_int], keepdim: _bool = False, out: Tensor | None = None, keepdims: _bool = False) -> Tensor: ...
def lstm(input: Tensor, hx: _Any, params: _Any, has_biases: _Any, num_layers: _Any, dropout: _Any, train: _bool, bidirectional: _Any, batch_first: _Any) -> Tensor:
    """An LSTM of several layers: what torch.nn.LSTM computes. Also by position for a packed batch:"""
def lstm_cell(input: Tensor, hx: _Any, w_ih: Tensor, w_hh: Tensor, b_ih: _Any = None, b_hh: _Any = None) -> Tensor:
    """One step of an LSTM."""
def lstsq(input: Tensor, A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Removed in PyTorch, too: use torch.linalg.lstsq(A, input). RuntimeError: always"""
def lt(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x < y as bool, compared in the promoted dtype; not differentiable"""
def lu(input: Tensor, pivot: _bool = True, get_infos: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> _Any:
    """LU and pivots with input = P L U; an older name of linalg.lu_factor_ex."""
def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """X with A X = input by the factors of torch.lu; an older name of linalg.lu_solve."""
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: _bool = True, unpack_pivots: _bool = True, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.lu_unpack:
    """P, L, U out of the LU and the pivots of linalg.lu_factor."""
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: _float = 0.0, reduction: _int = 1) -> Tensor:
    """torch.nn.functional.margin_ranking_loss; reduction is 0, 1 or 2."""
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | _Number) -> Tensor:
    """y = value where mask, x elsewhere."""
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """y = x, with the elements where mask taken from source, in order."""
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y (k) = the elements of x where mask (bool), in order; a copy."""
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product: vectors, matrices, or batches of matrices with broadcast batch"""
def matrix_exp(input: Tensor) -> Tensor:
    """Y = I + X + X² / 2 + X³ / 6 + ..."""
def matrix_power(input: Tensor, n: _int, *, out: Tensor | None = None) -> Tensor:
    """X multiplied by itself n times; n = 0 is the identity, n < 0 multiplies inverses."""
def matrix_rank(input: Tensor, tol: _Any = None, symmetric: _bool = False, *, out: Tensor | None = None) -> Tensor:
    """Removed in PyTorch, too: use torch.linalg.matrix_rank. RuntimeError: always"""
@overload
def max(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The largest element, NaN if there is one; over dim: (values, indices), the first of ties."""
@overload
def max(input: Tensor, dim: _int, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.max: ...
@overload
def max(input: Tensor, *, axis: _int, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.max: ...
@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def max_pool1d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False) -> Tensor:
    """The largest cell of every window over the last 1 dimension(s)."""
def max_pool1d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False) -> Tensor:
    """max_pool1d together with the places of the maxima in their planes."""
def max_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False) -> Tensor:
    """The largest cell of every window over the last 2 dimension(s)."""
def max_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False) -> Tensor:
    """The largest cell of every window over the last 3 dimension(s)."""
def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = max(x, y), NaN if one is NaN.  grad to the larger; halves where equal."""
def mean(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = Σ x / n over all elements, or over dim (an int or several); NaN for no elements"""
@overload
def median(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The lower median of all elements; over dim: (values, indices). NaN if there is one."""
@overload
def median(input: Tensor, dim: _int, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.median: ...
@overload
def median(input: Tensor, *, axis: _int, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.median: ...
@overload
def meshgrid(*tensors: Tensor, indexing: _Any = None) -> tuple[Tensor, ...]:
    """Coordinate grids from vectors; views."""
@overload
def meshgrid(tensors: Sequence[Tensor], *, indexing: _Any = None) -> tuple[Tensor, ...]: ...
@overload
def min(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest element, NaN if there is one; over dim: (values, indices), the first of ties."""
@overload
def min(input: Tensor, dim: _int, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.min: ...
@overload
def min(input: Tensor, *, axis: _int, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.min: ...
@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = min(x, y), NaN if one is NaN.  grad to the smaller; halves where equal."""
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Z = X Y for matrices X (n, k), Y (k, m)"""
def mode(input: Tensor, dim: _int = -1, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int = -1, keepdims: _bool = False) -> return_types.mode:
    """(values, indices): the most frequent element along dim, the smallest of ties, and the"""
def moveaxis(input: Tensor, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
    """Dimensions `source` moved to the places `destination`; the others keep their order. A view."""
def movedim(input: Tensor, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
    """Dimensions `source` moved to the places `destination`; the others keep their order. A view."""
def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """input sorted along the first dimension."""
def mul(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x · y"""
def multinomial(input: Tensor, num_samples: _int, replacement: _bool = False, *, generator: _Generator | None = None, out: Tensor | None = None) -> Tensor:
    """num_samples categories for each row of weights (not necessarily normalised)."""
def multiply(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x · y"""
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = X v for a matrix X (n, k) and a vector v (k)"""
def mvlgamma(input: Tensor, p: _int, *, out: Tensor | None = None) -> Tensor:
    """y = p(p - 1)/4 ln π + Σ ln Γ(x - j/2), j = 0...p-1;  dx = dy Σ ψ(x - j/2)"""
def nan_to_num(input: Tensor, nan: _Any = None, posinf: _Any = None, neginf: _Any = None, *, out: Tensor | None = None) -> Tensor:
    """y = x with NaN, +inf, -inf replaced; by 0 and the largest and lowest numbers if nothing is"""
def nan_to_num_(input: Tensor, nan: _Any = None, posinf: _Any = None, neginf: _Any = None) -> Tensor:
    """In-place version of nan_to_num; returns input."""
def nanmean(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """The mean of what is not NaN, over all elements or over dim."""
@overload
def nanmedian(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As median, NaN left out."""
@overload
def nanmedian(input: Tensor, dim: _int, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.nanmedian: ...
@overload
def nanmedian(input: Tensor, *, axis: _int, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.nanmedian: ...
def nanquantile(input: Tensor, q: _float | Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: _str = 'linear', out: Tensor | None = None, axis: _int | None = None, keepdims: _bool = False) -> Tensor:
    """As quantile, NaN left out."""
def nansum(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = Σ x over what is not NaN, of all elements or over dim;  dx = dy there, 0 at NaN"""
@overload
def narrow(input: Tensor, dim: _int, start: _int | Tensor, length: _int) -> Tensor:
    """`length` slices of dimension dim from `start` on; a view."""
@overload
def narrow(input: Tensor, *, axis: _int, start: _int | Tensor, length: _int) -> Tensor: ...
@overload
def narrow_copy(input: Tensor, dim: _int, start: _int | Tensor, length: _int, *, out: Tensor | None = None) -> Tensor:
    """A contiguous copy of narrow(input, dim, start, length)."""
@overload
def narrow_copy(input: Tensor, *, axis: _int, start: _int | Tensor, length: _int, out: Tensor | None = None) -> Tensor: ...
def native_batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None, training: _bool, momentum: _float, eps: _float) -> Tensor:
    """(y, mean, rstd): F.batch_norm with the batch's statistics, empty ones outside of training"""
def native_channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels, seen as (g, C / g), in the order of their transpose."""
def native_dropout(input: Tensor, p: _float, train: _bool | None) -> tuple[Tensor, Tensor]:
    """Dropout that tells what it kept: (y, mask) with y = x · mask / (1 - p)."""
def native_group_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, N: _int, C: _int, HxW: _int, group: _int, eps: _float) -> Tensor:
    """(y, mean, rstd): F.group_norm with its statistics"""
def native_layer_norm(input: Tensor, normalized_shape: Sequence[_int], weight: Tensor | None, bias: Tensor | None, eps: _float) -> Tensor:
    """(y, mean, rstd): F.layer_norm with its statistics"""
def ne(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ≠ y as bool, compared in the promoted dtype; not differentiable"""
def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = -x.  RuntimeError: x is bool."""
def neg_(input: Tensor) -> Tensor:
    """In-place version of neg; returns input."""
def negative(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = -x.  RuntimeError: x is bool."""
def negative_(input: Tensor) -> Tensor:
    """In-place version of negative; returns input."""
def nextafter(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = the next number after x in the direction of y;  dx = dz where x ≠ y, else 0"""
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[False] = False, out: Tensor | None = None) -> Tensor:
    """The indices of all elements that are not zero."""
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def nonzero_static(input: Tensor, *, size: _int, fill_value: _int = -1) -> Tensor:
    """The first `size` rows of nonzero(input); missing rows hold fill_value."""
def norm(input: Tensor, p: _Number | _str | None = 'fro', dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """The p-norm of all elements or over dim."""
def norm_except_dim(v: Tensor, pow: _int = 2, dim: _int = 0, *, axis: _int = 0) -> Tensor:
    """The norms of the slices of v along dim."""
@overload
def normal(mean: Tensor | _Number, std: Tensor | _Number = 1.0, *, generator: _Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Normal numbers: normal(mean, std) of tensors or one tensor, or normal(mean, std, size)."""
@overload
def normal(mean: _Number, std: _Number, size: Sequence[_int], *, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor: ...
def not_equal(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ≠ y as bool, compared in the promoted dtype; not differentiable"""
def nuclear_norm(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """The sum of the singular values of matrices: the last two dimensions, or the two of dim."""
@overload
def ones(*size: _int | Tensor, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """A tensor of the given size; elements: ones."""
@overload
def ones(size: Sequence[_int | Tensor], *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor: ...
def ones_like(input: Tensor, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False, memory_format: _memory_format = ...) -> Tensor:
    """A tensor of input's shape, dtype and memory order; elements: ones."""
def orgqr(input: Tensor, input2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """linalg.householder_product(input, tau), LAPACK's name. (*, N, M), (*, K) -> (*, N, M)"""
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: _bool = True, transpose: _bool = False, *, out: Tensor | None = None) -> Tensor:
    """Q C, or C Q (left=False), with all N columns of the Q of geqrf; transpose: Qᴴ."""
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix (n, m) of all products of two vectors' elements."""
def pairwise_distance(x1: Tensor, x2: Tensor, p: _float = 2.0, eps: _float = 1e-06, keepdim: _bool = False, *, keepdims: _bool = False) -> Tensor:
    """y = |x1 - x2 + eps|_p over the last dimension of the broadcast inputs."""
def pca_lowrank(A: Tensor, q: _int | None = None, center: _bool = True, niter: _int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """The q main directions of the rows of A, by random projections."""
def pdist(input: Tensor, p: _float = 2.0) -> Tensor:
    """The p-norm distances of all pairs of rows i < j, in that order."""
@overload
def permute(input: Tensor, *dims: _int) -> Tensor:
    """y = x with its dimensions in the order dims; a view."""
@overload
def permute(input: Tensor, dims: Sequence[_int]) -> Tensor: ...
def permute_copy(input: Tensor, dims: Sequence[_int], *, out: Tensor | None = None) -> Tensor:
    """A copy of what permute returns; shapes and errors as there."""
def pinverse(input: Tensor, rcond: _float = 1e-15) -> Tensor:
    """The pseudoinverse, the older name of linalg.pinv. input (*, N, M) -> (*, M, N)"""
def pixel_shuffle(input: Tensor, upscale_factor: _int) -> Tensor:
    """y[c, h r + i, w r + j] = x[c r² + i r + j, h, w]"""
def pixel_unshuffle(input: Tensor, downscale_factor: _int) -> Tensor:
    """y[c r² + i r + j, h, w] = x[c, h r + i, w r + j]: pixel_shuffle undone."""
def poisson(input: Tensor, generator: _Generator | None = None) -> Tensor:
    """y_i: the number of events in a unit of time, of rate x_i each."""
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: _bool, full: _bool, eps: _float, reduction: _int) -> Tensor:
    """torch.nn.functional.poisson_nll_loss, all arguments to be given; reduction is 0, 1 or 2."""
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = r (cos θ + i sin θ);  dr = Re(dz e^-iθ),  dθ = r Re(dz · (-i) e^-iθ)"""
def polygamma(n: _int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the n-th derivative of ψ at x, n ≥ 0;  dx = dy · the next one"""
def positive(input: Tensor) -> Tensor:
    """input itself. RuntimeError: it is bool."""
def pow(input: Tensor, exponent: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x^y, each a tensor or a number"""
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """y = x where x > 0, else w x; one weight, or one for each channel (dimension 1)"""
def prod(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = Π x over all elements, or over dim (one int)"""
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
    """A copy of input with source at positions `index` of the flattened form (added, if"""
def qr(input: Tensor, some: _bool = True, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.qr:
    """A = Q R, the older name: some=False is linalg.qr's mode 'complete'."""
def quantile(input: Tensor, q: _float | Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: _str = 'linear', out: Tensor | None = None, axis: _int | None = None, keepdims: _bool = False) -> Tensor:
    """The q-th quantiles of all elements or along dim."""
def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x 180 / π"""
def rad2deg_(input: Tensor) -> Tensor:
    """In-place version of rad2deg; returns input."""
@overload
def rand(*size: _int, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """Uniform numbers in [0, 1): rand(2, 3) or rand((2, 3))."""
@overload
def rand(size: Sequence[_int], *, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor: ...
def rand_like(input: Tensor, *, generator: _Generator | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False, memory_format: _memory_format | None = None) -> Tensor:
    """Uniform numbers in [0, 1) in the shape and dtype of input."""
@overload
def randint(high: _int, size: Sequence[_int], *, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """Whole numbers in [low, high): randint(high, size) or randint(low, high, size)."""
@overload
def randint(low: _int, high: _int, size: Sequence[_int], *, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor: ...
@overload
def randint_like(input: Tensor, high: _int, *, generator: _Generator | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False, memory_format: _Any = None) -> Tensor:
    """Whole numbers in [0, high) or [low, high) in the shape and dtype of input."""
@overload
def randint_like(input: Tensor, low: _int, high: _int, *, generator: _Generator | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False, memory_format: _Any = None) -> Tensor: ...
@overload
def randn(*size: _int, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """Numbers of N(0, 1): randn(2, 3) or randn((2, 3))."""
@overload
def randn(size: Sequence[_int], *, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor: ...
def randn_like(input: Tensor, *, generator: _Generator | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False, memory_format: _memory_format | None = None) -> Tensor:
    """Numbers of N(0, 1) in the shape and dtype of input."""
def randperm(n: _int, *, generator: _Generator | None = None, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """The numbers 0 .. n-1 in random order."""
def range(start: _Number, end: _Number, step: _Number = 1, *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """start, start + step, ... up to and including end (deprecated in PyTorch: use arange)."""
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; a view where possible."""
def real(input: Tensor) -> Tensor:
    """The real part as a view; a real tensor itself."""
def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 1 / x;  dx = -dy y²"""
def reciprocal_(input: Tensor) -> Tensor:
    """In-place version of reciprocal; returns input."""
def relu(input: Tensor) -> Tensor:
    """y = max(x, 0), NaN stays;  dx = dy where y > 0"""
def relu_(input: Tensor) -> Tensor:
    """In-place version of relu; returns input."""
def remainder(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x - y ⌊x / y⌋: the sign of y, as Python's %"""
@overload
def renorm(input: Tensor, p: _float, dim: _int, maxnorm: _float, *, out: Tensor | None = None) -> Tensor:
    """y = x with each slice along dim scaled down to a p-norm of at most maxnorm"""
@overload
def renorm(input: Tensor, p: _float, *, axis: _int, maxnorm: _float, out: Tensor | None = None) -> Tensor: ...
def repeat_interleave(input: Tensor, repeats: _int | Tensor | None = None, dim: _int | None = None, *, output_size: _int | None = None, axis: _int | None = None) -> Tensor:
    """Each element repeated in place: `repeats` times, or repeats[i] times along dim; without dim,"""
@overload
def reshape(input: Tensor, *dims: _int, shape: Sequence[_int] | None = None) -> Tensor:
    """The elements in another shape: a view where the strides allow it, else a copy."""
@overload
def reshape(input: Tensor, dims: Sequence[_int], *, shape: Sequence[_int] | None = None) -> Tensor: ...
def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: _memory_format | None = None) -> Tensor:
    """input in the size of another tensor, in place."""
def resolve_conj(input: Tensor) -> Tensor:
    """input itself: neither conjugation nor negation is ever lazy here."""
def resolve_neg(input: Tensor) -> Tensor:
    """input itself: neither conjugation nor negation is ever lazy here."""
def rms_norm(input: Tensor, normalized_shape: Sequence[_int], weight: Tensor | None = None, eps: _float | None = None) -> Tensor:
    """y = x / sqrt(mean(x²) + eps) · w over the last dimensions, of shape normalized_shape."""
def rnn_relu(input: Tensor, hx: _Any, params: _Any, has_biases: _Any, num_layers: _Any, dropout: _Any, train: _bool, bidirectional: _Any, batch_first: _Any) -> Tensor:
    """torch.rnn_tanh with relu instead of tanh."""
def rnn_relu_cell(input: Tensor, hx: _Any, w_ih: Tensor, w_hh: Tensor, b_ih: _Any = None, b_hh: _Any = None) -> Tensor:
    """relu(w_ih input + b_ih + w_hh hx + b_hh)"""
def rnn_tanh(input: Tensor, hx: _Any, params: _Any, has_biases: _Any, num_layers: _Any, dropout: _Any, train: _bool, bidirectional: _Any, batch_first: _Any) -> Tensor:
    """A plain recurrent network with tanh: what torch.nn.RNN computes. Also by position for a"""
def rnn_tanh_cell(input: Tensor, hx: _Any, w_ih: Tensor, w_hh: Tensor, b_ih: _Any = None, b_hh: _Any = None) -> Tensor:
    """tanh(w_ih input + b_ih + w_hh hx + b_hh)"""
def roll(input: Tensor, shifts: _int | Sequence[_int], dims: _int | Sequence[_int] = ...) -> Tensor:
    """y[(i + shift) mod n] = x[i] along each of dims; without dims, over the flattened tensor."""
def rot90(input: Tensor, k: _int = 1, dims: Sequence[_int] = ...) -> Tensor:
    """input turned k times by 90 degrees in the plane of dims, from the first towards the second."""
def round(input: Tensor, *, decimals: _int = 0, out: Tensor | None = None) -> Tensor:
    """y = x rounded to `decimals` places (negative: to tens, hundreds...), halves to even.  grad 0"""
def round_(input: Tensor, *, decimals: _int = 0) -> Tensor:
    """In-place version of round; returns input."""
def row_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """cat along rows; vectors are rows."""
def rrelu(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _bool = False, *, generator: _Generator | None = None) -> Tensor:
    """y = x where x > 0, else r x: r drawn for each element from [lower, upper), their mean if not"""
def rrelu_(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _bool = False, *, generator: _Generator | None = None) -> Tensor:
    """In-place version of rrelu; returns input."""
def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 1 / √x;  dx = -dy y³ / 2"""
def rsqrt_(input: Tensor) -> Tensor:
    """In-place version of rsqrt; returns input."""
def rsub(input: Tensor, other: Tensor | _Number, *, alpha: _Number = 1) -> Tensor:
    """z = y - α x, α a number; grad and errors as for sub"""
def scalar_tensor(s: _Any, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """A 0-d tensor of a number, of the default dtype."""
@overload
def scatter(input: Tensor, dim: _int, index: Tensor, src: Tensor | _Number | None = None, *, value: _Number | None = None, reduce: _str | None = None, out: Tensor | None = None) -> Tensor:
    """A copy of input with src (a tensor or number) written at index along dim."""
@overload
def scatter(input: Tensor, *, axis: _int, index: Tensor, src: Tensor | _Number | None = None, value: _Number | None = None, reduce: _str | None = None, out: Tensor | None = None) -> Tensor: ...
@overload
def scatter_add(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x, with src[i, j] added at [index[i, j], j] for dim = 0, and so on."""
@overload
def scatter_add(input: Tensor, *, axis: _int, index: Tensor, src: Tensor, out: Tensor | None = None) -> Tensor: ...
@overload
def scatter_reduce(input: Tensor, dim: _int, index: Tensor, src: Tensor, reduce: _str, *, include_self: _bool = True, out: Tensor | None = None) -> Tensor:
    """y = for each target the sum, prod, mean, amax or amin of the src elements sent there (and of"""
@overload
def scatter_reduce(input: Tensor, *, axis: _int, index: Tensor, src: Tensor, reduce: _str, include_self: _bool = True, out: Tensor | None = None) -> Tensor: ...
def searchsorted(sorted_sequence: Tensor, input: Tensor | _Number, *, out_int32: _bool = False, right: _bool = False, side: _str | None = None, sorter: Tensor | None = None, out: Tensor | None = None) -> Tensor:
    """Where each element of input would go in the sorted last dimension of sorted_sequence."""
def segment_reduce(data: Tensor, reduce: _str, *, lengths: Tensor | None = None, indices: Tensor | None = None, offsets: Tensor | None = None, axis: _int = 0, unsafe: _bool = False, initial: _Number | None = None) -> Tensor:
    """y_s = reduce(x_i), i in the s-th segment along the axis"""
@overload
def select(input: Tensor, dim: _int, index: _int | Tensor) -> Tensor:
    """The slice `index` of dimension dim, that dimension gone; a view."""
@overload
def select(input: Tensor, *, axis: _int, index: _int | Tensor) -> Tensor: ...
@overload
def select_copy(input: Tensor, dim: _int, index: _int, *, out: Tensor | None = None) -> Tensor:
    """A copy of what select returns; shapes and errors as there."""
@overload
def select_copy(input: Tensor, *, axis: _int, index: _int, out: Tensor | None = None) -> Tensor: ...
@overload
def select_scatter(input: Tensor, src: Tensor, dim: _int, index: _int) -> Tensor:
    """A copy of input with src at select(dim, index). RuntimeError: src has another shape."""
@overload
def select_scatter(input: Tensor, src: Tensor, *, axis: _int, index: _int) -> Tensor: ...
def selu(input: Tensor) -> Tensor:
    """y = λ (x where x > 0, else α (e^x - 1)), λ = 1.0507, α = 1.6733    Klambauer et al."""
def selu_(input: Tensor) -> Tensor:
    """In-place version of selu; returns input."""
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x / |x|, 0 at 0; sign for real x.  grad of complex: (dy - y Re(dy ȳ)) / |x|"""
def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = σ(x) = 1 / (1 + e^-x);  dx = dy y (1 - y)"""
def sigmoid_(input: Tensor) -> Tensor:
    """In-place version of sigmoid; returns input."""
def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = -1, 0 or 1 (0 for NaN).  NotImplementedError: complex.  grad 0"""
def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """True where the sign bit is set: negative numbers and -0.0."""
def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = sin x;  dx = dy cos x"""
def sin_(input: Tensor) -> Tensor:
    """In-place version of sin; returns input."""
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = sin(πx) / (πx), 1 at 0;  dx = dy (cos(πx) - y) / x, 0 at 0"""
def sinc_(input: Tensor) -> Tensor:
    """In-place version of sinc; returns input."""
def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = sinh x;  dx = dy cosh x"""
def sinh_(input: Tensor) -> Tensor:
    """In-place version of sinh; returns input."""
def slice_copy(input: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1, *, out: Tensor | None = None, axis: _int = 0) -> Tensor:
    """A copy of what slice returns; shapes and errors as there."""
def slice_scatter(input: Tensor, src: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1, *, axis: _int = 0) -> Tensor:
    """A copy of input with src at [start:end:step] of dim. RuntimeError: src has another shape."""
def slogdet(input: Tensor) -> return_types.slogdet:
    """The sign of the determinant and the logarithm of its absolute value."""
@overload
def softmax(input: Tensor, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = e^x / Σ e^x along dim"""
@overload
def softmax(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
def solve(input: Tensor, A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Removed in PyTorch, too: use torch.linalg.solve(A, input). RuntimeError: always"""
def sort(input: Tensor, dim: _int = -1, descending: _bool = False, *, stable: _bool | None = None, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int = -1) -> return_types.sort:
    """(values, indices) of input sorted along dim; equal elements always keep their order"""
@overload
def split(tensor: Tensor, split_size_or_sections: _int | Sequence[_int] | Tensor, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """Views of split_size elements each along dim (the last may be shorter), or of the listed"""
@overload
def split(tensor: Tensor, *, split_size: _int | Sequence[_int], dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
def split_copy(input: Tensor, split_size: _int, dim: _int = 0, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int = 0) -> tuple[Tensor, ...]:
    """A copy of what split returns; shapes and errors as there."""
def split_with_sizes(input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """Views of the listed sizes along dim. RuntimeError: the sizes do not add up."""
def split_with_sizes_copy(input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int = 0) -> tuple[Tensor, ...]:
    """A copy of what split_with_sizes returns; shapes and errors as there."""
def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = √x;  dx = dy / 2ȳ"""
def sqrt_(input: Tensor) -> Tensor:
    """In-place version of sqrt; returns input."""
def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x²;  dx = 2 dy x̄.  bool becomes int64"""
def square_(input: Tensor) -> Tensor:
    """In-place version of square; returns input."""
def squeeze(input: Tensor, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """y = x without its dimensions of size 1: all, or those among dim; a view."""
def squeeze_copy(input: Tensor, dim: _int | Sequence[_int] | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """A copy of what squeeze returns; shapes and errors as there."""
def stack(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | None = None, axis: _int = 0) -> Tensor:
    """y = the tensors, all of one shape, along a new dimension; a copy."""
@overload
def std(input: Tensor, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = √(Σ |x - x̄|² / max(n - correction, 0)), the root of `var`, which see"""
@overload
def std(input: Tensor, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor: ...
@overload
def std(input: Tensor, unbiased: _bool, *, out: Tensor | None = None) -> Tensor: ...
@overload
def std_mean(input: Tensor, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean) in one pass, see `std`"""
@overload
def std_mean(input: Tensor, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> tuple[Tensor, Tensor]: ...
@overload
def std_mean(input: Tensor, unbiased: _bool, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> tuple[Tensor, Tensor]: ...
def stft(input: Tensor, n_fft: _int, hop_length: _int | None = None, win_length: _int | None = None, window: Tensor | None = None, center: _bool = True, pad_mode: _str = 'reflect', normalized: _bool = False, onesided: _bool | None = None, return_complex: _bool | None = None, align_to_window: _bool | None = None) -> Tensor:
    """Y[k, t] = Σ w[j] x[t hop + j] e^(-2πi jk / n) over j = 0 ... n - 1: the short-time Fourier"""
def sub(input: Tensor, other: Tensor | _Number, *, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """z = x - α y, α a number"""
def subtract(input: Tensor, other: Tensor | _Number, *, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:
    """z = x - α y, α a number"""
def sum(input: Tensor, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = Σ x over all elements, or over dim (an int or several)"""
def svd(input: Tensor, some: _bool = True, compute_uv: _bool = True, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.svd:
    """input = U S Vᴴ, the older name: it returns V, not Vᴴ, and by default K columns."""
def svd_lowrank(A: Tensor, q: _int | None = 6, niter: _int | None = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The q largest singular values of A, or of A - M, and their vectors, by random projections."""
def swapaxes(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """y = x with two dimensions exchanged; a view."""
def swapdims(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """y = x with two dimensions exchanged; a view."""
def symeig(input: Tensor, eigenvectors: _bool = False, upper: _bool = True, *, out: Tensor | None = None) -> Tensor:
    """Removed in PyTorch, too: use torch.linalg.eigh or eigvalsh. RuntimeError: always"""
def t(input: Tensor) -> Tensor:
    """Y = Xᵀ of a matrix; vectors and numbers as they are; a view."""
def t_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of what t returns; shapes and errors as there."""
def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the elements at positions `index` of the flattened x, in index's shape."""
def take_along_dim(input: Tensor, indices: Tensor, dim: _int | None = None, *, out: Tensor | None = None, axis: _int | None = None) -> Tensor:
    """gather with broadcasting of input and indices; without dim over the flattened input."""
def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = tan x;  dx = dy (1 + y²)"""
def tan_(input: Tensor) -> Tensor:
    """In-place version of tan; returns input."""
def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = tanh x;  dx = dy (1 - y²)"""
def tanh_(input: Tensor) -> Tensor:
    """In-place version of tanh; returns input."""
@overload
def tensor_split(input: Tensor, indices_or_sections: _int | Sequence[_int] | Tensor, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """Views cut at the listed indices, or into n parts whose sizes differ by at most one."""
@overload
def tensor_split(input: Tensor, *, sections: _int, dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(input: Tensor, *, indices: Sequence[_int], dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(input: Tensor, *, tensor_indices_or_sections: Tensor, dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
def tensordot(a: Tensor, b: Tensor, dims: _int | Sequence = 2, out: Tensor | None = None) -> Tensor:
    """Σ over dims of both tensors: the last n of a with the first n of b, or two lists."""
def threshold(input: Tensor, threshold: _Number, value: _Number) -> Tensor:
    """y = x where x > threshold, else value;  dx = dy where x > threshold"""
def threshold_(input: Tensor, threshold: _Number, value: _Number) -> Tensor:
    """In-place version of threshold; returns input."""
@overload
def tile(input: Tensor, *dims: _int) -> Tensor:
    """repeat; missing repeats count as 1 in front."""
@overload
def tile(input: Tensor, dims: Sequence[_int]) -> Tensor: ...
def topk(input: Tensor, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int = -1) -> return_types.topk:
    """(values, indices) of the k largest (or smallest) elements along dim, always in order"""
def trace(input: Tensor) -> Tensor:
    """y = Σ x[i, i] of a matrix."""
def transpose(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """y = x with two dimensions exchanged; a view."""
def transpose_copy(input: Tensor, dim0: _int, dim1: _int, *, out: Tensor | None = None) -> Tensor:
    """A copy of what transpose returns; shapes and errors as there."""
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: _float | None = None, dim: _int = -1, axis: _int = -1) -> Tensor:
    """The integral of y over dim by the trapezoidal rule; points at x, or dx (1) apart."""
def trapz(y: Tensor, x: Tensor | None = None, *, dx: _float | None = None, dim: _int = -1, axis: _int = -1) -> Tensor:
    """The integral of y over dim by the trapezoidal rule; points at x, or dx (1) apart."""
def triangular_solve(input: Tensor, A: Tensor, upper: _bool = True, transpose: _bool = False, unitriangular: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.triangular_solve:
    """X with A X = input for a triangle A, and A; transpose: Aᵀ X = input. An older name of"""
def tril(input: Tensor, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor:
    """y[..., i, j] = x[..., i, j] where j ≤ i + diagonal, else 0."""
def tril_indices(row: _Any, col: _Any, offset: _int = 0, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = ..., device: _device | _str | _int | None = None, layout: _layout | None = None) -> Tensor:
    """(2, k): rows and columns of the lower triangle of a (row, col) matrix, in order."""
def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: _float = 1.0, p: _float = 2.0, eps: _float = 1e-06, swap: _bool = False, reduction: _int = 1) -> Tensor:
    """torch.nn.functional.triplet_margin_loss; reduction is 0, 1 or 2."""
def triu(input: Tensor, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor:
    """y[..., i, j] = x[..., i, j] where j ≥ i + diagonal, else 0."""
def triu_indices(row: _Any, col: _Any, offset: _int = 0, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = ..., device: _device | _str | _int | None = None, layout: _layout | None = None) -> Tensor:
    """(2, k): rows and columns of the upper triangle of a (row, col) matrix, in order."""
def true_divide(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x / y; rounding_mode "floor" rounds down, "trunc" towards zero, and both keep integers"""
def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = x without its fraction; integers stay as they are.  grad 0"""
def trunc_(input: Tensor) -> Tensor:
    """In-place version of trunc; returns input."""
def unbind(input: Tensor, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """The slices of x along dim, that dimension gone; views."""
def unbind_copy(input: Tensor, dim: _int = 0, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int = 0) -> tuple[Tensor, ...]:
    """A copy of what unbind returns; shapes and errors as there."""
@overload
def unflatten(input: Tensor, dim: _int, sizes: Sequence[_int]) -> Tensor:
    """Dimension dim becomes several, of the given sizes (one may be -1); a view."""
@overload
def unflatten(input: Tensor, *, axis: _int, sizes: Sequence[_int]) -> Tensor: ...
def unfold_copy(input: Tensor, dimension: _int, size: _int, step: _int, *, out: Tensor | None = None) -> Tensor:
    """A copy of what unfold returns; shapes and errors as there."""
@overload
def unique(input: Tensor, sorted: _bool = True, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, dim: _int | None = None, *, axis: _int | None = None) -> Tensor:
    """The different elements (or slices along dim), always sorted; on request (output, inverse,"""
@overload
def unique(input: Tensor, sorted: _bool = True, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None, *, axis: _int | None = None) -> _Any: ...
@overload
def unique_consecutive(input: Tensor, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, dim: _int | None = None, *, axis: _int | None = None) -> Tensor:
    """input without elements (or slices along dim) that equal the one before; on request (output,"""
@overload
def unique_consecutive(input: Tensor, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None, *, axis: _int | None = None) -> _Any: ...
def unravel_index(indices: Tensor, shape: _int | Sequence[_int]) -> tuple[Tensor, ...]:
    """Positions in the flattened tensor as a tuple of indices, one for each dimension of `shape`."""
def unsafe_chunk(input: Tensor, chunks: _int, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """chunk whose outputs may be written in place under autograd: the input must not be used."""
def unsafe_split(input: Tensor, split_size: _int, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """split whose outputs may be written in place under autograd: the input must not be used."""
def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
    """split_with_sizes whose outputs may be written in place: the input must not be used."""
@overload
def unsqueeze(input: Tensor, dim: _int) -> Tensor:
    """y = x with a dimension of size 1 put in before dim; a view."""
@overload
def unsqueeze(input: Tensor, *, axis: _int) -> Tensor: ...
@overload
def unsqueeze_copy(input: Tensor, dim: _int, *, out: Tensor | None = None) -> Tensor:
    """A copy of what unsqueeze returns; shapes and errors as there."""
@overload
def unsqueeze_copy(input: Tensor, *, axis: _int, out: Tensor | None = None) -> Tensor: ...
def vander(x: Tensor, N: _int | None = None, increasing: _bool = False) -> Tensor:
    """The Vandermonde matrix: powers of a vector's elements as columns, the highest first."""
@overload
def var(input: Tensor, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = Σ |x - x̄|² / max(n - correction, 0), x̄ the mean of all elements or over dim"""
@overload
def var(input: Tensor, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor: ...
@overload
def var(input: Tensor, unbiased: _bool, *, out: Tensor | None = None) -> Tensor: ...
@overload
def var_mean(input: Tensor, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> tuple[Tensor, Tensor]:
    """(variance, mean) in one pass, see `var`"""
@overload
def var_mean(input: Tensor, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> tuple[Tensor, Tensor]: ...
@overload
def var_mean(input: Tensor, unbiased: _bool, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> tuple[Tensor, Tensor]: ...
def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Σ conj(input) other for vectors."""
def view_as_complex(input: Tensor) -> Tensor:
    """y (*) = the complex numbers whose parts are the last dimension of x (*, 2); a view."""
def view_as_complex_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of what view_as_complex returns; shapes and errors as there."""
def view_as_real(input: Tensor) -> Tensor:
    """y (*, 2) = the real and imaginary parts of a complex x (*); a view."""
def view_as_real_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of what view_as_real returns; shapes and errors as there."""
def view_copy(input: Tensor, size: Sequence[_int] | _dtype, *, out: Tensor | None = None) -> Tensor:
    """A copy of what view returns; shapes and errors as there."""
@overload
def vsplit(input: Tensor, indices_or_sections: _int | Sequence[_int] | Tensor) -> tuple[Tensor, ...]:
    """tensor_split along rows. RuntimeError: parts of unequal size, or fewer than 2 dimensions."""
@overload
def vsplit(input: Tensor, *, sections: _int) -> tuple[Tensor, ...]: ...
@overload
def vsplit(input: Tensor, *, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
@overload
def vsplit(input: Tensor, *, tensor_indices_or_sections: Tensor) -> tuple[Tensor, ...]: ...
def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """cat along rows; vectors are rows."""
@overload
def where(condition: Tensor, input: Tensor | _Number, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x where the condition holds, else y; each a tensor or a number"""
@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
def xlogy(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ln y, 0 where x = 0 and y is no NaN; each a tensor or a number"""
def xlogy_(input: Tensor, other: Tensor | _Number) -> Tensor:
    """In-place version of xlogy; returns input."""
def zero_(input: Tensor) -> Tensor:
    """All elements set to zero, in place."""
@overload
def zeros(*size: _int | Tensor, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor:
    """A tensor of the given size; elements: zeros."""
@overload
def zeros(size: Sequence[_int | Tensor], *, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, requires_grad: _bool = False, pin_memory: _bool = False) -> Tensor: ...
def zeros_like(input: Tensor, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False, memory_format: _memory_format = ...) -> Tensor:
    """A tensor of input's shape, dtype and memory order; elements: zeros."""
