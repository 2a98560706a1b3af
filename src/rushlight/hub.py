"""torch.hub: the folder of downloaded weights, downloads with a checked hash, and models of a local
folder's hubconf.py.

`load_state_dict_from_url` reads files as data, whatever `weights_only` says. A repository on GitHub
is code from the network: `load`, `list` and `help` refuse it by name, and take a folder of yours.
"""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlparse
from urllib.request import Request, urlopen

from .core.names import explain_missing
from .serialization.hub_folder import get_dir, set_dir
from .serialization.hub_folder import torch_home as _get_torch_home  # noqa: F401  packages use it
from .serialization.loading import load as _read

__all__ = [
    "download_url_to_file",
    "get_dir",
    "help",
    "list",
    "load",
    "load_state_dict_from_url",
    "set_dir",
]

ENV_TORCH_HOME = "TORCH_HOME"
ENV_XDG_CACHE_HOME = "XDG_CACHE_HOME"
ENV_GITHUB_TOKEN = "GITHUB_TOKEN"
DEFAULT_CACHE_DIR = "~/.cache"
VAR_DEPENDENCY = "dependencies"
MODULE_HUBCONF = "hubconf.py"
READ_DATA_CHUNK = 128 * 1024
HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")  # "resnet18-f37072fd.pth": the start of its SHA-256


def download_url_to_file(
    url: str, dst: str, hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Writes what is at url to the file dst: all of it, or nothing.

    hash_prefix     the first digits of its SHA-256
    progress        show how much has come, on stderr
    errors          RuntimeError: another hash; urllib.error.URLError, HTTPError: it does not come
    """
    dst = os.path.expanduser(dst)
    digest = hashlib.sha256()
    request = Request(url, headers={"User-Agent": "torch.hub"})
    with urlopen(request) as source:
        length = source.headers.get("Content-Length")
        total = int(length) if length else None
        with _beside(dst) as target:
            read = 0
            while chunk := source.read(READ_DATA_CHUNK):
                target.write(chunk)
                digest.update(chunk)
                read += len(chunk)
                if progress:
                    _show(read, total)
            if progress:
                sys.stderr.write("\n")
            found = digest.hexdigest()
            if hash_prefix is not None and found[: len(hash_prefix)] != hash_prefix:
                raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{found}")')


@contextlib.contextmanager
def _beside(dst: str) -> Iterator[Any]:
    """A file in dst's folder that takes its place if all goes well, and else is removed."""
    handle, part = tempfile.mkstemp(suffix=".part", dir=os.path.dirname(os.path.abspath(dst)))
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(part, 0o644)
        os.replace(part, dst)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def _show(read: int, total: int | None) -> None:
    share = f"{100 * read / total:.1f}%" if total else f"{read / 2**20:.1f} MB"
    sys.stderr.write(f"\r{share}")
    sys.stderr.flush()


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """torch.load of the file at url, downloaded once.

    model_dir       its folder; get_dir()/checkpoints if None
    check_hash      the name says the first digits of its SHA-256, as in resnet18-f37072fd.pth
    file_name       its name there, if not that in the URL
    weights_only    of no effect: nothing but data is ever read
    errors          as those of download_url_to_file and torch.load
    """
    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, file_name or os.path.basename(urlparse(url).path))
    if not os.path.exists(path):
        sys.stderr.write(f'Downloading: "{url}" to {path}\n')
        prefix = None
        if check_hash:
            found = HASH_REGEX.search(os.path.basename(path))
            prefix = found.group(1) if found else None
        download_url_to_file(url, path, prefix, progress=progress)
    return _read(path, map_location=map_location)


load_url = load_state_dict_from_url  # torch.utils.model_zoo's name


def _github(name: str, where: str) -> NotImplementedError:
    return NotImplementedError(
        f"rushlight does not have torch.hub.{name} for GitHub: it would run code from the network "
        f"({where})\n  fix: git clone it, and torch.hub.load(FOLDER, MODEL, source='local')"
    )


@contextlib.contextmanager
def _on_path(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _hubconf(folder: str) -> ModuleType:
    """The module of FOLDER/hubconf.py; what it depends on must be there."""
    path = os.path.join(folder, MODULE_HUBCONF)
    spec = importlib.util.spec_from_file_location(MODULE_HUBCONF, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    needs = getattr(module, VAR_DEPENDENCY, None) or []
    absent = [name for name in needs if importlib.util.find_spec(name) is None]
    if absent:
        raise RuntimeError(f"Missing dependencies: {', '.join(absent)}")
    return module


def _entry(module: ModuleType, model: Any) -> Callable:
    if not isinstance(model, str):
        raise ValueError("Invalid input: model should be a string of function name")
    found = getattr(module, model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: Any = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """What the function `model` of FOLDER/hubconf.py returns for args and kwargs; source="local".

    errors  NotImplementedError: source="github"; ValueError: another source;
            RuntimeError: no such function, or a package that the folder needs is missing
    """
    where = source.lower()
    if where not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    if where == "github":
        raise _github("load", repo_or_dir)
    folder = os.path.expanduser(str(repo_or_dir))
    with _on_path(folder):
        return _entry(_hubconf(folder), model)(*args, **kwargs)


def _folder(name: str, given: str) -> str:
    if not os.path.isdir(given):
        raise _github(name, given)
    return given


def list(github: str, *args: Any, **kwargs: Any) -> builtins.list[str]:
    """The functions of FOLDER/hubconf.py; a repository on GitHub is a NotImplementedError."""
    folder = _folder("list", github)
    with _on_path(folder):
        module = _hubconf(folder)
    return [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]


def help(github: str, model: str, *args: Any, **kwargs: Any) -> str | None:
    """The docstring of a function of FOLDER/hubconf.py; likewise."""
    folder = _folder("help", github)
    with _on_path(folder):
        return _entry(_hubconf(folder), model).__doc__


class _Progress:
    """tqdm, as far as hub uses it, where the package tqdm is not installed."""

    def __init__(self, total: int | None = None, disable: bool = False, **options: Any):
        self.total, self.disable, self.n = total, disable, 0

    def update(self, n: int) -> None:
        """n more have come."""
        self.n += n
        if not self.disable:
            _show(self.n, self.total)

    def close(self) -> None:
        """Ends the line."""
        if not self.disable:
            sys.stderr.write("\n")

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


try:
    from tqdm import tqdm
except ImportError:
    tqdm = _Progress

explain_missing(__name__)
