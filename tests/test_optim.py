"""torch.optim against numbers frozen from PyTorch, and the rules that numbers do not show."""

import copy
import inspect
import json
import pickle

import numpy as np
import optim_cases as cases
import pytest

import rushlight as torch
from rushlight import nn, optim
from rushlight.optim.optimizer import gradients, numbers, zeros
from rushlight.optim.options import KW_ONLY, at_least, below_one, learning_rate, option


@pytest.fixture(scope="module")
def recorded(frozen):
    return json.loads((frozen / "optim.json").read_text())


def same(got, expected, tolerance=1e-6, where=""):
    """Nested lists and dicts of numbers, equal to `tolerance`, relative to numbers above 1."""
    assert type(got) is type(expected) or isinstance(expected, (int, float)), where
    if isinstance(expected, dict):
        assert sorted(got) == sorted(expected), where
        for k in expected:
            same(got[k], expected[k], tolerance, f"{where}[{k!r}]")
    elif isinstance(expected, list):
        assert len(got) == len(expected), where
        for i, (g, e) in enumerate(zip(got, expected, strict=True)):
            same(g, e, tolerance, f"{where}[{i}]")
    else:
        assert abs(got - expected) <= tolerance * max(1.0, abs(expected)), (where, got, expected)


CONFIGS = [(name, i) for name, table in cases.OPTIMIZERS.items() for i in range(len(table))]


def expected_steps(recorded, name, i):
    """PyTorch's frozen numbers, or those of the NumPy update of an optimizer that it lacks."""
    if name in recorded["steps"]:
        return recorded["steps"][name][i]
    return cases.reference_steps(cases.REFERENCES[name], cases.OPTIMIZERS[name][i])


@pytest.mark.parametrize(("name", "i"), CONFIGS)
def test_steps_and_state_are_pytorchs(recorded, name, i):
    got = cases.steps(torch, name, cases.OPTIMIZERS[name][i])
    same(got, expected_steps(recorded, name, i))


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_float64_parameters_move_alike(recorded, name):
    got = cases.steps(torch, name, cases.OPTIMIZERS[name][0], "float64")
    if name != "Adafactor":  # its epsilon is the dtype's
        same(got["params"], expected_steps(recorded, name, 0)["params"], 1e-5)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs(recorded, search):
    trail, counts = recorded["lbfgs"][str(search)]
    got, got_counts = cases.lbfgs(torch, search)
    same(got, trail, 1e-8)
    assert got_counts == counts


def test_muon(recorded):
    same(cases.muon(torch), recorded["muon"][0], 1e-2)
    same(cases.muon(torch, adjust_lr_fn="match_rms_adamw"), recorded["muon"][1], 1e-2)


def test_averages(recorded):
    same(cases.averages(torch), recorded["averages"])


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_resumed_run_equals_an_uninterrupted_one(name):
    options = cases.OPTIMIZERS[name][-1]
    params, grads = cases.start(torch)
    optimizer = getattr(optim, name)(params, **options)
    apply(optimizer, params, grads[:2])
    saved = pickle.loads(pickle.dumps((optimizer.state_dict(), cases.numbers(params))))
    apply(optimizer, params, grads[2:])

    others = [nn.Parameter(torch.tensor(p)) for p in saved[1]]
    resumed = getattr(optim, name)(others)
    resumed.load_state_dict(saved[0])
    apply(resumed, others, grads[2:])
    assert cases.numbers(others) == cases.numbers(params)
    assert repr(resumed) == repr(optimizer)


def apply(optimizer, params, grads):
    for step in grads:
        for p, g in zip(params, step, strict=True):
            p.grad = torch.from_numpy(g.copy())
        optimizer.step()


def parameter(*values, **kwargs):
    p = nn.Parameter(torch.tensor(values or (1.0, 2.0), **kwargs))
    p.grad = torch.ones_like(p)
    return p


def test_loading_copies_the_state():
    p = parameter()
    first = optim.Adam([p])
    first.step()
    saved = first.state_dict()
    second = optim.Adam([parameter()])
    second.load_state_dict(saved)
    second.step()
    assert first.state[p]["step"].item() == 1


