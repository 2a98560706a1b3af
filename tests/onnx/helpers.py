"""What the tests of ONNX share: an export that is checked, and run by onnxruntime."""

import numpy as np
import onnx
import onnxruntime

import rushlight as torch
from rushlight.core.tensor import Tensor

onnxruntime.set_default_logger_severity(4)


def leaves(x):
    if isinstance(x, Tensor):
        yield x
    elif isinstance(x, (list, tuple)):
        for y in x:
            yield from leaves(y)
    elif isinstance(x, dict):
        yield from leaves(list(x.values()))


def copies(x):
    """The same arguments, tensors with memory of their own."""
    if isinstance(x, Tensor):
        return x.clone()
    return type(x)([copies(y) for y in x]) if type(x) in (list, tuple) else x


def agree(wanted, found, rtol=1e-5, atol=1e-5):
    """Values, dtypes and shapes are the same; the error counts against the largest number."""
    for a, b in zip(leaves(wanted), found, strict=True):
        assert a.dtype is b.dtype and a.shape == b.shape, (a.dtype, a.shape, b.dtype, b.shape)
        x, y = a._a.astype(np.float64), b._a.astype(np.float64)
        np.testing.assert_array_equal(np.isfinite(x), np.isfinite(y))
        finite = np.isfinite(x)
        largest = np.abs(x[finite]).max(initial=0)
        np.testing.assert_allclose(x[finite], y[finite], rtol=rtol, atol=atol * max(1, largest))
        np.testing.assert_array_equal(x[~finite], y[~finite])


def exported(model, args, *others, **options):
    """The program; onnx.checker takes it, and onnxruntime computes what the model does, for args
    and for `others`, arguments of other sizes."""
    program = torch.onnx.export(model, args, **options)
    computes(program, model, args, *others)
    return program


def computes(program, model, *arguments):
    """onnx.checker takes the program, and onnxruntime computes with it what the model does."""
    onnx.checker.check_model(program.model_proto, full_check=True)
    for given in arguments:
        with torch.no_grad():
            wanted = model(*copies(given))
        agree(wanted, program(*leaves(given)))
