"""Calls of torch.fft, stft, istft and torch.signal.windows, for tools/freeze_fft.py and
test_fft.py: values, nodes, gradients and errors.

x, z: real and complex (3, 4); r: real (2, 20); s: complex (2, 5, 6).
"""

import warnings

LINES = """
torch.fft.fft(x)
torch.fft.fft(z)
torch.fft.fft(x, 6)
torch.fft.fft(z, 2, 0, 'ortho')
torch.fft.fft(x, norm='forward')
torch.fft.ifft(x)
torch.fft.ifft(z)
torch.fft.ifft(z, 5, 0, 'ortho')
torch.fft.ifft(z, norm='forward')
torch.fft.rfft(x)
torch.fft.rfft(x, 7, 0, 'ortho')
torch.fft.rfft(x, norm='forward')
torch.fft.irfft(z)
torch.fft.irfft(z, 5)
torch.fft.irfft(x, 4, 0, 'ortho')
torch.fft.irfft(z, norm='forward')
torch.fft.hfft(z)
torch.fft.hfft(z, 5, 0, 'ortho')
torch.fft.hfft(z, norm='forward')
torch.fft.ihfft(x)
torch.fft.ihfft(x, 5, 0, 'ortho')
torch.fft.ihfft(x, norm='forward')
torch.fft.fft2(x)
torch.fft.fft2(z, (2, 5), norm='ortho')
torch.fft.ifft2(z)
torch.fft.rfft2(x)
torch.fft.rfft2(x, (4, 3), norm='forward')
torch.fft.irfft2(z)
torch.fft.irfft2(z, (2, 5), (1, 0), 'ortho')
torch.fft.hfft2(z)
torch.fft.ihfft2(x)
torch.fft.fftn(z)
torch.fft.fftn(x, s=(2,))
torch.fft.fftn(x, dim=(1, 0))
torch.fft.fftn(x, s=(-1, 2))
torch.fft.fftn(x, dim=())
torch.fft.ifftn(z, norm='forward')
torch.fft.rfftn(x)
torch.fft.rfftn(x, dim=(1, 0), norm='ortho')
torch.fft.irfftn(z)
torch.fft.irfftn(z, (3, 5))
torch.fft.hfftn(z, norm='ortho')
torch.fft.ihfftn(x, norm='ortho')
torch.fft.fft(x.double())
torch.fft.fft(torch.arange(5))
torch.fft.rfft(torch.tensor([True, False, True]))
torch.fft.fft(torch.zeros(2, 1))
torch.fft.fftn(torch.tensor(2.0))
torch.fft.fftfreq(5)
torch.fft.fftfreq(4, 0.5, dtype=torch.float64)
torch.fft.fftfreq(5, d=0.0)
torch.fft.fftfreq(0)
torch.fft.rfftfreq(6, 0.25)
torch.fft.rfftfreq(0)
torch.fft.fftshift(x)
torch.fft.fftshift(x, dim=(0,))
torch.fft.ifftshift(x, dim=1)
torch.fft.fft(x.detach(), out=torch.zeros(3, 4, dtype=torch.complex128))
torch.fft.fft(x, 0)
torch.fft.fft(x, -1)
torch.fft.fft(x, 2.5)
torch.fft.fft(x, dim=2)
torch.fft.fft(x, norm='x')
torch.fft.fft(x, norm=1)
torch.fft.fft(x.half())
torch.fft.fft([1, 2])
torch.fft.fft()
torch.fft.fft(torch.tensor(1.0))
torch.fft.fft(torch.zeros(0))
torch.fft.rfft(z)
torch.fft.ihfft(z)
torch.fft.rfftn(z)
torch.fft.ihfftn(z)
torch.fft.irfft(x[:, :1])
torch.fft.fft2(x[0])
torch.fft.fftn(x, s=(2, 2, 2))
torch.fft.fftn(x, s=(2, 2), dim=(0,))
torch.fft.fftn(x, dim=(0, -2))
torch.fft.fftn(x, dim=(5,))
torch.fft.fftn(x, s=(0, 2))
torch.fft.rfftn(x, dim=())
torch.fft.irfftn(torch.tensor(1.0))
torch.fft.hfftn(torch.tensor(1.0))
torch.fft.ihfftn(torch.tensor(1.0))
torch.fft.fftfreq(5, dtype=torch.long)
torch.fft.fftfreq(-1)
torch.fft.fftshift(torch.tensor(1.0))
torch.fft.fftshift(x, dim=4)
torch.stft(r, 8, 2, 6, torch.hann_window(6), return_complex=True)
torch.stft(r, 8, window=torch.ones(8), normalized=True, return_complex=True)
torch.stft(r, 7, 3, window=torch.ones(7), pad_mode='constant', return_complex=True)
torch.stft(r, 8, 2, window=torch.ones(8), onesided=False, center=False, return_complex=True)
torch.stft(r, 8, 2, 4, torch.ones(4), center=False, align_to_window=True, return_complex=True)
torch.stft(r[0], 8, window=torch.ones(8, dtype=torch.complex64))
torch.stft(z, 4, window=torch.ones(4))
torch.stft(r, 4)
torch.stft(r, 4, 0, return_complex=True)
torch.stft(r, 0, return_complex=True)
torch.stft(r, 50, center=False, return_complex=True)
torch.stft(r, 4, 1, 9, return_complex=True)
torch.stft(r, 4, 1, 3, torch.ones(4), return_complex=True)
torch.stft(r, 4, window=torch.ones(4), align_to_window=True, return_complex=True)
torch.stft(r, 4, window=torch.ones(4), pad_mode='foo', return_complex=True)
torch.stft(z, 4, window=torch.ones(4), onesided=True)
torch.stft(torch.ones(2, 9, dtype=torch.long), 4, return_complex=True)
torch.istft(s, 8, 2, window=torch.hann_window(8))
torch.istft(s, 8, 3, 6, torch.ones(6), normalized=True)
torch.istft(s, 8, 3, window=torch.ones(8), center=False)
torch.istft(s, 8, 3, window=torch.ones(8), length=9)
torch.istft(s, 9, 3, window=torch.ones(9))
torch.istft(s, 5, 2, window=torch.ones(5), onesided=False, return_complex=True)
torch.istft(x, 4, window=torch.ones(4))
torch.istft(s, 6, window=torch.ones(6))
torch.istft(s, 8, 9, window=torch.ones(8))
torch.istft(s, 8, 2, 9, window=torch.ones(9))
torch.istft(s, 8, 2, 8, window=torch.ones(7))
torch.istft(s, 8, 2, window=torch.zeros(8))
torch.istft(s, 8, 2, window=torch.ones(8), onesided=False)
torch.istft(s, 8, 2, window=torch.ones(8), return_complex=True)
torch.istft(s, 8, 2, window=torch.ones(8, dtype=torch.complex64))
torch.istft(s[None], 8, 2, window=torch.ones(8))
torch.istft(s[:, :, :0], 8, 2, window=torch.ones(8))
""".strip().splitlines()

