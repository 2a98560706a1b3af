"""Old spellings, each as a line of Python that PyTorch and rushlight run: the same value, dtype, or
the same kind of error, and a warning where PyTorch warns.
"""

import builtins
import warnings

import pytest

import rushlight
import rushlight.nn.functional

torch = pytest.importorskip("torch")

LINES = r"""
torch.autograd.Variable(tensor([1., 2.]), requires_grad=True).requires_grad
isinstance(tensor([1.]), torch.autograd.Variable)
torch.FloatTensor([1, 2])
torch.FloatTensor(2, 3).shape
torch.FloatTensor(torch.Size([2, 3])).shape
torch.FloatTensor(tensor([1, 2]))
torch.LongTensor([1.5, 2])
torch.ByteTensor([1, 0])
torch.Tensor(tensor([1, 2]))
torch.Tensor(2.5)
tensor([1.]).new(2, 3).shape
tensor([1]).new([1, 2])
tensor([1]).new(tensor([3.]))
tensor([1.]).new_tensor([1, 2])
tensor([1.], requires_grad=True).data
tensor([1., 2.]).add_(2, tensor([1., 1.]))
torch.sub(tensor([1., 2.]), 2, tensor([1., 1.]))
torch.addcmul(tensor([1., 2.]), 2, tensor([1., 1.]), tensor([3., 4.]))
tensor([1., 2.]).addcdiv_(2, tensor([1., 1.]), tensor([3., 4.]))
tensor([[1., 2.]]).addmm_(2, tensor([[1.]]), tensor([[3., 4.]]))
tensor([[1., 2.]]).addmm_(2, 3, tensor([[1.]]), tensor([[3., 4.]]))
torch.addmm(2, tensor([[1., 2.]]), 3, tensor([[1.]]), tensor([[3., 4.]]))
tensor([1.]).addmv_(3, tensor([[1.]]), tensor([3.]))
tensor([[1.]]).addr_(3, tensor([1.]), tensor([3.]))
tensor([[[1.]]]).baddbmm_(2, tensor([[[1.]]]), tensor([[[3.]]]))
torch.add(2, 3)
torch.add(True, False)
torch.sub(2, 3.5)
torch.mul(2, 1j)
torch.div(2, 3)
torch.div(-7, 2, rounding_mode='floor')
torch.floor_divide(7, 2)
torch.remainder(2, 3)
torch.pow(2, 3)
torch.where(tensor([True, False]), 2, 3)
torch.where(tensor([True, False]), 1., tensor([1, 2]))
torch.where(tensor([1, 0], dtype=torch.uint8), 2, 3)
F.mse_loss(tensor([1., 2.]), tensor([0., 0.]), size_average=False)
F.mse_loss(tensor([1., 2.]), tensor([0., 0.]), reduce=False)
F.mse_loss(tensor([1., 2.]), tensor([0., 0.]), reduction='elementwise_mean')
F.nll_loss(tensor([[-1., -2.]]), tensor([0]), None, False)
nn.MSELoss(False).reduction
nn.NLLLoss(None, False).reduction
tensor([1., 2.]).masked_fill(tensor([1, 0], dtype=torch.uint8), 7)
tensor([1., 2.])[tensor([1, 0], dtype=torch.uint8)]
tensor([[1., 2.], [3., 4.]])[[0, 1]]
tensor([[1., 2.], [3., 4.]])[[[0, 1], [1, 0]]]
tensor([[1., 2.], [3., 4.]])[[slice(None), 0]]
tensor([1., 2., 3., 4.]).resize_as(tensor([[1., 2.], [3., 4.]]))
tensor([1., 2., 3., 4.]).resize(2, 2)
torch.manual_seed(0) and nn.init.xavier_uniform(torch.empty(2, 2))
torch.manual_seed(0) and nn.init.kaiming_normal(torch.empty(2, 2))
nn.init.constant(torch.empty(2), 3)
torch.sum(x=tensor([[1., 2.]]), axis=1, keepdims=True)
torch.cat([tensor([1.])], axis=0)
torch.add(x1=tensor([1.]), x2=tensor([1.]))
tensor([[1., 2.]]).max(axis=1).values
tensor([1.]).type('torch.LongTensor')
tensor([1.]).type(torch.LongTensor)
tensor([1.]).type()
tensor([1.]).is_cuda
torch.autograd.Variable(tensor([1.]), volatile=True)
torch.set_default_tensor_type('torch.FloatTensor')
F.sigmoid(tensor([1.]))
F.softmax(tensor([[1., 2.]]))
F.gumbel_softmax(tensor([[1., 2.]]), eps=1).shape
torch.range(0, 3)
torch.ger(tensor([3., 4.]), tensor([3., 4.]))
tensor([1., 2.]).copy_(tensor([3., 4.]), async_=True)
nn.utils.clip_grad_norm([nn.Parameter(tensor([1.]))], 1)
torch.zeros(2**62)
torch.randn(2**62)
torch.ones(4)[2**63]
tensor([1.]).expand(2**63)
torch.bitwise_and(torch.ones(2), torch.ones(3))
torch.gcd(torch.ones(2), torch.ones(3))
torch.linspace(0, 1, 3, dtype=torch.bool)
F.pad(tensor([[True, False, True]]), (1, 1), 'reflect')
F.prelu(tensor([1, -2]), tensor([1]))
F.max_pool1d(tensor([[[1, 2]]]), 2)
F.adaptive_max_pool1d(tensor([[[1, 2]]]), 1)
F.adaptive_avg_pool1d(tensor([[[1, 2]]]), 1)
torch.renorm(tensor([[1, 2]]), 2, 0, 1)
F.hinge_embedding_loss(tensor([1, 2]), tensor([1, -1]))
F.hinge_embedding_loss(tensor([1, 2]), tensor([1, -1]), reduction='sum')
torch.special.entr(tensor([0., -0., 1.]))
torch.polygamma(1, tensor([1j]))
torch.scatter_reduce(tensor([True]), 0, tensor([0]), tensor([True]), 'mean')
torch.baddbmm(tensor(1.), tensor(1.), tensor(1.))
torch.matmul(torch.ones(1, 1, 1).bool(), torch.ones(1, 1, 1).bool())
F.hardtanh(tensor([True]))
F.relu6(tensor([True]))
""".strip().splitlines()


def outcome(package, line):
    """(what the line gives, whether it warned)"""
    names = {"torch": package, "nn": package.nn, "F": package.nn.functional}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            x = eval(line, names | {"tensor": package.tensor})
        except Exception as e:
            kinds = [k for k in type(e).__mro__ if k in vars(builtins).values()]
            return kinds[0], bool(seen)
    return (repr(x), str(getattr(x, "dtype", ""))), bool(seen)


# what PyTorch says once in the life of a process is not asked for
ONCE = ("add", "sub")


@pytest.mark.parametrize("line", LINES)
def test_an_old_spelling(line):
    (theirs, warned), (ours, warns) = outcome(torch, line), outcome(rushlight, line)
    assert ours == theirs
    if not any(word in line for word in ONCE):
        assert warns == warned
