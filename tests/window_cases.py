"""Convolutions and pools, on PyTorch (tools/freeze_windows.py) and on rushlight (tests).

T and F are torch and torch.nn.functional, or rushlight's. Inputs come from NumPy's generator. What
is kept of an array is its shape and two projections onto fixed vectors; they see every element.
"""

import numpy as np

CONVS = {
    # name: (function, input shape, weight shape, options)
    "documents 1": ("conv2d", (2, 1, 28, 28), (16, 1, 3, 3), {"stride": 2, "padding": 1}),
    "documents 2": ("conv2d", (2, 16, 14, 14), (16, 16, 3, 3), {"stride": 2, "padding": 1}),
    "documents 3": ("conv2d", (2, 16, 7, 7), (10, 16, 3, 3), {"stride": 2, "padding": 1}),
    "same": ("conv2d", (2, 3, 8, 9), (5, 3, 3, 4), {"padding": "same"}),
    "valid": ("conv2d", (1, 3, 8, 9), (5, 3, 3, 4), {"padding": "valid", "stride": (3, 1)}),
    "dilated": ("conv2d", (2, 4, 11, 9), (3, 4, 3, 2), {"dilation": (2, 3), "padding": (0, 2)}),
    "two registers": ("conv2d", (1, 5, 6, 33), (35, 5, 2, 5), {}),
    "depthwise": ("conv2d", (2, 6, 9, 20), (6, 1, 3, 3), {"groups": 6, "padding": 1}),
    "depthwise, stride": ("conv2d", (1, 4, 9, 21), (8, 1, 5, 3), {"groups": 4, "stride": 2}),
    "groups": ("conv2d", (2, 6, 5, 5), (36, 3, 3, 3), {"groups": 2}),
    "points": ("conv2d", (2, 20, 5, 5), (18, 20, 1, 1), {}),
    "patches": ("conv2d", (1, 3, 12, 12), (7, 3, 4, 4), {"stride": 4}),
    "unbatched": ("conv2d", (3, 6, 6), (4, 3, 3, 3), {"padding": 1}),
    "rows": ("conv1d", (2, 3, 17), (4, 3, 5), {"stride": 2, "padding": 2}),
    "rows, groups": ("conv1d", (2, 4, 17), (4, 1, 3), {"groups": 4, "dilation": 2}),
    "volumes": ("conv3d", (1, 2, 5, 6, 4), (3, 2, 2, 3, 2), {"stride": (2, 1, 1), "padding": 1}),
    "transposed rows": ("conv_transpose1d", (2, 3, 7), (3, 4, 5), {"stride": 2, "padding": 1}),
    "transposed": ("conv_transpose2d", (2, 4, 5, 4), (4, 3, 3, 2), {"stride": (2, 3)}),
    "transposed, more": (
        "conv_transpose2d",
        (1, 4, 5, 4),
        (4, 3, 3, 3),
        {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": 2},
    ),
    "transposed volumes": ("conv_transpose3d", (1, 2, 3, 2, 3), (2, 2, 2, 3, 2), {"padding": 1}),
}

POOLS = {
    # name: (function, input shape, positional options)
    "max": ("max_pool2d", (2, 3, 9, 8), (2,)),
    "max, all": ("max_pool2d", (2, 3, 9, 8), ((3, 2), (2, 1), (1, 1), (1, 2), True)),
    "max rows": ("max_pool1d", (2, 3, 9), (3, 2, 1)),
    "max volumes": ("max_pool3d", (1, 2, 5, 4, 6), (2, None, 1, 1, True)),
    "mean": ("avg_pool2d", (2, 3, 8, 8), (4,)),
    "mean, ceil": ("avg_pool2d", (2, 3, 9, 8), ((3, 2), 2, 1, True, False)),
    "mean, ceil and pad": ("avg_pool2d", (2, 3, 9, 8), (3, 2, 1, True, True)),
    "mean, divisor": ("avg_pool2d", (3, 9, 8), (3, 2, 1, False, True, 5)),
    "mean rows": ("avg_pool1d", (2, 3, 9), (3, 2, 1)),
    "mean volumes": ("avg_pool3d", (1, 2, 5, 4, 6), (2, 1, 1, False, False)),
    "adaptive mean": ("adaptive_avg_pool2d", (2, 3, 9, 8), ((4, 3),)),
    "adaptive mean of all": ("adaptive_avg_pool2d", (2, 3, 9, 8), (1,)),
    "adaptive mean, None": ("adaptive_avg_pool2d", (3, 9, 8), ((None, 3),)),
    "adaptive mean rows": ("adaptive_avg_pool1d", (2, 3, 9), (4,)),
    "adaptive mean volumes": ("adaptive_avg_pool3d", (1, 2, 5, 4, 6), ((2, 3, 1),)),
    "adaptive max": ("adaptive_max_pool2d", (2, 3, 9, 8), ((4, 3),)),
    "adaptive max rows": ("adaptive_max_pool1d", (3, 9), (4,)),
    "adaptive max volumes": ("adaptive_max_pool3d", (1, 2, 5, 4, 6), (2,)),
    "norm": ("lp_pool2d", (2, 3, 9, 8), (2.0, (3, 2), 2)),
    "norm rows": ("lp_pool1d", (2, 3, 9), (3.0, 2)),
    "fractional": ("fractional_max_pool2d", (2, 3, 9, 8), ((2, 3), (4, 3))),
    "fractional, ratio": ("fractional_max_pool2d", (2, 3, 9, 8), (2, None, (0.6, 0.5))),
    "fractional volumes": ("fractional_max_pool3d", (1, 2, 6, 5, 7), (2, (3, 2, 4))),
    "unfold": ("unfold", (2, 3, 7, 6), ((2, 3), (1, 2), 1, 2)),
    "fold": ("fold", (2, 12, 30), ((7, 6), 2)),
}

ERRORS = [
    ("conv2d", [(64, 3, 28, 28), (16, 1, 3, 3)], {}),
    ("conv2d", [(28, 28), (16, 1, 3, 3)], {}),
    ("conv2d", [(1, 1, 2, 2), (16, 1, 3, 3)], {}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3, 3), (15,)], {}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3)], {}),
    ("conv2d", [(1, 4, 8, 8), (6, 1, 3, 3)], {"groups": 4}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3, 3)], {"stride": 0}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3, 3)], {"stride": (1, 2, 3)}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3, 3)], {"padding": -1}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3, 3)], {"padding": "full"}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3, 3)], {"padding": "same", "stride": 2}),
    ("conv2d", [(1, 1, 8, 8), (16, 1, 3, 3)], {"groups": 0}),
    ("conv_transpose2d", [(1, 15, 8, 8), (16, 1, 3, 3)], {}),
    ("conv_transpose2d", [(1, 16, 8, 8), (16, 1, 3, 3)], {"output_padding": 1}),
    ("conv_transpose2d", [(1, 16, 1, 1), (16, 1, 3, 3)], {"padding": 2}),
    ("unfold", [(1, 1, 2, 2)], {"kernel_size": 3}),
    ("fold", [(1, 5, 49)], {"output_size": 8, "kernel_size": 2}),
    ("max_pool2d", [(8, 8)], {"kernel_size": 2}),
    ("max_pool2d", [(1, 1, 8, 8)], {"kernel_size": 2, "padding": 2}),
    ("max_pool2d", [(1, 1, 2, 2)], {"kernel_size": 3}),
    ("max_pool2d", [(1, 1, 8, 8)], {"kernel_size": 2, "stride": 0}),
    ("max_pool2d", [(1, 1, 8, 8)], {"kernel_size": (1, 2, 3)}),
    ("max_pool1d", [(1, 1, 1)], {"kernel_size": 2}),
    ("avg_pool2d", [(1, 1, 2, 2)], {"kernel_size": 3}),
    ("avg_pool2d", [(1, 1, 8, 8)], {"kernel_size": 2, "divisor_override": 0}),
    ("avg_pool1d", [(8,)], {"kernel_size": 2}),
    ("adaptive_avg_pool2d", [(1, 1, 8, 8)], {"output_size": -1}),
    ("adaptive_avg_pool2d", [(1, 1, 0, 8)], {"output_size": 2}),
    ("fractional_max_pool2d", [(1, 1, 8, 8)], {"kernel_size": 2}),
    ("fractional_max_pool2d", [(1, 1, 8, 8)], {"kernel_size": 2, "output_size": 8}),
]


