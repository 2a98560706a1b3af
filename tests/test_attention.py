"""scaled_dot_product_attention and nn.attention: values, gradients, memory, messages.

The numbers and sentences are PyTorch's: tools/freeze_attention.py.
"""

import copy
import io
import json
import math
import pickle
import tracemalloc
import warnings
from pathlib import Path

import attention_cases as cases
import numpy as np
import pytest
from op_cases import agree

import rushlight as torch
from rushlight import kernels as seam
from rushlight.autograd import gradcheck, gradgradcheck

nn, F = torch.nn, torch.nn.functional
sdpa = F.scaled_dot_product_attention
FROZEN = json.loads((Path(__file__).parent / "frozen" / "attention.json").read_text())
# float32 through several layers, their sums in another order than PyTorch's
TOLERANCE = 2e-5


def test_every_case_is_frozen():
    assert list(FROZEN["cases"]) == cases.cases()


@pytest.mark.parametrize("code", cases.cases())
def test_as_in_pytorch(code):
    found = cases.evaluate(torch, code)
    assert agree(found, FROZEN["cases"][code], TOLERANCE), (found, FROZEN["cases"][code])


@pytest.mark.parametrize("name", cases.TRAINING)
def test_ten_steps_have_pytorchs_losses(name):
    found, expected = cases.TRAINING[name](torch), FROZEN["training"][name]
    # 1e-5 of the first loss: the classifier's has fallen to a 250th by then
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


# ---------------------------------------------------------------- gradients


def doubles(*shapes):
    r = np.random.default_rng(0)
    return [torch.tensor(r.standard_normal(s), requires_grad=True) for s in shapes]


OPTIONS = {
    "plain": {},
    "causal": {"is_causal": True},
    "scale": {"scale": -0.4},
    "bool mask": {"attn_mask": torch.tensor(np.random.default_rng(1).random((3, 4)) < 0.7)},
    "a dead row": {"attn_mask": torch.tensor(np.arange(3)[:, None] + np.zeros(4) > 0)},
    "numbers": {"attn_mask": torch.tensor(np.random.default_rng(1).standard_normal((2, 1, 1, 4)))},
}


@pytest.mark.parametrize("option", OPTIONS)
def test_gradients_of_first_and_second_order(option):
    inputs = doubles((2, 2, 3, 4), (2, 2, 4, 4), (2, 2, 4, 3))
    f = lambda q, k, v: sdpa(q, k, v, **OPTIONS[option])  # noqa: E731
    assert gradcheck(f, inputs)
    assert gradgradcheck(f, inputs)


def test_gradients_of_heads_that_are_shared():
    inputs = doubles((1, 4, 3, 2), (1, 2, 4, 2), (1, 2, 4, 3))
    f = lambda q, k, v: sdpa(q, k, v, enable_gqa=True)  # noqa: E731
    assert gradcheck(f, inputs)
    assert gradgradcheck(f, inputs)


def test_gradients_of_a_mask():
    mask = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    inputs = [*doubles((2, 3, 2), (2, 4, 2), (2, 4, 2)), mask]
    assert gradcheck(sdpa, inputs)
    assert gradgradcheck(sdpa, inputs)


@pytest.mark.parametrize("batch_first", [False, True])
def test_self_attention_of_one_projection(batch_first):
    layer = nn.MultiheadAttention(4, 2, batch_first=batch_first).double().eval()
    f = lambda x: layer(x, x, x, need_weights=False)[0]  # noqa: E731
    (x,) = doubles((3, 2, 4))
    assert gradcheck(f, [x])
    assert gradgradcheck(f, [x])


# ---------------------------------------------------------------- what is kept, and where


def test_nothing_of_size_t_by_t_is_kept():
    if seam.native is None:
        pytest.skip("the twins make the matrix of weights")
    q, k, v = (torch.randn(1, 1, 1500, 8, requires_grad=True) for _ in range(3))
    tracemalloc.start()
    try:
        sdpa(q, k, v, is_causal=True).sum().backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1500 * 1500  # the matrix has four times as many bytes


