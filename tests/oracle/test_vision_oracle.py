"""vision.models and vision.ops beside a living torchvision 0.28: whole models in float32 and
float64, operations on random boxes.

It needs an environment with torchvision beside PyTorch; elsewhere the file is left out.
"""

import warnings

import numpy as np
import pytest
import torch

import rushlight
from rushlight import vision

torchvision = pytest.importorskip("torchvision")

MODELS = """
    alexnet vgg11_bn resnet18 resnet50 resnext50_32x4d mobilenet_v2 mobilenet_v3_small
    mobilenet_v3_large efficientnet_b0 efficientnet_v2_s densenet121 squeezenet1_0 squeezenet1_1
    convnext_tiny vit_b_32 inception_v3 googlenet shufflenet_v2_x0_5 mnasnet0_5 regnet_x_400mf
    regnet_y_400mf swin_t swin_v2_t
""".split()


def array(x):
    return x.detach().numpy()


def tensors(y):
    """All that a model gives, as one array."""
    parts = y.values() if isinstance(y, dict) else y if isinstance(y, tuple) else [y]
    return np.concatenate([array(v).ravel() for v in parts])


def error(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    options = {"num_classes": 7} | ({"image_size": 64} if name.startswith("vit") else {})
    size = 299 if name.startswith("inception") else 64
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        theirs = torchvision.models.get_model(name, **options)
        rushlight.manual_seed(0)
        ours = vision.models.get_model(name, **options)
    for (key, x), (other, y) in zip(
        theirs.state_dict().items(), ours.state_dict().items(), strict=True
    ):
        assert key == other
        np.testing.assert_array_equal(array(x), array(y), key)
    if name.startswith("vit"):  # its head begins at 0
        head = torch.randn(theirs.heads.head.weight.shape) * 0.1
        theirs.heads.head.weight.data.copy_(head)
        ours.heads.head.weight.data.copy_(rushlight.tensor(head.numpy()))
    numbers = np.random.default_rng(0).random((2, 3, size, size)).astype(np.float32)
    x, y = torch.tensor(numbers), rushlight.tensor(numbers)
    with torch.no_grad(), rushlight.no_grad():
        # float32: sums over thousands of numbers, in another order
        assert error(tensors(ours.eval()(y)), tensors(theirs.eval()(x))) < 1e-4
    theirs.double().train()
    ours.double().train()
    torch.manual_seed(2)
    rushlight.manual_seed(2)
    a, b = theirs(x.double()), ours(y.double())
    assert error(tensors(b), tensors(a)) < 1e-10
    for out in (a, b):
        sum((v * v).sum() for v in (out if isinstance(out, tuple) else [out])).backward()
    mine = dict(ours.named_parameters())
    largest = max(float(p.grad.abs().max()) for p in theirs.parameters() if p.grad is not None)
    for key, p in theirs.named_parameters():
        assert (p.grad is None) == (mine[key].grad is None)
        if p.grad is not None:
            # PyTorch's gradient of hardsigmoid has 1 / 6 in float32
            limit = 1e-7 if name.startswith("mobilenet_v3") else 1e-9
            assert np.abs(array(p.grad) - array(mine[key].grad)).max() < limit * largest, key


@pytest.mark.parametrize("seed", range(20))
def test_boxes(seed):
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 40))
    low = draw.random((n, 2)) * 30 - 5
    boxes = np.concatenate([low, low + draw.random((n, 2)) * draw.choice([2, 30])], 1)
    boxes = boxes.astype(draw.choice(["float32", "float64"]))
    scores = draw.random(n).astype(boxes.dtype)
    kinds = draw.integers(0, 3, n)
    limit = float(draw.random())
    a, b = torch.tensor, rushlight.tensor
    there, here = torchvision.ops, vision.ops
    for f, arrays, more in (
        ("nms", (boxes, scores), (limit,)),
        ("batched_nms", (boxes, scores, kinds), (limit,)),
        ("box_iou", (boxes, boxes[::-1].copy()), ()),
        ("generalized_box_iou", (boxes, boxes[::-1].copy()), ()),
        ("complete_box_iou", (boxes, boxes[::-1].copy()), ()),
        ("complete_box_iou_loss", (boxes, boxes[::-1].copy()), ()),
        ("remove_small_boxes", (boxes,), (limit * 10,)),
        ("clip_boxes_to_image", (boxes,), ((12, 17),)),
    ):
        y = getattr(here, f)(*map(b, arrays), *more)
        x = getattr(there, f)(*map(a, arrays), *more)
        np.testing.assert_allclose(array(y), array(x), 1e-5, 1e-5, err_msg=f)


