"""The public names of the package, and the page and anchor where each is described.

What is the same thing under several names is described once: `torch.relu`, `Tensor.relu` and
`F.relu` are faces of one card. Names in the pages are PyTorch's (`torch.nn.Linear`), as users write
them behind `import rushlight as torch`.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

import rushlight
from rushlight.core.names import pytorch_names
from rushlight.core.paths import is_refused
from rushlight.dispatch import late
from rushlight.dispatch.faces import Method

late.complete()

#: namespace -> what its page says first. The order decides where a thing is described that has
#: several names.
SPACES = {
    "torch": "Functions and classes of the package itself; the learner's, too.",
    "torch.Tensor": "Methods and attributes of a tensor.",
    "torch.nn": "Layers, losses, containers.",
    "torch.nn.functional": "Layers as functions of their inputs and weights.",
    "torch.nn.init": "First values of parameters.",
    "torch.nn.utils": "Clipping, fusion, parameters as one vector.",
    "torch.nn.utils.parametrize": "Parameters that are functions of others.",
    "torch.nn.utils.prune": "Weights that are held at zero.",
    "torch.nn.utils.rnn": "Sequences of different lengths.",
    "torch.optim": "Optimizers.",
    "torch.optim.lr_scheduler": "Schedules of the learning rate.",
    "torch.utils.data": "Data sets, samplers, the loader.",
    "torch.linalg": "Linear algebra.",
    "torch.fft": "Fourier transforms.",
    "torch.special": "Special functions.",
    "torch.distributions": "Distributions: samples, densities, transforms.",
    "torch.func": "Functions of functions: vmap, grad, jvp.",
    "torch.autograd": "Gradients.",
    "torch.random": "Random numbers and their states.",
    "torch.amp": "Mixed precision.",
    "torch.distributed": "Several processes.",
    "torchvision.datasets": "Data sets of images.",
    "torchvision.transforms": "Transforms of images.",
    "torchvision.transforms.v2": "Transforms of images with their boxes and masks.",
    "torchvision.models": "Models of images.",
    "torchvision.ops": "Boxes, regions, layers of vision.",
    "torchvision.io": "Files of images.",
    "torchvision.utils": "Images in a grid, boxes drawn.",
    "rushlight.learner": "The training loop with callbacks.",
    "torch.onnx": "Models for other programs.",
}
OPS = "rushlight.ops."


def module(space: str) -> Any:
    """What rushlight has under the name of a namespace: a module, or the class Tensor."""
    if space == "torch.Tensor":
        return rushlight.Tensor
    root, _, rest = space.partition(".")
    home = {"torch": "rushlight", "torchvision": "rushlight.vision"}.get(root, root)
    return import_module(f"{home}.{rest}" if rest else home)


def public(space: str) -> list[str]:
    """The public names of a namespace: `__all__`, else what it has and does not only import."""
    home = module(space)
    listed = getattr(home, "__all__", None)
    names = listed if listed is not None else [n for n in dir(home) if n[0] != "_"]
    return sorted((n for n in set(names) if is_public(space, home, n)), key=str.lower)


def is_public(space: str, home: Any, name: str) -> bool:
    """False for modules, names of Python's own libraries, and what is only there to be refused."""
    if name.startswith("_") or name == "annotations":
        return False
    found = getattr(home, name)
    if isinstance(found, ModuleType) or is_refused(found):
        return False
    if not hasattr(home, "__all__") and space.startswith("torch.") and home is not rushlight.Tensor:
        if name not in pytorch_names(space) and op_of(found) is None:
            return False  # what the module only uses
    where = getattr(found, "__module__", None) or ""
    if not isinstance(found, type) and not callable(found):
        return space in ("torch", "torch.Tensor") or name in getattr(home, "__all__", ())
    ours = where.partition(".")[0] in ("rushlight", "torch", "torchvision", "")
    return ours or where.partition(".")[0] not in sys.stdlib_module_names | {"numpy"}


@dataclass
class Entry:
    """One thing: a function, a class, an op with all its faces, a constant.

    name    the full name that its heading has
    names   all full names
    value   the function, class or constant as users get it
    op      the Card or Composite behind it, if it is an op
    """

    name: str
    value: Any
    op: Any = None
    names: list[str] = field(default_factory=list)
    page: str = ""

    @property
    def kind(self) -> str:
        if isinstance(self.value, type):
            return "class"
        return "function" if callable(self.value) else "value"

    @property
    def doc(self) -> str:
        """The docstring, without those that Python's own classes have."""
        value = self.op if self.op is not None else self.value
        doc = getattr(value, "doc", None) if self.op is not None else None
        doc = doc or getattr(value, "__doc__", None)
        inherited = getattr(type(value), "__doc__", None) if self.kind == "value" else None
        return "" if doc in (inherited, object.__doc__) or not isinstance(doc, str) else doc

    @property
    def definition(self) -> Any:
        """What has the lines in the sources."""
        if self.op is not None:
            return getattr(self.op, "source", None) or self.op.function
        value = inspect.unwrap(self.value) if callable(self.value) else self.value
        return getattr(value, "fget", value)

    @property
    def home(self) -> str:
        """The module that defines it."""
        return getattr(self.definition, "__module__", None) or ""


def op_of(value: Any) -> Any:
    """The Card or Composite that a face, a method or its wrapper runs; None for other things."""
    if isinstance(value, Method):
        return value.face.op
    face = getattr(inspect.unwrap(value), "face", None) if callable(value) else None
    return getattr(face, "op", None)


def entries() -> dict[str, Entry]:
    """full name -> its Entry, which several names may share."""
    known: dict[int, Entry] = {}
    found: dict[str, Entry] = {}
    for space in SPACES:
        home = module(space)
        for name in public(space):
            raw = inspect.getattr_static(home, name) if space == "torch.Tensor" else None
            value = raw if raw is not None else getattr(home, name)
            op = op_of(value)
            thing = op if op is not None else value
            plain = inspect.unwrap(value) if callable(value) else value
            key = id(thing if op is not None else plain)
            shared = op is not None or (callable(plain) and not isinstance(value, Method))
            entry = known.get(key) if shared else None
            full = f"{space}.{name}"
            if entry is None:
                entry = Entry(full, value, op)
                if shared:
                    known[key] = entry
                entry.page = page_of(space, entry)
            entry.names.append(full)
            found[full] = entry
    return found


def page_of(space: str, entry: Entry) -> str:
    """The page under reference/ that describes it, without ".md"."""
    home = entry.home
    if entry.op is not None or (home.startswith(OPS) and entry.kind == "function"):
        family = home.removeprefix(OPS)
        family = "indexing" if family == "index" else family  # index.md is a folder's first page
        return f"ops/{family}" if home.startswith(OPS) else slug(space)
    if space == "torch.nn" and home.startswith("rushlight.nn."):
        return f"nn/{home.removeprefix('rushlight.nn.').replace('.', '-')}"
    return slug(space)


def slug(space: str) -> str:
    """The name of a namespace's own page."""
    return space.replace("torchvision", "vision").replace("rushlight.", "")
