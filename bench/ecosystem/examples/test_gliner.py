"""gliner: entities by MiniLM and layers with random weights."""

import pytest
import relatives


@pytest.mark.parametrize("kind", relatives.SPANS)
def test_entities(kind, same):
    same("found", relatives.gliner(kind))
