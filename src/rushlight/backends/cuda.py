"""torch.backends.cuda: not built; its switches can be set and read."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from ..core.names import elsewhere as _elsewhere
from ..core.notices import warn
from ..ops.attention import ENABLED as _attention


def is_built() -> bool:
    """Was this library built with CUDA? No."""
    return False


matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    fp32_precision="none",
)


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


def is_flash_attention_available() -> bool:
    """Was PyTorch's flash kernel for CUDA built in? No."""
    return False


_reduced_math = [False]


def allow_fp16_bf16_reduction_math_sdp(enabled: bool) -> None:
    """Permit sums in half precision in the plain formula on CUDA."""
    _reduced_math[0] = enabled


def fp16_bf16_reduction_math_sdp_allowed() -> bool:
    """What `allow_fp16_bf16_reduction_math_sdp` set."""
    return _reduced_math[0]


class SDPAParams:
    """The arguments of scaled_dot_product_attention, for `can_use_flash_attention`."""

    def __init__(
        self,
        query: Any,
        key: Any,
        value: Any,
        attn_mask: Any,
        dropout: float,
        is_causal: bool,
        enable_gqa: bool,
    ):
        self.query, self.key, self.value, self.attn_mask = query, key, value, attn_mask
        self.dropout, self.is_causal, self.enable_gqa = dropout, is_causal, enable_gqa


def can_use_flash_attention(params: SDPAParams, debug: bool = False) -> bool:
    """Can the flash kernel for CUDA compute this? No."""
    return False


def can_use_efficient_attention(params: SDPAParams, debug: bool = False) -> bool:
    """Can the memory-efficient kernel for CUDA compute this? No."""
    return False


def can_use_cudnn_attention(params: SDPAParams, debug: bool = False) -> bool:
    """Can cuDNN's kernel compute this? No."""
    return False


@contextmanager
def _switched(flags: dict[str, bool]) -> Iterator[dict[Any, Any]]:
    before = dict(_attention)
    _attention.update(flags)
    try:
        yield {}
    finally:
        _attention.update(before)


def sdp_kernel(
    enable_flash: bool = True,
    enable_math: bool = True,
    enable_mem_efficient: bool = True,
    enable_cudnn: bool = True,
) -> Any:
    """The old form of torch.nn.attention.sdpa_kernel, one switch for each kernel."""
    warn(
        "`torch.backends.cuda.sdp_kernel()` is deprecated. In the future, this context manager "
        "will be removed. Please see `torch.nn.attention.sdpa_kernel()` for the new context "
        "manager, with updated signature.",
        FutureWarning,
    )
    given = (enable_flash, enable_math, enable_mem_efficient, enable_cudnn)
    return _switched(dict(zip(("flash", "math", "mem_efficient", "cudnn"), given, strict=True)))


def __getattr__(name: str) -> Any:
    """SDPBackend, which moved to torch.nn.attention."""
    if name == "SDPBackend":
        from ..nn.attention import SDPBackend

        return SDPBackend
    return _elsewhere(__name__, name)
