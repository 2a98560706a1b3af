"""Tests of devices beside the CPU, on JAX's CPU: `make test-xla`. Without JAX they fail."""

import os

import pytest

# most of the time goes into compiling what runs once
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


def pytest_collection_modifyitems(items):
    """Each formula says once in a process that it runs on the host: which test sees it depends on
    the order. test_a_formula_on_the_host_says_so looks at it."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore:.*cannot be computed on an XLA device"))
