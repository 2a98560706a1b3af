"""torchvision.transforms, transforms.v2, tv_tensors, utils, io: numbers and draws of torchvision.

The frozen record is made by tools/freeze_transforms.py.
"""

import copy
import json
import warnings

import numpy as np
import pytest
import transform_cases as cases

import rushlight as torch
from rushlight.vision import io, tv_tensors, utils
from rushlight.vision import transforms as T
from rushlight.vision.transforms import v2

# torchvision resizes bytes to bytes and blends floats; one unit in the last place of a byte
NEARLY = ("RandomPhotometricDistort", "AugMix", "AutoAugment", "RandAugment")
# nearest pixels: a place exactly between two goes to the other one
TIES = 0.12


@pytest.fixture(scope="module")
def found():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cases.evaluate(torch, T, v2, tv_tensors, utils)


@pytest.fixture(scope="module")
def wanted(request):
    path = request.path.parent / "frozen" / "transforms.json"
    record = json.loads(path.read_text())
    assert record.pop("made by").startswith("tools/freeze_transforms.py: PyTorch 2.13.0")
    return record


def test_every_case_is_there(found, wanted):
    assert sorted(found) == sorted(wanted)


def differs(name, ours, theirs):
    if isinstance(theirs, str) or isinstance(theirs[0], str):
        return ours != theirs
    (kind, shape, values), about = theirs
    if isinstance(ours, str) or ours[1] != about or ours[0][:2] != [kind, shape]:
        return True
    gaps = np.abs(np.array(ours[0][2]) - np.array(values))
    if kind.startswith("float"):
        return bool((gaps > 1e-4 * np.maximum(1, np.abs(values))).any())
    loose = any(word in name for word in NEARLY)
    return bool((gaps > (1 if loose else 0)).sum() > (TIES * len(gaps) if loose else 0))


@pytest.mark.parametrize("kind", ["F ", "repr ", "v2 ", "v1 ", "MixUp", "CutMix", "", "draw "])
def test_as_torchvision(found, wanted, kind):
    """Numbers, dtypes, shapes, kinds, texts and draws."""
    known = ("F ", "repr ", "v2 ", "v1 ", "MixUp", "CutMix", "draw ")
    names = [n for n in wanted if (n.startswith(kind) if kind else not n.startswith(known))]
    assert names
    wrong = [n for n in names if differs(n, found.get(n, "missing"), wanted[n])]
    assert {n: (found.get(n), wanted[n]) for n in wrong} == {}


def test_tv_tensors_keep_and_lose_their_class():
    boxes = tv_tensors.BoundingBoxes([[1, 2, 5, 8]], format="XYXY", canvas_size=(20, 24))
    assert repr(boxes) == (
        "BoundingBoxes([[1, 2, 5, 8]], format=BoundingBoxFormat.XYXY, canvas_size=(20, 24), "
        "clamping_mode=soft)"
    )
    for kept in (boxes.clone(), boxes.to(torch.float32), boxes.detach(), copy.deepcopy(boxes)):
        assert type(kept) is tv_tensors.BoundingBoxes and kept.canvas_size == (20, 24)
    assert type(boxes + 1) is torch.Tensor and type(boxes[0]) is torch.Tensor
    other = tv_tensors.wrap(torch.ones(1, 4), like=boxes, canvas_size=(3, 4))
    assert other.canvas_size == (3, 4) and other.format is boxes.format
    assert type(tv_tensors.Image(torch.zeros(2, 3))) is tv_tensors.Image
    assert tv_tensors.Image(torch.zeros(2, 3)).shape == (1, 2, 3)
    with pytest.raises(ValueError, match="should be floating point"):
        tv_tensors.BoundingBoxes([[1, 2, 3, 4, 5]], format="XYWHR", canvas_size=(2, 2))
    with pytest.raises(ValueError, match="clamping_mode must be None, soft or hard"):
        tv_tensors.BoundingBoxes(
            [[1, 2, 3, 4]], format="XYXY", canvas_size=(2, 2), clamping_mode="x"
        )


def test_set_return_type(in_python):
    """In a process of its own: from then on all functions look at classes."""
    code = (
        "import rushlight as torch\n"
        "from rushlight.vision import tv_tensors as tv\n"
        "x = tv.Image(torch.ones(1, 2, 2))\n"
        "with tv.set_return_type('TVTensor'):\n"
        "    print(type(x + 1).__name__, end=' ')\n"
        "print(type(x + 1).__name__)"
    )
    assert in_python(code) == "Image Tensor"


def test_the_first_plain_tensor_is_the_image_and_labels_stay():
    image, label = torch.arange(8).reshape(1, 2, 4), torch.tensor([1, 2])
    out, same = v2.RandomHorizontalFlip(1.0)(image, label)
    assert out.tolist() == [[[3, 2, 1, 0], [7, 6, 5, 4]]] and same is label
    sample = {"a": tv_tensors.Image(image), "b": image, "c": ("text", None)}
    out = v2.RandomHorizontalFlip(1.0)(sample)
    assert out["b"] is image and out["c"] == ("text", None)
    assert out["a"].tolist() == [[[3, 2, 1, 0], [7, 6, 5, 4]]]


