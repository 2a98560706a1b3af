"""Tensors on the device "meta": shapes, dtypes and strides without elements, errors, modules."""

import copy
import gc
import io
import pickle

import batch_cases
import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.core import meta as arrays
from rushlight.dispatch import modes
from rushlight.nn import functional as F
from rushlight.ops import meta
from rushlight.ops.meta_rules import DATA
from rushlight.testing.samples import Make, sample_calls, sampled_cards

CARDS = [card for card in sampled_cards() if card.schema is not None and card.name not in DATA]


def M(*shape, **options):
    return torch.empty(*shape, device="meta", **options)


def without_elements(x):
    if isinstance(x, torch.Tensor):
        return x.detach().to("meta").requires_grad_(x.requires_grad)
    return type(x)(map(without_elements, x)) if type(x) in (list, tuple) else x


def described(x):
    if isinstance(x, torch.Tensor):
        name = None if x.grad_fn is None else x.grad_fn.name()
        return tuple(x.shape), x.dtype, x.requires_grad, name
    return [described(y) for y in x]


def on_meta(x):
    return x.is_meta if isinstance(x, torch.Tensor) else all(map(on_meta, x))


# ---------------------------------------------------------------- every op, every module


@pytest.mark.parametrize("small", [meta.SMALL, -1], ids=["computed", "reasoned"])
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
@pytest.mark.filterwarnings("ignore")
def test_every_op_gives_the_shape_dtype_and_node_of_the_cpu(card, small, monkeypatch):
    monkeypatch.setattr(meta, "SMALL", small)
    make = Make(card.name, requires_grad=True)
    for args, kwargs in sample_calls(card, make):
        given = [t for a in args for t in (a if type(a) in (list, tuple) else (a,))]
        if not any(isinstance(t, torch.Tensor) for t in given):
            continue
        wanted = card(*args, **kwargs)
        found = card(*map(without_elements, args), **kwargs)
        assert on_meta(found)
        assert described(found) == described(wanted)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", batch_cases.CASES, ids=" | ".join)
def test_every_module_goes_forward_and_backward(case):
    module, inputs, outputs = batch_cases.run(torch, case, 3)
    module = copy.deepcopy(module).to("meta")
    assert all(t.is_meta for t in module.state_dict().values())
    found = module(*map(without_elements, inputs))
    found = list(found) if isinstance(found, tuple) else [found]
    assert on_meta(found)
    wanted = [(t.shape, t.dtype, t.requires_grad) for t in outputs]
    assert [(t.shape, t.dtype, t.requires_grad) for t in found] == wanted
    if found[0].requires_grad:
        found[0].sum().backward()
        grads = [p.grad for p in module.parameters() if p.grad is not None]
        assert on_meta(grads)
        assert [g.shape for g in grads] == [
            p.shape for p in module.parameters() if p.grad is not None
        ]


SEQUENCES = [
    (lambda: nn.LSTM(3, 4), [(5, 2, 3)]),
    (lambda: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2, batch_first=True), [(5, 2, 3)]),
    (lambda: nn.GRU(3, 4, 2), [(5, 3)]),
    (lambda: nn.RNN(3, 4), [(5, 2, 3)]),
    (lambda: nn.LSTMCell(3, 4), [(2, 3)]),
    (lambda: nn.GRUCell(3, 4), [(2, 3)]),
    (lambda: nn.MultiheadAttention(8, 2), [(3, 1, 8)] * 3),
    (lambda: nn.MultiheadAttention(8, 2, batch_first=True).eval(), [(3, 1, 8)] * 3),
    (lambda: nn.TransformerEncoderLayer(8, 2, 16), [(3, 1, 8)]),
    (lambda: nn.TransformerDecoderLayer(8, 2, 16), [(3, 1, 8), (4, 1, 8)]),
    (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), [(1, 2, 3, 3)]),
    (lambda: nn.Upsample(scale_factor=2, mode="nearest"), [(1, 2, 3, 3)]),
    (lambda: nn.CrossMapLRN2d(2), [(1, 2, 3, 3)]),
]


def flat(x):
    return [x] if isinstance(x, torch.Tensor) else [t for y in x if y is not None for t in flat(y)]


