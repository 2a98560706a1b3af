"""vision.ops: boxes, losses, poolings of regions, blocks, as in torchvision.

The numbers and sentences are torchvision's: tools/freeze_vision.py.
"""

import json
from pathlib import Path

import pytest
import vision_cases
from op_cases import agree

import rushlight as torch
from rushlight import vision

FROZEN = json.loads((Path(__file__).parent / "frozen" / "vision.json").read_text())["ops"]


@pytest.mark.parametrize("code", FROZEN)
def test_as_in_torchvision(code):
    found = vision_cases.evaluate(torch, vision, code)
    assert agree(found, FROZEN[code], 1e-5), (found, FROZEN[code])
