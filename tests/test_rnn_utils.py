"""Packed and padded sequences; PyTorch's values and sentences are among test_recurrent.py's."""

import copy
import pickle

import pytest

import rushlight as torch
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn.utils import rnn


def sequences(*lengths, rest=(2,), dtype=torch.float32):
    torch.manual_seed(0)
    return [torch.randn(n, *rest, dtype=dtype) for n in lengths]


@pytest.mark.parametrize("lengths", [(4, 2, 2, 1), (1, 3, 2), (5,), (2, 2)])
@pytest.mark.parametrize("rest", [(), (2,), (2, 3)])
@pytest.mark.parametrize("batch_first", [False, True])
def test_there_and_back(lengths, rest, batch_first):
    parts = sequences(*lengths, rest=rest)
    padded = rnn.pad_sequence(parts, batch_first)
    packed = rnn.pack_padded_sequence(padded, list(lengths), batch_first, enforce_sorted=False)
    assert packed.data.shape == (sum(lengths), *rest)
    assert packed.batch_sizes.tolist() == [sum(n > t for n in lengths) for t in range(max(lengths))]
    again, found = rnn.pad_packed_sequence(packed, batch_first)
    assert torch.equal(again, padded) and found.tolist() == list(lengths)
    for a, b in zip(rnn.unpack_sequence(packed), parts, strict=True):
        assert torch.equal(a, b)
    for a, b in zip(rnn.unpad_sequence(padded, found, batch_first), parts, strict=True):
        assert torch.equal(a, b)


def test_steps_lie_one_after_the_other():
    a, b = torch.tensor([1, 2]), torch.tensor([3, 4, 5])
    packed = rnn.pack_sequence([a, b], enforce_sorted=False)
    assert packed.data.tolist() == [3, 1, 4, 2, 5]
    assert packed.sorted_indices.tolist() == [1, 0] == packed.unsorted_indices.tolist()
    assert rnn.pack_sequence([b, a]).sorted_indices is None


def test_padding():
    a, b = torch.tensor([1, 2]), torch.tensor([3])
    assert rnn.pad_sequence([a, b], True, 9).tolist() == [[1, 2], [3, 9]]
    assert rnn.pad_sequence([a, b], True, 9, "left").tolist() == [[1, 2], [9, 3]]
    packed = rnn.pack_sequence([a, b])
    padded, _ = rnn.pad_packed_sequence(packed, True, -1, total_length=3)
    assert padded.tolist() == [[1, 2, -1], [3, -1, -1]]


def test_derivatives():
    a, b = (t.requires_grad_() for t in sequences(2, 3, dtype=torch.float64))

    def run(a, b):
        packed = rnn.pack_sequence([a, b], enforce_sorted=False)
        return packed.data, rnn.pad_packed_sequence(packed, total_length=5)[0]

    assert gradcheck(run, (a, b))
    assert gradgradcheck(run, (a, b))
    assert gradcheck(lambda *x: rnn.pad_sequence(x, True, 1.0, "left"), (a, b))


def test_conversions():
    packed = rnn.pack_sequence(sequences(1, 2), enforce_sorted=False)
    assert (
        packed.to(torch.float32) is packed and packed.cpu() is packed and packed.float() is packed
    )
    for name in "double half long int short char byte".split():
        other = getattr(packed, name)()
        assert other.data.dtype is getattr(packed.data, name)().dtype
        assert other.batch_sizes is packed.batch_sizes
        assert torch.equal(other.sorted_indices, packed.sorted_indices)
    assert not packed.is_cuda and not packed.is_pinned()
    with pytest.raises((AssertionError, RuntimeError), match="CUDA"):
        packed.cuda()


def test_copies_and_pickles():
    packed = rnn.pack_sequence(sequences(1, 2), enforce_sorted=False)
    for other in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert type(other) is rnn.PackedSequence
        assert all(torch.equal(a, b) for a, b in zip(other, packed, strict=True))
    assert packed.data is packed[0] and packed._fields[1] == "batch_sizes" and len(packed) == 4


def test_unpadding_leaves_the_argument_alone():
    """PyTorch's transposes it in place."""
    padded = rnn.pad_sequence(sequences(2, 3))
    rnn.unpad_sequence(padded, torch.tensor([2, 3]))
    assert padded.shape == (3, 2, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rnn.pack_padded_sequence(torch.zeros(3, 2), [4, 1]), "the longest length is 4"),
        (lambda: rnn.pack_padded_sequence(torch.zeros(3, 2), [1, 2]), "enforce_sorted=False"),
        (lambda: rnn.pad_sequence([torch.zeros(2, 3), torch.zeros(2)]), "sequence 1 has 1 dim"),
        (lambda: rnn.pad_sequence([torch.tensor(1.0)]), "sequence 0 is a number"),
        (
            lambda: rnn.pad_packed_sequence(
                rnn.PackedSequence(torch.zeros(3), torch.tensor([1, 2]))
            ),
            "never rise",
        ),
        (
            lambda: torch.nn.LSTM(1, 2)(
                rnn.PackedSequence(torch.zeros(3, 1), torch.tensor([1, 2]))
            ),
            "never rise",
        ),
        (
            lambda: torch.nn.GRU(1, 2)(rnn.PackedSequence(torch.zeros(4, 1), torch.tensor([2, 1]))),
            "their sum is the number of rows",
        ),
    ],
)
def test_what_does_not_fit(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()
