"""vision.ops: boxes, losses, poolings of regions, blocks, as in torchvision.

The numbers and sentences are torchvision's: tools/freeze_vision.py.
"""

import importlib
import json
import subprocess
import sys
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


def test_overlaps_of_rotated_boxes_are_refused():
    with pytest.raises(NotImplementedError, match="not have the overlap of rotated boxes yet"):
        vision.ops.box_iou(torch.ones(2, 5), torch.ones(2, 5), "xywhr")


def test_functions_with_the_name_of_their_file():
    for name in ("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "stochastic_depth"):
        file = importlib.import_module(f"rushlight.vision.ops.{name}")
        assert getattr(vision.ops, name) is getattr(file, name)


def test_import_under_the_name_of_torchvision():
    code = (
        "import torchvision.ops.roi_align, torchvision.models.alexnet, torchvision.ops.misc\n"
        "from torchvision.models.feature_extraction import create_feature_extractor\n"
        "import torchvision\n"
        "print(callable(torchvision.ops.roi_align), callable(torchvision.models.alexnet))\n"
        "names = [n for n in torchvision.models.__dict__ if n.islower() and n[0] != '_']\n"
        "print('resnet18' in names, torchvision.__version__)"
    )
    command = [sys.executable, "-m", "rushlight", "run", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.stdout.split() == "True True True 0.28.0+rushlight".split(), run.stderr
