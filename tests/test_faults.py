"""Faults once found by trying: one line each, in tests/cases/faults.txt, named after its entry.

D narrow dtypes, A autograd, I indexing, shapes, interop. The values are PyTorch's:
tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

CASES = frozen("faults")


def entry(code):
    return code.rpartition("  # ")[2]


@pytest.mark.parametrize("code", CASES, ids=entry)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])
