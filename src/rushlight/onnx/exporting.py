"""torch.onnx.export: a model as an ONNX graph.

The model is run several times (tracing.py), the runs are merged (merging.py), and each call is
written as nodes by its converter (convert/).
"""

from __future__ import annotations

import inspect
import os
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .._utils.dims import Dim
from ..core.tensor import Tensor, wrap
from ..nn import Module
from ..utils._pytree import tree_flatten, tree_unflatten
from .convert import CARDS, WHOLES
from .errors import OnnxExporterError, SymbolicValueError, UnsupportedOperatorError
from .extents import Extent, Varies, merged
from .graph import Graph, Value
from .merging import Merger, Step
from .program import ONNXProgram, OperatorExportTypes, TrainingMode, proto
from .tracing import CARD, UNKNOWN, Trace, run

OPSETS = range(17, 22)
DEFAULT_OPSET = 20
_ON = [False]


def is_in_onnx_export() -> bool:
    """Is a model being exported now?"""
    return _ON[0]


def export(
    model: Any,
    args: tuple[Any, ...] = (),
    f: str | os.PathLike | None = None,
    *,
    kwargs: dict[str, Any] | None = None,
    verbose: bool | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    opset_version: int | None = None,
    dynamo: bool = True,
    external_data: bool = True,
    dynamic_shapes: dict[str, Any] | tuple[Any, ...] | list[Any] | None = None,
    custom_translation_table: dict[Callable, Callable] | None = None,
    report: bool = False,
    optimize: bool = True,
    verify: bool = False,
    profile: bool = False,
    dump_exported_program: bool = False,
    artifacts_dir: str | os.PathLike = ".",
    export_params: bool = True,
    keep_initializers_as_inputs: bool = False,
    dynamic_axes: Mapping[str, Mapping[int, str]] | Mapping[str, Sequence[int]] | None = None,
    training: Any = TrainingMode.EVAL,
    operator_export_type: Any = OperatorExportTypes.ONNX,
    do_constant_folding: bool = True,
    custom_opsets: Mapping[str, int] | None = None,
    export_modules_as_functions: Any = False,
    autograd_inlining: bool = True,
) -> ONNXProgram | None:
    """Writes a model as ONNX. Needs the package onnx: pip install rushlight[onnx].

    The model is run two times or more, and the ops that it calls are noted: what Python decides (by
    sizes, by `if`) is decided by these runs. What is not the same in all of them is refused.

    model           a Module, or a function of tensors
    args, kwargs    its arguments, with tensors of the sizes that it is exported for
    f               a path or a file to write to; with dynamo=True it may be None
    dynamo          True: an ONNXProgram is returned; False: None. The graph is the same
    input_names, output_names
                    names in the graph; else those of forward's arguments, and output, output_1, ...
    opset_version   17 to 21; default 20
    dynamic_axes    {name: {dimension: name of the size}}, or {name: [dimension]}
    dynamic_shapes  the same by forward's arguments: {"x": {0: "batch"}}, or a tuple in their order;
                    names, torch.export.Dim, Dim.AUTO or Dim.DYNAMIC
    training        EVAL: model.eval() meanwhile; PRESERVE: as it is, and an error where a layer
                    trains; TRAINING is refused
    do_constant_folding
                    what depends on parameters only is computed now
    export_params   False: parameters become inputs of the graph
    keep_initializers_as_inputs
                    parameters are inputs with a default
    verify          run the file with onnxruntime and compare (1e-4 of the largest)
    optimize, autograd_inlining
                    accepted: nothing here depends on them
    external_data   accepted: weights lie in the file itself, up to 2 GB; larger ones beside it

    errors  ModuleNotFoundError: no package onnx; UnsupportedOperatorError: an op that ONNX does not
            have, by name; OnnxExporterError: a model that does something else for other inputs;
            RuntimeError: names and dimensions that do not fit; NotImplementedError:
            custom_translation_table, report, profile, dump_exported_program, custom_opsets,
            export_modules_as_functions, TrainingMode.TRAINING
    source  https://onnx.ai/onnx/operators

    >>> torch.onnx.export(model, (torch.zeros(2, 2),), "net.onnx", dynamic_axes={"input": {0: "n"}})
    """
    refused = {
        "custom_translation_table": custom_translation_table, "report": report, "profile": profile,
        "dump_exported_program": dump_exported_program, "custom_opsets": custom_opsets,
        "export_modules_as_functions": export_modules_as_functions,
    }  # fmt: skip
    for name, value in refused.items():
        if value:
            raise NotImplementedError(f"rushlight does not have torch.onnx.export({name}=)")
    if not isinstance(training, TrainingMode):
        raise TypeError(
            f"'mode' should be a torch.onnx.TrainingMode enum, but got '{type(training)}'."
        )
    if training is TrainingMode.TRAINING:
        raise NotImplementedError(
            "rushlight does not have torch.onnx.export(training=TrainingMode.TRAINING): graphs are "
            "for inference"
        )
    if operator_export_type is not OperatorExportTypes.ONNX:
        raise NotImplementedError(
            "rushlight does not have torch.onnx.export(operator_export_type=) other than "
            "OperatorExportTypes.ONNX"
        )
    opset = DEFAULT_OPSET if opset_version is None else opset_version
    if opset not in OPSETS:
        raise ValueError(f"Unsupported ONNX opset version: {opset}\n  rushlight writes 17 to 21")
    if f is None and not dynamo:
        raise ValueError("export(dynamo=False) needs f, the file to write")
    needs_onnx("export")
    program = _exported(
        model, args if isinstance(args, tuple) else (args,), kwargs or {}, opset, input_names,
        output_names, dynamic_axes, dynamic_shapes, training, do_constant_folding, export_params,
        keep_initializers_as_inputs,
    )  # fmt: skip
    if verbose:
        import onnx

        print(onnx.printer.to_text(program.model_proto))
    if verify:
        program.verify()
    if f is not None:
        program.save(f)
    return program if dynamo else None


