"""Cards by family. Importing this package fills the registry.

A family that uses another's functions comes after it.
"""

import gc as _gc
from importlib import import_module as _import

from ..dispatch import overrides as _overrides  # asks subclasses of Tensor before an op runs

_FAMILIES = """
    convert arithmetic sign power clamp unary trigonometry rounding special
    incomplete_gamma ternary bitwise complex compare activation activation_slopes shape expand
    flip as_strided index setitem select index_select masked cat_split split diagonal scatter resize
    reduce variance minmax order_statistics vector_norm scan sort unique matmul addmm einsum
    creation ranges windows random_fill random_factories random_sampling dropout pad softmax norm
    rms_norm embedding conv pool loss cross_entropy distance margin_loss ctc linear_cross_entropy
    pixel_shuffle interpolate grid_sample gamma_draws linear_algebra solve factorize householder
    eigen determinant matrix_norms low_rank attention multi_head padded recurrent
"""

_collecting = _gc.isenabled()
_gc.disable()  # hundreds of thousands of new objects, and none of them garbage
try:
    for _family in _FAMILIES.split():
        _import(f"{__name__}.{_family}")
finally:
    if _collecting:
        _gc.enable()
