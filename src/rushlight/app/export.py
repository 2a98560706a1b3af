"""`rushlight export RUN`: a trained model as a file that other programs read.

    --onnx FILE          the model itself: onnxruntime and others run it, without Python code
    --safetensors FILE   its weights, with names; any library that reads safetensors
    --pt FILE            its weights as PyTorch's torch.load reads them

The best checkpoint of the run is written. Names of the classes, size, mean and deviation of the
images lie beside the weights where the format has a place for them.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight.app import models
from rushlight.app.arguments import Parser, whole
from rushlight.app.errors import CliError, expected
from rushlight.app.trainer import save_atomically


def write_onnx(model: Any, about: dict[str, Any], path: Path, opset: int | None = None) -> str:
    """Writes the model for batches of any size; what was written, in words."""
    from rushlight import onnx

    x = rl.zeros(2, *about["shape"])
    with expected(ImportError, onnx.OnnxExporterError, NotImplementedError):
        program = onnx.export(
            model, (x,), input_names=["input"], output_names=["scores"], opset_version=opset,
            dynamic_axes={"input": {0: "batch"}, "scores": {0: "batch"}},
        )  # fmt: skip
    assert program is not None
    for key, value in _notes(about).items():
        program.model_proto.metadata_props.add(key=key, value=value)
    save_atomically(program.save, path)
    graph = program.model_proto.graph
    version = program.model_proto.opset_import[0].version
    return f"{len(graph.node)} nodes, opset {version}, input (batch, {_sizes(about)})"


def write_safetensors(model: Any, about: dict[str, Any], path: Path) -> str:
    """Writes the weights; what was written, in words."""
    state = model.state_dict()
    with expected(ImportError, ValueError):
        save_atomically(lambda part: rl.save_safetensors(state, part, _notes(about)), path)
    return f"{len(state)} tensors"


def write_pt(model: Any, about: dict[str, Any], path: Path) -> str:
    """Writes the state dict as PyTorch reads it; what was written, in words."""
    state = model.state_dict()
    save_atomically(lambda part: rl.save(state, part), path)
    return f"{len(state)} tensors"


def _notes(about: dict[str, Any]) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in about.items()}


def _sizes(about: dict[str, Any]) -> str:
    return ", ".join(map(str, about["shape"]))


def main(words: Sequence[str]) -> int:
    """Writes the files that are asked for."""
    parser = Parser(
        prog="rushlight export",
        usage="rushlight export RUN [--onnx FILE] [--safetensors FILE] [--pt FILE] [--opset N]",
        description="write a trained model as a file that other programs read",
    )
    parser.add_argument("run", type=Path, help="a run's folder, or one of its checkpoints")
    parser.add_argument("--onnx", type=Path, metavar="FILE", help="the model as ONNX")
    parser.add_argument("--safetensors", type=Path, metavar="FILE", help="the weights")
    parser.add_argument("--pt", type=Path, metavar="FILE", help="the weights for torch.load")
    parser.add_argument("--opset", type=whole(17, 21), help="of ONNX (default: 20)")
    options = parser.parse_args(words)
    if options.opset is not None and options.onnx is None:
        raise CliError("--opset is for --onnx: leave it out, or give --onnx FILE")
    wanted: list[tuple[Path | None, Callable[..., str]]] = [
        (options.onnx, partial(write_onnx, opset=options.opset)),
        (options.safetensors, write_safetensors),
        (options.pt, write_pt),
    ]
    if not any(path for path, _ in wanted):
        raise CliError("nothing to write\n  fix: --onnx FILE, --safetensors FILE or --pt FILE")
    for path, _ in wanted:
        if path is not None and path.is_dir():
            raise CliError(f"{path} is a folder; give the name of a file")
        if path is not None and not path.parent.is_dir():
            raise CliError(f"no folder {str(path.parent)!r} to write {path.name} in: make it first")
    model, state = models.load(options.run)
    with models.own_code(state["settings"]["model"]):
        for path, write in wanted:
            if path is not None:
                text = write(model, state["data"], path)
                print(f"{path}: {text}, {path.stat().st_size:,} bytes")
    return 0
