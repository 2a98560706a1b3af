"""torch.device("xla"), moving, generators, optimizers, files, torch.cuda's answers."""

import copy
import io
import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.core import accelerators

XLA = torch.device("xla:0")


def small():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(3 * 3 * 3, 4),
    )


def trained(device, optimizer, **options):
    model = small().to(device)
    torch.manual_seed(1)
    x, t = torch.randn(6, 1, 8, 8).to(device), torch.randint(0, 4, (6,)).to(device)
    o = getattr(torch.optim, optimizer)(model.parameters(), **options)
    losses = []
    for _ in range(4):
        o.zero_grad()
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        o.step()
        losses.append(loss.item())
    return losses, model


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.1}),
        ("Adam", {"lr": 1e-3, "weight_decay": 0.1}),
        ("Adam", {"amsgrad": True, "maximize": True}),
        ("AdamW", {"lr": 1e-2}),
        ("RMSprop", {"lr": 1e-3, "momentum": 0.5, "centered": True}),
        ("RMSprop", {"lr": 1e-4}),
        ("Adagrad", {"lr": 1e-2, "lr_decay": 0.1}),
        ("NAdam", {}),
        ("Adadelta", {}),
        ("Rprop", {"lr": 1e-3}),
    ],
)
def test_training_on_a_device_is_training_on_the_cpu(name, options):
    here, _ = trained("cpu", name, **options)
    there, model = trained("xla", name, **options)
    assert there == pytest.approx(here, rel=2e-5)
    assert {p.device for p in (*model.parameters(), *model.buffers())} == {XLA}


def test_a_step_is_one_program():
    from rushlight.kernels.xla import steps

    _, model = trained("xla", "Adam", lr=1e-3)
    o = torch.optim.Adam(model.parameters(), lr=1e-3)
    program = steps._programs[steps._adam]
    o.step()
    before = program._cache_size()
    for _ in range(3):
        o.param_groups[0]["lr"] *= 0.5  # a scheduler compiles nothing
        o.step()
    assert program._cache_size() == before


def test_a_model_made_on_the_cpu_and_moved_has_the_same_bits():
    a, b = small(), small().to("xla")
    for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True):
        assert torch.equal(p, q.cpu())
    assert all(p.is_leaf and p.requires_grad for p in b.parameters())


def test_moving():
    x = torch.randn(2, 3, requires_grad=True)
    y = x.to("xla", torch.float64, non_blocking=True)
    assert (y.device, y.dtype, y.is_xla, y.is_cpu, y.get_device()) == (
        XLA, torch.float64, True, False, 0)  # fmt: skip
    (y**2).sum().backward()
    assert x.grad.device.type == "cpu"
    assert torch.allclose(x.grad, 2 * x.detach())
    assert y.to("xla") is y
    assert y.to(y) is y
    assert x.t().to("xla").stride() == (1, 3)
    assert torch.equal(x.t().detach().to("xla").cpu(), x.t())
    with pytest.raises(RuntimeError, match="Invalid device index"):
        x.to("xla:99")


def test_made_on_the_device():
    x = torch.zeros(2, 3, device="xla")
    for t in (
        torch.ones_like(x),
        torch.rand_like(x),
        x.new_full((2,), 3.0),
        torch.tensor([1, 2], device="xla"),
        torch.arange(3, device="xla"),
        torch.eye(2, device="xla"),
        torch.linspace(0, 1, 3, device="xla"),
        torch.randint(0, 3, (2,), device="xla"),
        torch.randperm(4, device="xla"),
        torch.full((2,), 1.0, device="xla"),
        torch.as_tensor([1.0], device="xla"),
        torch.normal(x, 1.0),
        torch.bernoulli(x),
        torch.multinomial(x[0] + 1, 2),
        x.clone().uniform_(),
        nn.Linear(2, 2, device="xla").weight,
    ):
        assert t.device == XLA
    with torch.device("xla"):
        assert torch.ones(2).device == XLA
    assert torch.ones(2).device.type == "cpu"