def numbers(shape, seed, dtype="float64"):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def kept(tensor):
    """The shape of a tensor and two projections of its numbers."""
    a = tensor.detach().numpy()
    flat, place = a.astype(float).reshape(-1), np.arange(1, a.size + 1)
    return [list(a.shape), float(flat @ np.cos(place)), float(flat @ np.sin(1.7 * place))]


def gradients(T, y, leaves):
    """kept() of the gradients of leaves and of the gradients of a sum of their cubes."""
    dy = T.tensor(numbers(tuple(y.shape), 9), dtype=y.dtype, requires_grad=True)
    first = T.autograd.grad(y, leaves, dy, create_graph=True)
    total = sum((g * g * g).sum() for g in first)
    second = T.autograd.grad(total, [*leaves, dy], allow_unused=True)
    return [kept(g) for g in first], [None if g is None else kept(g) for g in second]


def conv(T, F, name, dtype="float64"):
    """Output, node, gradients to second order of one case."""
    function, x_shape, w_shape, options = CONVS[name]
    filters = w_shape[1] * options.get("groups", 1) if "transpose" in function else w_shape[0]
    shapes = (x_shape, w_shape, (filters,))
    leaves = [
        T.tensor(numbers(shape, seed, dtype), requires_grad=True)
        for seed, shape in enumerate(shapes)
    ]
    y = getattr(F, function)(*leaves, **options)
    return kept(y), type(y.grad_fn).__name__, *gradients(T, y, leaves)


def pool(T, F, name):
    """Output, indices if there are any, node, gradients to second order of one case."""
    function, shape, options = POOLS[name]
    T.manual_seed(0)
    x = T.tensor(numbers(shape, 1), requires_grad=True)
    source = x.abs() if "lp" in function else x
    indices = None
    if "max" in function:
        y, indices = getattr(F, function)(source, *options, return_indices=True)
        indices = indices.tolist()
    else:
        y = getattr(F, function)(source, *options)
    return kept(y), indices, type(y.grad_fn).__name__, *gradients(T, y, [x])


def error(T, F, case):
    """The type and first line of the error of one case."""
    function, shapes, options = case
    try:
        getattr(F, function)(*map(T.ones, shapes), **options)
    except Exception as e:
        return [type(e).__name__, str(e).split("\n")[0]]
    raise AssertionError(f"{case} raised nothing")
