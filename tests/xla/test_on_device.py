"""What programs of users do on a device beyond layers: parts changed in place, masks by name,
derivatives of functions, gradcheck, data sets that lie there. Against the same on the CPU.
"""

import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import func, nn
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn.attention import flex_attention as flex
from rushlight.nn.attention.bias import causal_lower_right, causal_upper_left
from rushlight.utils.data import DataLoader, TensorDataset

sdpa = F.scaled_dot_product_attention


def close(found, wanted, **tolerance):
    """Equal, and the first on the device."""
    if isinstance(wanted, (tuple, list)):
        for a, b in zip(found, wanted, strict=True):
            close(a, b, **tolerance)
        return
    assert found.device == torch.device("xla:0")
    torch.testing.assert_close(found.cpu(), wanted, **tolerance)


def both(f, *shapes):
    """f of the same random tensors on the device and on the CPU."""
    torch.manual_seed(0)
    given = [torch.rand(s) for s in shapes]
    return f(*[x.to("xla") for x in given]), f(*given)


def _written(x, f):
    f(x)
    return x


IN_PLACE = {
    "a column": lambda x: x[..., 0].add_(1),
    "a column, by its operator": lambda x: exec("x[..., 0] += 1", {"x": x}),
    "rows by other rows": lambda x: x[:2].copy_(x[1:].clone()),
    "of a row, itself": lambda x: exec("x[0] *= x[0]", {"x": x}),
    "a part, by a part beside it": lambda x: x[:, :2].mul_(x[:, 2:4]),
    "numbers that windows share": lambda x: x.unfold(1, 2, 1).add_(1),
    "an expanded one of no elements": lambda x: (
        x[:, :0].expand(2, 3, 0).masked_fill_(torch.zeros((), dtype=torch.bool, device=x.device), 1)
    ),
    "a column that is a mask": lambda x: x[:, 1].masked_fill_(x[:, 1] > 0.5, 7),
}


@pytest.mark.filterwarnings("ignore:.*expanded tensors is deprecated")
@pytest.mark.parametrize("name", IN_PLACE)
def test_a_part_is_changed_in_place(name):
    close(*both(lambda x: _written(x, IN_PLACE[name]), (3, 4)))


def test_a_part_is_not_changed_by_what_it_overlaps():
    for device in ("cpu", "xla"):
        x = torch.ones(4, device=device)
        with pytest.raises(RuntimeError, match="refer to a single memory location"):
            x[:3].mul_(x[1:])
        with pytest.raises(RuntimeError, match="refer to a single memory location"):
            x[:3] = x[1:]


ATTENTION = {
    # no element is dropped, yet the weights are made as for dropout
    "causal, dropout": lambda q: sdpa(q, q, q, is_causal=True, dropout_p=1e-30),
    "upper left": lambda q: sdpa(q, q[..., :2, :], q[..., :2, :], causal_upper_left(4, 2)),
    "lower right": lambda q: sdpa(q[..., :2, :], q, q, causal_lower_right(2, 4)),
    "scores changed": lambda q: flex.flex_attention(q, q, q, lambda s, b, h, i, j: s + (i - j) * h),
    "blocks": lambda q: flex.flex_attention(
        q, q, q, block_mask=flex.create_block_mask(lambda b, h, i, j: i >= j, None, None, 4, 4)
    ),
}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_makes_its_masks_on_the_device(name):
    close(*both(ATTENTION[name], (1, 2, 4, 6)), rtol=1e-5, atol=1e-6)


def test_a_mask_of_documents_that_lie_on_the_device():
    def f(q):
        of = torch.tensor([0, 0, 1, 1], device=q.device)
        mask = flex.create_mask(lambda b, h, i, j: of[i] == of[j], 1, 1, 4, 4, device=q.device)
        blocks = flex.create_block_mask(
            lambda b, h, i, j: of[i] == of[j], None, None, 4, 4, device=q.device
        )
        return flex.flex_attention(q, q, q, block_mask=blocks), sdpa(q, q, q, mask)

    there, here = both(f, (1, 2, 4, 6))
    close(there, here, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(here[0], here[1])


def test_a_decoder_with_dropout_and_a_causal_mask_trains():
    torch.manual_seed(0)
    layer = nn.TransformerDecoderLayer(8, 2, 16, 0.1)
    model = nn.TransformerDecoder(layer, 1).to("xla")
    mask = nn.Transformer.generate_square_subsequent_mask(5, device="xla")
    x, memory = torch.rand(5, 3, 8, device="xla"), torch.rand(4, 3, 8, device="xla")
    y = model(x, memory, tgt_mask=mask)
    y.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def _total(x):
    return (x.sin() * x).sum()


DERIVATIVES = {
    "grad": lambda x: func.grad(_total)(x[0]),
    "hessian": lambda x: func.hessian(_total)(x[0]),
    "jacrev": lambda x: func.jacrev(torch.sin)(x[0]),
    "jacfwd": lambda x: func.jacfwd(torch.sin)(x[0]),
    "vmap of grad": lambda x: func.vmap(func.grad(_total))(x),
    "jvp": lambda x: func.jvp(_total, (x,), (x,)),
    "vjp": lambda x: func.vjp(torch.exp, x)[1](x),
    "jacobian": lambda x: torch.autograd.functional.jacobian(torch.cos, x[0]),
    "hvp": lambda x: torch.autograd.functional.hvp(_total, x, x),
    "vhp": lambda x: torch.autograd.functional.vhp(_total, x, x),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_of_functions(name):
    close(*both(DERIVATIVES[name], (2, 3)), rtol=1e-5, atol=1e-6)


def test_gradcheck():
    x = torch.rand(2, 2, dtype=torch.float64).to("xla").requires_grad_()
    z = torch.rand(2, dtype=torch.complex128).to("xla").requires_grad_()

    def f(x, z):
        return (x @ x).tanh() * z.real, z * z

    assert gradcheck(f, [x, z], check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(f, [x, z])
    assert not gradcheck(lambda x: x.detach() * x, [x], raise_exception=False)


@pytest.mark.parametrize("across", [False, True])
def test_a_data_set_that_lies_on_the_device(across):
    """Batches are picked there; `across`: its rows do not lie one after the other."""
    x = torch.arange(12.0).reshape(3, 4)
    found = []
    for device in ("xla", "cpu"):
        rows = x.to(device).t() if across else x.to(device)
        torch.manual_seed(0)
        found.append([b for (b,) in DataLoader(TensorDataset(rows), batch_size=2, shuffle=True)])
    close(*found)
