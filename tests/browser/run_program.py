"""`rushlight run PROGRAM digits.npz`: the documents' programs, with the digits of the package."""

import sys
from pathlib import Path

import rushlight
from rushlight.app import run

digits = Path(rushlight.__file__).parent / "vision/datasets/digits.npz"
sys.exit(run.main([*sys.argv[1:], str(digits)]))