@pytest.mark.parametrize("seed", range(30))
def test_regions(seed):
    draw = np.random.default_rng(seed)
    n, p, q = (int(v) for v in draw.integers(1, 4, 3))
    c = int(draw.integers(1, 3))
    h, w = (int(v) for v in draw.integers(4, 20, 2))
    k = int(draw.integers(0, 9))
    scale, ratio = float(draw.choice([1.0, 0.5, 0.37])), int(draw.choice([-1, 0, 1, 2, 3]))
    low = draw.random((k, 2)) * 20 - 4
    boxes = np.concatenate([low, low + draw.random((k, 2)) * 15], 1)
    rois = np.concatenate([draw.integers(0, n, (k, 1)), boxes], 1)
    for f, channels, more in (
        ("roi_align", c, (scale, ratio, bool(draw.integers(2)))),
        ("roi_pool", c, (scale,)),
        ("ps_roi_align", c * p * q, (scale, ratio)),
        ("ps_roi_pool", c * p * q, (scale,)),
    ):
        numbers = draw.standard_normal((n, channels, h, w))
        x = torch.tensor(numbers, requires_grad=True)
        y = rushlight.tensor(numbers, requires_grad=True)
        a = getattr(torchvision.ops, f)(x, torch.tensor(rois), (p, q), *more)
        b = getattr(vision.ops, f)(y, rushlight.tensor(rois), (p, q), *more)
        np.testing.assert_allclose(array(b), array(a), 1e-9, 1e-9, err_msg=f)
        if k and f != "ps_roi_pool":  # whose gradient there is not that of its value
            (a * a).sum().backward()
            (b * b).sum().backward()
            np.testing.assert_allclose(array(y.grad), array(x.grad), 1e-9, 1e-9, err_msg=f)


@pytest.mark.parametrize("seed", range(12))
def test_deformable_convolutions(seed):
    draw = np.random.default_rng(seed)
    groups, d, kh, kw = (int(v) for v in draw.integers(1, 4, 4))
    c, out = groups * d * int(draw.integers(1, 3)), groups * int(draw.integers(1, 4))
    stride, padding, dilation = (tuple(int(v) for v in draw.integers(1, 3, 2)) for _ in range(3))
    h, w = 9, 11
    size = [
        (s + 2 * pad - dil * (k - 1) - 1) // st + 1
        for s, pad, dil, k, st in zip((h, w), padding, dilation, (kh, kw), stride, strict=True)
    ]
    arrays = [
        draw.standard_normal((2, c, h, w)),
        draw.standard_normal((2, 2 * d * kh * kw, *size)) * 2,
        draw.standard_normal((out, c // groups, kh, kw)),
        draw.standard_normal(out),
        draw.random((2, d * kh * kw, *size)),
    ]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    ours = [rushlight.tensor(a, requires_grad=True) for a in arrays]
    a = torchvision.ops.deform_conv2d(*theirs[:4], stride, padding, dilation, theirs[4])
    b = vision.ops.deform_conv2d(*ours[:4], stride, padding, dilation, ours[4])
    np.testing.assert_allclose(array(b), array(a), 1e-9, 1e-9)
    (a * a).sum().backward()
    (b * b).sum().backward()
    for x, y in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(array(y.grad), array(x.grad), 1e-8, 1e-8)
