"""Floats of a compiled function that change from call to call: arguments, closures, globals,
attributes. One program for all values; what asks for a value has one for each.
"""

import math

import numpy as np
import pytest
from test_numbers import NUMBERS, numbers

import rushlight as torch
from rushlight import nn

# layers and optimizers that the function makes for itself
INSIDE = ("batch_norm", "instance_norm", "SGD", "Adam", "NAdam", "Adadelta", "ASGD", "Rprop")
# NumPy's arrays are made of the number, or two numbers are compared with each other
CONSTANTS = {"full", "full_like", "tensor(a)", "quantile", "hardtanh", "rrelu"}


def compiles(f):
    return f._program().compiles


def close(there, here):
    for a, b in zip(there, here, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, 2e-5, 2e-6)


@pytest.mark.parametrize("name", [n for n in NUMBERS if not n.startswith(INSIDE)])
def test_ten_values_of_an_argument(name):
    @torch.compile(backend="xla", recompile_limit=16)
    def f(x, y, a):
        return NUMBERS[name](x, y, a)

    close(numbers(f, "cpu"), numbers(NUMBERS[name], "cpu"))
    assert compiles(f) == (10 if name in CONSTANTS else 1)
    assert f._program().reasons == []


def losses(device, wrapped, optimizer=torch.optim.SGD):
    """Ten steps whose loss, clipping and noise depend on numbers that are given to the step."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).to(device)
    opt = optimizer(model.parameters(), lr=0.1)
    x, t = torch.rand(5, 6).to(device), torch.tensor([0, 2, 1, 1, 0]).to(device)

    @wrapped
    def step(x, t, smoothing, power, *, limit):
        opt.zero_grad()
        y = model(x).clamp(-limit, limit)
        loss = nn.functional.cross_entropy(y, t, label_smoothing=smoothing)
        loss = torch.add(
            loss, sum(p.abs().pow(power).sum() for p in model.parameters()), alpha=0.01
        )
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), limit)
        opt.step()
        with torch.no_grad():
            for p in model.parameters():
                p.add_(p, alpha=-smoothing / 100)
        return loss

    found = [step(x, t, 0.01 + i / 100, 1.2 + i / 32, limit=0.3 + i / 16).item() for i in range(10)]
    return np.array(found), step


@pytest.mark.parametrize("device", ["cpu", "xla"])
@pytest.mark.parametrize("name", ["SGD", "AdamW", "RMSprop"])
def test_a_step_whose_numbers_change(name, device):
    optimizer = getattr(torch.optim, name)
    found, step = losses(device, torch.compile(backend="xla", fullgraph=True), optimizer)
    np.testing.assert_allclose(found, losses("cpu", lambda f: f, optimizer)[0], rtol=1e-5)
    assert compiles(step) == 1


def test_numbers_of_the_surroundings():
    """The first call's are constants; one that has changed is an input from then on."""
    slope, space = 0.1, {"SCALE": 0.5}

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.temperature, self.fixed = 1.5, 0.25
            self.drop = nn.Dropout(0.1)

        def forward(self, x):
            y = nn.functional.leaky_relu(x - 0.5, slope) / self.temperature + self.fixed
            return self.drop(y) * outer()

    net = Net()
    exec("def outer():\n    return SCALE", space)
    outer = space["outer"]
    outer.__module__ = __name__

    def call(x):
        return net(x) ** 2

    f = torch.compile(call, backend="xla")
    x = torch.rand(4, 5)
    for i in range(10):
        slope, net.temperature, space["SCALE"] = 0.1 + i / 64, 1.5 + i / 8, 0.3 + i / 32
        torch.manual_seed(i)
        found = f(x)
        torch.manual_seed(i)
        torch.testing.assert_close(found, call(x))
        assert type(net.temperature) is float
    assert compiles(f) == 2
    for i in range(3):  # p is drawn with on the host: a constant; the others go on as they were
        net.drop.p, net.temperature = 0.3 + i / 8, 2.1 + i / 8
        torch.manual_seed(i)
        found = f(x)
        torch.manual_seed(i)
        torch.testing.assert_close(found, call(x))
    assert compiles(f) == 5


@pytest.mark.parametrize("device", ["cpu", "xla"])
def test_dropout_of_other_sizes_and_probabilities(device):
    """Each size draws its own mask, and each p; on the device p is an input, too."""

    @torch.compile(backend="xla")
    def f(x, p):
        return torch.nn.functional.dropout(x, p)

    for n, p in ((40, 0.1), (16, 0.1), (40, 0.6), (16, 0.6), (40, 0.1)):
        x = torch.ones(n, 50, device=device)
        torch.manual_seed(n)
        found = f(x, p)
        torch.manual_seed(n)
        torch.testing.assert_close(found, torch.nn.functional.dropout(x, p))
        assert abs(found.eq(0).float().mean().item() - p) < 0.1
    assert compiles(f) == (4 if device == "cpu" else 2)


def test_a_branch_on_a_number():
    """Each side is a program; a value with a formula of its own is another one."""

    @torch.compile(backend="xla")
    def f(x, a):
        return (x * a if a > 0.5 else x + a) ** a

    x = torch.rand(5)
    for i in range(10):
        a = 0.03 + i / 10
        torch.testing.assert_close(f(x, a), (x * a if a > 0.5 else x + a) ** a)
    assert compiles(f) == 2
    torch.testing.assert_close(f(x, 2.0), (2 * x) ** 2)
    assert compiles(f) == 3


@pytest.mark.parametrize(
    "asks",
    [
        lambda x, a: x * math.sin(a),
        lambda x, a: x * round(a, 2),
        lambda x, a: x * float(f"{a:.2f}"),
        lambda x, a: x * len(str(a)),
        lambda x, a: x * max(a, 0.4) if a in (0.33, 0.47) else x * (a % 0.3),
        lambda x, a: x * torch.tensor([a, 1.0]).sum(),
        lambda x, a: x[: int(10 * a)],
        lambda x, a: x * {0.25: 2}.get(a, 3),
        lambda x, a: x * (a if isinstance(a, float) else 0),
    ],
)
def test_who_asks_for_a_value_gets_it(asks):
    f = torch.compile(asks, backend="xla")
    x = torch.rand(5)
    for a in (0.25, 0.33, 0.47, 0.25):
        torch.testing.assert_close(f(x, a), asks(x, a))
    assert f._program().reasons == []


def test_a_number_that_is_returned_is_a_number():
    f = torch.compile(lambda x, a: (x * a, 2 * a), backend="xla")
    for a in (0.25, 0.33):
        assert f(torch.ones(2), a)[1] == 2 * a


def test_a_number_that_the_function_changes():
    state = {"a": 0.1}
    rate = 0.1

    @torch.compile(backend="xla")
    def f(x):
        nonlocal rate
        rate = rate * 2
        return x * rate

    with pytest.warns(UserWarning, match="changes rate, which a program would do only once"):
        found = [f(torch.ones(())).item() for _ in range(3)]
    np.testing.assert_allclose(found, [0.2, 0.4, 0.8], rtol=1e-6)
    assert state == {"a": 0.1}
