"""`rushlight doctor`: what it finds, and what it advises where something is broken."""

import importlib.machinery
import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import rushlight as rl
from rushlight.app import cli, doctor
from rushlight.kernels import seam

SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]
ROOT = Path(__file__).parents[1]


def examined(*words, said="", **environment):
    """(exit status, the facts) of `rushlight doctor --json` in a process of its own.

    said  what its one line on stderr has in it; "": there is none
    """
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "doctor", "--json", *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert len(done.stderr.splitlines()) == bool(said) and said in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_facts_are_those_of_this_process():
    facts = doctor.examine(timed=False)
    assert facts["version"] == rl.version.RUSHLIGHT and facts["numpy"] == np.__version__
    assert facts["package"] == str(Path(rl.__file__).parent)
    assert facts["executable"] == sys.executable
    assert facts["threads"]["kernels"] == rl.get_num_threads()
    if seam.native is None:
        assert facts["kernels"]["kind"] == "pure" and not facts["kernels"]["broken"]
    else:
        found = {k: facts["kernels"][k] for k in ("kind", "file", "isa", "sets")}
        assert found == {
            "kind": "native",
            "file": seam.native.__file__,
            "isa": seam.native.isa(),
            "sets": list(seam.native.sets()),
        }
        line = next(x for x in doctor.lines(facts) if x.startswith("kernels"))
        assert all(name in line for name in seam.native.sets())
    assert facts["files"]["weights"] == rl.hub.get_dir() and facts["cost"] == []


def test_both_kinds_of_kernels_are_timed_where_there_are_both():
    rows = doctor.cost()
    assert [row["what"] for row in rows] == list(doctor.WORKLOADS)
    for row in rows:
        assert row["twins"] > 0
        # (a pure run of the suite beside a built extension times both, too)
        assert row["native"] is None or row["native"] > 0
        assert seam.native is None or row["native"]


def test_pure_says_why_and_the_variables_that_are_set(tmp_path):
    status, facts = examined("--quick", RUSHLIGHT_PURE="1", TORCH_HOME=str(tmp_path))
    assert status == 0 and facts["kernels"]["kind"] == "pure"
    assert facts["kernels"]["why"] == "RUSHLIGHT_PURE leaves them out"
    assert facts["variables"]["RUSHLIGHT_PURE"] == "1"
    assert facts["files"]["weights"] == str(tmp_path / "hub")
    assert facts["threads"] == {"kernels": 1, "blas": doctor.blas() | {"threads": 1}}


def environment(package):
    return {"PYTHONPATH": str(package), "RUSHLIGHT_PURE": ""}


@pytest.fixture
def package(tmp_path):
    """A folder to put on PYTHONPATH: this package without its extension."""
    (tmp_path / "rushlight").mkdir()
    for path in Path(rl.__file__).parent.iterdir():
        if not path.name.startswith(("_native", "__pycache__")):
            (tmp_path / "rushlight" / path.name).symlink_to(path)
    return tmp_path


def test_an_extension_that_does_not_load_is_broken(package):
    file = package / "rushlight" / f"_native{SUFFIX}"
    file.write_bytes(b"not a library")
    status, facts = examined(
        "--quick", said="the native kernels cannot be loaded", **environment(package)
    )
    assert status == 1 and facts["kernels"]["broken"]
    assert str(file) in facts["kernels"]["why"] and "--force-reinstall" in facts["kernels"]["fix"]
    text = "\n".join(doctor.lines(facts))
    assert f"kernels    BROKEN: {file}" in text and "\n           fix: " in text


def test_a_package_without_extension_is_whole(package):
    said = "the package without native kernels, NumPy computes: `rushlight doctor` says more"
    status, facts = examined("--quick", said=said, **environment(package))
    assert status == 0 and facts["package"] == str(package / "rushlight")
    assert facts["kernels"]["why"] == "this is the package without an extension"
    status, facts = examined("--quick", said=said, **environment(package), PATH="/nowhere")
    assert status == 0
    if sys.platform == "linux" and "CXX" not in os.environ:
        assert facts["kernels"]["fix"].startswith("install a C++ compiler")


def test_an_extension_for_another_python_is_broken(tmp_path):
    (tmp_path / "_native.cpython-27-x86_64-linux-gnu.so").touch()
    found = doctor.diagnose(tmp_path, "No module named", False)
    assert found["broken"] and found["why"].startswith("_native.cpython-27-x86_64-linux-gnu.so is")
    assert sys.executable in found["fix"]


@pytest.mark.parametrize(
    "failure, fix",
    [
        ("RUSHLIGHT_ISA=avx512: this processor cannot run it", "unset RUSHLIGHT_ISA"),
        ("RUSHLIGHT_ISA=baseline: this extension was built for avx2 only", "RUSHLIGHT_SETS=all"),
        ("built for processors with avx2, avx512; this one lacks them", "RUSHLIGHT_SETS=all"),
        ("libc.so.6: version `GLIBC_2.38' not found", "it was built on a newer system"),
        ("numpy.core.multiarray failed to import", "'numpy>=2'"),
        ("invalid ELF header", "--force-reinstall"),
    ],
)
def test_each_failure_has_its_fix(tmp_path, failure, fix):
    (tmp_path / f"_native{SUFFIX}").touch()
    found = doctor.diagnose(tmp_path, failure, False)
    assert found["why"] == failure and fix in found["fix"] and found["broken"]
    # with RUSHLIGHT_PURE nothing was to be loaded, so nothing is broken
    assert doctor.diagnose(tmp_path, "", True) == {
        "why": "RUSHLIGHT_PURE leaves them out",
        "fix": "unset RUSHLIGHT_PURE",
        "broken": False,
    }


def test_the_extras_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {
        name: tuple(word.split(">")[0] for word in packages)
        for name, packages in project["optional-dependencies"].items()
        if name not in ("test", "dev")
    }
    assert {name: packages for name, (packages, _) in doctor.EXTRAS.items()} == declared


def test_what_is_missing_is_named(monkeypatch):
    def version(package):
        if package in ("pillow", "optuna"):
            raise metadata.PackageNotFoundError(package)
        return "1.2"

    monkeypatch.setattr(metadata, "version", version)
    rows = {row["name"]: row for row in doctor.extras()}
    assert rows["app"]["installed"] == {"rich": "1.2"} and rows["app"]["missing"] == ["pillow"]
    assert rows["tune"]["installed"] == {} and rows["tune"]["missing"] == ["optuna"]
    facts = doctor.examine(timed=False)
    text = doctor.lines(facts)
    assert "           fix: pip install 'rushlight[app,tune]'" in text
    assert any(line.split()[1:5] == ["app", "rich", "1.2;", "no"] for line in text)


def test_the_text_of_the_costs():
    mlp, convolution = doctor.WORKLOADS
    facts = doctor.examine(timed=False)
    facts["cost"] = [
        {"what": mlp, "native": 0.5, "twins": 1.25},
        {"what": convolution, "native": None, "twins": 6.0},
    ]
    first, second = doctor.lines(facts)[-2:]
    assert first == f"cost       {mlp}: 0.50 ms native, 1.25 ms on twins: 2.5 times"
    assert second.startswith(f"           {convolution}: 6.00 ms on twins (on the authors' machine")


def test_the_verb(capsys):
    assert cli.main(["doctor", "--quick"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"rushlight  {rl.version.RUSHLIGHT}, in ")
    labels = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert labels[:7] == [
        "rushlight",
        "python",
        "numpy",
        "system",
        "processor",
        "kernels",
        "devices",
    ]
