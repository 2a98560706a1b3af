"""vision.transforms, on PIL images, tensors and whole batches; vision.utils."""

import json
import random

import numpy as np
import pytest
from PIL import Image

import rushlight as torch
from rushlight.utils.data import DataLoader, Dataset, Subset
from rushlight.vision import datasets, transforms, utils
from rushlight.vision.transforms import InterpolationMode
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms.batch import whole_batch

# A smooth picture (40, 52, 3), so that methods that differ in rounding agree within a level.
Y, X = np.mgrid[0:40, 0:52]
PIXELS = np.stack([128 + 100 * np.sin(X / 7 + c) * np.cos(Y / 5 - c) for c in range(3)], -1).astype(
    np.uint8
)


@pytest.fixture
def picture():
    return Image.fromarray(PIXELS)


@pytest.fixture
def tensor():
    return torch.from_numpy(PIXELS.transpose(2, 0, 1).copy())


def pixels(image):
    """The numbers of a PIL image or a tensor, (C, H, W)."""
    if isinstance(image, torch.Tensor):
        return image.numpy().astype(int)
    x = np.asarray(image).astype(int)
    return x[None] if x.ndim == 2 else x.transpose(2, 0, 1)


# ---------------------------------------------------------------- whole batches


class Slow(Dataset):
    """The same samples, through PIL images, one by one."""

    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __getitem__(self, i):
        image = Image.fromarray(self.dataset.data[i].numpy())
        return self.transform(image), int(self.dataset.targets[i])

    def __len__(self):
        return len(self.dataset)


@pytest.mark.parametrize(
    "transform",
    [
        transforms.ToTensor(),
        transforms.PILToTensor(),
        transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.13,), (0.3,))]),
        transforms.Compose([transforms.PILToTensor(), transforms.ConvertImageDtype(torch.float64)]),
        transforms.Compose([transforms.Pad(2), transforms.ToTensor()]),
    ],
)
def test_whole_batches_are_the_images_one_by_one(transform):
    digits = datasets.Digits(transform=transform)
    for dataset in (digits, Subset(digits, [5, 3, 800])):
        fast = next(iter(DataLoader(dataset, 3)))
        chosen = range(3) if dataset is digits else dataset.indices
        slow = next(iter(DataLoader(Subset(Slow(digits, transform), list(chosen)), 3)))
        for a, b in zip(fast, slow, strict=True):
            assert a.dtype == b.dtype and torch.equal(a, b)
        image, target = dataset[2]
        assert torch.equal(image, fast[0][2]) and target == fast[1][2]


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_random_whole_batches_draw_as_the_images_one_by_one(num_workers):
    flip, upside_down = transforms.RandomHorizontalFlip(0.4), transforms.RandomVerticalFlip()
    chains = [
        [transforms.RandomCrop(8, padding=2), flip, transforms.ToTensor()],
        [transforms.ToTensor(), transforms.RandomCrop((6, 5)), upside_down],
        [transforms.Pad(1), transforms.CenterCrop(7), flip, transforms.PILToTensor(), upside_down],
        [transforms.RandomCrop(8, 3, fill=9, padding_mode="reflect"), transforms.ToTensor()],
        [transforms.RandomCrop(8), flip, transforms.ToTensor(), transforms.Normalize([0.5], [2])],
    ]
    for chain in chains:
        digits = datasets.Digits(transform=transforms.Compose(chain))
        several = list(range(20))
        loaders = [
            DataLoader(Subset(dataset, several), 6, shuffle=True, num_workers=num_workers)
            for dataset in (digits, Slow(digits, digits.transform))
        ]
        drawn = []
        for loader in loaders:
            torch.manual_seed(3)
            drawn.append((list(loader), torch.rand(1).item()))
        (fast, fast_next), (slow, slow_next) = drawn
        assert whole_batch(digits.transform, (8, 8)) is not None
        assert fast_next == slow_next and len(fast) == len(slow) == 4
        for a, b in zip(fast, slow, strict=True):
            assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1])


def test_a_batch_leaves_the_data_as_they_are():
    digits = datasets.Digits(transform=transforms.PILToTensor())
    before = digits.data.clone()
    next(iter(DataLoader(digits, 4)))[0].fill_(1)
    digits[0][0].fill_(1)
    assert torch.equal(digits.data, before)