@pytest.mark.parametrize(("make", "sizes"), SEQUENCES)
def test_recurrent_layers_attention_and_resizing(make, sizes):
    module = make()
    inputs = [torch.rand(size, requires_grad=True) for size in sizes]
    wanted = flat(module(*inputs))
    found = flat(module.to("meta")(*map(without_elements, inputs)))
    assert on_meta(found)
    assert [(t.shape, t.dtype, t.requires_grad) for t in found] == [
        (t.shape, t.dtype, t.requires_grad) for t in wanted
    ]
    found[0].sum().backward()
    assert on_meta([p.grad for p in module.parameters() if p.grad is not None])


def test_strides_are_pytorchs():
    """Frozen from PyTorch 2.13.0; the oracle compares every sample."""
    x, y = M(4, 3).t(), M(3, 4)
    assert (x + y).stride() == (1, 3) and (y + x).stride() == (4, 1)
    assert x.exp().stride() == (1, 3) and x.cumsum(0).stride() == (4, 1)
    assert x.clone().stride() == (1, 3) and x.contiguous().stride() == (4, 1)
    assert torch.cat([x, x]).stride() == (4, 1) and x.sum(0, keepdim=True).shape == (1, 4)
    assert M(1, 2, 3, 4).contiguous(memory_format=torch.channels_last).stride() == (24, 1, 8, 2)
    assert M(1, 2, 3, 4).permute(0, 2, 3, 1).relu().stride() == (24, 4, 1, 12)
    assert x.reshape(12).stride() == (1,) and y.view(2, 6).stride() == (6, 1)
    assert y[1:, ::2].stride() == (4, 2) and y[1:].storage_offset() == 4
    assert y.expand(5, 3, 4).stride() == (0, 4, 1)


def test_nothing_is_allocated():
    n = 10**6
    x = M(n, n)
    assert x.nbytes == 4 * 10**12 and x.t().stride() == (1, n)
    assert (x @ x).shape == (n, n) and (x + 1).dtype is torch.float32
    assert (
        x.sum(1).shape == (n,) and x.softmax(-1).shape == (n, n) and x.max(0).indices.shape == (n,)
    )
    assert torch.cat([x, x], 1).shape == (n, 2 * n) and x[5:7].shape == (2, n)
    assert F.linear(x, M(7, n), M(7)).shape == (n, 7) and x.var().shape == ()
    assert F.layer_norm(x, (n,)).shape == (n, n) and x.view(-1).shape == (n * n,)
    big = M(64, 512, 1000, 1000)
    assert F.conv2d(big, M(256, 512, 3, 3), stride=2, padding=1).shape == (64, 256, 500, 500)
    assert F.max_pool2d(big, 2).shape == (64, 512, 500, 500)
    assert F.batch_norm(big, M(512), M(512), training=True).shape == big.shape
    table = M(10**7, 4096)
    assert F.embedding(M(32, 2048, dtype=torch.int64), table).shape == (32, 2048, 4096)
    loss = F.cross_entropy(M(65536, 50000), M(65536, dtype=torch.int64))
    assert loss.shape == () and loss.is_meta
    keys = M(8, 16, 65536, 64)
    assert F.scaled_dot_product_attention(keys[:, :, :4096], keys, keys).shape == (8, 16, 4096, 64)
    y, (h, c) = nn.LSTM(1024, 4096, 4, device="meta")(M(10**5, 64, 1024))
    assert (y.shape, h.shape, c.shape) == ((10**5, 64, 4096), (4, 64, 4096), (4, 64, 4096))
    assert F.interpolate(big, scale_factor=2, mode="bilinear").shape == (64, 512, 2000, 2000)
    layer = nn.Linear(n, n, device="meta")
    layer(M(3, n)).sum().backward()
    assert layer.weight.grad.shape == (n, n) and layer.weight.grad.is_meta
    with pytest.raises(RuntimeError, match="more than this machine has addresses for"):
        M(10**6, 10**6, 10**6)


def test_an_unknown_large_op_is_refused_by_name():
    """A size of the result is an option's: it is not taken for one of the arguments'."""
    assert F.multi_margin_loss(
        M(10**6, 10), M(10**6, dtype=torch.int64), reduction="none"
    ).shape == (10**6,)
    assert torch.cdist(M(10**6, 8), M(10**5, 8)).shape == (10**6, 10**5)
    for bins in (5, 7, 23):
        with pytest.raises(NotImplementedError, match="aten::histc: attempted to run"):
            torch.histc(M(10**7), bins)
        assert torch.histc(M(10), bins).shape == (bins,)
    assert torch.multinomial(M(10**7, 20), 4).shape == (10**7, 4)
    assert F.one_hot(M(10**7, dtype=torch.int64), 5).shape == (10**7, 5)
    assert M(10**7, 2).repeat_interleave(3, 0).shape == (3 * 10**7, 2)


