"""Subclasses of Tensor and foreign classes with __torch_function__: who is asked, and what comes
back. Each test runs in a process of its own: the first subclass changes the public functions."""

import inspect
import textwrap

import pytest

import rushlight

HEAD = """
import rushlight as torch
import rushlight.nn.functional as F

class Named(torch.Tensor):
    pass

class Asked(torch.Tensor):
    seen = []
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.seen.append(func.__name__)
        return super().__torch_function__(func, types, args, kwargs)

class Foreign:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func.__name__, len(args), kwargs

class Declines:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return NotImplemented
"""


@pytest.fixture
def answers(fresh):
    """answers(code) -> the lines that it prints after HEAD."""
    return lambda code, head=HEAD: fresh(head + textwrap.dedent(code))


def test_a_subclass_is_kept(answers):
    found = answers("""
        a = torch.arange(4.0).as_subclass(Named)
        for t in (a + 1, 1 + a, a.sum(), torch.relu(a), F.relu(a), a[1:], a.view(2, 2), a.clone(),
                  a.detach(), torch.stack([a, a]), torch.cat([a, torch.ones(1)]), a.max(0)[0]):
            print(type(t).__name__, t.tolist())
        print(type(a.shape).__name__, type(a.tolist()).__name__, type(torch.ones(1)).__name__)
        a += 1
        print(type(a).__name__, a.tolist())
    """)
    assert found == [
        "Named [1.0, 2.0, 3.0, 4.0]",
        "Named [1.0, 2.0, 3.0, 4.0]",
        "Named 6.0",
        "Named [0.0, 1.0, 2.0, 3.0]",
        "Named [0.0, 1.0, 2.0, 3.0]",
        "Named [1.0, 2.0, 3.0]",
        "Named [[0.0, 1.0], [2.0, 3.0]]",
        "Named [0.0, 1.0, 2.0, 3.0]",
        "Named [0.0, 1.0, 2.0, 3.0]",
        "Named [[0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0]]",
        "Named [0.0, 1.0, 2.0, 3.0, 1.0]",
        "Named 3.0",
        "Size list Tensor",
        "Named [1.0, 2.0, 3.0, 4.0]",
    ]


def test_gradients_pass_through_a_subclass(answers):
    found = answers("""
        a = torch.arange(3.0).as_subclass(Named).requires_grad_()
        (a * a).sum().backward()
        print(a.grad.tolist())
        p = torch.nn.Parameter(torch.ones(2).as_subclass(Named))
        print(isinstance(p, torch.nn.Parameter), type(p * 2).__name__)
    """)
    assert found == ["[0.0, 2.0, 4.0]", "True Named"]


def test_a_subclass_is_asked(answers):
    found = answers("""
        b = torch.arange(3.0).as_subclass(Asked)
        for call in (lambda: b + 1, lambda: b.sum(0), lambda: torch.exp(b), lambda: F.softmax(b, 0),
                     lambda: torch.add(torch.ones(3), b, alpha=2), lambda: torch.cat([b, b]),
                     lambda: b[0], lambda: b.add_(1)):
            Asked.seen.clear()
            call()
            print(*Asked.seen)
    """)
    assert found == ["add", "sum", "exp", "softmax", "add", "cat", "__getitem__", "add_"]


def test_the_subclass_of_a_subclass_is_asked_first(answers):
    found = answers("""
        class Later(Asked):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return "later", [t.__name__ for t in types]
        a, b = torch.ones(1).as_subclass(Asked), torch.ones(1).as_subclass(Later)
        print(torch.add(a, b))
    """)
    assert found == ["('later', ['Later', 'Asked'])"]


@pytest.mark.parametrize(
    ("call", "want"),
    [
        ("torch.add(torch.ones(2), Foreign())", "('add', 2, {})"),
        ("torch.add(torch.ones(2), Foreign(), alpha=3)", "('add', 2, {'alpha': 3})"),
        ("torch.relu(Foreign())", "('relu', 1, {})"),
        ("F.silu(Foreign())", "('silu', 1, {})"),
    ],
)
def test_a_foreign_class_is_asked(call, want, answers):
    assert answers(f"print({call})") == [want]


def test_all_decline(answers):
    found = answers("""
        try:
            torch.add(torch.ones(2), Declines())
        except TypeError as e:
            print(str(e).splitlines()[0])
    """)
    assert found == [
        "Multiple dispatch failed for 'torch.add'; all __torch_function__ handlers returned "
        "NotImplemented:"
    ]


def test_without_a_subclass_nothing_is_wrapped(answers):
    found = answers(
        """
        import rushlight as torch
        from rushlight.dispatch.messages import WRAPPED
        print(any(hasattr(f, WRAPPED) for f in vars(torch.Tensor).values()))
    """,
        head="",
    )
    assert found == ["False"]
    assert rushlight.Tensor.__torch_function__ is not None