def test_transforms_and_data_sets_of_one_s_own_are_obeyed():
    class Half(transforms.ToTensor):
        def __call__(self, image):
            return super().__call__(image) / 2

    class Named(datasets.Digits):
        def __getitem__(self, i):
            return f"digit {i}"

    plain = datasets.Digits(transform=transforms.ToTensor())
    halved = next(iter(DataLoader(datasets.Digits(transform=Half()), 2)))[0]
    assert torch.equal(halved * 2, next(iter(DataLoader(plain, 2)))[0])
    assert next(iter(DataLoader(Named(transform=transforms.ToTensor()), 2))) == [
        "digit 0",
        "digit 1",
    ]
    named = datasets.Digits(transform=transforms.ToTensor(), target_transform=lambda t: t + 100)
    assert next(iter(DataLoader(named, 2)))[1].tolist() == [100, 101]


# ---------------------------------------------------------------- conversions


def test_to_tensor(picture, tensor):
    x = F.to_tensor(picture)
    assert x.dtype == torch.float32 and x.shape == (3, 40, 52) and x.is_contiguous()
    assert torch.equal(x, tensor.to(torch.float32) / 255)
    assert torch.equal(F.to_tensor(PIXELS), x)
    assert F.to_tensor(PIXELS[:, :, 0]).shape == (1, 40, 52)
    assert F.to_tensor(np.ones((2, 3), np.int16)).dtype == torch.int16
    assert F.to_tensor(Image.new("1", (2, 2), 1)).tolist() == [[[1, 1], [1, 1]]]
    assert F.to_tensor(Image.new("I", (2, 2), 70000)).dtype == torch.int32
    assert F.to_tensor(Image.new("F", (2, 2), 0.5)).tolist() == [[[0.5, 0.5], [0.5, 0.5]]]
    assert torch.equal(F.pil_to_tensor(picture), tensor)
    with pytest.raises(TypeError, match=r"pic should be PIL Image or ndarray\. Got <class 'int'>"):
        F.to_tensor(3)
    with pytest.raises(ValueError, match=r"pic should be 2/3 dimensional\. Got 1 dimensions\."):
        F.to_tensor(np.ones(3))
    with pytest.raises(TypeError, match="pic should be PIL Image"):
        F.pil_to_tensor(PIXELS)


def test_to_pil_image(picture, tensor):
    for source in (tensor, PIXELS, F.to_tensor(picture)):
        image = F.to_pil_image(source)
        assert image.mode == "RGB" and (np.asarray(image) == PIXELS).all()
    assert F.to_pil_image(tensor[0]).mode == F.to_pil_image(tensor[:1]).mode == "L"
    assert F.to_pil_image(torch.zeros(4, 2, 2)).mode == "RGBA"
    assert F.to_pil_image(torch.zeros(3, 2, 2), "HSV").mode == "HSV"
    assert F.to_pil_image(torch.ones(1, 2, 2), "F").getpixel((0, 0)) == 1.0
    assert F.to_pil_image(torch.zeros(1, 2, 2, dtype=torch.int32)).mode == "I"
    for bad, error, text in (
        (3, TypeError, "pic should be Tensor or ndarray. Got <class 'int'>"),
        (torch.ones(2), ValueError, "pic should be 2/3 dimensional. Got 1 dimensions"),
        (torch.ones(5, 2, 2), ValueError, "pic should not have > 4 channels. Got 5 channels"),
        (np.ones((2, 2, 3)), TypeError, "Input type float64 is not supported"),
    ):
        with pytest.raises(error, match=text):
            F.to_pil_image(bad)
    with pytest.raises(ValueError, match=r"Only modes \['RGB', 'YCbCr', 'HSV'\] are supported"):
        F.to_pil_image(tensor, "L")


