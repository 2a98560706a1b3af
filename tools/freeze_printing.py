"""Record how PyTorch prints: tests/frozen/printing.txt, expressions each followed by its text.

    python tools/freeze_printing.py        # needs PyTorch 2.13.0; rewrites the file

tests/test_printing.py evaluates the same expressions with rushlight.
"""

from pathlib import Path

import torch

# A line "set: ..." sets print options for the following ones; "set:" alone resets them.
CASES = """
torch.tensor(1.5)
torch.tensor(3)
torch.tensor(True)
torch.tensor(2 - 0.5j)
torch.tensor([])
torch.empty(0, 3)
torch.empty(2, 0, dtype=torch.int64)
torch.empty(0, requires_grad=True)
torch.tensor([1.0, 2.0])
torch.tensor([1.0, 2.5, -3.25])
torch.tensor([0.1, 0.12345678])
torch.tensor([1e-5, 1.0])
torch.tensor([1000.5, 1.5])
torch.tensor([1001.5, 1.0])
torch.tensor([1e8, 1.0])
torch.tensor([2e8, 2e8])
torch.tensor([1e10, 1e-10, 0.0])
torch.tensor([0.0001, 0.0002])
torch.tensor([0.00009, 0.0002])
torch.tensor([-0.0, 0.0, -1.0])
torch.tensor([float("nan"), 1.0])
torch.tensor([float("nan"), 1.5, float("inf"), -float("inf")])
torch.tensor([float("inf"), float("nan")])
torch.tensor([float("inf"), 1e10])
torch.tensor([1, -20, 300])
torch.tensor([[True, False], [False, True]])
torch.tensor([1 + 2j, 3 - 1.5j])
torch.tensor([1 + 2j, complex("nan"), complex(0, float("-inf"))])
torch.tensor([1e10 + 1e-5j])
torch.tensor([1.0, 2.5], dtype=torch.float64)
torch.tensor([1.0, 2.5], dtype=torch.float16)
torch.tensor([1.3, 70000.0], dtype=torch.bfloat16)
torch.tensor([1.3, 2.0], dtype=torch.float8_e4m3fn)
torch.tensor([1, 2], dtype=torch.uint8)
torch.tensor([1, 2], dtype=torch.int32)
torch.tensor([1j], dtype=torch.complex128)
torch.tensor([1.0, 2.0], requires_grad=True)
torch.tensor([1.0, 2.0], requires_grad=True) * 2
torch.tensor(1.0, requires_grad=True).exp()
torch.tensor([1.0, 2.0], requires_grad=True, dtype=torch.float64) + 1
torch.arange(30) * 1000
torch.arange(30.0) / 7
torch.arange(24.0).reshape(2, 3, 4)
torch.arange(8).reshape(2, 1, 2, 2)
torch.arange(60.0).reshape(2, 30)
torch.arange(1001)
torch.arange(2000.0).reshape(40, 50)
torch.arange(1100).reshape(11, 10, 10)
torch.arange(2100.0).reshape(3, 700).requires_grad_()
torch.arange(20.0).requires_grad_() * 1000
torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
torch.Size([3, 784])
torch.Size([])
torch.Size([2]) + (3,)
set: precision=2
torch.tensor([1.23456, 2.0])
torch.tensor([1e-5, 1.0])
set: precision=0
torch.tensor([1.5, 2.5])
set: threshold=5, edgeitems=2
torch.arange(10)
torch.arange(36).reshape(6, 6)
torch.arange(36.0).reshape(2, 18) / 3
set: threshold=5, edgeitems=0
torch.arange(10)
torch.ones(2, 3)
set: linewidth=30
torch.arange(30)
torch.tensor([1.5, 2.5]).requires_grad_()
set: sci_mode=True
torch.tensor([1.0, 2.0])
torch.tensor([0.0])
set: sci_mode=False
torch.tensor([1e10, 1e-10])
set: profile="short"
torch.tensor([1.23456])
torch.arange(1001)
set: profile="full"
torch.arange(1001)[::500]
set:
torch.tensor([0.123456])
"""


def main() -> None:
    blocks = []
    for case in CASES.strip().splitlines():
        if case.startswith("set:"):
            torch.set_printoptions(profile="default")
            eval(f"torch.set_printoptions({case[4:]})")
            blocks.append(case)
        else:
            blocks.append(f">>> {case}\n{eval(case)!r}")
    path = Path(__file__).parents[1] / "tests/frozen/printing.txt"
    header = f"made by tools/freeze_printing.py with PyTorch {torch.__version__}"
    path.write_text("\n\n".join([header, *blocks]) + "\n")


if __name__ == "__main__":
    main()
