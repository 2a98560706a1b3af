"""The pure wheel under Pyodide in node: programs, the test suite, what there is not."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from test_documents import differences  # noqa: E402

FROZEN = ROOT / "tests/frozen/scripts"
PROGRAM = "tests/browser/run_program.py"

#: files of the suite, in the parts that one start of the interpreter runs
SUITE = {
    "tensors": "tiny tensor views index reduce shape random matmul",
    "autograd": "autograd gradcheck saved_tensors",
    "layers": "layers loss activation norm pool recurrent",
    "training": "optim lr_scheduler data playground",
}
NOT_HERE = [
    # a chain that is freed as a whole is deeper than a browser's stack, see docs/browser.md
    "tests/test_autograd.py::test_a_hundred_thousand_operations_deep",
    # to the last bit, and the cosine of musl is another one there
    "tests/test_lr_scheduler.py::test_rates_and_momenta_are_pytorchs[CosineAnnealingLR]",
]


@pytest.mark.parametrize("part", SUITE)
def test_the_suite(in_node, part):
    files = [f"tests/test_{name}.py" for name in SUITE[part].split()]
    deselected = [word for name in NOT_HERE for word in ("--deselect", name)]
    done = in_node("tests/browser/run_pytest.py", *files, *deselected, limit=1200)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("name", ["build_model", "from_scratch"])
def test_a_program_of_the_documents_prints_what_pytorch_prints(in_node, name):
    done = in_node(PROGRAM, f"tests/scripts/{name}.py")
    assert done.returncode == 0, done.stderr
    want = (FROZEN / f"{name}.txt").read_text("utf-8").splitlines()
    assert list(differences(done.stdout.splitlines(), want, 1.5e-4)) == []


def test_the_first_100_losses_are_pytorchs(in_node):
    done = in_node(PROGRAM, "tests/scripts/first_losses.py")
    assert done.returncode == 0, done.stderr
    want = (FROZEN / "first_losses.txt").read_text("utf-8").splitlines()
    ours, theirs = (
        [float(line.split()[2]) for line in t] for t in (done.stdout.splitlines(), want)
    )
    assert len(ours) == 300
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_what_there_is_not_says_so(in_node):
    done = in_node("tests/browser/missing.py")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert said["kernels"].startswith("kernels: NumPy twins")
    for name, dtype in (
        ("bfloat16", "bfloat16"),
        ("float8", "float8_e4m3fn"),
        ("muon", "bfloat16"),
    ):
        assert said[name].startswith(f"NotImplementedError: torch.{dtype} needs the package ml_dty")
    assert said["workers"] == (
        "([[0, 1], [4, 9], [16]], ['DataLoader(num_workers=2): there are no processes in a "
        "browser; the batches are loaded in this one, without worker_init_fn'])"
    )
    assert said["mmap"] == "[1.0, 1.0, 1.0]"
    assert said["process"].endswith("No module named '_multiprocessing'")  # Python's own words
