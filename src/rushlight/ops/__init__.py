"""Cards by family. Importing this package fills the registry.

A family that uses another's functions comes after it.
"""

from importlib import import_module as _import

_FAMILIES = """
    convert pointwise power bounds elementary special blend bitwise complex compare activation
    shape restride index masked join diagonal scatter
    reduce extremes vector_norm scan sort matmul einsum
    creation distributions random sampling dropout
    pad softmax norm embedding conv pool loss distance margin likelihood linear_loss shuffle
"""

for _family in _FAMILIES.split():
    _import(f"{__name__}.{_family}")