def needs_onnx(what: str) -> None:
    """ModuleNotFoundError that says what to install, where there is no onnx."""
    try:
        import onnx  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise ModuleNotFoundError(
            f"rushlight.onnx.{what} needs the package onnx\n  fix: pip install 'rushlight[onnx]'",
            name="onnx",
        ) from None


# ---------------------------------------------------------------- the export


def _exported(
    model: Any, args: tuple, kwargs: dict, opset: int, input_names: Any, output_names: Any,
    dynamic_axes: Any, dynamic_shapes: Any, training: Any, fold: bool, params: bool, keep: bool,
) -> ONNXProgram:  # fmt: skip
    bound = _bound(model, args, kwargs)
    flat, spec = tree_flatten((args, kwargs))
    places = [i for i, x in enumerate(flat) if isinstance(x, Tensor)]
    if not places:
        raise OnnxExporterError("the model needs at least one tensor among args")
    names, given = _named_inputs(bound, input_names)
    tensors = [flat[i] for i in places]
    outputs = list(output_names or ())
    dynamic = _dynamic(given, tensors, names, dynamic_axes, dynamic_shapes, outputs)

    def call(inputs: list[Tensor]) -> Any:
        values = list(flat)
        for i, t in zip(places, inputs, strict=True):
            values[i] = t
        a, k = tree_unflatten(values, spec)
        return model(*a, **k)

    with _ready(model, training):
        traces = _traces(model, tensors, call, dynamic)
    if any(t.random for t in traces):
        raise OnnxExporterError(
            "the model draws random numbers, which would be the same ones for ever\n"
            "  fix: model.eval(), or draw them outside and pass them in"
        )
    if isinstance(traces[0].output, Mapping) and not outputs:
        outputs = [str(k) for k in traces[0].output]
    graph = Graph(opset)
    inputs = [_input(graph, name, [t.inputs[i] for t in traces]) for i, name in enumerate(names)]
    merger = Merger(traces, _parameter_names(model), fold)
    found = merger.merge(inputs)
    if len(outputs) > len(found):
        raise RuntimeError(
            f"number of output names provided ({len(outputs)}) exceeded number of outputs "
            f"({len(found)})"
        )
    graph.inputs = inputs
    for value in inputs:
        graph.register(value)
    for step in merger.live(found):
        _write(graph, step, merger)
    labels = {n: dynamic_name(n, inputs, dynamic) for n in _extents([*inputs, *found])}
    outputs = [
        *outputs,
        *("output" if i == 0 else f"output_{i}" for i in range(len(outputs), len(found))),
    ]
    pairs = [(_usable(v, merger, "output"), name) for v, name in zip(found, outputs, strict=True)]
    made = proto(graph, inputs, pairs, labels, params, keep)
    return ONNXProgram(made, call=lambda given: call(given), tensors=tensors, names=names)


def _usable(value: Value, merger: Merger, name: str) -> Value:
    problem = merger.errors.get(id(value))
    if problem:
        raise OnnxExporterError(f"{name}: {problem}")
    return value


