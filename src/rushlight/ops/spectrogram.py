"""stft and istft: transforms of the pieces of a signal under a moving window.

B batch, L samples, T frames, N frequencies, n the length of a transform (n_fft). The signatures are
in windows.py; this module is imported when one of them is called.
"""

from __future__ import annotations

import functools

from ..core.dtype import FLOAT
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONAL, FUNCTIONS
from .as_strided import UnfoldDx
from .fft import NONE, ROOT, WHOLE, FftC2C, FftC2R, FftR2C


def _kind(t: Tensor | None) -> str:
    """A tensor's type as these functions' errors say it."""
    return "None" if t is None else f"{t.type()}{{{list(t.shape)}}}"


def _flag(value: bool | None) -> str:
    return "None" if value is None else str(int(value))


@functools.cache
def _no_window(advice: str) -> None:
    """Warn, once in a process, of the rectangular window that is used."""
    warn(
        f"A window was not provided. A rectangular window will be applied.{advice} "
        "To suppress this warning and use a rectangular window, explicitly set "
        "`window=torch.ones(n_fft)`.",
        UserWarning,
    )


def _padded(window: Tensor, n: int) -> Tensor:
    """A window in the middle of n samples."""
    left = (n - window.shape[0]) // 2
    return FUNCTIONS["constant_pad_nd"](window, (left, n - window.shape[0] - left))


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None,
    win_length: int | None,
    window: Tensor | None,
    center: bool,
    pad_mode: str,
    normalized: bool,
    onesided: bool | None,
    return_complex: bool | None,
    align_to_window: bool | None,
) -> Tensor:
    """x (B, L) or (L) -> (B, N, T) or (N, T)"""
    x = input
    if center:
        if align_to_window is not None:
            raise RuntimeError("stft align_to_window should only be set when center = false")
        x = _centred(x, n_fft // 2, pad_mode)
    if return_complex is None:
        return_complex = x.is_complex() or (window is not None and window.is_complex())
        if not return_complex:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will "
                "further require that return_complex=True in a future PyTorch release."
            )
    elif not return_complex:
        warn(
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will "
            "return complex tensors for all inputs, and return_complex=False will raise an error.\n"
            "Note: you can still call torch.view_as_real on the complex output to recover the old "
            "return format.",
            UserWarning,
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    _check_stft(x, n_fft, hop, width, window, normalized, onesided, return_complex, align_to_window)
    if window is None:
        _no_window(" It is known to cause spectral leakage: torch.hann_window reduces it.")
    real = not x.is_complex() and (window is None or not window.is_complex())
    if onesided and not real:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if align_to_window and width < n_fft:
        left = (n_fft - width) // 2
        x = FUNCTIONS["constant_pad_nd"](x, (left, n_fft - width - left))
    if window is None and width < n_fft:
        window = FUNCTIONS["ones_like"](x[..., :width].reshape(-1, width)[0])
    if input.ndim == 1:
        x = x.unsqueeze(0)
    frames = x.unfold(-1, n_fft, hop)  # (B, T, n)
    if window is not None:
        frames = frames * (_padded(window, n_fft) if width < n_fft else window)
    axis, scale = (frames.ndim - 1,), ROOT if normalized else NONE
    if frames.is_complex():
        y = FftC2C.run((frames, axis, scale, False))
    else:
        y = FftR2C.run((frames, axis, scale, onesided is None or bool(onesided)))
    y = y.transpose(1, 2)  # (B, N, T)
    y = y.squeeze(0) if input.ndim == 1 else y
    return y if return_complex else FUNCTIONS["view_as_real"](y)


def _centred(x: Tensor, width: int, mode: str) -> Tensor:
    """x with `width` samples more at both ends."""
    batch = x.reshape((1,) * (3 - x.ndim) + tuple(x.shape)) if x.ndim < 3 else x
    if mode not in ("reflect", "constant", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    y = FUNCTIONAL["pad"](batch, (width, width), mode)
    return y.reshape((*x.shape[:-1], y.shape[-1])) if x.ndim < 3 else y


def _check_stft(x, n_fft, hop, width, window, normalized, onesided, return_complex, align):
    """RuntimeError: arguments that do not fit, in PyTorch's words."""

    def refuse(why: str) -> RuntimeError:
        return RuntimeError(
            f"stft({x.type()}{list(x.shape)}, n_fft={n_fft}, hop_length={hop}, "
            f"win_length={width}, window={_kind(window)}, normalized={int(normalized)}, "
            f"onesided={_flag(onesided)}, return_complex={int(return_complex)}, "
            f"align_to_window={_flag(align)}) : expected {why}"
        )

    if x.dtype.category < FLOAT:
        raise refuse("a tensor of floating point or complex values")
    if not 1 <= x.ndim <= 2:
        raise refuse("a 1D or 2D tensor")
    if not 0 < n_fft <= x.shape[-1]:
        raise refuse(f"0 < n_fft < {x.shape[-1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise refuse(f"hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise refuse(f"0 < win_length <= n_fft, but got win_length={width}")
    if window is not None and tuple(window.shape) != (width,):
        raise refuse(
            f"a 1D window tensor of size equal to win_length={width}, but got window with size "
            f"{list(window.shape)}"
        )


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None,
    win_length: int | None,
    window: Tensor | None,
    center: bool,
    normalized: bool,
    onesided: bool | None,
    length: int | None,
    return_complex: bool,
) -> Tensor:
    """X (B, N, T) or (N, T) -> (B, L) or (L)"""
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    refuse = _istft_words(
        input, n_fft, hop, width, window, center, normalized, onesided, length, return_complex
    )
    if window is None:
        _no_window(" Please provide the same window used by stft to make the inversion lossless.")
    if not input.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    if not input.numel():
        raise refuse(" : input tensor cannot be empty.")
    if input.ndim < 2:
        raise IndexError("Dimension out of range (expected to be in range of [-2, 1], but got -3)")
    if input.ndim > 3:
        raise refuse(f" : expected a tensor with 3 or 4 dimensions, but got {input.ndim + 1}")
    frequencies, frames = input.shape[-2:]
    half = n_fft != frequencies if onesided is None else bool(onesided)
    if half and n_fft // 2 + 1 != frequencies:
        raise refuse(
            " : expected the frequency dimension (3rd to the last) of the input tensor to match "
            f"n_fft / 2 + 1 when onesided=True, but got {frequencies}"
        )
    if not half and n_fft != frequencies:
        raise refuse(
            " : expected the frequency dimension (3rd to the last) of the input tensor to match "
            f"n_fft when onesided=False, but got {frequencies}"
        )
    if not 0 < hop <= width:
        raise refuse(" : expected 0 < hop_length <= win_length")
    if not 0 < width <= n_fft:
        raise refuse(" : expected 0 < win_length <= n_fft")
    if window is not None and tuple(window.shape) != (width,):
        raise refuse(" : Invalid window shape. window has to be 1D and length of `win_length`")
    if window is None:
        window = FUNCTIONS["ones"](width, dtype=FUNCTIONS["real"](input).dtype)
    if window.is_complex() and not return_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    if return_complex and half:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    window = _padded(window, n_fft) if width < n_fft else window
    x = input.transpose(-1, -2)  # (*, T, N)
    axis, scale = (x.ndim - 1,), ROOT if normalized else WHOLE
    if return_complex:
        pieces = FftC2C.run((x, axis, scale, True))
    else:
        pieces = FftC2R.run((x[..., : n_fft // 2 + 1], axis, scale, n_fft))
    whole = n_fft + hop * (frames - 1)
    lead = tuple(x.shape[:-2])
    y = _overlapped(pieces * window, (*lead, whole), n_fft, hop)
    weight = _overlapped((window * window).expand(frames, n_fft), (whole,), n_fft, hop)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - start
    y, weight = y[..., start:end], weight[start:end]
    if weight.numel() and not bool(weight.abs().min() > 1e-11):
        raise refuse(" window overlap add min: 1")
    y = y / weight
    if end > whole:
        warn(
            "The length of signal is shorter than the length parameter. Result is being padded "
            "with zeros in the tail. Please check your center and hop_length settings.",
            UserWarning,
        )
        y = FUNCTIONS["constant_pad_nd"](y, (0, end - whole))
    return y


def _overlapped(frames: Tensor, shape: tuple, n: int, hop: int) -> Tensor:
    """Frames (*, T, n) added up where they lie in the signal (*, L)."""
    return UnfoldDx.run((frames, shape, len(shape) - 1, n, hop))


def _istft_words(
    x, n_fft, hop, width, window, center, normalized, onesided, length, return_complex
):
    """refuse(why): the error of istft with these arguments."""

    def refuse(why: str) -> RuntimeError:
        kind = f"CPU{x.type().removeprefix('torch.').removesuffix('Tensor')}Type"
        return RuntimeError(
            f"istft({kind}{list(x.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={width}, "
            f"window={_kind(window)}, center={int(center)}, normalized={int(normalized)}, "
            f"onesided={_flag(onesided)}, length={length}, "
            f"return_complex={int(return_complex)}){why}"
        )

    return refuse
