"""bench/ecosystem: how outcomes are read, compared and counted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.ecosystem import page, results
from bench.ecosystem.packages import PACKAGES, Package
from bench.ecosystem.runner import outcomes

ROOT = Path(__file__).parents[1]
PACKAGE = Package("pear", "1.0", note="a note")

SUITE = """
import pytest
def test_good(): pass
def test_bad(): assert 1 == 2, "numbers 17"
@pytest.mark.xfail
def test_expected(): assert False
def test_skipped(): pytest.skip("no wish")
@pytest.fixture
def broken():
    yield
    raise ValueError("too late")
def test_teardown(broken): pass
def test_value(same): same("x", {"a": [1.0, VALUE], "b": "text"})
"""


def record(folder, side, text, **environment):
    (folder / "test_pear.py").write_text(text)
    file = folder / f"{side}.jsonl"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "recorder", "-p", "no:cacheprovider", "."],
        cwd=folder,
        capture_output=True,
        env={
            "PYTHONPATH": str(ROOT / "bench/ecosystem"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ECOSYSTEM_RECORD": str(file),
            "ECOSYSTEM_VALUES": str(folder / "values"),
            "ECOSYSTEM_SIDE": side,
            **environment,
        },
    )
    return outcomes(file)


def test_recorded(tmp_path):
    theirs = record(tmp_path, "theirs", SUITE.replace("VALUE", "2.0"))
    short = {name.partition("::")[2]: t["outcome"] for name, t in theirs.items()}
    assert short == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_expected": "xfailed",
        "test_skipped": "skipped",
        "test_teardown": "failed",
        "test_value": "passed",
    }
    assert theirs["test_pear.py::test_bad"]["reason"] == "AssertionError: numbers 17"
    same = record(tmp_path, "ours", SUITE.replace("VALUE", "2.00001"))
    assert same["test_pear.py::test_value"]["outcome"] == "passed"
    (tmp_path / "ours.jsonl").unlink()
    other = record(tmp_path, "ours", SUITE.replace("VALUE", "2.01"))
    assert other["test_pear.py::test_value"]["outcome"] == "failed"
    (tmp_path / "ours.jsonl").unlink()
    broken = record(tmp_path, "ours", "import nothing_like_it\n" + SUITE)
    assert broken["test_pear.py"]["outcome"] == "not collected"
    result = results.compare(PACKAGE, theirs, broken)
    assert (result["passed_of_these"], result["passed_by_pytorch"]) == (0, 2)
    assert result["reasons"] == [("ModuleNotFoundError: No module named 'nothing_like_it'", 2)]


def test_a_test_that_computes_for_too_long_has_failed(tmp_path):
    suite = "def test_long():\n    while True: pass\ndef test_after(): pass\n"
    found = record(tmp_path, "ours", suite, ECOSYSTEM_EACH="1")
    assert [t["outcome"] for t in found.values()] == ["failed", "passed"]
    assert "more than 1 s of processor time" in found["test_pear.py::test_long"]["reason"]


def test_continued_and_left_out(tmp_path):
    """What is in the record is not run again; a test in which the process died has failed."""
    file = tmp_path / "ours.jsonl"
    lines = [{"id": "test_pear.py::test_good", "outcome": "started", "reason": ""}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    skip = tmp_path / "skip"
    skip.write_text("test_pear.py::test_b")
    found = record(tmp_path, "ours", SUITE.replace("VALUE", "0"), ECOSYSTEM_SKIP=str(skip))
    assert found["test_pear.py::test_good"]["outcome"] == "started"
    assert "test_pear.py::test_bad" not in found and "test_pear.py::test_skipped" in found
    theirs = {"test_pear.py::test_good": {"outcome": "passed", "reason": ""}}
    assert results.compare(PACKAGE, theirs, found)["passed_of_these"] == 0


def test_nothing_passes_by_skipping():
    theirs = {name: {"outcome": "passed", "reason": ""} for name in "abcdef"}
    ours = {
        "a": {"outcome": "passed", "reason": ""},
        "b": {"outcome": "skipped", "reason": "Skipped: needs 3 GPUs"},
        "c": {"outcome": "xfailed", "reason": ""},
        "d": {"outcome": "failed", "reason": "RuntimeError: 3 of 0x7f12 in /a/b/c.py"},
        "e": {"outcome": "failed", "reason": "RuntimeError: 4 of 0x7f34 in /d/c.py"},
        "other": {"outcome": "passed", "reason": ""},
    }
    result = results.compare(PACKAGE, theirs, ours)
    assert (result["passed_of_these"], result["passed_by_pytorch"]) == (1, 6)
    assert results.share(result) == 16.6
    assert ("RuntimeError: N of 0x… in c.py", 2) in result["reasons"]
    assert result["failures"]["b"] == "skipped: Skipped: needs 3 GPUs"
    assert result["failures"]["f"] == "was not run"


def test_the_page_has_every_result(tmp_path):
    page.write(tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text("utf-8")
    for name, result in results.read().items():
        assert f"| {name} | {result['version']} |" in text
    current = ROOT / "docs/ecosystem.md"
    assert not current.exists() or current.read_text("utf-8") == text, "run bench.ecosystem --page"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_declared(package):
    """Every example is there, and what is not run says why."""
    for test in package.tests:
        assert not test.startswith("examples/") or (ROOT / "bench/ecosystem" / test).exists()
    assert all(package.deselect.values())
    assert package.repository or all(test.startswith("examples/") for test in package.tests)
