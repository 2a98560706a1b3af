# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.

from builtins import bool as _bool, complex as _complex, float as _float, int as _int, range as _range, str as _str, type as _type
from collections.abc import Callable, Iterable, Sequence
from typing import Any as _Any, Literal, overload
import numpy as np
from ..random.generator import Generator as _Generator
from ..core.size import Size as _Size
from ..core.tensor import Tensor as Tensor
from ..core.device import device as _device
from ..core.dtype import dtype as _dtype
from ..core.layout import layout as _layout
from ..core.layout import memory_format as _memory_format
from .. import return_types
_Number = _int | _float | _complex | _bool | np.number[_Any]

def adaptive_avg_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """Means of output_size windows of the last 1 dimension(s)."""
def adaptive_avg_pool2d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """Means of output_size windows of the last 2 dimension(s)."""
def adaptive_avg_pool3d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """Means of output_size windows of the last 3 dimension(s)."""
@overload
def adaptive_max_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False) -> Tensor:
    """Maxima of output_size windows of the last 1 dimension(s)."""
@overload
def adaptive_max_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: _bool) -> _Any: ...
@overload
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False) -> Tensor:
    """adaptive_max_pool1d together with the places of the maxima in their planes."""
@overload
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: _bool) -> _Any: ...
@overload
def adaptive_max_pool2d(input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False) -> Tensor:
    """Maxima of output_size windows of the last 2 dimension(s)."""
@overload
def adaptive_max_pool2d(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool2d(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: _bool) -> _Any: ...
@overload
def adaptive_max_pool2d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False) -> Tensor:
    """adaptive_max_pool2d together with the places of the maxima in their planes."""
@overload
def adaptive_max_pool2d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool2d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: _bool) -> _Any: ...
@overload
def adaptive_max_pool3d(input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False) -> Tensor:
    """Maxima of output_size windows of the last 3 dimension(s)."""
@overload
def adaptive_max_pool3d(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool3d(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: _bool) -> _Any: ...
@overload
def adaptive_max_pool3d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], return_indices: Literal[False] = False) -> Tensor:
    """adaptive_max_pool3d together with the places of the maxima in their planes."""
@overload
def adaptive_max_pool3d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def adaptive_max_pool3d_with_indices(input: Tensor, output_size: _int | None | Sequence[_int | None], *, return_indices: _bool) -> _Any: ...
def affine_grid(theta: Tensor, size: Sequence[_int], align_corners: _bool | None = None) -> Tensor:
    """The grid with which F.grid_sample maps an image by the matrices theta."""
def alpha_dropout(input: Tensor, p: _float = 0.5, training: _bool = False, inplace: _bool = False) -> Tensor:
    """Dropout that keeps mean and variance of a SELU network: entries put out become SELU's floor."""
def avg_pool1d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, ceil_mode: _bool = False, count_include_pad: _bool = True) -> Tensor:
    """The mean of every window over the last 1 dimension(s)."""
def avg_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, ceil_mode: _bool = False, count_include_pad: _bool = True, divisor_override: _int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The mean of every window over the last 2 dimension(s)."""
def avg_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, ceil_mode: _bool = False, count_include_pad: _bool = True, divisor_override: _int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The mean of every window over the last 3 dimension(s)."""
def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None, bias: Tensor | None = None, training: _bool = False, momentum: _float = 0.1, eps: _float = 1e-05) -> Tensor:
    """y = (x - mean) / sqrt(var + eps) · w + b per channel."""
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y[o] = x1ᵀ A[o] x2 + b[o];  x1 (*, I), x2 (*, J), weight (O, I, J), bias (O) -> (*, O)"""
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = -(y log x + (1 - y) log(1 - x)) for probabilities x and y, by weights."""
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean', pos_weight: Tensor | None = None) -> Tensor:
    """binary_cross_entropy of σ(input), computed stably; pos_weight weighs positive targets."""
def celu(input: Tensor, alpha: _Number = 1.0, inplace: _bool = False) -> Tensor:
    """y = x where x > 0, else α (e^(x/α) - 1)    Barron 2017, arXiv:1704.07483"""
def celu_(input: Tensor, alpha: _Number = 1.0) -> Tensor:
    """In-place version of celu; returns input."""
def channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels, seen as (g, C / g), in the order of their transpose."""
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
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: _float = 0, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = 1 - cos(x1, x2) where y = 1, max(0, cos(x1, x2) - margin) where y = -1."""
def cosine_similarity(x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-08, *, axis: _int = 1) -> Tensor:
    """y = x1 · x2 / (max(|x1|, eps) max(|x2|, eps)) along dim of the broadcast inputs."""
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: _bool | None = None, ignore_index: _int = -100, reduce: _bool | None = None, reduction: _str = 'mean', label_smoothing: _float = 0.0) -> Tensor:
    """L = -log softmax(input)[target], by class weights, smoothed, or against class probabilities."""
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[_int], target_lengths: Tensor | Sequence[_int], blank: _int = 0, reduction: _str = 'mean', zero_infinity: _bool = False) -> Tensor:
    """L = -log of the probability of targets, however they are aligned with the T steps."""
def dropout(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """y = x · n / (1 - p): each entry by itself; x itself unless training."""
def dropout1d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """dropout of whole channels."""
def dropout2d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """dropout of whole channels."""
def dropout3d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
    """dropout of whole channels."""
def elu(input: Tensor, alpha: _Number = 1.0, inplace: _bool = False) -> Tensor:
    """y = x where x > 0, else α (e^x - 1)    Clevert, Unterthiner, Hochreiter 2015,"""
def elu_(input: Tensor, alpha: _Number = 1.0) -> Tensor:
    """In-place version of elu; returns input."""
def embedding(input: Tensor, weight: Tensor, padding_idx: _int | None = None, max_norm: _float | None = None, norm_type: _float = 2.0, scale_grad_by_freq: _bool = False, sparse: _bool = False) -> Tensor:
    """The rows of weight that input lists."""
def embedding_bag(input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: _float | None = None, norm_type: _float = 2, scale_grad_by_freq: _bool = False, mode: _str = 'mean', sparse: _bool = False, per_sample_weights: Tensor | None = None, include_last_offset: _bool = False, padding_idx: _int | None = None) -> Tensor:
    """Sums, means or maxima of the embeddings of bags: rows of a 2-d input, or runs of a 1-d one"""
def feature_alpha_dropout(input: Tensor, p: _float = 0.5, training: _bool = False, inplace: _bool = False) -> Tensor:
    """alpha_dropout of whole channels."""
def fold(input: Tensor, output_size: _int | Sequence[_int], kernel_size: _int | Sequence[_int], dilation: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] = 0, stride: _int | Sequence[_int] = 1) -> Tensor:
    """The sum of overlapping windows: what unfold took apart, put back and added up."""
@overload
def fractional_max_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, return_indices: Literal[False] = False, _random_samples: Tensor | None = None) -> Tensor:
    """The maxima of output_size windows at pseudo-random places."""
@overload
def fractional_max_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def fractional_max_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: _bool) -> _Any: ...
@overload
def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, return_indices: Literal[False] = False, _random_samples: Tensor | None = None) -> Tensor:
    """fractional_max_pool2d together with the places of the maxima in their planes."""
@overload
def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: _bool) -> _Any: ...
@overload
def fractional_max_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, return_indices: Literal[False] = False, _random_samples: Tensor | None = None) -> Tensor:
    """The maxima of output_size windows at pseudo-random places."""
@overload
def fractional_max_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def fractional_max_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: _bool) -> _Any: ...
@overload
def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, return_indices: Literal[False] = False, _random_samples: Tensor | None = None) -> Tensor:
    """fractional_max_pool3d together with the places of the maxima in their planes."""
@overload
def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], output_size: _int | Sequence[_int] | None = None, output_ratio: _float | Sequence[_float] | None = None, _random_samples: Tensor | None = None, *, return_indices: _bool) -> _Any: ...
def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor | _Number, full: _bool = False, eps: _float = 1e-06, reduction: _str = 'mean') -> Tensor:
    """L = (log max(var, eps) + (x - y)² / max(var, eps)) / 2; full: + log(2 π) / 2."""