def test_loading_casts_all_state_but_step_to_the_parameters_dtype():
    p = parameter()
    first = optim.Adam([p])
    first.step()
    q = parameter(1.0, 2.0, dtype=torch.float64)
    second = optim.Adam([q])
    second.load_state_dict(first.state_dict())
    assert second.state[q]["exp_avg"].dtype is torch.float64
    assert second.state[q]["step"].dtype is torch.float32


def test_parameters_without_gradient_are_left_alone():
    p, q = parameter(), nn.Parameter(torch.ones(2))
    optimizer = optim.Adam([p, q])
    optimizer.step()
    assert q.tolist() == [1.0, 1.0]
    assert list(optimizer.state) == [p]
    assert optimizer.state_dict()["state"].keys() == {0}


def test_a_step_is_an_in_place_change_for_autograd():
    p = nn.Parameter(torch.tensor([2.0]))
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_non_contiguous_parameters_and_gradients():
    expected, p = parameter(), nn.Parameter(torch.ones(3, 2).T)
    p.grad = torch.arange(6.0).reshape(3, 2).T
    whole = nn.Parameter(torch.ones(2, 3))
    whole.grad = p.grad.contiguous()
    for make in (optim.SGD, optim.Adam, optim.RMSprop, optim.Adagrad):
        make([p], lr=0.1).step()
        make([whole], lr=0.1).step()
    assert p.tolist() == whole.tolist()
    assert expected is not p


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad", "Adamax", "NAdam", "Rprop"])
def test_complex_parameters_are_pairs_of_real_ones(name):
    z = parameter(1 + 2j, 3 - 1j)
    z.grad = torch.tensor([0.5 - 1j, 2 + 0.25j])
    r = nn.Parameter(torch.view_as_real(z.detach().clone()))
    r.grad = torch.view_as_real(z.grad.clone())
    make = getattr(optim, name)
    for p in (z, r):
        optimizer = make([p], lr=0.1)
        for _ in range(3):
            optimizer.step()
    np.testing.assert_allclose(torch.view_as_real(z.detach()).numpy(), r.detach().numpy(), 1e-6)


def test_half_precision_parameters():
    for dtype in (torch.float16, torch.bfloat16):
        for make in (optim.SGD, optim.Adam, optim.Adagrad, optim.Adamax):
            p = parameter(1.0, 2.0, dtype=dtype)
            make([p], lr=0.5).step()
            assert p.dtype is dtype
            assert max(abs(p.detach().float() - torch.tensor([0.5, 1.5]))) < 0.02


def test_closure_runs_with_gradients_and_its_loss_is_returned():
    p = nn.Parameter(torch.tensor([2.0]))
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 4.0
    assert p.item() == pytest.approx(1.6)


def test_zero_grad():
    p = parameter()
    optimizer = optim.SGD([p])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_rates_may_be_tensors():
    p, q = parameter(), parameter()
    optim.SGD([p], lr=torch.tensor(0.25)).step()
    optim.SGD([q], lr=0.25).step()
    assert p.tolist() == q.tolist()
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        optim.Adam([p], lr=torch.tensor([0.1, 0.2]))
    with pytest.raises(ValueError, match="lr as a Tensor is not supported"):
        optim.Adam([p], lr=torch.tensor(0.1), foreach=True)


