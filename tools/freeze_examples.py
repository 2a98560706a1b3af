"""Records what the programs of examples/ write on PyTorch, in small, into
tests/frozen/examples.json.

OMP_NUM_THREADS=1 python tools/freeze_examples.py   # with torch 2.13.0 (CPU), pillow, safetensors
"""

import json
import runpy
import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "examples", "src")]  # src: the digits

import example_cases as cases  # noqa: E402


def main() -> None:
    record: dict = {"made by": f"tools/freeze_examples.py with PyTorch {torch.__version__}"}
    for name in cases.SMALL:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "out")
            sys.argv = cases.words(name, out)
            runpy.run_path(sys.argv[0], run_name="__main__")
            record[name] = [float(f"{x:.7g}") for x in cases.numbers(out)]
    path = ROOT / "tests" / "frozen" / "examples.json"
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
