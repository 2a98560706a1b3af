"""Cards by family. Importing this package fills the registry: with cards, or with the names of
those whose family is imported later.

A family that uses another's functions comes after it.
"""

import gc as _gc
from importlib import import_module as _import

from ..dispatch import late as _late
from ..dispatch import overrides as _overrides  # asks subclasses of Tensor before an op runs
from . import late_table as _late_table

# what every program needs: operators, views, makers, random numbers
_FAMILIES = """
    convert arithmetic sign power clamp unary bitwise complex compare activation shape expand index
    setitem select cat_split reduce matmul creation ranges random_fill random_factories
    random_sampling dropout
""".split()
# the others, imported when a name of theirs is asked for: dispatch/late.py
LATER = """
    trigonometry rounding special incomplete_gamma ternary activation_slopes flip movedim as_strided
    index_select masked split diagonal scatter resize variance minmax sort order_statistics
    vector_norm scan unique addmm einsum windows pad softmax norm rms_norm embedding conv pool loss
    cross_entropy distance margin_loss ctc linear_cross_entropy pixel_shuffle interpolate
    grid_sample gamma_draws linear_algebra solve factorize householder eigen determinant
    matrix_norms low_rank attention multi_head padded recurrent native_names segment bessel
    polynomials fft masked_reductions
""".split()

_collecting = _gc.isenabled()
_gc.disable()  # a hundred thousand new objects, and none of them garbage
try:
    for _family in _FAMILIES:
        _import(f"{__name__}.{_family}")
finally:
    if _collecting:
        _gc.enable()
_late.promise(__name__, _late_table.NAMES)