def gelu(input: Tensor, *, approximate: _str = 'none', out: Tensor | None = None) -> Tensor:
    """y = x Φ(x), Φ the normal distribution function; approximate="tanh":"""
def glu(input: Tensor, dim: _int = -1, *, axis: _int = -1) -> Tensor:
    """y = a σ(b), a and b the halves of x along dim    Dauphin et al. 2016, arXiv:1612.08083"""
def grid_sample(input: Tensor, grid: Tensor, mode: _str = 'bilinear', padding_mode: _str = 'zeros', align_corners: _bool | None = None) -> Tensor:
    """input at the places that grid names, from -1 to 1 in each dimension."""
def group_norm(input: Tensor, num_groups: _int, weight: Tensor | None = None, bias: Tensor | None = None, eps: _float = 1e-05) -> Tensor:
    """y = layer_norm of each of num_groups groups of channels, · w + b per channel."""
def grouped_mm(mat_a: Tensor, mat_b: Tensor, *, offs: Tensor | None = None, bias: Tensor | None = None, out_dtype: _dtype | None = None) -> Tensor:
    """Products of G pairs of matrices whose rows or columns lie behind each other"""
def gumbel_softmax(logits: _Any, tau: _Number = 1, hard: _bool = False, eps: _Number = 1e-10, dim: _int = -1, *, axis: _int = -1) -> Tensor:
    """softmax((logits + g) / tau) with g drawn from Gumbel(0, 1)."""
def hardshrink(input: Tensor, lambd: _Number = 0.5, *, out: Tensor | None = None) -> Tensor:
    """y = x where |x| > λ, else 0;  dx = dy where |x| > λ"""
def hardsigmoid(input: Tensor, inplace: _bool = False) -> Tensor:
    """y = min(max(x + 3, 0), 6) / 6"""
def hardsigmoid_(input: Tensor) -> Tensor:
    """In-place version of hardsigmoid; returns input."""
def hardswish(input: Tensor, inplace: _bool = False) -> Tensor:
    """y = x · min(max(x + 3, 0), 6) / 6    Howard et al. 2019, arXiv:1905.02244"""
def hardswish_(input: Tensor) -> Tensor:
    """In-place version of hardswish; returns input."""
def hardtanh(input: Tensor, min_val: _Number = -1.0, max_val: _Number = 1.0, inplace: _bool = False) -> Tensor:
    """y = min(max(x, min_val), max_val);  dx = dy where min_val < x < max_val"""
def hardtanh_(input: Tensor, min_val: _Number = -1.0, max_val: _Number = 1.0) -> Tensor:
    """In-place version of hardtanh; returns input."""
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: _float = 1.0, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = x where y = 1, max(0, margin - x) where y = -1."""
def huber_loss(input: Tensor, target: Tensor, reduction: _str = 'mean', delta: _float = 1.0, weight: Tensor | None = None) -> Tensor:
    """L = d²/2 where |d| < delta, else delta (|d| - delta/2), reduced; d = input - target."""
def instance_norm(input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: _bool = True, momentum: _float = 0.1, eps: _float = 1e-05) -> Tensor:
    """y = (x - mean) / sqrt(var + eps) · w + b for every sample and channel by itself."""
def interpolate(input: Tensor, size: _int | Sequence[_int] | None = None, scale_factor: _float | Sequence[_float] | None = None, mode: _str = 'nearest', align_corners: _bool | None = None, recompute_scale_factor: _bool | None = None, antialias: _bool = False) -> Tensor:
    """input in another size: by the nearest element, by interpolation, or by means of areas."""
def kl_div(input: Tensor, target: Tensor, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean', log_target: _bool = False) -> Tensor:
    """L = Σ q (log q - input) for log-probabilities input and probabilities q = target; log_target:"""
def l1_loss(input: Tensor, target: Tensor, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean', weight: Tensor | None = None) -> Tensor:
    """L = |input - target|, reduced; weight: for each element."""
def layer_norm(input: Tensor, normalized_shape: Sequence[_int], weight: Tensor | None = None, bias: Tensor | None = None, eps: _float = 1e-05) -> Tensor:
    """y = (x - mean) · rstd · w + b over the last n dimensions, of shape normalized_shape."""
def leaky_relu(input: Tensor, negative_slope: _Number = 0.01, inplace: _bool = False) -> Tensor:
    """y = x where x > 0, else negative_slope · x"""
def leaky_relu_(input: Tensor, negative_slope: _Number = 0.01) -> Tensor:
    """In-place version of leaky_relu; returns input."""
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = input weightᵀ + bias: input (*, I), weight (O, I) or (I), bias (O) or None -> (*, O)"""
def linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None, weight: Tensor | None = None, reduction: _str = 'mean', ignore_index: _int | None = None, label_smoothing: _float = 0.0, options: _Any = None) -> Tensor:
    """cross_entropy(linear(input, linear_weight, linear_bias), target, ...)"""
