"""v2's transforms of kinds, dtypes and boxes; blur, noise; one's own functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ....core.dtype import float32
from ....core.tensor import Tensor
from ...tv_tensors import BoundingBoxes, BoundingBoxFormat, Image, KeyPoints, Mask, TVTensor, Video
from ...tv_tensors import wrap as wrap_like
from .. import color as v1_color
from .. import convert as v1_convert
from .. import pil, tonal
from ..draws import draw_below, draw_uniform
from . import functional as F
from .base import Transform, check_type, flatten, rebuild
from .functional import is_pure_tensor
from .kinds import plain_tensor, valid_boxes


class Identity(Transform):
    """Everything as it is."""

    def transform(self, inpt: Any, params: dict) -> Any:
        return inpt


class Lambda(Transform):
    """A function of each input of these types (default: of all)."""

    _transformed_types = (object,)

    def __init__(self, lambd: Callable[[Any], Any], *types: type):
        super().__init__()
        self.lambd = lambd
        self.types = types or self._transformed_types

    def transform(self, inpt: Any, params: dict) -> Any:
        return self.lambd(inpt) if isinstance(inpt, self.types) else inpt

    def extra_repr(self) -> str:
        name = getattr(self.lambd, "__name__", None)
        return ", ".join(([name] if name else []) + [f"types={[t.__name__ for t in self.types]}"])


class LinearTransformation(Transform):
    """(pixels in a row - mean_vector) · transformation_matrix; see v1's."""

    _transformed_types = (is_pure_tensor, Image, Video)

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor):
        super().__init__()
        self._linear = tonal.LinearTransformation(transformation_matrix, mean_vector)
        self.transformation_matrix, self.mean_vector = transformation_matrix, mean_vector

    def check_inputs(self, flat_inputs: list) -> None:
        if any(pil.is_image(x) for x in flat_inputs):
            raise TypeError(f"{type(self).__name__}() does not support PIL images.")

    def transform(self, inpt: Any, params: dict) -> Any:
        output = self._linear(plain_tensor(inpt))
        return wrap_like(output, like=inpt) if isinstance(inpt, TVTensor) else output


class Normalize(Transform):
    """(x - mean) / std, by channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False):
        super().__init__()
        self.mean, self.std, self.inplace = list(mean), list(std), inplace

    def check_inputs(self, flat_inputs: list) -> None:
        if any(pil.is_image(x) for x in flat_inputs):
            raise TypeError(f"{type(self).__name__}() does not support PIL images.")

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.normalize, inpt, self.mean, self.std, self.inplace)


class GaussianBlur(Transform):
    """Blurred by a Gaussian of random width; see v1's."""

    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        drawn = v1_color.GaussianBlur(kernel_size, sigma)
        self.kernel_size, self.sigma = drawn.kernel_size, [float(s) for s in drawn.sigma]

    def make_params(self, flat_inputs: list) -> dict:
        sigma = draw_uniform(float(self.sigma[0]), float(self.sigma[1]))
        return {"sigma": [sigma, sigma]}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.gaussian_blur, inpt, self.kernel_size, **params)


class GaussianNoise(Transform):
    """Normal numbers added; see functional.gaussian_noise."""

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean, self.sigma, self.clip = mean, sigma, clip

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.gaussian_noise, inpt, self.mean, self.sigma, self.clip)


class JPEG(Transform):
    """Compressed as JPEG and back, with a quality from 1 to 100, or a random one of (low, high)."""

    def __init__(self, quality: int | Sequence[int]):
        super().__init__()
        quality = [quality, quality] if isinstance(quality, int) else list(quality)
        if len(quality) != 2 or not 1 <= quality[0] <= quality[1] <= 100:
            raise ValueError(f"quality must be an integer from 1 to 100, got {quality =}")
        self.quality = quality

    def make_params(self, flat_inputs: list) -> dict:
        return {"quality": self.quality[0] + draw_below(self.quality[1] - self.quality[0] + 1)}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.jpeg, inpt, params["quality"])


class UniformTemporalSubsample(Transform):
    """num_samples frames of videos."""

    _transformed_types = (is_pure_tensor, Video)

    def __init__(self, num_samples: int):
        super().__init__()
        self.num_samples = num_samples

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.uniform_temporal_subsample, inpt, self.num_samples)


# ---------------------------------------------------------------- kinds and dtypes


