"""Indexing: x[...] and x[...] = v, gather, scatter and their kin."""

from __future__ import annotations

from ..core.registry import op
from ..kernels import K
