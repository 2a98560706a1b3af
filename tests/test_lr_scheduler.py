"""torch.optim.lr_scheduler against rates frozen from PyTorch, and its rules and warnings."""

import copy
import json
import warnings

import optim_cases as cases
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.optim import SGD, Adagrad, Adam, lr_scheduler


@pytest.fixture(scope="module")
def recorded(frozen):
    return json.loads((frozen / "optim.json").read_text())["rates"]


@pytest.mark.parametrize("name", cases.SCHEDULES)
def test_rates_and_momenta_are_pytorchs(recorded, name):
    rows, keys = recorded[name]
    got_rows, got_keys = cases.rates(torch, name)
    assert got_rows == rows  # to the last bit: the same formula, in Python's floats
    assert got_keys == keys


@pytest.mark.parametrize("name", cases.SCHEDULES)
def test_resumed_schedule_goes_on(name):
    def fresh():
        optimizer = cases.two_groups(torch)
        return optimizer, cases.SCHEDULES[name](lr_scheduler, optimizer)

    optimizer, schedule = fresh()
    cases.advance(name, optimizer, schedule, 0, 5)
    saved = copy.deepcopy((optimizer.state_dict(), schedule.state_dict()))
    expected = cases.advance(name, optimizer, schedule, 5, 12)
    other, resumed = fresh()
    other.load_state_dict(saved[0])
    resumed.load_state_dict(saved[1])
    assert cases.advance(name, other, resumed, 5, 12) == expected
    assert resumed.get_last_lr() == schedule.get_last_lr()


CLOSED = ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR",
          "CosineAnnealingLR"]  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms_equal_the_chained_ones(recorded, name):
    optimizer = cases.two_groups(torch)
    schedule = cases.SCHEDULES[name](lr_scheduler, optimizer)
    for t, row in enumerate(recorded[name][0]):
        optimizer.step()
        with pytest.warns(UserWarning, match="epoch parameter in `scheduler.step\\(\\)`"):
            schedule.step(t)
        assert schedule.get_last_lr() == pytest.approx(row[::2], rel=1e-9, abs=1e-12)


def test_warm_restarts_take_fractions_of_an_epoch():
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2)
    schedule.step(0.5)
    assert schedule.get_last_lr()[0] == pytest.approx((1 + 2**-0.5) / 2)
    with pytest.raises(ValueError, match="Expected non-negative epoch, but got -1"):
        schedule.step(-1)


def test_going_on_from_an_epoch_needs_the_initial_rates():
    optimizer = cases.two_groups(torch)
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\]"):
        lr_scheduler.StepLR(optimizer, 3, last_epoch=4)
    for group in optimizer.param_groups:
        group["initial_lr"] = 0.1
    assert lr_scheduler.StepLR(optimizer, 3, last_epoch=4).base_lrs == [0.1, 0.1]


def test_the_order_of_steps_is_warned_of():
    optimizer = cases.two_groups(torch)
    optimizer.step()  # before there was a schedule
    schedule = lr_scheduler.StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match="Detected call of `lr_scheduler.step\\(\\)` before"):
        schedule.step()
    schedule.step()

    optimizer = cases.two_groups(torch)
    schedule = lr_scheduler.StepLR(optimizer, 3)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden after learning rate scheduler"):
        schedule.step()


def test_get_lr_outside_of_a_step_is_warned_of():
    schedule = lr_scheduler.StepLR(cases.two_groups(torch), 3)
    with pytest.warns(UserWarning, match="please use `get_last_lr\\(\\)`"):
        schedule.get_lr()


def test_a_rate_that_is_a_tensor_stays_that_tensor():
    rate = torch.tensor(0.5)
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=rate)
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.25
    assert schedule.base_lrs[0].item() == 0.5


def test_cycled_momentum_is_beta1_of_adam():
    optimizer = Adam([nn.Parameter(torch.zeros(1))])
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, 10)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.999)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["betas"] == (0.8999999999999999, 0.999)