def test_convert_image_dtype():
    x = torch.tensor([[0, 128, 255]], dtype=torch.uint8)
    assert F.convert_image_dtype(x, torch.float32).tolist() == [[0, np.float32(128 / 255), 1]]
    assert F.convert_image_dtype(x, torch.int16).tolist() == [[0, 16384, 32640]]
    back = F.convert_image_dtype(torch.tensor([[0, 0.5, 1.0]]), torch.uint8)
    assert back.tolist() == [[0, 127, 255]] and back.dtype == torch.uint8
    wide = torch.tensor([[0, 2**30]], dtype=torch.int32)
    assert F.convert_image_dtype(wide, torch.uint8).tolist() == [[0, 128]]
    with pytest.raises(RuntimeError, match=r"float32 to torch\.int64 cannot be"):
        F.convert_image_dtype(torch.ones(1, 1), torch.int64)


def test_normalize(tensor):
    x = F.to_tensor(PIXELS)
    mean, std = [0.1, 0.2, 0.3], [0.5, 0.6, 0.7]
    y = transforms.Normalize(mean, std)(x)
    wanted = x.numpy() - np.float32(mean)[:, None, None]
    wanted /= np.float32(std)[:, None, None]
    assert (y.numpy() == wanted).all()
    assert transforms.Normalize(mean, std, inplace=True)(x) is x and torch.equal(x, y)
    leaf = torch.ones(3, 2, 2, requires_grad=True)
    F.normalize(leaf, mean, std).sum().backward()
    assert leaf.grad[:, 0, 0].tolist() == (1 / torch.tensor(std)).tolist()
    for bad, error, text in (
        (PIXELS, TypeError, "img should be Tensor Image. Got <class 'numpy.ndarray'>"),
        (tensor, TypeError, "should be a float tensor. Got torch.uint8"),
        (torch.ones(2, 2), ValueError, r"size \(\.\.\., C, H, W\)"),
    ):
        with pytest.raises(error, match=text):
            F.normalize(bad, mean, std)
    with pytest.raises(ValueError, match=r"zero after conversion to torch\.float32, leading to"):
        F.normalize(x, mean, [0.5, 0, 1])


# ---------------------------------------------------------------- size and place


def test_resize_of_tensors_is_pytorch_s_interpolate(frozen):
    image, wanted = json.loads((frozen / "loader.json").read_text())["resized"]
    image = torch.tensor(image)
    for name, numbers in wanted.items():
        mode, antialias, height, width = name.split()
        size = (int(height), int(width))
        found = F.resize(image, size, InterpolationMode(mode), antialias=antialias == "True")
        assert np.allclose(found.numpy(), numbers, rtol=1.3e-6, atol=1e-6), name


@pytest.mark.parametrize("size", [(20, 30), 15, (80, 60), (7, 9)])
@pytest.mark.parametrize("mode", [InterpolationMode.BILINEAR, InterpolationMode.BICUBIC])
def test_resize_of_tensors_is_pillow_s(picture, tensor, size, mode):
    a, b = pixels(F.resize(picture, size, mode)), pixels(F.resize(tensor, size, mode))
    assert a.shape == b.shape and abs(a - b).max() <= 1


def test_resize_sizes(picture, tensor):
    for image in (picture, tensor):
        for size, max_size, wanted in (
            (20, None, [26, 20]),
            ([20], None, [26, 20]),
            ((30, 10), None, [10, 30]),
            (20, 24, [24, 18]),
            (40, None, [52, 40]),
        ):
            assert F.get_image_size(F.resize(image, size, max_size=max_size)) == wanted
    assert F.resize(tensor, 40) is tensor
    with pytest.raises(ValueError, match="must be strictly greater than the requested size"):
        F.resize(tensor, 20, max_size=20)
    with pytest.raises(ValueError, match="unsupported with Tensor input: lanczos"):
        F.resize(tensor, 20, InterpolationMode.LANCZOS)
    with pytest.raises(ValueError, match="it should have 1 or 2 values"):
        transforms.Resize((1, 2, 3))