# ---------------------------------------------------------------- what needs elements


@pytest.mark.parametrize(
    ("f", "error", "said"),
    [
        (lambda: M(1).item(), RuntimeError, r"Tensor\.item\(\) cannot be called on meta tensors"),
        (lambda: bool(M(1)), RuntimeError, r"Tensor\.item\(\) cannot be called on meta tensors"),
        (lambda: float(M(1)), RuntimeError, r"Tensor\.item\(\) cannot be called on meta tensors"),
        (lambda: M(2, 2).item(), RuntimeError, r"Tensor\.item\(\) cannot"),
        (lambda: M(2).tolist(), NotImplementedError, r"^Cannot copy out of meta tensor; no data!$"),
        (lambda: M(2).numpy(), TypeError, "can't convert meta device type tensor to numpy"),
        (lambda: np.asarray(M(2)), TypeError, "can't convert meta device type tensor to numpy"),
        (lambda: M(2).cpu(), NotImplementedError, "^Cannot copy out of meta tensor; no data!$"),
        (lambda: M(2).to("cpu"), NotImplementedError, "^Cannot copy out of meta tensor"),
        (lambda: torch.ones(2).copy_(M(2)), NotImplementedError, "^Cannot copy out of meta"),
        (lambda: M(2).nonzero(), NotImplementedError, r"for torch\.nonzero\(\) raises unimpl"),
        (lambda: M(2).unique(), NotImplementedError, "attempted to run this operator with Meta"),
        (lambda: F.one_hot(M(2, dtype=torch.int64)), NotImplementedError, "aten::one_hot: "),
        (lambda: M(2).repeat_interleave(M(2, dtype=torch.int64)), NotImplementedError,
         "aten::repeat_interleave: attempted to run"),
        (lambda: M(2).equal(M(2)), NotImplementedError, "attempted to run this operator with Meta"),
        (lambda: M(2)[M(2) > 0], NotImplementedError, "attempted to run this operator with Meta"),
        (lambda: M(2).__dlpack__(), BufferError, "Cannot pack tensors on meta"),
        (lambda: M(2, 3) + torch.ones(2, 3), RuntimeError,
         "Tensor on device cpu is not on the expected device meta!"),
        (lambda: torch.ones(2, 3) @ M(3, 2), RuntimeError,
         "Tensor on device meta is not on the expected device cpu!"),
        (lambda: torch.ones(3)[M(2, dtype=torch.int64)], RuntimeError, "not on the expected dev"),
        (lambda: torch.cat([M(2), torch.ones(2)]), RuntimeError, "not on the expected device"),
        (lambda: nn.Linear(2, 3)(M(4, 2)), RuntimeError, "not on the expected device"),
        (lambda: torch.exp(M(2), out=torch.ones(2)), RuntimeError,
         "Attempting to copy from device meta to device cpu, but cross-device copies"),
        (lambda: M(2, 3) + M(4, 3, 3), RuntimeError, "The size of tensor a"),
        (lambda: M(2, 3) @ M(2, 3), RuntimeError, "must have same reduction dim"),
        (lambda: M(2, 3).view(5), RuntimeError, r"shape '\[5\]' is invalid for input of size 6"),
        (lambda: M(3).add_(M(2, 3)), RuntimeError, "output with shape"),
        (lambda: setattr(nn.Parameter(torch.ones(2)), "grad", M(2)), RuntimeError,
         "attempting to assign a gradient with device type 'meta' to a tensor with device"),
    ],
)  # fmt: skip
def test_errors(f, error, said):
    with pytest.raises(error, match=said):
        f()


def test_numbers_and_0d_tensors_of_the_cpu_go_along():
    x = M(2, 3)
    for y in (x + 1, 1 - x, x * torch.tensor(2.0), 2 / x, x**2, x > 0, -x, x.clamp(0, 1)):
        assert y.is_meta and y.shape == (2, 3)
    assert (x + torch.ones((), dtype=torch.float64)).dtype is torch.float32
    assert (x == 1).dtype is torch.bool and (M(2, dtype=torch.int64) / 2).dtype is torch.float32


