"""What torch.nn.utils and torch.func say and do, on PyTorch (tools/freeze_utils.py) and here.

As in module_cases.py: every function takes the namespace T and yields (label, something to call).
`training` gives numbers: the losses of ten steps.
"""

import copy
import importlib
import pickle
import re
import warnings

NUMBER = re.compile(r"-?\b\d+\.\d+(?:e[+-]?\d+)?\b")


def agree(got, want):
    """True if two answers are the same text with the same numbers, up to the last of 4 digits: on
    another processor a sum may end on the other side of a rounding."""
    if got is None or len(got) != len(want):
        return False
    for a, b in zip(got, want, strict=True):
        if NUMBER.sub("#", a) != NUMBER.sub("#", b):
            return False
        for x, y in zip(NUMBER.findall(a), NUMBER.findall(b), strict=True):
            if abs(float(x) - float(y)) > 1.5e-4 * max(1.0, abs(float(y))):
                return False
    return True


def do(x, method, *args, **kwargs):
    """x after a call of one of its methods."""
    getattr(x, method)(*args, **kwargs)
    return x


def of(T, name):
    """A submodule, by its path below the package."""
    return importlib.import_module(f"{T.__name__}.{name}")


def rounded(x):
    """A tensor, or a dict of tensors, as lists of numbers of 4 digits and no minus zeros."""
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    if isinstance(x, list):
        return [rounded(v) for v in x]
    if isinstance(x, (float, int)):
        return round(x, 4) + 0
    return rounded(x.tolist())


def linear(T, *shape, seed=0, **options):
    T.manual_seed(seed)
    return T.nn.Linear(*shape, **options)


def maps(T):
    """Modules to parametrize with: (Symmetric, Double, Sum of two, Broken(how))."""
    nn = T.nn

    class Symmetric(nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).T

        def right_inverse(self, x):
            return x.triu()

    class Double(nn.Module):
        def forward(self, x):
            return x * 2

    class Sum(nn.Module):
        bad = None

        def forward(self, a, b):
            return a + b

        def right_inverse(self, x):
            return {
                None: (x / 2, x / 2),
                "number": 3,
                "long": (x, x, x),
                "element": (x, 3),
                "dtype": (x, x.double()),
                "tensor": x,
            }[self.bad]

    class Broken(nn.Module):
        def __init__(self, forward=None, inverse=None):
            super().__init__()
            self.f, self.g = forward or (lambda x: x), inverse or (lambda x: x)

        def forward(self, x):
            return self.f(x)

        def right_inverse(self, x):
            return self.g(x)

    return Symmetric, Double, Sum, Broken