SAME = {
    "crop": lambda x: F.crop(x, 3, 5, 20, 30),
    "crop outside": lambda x: F.crop(x, -3, 5, 20, 60),
    "center": lambda x: F.center_crop(x, 21),
    "center outside": lambda x: F.center_crop(x, (60, 20)),
    "hflip": F.hflip,
    "vflip": F.vflip,
    "pad": lambda x: F.pad(x, 3, 7),
    "pad edge": lambda x: F.pad(x, (2, 5), padding_mode="edge"),
    "pad reflect": lambda x: F.pad(x, (1, 2, 3, 4), padding_mode="reflect"),
    "pad symmetric": lambda x: F.pad(x, [4], padding_mode="symmetric"),
    "rotate": lambda x: F.rotate(x, 30, fill=0),
    "rotate 90": lambda x: F.rotate(x, 90, expand=True, fill=0),
    "rotate expand": lambda x: F.rotate(x, -12.5, expand=True, fill=0),
    "affine": lambda x: F.affine(x, 20, (3, -4), 1.2, (5, 3), fill=0),
    "brightness": lambda x: F.adjust_brightness(x, 1.3),
    "invert": F.invert,
    "blur": lambda x: F.gaussian_blur(x, 5, 1.5),
}
NEARLY = {  # Pillow computes these in whole numbers
    "contrast": (lambda x: F.adjust_contrast(x, 0.6), 1),
    "saturation": (lambda x: F.adjust_saturation(x, 1.7), 1),
    "grayscale": (lambda x: F.rgb_to_grayscale(x, 3), 1),
    "hue": (lambda x: F.adjust_hue(x, 0.2), 4),
}


@pytest.mark.parametrize("name", SAME)
def test_tensors_and_pil_images_agree(picture, tensor, name):
    a, b = pixels(SAME[name](picture)), pixels(SAME[name](tensor))
    assert a.shape == b.shape and (a == b).all()


@pytest.mark.parametrize("name", NEARLY)
def test_tensors_and_pil_images_nearly_agree(picture, tensor, name):
    function, levels = NEARLY[name]
    a, b = pixels(function(picture)), pixels(function(tensor))
    assert a.shape == b.shape and abs(a - b).max() <= levels


def test_values_of_simple_operations():
    x = torch.arange(6).reshape(1, 2, 3)
    assert F.hflip(x).tolist() == [[[2, 1, 0], [5, 4, 3]]]
    assert F.vflip(x).tolist() == [[[3, 4, 5], [0, 1, 2]]]
    assert F.pad(x, (1, 0, 0, 1), 9).tolist() == [[[9, 0, 1, 2], [9, 3, 4, 5], [9, 9, 9, 9]]]
    assert F.crop(x, 0, 1, 2, 2).tolist() == [[[1, 2], [4, 5]]]
    assert F.rotate(x, 180).tolist() == [[[5, 4, 3], [2, 1, 0]]]
    assert F.rgb_to_grayscale(torch.ones(3, 1, 1)).item() == pytest.approx(0.9999)
    with pytest.raises(RuntimeError, match="does not record gradients"):
        F.hflip(torch.ones(1, 2, 2, requires_grad=True))
    with pytest.raises(TypeError, match="img should be PIL Image or Tensor"):
        F.hflip(3)


# ---------------------------------------------------------------- random transforms


def test_random_transforms_draw_what_torchvision_draws(tensor):
    """Each draw from the global generator, spelt out in the operations that torchvision uses."""

    def uniform(low, high):
        return torch.empty(1).uniform_(low, high).item()

    def after(transform):
        torch.manual_seed(7)
        out = transform(tensor)
        return out, torch.rand(1).item()

    out, following = after(transforms.RandomCrop(24, padding=4))
    torch.manual_seed(7)
    i, j = torch.randint(0, 25, size=(1,)).item(), torch.randint(0, 37, size=(1,)).item()
    assert torch.equal(out, F.crop(F.pad(tensor, 4), i, j, 24, 24))
    assert following == torch.rand(1).item()

    out, following = after(transforms.RandomRotation((-20, 40)))
    torch.manual_seed(7)
    assert torch.equal(out, F.rotate(tensor, uniform(-20.0, 40.0), fill=0))
    assert following == torch.rand(1).item()

    out, following = after(transforms.RandomHorizontalFlip(0.6))
    torch.manual_seed(7)
    assert torch.equal(out, F.hflip(tensor) if torch.rand(1).item() < 0.6 else tensor)
    assert following == torch.rand(1).item()

    out, following = after(transforms.RandomResizedCrop(10, scale=(0.2, 0.5)))
    torch.manual_seed(7)
    area = 40 * 52 * uniform(0.2, 0.5)
    bounds = torch.log(torch.tensor((3 / 4, 4 / 3)))
    aspect = torch.exp(torch.empty(1).uniform_(bounds[0].item(), bounds[1].item())).item()
    w, h = round((area * aspect) ** 0.5), round((area / aspect) ** 0.5)
    i = torch.randint(0, 40 - h + 1, size=(1,)).item()
    j = torch.randint(0, 52 - w + 1, size=(1,)).item()
    assert torch.equal(out, F.resized_crop(tensor, i, j, h, w, (10, 10)))
    assert following == torch.rand(1).item()

    out, following = after(transforms.ColorJitter(0.4, 0.3, 0.2, 0.1))
    torch.manual_seed(7)
    order = torch.randperm(4).tolist()
    factors = [uniform(0.6, 1.4), uniform(0.7, 1.3), uniform(0.8, 1.2), uniform(-0.1, 0.1)]
    changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
    image = tensor
    for k in order:
        image = changes[k](image, factors[k])
    assert torch.equal(out, image) and following == torch.rand(1).item()


