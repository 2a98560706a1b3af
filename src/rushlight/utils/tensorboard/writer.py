"""SummaryWriter: event files for TensorBoard, written without TensorFlow."""

from __future__ import annotations

import atexit
import os
import socket
import time
import weakref
from collections.abc import Sequence
from itertools import count
from typing import Any

from ...core.tensor import Tensor
from . import summary
from .embedding import write_embedding
from .images import figures_to_pixels, to_pixels, with_boxes
from .summary import default_bins, make_np
from .wire import RecordWriter, chunk, double, integer, text

_uid = count()
_open: weakref.WeakSet = weakref.WeakSet()  # files that are still to be flushed at the end


@atexit.register
def _flush_all() -> None:
    for writer in list(_open):
        writer.flush()


class FileWriter:
    """Writes events to a file in log_dir, named events.out.tfevents.TIME.HOST.PROCESS.NUMBER.

    max_queue, flush_secs  after how many events, and after how many seconds, they reach the disk
    filename_suffix        at the end of the name
    """

    def __init__(
        self,
        log_dir: str,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        self._logdir = str(log_dir)
        self._most, self._seconds, self._suffix = max_queue, flush_secs, filename_suffix
        self._waiting = 0
        os.makedirs(self._logdir, exist_ok=True)
        self._begin()

    def _begin(self) -> None:
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}"
        name += f".{os.getpid()}.{next(_uid)}{self._suffix}"
        self._records = RecordWriter(os.path.join(self._logdir, name))
        self._flushed = time.time()
        _open.add(self)
        source = chunk(10, text(1, "rushlight.utils.tensorboard"))
        self._write(chunk(3, "brain.Event:2") + source, None, None)
        self.flush()

    def get_logdir(self) -> str:
        """The folder."""
        return self._logdir

    def _write(self, what: bytes, step: Any, walltime: float | None) -> None:
        if self._records.closed:
            self._begin()
        event = double(1, time.time() if walltime is None else walltime)
        if step is not None:
            event += integer(2, int(step))
        self._records.write(event + what)
        self._waiting += 1
        if self._waiting >= self._most or time.time() - self._flushed > self._seconds:
            self.flush()

    def add_event(self, event: bytes, step: Any = None, walltime: float | None = None) -> None:
        """The fields of an Event without time and step, as bytes."""
        self._write(event, step, walltime)

    def add_summary(
        self, summary: bytes, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """A Summary, as bytes."""
        self._write(chunk(5, summary), global_step, walltime)

    def add_graph(self, graph_profile: tuple[bytes, bytes], walltime: float | None = None) -> None:
        """(GraphDef, RunMetadata), as bytes."""
        graph, metadata = graph_profile
        self._write(chunk(4, graph), None, walltime)
        self._write(chunk(8, text(1, "step1") + chunk(2, metadata)), None, walltime)

    def flush(self) -> None:
        """Hand all events over to the system."""
        if not self._records.closed:
            self._records.flush()
        self._waiting, self._flushed = 0, time.time()

    def close(self) -> None:
        """Close the file; the next event begins another."""
        self._records.close()
        _open.discard(self)

    def reopen(self) -> None:
        """Begin another file, if this one is closed."""
        if self._records.closed:
            self._begin()


class SummaryWriter:
    """Writes what a training run shows in TensorBoard.

    log_dir          the folder; by default runs/TIME_HOST with `comment` behind it
    purge_step       events from this step on, of an earlier run, are not shown
    max_queue, flush_secs, filename_suffix   see FileWriter

    >>> import tempfile
    >>> with SummaryWriter(tempfile.mkdtemp()) as writer:
    ...     writer.add_scalar("loss", 0.5, 1)
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            now = time.strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", now + "_" + socket.gethostname() + comment)
        self.log_dir = log_dir
        self.purge_step, self.max_queue = purge_step, max_queue
        self.flush_secs, self.filename_suffix = flush_secs, filename_suffix
        self.file_writer: FileWriter | None = None
        self.all_writers: dict[str, FileWriter] | None = None
        self._get_file_writer()
        self.default_bins = default_bins().tolist()

    def _get_file_writer(self) -> FileWriter:
        if self.all_writers is None or self.file_writer is None:
            self.file_writer = self._writer_in(str(self.log_dir))
            self.all_writers = {self.file_writer.get_logdir(): self.file_writer}
            if self.purge_step is not None:
                start = chunk(7, integer(1, 1))  # SessionLog.START
                self.file_writer.add_event(start, self.purge_step)
                self.purge_step = None
        return self.file_writer

    def _writer_in(self, folder: str) -> FileWriter:
        return FileWriter(folder, self.max_queue, self.flush_secs, self.filename_suffix)

    def _add(self, what: bytes, step: Any, walltime: float | None) -> None:
        self._get_file_writer().add_summary(what, step, walltime)

    def get_logdir(self) -> Any:
        """The folder."""
        return self.log_dir

    # ------------------------------------------------------------ numbers

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: Any = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """A number; see summary.scalar."""
        what = summary.scalar(tag, scalar_value, new_style, double_precision)
        self._add(what, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Several numbers in one chart: each has a file in a folder of its own."""
        walltime = time.time() if walltime is None else walltime
        folder = self._get_file_writer().get_logdir()
        assert self.all_writers is not None
        for tag, value in tag_scalar_dict.items():
            name = f"{folder}/{main_tag.replace('/', '_')}_{tag}"
            writer = self.all_writers.get(name)
            if writer is None:
                writer = self.all_writers[name] = self._writer_in(name)
            writer.add_summary(summary.scalar(main_tag, value), global_step, walltime)

    def add_tensor(
        self, tag: str, tensor: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """A tensor of numbers."""
        self._add(summary.tensor_proto(tag, tensor), global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: Any = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """A histogram; bins: "tensorflow", or one of NumPy's rules or limits."""
        what = summary.histogram(tag, values, bins, max_bins)
        self._add(what, global_step, walltime)

    def add_histogram_raw(
        self, tag: str, min: float, max: float, num: float, sum: float, sum_squares: float,
        bucket_limits: Sequence[float], bucket_counts: Sequence[float], global_step: Any = None,
        walltime: float | None = None,
    ) -> None:  # fmt: skip
        """A histogram whose buckets are known.

        ValueError: not as many limits as counts
        """
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError("len(bucket_limits) != len(bucket_counts), see the document.")
        values = (min, max, num, sum, sum_squares, bucket_limits, bucket_counts)
        self._add(summary.histogram_raw(tag, *values), global_step, walltime)

    def add_pr_curve(
        self, tag: str, labels: Any, predictions: Any, global_step: Any = None,
        num_thresholds: int = 127, weights: Any = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Precision and recall; see summary.pr_curve."""
        what = summary.pr_curve(tag, labels, predictions, num_thresholds, weights)
        self._add(what, global_step, walltime)

    def add_pr_curve_raw(
        self, tag: str, true_positive_counts: Any, false_positive_counts: Any,
        true_negative_counts: Any, false_negative_counts: Any, precision: Any, recall: Any,
        global_step: Any = None, num_thresholds: int = 127, weights: Any = None,
        walltime: float | None = None,
    ) -> None:  # fmt: skip
        """A curve whose counts are known."""
        curve: Any = (tag, true_positive_counts, false_positive_counts, true_negative_counts)
        curve += (false_negative_counts, precision, recall, num_thresholds)
        self._add(summary.pr_curve_raw(*curve), global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list] | None = None,
        run_name: str | None = None,
        global_step: Any = None,
    ) -> None:
        """Hyperparameters of a run and what it reached, in a folder of its own."""
        if type(hparam_dict) is not dict or type(metric_dict) is not dict:
            raise TypeError("hparam_dict and metric_dict should be dictionary.")
        parts = summary.hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        folder = os.path.join(self._get_file_writer().get_logdir(), run_name or str(time.time()))
        with SummaryWriter(folder) as writer:
            for part in parts:
                writer._add(part, None, None)
            for k, v in metric_dict.items():
                writer.add_scalar(k, v, global_step)

    # ------------------------------------------------------------ pictures, texts

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """A picture: floats from 0 to 1, or uint8; the order of its dimensions in dataformats."""
        pixels = to_pixels(make_np(img_tensor), dataformats)
        self._add(summary.image(tag, pixels), global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Several pictures in one."""
        if isinstance(img_tensor, list):
            img_tensor = make_np_stack(img_tensor)
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: Any = None,
    ) -> None:
        """A picture with boxes (x1, y1, x2, y2)."""
        labels = [labels] if isinstance(labels, str) else labels
        boxes = make_np(box_tensor)
        if labels is not None and len(labels) != boxes.shape[0]:
            labels = None
        pixels = to_pixels(make_np(img_tensor), dataformats)
        pixels = with_boxes(pixels, boxes, labels, rescale)
        self._add(summary.image(tag, pixels), global_step, walltime)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: Any = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """A figure of matplotlib, or a list of them."""
        pixels = figures_to_pixels(figure, close)
        formats = "NCHW" if isinstance(figure, list) else "CHW"
        self.add_image(tag, pixels, global_step, walltime, formats)

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: Any = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Sound from -1 to 1 (1, L)."""
        self._add(summary.audio(tag, snd_tensor, sample_rate), global_step, walltime)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """A text, in Markdown."""
        self._add(summary.text_summary(tag, text_string), global_step, walltime)

    def add_mesh(
        self, tag: str, vertices: Any, colors: Any = None, faces: Any = None,
        config_dict: dict | None = None, global_step: Any = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Points or surfaces in space; see summary.mesh."""
        what = summary.mesh(tag, vertices, colors, faces, config_dict)
        self._add(what, global_step, walltime)

    def add_video(self, tag: str, vid_tensor: Any, global_step: Any = None, fps: float = 4,
                  walltime: float | None = None) -> None:  # fmt: skip
        """Refused: it needs an encoder of GIF (PyTorch asks for moviepy)."""
        raise NotImplementedError(
            "SummaryWriter.add_video is not supported\n"
            "  fix: add_images with the frames (T, C, H, W)"
        )

    # ------------------------------------------------------------ models

    def add_graph(
        self,
        model: Any,
        input_to_model: Any = None,
        verbose: bool = False,
        use_strict_trace: bool = True,
    ) -> None:
        """The modules of a model and what goes from one to the other, as one call shows; see
        graph.py. PyTorch's graph has its ops, too."""
        from .graph import graph

        self._get_file_writer().add_graph(graph(model, input_to_model, verbose))

    def add_onnx_graph(self, prototxt: Any) -> None:
        """Not supported: it needs the package onnx."""
        raise NotImplementedError("SummaryWriter.add_onnx_graph is not supported")

    def add_embedding(
        self,
        mat: Any,
        metadata: Any = None,
        label_img: Any = None,
        global_step: Any = None,
        tag: str = "default",
        metadata_header: Any = None,
    ) -> None:
        """Points in many dimensions (N, D), with names and pictures, for the projector."""
        step = 0 if global_step is None else global_step
        folder = self._get_file_writer().get_logdir()
        write_embedding(folder, make_np(mat), metadata, label_img, step, tag, metadata_header)

    def add_custom_scalars(self, layout: dict) -> None:
        """Charts of several scalars; {category: {chart: [kind, tags]}}."""
        self._add(summary.custom_scalars(layout), None, None)

    def add_custom_scalars_multilinechart(
        self, tags: list[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """One chart of several scalars."""
        self.add_custom_scalars({category: {title: ["Multiline", tags]}})

    def add_custom_scalars_marginchart(
        self, tags: list[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """One chart of a scalar, its lower and its upper bound."""
        if len(tags) != 3:
            raise AssertionError("expected 3 tags, got " + str(len(tags)))
        self.add_custom_scalars({category: {title: ["Margin", tags]}})

    # ------------------------------------------------------------ the files

    def flush(self) -> None:
        """Hand all events over to the system."""
        for writer in (self.all_writers or {}).values():
            writer.flush()

    def close(self) -> None:
        """Close the files; what is added later begins others."""
        for writer in (self.all_writers or {}).values():
            writer.flush()
            writer.close()
        self.file_writer = self.all_writers = None

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def make_np_stack(tensors: list) -> Any:
    """Tensors of one shape as one array."""
    import numpy as np

    return np.stack([make_np(t) if isinstance(t, Tensor) else np.asarray(t) for t in tensors])
