"""torch._foreach_*: what a loop over the tensors gives."""

import pytest

import rushlight as torch

UNARY = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 "
    "neg reciprocal round rsqrt sigmoid sign sin sinh sqrt tan tanh trunc"
).split()


def lists():
    make = torch.Generator().manual_seed(0)
    return [[torch.rand(s, generator=make) + 0.1 for s in ((2,), (3, 2), ())] for _ in range(3)]


def same(found, wanted):
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)) and a.dtype == b.dtype


@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name):
    x = lists()[0]
    wanted = [getattr(torch, name)(t) for t in x]
    found = getattr(torch, f"_foreach_{name}")(x)
    assert type(found) is tuple
    same(found, wanted)
    assert getattr(torch, f"_foreach_{name}_")(x) is x
    same(x, wanted)


@pytest.mark.parametrize("name", "add sub mul div pow clamp_max clamp_min maximum minimum".split())
def test_two_operands(name):
    x, y, _ = lists()
    tensors = {"clamp_max": torch.minimum, "clamp_min": torch.maximum}
    by_tensor = tensors.get(name, getattr(torch, name))
    numbers = {"maximum": torch.clamp_min, "minimum": torch.clamp_max}
    by_number = numbers.get(name, getattr(torch, name))
    cases = [
        (y, [by_tensor(a, b) for a, b in zip(x, y, strict=True)]),
        (0.5, [by_number(a, 0.5) for a in x]),
        ([0.5, 1.0, 2], [by_number(a, v) for a, v in zip(x, (0.5, 1.0, 2), strict=True)]),
    ]
    if name in ("add", "sub", "mul", "div"):
        cases.append((torch.tensor(0.5), [by_number(a, 0.5) for a in x]))
    for other, wanted in cases:
        same(getattr(torch, f"_foreach_{name}")(x, other), wanted)
        mine = [t.clone() for t in x]
        assert getattr(torch, f"_foreach_{name}_")(mine, other) is mine
        same(mine, wanted)


def test_other_forms():
    x, y, z = lists()
    pairs = list(zip(x, y, z, strict=True))
    same(torch._foreach_add(x, y, alpha=3), [torch.add(a, b, alpha=3) for a, b, _ in pairs])
    same(torch._foreach_pow(2, x), [torch.pow(2, a) for a in x])
    for name in ("addcmul", "addcdiv"):
        op = getattr(torch, name)
        forms = [(2, (2, 2, 2)), ([1, 2, 3], (1, 2, 3)), (torch.tensor([1, 2, 3]), (1, 2, 3))]
        for value, each in forms:
            wanted = [op(a, b, c, value=v) for (a, b, c), v in zip(pairs, each, strict=True)]
            same(getattr(torch, f"_foreach_{name}")(x, y, z, value), wanted)
            mine = [t.clone() for t in x]
            getattr(torch, f"_foreach_{name}_")(mine, y, z, value)
            same(mine, wanted)
    same(torch._foreach_lerp(x, y, z), [torch.lerp(a, b, c) for a, b, c in pairs])
    same(torch._foreach_lerp(x, y, 0.25), [torch.lerp(a, b, 0.25) for a, b, _ in pairs])
    same(torch._foreach_norm(x, 1), [a.abs().sum() for a in x])
    same(torch._foreach_norm([torch.ones(2).half()], dtype=torch.float32), [torch.tensor(2**0.5)])
    same(torch._foreach_powsum(x, 3), [(a.abs() ** 3).sum() for a in x])
    same(torch._foreach_max(x), [a.max() for a in x])
    same(torch._foreach_mm([torch.ones(2, 2)], [torch.ones(2, 1)]), [torch.full((2, 1), 2.0)])
    copies = torch._foreach_clone(x)
    same(copies, x)
    torch._foreach_zero_(x)
    same(x, [torch.zeros_like(t) for t in x])
    torch._foreach_copy_(x, y)
    same(x, y)
    assert not torch.equal(copies[0], x[0])


def test_gradients_flow():
    x = [torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)]
    sum(t.sum() for t in torch._foreach_mul(x, [2.0, 3.0])).backward()
    assert x[0].grad.tolist() == [2, 2] and x[1].grad.tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda a: torch._foreach_add(a, a[:1]), RuntimeError, "the same number of tensors, got 2"),
        (lambda a: torch._foreach_add([], 1), RuntimeError, "must have at least one tensor"),
        (lambda a: torch._foreach_add(a, [1]), RuntimeError, "same number of elements as scalar"),
        (lambda a: torch._foreach_add(a, torch.ones(2)), RuntimeError, "expected to be 0 dim"),
        (lambda a: torch._foreach_add(a, "x"), TypeError, "invalid combination of arguments"),
        (lambda a: torch._foreach_add([3], 1), TypeError, "expected Tensor as element 0"),
        (lambda a: torch._foreach_abs(3), TypeError, "must be tuple of Tensors, not int"),
        (lambda a: torch._foreach_mul(a, 2, alpha=3), TypeError, "keyword argument 'alpha'"),
        (
            lambda a: torch._foreach_addcmul(a, a, a, torch.ones(3)),
            RuntimeError,
            "Expected length of scalars to match input of length 2 but got 3 instead",
        ),
        (lambda a: torch._foreach_max([torch.ones(0)]), RuntimeError, "maximum of an empty tensor"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call([torch.ones(2), torch.ones(3)])
