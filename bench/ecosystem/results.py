"""What is kept of a run: counts, and of the failures names and reasons."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from bench.ecosystem.packages import Package

FOLDER = Path(__file__).parent / "results"
#: names of failing tests that are kept
KEPT = 60


def compare(package: Package, theirs: dict[str, dict], ours: dict[str, dict]) -> dict:
    """What passes with PyTorch and does not pass with rushlight, for whatever reason, fails."""
    passed = [name for name, test in theirs.items() if test["outcome"] == "passed"]
    uncollected = {name: t for name, t in ours.items() if t["outcome"] == "not collected"}
    failures = {}
    for name in passed:
        test = ours.get(name)
        if test is None:
            file = name.partition("::")[0]
            test = uncollected.get(file, {"outcome": "failed", "reason": "was not run"})
        if test["outcome"] != "passed":
            kind = "" if test["outcome"] in ("failed", "not collected") else f"{test['outcome']}: "
            failures[name] = kind + test["reason"]
    reasons = Counter(plain(reason) for reason in failures.values())
    return {
        "package": package.name,
        "version": package.version,
        "note": package.note,
        "every": package.every,
        "deselected": package.deselect,
        "pytorch": dict(sorted(Counter(t["outcome"] for t in theirs.values()).items())),
        "passed_by_pytorch": len(passed),
        "passed_of_these": len(passed) - len(failures),
        "reasons": reasons.most_common(25),
        "failures": dict(list(failures.items())[:KEPT]),
    }


def plain(reason: str) -> str:
    """A reason without what differs from test to test: numbers, addresses, paths."""
    text = re.sub(r"0x[0-9a-f]+", "0x…", reason)
    text = re.sub(r"/[\w./+-]*/", "", text)
    text = re.sub(r"(?<![\w.])-?\d+(\.\d+)?(e[+-]?\d+)?(?![\w])", "N", text)
    return text[:160] or "no reason given"


def share(result: dict) -> float:
    """Passed by rushlight of those that PyTorch passes, in percent, rounded down to tenths."""
    whole = result["passed_by_pytorch"]
    return int(1000 * result["passed_of_these"] / whole) / 10 if whole else 0.0


def line(result: dict) -> str:
    """For the terminal."""
    passed, whole = result["passed_of_these"], result["passed_by_pytorch"]
    return f"{result['package']} {result['version']}: {passed} of {whole} ({share(result)} %)"


def write(result: dict) -> None:
    """results/PACKAGE.json."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (FOLDER / f"{result['package']}.json").write_text(text + "\n", encoding="utf-8")


def read() -> dict[str, dict]:
    """All that are there, by package."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {result["package"]: result for result in found}
