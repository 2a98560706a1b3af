"""Arrays of a device: views, writes, NumPy's functions, and what must not be silent."""

import gc
import weakref

import numpy as np
import pytest

import rushlight as torch
from rushlight.core.accelerators import backend, of_array, place_of
from rushlight.core.device import resolve

xla = backend()
PLACE = place_of(resolve("xla"))


def beside(f):
    """f of a tensor of each device gives the same elements, shape, strides; the tensor, too."""
    x = torch.arange(24.0).reshape(2, 3, 4)
    y = x.to("xla")
    a, b = f(x), f(y)
    assert b.device == torch.device("xla:0")
    assert (a.shape, a.stride(), a.dtype) == (b.shape, b.stride(), b.dtype)
    assert torch.equal(a, b.cpu())
    assert torch.equal(x, y.cpu())


VIEWS = {
    "slice": lambda x: x[1:, ::2],
    "select": lambda x: x[:, 1],
    "none": lambda x: x[:, None, 2],
    "transpose": lambda x: x.transpose(0, 2),
    "permute": lambda x: x.permute(2, 0, 1),
    "view": lambda x: x.view(6, 4),
    "of a view": lambda x: x[1].t()[1:].unsqueeze(0),
    "split": lambda x: x.split(2, 2)[1],
    "diagonal": lambda x: x.diagonal(1, 1, 2),
    "unfold": lambda x: x.unfold(2, 2, 2),
    "as_strided": lambda x: x.as_strided((2, 2), (12, 5), 1),
    "flatten": lambda x: x.flatten(1),
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "movedim": lambda x: x.movedim(0, -1),
    "windows": lambda x: x[1:, 1:3][0, :, 2:][1:, None],
    "from the end": lambda x: x[-1, ..., -3:-1][-2],
    "of no length": lambda x: x[:, 2:2],
    "beyond the end": lambda x: x[:, 1:9, 5:],
    "a number": lambda x: x[1, 2, 3],
    "bits": lambda x: x.view(torch.int32),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view(name):
    beside(VIEWS[name])


@pytest.mark.parametrize("name", [n for n in VIEWS if n != "bits"])
def test_a_write_through_a_view_changes_its_base(name):
    def write(x):
        v = VIEWS[name](x)
        v.add_(100)
        v.mul_(2.0)
        return v

    beside(write)


def test_a_write_to_the_base_is_seen_in_views_that_were_read_before():
    x = torch.zeros(2, 3, device="xla")
    row = x[1]
    assert row.sum().item() == 0
    x.fill_(2)
    assert row.tolist() == [2, 2, 2]
    x.data[0, 0] = 7
    assert x.flatten()[0].item() == 7


def test_expand_repeats_and_is_not_written():
    beside(lambda x: x[:, :1].expand(2, 5, 4))
    with pytest.raises(RuntimeError, match="unsupported operation"):
        torch.ones(1, 3, device="xla").expand(2, 3).add_(1)


def test_a_clone_has_elements_of_its_own():
    x = torch.ones(3, device="xla")
    y = x.clone()
    x.add_(1)
    assert y.tolist() == [1, 1, 1]


def test_autograd_through_a_written_view():
    def f(x):
        x = x.detach().requires_grad_()
        y = x * 2
        y[0].mul_(x[1])
        (y**2).sum().backward()
        return x.grad

    beside(f)


def test_numpy_functions_have_numpys_dtypes():
    n = np.arange(6, dtype=np.int64)
    f = np.linspace(0, 1, 6, dtype=np.float32)
    a, b = (xla.to_device(v, PLACE) for v in (n, f))
    for g in (
        lambda n, f: n + f,
        lambda n, f: n / 2,
        lambda n, f: np.where(f > 0.5, n, 0.5),
        lambda n, f: f.sum(),
        lambda n, f: n.astype(np.int32).sum(),
        lambda n, f: n.mean(),
        lambda n, f: np.maximum(f, 2),
        lambda n, f: (n > 2).sum(),
        lambda n, f: np.argsort(-n),
        lambda n, f: np.concatenate([n, f]),
        lambda n, f: np.cumsum(f),
        lambda n, f: np.floor_divide(n, 0 * n),
        lambda n, f: f.astype(np.uint8),
    ):
        with np.errstate(all="ignore"):
            want = np.asarray(g(n, f))
        got = xla.host(g(a, b))
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, 1e-6)


def test_nothing_goes_to_the_host_by_itself():
    x = torch.ones(2, device="xla")
    for f in (np.asarray, np.array, lambda t: t.numpy()):
        with pytest.raises(TypeError, match="can't convert xla:0 device type tensor to numpy"):
            f(x)
    with pytest.raises(TypeError, match=r"Tensor\.cpu\(\)"):
        np.asarray(x._a)


def test_what_goes_to_the_host():
    x = torch.tensor([1.5, 2.0], device="xla")
    assert (x.cpu().numpy().tolist(), x.tolist(), x[0].item(), float(x[1])) == (
        [1.5, 2.0], [1.5, 2.0], 1.5, 2.0)  # fmt: skip
    assert repr(x) == "tensor([1.5000, 2.0000], device='xla:0')"
    assert f"{x[0]:.2f}" == "1.50"
    x.cpu().numpy()[0] = 3  # memory of its own
    assert x.tolist() == [1.5, 2.0]


def test_a_card_is_compiled_once():
    def count():
        return xla.STATS["programs"]

    x = torch.randn(5, 7, device="xla")
    torch.nn.functional.gelu(x)
    before = count()
    for _ in range(3):
        torch.nn.functional.gelu(torch.randn(5, 7, device="xla"))
    assert count() == before
    torch.nn.functional.gelu(x, approximate="tanh")
    assert count() == before + 1


