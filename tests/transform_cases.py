"""Transforms on small inputs: for tools/freeze_transforms.py and tests/test_transforms.py.

`evaluate(...)` runs them with torchvision's modules or ours and gives {name: text or numbers}; of
an array: its dtype, its shape, and a few of its elements, at the same places each time.
"""

import numpy as np
from PIL import Image

H, W = 20, 24
BOXES = [[1, 2, 5, 8], [3, 4, 22, 19], [0, 0, 24, 20]]
POINTS = [[3, 4], [10, 12], [23, 19]]
_rng = np.random.RandomState(0)
U8 = _rng.randint(0, 256, (3, H, W)).astype(np.uint8)
GRAY = _rng.randint(30, 200, (1, H, W)).astype(np.uint8)
FLOATS = _rng.rand(3, H, W).astype(np.float32)
MASK = _rng.randint(0, 3, (H, W)).astype(np.uint8)
MASKS = _rng.rand(2, H, W) > 0.5
CORNERS = [[0, 0], [23, 0], [23, 19], [0, 19]]
ENDS = [[2, 3], [20, 1], [22, 18], [1, 15]]
GEOMETRY = "img mask masks b bf bw bi k".split()
COLORS = "img b k mask".split()


def shown(x):
    """[dtype, shape, elements] of an array; a text of anything else."""
    if isinstance(x, (str, type(None), bool, int)):
        return str(x)
    a = np.asarray(x)
    flat = a.reshape(-1)
    places = np.linspace(0, flat.size - 1, min(flat.size, 9)).astype(int) if flat.size else []
    return [a.dtype.name, list(a.shape), [float(f"{float(flat[i]):.6g}") for i in places]]


def about(x):
    """What kind of tensor a result is."""
    text = type(x).__name__ + str(tuple(getattr(x, "canvas_size", "")))
    return text + (x.format.name if hasattr(x, "clamping_mode") else "")


def put(found, name, x):
    if isinstance(x, (tuple, list)):
        for i, item in enumerate(x):
            put(found, f"{name}.{i}", item)
    elif isinstance(x, dict):
        for k, item in x.items():
            put(found, f"{name}.{k}", item)
    else:
        found[name] = [shown(x), about(x)]


def sample(torch, tv, F):
    def boxes(format, **more):
        made = tv.BoundingBoxes(torch.tensor(BOXES, **more), format="XYXY", canvas_size=(H, W))
        return F.convert_bounding_box_format(made, new_format=format)

    return {
        "img": tv.Image(torch.from_numpy(U8.copy())),
        "gray": torch.from_numpy(GRAY.copy()),
        "fl": torch.from_numpy(FLOATS.copy()),
        "pil": Image.fromarray(U8.transpose(1, 2, 0)),
        "mask": tv.Mask(torch.from_numpy(MASK.copy())),
        "masks": tv.Mask(torch.from_numpy(MASKS.copy())),
        "b": boxes("XYXY"),
        "bf": boxes("XYXY", dtype=torch.float32),
        "bw": boxes("XYWH", dtype=torch.float32),
        "bc": boxes("CXCYWH", dtype=torch.float32),
        "bi": boxes("CXCYWH"),
        "k": tv.KeyPoints(torch.tensor(POINTS), canvas_size=(H, W)),
        "vid": tv.Video(torch.from_numpy(np.stack([U8, 255 - U8]))),
    }