_WINDOWS = (
    "bartlett blackman cosine exponential gaussian general_hamming hamming hann kaiser nuttall"
).split()
for _name in _WINDOWS:
    for _rest in ("(0)", "(1)", "(6)", "(7, sym=False, dtype=torch.float64)", "(-1)",
                  "(5, dtype=torch.int32)"):  # fmt: skip
        LINES.append(f"torch.signal.windows.{_name}{_rest}")
LINES += """
torch.signal.windows.general_cosine(5, a=[0.46, 0.23, 0.31])
torch.signal.windows.general_cosine(5, a=[])
torch.signal.windows.general_cosine(5, a=1)
torch.signal.windows.exponential(5, center=1.0, tau=0.5, sym=False)
torch.signal.windows.exponential(5, center=2.0)
torch.signal.windows.exponential(5, tau=0)
torch.signal.windows.gaussian(5, std=0)
torch.signal.windows.gaussian(5, std=0.4)
torch.signal.windows.general_hamming(5, alpha=0.6)
torch.signal.windows.kaiser(5, beta=-1.0)
torch.signal.windows.kaiser(5, beta=3.0, sym=False)
""".strip().splitlines()


def _numbers(t):
    """A tensor's numbers as a list: real, imaginary, real, ..."""
    t = t.detach()
    if t.is_complex():
        import numpy as np

        t = np.ascontiguousarray(t.resolve_conj().numpy())
        return [float(v) for v in t.reshape(-1).view(t.real.dtype)]
    return [float(v) for v in t.reshape(-1).tolist()]


def _spread(torch, *shape, imaginary=False):
    n = 1
    for d in shape:
        n *= d
    x = torch.sin(torch.arange(n) * 1.7 + 0.3).reshape(shape)
    return torch.complex(x, torch.cos(torch.arange(n) * 0.9).reshape(shape)) if imaginary else x


def answer(torch, line):
    """[dtype, shape, numbers, node, gradient] or [error, its first line]; gradient: of Σ w |y|²."""
    names = {
        "torch": torch,
        "x": _spread(torch, 3, 4).requires_grad_(),
        "z": _spread(torch, 3, 4, imaginary=True).requires_grad_(),
        "r": _spread(torch, 2, 20).requires_grad_(),
        "s": _spread(torch, 2, 5, 6, imaginary=True).requires_grad_(),
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = eval(line, names)
    except Exception as e:
        return [type(e).__name__, str(e).splitlines()[0]]
    node, grad = None, None
    if y.requires_grad:
        node = y.grad_fn.name()
        if y.is_complex():
            y_real = torch.view_as_real(y.resolve_conj())
        else:
            y_real = y
        w = 1 + _spread(torch, *y_real.shape).to(y_real.dtype) / 3
        (y_real * y_real * w).sum().backward()
        grad = next(
            _numbers(t.grad) for t in names.values() if getattr(t, "grad", None) is not None
        )
    return [str(y.dtype), list(y.shape), _numbers(y), node, grad]
