"""torch.device and the modules of devices: truthful answers, PyTorch's errors for the absent."""

import copy
import importlib
import pickle

import pytest

import rushlight as torch
from rushlight.core.device import resolve


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (("cpu",), "device(type='cpu')"),
        (("cpu:0",), "device(type='cpu', index=0)"),
        (("cuda", 1), "device(type='cuda', index=1)"),
        (("cuda:1",), "device(type='cuda', index=1)"),
        ((torch.device("mps"),), "device(type='mps')"),
        (("meta", None), "device(type='meta')"),
    ],
)
def test_forms(made, text):
    d = torch.device(*made)
    assert repr(d) == text
    assert d == copy.deepcopy(d) == pickle.loads(pickle.dumps(d)) == torch.device(d)
    assert hash(d) == hash(torch.device(*made))


def test_parts_and_comparison():
    d = torch.device(type="cuda", index=1)
    assert (d.type, d.index, str(d)) == ("cuda", 1, "cuda:1")
    assert torch.device("cpu") != torch.device("cpu:0")
    assert torch.device("cpu") != "cpu"
    with pytest.raises(AttributeError, match=r"attribute 'type' of 'torch\.device' objects is not"):
        d.type = "cpu"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            ("foo",),
            RuntimeError,
            "Expected one of cpu, cuda, ipu, .* at start of device string: foo",
        ),
        (("",), RuntimeError, "Device string must not be empty"),
        (("cuda:",), RuntimeError, "Invalid device string: 'cuda:'"),
        (("cuda:-1",), RuntimeError, "Invalid device string: 'cuda:-1'"),
        (("cuda:01",), RuntimeError, "Invalid device string: 'cuda:01'"),
        (("cpu ",), RuntimeError, "Invalid device string: 'cpu '"),
        (("cuda:1", 1), RuntimeError, "must not include an index because index was passed"),
        (("cuda", -1), RuntimeError, "Device index must not be negative"),
        ((0,), RuntimeError, "Cannot access accelerator device when none is available"),
        ((1.5,), TypeError, r"got \(float\), but expected one of"),
    ],
)
def test_malformed(arguments, error, words):
    with pytest.raises(error, match=words):
        torch.device(*arguments)


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("cuda", AssertionError, "^Torch not compiled with CUDA enabled\n.*\n  fix: device='cpu'"),
        ("cuda:3", AssertionError, "Torch not compiled with CUDA enabled"),
        ("xpu", AssertionError, "Torch not compiled with XPU enabled"),
        ("mtia", AssertionError, "Torch not compiled with MTIA enabled"),
        ("mps", RuntimeError, "PyTorch is not linked with support for mps devices"),
        (0, RuntimeError, "Cannot access accelerator device when none is available"),
        (1.5, TypeError, "argument 'device' must be torch.device, not float"),
    ],
)
def test_absent_devices_are_refused(kind, error, words):
    for use in (resolve, lambda d: torch.zeros(1).to(d), lambda d: torch.tensor(1.0, device=d)):
        with pytest.raises(error, match=words):
            use(kind)


def test_the_cpu_has_no_index():
    assert torch.tensor(1.0, device="cpu:1").device == torch.device("cpu")
    assert torch.zeros(1).to("cpu").device.type == "cpu"


def test_default_device():
    assert torch.get_default_device() == torch.device("cpu")
    with torch.device("cuda") as d:
        assert d.type == "cuda"
        with torch.device("cpu"):
            assert torch.tensor(1.0).device.type == "cpu"
        for make in (lambda: torch.tensor(1.0), lambda: torch.zeros(2), lambda: torch.rand(2)):
            with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
                make()
        assert torch.zeros_like(torch.tensor(1.0, device="cpu")).device.type == "cpu"
    assert torch.tensor(1.0).device.type == "cpu"
    try:
        torch.set_default_device("cuda")
        with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
            torch.get_default_device()
    finally:
        torch.set_default_device(None)

    @torch.device("xpu")
    def on_xpu():
        return torch.tensor(1.0)

    with pytest.raises(AssertionError, match="XPU"):
        on_xpu()


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mtia", "mps", "accelerator"])
def test_modules_of_absent_devices(kind):
    module = importlib.import_module(f"rushlight.{kind}")
    assert getattr(torch, kind) is module
    assert module.is_available() is False
    assert module.device_count() == 0
    with pytest.raises((AssertionError, RuntimeError)):
        module.synchronize()
    assert not hasattr(module, "nonsense")