class ToDtype(Transform):
    """Another dtype: one for images and videos, or {type or "others": dtype}.

    scale  white stays white, of images and videos
    """

    _transformed_types = (Tensor,)

    def __init__(self, dtype: Any, scale: bool = False) -> None:
        super().__init__()
        self.dtype, self.scale = dtype, scale

    def transform(self, inpt: Any, params: dict) -> Any:
        if not isinstance(self.dtype, dict):
            if not is_pure_tensor(inpt) and not isinstance(inpt, (Image, Video)):
                return inpt
            wanted = self.dtype
        elif type(inpt) in self.dtype:
            wanted = self.dtype[type(inpt)]
        elif "others" in self.dtype:
            wanted = self.dtype["others"]
        else:
            raise ValueError(
                f"No dtype was specified for type {type(inpt)}. If you only need to convert the "
                "dtype of images or videos, you can just pass e.g. dtype=torch.float32. If you "
                "want to use a dict of types, the other types are under the key 'others'."
            )
        if wanted is None:
            return inpt
        return self._call_kernel(F.to_dtype, inpt, dtype=wanted, scale=self.scale)


class ConvertImageDtype(Transform):
    """Another dtype, white staying white; ToDtype(dtype, scale=True)."""

    def __init__(self, dtype: Any = float32) -> None:
        super().__init__()
        self.dtype = dtype

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.to_dtype, inpt, self.dtype, True)


class ToImage(Transform):
    """Tensors, arrays and PIL images as Image."""

    def _numpy(self) -> Any:
        import numpy as np

        return np.ndarray

    @property
    def _transformed_types(self) -> Any:  # type: ignore[override]
        return (is_pure_tensor, pil.is_image, self._numpy())

    def transform(self, inpt: Any, params: dict) -> Any:
        return F.to_image(inpt)


class ToPILImage(Transform):
    """Tensors and arrays as PIL images."""

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    @property
    def _transformed_types(self) -> Any:  # type: ignore[override]
        import numpy as np

        return (is_pure_tensor, Image, np.ndarray)

    def transform(self, inpt: Any, params: dict) -> Any:
        return F.to_pil_image(inpt, mode=self.mode)


class PILToTensor(Transform):
    """PIL images as tensors of uint8."""

    _transformed_types = (pil.is_image,)

    def transform(self, inpt: Any, params: dict) -> Any:
        return F.pil_to_tensor(inpt)


class ToPureTensor(Transform):
    """TVTensors as plain tensors."""

    _transformed_types = (TVTensor,)

    def transform(self, inpt: Any, params: dict) -> Any:
        return plain_tensor(inpt)


class ToTensor(Transform):
    """PIL images and arrays as tensors from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self._convert = v1_convert.ToTensor()

    @property
    def _transformed_types(self) -> Any:  # type: ignore[override]
        import numpy as np

        return (pil.is_image, np.ndarray)

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._convert(inpt)


# ---------------------------------------------------------------- boxes and points


class ConvertBoundingBoxFormat(Transform):
    """Boxes in another format."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, format: str | BoundingBoxFormat) -> None:
        super().__init__()
        self.format = format

    def transform(self, inpt: Any, params: dict) -> Any:
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """Boxes cut off at the border."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None = "auto") -> None:
        super().__init__()
        self.clamping_mode = clamping_mode

    def transform(self, inpt: Any, params: dict) -> Any:
        return F.clamp_bounding_boxes(inpt, clamping_mode=self.clamping_mode)


class SetClampingMode(Transform):
    """Boxes with another clamping_mode."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None) -> None:
        super().__init__()
        if clamping_mode is not None and clamping_mode not in ("soft", "hard"):
            raise ValueError(f"clamping_mode must be soft, hard or None, got {clamping_mode}")
        self.clamping_mode = clamping_mode

    def transform(self, inpt: Any, params: dict) -> Any:
        return wrap_like(plain_tensor(inpt.clone()), like=inpt, clamping_mode=self.clamping_mode)


class ClampKeyPoints(Transform):
    """Points put inside of the image."""

    _transformed_types = (KeyPoints,)

    def transform(self, inpt: Any, params: dict) -> Any:
        return F.clamp_keypoints(inpt)


