"""`rushlight doctor`: what is live here, what is missing, and what that costs.

`examine` collects facts, `lines` makes them text. The exit status is 1 if something is broken: an
extension that is there but does not load.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import rushlight as rl
from rushlight import nn
from rushlight.app.arguments import Parser
from rushlight.core import accelerators
from rushlight.kernels import seam
from rushlight.kernels.umath_linalg import blas_threads
from rushlight.serialization import hub_folder
from rushlight.utils.collect_env import get_cpu_info
from rushlight.version import RUSHLIGHT

#: extra -> (its packages, what they give)
EXTRAS = {
    "app": (("rich", "pillow"), "a moving progress bar; images of every format"),
    "files": (("safetensors",), ".safetensors files"),
    "tune": (("optuna",), "rushlight tune"),
    "onnx": (("onnx",), "ONNX files, written and read"),
    "serve": (("waitress",), "rushlight serve"),
    "sklearn": (("scikit-learn",), "rushlight.sklearn, estimators"),
    "xla": (("jax",), "devices beside the CPU"),
}
FOLDER = Path(rl.__file__).parent

#: with kernels for every processor
ALL_SETS = (
    "RUSHLIGHT_SETS=all RUSHLIGHT_BUILD=native pip install --force-reinstall --no-deps "
    "FOLDER_OF_THE_SOURCES"
)

# --- kernels -----------------------------------------------------------------------------------


def diagnose(folder: Path, failure: str, pure: bool) -> dict[str, Any]:
    """Why there are no native kernels: {"why", "fix", "broken"}.

    folder   the package's, with the extension in it or not
    failure  what importing the extension said
    pure     RUSHLIGHT_PURE is set
    """
    ours = [e for e in importlib.machinery.EXTENSION_SUFFIXES if (folder / f"_native{e}").exists()]
    others = sorted(p.name for p in folder.glob("_native*.*") if p.suffix in (".so", ".pyd"))
    if pure:
        fix = "unset RUSHLIGHT_PURE" if ours else ""
        return {"why": "RUSHLIGHT_PURE leaves them out", "fix": fix, "broken": False}
    if ours:
        return {"why": failure, "fix": _mend(failure), "broken": True}
    if others:
        why = f"{others[0]} is for another Python than this one ({platform.python_version()})"
        fix = f"{sys.executable} -m pip install --force-reinstall, from where rushlight came"
        return {"why": why, "fix": fix, "broken": True}
    return {"why": "this is the package without an extension", "fix": _build(), "broken": False}


def _mend(failure: str) -> str:
    """What to do about an extension that does not load."""
    if "RUSHLIGHT_ISA" in failure:
        fix = "unset RUSHLIGHT_ISA: the best that the processor has is taken"
        return f"{fix}; or, with that set, {ALL_SETS}" if "was built for" in failure else fix
    if "built for processors with" in failure:
        return f"it was built on another machine: here, {ALL_SETS}"
    if "numpy" in failure.lower():
        return f"{sys.executable} -m pip install 'numpy>=2'"
    if any(f"{name}_" in failure for name in ("GLIBC", "GLIBCXX", "CXXABI")):
        return f"it was built on a newer system: here, {_build()}"
    return f"{sys.executable} -m pip install --force-reinstall, from where rushlight came"


def _build() -> str:
    """How to get the kernels here."""
    if not sys.platform.startswith("linux"):
        return f"none yet: the kernels are for Linux, this is {sys.platform}"
    build = "RUSHLIGHT_BUILD=native pip install --force-reinstall --no-deps FOLDER_OF_THE_SOURCES"
    if os.environ.get("CXX") or any(map(shutil.which, ("c++", "g++", "clang++"))):
        return build
    return f"install a C++ compiler (Debian, Ubuntu: apt install g++ python3-dev), then\n{build}"


def kernels() -> dict[str, Any]:
    """What computes: {"kind", "file", "isa", "sets", "why", "fix", "broken"}.

    isa     the instruction set in use
    sets    those that the file has kernels for
    """
    if seam.native is None:
        found = diagnose(FOLDER, seam.failure, seam.PURE)
        return {"kind": "pure", "file": None, "isa": None, "sets": [], **found}
    native = seam.native
    live = {"file": native.__file__, "isa": native.isa(), "sets": list(native.sets())}
    return {"kind": "native", **live, "why": "", "fix": "", "broken": False}


# --- the rest of what is here ------------------------------------------------------------------


def blas() -> dict[str, Any]:
    """NumPy's BLAS: {"library", "threads"}; threads is None where the library cannot be asked."""
    built: Any = np.show_config(mode="dicts") or {}
    built = built.get("Build Dependencies", {}).get("blas", {})
    name = f"{built.get('name', 'unknown')} {built.get('version', '')}".strip()
    threads = blas_threads()
    return {"library": name, "threads": None if threads is None else threads[0]()}


