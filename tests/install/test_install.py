"""Installing from the sources and from an sdist, with a compiler and without: `make test-install`.

Needs PyPI for scikit-build-core and NumPy, so it is no part of the default suite.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE = platform.machine()
#: what of the environment a package manager needs to reach PyPI
KEPT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_", "REQUESTS_CA_BUNDLE", "HTTP", "http", "no_proxy")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of the project as a clone has it, with nothing built."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith(("tests/", "bench/", "docs/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def python(tmp_path):
    """python(*words, compilers=False, **environment): the finished process of a new environment.

    Without `compilers` nothing but that environment is on PATH.
    """
    venv.create(tmp_path / "env", with_pip=True)
    program = tmp_path / "env/bin/python"

    def call(*words, compilers=False, **environment):
        kept = {k: v for k, v in os.environ.items() if k.startswith(KEPT)}
        path = str(program.parent) + (os.pathsep + os.environ["PATH"] if compilers else "")
        return subprocess.run(
            [program, *map(str, words)],
            env=kept | {"PATH": path, "HOME": str(tmp_path)} | environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # no terminal: everything is in the output
        )

    return call


SAID = "rushlight: no C++ compiler: installing without compiled kernels"


def works(python):
    """Asserts that the installed package trains, and returns what `rushlight doctor` says."""
    trained = python("-W", "ignore", "-m", "rushlight", "train", "digits", "--epochs", 2)
    right = re.search(r"test accuracy ([\d.]+) %", trained.stdout)
    assert trained.returncode == 0 and right and float(right[1]) > 70, trained.stdout
    doctor = python("-W", "ignore", "-m", "rushlight", "doctor")
    assert doctor.returncode == 0, doctor.stdout
    return doctor.stdout


def test_without_a_compiler(python, sources, tmp_path):
    done = python("-m", "pip", "install", "-v", sources)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(SAID) == 1
    assert "filename=rushlight-" in done.stdout and "-py3-none-any.whl" in done.stdout
    text = works(python)
    assert "kernels    none: this is the package without an extension" in text
    assert "fix: install a C++ compiler" in text
    # nothing of a build was asked for
    assert "Collecting numpy" in done.stdout
    assert not any(f"Collecting {name}" in done.stdout for name in ("cmake", "ninja"))


def test_native_is_refused_at_once(python, sources):
    done = python("-m", "pip", "install", sources, RUSHLIGHT_BUILD="native")
    assert done.returncode == 1
    assert "rushlight: RUSHLIGHT_BUILD=native, but no C++ compiler" in done.stdout
    assert "Collecting ninja" not in done.stdout


def test_the_sdist_without_a_compiler(python, sources, tmp_path):
    assert python("-m", "pip", "install", "-q", "build").returncode == 0
    made = python("-m", "build", "--sdist", "-o", "dist", sources)
    assert made.returncode == 0, made.stdout
    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"native/build_backend.py", "native/gemm.cpp", "CMakeLists.txt"} <= {*names}
    done = python("-m", "pip", "install", "-v", sdist)
    assert done.returncode == 0 and done.stdout.count(SAID) == 1, done.stdout
    assert "kernels    none: this is the package without an extension" in works(python)


@pytest.mark.skipif(shutil.which("c++") is None, reason="no compiler here")
def test_the_kernels_are_compiled_once(python, sources, tmp_path):
    # one instruction set, hardly optimized: to be fast
    define = {"SKBUILD_CMAKE_BUILD_TYPE": "MinSizeRel"}
    if MACHINE == "x86_64":
        define["SKBUILD_CMAKE_DEFINE"] = "RL_ONE_ISA=x86-64-v2"

    def wheel(**environment):
        done = python(
            *("-m", "pip", "wheel", "-v", "--no-deps", "-w", tmp_path / "dist", sources),
            compilers=True,
            **define,
            **environment,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    first = wheel()
    assert "rushlight: compiling the kernels with c++" in first
    assert "rushlight: compiled in " in first and "rushlight: file 1 of " in first
    # pip makes a new environment for each build, with NumPy and scikit-build-core in new folders
    again = wheel()
    assert "Building CXX object" not in again and "rushlight: compiled in " in again
    (file,) = (tmp_path / "dist").glob("*.whl")
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert f"-{tag}-{tag}-linux_" in file.name
    with zipfile.ZipFile(file) as archive:
        assert [n for n in archive.namelist() if n.startswith("rushlight/_native.")]
    assert python("-m", "pip", "install", "-q", file).returncode == 0
    assert "kernels    native, " in works(python)
    pure = wheel(RUSHLIGHT_BUILD="pure")
    assert "-py3-none-any.whl" in pure and "compiling" not in pure


@pytest.mark.skipif(MACHINE != "x86_64" or shutil.which("c++") is None, reason="x86-64's sets")
def test_rushlight_sets_reaches_the_compiler(python, sources):
    def planned(sets):
        """The sets that CMake plans. Ninja compiles nothing then (-n), so that pip may fail."""
        done = python(
            *("-m", "pip", "wheel", "-v", "--no-deps", sources),
            compilers=True,
            RUSHLIGHT_SETS=sets,
            SKBUILD_BUILD_TOOL_ARGS="-n",
        )
        said = re.search(r"rushlight: the kernels, \d+ files for each of (.+), by", done.stdout)
        assert said, done.stdout
        return set(said[1].split(", "))

    every = {"baseline", "avx2", "avx512"}
    assert planned("all") == every
    assert planned("avx2") == {"avx2"}
    assert planned("baseline,avx512") == {"baseline", "avx512"}
    assert set() < planned("") == planned("own") <= every
