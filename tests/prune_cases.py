"""What pruning, functional_call and fusion say and do, and ten training steps.

See utils_cases.py.
"""

import copy

from utils_cases import linear, of, rounded


def prune(T):
    """nn.utils.prune: masks, hooks, errors."""
    P, nn = of(T, "nn.utils.prune"), T.nn

    def facts(m):
        state = {k: v for k, v in m.state_dict().items() if not k.endswith("_orig")}
        hooks = [type(h).__name__ for h in m._forward_pre_hooks.values()]
        return [m, rounded(state), rounded(m.weight), [*m.state_dict()], hooks]

    one = linear(T, 4, 3)
    scores = T.arange(12.0).reshape(3, 4)
    for name, call in {
        "identity": lambda m: P.identity(m, "weight"),
        "random": lambda m: P.random_unstructured(m, "weight", amount=0.3),
        "l1": lambda m: P.l1_unstructured(m, "weight", amount=5),
        "l1 scores": lambda m: P.l1_unstructured(m, "weight", 3, importance_scores=scores),
        "random structured": lambda m: P.random_structured(m, "weight", amount=0.5, dim=1),
        "ln": lambda m: P.ln_structured(m, "weight", amount=1, n=2, dim=0),
        "ln inf": lambda m: P.ln_structured(m, "weight", 1, float("inf"), -1),
        "mask": lambda m: P.custom_from_mask(m, "weight", T.eye(3, 4)),
        "bool mask": lambda m: P.custom_from_mask(m, "weight", T.eye(3, 4).bool()),
    }.items():
        yield name, lambda call=call: facts(call(copy.deepcopy(one)))
        yield (
            f"{name} after l1",
            lambda call=call: facts(call(P.l1_unstructured(copy.deepcopy(one), "weight", 0.4))),
        )
        yield (
            f"{name} after ln",
            lambda call=call: facts(call(P.ln_structured(copy.deepcopy(one), "weight", 1, 2, 1))),
        )
        yield (
            f"{name} removed",
            lambda call=call: rounded(
                dict(P.remove(call(copy.deepcopy(one)), "weight").state_dict())
            ),
        )
    for amount in (-1, 1.5, "x", 100, 12, 0, 1.0, 0.0):
        yield (
            f"amount {amount}",
            lambda a=amount: rounded(
                P.l1_unstructured(copy.deepcopy(one), "weight", a).weight_mask
            ),
        )
    yield "structured vector", lambda: P.ln_structured(copy.deepcopy(one), "bias", 1, 2, 0)
    yield "structured dim", lambda: P.random_structured(copy.deepcopy(one), "weight", 1, 5)
    yield "structured many", lambda: P.ln_structured(copy.deepcopy(one), "weight", 10, 1, 0)
    yield "name", lambda: P.l1_unstructured(copy.deepcopy(one), "foo", 1)
    yield "mask shape", lambda: P.custom_from_mask(copy.deepcopy(one), "weight", T.ones(2, 2))
    yield "scores shape", lambda: P.l1_unstructured(one, "bias", 3, importance_scores=T.ones(2))
    yield "removed", lambda: P.remove(copy.deepcopy(one), "weight")
    yield (
        "is pruned",
        lambda: [
            P.is_pruned(m) for m in (one, nn.Sequential(P.identity(copy.deepcopy(one), "bias")))
        ],
    )

    def gradient():
        m = P.l1_unstructured(copy.deepcopy(one), "weight", amount=5)
        m(T.ones(1, 4)).sum().backward()
        return rounded(m.weight_orig.grad)

    yield "gradient", gradient

    def failed():
        m = copy.deepcopy(one)
        try:
            P.random_unstructured(m, "weight", 20)
        except ValueError:
            return [*m.state_dict(), *m._forward_pre_hooks]

    yield "restored after a failure", failed

    def everywhere(method, **options):
        a, b = linear(T, 4, 3), linear(T, 2, 3, seed=1)
        pairs = [(a, "weight"), (b, "weight")]
        if "importance_scores" in options:
            options["importance_scores"] = {pairs[0]: scores}
        T.manual_seed(0)
        P.global_unstructured(pairs, pruning_method=method, **options)
        return rounded([a.weight_mask, b.weight_mask])

    yield "global l1", lambda: everywhere(P.L1Unstructured, amount=5)
    yield "global random", lambda: everywhere(P.RandomUnstructured, amount=0.5)
    yield "global scores", lambda: everywhere(P.L1Unstructured, amount=6, importance_scores=1)
    yield "global structured", lambda: everywhere(P.LnStructured, amount=1)
    yield "global number", lambda: P.global_unstructured(3, P.L1Unstructured, amount=1)
    yield (
        "global wrong scores",
        lambda: P.global_unstructured([(one, "weight")], P.L1Unstructured, 3, amount=1),
    )
    t = T.tensor([1.0, -3.0, 2.0, 0.5])
    yield "prune a tensor", lambda: rounded(P.L1Unstructured(0.5).prune(t))
    yield "with scores", lambda: rounded(P.L1Unstructured(2).prune(t, importance_scores=t.flip(0)))
    yield "with a mask", lambda: rounded(P.L1Unstructured(1).prune(t, default_mask=(t > 1).float()))
    yield "container of a number", lambda: P.PruningContainer().add_pruning_method(3)

    class Odd(P.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t, default_mask):
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    class Unknown(Odd):
        PRUNING_TYPE = "foo"

    def own(kind):
        m = copy.deepcopy(one)
        P.l1_unstructured(m, "weight", 4)
        kind.apply(m, "weight")
        return facts(m)

    yield "own method", lambda: own(Odd)
    yield "own type", lambda: own(Unknown)


