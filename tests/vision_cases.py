"""What the tests of vision.ops and vision.models evaluate; tools/freeze_vision.py does it with
PyTorch and torchvision.

A line of cases_vision.txt is Python with the values of `names` in scope, as in op_cases.py.
"""

from pathlib import Path

import op_cases


def names(torch, vision):
    """Fresh values for a case, the same numbers in both libraries."""
    scope = op_cases.names(torch)
    torch.manual_seed(0)
    low = torch.rand(12, 2) * 20
    boxes = torch.cat([low, low + torch.rand(12, 2) * 12], 1)
    rows = torch.cat([(torch.arange(7.0) % 2)[:, None], boxes[:7] - 4], 1)

    def seeded(f):
        torch.manual_seed(3)
        return f()

    return scope | {
        "ops": vision.ops,
        "seeded": seeded,
        "boxes": boxes,
        "others": boxes.flip(0) + 1,
        "scores": torch.rand(12),
        "kinds": torch.arange(12) % 3,
        "rows": rows,  # (7, 5), some of them partly outside
        "maps": torch.randn(2, 2, 11, 14),
        "deep": torch.randn(2, 12, 9, 7),
        "pyramid": {"a": torch.randn(2, 4, 16, 16), "b": torch.randn(2, 4, 8, 8)},
        "offset": torch.randn(2, 36, 4, 3) * 2,
        "mask": torch.rand(2, 18, 4, 3),
        "kernel": torch.randn(4, 6, 3, 3),
    }


def evaluate(torch, vision, code):
    """The case's result in JSON's terms, errors as type and first line."""
    return op_cases._evaluated(torch, code, names(torch, vision))


OPS = (Path(__file__).parent / "cases_vision.txt").read_text().splitlines()