def test_cuda_answers_as_pytorch_does_without_cuda():
    torch.cuda.manual_seed(1)
    torch.cuda.manual_seed_all(1)
    torch.cuda.empty_cache()
    assert torch.cuda.memory_allocated() == torch.cuda.max_memory_reserved("cuda:0") == 0
    assert not torch.cuda.is_initialized() and not torch.cuda.is_bf16_supported()
    for name in ("current_device", "get_device_name", "get_device_properties"):
        with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
            getattr(torch.cuda, name)()
    with pytest.raises(RuntimeError, match=r"torch\.cuda\.Stream requires CUDA support"):
        torch.cuda.Stream()
    with pytest.raises(TypeError, match="not compiled with CUDA enabled"):
        torch.cuda.FloatTensor()
    with torch.cuda.stream(None), torch.cuda.device(-1):
        pass


def test_accelerator():
    assert torch.accelerator.current_accelerator() is None
    for call in (
        torch.accelerator.current_device_index,
        lambda: torch.accelerator.set_device_index(0),
    ):
        with pytest.raises(RuntimeError, match="Cannot access accelerator device when none is"):
            call()
    with torch.accelerator.device_index(None):
        pass


def test_cpu_module():
    assert torch.cpu.is_available() and torch.cpu.device_count() == 1
    torch.cpu.synchronize()
    with torch.cpu.stream(torch.cpu.current_stream()):
        assert torch.cpu.Event().query()
    assert torch.get_device_module() is torch.cpu
    assert torch.get_device_module("cuda:0") is torch.cuda
    with pytest.raises(RuntimeError, match="does not have a corresponding module registered"):
        torch.get_device_module("xla")


def test_backends():
    b = torch.backends
    assert not b.mps.is_available() and not b.mps.is_built() and not b.cuda.is_built()
    assert not b.cudnn.is_available() and b.cudnn.version() is None
    assert not b.mkl.is_available() and not b.mkldnn.is_available() and not b.openmp.is_available()
    assert b.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    before = b.cudnn.benchmark
    with b.cudnn.flags(enabled=False, benchmark=True):
        assert (b.cudnn.enabled, b.cudnn.benchmark) == (False, True)
    assert (b.cudnn.enabled, b.cudnn.benchmark) == (True, before)
    with b.mkldnn.flags(enabled=False):
        assert not b.mkldnn.enabled
    b.cuda.matmul.allow_tf32 = True
    assert b.cuda.matmul.allow_tf32
    b.cuda.matmul.allow_tf32 = False
    b.cuda.enable_flash_sdp(False)
    assert not b.cuda.flash_sdp_enabled()
    b.cuda.enable_flash_sdp(True)
    assert not b.opt_einsum.is_available() and b.cudnn.conv.fp32_precision == "tf32"


def test_determinism_is_noted():
    try:
        torch.set_deterministic_debug_mode("warn")
        assert torch.get_deterministic_debug_mode() == 1
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        torch.use_deterministic_algorithms(True)
        assert torch.get_deterministic_debug_mode() == 2
        with pytest.raises(
            RuntimeError, match="expected one of `default`, `warn`, `error`, but go"
        ):
            torch.set_deterministic_debug_mode("loud")
    finally:
        torch.set_deterministic_debug_mode(0)
    assert not torch.are_deterministic_algorithms_enabled()


def test_errors_that_scripts_catch():
    assert issubclass(torch.cuda.OutOfMemoryError, RuntimeError)
    assert torch.OutOfMemoryError is torch.cuda.OutOfMemoryError


def test_no_cuda_states_to_set():
    """What get_rng_state_all gives can be set again (lightning does so around each validation)."""
    torch.cuda.set_rng_state_all(torch.cuda.get_rng_state_all())
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        torch.cuda.set_rng_state_all([torch.zeros(16, dtype=torch.uint8)])
