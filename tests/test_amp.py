"""torch.amp: autocast that is off, and the scaling of losses, with PyTorch's states and errors."""

import pytest

import rushlight as torch


def test_autocast_for_absent_devices_does_nothing():
    x = torch.ones(2)
    with pytest.warns(UserWarning, match="CUDA is not available .* Disabling autocast"):
        context = torch.autocast("cuda", dtype=torch.float16)
    with context:
        assert (x * 2).dtype is torch.float32
    with torch.autocast("cpu", enabled=False), torch.amp.autocast("xpu"):
        assert not torch.is_autocast_enabled()
    with pytest.raises(NotImplementedError, match="autocast on the CPU"):
        torch.autocast("cpu")
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        torch.autocast(3)
    with pytest.warns(FutureWarning, match=r"torch\.amp\.autocast\('cuda', args\.\.\.\)"):
        decorate = torch.cuda.amp.autocast(enabled=False)
    assert decorate(lambda v: v + 1)(1) == 2


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


def test_misuse():
    scaler = torch.amp.GradScaler("cpu")
    with pytest.raises(AssertionError, match="Attempted update but _scale is None"):
        scaler.update()
    with pytest.raises(RuntimeError, match="The source state dict is empty"):
        scaler.load_state_dict({})
    with pytest.raises(AssertionError, match=r"The growth factor must be > 1\.0"):
        torch.amp.GradScaler("cpu", growth_factor=0.5)