def find_labels(sample: Any) -> Any:
    """The labels of a sample: what is under "labels" (or the like) in a dict, alone or behind an
    image.

    ValueError: none
    """
    parts = sample if isinstance(sample, (tuple, list)) else (sample,)
    for part in parts:
        if isinstance(part, dict):
            for key in part:
                if isinstance(key, str) and key.lower() in ("label", "labels"):
                    return part[key]
            for key in part:
                if isinstance(key, str) and "label" in key.lower():
                    return part[key]
    raise ValueError(
        "Could not infer where the labels are in the sample. Try passing a callable as the "
        "labels_getter parameter?If there are no labels in the sample by design, pass "
        "labels_getter=None."
    )


def labels_function(labels_getter: Any) -> Any:
    """f(sample) -> labels, of what users give as labels_getter."""
    if labels_getter == "default":
        return find_labels
    if callable(labels_getter):
        return labels_getter
    if isinstance(labels_getter, str):
        return lambda sample: (sample[1] if isinstance(sample, tuple) else sample)[labels_getter]
    if labels_getter is None:
        return lambda sample: None
    raise ValueError(
        "labels_getter should either be 'default', a string, a callable or None, but got "
        f"{labels_getter} of type {type(labels_getter)}."
    )


class SanitizeBoundingBoxes(Transform):
    """Drops boxes that are too small or not inside of the image, with their labels and masks.

    labels_getter  where the labels are: "default", a key, f(sample), or None
    ValueError     no boxes; labels of another length
    """

    def __init__(
        self, min_size: float = 1.0, min_area: float = 1.0, labels_getter: Any = "default"
    ) -> None:
        super().__init__()
        if min_size < 1:
            raise ValueError(f"min_size must be >= 1, got {min_size}.")
        if min_area < 1:
            raise ValueError(f"min_area must be >= 1, got {min_area}.")
        self.min_size, self.min_area = min_size, min_area
        self.labels_getter = labels_getter
        self._labels = labels_function(labels_getter)

    def forward(self, *inputs: Any) -> Any:
        """The sample without those boxes."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        labels = self._labels(sample)
        if labels is not None:
            labels = labels if isinstance(labels, (tuple, list)) else [labels]
            for entry in labels:
                if not isinstance(entry, Tensor):
                    raise ValueError(
                        "The labels in the input to forward() must be a tensor or None, got "
                        f"{type(entry)} instead."
                    )
        flat = flatten(sample)
        boxes = next((x for x in flat if isinstance(x, BoundingBoxes)), None)
        if boxes is None:
            raise ValueError("No bounding boxes were found in the sample")
        for entry in labels or ():
            if boxes.shape[0] != entry.shape[0]:
                raise ValueError(
                    f"Number of boxes (shape={tuple(boxes.shape)}) and must match the number of "
                    f"labels.Found labels with shape={tuple(entry.shape)})."
                )
        limits = self.min_size, self.min_area
        valid = valid_boxes(boxes, boxes.format.value, boxes.canvas_size, *limits)
        found = []
        for x in flat:
            if any(x is entry for entry in labels or ()):
                found.append(x[valid])
            elif isinstance(x, (BoundingBoxes, Mask)) and x.shape[0] == boxes.shape[0]:
                found.append(wrap_like(plain_tensor(x)[valid], like=x))
            else:
                found.append(x)
        return rebuild(sample, found)


class SanitizeKeyPoints(Transform):
    """Drops points that are not inside of the image, with their labels; of points (N, 2)."""

    def __init__(self, labels_getter: Any = None) -> None:
        super().__init__()
        self.labels_getter = labels_getter
        self._labels = labels_function(labels_getter)

    def forward(self, *inputs: Any) -> Any:
        """The sample without those points."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        labels = self._labels(sample)
        labels = [] if labels is None else labels
        labels = labels if isinstance(labels, (tuple, list)) else [labels]
        flat = flatten(sample)
        points = next((x for x in flat if check_type(x, (KeyPoints,))), None)
        if points is None:
            raise ValueError("No keypoints were found in the sample")
        p = plain_tensor(points)
        h, w = points.canvas_size
        inside = (p[..., 0] >= 0) & (p[..., 0] < w) & (p[..., 1] >= 0) & (p[..., 1] < h)
        while inside.ndim > 1:
            inside = inside.all(-1)
        found = []
        for x in flat:
            if any(x is entry for entry in labels):
                found.append(x[inside])
            elif x is points:
                found.append(wrap_like(p[inside], like=x))
            else:
                found.append(x)
        return rebuild(sample, found)
