"""Models that give what is inside of them: torchvision.models.feature_extraction.

A model is traced; its steps have the names of the modules that they are in, "layer1.0.relu_1",
"layer1.0.add". `create_feature_extractor` cuts the graph off behind the steps that are wanted.
"""

from __future__ import annotations

import importlib
import math
import re
import warnings
from collections import OrderedDict
from typing import Any

from ..core.names import explain_missing
from ..nn.module import Module
from .graph import Graph
from .graph_module import GraphModule
from .node import Node
from .tracer import Tracer

__all__ = ["create_feature_extractor", "get_graph_node_names"]


class LeafModuleAwareTracer(Tracer):
    """A Tracer for which modules of the classes leaf_modules are one step."""

    def __init__(self, *args: Any, leaf_modules: list[type] | None = None, **kwargs: Any) -> None:
        self.leaf_modules = tuple(leaf_modules or ())
        super().__init__(*args, **kwargs)

    def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
        """Is m one step?"""
        leaf = isinstance(m, self.leaf_modules)
        return leaf or super().is_leaf_module(m, module_qualified_name)


class NodePathTracer(LeafModuleAwareTracer):
    """A Tracer that names each step: node_to_qualname, node -> "layer1.0.add"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.node_to_qualname: OrderedDict[Node, str] = OrderedDict()

    def trace(self, root: Any, concrete_args: dict[str, Any] | None = None) -> Graph:
        """The graph, and the names of its nodes."""
        self.node_to_qualname = OrderedDict()
        graph = super().trace(root, concrete_args)
        seen: dict[str, int] = {}
        for node in graph.nodes:
            if node.op == "output":
                continue
            name = _place(node)
            count = seen[name] = seen.get(name, -1) + 1
            self.node_to_qualname[node] = f"{name}_{count}" if count else name
        return graph


def _place(node: Node) -> str:
    """The module that is called; or the module that the step is in, and its function's name."""
    if node.op == "call_module":
        return str(node.target)
    base = re.sub(r"_[0-9]+$", "", node.name)
    inside = list(node.meta.get("nn_module_stack", ()))
    return f"{inside[-1]}.{base}" if inside and inside[-1] else base


def _options(given: dict[str, Any] | None) -> dict[str, Any]:
    """The Tracer's options, and the caller's beside them: functions and modules of torchvision.ops
    are one step.
    """
    vision = __name__.split(".")[0] + ".vision"
    ops = importlib.import_module(f"{vision}.ops")
    swin = importlib.import_module(f"{vision}.models.swin_transformer")
    kinds = [v for v in vars(ops).values() if isinstance(v, type) and issubclass(v, Module)]
    own: dict[str, Any] = {
        "autowrap_modules": (math, ops),
        "autowrap_functions": (swin.shifted_window_attention, swin.joined_quarters),
        "leaf_modules": kinds,
    }
    given = dict(given or {})
    return {k: v + type(v)(given.pop(k, ())) for k, v in own.items()} | given


def _traced(model: Module, training: bool, options: dict[str, Any], concrete: Any) -> Any:
    model.train(training)
    tracer = NodePathTracer(**options)
    return tracer, tracer.trace(model, concrete_args=concrete)


def get_graph_node_names(
    model: Module,
    tracer_kwargs: dict[str, Any] | None = None,
    suppress_diff_warning: bool = False,
    concrete_args: dict[str, Any] | None = None,
) -> tuple[list[str], list[str]]:
    """The names of the model's steps in training, and in evaluation, in their order.

    tracer_kwargs          options of NodePathTracer
    suppress_diff_warning  say nothing if the two differ
    concrete_args          arguments of forward that are no inputs
    errors                 TraceError: the model decides by values
    """
    options, training = _options(tracer_kwargs), model.training
    try:
        names = [
            list(_traced(model, mode, options, concrete_args)[0].node_to_qualname.values())
            for mode in (True, False)
        ]
    finally:
        model.train(training)
    if not suppress_diff_warning:
        _warn_if_different(*names)
    return names[0], names[1]


def _is_part(x: list[str], y: list[str]) -> bool:
    """Are the names x among y, in this order?"""
    rest = iter(y)
    return all(name in rest for name in x)


def _warn_if_different(train: list[str], evaluation: list[str]) -> None:
    if train == evaluation:
        return
    advice = (
        " When choosing nodes for feature extraction, you may need to specify output nodes for "
        "train and eval mode separately."
    )
    if _is_part(evaluation, train):
        text = (
            "NOTE: The nodes obtained by tracing the model in eval mode are a subsequence of those "
            "obtained in train mode."
        )
    elif _is_part(train, evaluation):
        text = (
            "NOTE: The nodes obtained by tracing the model in train mode are a subsequence of "
            "those obtained in eval mode."
        )
    else:
        text = (
            "The nodes obtained by tracing the model in train mode are different to those obtained "
            "in eval mode."
        )
    warnings.warn(text + advice, stacklevel=3)


