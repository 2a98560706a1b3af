"""What stands in several files of the project agrees: version, targets, Pythons, records."""

import json
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import rushlight

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import wheels  # noqa: E402

RECORD = json.loads((ROOT / "bench/results.json").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.search(r"^\.PHONY:((?:.*\\\n)*.*)", MAKEFILE, re.M)[1].replace("\\", "").split()
WORKFLOWS = {p.name: p.read_text("utf-8") for p in (ROOT / ".github/workflows").glob("*.yml")}


def test_the_version_stands_in_one_place():
    assert "version" not in PROJECT["project"] and PROJECT["project"]["dynamic"] == ["version"]
    source = PROJECT["tool"]["scikit-build"]["metadata"]["version"]["input"]
    found = re.findall(r'^__version__ = "(.+)"$', (ROOT / source).read_text("utf-8"), re.M)
    assert found == [rushlight.version.RUSHLIGHT]
    others = [p for p in (ROOT / "src/rushlight").rglob("*.py") if p != ROOT / source]
    again = re.compile(rf"""['"]{re.escape(found[0])}['"]""")
    assert [str(p) for p in others if again.search(p.read_text("utf-8"))] == []
    assert not re.search(r"^version:", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)
    # the step of publish.yml that compares it with the tag reads the same line
    assert f"{source})" in WORKFLOWS["publish.yml"]


def test_the_changelog_begins_with_what_is_not_released():
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert heads[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", head) for head in heads[1:])


def test_help_names_every_target():
    command = ["make", "--no-print-directory", "-f", ROOT / "Makefile", "help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Needed beforehand: Python 3.11 or newer" in done.stdout
    assert "PYTHON ?=" not in done.stdout
    rows = re.findall(r"^  make ([\w-]+(?:, [\w-]+)*)  ?", done.stdout, re.M)
    assert sorted(", ".join(rows).split(", ")) == sorted(TARGETS)
    assert {"demo", "test", "test-quick", "help"} <= {*TARGETS}
    assert re.search(r"^([\w-]+):", MAKEFILE, re.M)[1] == "demo"  # what `make` alone does


def test_quick_names_files_that_are_there():
    names = re.search(r"^QUICK :=((?:.*\\\n)*.*)", MAKEFILE, re.M)[1].replace("\\", "").split()
    assert {"tiny", "autograd", "project"} <= {*names}
    assert [n for n in names if not (ROOT / f"tests/test_{n}.py").exists()] == []


def test_workflows_call_targets_that_are_there():
    text = WORKFLOWS["tests.yml"]
    called = re.search(r"target: \[(.+)\]", text)[1].split(", ")
    called += re.findall(r"run: make PYTHON=python ([\w-]+)$", text, re.M)
    assert {"test", "lint", "oracle"} <= {*called}
    assert [t for t in called if t not in TARGETS] == []


def test_the_same_pythons_everywhere():
    heads = "Programming Language :: Python :: 3."
    claimed = [c[len(heads) - 2 :] for c in PROJECT["project"]["classifiers"] if heads in c]
    tested = re.findall(r'"(3\.\d+)"', re.search(r"python: \[.+\]", WORKFLOWS["tests.yml"])[0])
    built = [python.removeprefix("python") for python in wheels.PYTHONS]
    assert claimed == tested == [v for v in built if not v.endswith("t")]
    # beside them free-threaded ones; and what is built, is tried
    assert {v.removesuffix("t") for v in built if v.endswith("t")} == {"3.14", "3.15"}
    tried = re.findall(r'"(3\.\d+t?)"', re.search(r"python: \[.+\]", WORKFLOWS["publish.yml"])[0])
    fetched = re.search(r"python-version: \|\n((?: +3\.\d+t?\n)+)", WORKFLOWS["publish.yml"])[1]
    assert tried == built
    assert sorted(fetched.split()) == sorted(tried)
    called = re.findall(r"run: make .*?([\w-]+)$", WORKFLOWS["publish.yml"], re.M)
    assert called == ["wheels", "same-wheels"] and {*called} <= {*TARGETS}
    assert re.search(r"^PYTHONS \?= (.+)$", MAKEFILE, re.M)[1].split() == [*wheels.PYTHONS]
    assert PROJECT["project"]["requires-python"] == f">={claimed[0]}"


def test_actions_are_pinned():
    used = re.findall(r"uses: ([\w./-]+)@?(\S*)", "\n".join(WORKFLOWS.values()))
    assert len(used) > 5
    for action, pin in used:
        assert action.startswith("./") or re.fullmatch(r"v\d+|release/v\d+", pin), action


def test_the_record_of_the_benchmark_has_what_the_tables_show():
    shown = {"workload", "threads", "unit", "torch", "rushlight", "ratio", "date"}
    shown |= {"onnxruntime", "onnxruntime ratio"}
    assert RECORD["rows"] and all({*row} <= shown for row in RECORD["rows"])


def test_the_tables_show_the_record_of_the_benchmark():
    tool = runpy.run_path(str(ROOT / "tools" / "make_bench_tables.py"))
    goals = dict.fromkeys((r["workload"] for r in RECORD["rows"]), (1, 1))
    for name, text in tool["pages"](lambda: goals).items():
        shown, page = (list(tool["tables"](t)) for t in (text, (ROOT / name).read_text("utf-8")))
        assert shown and len(shown) == len(page)
        for (columns, recorded), (_, cells) in zip(shown, page, strict=True):
            for ours, theirs in zip(recorded, cells, strict=True):
                kept = [i for i, c in enumerate(columns, 1) if c != "goal"]
                assert [theirs[i] for i in kept] == [ours[i] for i in kept], f"{name}: {theirs[0]}"


def test_measured_figures():
    measured = runpy.run_path(str(ROOT / "tools" / "make_bench_tables.py"))["measured"]
    cases = {0.321: "0.32 us", 36.54: "36.5 us", 999.4: "999 us", 1887.0: "1.89 ms"}
    cases |= {55_200.0: "55.2 ms", 23.2e6: "23.2 s"}
    assert {v: measured(v, "us") for v in cases} == cases
    assert measured(330.2, "MB") == "330 MB" and measured(61.0, "MB") == "61.0 MB"