def test_the_result_lies_in_memory_as_the_query():
    x = torch.randn(2, 5, 3, 4)
    y = sdpa(*[x.transpose(1, 2)] * 3)
    assert y.shape == (2, 3, 5, 4) and y.transpose(1, 2).is_contiguous()
    assert sdpa(x, x, x).is_contiguous()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_floats_are_computed_in_float32(dtype):
    q, k, v = (torch.randn(2, 2, 9, 8).to(dtype).requires_grad_() for _ in range(3))
    wide = [x.detach().float().requires_grad_() for x in (q, k, v)]
    y, expected = sdpa(q, k, v, is_causal=True), sdpa(*wide, is_causal=True)
    assert y.dtype is dtype
    torch.testing.assert_close(y, expected.to(dtype), rtol=0, atol=0)
    y.float().sum().backward()
    expected.sum().backward()
    for a, b in zip((q, k, v), wide, strict=True):
        torch.testing.assert_close(a.grad.float(), b.grad, rtol=2e-2, atol=2e-2)


def test_a_saved_query_must_not_change():
    q = torch.randn(1, 1, 3, 4, requires_grad=True)
    x = q * 1
    y = sdpa(x, q, q)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


# ---------------------------------------------------------------- nn.attention


def test_permitted_ways():
    from rushlight.nn.attention import SDPBackend, _cur_sdpa_kernel_backends, sdpa_kernel

    cuda = torch.backends.cuda
    q = torch.randn(1, 2, 3, 4)
    assert repr(SDPBackend.MATH) == "<SDPBackend.MATH: 0>"
    with sdpa_kernel(SDPBackend.MATH):
        assert cuda.math_sdp_enabled() and not cuda.flash_sdp_enabled()
        assert _cur_sdpa_kernel_backends() == [SDPBackend.MATH]
        sdpa(q, q, q, dropout_p=0.5)
    assert cuda.flash_sdp_enabled() and cuda.mem_efficient_sdp_enabled()
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION]):
        sdpa(q, q, q)
        for x, p, reason in [(q, 0.5, "non-zero dropout"), (q[0], 0.0, "Query dim: 3, Key dim: 3")]:
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                with pytest.raises(RuntimeError, match="No available kernel"):
                    sdpa(x, x, x, dropout_p=p)
            assert str(seen[0].message) == "Flash attention kernel not used because:"
            assert reason in str(seen[1].message)
    with sdpa_kernel(SDPBackend.EFFICIENT_ATTENTION):
        with pytest.raises(RuntimeError, match="No viable backend"):
            sdpa(q, q, q)
    with pytest.raises(AssertionError, match="must be an instance of SDPBackend"):
        with sdpa_kernel("math"):
            pass
    with pytest.warns(FutureWarning, match="is deprecated"):
        with cuda.sdp_kernel(enable_flash=False):
            assert not cuda.flash_sdp_enabled()
    assert cuda.flash_sdp_enabled()

    @sdpa_kernel(SDPBackend.MATH)
    def inside():
        return cuda.flash_sdp_enabled()

    assert not inside() and not cuda.is_flash_attention_available()


def test_causal_biases():
    from rushlight.nn.attention.bias import CausalBias, causal_lower_right, causal_upper_left

    lower, upper = causal_lower_right(2, 3), causal_upper_left(2, 3)
    assert isinstance(lower, CausalBias) and lower.shape == (2, 3)
    assert lower._materialize().tolist() == [[True, True, False], [True, True, True]]
    assert upper._materialize().tolist() == [[True, False, False], [True, True, False]]
    q, k = torch.randn(1, 2, 2, 4), torch.randn(1, 2, 3, 4)
    torch.testing.assert_close(sdpa(q, k, k, upper), sdpa(q, k, k, is_causal=True))
    torch.testing.assert_close(sdpa(q, k, k, lower), sdpa(q, k, k, lower._materialize()))
    torch.testing.assert_close(sdpa(q, k, k, attn_mask=upper), sdpa(q, k, k, upper._materialize()))
    with pytest.raises(ValueError, match="should not be used with causal=True"):
        sdpa(q, k, k, upper, is_causal=True)
    with pytest.raises(AssertionError, match="only supports 2D"):
        causal_lower_right(3)
    with pytest.warns(UserWarning, match="will produce NaNs"):
        causal_lower_right(3, 2)