def test_own_transforms_and_kernels():
    class Add(v2.Transform):
        _transformed_types = (tv_tensors.Mask,)

        def make_params(self, flat_inputs):
            return {"n": len(flat_inputs)}

        def transform(self, inpt, params):
            return inpt + params["n"]

    image, mask = torch.zeros(1, 2, 2), tv_tensors.Mask(torch.zeros(2, 2))
    out = Add()(image, mask)
    assert out[0] is image and out[1].tolist() == [[1, 1], [1, 1]]

    class Mine(tv_tensors.TVTensor):
        pass

    @v2.functional.register_kernel(v2.functional.horizontal_flip, Mine)
    def flipped(inpt):
        return -inpt

    out = v2.RandomHorizontalFlip(1.0)(torch.ones(2).as_subclass(Mine))
    assert type(out) is Mine and out.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: v2.Resize([1, 2, 3]), ValueError, "size can be an integer, a sequence of one or"),
        (lambda: v2.RandomHorizontalFlip(2.0), ValueError, "`p` should be a floating point value"),
        (lambda: v2.Compose([]), ValueError, "Pass at least one transform"),
        (lambda: v2.SanitizeBoundingBoxes()(torch.ones(1)), ValueError, "Could not infer where"),
        (lambda: v2.MixUp()(torch.ones(2, 3, 4, 4), torch.ones(2)), ValueError, "num_classes must"),
        (
            lambda: v2.functional.crop("x", 1, 1, 1, 1),
            TypeError,
            "Functional F.crop supports inputs",
        ),
        (lambda: v2.AugMix(severity=11), ValueError, "The severity must be between"),
        (lambda: T.ElasticTransform(sigma=[1, 2, 3]), ValueError, "If sigma is a sequence its len"),
        (lambda: T.AutoAugment(3), ValueError, "The provided policy 3 is not recognized"),
        (lambda: T.FiveCrop((1, 2, 3)), ValueError, "Please provide only two dimensions"),
        (
            lambda: T.LinearTransformation(torch.ones(2, 3), torch.ones(2)),
            ValueError,
            "transformation_matrix should be square",
        ),
        (
            lambda: v2.functional.convert_bounding_box_format(
                torch.ones(1, 5), old_format="XYWHR", new_format="XYXY"
            ),
            NotImplementedError,
            "boxes of format XYWHR are not supported",
        ),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_functions_of_one_kind_of_input():
    F = v2.functional
    x = torch.arange(12).reshape(1, 3, 4)
    assert torch.equal(F.crop_image(x, 0, 1, 2, 2), x[:, :2, 1:3])
    assert torch.equal(F.horizontal_flip_mask(x[0]), x[0].flip(1))
    assert F.resize_video(torch.zeros(2, 3, 4, 4), [2, 2]).shape == (2, 3, 2, 2)
    with pytest.raises(AttributeError, match="has no attribute 'crop_bounding_bxes'"):
        _ = F.crop_bounding_bxes


def test_whitening():
    m = np.random.RandomState(3).rand(12, 12).astype(np.float32)
    t = T.LinearTransformation(torch.from_numpy(m), torch.from_numpy(m[0].copy()))
    x = torch.from_numpy(m[:2].reshape(2, 3, 2, 2).copy())
    assert np.allclose(t(x).numpy().reshape(2, 12), (m[:2] - m[0]) @ m, rtol=1e-5, atol=1e-5)
    assert v2.LinearTransformation(torch.from_numpy(m), torch.zeros(12))(x).shape == (2, 3, 2, 2)


def test_images_in_files(tmp_path):
    from PIL import Image

    x = torch.from_numpy(cases.U8)
    path = str(tmp_path / "a.png")
    io.write_png(x, path)
    assert np.array_equal(np.asarray(Image.open(path)), cases.U8.transpose(1, 2, 0))
    assert torch.equal(io.read_image(path), x)
    assert torch.equal(io.decode_png(io.read_file(path)), x)
    gray = io.read_image(path, io.ImageReadMode.GRAY)
    assert np.array_equal(gray[0].numpy(), np.asarray(Image.open(path).convert("L")))
    assert io.decode_image(io.encode_png(x), "RGB_ALPHA")[3].unique().tolist() == [255]
    one = torch.from_numpy(cases.GRAY)
    assert torch.equal(io.decode_image(io.encode_png(one)), one)
    io.write_jpeg(x, str(tmp_path / "a.jpg"), 90)
    with Image.open(tmp_path / "a.jpg") as picture:
        pixels = np.asarray(picture).transpose(2, 0, 1)
    assert np.array_equal(io.read_image(tmp_path / "a.jpg").numpy(), pixels)
    assert torch.equal(io.decode_jpeg([io.encode_jpeg(x, 90)])[0], torch.from_numpy(pixels.copy()))
    frames = [Image.fromarray(np.full((4, 5, 3), v, np.uint8)) for v in (0, 255)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert io.read_image(tmp_path / "a.gif")[:, 0, 0, 0].tolist() == [0, 255]
    turned = Image.fromarray(cases.U8.transpose(1, 2, 0))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "t.png", exif=exif)
    assert io.read_image(tmp_path / "t.png").shape == (3, 20, 24)
    assert io.read_image(tmp_path / "t.png", apply_exif_orientation=True).shape == (3, 24, 20)
    with pytest.raises(RuntimeError, match="Unsupported image file"):
        io.decode_image(torch.zeros(10, dtype=torch.uint8))
    with pytest.raises(RuntimeError, match="dtype should be uint8"):
        io.encode_png(torch.zeros(3, 2, 2))
    with pytest.raises(ValueError, match="between 1 and 100"):
        io.encode_jpeg(x, 0)
    with pytest.raises(RuntimeError, match="Compression level should be between 0 and 9"):
        io.encode_png(x, 10)
