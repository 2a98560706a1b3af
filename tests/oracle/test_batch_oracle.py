"""Every module on a batch of 0, beside PyTorch: shapes, dtypes, values, which gradients it has."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import rushlight

sys.path.insert(0, str(Path(__file__).parent.parent))
import batch_cases

# Where PyTorch itself fails on no samples: an IndexError (affine InstanceNorm), a backward that
# raises (PixelShuffle), the shape of the input as that of the output (PixelUnshuffle), memory that
# nobody wrote (the sums).
FAULTY = (
    "InstanceNorm1d(4,affine=True)",
    "InstanceNorm2d(4,affine=True)",
    "InstanceNorm3d(4,affine=True)",
    "PixelShuffle(2)",
    "PixelUnshuffle(2)",
    "MultiLabelMarginLoss(reduction='sum')",
    "MultiMarginLoss(reduction='sum')",
)
CASES = [case for case in batch_cases.CASES if case[0] not in FAULTY]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", CASES, ids=" | ".join)
def test_batch_of_none(case):
    module, inputs, outputs = batch_cases.run(rushlight, case, 0)
    theirs, their_inputs, wanted = batch_cases.run(torch, case, 0)
    for y, z in zip(outputs, wanted, strict=True):
        assert str(y.dtype) == str(z.dtype) and tuple(y.shape) == tuple(z.shape)
        np.testing.assert_array_equal(y.detach().numpy(), z.detach().numpy())
    assert outputs[0].requires_grad == wanted[0].requires_grad
    if not outputs[0].requires_grad:
        return
    outputs[0].sum().backward()
    wanted[0].sum().backward()
    ours = [inputs[0], *module.parameters()]
    for t, u in zip(ours, [their_inputs[0], *theirs.parameters()], strict=True):
        assert (t.grad is None) == (u.grad is None)
        if t.grad is not None:
            np.testing.assert_array_equal(t.grad.numpy(), u.grad.numpy())