def causal(b, h, q, k):
    return q >= k


def test_flex_attention():
    from rushlight.nn.attention import flex_attention as flex

    q, k, v = doubles((2, 4, 8, 6), (2, 4, 8, 6), (2, 4, 8, 5))
    f = flex.flex_attention
    expected = sdpa(q, k, v, is_causal=True)
    torch.testing.assert_close(f(q, k, v), sdpa(q, k, v))
    torch.testing.assert_close(
        f(q, k, v, lambda s, b, h, i, j: torch.where(i >= j, s, -float("inf"))), expected
    )
    mask = flex.create_block_mask(causal, None, None, 8, 8, BLOCK_SIZE=4)
    torch.testing.assert_close(f(q, k, v, block_mask=mask), expected)
    slopes = torch.tensor([0.5, 0.25, 0.125, 0.0625], dtype=torch.float64, requires_grad=True)
    y, aux = f(
        q,
        k,
        v,
        lambda s, b, h, i, j: s + b - slopes[h] * (i - j),
        mask,
        return_aux=flex.AuxRequest(lse=True),
    )
    seen = torch.ones(8, 8).tril().bool()
    far = torch.arange(8.0)[:, None] - torch.arange(8.0)
    scores = q @ k.transpose(-1, -2) / 6**0.5 - slopes[:, None, None] * far
    scores = (scores + torch.arange(2.0).reshape(2, 1, 1, 1)).masked_fill(~seen, -float("inf"))
    torch.testing.assert_close(y, scores.softmax(-1) @ v)
    torch.testing.assert_close(aux.lse, scores.logsumexp(-1))
    (ours,) = torch.autograd.grad(y.sum(), slopes, retain_graph=True)
    (theirs,) = torch.autograd.grad((scores.softmax(-1) @ v).sum(), slopes)
    torch.testing.assert_close(ours, theirs)
    dead = flex.create_block_mask(lambda b, h, i, j: i > 3, None, None, 8, 8, BLOCK_SIZE=4)
    y, aux = f(q, k, v, block_mask=dead, return_aux=flex.AuxRequest(lse=True))
    assert not y[:, :, :4].any() and aux.lse[0, 0, 0] == -float("inf")
    torch.testing.assert_close(
        f(q, k[:, :2], v[:, :2], enable_gqa=True), sdpa(q, k[:, :2], v[:, :2], enable_gqa=True)
    )
    for wrong, error, words in [
        (lambda: f(q, k[:, :2], v[:, :2]), ValueError, "Try setting enable_gqa=True"),
        (lambda: f(q[0], k[0], v[0]), NotImplementedError, "must be 4D tensors"),
        (lambda: f(q[:1], k, v), ValueError, "the same batch size"),
        (lambda: f(q[:, :, :5], k, v, block_mask=mask), ValueError, "q_len=5 and kv_len=8"),
        (
            lambda: f(q, k, v, return_aux=flex.AuxRequest(max_scores=True)),
            NotImplementedError,
            "max scores",
        ),
        (
            lambda: flex.create_block_mask(causal, 1, 1, 8, 8, compute_dq_write_order=True),
            NotImplementedError,
            "compute_dq_write_order",
        ),
        (lambda: flex.and_masks(3), RuntimeError, "should be callable mask_mods"),
        (lambda: flex.create_block_mask(3, 1, 1, 8, 8), TypeError, "not a callable object"),
    ]:
        with pytest.raises(error, match=words):
            wrong()


