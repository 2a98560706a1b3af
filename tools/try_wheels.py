"""Installs wheels in clean environments and works with them there: what a user would meet.

    python tools/try_wheels.py FOLDER [--pythons "python3.12 ..."] [--numpy all] [--smoke FILES]
                                      [--links FOLDER] [--json FILE]

For each interpreter: a new environment in a temporary folder, no compiler on its PATH, the wheel of
FOLDER that pip chooses (the last one gets the pure wheel, too), once with the oldest NumPy that
runs there and once with the newest. In each: the kernels that the processor can run are live (or
none, for the pure wheel), `rushlight train digits --epochs 2` learns, and the smoke tests pass,
with the wheel and not with the sources. A row of a table each; the exit status is 0 if all went
well.

Nothing but the standard library, so that an old system's Python can run it: with --links pip takes
packages from that folder instead of a registry.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: the oldest NumPy with wheels for a Python
OLDEST = {
    "3.11": "2.0.0",
    "3.12": "2.0.0",
    "3.13": "2.1.0",
    "3.14": "2.3.2",
    "3.14t": "2.3.2",
    "3.15": "2.5.2",
    "3.15t": "2.5.2",
}
PYTHONS = tuple(f"python{version}" for version in OLDEST)
SMOKE = ("tiny", "native_names", "random")
HEAD = (
    "wheel",
    "Python",
    "libc",
    "NumPy",
    "kernels",
    "MB",
    "install s",
    "train s",
    "right %",
    "tests",
)

ABOUT = """
import json, os, sys, platform, warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    import rushlight
    from rushlight import kernels