MISTAKES = [
    (lambda p: optim.SGD([]), ValueError, "optimizer got an empty parameter list"),
    (lambda p: optim.SGD(p), TypeError, "params argument given to the optimizer should be an "
     "iterable of Tensors or dicts, but got torch.FloatTensor"),
    (lambda p: optim.SGD(["a"]), TypeError, "optimizer can only optimize Tensors, but one of the "
     "params is str"),
    (lambda p: optim.SGD([p * 2]), ValueError, "can't optimize a non-leaf Tensor"),
    (lambda p: optim.SGD([{"params": {p}}]), TypeError, "optimizer parameters need to be organized "
     "in ordered collections, but the ordering of tensors in sets will change between runs. Please "
     "use a list instead."),
    (lambda p: optim.SGD([{"params": p}, {"params": p}]), ValueError, "some parameters appear in "
     "more than one parameter group"),
    (lambda p: optim.SGD([("a", p), p]), ValueError, "all optimizer params should be with/without "
     "names. Some param names are missing"),
    (lambda p: optim.SGD([p]).add_param_group(3), TypeError, "param_group must be a dict, but got "
     "<class 'int'>"),
    (lambda p: optim.SGD([p], lr=-1), ValueError, "Invalid learning rate: -1"),
    (lambda p: optim.SGD([p], nesterov=True), ValueError, "Nesterov momentum requires a momentum "
     "and zero dampening"),
    (lambda p: optim.Adam([p], betas=(1.0, 0.9)), ValueError, "Invalid beta parameter at index 0: "
     "1.0"),
    (lambda p: optim.Adam([p], betas=(0.9, torch.tensor(0.9))), ValueError, "betas must be either "
     "both floats or both Tensors"),
    (lambda p: optim.Adam([p], fused=True, foreach=True), RuntimeError, "`fused` and `foreach` "
     "cannot be `True` together."),
    (lambda p: optim.Adam([p], fused=True, differentiable=True), RuntimeError, "`fused` does not "
     "support `differentiable`"),
    (lambda p: optim.Adam([p], differentiable=True), NotImplementedError, "Adam(differentiable="
     "True) is not supported: steps are not recorded"),
    (lambda p: optim.Adam([p], capturable=True), AssertionError, "If capturable=True, params and "
     "state_steps must be on supported devices: ['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."),
    (lambda p: optim.Rprop([p], etas=(1.5, 0.5)), ValueError, "Invalid eta values: 1.5, 0.5"),
    (lambda p: optim.Muon([p]), ValueError, "Muon only supports 2D parameters whereas we found a "
     "parameter with size: torch.Size([2])"),
    (lambda p: optim.LBFGS([{"params": p}, {"params": parameter()}]), ValueError, "LBFGS doesn't "
     "support per-parameter options (parameter groups)"),
    (lambda p: optim.SGD([p, parameter()]).load_state_dict(optim.SGD([p]).state_dict()), ValueError,
     "loaded state dict contains a parameter group that doesn't match the size of optimizer's "
     "group"),
    (lambda p: optim.Optimizer([p], {}).step(), NotImplementedError, ""),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(MISTAKES)))
def test_mistakes_get_pytorchs_first_sentence(i):
    mistake, kind, text = MISTAKES[i]
    with pytest.raises(kind) as error:
        mistake(parameter())
    assert type(error.value) is kind
    assert str(error.value).split("\n")[0] == text


def test_duplicates_in_a_group_are_warned_of():
    p = parameter()
    with pytest.warns(UserWarning, match="parameter group with duplicate parameters"):
        optim.SGD([p, p])


def test_text():
    groups = [{"params": parameter(), "lr": 0.5, "name": "z"}, {"params": parameter()}]
    assert repr(optim.SGD(groups)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n"
        "    fused: None\n    lr: 0.5\n    maximize: False\n    momentum: 0\n    name: z\n"
        "    nesterov: False\n    weight_decay: 0\n\nParameter Group 1\n    dampening: 0\n"
        "    differentiable: False\n    foreach: None\n    fused: None\n    lr: 0.001\n"
        "    maximize: False\n    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )


def test_names_of_parameters():
    p, q = parameter(), parameter()
    named = optim.SGD([("a", p), ("b", q)])
    assert named.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    plain = optim.SGD([p, q])
    named.load_state_dict(plain.state_dict())
    assert named.param_groups[0]["param_names"] == ["a", "b"]
    with pytest.raises(ValueError, match="cannot add param group without names"):
        named.add_param_group({"params": [parameter()]})


def test_step_hooks():
    seen = []
    optimizer = optim.SGD([parameter()])
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))
    everywhere = optim.optimizer.register_optimizer_step_pre_hook(lambda *a: seen.append("every"))
    optimizer.step()
    handle.remove()
    everywhere.remove()
    optimizer.step()
    assert seen == ["every", "before", "after", "after"]


