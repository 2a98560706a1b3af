"""torch.backends.cuda: not built; its switches can be set and read."""

from types import SimpleNamespace


def is_built() -> bool:
    """Was this library built with CUDA? No."""
    return False


matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    fp32_precision="none",
)

_attention = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def enable_flash_sdp(enabled: bool) -> None:
    """Permit the flash kernel for attention on CUDA."""
    _attention["flash"] = enabled


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Permit the memory-efficient kernel for attention on CUDA."""
    _attention["mem_efficient"] = enabled


def enable_math_sdp(enabled: bool) -> None:
    """Permit the plain formula for attention on CUDA."""
    _attention["math"] = enabled


def enable_cudnn_sdp(enabled: bool) -> None:
    """Permit cuDNN's kernel for attention on CUDA."""
    _attention["cudnn"] = enabled


def flash_sdp_enabled() -> bool:
    """What `enable_flash_sdp` set."""
    return _attention["flash"]


def mem_efficient_sdp_enabled() -> bool:
    """What `enable_mem_efficient_sdp` set."""
    return _attention["mem_efficient"]


def math_sdp_enabled() -> bool:
    """What `enable_math_sdp` set."""
    return _attention["math"]


def cudnn_sdp_enabled() -> bool:
    """What `enable_cudnn_sdp` set."""
    return _attention["cudnn"]
