"""Names below the layers, of sparse products, sizes, storages, streams; numbers are PyTorch's."""

import numpy as np
import pytest

import rushlight as torch
import rushlight.nn.functional as F

X = np.arange(12.0, dtype=np.float32).reshape(2, 6)


def close(tensors, *want):
    for t, w in zip(tensors, want, strict=True):
        np.testing.assert_allclose(t.numpy(), w, rtol=1e-4, atol=1e-6)


def test_normalisations_with_their_statistics():
    x, w = torch.tensor(X), torch.arange(6.0)
    row = [0, -0.8783, -0.5855, 0.8783, 3.5132, 7.3192]
    rstd = [[0.58554]] * 2
    close(torch.native_layer_norm(x, (6,), w, None, 1e-5), [row, row], [[2.5], [8.5]], rstd)
    row = [0, 1, -2, 2.99994, -3.99992, 4.9999]
    means = [[0.5, 2.5, 4.5], [6.5, 8.5, 10.5]]
    found = torch.native_group_norm(x, w, None, 2, 6, 1, 3, 1e-5)
    close(found, [row, row], means, [[1.99996] * 3] * 2)
    rows = -np.arange(6.0), np.arange(6.0)
    rstd = [1 / 3] * 6
    found = torch.native_batch_norm(x, w, None, None, None, True, 0.1, 1e-5)
    close(found, rows, X.mean(0), rstd)
    found = torch.native_batch_norm(x, w, None, w * 0, w * 0 + 1, False, 0.1, 1e-5)
    close(found, X * np.arange(6), [], [])
    with pytest.raises(RuntimeError, match=r"X.numel\(\) == N \* C \* HxW"):
        torch.native_group_norm(x, w, None, 2, 5, 1, 3, 1e-5)


def test_batch_norm_update_stats():
    mean, var = torch.zeros(6), torch.ones(6)
    found = torch.batch_norm_update_stats(torch.tensor(X), mean, var, 0.1)
    close((*found, mean, var), X.mean(0), [9] * 6, X.mean(0) / 10, [2.7] * 6)


def test_gradients_flow_through_the_first_result():
    x = torch.tensor(X, requires_grad=True)
    y, mean, rstd = torch.native_layer_norm(x, (6,), None, None, 1e-5)
    assert not mean.requires_grad and not rstd.requires_grad
    y[:, 0].sum().backward()
    z = x.detach().requires_grad_()
    F.layer_norm(z, (6,))[:, 0].sum().backward()
    assert torch.equal(x.grad, z.grad) and x.grad.abs().sum() > 0


def test_softmax_unique_and_shapes():
    x = torch.tensor([[1.0, 2.0], [-torch.inf, -torch.inf]])
    assert torch.equal(torch._softmax(x, 1, False)[0], x.softmax(1)[0])
    assert torch.equal(torch._log_softmax(x, 1, False)[0], x.log_softmax(1)[0])
    assert torch._safe_softmax(x, 1)[1].tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="half to float conversion is not supported on CPU"):
        torch._softmax(x, 1, True)
    i = torch.tensor([3, 1, 3])
    close(torch._unique2(i, True, True, True), [1, 3], [1, 0, 1], [1, 2])
    close(torch._unique2(i, return_counts=True), [1, 3], [], [1, 2])
    close(torch._unique(i), [1, 3], [])
    assert torch._shape_as_tensor(x).tolist() == [2, 2]
    assert torch._dim_arange(x, 1).tolist() == [0, 1]
    v = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    close(
        torch._weight_norm_interface(v, torch.tensor([[5.0], [1.0]])), [[3, 4], [0, 1]], [[5], [2]]
    )


def test_products_of_int8():
    x = torch.tensor([[100, 2], [3, 4]], dtype=torch.int8)
    y = torch._int_mm(x, x)
    assert y.dtype is torch.int32 and y.tolist() == [[10006, 208], [312, 22]]
    with pytest.raises(RuntimeError, match="dtype to be of type int8 but got float32"):
        torch._int_mm(x.float(), x)


