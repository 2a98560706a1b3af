"""torch.utils.collect_env: what a report of a fault should say about the machine.

python -m rushlight.utils.collect_env
"""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from typing import NamedTuple

import numpy as np

from ..core.names import explain_missing
from ..kernels import native, show_config

_PACKAGES = re.compile(
    r"^(torch|numpy|mypy|flake8|triton|optree|onnx|rushlight|safetensors|pillow|scipy)", re.I
)


class SystemEnv(NamedTuple):
    """What is known of a machine, in words."""

    torch_version: str
    is_debug_build: str
    native_kernels: str
    os: str
    libc_version: str
    python_version: str
    python_platform: str
    is_cuda_available: str
    numpy_version: str
    threads: str
    pip_packages: str
    cpu_info: str


def get_os() -> str:
    """The system's name and the machine's kind."""
    if sys.platform == "linux":
        try:
            name = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
        except OSError:
            name = "Linux"
        return f"{name} ({platform.machine()})"
    return f"{platform.system()} {platform.release()} ({platform.machine()})"


def get_cpu_info() -> str:
    """Model and number of processors."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
            found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", f.read(), re.M)
        model = found.group(1) if found else model
    return f"{model}, {os.cpu_count()} processors"


def get_pip_packages() -> str:
    """The packages that matter here, one a line."""
    found = {
        f"[pip3] {d.metadata['Name']}=={d.version}"
        for d in metadata.distributions()
        if d.metadata["Name"] and _PACKAGES.match(d.metadata["Name"])
    }
    return "\n".join(sorted(found)) or "Could not collect"


def get_env_info() -> SystemEnv:
    """Collect it."""
    package = sys.modules[(__package__ or "").partition(".")[0]]
    version = sys.version.replace("\n", " ")
    bits = "64" if sys.maxsize > 2**32 else "32"
    return SystemEnv(
        torch_version=f"{package.__version__} (rushlight)",
        is_debug_build="False",
        native_kernels="True" if native is not None else "False: NumPy twins",
        os=get_os(),
        libc_version="-".join(platform.libc_ver()) if sys.platform == "linux" else "N/A",
        python_version=f"{version} ({bits}-bit runtime)",
        python_platform=platform.platform(),
        is_cuda_available="False",
        numpy_version=np.__version__,
        threads=str(package.get_num_threads()),
        pip_packages=get_pip_packages(),
        cpu_info=get_cpu_info(),
    )


def pretty_str(envinfo: SystemEnv) -> str:
    """As text, in the order of PyTorch's."""
    e = envinfo
    return f"""PyTorch version: {e.torch_version}
Is debug build: {e.is_debug_build}
Native kernels: {e.native_kernels}

OS: {e.os}
Libc version: {e.libc_version}

Python version: {e.python_version}
Python platform: {e.python_platform}
Is CUDA available: {e.is_cuda_available}
Threads: {e.threads}

CPU:
{e.cpu_info}

{show_config().strip()}

Versions of relevant libraries:
{e.pip_packages}
[numpy] {e.numpy_version}"""


def get_pretty_env_info() -> str:
    """The report as text."""
    return pretty_str(get_env_info())


def main() -> None:
    """Print the report."""
    print("Collecting environment information...")
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()

explain_missing(__name__)
