"""Training steps on a device: are they right, and how long do they take beside PyTorch's?

    python bench/device.py             on the GPU, or on the CPU with small nets if there is none
    python bench/device.py mlp lenet   these nets only
    LIMIT=480 (seconds, all together)  OUT=folder for device.json

First five steps, compiled, on the device, against the same steps run eagerly on the CPU. Then
milliseconds a step: ours compiled, PyTorch eager, PyTorch compiled, on the same device and in one
process, each after a warm-up, until the device has finished. A line is printed as soon as it is
known, so that a run that is cut off still tells something.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
import warnings
from typing import Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # PyTorch shares the card
_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(_HERE), "src"), _HERE]
warnings.filterwarnings("ignore", message="rushlight runs on its NumPy twins")

import device_models  # noqa: E402

import rushlight  # noqa: E402

LIMIT = float(os.environ.get("LIMIT", "480"))
BEGIN = time.monotonic()
# how far the losses may be from the CPU's: (relative, of so many steps); beyond that rounding grows
CLOSE = {
    "mlp": (1e-5, 5),
    "lenet": (1e-5, 5),
    "transformer": (1e-4, 5),
    "char-lstm": (1e-5, 5),
    "resnet18": (1e-4, 2),
}


def say(*words: Any) -> None:
    """A line, at once."""
    print(f"{time.monotonic() - BEGIN:6.1f} s ", *words, flush=True)


def left() -> float:
    """The seconds that are left."""
    return LIMIT - (time.monotonic() - BEGIN)


class TooLong(BaseException):
    """A part took longer than it may. No Exception: PyTorch's compiler would go on without it."""


def within(seconds: float, f: Any) -> Any:
    """f(), stopped after so many seconds; None then, or after an error, which is printed."""

    def stop(*_: Any) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(min(seconds, left() - 5), 1), 5)
    try:
        return f()
    except TooLong:
        say(f"    stopped after {seconds:.0f} s")
    except Exception as e:
        say(f"    failed: {type(e).__name__}: {str(e).splitlines()[0][:150]}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def right(name: str, small: bool, device: Any) -> dict:
    """Five compiled steps on the device against five on the CPU."""
    tolerance, count = CLOSE[name]
    step, x, y = device_models.made(rushlight, name, small, "cpu")
    wanted = [step(x, y).item() for _ in range(count)]
    step, x, y = device_models.made(rushlight, name, small, device)
    f = rushlight.compile(step, fullgraph=True)
    begin = time.perf_counter()
    found = [f(x, y).item() for _ in range(count)]
    far = [abs(a - b) / abs(a) for a, b in zip(wanted, found, strict=True)]
    fine = max(far) <= tolerance and f._program().compiles == 1
    say(
        f"{name:12} {'right' if fine else 'WRONG'}: losses {max(far):.1e} from the CPU's in {count}"
        f" steps (may be {tolerance:.0e}), compiled {f._program().compiles} time, "
        f"{time.perf_counter() - begin:.1f} s with that"
    )
    return {"far": far, "tolerance": tolerance, "fine": fine}


def rate(f: Any, wait: Any, seconds: float) -> float:
    """Milliseconds a call, of the fastest of three runs."""
    for _ in range(5):
        last = f()
    wait(last)
    begin = time.perf_counter()
    last = f()
    wait(last)
    n = max(1, int(seconds / 3 / max(time.perf_counter() - begin, 1e-5)))
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        for _ in range(n):
            last = f()
        wait(last)
        times.append((time.perf_counter() - begin) / n * 1e3)
    return min(times)


def ours(name: str, small: bool, device: Any, seconds: float) -> float:
    """rushlight, compiled."""
    step, x, y = device_models.made(rushlight, name, small, device)
    f = rushlight.compile(step)
    return rate(lambda: f(x, y), lambda loss: loss.item(), seconds)


def theirs(
    torch: Any, name: str, small: bool, device: Any, compiled: bool, seconds: float
) -> float:
    """PyTorch, eager or compiled."""
    step, x, y = device_models.made(torch, name, small, device)
    f = torch.compile(step) if compiled else step
    return rate(lambda: f(x, y), lambda loss: loss.item(), seconds)


def main() -> int:
    """All of it; 1 if something was wrong."""
    gpu = rushlight.cuda.is_available()
    device, small = ("cuda", False) if gpu else ("xla", True)
    names = sys.argv[1:] or list(device_models.SIZES)
    import jax

    say(f"rushlight {rushlight.__version__}, JAX {jax.__version__}: {jax.devices()}")
    result: dict[str, Any] = {"device": str(jax.devices()[0]), "small": small, "nets": {}}
    for name in names:
        result["nets"][name] = {"right": within(120, lambda n=name: right(n, small, device))}
    try:
        import torch
    except ImportError:
        torch = None
        say("PyTorch is not installed: ours alone")
    else:
        say(f"PyTorch {torch.__version__}; float32 products may use TF32 on both sides")
        torch.set_float32_matmul_precision("high")
        logging.getLogger("torch").setLevel(logging.CRITICAL)
    rushlight.set_float32_matmul_precision("high")
    there = "cuda" if gpu else "cpu"
    seconds = 1.5 if gpu else 0.6
    for name in names:
        row = result["nets"][name]
        row["ours"] = within(60, lambda n=name: ours(n, small, device, seconds))
        if torch is not None:
            row["eager"] = within(30, lambda n=name: theirs(torch, n, small, there, False, seconds))
        say(f"{name:12} " + told(row))
    for name in names if torch is not None else ():
        row = result["nets"][name]
        if left() > 20:
            row["compiled"] = within(
                90 if gpu else 40, lambda n=name: theirs(torch, n, small, there, True, seconds)
            )
        say(f"{name:12} " + told(row))
    if os.environ.get("OUT"):
        with open(os.path.join(os.environ["OUT"], "device.json"), "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    fine = [bool((row["right"] or {}).get("fine")) for row in result["nets"].values()]
    say(f"{sum(fine)} of {len(fine)} nets are right")
    return 0 if all(fine) else 1


def told(row: dict) -> str:
    """Milliseconds a step, and how often ours fits into PyTorch's."""
    words = [f"ours compiled {_ms(row.get('ours'))}"]
    for key, name in (("eager", "PyTorch eager"), ("compiled", "PyTorch compiled")):
        if row.get(key) is not None:
            words.append(f"{name} {_ms(row[key])}")
            if row.get("ours"):
                words[-1] += f" ({row[key] / row['ours']:.2f})"
    return ", ".join(words)


def _ms(x: Any) -> str:
    return "-" if x is None else f"{x:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