def test_functions_are_not_saved_but_callable_objects_are():
    class Decay:
        def __init__(self, base):
            self.base = base

        def __call__(self, t):
            return self.base**t

    optimizer = cases.two_groups(torch)
    schedule = lr_scheduler.LambdaLR(optimizer, [Decay(0.5), lambda t: 1.0])
    state = schedule.state_dict()
    assert state["lr_lambdas"] == [{"base": 0.5}, None]
    other = Decay(0.1)
    lr_scheduler.LambdaLR(cases.two_groups(torch), [other, lambda t: 1.0]).load_state_dict(state)
    assert other.base == 0.5


def test_one_cycle_ends():
    optimizer = cases.two_groups(torch)
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=3)
    optimizer.step()
    for _ in range(3):
        schedule.step()
    with pytest.raises(ValueError, match="Tried to step 4 times"):
        schedule.step()


def test_plateau_counts_bad_steps_from_the_best():
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    seen = []
    for loss in (3.0, 3.0, 2.0, torch.tensor(2.0), 2.0, 2.0):
        schedule.step(loss)
        seen.append((schedule.num_bad_epochs, optimizer.param_groups[0]["lr"]))
    assert seen == [(0, 1.0), (1, 1.0), (0, 1.0), (1, 1.0), (0, 0.1), (1, 0.1)]


def test_a_schedule_of_ones_own():
    class Growing(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base * (self.last_epoch + 1) for base in self.base_lrs]

    optimizer = cases.two_groups(torch)
    schedule = Growing(optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()
        schedule.step()
    assert schedule.get_last_lr() == [0.2, 0.4]


S = lr_scheduler
MISTAKES = [
    (lambda o: S.StepLR(3, 1), TypeError, "int is not an Optimizer"),
    (lambda o: S.LambdaLR(o, [abs]), ValueError, "Expected 2 lr_lambdas, but got 1"),
    (lambda o: S.ConstantLR(o, 2), ValueError, "Constant multiplicative factor expected to be "
     "between 0 and 1."),
    (lambda o: S.LinearLR(o, 0), ValueError, "Starting multiplicative factor expected to be "
     "greater than 0 and less or equal to 1."),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 0), ValueError, "Expected positive integer T_0, "
     "but got 0"),
    (lambda o: S.CyclicLR(o, [0.1], 0.2), ValueError, "base_lr must have the same length as "
     "optimizer.param_groups. base_lr has 1 values, param_groups has 2."),
    (lambda o: S.CyclicLR(Adagrad([nn.Parameter(torch.zeros(1))]), 0.1, 0.2), ValueError,
     "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"),
    (lambda o: S.OneCycleLR(o, 0.1), ValueError, "You must define either total_steps OR (epochs "
     "AND steps_per_epoch)"),
    (lambda o: S.OneCycleLR(o, 0.1, total_steps=5, pct_start=3), ValueError, "Expected float "
     "between 0 and 1 pct_start, but got 3"),
    (lambda o: S.ReduceLROnPlateau(o, "x"), ValueError, "mode x is unknown!"),
    (lambda o: S.ReduceLROnPlateau(o, factor=2.0), ValueError, "Factor should be < 1.0."),
    (lambda o: S.SequentialLR(o, [S.StepLR(o, 3)], [3]), ValueError, "Sequential Schedulers "
     "expects number of schedulers provided to be one more than the number of milestone points, "
     "but got number of schedulers 1 and the number of milestones to be equal to 1"),
    (lambda o: S.ChainedScheduler([]), ValueError, "ChainedScheduler expects at least one "
     "scheduler to be chained, but got no scheduler."),
    (lambda o: S.ChainedScheduler([S.ReduceLROnPlateau(o)]), ValueError, "ChainedScheduler does "
     "not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified "
     "when calling `step`, but got one at index 0 in the given schedulers sequence."),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(MISTAKES)))
def test_mistakes_get_pytorchs_sentence(i):
    mistake, kind, text = MISTAKES[i]
    with pytest.raises(kind) as error:
        mistake(cases.two_groups(torch))
    assert str(error.value) == text
