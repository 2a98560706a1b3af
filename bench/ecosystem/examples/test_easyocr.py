"""easyocr: its networks and what is around them, with random weights."""

import numpy as np
import pytest
import torch
from easyocr import craft_utils, imgproc, utils
from easyocr.craft import CRAFT
from easyocr.DBNet.DBNet import DBNet
from easyocr.model.model import Model
from easyocr.model.vgg_model import Model as VGGModel
from easyocr.recognition import AlignCollate, ListDataset, NormalizePAD, contrast_grey
from PIL import Image


def image(height=48, width=96):
    draw = np.random.default_rng(0)
    return (draw.random((height, width, 3)) * 255).astype(np.uint8)


def test_craft(weights, same):
    torch.manual_seed(0)
    model = weights(CRAFT(pretrained=False)).eval()
    x = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        same("maps", model(x), rtol=1e-3)


def test_craft_trains(weights, same):
    torch.manual_seed(0)
    model = weights(CRAFT(pretrained=False)).train()
    maps, _ = model(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    maps.square().mean().backward()
    same("gradient", model.conv_cls[0].weight.grad, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("net", [VGGModel, Model])
def test_recognition(net, weights, same):
    torch.manual_seed(0)
    model = weights(net(1, 32, 32, 20)).eval()
    x = torch.rand(2, 1, 32 if net is Model else 64, 100)
    with torch.no_grad():
        same("logits", model(x, None), rtol=1e-3)


def test_ctc_training(weights, same):
    torch.manual_seed(0)
    model = weights(VGGModel(1, 32, 32, 12)).train()
    x = torch.rand(2, 1, 64, 100, generator=torch.Generator().manual_seed(0))
    out = model(x, None).log_softmax(2).permute(1, 0, 2)
    lengths = torch.full((2,), out.shape[0])
    targets = torch.tensor([1, 2, 3, 4, 5, 5])
    loss = torch.nn.CTCLoss(zero_infinity=True)(out, targets, lengths, torch.tensor([3, 3]))
    loss.backward()
    same("loss", loss, rtol=1e-3)
    same("gradient", model.Prediction.weight.grad, rtol=1e-2, atol=1e-4)


def test_label_converter(same):
    converter = utils.CTCLabelConverter("abcdefg 123", {}, {})
    text, length = converter.encode(["abc", "b1"])
    same("codes", text)
    same("lengths", length)
    chances = torch.rand(2, 6, 12, generator=torch.Generator().manual_seed(0))
    _, best = chances.max(2)
    same("greedy", converter.decode_greedy(best.view(-1).numpy(), np.array([6, 6])))
    same("beam", converter.decode_beamsearch(chances.numpy(), beamWidth=3))


def test_boxes_of_maps(same):
    y, x = np.mgrid[:60, :80]
    text = np.exp(-(((x - 30) / 12) ** 2 + ((y - 25) / 5) ** 2)).astype(np.float32)
    boxes, _polys, _ = craft_utils.getDetBoxes(text, text * 0.3, 0.6, 0.3, 0.4)
    same("boxes", np.array(boxes))


def test_image_sizes(same):
    resized, _ratio, _heat = imgproc.resize_aspect_ratio(image(), 64, 1, mag_ratio=1.5)
    same("resized", resized)
    same("normal", imgproc.normalizeMeanVariance(resized))


def test_collate(same):
    greys = [Image.fromarray(image()[:, :, 0]).convert("L") for _ in range(3)]
    batch = AlignCollate(imgH=32, imgW=100, keep_ratio_with_pad=True, adjust_contrast=0.5)
    loader = torch.utils.data.DataLoader(
        ListDataset([np.array(g) for g in greys]), batch_size=2, collate_fn=batch
    )
    same("batches", list(loader), atol=1e-2)


def test_padding(same):
    grey = Image.fromarray(image()[:, :, 0])
    same("padded", NormalizePAD((1, 48, 120))(grey))
    same("contrast", np.array(contrast_grey(np.array(grey))))


def test_grouping(same):
    draw = np.random.default_rng(1)
    corner = draw.integers(0, 100, (12, 2))
    boxes = [np.array([x, y, x + 30, y, x + 30, y + 12, x, y + 12]).reshape(-1) for x, y in corner]
    merged, _free = utils.group_text_box(boxes)
    same("merged", merged)


def test_quantized_is_optional(weights, same):
    """What `Reader` does on a CPU without quantization: DataParallel is not asked for."""
    torch.manual_seed(0)
    model = weights(VGGModel(1, 32, 32, 8)).eval()
    state = {f"module.{k}": v for k, v in model.state_dict().items()}
    copy = VGGModel(1, 32, 32, 8)
    copy.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
    x = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        assert torch.equal(copy.eval()(x, None), model(x, None))


def test_second_detector_is_importable():
    assert DBNet.__name__ == "DBNet"