def functionals(torch, F):
    """{name: f(input)} of v2.functional."""
    mode = F.InterpolationMode
    moves = (np.random.RandomState(1).rand(1, H, W, 2) * 0.2 - 0.1).astype(np.float32)
    return {
        "hflip": F.horizontal_flip,
        "vflip": F.vertical_flip,
        "crop": lambda x: F.crop(x, 2, 3, 10, 12),
        "crop outside": lambda x: F.crop(x, -2, -3, 30, 32),
        "pad": lambda x: F.pad(x, [1, 2, 3, 4]),
        "resize": lambda x: F.resize(x, [10, 48]),
        "resize short": lambda x: F.resize(x, [11]),
        "resize long": lambda x: F.resize(x, None, max_size=40),
        "rotate": lambda x: F.rotate(x, 30.0),
        "rotate expand": lambda x: F.rotate(x, 30.0, mode.BILINEAR, expand=True),
        "affine": lambda x: F.affine(x, 20.0, [1, 2], 1.2, [3.0, 4.0]),
        "affine center": lambda x: F.affine(
            x, 20.0, [1, 2], 1.2, [3.0, 4.0], mode.BILINEAR, fill=0.0, center=[3.0, 4.0]
        ),
        "perspective": lambda x: F.perspective(x, CORNERS, ENDS),
        "perspective nearest": lambda x: F.perspective(x, CORNERS, ENDS, mode.NEAREST, fill=[9.0]),
        "elastic": lambda x: F.elastic(x, torch.from_numpy(moves)),
        "center_crop": lambda x: F.center_crop(x, [10, 30]),
        "resized_crop": lambda x: F.resized_crop(x, 2, 3, 10, 12, [20, 20]),
        "get_size": F.get_size,
    }


def color_functionals(F):
    def solarize(x):
        return F.solarize(x, 0.5 if hasattr(x, "dim") and x.is_floating_point() else 100)

    return {
        "brightness": lambda x: F.adjust_brightness(x, 1.3),
        "contrast": lambda x: F.adjust_contrast(x, 1.4),
        "saturation": lambda x: F.adjust_saturation(x, 0.6),
        "hue": lambda x: F.adjust_hue(x, 0.2),
        "gamma": lambda x: F.adjust_gamma(x, 1.5),
        "sharpness": lambda x: F.adjust_sharpness(x, 2.3),
        "autocontrast": F.autocontrast,
        "equalize": F.equalize,
        "posterize": lambda x: F.posterize(x, 3),
        "solarize": solarize,
        "invert": F.invert,
        "blur": lambda x: F.gaussian_blur(x, [3, 5], [1.0, 2.0]),
    }


def transforms(torch, v2, tv):
    """(name, f() -> transform, keys of the sample) of v2."""
    made = [
        ("RandomHorizontalFlip()", GEOMETRY),
        ("RandomVerticalFlip(0.7)", GEOMETRY),
        ("RandomResizedCrop(8)", GEOMETRY),
        ("RandomCrop(8)", GEOMETRY),
        ("RandomCrop((30, 10), padding=2, pad_if_needed=True)", GEOMETRY),
        ("CenterCrop(10)", GEOMETRY),
        ("Resize(10)", GEOMETRY),
        ("Pad([1, 2], fill={tv.Mask: 7, 'others': 3})", GEOMETRY),
        ("RandomZoomOut()", GEOMETRY),
        ("RandomRotation(40)", GEOMETRY),
        ("RandomAffine(30, (0.1, 0.2), (0.8, 1.2), 5)", GEOMETRY),
        ("RandomPerspective()", GEOMETRY),
        ("ElasticTransform(20.0, 3.0)", GEOMETRY),
        ("RandomIoUCrop()", ["img", "b", "masks"]),
        ("ScaleJitter((30, 30))", GEOMETRY),
        ("RandomShortestSize([10, 15, 18], 30)", GEOMETRY),
        ("RandomResize(10, 18)", GEOMETRY),
        ("RandomErasing()", ["img"]),
        ("RandomErasing(value='random')", ["img"]),
        ("ColorJitter(0.3, 0.3, 0.3, 0.1)", COLORS),
        ("Grayscale()", COLORS),
        ("RandomGrayscale(0.5)", COLORS),
        ("RGB()", COLORS),
        ("RandomChannelPermutation()", COLORS),
        ("RandomPhotometricDistort()", COLORS),
        ("RandomEqualize()", COLORS),
        ("RandomInvert()", COLORS),
        ("RandomAutocontrast()", COLORS),
        ("RandomPosterize(3)", COLORS),
        ("RandomSolarize(100)", COLORS),
        ("RandomAdjustSharpness(2)", COLORS),
        ("GaussianBlur(3)", COLORS),
        ("GaussianNoise()", COLORS),
        ("Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])", ["fl", "b"]),
        ("ToDtype(torch.float32, scale=True)", COLORS),
        ("ToDtype({tv.Mask: torch.int64, 'others': None})", COLORS),
        ("ConvertImageDtype()", COLORS),
        ("ToImage()", ["pil", "b"]),
        ("PILToTensor()", ["pil", "b"]),
        ("ToPureTensor()", GEOMETRY),
        ("ConvertBoundingBoxFormat('cxcywh')", ["img", "bf", "bw"]),
        ("ClampBoundingBoxes()", GEOMETRY),
        ("ClampKeyPoints()", GEOMETRY),
        ("SetClampingMode(None)", GEOMETRY),
        ("Compose([v2.RandomCrop(10), v2.RandomHorizontalFlip()])", GEOMETRY),
        ("RandomApply([v2.RandomCrop(10)], 0.5)", GEOMETRY),
        ("RandomChoice([v2.RandomCrop(10), v2.CenterCrop(4)])", GEOMETRY),
        ("RandomOrder([v2.CenterCrop(9), v2.RandomHorizontalFlip(1.0)])", GEOMETRY),
        ("AutoAugment()", ["img"]),
        ("AutoAugment(v2.AutoAugmentPolicy.CIFAR10)", ["img"]),
        ("AutoAugment(v2.AutoAugmentPolicy.SVHN)", ["img"]),
        ("RandAugment()", ["fl"]),
        ("TrivialAugmentWide()", ["img"]),
        ("TrivialAugmentWide()", ["pil"]),
        ("AugMix()", ["img"]),
        ("FiveCrop(8)", ["img"]),
        ("TenCrop(8)", ["img"]),
        ("Identity()", GEOMETRY),
        ("UniformTemporalSubsample(1)", ["vid"]),
    ]
    names = {"v2": v2, "torch": torch, "tv": tv}
    return [
        (f"{text} {keys[0]}", lambda t=text: eval("v2." + t, names), keys) for text, keys in made
    ]


