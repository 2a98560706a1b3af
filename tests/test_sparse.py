"""Sparse tensors: PyTorch's texts, values and errors; gradients of embeddings; the optimizers."""

import copy
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import sparse_cases as cases

import rushlight as torch
from rushlight import nn
from rushlight.core.sparse import sparse
from rushlight.nn import functional as F

FROZEN = json.loads((Path(__file__).parent / "frozen" / "sparse.json").read_text())
T = torch.tensor


@pytest.mark.parametrize("line", cases.LINES)
def test_answers_are_pytorchs(line):
    assert cases.answer(torch, line) == FROZEN["answers"][line]


@pytest.mark.parametrize(
    ("case", "wanted"),
    list(zip(cases.OPTIMIZERS, FROZEN["trained"], strict=True)),
    ids=lambda x: f"{x[0]} {x[1]}" if isinstance(x, tuple) else "",
)
def test_optimizers(case, wanted):
    found, state = cases.trained(torch, *case)
    np.testing.assert_allclose(found, wanted[0], rtol=2e-6)
    assert sorted(state) == sorted(wanted[1])
    for key, value in wanted[1].items():
        np.testing.assert_allclose(state[key], value, rtol=2e-6)


def s(values=(3.0, 4.0, 5.0), **options):
    return torch.sparse_coo_tensor(T([[0, 1, 1], [2, 0, 0]]), T(values), (2, 3), **options)


# ---------------------------------------------------------------- gradients


