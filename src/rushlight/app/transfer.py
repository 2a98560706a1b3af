"""Transfer learning for `rushlight train`: weights to begin with (--init), layers to keep
(--freeze).

The weights come from a run, a checkpoint of one, or a state dict: .pt, .pth, .safetensors, those of
torchvision's models too. A head for another number of classes is left as it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app import models
from rushlight.app.errors import CliError

SHOWN = 4  # names that are listed


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name. CliError: no such file, or no tensors by name in it."""
    file = path / "best.pt" if path.is_dir() else path
    if not file.is_file():
        raise CliError(f"--init {path}: there is no such file; give a run's folder or a state dict")
    if file.suffix == ".safetensors":
        found = models.read(file, rl.load_safetensors)
    else:
        found = models.read(file)
    for key in ("model", "state_dict", "model_state_dict"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
            break
    if not isinstance(found, Mapping) or not all(isinstance(v, Tensor) for v in found.values()):
        raise CliError(
            f"--init {path}: this is no state dict (names with tensors)\n"
            "  fix: save model.state_dict(), or give a run's folder"
        )
    return dict(found)


def begin_with(model: nn.Module, weights: Mapping[str, Tensor], path: Any) -> list[str]:
    """Puts weights into a model of the same architecture; the names that stay as they were made.

    Those of the last layer with parameters may stay: a head for another number of classes.
    CliError: anything else does not fit.
    """
    own = model.state_dict()
    head = _head(model)
    absent = [name for name in own if name not in weights and not name.endswith("batches_tracked")]
    foreign = [name for name in weights if name not in own]
    unlike = [n for n in own if n in weights and weights[n].shape != own[n].shape]
    fresh = [
        n for n in unlike if _below(n, head) and own[n].shape[1:] == weights[n].shape[1:]
    ]  # of another number of classes
    absent_head = [n for n in absent if _below(n, head)]
    wrong = [n for n in unlike if n not in fresh] + [n for n in absent if n not in absent_head]
    if not set(own) & set(weights):
        raise CliError(
            f"--init {path}: none of its names is one of the model's\n  there {_few(weights)}; in "
            f"the model {_few(own)}"
        )
    if wrong or (foreign and len(foreign) > len(weights) // 2):
        first = (wrong or foreign)[0]
        there = tuple(weights[first].shape) if first in weights else "absent"
        here = tuple(own[first].shape) if first in own else "absent"
        raise CliError(
            f"--init {path} does not fit the model: {first} is {there} there and {here} here"
            + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
        )
    fitting = {n: v for n, v in weights.items() if n in own and n not in fresh}
    model.load_state_dict(fitting, strict=False)
    return fresh + absent_head


def freeze(model: nn.Module, globs: str) -> int:
    """Stops gradients of the parameters whose names match a pattern; how many numbers that are.

    globs  patterns with * and ?, separated by commas: "features.*,conv1.*"
    CliError: a pattern that matches no parameter, or nothing left to train.
    """
    count = 0
    named = list(model.named_parameters())
    for glob in globs.split(","):
        matching = [p for name, p in named if fnmatchcase(name, glob.strip())]
        if not matching:
            raise CliError(
                f"--freeze {glob}: no parameter has such a name; they are "
                f"{_few(n for n, _ in named)}"
            )
        for p in matching:
            count += p.numel() if p.requires_grad else 0
            p.requires_grad_(False)
    if not any(p.requires_grad for _, p in named):
        raise CliError(f"--freeze {globs} leaves nothing to train\n  fix: fewer patterns")
    return count


def _head(model: nn.Module) -> str:
    """The name of the last layer that has parameters of its own: the classifier."""
    found = ""
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)):
            found = name
    return found


def _below(name: str, layer: str) -> bool:
    return name == layer or name.startswith(layer + ".")


def _few(names: Any) -> str:
    every = list(names)
    more = f", ... ({len(every)} in all)" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
