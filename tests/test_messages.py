"""What beginners' mistakes are answered with: PyTorch's first line, then place, shapes and fix.

First lines are those of PyTorch 2.13, frozen here by hand; tests/oracle/test_messages_oracle.py
compares them with a living one.
"""

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn, optim
from rushlight.utils.data import DataLoader, default_collate

F = nn.functional
FLOAT64 = np.zeros((2, 3))


def net(*layers):
    return nn.Sequential(*layers)


class Misspelt(nn.Module):
    def foward(self, x):
        return x


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 2)]


class Image:
    """As much of a PIL image as collating looks at."""

    def getbands(self):
        return ("L",)


# id: the mistake, PyTorch's exception and first line, what the lines below say
MISTAKES = {
    "features": (
        lambda: net(nn.Flatten(), net(nn.Linear(3, 64), nn.Linear(32, 10)))(torch.zeros(2, 3)),
        RuntimeError,
        "mat1 and mat2 shapes cannot be multiplied (2x64 and 32x10)",
        ("fix: in_features=64", "in Sequential.1.1: Linear(in_features=32"),
    ),
    "channels": (
        lambda: nn.Conv2d(3, 8, 3)(torch.zeros(2, 1, 28, 28)),
        RuntimeError,
        "Given groups=1, weight of size [8, 3, 3, 3], expected input[2, 1, 28, 28] to have 3 "
        "channels, but got 1 channels instead",
        ("fix: in_channels=1, or an input of 3 channels", "in Conv2d: Conv2d(3, 8"),
    ),
    "channels last": (
        lambda: nn.Conv2d(3, 8, 3)(torch.zeros(2, 28, 28, 3)),
        RuntimeError,
        "Given groups=1, weight of size [8, 3, 3, 3], expected input[2, 28, 28, 3] to have 3 "
        "channels, but got 28 channels instead",
        ("fix: here they seem to come last: input.movedim(-1, -3)",),
    ),
    "channels last, one image": (
        lambda: nn.Conv2d(1, 8, 3)(torch.zeros(28, 28, 1)),
        RuntimeError,
        "Given groups=1, weight of size [8, 1, 3, 3], expected input[1, 28, 28, 1] to have 1 "
        "channels, but got 28 channels instead",
        ("fix: here they seem to come last: input.movedim(-1, -3)",),
    ),
    "float targets": (
        lambda: F.cross_entropy(torch.zeros(2, 3), torch.zeros(2)),
        RuntimeError,
        "expected target dtype to be Long or Byte, but got Float",
        ("fix: target.long()",),
    ),
    "a column of targets": (
        lambda: F.cross_entropy(torch.zeros(4, 3), torch.zeros(4, 1, dtype=torch.long)),
        RuntimeError,
        "0D or 1D target tensor expected, multi-target not supported",
        ("needs a target (4,), it is (4, 1)", "fix: target.squeeze(1)"),
    ),
    "one-hot integers": (
        lambda: F.nll_loss(torch.zeros(4, 3), torch.zeros(4, 3, dtype=torch.long)),
        RuntimeError,
        "0D or 1D target tensor expected, multi-target not supported",
        ("argmax(1)",),
    ),
    "label 3 of 3": (
        lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([1, 3])),
        IndexError,
        "Target 3 is out of bounds.",
        ("target[1] is 3; 3 classes are 0 to 2", "4 outputs"),
    ),
    "label -1": (
        lambda: F.nll_loss(torch.zeros(2, 3, 2), torch.tensor([[0, 0], [-1, 0]])),
        IndexError,
        "Target -1 is out of bounds.",
        ("target[1, 0] is -1", "ignore_index=-1"),
    ),
    "index of an embedding": (
        lambda: nn.Embedding(5, 2)(torch.tensor([[1, 2], [7, 0]])),
        IndexError,
        "index out of range in self",
        ("input[1, 0] is 7; the table's 5 rows are 0 to 4", "num_embeddings=8", "in Embedding:"),
    ),
    "negative index of an embedding": (
        lambda: nn.Embedding(5, 2)(torch.tensor(-1)),
        IndexError,
        "index out of range in self",
        ("input is -1",),
    ),
    "float64 into a layer": (
        lambda: nn.Linear(3, 2)(torch.from_numpy(FLOAT64)),
        RuntimeError,
        "mat1 and mat2 must have the same dtype, but got Double and Float",
        ("the input is torch.float64, the weight torch.float32", "fix: input.float()", "NumPy"),
    ),
    "float64 into a layer without bias": (
        lambda: nn.Linear(3, 2, bias=False)(torch.from_numpy(FLOAT64)),
        RuntimeError,
        "expected m1 and m2 to have the same dtype, but got: double != float",
        ("fix: first.float()",),
    ),
    "float64 into a convolution": (
        lambda: nn.Conv1d(2, 1, 2)(torch.from_numpy(FLOAT64)),
        RuntimeError,
        "Input type (double) and bias type (float) should be the same",
        ("fix: input.float()",),
    ),
    "float64 into batch norm": (
        lambda: nn.BatchNorm1d(3)(torch.from_numpy(FLOAT64)),
        RuntimeError,
        "mixed dtype (CPU): all inputs must share same datatype.",
        ("fix: input.to(torch.float32)",),
    ),
    "integers into a layer": (
        lambda: nn.Linear(3, 2)(torch.tensor([[1, 2, 3]])),
        RuntimeError,
        "mat1 and mat2 must have the same dtype, but got Long and Float",
        ("fix: input.float()",),
    ),
    "uint8 images": (
        lambda: nn.Conv2d(1, 2, 3)(torch.zeros(1, 1, 5, 5, dtype=torch.uint8)),
        RuntimeError,
        "Input type (unsigned char) and bias type (float) should be the same",
        ("fix: input.float()",),
    ),
    "a NumPy array": (
        lambda: nn.Linear(3, 2)(FLOAT64),
        TypeError,
        "linear(): argument 'input' (position 1) must be Tensor, not numpy.ndarray",
        ("fix: torch.from_numpy(array)",),
    ),
    "forward returns nothing": (
        lambda: nn.Linear(3, 2)(None),
        TypeError,
        "linear(): argument 'input' (position 1) must be Tensor, not NoneType",
        ("in Linear:",),
    ),
    "layers in a list": (
        lambda: optim.SGD(Listed().parameters(), lr=0.1),
        ValueError,
        "optimizer got an empty parameter list",
        ("nn.ModuleList",),
    ),
    "the model for its parameters": (
        lambda: optim.Adam(nn.Linear(2, 2)),
        TypeError,
        "'Linear' object is not iterable",
        ("fix: its parameters, model.parameters()",),
    ),
    "parameters without the call": (
        lambda: optim.Adam(nn.Linear(2, 2).parameters),
        TypeError,
        "'method' object is not iterable",
        ("fix: call it, model.parameters()",),
    ),
    "a computed parameter": (
        lambda: optim.SGD([nn.Linear(2, 2).weight * 2], lr=0.1),
        ValueError,
        "can't optimize a non-leaf Tensor",
        ("MulBackward0", ".detach().requires_grad_()"),
    ),
    "tensors to the class of a loss": (
        lambda: nn.CrossEntropyLoss(torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])),
        RuntimeError,
        "Boolean value of Tensor with more than one value is ambiguous",
        ("fix: nn.CrossEntropyLoss()(input, target)",),
    ),
    "tensors to the class MSELoss": (
        lambda: nn.MSELoss(torch.zeros(4), torch.zeros(4)),
        RuntimeError,
        "Boolean value of Tensor with more than one value is ambiguous",
        ("fix: nn.MSELoss()(input, target)",),
    ),
    "if tensor": (
        lambda: bool(torch.zeros(2, 2) > 0),
        RuntimeError,
        "Boolean value of Tensor with more than one value is ambiguous",
        ("its shape is (2, 2)", "fix: .any() or .all()"),
    ),
    "item of many": (
        lambda: torch.zeros(2).item(),
        RuntimeError,
        "a Tensor with 2 elements cannot be converted to Scalar",
        ("fix: tolist()",),
    ),
    "forward misspelt": (
        lambda: Misspelt()(torch.zeros(2)),
        NotImplementedError,
        'Module [Misspelt] is missing the required "forward" function',
        ("Misspelt has 'foward': is that it?",),
    ),
    "a list into Sequential": (
        lambda: nn.Sequential([nn.ReLU()]),
        TypeError,
        "list is not a Module subclass",
        ("nn.Sequential(*layers)",),
    ),
    "the device gpu": (
        lambda: torch.zeros(2).to("gpu"),
        RuntimeError,
        "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, "
        "xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type at start of device "
        "string: gpu",
        ("PyTorch's name for a GPU is 'cuda'",),
    ),
    "a device misspelt": (
        lambda: torch.zeros(2, device="cdua:0"),
        RuntimeError,
        "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, "
        "xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type at start of device "
        "string: cdua",
        ("did you mean 'cuda'?",),
    ),
    "shapes that do not broadcast": (
        lambda: torch.zeros(2, 3) + torch.zeros(2, 4),
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1",
        ("shapes [2, 3] and [2, 4]",),
    ),
    "matrices to transpose": (
        lambda: torch.zeros(2, 3) @ torch.zeros(2, 3),
        RuntimeError,
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
        ("fix: second.t()",),
    ),
    "cat": (
        lambda: torch.cat([torch.zeros(2, 3), torch.zeros(2, 4)]),
        RuntimeError,
        "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for "
        "tensor number 1 in the list.",
        ("the first has shape (2, 3), number 1 (2, 4)",),
    ),
    "samples of two sizes": (
        lambda: next(iter(DataLoader([torch.zeros(3), torch.zeros(4)], batch_size=2))),
        RuntimeError,
        "stack expects each tensor to be equal size, but got [3] at entry 0 and [4] at entry 1",
        ("collate_fn",),
    ),
    "images in a batch": (
        lambda: default_collate([(Image(), 1), (Image(), 0)]),
        TypeError,
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{Image}",
        ("ToTensor()",),
    ),
    "samples that are None": (
        lambda: default_collate([None, None]),
        TypeError,
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        "<class 'NoneType'>",
        ("__getitem__",),
    ),
    "backward of many numbers": (
        lambda: torch.ones(3, requires_grad=True).mul(2).backward(),
        RuntimeError,
        "grad can be implicitly created only for scalar outputs",
        ("this one has shape (3,)", ".sum()"),
    ),
    "backward without a gradient": (
        lambda: torch.ones(3).sum().backward(),
        RuntimeError,
        "element 0 of tensors does not require grad and does not have a grad_fn",
        ("no_grad()", "requires_grad=True"),
    ),
    "the mean of integers": (
        lambda: torch.tensor([1, 2]).mean(),
        RuntimeError,
        "mean(): could not infer output dtype. Input dtype must be either a floating point or "
        "complex dtype. Got: Long",
        ("fix: input.float()",),
    ),
    "a product of floats and integers": (
        lambda: torch.ones(2) @ torch.tensor([1, 2]),
        RuntimeError,
        "dot : expected both vectors to have same dtype, but found Float and Long",
        ("the second is torch.int64, the first torch.float32", "fix: second.float()"),
    ),
    "a dtype in quotes": (
        lambda: torch.zeros(3, dtype="float32"),
        TypeError,
        "zeros(): argument 'dtype' must be torch.dtype, not str",
        ("fix: torch.float32, without quotes",),
    ),
    "texts": (
        lambda: torch.tensor(["3.5", "4"]),
        ValueError,
        "too many dimensions 'str'",
        ("fix: float(text)",),
    ),
    "scores with one dimension more than the targets": (
        lambda: nn.BCEWithLogitsLoss()(torch.zeros(3, 1), torch.zeros(3)),
        ValueError,
        "Target size (torch.Size([3])) must be the same as input size (torch.Size([3, 1]))",
        ("fix: target.unsqueeze(-1), or input.squeeze(-1)",),
    ),
    "a layer before super().__init__()": (
        lambda: type("Net", (nn.Module,), {"__init__": lambda net: setattr(net, "a", nn.ReLU())})(),
        AttributeError,
        "cannot assign module before Module.__init__() call",
        ("fix: super().__init__() as the first line of Net.__init__",),
    ),
    "a parameter in place": (
        lambda: nn.Linear(2, 2).weight.add_(1),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an in-place operation.",
        ("torch.no_grad()",),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_the_fix(mistake):
    run, kind, first, more = MISTAKES[mistake]
    with pytest.raises(kind) as caught:
        run()
    error = caught.value
    lines = str(error).split("\n")
    assert lines[0] == first
    below = "\n".join(lines[1:] + getattr(error, "__notes__", []))
    for words in more:
        assert words in below
    assert "_a" not in below.split() and "ndarray" not in below


def test_a_single_element_may_be_a_loss_s_option():
    """bool() of it is not ambiguous: PyTorch takes it, with a warning."""
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        assert nn.MSELoss(torch.zeros(1), torch.ones(1)).reduction == "sum"