def local_response_norm(input: Tensor, size: _int, alpha: _float = 0.0001, beta: _float = 0.75, k: _float = 1.0) -> Tensor:
    """y = x / (k + alpha · mean of x² over `size` neighbouring channels)^beta"""
def log_softmax(input: Tensor, dim: _int | None = None, _stacklevel: _int = 3, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, axis: _int | None = None) -> Tensor:
    """y = x - log Σ e^x along dim; without dim it is guessed, with a warning."""
def logsigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ln σ(x) = -ln(1 + e^-x);  dx = dy σ(-x)"""
def lp_pool1d(input: Tensor, norm_type: _float, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, ceil_mode: _bool = False) -> Tensor:
    """(Σ x^norm_type)^(1 / norm_type) of every window over 1 dimension(s)."""
def lp_pool2d(input: Tensor, norm_type: _float, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, ceil_mode: _bool = False) -> Tensor:
    """(Σ x^norm_type)^(1 / norm_type) of every window over 2 dimension(s)."""
def lp_pool3d(input: Tensor, norm_type: _float, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, ceil_mode: _bool = False) -> Tensor:
    """(Σ x^norm_type)^(1 / norm_type) of every window over 3 dimension(s)."""
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: _float = 0, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = max(0, -y (x1 - x2) + margin): input1 should rank above input2 where y = 1."""
@overload
def max_pool1d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, return_indices: Literal[False] = False) -> Tensor:
    """The largest cell of every window over the last 1 dimension(s)."""
@overload
def max_pool1d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool1d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: _bool) -> _Any: ...
@overload
def max_pool1d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, return_indices: Literal[False] = False) -> Tensor:
    """max_pool1d together with the places of the maxima in their planes."""
@overload
def max_pool1d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool1d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: _bool) -> _Any: ...
@overload
def max_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, return_indices: Literal[False] = False) -> Tensor:
    """The largest cell of every window over the last 2 dimension(s)."""
@overload
def max_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool2d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: _bool) -> _Any: ...
@overload
def max_pool2d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, return_indices: Literal[False] = False) -> Tensor:
    """max_pool2d together with the places of the maxima in their planes."""
@overload
def max_pool2d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool2d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: _bool) -> _Any: ...
@overload
def max_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, return_indices: Literal[False] = False) -> Tensor:
    """The largest cell of every window over the last 3 dimension(s)."""
@overload
def max_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool3d(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: _bool) -> _Any: ...
@overload
def max_pool3d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, return_indices: Literal[False] = False) -> Tensor:
    """max_pool3d together with the places of the maxima in their planes."""
@overload
def max_pool3d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
@overload
def max_pool3d_with_indices(input: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, dilation: _int | Sequence[_int] = 1, ceil_mode: _bool = False, *, return_indices: _bool) -> _Any: ...
def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, output_size: Sequence[_int] | None = None) -> Tensor:
    """The inverse of max_pool1d: maxima put back, 0 elsewhere."""
def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, output_size: Sequence[_int] | None = None) -> Tensor:
    """The inverse of max_pool2d: maxima put back, 0 elsewhere."""
def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: _int | Sequence[_int], stride: _int | Sequence[_int] | None = None, padding: _int | Sequence[_int] = 0, output_size: Sequence[_int] | None = None) -> Tensor:
    """The inverse of max_pool3d: maxima put back, 0 elsewhere."""
def mish(input: Tensor, inplace: _bool = False) -> Tensor:
    """y = x tanh(ln(1 + e^x))    Misra 2019, arXiv:1908.08681"""
