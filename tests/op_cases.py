"""What the tests of tensors, views, indexing, joins, products, losses, norms and layers evaluate.

A case is a line of tests/cases/<family>.txt: Python with `torch` and the values of `names` in
scope. It is an expression; or statements that leave their result in `r`; or `layer <- inputs`.
tools/freeze_ops.py evaluates the cases with PyTorch, the tests with rushlight.
"""

import json
import math
import warnings
from pathlib import Path


def names(torch):
    """Fresh values for a case, the same numbers in both libraries."""
    x = torch.arange(12.0).reshape(3, 4)
    y = torch.tensor([[0.5, -1.0, 2.0, 0.25], [1.5, -0.5, -2.0, 3.0], [0.0, 1.0, -1.5, 0.75]])
    i = torch.tensor([2, 0, 1])

    def grads(f, *inputs):
        """f's result, and the gradients of a weighted sum of it."""
        leaves = [t.detach().clone().requires_grad_() for t in inputs]
        z = f(*leaves)
        w = torch.arange(1.0, z.numel() + 1).reshape(z.shape) / 4
        (z * w).sum().backward()
        return [z.detach(), *[t.grad for t in leaves]]

    def fails(f):
        """The type of the error that f() raises (Python's, if it is a subclass), or None."""
        try:
            f()
        except Exception as e:
            return next(c.__name__ for c in type(e).__mro__ if c.__module__ == "builtins")

    def setting(t, key):
        """t with 0 at the key, in place."""
        t[key] = 0.0
        return t

    return {
        "fails": fails,
        "setting": setting,
        "torch": torch,
        "F": torch.nn.functional,
        "nn": torch.nn,
        "math": math,
        "grads": grads,
        "x": x,
        "y": y,
        "i": i,
        "v": torch.tensor([1.0, -2.0, 3.0]),
        "n": torch.arange(6).reshape(2, 3),
        "m": y > 0,
        "z": torch.arange(24.0).reshape(2, 3, 4),
        "inf": math.inf,
    }


def evaluate(torch, code):
    """The case's result in JSON's terms.

    tensors as dtype, shape and values, errors as type and first line.
    """
    scope = names(torch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _evaluated(torch, code, scope)


def _evaluated(torch, code, scope):
    try:
        if " <- " in code:
            return _layer(torch, *code.split(" <- "), scope)
        if "r = " in code:
            exec(code, scope)
            return encode(torch, scope["r"])
        return encode(torch, eval(code, scope))
    except Exception as e:
        return {"error": type(e).__name__, "message": str(e).split("\n")[0]}


def _layer(torch, made, given, scope):
    """What a layer prints, its state from seed 0, its outputs in training and evaluation, the
    input's gradient.
    """
    torch.manual_seed(0)
    layer = eval(made, scope)
    inputs = eval(given, scope)
    inputs = list(inputs) if isinstance(inputs, tuple) else [inputs]
    first = inputs[0]
    if isinstance(first, torch.Tensor) and first.is_floating_point():
        inputs[0] = first = first.clone().requires_grad_()
    y = layer(*inputs)
    if isinstance(y, torch.Tensor) and y.requires_grad:
        (y * torch.arange(1.0, y.numel() + 1).reshape(y.shape) / 4).sum().backward()
    found = {"text": repr(layer), "out": y, "grad": getattr(first, "grad", None)}
    found["state"] = dict(layer.state_dict())
    found["eval"] = layer.eval()(*inputs)
    return encode(torch, found)


def families():
    """{family: its cases}"""
    files = sorted((Path(__file__).parent / "cases").glob("*.txt"))
    return {file.stem: file.read_text().splitlines() for file in files}


def frozen(family):
    """{code: PyTorch's result} of one family."""
    return json.loads((Path(__file__).parent / "frozen" / "ops.json").read_text())[family]


def encode(torch, r):
    if isinstance(r, torch.Tensor):
        r = r.detach()
        values = r if not r.is_complex() else torch.view_as_real(r)
        values = values.double() if r.dtype in (torch.bfloat16, torch.float16) else values
        return {"dtype": str(r.dtype), "shape": list(r.shape), "values": _plain(values.tolist())}
    if isinstance(r, torch.Size):
        return repr(r)
    if isinstance(r, (tuple, list)):
        return [encode(torch, v) for v in r]
    if isinstance(r, dict):
        return {str(k): encode(torch, v) for k, v in r.items()}
    return _plain(r) if isinstance(r, (bool, int, float, str, type(None))) else repr(r)


def _plain(v):
    """Lists and numbers; what JSON cannot say becomes text."""
    if isinstance(v, list):
        return [_plain(w) for w in v]
    return repr(v) if isinstance(v, float) and not math.isfinite(v) else v


def agree(ours, theirs, tolerance=2e-6):
    """True if both are equal, floats up to `tolerance` relative."""
    if isinstance(theirs, dict):
        return (
            isinstance(ours, dict)
            and ours.keys() == theirs.keys()
            and all(agree(ours[k], theirs[k], tolerance) for k in theirs)
        )
    if isinstance(theirs, list):
        return (
            isinstance(ours, list)
            and len(ours) == len(theirs)
            and all(agree(a, b, tolerance) for a, b in zip(ours, theirs, strict=True))
        )
    if isinstance(theirs, float) and type(ours) is float:
        return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=tolerance)
    return type(ours) is type(theirs) and ours == theirs
