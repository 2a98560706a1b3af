# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.
from .function import Function as Function
from .function import FunctionCtx as FunctionCtx
from .variable import Variable as Variable
from .api import backward as backward
from .anomaly import detect_anomaly as detect_anomaly
from ..core.grad_mode import enable_grad as enable_grad
from . import function as function
from .api import grad as grad
from rushlight.testing.gradcheck import gradcheck as gradcheck
from rushlight.testing.gradcheck import gradgradcheck as gradgradcheck
from . import graph as graph
from ..core.grad_mode import inference_mode as inference_mode
from ..core.grad_mode import no_grad as no_grad
from .anomaly import set_detect_anomaly as set_detect_anomaly
from ..core.grad_mode import set_grad_enabled as set_grad_enabled