def test_step_hooks_may_change_the_arguments():
    optimizer = optim.SGD([parameter()])
    optimizer.register_step_pre_hook(
        lambda o, args, kwargs: ((args[0], lambda: torch.tensor(7.0)), {})
    )
    assert optimizer.step().item() == 7.0
    optimizer.register_step_pre_hook(lambda *a: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        optimizer.step()


def test_state_dict_hooks():
    seen = []
    optimizer = optim.SGD([parameter()])
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("collect"))
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "note": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, d: seen.append("load"))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    state = optimizer.state_dict()
    assert state["note"] == 1
    optimizer.load_state_dict(state)
    assert seen == ["collect", "load", "loaded"]


def test_pickle_and_deepcopy_keep_the_state():
    p = parameter()
    optimizer = optim.Adam([p])
    optimizer.step()
    for other in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        (q,) = other.param_groups[0]["params"]
        assert q is not p
        assert other.state[q]["exp_avg"].tolist() == optimizer.state[p]["exp_avg"].tolist()
        q.grad = torch.ones(2)
        other.step()
        assert other.state[q]["step"].item() == 2


def test_an_optimizer_of_ones_own():
    class Descent(optim.Optimizer):
        def __init__(self, params, rate):
            super().__init__(params, {"rate": rate})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad, alpha=-group["rate"])

    p = parameter()
    optimizer = Descent([p], 0.5)
    optimizer.step()
    assert p.tolist() == [0.5, 1.5]
    schedule = optim.lr_scheduler
    assert schedule.LRScheduler is not None


class Lion(optim.Optimizer):
    """θ ← θ - lr (sign(β₁ m + (1 - β₁) g) + λ θ),  then m ← β₂ m + (1 - β₂) g

    Source: Chen et al. 2023, arXiv:2302.06675
    """

    lr: float = option(default=1e-4, check=learning_rate())
    betas: tuple[float, float] = option(default=(0.9, 0.99), check=below_one)
    weight_decay: float = option(default=0.0, check=at_least(0.0, "Invalid weight_decay value"))
    _: KW_ONLY
    maximize: bool = option(default=False)

    def step(self, closure=None):
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for p, x, g in gradients(group):
                state = self.state[p]
                if not state:
                    state["exp_avg"] = zeros(p)
                m = numbers(state["exp_avg"])
                x -= lr * (np.sign(m * beta1 + g * (1 - beta1)) + x * group["weight_decay"])
                m += (g - m) * (1 - beta2)
        return loss


