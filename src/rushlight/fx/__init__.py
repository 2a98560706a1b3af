"""torch.fx: modules and functions as graphs of steps, which can be read, changed and run.

`symbolic_trace` runs a module on proxies; node.py and graph.py are what it makes, graph_module.py
the module of it, interpreter.py runs it step by step. What decides by values (an `if` on a tensor)
cannot be traced, and raises TraceError.
"""

from __future__ import annotations

from ..core.names import explain_missing
from .graph import CodeGen, Graph
from .graph_module import GraphModule
from .interpreter import Interpreter, Transformer
from .node import Node, has_side_effect, map_arg
from .proxy import Proxy
from .tracer import PH, Tracer, symbolic_trace, wrap

__all__ = [
    "PH",
    "CodeGen",
    "Graph",
    "GraphModule",
    "Interpreter",
    "Node",
    "Proxy",
    "Tracer",
    "Transformer",
    "has_side_effect",
    "map_arg",
    "symbolic_trace",
    "wrap",
]

explain_missing(__name__)