def parametrize(T):
    """register_parametrization and what belongs to it."""
    P, nn = of(T, "nn.utils.parametrize"), T.nn
    Symmetric, Double, Sum, Broken = maps(T)
    register = P.register_parametrization

    def both():
        m = register(linear(T, 3, 3), "weight", Symmetric())
        register(m, "weight", Double())
        return register(m, "bias", Sum())

    yield "printed", both
    yield "state", lambda: rounded(both().state_dict())
    yield "names", lambda: [[n for n, _ in both().named_modules()], [*both()._parameters]]
    yield "class", lambda: [type(both()).__name__, P.type_before_parametrizations(both()).__name__]
    yield "list", lambda: both().parametrizations.bias
    yield "counts", lambda: [both().parametrizations.bias.ntensors,
                             both().parametrizations.bias.is_tensor]  # fmt: skip
    yield "value", lambda: rounded([both().weight, both().bias])
    yield "called", lambda: rounded(both()(T.ones(1, 3)))
    yield (
        "is parametrized",
        lambda: [
            P.is_parametrized(m, n)
            for m in (both(), linear(T, 1, 1))
            for n in (None, "weight", "foo")
        ],
    )
    yield "pickled", lambda: pickle.dumps(both())
    yield "copied", lambda: torch_equal(T, both(), copy.deepcopy(both()))
    yield "has", lambda: [hasattr(both(), "weight"), "weight" in dir(both())]
    yield "buffer", lambda: [*register(nn.BatchNorm1d(2), "running_mean", Double()).state_dict()]
    yield "embedding", lambda: register(nn.Embedding(3, 2), "weight", Double())
    yield "convolution", lambda: register(nn.Conv2d(1, 1, 2), "weight", Double())

    for name, broken in {
        "shape": Broken(lambda x: x.sum()),
        "dtype": Broken(lambda x: x.double()),
        "number": Broken(lambda x: 3),
        "inverse dtype": Broken(None, lambda x: x.double()),
        "inverse number": Broken(None, lambda x: 3),
        "inverse element": Broken(None, lambda x: (x, 3)),
        "inverse shape": Broken(None, lambda x: x[:1]),
    }.items():
        yield f"refused {name}", lambda b=broken: register(linear(T, 2, 2), "weight", b)
        yield (
            f"refused on top {name}",
            lambda b=broken: register(register(linear(T, 2, 2), "weight", Double()), "weight", b),
        )
        yield (
            f"unsafe {name}",
            lambda b=broken: (
                register(linear(T, 2, 2), "weight", b, unsafe=True).state_dict().keys()
            ),
        )
    yield "unknown", lambda: register(linear(T, 2, 2), "foo", Double())
    yield "unknown on top", lambda: register(both(), "foo", Double())
    yield "no bias", lambda: register(linear(T, 2, 2, bias=False), "bias", Double())
    yield "no module", lambda: register(linear(T, 2, 2), "weight", lambda x: x)
    yield "no modules", lambda: P.ParametrizationList([], nn.Parameter(T.ones(2)))
    yield "of a tensor", lambda: P.ParametrizationList([Double()], T.ones(2))()

    def assign(m, value, name="weight"):
        setattr(m, name, value)
        return rounded([getattr(m, name), dict(m.state_dict())])

    one = lambda: register(linear(T, 3, 3), "weight", Symmetric())  # noqa: E731
    yield "assign", lambda: assign(one(), T.eye(3))
    yield "assign dtype", lambda: assign(one(), T.eye(3).double())
    yield "assign parameter", lambda: assign(one(), nn.Parameter(T.eye(3)))
    yield "assign without inverse", lambda: assign(both(), T.eye(3))
    yield "delete", lambda: delattr(one(), "weight")
    for bad in ("number", "long", "element", "dtype", "tensor", None):

        def assign_two(bad=bad):
            m = register(linear(T, 2, 2), "weight", Sum())
            m.parametrizations.weight[0].bad = bad
            return assign(m, T.ones(2, 2))

        yield f"assign two: {bad}", assign_two

    def same(m):
        p = m.weight
        register(m, "weight", Symmetric())
        kept = m.parametrizations.weight.original is p
        P.remove_parametrizations(m, "weight")
        return [kept, m.weight is p, type(m).__name__, rounded(m.weight)]

    yield "identity of the parameter", lambda: same(linear(T, 3, 3))
    yield "removed", lambda: P.remove_parametrizations(one(), "weight")
    yield (
        "removed original",
        lambda: rounded(
            P.remove_parametrizations(one(), "weight", leave_parametrized=False).weight
        ),
    )
    yield "removed one", lambda: P.remove_parametrizations(both(), "bias")
    yield (
        "removed two",
        lambda: [
            type(P.remove_parametrizations(both(), "bias").bias).__name__,
            P.remove_parametrizations(both(), "bias").bias.requires_grad,
        ],
    )
    yield "removed unknown", lambda: P.remove_parametrizations(both(), "foo")
    yield "removed twice", lambda: P.remove_parametrizations(linear(T, 1, 1), "weight")
    yield "removed to nothing", lambda: P.remove_parametrizations(both(), "bias", False)

    def cached():
        m = one()
        with P.cached():
            inside = m.weight is m.weight
        return [inside, m.weight is m.weight]

    yield "cached", cached

    def transferred(name=None, to=None):
        source, to = both(), linear(T, 3, 3, seed=1) if to is None else to
        P.transfer_parametrizations_and_params(source, to, name)
        return [to, rounded(dict(to.state_dict()))]

    yield "transfer", transferred
    yield "transfer one", lambda: transferred("bias")
    yield "transfer to nothing", lambda: transferred("bias", nn.Identity())
    yield "transfer unknown", lambda: transferred("foo")
    yield "loaded", lambda: [one().load_state_dict(one().state_dict())]
    yield "loaded plain", lambda: one().load_state_dict(linear(T, 3, 3).state_dict())
    yield "double", lambda: one().double().weight.dtype


def torch_equal(T, a, b):
    return [type(a).__name__, type(b).__name__, T.equal(a.weight, b.weight)]