class DualGraphModule(GraphModule):
    """A module with a graph for training and one for evaluation."""

    def __init__(
        self, root: Module, train_graph: Graph, eval_graph: Graph, class_name: str = "GraphModule"
    ):
        training, own = root.training, OrderedDict[str, Any]()
        for graph in (train_graph, eval_graph):
            for node in graph.nodes:
                if node.op in ("call_module", "get_attr"):
                    own.setdefault(str(node.target), _value(root, str(node.target)))
        super().__init__(dict(own), train_graph, class_name)
        self.train_graph = train_graph
        self.eval_graph = eval_graph
        for target, value in own.items():
            if isinstance(value, Module):
                self.add_submodule(target, value)
        self.train(training)

    def train(self, mode: bool = True) -> DualGraphModule:
        """Change the mode, and the graph with it."""
        if mode != self.training or "_graph" not in self.__dict__:
            self.graph = self.train_graph if mode else self.eval_graph
        super().train(mode)
        return self


def _value(root: Any, target: str) -> Any:
    for part in target.split("."):
        root = getattr(root, part)
    return root


def create_feature_extractor(
    model: Module,
    return_nodes: list[str] | dict[str, str] | None = None,
    train_return_nodes: list[str] | dict[str, str] | None = None,
    eval_return_nodes: list[str] | dict[str, str] | None = None,
    tracer_kwargs: dict[str, Any] | None = None,
    suppress_diff_warning: bool = False,
    concrete_args: dict[str, Any] | None = None,
) -> GraphModule:
    """A module that shares the model's layers, and gives a dict of what is inside of it.

    return_nodes                           the steps that are wanted, or step -> name in the dict.
                                           A module's name stands for the last step in it
    train_return_nodes, eval_return_nodes  the same, where the two modes have other steps
    the rest                               as in get_graph_node_names
    errors                                 ValueError: no such step; TraceError: the model decides
                                           by values
    """
    both = (train_return_nodes is None, eval_return_nodes is None)
    if return_nodes is None and all(both):
        raise ValueError(
            "Either `return_nodes` or `train_return_nodes` and `eval_return_nodes` together, "
            "should be specified"
        )
    if both[0] != both[1]:
        raise ValueError(
            "If any of `train_return_nodes` and `eval_return_nodes` are specified, then both "
            "should be specified"
        )
    if return_nodes is not None and not all(both):
        raise ValueError(
            "If `train_return_nodes` and `eval_return_nodes` are specified, then both should be "
            "specified"
        )
    wanted = {
        True: _as_dict(return_nodes if train_return_nodes is None else train_return_nodes),
        False: _as_dict(return_nodes if eval_return_nodes is None else eval_return_nodes),
    }
    options, training, separate = _options(tracer_kwargs), model.training, not all(both)
    graphs, names = {}, {}
    try:
        for mode in (True, False):
            tracer, graph = _traced(model, mode, options, concrete_args)
            names[mode] = list(tracer.node_to_qualname.values())
            _cut(graph, tracer.node_to_qualname, wanted[mode])
            graphs[mode] = graph
    finally:
        model.train(training)
    if not suppress_diff_warning and not separate:
        _warn_if_different(names[True], names[False])
    return DualGraphModule(model, graphs[True], graphs[False], type(model).__name__)


def _as_dict(nodes: Any) -> dict[str, str]:
    if isinstance(nodes, dict):
        return {str(k): str(v) for k, v in nodes.items()}
    return {str(n): str(n) for n in nodes}


def _cut(graph: Graph, names: dict[Node, str], wanted: dict[str, str]) -> None:
    """Let the graph give the wanted steps, and drop what they do not need."""
    for query in wanted:
        if not any(_matches(name, query) for name in names.values()):
            raise ValueError(
                f"node: '{query}' is not present in model. Hint: use `get_graph_node_names` to "
                "make sure the `return_nodes` you specified are present. It may even be that you "
                "need to specify `train_return_nodes` and `eval_return_nodes` separately."
            )
    for node in [n for n in graph.nodes if n.op == "output"]:
        graph.erase_node(node)
    left, found = dict(wanted), OrderedDict[str, Node]()
    steps = [n for n in graph.nodes if n in names]
    for node in reversed(steps):
        for query in left:
            if _matches(names[node], query):
                found[left.pop(query)] = node
                break
    with graph.inserting_after(steps[-1]):
        graph.output(dict(reversed(found.items())))
    graph.eliminate_dead_code()
    for node in reversed(list(graph.nodes)):
        if node.op == "placeholder" or node.users or node.op == "output":
            continue
        graph.erase_node(node)


def _matches(name: str, query: str) -> bool:
    return name == query or name.startswith(query + ".")


explain_missing(__name__)
