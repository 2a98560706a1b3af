"""What torch.utils and other small modules of PyTorch's hold."""

import gc

import pytest

import rushlight as torch
from rushlight import nn, utils
from rushlight.utils.data import IterDataPipe, MapDataPipe, functional_datapipe


def test_swap_tensors():
    a = nn.Parameter(torch.ones(2))
    b = torch.tensor([3, 4])
    a.mark = "a"
    a.grad = torch.full((2,), 5.0)
    utils.swap_tensors(a, b)
    assert isinstance(b, nn.Parameter) and not isinstance(a, nn.Parameter)
    assert a.tolist() == [3, 4] and b.tolist() == [1.0, 1.0] and b.mark == "a"
    assert b.grad.tolist() == [5.0, 5.0] and b.requires_grad and not a.requires_grad
    assert not hasattr(a, "mark") and a.dtype is torch.int64


def test_context_decorator():
    from rushlight.utils._contextlib import _DecoratorContextManager, context_decorator

    seen = []

    class Noting(_DecoratorContextManager):
        def __enter__(self):
            seen.append("in")

        def __exit__(self, *error):
            seen.append("out")

    @Noting()
    def f(x):
        seen.append(x)
        return x + 1

    assert f(1) == 2 and seen == ["in", 1, "out"]

    @Noting()
    def steps():
        got = yield 1
        yield got

    running = steps()
    assert next(running) == 1 and running.send(7) == 7
    with pytest.raises(RuntimeError, match="Cannot decorate classes"):
        context_decorator(Noting, Noting)


def test_weak_dictionaries_go_by_identity():
    from rushlight.utils.weak import TensorWeakRef, WeakIdKeyDictionary

    a, b = torch.ones(2), torch.ones(2)
    table = WeakIdKeyDictionary({a: 1})
    table[b] = 2
    assert table[a] == 1 and table[b] == 2 and len(table) == 2 and a in table
    ref = TensorWeakRef(a)
    assert ref() is a and ref == TensorWeakRef(a) and ref != TensorWeakRef(b)
    del a
    gc.collect()
    assert len(table) == 1 and ref() is None and table.pop(b) == 2


def test_file_baton(tmp_path):
    from rushlight.utils.file_baton import FileBaton

    first, second = FileBaton(str(tmp_path / "lock")), FileBaton(str(tmp_path / "lock"))
    assert first.try_acquire() and not second.try_acquire()
    first.release()
    second.wait()
    assert second.try_acquire()
    second.release()


def test_module_tracker():
    from rushlight.utils.module_tracker import ModuleTracker

    seen = []

    class Inner(nn.Module):
        def forward(self, x):
            seen.append(sorted(tracker.parents))
            return x

    net = nn.Sequential(Inner())
    with ModuleTracker() as tracker:
        net(torch.ones(1))
    net(torch.ones(1))
    assert seen == [["Global", "Sequential", "Sequential.0"], ["Global"]]


def test_data_pipes_of_ones_own():
    @functional_datapipe("test_doubled")
    class Doubled(IterDataPipe):
        def __init__(self, source):
            self.source = source

        def __iter__(self):
            return (x * 2 for x in self.source)

    class Numbers(IterDataPipe):
        def __iter__(self):
            return iter(range(3))

    assert list(Numbers().test_doubled()) == [0, 2, 4]
    loader = utils.data.DataLoader(Numbers().test_doubled(), batch_size=3)
    assert [batch.tolist() for batch in loader] == [[0, 2, 4]]
    with pytest.raises(TypeError, match="can only decorate IterDataPipe"):
        functional_datapipe("x")(dict)
    assert not hasattr(MapDataPipe, "test_doubled")
    from rushlight.utils.data.datapipes.iter import Batcher

    assert functional_datapipe("test_batched")(type("B", (Batcher,), {})).__name__ == "B"