def norms(T):
    """weight_norm and spectral_norm, both kinds."""
    nn, U = T.nn, of(T, "nn.utils")
    new = of(T, "nn.utils.parametrizations")

    def quiet(f, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f(*args, **kwargs)

    def conv(*args):
        T.manual_seed(0)
        return nn.Conv2d(*args)

    def facts(m):
        m(T.ones(2, 2, 3, 3) if m.weight.ndim == 4 else T.ones(1, m.in_features))
        return [m, rounded(dict(m.state_dict())), rounded(m.weight), type(m.weight).__name__]

    for dim in (0, 1, None, -1):
        yield f"weight {dim}", lambda d=dim: facts(new.weight_norm(linear(T, 3, 2), dim=d))
        yield f"weight conv {dim}", lambda d=dim: facts(new.weight_norm(conv(2, 3, 2), dim=d))
        yield (
            f"old weight {dim}",
            lambda d=dim: facts(quiet(U.weight_norm, linear(T, 3, 2), dim=d)),
        )
    yield "weight dim", lambda: new.weight_norm(linear(T, 3, 2), dim=5)
    yield "weight name", lambda: new.weight_norm(linear(T, 3, 2), "foo")
    yield "weight bias", lambda: rounded(new.weight_norm(linear(T, 3, 2), "bias").bias)
    yield "old weight", lambda: U.weight_norm(linear(T, 3, 2))
    yield "old weight name", lambda: quiet(U.weight_norm, linear(T, 3, 2), "foo")
    yield (
        "old weight twice",
        lambda: quiet(U.weight_norm, quiet(U.weight_norm, linear(T, 3, 2))),
    )
    yield (
        "old weight removed",
        lambda: rounded(
            dict(U.remove_weight_norm(quiet(U.weight_norm, linear(T, 3, 2))).state_dict())
        ),
    )
    yield "old weight absent", lambda: U.remove_weight_norm(linear(T, 3, 2))
    yield (
        "old weight loaded into new",
        lambda: new.weight_norm(linear(T, 3, 2)).load_state_dict(
            quiet(U.weight_norm, linear(T, 3, 2)).state_dict()
        ),
    )
    yield (
        "weight loaded plain",
        lambda: new.weight_norm(linear(T, 3, 2)).load_state_dict(linear(T, 3, 2).state_dict()),
    )

    for kind in (new.spectral_norm, U.spectral_norm):
        name = "spectral" if kind is new.spectral_norm else "old spectral"
        yield name, lambda k=kind: facts(k(linear(T, 3, 4)))
        yield f"{name} conv", lambda k=kind: facts(k(conv(2, 3, 2), n_power_iterations=3))
        yield f"{name} dim", lambda k=kind: facts(k(linear(T, 3, 4), dim=1))
        yield f"{name} eval", lambda k=kind: facts(k(linear(T, 3, 4)).eval())
        yield f"{name} transposed", lambda k=kind: shapes(k(nn.ConvTranspose2d(2, 3, 2)))
        yield f"{name} name", lambda k=kind: k(linear(T, 3, 4), "foo")
        yield f"{name} steps", lambda k=kind: k(linear(T, 3, 4), n_power_iterations=0)
        yield f"{name} twice", lambda k=kind: k(k(linear(T, 3, 4)))
        yield (
            f"{name} loaded",
            lambda k=kind: k(linear(T, 3, 4)).load_state_dict(k(linear(T, 3, 4)).state_dict()),
        )
    yield "spectral bias", lambda: rounded(new.spectral_norm(linear(T, 3, 4), "bias").bias)
    yield "spectral dim out of range", lambda: new.spectral_norm(linear(T, 3, 4), dim=4)
    yield (
        "old spectral removed",
        lambda: rounded(
            dict(U.remove_spectral_norm(U.spectral_norm(linear(T, 3, 4))).state_dict())
        ),
    )
    yield "old spectral absent", lambda: U.remove_spectral_norm(linear(T, 3, 4))
    yield (
        "old spectral metadata",
        lambda: dict(U.spectral_norm(linear(T, 3, 4)).state_dict()._metadata),
    )

    def earlier():
        m = U.spectral_norm(linear(T, 3, 4))
        m(T.ones(1, 3))
        state = m.state_dict()
        state["weight"] = m.weight.detach()
        del state["weight_v"], state._metadata
        other = U.spectral_norm(linear(T, 3, 4, seed=1))
        return [other.load_state_dict(state), rounded(other.weight_v)]

    yield "old spectral earlier version", earlier

    def wrong():
        state = U.spectral_norm(linear(T, 3, 4)).state_dict()
        del state["weight_v"]
        return U.spectral_norm(linear(T, 3, 4)).load_state_dict(state)

    yield "old spectral without v", wrong


def shapes(m):
    return {k: tuple(v.shape) for k, v in m.state_dict().items()}


def orthogonal(T):
    """parametrizations.orthogonal: values, gradients, assigning."""
    new = of(T, "nn.utils.parametrizations")
    for how in (None, "matrix_exp", "cayley", "householder"):
        for shape in ((3, 3), (2, 4), (4, 2)):
            for base in (True, False):

                def made(how=how, shape=shape, base=base):
                    m = linear(T, *reversed(shape))
                    new.orthogonal(m, "weight", how, use_trivialization=base)
                    w = m.weight
                    (w * T.arange(float(w.numel())).reshape(w.shape)).sum().backward()
                    grad = m.parametrizations.weight.original.grad
                    return [rounded(w), rounded(grad), [*m.state_dict()]]

                def assigned(how=how, shape=shape, base=base):
                    m = linear(T, *reversed(shape))
                    new.orthogonal(m, "weight", how, use_trivialization=base)
                    m.weight = T.eye(*shape)
                    return rounded(m.weight)

                yield f"{how} {shape} {base}", made
                yield f"{how} {shape} {base} assigned", assigned
    yield "printed", lambda: new.orthogonal(linear(T, 3, 3))
    yield "vector", lambda: new.orthogonal(linear(T, 3, 3), "bias")
    yield "name", lambda: new.orthogonal(linear(T, 3, 3), "foo")
    yield "map", lambda: new.orthogonal(linear(T, 3, 3), "weight", "x")
    yield (
        "assigned shape",
        lambda: setattr(new.orthogonal(linear(T, 3, 3)), "weight", T.ones(2, 2)),
    )


ALL = [parametrize, norms, orthogonal]