def test_a_warning_names_the_line_that_called(answers):
    """However many calls lie between: a subclass of Tensor puts one more in front of each op."""
    found = answers(
        """
        import sys, warnings
        image, x = torch.ones(1, 1, 2, 2), torch.ones(2, 2)
        calls = [
            lambda: F.upsample(image, 2),
            lambda: F.softmax(x),
            lambda: torch.nn.Softmax()(x),
            lambda: F.mse_loss(x, x[0]),
            lambda: torch.nn.MSELoss()(x, x[0]),
            lambda: torch.tensor(x),
            lambda: torch.cross(torch.ones(3), torch.ones(3)),
            lambda: torch.ones(1).as_subclass(Named).std(),
            lambda: torch.ones(1).std(),
        ]
        here = sys._getframe().f_code.co_filename
        for call in calls:
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                call()
            print([w.filename == here for w in seen])
        """
    )
    assert found == ["[True]"] * 9


def test_items_and_data_keep_the_class(answers):
    found = answers("""
        a = torch.arange(4.0).reshape(2, 2).as_subclass(Named)
        print(type(a.data).__name__, type(a.T).__name__, *[type(x).__name__ for x in a])
        print(type(torch.ones(2).data).__name__)
    """)
    assert found == ["Named Named Named Named", "Tensor"]


def test_operators_are_shown_as_methods(answers):
    found = answers("""
        b = torch.arange(1, 3.0).as_subclass(Asked)
        for call in (lambda: 1 + b, lambda: b - 1, lambda: b / 2, lambda: -b, lambda: b @ b,
                     lambda: b < 1, lambda: b ** 2, lambda: 1 / b, lambda: b.data):
            Asked.seen.clear()
            call()
            print(*Asked.seen)
    """)
    assert found == ["add", "sub", "div", "neg", "matmul", "lt", "pow", "__rdiv__", "__get__"]


def test_a_subclass_goes_through_transforms(answers):
    found = answers("""
        from rushlight.func import grad, jvp, vmap
        a = torch.arange(4.0).reshape(2, 2).as_subclass(Named)
        print(vmap(lambda x: x * 2)(a).tolist(), grad(lambda x: (x * x).sum())(a).tolist())
        print(jvp(lambda x: x * x, (a,), (a,))[1].tolist())
    """)
    assert found == [
        "[[0.0, 2.0], [4.0, 6.0]] [[0.0, 2.0], [4.0, 6.0]]",
        "[[0.0, 2.0], [8.0, 18.0]]",
    ]


def test_modes_of_functions(answers):
    found = answers("""
        from rushlight.overrides import TorchFunctionMode, resolve_name
        class Loud(TorchFunctionMode):
            def __init__(self, name):
                self.name = name
            def __torch_function__(self, func, types, args=(), kwargs=None):
                print(self.name, func.__name__)
                return func(*args, **(kwargs or {}))
        x = torch.ones(2)
        with Loud("outer"), Loud("inner"):
            y = torch.add(x, x)
        torch.add(x, x)
        print(y.tolist(), *map(resolve_name, (torch.add, torch.Tensor.add, len)))
    """)
    assert found == ["inner add", "outer add", "[2.0, 2.0] torch.add torch.Tensor.add None"]


def test_public_names(answers):
    found = answers("""
        from rushlight import overrides as o
        b = torch.ones(1).as_subclass(Asked)
        print(o.has_torch_function((b,)), o.has_torch_function((torch.ones(1), 1)))
        print(o.is_tensor_like(Foreign()), o.is_tensor_like(1))
        @o.wrap_torch_function(lambda x: (x,))
        def mine(x):
            return "ran"
        print(mine(1), mine(Foreign()))
        print(torch.relu in o.get_testing_overrides(), o.get_testing_overrides()[torch.relu](b))
        try:
            o.handle_torch_function(mine, (Declines(),), Declines())
        except TypeError as e:
            print(str(e)[:26])
    """)
    assert found == [
        "True False",
        "True False",
        "ran ('mine', 1, {})",
        "True -1",
        "no implementation found fo",
    ]


def test_operators_with_what_is_no_operand_are_not_shown_to_modes(answers):
    found = answers("""
        shown = []
        class Look(torch.overrides.TorchFunctionMode):
            def __torch_function__(self, func, types, args=(), kwargs=None):
                shown.append(func.__name__)
                return func(*args, **(kwargs or {}))
        x = torch.ones(2)
        with Look():
            print(x != "a", x == "a")
            try:
                x < "a"
            except TypeError as e:
                print(type(e).__name__)
        print("lt" in shown, "ne" in shown)
    """)
    assert found == ["True False", "TypeError", "False False"]


def test_functions_stay_the_same_objects_when_they_begin_to_ask(answers):
    """A table made before the first subclass, `handled[torch.mean] = ...`, is still right later."""
    found = answers(
        """
        handled = {f: f.__name__ for f in (
            torch.mean, torch.add, torch.linalg.norm, F.relu, torch.Tensor.add, torch.Tensor.mean)}

        class Known(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return handled.get(func, "missed")

        x = torch.ones(2).as_subclass(Known)
        print(torch.mean(x), torch.add(x, 1), torch.linalg.norm(x), F.relu(x), x.add(1), x.mean())
        print(*(f in handled for f in (torch.mean, F.relu, torch.Tensor.add)))
        import inspect
        print(inspect.signature(torch.mean), torch.mean(torch.ones(2)).item())
        """,
        head="import rushlight as torch\nimport rushlight.nn.functional as F\n",
    )
    assert found == [
        f"mean add {rushlight.linalg.norm.__name__} relu add mean",
        "True True True",
        f"{inspect.signature(rushlight.mean)} 1.0",
    ]
