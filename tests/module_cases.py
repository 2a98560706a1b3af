"""What Module and the containers say and do, on PyTorch (tools/freeze_modules.py) and on rushlight.

Every function takes the namespace T (torch or rushlight) and yields (label, something to call); the
recorded answer is the text of the result, or the type and first line of the error.
"""

import copy
import pickle
import warnings
from collections import OrderedDict


def answers(T, cases):
    """{label: text of the result or of the error, and of the warnings on the way}."""
    found = {}
    for label, call in cases(T):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            try:
                text = text_of(call())
            except Exception as error:
                text = f"{type(error).__name__}: {error}".split("\n  ")[0]
        assert label not in found, label
        found[label] = [text, *(f"{w.category.__name__}: {w.message}" for w in seen)]
    return found


def text_of(value):
    """repr(value), an OrderedDict as Python 3.11 writes it: from 3.12 on it shows a dict inside."""
    if type(value) is OrderedDict and value:
        return f"OrderedDict([{', '.join(f'({k!r}, {text_of(v)})' for k, v in value.items())}])"
    if type(value) is tuple and value:
        return f"({', '.join(map(text_of, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def classes(T):
    """(Scale, Net): modules with every kind of member and no random numbers."""
    nn = T.nn

    class Scale(nn.Module):
        def __init__(self, factor=1.0):
            super().__init__()
            self.weight = nn.Parameter(T.tensor([factor, 2.0]))

        def forward(self, x):
            return x * self.weight

        def extra_repr(self):
            return f"factor={self.weight.tolist()[0]}"

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Scale()
            self.register_buffer("mean", T.zeros(2))
            self.register_buffer("cache", T.ones(1), persistent=False)
            self.shift = nn.Parameter(T.ones(3))
            self.row = nn.Sequential(Scale(3.0), nn.Identity(), Scale(4.0))
            self.size = 7

        def forward(self, x):
            return self.row(self.first(x))

    globals()["Scale"], globals()["Net"] = Scale, Net  # where pickle looks for them
    Scale.__qualname__, Net.__qualname__ = "Scale", "Net"
    return Scale, Net


def attributes(T):
    """Setting, reading and deleting attributes; registering members."""
    nn = T.nn
    Scale, Net = classes(T)

    class Early(nn.Module):
        def __init__(self, what):
            what(self)

    def member(self, value):
        self.x = value

    for name, what in {
        "parameter": lambda s: member(s, nn.Parameter(T.ones(1))),
        "module": lambda s: member(s, Scale()),
        "buffer": lambda s: member(s, nn.Buffer(T.ones(1))),
        "register_parameter": lambda s: s.register_parameter("x", None),
        "register_buffer": lambda s: s.register_buffer("x", None),
        "add_module": lambda s: s.add_module("x", None),
        "read": lambda s: s.x,
    }.items():
        yield f"before init: {name}", lambda what=what: Early(what)
    yield "before init: number", lambda: Early(lambda s: member(s, 3)).x
    yield "init argument", lambda: nn.Module(3)
    yield "init keyword", lambda: nn.Module(foo=3)

    for name in ("", "x.y", 3, "forward", "first", "shift", "mean"):
        yield (
            f"register_parameter {name!r}",
            lambda name=name: Net().register_parameter(name, nn.Parameter(T.ones(1))),
        )
        yield f"register_buffer {name!r}", lambda name=name: Net().register_buffer(name, T.ones(1))
        yield f"add_module {name!r}", lambda name=name: Net().add_module(name, Scale())
    yield "register a tensor", lambda: Net().register_parameter("q", T.ones(1))
    yield "register a number", lambda: Net().register_parameter("q", 3)
    yield "register a number as buffer", lambda: Net().register_buffer("q", 3)
    yield "add a number", lambda: Net().add_module("q", 3)

    def after(name, value):
        net = Net()
        setattr(net, name, value)
        return (
            [*net._parameters],
            [*net._buffers],
            [*net._modules],
            sorted(net._non_persistent_buffers_set),
            getattr(net, name) is value,
        )

    for name in ("shift", "mean", "cache", "first", "size"):
        yield f"{name} = 3", lambda name=name: after(name, 3)
        yield f"{name} = None", lambda name=name: after(name, None)
        yield f"{name} = tensor", lambda name=name: after(name, T.ones(2))
        yield f"{name} = parameter", lambda name=name: after(name, nn.Parameter(T.ones(2)))
        yield f"{name} = buffer", lambda name=name: after(name, nn.Buffer(T.ones(2)))
        yield f"{name} = module", lambda name=name: after(name, Scale())

    def deleted(name):
        net = Net()
        delattr(net, name)
        return hasattr(net, name), [*net.state_dict()]

    for name in ("shift", "mean", "cache", "first", "size", "nope"):
        yield f"del {name}", lambda name=name: deleted(name)
    yield "absent", lambda: Net().nope
    yield "dir", lambda: [n for n in dir(Net()) if n in ("first", "shift", "mean", "size", "0")]