def functional(T):
    """torch.func.functional_call and stack_module_state."""
    nn, F = T.nn, of(T, "func")
    call, x = F.functional_call, T.ones(3, 2)
    layer = linear(T, 2, 2)
    new = {"weight": T.zeros(2, 2), "bias": T.ones(2)}

    class Tied(nn.Module):
        def __init__(self, by_module):
            super().__init__()
            self.a = linear(T, 2, 2, bias=False)
            self.b = self.a if by_module else linear(T, 2, 2, seed=1, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    for name, tensors in {
        "both": new,
        "one": {"bias": T.ones(2)},
        "none": {},
        "two dicts": ({"weight": new["weight"]}, {"bias": new["bias"]}),
        "unknown": {"foo": x},
        "unknown submodule": {"foo.bar": x},
        "more": {**new, "q": x},
        "number": 3,
        "numbers": (3, 4),
        "repeated": ({"weight": 1}, {"weight": 2}),
        "a number": {"weight": 3},
        "shape": {"weight": T.ones(5, 2)},
        "absent": {"bias": None},
    }.items():
        yield name, lambda t=tensors: rounded(call(layer, t, x))
        yield f"{name} strict", lambda t=tensors: rounded(call(layer, t, x, strict=True))
    yield (
        "arguments",
        lambda: rounded(
            [call(layer, new, (x,)), call(layer, new, None, {"input": x}), call(layer, new, x)]
        ),
    )
    yield "keyword", lambda: call(layer, new, x, {"foo": 3})
    yield "nothing", lambda: call(layer, new)
    yield "after", lambda: [layer.weight is layer._parameters["weight"], rounded(layer(x))]
    three = {"a.weight": T.eye(2) * 3}
    for by_module in (True, False):
        yield f"tied {by_module}", lambda b=by_module: rounded(call(Tied(b), three, x))
        yield (
            f"untied {by_module}",
            lambda b=by_module: rounded(call(Tied(b), three, x, tie_weights=False)),
        )
        yield (
            f"tied twice {by_module}",
            lambda b=by_module: call(Tied(b), {**three, "b.weight": T.eye(2)}, x),
        )
        yield f"tied strict {by_module}", lambda b=by_module: rounded(
            call(Tied(b), three, x, strict=True)
        )  # fmt: skip

    def gradient():
        w = T.ones(2, 2, requires_grad=True)
        call(layer, {"weight": w}, x).sum().backward()
        return [rounded(w.grad), layer.weight.grad]

    yield "gradient", gradient

    def buffers():
        bn = nn.BatchNorm1d(2)
        state = {"running_mean": T.zeros(2), "num_batches_tracked": T.tensor(0)}
        call(bn, state, x)
        return [rounded(state), rounded(dict(bn.state_dict()))]

    yield "buffers", buffers
    yield "older name", lambda: rounded(of(T, "nn.utils.stateless").functional_call(layer, new, x))

    def stacked(*models):
        p, b = F.stack_module_state(models)
        return [
            rounded(p), rounded(b), [[v.requires_grad, v.is_leaf, type(v).__name__]
                                     for v in p.values()]
        ]  # fmt: skip

    yield "stack", lambda: stacked(linear(T, 2, 1), linear(T, 2, 1, seed=1))
    yield "stack buffers", lambda: stacked(nn.BatchNorm1d(2), nn.BatchNorm1d(2))
    yield "stack nothing", lambda: stacked()
    yield "stack modes", lambda: stacked(linear(T, 1, 1), linear(T, 1, 1).eval())
    yield "stack classes", lambda: stacked(linear(T, 1, 1), nn.ReLU())


def fusion(T):
    """fuse_conv_bn_eval and its relatives, memory formats, skip_init."""
    nn, U = T.nn, of(T, "nn.utils")

    def norm(kind, n, **options):
        bn = kind(n, **options).eval()
        T.manual_seed(2)
        with T.no_grad():
            for t in (bn.running_mean, bn.running_var, bn.weight, bn.bias):
                if t is not None:
                    t.uniform_(0.5, 1.5)
        return bn

    def conv(kind, *args, **options):
        T.manual_seed(1)
        return kind(*args, **options).eval()

    def fused(layer, bn, f, x, *args):
        new = f(layer, bn, *args)
        close = T.allclose(new(x), bn(layer(x)), atol=1e-5)
        return [new, close, new is layer, rounded(dict(new.state_dict())), new.bias.requires_grad]

    x, y = T.arange(50.0).reshape(1, 2, 5, 5) / 50, T.ones(3, 2)
    bn, b1 = norm(nn.BatchNorm2d, 3), norm(nn.BatchNorm1d, 3)
    for bias in (True, False):
        yield f"conv {bias}", lambda b=bias: fused(
            conv(nn.Conv2d, 2, 3, 3, bias=b), bn, U.fuse_conv_bn_eval, x
        )  # fmt: skip
        yield f"transposed {bias}", lambda b=bias: fused(
            conv(nn.ConvTranspose2d, 2, 3, 3, bias=b), bn, U.fuse_conv_bn_eval, x, True
        )  # fmt: skip
        yield f"linear {bias}", lambda b=bias: fused(
            linear(T, 2, 3, bias=b).eval(), b1, U.fuse_linear_bn_eval, y
        )  # fmt: skip
    yield "conv without affine", lambda: fused(
        conv(nn.Conv2d, 2, 3, 3), norm(nn.BatchNorm2d, 3, affine=False), U.fuse_conv_bn_eval, x
    )  # fmt: skip
    yield "conv training", lambda: U.fuse_conv_bn_eval(nn.Conv2d(2, 3, 3), bn)
    yield (
        "conv without statistics",
        lambda: U.fuse_conv_bn_eval(
            nn.Conv2d(2, 3, 3).eval(), nn.BatchNorm2d(3, track_running_stats=False).eval()
        ),
    )
    yield "linear training", lambda: U.fuse_linear_bn_eval(linear(T, 2, 3), b1)
    yield "linear features", lambda: U.fuse_linear_bn_eval(linear(T, 2, 4).eval(), b1)

    def strides(f, how, *layers):
        net = nn.Sequential(*layers)
        return [f(net, how) is net, [tuple(p.stride()) for p in net.parameters()]]

    yield (
        "channels last",
        lambda: strides(
            U.convert_conv2d_weight_memory_format, T.channels_last,
            nn.Conv2d(2, 3, 3), nn.Linear(2, 3), nn.ConvTranspose2d(2, 3, 3),
        ),
    )  # fmt: skip
    yield (
        "channels last 3d",
        lambda: strides(
            U.convert_conv3d_weight_memory_format, T.channels_last_3d,
            nn.Conv3d(2, 3, 3), nn.Conv2d(2, 3, 3), nn.ConvTranspose3d(2, 3, 3),
        ),
    )  # fmt: skip

    yield (
        "no memory format",
        lambda: U.convert_conv2d_weight_memory_format(nn.Conv2d(1, 1, 1), 3),
    )

    def skipped():
        T.manual_seed(0)
        made = U.skip_init(nn.Linear, 3, 4, dtype=T.float64)
        return [made, made.weight.dtype, made.weight.requires_grad, rounded(T.rand(2))]

    yield "skip_init", skipped
    yield "skip_init without device", lambda: U.skip_init(nn.ReLU)


def recurrent(T):
    """The same on recurrent layers, whose kernels take all weights at once."""
    import warnings

    nn, P, U = T.nn, of(T, "nn.utils.prune"), of(T, "nn.utils")
    new, parametrize = of(T, "nn.utils.parametrizations"), of(T, "nn.utils.parametrize")
    x, name = T.arange(30.0).reshape(5, 2, 3) / 30, "weight_hh_l0"

    def tripled(m, which):
        with T.no_grad():
            m.get_parameter(which).mul_(3)
        return m

    def old(m):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return U.weight_norm(m, name)

    def answer(kind, call):
        T.manual_seed(0)
        m = call(kind(3, 4))
        y = m(x)[0]
        y.sum().backward()
        return rounded([y[-1], {n: p.grad.abs().sum() for n, p in sorted(m.named_parameters())}])

    for label, call in {
        "pruned": lambda m: P.l1_unstructured(m, name, 0.5),
        "pruned for good": lambda m: P.remove(P.l1_unstructured(m, name, 0.5), name),
        "old weight_norm": lambda m: tripled(old(m), f"{name}_g"),
        "old weight_norm removed": lambda m: U.remove_weight_norm(
            tripled(old(m), f"{name}_g"), name
        ),
        "weight_norm": lambda m: tripled(
            new.weight_norm(m, name), f"parametrizations.{name}.original0"
        ),
        "orthogonal removed": lambda m: parametrize.remove_parametrizations(
            new.orthogonal(m, name), name
        ),
    }.items():
        for kind in ("LSTM", "GRU", "RNN"):
            yield f"{kind} {label}", lambda k=kind, call=call: answer(getattr(nn, k), call)

    def called(kind):
        T.manual_seed(0)
        m = getattr(nn, kind)(3, 4)
        new = {name: T.zeros_like(m.weight_hh_l0)}
        other = of(T, "func").functional_call(m, new, x)[0][-1]
        return rounded([other, m(x)[0][-1]])

    for kind in ("LSTM", "GRU", "RNN"):
        yield f"{kind} functional_call", lambda k=kind: called(k)


def training(T):
    """{net: the losses of ten steps of SGD with momentum}: normed weights, both kinds."""
    import warnings

    nn, F = T.nn, T.nn.functional
    new, old = of(T, "nn.utils.parametrizations"), of(T, "nn.utils")
    found = {}
    for name, norm in {
        "weight_norm": new.weight_norm,
        "spectral_norm": new.spectral_norm,
        "orthogonal": new.orthogonal,
        "old weight_norm": old.weight_norm,
        "old spectral_norm": old.spectral_norm,
    }.items():
        T.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            conv = nn.Conv2d(1, 4, 3)
            net = nn.Sequential(
                conv if name == "orthogonal" else norm(conv), nn.Tanh(), nn.MaxPool2d(2),
                nn.Flatten(), norm(nn.Linear(36, 16)), nn.Tanh(), norm(nn.Linear(16, 5)),
            )  # fmt: skip
        optimizer = T.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        x, y = T.rand(20, 1, 8, 8), T.randint(5, (20,))
        losses = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        found[name] = losses
    return found


ALL = [prune, functional, fusion, recurrent]