def extras() -> list[dict[str, Any]]:
    """One row an extra: {"name", "gives", "installed": {package: version}, "missing"}."""
    rows = []
    for name, (packages, gives) in EXTRAS.items():
        installed = {p: v for p in packages if (v := _version(p))}
        missing = [p for p in packages if p not in installed]
        rows.append({"name": name, "gives": gives, "installed": installed, "missing": missing})
    return rows


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def devices() -> dict[str, str]:
    """Device -> what is known of it without importing JAX, which takes seconds."""
    jax = f"by JAX {_version('jax')}" if accelerators.has_jax() else "needs the extra xla"
    gpu = (
        jax if not accelerators.has_jax() or accelerators.may_have_gpu() else "no GPU plugin of JAX"
    )
    return {"cpu": "always", "xla": jax, "cuda": gpu}


# --- what it costs -----------------------------------------------------------------------------


def _mlp() -> Callable[[], Any]:
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = rl.optim.SGD(model.parameters(), lr=0.01)
    x, t = rl.rand(64, 784), rl.arange(64) % 10

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), t).backward()
        optimizer.step()

    return step


def _convolution() -> Callable[[], Any]:
    layer = nn.Conv2d(16, 32, 3, padding=1)
    x = rl.rand(8, 16, 28, 28)
    return lambda: layer(x).sum().backward()


#: what -> (it, how many times longer it took on twins: AMD EPYC, two threads, November 2026)
WORKLOADS = {
    "a training step of an MLP 784-128-10, batch 64": (_mlp, 1.5),
    "Conv2d(16, 32, 3) on 8 images of 28x28, with gradients": (_convolution, 12.0),
}


def measure(seconds: float = 0.2) -> dict[str, float]:
    """Workload -> milliseconds, the median of the calls that `seconds` leave room for (>= 3)."""
    found = {}
    for name, (make, _) in WORKLOADS.items():
        call = make()
        call()
        times: list[float] = []
        while len(times) < 3 or (sum(times) < seconds and len(times) < 1000):
            begin = time.perf_counter()
            call()
            times.append(time.perf_counter() - begin)
        found[name] = 1e3 * median(times)
    return found


def _measured_apart(pure: str) -> dict[str, float] | None:
    """`measure` in a Python of its own with RUSHLIGHT_PURE=pure; None if that fails."""
    code = "import json; from rushlight.app import doctor as d; print(json.dumps(d.apart()))"
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={**os.environ, "RUSHLIGHT_PURE": pure},
            capture_output=True,
            text=True,
            timeout=20,
        )
        kind, times = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return times if kind == ("pure" if pure == "1" else "native") else None


def apart() -> tuple[str, dict[str, float]]:
    """(kind of kernels, what `measure` found): what `_measured_apart` asks its Python for."""
    return kernels()["kind"], measure()


def cost() -> list[dict[str, Any]]:
    """One row a workload: {"what", "native", "twins"}, milliseconds; None: not to be had here."""
    here = measure()
    native, twins = (here, _measured_apart("1")) if seam.native else (_measured_apart("0"), here)
    return [
        {"what": name, "native": (native or {}).get(name), "twins": (twins or {}).get(name)}
        for name in WORKLOADS
    ]


# --- the report --------------------------------------------------------------------------------