def test_affine_and_erasing_within_their_bounds(tensor):
    torch.manual_seed(0)
    moved = transforms.RandomAffine(10, (0.1, 0.1), (0.9, 1.1), 5)(tensor)
    assert moved.shape == tensor.shape and not torch.equal(moved, tensor)
    x = F.to_tensor(PIXELS)
    erased = transforms.RandomErasing(1.0, value=0.5)(x)
    share = (erased != x).numpy().any(0).mean()
    assert 0.015 < share < 0.34 and not torch.equal(erased, x)
    assert transforms.RandomErasing(0.0)(x) is x
    with pytest.raises(ValueError, match="either a single value or 3"):
        transforms.RandomErasing(1.0, value=(1, 2))(x)


def test_random_transforms_of_transforms(tensor):
    class Add:
        def __init__(self, number):
            self.number = number

        def __call__(self, x):
            return x + self.number

    torch.manual_seed(0)
    applied = [transforms.RandomApply([Add(1), Add(1)], p=0.3)(0) for _ in range(200)]
    assert set(applied) == {0, 2} and 30 < sum(applied) / 2 < 90
    random.seed(0)
    chosen = [transforms.RandomChoice([Add(1), Add(2)], p=[1, 3])(0) for _ in range(100)]
    assert set(chosen) == {1, 2} and chosen.count(2) > 60
    double = transforms.Lambda(lambda x: x * 2)
    ordered = {transforms.RandomOrder([Add(1), double])(3) for _ in range(30)}
    assert ordered == {7, 8}
    with pytest.raises(TypeError, match="Argument transforms should be a sequence"):
        transforms.RandomOrder(3)
    with pytest.raises(TypeError, match="Argument lambd should be callable, got 'int'"):
        transforms.Lambda(3)


def test_refused_sizes_and_ranges():
    for make, error, text in (
        (lambda: transforms.CenterCrop((1, 2, 3)), ValueError, "only two dimensions"),
        (lambda: transforms.Pad("x"), TypeError, "inappropriate padding arg"),
        (lambda: transforms.Pad((1, 2, 3)), ValueError, "not a 3 element tuple"),
        (lambda: transforms.Pad(1, padding_mode="no"), ValueError, "Padding mode should be"),
        (lambda: transforms.RandomRotation(-1), ValueError, "degrees is a single number"),
        (lambda: transforms.RandomRotation((1, 2, 3)), ValueError, "sequence of length 2"),
        (lambda: transforms.ColorJitter(-1), ValueError, "must be non negative"),
        (lambda: transforms.ColorJitter(hue=0.7), ValueError, "hue values should be between"),
        (lambda: transforms.GaussianBlur(4), ValueError, "odd and positive number"),
        (lambda: transforms.RandomErasing(value="no"), ValueError, "it should be 'random'"),
        (lambda: F.adjust_hue(torch.ones(3, 1, 1), 0.6), ValueError, r"is not in \[-0\.5, 0\.5\]"),
        (lambda: F.resize(torch.ones(2), 3), TypeError, "Tensor is not a torch image"),
    ):
        with pytest.raises(error, match=text):
            make()
    with pytest.raises(ValueError, match=r"Required crop size \(9, 9\) is larger than input image"):
        transforms.RandomCrop(9)(torch.ones(1, 5, 5))
    padded = transforms.RandomCrop(9, pad_if_needed=True)(torch.ones(1, 5, 5))
    assert padded.shape == (1, 9, 9)


