"""setfit: few-shot training of MiniLM and a head."""

import relatives


def test_few_shot_training(same):
    same("found", relatives.setfit(), rtol=1e-4, atol=1e-4)