def test_in_place():
    x = M(2, 3)
    version = x._version
    for y in (
        x.add_(1),
        x.zero_(),
        x.normal_(),
        x.uniform_(),
        x.fill_(2.0),
        x.copy_(torch.ones(2, 3)),
    ):
        assert y is x
    x[0] = 5.0
    x += 1
    x *= x
    assert x._version == version + 9 and x.is_meta and x.shape == (2, 3)
    assert torch.exp(x, out=M(2, 3)).is_meta
    x = M(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used"):
        x.mul_(2)


# ---------------------------------------------------------------- made, printed, copied


def test_made():
    like = M(4, 3).t()
    made = [
        torch.zeros(2, 3, device="meta"), torch.ones((2, 3), device="meta"),
        torch.full((2, 3), 1.0, device="meta"), torch.rand(2, 3, device="meta"),
        torch.randn(2, 3, device="meta"), torch.tensor([[1.0] * 3] * 2, device="meta"),
        torch.as_tensor([[1.0] * 3] * 2, device="meta"), M(9).new_zeros(2, 3),
        M(9).new_full((2, 3), 1.0), torch.ones(2, 3).to("meta"), M(2, 3).float(),
        torch.normal(0.0, 1.0, (2, 3), device="meta"), torch.ones(9).new_empty(2, 3, device="meta"),
    ]  # fmt: skip
    assert [(t.device.type, t.shape, t.dtype) for t in made] == [
        ("meta", (2, 3), torch.float32)
    ] * len(made)
    for t in (torch.zeros_like(like), torch.rand_like(like), torch.full_like(like, 1.0)):
        assert t.is_meta and t.stride() == (1, 3)
    assert (
        torch.arange(5, device="meta").dtype is torch.int64 and torch.eye(3, device="meta").is_meta
    )
    assert (
        torch.randint(3, (2,), device="meta").is_meta and torch.randperm(3, device="meta").is_meta
    )
    assert torch.empty_strided((2, 3), (1, 4), device="meta").stride() == (1, 4)
    assert torch.zeros_like(like, device="cpu").tolist() == [[0] * 4] * 3
    assert torch.ones(2).device.type == "cpu" and torch.ones(2).is_cpu and not torch.ones(2).is_meta
    assert M(2).data_ptr() == 0 and M(2, 3).untyped_storage().nbytes() == 24
    assert M(2, 3).untyped_storage().device.type == "meta"
    assert M(2).type() == "torch.meta.FloatTensor"


def test_no_random_number_is_drawn():
    torch.manual_seed(0)
    torch.randn(3, device="meta")
    M(3).normal_()
    nn.Linear(2, 3, device="meta")
    F.dropout(M(3))
    nn.utils.skip_init(nn.Linear, 2, 3)
    found = torch.rand(1).item()
    torch.manual_seed(0)
    assert torch.rand(1).item() == found


def test_as_the_default_device():
    with torch.device("meta"):
        x = torch.ones(2)
        layer = nn.Linear(2, 3)
        assert torch.get_default_device().type == "meta"
        assert torch.ones(2, device="cpu").tolist() == [1, 1]
        assert torch.zeros_like(torch.ones(1, device="cpu")).tolist() == [0]
    assert x.is_meta and layer.weight.is_meta and layer.weight.requires_grad
    torch.set_default_device("meta")
    try:
        assert torch.empty(2).is_meta
    finally:
        torch.set_default_device(None)
    assert torch.empty(2).is_cpu


def test_printed():
    assert repr(M(2, 3)) == "tensor(..., device='meta', size=(2, 3))"
    assert (
        repr(M(2, dtype=torch.int64)) == "tensor(..., device='meta', size=(2,), dtype=torch.int64)"
    )
    assert f"{M(())}" == "tensor(..., device='meta', size=())"
    assert repr(nn.Parameter(M(0))) == (
        "Parameter containing:\ntensor(..., device='meta', size=(0,), requires_grad=True)"
    )
    x = M(4, 2, requires_grad=True)
    assert repr(x.sum()) == "tensor(..., device='meta', size=(), grad_fn=<SumBackward0>)"


def test_copies():
    for x in (M(4, 3).t(), nn.Parameter(M(2)), M(2, dtype=torch.bfloat16), M(3)[1:]):
        for y in (
            copy.copy(x),
            copy.deepcopy(x),
            pickle.loads(pickle.dumps(x)),
            x.detach(),
            x.data,
        ):
            assert y.is_meta and (y.shape, y.stride(), y.dtype) == (x.shape, x.stride(), x.dtype)
        assert type(copy.deepcopy(x)) is type(x)


def test_files():
    x = M(4, 3).t()
    layer = nn.Linear(2, 3, device="meta")
    file = io.BytesIO()
    torch.save({"x": x, "state": layer.state_dict(), "p": layer.weight}, file)
    assert len(file.getvalue()) < 4000
    file.seek(0)
    found = torch.load(file)
    assert found["x"].is_meta and found["x"].stride() == (1, 3)
    assert found["state"]["weight"].is_meta and found["state"]["bias"].shape == (3,)
    assert isinstance(found["p"], nn.Parameter) and found["p"].requires_grad and found["p"].is_meta
    file = io.BytesIO()
    torch.save(torch.ones(3)[1:], file)
    file.seek(0)
    found = torch.load(file, map_location="meta")
    assert found.is_meta and found.shape == (2,) and found.dtype is torch.float32


def test_modules():
    layer = nn.Linear(2, 3, device="meta")
    with pytest.raises(
        NotImplementedError, match=r"no data! Please use torch\.nn\.Module\.to_empty"
    ):
        layer.to("cpu")
    weight = layer.weight
    assert layer.to_empty(device="cpu") is layer and layer.weight is weight
    assert layer.weight.is_cpu and layer.weight.shape == (3, 2) and layer.weight.requires_grad
    assert nn.Linear(2, 3).to("meta").weight.is_meta
    assert nn.Linear(2, 3, device="meta").half().weight.dtype is torch.float16
    layer = nn.utils.skip_init(nn.Linear, 2, 3, bias=False)
    assert layer.weight.is_cpu and layer.bias is None
    assert nn.utils.skip_init(nn.Linear, 2, 3, device="meta").weight.is_meta
    with pytest.raises(RuntimeError, match="Module must support a 'device' arg to skip init"):
        nn.utils.skip_init(nn.ReLU)


def test_load_state_dict():
    layer, full = nn.Linear(2, 3, device="meta"), nn.Linear(2, 3)
    with pytest.warns(UserWarning) as said:
        layer.load_state_dict(full.state_dict())
    assert [str(w.message).split(" in ")[0] for w in said] == [
        f"for {name}: copying from a non-meta parameter" for name in ("weight", "bias")
    ]
    assert layer.weight.is_meta
    layer.load_state_dict(full.state_dict(), assign=True)
    assert layer.weight.tolist() == full.weight.tolist()
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.requires_grad
    with pytest.raises(RuntimeError, match="Cannot copy out of meta tensor; no data!"):
        full.load_state_dict(nn.Linear(2, 3, device="meta").state_dict())


@pytest.mark.parametrize("name", [n for n in nn.init.__all__ if n.endswith("_")])
def test_initialisation_does_nothing(name):
    options = {"constant_": (1.0,), "sparse_": (0.5,)}.get(name, ())
    x = M(4, 4, 3) if name == "dirac_" else M(4, 4)
    assert getattr(nn.init, name)(x, *options) is x and x.is_meta


@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "NAdam"]
)
def test_a_step_changes_nothing(name):
    layer = nn.Linear(2, 3, device="meta")
    optimizer = getattr(torch.optim, name)(layer.parameters(), lr=0.1)
    for _ in range(2):
        layer(M(4, 2)).sum().backward()
        assert optimizer.step() is None
    assert layer.weight.is_meta and layer.weight.grad.shape == (3, 2)


def test_a_step_with_hooks_changes_nothing():
    layer = nn.Linear(2, 3, device="meta")
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    called = []
    optimizer.register_step_pre_hook(lambda *_: called.append("pre"))
    optimizer.register_step_post_hook(lambda *_: called.append("post"))
    layer(M(4, 2)).sum().backward()
    assert optimizer.step() is None and called == ["pre", "post"]


def test_a_graph_of_gradients():
    x = M(3, 2, requires_grad=True)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    assert g.is_meta and g.shape == (3, 2)
    y = x[:, 0] * 2 + x.t()[1]
    (y.sum() + x.sum()).backward()
    assert x.grad.is_meta and x.grad.shape == (3, 2)


def test_nothing_is_left_in_front_of_the_ops():
    gc.collect()
    before = arrays._alive[0]
    x = M(2)
    assert meta.Meta in modes.MODES and arrays._alive[0] == before + 1
    y = x[1:]
    del x
    assert arrays._alive[0] == before + 1
    del y
    assert arrays._alive[0] == before
    assert before or not modes.ON[0]
