"""`rushlight standin install|remove|status`: `import torch` means rushlight in this environment.

`install` writes two small packages, `torch` and `torchvision`, into this environment's
site-packages, each with the record of a distribution whose version says what it is, so that
`import torch` works in any program (pytest, uvicorn, Jupyter), `importlib.metadata` and
`importlib.util.find_spec` answer, and pip and uv see `torch>=2.2` as satisfied. Nothing runs at
Python's start. `remove` takes every file away again; so does `pip uninstall torch torchvision`.

With --hide-from, packages of these names see no torch at all. That alone needs a `.pth` file, which
Python reads at every start: an import that asks who is importing.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from rushlight.app.arguments import Parser
from rushlight.app.errors import CliError
from rushlight.app.run import STANDIN_VERSIONS
from rushlight.version import RUSHLIGHT

INSTALLER = "rushlight-standin"
SCOPE = "_rushlight_standin"

PACKAGE = '''"""{name}, answered by rushlight: written by `rushlight standin install`."""

import sys

from rushlight.app.run import install

sys.modules.pop(__name__, None)
install()
import {name}  # noqa: E402  (rushlight's own module, by the finder that is in front now)
'''

METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: rushlight {own} in place of {name}: written by `rushlight standin install`, not PyTorch
"""

SCOPE_CODE = '''"""Packages that must not see rushlight's torch, by `rushlight standin install`."""

import builtins
import importlib.metadata
import importlib.util
import sys

HIDDEN = {hidden}
NAMES = ("torch", "torchvision")
_import, _find = builtins.__import__, importlib.util.find_spec
_of_name = importlib.metadata.Distribution.from_name.__func__


def _asks(depth):
    """The package whose code is asking, the importing machinery and these files left out."""
    frame = sys._getframe(depth)
    while frame is not None:
        name = frame.f_globals.get("__name__") or ""
        if not name.startswith(("importlib", __name__)):
            return name.partition(".")[0]
        frame = frame.f_back
    return ""


def _of_torch(name):
    return str(name).partition(".")[0].lower() in NAMES


def _importing(name, globals=None, locals=None, fromlist=(), level=0):
    if not level and _of_torch(name) and _asks(2) in HIDDEN:
        raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    return _import(name, globals, locals, fromlist, level)


def _finding(name, package=None):
    return None if _of_torch(name) and _asks(2) in HIDDEN else _find(name, package)


def _named(cls, name):
    if _of_torch(name) and _asks(2) in HIDDEN:
        raise importlib.metadata.PackageNotFoundError(name)
    return _of_name(cls, name)


builtins.__import__, importlib.util.find_spec = _importing, _finding
importlib.metadata.Distribution.from_name = classmethod(_named)
'''


def site_packages() -> Path:
    """This environment's own folder for packages."""
    return Path(sysconfig.get_paths()["purelib"])


def main(words: Sequence[str]) -> int:
    """The verb: its exit status."""
    p = Parser(prog="rushlight standin", description="import torch means rushlight, here")
    verbs = p.add_subparsers(dest="what", required=True, metavar="install|remove|status")
    install_ = verbs.add_parser("install", help="write torch and torchvision into this environment")
    install_.add_argument(
        "--hide-from",
        type=_packages,
        default=(),
        metavar="PACKAGE,...",
        help="packages (their import names) that must not see it",
    )
    verbs.add_parser("remove", help="take them away again")
    verbs.add_parser("status", help="say what `import torch` is here")
    a: argparse.Namespace = p.parse_args(list(words))
    if a.what == "install":
        return install(a.hide_from)
    return remove() if a.what == "remove" else status()


