"""Write src/rushlight/core/pytorch_modules.txt: the public modules of PyTorch 2.13.

    python tools/list_pytorch_modules.py        (where PyTorch is installed)

One line per module. Those that rushlight refuses (core/path_table.py) have the names that PyTorch
defines there: "/" behind a class, "!" an exception, "{A,B}" an enumeration, "=" another value,
nothing behind a function. core/paths.py makes stand-ins of them.
"""

import enum
import importlib
import os
import pkgutil
import runpy
import types
import warnings
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
OUT = ROOT / "src/rushlight/core/pytorch_modules.txt"


def public_modules(path, prefix="torch."):
    """The dotted names below a package, private ones and test helpers left out."""
    for found in sorted(pkgutil.iter_modules(path), key=lambda found: found.name):
        name = prefix + found.name
        if found.name.startswith("_") or name.startswith("torch.testing."):
            continue
        yield name
        if found.ispkg:
            yield from public_modules([os.path.join(p, found.name) for p in path], name + ".")


def names_of(module):
    """The public names that a module defines, with their marks; a package also those it shows."""
    everything = getattr(module, "__all__", ())
    for name, value in sorted(vars(module).items()):
        home = str(getattr(value, "__module__", ""))
        own = home == module.__name__ or name in everything
        shown = hasattr(module, "__path__") and home.startswith("torch")
        if name.startswith("_") or isinstance(value, types.ModuleType) or not (own or shown):
            continue
        if not isinstance(value, type):
            yield name if callable(value) else f"{name}="
        elif issubclass(value, enum.Enum):
            yield f"{name}{{{','.join(value.__members__)}}}"
        else:
            yield f"{name}!" if issubclass(value, BaseException) else f"{name}/"


def main():
    refused = runpy.run_path(str(ROOT / "src/rushlight/core/path_table.py"))["REFUSED"]
    warnings.simplefilter("ignore")
    lines = []
    for name in public_modules(torch.__path__):
        parts = name.removeprefix("torch.").split(".")
        names = ""
        if any(".".join(parts[:i]) in refused for i in range(1, len(parts) + 1)):
            try:
                names = " ".join(names_of(importlib.import_module(name)))
            except ImportError as error:
                print(f"{name}: {error}")
        lines.append(f"{name}: {names}".strip() + "\n")
    OUT.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
