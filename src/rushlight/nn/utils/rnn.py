"""Sequences of different lengths: packed one after the other, or padded to one length.

T steps, B sequences, * further dimensions. A packed batch holds the rows of all steps one after the
other, of each step those of the sequences that are that long, the longest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from ...core.memory import on_host
from ...core.tensor import Tensor, wrap
from ...dispatch.messages import tensor_argument
from ...ops.padded import check_batch_sizes, pad_sequences

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class PackedSequence_(NamedTuple):
    """The four fields of a PackedSequence."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(PackedSequence_):
    """A batch of sequences of different lengths, without padding: what pack_padded_sequence makes
    and recurrent layers take.

    data              (S, *): step by step, the longest sequence first
    batch_sizes       (T) int64: how many sequences are that long
    sorted_indices    (B): which of the user's sequences is the k-th here; None: they were in order
    unsorted_indices  (B): its inverse; made of the other if that alone is given
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if batch_sizes is None:  # all in one: (data, batch_sizes)
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be "
                "created manually. They should be instantiated by functions like pack_sequence and "
                "pack_padded_sequences in nn.utils.rnn. "
                "https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
            )
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """data.to(...), the rest kept; self if that changes nothing."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        indices = [
            t if t is None else t.to(data.device)
            for t in (self.sorted_indices, self.unsorted_indices)
        ]
        return type(self)(data, self.batch_sizes, *indices)

    def cuda(self, *args: Any, **kwargs: Any) -> Self:
        """Refused, as by Tensor.cuda."""
        self.data.cuda(*args, **kwargs)
        return self

    def cpu(self, *args: Any, **kwargs: Any) -> Self:
        """self, if data is on the CPU."""
        return self.to(*args, device="cpu", **kwargs)

    def pin_memory(self) -> Self:
        """data in pinned memory."""
        return type(self)(
            self.data.pin_memory(), self.batch_sizes, self.sorted_indices, self.unsorted_indices
        )

    def double(self) -> Self:
        """data in float64."""
        return self.to(self.data.double().dtype)

    def float(self) -> Self:
        """data in float32."""
        return self.to(self.data.float().dtype)

    def half(self) -> Self:
        """data in float16."""
        return self.to(self.data.half().dtype)

    def long(self) -> Self:
        """data in int64."""
        return self.to(self.data.long().dtype)

    def int(self) -> Self:
        """data in int32."""
        return self.to(self.data.int().dtype)

    def short(self) -> Self:
        """data in int16."""
        return self.to(self.data.short().dtype)

    def char(self) -> Self:
        """data in int8."""
        return self.to(self.data.char().dtype)

    def byte(self) -> Self:
        """data in uint8."""
        return self.to(self.data.byte().dtype)

    @property
    def is_cuda(self) -> bool:
        """False."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """True if data lies in pinned memory."""
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """q with q[p[i]] = i; None of None.

    shape   (B) int64 -> (B)
    """
    if permutation is None:
        return None
    p = permutation._a
    inverse = np.empty_like(p)
    inverse[p] = np.arange(p.size, dtype=p.dtype)
    return wrap(inverse)


def _places(batch: np.ndarray, lengths: np.ndarray, steps: int, batch_first: bool) -> np.ndarray:
    """Where the rows of a packed batch lie in the padded one, as (T B, *) or (B T, *).

    batch: which sequence is the k-th here; lengths: the k-th's.
    """
    t, k = np.nonzero(np.arange(lengths[0])[:, None] < lengths)
    return batch[k] * steps + t if batch_first else t * batch.size + batch[k]


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | Sequence[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """A padded batch without its padding.

    lengths         of the sequences, on the CPU
    enforce_sorted  the longest comes first; False: they are sorted here, and put back in order by
                    pad_packed_sequence. Of one length, the first comes first (with more than 16
                    sequences PyTorch's order depends on the processor)
    shape           input (T, B, *), or (B, T, *) with batch_first
    errors          RuntimeError: lengths that do not fall, are below 1 or above T, are not B;
                    nothing in the input. TypeError: input is no tensor
    """
    tensor_argument("_pack_padded_sequence", input)
    given = on_host(lengths._a if isinstance(lengths, Tensor) else lengths)
    given = given.astype(np.int64)
    if given.ndim != 1:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {given.ndim}D cpu Long "
            "tensor"
        )
    if input._a.ndim < 2:
        input.size(1)  # the error of a dimension that is not there
    if not input._a.size:
        raise RuntimeError("Cannot pack empty tensors.")
    x = input._a
    size, steps = x.shape[:2] if batch_first else x.shape[1::-1]
    if given.size != size:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {given.size} "
            f"(batch_size={size})"
        )
    order = None if enforce_sorted else np.argsort(-given, kind="stable").astype(np.int64)
    falling = given if order is None else given[order]
    if falling[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if (falling[1:] > falling[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    if falling[0] > steps:
        raise RuntimeError(
            f"the longest length is {falling[0]}, but the input has {steps} steps\n"
            f"  its shape is {tuple(x.shape)}, batch_first={batch_first}"
        )
    batch = np.arange(size, dtype=np.int64) if order is None else order
    flat = input.reshape((x.shape[0] * x.shape[1], *x.shape[2:]))
    data = flat.index_select(0, _beside(flat, _places(batch, falling, steps, batch_first)))
    # how many are longer than t steps
    shorter = np.searchsorted(falling[::-1], np.arange(falling[0]), "right")
    sizes = size - np.asarray(shorter, np.int64)
    return PackedSequence(data, wrap(sizes), None if order is None else _beside(flat, order), None)


def _beside(x: Tensor, a: np.ndarray) -> Tensor:
    """An array of the host as a tensor where x is."""
    t = wrap(a)
    return t if x.is_cpu or x.is_meta else t.to(x.device)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The padded batch of a packed one, and the lengths, in the order of the user's batch.

    total_length  how many steps the result has; None: as many as the longest sequence
    shape         -> (T, B, *), or (B, T, *) with batch_first; lengths (B) int64
    errors        ValueError: total_length is less than the longest sequence. RuntimeError: sizes
                  that do not fit the data
    """
    sizes, data = sequence.batch_sizes._a, sequence.data
    check_batch_sizes(sizes, data._a.shape[0])
    longest, size = sizes.size, int(sizes[0])
    steps = longest if total_length is None else total_length
    if steps < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but "
            f"got total_length={total_length} and max sequence length being {longest}"
        )
    lengths = (np.arange(size)[:, None] < sizes).sum(1, dtype=np.int64)
    batch = np.arange(size, dtype=np.int64)
    if sequence.unsorted_indices is not None:
        back = on_host(sequence.unsorted_indices._a)
        batch[back] = np.arange(size)
        places = _places(batch, lengths, steps, batch_first)
        lengths = lengths[back]
    else:
        places = _places(batch, lengths, steps, batch_first)
    shape = (size, steps) if batch_first else (steps, size)
    rest = data._a.shape[1:]
    empty = _beside(data, np.full((size * steps, *rest), padding_value).astype(data._a.dtype))
    y = empty.index_copy(0, _beside(data, places), data)
    return y.reshape((*shape, *rest)), wrap(lengths)


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences of different lengths as one tensor.

    shape   B times (T, *) -> (longest T, B, *), or (B, longest T, *) with batch_first
    dtype   the first one's
    errors  RuntimeError: none at all, no iterable, further dimensions that differ, a side that is
            none; TypeError: something else than a tensor
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    parts = list(sequences.unbind(0) if isinstance(sequences, Tensor) else sequences)
    return pad_sequences(parts, batch_first, padding_value, padding_side)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences of a padded batch, each of its own length.

    shape   (T, B, *), or (B, T, *) with batch_first; lengths (B)
    errors  ValueError: another number of lengths
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [x[:n] for x, n in zip(padded_sequences.unbind(0), lengths.tolist(), strict=True)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Sequences of different lengths, packed: pack_padded_sequence of pad_sequence.

    shape   B times (T, *)
    errors  as theirs
    """
    sequences = list(sequences)
    lengths = [x._a.shape[0] for x in sequences if isinstance(x, Tensor) and x._a.ndim]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch, in the order of the user's batch.

    shape   -> B times (T, *)
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