def finding(T):
    """Paths, iterators and their names."""
    nn = T.nn
    Scale, Net = classes(T)
    for path in ("", "first", "first.weight", "row.0", "row.9", "q", "shift", "size", "size.z"):
        yield f"get_submodule {path!r}", lambda path=path: Net().get_submodule(path)
        yield f"get_parameter {path!r}", lambda path=path: Net().get_parameter(path)
        yield f"get_buffer {path!r}", lambda path=path: Net().get_buffer(path)
    yield "get_buffer 'mean'", lambda: Net().get_buffer("mean")

    def put(path, module, **options):
        net = Net()
        net.set_submodule(path, module, **options)
        return net

    for path in ("row.1", "row.new", "", "shift", "nope.0", "new"):
        yield f"set_submodule {path!r}", lambda path=path: put(path, nn.Tanh())
        yield (
            f"set_submodule strict {path!r}",
            lambda path=path: put(path, nn.Tanh(), strict=True),
        )
    yield "set_submodule number", lambda: put("row.0", 3)

    def twice():
        m = Scale()
        return nn.ModuleList([m, m, None])

    def names(pairs):
        return [name for name, _ in pairs]

    yield "parameters", lambda: names(Net().named_parameters())
    yield "parameters prefix", lambda: names(Net().named_parameters("net", recurse=False))
    yield "parameters twice", lambda: names(twice().named_parameters())
    yield "parameters all", lambda: names(twice().named_parameters(remove_duplicate=False))
    yield "buffers", lambda: names(Net().named_buffers("net"))
    yield "modules", lambda: names(Net().named_modules(prefix="net"))
    yield "modules all", lambda: names(twice().named_modules(remove_duplicate=False))
    yield "children", lambda: names(twice().named_children())
    yield "count", lambda: (len([*Net().modules()]), len([*twice().children()]))
    yield "text", lambda: Net()
    yield "text of nothing", lambda: nn.Module()
    yield "train", lambda: Net().train("yes")
    yield "modes", lambda: [m.training for m in Net().eval().modules()]
    yield "no forward", lambda: nn.Module()(3)
    yield "type", lambda: Net().type(T.float16).shift
    yield "to", lambda: Net().to(T.float64).mean
    yield "to int", lambda: Net().to(T.int64)
    yield "to tensor", lambda: Net().to(T.ones(1, dtype=T.float16)).shift
    yield "half", lambda: Net().half().row[0].weight
    yield "extra state", lambda: nn.Module().get_extra_state()
    yield "requires_grad_", lambda: Net().requires_grad_(False).shift


