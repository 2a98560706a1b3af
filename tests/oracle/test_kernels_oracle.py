"""Kernels beside a living PyTorch: optimizer steps to the bit, the rest within its tolerances.

The pointwise ones are those of native.KERNELS, see kernel_cases.py.
"""

import itertools
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from kernel_cases import DOMAIN, KERNELS, pointwise

from rushlight import kernels as seam
from rushlight.kernels import K

F = torch.nn.functional
SIZE = 5003


def array(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def close(ours, theirs, **tolerance):
    for y, t in zip(*([v] if not isinstance(v, tuple) else v for v in (ours, theirs)), strict=True):
        torch.testing.assert_close(torch.from_numpy(y), t, **tolerance)


def run(optimizer, step):
    """Five steps of both on the same gradients -> our parameter, PyTorch's."""
    p = array(SIZE)
    theirs = torch.nn.Parameter(torch.from_numpy(p.copy()))
    o = optimizer([theirs])
    for t in range(1, 6):
        g = array(SIZE, seed=t)
        theirs.grad = torch.from_numpy(g.copy())
        o.step()
        step([p], [g], t)
    return p, theirs.detach().numpy()


# Multiplications and additions are fused in both; the twins and processors without FMA round twice.
FUSED = (
    seam.native is not None
    and seam.native.isa() != "baseline"
    and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
)


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("decay", [0, 0.1])
@pytest.mark.parametrize(
    ("momentum", "dampening", "nesterov"),
    [(0, 0, False), (0.9, 0, False), (0.9, 0.1, False), (0.9, 0, True)],
)
def test_sgd_takes_the_same_path_to_the_bit(momentum, dampening, nesterov, decay, maximize):
    bufs = [None]

    def step(params, grads, t):
        bufs[:] = K.sgd_step(
            params, grads, bufs, 0.1, momentum, dampening, decay, nesterov, maximize
        )

    ours, theirs = run(
        lambda ps: torch.optim.SGD(
            ps,
            lr=0.1,
            momentum=momentum,
            dampening=dampening,
            weight_decay=decay,
            nesterov=nesterov,
            maximize=maximize,
        ),
        step,
    )
    if FUSED:
        assert ours.tobytes() == theirs.tobytes()
    else:
        np.testing.assert_allclose(ours, theirs, 1e-6, 1e-6)


@pytest.mark.parametrize(
    ("amsgrad", "decay", "decoupled"),
    list(itertools.product([False, True], [0, 0.1], [False, True])),
)
def test_adam(amsgrad, decay, decoupled):
    m, v, largest = ([np.zeros(SIZE, "f")] for _ in range(3))

    def step(params, grads, t):
        numbers = (1e-2, 0.9, 0.999, 1e-8, decay, amsgrad, False, decoupled)
        K.adam_step(params, grads, m, v, largest if amsgrad else None, [float(t)], *numbers)

    cls = torch.optim.AdamW if decoupled else torch.optim.Adam
    ours, theirs = run(lambda ps: cls(ps, lr=1e-2, weight_decay=decay, amsgrad=amsgrad), step)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=5e-7)


@pytest.mark.parametrize(("centered", "momentum"), list(itertools.product([False, True], [0, 0.9])))
def test_rmsprop(centered, momentum):
    square, mean, b = ([np.zeros(SIZE, "f")] for _ in range(3))

    def step(params, grads, t):
        lists = (square, mean if centered else None, b if momentum else None)
        K.rmsprop_step(params, grads, *lists, 1e-2, 0.99, 1e-8, 0.1, momentum, False)

    ours, theirs = run(
        lambda ps: torch.optim.RMSprop(
            ps, lr=1e-2, weight_decay=0.1, centered=centered, momentum=momentum
        ),
        step,
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)


def test_adagrad():
    total = [np.zeros(SIZE, "f")]

    def step(params, grads, t):
        K.adagrad_step(params, grads, total, [float(t)], 1e-2, 0.1, 1e-10, 0.1, False)

    ours, theirs = run(
        lambda ps: torch.optim.Adagrad(ps, lr=1e-2, lr_decay=0.1, weight_decay=0.1), step
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=5e-7)


