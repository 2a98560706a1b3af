"""The models that `rushlight train` knows by name, a user's own, and the settings that suit them.

Letters: N batch, C channels, H and W height and width, K classes.
"""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import rushlight as rl
from rushlight import nn
from rushlight.app import run
from rushlight.app.datasets import Data
from rushlight.app.errors import CliError, expected, users_code

Shape = tuple[int, int, int]  # (C, H, W) of one image


class Logistic(nn.Module):
    """Multinomial logistic regression: one linear map of the pixels. x (N, C, H, W) -> (N, K)"""

    def __init__(self, shape: Shape, classes: int):
        super().__init__()
        channels, height, width = shape
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(channels * height * width, classes)

    def forward(self, x):
        return self.linear(self.flatten(x))


class MLP(nn.Module):
    """Two hidden layers of `width` with ReLU. x (N, C, H, W) -> (N, K)"""

    def __init__(self, shape: Shape, classes: int, width: int = 512):
        super().__init__()
        channels, rows, columns = shape
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(channels * rows * columns, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, classes),
        )

    def forward(self, x):
        return self.linear_relu_stack(self.flatten(x))


class CNN(nn.Module):
    """Three 3x3 convolutions of stride 2 with ReLU, then global average pooling; `width` channels.

    x (N, C, H, W) -> (N, K); 28x28 goes 14, 7, 4, 1; any size of image will do.
    """

    def __init__(self, shape: Shape, classes: int, width: int = 16):
        super().__init__()
        self.conv1 = nn.Conv2d(shape[0], width, kernel_size=3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(width, classes, kernel_size=3, stride=2, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()

    def forward(self, x):
        x = self.relu(self.conv1(x))  # (N, width, H/2, W/2)
        x = self.relu(self.conv2(x))  # (N, width, H/4, W/4)
        x = self.relu(self.conv3(x))  # (N, K, H/8, W/8)
        return self.flatten(self.pool(x))  # (N, K)


@dataclass(frozen=True)
class Recipe:
    """A named model with the settings it trains well with, where the user gives none."""

    make: Callable[..., nn.Module]  # of the images' shape and the number of classes
    optimizer: str
    schedule: str
    batch_size: int
    epochs: int
    lr: dict[str, float]  # optimizer -> learning rate, where LEARNING_RATES does not suit
    width: int | None = None  # None: the model's own
    images: bool = False  # Does it take images only, and no rows of a table?
    folder: Recipe | None = None  # what suits a folder of one's own images better

    def built(self, shape: Shape, classes: int, width: int | None = None) -> nn.Module:
        """The model. CliError: it has no width to choose, or does not take images of this shape."""
        if width is None:
            return self.make(shape, classes)
        if "width" not in inspect.signature(self.make).parameters:
            raise CliError("--width is not an option of this model, but of mlp, cnn: leave it out")
        return self.make(shape, classes, width=width)


#: Learning rates that suit most models; sgd's is for momentum 0.9.
LEARNING_RATES = {"sgd": 0.02, "adam": 1e-3, "adamw": 1e-3, "rmsprop": 5e-4, "adagrad": 1e-2}

MODELS = {
    "logistic": Recipe(Logistic, "sgd", "cosine", 64, 5, {"adam": 2e-3, "adamw": 2e-3}),
    "mlp": Recipe(MLP, "adam", "cosine", 64, 5, {}),
    # its ten class maps end in a ReLU: larger steps of Adam make some of them dead units
    "cnn": Recipe(
        CNN,
        "sgd",
        "onecycle",
        32,
        10,
        {"sgd": 0.1, "adam": 3e-3, "adamw": 3e-3},
        images=True,
        # fewer and larger images than MNIST's: there sgd stays at guessing
        folder=Recipe(CNN, "adam", "onecycle", 32, 15, {"adam": 1e-2, "adamw": 1e-2}, 32, True),
    ),
}

OWN_MODEL = "file.py:Class"


def made(name: str, data: Data, width: int | None) -> nn.Module:
    """The model of that name for this data. CliError: it takes images, and these are rows."""
    found = recipe(name)
    if found.images and data.things != "images":
        raise CliError(
            f"{name} is for images; {data.name} has rows\n"
            f"  fix: --model mlp, logistic or one of yours, {OWN_MODEL}"
        )
    return found.built(data.shape, len(data.classes), width)


def load(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The model of a run's folder (its best) or of one of its checkpoints, and the checkpoint.

    CliError: there is no such file, or it is no checkpoint of `rushlight train`.
    """
    file = path / "best.pt" if path.is_dir() else path
    if not file.is_file():
        raise CliError(
            f"no checkpoint {str(file)!r}; give a run's folder or its best.pt\n"
            "  fix: `rushlight runs` lists the runs in runs/, `rushlight train` makes them"
        )
    state = read_run(file)
    about, name = state["data"], state["settings"]["model"]
    with own_code(name):
        width = state["settings"].get("width")
        model = recipe(name).built(tuple(about["shape"]), len(about["classes"]), width)
    with expected(RuntimeError, before=f"{file} does not fit the model {name}: "):
        model.load_state_dict(state["model"])
    return model.eval(), state


def read(file: Path, reader: Callable[[Path], Any] = rl.load) -> Any:
    """What a file of tensors holds. CliError: it is none, or a broken one."""
    with expected(UnpicklingError, RuntimeError, ValueError, EOFError):
        return reader(file)


def read_run(file: Path) -> dict[str, Any]:
    """A checkpoint of `rushlight train`. CliError: the file is something else."""
    state = read(file)
    if not isinstance(state, dict) or not {"settings", "data", "model"} <= state.keys():
        raise CliError(
            f"{file} is no checkpoint of `rushlight train`\n"
            "  fix: give a run's folder; weights alone are for `rushlight train --init FILE`"
        )
    return state


def own_code(name: str) -> AbstractContextManager[None]:
    """Around calls of the model `name`: errors of a user's own file are the user's to mend."""
    path, colon, _ = name.rpartition(":")
    return users_code(Path(path)) if colon else nullcontext()


@cache  # a user's file is run once
def recipe(name: str) -> Recipe:
    """The recipe of a model's name: one of `MODELS`, or `file.py:Class`. CliError for others."""
    if name in MODELS:
        return MODELS[name]
    path, colon, attribute = name.rpartition(":")
    if not colon and name.endswith(".py"):
        raise CliError(f"{name} is a program; name the class of a model in it, as {name}:Net")
    if not colon:
        return _of_vision(name)
    if not path.endswith(".py"):
        raise CliError(f"no model {name!r}; choose from {', '.join(MODELS)} or {OWN_MODEL}")
    return Recipe(_own(Path(path), attribute), "adam", "cosine", 64, 5, {})


def _of_vision(name: str) -> Recipe:
    """One of torchvision's classifiers, without weights: `resnet18`. CliError: there is none."""
    from rushlight.vision import models as vision

    known = vision.list_models(vision)
    if name not in known:
        near = difflib.get_close_matches(name, [*MODELS, *known], n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise CliError(
            f"no model {name!r}{hint}\n  choose from {', '.join(MODELS)}, {OWN_MODEL}, or one of "
            f"torchvision's {len(known)}, such as resnet18"
        )

    def make(shape: Shape, classes: int) -> nn.Module:
        if shape[0] != 3:
            raise CliError(
                f"{name} takes images of 3 channels, these have {shape[0]}\n"
                f"  fix: a folder of images, or another model: {', '.join(MODELS)}"
            )
        return vision.get_model(name, num_classes=classes)

    return Recipe(make, "adam", "cosine", 32, 5, {}, images=True)


def _own(path: Path, attribute: str) -> Callable[[Shape, int], nn.Module]:
    """A maker for the class or function `attribute` of a user's file, which may `import torch`."""
    if not path.is_file():
        raise CliError(
            f"no file {str(path)!r} for the model {attribute}\n"
            "  fix: check the name, and the folder you are in"
        )
    with expected(RuntimeError):
        run.install()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # pickling and workers look the class up by module
    sys.path.insert(0, str(path.resolve().parent))
    with users_code(path):
        spec.loader.exec_module(module)
    if not hasattr(module, attribute):
        there = ", ".join(n for n, v in vars(module).items() if _is_own_model(v, module.__name__))
        raise CliError(f"{path} has no {attribute}; its models are {there or 'none'}")
    made = getattr(module, attribute)
    if not callable(made):
        raise CliError(
            f"{path}:{attribute} is of type {type(made).__name__}\n"
            "  fix: name a class, or a function that makes the model"
        )

    def make(shape: Shape, classes: int) -> nn.Module:
        """Calls the class with what its required parameters ask for by name."""
        channels, height, width = shape
        known = {
            **dict.fromkeys(("shape", "input_shape"), shape),
            **dict.fromkeys(("classes", "num_classes", "n_classes"), classes),
            **dict.fromkeys(("channels", "in_channels"), channels),
            **dict.fromkeys(("in_features", "input_size"), channels * height * width),
        }
        required = [
            p.name
            for p in inspect.signature(made).parameters.values()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        unknown = [name for name in required if name not in known]
        if unknown:
            raise CliError(
                f"{attribute} of {path} needs {', '.join(unknown)}; train can give "
                f"{', '.join(known)}, everything else needs a default"
            )
        return made(**{name: known[name] for name in required})

    return make


def _is_own_model(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module
