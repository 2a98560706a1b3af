"""`python -m bench.ecosystem [PACKAGE...]`: the packages' tests with PyTorch and with rushlight.

Results are written to bench/ecosystem/results/PACKAGE.json and docs/ecosystem.md is made from all
of them. A package's results with PyTorch are kept in the home folder and used again while its row
of the table is as it was; --again runs them anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from dataclasses import replace
from pathlib import Path

from bench.ecosystem import page, results
from bench.ecosystem.environments import Environment
from bench.ecosystem.packages import BY_NAME, PACKAGES, Package
from bench.ecosystem.runner import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/ecosystem.md"
NAMES = "from the folder of the tests"  # how tests are named in what is kept; see runner.py


def theirs(package: Package, a: argparse.Namespace) -> dict[str, dict]:
    """What PyTorch's side gave: from an earlier run of the same row, or from a new one."""
    examples = [(ROOT / "bench/ecosystem" / t) for t in package.tests if t.startswith("examples/")]
    row = NAMES + repr(replace(package, note="", each=0, limit=0))
    row += "".join(path.read_text() for path in examples)
    known = a.home / "theirs" / f"{package.name}.json"
    key = hashlib.sha256(row.encode()).hexdigest()
    if known.exists() and not a.again:
        found = json.loads(known.read_text())
        if found["key"] == key:
            return found["tests"]
    environment = Environment(a.home, package, "theirs", a.rushlight)
    environment.make()
    tests = run(package, environment, a.home, a.mirrors)
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text(json.dumps({"key": key, "tests": tests}))
    return tests


def one(package: Package, a: argparse.Namespace) -> None:
    """Both sides of one package, and its result."""
    begin = time.monotonic()
    their = theirs(package, a)
    if a.side == "theirs":
        our: dict[str, dict] = {}
    else:
        environment = Environment(a.home, package, "ours", a.rushlight)
        environment.make()
        our = run(package, environment, a.home, a.mirrors)
    result = results.compare(package, their, our)
    print(results.line(result), f"  {time.monotonic() - begin:.0f} s", flush=True)
    for reason, count in result["reasons"][: a.reasons]:
        print(f"    {count:5d}  {reason}", flush=True)
    if a.side != "theirs":
        results.write(result)
        page.write(PAGE)


def main() -> None:
    """All packages, or those named."""
    p = argparse.ArgumentParser(prog="python -m bench.ecosystem", description=__doc__)
    p.add_argument("packages", nargs="*", metavar="PACKAGE", help=", ".join(BY_NAME))
    p.add_argument("--home", type=Path, default=_folder("HOME", ROOT / "build/ecosystem"))
    p.add_argument("--mirrors", type=Path, default=_folder("MIRRORS", ROOT / "build/mirrors"))
    p.add_argument("--rushlight", type=Path, default=ROOT / "src", help="a wheel or its sources")
    p.add_argument("--side", choices=["both", "theirs"], default="both")
    p.add_argument("--again", action="store_true", help="run PyTorch's side anew")
    p.add_argument("--page", action="store_true", help="only write docs/ecosystem.md")
    p.add_argument("--reasons", type=int, default=12)
    a = p.parse_args()
    unknown = [name for name in a.packages if name not in BY_NAME]
    if unknown:
        p.error(f"unknown: {', '.join(unknown)}")
    a.home = a.home.absolute()
    if not a.page:
        for package in [BY_NAME[name] for name in a.packages] or PACKAGES:
            try:
                one(package, a)
            except RuntimeError as error:  # an environment that cannot be made: the others go on
                print(f"{package.name}: {error}", flush=True)
    page.write(PAGE)


def _folder(name: str, default: Path) -> Path:
    return Path(os.environ.get(f"ECOSYSTEM_{name}", default))


if __name__ == "__main__":
    main()