def lion(x, g, state, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
    """Lion's update as its paper has it, algorithm 2."""
    g = -g if maximize else g
    m = state.setdefault("exp_avg", np.zeros_like(x))
    c = betas[0] * m + (1 - betas[0]) * g
    x[...] = x - lr * (np.sign(c) + weight_decay * x)
    m[...] = betas[1] * m + (1 - betas[1]) * g


@pytest.mark.parametrize(
    "options", [{"lr": 0.1}, {"betas": (0.5, 0.7), "weight_decay": 0.3, "maximize": True}]
)
def test_an_optimizer_that_pytorch_lacks_is_tested_by_a_numpy_update(options):
    same(cases.steps(torch, Lion, options), cases.reference_steps(lion, options))


def test_options_are_declared_once():
    assert str(inspect.signature(Lion)) == (
        "(params: 'Iterable', lr: float = 0.0001, betas: tuple[float, float] = (0.9, 0.99), "
        "weight_decay: float = 0.0, *, maximize: bool = False) -> None"
    )
    p = parameter()
    optimizer = Lion([p], weight_decay=0.5)
    assert optimizer.defaults == {
        "lr": 1e-4, "betas": (0.9, 0.99), "weight_decay": 0.5, "maximize": False
    }  # fmt: skip
    assert not hasattr(optimizer, "lr")
    for wrong, text in [
        ({"lr": -1.0}, "Invalid learning rate: -1.0"),
        ({"betas": (0.5, 2)}, "Invalid beta parameter at index 1: 2"),
        ({"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ]:
        with pytest.raises(ValueError) as error:
            Lion([p], **wrong)
        assert str(error.value) == text
    with pytest.raises(
        TypeError, match=r"Lion.__init__\(\) got an unexpected keyword argument 'r'"
    ):
        Lion([p], r=1)
    with pytest.raises(TypeError, match="takes from 2 to 5 positional arguments but 6 were given"):
        Lion([p], 0.1, (0.9, 0.99), 0.0, True)


def test_a_class_with_a_constructor_of_its_own_keeps_its_attributes():
    class Slower(Lion):
        factor: float = 0.5

        def __init__(self, params, rate):
            super().__init__(params, lr=rate * self.factor)

    assert Slower([parameter()], 0.2).param_groups[0]["lr"] == 0.1


def test_a_wrong_declaration_is_told():
    with pytest.raises(TypeError, match=r"Untyped.rate needs a type: rate: float = option"):

        class Untyped(optim.Optimizer):
            rate = option(default=0.1)

    with pytest.raises(TypeError, match="group_order='size' names something that is no option"):

        class Misnamed(optim.Optimizer, group_order="size"):
            rate: float = option(default=0.1)


@pytest.mark.parametrize("name", optim._HOME)
def test_constructors_are_pytorchs(frozen, name):
    signatures = json.loads((frozen / "optim_signatures.json").read_text())
    if name in signatures:
        assert cases.signature(torch, name) == signatures[name]


def test_old_states_with_a_number_for_step_are_read():
    p = parameter()
    optimizer = optim.Adam([p])
    optimizer.step()
    state = copy.deepcopy(optimizer.state_dict())
    state["state"][0]["step"] = 4
    del state["param_groups"][0]["maximize"]
    optimizer.load_state_dict(state)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 5
    assert optimizer.param_groups[0]["maximize"] is False


def test_other_parameters_for_a_while():
    """swap_in_optimizer_params_and_state: steps go to other tensors, with other options."""
    w = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1)
    swap = torch.optim.swap_in_optimizer_params_and_state
    with pytest.raises(RuntimeError, match="requires initialized optimizer state"):
        with swap(optimizer, {"w": w}, optimizer.state_dict()):
            pass
    w.sum().backward()
    optimizer.step()
    state = copy.deepcopy(optimizer.state_dict())
    state["param_groups"][0]["lr"] = 1.0
    other = torch.full((3,), 5.0)
    other.grad = torch.ones(3)
    with swap(optimizer, {"w": other}, state):
        optimizer.step()
    assert other.tolist() == pytest.approx([4, 4, 4]) and w.tolist() == pytest.approx([0.9] * 3)
    assert state["state"][0]["step"] == 2 and optimizer.state[w]["step"] == 1
    assert optimizer.param_groups[0]["lr"] == 0.1 and optimizer.param_groups[0]["params"][0] is w
    with pytest.raises(RuntimeError, match=r"to match optimizer\.param_groups ordering"):
        with swap(optimizer, {}, state):
            pass
    with pytest.raises(RuntimeError, match="got extra keys"):
        with swap(optimizer, {"w": other}, {**state, "state": {7: {}}}):
            pass


def test_the_step_that_lbfgs_keeps():
    """state["t"] is a Tensor in the first iteration and of a Tensor lr, a number otherwise."""
    for lr, steps, kind in ((0.1, 1, torch.Tensor), (0.1, 5, float), (0.1, 5, torch.Tensor)):
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        rate = torch.tensor(lr) if steps == 5 and kind is torch.Tensor else lr
        optimizer = torch.optim.LBFGS([w], lr=rate, max_iter=steps)

        def closure(w=w, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (w**4).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        t = optimizer.state[w]["t"]
        assert type(t) is kind and float(t) == pytest.approx(0.1 if steps == 5 else 0.1 / 36)
