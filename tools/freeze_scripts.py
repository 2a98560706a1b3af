"""Records what PyTorch prints for the scripts of tests/scripts, into tests/frozen/scripts.

    OMP_NUM_THREADS=1 python tools/freeze_scripts.py      # with torch 2.13.0 (CPU) installed

torchvision need not be there: the scripts import it, but take nothing from it.

The scripts' seeds are those for which PyTorch's runs with 1 thread and 2, and with
ATEN_CPU_CAPABILITY default, avx2 and avx512, agree to 1e-6 over 100 steps, and more that
tools/find_seeds.py asks. With others a rounding decides a ReLU, and the run depends on the
processor: run `python tools/find_seeds.py` before recording a script that was changed.
"""

import contextlib
import io
import runpy
import sys
from pathlib import Path
from types import ModuleType

import torch

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
DIGITS = ROOT / "src/rushlight/vision/datasets/digits.npz"


def main() -> None:
    print(f"recording PyTorch {torch.__version__}")
    for name in ("torchvision", "torchvision.datasets", "torchvision.transforms"):
        sys.modules[name] = ModuleType(name)
    vision = sys.modules["torchvision"]
    vision.datasets = vision.transforms = None
    folder = TESTS / "frozen" / "scripts"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((TESTS / "scripts").glob("*.py")):
        out = io.StringIO()
        sys.argv[:] = [str(path), str(DIGITS)]
        with contextlib.redirect_stdout(out):
            runpy.run_path(str(path), run_name="__main__")
        (folder / f"{path.stem}.txt").write_text(out.getvalue(), encoding="utf-8")
        print(path.name, len(out.getvalue().splitlines()), "lines")


if __name__ == "__main__":
    main()