@pytest.mark.parametrize(
    "mode, y, bag, sizes, last",
    [
        (0, [[6, 8], [0, 0], [6, 9], [4, 5]], [], [0] * 4, [0] * 4),
        (1, [[3, 4], [0, 0], [2, 3], [4, 5]], [0, 0, 2, 2, 2, 3], [2, 0, 3, 1], [2, 0, 3, 1]),
        (
            2,
            [[4, 5], [0, 0], [4, 5], [4, 5]],
            [0, 0, 2, 2, 2, 3],
            [2, 0, 3, 1],
            [[2, 2], [0, 0], [2, 2], [2, 2]],
        ),
    ],
)
def test_embedding_bag(mode, y, bag, sizes, last):
    w = torch.arange(8.0).reshape(4, 2).requires_grad_()
    i, offsets = torch.tensor([1, 2, 1, 0, 2, 2]), torch.tensor([0, 2, 2, 5])
    found = torch.embedding_bag(w, i, offsets, False, mode)
    close([t.detach() for t in found], y, bag, sizes, last)
    found[0].sum().backward()
    assert w.grad.sum() == (12 if mode == 0 else 6)


def test_embedding_bag_without_padding():
    w = torch.arange(8.0).reshape(4, 2)
    i, offsets = torch.tensor([1, 2, 1, 0, 2, 2]), torch.tensor([0, 2, 2, 5])
    found = torch.embedding_bag(w, i, offsets, False, 2, padding_idx=2)
    rows = [[2, 3], [0, 0], [2, 3], [0, 0]]
    close(found, rows, [0, 0, 2, 2, 2, 3], [1, 0, 2, 0], [[1, 1], [0, 0], [1, 1], [0, 0]])
    with pytest.raises(RuntimeError, match="`mode` must be sum, mean, or max"):
        torch.embedding_bag(w, i, offsets, mode=3)


# ---------------------------------------------------------------- grouped products


def test_grouped_mm():
    """Each group's product, and zeros behind the last one; gradients of both."""
    a = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    b = torch.arange(24.0).reshape(2, 3, 4).requires_grad_()
    ends = torch.tensor([2, 5], dtype=torch.int32)
    y = F.grouped_mm(a, b, offs=ends)
    want = torch.cat([a[:2] @ b[0], a[2:5] @ b[1], torch.zeros(1, 4)])
    assert torch.equal(y, want)
    y.sum().backward()
    assert a.grad[5].tolist() == [0, 0, 0] and b.grad.abs().sum() > 0
    a, b = a.detach(), b.detach()
    c = torch.arange(24.0).reshape(6, 4)
    assert torch.equal(
        F.grouped_mm(a.T, c, offs=ends), torch.stack([a[:2].T @ c[:2], a[2:5].T @ c[2:5]])
    )
    d = a.T.contiguous()
    want = torch.cat([b.mT[0] @ d[:, :2], b.mT[1] @ d[:, 2:5], torch.zeros(4, 1)], 1)
    assert torch.equal(F.grouped_mm(b.mT, d, offs=ends), want)
    assert torch.equal(F.grouped_mm(b, b.mT), b @ b.mT)
    for call, words in (
        (lambda: F.grouped_mm(a, b), "Have to provide offsets if there is a 2d matrix"),
        (lambda: F.grouped_mm(a, b, offs=ends.long()), "Offsets have to be int32"),
        (lambda: F.grouped_mm(a, b, offs=ends + 5), "offs must rise to 6 at most"),
        (lambda: F.grouped_mm(a.double(), b, offs=ends), "to be Float32, BFloat16 or Float16"),
        (lambda: F.grouped_mm(a[:, :2], b, offs=ends), "contraction dimension"),
        (lambda: F.grouped_mm(a, b, offs=ends, bias=b), "Bias not supported yet"),
        (lambda: F.grouped_mm(a, b, offs=ends[:1]), "matrix batch sizes have to match"),
    ):
        with pytest.raises(RuntimeError, match=words):
            call()


# ---------------------------------------------------------------- sparse


