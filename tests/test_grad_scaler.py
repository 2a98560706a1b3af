"""torch.amp.GradScaler: scales, steps that are left out, states and errors, all PyTorch's."""

import copy
import pickle

import pytest

import rushlight as torch


def test_a_scaler_without_cuda_is_disabled():
    p = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([p], lr=0.1)
    with pytest.warns(UserWarning, match="is enabled, but CUDA is not available"):
        scaler = torch.amp.GradScaler()
    loss = p.sum()
    assert scaler.scale(loss) is loss and not scaler.is_enabled()
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == pytest.approx([0.9, 0.9])
    assert scaler.state_dict() == {} and scaler.get_scale() == 1.0
    with pytest.warns(FutureWarning), pytest.warns(UserWarning):
        assert not torch.cuda.amp.GradScaler().is_enabled()


def test_a_scaler_on_the_cpu():
    """The numbers are PyTorch's: 4 · gradient, divided again; an infinite one halves the scale."""
    p = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([p], lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
    scaler.scale(p.sum()).backward()
    assert p.grad.tolist() == [4, 4]
    scaler.unscale_(optimizer)
    assert p.grad.tolist() == [1, 1]
    with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called since the last"):
        scaler.step(optimizer)
    scaler.update()
    after = p.tolist()
    assert after == pytest.approx([0.9, 0.9])
    scaler.scale(p.sum() * float("inf")).backward()
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == after
    assert scaler.state_dict() == {
        "scale": 2.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2,
        "_growth_tracker": 0,
    }  # fmt: skip
    for _ in range(2):
        optimizer.zero_grad()
        scaler.scale(p.sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    assert scaler.get_scale() == 4.0
    other = torch.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()


def scaler_and_optimizer(**options):
    p = torch.nn.Parameter(torch.ones(2))
    return p, torch.amp.GradScaler("cpu", **options), torch.optim.SGD([p], lr=0.1)


def test_the_scale_grows_and_backs_off():
    """A run of PyTorch's: the scale and the good steps after each, for a loss times v."""
    p, scaler, sgd = scaler_and_optimizer(init_scale=8.0, growth_interval=2)
    q = torch.nn.Parameter(torch.ones(2))
    adam = torch.optim.Adam([q], lr=0.1)
    seen = []
    for v in (1.0, 1.0, 1.0, float("inf"), 1.0, float("nan"), 1.0, 1.0):
        sgd.zero_grad()
        adam.zero_grad()
        scaler.scale(p.sum() * v).backward()
        scaler.scale(q.sum()).backward()
        scaler.unscale_(sgd)
        scaler.step(sgd)
        scaler.step(adam)
        scaler.update()
        seen.append((scaler.get_scale(), scaler._get_growth_tracker(), round(p[0].item(), 4)))
        assert q.grad.tolist() == [1, 1]
    assert seen == [(8, 1, 0.9), (16, 0, 0.8), (16, 1, 0.7), (8, 0, 0.7),
                    (8, 1, 0.6), (4, 0, 0.6), (4, 1, 0.5), (8, 0, 0.4)]  # fmt: skip
    assert q.tolist() == pytest.approx([0.2, 0.2])  # the other optimizer's steps were all taken


def test_the_scale_does_not_become_infinite():
    p, scaler, sgd = scaler_and_optimizer(init_scale=2.0**127, growth_interval=1)
    scaler.scale(p.sum() * 0.0).backward()
    scaler.step(sgd)
    scaler.update()
    assert scaler.get_scale() == 2.0**127 and scaler._get_growth_tracker() == 0


def test_containers_of_losses():
    p, scaler, _ = scaler_and_optimizer(init_scale=4.0)
    a, (b,) = scaler.scale([p.sum(), (p.sum(),)])
    assert a.item() == b.item() == 8 and a.requires_grad
    assert [x.item() for x in scaler.scale(x for x in [p.sum()])] == [8]
    with pytest.raises(ValueError, match="outputs must be a Tensor or an iterable of Tensors"):
        scaler.scale(3.0)


def test_16_bit_gradients():
    half = torch.nn.Parameter(torch.ones(2, dtype=torch.float16))
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale(half.float().sum()).backward()
    with pytest.raises(ValueError, match=r"Attempting to unscale FP16 gradients\."):
        scaler.unscale_(torch.optim.SGD([half], lr=0.1))
    p = torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16))
    scaler.scale(p.float().sum()).backward()
    scaler.unscale_(torch.optim.SGD([p], lr=0.1))
    assert p.grad.tolist() == [1, 1] and p.grad.dtype is torch.bfloat16


def test_a_new_scale():
    p, scaler, _ = scaler_and_optimizer()
    assert scaler.get_scale() == 65536.0
    scaler.scale(p.sum())
    scaler.update(3.0)
    assert scaler.get_scale() == 3.0
    scaler.update(torch.tensor(5.0))
    assert scaler._scale.item() == 5.0 and scaler._scale.dtype is torch.float32
    for wrong in (torch.ones(2), torch.ones(1, requires_grad=True), 7):
        with pytest.raises(AssertionError, match="new_scale should be a float or a 1-element"):
            scaler.update(wrong)


def test_settings_and_copies():
    p, scaler, sgd = scaler_and_optimizer(init_scale=4.0)
    scaler.set_growth_factor(3.0)
    scaler.set_backoff_factor(0.25)
    scaler.set_growth_interval(1)
    scaler.scale(p.sum()).backward()
    scaler.step(sgd)
    with pytest.raises(AssertionError, match="may only be pickled at the beginning of an iter"):
        pickle.dumps(scaler)
    scaler.update()
    for other in (pickle.loads(pickle.dumps(scaler)), copy.deepcopy(scaler)):
        assert other.state_dict() == scaler.state_dict()
        assert other.get_scale() == 12.0 and other.get_growth_factor() == 3.0
        assert (other.get_backoff_factor(), other.get_growth_interval()) == (0.25, 1)


def test_misuse():
    scaler = torch.amp.GradScaler("cpu")
    with pytest.raises(AssertionError, match="Attempted update but _scale is None"):
        scaler.update()
    with pytest.raises(RuntimeError, match="The source state dict is empty"):
        scaler.load_state_dict({})
    with pytest.raises(AssertionError, match=r"The growth factor must be > 1\.0"):
        torch.amp.GradScaler("cpu", growth_factor=0.5)
    with pytest.raises(AssertionError, match=r"The backoff factor must be < 1\.0"):
        torch.amp.GradScaler("cpu", backoff_factor=1.0)
    p, scaler, sgd = scaler_and_optimizer()
    scaler.scale(p.sum())
    with pytest.raises(AssertionError, match="No inf checks were recorded for this optimizer"):
        scaler.step(sgd)
    with pytest.raises(AssertionError, match="No inf checks were recorded prior to update"):
        scaler.update()
    p, scaler, sgd = scaler_and_optimizer()
    scaler.scale(p.sum()).backward()
    with pytest.raises(RuntimeError, match="Closure use is not currently supported"):
        scaler.step(sgd, closure=lambda: 1)
    scaler.step(sgd)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) is being called after step\(\)"):
        scaler.unscale_(sgd)
