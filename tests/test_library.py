"""torch.library: operators written in Python, their gradients, shapes and names in torch.ops."""

from collections.abc import Sequence
from typing import Optional

import pytest

import rushlight as torch
from rushlight import library
from rushlight.testing import assert_close

Tensor = torch.Tensor


@library.custom_op("test_library::scale", mutates_args=())
def scale(x: Tensor, k: float = 2.0, *, n: int = 1) -> Tensor:
    return x * k * n


@scale.register_fake
def _(x, k=2.0, *, n=1):
    return torch.empty_like(x)


def _keep(ctx, inputs, keyword_only_inputs, output):
    ctx.factor = inputs[1] * keyword_only_inputs["n"]
    ctx.save_for_backward(inputs[0])


def _scale_backward(ctx, dy):
    assert ctx.needs_input_grad == (True, False) and ctx.saved_tensors[0].shape == dy.shape
    return dy * ctx.factor, None


scale.register_autograd(_scale_backward, setup_context=_keep)


def test_a_custom_op_is_callable_by_name_and_by_itself():
    x = torch.tensor([1.0, 2.0])
    for call in (scale, torch.ops.test_library.scale, torch.ops.test_library.scale.default):
        assert call(x, 3.0, n=2).tolist() == [6.0, 12.0] and call(x=x).tolist() == [2.0, 4.0]
    default = torch.ops.test_library.scale.default
    assert (
        str(default._schema)
        == "test_library::scale(Tensor x, float k=2.0, *, SymInt n=1) -> Tensor"
    )
    assert (default.name(), str(default)) == ("test_library::scale", "test_library.scale.default")
    assert torch.ops.test_library.scale.overloads() == ["default"]
    assert repr(scale) == "<CustomOpDef(test_library::scale)>"
    assert default == torch.ops.test_library.scale.default


def test_gradients_of_a_custom_op():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = scale(x, 3.0, n=2)
    assert type(y.grad_fn).__name__ and "test_library_scale_default" in y.grad_fn.name()
    y.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]
    with torch.no_grad():
        assert not scale(x).requires_grad


def test_without_a_formula_backward_says_what_to_register():
    @library.custom_op("test_library::half", mutates_args=())
    def half(x: Tensor) -> Tensor:
        return x / 2

    y = half(torch.ones(2, requires_grad=True))
    with pytest.raises(RuntimeError, match=r"backward through test_library\.half\.default but no"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match=r"no fake impl registered for <CustomOpDef\(test_lib"):
        half(torch.ones(2, device="meta"))


def test_tensors_without_elements_take_the_shape_rule():
    y = scale(torch.ones(2, 3, device="meta"))
    assert y.is_meta and y.shape == (2, 3)


def test_lists_of_tensors_and_several_results():
    @library.custom_op("test_library::pair", mutates_args=())
    def pair(xs: Sequence[Tensor], o: Optional[Tensor] = None) -> tuple[Tensor, Tensor]:  # noqa: UP045
        total = xs[0] + xs[1] if o is None else xs[0] + xs[1] + o
        return total, xs[0] * xs[1]

    def keep(ctx, inputs, output):
        ctx.save_for_backward(*inputs[0])

    def backward(ctx, dt, dp):
        a, b = ctx.saved_tensors
        return [dt + dp * b, dt + dp * a], None

    pair.register_autograd(backward, setup_context=keep)
    a = torch.tensor([2.0], requires_grad=True)
    b = torch.tensor([5.0], requires_grad=True)
    total, product = pair([a, b])
    assert (total.item(), product.item()) == (7.0, 10.0)
    (total + 3 * product).backward()
    assert (a.grad.item(), b.grad.item()) == (16.0, 7.0)
    assert str(pair._opoverload._schema) == (
        "test_library::pair(Tensor[] xs, Tensor? o=None) -> (Tensor, Tensor)"
    )


def test_an_op_that_writes():
    @library.custom_op("test_library::fill", mutates_args={"x"})
    def fill(x: Tensor, value: float, s: str = "a", b: bool = True) -> None:
        x.fill_(value)

    x = torch.zeros(2)
    assert fill(x, 3.0) is None and x.tolist() == [3.0, 3.0] and x._version == 1
    assert str(fill._opoverload._schema) == (
        'test_library::fill(Tensor(a0!) x, float value, str s="a", bool b=True) -> ()'
    )
    with pytest.raises(RuntimeError, match="Cannot register autograd formula for non-functional"):
        fill.register_autograd(lambda ctx: None)


def test_a_result_that_is_an_input_is_refused():
    @library.custom_op("test_library::same", mutates_args=())
    def same(x: Tensor) -> Tensor:
        return x

    with pytest.raises(RuntimeError, match="must not also be an input to this custom operator"):
        same(torch.ones(1))


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((), {}, "is missing value for argument 'x'. Declaration: test_library::scale(Tensor x"),
        (
            (3,),
            {},
            "Expected a value of type 'Tensor' for argument 'x' but instead found type 'int'",
        ),
        ((1, "a"), {}, "of type 'Tensor' for argument 'x'"),
        ((0, 1.0, 2), {}, "expected at most 3 argument(s) but received 3 argument(s)"),
        ((0,), {"zz": 1}, "Unknown keyword argument 'zz' for operator 'test_library::scale'"),
    ],
)
def test_arguments_are_checked(args, kwargs, text):
    with pytest.raises(RuntimeError) as caught:
        scale(*args, **kwargs)
    assert text in str(caught.value)


