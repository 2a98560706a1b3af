"""Builds what a release uploads: the sdist, the pure wheel, a wheel for each Python and processor.

    python tools/wheels.py [--out dist] [--pythons "python3.12 /opt/3.14t/bin/python3.14t ..."]
                           [--arch x86_64,aarch64] [--strict]
    python tools/wheels.py --check dist     the checks alone, on what lies there
    python tools/wheels.py --again dist     builds again elsewhere, without a cache; the same bytes?

sdist        python -m build. All else is made from its files, so it is complete
pure         RUSHLIGHT_BUILD=pure pip wheel: the package without its extension
native       the pure wheel's files and one extension. GCC compiles it, as in a build from source:
             the same bits, the same speed. Only the linking is zig's, which knows the symbols of
             any glibc, so that the extension runs on all since GLIBC. Another processor's is
             compiled by its cross compiler (Debian, Ubuntu: g++-12, g++-12-aarch64-linux-gnu)
Pythons      only their headers are used. CPython's are the same for both processors, but for
             pyconfig.h (both are LP64: the same sizes); NumPy 2.4.6's are the same byte for byte
time         SOURCE_DATE_EPOCH; without it the commit's. Two builds give the same bytes

ccache, if there is one, keeps the objects that do not depend on Python.
Needs (make wheels installs it): build, pip, cmake, ninja, numpy, ziglang, auditwheel, twine.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path

import wheel_file
from wheel_file import Target

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build/wheels"
PYTHONS = (
    *("python3.11", "python3.12", "python3.13", "python3.14", "python3.14t"),
    *("python3.15", "python3.15t"),
)
# (libstdc++ of a newer one has symbols that systems with GLIBC lack; the tests' numbers are of 12)
COMPILERS = {"x86_64": "g++-12", "aarch64": "aarch64-linux-gnu-g++-12"}
GLIBC = (2, 28)
LIMIT = 5_000_000  # bytes of a wheel


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def output(*command: str | Path, **options) -> str:
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def epoch() -> int:
    wanted = os.environ.get("SOURCE_DATE_EPOCH")
    return int(wanted or output("git", "log", "-1", "--format=%ct", cwd=ROOT))


def sdist(out: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--sdist", "--outdir", out, ROOT],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (made,) = out.glob("rushlight-*.tar.gz")
    return made


@functools.cache
def deflated(data: bytes) -> bytes:
    """By Zopfli, 3 % shorter than zlib's: kernels of three instruction sets fit LIMIT."""
    import zopfli.zlib

    return zopfli.zlib.compress(data, numiterations=5)[2:-4]  # without zlib's header and checksum


def unpacked(made: Path, folder: Path) -> Path:
    """The sources of an sdist, in a folder whose name no version changes."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(made) as tar:
        top = tar.getnames()[0].split("/")[0]
    subprocess.run(["tar", "-xzf", made, "-C", folder.parent], check=True)
    (folder.parent / top).rename(folder)
    return folder


def pure(source: Path) -> wheel_file.Files:
    """The files of the pure wheel."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [*(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder), source],
            check=True,
            env={**os.environ, "RUSHLIGHT_BUILD": "pure"},
        )
        (made,) = Path(folder).iterdir()
        if not made.name.endswith("-py3-none-any.whl"):
            raise SystemExit(f"{made.name} is not the pure wheel: does its build have CMake on?")
        return wheel_file.read(made.read_bytes())


ASK = """
import json, pathlib, sys, sysconfig
include = pathlib.Path(sysconfig.get_path("include"))
# (where Debian has one pyconfig.h that includes the processor's)
own = include.parent / str(sysconfig.get_config_var("MULTIARCH")) / include.name / "pyconfig.h"
print(json.dumps([sys.implementation.name, sys.version_info[1],
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")), str(include),
    str(own) if own.exists() else sysconfig.get_config_h_filename(),
    "%d.%d.%d" % sys.version_info[:3]]))
"""


def found(pythons: list[str], strict: bool) -> list[dict]:
    """What the interpreters say of themselves; those that are not there are named."""
    all_of_them = []
    for python in pythons:
        if not shutil.which(python):
            if strict:
                raise SystemExit(f"{python} is not there, and --strict asks for it")
            say(f"no wheel for {python}: it is not there")
            continue
        implementation, *said = json.loads(output(python, "-c", ASK))
        keys = ("minor", "free", "include", "config", "version")
        one = dict(zip(keys, said, strict=True)) | {"path": shutil.which(python)}
        all_of_them.append(one)
        if implementation != "cpython" or not Path(one["include"], "Python.h").exists():
            raise SystemExit(f"{python}: {implementation}, Python.h not in {one['include']}")
    return all_of_them


