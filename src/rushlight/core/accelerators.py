"""Devices of JAX under PyTorch's names: "cuda" is a GPU, "xla" any device, its CPU included.

Imported when a device other than the CPU is named. JAX itself is imported when one is used; what
can be said without it (there is no plugin for a GPU) is said without it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

import numpy as np

from . import device as devices
from . import settings
from .device import STARTED, absence, device
from .notices import warn

_HOW = "\n  fix: pip install 'rushlight[xla]'"
_names: dict[Any, device] = {}  # JAX's device -> ours: that by which it was first asked for
_places: dict[device, Any] = {}  # and back
_current: dict[str, int] = {}


def has_jax() -> bool:
    """Can JAX be imported?"""
    return importlib.util.find_spec("jax") is not None


def may_have_gpu() -> bool:
    """Is a plugin for GPUs installed? Without one JAX need not be imported to know."""
    return has_jax() and importlib.util.find_spec("jax_plugins") is not None


def to_install(kind: str) -> str:
    """The command that brings what a type of device, or several processes (""), need; "": it is
    there."""
    words = [] if has_jax() else ["'rushlight[xla]'"]
    if kind == "cuda" and not may_have_gpu():
        words.append("'jax[cuda13]'")
    return " ".join(["pip install", *words]) if words else ""


def backend() -> Any:
    """kernels.xla, which imports JAX at the first call.

    errors  RuntimeError: JAX is not installed
    """
    first = not _started
    if first:
        if not has_jax():
            raise RuntimeError(f"devices other than the CPU need JAX, which is not installed{_HOW}")
        from ..kernels import xla

        _started.append(xla)
        xla.NAME[0], xla.WARN[0] = of_array, warn
        settings.PRECISION.append(set_matmul_precision)
        set_matmul_precision(settings.get_float32_matmul_precision())
        for f in STARTED:
            f()
    return _started[0]


_started: list[Any] = []


def started() -> bool:
    """Has JAX been imported by rushlight?"""
    return bool(_started)


def jax_devices(kind: str) -> list[Any]:
    """This process's JAX devices of a type of ours; [] if there are none."""
    if kind == "cuda" and not may_have_gpu():
        return []
    if not has_jax():
        return []
    backend()
    import jax

    try:
        return jax.local_devices(backend="gpu") if kind == "cuda" else jax.local_devices()
    except RuntimeError:
        return []


def gpu_count() -> int:
    """How many GPUs there are. In a process of several that have not met yet it is asked of the
    system: JAX may not look for its devices before init_process_group."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not _met():
        names = os.listdir("/dev") if may_have_gpu() and os.path.isdir("/dev") else []
        found = sum(name.startswith("nvidia") and name[6:].isdigit() for name in names)
        shown = _shown()
        return found if shown is None else min(found, shown)
    return len(jax_devices("cuda"))


def _shown() -> int | None:
    """How many GPUs CUDA_VISIBLE_DEVICES lets be seen, those before the first that is none; None:
    all of them."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES")
    if names is None:
        return None
    count = 0
    for name in names.split(","):
        if not name.strip() or name.strip().startswith("-"):
            break
        count += 1
    return count


def _met() -> bool:
    """Has this process joined others?"""
    runtime = sys.modules.get(f"{__name__.partition('.')[0]}.distributed.runtime")
    return runtime is not None and runtime.started() is not None


def _one_of_many(index: int) -> bool:
    """Is that the GPU of this process, the only one that it sees among those of the machine?"""
    return _met() and str(index) == os.environ.get("LOCAL_RANK")


def current(kind: str) -> int:
    """The index of the current device of a type."""
    return _current.get(kind, 0)


def set_current(kind: str, index: int) -> None:
    """Make it that of a type named without index."""
    _current[kind] = index


def present(where: device) -> device:
    """The device that `where` means, with an index.

    errors  PyTorch's own for a device that is not there
    """
    found = jax_devices(where.type)
    if not found:
        raise _absence(where.type)
    index = current(where.type) if where.index is None else where.index
    at = 0 if where.type == "cuda" and len(found) == 1 and _one_of_many(index) else index
    if at >= len(found):
        if where.type == "cuda":
            raise devices.AcceleratorError(
                "CUDA error: invalid device ordinal\n"
                f"  there are {len(found)} CUDA devices, {where} was asked for"
            )
        raise RuntimeError(f"Invalid device index: there are {len(found)} XLA devices, not {where}")
    place = found[at]
    name = _names.get(place)
    if name is None:
        name = _names[place] = device(where.type, index)
        _places[name] = place
    return name


def _absence(kind: str) -> Exception:
    if kind == "xla" and not has_jax():
        e = absence(kind)
        return type(e)(f"{str(e).splitlines()[0]}\n  JAX is not installed{_HOW}")
    e = absence(kind)
    if kind == "cuda" and not may_have_gpu():
        return type(e)(
            f"{e}\n  a GPU needs JAX with its plugin: pip install 'rushlight[xla]' 'jax[cuda13]'"
        )
    return e


def place_of(where: device) -> Any:
    """JAX's device of one that `resolve` gave."""
    return _places[where]


def of_array(a: Any) -> device:
    """Where an Array is; of a tracer the device that is being traced for."""
    place = a.device
    if place is None:
        traced = backend().TRACED[0]
        return traced if traced is not None else next(iter(_places), None) or present(device("xla"))
    name = _names.get(place)
    if name is None:
        name = present(device("xla", _index(place)))
    return name


def _index(place: Any) -> int:
    import jax

    return jax.local_devices().index(place)


def moved(a: Any, where: device) -> Any:
    """The array on another device: NumPy's on the CPU, an Array elsewhere."""
    if where.type == "cpu":
        return backend().host(a) if type(a) is not np.ndarray else a
    if where.type == "meta":
        from .meta import without_data

        return without_data(a.shadow if type(a) is not np.ndarray else a)
    return backend().to_device(a, place_of(where))


def generator_state(seed: int, where: device) -> Any:
    """The state of a generator on a device."""
    xla = backend()
    return xla.random.state(seed, place_of(where))


def count(kind: str) -> int:
    """How many devices of a type there are."""
    if kind == "cuda":
        return gpu_count() if may_have_gpu() else 0
    return len(jax_devices(kind))


def wait() -> None:
    """Wait until all devices have done what they were given."""
    import jax

    for place in jax.local_devices():
        jax.device_put(0, place).block_until_ready()
    jax.effects_barrier()


def set_matmul_precision(precision: str) -> None:
    """What set_float32_matmul_precision was told, for JAX: products of float32."""
    if started():
        import jax

        jax.config.update("jax_default_matmul_precision", _PRECISION[precision])


# "highest": float32, PyTorch's default; "high": TF32 on GPUs, three bfloat16 on TPUs; "medium"
_PRECISION = {"highest": "highest", "high": "tensorfloat32", "medium": "bfloat16"}
