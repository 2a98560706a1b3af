"""Summaries: what TensorBoard shows, as messages.

Names of messages and fields: TensorFlow's summary.proto, tensor.proto, and the plugins' of
TensorBoard (pr_curve, hparams, custom_scalar, mesh).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from .images import encode_png
from .wire import chunk, double, integer, integers, numbers, real, text

_FLOAT, _STRING = 1, 7  # TensorFlow's DataType


def make_np(x: Any) -> np.ndarray:
    """A tensor, an array or a number as an array."""
    if isinstance(x, Tensor):
        x = x.detach()
        if x._a.dtype.kind == "V":
            x = x.float()
        return np.asarray(x._a)
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    raise NotImplementedError(f"Got {type(x)}, but numpy array or torch tensor are expected.")


def _summary(*values: bytes) -> bytes:
    return b"".join(chunk(1, value) for value in values)


def _metadata(plugin: str, content: bytes = b"") -> bytes:
    """Value.metadata"""
    return chunk(9, chunk(1, text(1, plugin) + text(2, content)))


def _shape(shape: Sequence[int]) -> bytes:
    """TensorProto.tensor_shape"""
    return chunk(2, b"".join(chunk(2, integer(1, n)) for n in shape))


def _floats(array: np.ndarray, shape: Sequence[int] | None) -> bytes:
    """Value.tensor"""
    where = b"" if shape is None else _shape(shape)
    return chunk(8, integer(1, _FLOAT) + where + numbers(5, array.reshape(-1), "<f4"))


def scalar(tag: str, value: Any, new_style: bool = False, double_precision: bool = False) -> bytes:
    """One number.

    new_style         as a tensor of the plugin "scalars"
    double_precision  in 64 bits, with new_style only, as in PyTorch
    """
    array = make_np(value).squeeze()
    if array.ndim != 0:
        raise AssertionError(
            f"Tensor should contain one element (0 dimensions). Was given size: {array.size} and "
            f"{array.ndim} dimensions."
        )
    number = float(array)
    if not new_style:
        # the field belongs to a choice of several: 0 is written too
        return _summary(text(1, tag) + (real(2, number) or b"\x15\0\0\0\0"))
    if double_precision:
        tensor = chunk(8, integer(1, 2) + numbers(6, [number], "<f8"))
    else:
        tensor = _floats(np.array([number]), None)
    return _summary(text(1, tag) + tensor + _metadata("scalars"))


def tensor_proto(tag: str, tensor: Any) -> bytes:
    """A tensor of floating point numbers."""
    array = make_np(tensor)
    return _summary(text(1, tag) + _floats(array, array.shape) + _metadata("tensor"))


def histogram_raw(
    name: str, min: float, max: float, num: float, sum: float, sum_squares: float,
    bucket_limits: Sequence[float], bucket_counts: Sequence[float],
) -> bytes:  # fmt: skip
    """A histogram whose buckets are known: counts up to each limit."""
    histo = double(1, min) + double(2, max) + double(3, num) + double(4, sum)
    histo += double(5, sum_squares)
    histo += numbers(6, bucket_limits, "<f8") + numbers(7, bucket_counts, "<f8")
    return _summary(text(1, name) + chunk(5, histo))


def default_bins() -> np.ndarray:
    """TensorFlow's limits: from 1e-12 on, each 10 % larger; their negatives, and 0."""
    limits, v = [], 1e-12
    while v < 1e20:
        limits.append(v)
        v *= 1.1
    return np.array([-v for v in reversed(limits)] + [0.0] + limits)


def histogram(name: str, values: Any, bins: Any, max_bins: int | None = None) -> bytes:
    """The histogram of all values.

    ValueError: no values
    """
    values = make_np(values).astype(float).reshape(-1)
    if values.size == 0:
        raise ValueError("The input has no element.")
    counts, limits = np.histogram(values, bins=default_bins() if bins == "tensorflow" else bins)
    if max_bins is not None and len(counts) > max_bins:
        step = len(counts) // max_bins
        starts = np.arange(0, len(counts), step)
        counts, limits = np.add.reduceat(counts, starts), np.append(limits[starts], limits[-1])
    if counts.size == 0 or limits.size == 0:
        raise ValueError("The histogram is empty, please file a bug report.")
    filled = np.nonzero(counts)[0]
    first, last = int(filled[0]), int(filled[-1])
    # one empty bucket in front, so that the first one has a lower limit
    if first:
        counts, limits = counts[first - 1 : last + 1], limits[first : last + 2]
    else:
        counts, limits = np.append(0, counts[: last + 1]), limits[: last + 2]
    squares = float(values.dot(values))
    low, high = float(values.min()), float(values.max())
    total = float(values.sum())
    buckets = limits.tolist(), counts.tolist()
    return histogram_raw(name, low, high, len(values), total, squares, *buckets)


