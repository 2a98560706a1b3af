"""torch.func.rearrange and debug_unwrap."""

import numpy as np
import pytest

import rushlight as torch
from rushlight.func import debug_unwrap, rearrange

X = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "pattern, sizes, want",
    [
        ("a b c -> c b a", {}, X.transpose(2, 1, 0)),
        ("a  b c->(a b) c", {}, X.reshape(6, 4)),
        ("a b c -> a (c b)", {}, X.transpose(0, 2, 1).reshape(2, 12)),
        ("... c -> c ...", {}, X.transpose(2, 0, 1)),
        ("... -> (...)", {}, X.reshape(24)),
        ("a ... c -> c (... a)", {}, X.transpose(2, 1, 0).reshape(4, 6)),
        ("a b c -> a 1 b c ()", {}, X.reshape(2, 1, 3, 4, 1)),
        ("a b (c d) -> d a b c", {"c": 2}, X.reshape(2, 3, 2, 2).transpose(3, 0, 1, 2)),
        ("a b (c d) -> (d a) (b c)", {"d": 4}, X.transpose(2, 0, 1).reshape(8, 3)),
    ],
)
def test_patterns(pattern, sizes, want):
    y = rearrange(torch.tensor(X), pattern, **sizes)
    assert y.shape == want.shape
    np.testing.assert_array_equal(y.numpy(), want)


def test_lists_views_and_gradients():
    x = torch.tensor(X, requires_grad=True)
    assert torch.equal(rearrange([x, x + 1], "l a b c -> a l b c"), torch.stack([x, x + 1], 1))
    y = torch.zeros(2, 3)
    rearrange(y, "a b -> b a")[2, 1] = 5
    assert y[1, 2] == 5
    (rearrange(x, "a b c -> (c a) b") * torch.arange(24.0).reshape(8, 3)).sum().backward()
    want = np.arange(24.0).reshape(4, 2, 3).transpose(1, 2, 0)
    np.testing.assert_array_equal(x.grad.numpy(), want)
    z = torch.vmap(lambda v: rearrange(v, "b c -> c b"))(torch.tensor(X))
    np.testing.assert_array_equal(z.numpy(), X.transpose(0, 2, 1))


@pytest.mark.parametrize(
    "pattern, sizes, words",
    [
        ("a b -> b a", {}, r"Number of dimensions in pattern \(2\) must be .*\(3\)\n.*\(2, 3, 4\)"),
        ("a b c -> a b", {}, "only on one side of rearrange expression .*'c'"),
        ("a a c -> c a", {}, "contains duplicate dimension 'a'"),
        ("a b c", {}, "must contain a single '->' separator"),
        ("a b c -> (a (b c))", {}, "brackets inside brackets not allowed"),
        ("a b c -> (a b c", {}, "Imbalanced parentheses"),
        ("a b c -> a) b c", {}, "Brackets are not balanced"),
        ("a b c -> a b 2 c", {}, "only supports unnamed axes of size 1"),
        ("a b c -> a-b c", {}, "Unknown character '-'"),
        ("a b_ c -> c b_ a", {}, "Invalid axis identifier: b_"),
        ("a .. c -> c a", {}, "dots only inside ellipsis"),
        ("(...) -> ...", {}, "Ellipsis is parenthesis in the left side is not allowed"),
        ("a b c -> a b c ...", {}, "Ellipsis found in right side, but not left side"),
        ("a b (c d) -> a b c d", {}, "cannot infer the sizes of two dimensions at once c and d"),
        ("a b (c d) -> a b c d", {"c": 3}, "does not evenly fit into larger dimension: 4 vs"),
        ("a b c -> c b a", {"c": 5}, r"Dimension sizes to do not match \(4 != 5\)"),
        ("1 b c -> b c", {}, r"Dimension sizes to do not match \(2 != 1\)"),
        ("a b c -> c b a", {"d": 5}, "Identifiers not found in rearrange expression: {'d'}"),
    ],
)
def test_patterns_that_do_not_fit(pattern, sizes, words):
    with pytest.raises(ValueError, match=words):
        rearrange(torch.tensor(X), pattern, **sizes)


def test_unwrapping():
    """All samples are seen inside vmap; nested: through all of them or one."""
    x, seen = torch.tensor(X), []

    def inner(v):
        seen.append((debug_unwrap(v).shape, debug_unwrap(v, recurse=False).shape))
        return v * 2

    torch.vmap(torch.vmap(inner))(x)
    assert seen == [((2, 3, 4), (3, 4))]
    assert debug_unwrap(x) is x
    with pytest.raises(TypeError, match=r"debug_unwrap\(\): expected a Tensor, not int"):
        debug_unwrap(3)