TEXTS = [
    "Resize(size=5, interpolation=bilinear, max_size=None, antialias=True)",
    "CenterCrop(size=(4, 4))",
    "Pad(padding=2, fill=0, padding_mode=constant)",
    "RandomCrop(size=(4, 4), padding=2)",
    "RandomHorizontalFlip(p=0.5)",
    "RandomResizedCrop(size=(5, 5), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
    "interpolation=bilinear, antialias=True)",
    "RandomRotation(degrees=[-10.0, 10.0], interpolation=nearest, expand=False, fill=0)",
    "RandomAffine(degrees=[-5.0, 5.0], scale=(1, 2))",
    "Grayscale(num_output_channels=1)",
    "ColorJitter(brightness=(0.9, 1.1), contrast=None, saturation=None, hue=(-0.4, 0.4))",
    "ConvertImageDtype()",
    "Normalize(mean=(0.5,), std=(0.5,))",
    "ToTensor()",
    "ToPILImage()",
    "Lambda()",
]


def test_texts():
    made = [
        transforms.Resize(5),
        transforms.CenterCrop(4),
        transforms.Pad(2),
        transforms.RandomCrop(4, 2),
        transforms.RandomHorizontalFlip(),
        transforms.RandomResizedCrop(5),
        transforms.RandomRotation(10),
        transforms.RandomAffine(5, scale=(1, 2)),
        transforms.Grayscale(),
        transforms.ColorJitter(0.1, hue=0.4),
        transforms.ConvertImageDtype(torch.float32),
        transforms.Normalize((0.5,), (0.5,)),
        transforms.ToTensor(),
        transforms.ToPILImage(),
        transforms.Lambda(abs),
    ]
    assert [repr(transform) for transform in made] == TEXTS
    chain = transforms.Compose(made[-3:-1])
    assert repr(chain) == "Compose(\n    ToTensor()\n    ToPILImage()\n)"
    assert repr(transforms.RandomApply([made[2]])) == f"RandomApply(\n    p=0.5\n    {TEXTS[2]}\n)"
    assert repr(transforms.RandomChoice([made[2]])) == f"RandomChoice(\n    {TEXTS[2]}\n)(p=None)"


def test_transforms_of_tensors_are_modules(tensor):
    chain = torch.nn.Sequential(
        transforms.CenterCrop(8), transforms.ConvertImageDtype(torch.float32)
    )
    assert chain(tensor).shape == (3, 8, 8)


# ---------------------------------------------------------------- grids


def test_make_grid_and_save_image(tmp_path):
    x = torch.arange(5.0).reshape(5, 1, 1, 1).expand(5, 1, 2, 3) / 4
    grid = utils.make_grid(x, nrow=3, padding=1, pad_value=9)
    assert grid.shape == (3, 2 * 3 + 1, 3 * 4 + 1)
    assert grid[0, 1].tolist() == [9, 0, 0, 0, 9, 0.25, 0.25, 0.25, 9, 0.5, 0.5, 0.5, 9]
    assert grid[2, 4].tolist() == [9, 0.75, 0.75, 0.75, 9, 1, 1, 1, 9, 9, 9, 9, 9]
    assert utils.make_grid(list(x * 8 - 4), normalize=True)[0, 2, 2:5].tolist() == [0, 0, 0]
    each = utils.make_grid(torch.tensor([[[[1.0, 3.0]]], [[[5.0, 9.0]]]]), 2, 0, True, None, True)
    assert each[1].tolist() == [[0, 1, 0, 1]]
    assert utils.make_grid(torch.ones(4, 2, 2)).shape == (4, 2, 2)
    utils.save_image(x, tmp_path / "grid.png", padding=0)
    with Image.open(tmp_path / "grid.png") as saved:
        assert saved.size == (15, 2) and saved.getpixel((14, 1)) == (255, 255, 255)
    with pytest.raises(TypeError, match="tensor or list of tensors expected"):
        utils.make_grid(3)
