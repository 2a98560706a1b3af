"""facenet-pytorch: its networks and its detector, with the detector's own weights."""

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN, InceptionResnetV1, fixed_image_standardization, prewhiten
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from facenet_pytorch.models.utils import detect_face
from PIL import Image, ImageDraw


def picture():
    """A face that the detector finds: light, with eyes, nose and mouth."""
    image = Image.new("RGB", (160, 160), (90, 120, 90))
    draw = ImageDraw.Draw(image)
    draw.ellipse((40, 25, 120, 135), fill=(224, 180, 150))
    draw.pieslice((38, 20, 122, 110), 180, 360, fill=(60, 40, 30))
    for x in (62, 98):
        draw.ellipse((x - 9, 66, x + 9, 76), fill=(250, 250, 250))
        draw.ellipse((x - 4, 67, x + 4, 76), fill=(30, 30, 40))
        draw.line((x - 10, 58, x + 10, 58), fill=(60, 40, 30), width=3)
    draw.polygon([(80, 72), (73, 98), (87, 98)], fill=(205, 155, 130))
    draw.ellipse((62, 106, 98, 118), fill=(170, 60, 60))
    return image


@pytest.mark.parametrize("net, size", [(PNet, 40), (RNet, 24), (ONet, 48)])
def test_networks_with_their_weights(net, size, same):
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        same("out", net()(x))


def test_embedding(weights, same):
    torch.manual_seed(0)
    model = weights(InceptionResnetV1(classify=False)).eval()
    x = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        same("embedding", model(x))


def test_classifier_trains(weights, same):
    torch.manual_seed(0)
    model = weights(InceptionResnetV1(classify=True, num_classes=5, dropout_prob=0.0)).train()
    x = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    loss = torch.nn.functional.cross_entropy(model(x), torch.tensor([0, 3]))
    loss.backward()
    same("loss", loss, rtol=1e-3)
    same("gradient", model.logits.weight.grad, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("several", [False, True])
def test_detector(several, same):
    detector = MTCNN(
        image_size=80, margin=4, keep_all=several, thresholds=[0.2, 0.2, 0.2], device="cpu"
    )
    boxes, chances, points = detector.detect(picture(), landmarks=True)
    found = boxes is not None
    same("found", np.array(found))
    if found:
        same("boxes", boxes, rtol=1e-3, atol=0.05)
        same("chances", chances.astype(float), rtol=1e-2, atol=1e-2)
        same("points", points, rtol=1e-3, atol=0.05)


def test_faces(same):
    detector = MTCNN(image_size=80, thresholds=[0.1, 0.1, 0.1], device="cpu")
    face, chance = detector(picture(), return_prob=True)
    same("found", np.array(face is not None))
    if face is not None:
        same("face", face, atol=0.05)
        same("chance", np.array(chance, float), atol=1e-2)


def test_batch_of_images(same):
    images = np.stack([np.array(picture()), np.array(picture().transpose(0))])
    boxes, _chances = MTCNN(thresholds=[0.2, 0.2, 0.2], device="cpu").detect(images)
    same("found", np.array([b is not None for b in boxes]))


def test_boxes(same):
    draw = np.random.default_rng(0)
    corner = draw.uniform(0, 50, (20, 2)).astype(np.float32)
    boxes = np.concatenate([corner, corner + 20], 1)
    scores = draw.random(20).astype(np.float32)
    kept = detect_face.nms_numpy(boxes, scores, 0.3, "Union")
    same("kept", kept)
    same("square", detect_face.rerec(torch.from_numpy(boxes)))


def test_standardization(same):
    x = torch.arange(27.0).reshape(3, 3, 3)
    same("fixed", fixed_image_standardization(x))
    same("white", prewhiten(x))