#: kernels compared here by hand, and in the other files of this folder
HERE = """
    sgd_step adam_step rmsprop_step adagrad_step cross_entropy cross_entropy_dx
    layer_norm layer_norm_dx batch_norm batch_norm_dx
"""
ELSEWHERE = {
    "test_cards_oracle.py": """
        add sub mul div add_ sub_ mul_ div_ dense_view linear linear_relu linear_dx linear_dw
        linear_db matmul sum mean mse_loss mse_loss_dx huber_loss smooth_l1_loss argmax softmax
        log_softmax softmax_dx log_softmax_dx take embedding embedding_dw batch_norm_eval
        batch_norm_eval_dx
        add_at argmin astype chosen clamped concatenate dense dense_copy
        group_norm group_norm_dx logsumexp max min padded pick places square_sum stack
        take_along_axis where within eq ne lt le gt ge
        add_scaled addcdiv addcmul assign atan2 bitwise_and bitwise_left_shift bitwise_not
        bitwise_or bitwise_right_shift bitwise_xor copysign filled finite floor_divide fmax fmin
        fmod hypot isfinite isinf isnan lerp lerp_number logaddexp logaddexp2 logical_and
        logical_not logical_or logical_xor maximum minimum nextafter power remainder signbit tril
        triu trunc_divide bce_logits bce_logits_weighted bce_logits_dx
    """,
    "test_small_oracle.py": "dot cross variance unit nll glu continued both_extremes",
    "test_windows_oracle.py": """
        conv1d conv2d conv1d_relu conv2d_relu conv1d_norm conv2d_norm conv1d_dx conv2d_dx
        conv1d_dw conv2d_dw max_pool2d max_pool2d_dx avg_pool2d avg_pool2d_dx
        adaptive_avg_pool adaptive_avg_pool_dx
    """,
    "test_attention_oracle.py": "attention attention_dx",
    "test_fft_oracle.py": "dft dft_real dft_to_real",
    "test_int8_oracle.py": "linear_int8",
    "test_linalg_oracle.py": "solve_small",
    "test_memory_format_oracle.py": "channels_last",
    "test_order_oracle.py": "add_rows count prod cumsum cumprod cummax cummin top_rows sort_rows",
    "test_recurrent_oracle.py": """
        rnn_layer rnn_layer_dx gru_layer gru_layer_dx lstm_layer lstm_layer_dx
    """,
    "test_resize_oracle.py": "resample grid_sample grid_sample_dx grid_sample_dgrid",
    "test_distributions_oracle.py": "rng_gamma",
    "test_random_oracle.py": """
        rng_seed rng_bits rng_uniform rng_integers rng_bernoulli rng_bernoulli_each rng_dropout
        rng_exponential rng_cauchy rng_normal rng_normal_serial rng_randperm
        rng_poisson rng_binomial rng_multinomial
    """,
}
POINTWISE = [(name, numbers) for name, numbers in pointwise() if not name.endswith("_dx")]
FROM_OUTPUT = ("relu", "sigmoid", "tanh")  # their derivatives take the output


def test_every_kernel_is_compared():
    known = {name for name, _ in pointwise()}.union(*map(str.split, [HERE, *ELSEWHERE.values()]))
    assert set(KERNELS) <= known


def theirs(name, x, *numbers):
    """PyTorch's function for a pointwise kernel."""
    if name == "gelu":
        return F.gelu(x, approximate="tanh" if numbers[0] else "none")
    zero = torch.zeros_like(x)
    if name == "cube":
        return x**3
    if name == "huber":
        return F.huber_loss(x, zero, "none", *numbers)
    if name == "smooth_l1":
        return F.smooth_l1_loss(x, zero, None, None, "none", *numbers)
    if name.endswith("_slope"):  # of one of these two
        width, height = numbers[0], numbers[0] if name == "huber_slope" else 1.0
        return (x / width).clamp(-1, 1) * height
    for home in (torch, F):
        for spelled in (name, name.replace("_", "")):
            if callable(getattr(home, spelled, None)):
                return getattr(home, spelled)(x, *numbers)
    raise LookupError(f"PyTorch has no function for kernel {name}")