def old_transforms(T):
    """(name, f() -> transform) of v1."""
    policy = T.AutoAugmentPolicy
    return [
        ("RandomPerspective", lambda: T.RandomPerspective(0.5, 0.7)),
        ("RandomPosterize", lambda: T.RandomPosterize(3)),
        ("RandomSolarize", lambda: T.RandomSolarize(100)),
        ("RandomAdjustSharpness", lambda: T.RandomAdjustSharpness(2)),
        ("RandomAutocontrast", T.RandomAutocontrast),
        ("RandomEqualize", T.RandomEqualize),
        ("ElasticTransform", lambda: T.ElasticTransform(20.0, 3.0)),
        ("FiveCrop", lambda: T.FiveCrop(8)),
        ("TenCrop", lambda: T.TenCrop((8, 9))),
        *[(f"AutoAugment {p.value}", lambda p=p: T.AutoAugment(p)) for p in policy],
        ("RandAugment", lambda: T.RandAugment(2, 9)),
        ("TrivialAugmentWide", T.TrivialAugmentWide),
        ("AugMix", T.AugMix),
        ("AugMix short", lambda: T.AugMix(5, 2, 2, all_ops=False)),
    ]


def evaluate(torch, T, v2, tv, U):
    """{name: what it gave}; T: transforms, U: utils."""
    F = v2.functional
    found = {}

    def attempt(name, f):
        try:
            put(found, name, f())
        except (RuntimeError, TypeError, ValueError) as e:
            found[name] = type(e).__name__

    for name, f in functionals(torch, F).items():
        for key, x in sample(torch, tv, F).items():
            attempt(f"F {name} {key}", lambda f=f, x=x: f(x))
    for name, f in color_functionals(F).items():
        for key in ("img", "gray", "fl", "pil", "vid", "b"):
            attempt(f"F {name} {key}", lambda f=f, k=key: f(sample(torch, tv, F)[k]))
    for name, make, keys in transforms(torch, v2, tv):
        torch.manual_seed(5)
        t = make()
        found[f"repr {name}"] = repr(t)
        for i in range(2):
            x = {k: sample(torch, tv, F)[k] for k in keys}
            attempt(f"v2 {name} {i}", lambda t=t, x=x: t(x))
    for name, make in old_transforms(T):
        found[f"v1 repr {name}"] = repr(make())
        for key in ("img", "gray", "pil"):
            torch.manual_seed(5)
            t = make()
            x = sample(torch, tv, F)[key]
            x = torch.from_numpy(U8.copy()) if key == "img" else x
            for i in range(2):
                attempt(f"v1 {name} {key} {i}", lambda t=t, x=x: t(x))
    batch = torch.from_numpy(np.random.RandomState(4).rand(4, 3, 8, 8).astype(np.float32))
    for name, kind in (("MixUp", v2.MixUp), ("CutMix", v2.CutMix)):
        for labels in (torch.tensor([0, 1, 2, 1]), torch.eye(4)):
            torch.manual_seed(3)
            t = kind(alpha=0.7, num_classes=4)
            attempt(f"{name} {labels.dim()}", lambda t=t, y=labels: [t(batch, y), t(batch, y)])
    boxes = torch.tensor([[1.0, 2, 5, 8], [3, 4, 3.2, 9], [-1, 0, 5, 5], [0, 0, 24, 20]])
    whole = {
        "img": tv.Image(torch.from_numpy(U8)),
        "boxes": tv.BoundingBoxes(boxes, format="XYXY", canvas_size=(H, W)),
        "labels": torch.arange(4),
        "masks": tv.Mask(torch.zeros(4, H, W)),
    }
    attempt("SanitizeBoundingBoxes", lambda: v2.SanitizeBoundingBoxes()(whole))
    attempt("sanitize", lambda: F.sanitize_bounding_boxes(whole["boxes"]))
    drawings(torch, U, attempt)
    return found