A = T([[1.0, 2, 3], [4, 5, 6]], dtype=torch.float64)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.to_dense() * A,
        lambda x: x.coalesce().values() ** 2,
        lambda x: torch.sparse.mm(x, A.t()) ** 2,
        lambda x: torch.sparse.sum(x, 0).to_dense() ** 2,
        lambda x: (x + x * 2).to_dense() ** 2,
        lambda x: (x.coalesce() + A.to_sparse()).to_dense() ** 2,
        lambda x: (A + x) ** 2,
        lambda x: (x * A).t().to_dense()[0] ** 2,
        lambda x: torch.sparse.softmax(x.coalesce() + A.to_sparse(), 1).to_dense() * A,
        lambda x: torch.sparse.log_softmax(x.coalesce() + A.to_sparse(), 0).to_dense() * A,
        lambda x: x.index_select(0, T([1, 1, 0])).to_dense() ** 2,
    ],
)
def test_gradients_reach_the_values(f):
    def of_values(v):
        return f(torch.sparse_coo_tensor(T([[0, 1, 1], [2, 0, 0]]), v, (2, 3)))

    v = T([3.0, 4.0, 5.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(of_values, (v,))


def test_the_gradient_of_a_leaf_is_sparse():
    x = s(requires_grad=True)
    torch.sparse.sum(x).backward()
    assert x.grad.is_sparse and x.grad.to_dense().tolist() == [[0, 0, 1], [2, 0, 0]]
    d = T([[0.0, 2.0]], requires_grad=True)
    (d.to_sparse().to_dense() * 3).sum().backward()
    assert d.grad.tolist() == [[0, 3]]


def table(*places, **options):
    e = nn.Embedding(5, 2, sparse=True, **options)
    for p in places:
        e(T(p)).sum().backward()
    return e


def test_embedding():
    g = table([[0, 1], [3, 0]], padding_idx=1).weight.grad
    assert (g._indices().tolist(), g.shape, g.is_coalesced()) == ([[0, 3, 0]], (5, 2), False)
    assert g.to_dense()[:, 0].tolist() == [2, 0, 0, 1, 0]
    w = table().weight
    (g,) = torch.autograd.grad(F.embedding(T([4, 4]), w, sparse=True).sum(), w)
    assert g.is_sparse and g.to_dense()[:, 1].tolist() == [0, 0, 0, 0, 2] and w.grad is None
    torch.embedding(w, T([1, 2]), 2, False, True).sum().backward()
    assert w.grad.to_dense()[:, 0].tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("size", "dim", "index"),
    [((2, 3), 1, [[0, 2], [1, 1]]), ((2, 3), -2, [[0, 1, 1]]), ((3,), 0, [0, 2, 2]), ((), 0, [0])],
)
def test_gather(size, dim, index):
    x = torch.ones(size, requires_grad=True)
    torch.gather(x, dim, T(index), sparse_grad=True).sum().backward()
    sparse_grad, x.grad = x.grad, None
    torch.gather(x, dim, T(index)).sum().backward()
    assert sparse_grad.is_sparse and sparse_grad._nnz() == T(index).numel()
    assert sparse_grad.to_dense().tolist() == x.grad.tolist()


def test_gradients_accumulate():
    e = table([0, 3], [2, 3])
    assert e.weight.grad.is_sparse
    assert e.weight.grad.to_dense()[:, 0].tolist() == [1, 0, 1, 2, 0]
    e.weight.sum().backward()
    assert not e.weight.grad.is_sparse
    assert e.weight.grad[:, 0].tolist() == [2, 1, 2, 3, 1]
    e(T([4])).sum().backward()
    assert not e.weight.grad.is_sparse and e.weight.grad[:, 0].tolist() == [2, 1, 2, 3, 2]
    for dense_first in (True, False):
        e = table()
        losses = [e.weight.sum(), e(T([1])).sum()]
        sum(losses if dense_first else losses[::-1]).backward()
        assert e.weight.grad[:, 1].tolist() == [1, 2, 1, 1, 1]
    e = table()
    (e(T([1])).sum() + e(T([1, 2])).sum()).backward()
    assert e.weight.grad.is_sparse and e.weight.grad.to_dense()[:, 1].tolist() == [0, 2, 1, 0, 0]


def test_a_gradient_is_the_leafs_own():
    e, seed = table(), torch.ones(1, 2)
    e(T([1])).backward(seed)
    e.weight.grad.mul_(2)
    assert seed.tolist() == [[1, 1]] and e.weight.grad.to_dense()[1].tolist() == [2, 2]


def test_hooks_see_sparse_gradients():
    seen = []
    e = table()
    e.weight.register_hook(lambda g: seen.append(g.is_sparse) or g * 2)
    y = e(T([0, 1]))
    y.sum().backward()
    assert seen == [True] and e.weight.grad.to_dense()[:, 0].tolist() == [2, 2, 0, 0, 0]
    e.zero_grad(set_to_none=False)
    assert e.weight.grad._nnz() == 0


@pytest.mark.parametrize(("mode", "value"), [("sum", 1.0), ("mean", 0.5)])
def test_embedding_bag(mode, value):
    e = nn.EmbeddingBag(5, 2, sparse=True, mode=mode)
    e(T([[0, 1], [3, 0]])).sum().backward()
    g = e.weight.grad
    assert g._indices().tolist() == [[0, 1, 3, 0]] and g._values().tolist() == [[value] * 2] * 4
    w = torch.ones(5, 2, requires_grad=True)
    F.embedding_bag(T([[0, 1], [3, 0]]), w, sparse=True, padding_idx=0, mode="sum").sum().backward()
    assert w.grad._indices().tolist() == [[1, 3]]


def test_what_is_refused():
    with pytest.raises(ValueError, match="max mode does not support sparse weights"):
        nn.EmbeddingBag(5, 2, sparse=True, mode="max")(T([[0]]))
    with pytest.raises(RuntimeError, match="scale_grad_by_freq not supported with sparse grad"):
        table([0], scale_grad_by_freq=True)
    for make in (torch.sparse_csr_tensor, torch.sparse_bsc_tensor):
        with pytest.raises(NotImplementedError, match=rf"torch\.{make.__name__}: rushlight has no"):
            make([0, 1], [0], [1.0])
    with pytest.raises(NotImplementedError, match=r"torch\.sparse_csc_tensor: rushlight has no"):
        torch.sparse_csc_tensor(ccol_indices=T([0, 1]), row_indices=T([0]), values=T([1.0]))
    with pytest.raises(NotImplementedError, match="to_sparse_csr: rushlight has no layouts"):
        torch.ones(2).to_sparse_csr()
    with pytest.raises(NotImplementedError, match=r"torch\.sparse\.spdiags: rushlight does not"):
        torch.sparse.spdiags(torch.ones(2), torch.zeros(1), (2, 2))
    with pytest.raises(RuntimeError, match="size is inconsistent with indices"):
        torch.sparse_coo_tensor([[5]], [1.0], (3,))
    with pytest.raises(TypeError, match="received an invalid combination of arguments"):
        torch.sparse_coo_tensor()
    with pytest.raises(NotImplementedError, match="SparseCPU"):
        nn.utils.clip_grad_norm_(table([0]).parameters(), 1.0)  # PyTorch refuses it, too
    x = torch.ones(2, 3)
    with pytest.raises(NotImplementedError, match="'aten::remainder_'"):
        x %= s()
    x += s()
    assert x.tolist() == [[1, 1, 4], [10, 1, 1]]


def test_beside_a_level_of_forward_mode():
    """Modes that look at every op let sparse tensors pass."""
    x = torch.ones(2, 3)
    with torch.autograd.forward_ad.dual_level():
        x += s()
        with pytest.raises(NotImplementedError, match="'aten::remainder_'"):
            x %= s()
        assert (s() * 2).to_dense().tolist() == [[0, 0, 6], [18, 0, 0]]
    assert x.tolist() == [[1, 1, 4], [10, 1, 1]]


@pytest.mark.parametrize(
    "name",
    "ASGD Adadelta Adafactor Adam AdamW Adamax NAdam RAdam RMSprop Rprop Muon".split(),
)
def test_optimizers_refuse(name):
    e = table([0, 1])
    optimizer = getattr(torch.optim, name)(e.parameters(), lr=0.1)
    before = e.weight.tolist()
    said = f"{name} does not support sparse gradients"
    if name in ("Adam", "AdamW"):
        said = "Adam does not support sparse gradients, please consider SparseAdam instead"
    with pytest.raises(RuntimeError, match=said):
        optimizer.step()
    assert e.weight.tolist() == before
    optimizer.register_step_pre_hook(lambda *a: None)
    with pytest.raises(RuntimeError, match=said):
        optimizer.step()


def test_options_that_sparse_steps_do_not_take():
    for name, options, said in (
        ("SGD", {"weight_decay": 0.1}, r"add\(sparse, dense\) is not supported"),
        ("SGD", {"fused": True}, "`_fused_sgd` does not support sparse gradients"),
        ("Adagrad", {"weight_decay": 0.1}, "weight_decay option is not compatible with sparse"),
        ("Adagrad", {"fused": True}, "`fused` does not support sparse grad or complex param"),
    ):
        e = table([0, 1])
        with pytest.raises(RuntimeError, match=said):
            getattr(torch.optim, name)(e.parameters(), lr=0.1, **options).step()
    p = nn.Parameter(torch.ones(2, 2))
    p.sum().backward()
    with pytest.raises(RuntimeError, match="SparseAdam does not support dense gradients, please"):
        torch.optim.SparseAdam([p]).step()
    with pytest.raises(ValueError, match=r"Sparse params at indices \[\[0, 1\]\]"):
        torch.optim.SparseAdam([p, torch.ones(2).to_sparse()])


def test_a_momentum_does_not_grow_without_end():
    e = table()
    optimizer = torch.optim.SGD(e.parameters(), lr=0.1, momentum=0.9)
    for _ in range(5):
        optimizer.zero_grad()
        e(T([0, 1, 2])).sum().backward()
        optimizer.step()
    assert optimizer.state[e.weight]["momentum_buffer"]._nnz() == 3


def test_a_scaler_divides_sparse_gradients():
    e = table()
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale(e(T([1, 1])).sum()).backward()
    optimizer = torch.optim.SGD(e.parameters(), lr=0.1)
    before = e.weight[1].tolist()
    scaler.step(optimizer)
    assert e.weight[1].tolist() == pytest.approx([x - 0.2 for x in before])


def test_copies():
    x = s(requires_grad=True)
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert repr(y) == repr(x)
    y = copy.deepcopy(x)
    y.detach().mul_(2)
    assert x.to_dense().tolist() == [[0, 0, 3], [9, 0, 0]]
    assert y.to_dense().tolist() == [[0, 0, 6], [18, 0, 0]]


def saved(x):
    file = io.BytesIO()
    torch.save(x, file)
    file.seek(0)
    return torch.load(file)


def test_files():
    found = saved({"s": s(), "c": s().coalesce()})
    assert repr(found["s"]) == repr(s()) and found["c"].is_coalesced()
    assert (found["s"] + found["c"]).to_dense().tolist() == [[0, 0, 6], [18, 0, 0]]


def test_an_optimizers_state_in_a_file():
    def step(e, optimizer):
        optimizer.zero_grad()
        e(T([1, 3])).sum().backward()
        optimizer.step()

    torch.manual_seed(0)
    e = table()
    optimizer = torch.optim.SGD(e.parameters(), lr=0.1, momentum=0.9)
    step(e, optimizer)
    other = copy.deepcopy(e)
    restored = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
    restored.load_state_dict(saved(optimizer.state_dict()))
    step(e, optimizer)
    step(other, restored)
    assert other.weight.tolist() == e.weight.tolist()


@pytest.mark.parametrize(
    ("places", "size", "said"),
    [
        ([[0, 7]], (3, 2), "its indices do not fit its size"),
        ([[0, -1]], (3, 2), "its indices do not fit its size"),
        ([[0, 1]], (3, 4), "its parts do not fit its size"),
        ([[0, 1, 2]], (3, 2), "its indices do not fit its size"),
    ],
)
def test_a_broken_file(places, size, said):
    x = sparse(np.array(places), torch.ones(2, 2), size)
    with pytest.raises(pickle.UnpicklingError, match=said):
        saved(x)


def test_empty_by_its_size():
    for made in (torch.sparse_coo_tensor(size=(2, 3)), torch.sparse_coo_tensor((2, 3))):
        assert made.shape == (2, 3) and made._nnz() == 0
        assert made.to_dense().tolist() == [[0.0] * 3] * 2


def test_older_names():
    a = torch.sparse.FloatTensor(T([[0, 1], [1, 0]]), T([1.0, 2.0]), torch.Size([2, 3]))
    assert isinstance(a, torch.sparse.FloatTensor) and not isinstance(a, torch.sparse.LongTensor)
    assert a.type() == "torch.sparse.FloatTensor" and type(a) is type(a.coalesce())
    x, dense = T([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), [[3.0, 4.0], [2.0, 4.0]]
    assert torch.dsmm(a, x).tolist() == torch.spmm(a, x).tolist() == dense
    assert torch.spmm(a.to_dense(), x).tolist() == dense
    assert torch.sparse.DoubleTensor(2, 3).to_dense().tolist() == [[0.0] * 3] * 2
    assert (
        torch.sparse.LongTensor().shape == (0,) == torch.sparse.FloatTensor(torch.Size([0])).shape
    )
    with pytest.raises(AttributeError, match="no attribute 'BananaTensor'"):
        _ = torch.sparse.BananaTensor


def test_rows_compressed_and_back():
    """What torch_geometric sorts its edges with."""
    rows, columns = T([0, 0, 2, 2, 2, 4]), torch.arange(6)
    begins = torch._convert_indices_from_coo_to_csr(rows, 6)
    assert begins.tolist() == [0, 2, 2, 5, 5, 6, 6] and begins.dtype is torch.int64
    assert torch._convert_indices_from_coo_to_csr(rows[:0], 2, out_int32=True).tolist() == [0] * 3
    back = torch._convert_indices_from_csr_to_coo(begins, columns)
    assert back.tolist() == [rows.tolist(), columns.tolist()]
    back = torch._convert_indices_from_csr_to_coo(begins, columns, transpose=True, out_int32=True)
    assert back.tolist() == [columns.tolist(), rows.tolist()] and back.dtype is torch.int32


def test_called_coalesced():
    a = torch.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 2))
    assert not a.is_coalesced() and a._coalesced_(True) is a and a.is_coalesced()
