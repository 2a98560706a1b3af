"""native/build_backend.py: when `pip install` compiles the kernels, and what it says if it cannot.

scikit-build-core, which does the work, is not needed here: a stand-in records what it is asked for.
`make test-install` installs for real.
"""

import importlib.util
import json
import os
import shutil
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMPILER = next(filter(shutil.which, ("c++", "g++", "clang++")), None)


@pytest.fixture
def backend(monkeypatch, tmp_path):
    """The module, with `backend.asked`: (what scikit-build-core was asked for, its settings)."""
    asked = []

    def function(name, answer):
        def call(*arguments):
            asked.append((name, *arguments))
            return answer

        return call

    build = types.ModuleType("build")
    for name in ("wheel", "editable", "sdist"):
        setattr(build, f"build_{name}", function(name, f"{name}.whl"))
        setattr(build, f"get_requires_for_build_{name}", function(f"requires {name}", ["ninja"]))
        setattr(build, f"prepare_metadata_for_build_{name}", function(f"metadata {name}", "info"))
    build.__file__ = "/env/scikit_build_core/build/__init__.py"
    package = types.ModuleType("scikit_build_core")
    package.build = build
    monkeypatch.setitem(sys.modules, "scikit_build_core", package)
    spec = importlib.util.spec_from_file_location("backend", ROOT / "native/build_backend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.asked = asked
    for name in (
        "CXX",
        "CXXFLAGS",
        "CMAKE_ARGS",
        "CMAKE_TOOLCHAIN_FILE",
        "RUSHLIGHT_BUILD",
        "RUSHLIGHT_SETS",
    ):
        monkeypatch.setenv(name, "")  # so that what the module sets is taken back
        monkeypatch.delenv(name)
    monkeypatch.setenv("NINJA_STATUS", "")
    monkeypatch.chdir(tmp_path)  # what was built here stays as it is
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module, "open", refuse, raising=False)  # no words on the terminal
    return module