def state(T):
    """state_dict and load_state_dict."""
    nn = T.nn
    Scale, Net = classes(T)
    yield "state", lambda: Net().state_dict()
    yield "metadata", lambda: Net().state_dict()._metadata
    yield "prefix", lambda: [*Net().state_dict(prefix="a.")]
    yield "positional", lambda: [*Net().state_dict({}, "a.")]
    yield "keep_vars", lambda: Net().state_dict(keep_vars=True)["shift"]
    yield "not a dictionary", lambda: Net().load_state_dict(3)
    yield "all", lambda: Net().load_state_dict(Net().state_dict())

    def changed(**changes):
        given = Net().state_dict()
        for key, value in changes.items():
            key = key.replace("__", ".")
            if value is None:
                del given[key]
            else:
                given[key] = value
        return given

    bad = {"shift": None, "zz": T.ones(1), "q__r": T.ones(1), "first__weight": T.ones(5)}
    yield "everything wrong", lambda: Net().load_state_dict(changed(**bad, row__0__weight="text"))
    yield "shapes", lambda: Net().load_state_dict(changed(shift=T.ones(3, 1), mean=T.ones(1)))
    lax = changed(shift=None, zz=T.ones(1), q__r=1)
    yield "not strict", lambda: Net().load_state_dict(lax, strict=False)

    def loaded(given, **options):
        net = Net()
        before = net.shift
        keys = net.load_state_dict(given, **options)
        return keys, net.shift, net.shift is before

    longer = changed(shift=T.tensor([1.0, 2.0, 3.0], dtype=T.float64))
    yield "copied", lambda: loaded(longer)
    yield "assigned", lambda: loaded(longer, assign=True)
    yield "assigned integers", lambda: loaded(changed(shift=T.ones(3, dtype=T.int64)), assign=True)

    class Empty(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_parameter("bias", None)
            self.register_buffer("mean", None)
            self.count = nn.Parameter(T.tensor(1.0))

    yield "absent members", lambda: (Empty().state_dict(), [*Empty().named_parameters()])
    yield "absent given", lambda: Empty().load_state_dict({"bias": T.ones(1), "count": T.ones(())})
    yield "0-d from one element", lambda: Empty().load_state_dict({"count": T.ones(1)})

    class Extra(Scale):
        note = "a"

        def get_extra_state(self):
            return self.note

        def set_extra_state(self, value):
            self.note = value

    def extra():
        one, other = Extra(), Extra()
        one.note = "b"
        keys = other.load_state_dict(one.state_dict())
        return keys, other.note, one.state_dict()["_extra_state"]

    yield "extra state", extra
    yield "extra state missing", lambda: Extra().load_state_dict(Scale().state_dict())
    yield "extra state unexpected", lambda: Scale().load_state_dict(Extra().state_dict())

    def hooks(*kinds):
        seen, net = [], Scale()
        for kind in kinds:
            getattr(net, f"register_{kind}")(
                lambda m, *rest, kind=kind: seen.append((kind, type(m).__name__, len(rest)))
            )
        net.load_state_dict(net.state_dict())
        return seen

    yield (
        "hooks",
        lambda: hooks(
            "state_dict_pre_hook",
            "state_dict_post_hook",
            "load_state_dict_pre_hook",
            "load_state_dict_post_hook",
        ),
    )

    def returning(kind):
        net = Scale()
        getattr(net, f"register_{kind}")(lambda *args: 3)
        return net.load_state_dict(net.state_dict())

    yield "post hook returns", lambda: returning("state_dict_post_hook")
    yield "load post hook returns", lambda: returning("load_state_dict_post_hook")


def hooks(T):
    """Forward and backward hooks: what they are given and what they change."""
    nn = T.nn
    Scale, Net = classes(T)
    x = T.tensor([1.0, 1.0])

    def called(kind, hook, module=None, **options):
        module = module or Scale()
        getattr(module, f"register_{kind}")(hook, **options)
        return module(x)

    yield "pre", lambda: called("forward_pre_hook", lambda m, a: (a[0] * 3,))
    yield "pre, no tuple", lambda: called("forward_pre_hook", lambda m, a: a[0] * 3)
    yield (
        "pre with kwargs",
        lambda: called("forward_pre_hook", lambda m, a, k: ((a[0] * 5,), k), with_kwargs=True),
    )
    yield (
        "pre with kwargs, wrong",
        lambda: called("forward_pre_hook", lambda m, a, k: 3, with_kwargs=True),
    )
    yield "post", lambda: called("forward_hook", lambda m, a, y: y + 10)
    yield (
        "post with kwargs",
        lambda: called("forward_hook", lambda m, a, k, y: (a, k, y), with_kwargs=True),
    )

    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    def always(fails):
        seen = []

        def hook(m, a, y):
            seen.append(y)
            if fails:
                raise RuntimeError("so am I")

        try:
            called("forward_hook", hook, Broken(), always_call=True)
        except ValueError as error:
            return seen, str(error)

    yield "always called", lambda: always(False)
    yield "always called, fails", lambda: always(True)

    def ordered():
        seen, module = [], Scale()
        everywhere = nn.modules.module.register_module_forward_hook(lambda *a: seen.append("all"))
        module.register_forward_hook(lambda *a: seen.append(1))
        module.register_forward_hook(lambda *a: seen.append(2), prepend=True)
        handle = module.register_forward_pre_hook(lambda *a: seen.append(0))
        module(x)
        handle.remove()
        everywhere.remove()
        module(x)
        return seen

    yield "order", ordered

    class Two(nn.Module):
        def forward(self, x, y=None, k=3):
            return x * 2, "text", x * 3 if y is None else x * y

    def backward(hook, *args, kind="full_backward_hook", module=None, **kwargs):
        seen, module = [], module or Scale()
        getattr(module, f"register_{kind}")(lambda m, *grads: hook(seen, *grads))
        out = module(*args, **kwargs)
        (out[0] if isinstance(out, tuple) else out).sum().backward()
        return out, seen, [a.grad for a in args if hasattr(a, "grad")]

    def leaf():
        return T.tensor([1.0, 1.0], requires_grad=True)

    def note(seen, *grads):
        seen.append(grads)

    pre = {"kind": "full_backward_pre_hook"}
    yield "full", lambda: backward(note, leaf())
    yield "full, no gradient wanted", lambda: backward(note, x)
    yield "full, replaced", lambda: backward(lambda s, i, o: (i[0] * 10,), leaf())
    yield "full, replaced wrongly", lambda: backward(lambda s, i, o: (i[0], None), leaf())
    yield "full pre", lambda: backward(note, leaf(), **pre)
    yield "full pre, replaced", lambda: backward(lambda s, o: (o[0] * 5,), leaf(), **pre)
    yield "full pre, wrongly", lambda: backward(lambda s, o: (o[0], 1), leaf(), **pre)
    yield "two outputs", lambda: backward(note, leaf(), module=Two())
    yield "two inputs", lambda: backward(note, leaf(), T.ones(2), module=Two())
    yield "keyword input", lambda: backward(note, leaf(), y=leaf(), module=Two())
    yield "legacy", lambda: backward(note, leaf(), kind="backward_hook")

    def mixed(first, second):
        module = Scale()
        getattr(module, f"register_{first}")(note)
        getattr(module, f"register_{second}")(note)

    yield "mixed", lambda: mixed("full_backward_hook", "backward_hook")
    yield "mixed the other way", lambda: mixed("backward_hook", "full_backward_hook")

    class Dictionary(nn.Module):
        def forward(self, x):
            return {"y": x * 2}

    def dictionary():
        module = Dictionary()
        module.register_full_backward_hook(lambda *a: None)
        return module(leaf())

    yield "dictionary output", dictionary

    def registered():
        seen, M = [], nn.modules.module
        handles = [
            M.register_module_parameter_registration_hook(lambda m, n, p: seen.append(n)),
            M.register_module_buffer_registration_hook(lambda m, n, p: seen.append(n)),
            M.register_module_module_registration_hook(lambda m, n, p: seen.append(n)),
        ]
        Net()
        for handle in handles:
            handle.remove()
        Net()
        return seen

    yield "registration", registered


def copies(T):
    """Pickle, copy and deepcopy, shared members."""
    Scale, Net = classes(T)

    def restored(make):
        net = Net()
        net.row[2] = net.row[0]  # shared
        other = make(net)
        other.shift.data.fill_(5.0)
        same = other.row[0] is other.row[2]
        return other, same, net.shift, [*other.state_dict()], other(T.ones(2))

    yield "deepcopy", lambda: restored(copy.deepcopy)
    yield "pickle", lambda: restored(lambda net: pickle.loads(pickle.dumps(net)))
    yield "copy", lambda: restored(copy.copy)

    def shallow():
        net = Net()
        other = copy.copy(net)
        other.extra = Scale()
        other.size = 8
        return hasattr(net, "extra"), net.size, other._modules is net._modules

    yield "copy shares the members", shallow

    def behind_the_back():
        net = Net()
        net._parameters["shift"] = T.nn.Parameter(T.zeros(1))
        seen = [net.shift]
        del net._parameters["shift"]
        net.shift = T.ones(1)
        seen += [net.shift, [*net._parameters]]
        net._buffers.pop("mean")
        seen.append(hasattr(net, "mean"))
        net._modules["row"] = None
        return [*seen, net.row]

    yield "written behind the back", behind_the_back


def containers(T):
    """Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""
    nn = T.nn
    Scale, _ = classes(T)

    def do(container, method, *args):
        result = getattr(container, method)(*args)
        return container, None if result is container else result

    def modules(n):
        return [Scale(float(i)) for i in range(n)]

    kinds = {"Sequential": lambda n: nn.Sequential(*modules(n)),
             "ModuleList": lambda n: nn.ModuleList(modules(n))}  # fmt: skip
    for kind, make in kinds.items():
        for key in (0, -1, 3, "a", slice(1, None), slice(None, None, 2)):
            yield f"{kind}[{key!r}]", lambda m=make, key=key: m(3)[key]
            yield f"del {kind}[{key!r}]", lambda m=make, key=key: do(m(4), "__delitem__", key)
            if not isinstance(key, slice):
                yield (
                    f"{kind}[{key!r}] = module",
                    lambda m=make, key=key: do(m(3), "__setitem__", key, Scale(9.0)),
                )
        yield f"{kind}[0] = 3", lambda m=make: do(m(1), "__setitem__", 0, 3)
        yield f"{kind} length", lambda m=make: (len(m(3)), bool(m(0)), len([*m(3)]))
        yield f"{kind} in", lambda m=make: (lambda c: c[0] in c)(m(2))
        yield f"{kind} dir", lambda m=make: [n for n in dir(m(2)) if n.isdigit()]
        yield f"{kind}.pop", lambda m=make: do(m(3), "pop", 1)
        yield f"{kind}.pop last", lambda m=make: do(m(3), "pop", -1)
        yield f"{kind}.append", lambda m=make: do(m(1), "append", Scale(9.0))
        yield f"{kind}.append number", lambda m=make: do(m(1), "append", 3)
        yield f"{kind}.extend", lambda m=make: do(m(1), "extend", modules(2))
        yield f"{kind}.extend number", lambda m=make: do(m(1), "extend", 3)
        for i in (0, 2, 1):
            yield f"{kind}.insert {i}", lambda m=make, i=i: do(m(2), "insert", i, Scale(9.0))
        yield f"{kind} +", lambda m=make: m(1) + m(2)
        yield f"{kind} + number", lambda m=make: m(1) + 3
        yield f"{kind} +=", lambda m=make: do(m(1), "__iadd__", m(2))
        yield f"{kind} += number", lambda m=make: do(m(1), "__iadd__", 3)
        yield f"{kind} of a number", lambda kind=kind: getattr(nn, kind)(3)
        yield f"{kind} called", lambda m=make: m(3)(T.ones(2))
        yield f"{kind} called empty", lambda m=make: m(0)(T.ones(2))
    row = kinds["Sequential"]
    named = OrderedDict(a=Scale(), b=Scale(2.0))
    yield "Sequential named", lambda: nn.Sequential(named)
    yield "Sequential named slice", lambda: nn.Sequential(named)[1:]
    yield "Sequential named call", lambda: nn.Sequential(named)(T.ones(2))
    yield "Sequential two arguments", lambda: row(2)(1, 2)
    yield "Sequential insert far", lambda: row(2).insert(5, Scale())
    for n in (2, 0, "a"):
        yield f"Sequential * {n!r}", lambda n=n: row(1) * n
        yield f"Sequential *= {n!r}", lambda n=n: do(row(1), "__imul__", n)
    runs = (1, 1, 2, 1, 2, 2, 2)
    yield "folded text", lambda: nn.ModuleList(Scale(float(i)) for i in runs)
    yield "folded nested text", lambda: nn.ModuleList([row(2), row(2), nn.ModuleList()])

    def table():
        return nn.ModuleDict({"z": Scale(), "b": Scale(2.0)})

    yield "dict", table
    yield "dict of pairs", lambda: nn.ModuleDict([["a", Scale()], ["b", Scale()]])
    for name, value in {
        "number": 3,
        "value": {"a": 3},
        "list": [3],
        "short": [["a"]],
        "dotted": {"a.b": Scale()},
        "taken": {"keys": Scale()},
        "empty": {"": Scale()},
        "integer": {3: Scale()},
    }.items():
        yield f"dict wrong: {name}", lambda value=value: nn.ModuleDict(value)
    yield "dict get", lambda: (table()["z"], table().b, "z" in table(), len(table()))
    yield "dict absent", lambda: table()["q"]
    yield "dict keys", lambda: (table().keys(), [*table()], [*table().values()])
    yield "dict pop", lambda: do(table(), "pop", "z")
    yield "dict update", lambda: do(table(), "update", {"b": Scale(7.0), "c": Scale()})
    yield "dict clear", lambda: do(table(), "clear")
    yield "dict del", lambda: do(table(), "__delitem__", "z")

    ones = T.ones

    def listed():
        return nn.ParameterList([ones(2), nn.Parameter(ones(1, 2)), 3, "x"])

    yield "parameters", listed
    yield "parameters get", lambda: (listed()[0], listed()[-2], listed()[:2], len(listed()))
    yield "parameters far", lambda: listed()[9]
    yield "parameters state", lambda: (listed().state_dict(), [*listed()][2:])
    yield "parameters set", lambda: do(listed(), "__setitem__", 1, ones(3))
    yield "parameters append", lambda: do(nn.ParameterList(), "append", ones(1))
    yield "parameters extend", lambda: do(nn.ParameterList(), "extend", [ones(1), 3])
    yield "parameters extend number", lambda: do(nn.ParameterList(), "extend", 3)
    yield "parameters of a tensor", lambda: nn.ParameterList(ones(2))
    yield "parameters called", lambda: listed()(1)

    def dictionary():
        return nn.ParameterDict({"b": ones(2), "a": nn.Parameter(ones(1, 2)), "c": 3})

    yield "parameter dict", dictionary
    yield "parameter dict ordered", lambda: nn.ParameterDict(OrderedDict(b=ones(1), a=ones(1)))
    yield "parameter dict get", lambda: (dictionary()["a"], dictionary().get("q", 4))
    yield "parameter dict absent", lambda: dictionary()["q"]
    yield "parameter dict integer", lambda: do(dictionary(), "__setitem__", 3, 3)
    yield "parameter dict taken", lambda: nn.ParameterDict({"forward": ones(1)})
    yield "parameter dict keys", lambda: (dictionary().keys(), [*dictionary().values()])
    yield "parameter dict state", lambda: dictionary().state_dict()
    yield "parameter dict pop", lambda: do(dictionary(), "pop", "a")
    yield "parameter dict popitem", lambda: do(dictionary(), "popitem")
    yield "parameter dict setdefault", lambda: do(dictionary(), "setdefault", "z", ones(3))
    yield "parameter dict update", lambda: do(dictionary(), "update", {"d": ones(3), "a": ones(1)})
    yield "parameter dict update number", lambda: do(dictionary(), "update", 3)
    yield "parameter dict |", lambda: dictionary() | {"z": ones(1)}
    yield "parameter dict copy", lambda: dictionary().copy()
    yield "parameter dict fromkeys", lambda: dictionary().fromkeys(["x", "y"], 3)
    yield "parameter dict called", lambda: dictionary()(1)


ALL = (attributes, finding, state, hooks, copies, containers)
