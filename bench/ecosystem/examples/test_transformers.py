"""transformers: tiny random models of twelve families, with PyTorch's weights (families.py)."""

import os
from pathlib import Path

import families
import numpy as np
import pytest
import torch
import transformers

KNOWN = Path(os.environ["ECOSYSTEM_VALUES"])
EACH = pytest.mark.parametrize("family", families.FAMILIES)


def kind(family):
    return getattr(transformers, families.FAMILIES[family][1])


@EACH
def test_logits_and_gradients(family, weights, same):
    model = weights(families.made(family))
    same("found", families.gradients(family, model), rtol=1e-5, atol=1e-5)


@EACH
def test_seeded_weights(family, same):
    """The random weights of a seed are PyTorch's, without copying."""
    state = families.made(family).state_dict()
    same("sums", {key: p.double().sum() for key, p in state.items()}, atol=1e-4)


@EACH
def test_an_epoch_of_trainer(family, weights, same, tmp_path):
    model = weights(families.made(family))
    same("found", families.trained(family, model, tmp_path), rtol=1e-4, atol=1e-4)


@EACH
def test_saved_and_loaded(family, weights, tmp_path):
    """What PyTorch has saved is loaded; what is saved here has the same numbers."""
    from safetensors.numpy import load_file

    folder = KNOWN / f"saved {family}"
    if os.environ["ECOSYSTEM_SIDE"] == "theirs":
        families.made(family).save_pretrained(folder)
    model = kind(family).from_pretrained(folder)
    model.save_pretrained(tmp_path)
    theirs = load_file(folder / "model.safetensors")
    ours = load_file(tmp_path / "model.safetensors")
    assert theirs.keys() == ours.keys()
    for key, value in theirs.items():
        assert np.array_equal(value, ours[key]), key
    again = kind(family).from_pretrained(tmp_path).state_dict()
    for key, value in model.state_dict().items():
        assert torch.equal(value, again[key]), key


@pytest.mark.parametrize("family", families.WRITES)
def test_generate(family, weights, same):
    model = weights(families.made(family))
    same("tokens", families.generated(family, model), rtol=0, atol=0)