def refuse(*_):
    raise OSError("no terminal")


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """compiler(complaint): alone on PATH is a c++ that says this and fails; with "" it works."""

    def make(complaint):
        fake = tmp_path / "c++"
        fake.write_text(f"#!/bin/sh\necho '{complaint}' >&2\nexit {int(bool(complaint))}\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return make


PURE = {"wheel.cmake": "false"}


def test_no_compiler_gives_the_pure_package_and_one_line(backend, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert backend.get_requires_for_build_wheel() == ["ninja"]  # not NumPy
    assert backend.prepare_metadata_for_build_wheel("meta") == "info"
    assert capfd.readouterr() == ("", "")
    assert backend.build_wheel("out", {"x": "y"}) == "wheel.whl"
    assert backend.asked == [
        ("requires wheel", PURE),
        ("metadata wheel", "meta", PURE),
        ("wheel", "out", {"x": "y"} | PURE, None),
    ]
    out, err = capfd.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert err.startswith("rushlight: no C++ compiler: installing without compiled kernels")
    assert "rushlight doctor" in err


def test_a_compiler_that_works_compiles(backend, compiler, capfd):
    compiler("")
    assert backend.get_requires_for_build_editable() == ["ninja", "numpy>=2"]
    assert backend.build_editable("out") == "editable.whl"
    assert backend.asked[-1] == ("editable", "out", {"cmake.define.RL_SETS": "own"}, None)
    begin, end = capfd.readouterr().err.splitlines()
    assert begin == "rushlight: compiling the kernels with c++"
    assert end == "rushlight: compiled in 0 s"


def test_objects_outlive_the_environment_that_made_them(backend, compiler):
    compiler("")
    folder = Path("build/cp311")
    for name in ("CMakeCache.txt", "CMakeFiles/4.1/found", "CMakeFiles/a.dir/a.o", "build.ninja"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    info = folder / ".skbuild-info.json"
    info.write_text('{"skbuild_path": "/env/scikit_build_core", "source_dir": "/src"}')

    def files():
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("[!.]*") if p.is_file())

    before = files()
    backend.build_wheel("out")
    assert files() == before  # the environment is the same
    info.write_text('{"skbuild_path": "/gone/scikit_build_core", "source_dir": "/src"}')
    backend.build_wheel("out")
    assert files() == ["CMakeFiles/a.dir/a.o", "build.ninja"]
    assert json.loads(info.read_text()) == {
        "skbuild_path": "/env/scikit_build_core",
        "source_dir": "/src",
    }
    info.write_text("half a fi")  # then scikit-build-core begins anew
    backend.build_wheel("out")


@pytest.mark.skipif(COMPILER is None, reason="no compiler here")
def test_the_probe_compiles(backend):
    found = backend.obstacle()
    assert found == "" or "cannot compile the kernels" in found
    if not found:
        assert os.environ.pop("CXX") in backend.COMPILERS


def test_what_a_compiler_lacks_is_named(backend, compiler):
    compiler("probe.cpp:2:10: fatal error: Python.h: No such file or directory")
    assert backend.obstacle() == (
        "c++ cannot compile the kernels (Python.h is missing: on Debian and Ubuntu, "
        "apt install python3-dev)"
    )
    compiler("probe.cpp:9:1: error: concepts are not known\nprobe.cpp:9:2: error: more")
    assert backend.obstacle() == (
        "c++ cannot compile the kernels (concepts are not known; GCC 12 or newer is needed)"
    )


def test_a_newer_compiler_under_its_number_is_taken(backend, compiler, tmp_path, monkeypatch):
    compiler("error: too old")
    newer = tmp_path / "g++-13"
    newer.write_text("#!/bin/sh\n")
    newer.chmod(0o755)
    assert backend.obstacle() == "" and os.environ["CXX"] == "g++-13"


def test_rushlight_build_decides(backend, compiler, monkeypatch, tmp_path):
    compiler("")
    monkeypatch.setenv("RUSHLIGHT_BUILD", "pure")
    assert backend.settled(None) == PURE
    monkeypatch.setenv("RUSHLIGHT_BUILD", "native")
    assert backend.settled(None) == {"cmake.define.RL_SETS": "own"}
    compiler("error: too old")
    with pytest.raises(SystemExit, match="RUSHLIGHT_BUILD=native, but c\\+\\+ cannot compile"):
        backend.settled(None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit, match="RUSHLIGHT_BUILD=native, but no C\\+\\+ compiler"):
        backend.build_wheel("out")
    monkeypatch.setenv("RUSHLIGHT_BUILD", "fast")
    with pytest.raises(SystemExit, match="RUSHLIGHT_BUILD=fast: it is native or pure"):
        backend.settled(None)
    assert backend.asked == []


def test_a_cross_compiler_is_not_tried_here(backend, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CMAKE_ARGS", "-DCMAKE_TOOLCHAIN_FILE=arm.cmake")
    assert backend.settled(None) == {"cmake.define.RL_SETS": "own"}


@pytest.mark.parametrize("sets", ["own", "all", "avx2", "baseline,avx512"])
def test_rushlight_sets_says_for_which_processors(backend, compiler, monkeypatch, sets):
    compiler("")
    monkeypatch.setenv("RUSHLIGHT_SETS", sets)
    assert backend.settled({"x": "y"}) == {"cmake.define.RL_SETS": sets, "x": "y"}
    given = {"cmake.define.RL_SETS": "avx2"}  # pip's --config-settings
    assert backend.settled(given) == given
    monkeypatch.setenv("RUSHLIGHT_BUILD", "pure")
    assert backend.settled(None) == PURE


@pytest.mark.parametrize("sets", ["avx3", "all,avx2", "avx2;avx512", ","])
def test_unknown_sets_are_refused(backend, compiler, monkeypatch, sets):
    compiler("")
    monkeypatch.setenv("RUSHLIGHT_SETS", sets)
    with pytest.raises(SystemExit, match=f"RUSHLIGHT_SETS={sets}: it is own, all, or of"):
        backend.build_wheel("out")


def test_cxx_is_heeded(backend, compiler, monkeypatch):
    compiler("")
    monkeypatch.setenv("CXX", "none-such -m32")
    assert backend.obstacle() == "no C++ compiler (CXX=none-such -m32)"
    monkeypatch.setenv("CXX", "c++ -m32")
    assert backend.obstacle() == ""


@pytest.mark.parametrize("name", ["darwin", "win32", "emscripten"])
def test_other_systems_get_the_pure_package(backend, monkeypatch, name):
    monkeypatch.setattr(sys, "platform", name)
    assert backend.settled(None) == PURE and name in backend.obstacle()
