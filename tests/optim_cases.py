"""Runs of optimizers and schedules, on PyTorch (tools/freeze_optim.py) and on rushlight (tests).

T is the namespace: torch or rushlight. Starts and gradients come from NumPy's generator.
"""

import inspect
import math

import numpy as np

STEPS = 5
OPTIMIZERS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "momentum": 0.9, "foreach": True},
        {"lr": 0.1, "momentum": 0.9, "fused": True},
    ],
    "Adam": [
        {"lr": 0.1},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1},
        {"lr": 0.1, "amsgrad": True},
        {"lr": 0.1, "maximize": True, "foreach": True},
        {"lr": 0.1, "decoupled_weight_decay": True, "weight_decay": 0.1},
    ],
    "AdamW": [{"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True}],
    "RMSprop": [
        {"lr": 0.01},
        {"lr": 0.01, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1},
        {"lr": 0.01, "alpha": 0.5, "momentum": 0.9},
        {"lr": 0.01, "centered": True},
        {"lr": 0.01, "alpha": 0.5, "centered": True, "momentum": 0.5, "maximize": True},
    ],
    "Adagrad": [
        {"lr": 0.1},
        {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5},
        {"lr": 0.1, "weight_decay": 0.1, "maximize": True, "eps": 1e-3},
    ],
    "Adadelta": [{"lr": 1.0}, {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1, "maximize": True}],
    "Adamax": [{"lr": 0.1}, {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.1}],
    "NAdam": [
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.1, "momentum_decay": 0.01},
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "RAdam": [
        {"lr": 0.1},
        {"lr": 0.1, "betas": (0.5, 0.6), "weight_decay": 0.1},
        {"lr": 0.1, "betas": (0.5, 0.6), "weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "ASGD": [{"lr": 0.1}, {"lr": 0.1, "t0": 2, "lambd": 0.1, "weight_decay": 0.1}],
    "Rprop": [{"lr": 0.1}, {"lr": 0.1, "etas": (0.3, 2.0), "step_sizes": (1e-2, 0.3)}],
    "Adafactor": [{"lr": 0.1}, {"lr": 0.1, "eps": (1e-4, 0.1), "d": 2.0, "weight_decay": 0.1}],
}

#: For an optimizer of ours that PyTorch lacks: name -> its update in NumPy, after its source.
#: update(x, g, state, **options) changes x and state (its arrays by name, {} at first) in place; g
#: is the gradient. The tests compare with what it computes in float64, instead of frozen numbers.
REFERENCES = {}


def draw(dtype="float32"):
    """Values of shapes (3, 2), (4,) and (), and gradients for every step."""
    rng = np.random.RandomState(3)
    shapes = [(3, 2), (4,), ()]
    drawn = [[np.asarray(rng.standard_normal(s), dtype) for s in shapes] for _ in range(STEPS + 1)]
    return drawn[0], drawn[1:]


def start(T, dtype="float32"):
    """Parameters of the drawn values; their gradients for every step."""
    values, grads = draw(dtype)
    return [T.nn.Parameter(T.from_numpy(a.copy())) for a in values], grads


def numbers(x):
    """Tensors as nested lists, in dicts and lists."""
    if hasattr(x, "detach"):
        return x.detach().tolist()
    if isinstance(x, dict):
        return {str(k): numbers(v) for k, v in x.items()}
    return [numbers(y) for y in x] if isinstance(x, (list, tuple)) else x


def reference_steps(update, options):
    """What `steps` returns, computed by a NumPy update in float64."""
    values, grads = draw()
    params = [np.asarray(a, "float64") for a in values]
    states: list = [{} for _ in params]
    for step in grads:
        for i, (x, g) in enumerate(zip(params, step, strict=True)):
            update(x, g, states[i], **options | ({"lr": 0.05} if i == 2 else {}))
    state = {
        str(i): {k: np.asarray(v).tolist() for k, v in s.items()} for i, s in enumerate(states)
    }
    return {"params": [x.tolist() for x in params], "state": state}


def steps(T, name, options, dtype="float32"):
    """Parameters and state after STEPS steps; the second group has a rate of its own.

    name: of a class in `T.optim`, or a class.
    """
    params, grads = start(T, dtype)
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.05}]
    make = getattr(T.optim, name) if isinstance(name, str) else name
    optimizer = make(groups, **options)
    for step in grads:
        optimizer.zero_grad()
        for p, g in zip(params, step, strict=True):
            p.grad = T.from_numpy(g.copy())
        optimizer.step()
    return {"params": numbers(params), "state": numbers(optimizer.state_dict()["state"])}


def lbfgs(T, search, steps=3):
    """Rosenbrock's valley in four dimensions: parameters and loss after each step."""
    x = T.nn.Parameter(T.tensor([-1.2, 1.0, 0.5, -0.3], dtype=T.float64))
    optimizer = T.optim.LBFGS([x], lr=0.5, max_iter=8, history_size=5, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        loss.backward()
        return loss

    trail = []
    for _ in range(steps):
        loss = optimizer.step(closure)
        trail.append([*x.detach().tolist(), loss.item()])
    state = optimizer.state_dict()["state"][0]
    return trail, [state["func_evals"], state["n_iter"]]


def muon(T, **options):
    """Two matrices, five steps. PyTorch computes in bfloat16."""
    rng = np.random.RandomState(3)
    draw = [[rng.standard_normal(s).astype("float32") for s in ((4, 3), (2, 5))] for _ in range(6)]
    params = [T.nn.Parameter(T.from_numpy(a.copy())) for a in draw[0]]
    optimizer = T.optim.Muon(params, lr=0.1, **options)
    for step in draw[1:]:
        for p, g in zip(params, step, strict=True):
            p.grad = T.from_numpy(g.copy())
        optimizer.step()
    return numbers(params)


def signature(T, name):
    """The constructor's arguments [name, kind, default], and the names in a group, in order."""
    make = getattr(T.optim, name)
    arguments = [
        [p.name, p.kind.name, None if p.default is p.empty else repr(p.default)]
        for p in inspect.signature(make).parameters.values()
    ]
    return [arguments, list(make([T.nn.Parameter(T.zeros(2, 2))]).defaults)]


SCHEDULES = {
    "LambdaLR": lambda S, o: S.LambdaLR(o, [lambda t: 1 / (t + 1), lambda t: 0.9**t]),
    "MultiplicativeLR": lambda S, o: S.MultiplicativeLR(o, lambda t: 0.9 + 0.01 * t),
    "StepLR": lambda S, o: S.StepLR(o, 4, 0.5),
    "MultiStepLR": lambda S, o: S.MultiStepLR(o, [3, 7, 7], 0.3),
    "ConstantLR": lambda S, o: S.ConstantLR(o, 0.5, 6),
    "LinearLR": lambda S, o: S.LinearLR(o, 0.1, 0.8, 9),
    "ExponentialLR": lambda S, o: S.ExponentialLR(o, 0.93),
    "PolynomialLR": lambda S, o: S.PolynomialLR(o, 10, 2.0),
    "CosineAnnealingLR": lambda S, o: S.CosineAnnealingLR(o, 5, 1e-3),
    "CosineAnnealingWarmRestarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 3, 2, 1e-3),
    "CyclicLR triangular": lambda S, o: S.CyclicLR(o, 0.01, 0.1, 4),
    "CyclicLR triangular2": lambda S, o: S.CyclicLR(o, 0.01, 0.1, 2, 3, "triangular2"),
    "CyclicLR exp_range": lambda S, o: S.CyclicLR(o, 0.01, 0.1, 3, mode="exp_range", gamma=0.9),
    "OneCycleLR": lambda S, o: S.OneCycleLR(o, 0.5, total_steps=17),
    "OneCycleLR three phases": lambda S, o: S.OneCycleLR(
        o, [0.5, 0.1], epochs=4, steps_per_epoch=5, anneal_strategy="linear", three_phase=True
    ),
    "ChainedScheduler": lambda S, o: S.ChainedScheduler(
        [S.ConstantLR(o, 0.1, 5), S.ExponentialLR(o, 0.9)]
    ),
    "SequentialLR": lambda S, o: S.SequentialLR(
        o,
        [S.LinearLR(o, 0.1, total_iters=3), S.CosineAnnealingLR(o, 5), S.StepLR(o, 2)],
        [3, 9],
    ),
    "ReduceLROnPlateau": lambda S, o: S.ReduceLROnPlateau(o, patience=1, factor=0.5, cooldown=1),
    "ReduceLROnPlateau max": lambda S, o: S.ReduceLROnPlateau(
        o, "max", 0.3, 1, 1e-2, "abs", min_lr=[0.01, 0.05]
    ),
}


def two_groups(T):
    """An optimizer of two groups with rates 0.1 and 0.2."""
    params = [T.nn.Parameter(T.zeros(2)) for _ in range(2)]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.2}]
    return T.optim.SGD(groups, lr=0.1, momentum=0.9)