def test_generators():
    torch.manual_seed(3)
    a, b = torch.rand(4, device="xla"), torch.rand(4, device="xla")
    torch.manual_seed(3)
    assert torch.equal(torch.rand(4, device="xla"), a)
    assert not torch.equal(a, b)
    g = torch.Generator(device="xla").manual_seed(5)
    assert g.device == XLA
    state = g.get_state()
    c = torch.randn(1000, device="xla", generator=g)
    assert abs(c.mean().item()) < 0.2
    assert abs(c.std().item() - 1) < 0.1
    g.set_state(state)
    assert torch.equal(torch.randn(1000, device="xla", generator=g), c)
    cpu = torch.Generator().manual_seed(7)
    here = torch.rand(4, generator=torch.Generator().manual_seed(7))
    assert torch.equal(torch.rand(4, device="xla", generator=cpu).cpu(), here)


def test_dropout_drops_others_each_time():
    x = torch.ones(64, device="xla")
    masks = [F.dropout(x).tolist() for _ in range(3)]
    assert masks[0] != masks[1] != masks[2]
    assert set(masks[0]) == {0.0, 2.0}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_recurrent_layers(kind, packed):
    torch.manual_seed(0)
    layer = getattr(nn, kind)(3, 4, bidirectional=True)
    x, lengths = torch.randn(4, 2, 3), torch.tensor([4, 2])
    found = []
    for device in ("cpu", "xla"):
        m, y = copy.deepcopy(layer).to(device), x.clone().to(device).requires_grad_()
        z = nn.utils.rnn.pack_padded_sequence(y, lengths) if packed else y
        out, h = m(z)
        out = out.data if packed else out
        h = h[0] if kind == "LSTM" else h
        (out.sum() + (h**2).sum()).backward()
        found.append(
            [t.cpu().detach() for t in (out, h, y.grad, *(p.grad for p in m.parameters()))]
        )
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_files():
    model = small().to("xla")
    x = torch.randn(4, 3, device="xla")
    file = io.BytesIO()
    torch.save({"state": model.state_dict(), "x": x, "row": x[1:], "t": x.t()}, file)
    found = torch.load(io.BytesIO(file.getvalue()))
    assert {t.device for t in found["state"].values()} == {XLA}
    assert found["t"].stride() == (1, 3)
    found["t"].zero_()
    assert found["row"].abs().sum().item() == 0  # they share memory there, too
    here = torch.load(io.BytesIO(file.getvalue()), map_location="cpu")
    assert here["x"].device.type == "cpu"
    assert torch.equal(here["row"], x[1:].cpu())
    file = io.BytesIO()
    torch.save(x.cpu(), file)
    assert torch.load(io.BytesIO(file.getvalue()), map_location="xla").device == XLA


def test_copies_and_pickles():
    model = small().to("xla")
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[0].weight.zero_()
    assert model[0].weight.abs().sum().item() > 0
    x = torch.randn(3, device="xla")
    y = pickle.loads(pickle.dumps(x))
    assert y.device == XLA
    assert torch.equal(x, y)


def test_load_state_dict_of_another_device():
    model = small().to("xla")
    model.load_state_dict(small().state_dict())
    assert model[0].weight.device == XLA
    plain = small()
    plain.load_state_dict(model.state_dict())
    assert torch.equal(plain[0].weight, model[0].weight.cpu())


def test_cuda_is_a_gpu_of_jax(monkeypatch):
    """JAX's CPU in the place of a GPU: what torch.cuda answers then."""
    import jax

    assert not torch.cuda.is_available()
    monkeypatch.setattr(accelerators, "may_have_gpu", lambda: True)
    monkeypatch.setattr(accelerators, "jax_devices", lambda kind: jax.local_devices())
    monkeypatch.setattr(accelerators, "_names", {})
    monkeypatch.setattr(accelerators, "_places", {})
    assert torch.cuda.is_available()
    assert torch.cuda.device_count() == len(jax.local_devices())
    assert torch.accelerator.current_accelerator() == torch.device("cuda")
    x = torch.ones(3, device="cuda")
    assert (str(x.device), x.is_cuda, x.cuda() is x, x.cpu().is_cuda) == (
        "cuda:0",
        True,
        True,
        False,
    )
    assert torch.ones(2).cuda(non_blocking=True).type() == "torch.cuda.FloatTensor"
    assert torch.cuda.current_device() == 0
    assert torch.cuda.get_device_name() == jax.local_devices()[0].device_kind
    assert torch.cuda.memory_allocated() >= 0
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    torch.cuda.synchronize()
    end.record()
    assert start.elapsed_time(end) >= 0
    with torch.cuda.stream(torch.cuda.Stream()), torch.cuda.device(0):
        torch.cuda.manual_seed_all(3)
        a = torch.rand(2, device="cuda")
        torch.cuda.manual_seed(3)
        assert torch.equal(torch.rand(2, device="cuda"), a)
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.zeros(1, device="cuda:99")


