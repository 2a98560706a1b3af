"""Packages that depend on PyTorch, run on rushlight: their own tests, beside PyTorch's results."""
