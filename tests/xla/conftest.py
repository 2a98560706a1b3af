"""Tests of devices beside the CPU, on JAX's CPU: `make test-xla`. Without JAX they fail."""

import os

# most of the time goes into compiling what runs once
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)