def image(tag: str, pixels: np.ndarray) -> bytes:
    """pixels (H, W, C) of uint8"""
    h, w, c = pixels.shape
    data = integer(1, h) + integer(2, w) + integer(3, c) + chunk(4, encode_png(pixels))
    return _summary(text(1, tag) + chunk(4, data))


def audio(tag: str, tensor: Any, sample_rate: int = 44100) -> bytes:
    """Sound from -1 to 1, one channel, as WAV of 16 bits."""
    import io
    import wave

    array = make_np(tensor)
    if array.max() > 1 or array.min() < -1:
        from ...core.notices import warn

        warn("warning: audio amplitude out of range, auto clipped.")
        array = array.clip(-1, 1)
    array = array.squeeze()
    if array.ndim != 1:
        raise AssertionError("input tensor should be 1 dimensional.")
    samples = (array * np.iinfo(np.int16).max).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(sample_rate)
        f.writeframes(samples.tobytes())
    data = real(1, sample_rate) + integer(2, 1) + integer(3, len(samples))
    data += chunk(4, buffer.getvalue()) + chunk(5, "audio/wav")
    return _summary(text(1, tag) + chunk(6, data))


def text_summary(tag: str, string: str) -> bytes:
    """A text, in Markdown."""
    tensor = integer(1, _STRING) + _shape([1]) + chunk(8, string)
    return _summary(text(1, tag + "/text_summary") + chunk(8, tensor) + _metadata("text"))


# ---------------------------------------------------------------- plugins


def pr_curve(tag: str, labels: Any, predictions: Any, thresholds: int, weights: Any) -> bytes:
    """Precision and recall at thresholds from 0 to 1.

    labels, predictions  true or false, and probabilities: of the same size
    """
    thresholds = min(thresholds, 127)  # more are not shown
    labels, predictions = make_np(labels).reshape(-1), make_np(predictions).reshape(-1)
    weights = 1.0 if weights is None else make_np(weights).reshape(-1)
    place = np.int32(np.floor(predictions * (thresholds - 1)))
    positive = labels.astype(float)
    about: dict[str, Any] = {"bins": thresholds, "range": (0, thresholds - 1)}
    tp = np.histogram(place, weights=positive * weights, **about)[0]
    fp = np.histogram(place, weights=(1.0 - positive) * weights, **about)[0]
    tp, fp = np.cumsum(tp[::-1])[::-1], np.cumsum(fp[::-1])[::-1]
    tn, fn = fp[0] - fp, tp[0] - tp
    precision = tp / np.maximum(1e-7, tp + fp)
    recall = tp / np.maximum(1e-7, tp + fn)
    return pr_curve_raw(tag, tp, fp, tn, fn, precision, recall, thresholds)


def pr_curve_raw(
    tag: str, tp: Any, fp: Any, tn: Any, fn: Any, precision: Any, recall: Any, thresholds: int
) -> bytes:
    """The six rows of a curve."""
    data = np.stack([np.asarray(row, float) for row in (tp, fp, tn, fn, precision, recall)])
    content = integer(2, min(thresholds, 127))
    return _summary(text(1, tag) + _floats(data, data.shape) + _metadata("pr_curves", content))


