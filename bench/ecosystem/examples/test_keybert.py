"""keybert: the keywords of a text by MiniLM."""

import pytest
import relatives


@pytest.mark.parametrize("kind", relatives.KEYWORDS)
def test_keywords(kind, same):
    same("found", relatives.keybert(kind))