def test_helpers_of_optimizers():
    from rushlight.optim import optimizer

    class Step(optimizer.Optimizer):
        def __init__(self, params, differentiable):
            super().__init__(params, {"differentiable": differentiable})

        @optimizer._use_grad_for_differentiable
        def step(self):
            return torch.is_grad_enabled()

    p = nn.Parameter(torch.ones(1))
    assert Step([p], False).step() is False and Step([p], True).step() is True
    assert optimizer._default_to_fused_or_foreach([p], False) == (False, False)
    assert optimizer._get_value(torch.tensor(2)) == 2 and optimizer._dispatch_sqrt(4.0) == 2.0
    assert optimizer._get_scalar_dtype() is torch.float32 and optimizer.ParamsT
    assert not hasattr(optimizer, "nothing")


def test_flattened_tensors():
    from rushlight._utils import _flatten_dense_tensors, _take_tensors, _unflatten_dense_tensors

    tensors = [torch.ones(2, 2), torch.arange(3.0)]
    flat = _flatten_dense_tensors(tensors)
    assert flat.tolist() == [1.0] * 4 + [0.0, 1.0, 2.0]
    back = _unflatten_dense_tensors(flat, tensors)
    assert [t.shape for t in back] == [(2, 2), (3,)] and back[1].tolist() == [0.0, 1.0, 2.0]
    assert [len(batch) for batch in _take_tensors(tensors, 16)] == [1, 1]


def test_exceptions_from_elsewhere():
    from rushlight._utils import ExceptionWrapper

    try:
        _ = {}["k"]
    except KeyError:
        wrapped = ExceptionWrapper(where="in a worker")
    with pytest.raises(KeyError) as caught:
        wrapped.reraise()
    assert str(caught.value).startswith("Caught KeyError in a worker.\nOriginal Traceback")


def test_rebuilding_tensors_by_hand():
    from rushlight._utils import _rebuild_parameter, _rebuild_tensor_v2

    storage = torch.arange(6.0).storage()
    t = _rebuild_tensor_v2(storage, 1, (2, 2), (2, 1), True, {})
    assert t.tolist() == [[1.0, 2.0], [3.0, 4.0]] and t.requires_grad
    assert isinstance(_rebuild_parameter(t.detach(), False, {}), nn.Parameter)


def test_what_the_c_module_answers():
    c = torch._C
    assert c._get_tracing_state() is None and c._log_api_usage_once("x") is None
    seen = []

    def f(x):
        seen.append((c._functorch.is_batchedtensor(x), c._are_functorch_transforms_active()))
        return x * 2

    torch.vmap(f)(torch.ones(2))
    f(torch.ones(2))
    assert seen == [(True, True), (False, False)]
    assert not c._are_functorch_transforms_active() and c._get_default_device() == "cpu"
    parsed = c._nn._parse_to(torch.float64, non_blocking=True)
    assert parsed == (None, torch.float64, True, None)
    assert c._nn._parse_to("cpu")[0] == torch.device("cpu")
    assert c._nn._parse_to(torch.ones(1))[1] is torch.float32
    assert isinstance(torch.Tensor, c._TensorMeta) and not hasattr(c, "_no_such_name")


def test_settings_of_serialization():
    from rushlight import serialization as s

    assert s.get_default_load_endianness() is None and s.get_crc32_options() is True
    s.set_default_load_endianness(s.LoadEndianness.LITTLE)
    s.set_default_load_endianness(None)
    with pytest.raises(NotImplementedError, match="little endian"):
        s.set_default_load_endianness(s.LoadEndianness.BIG)
    with pytest.raises(NotImplementedError, match=r"torch\.serialization\.register_package"):
        s.register_package(1, len, len)
    assert s.location_tag(torch.ones(1).storage()) == "cpu"


def test_hooks_that_are_not_pickled():
    from rushlight.utils.hooks import unserializable_hook, warn_if_has_hooks

    t = torch.ones(1, requires_grad=True)
    t.register_hook(unserializable_hook(lambda g: g))
    warn_if_has_hooks(t)  # no warning
    t.register_hook(lambda g: g)
    with pytest.warns(UserWarning, match="on tensor will not be serialized"):
        warn_if_has_hooks(t)


def test_nvtx_refuses_as_pytorch_without_cuda():
    from rushlight.cuda import nvtx

    for call in (lambda: nvtx.range_push("a"), nvtx.range_pop, lambda: nvtx.range("a").__enter__()):
        with pytest.raises(RuntimeError, match=r"NVTX functions not installed\. Are you sure"):
            call()
