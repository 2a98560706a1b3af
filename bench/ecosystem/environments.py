"""An environment per package and side: `ours` without torch, with rushlight's stand-in, `theirs`
with PyTorch from PyPI. Made with uv where it is there (`pip install uv`), else with venv and pip.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.ecosystem.packages import Package

TORCH = ("torch==2.13.0", "torchvision==0.28.0")
RUNNER = ("pytest>=8,<9", "pytest-timeout", "numpy>=2,<2.5")
NAMES = ("ours", "theirs")


def _run(*words: str | Path, **options) -> str:
    done = subprocess.run(
        [str(w) for w in words],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}\n{done.stdout[-3000:]}")
    return done.stdout


def _links() -> list[str]:
    """Folders of wheels on this machine, as pip is told of them."""
    found = os.environ.get("PIP_FIND_LINKS", "").split()
    return [word for folder in found for word in ("--find-links", folder)]


class Environment:
    """The folder of one package's environment on one side."""

    def __init__(self, home: Path, package: Package, side: str, rushlight: Path):
        self.package, self.side, self.rushlight = package, side, rushlight
        self.folder = home / "environments" / f"{package.name}-{side}"
        self.python = self.folder / "bin" / "python"
        wanted = [package.requirement, *package.requires, *RUNNER]
        wanted += [str(package.vision), str(package.alone)]
        wanted += [_state(rushlight)] if side == "ours" else TORCH
        self.mark = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()

    def make(self) -> None:
        """Makes it, if what is there was not made from the same requirements."""
        done = self.folder / "made"
        if done.exists() and done.read_text() == self.mark:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv")
        if uv:
            _run(uv, "venv", "-q", "--python", sys.executable, self.folder)
            self._install = [uv, "pip", "install", "-q", "--python", str(self.python)]
        else:
            _run(sys.executable, "-m", "venv", self.folder)
            self._install = [str(self.python), "-m", "pip", "install", "-q"]
        if self.side == "ours":
            self._rushlight()
        else:
            torch = TORCH if self.package.vision else TORCH[:1]
            _run(*self._install, *_links(), *torch, *RUNNER)
        requires = list(self.package.requires)
        if self.package.alone:
            _run(*self._install, "--no-deps", self.package.requirement)
        else:
            requires.append(self.package.requirement)
        _run(*self._install, *_links(), *requires, *RUNNER)
        self._check()
        done.write_text(self.mark)

    def _rushlight(self) -> None:
        """rushlight from a wheel, or from its sources by a line in a .pth file; its stand-in."""
        if self.rushlight.suffix == ".whl":
            _run(*self._install, self.rushlight, *RUNNER)
        else:
            _run(*self._install, "ml_dtypes", *RUNNER)
            _run(self.python, "-c", _PATH, self.rushlight.resolve())
        if self.package.vision:  # torchvision would have brought it
            _run(*self._install, "pillow")
        _run(self.python, "-m", "rushlight", "standin", "install")

    def _check(self) -> None:
        """No PyTorch came in with the package."""
        version = _run(
            self.python, "-c", "from importlib.metadata import version; print(version('torch'))"
        ).strip()
        if ("+rushlight" in version) != (self.side == "ours"):
            raise RuntimeError(f"{self.package.name}, {self.side}: torch {version} was installed")


def _state(rushlight: Path) -> str:
    """What says that a wheel has changed; sources are read where they are."""
    if rushlight.suffix != ".whl":
        return str(rushlight.resolve())
    return hashlib.sha256(rushlight.read_bytes()).hexdigest()


_PATH = """
import pathlib, sys, sysconfig
folder = pathlib.Path(sysconfig.get_paths()["purelib"])
(folder / "rushlight_sources.pth").write_text(sys.argv[1] + "\\n")
"""
