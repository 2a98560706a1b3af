"""torch.nn: modules, their parameters, losses, initialisation, functions."""

from .container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from .module import Module
from .parameter import Buffer, Parameter

# last: it gives PyTorch's file names to the families imported above
from . import modules  # isort: skip

__all__ = [
    "Buffer",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "Sequential",
    "modules",
]
