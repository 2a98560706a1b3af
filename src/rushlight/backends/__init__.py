"""torch.backends: which libraries PyTorch could compute with, answered truthfully for rushlight.

Settings of absent libraries (`torch.backends.cudnn.benchmark = True`) can be set and read: they are
permissions for a library that is not there.
"""

from ..core.names import explain_missing as _explain_missing
from . import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum

fp32_precision = "none"

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]


_explain_missing(__name__)