def test_masks_and_their_blocks():
    """The numbers are PyTorch's (2.13.0)."""
    from rushlight.nn.attention import flex_attention as flex

    mask = flex.create_block_mask(causal, 2, 3, 200, 300)
    assert mask.shape == (2, 3, 200, 300) and mask.numel() == 360000
    assert mask.kv_num_blocks[0, 0].tolist() == [1, 2]
    assert mask.kv_indices[0, 0].tolist() == [[0, 1, 2], [0, 1, 2]]
    assert mask.full_kv_num_blocks[0, 0].tolist() == [0, 0]
    assert mask.sparsity() == pytest.approx(18.08)
    small = flex.create_block_mask(causal, None, None, 8, 8, BLOCK_SIZE=4)
    found = [x.tolist() for x in small.as_tuple(flatten=False)[1:-2]]
    assert found == [
        [[[1, 1]]],
        [[[[0, 1], [1, 0]]]],
        [[[0, 1]]],
        [[[[0, 1], [0, 1]]]],
        [[[1, 1]]],
        [[[[0, 1], [1, 0]]]],
        [[[1, 0]]],
        [[[[1, 0], [0, 1]]]],
    ]
    assert str(small) == "BlockMask(shape=(1, 1, 8, 8), sparsity=25.00%, \n(0, 0)\n██  \n████\n)"
    assert repr(small).splitlines()[-4:-1] == [
        "    shape=(1, 1, 8, 8),",
        "    sparsity=25.00%,",
        "    mask_mod=causal",
    ]
    assert small.to_dense().tolist() == [[[[1, 0], [1, 1]]]]
    assert small._adjust(4, 8).shape == (1, 1, 4, 8) and mask[0, 1].shape == (1, 1, 200, 300)
    index = torch.tensor(0)
    with pytest.raises(RuntimeError, match="sliced BlockMask"):
        small[0].mask_mod(index, index, index, index)
    again = flex.BlockMask.from_kv_blocks(small.kv_num_blocks, small.kv_indices, BLOCK_SIZE=4)
    assert again.sparsity() == 50 and again.full_q_indices is None
    assert (
        flex.create_mask(causal, 2, None, 2, 3).tolist()
        == [[[[True, False, False], [True, True, False]]]] * 2
    )
    seen = flex.create_mask(lambda s, b, h, i, j: torch.where(i > j, s, -float("inf")), 1, 1, 2, 2)
    assert seen.tolist() == [[[[False, False], [True, False]]]]
    i, j = torch.tensor(1), torch.tensor(2)
    assert not flex.and_masks(causal, flex.noop_mask)(i, i, i, j)
    assert flex.or_masks(causal, flex.noop_mask)(i, i, i, j)


# ---------------------------------------------------------------- layers as wholes


def test_layers_pickle_and_copy():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Transformer(8, 2, 1, 1, 16).eval()
    x, y = torch.randn(3, 2, 8), torch.randn(4, 2, 8)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    for again in (
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        torch.load(file, weights_only=False),
    ):
        layer = again.encoder.layers[0]
        assert layer.activation is F.relu and layer.activation_relu_or_gelu == 1
        torch.testing.assert_close(again(x, y), model(x, y), rtol=0, atol=0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=nn.GELU())
    assert isinstance(pickle.loads(pickle.dumps(layer)).activation, nn.GELU)
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=math.sin)
    assert pickle.loads(pickle.dumps(layer)).activation is math.sin


def test_threads_give_the_same_bits():
    q, k, v = (torch.randn(2, 3, 130, 16, requires_grad=True) for _ in range(3))
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            y = sdpa(q, k, v, is_causal=True)
            results.append([y, *torch.autograd.grad(y.sum(), (q, k, v))])
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert torch.equal(a, b)