def toolchain(arch: str, folder: Path) -> Path:
    """A CMake toolchain: GCC compiles, zig links. libgcc comes first: zig's twin of it does not
    know GCC's way to ask for the processor's features."""
    compiler = COMPILERS[arch]
    libraries = [output(compiler, "-print-libgcc-file-name").strip()]
    for library in ("libstdc++.so.6", "libgcc_s.so.1"):
        libraries.append(output(compiler, f"-print-file-name={library}").strip())
        if not Path(libraries[-1]).is_absolute():
            raise SystemExit(f"{compiler} has no {library}")
    target = "{}-linux-gnu.{}.{}".format(arch, *GLIBC)
    link = " ".join(
        [
            *(f'\\"{sys.executable}\\" -m ziglang cc -target {target} -shared <LINK_FLAGS>',),
            "-o <TARGET> <OBJECTS>",
            *libraries,
            "<LINK_LIBRARIES> -lm -lpthread -ldl -s -Wl,--build-id=none",
        ]
    )
    lines = [f"set(CMAKE_CXX_COMPILER {compiler})", f'set(CMAKE_CXX_CREATE_SHARED_MODULE "{link}")']
    if arch != os.uname().machine:
        lines += ["set(CMAKE_SYSTEM_NAME Linux)", f"set(CMAKE_SYSTEM_PROCESSOR {arch})"]
    file = folder / f"{arch}.cmake"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def compiled(source: Path, python: dict, target: Target, *, cache: bool) -> bytes:
    """The extension for one target."""
    import numpy

    folder = source.parent / target.soabi
    shutil.rmtree(folder, ignore_errors=True)
    # (in the folder of the build: to ccache, which takes paths from there, all Pythons look alike)
    headers = shutil.copytree(python["include"], folder / "headers")
    shutil.copy(python["config"], headers / "pyconfig.h")
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if cache and shutil.which("ccache") else []
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ccache = {"CCACHE_BASEDIR": str(source.parent), "CCACHE_DEPEND": "1"}
    environment = {**os.environ, "PATH": path, **ccache}
    subprocess.run(
        [
            *("cmake", "-S", source, "-B", folder, "-G", "Ninja", *launcher),
            f"-DCMAKE_TOOLCHAIN_FILE={toolchain(target.arch, source.parent)}",
            f"-DCMAKE_CXX_FLAGS=-ffile-prefix-map={source}=.",
            "-DRL_PRECOMPILE=OFF",
            f"-DPython_EXECUTABLE={python['path']}",
            f"-DPython_INCLUDE_DIR={headers}",
            f"-DPython_SOABI={target.soabi}",
            f"-DPython_NumPy_INCLUDE_DIR={numpy.get_include()}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    subprocess.run(["ninja", "--quiet", "-C", folder, "-j2"], check=True, env=environment)
    (made,) = folder.glob("_native*.so")  # (its name lacks Python's tag if CMake cross-compiles)
    return made.read_bytes()


def versions(python: dict, arch: str) -> dict[str, str]:
    """Of what the extension was built with."""
    return {
        "python": python["version"],
        "numpy": metadata.version("numpy"),
        "gcc": output(COMPILERS[arch], "-dumpfullversion").strip(),
        "zig": metadata.version("ziglang"),
        "glibc": "{}.{}".format(*GLIBC),
    }


def build(
    out: Path, work: Path, pythons: list[dict], arches: list[str], *, cache: bool = True
) -> list[Path]:
    """Everything, into out."""
    seconds = epoch()
    os.environ["SOURCE_DATE_EPOCH"] = str(seconds)
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("rushlight-*.whl"), *out.glob("rushlight-*.tar.gz")]:
        old.unlink()
    say("sdist")
    made = [sdist(out)]
    source = unpacked(made[0], work / "source")

    def keep(files: wheel_file.Files, tag: str, parts: tuple[wheel_file.Part, ...]) -> None:
        file = out / wheel_file.name(files, tag)
        file.write_bytes(
            wheel_file.write(wheel_file.with_bill(files, parts, tag), seconds, deflated)
        )
        made.append(file)

    say("pure wheel")
    package = pure(source)
    tag = "py3-none-any"
    keep(wheel_file.tagged(package, tag, purelib=True), tag, wheel_file.DATA)
    for arch in arches:
        for python in pythons:
            target = Target(python["minor"], python["free"], arch, GLIBC)
            say(target.tag)
            extension = compiled(source, python, target, cache=cache)
            parts = wheel_file.DATA + wheel_file.compiled_in(versions(python, arch))
            keep(wheel_file.native(package, target, extension), target.tag, parts)
    return made


def symbols_without_version(data: bytes) -> list[str]:
    """Undefined symbols of an extension that are neither Python's nor a versioned library's: such
    a one was not in the glibc that it was linked against."""
    from elftools.elf.elffile import ELFFile

    elf = ELFFile(io.BytesIO(data))
    symbols = elf.get_section_by_name(".dynsym").iter_symbols()
    versions = elf.get_section_by_name(".gnu.version").iter_symbols()
    return [
        s.name
        for s, v in zip(symbols, versions, strict=True)
        if s.name and s["st_shndx"] == "SHN_UNDEF" and s["st_info"]["bind"] != "STB_WEAK"
        if not isinstance(v["ndx"], int) and not re.match("_?Py", s.name)
    ]


def audited(wheel: Path) -> list[str]:
    """What auditwheel says against the wheel's tag."""
    said = json.loads(
        output(
            sys.executable, "-m", "auditwheel", "show", "--json", wheel, stderr=subprocess.DEVNULL
        )
    )
    wrong = []
    oldest = re.fullmatch(r"manylinux_(\d+)_(\d+)_\w+", said["overall_tag"])
    if not oldest or tuple(map(int, oldest.groups())) > GLIBC:
        wrong.append(f"auditwheel says {said['overall_tag']}")
    if said["unsupported_isa"]:
        wrong.append("auditwheel: instructions that not every processor of the tag has")
    return wrong


def check(out: Path) -> int:
    """Prints name, size and hash of each file and what is wrong; the number of wrong things."""
    files = sorted([*out.glob("rushlight-*.whl"), *out.glob("rushlight-*.tar.gz")])
    wrong = 0
    for file in files:
        data = file.read_bytes()
        bad = [f"{len(data):,} bytes, {LIMIT:,} at most"] if len(data) > LIMIT else []
        if file.suffix == ".whl":
            bad += wheel_file.complaints(data, file.name)
            extensions = [d for n, d in wheel_file.read(data).items() if n.endswith(".so")]
            if extensions:
                bad += audited(file)
            for extension in extensions:
                bad += [f"{s} is not in glibc {GLIBC}" for s in symbols_without_version(extension)]
        print(f"{hashlib.sha256(data).hexdigest()[:16]} {len(data) / 1e6:5.2f} MB  {file.name}")
        for text in bad:
            print(f"    WRONG: {text}")
        wrong += len(bad)
    if not files:
        print(f"nothing in {out}")
        return 1
    twine = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files], capture_output=True, text=True
    )
    if twine.returncode:
        print(twine.stdout + twine.stderr)
    return wrong + bool(twine.returncode)