def mish_(input: Tensor) -> Tensor:
    """In-place version of mish; returns input."""
def mse_loss(input: Tensor, target: Tensor, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean', weight: Tensor | None = None) -> Tensor:
    """L = (input - target)², reduced; weight: for each element."""
def multi_head_attention_forward(query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: _int, num_heads: _int, in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: _bool, dropout_p: _float, out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: _bool = True, key_padding_mask: Tensor | None = None, need_weights: _bool = True, attn_mask: Tensor | None = None, use_separate_proj_weight: _bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None, average_attn_weights: _bool = True, is_causal: _bool = False) -> tuple[Tensor, Tensor | None]:
    """What nn.MultiheadAttention computes, its parameters given: (output, weights or None)."""
def multi_margin_loss(input: Tensor, target: Tensor, p: _int = 1, margin: _float = 1.0, weight: Tensor | None = None, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = Σ_{i ≠ y} max(0, margin - x[y] + x[i])^p / C, by class weights."""
def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = Σ_{j in y} Σ_{i not in y} max(0, 1 - x[j] + x[i]) / C"""
def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = -Σ_c w_c (y log σ(x) + (1 - y) log σ(-x)) / C over the last dimension."""
def native_channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels, seen as (g, C / g), in the order of their transpose."""
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: _bool | None = None, ignore_index: _int = -100, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = -input[n, target[n]] for log-probabilities, by class weights."""
def normalize(input: Tensor, p: _float = 2.0, dim: _int = 1, eps: _float = 1e-12, out: Tensor | None = None, *, axis: _int = 1) -> Tensor:
    """y = x / max(‖x‖_p, eps) along dim."""
def one_hot(tensor: Tensor, num_classes: _int = -1) -> Tensor:
    """y = 1 at each index, else 0; as many classes as the largest index + 1 unless given."""
def pad(input: Tensor, pad: Sequence[_int], mode: _str = 'constant', value: _Number | None = None) -> Tensor:
    """input with pad = (before, after) of the last dimension, then of the one before it, ... around"""
def pairwise_distance(x1: Tensor, x2: Tensor, p: _float = 2.0, eps: _float = 1e-06, keepdim: _bool = False, *, keepdims: _bool = False) -> Tensor:
    """y = |x1 - x2 + eps|_p over the last dimension of the broadcast inputs."""
def pdist(input: Tensor, p: _float = 2.0) -> Tensor:
    """The p-norm distances of all pairs of rows i < j, in that order."""
def pixel_shuffle(input: Tensor, upscale_factor: _int) -> Tensor:
    """y[c, h r + i, w r + j] = x[c r² + i r + j, h, w]"""
def pixel_unshuffle(input: Tensor, downscale_factor: _int) -> Tensor:
    """y[c r² + i r + j, h, w] = x[c, h r + i, w r + j]: pixel_shuffle undone."""
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: _bool = True, full: _bool = False, size_average: _bool | None = None, eps: _float = 1e-08, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = e^x - y x, or x - y log(x + eps) if not log_input."""
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """y = x where x > 0, else w x; one weight, or one for each channel (dimension 1)"""
def relu(input: Tensor, inplace: _bool = False) -> Tensor:
    """y = max(x, 0), NaN stays;  dx = dy where y > 0"""
def relu6(input: Tensor, inplace: _bool = False) -> Tensor:
    """y = min(max(x, 0), 6);  dx = dy where 0 < x < 6"""
def relu6_(input: Tensor) -> Tensor:
    """In-place version of relu6; returns input."""
def relu_(input: Tensor) -> Tensor:
    """In-place version of relu; returns input."""
def rms_norm(input: Tensor, normalized_shape: Sequence[_int], weight: Tensor | None = None, eps: _float | None = None) -> Tensor:
    """y = x / sqrt(mean(x²) + eps) · w over the last dimensions, of shape normalized_shape."""
def rrelu(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _bool = False, inplace: _bool = False, *, generator: _Generator | None = None) -> Tensor:
    """y = x where x > 0, else r x: r drawn for each element from [lower, upper), their mean if not"""
def rrelu_(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _bool = False, *, generator: _Generator | None = None) -> Tensor:
    """In-place version of rrelu; returns input."""
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: _float = 0.0, is_causal: _bool = False, *, scale: _float | None = None, enable_gqa: _bool = False) -> Tensor:
    """y = dropout(softmax(q kᵀ scale + mask)) v"""
def selu(input: Tensor, inplace: _bool = False) -> Tensor:
    """y = λ (x where x > 0, else α (e^x - 1)), λ = 1.0507, α = 1.6733    Klambauer et al."""
def selu_(input: Tensor) -> Tensor:
    """In-place version of selu; returns input."""
def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = σ(x) = 1 / (1 + e^-x);  dx = dy y (1 - y)"""
def silu(input: Tensor, inplace: _bool = False) -> Tensor:
    """y = x σ(x);  dx = dy σ(x) (1 + x (1 - σ(x)))    Elfwing, Uchibe, Doya 2017,"""
def silu_(input: Tensor) -> Tensor:
    """In-place version of silu; returns input."""
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean', beta: _float = 1.0) -> Tensor:
    """L = d²/(2 beta) where |d| < beta, else |d| - beta/2, reduced; d = input - target."""
def soft_margin_loss(input: Tensor, target: Tensor, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = log(1 + e^(-y x)), y = ±1."""
def softmax(input: Tensor, dim: _int | None = None, _stacklevel: _int = 3, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, axis: _int | None = None) -> Tensor:
    """y = e^x / Σ e^x along dim; without dim it is guessed, with a warning."""
def softmin(input: Tensor, dim: _int | None = None, _stacklevel: _int = 3, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, axis: _int | None = None) -> Tensor:
    """softmax(-input): e^-x / Σ e^-x along dim; without dim it is guessed, with a warning."""
def softplus(input: Tensor, beta: _Number = 1.0, threshold: _Number = 20.0, *, out: Tensor | None = None) -> Tensor:
    """y = ln(1 + e^βx) / β; x itself where βx > threshold"""
def softshrink(input: Tensor, lambd: _Number = 0.5, *, out: Tensor | None = None) -> Tensor:
    """y = x - λ where x > λ, x + λ where x < -λ, else 0;  dx = dy where |x| > λ"""
def softsign(input: Tensor) -> Tensor:
    """y = x / (1 + |x|)"""
def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = tanh x;  dx = dy (1 - y²)"""
def tanhshrink(input: Tensor) -> Tensor:
    """y = x - tanh x"""
def threshold(input: Tensor, threshold: _Number, value: _Number, inplace: _bool = False) -> Tensor:
    """y = x where x > threshold, else value;  dx = dy where x > threshold"""
def threshold_(input: Tensor, threshold: _Number, value: _Number) -> Tensor:
    """In-place version of threshold; returns input."""
def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: _float = 1.0, p: _float = 2, eps: _float = 1e-06, swap: _bool = False, size_average: _bool | None = None, reduce: _bool | None = None, reduction: _str = 'mean') -> Tensor:
    """L = max(0, |a - p|_p - |a - n|_p + margin); swap: the nearer of a and p counts for n."""
def triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Callable | None = None, margin: _float = 1.0, swap: _bool = False, reduction: _str = 'mean') -> Tensor:
    """triplet_margin_loss by any distance of two tensors; pairwise_distance by default."""
def unfold(input: Tensor, kernel_size: _int | Sequence[_int], dilation: _int | Sequence[_int] = 1, padding: _int | Sequence[_int] = 0, stride: _int | Sequence[_int] = 1) -> Tensor:
    """Sliding windows as columns."""
def upsample(input: Tensor, size: Sequence[_int] | None = None, scale_factor: _Any = None, mode: _str = 'nearest', align_corners: _bool | None = None) -> Tensor:
    """F.interpolate under its old name; warns."""
def upsample_bilinear(input: Tensor, size: Sequence[_int] | None = None, scale_factor: _Any = None) -> Tensor:
    """F.interpolate(mode="bilinear", align_corners=True) under its old name; warns."""
def upsample_nearest(input: Tensor, size: Sequence[_int] | None = None, scale_factor: _Any = None) -> Tensor:
    """F.interpolate(mode="nearest") under its old name; warns."""