def test_schemas_want_annotations():
    def f(x):
        return x

    def g(x: Tensor, m: dict) -> Tensor:
        return x

    def h(x: Tensor):
        return x

    for function, text in [
        (f, "Parameter x must have a type annotation"),
        (g, "Parameter m has unsupported type <class 'dict'>"),
        (h, "No return type annotation was provided"),
    ]:
        with pytest.raises(ValueError, match=text):
            library.infer_schema(function, mutates_args=())
    with pytest.raises(ValueError, match="of the form 'namespace::name'"):
        library.custom_op("bad", f, mutates_args=())
    assert library.infer_schema(_typed, mutates_args=()) == (
        "(Tensor x, SymInt[] sizes, ScalarType dtype=float32, Device? device=None) -> Tensor[]"
    )


def _typed(
    x: Tensor,
    sizes: Sequence[int],
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> list[Tensor]:
    return [x]


def test_define_and_impl_by_text():
    library.define("test_library::power", "(Tensor x, int n=2) -> Tensor")
    x = torch.tensor([3.0], requires_grad=True)
    with pytest.raises(NotImplementedError, match="Could not run 'test_library::power' with arg"):
        torch.ops.test_library.power(x)

    @library.impl("test_library::power", "cpu")
    def power(x, n=2):
        return x**n

    y = torch.ops.test_library.power(x, n=3)
    y.backward()  # differentiable by what it calls
    assert y.item() == 27.0 and x.grad.item() == 27.0
    with pytest.raises(RuntimeError, match="Tried to register an operator"):
        library.define("test_library::power", "(Tensor x) -> Tensor")
    with pytest.raises(RuntimeError, match="operator test_library::nothing does not exist"):
        library.register_fake("test_library::nothing", lambda x: x)


def test_a_library_with_an_autograd_kernel():
    lib = library.Library("test_library_2", "DEF")
    lib.define("twice(Tensor x) -> Tensor")

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with torch._C._AutoDispatchBelowAutograd():
                return torch.ops.test_library_2.twice(x)

        @staticmethod
        def backward(ctx, dy):
            return dy * 20

    lib.impl("twice", lambda x: x * 2, "CPU")
    lib.impl("twice", Twice.apply, "Autograd")
    lib.impl("twice", lambda x: x, "CUDA")  # never called
    x = torch.ones(1, requires_grad=True)
    y = torch.ops.test_library_2.twice(x)
    y.backward()
    assert (y.item(), x.grad.item()) == (2.0, 20.0)
    with pytest.raises(RuntimeError, match="Only a single TORCH_LIBRARY can be used"):
        library.Library("test_library_2", "DEF")
    library.Library("test_library_2", "FRAGMENT").define("zero() -> Tensor")
    lib._destroy()
    with pytest.raises(AttributeError):
        _ = torch.ops.test_library_2.twice
    with pytest.raises(ValueError, match="Unsupported kind: X"):
        library.Library("a", "X")


def test_autocast_of_a_custom_op():
    @library.custom_op("test_library::seen", mutates_args=())
    def seen(x: Tensor) -> Tensor:
        return x + 1

    seen.register_autocast("cpu", torch.bfloat16)
    assert seen(torch.ones(1)).dtype is torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert seen(torch.ones(1)).dtype is torch.bfloat16


def test_vmap_of_a_custom_op_sees_each_sample():
    @library.custom_op("test_library::centred", mutates_args=())
    def centred(x: Tensor) -> Tensor:
        return x - x.mean()

    x = torch.arange(6.0).reshape(2, 3)
    assert_close(torch.vmap(centred)(x), x - x.mean(1, keepdim=True))


def test_aten_answers_by_our_functions():
    aten = torch.ops.aten
    x = torch.tensor([[1.0, -2.0]])
    assert torch.equal(aten.add.Tensor(x, x), x + x) and aten.relu(x).tolist() == [[1.0, 0.0]]
    assert aten.mm.default(x, x.T).item() == 5.0 and aten.view.default(x, [2]).shape == (2,)
    assert (
        str(aten.mm.default) == "aten.mm.default"
        and repr(aten.mm) == "<OpOverloadPacket(op='aten.mm')>"
    )
    assert not hasattr(aten, "no_such_op") and not hasattr(aten.mm, "no_such_overload")
    with pytest.raises(
        AttributeError, match=r"The underlying op of 'aten\.mm' has no overload name"
    ):
        _ = aten.mm.nothing
    with pytest.raises(
        AttributeError, match="'_OpNamespace' 'nothing' object has no attribute 'f'"
    ):
        _ = torch.ops.nothing.f
    with pytest.raises(NotImplementedError, match=r"torch\.ops\.load_library"):
        torch.ops.load_library("x.so")
