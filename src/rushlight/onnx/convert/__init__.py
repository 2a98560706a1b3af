"""Converters: what each op of ours is in ONNX, by family.

A converter is a function `f(g, **arguments)` that writes nodes with `g.op(...)` and returns the
Value of the result, or a tuple of Values. It stands in one of two tables: CARDS, by the name of the
card, with the arguments of its forward; WHOLES, by the name of a composite, with those of its
schema, where the composite says more than the cards that it calls. `g.result` is the result as it
was computed: its sizes and its dtype.
"""

from . import activation, conv, index, matmul, norm, pointwise, recurrent, reduce, shape
from .table import CARDS, NEVER, WHOLES