def drawings(torch, U, attempt):
    rng = np.random.RandomState(0)
    pictures = {
        "u8": rng.randint(0, 256, (3, 40, 48)).astype(np.uint8),
        "fl": rng.rand(3, 40, 48).astype(np.float32),
        "g": rng.randint(0, 256, (1, 40, 48)).astype(np.uint8),
    }
    boxes = torch.tensor([[2.0, 3, 20, 30], [10, 5, 40, 20], [0, 0, 5, 5]])
    masks = torch.from_numpy(rng.rand(3, 40, 48) > 0.6)
    points = torch.tensor([[[5.0, 6], [20, 22], [30, 10]], [[1, 1], [2, 30], [40, 35]]])
    seen = torch.tensor([[True, True, False], [True, False, True]])
    colors = ["red", "#00ff00", (1, 2, 3)]
    for key, a in pictures.items():
        x = torch.from_numpy(a)
        calls = {
            "boxes": lambda x=x: U.draw_bounding_boxes(x, boxes),
            "labels": lambda x=x: U.draw_bounding_boxes(
                x, boxes, labels=["a", "bc", "d"], colors=colors, fill=True, width=2
            ),
            "filled": lambda x=x: U.draw_bounding_boxes(
                x, boxes, labels=["a", "bc", "d"], fill_labels=True, label_colors="white"
            ),
            "masks": lambda x=x: U.draw_segmentation_masks(x, masks),
            "mask": lambda x=x: U.draw_segmentation_masks(x, masks[0], alpha=0.3, colors="red"),
            "points": lambda x=x: U.draw_keypoints(x, points, [(0, 1), (1, 2)], "blue", 3, 2),
            "seen": lambda x=x: U.draw_keypoints(x, points, [(0, 1)], visibility=seen),
        }
        for name, f in calls.items():
            attempt(f"draw {name} {key}", f)
    flow = torch.from_numpy(rng.randn(2, 2, 9, 10).astype(np.float32))
    attempt("flow", lambda: U.flow_to_image(flow))
    attempt("flow of one", lambda: U.flow_to_image(flow[0]))
    attempt(
        "exchanged", lambda: U.draw_bounding_boxes(torch.from_numpy(U8), boxes[:, [2, 1, 0, 3]])
    )