@pytest.mark.parametrize(("name", "numbers"), POINTWISE)
def test_a_pointwise_kernel_and_its_derivative(name, numbers):
    x, dy = array(40, 50) * 4, array(40, 50, seed=1)
    if name in DOMAIN:
        low, high = DOMAIN[name]
        x = np.clip(np.abs(x) if low >= 0 else x / 9, low, high)
    t = torch.from_numpy(x).requires_grad_()
    y = theirs(name, t, *numbers)
    y.backward(torch.from_numpy(dy))
    close(getattr(K, name)(x, *numbers), y.detach())
    if f"{name}_dx" in KERNELS:
        given = y.detach().numpy() if name in FROM_OUTPUT else x
        close(getattr(K, f"{name}_dx")(dy, given, *numbers), t.grad)


def test_cross_entropy():
    x, target = array(64, 10) * 3, np.arange(64) * 7 % 10
    target[5] = -100
    t = torch.from_numpy(x).requires_grad_()
    loss = F.cross_entropy(t, torch.from_numpy(target))
    loss.backward()
    ours, logp = K.cross_entropy(x, target, -100, True)
    close(ours, loss.detach())
    close(K.cross_entropy_dx(np.float32(1), logp, target, -100, True), t.grad)


def test_norms():
    x, w, b, dy = array(8, 6, 50) * 2 + 1, array(50), array(50, seed=2), array(8, 6, 50, seed=3)
    t, tw, tb = (torch.from_numpy(v).requires_grad_() for v in (x, w, b))
    y = F.layer_norm(t, (50,), tw, tb)
    y.backward(torch.from_numpy(dy))
    ours, mean, rstd = K.layer_norm(x, 1, w, b, 1e-5)
    close(ours, y.detach())
    close(
        K.layer_norm_dx(dy, x, w, mean, rstd, 1), (t.grad, tw.grad, tb.grad), rtol=1e-4, atol=1e-4
    )

    w, b = array(6), array(6, seed=2)
    t, tw, tb = (torch.from_numpy(v).requires_grad_() for v in (x, w, b))
    y = F.batch_norm(t, None, None, tw, tb, True)
    y.backward(torch.from_numpy(dy))
    ours, mean, rstd = K.batch_norm(x, w, b, 1e-5)
    close(ours, y.detach())
    close(K.batch_norm_dx(dy, x, w, mean, rstd), (t.grad, tw.grad, tb.grad), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    "name", ["floor", "ceil", "trunc", "round", "maximum", "minimum", "fmax", "fmin"]
)
def test_two_byte_floats_in_registers(name, dtype):
    """Of all numbers, those below the smallest normal one, the infinite ones and NaN among them."""
    narrow = np.float16 if dtype is torch.float16 else np.dtype(ml_dtypes.bfloat16)
    bits = np.arange(2**16, dtype=np.int64).astype(np.uint16)
    infinity = 0x7C00 if dtype is torch.float16 else 0x7F80
    bits[bits & 0x7FFF > infinity] = 0x7FFF  # (the C library's fmax is NaN of one that signals)
    count = 1 if name in ("floor", "ceil", "trunc", "round") else 2
    arrays = [bits, np.random.default_rng(0).permutation(bits)][:count]
    numbers = [torch.from_numpy(a.view(np.int16)).view(dtype) for a in arrays]
    ours = getattr(K, name)(*(a.view(narrow) for a in arrays))
    assert ours.dtype == narrow
    expected = getattr(torch, name)(*numbers).double().numpy()
    np.testing.assert_array_equal(ours.astype(np.float64), expected)