def advance(name, optimizer, schedule, first, last):
    """Rates and momenta of both groups after each of the steps first .. last - 1."""
    rows = []
    for t in range(first, last):
        optimizer.step()
        plateau = name.startswith("ReduceLROnPlateau")
        schedule.step(*([math.cos(t / 3) + 0.05 * t] if plateau else []))
        rows.append([g[k] for g in optimizer.param_groups for k in ("lr", "momentum")])
    return rows


def rates(T, name, count=16):
    """[rates and momenta at the start and after each step], keys of the saved state."""
    optimizer = two_groups(T)
    schedule = SCHEDULES[name](T.optim.lr_scheduler, optimizer)
    before = [g[k] for g in optimizer.param_groups for k in ("lr", "momentum")]
    return [before, *advance(name, optimizer, schedule, 0, count)], sorted(schedule.state_dict())


def averages(T):
    """Weights averaged over five steps, three ways, and the schedule that goes with them."""
    S = T.optim.swa_utils
    result = {}
    for name, options in {
        "mean": {},
        "ema": {"multi_avg_fn": S.get_ema_multi_avg_fn(0.9)},
        "function": {"avg_fn": lambda a, p, n: 0.5 * a + 0.5 * p},
    }.items():
        model = T.nn.ParameterList([T.nn.Parameter(T.tensor([1.0, -2.0]))])
        average = S.AveragedModel(model, **options)
        optimizer = T.optim.SGD(model.parameters(), lr=0.1)
        schedule = S.SWALR(optimizer, 0.02, anneal_epochs=3)
        seen = []
        for t in range(5):
            model[0].grad = T.tensor([1.0, float(t)])
            optimizer.step()
            average.update_parameters(model)
            schedule.step()
            seen.append([*average.module[0].tolist(), optimizer.param_groups[0]["lr"]])
        result[name] = [seen, average.n_averaged.item()]
    return result
