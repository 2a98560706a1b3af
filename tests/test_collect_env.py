"""torch.utils.collect_env: the report names what a maintainer asks for."""

import platform
import subprocess
import sys

import numpy as np

import rushlight
from rushlight.utils import collect_env


def test_the_report():
    info = collect_env.get_env_info()
    text = collect_env.get_pretty_env_info()
    assert text.startswith(f"PyTorch version: {rushlight.__version__} (rushlight)\n")
    assert f"[numpy] {np.__version__}" in text and platform.machine() in info.os
    assert info.python_version.startswith(platform.python_version())
    assert f"Threads: {rushlight.get_num_threads()}" in text and info.cpu_info in text


def test_as_a_program():
    command = [sys.executable, "-m", "rushlight.utils.collect_env"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("Collecting environment information...\nPyTorch version: ")
