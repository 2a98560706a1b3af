"""Whose place rushlight.vision takes: the torchvision that goes with PyTorch 2.13."""

__version__ = "0.28.0+rushlight"
git_version = "Unknown"
cuda = None