import numpy
print(json.dumps({
    "numpy": numpy.__version__,
    "isa": kernels.native.isa() if kernels.native else None,
    "where": rushlight.__file__,
    "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
    "said": [str(w.message) for w in said],
    "libc": "-".join(platform.libc_ver()),
}))
"""


class Failure(Exception):
    """What went wrong, with the end of what was printed."""


class Environment:
    """A virtual environment with the commands of its own bin folder, and no compiler."""

    def __init__(self, python: str, folder: Path, links: Path | None):
        self.folder = folder
        self.source = ["--no-index", "--find-links", str(links)] if links else []
        bin = folder / "venv/bin"
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        tools = folder / "tools"  # what a program of two lines needs, and no cc, c++, gcc
        tools.mkdir()
        for tool in ("sh", "env", "uname"):
            (tools / tool).symlink_to(shutil.which(tool))
        keep = {
            n: v for n, v in os.environ.items() if n.startswith(("PIP_", "SSL_", "LANG", "LC_"))
        }
        self.variables = {
            **keep,
            "PATH": f"{bin}:{tools}",
            "HOME": str(folder),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache/pip")),
        }
        self.python = str(bin / "python")

    def run(self, *command: str | Path, **variables: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        if done.returncode:
            raise Failure(" ".join(map(str, command)) + "\n" + done.stdout[-3000:])
        return done.stdout

    def install(self, *what: str | Path, more: tuple[str, ...] = ()) -> float:
        begin = time.perf_counter()
        only = ("--only-binary", ":all:")
        self.run(self.python, "-m", "pip", "install", "-q", *only, *self.source, *more, *what)
        return time.perf_counter() - begin


def best_isa() -> str:
    """The set of kernels that this processor should get."""
    if platform.machine() != "x86_64":
        return "baseline"
    flags = set(re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.M)[1].split())
    third = {"avx2", "fma", "bmi1", "bmi2", "abm", "movbe", "f16c"}
    fourth = third | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    return "avx512" if fourth <= flags else "avx2" if third <= flags else "baseline"


def attempt(
    python: str,
    kind: str,
    folder: Path,
    wheels: Path,
    numpy: str,
    smoke: list[str],
    links: Path | None,
) -> dict:
    """One row: the environment, the install, the work."""
    env = Environment(python, folder, links)
    env.install(f"numpy=={numpy}" if numpy[0].isdigit() else "numpy", "ml_dtypes", "pytest")
    wheel = chosen(env, wheels, pure=kind == "pure")
    seconds = env.install(wheel, more=("--no-deps",))
    about = json.loads(env.run(env.python, "-c", ABOUT).splitlines()[-1])
    if not about["where"].startswith(str(folder)):
        raise Failure(f"rushlight comes from {about['where']}")
    wanted = None if kind == "pure" else best_isa()
    if about["isa"] != wanted:
        raise Failure(f"the kernels in use are {about['isa']}, not {wanted}")
    free = re.search(r"-cp3\d+t-", wheel.name) is not None
    warned = [w for w in about["said"] if "GIL" in w]
    if bool(warned) != free or not about["gil"]:
        raise Failure(f"with the GIL: {about['gil']}; warnings: {warned}")
    # the interpreter's warning has been seen; to pytest, in which warnings are errors, it is known
    calm = {"PYTHON_GIL": "1"} if free else {"RUSHLIGHT_PURE": "1"} if kind == "pure" else {}
    run = env.folder / "run"
    begin = time.perf_counter()
    text = env.run(
        env.folder / "venv/bin/rushlight", "train", "digits", "--epochs", "2", "--out", run, **calm
    )
    took = time.perf_counter() - begin
    right = float(re.search(r"test accuracy ([\d.]+) %", text)[1])
    if not 70 < right <= 100:
        raise Failure(f"{right} % right after two epochs\n{text[-2000:]}")
    tests = shutil.copytree(ROOT / "tests", env.folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", env.folder)  # what pytest is told there
    files = [tests / f"test_{name}.py" for name in smoke]
    said = env.run(env.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, **calm)
    return {
        "wheel": wheel.name,
        "python": env.run(env.python, "-c", "import sys; print(sys.version.split()[0])").strip(),
        "libc": about["libc"],
        "numpy": about["numpy"],
        "isa": about["isa"] or "twins",
        "megabytes": round(wheel.stat().st_size / 1e6, 2),
        "install": round(seconds, 1),
        "train": round(took, 1),
        "right": right,
        "tests": re.findall(r"(\d+ passed)", said)[-1],
    }


def chosen(env: Environment, wheels: Path, *, pure: bool) -> Path:
    """The wheel that pip would take from the folder; the pure one if that is wanted."""
    if pure:
        (wheel,) = wheels.glob("rushlight-*-py3-none-any.whl")
        return wheel
    target = env.folder / "chosen"
    where = ("--no-index", "--find-links", wheels)
    env.run(
        env.python, "-m", "pip", "download", "-q", "--no-deps", *where, "-d", target, "rushlight"
    )
    (wheel,) = target.iterdir()
    if wheel.name.endswith("-none-any.whl"):
        raise Failure(f"pip takes {wheel.name}: no wheel of {wheels} is for this interpreter")
    return wheel


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheels", type=Path, metavar="FOLDER")
    parser.add_argument("--pythons", type=str.split, default=list(PYTHONS), metavar="COMMANDS")
    parser.add_argument("--numpy", choices=["oldest", "newest", "all"], default="all")
    parser.add_argument("--smoke", type=str.split, default=list(SMOKE), metavar="FILES")
    parser.add_argument("--links", type=Path, metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    begin = time.perf_counter()
    pythons = [p for p in options.pythons if shutil.which(p)]
    if not pythons:
        parser.error(f"none of {options.pythons} is there")
    plan = [
        (python, "native", which)
        for python in pythons
        for which in (["oldest", "newest"] if options.numpy == "all" else [options.numpy])
    ]
    plan += [(python, "pure", "newest") for python in pythons if name_of(python)[-1] != "t"][-1:]
    rows, failed = [], 0
    print(" | ".join(HEAD))
    for python, kind, which in plan:
        numpy = OLDEST[name_of(python)] if which == "oldest" else which
        with tempfile.TemporaryDirectory() as folder:
            try:
                row = attempt(
                    python,
                    kind,
                    Path(folder).resolve(),
                    options.wheels.resolve(),
                    numpy,
                    options.smoke,
                    options.links,
                )
                rows.append(row)
                print(" | ".join(map(str, row.values())), flush=True)
            except (Failure, subprocess.CalledProcessError) as error:
                failed += 1
                print(f"FAILED: {python}, {kind} wheel, NumPy {numpy}: {error}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{len(rows)} passed, {failed} failed in {time.perf_counter() - begin:.1f}s")
    return min(failed, 1)


def name_of(python: str) -> str:
    """3.14 or 3.14t"""
    code = (
        "import sys, sysconfig as s;"
        "print('3.%d' % sys.version_info[1] + 't' * bool(s.get_config_var('Py_GIL_DISABLED')))"
    )
    done = subprocess.run([python, "-c", code], check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