def test_where_a_window_begins_is_no_part_of_a_program():
    """A loop over batches, rows or times compiles nothing after its first turn."""
    data = torch.arange(60.0, device="xla").reshape(10, 6).requires_grad_()
    grown = torch.zeros(10, 6, device="xla")

    def turn(i):
        y = data[i] * data[:, 2:4][i, 1] + data.narrow(0, i, 1)[0] + data[i : i + 1].sum()
        grown[i] = y.detach()
        grown[i : i + 1, 1:3] += 1
        return y.sum()

    turn(0).backward()
    counts = [f._cache_size() for f in (xla.views.get_now, xla.views.put_now)]
    before = xla.STATS["programs"]
    for i in range(1, 10):
        turn(i).backward()
    assert xla.STATS["programs"] == before
    assert [f._cache_size() for f in (xla.views.get_now, xla.views.put_now)] == counts
    x = torch.arange(60.0).reshape(10, 6).requires_grad_()
    y = torch.stack([x[i] * x[i, 3] + x[i] + x[i].sum() for i in range(10)])
    y.sum().backward()
    want = y.detach().clone()
    want[:, 1:3] += 1
    np.testing.assert_allclose(grown.cpu(), want, 1e-6)
    np.testing.assert_allclose(data.grad.cpu(), x.grad, 1e-6)


def test_other_indices_are_the_same_program():
    """Of the host as well: a batch x[perm[i : i + 64]] compiles nothing, though perm is there."""
    x = torch.arange(12.0).reshape(6, 2)
    y = x.to("xla").requires_grad_()
    x.requires_grad_()

    def turn(i):
        for t in (x, y):
            picked = t[torch.tensor([i, (i + 2) % 6])] * t[[i, 0], [1, i % 2]][:, None]
            picked.sum().backward()

    turn(0)
    before = xla.STATS["programs"]
    for i in range(1, 6):
        turn(i)
    assert xla.STATS["programs"] == before
    np.testing.assert_allclose(y.grad.cpu(), x.grad, 1e-6)


def test_programs_keep_no_model_alive():
    gone = []
    for _ in range(2):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
        model.to("xla")(torch.rand(5, 3, device="xla")).exp().sum().backward()
        gone += [weakref.ref(p) for p in model.parameters()]
        gone += [weakref.ref(p.grad._a.cell.value) for p in model.parameters()]
        del model
    gc.collect()
    assert [r() for r in gone] == [None] * 16


def test_an_index_that_was_changed_before_backward_is_noticed():
    x = torch.ones(3, 2, device="xla", requires_grad=True)
    at = torch.tensor([0, 2], device="xla")
    y = x[at].sum()
    at += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_devices_in_one_op():
    x = torch.ones(3, device="xla")
    words = "Expected all tensors to be on the same device, but found at least two devices"
    for f in (
        lambda: x + torch.ones(3),
        lambda: torch.ones(3) * x,
        lambda: torch.nn.functional.linear(x, torch.ones(2, 3)),
        lambda: torch.cat([x, torch.ones(3)]),
        lambda: torch.where(x > 0, x, torch.ones(3)),
        lambda: torch.nn.functional.mse_loss(x, torch.ones(3)),
    ):
        with pytest.raises(RuntimeError, match=f"{words}, xla:0 and cpu!"):
            f()
    assert (x + torch.tensor(2.0)).tolist() == [3, 3, 3]  # a number may be on the CPU
    assert x[torch.tensor([0, 2])].tolist() == [1, 1]  # and indices


def test_the_device_of_an_array():
    a = xla.to_device(np.zeros(2), PLACE)
    assert of_array(a) == torch.device("xla:0")
    assert isinstance(a, np.ndarray)  # for formulas that ask
    assert type(a) is xla.Array


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (
            lambda x: torch.nn.functional.linear(x, x[:, 1:]),
            "mat1 and mat2 shapes cannot be multiplied",
        ),
        (lambda x: x + x.t(), r"The size of tensor a \(3\) must match the size of tensor b \(2\)"),
        (lambda x: torch.cat([x, x.t()]), "Sizes of tensors must match except in dimension 0"),
        (lambda x: x.view(4, 2), r"shape '\[4, 2\]' is invalid for input of size 6"),
        (lambda x: x @ x, "cannot be multiplied"),
    ],
)
def test_shapes_that_do_not_fit_are_said_as_on_the_cpu(f, words):
    for device in ("cpu", "xla"):
        with pytest.raises(RuntimeError, match=words):
            f(torch.ones(2, 3, device=device))


def test_an_error_of_two_devices_says_which_they_are():
    layer = torch.nn.Linear(3, 2).to("xla")
    with pytest.raises(RuntimeError, match=r"linear: \(4, 3\) on cpu, \(2, 3\) on xla:0, \(2,\)"):
        layer(torch.ones(4, 3))
    with pytest.raises(RuntimeError, match=r"conv2d: .*\n  fix: x\.to\('xla:0'\) for data"):
        torch.nn.Conv2d(1, 2, 3).to("xla")(torch.ones(1, 1, 4, 4))


def test_indices_of_a_device_for_a_tensor_of_the_cpu_are_refused():
    x, i = torch.arange(3.0), torch.tensor([0, 2, 1], device="xla")
    for f in (lambda: x[i], lambda: x[i > 0], lambda: x.__setitem__(i, 1.0)):
        with pytest.raises(RuntimeError, match=r"on the same device as the indexed tensor \(cpu\)"):
            f()
