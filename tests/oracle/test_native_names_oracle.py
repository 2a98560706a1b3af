"""Names below the layers against a living PyTorch; torch.masked and segment_reduce likewise."""

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch")
pytest.importorskip("torch.masked")
pytest.importorskip("torch.func")
RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(4, 6, 5)).astype("float32"), RNG.normal(size=(6,)).astype("float32")
MASK = RNG.random((4, 6, 5)) > 0.4


def same(call):
    """call(library) gives the same tensors in both: values, dtypes, shapes."""
    ours, theirs = call(rushlight), call(torch)
    several = isinstance(theirs, (tuple, list))
    for x, y in zip(ours, theirs, strict=True) if several else [(ours, theirs)]:
        assert str(x.dtype) == str(y.dtype) and tuple(x.shape) == tuple(y.shape)
        np.testing.assert_allclose(
            x.detach().numpy(), y.detach().numpy(), rtol=2e-5, atol=1e-6, equal_nan=True
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.native_layer_norm(t.tensor(X), (6, 5), None, None, 1e-5),
        lambda t: t.native_group_norm(t.tensor(X), t.tensor(W), None, 4, 6, 5, 3, 1e-5),
        lambda t: t.native_batch_norm(t.tensor(X), t.tensor(W), None, None, None, True, 0.1, 1e-5),
        lambda t: t.batch_norm_update_stats(t.tensor(X), t.zeros(6), t.ones(6), 0.3),
        lambda t: t._softmax(t.tensor(X), 1, False),
        lambda t: t._log_softmax(t.tensor(X), 2, False),
        lambda t: t._unique2(t.tensor(MASK).int(), True, True, True),
        lambda t: t._weight_norm_interface(t.tensor(X), t.tensor(X[:, :1, :1]), 0),
        lambda t: t.hash_tensor(t.tensor(X), (0, 2)),
        lambda t: t.slice_scatter(t.tensor(X), t.tensor(X[:, :2]), 1, 1, 5, 2),
    ],
)
def test_native(call):
    same(call)


@pytest.mark.parametrize("mode", [0, 1, 2])
@pytest.mark.parametrize("padding_idx", [None, 1, -2])
def test_embedding_bag(mode, padding_idx):
    i = RNG.integers(0, 4, 9)
    same(
        lambda t: t.embedding_bag(
            t.tensor(X[:, :, 0]), t.tensor(i), t.tensor([0, 3, 3, 7]), False, mode, False, None,
            False, padding_idx,
        )
    )  # fmt: skip


@pytest.mark.parametrize("dim", [None, 1, (0, 2), ()])
@pytest.mark.parametrize("name", "sum prod amax amin mean var std norm logsumexp".split())
def test_masked_reductions(name, dim):
    more = (2.0,) if name == "norm" else ()
    same(lambda t: getattr(t.masked, name)(t.tensor(X), *more, dim=dim, mask=t.tensor(MASK)))
    same(lambda t: getattr(t.masked, name)(t.tensor(X), *more, dim=dim, keepdim=True))


@pytest.mark.parametrize("reduce", "sum mean max min prod".split())
@pytest.mark.parametrize("initial", [None, 1.5])
def test_segments(reduce, initial):
    def call(t):
        x = t.tensor(X, requires_grad=True)
        lengths = t.tensor([[2, 0, 4], [1, 2, 3], [6, 0, 0], [3, 3, 0]])
        y = t.segment_reduce(x, reduce, lengths=lengths, axis=1, initial=initial)
        t.where(t.isfinite(y), y, t.zeros(())).pow(2).sum().backward()
        return y, x.grad

    same(call)


@pytest.mark.parametrize(
    "pattern, sizes",
    [
        ("a b c -> c (a b)", {}),
        ("a (b d) c -> a d (c b)", {"d": 2}),
        ("a ... -> ... a 1", {}),
        ("... c -> (... c)", {}),
    ],
)
def test_rearrange(pattern, sizes):
    same(lambda t: t.func.rearrange(t.tensor(X), pattern, **sizes))


def test_grouped_mm():
    """Rows of 8 numbers: PyTorch wants strides of 16 bytes."""
    a, b = X.reshape(-1)[:48].reshape(6, 8), np.resize(X, (2, 8, 8)).astype("float32")
    ends = np.array([2, 6], "int32")
    same(lambda t: t.nn.functional.grouped_mm(t.tensor(a), t.tensor(b), offs=t.tensor(ends)))
    same(lambda t: t.nn.functional.grouped_mm(t.tensor(b), t.tensor(b)))