def again(out: Path, pythons: list[dict], arches: list[str]) -> int:
    """Builds once more in another folder, without a cache: the number of files that differ."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = 0
        for file in build(Path(folder, "dist"), Path(folder, "work"), pythons, arches, cache=False):
            first = out / file.name
            same = first.exists() and first.read_bytes() == file.read_bytes()
            print(f"{'same bytes' if same else 'DIFFERS'}  {file.name}")
            wrong += not same
            if not same and first.exists() and file.suffix == ".whl":
                before, now = (wheel_file.read(f.read_bytes()) for f in (first, file))
                print(*(f"    {n}" for n in now if before.get(n) != now[n]), sep="\n")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--pythons", type=str.split, default=list(PYTHONS), metavar="COMMANDS")
    parser.add_argument("--arch", type=lambda s: s.split(","), default=list(COMPILERS))
    parser.add_argument("--strict", action="store_true", help="all Pythons have to be there")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", type=Path, metavar="FOLDER")
    what.add_argument("--again", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if options.check:
        return min(check(options.check), 1)
    pythons = found(options.pythons, options.strict)
    if options.again:
        return min(again(options.again, pythons, options.arch), 1)
    build(options.out, WORK, pythons, options.arch)
    return min(check(options.out), 1)


if __name__ == "__main__":
    sys.exit(main())