def test_sparse_products():
    s, d = torch.tensor([[0.0, 1.0], [2.0, 0.0]]).to_sparse(), torch.ones(2, 2)
    product = [[1, 1], [2, 2]]
    for f in (torch.smm, torch.hspmm, torch.hsmm):
        y = f(s, d)
        assert y.is_sparse and y.to_dense().tolist() == product
    assert torch.hspmm(s, d).dense_dim() == 1 and s.smm(d).to_dense().tolist() == product
    for f in (torch.spmm, torch.dsmm):
        assert f(s, d).tolist() == product and f(d, d).tolist() == [[2, 2], [2, 2]]
    y = torch.sspaddmm(s, s, d, beta=2, alpha=3)
    assert not y.is_coalesced() and y.to_dense().tolist() == [[3, 5], [10, 6]]
    assert torch.saddmm(s, s, d).to_dense().tolist() == s.sspaddmm(s, d).to_dense().tolist()
    for call, words in (
        (lambda: torch.smm(d, d), "can only be called on sparse tensors"),
        (lambda: torch.sspaddmm(s, d, d), "expected 'mat1' to have sparse layout"),
        (lambda: torch.smm(s, s), "expected 'mat2' to have strided layout"),
        (lambda: torch.smm(s, torch.ones(3, 2)), "Argument #3: Expected dim 0 size 2, got 3"),
        (lambda: d.crow_indices(), "crow_indices expected sparse row compressed tensor layout"),
    ):
        with pytest.raises(RuntimeError, match=words):
            call()


def test_sparse_sizes():
    def s():
        return torch.tensor([[0.0, 1.0], [2.0, 0.0]]).to_sparse()

    y = s()
    assert y.sparse_resize_((3, 4), 2, 0) is y and y.to_dense().shape == (3, 4)
    assert y.to_dense().sum() == 3
    assert s().sparse_resize_and_clear_((4,), 1, 0).to_dense().tolist() == [0, 0, 0, 0]
    assert s().resize_as_sparse_(torch.ones(2, 3).to_sparse()).shape == (2, 3)
    assert torch.resize_as_sparse_(s(), torch.ones(3, 3).to_sparse()).shape == (3, 3)
    for size, dims, words in (
        ((1, 2), (2, 0), r"shrinking the size of sparse dimensions \(from \[2, 2\] to \[1, 2\]\)"),
        ((3, 3, 2), (2, 1), r"the number of dense dimensions \(from 0 to 1\)"),
        ((3, 3, 3), (3, 0), r"the number of sparse dimensions \(from 2 to 3\)"),
        ((3, 3), (1, 0), "number of dimensions must be sparse_dim"),
    ):
        with pytest.raises(RuntimeError, match=words):
            s().sparse_resize_(size, *dims)
    for name in ("to_sparse_bsr", "to_sparse_bsc"):
        with pytest.raises(NotImplementedError, match=f"{name}: rushlight has no layouts but"):
            getattr(torch.ones(2, 2), name)((1, 1))


# ---------------------------------------------------------------- what is not a number


def test_symbolic_sizes():
    """All sizes are known: nothing is an instance of the classes for others."""
    assert not isinstance(3, (torch.SymInt, torch.SymFloat, torch.SymBool))
    assert (torch.sym_int(-2.7), torch.sym_max(3, 2.0), torch.sym_sqrt(4)) == (-2, 3.0, 2.0)
    torch.sym_constrain_range(3, min=1, max=3)
    for size, low in ((-1, None), (2, 3)):
        with pytest.raises(RuntimeError, match="Invalid value range"):
            torch.sym_constrain_range_for_size(size, min=low)


def test_storages_of_one_dtype():
    s = torch.FloatStorage([1, 2])
    assert s.tolist() == [1.0, 2.0] and s.dtype is torch.float32
    assert isinstance(s, torch.FloatStorage) and not isinstance(s, torch.DoubleStorage)
    assert torch.Storage is torch.FloatStorage and len(torch.IntStorage(3)) == 3
    x = torch.ones(2, dtype=torch.float16)
    assert x.storage_type() is torch.HalfStorage and isinstance(x.storage(), torch.HalfStorage)
    over = torch.LongStorage(wrap_storage=torch.tensor([5, 6]).untyped_storage())
    assert over.tolist() == [5, 6]
    with pytest.raises(RuntimeError, match="received an invalid combination of arguments"):
        torch.FloatStorage(2, device="cpu")


