"""Make src/rushlight/vision/datasets/digits.npz from scikit-learn's copy of the UCI digits.

    pip download --no-deps scikit-learn && unzip -j scikit_learn-*.whl '*/data/digits.csv.gz'
    python tools/make_digits.py digits.csv.gz

The archive holds images (1797, 8, 8) of uint8 in 0..16, labels (1797) and the text below.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[1] / "src/rushlight/vision/datasets/digits.npz"
README = """\
Optical Recognition of Handwritten Digits
E. Alpaydin and C. Kaynak, 1998. UCI Machine Learning Repository, https://doi.org/10.24432/C50P49
Licence: Creative Commons Attribution 4.0 International, https://creativecommons.org/licenses/by/4.0/

The 1,797 images of the test set (13 writers), in the order in which scikit-learn ships them
(sklearn.datasets.load_digits). Each pixel counts the set pixels, 0 to 16, of a block of 4x4 pixels
of a 32x32 bitmap. Changes: repacked from CSV as NumPy arrays, nothing else.
"""


def main() -> None:
    table = np.loadtxt(sys.argv[1], delimiter=",").astype(np.uint8)  # (1797, 65)
    arrays = {"images": table[:, :64].reshape(-1, 8, 8), "labels": table[:, 64]}
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(_entry("README.txt"), README)
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(_entry(f"{name}.npy"), buffer.getvalue())
    print(TARGET, TARGET.stat().st_size, "bytes")


def _entry(name: str) -> zipfile.ZipInfo:
    """With a fixed date, so that the same input makes the same file."""
    entry = zipfile.ZipInfo(name, (1998, 7, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


if __name__ == "__main__":
    main()
