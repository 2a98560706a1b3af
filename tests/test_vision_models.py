"""vision.models: keys, texts, first weights and outputs as torchvision's; weights by name.

The numbers are torchvision's: tools/freeze_vision.py.
"""

import json
from pathlib import Path

import pytest
import vision_cases
from op_cases import agree

import rushlight as torch
from rushlight import vision

FROZEN = json.loads((Path(__file__).parent / "frozen" / "vision.json").read_text())


@pytest.mark.parametrize("name", FROZEN["models"])
@pytest.mark.filterwarnings("ignore:The default weight initialization")
def test_what_it_is_made_of(name):
    model = vision_cases.without_numbers(torch, vision, name)
    assert vision_cases.shape(model) == FROZEN["models"][name]


@pytest.mark.parametrize("case", FROZEN["numbers"])
def test_numbers(case):
    found, expected = vision_cases.numbers(torch, vision, case), FROZEN["numbers"][case]
    assert found.keys() == expected.keys()
    for part in expected:
        assert agree(found[part], expected[part]), (part, found[part], expected[part])