def _packages(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if not name.isidentifier():
            raise argparse.ArgumentTypeError(f"{name!r} is not the import name of a package")
    return names


def _known(name: str) -> tuple[bool, metadata.Distribution | None]:
    """(is it ours?, the distribution of this name that Python would find first)."""
    for found in metadata.distributions(name=name):
        if isinstance(found, metadata.PathDistribution):
            return (found.read_text("INSTALLER") or "").strip() == INSTALLER, found
    return False, None


def _there(name: str) -> str | None:
    """Where a package of this name that is not ours lies, or would be imported from."""
    ours, found = _known(name)
    if found is not None and not ours:
        return f"{name} {found.version} in {found.locate_file('')}"
    for entry in sys.path:
        folder = Path(entry or os.curdir, name)
        code = folder / "__init__.py"
        if code.exists() and "rushlight standin" not in code.read_text("utf-8", "replace")[:200]:
            return f"{folder}"
    return None


def _check(folder: Path) -> None:
    for name in STANDIN_VERSIONS:
        place = _there(name)
        if place is not None:
            raise CliError(
                f"the real {name} is here: {place}\n"
                f"  rushlight stands in only where there is none; fix: pip uninstall {name}"
            )
    marker = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    if sys.prefix == sys.base_prefix and marker.exists():
        raise CliError(
            f"{sys.prefix} belongs to the system's package manager ({marker})\n"
            "  fix: python -m venv ENV, and install rushlight and its stand-in there"
        )
    if not os.access(folder, os.W_OK):
        raise CliError(f"{folder} cannot be written to")


def install(hidden: Sequence[str]) -> int:
    """Writes the packages; over an older stand-in, too."""
    folder = site_packages()
    _check(folder)
    _remove(folder)
    for name, version in STANDIN_VERSIONS.items():
        files = {f"{name}/__init__.py": PACKAGE.format(name=name)}
        if hidden and name == "torch":
            files[f"{SCOPE}.py"] = SCOPE_CODE.format(hidden=sorted(hidden))
            files[f"{SCOPE}.pth"] = f"import {SCOPE}\n"
        record = f"{name}-{version}.dist-info"
        files[f"{record}/METADATA"] = METADATA.format(name=name, version=version, own=RUSHLIGHT)
        if _known("rushlight")[1] is not None:  # else, from its sources, pip would look for it
            files[f"{record}/METADATA"] += "Requires-Dist: rushlight\n"
        files[f"{record}/INSTALLER"] = INSTALLER + "\n"
        rows = [_row(path, text) for path, text in files.items()]
        files[f"{record}/RECORD"] = "".join([*rows, f"{record}/RECORD,,\n"])
        for path, text in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    status()
    return 0


def _row(path: str, text: str) -> str:
    data = text.encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}\n"


def _remove(folder: Path) -> list[str]:
    """Takes away what `install` wrote; the names of the packages that were there."""
    gone = []
    for name in STANDIN_VERSIONS:
        for record in folder.glob(f"{name}-*.dist-info"):
            mark = record / "INSTALLER"
            if not mark.exists() or mark.read_text("utf-8").strip() != INSTALLER:
                continue
            listed = [line.split(",")[0] for line in (record / "RECORD").read_text().splitlines()]
            for path in listed:
                (folder / path).unlink(missing_ok=True)
            for part in {path.partition("/")[0] for path in listed if "/" in path}:
                shutil.rmtree(folder / part, ignore_errors=True)  # and what Python compiled
            for compiled in (folder / "__pycache__").glob(f"{SCOPE}.*"):
                compiled.unlink()
            gone.append(name)
    return gone


def remove() -> int:
    """Takes the packages away; status 1 if there were none."""
    gone = _remove(site_packages())
    print(f"removed: {', '.join(gone)}" if gone else f"no stand-in in {site_packages()}")
    return 0 if gone else 1


def status() -> int:
    """Says what `import torch` is here; status 1 if rushlight does not stand in."""
    ours, found = _known("torch")
    if not ours or found is None:
        place = _there("torch")
        print(f"torch is the real one: {place}" if place else "no torch here, nor a stand-in")
        return 1
    folder = Path(str(found.locate_file("")))
    print(f"torch {found.version} in {folder} is rushlight {RUSHLIGHT}")
    scope = folder / f"{SCOPE}.py"
    if scope.exists():
        hidden = re.search(r"^HIDDEN = \[(.*)\]$", scope.read_text("utf-8"), re.M)
        print(f"hidden from: {hidden[1].replace(chr(39), '') if hidden else '?'}")
    print("undone by: rushlight standin remove")
    return 0
