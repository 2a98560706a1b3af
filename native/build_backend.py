"""The build backend: scikit-build-core, or the package alone where C++ cannot be compiled.

pip calls the functions of PEP 517 (pyproject.toml names this file). RUSHLIGHT_BUILD decides:

    native   with the kernels in C++; an error where they cannot be built
    pure     the Python package alone, on NumPy twins: a wheel for any Python (py3-none-any)
    unset    native if a small program compiles here, else pure with one line that says why

and RUSHLIGHT_SETS for which of x86-64's instruction sets the kernels are compiled:

    own      the best that this processor has. Also if unset
    all      baseline, avx2 and avx512, for any processor since 2009; takes 2.5 times as long
    avx2     a set's name, or some with commas

NumPy, CMake and Ninja are asked for only when something is to be compiled. As a program it makes a
wheel in the environment that is there, and shows what CMake and Ninja print (the Makefile):

    python native/build_backend.py FOLDER
    python native/build_backend.py --requires     what has to be installed for that
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from scikit_build_core import build as scikit

#: in the order in which they are tried; old systems have a newer one under its number
COMPILERS = ("c++", "g++", "clang++", *(f"g++-{n}" for n in (16, 15, 14, 13, 12)))

#: x86-64's instruction sets that there are kernels for
SETS = {"baseline", "avx2", "avx512"}

#: What native/ asks of a compiler, and of the machine: vectors, C++20, Python's headers, linking.
PROBE = """
#include <Python.h>
#include <cstdint>
template <std::size_t n> struct Name {
    char text[n];
    constexpr Name(const char (&)[n]) : text{} {}
};
template <Name name> int length() { return sizeof name.text; }
typedef float F __attribute__((vector_size(32)));
F low(F x, F y) { return x > y ? x : __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11); }
extern "C" PyObject* probe() {
    return PyLong_FromLong([]<class T>(T x) { return x + length<"name">(); }(1));
}
"""


def tell(text):
    """One line for whoever waits: pip keeps what a build prints, so to the terminal as well."""
    print(f"rushlight: {text}", file=sys.stderr, flush=True)
    if not sys.stderr.isatty():
        with contextlib.suppress(OSError), open("/dev/tty", "w") as terminal:
            print(f"\rrushlight: {text}", file=terminal)


def obstacle():
    """Why the kernels cannot be compiled here; "" if they can. Sets CXX to the compiler found."""
    here = f"{sys.implementation.name} on {sys.platform}"
    if here != "cpython on linux":
        return f"the kernels are for cpython on linux, this is {here}"
    if "CMAKE_TOOLCHAIN_FILE" in os.environ or "CMAKE_ARGS" in os.environ:
        return ""  # a cross compiler: CMake finds it and tries it
    wanted = os.environ.get("CXX")
    found = [c for c in ([wanted] if wanted else COMPILERS) if shutil.which(shlex.split(c)[0])]
    if not found:
        return f"no C++ compiler (CXX={wanted})" if wanted else "no C++ compiler"
    reasons = [(c, _complaint(c)) for c in found]
    for compiler, complaint in reasons:
        if not complaint:
            os.environ["CXX"] = compiler
            return ""
    return "{} cannot compile the kernels ({})".format(*reasons[0])


def _complaint(compiler):
    """What a compiler says against PROBE, in one line; "" if it makes a library of it."""
    paths = sysconfig.get_paths()
    includes = [f"-I{paths[name]}" for name in ("include", "platinclude")]
    flags = shlex.split(os.environ.get("CXXFLAGS", ""))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.cpp")
        source.write_text(PROBE, "utf-8")
        command = [*shlex.split(compiler), *flags, "-std=c++20", "-shared", "-fPIC", *includes]
        done = subprocess.run(
            [*command, str(source), "-o", str(source.with_suffix(".so"))],
            capture_output=True,
            text=True,
            errors="replace",
        )
    if not done.returncode:
        return ""
    if "Python.h" in done.stderr:
        return "Python.h is missing: on Debian and Ubuntu, apt install python3-dev"
    errors = re.findall(r"error: (.+)", done.stderr) or done.stderr.splitlines() or ["it failed"]
    return f"{errors[0].strip()}; GCC 12 or newer is needed"


def settled(config_settings, say=False):
    """The settings for scikit-build-core: as given, and `wheel.cmake` false for a pure package."""
    settings = dict(config_settings or {})
    wanted = os.environ.get("RUSHLIGHT_BUILD", "")
    if wanted not in ("", "native", "pure"):
        raise SystemExit(f"rushlight: RUSHLIGHT_BUILD={wanted}: it is native or pure, or not set")
    if wanted != "pure":
        why = obstacle()
        if not why:
            sets = os.environ.get("RUSHLIGHT_SETS") or "own"
            if sets not in ("own", "all") and not set(sets.split(",")) <= SETS:
                raise SystemExit(
                    f"rushlight: RUSHLIGHT_SETS={sets}: it is own, all, or of baseline, avx2 and "
                    "avx512, with commas between them"
                )
            return {"cmake.define.RL_SETS": sets, **settings}
        if wanted == "native":
            raise SystemExit(f"rushlight: RUSHLIGHT_BUILD=native, but {why}")
        if say:
            tell(
                f"{why}: installing without compiled kernels, which gives the same results several "
                "times slower; `rushlight doctor` says what to do"
            )
    return {**settings, "wheel.cmake": "false"}


def _requirements(settings, asked):
    pure = settings.get("wheel.cmake") == "false"
    return [*asked(settings), *([] if pure else ["numpy>=2"])]


def get_requires_for_build_wheel(config_settings=None):
    return _requirements(settled(config_settings), scikit.get_requires_for_build_wheel)


def get_requires_for_build_editable(config_settings=None):
    return _requirements(settled(config_settings), scikit.get_requires_for_build_editable)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    return scikit.prepare_metadata_for_build_wheel(metadata_directory, settled(config_settings))


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    return scikit.prepare_metadata_for_build_editable(metadata_directory, settled(config_settings))


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    settings = settled(config_settings, say=True)
    with _timed(settings):
        return scikit.build_wheel(wheel_directory, settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    settings = settled(config_settings, say=True)
    with _timed(settings):
        return scikit.build_editable(wheel_directory, settings, metadata_directory)


@contextlib.contextmanager
def _timed(settings):
    """Says that kernels are compiled, and how long it took."""
    if settings.get("wheel.cmake") == "false":
        yield
        return
    _keep_objects(Path("build"), Path(scikit.__file__).resolve().parents[1])
    tell(f"compiling the kernels with {os.environ.get('CXX', 'the compiler of CMake')}")
    os.environ.setdefault("NINJA_STATUS", "rushlight: file %f of %t, %e s: ")
    begin = time.monotonic()
    yield
    tell(f"compiled in {time.monotonic() - begin:.0f} s")


def _keep_objects(folder, builder):
    """Lets what an earlier install compiled stand, although pip makes a new environment each time.

    scikit-build-core, when it is not where it was, throws away what CMake found, and all objects
    with it. The former is stale, an object is not: Ninja knows the command that made it.
    """
    for file in folder.glob("*/.skbuild-info.json"):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            info = json.loads(file.read_text("utf-8"))
            if info["skbuild_path"] != str(builder):
                (file.parent / "CMakeCache.txt").unlink(missing_ok=True)
                for found in file.parent.glob("CMakeFiles/[0-9]*"):
                    shutil.rmtree(found)
                file.write_text(json.dumps(info | {"skbuild_path": str(builder)}), "utf-8")


get_requires_for_build_sdist = scikit.get_requires_for_build_sdist
build_sdist = scikit.build_sdist


def main(words):
    os.chdir(Path(__file__).parents[1])
    if words == ["--requires"]:
        print(*get_requires_for_build_wheel(), sep="\n")
        return
    os.makedirs(words[0], exist_ok=True)
    build_wheel(words[0])


if __name__ == "__main__":
    main(sys.argv[1:])