def _write(g: Graph, step: Step, merger: Merger) -> None:
    """The nodes of one step."""
    for value in [*step.uses(), *step.results]:
        problem = merger.errors.get(id(value))
        if problem:
            raise OnnxExporterError(f"{step.scope or 'the model'}: {step.name}: {problem}")
    if step.kind == UNKNOWN:
        raise UnsupportedOperatorError(
            f"{step.name} cannot be written in ONNX opset {g.opset}: rushlight has no conversion "
            f"of it{f' (in {step.scope[1:]})' if step.scope else ''}"
        )
    table = CARDS if step.kind == CARD else WHOLES
    g.results, g.scope = step.results, step.scope
    if any(v.dtype.is_complex for v in [*step.uses(), *step.results]):
        raise UnsupportedOperatorError(f"{step.name}: ONNX has no operators for complex numbers")
    try:
        made = table[step.name](g, **step.arguments)
        if step.then:
            made = CARDS[step.then](g, made)
    except Varies as error:
        raise SymbolicValueError(f"{step.name}: {error}\n  fix: fewer dynamic dimensions") from None
    made = made if isinstance(made, tuple) else (made,)
    for value, result in zip(step.results, made, strict=False):
        if result is None or value.name:  # it gave back what it got
            continue
        if result.dtype is not None and result.dtype is not value.dtype:
            result = g.cast(result, value.dtype)
        value.name, value.array = g.named(result), result.array
        g.register(value)


@contextmanager
def _ready(model: Any, training: Any) -> Any:
    """The model in eval mode, if it is to be."""
    modes = [(m, m.training) for m in model.modules()] if isinstance(model, Module) else []
    if training is TrainingMode.EVAL and modes:
        model.eval()
    _ON[0] = True
    try:
        yield
    finally:
        _ON[0] = False
        for module, mode in modes:
            module.training = mode


@contextmanager
def select_model_mode_for_export(model: Any, mode: Any) -> Any:
    """Context: the model in eval mode (EVAL), in training (TRAINING), or as it is (PRESERVE)."""
    with _ready(model, mode):
        if mode is TrainingMode.TRAINING:
            model.train()
        yield


def _parameter_names(model: Any) -> dict[int, str]:
    if not isinstance(model, Module):
        return {}
    return {id(t): n for n, t in [*model.named_parameters(), *model.named_buffers()]}


# ---------------------------------------------------------------- inputs