def examine(timed: bool = True) -> dict[str, Any]:
    """All of it, as --json prints it."""
    return {
        "version": RUSHLIGHT,
        "package": str(FOLDER),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": sys.executable,
        "numpy": np.__version__,
        "system": platform.platform(),
        "processor": get_cpu_info(),
        "kernels": kernels(),
        "threads": {"kernels": rl.get_num_threads(), "blas": blas()},
        "devices": devices(),
        "extras": extras(),
        "files": {"weights": hub_folder.get_dir(), "data": "data", "runs": "runs"},
        "variables": {k: v for k, v in sorted(os.environ.items()) if k.startswith("RUSHLIGHT_")},
        "cost": cost() if timed else [],
    }


def lines(facts: dict[str, Any]) -> list[str]:
    """The facts as text: a label, then what there is to say, line by line."""
    k, t = facts["kernels"], facts["threads"]
    blas_threads = "" if t["blas"]["threads"] is None else f", {_threads(t['blas']['threads'])}"
    text = [
        ("rushlight", f"{facts['version']}, in {facts['package']}"),
        ("python", f"{facts['python']}, {facts['executable']}"),
        ("numpy", f"{facts['numpy']}; its BLAS: {t['blas']['library']}{blas_threads}"),
        ("system", facts["system"]),
        ("processor", facts["processor"]),
    ]
    if k["kind"] == "native":
        others = ", ".join(s for s in k["sets"] if s != k["isa"])
        isa = f"{k['isa']} (also in the file: {others})" if others else k["isa"]
        text.append(("kernels", f"native, {isa}, {_threads(t['kernels'])}: {k['file']}"))
    else:
        say = "BROKEN" if k["broken"] else "none"
        text.append(("kernels", f"{say}: {k['why']}; NumPy twins compute"))
        text += [("", f"fix: {k['fix']}".replace("\n", "\n     "))] if k["fix"] else []
    text += [("devices", "; ".join(f"{d} {say}" for d, say in facts["devices"].items()))]
    for i, row in enumerate(facts["extras"]):
        have = ", ".join(f"{p} {v}" for p, v in row["installed"].items())
        want = f"no {', '.join(row['missing'])}" if row["missing"] else ""
        both = "; ".join(x for x in (have, want) if x)
        text.append(("" if i else "extras", f"{row['name']:<8} {both:<30} {row['gives']}"))
    lacking = [row["name"] for row in facts["extras"] if row["missing"]]
    if lacking:
        text.append(("", f"fix: pip install 'rushlight[{','.join(lacking)}]'"))
    files = facts["files"]
    text.append(("files", f"weights in {files['weights']}; from here data/ and runs/"))
    for name, value in facts["variables"].items():
        text.append(("set", f"{name}={value}"))
    for i, row in enumerate(facts["cost"]):
        text.append(("" if i else "cost", _price(row)))
    return [
        f"{label:<10} {line}".rstrip() if not j else " " * 11 + line
        for label, words in text
        for j, line in enumerate(words.split("\n"))
    ]


def _threads(n: int) -> str:
    return "1 thread" if n == 1 else f"{n} threads"


def _price(row: dict[str, Any]) -> str:
    """A row of `cost`, with the ratio if both were measured."""
    native, twins = row["native"], row["twins"]
    if native is None:
        there = f"on the authors' machine native was {WORKLOADS[row['what']][1]} times faster"
        return f"{row['what']}: {twins:.2f} ms on twins ({there})"
    slower = f", {twins:.2f} ms on twins: {twins / native:.1f} times" if twins else ""
    return f"{row['what']}: {native:.2f} ms native{slower}"


def main(words: Sequence[str]) -> int:
    """Prints the report."""
    parser = Parser(
        prog="rushlight doctor",
        description="What is live here, what is missing, and what that costs.",
        epilog="exit status: 1 if an extension is there but does not load, else 0",
    )
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.add_argument("--quick", action="store_true", help="measure nothing")
    options = parser.parse_args(words)
    facts = examine(timed=not options.quick)
    print(json.dumps(facts, indent=2) if options.json else "\n".join(lines(facts)))
    return int(facts["kernels"]["broken"])