def test_streams_and_events():
    stream, event = torch.Stream(device="cpu"), torch.Event()
    assert stream.query() and event.query() and stream == torch.Stream()
    assert repr(stream) == "torch.Stream device_type=cpu, device_index=-1, stream_id=0"
    with stream, pytest.raises(RuntimeError, match="cpu backend doesn't support events"):
        event.record()
    with pytest.raises(ValueError, match="must be created with argument 'enable_timing=True'"):
        event.elapsed_time(torch.Event())
    with pytest.raises((RuntimeError, AssertionError)):
        torch.Stream(device="cuda")


def test_branches_and_loops():
    x = torch.tensor(3.0, requires_grad=True)
    y = torch.cond(x > 2, lambda v: v * v, lambda v: -v, (x,))
    y.backward()
    assert y.item() == 9 and x.grad.item() == 6
    i, z = torch.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * 2), (torch.tensor(0), x))
    assert i.item() == 3 and z.item() == 24
    with pytest.raises(RuntimeError, match="pred must be bool or single-element tensor"):
        torch.cond(torch.ones(2), abs, abs, (x,))


def test_attributes_of_tensors():
    x = torch.ones(2)
    assert (x.is_xla, x.volatile, x.name, x.grad_dtype) == (False, False, None, torch.float32)
    x.grad_dtype = torch.float32
    with pytest.raises(NotImplementedError, match="gradients have the tensor's dtype here"):
        x.grad_dtype = torch.float64
    with pytest.raises(RuntimeError, match="can only be accessed on leaf tensors"):
        _ = (torch.ones(2, requires_grad=True) * 2).grad_dtype
    assert x.module_load(torch.zeros(2)).tolist() == [0, 0] == x.tolist()
    for call, error in ((x.ipu, RuntimeError), (x.xpu, AssertionError), (x.mtia, AssertionError)):
        with pytest.raises(error):
            call()
    with pytest.raises(RuntimeError, match=r"Use torch\.distributions instead"):
        x.reinforce(1)


def test_settings():
    assert torch.has_lapack and torch.has_spectral and not torch.has_mkl
    assert torch.thread_safe_generator() is None and not torch.is_vulkan_available()
    torch.set_warn_always(True)
    assert torch.is_warn_always_enabled()
    torch.set_warn_always(False)
    with pytest.raises(RuntimeError, match="expects a bool, but got int"):
        torch.set_warn_always(1)
    torch.set_anomaly_enabled(True, False)
    assert torch.is_anomaly_enabled() and not torch.is_anomaly_check_nan_enabled()
    torch.set_anomaly_enabled(False)
    assert torch.is_anomaly_check_nan_enabled() and not torch.is_anomaly_enabled()
    assert issubclass(torch.AcceleratorError, RuntimeError)


def test_torch_function_can_be_left_out():
    """DisableTorchFunctionSubclass leaves modes on, DisableTorchFunction nothing."""
    seen = []

    class Watched(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            seen.append("class")
            return super().__torch_function__(func, types, args, kwargs)

    class Mode(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.append("mode")
            return func(*args, **(kwargs or {}))

    x = torch.ones(2).as_subclass(Watched)
    with Mode():
        torch.exp(x)
        assert seen == ["mode", "class"]
        seen.clear()
        with torch.DisableTorchFunctionSubclass():
            assert type(torch.exp(x)) is torch.Tensor
        assert seen == ["mode"]
        seen.clear()
        with torch.DisableTorchFunction():
            torch.exp(x)
        assert seen == []


def test_what_does_not_apply_is_refused_with_the_reason():
    for name, words in (
        ("cudnn_convolution", "cuDNN"),
        ("quantize_per_tensor", "quantized tensors are not there"),
        ("ScriptObject", "TorchScript"),
        ("batch_norm_stats", "its kernels exist for GPUs only"),
    ):
        with pytest.raises(AttributeError, match=f"does not have torch.{name}: .*{words}"):
            getattr(torch, name)