def _bound(model: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
    """{name of forward's parameter: what it gets}"""
    function = model.forward if isinstance(model, Module) else model
    try:
        found = dict(inspect.signature(function).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        return {f"input_{i}" if i else "input": x for i, x in enumerate((*args, *kwargs.values()))}
    out: dict[str, Any] = {}
    for name, value in found.items():
        kind = inspect.signature(function).parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            out.update({f"{name}_{i}": x for i, x in enumerate(value)})
        elif kind is inspect.Parameter.VAR_KEYWORD:
            out.update(value)
        else:
            out[name] = value
    return out


def _named_inputs(bound: dict, wanted: Any) -> tuple[list[str], list[tuple]]:
    """(the inputs' names in the graph, [(parameter, how many tensors it holds)])"""
    names: list[str] = []
    given = []
    for name, value in bound.items():
        count = sum(isinstance(x, Tensor) for x in tree_flatten(value)[0])
        given.append((name, count))
        names += [name if count == 1 else f"{name}_{i}" for i in range(count)]
    wanted = list(wanted or ())
    names[: min(len(wanted), len(names))] = wanted[: len(names)]
    return names, given


def _input(g: Graph, name: str, tensors: list[Tensor]) -> Value:
    shapes = [tuple(t.shape) for t in tensors]
    shape = tuple(merged(n) for n in zip(*shapes, strict=True))
    return Value(g.fresh(name), shape, tensors[0].dtype)


def _dynamic(
    given: list, tensors: list, names: list, axes: Any, shapes: Any, outputs: list
) -> dict[tuple[int, int], str]:
    """{(which input, dimension): name of its size}"""
    found: dict[tuple[int, int], str] = {}
    if axes and shapes is not None:
        raise ValueError("dynamic_axes and dynamic_shapes say the same: give one of them")
    for name, dims in (axes or {}).items():
        if name not in names:
            if name not in outputs and not re.fullmatch(r"output(_\d+)?", name):
                warnings.warn(
                    f"Provided key {name} for dynamic axes is not a valid input/output name\n"
                    f"  the inputs are {', '.join(names)}",
                    stacklevel=4,
                )
            continue  # of an output: it follows from the inputs
        i = names.index(name)
        for d in dims:
            label = dims[d] if isinstance(dims, Mapping) else f"{name}_dynamic_axes_{d + 1}"
            if not -tensors[i].ndim <= d < tensors[i].ndim:
                raise RuntimeError(
                    f"Dynamic shape axis should be no more than the shape dimension for {label}"
                )
            found[i, d % tensors[i].ndim] = str(label)
    if shapes is not None:
        parts = list(shapes.values()) if isinstance(shapes, Mapping) else list(shapes)
        known = [name for name, _ in given]
        if isinstance(shapes, Mapping):
            unknown = [k for k in shapes if k not in known]
            if unknown:
                raise ValueError(f"dynamic_shapes has {unknown}, which forward has not: {known}")
            parts = [shapes.get(name) for name in known]
        if len(parts) != len(given):
            raise ValueError(f"dynamic_shapes has {len(parts)} parts for {len(given)} arguments")
        i = 0
        for (_, count), part in zip(given, parts, strict=True):
            each = [part] if count == 1 else list(part or [None] * count)
            for own in each[:count]:
                for d, label in _dims(own):
                    found[i, d % tensors[i].ndim] = _label(label, i, d)
                i += 1
    return {k: v for k, v in found.items() if v}


def _dims(part: Any) -> list[tuple[int, Any]]:
    if part is None:
        return []
    return list(part.items()) if isinstance(part, Mapping) else list(enumerate(part))


def _label(label: Any, i: int, d: int) -> str:
    if label is None or label is Dim.STATIC or isinstance(label, int):
        return ""
    if label is Dim.AUTO or label is Dim.DYNAMIC:
        return f"s{i}_{d}"
    return label if isinstance(label, str) else str(getattr(label, "__name__", label))


# ---------------------------------------------------------------- the runs


def _traces(model: Any, tensors: list, call: Any, dynamic: dict) -> list[Trace]:
    """Runs with other sizes, or, where all sizes are fixed, with other numbers."""
    if not dynamic:
        altered = [_altered(t) for t in tensors]
        return [run(model, [_copied(t) for t in tensors], call), run(model, altered, call)]
    sizes: dict[str, int] = {}
    for (i, d), label in dynamic.items():
        sizes[label] = max(tensors[i].shape[d], 2)
    failed: Exception | None = None
    for step in (_half, lambda n: n):
        try:
            return [run(model, _resized(tensors, dynamic, plan, k), call)
                    for k, plan in enumerate(_plans(sizes, step))]  # fmt: skip
        except Exception as error:
            failed = failed or error
    assert failed is not None
    raise OnnxExporterError(
        f"the model does not run with other sizes of {', '.join(sizes)}: {failed}\n"
        "  fix: fewer dynamic dimensions"
    ) from failed


def _half(n: int) -> int:
    return 1 if n < 8 else n // 2


def _plans(sizes: dict[str, int], step: Any) -> list[dict[str, int]]:
    """The sizes of each run: as given, all larger, all larger still, and each one alone."""
    plans = [{k: n + m * step(n) for k, n in sizes.items()} for m in range(3)]
    if len(sizes) > 1:
        plans += [{**sizes, k: n + step(n)} for k, n in sizes.items()]
    return plans


def _resized(tensors: list, dynamic: dict, plan: dict, k: int) -> list[Tensor]:
    found = []
    for i, t in enumerate(tensors):
        a = t._a
        for d in range(a.ndim):
            if (i, d) in dynamic:
                a = np.take(a, np.arange(plan[dynamic[i, d]]), axis=d, mode="wrap")
        made = _copied(wrap(a))
        found.append(_altered(made) if k == 1 else made)
    return found


def _copied(t: Tensor) -> Tensor:
    """The same numbers in memory of their own: a model may change its input in place."""
    return wrap(np.array(t._a))


def _altered(t: Tensor) -> Tensor:
    """Other numbers of the same kind; whole numbers and truths stay."""
    a = t._a
    if a.dtype.kind not in "fV":
        return _copied(t)
    return wrap((a * a.dtype.type(0.5)).astype(a.dtype))


def _extents(values: list[Value]) -> set:
    return {n for v in values for n in v.shape if isinstance(n, Extent)}


def dynamic_name(n: Extent, inputs: list[Value], dynamic: dict) -> str:
    """The name that the user gave to a size; "" for a size that follows from others."""
    for i, value in enumerate(inputs):
        for d, m in enumerate(value.shape):
            if m == n and (i, d) in dynamic:
                return dynamic[i, d]
    return ""
