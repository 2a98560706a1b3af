"""peft: LoRA and its kin on a tiny Llama: gradients, three steps, saved, loaded, merged."""

import pytest
import relatives


@pytest.mark.parametrize("kind", relatives.ADAPTERS)
def test_training(kind, same):
    same("found", relatives.peft(kind), rtol=1e-4, atol=1e-4)