@pytest.mark.parametrize(
    ("shown", "count"), [(None, 2), ("0,1,2", 2), ("1", 1), ("", 0), ("-1", 0), ("0,-1,1", 1)]
)
def test_gpus_are_counted_without_jax_before_processes_meet(shown, count, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    monkeypatch.setattr(accelerators, "may_have_gpu", lambda: True)
    monkeypatch.setattr(accelerators, "jax_devices", lambda kind: pytest.fail("JAX was asked"))
    names = ["null", "nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"]
    monkeypatch.setattr(accelerators.os, "listdir", lambda path: names)
    assert torch.cuda.device_count() == accelerators.gpu_count() == count
    assert torch.cuda.is_available() == bool(count)


def test_training_from_the_command_line(tmp_path):
    """`rushlight train --device xla`: the CPU's numbers; its files are read on the CPU."""

    def rushlight(*words):
        done = subprocess.run(
            [sys.executable, "-m", "rushlight", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    found = []
    for device in ("cpu", "xla"):
        out = tmp_path / device
        rushlight("train", "digits", "--model", "cnn", "--epochs", 2, "--device", device,
                  "--augment", "shift", "--out", out, "--quiet")  # fmt: skip
        rows = (out / "history.csv").read_text().splitlines()[1:]
        found.append([[float(x) for x in row.split(",")[:5]] for row in rows])
    assert len(found[1]) == 2
    np.testing.assert_allclose(found[1], found[0], rtol=1e-3)
    one, two = (rushlight("evaluate", tmp_path / device, "--json") for device in ("cpu", "xla"))
    assert json.loads(one)["accuracy"] == pytest.approx(json.loads(two)["accuracy"], abs=0.01)


def test_matmul_precision_reaches_jax():
    import jax

    torch.zeros(1, device="xla")
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        assert jax.config.jax_default_matmul_precision == "tensorfloat32"
    finally:
        torch.set_float32_matmul_precision(before)
    assert jax.config.jax_default_matmul_precision == "highest"


FRESH = """
import sys
import warnings
import rushlight as torch
x = torch.nn.Linear(3, 2)(torch.ones(1, 3)).sum()
x.backward()
torch.cuda.is_available(), torch.device("cuda"), torch.device("xla"), torch.manual_seed(0)
assert not [m for m in sys.modules if m.partition(".")[0] in ("jax", "jaxlib")]
sys.modules["jax"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "jax" else find(name, *a)
try:
    torch.zeros(1, device="xla")
except RuntimeError as e:
    print(e)
"""


def test_jax_is_imported_when_a_device_is_used_and_its_absence_has_a_fix():
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "JAX is not installed" in done.stdout
    assert "fix: pip install 'rushlight[xla]'" in done.stdout


def test_a_formula_on_the_host_says_so(monkeypatch):
    """Once, at the caller's line; the answer is right and on the device."""
    monkeypatch.setitem(xla_stats(), "host", {})
    a = torch.tensor([[2.0, 1.0], [1.0, 3.0]]).to("xla")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        values = [torch.linalg.eigvals(a) for _ in range(2)]
    found = [w for w in said if "cannot be computed on an XLA device" in str(w.message)]
    assert len(found) == 1 and found[0].filename == __file__
    assert all(v.device.type == "xla" for v in values)
    wanted = torch.linalg.eigvals(a.cpu()).real.sort().values
    assert torch.allclose(values[0].cpu().real.sort().values, wanted)


def xla_stats():
    from rushlight.kernels import xla

    return xla.STATS
