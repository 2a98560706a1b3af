"""chronos-forecasting: tiny models of both kinds."""

import relatives


def test_chronos(same):
    same("found", relatives.chronos(), rtol=1e-4, atol=1e-4)


def test_chronos_bolt(same):
    same("found", relatives.chronos_bolt(), rtol=1e-4, atol=1e-4)