def custom_scalars(layout: Mapping[str, Mapping[str, Sequence]]) -> bytes:
    """{category: {chart: [kind, tags]}}; kind "Margin": three tags, else many lines."""
    categories = b""
    for title, charts in layout.items():
        category = text(1, title)
        for name, (kind, tags) in charts.items():
            if kind == "Margin":
                if len(tags) != 3:
                    raise AssertionError(f"Expected 3 tags for Margin layout, got {len(tags)}")
                series = b"".join(text(i + 1, tag) for i, tag in enumerate(tags))
                category += chunk(2, text(1, name) + chunk(3, chunk(1, series)))
            else:
                category += chunk(
                    2, text(1, name) + chunk(2, b"".join(chunk(1, tag) for tag in tags))
                )
        categories += chunk(2, category)
    tensor = integer(1, _STRING) + chunk(2, b"") + chunk(8, categories)
    head = text(1, "custom_scalars__config__")
    return _summary(head + chunk(8, tensor) + _metadata("custom_scalars"))


_MESH_PARTS = ("VERTEX", "FACE", "COLOR")  # MeshPluginData.ContentType 1, 2, 3


def mesh(tag: str, vertices: Any, colors: Any, faces: Any, config: dict | None) -> bytes:
    """vertices (B, N, 3), faces (B, F, 3): indices of vertices, colors (B, N, 3): 0 to 255"""
    found = {"VERTEX": vertices, "FACE": faces, "COLOR": colors}
    arrays = {kind: make_np(x) for kind, x in found.items() if x is not None}
    components = sum(1 << _MESH_PARTS.index(kind) + 1 for kind in arrays)
    values = []
    for kind, array in arrays.items():
        content = chunk(2, tag) + integer(3, _MESH_PARTS.index(kind) + 1)
        content += text(5, json.dumps(config or {}, sort_keys=True)) + integers(6, array.shape)
        content += integer(7, components)
        tensor = _floats(array, array.shape)
        values.append(text(1, f"{tag}_{kind}") + tensor + _metadata("mesh", content))
    return _summary(*values)


_DATA_TYPES = {str: 1, bool: 2}  # hparams' DataType; numbers: 3


def _value(x: Any) -> bytes:
    """google.protobuf.Value"""
    if isinstance(x, str):
        return chunk(3, x)
    if isinstance(x, bool):
        return b"\x20" + bytes([x])
    return b"\x11" + np.array(float(x), "<f8").tobytes()


def hparams(
    hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any],
    domains: Mapping[str, list] | None = None,
) -> tuple[bytes, bytes, bytes]:  # fmt: skip
    """The three summaries of a run: what there is, with which values it began, that it ended.

    TypeError: no dicts; ValueError: a value that is no number, text, bool or tensor of one
    """
    if not isinstance(hparam_dict, dict):
        raise TypeError("parameter: hparam_dict should be a dictionary, nothing logged.")
    if not isinstance(metric_dict, dict):
        raise TypeError("parameter: metric_dict should be a dictionary, nothing logged.")
    domains = domains or {}
    for k, domain in domains.items():
        kinds = {type(d) for d in domain} if isinstance(domain, list) else set()
        if k not in hparam_dict or kinds != {type(hparam_dict[k])}:
            raise TypeError(
                f"parameter: hparam_domain_discrete[{k}] should be a list of same type as "
                f"hparam_dict[{k}]."
            )
    infos, begin = b"", b""
    for k, v in hparam_dict.items():
        if v is None:
            continue
        if isinstance(v, Tensor):
            v = make_np(v).reshape(-1)[0].item()
        if not isinstance(v, (int, float, str, bool)):
            raise ValueError("value should be one of int, float, str, bool, or torch.Tensor")
        kind = 1 if isinstance(v, str) else 3
        choices = b""
        if k in domains:
            kind = _DATA_TYPES.get(type(v), 3)
            choices = chunk(5, b"".join(chunk(1, _value(d)) for d in domains[k]))
        elif isinstance(v, bool):
            v = float(v)  # as PyTorch writes it
        infos += chunk(4, text(1, k) + integer(4, kind) + choices)
        begin += chunk(1, chunk(1, k) + chunk(2, _value(v)))
    metrics = b"".join(chunk(5, chunk(1, text(2, k))) for k in metric_dict)

    def plugin(tag: str, content: bytes) -> bytes:
        return _summary(text(1, tag) + _metadata("hparams", content))

    return (
        plugin("_hparams_/experiment", chunk(2, infos + metrics)),
        plugin("_hparams_/session_start_info", chunk(3, begin)),
        plugin("_hparams_/session_end_info", chunk(4, integer(1, 1))),
    )
