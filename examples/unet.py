"""A U-Net says of each pixel whether it is background, disc, square or triangle.

    rushlight run examples/unet.py             (or python, with PyTorch: the same numbers)

The pictures are drawn here: shapes of any brightness over each other on a background that is not
even, and noise. Writes segments.png (picture, truth, answer), iou.svg and numbers.json.

Letters: N images, C channels, H and W height and width, K classes.
Source: Ronneberger, Fischer, Brox 2015, arXiv:1505.04597
"""

import argparse
import json
import time
from pathlib import Path

import drawing
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

CLASSES = ["background", "disc", "square", "triangle"]
COLOURS = np.array([[0.95, 0.95, 0.93], [0, 0.45, 0.7], [0.84, 0.37, 0], [0, 0.62, 0.45]])


def picture(rng, side):
    """An image (H, W) and the class of each pixel (H, W)."""
    y, x = np.mgrid[:side, :side] / side
    slope = rng.uniform(-0.3, 0.3, 2)
    image = 0.5 + slope[0] * (x - 0.5) + slope[1] * (y - 0.5)
    classes, sign = np.zeros((side, side), np.int64), rng.choice([-1, 1])
    for _ in range(rng.integers(1, 4)):
        kind = int(rng.integers(1, 4))
        cx, cy = rng.uniform(0.2, 0.8, 2)
        size, turn = rng.uniform(0.14, 0.28), rng.uniform(0, 2 * np.pi)
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        if kind == 1:
            inside = u**2 + v**2 < size**2
        elif kind == 2:
            inside = np.maximum(abs(u), abs(v)) < size * 0.85
        else:  # three half-planes
            inside = (v > -size * 0.6) & (v + 1.732 * abs(u) < size * 1.2)
        image[inside] = 0.5 + sign * rng.uniform(0.2, 0.5)
        sign = -sign  # the next one is bright on dark, or dark on bright
        classes[inside] = kind
    return image + rng.normal(0, 0.08, image.shape), classes


def pictures(count, side, seed):
    """x (N, 1, H, W), y (N, H, W)"""
    rng = np.random.default_rng(seed)
    images, classes = zip(*[picture(rng, side) for _ in range(count)], strict=True)
    x = torch.from_numpy(np.stack(images).astype(np.float32)) - 0.5
    return x.unsqueeze(1), torch.from_numpy(np.stack(classes))


def twice(inputs, outputs):
    """Two convolutions of 3x3, each with batch norm and ReLU."""
    layers = []
    for c in (inputs, outputs):
        layers.append(nn.Conv2d(c, outputs, 3, padding=1, bias=False))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Down in two steps and up again; on the way up each level sees what the way down had there."""

    def __init__(self, width):
        super().__init__()
        self.down1, self.down2 = twice(1, width), twice(width, 2 * width)
        self.bottom = twice(2 * width, 4 * width)
        self.grow2 = nn.ConvTranspose2d(4 * width, 2 * width, 2, stride=2)
        self.up2 = twice(4 * width, 2 * width)
        self.grow1 = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.up1 = twice(2 * width, width)
        self.head = nn.Conv2d(width, len(CLASSES), 1)

    def forward(self, x):
        a = self.down1(x)  # (N, C, H, W)
        b = self.down2(F.max_pool2d(a, 2))  # (N, 2 C, H / 2, W / 2)
        c = self.bottom(F.max_pool2d(b, 2))  # (N, 4 C, H / 4, W / 4)
        b = self.up2(torch.cat([b, self.grow2(c)], 1))  # (N, 2 C, H / 2, W / 2)
        a = self.up1(torch.cat([a, self.grow1(b)], 1))  # (N, C, H, W)
        return self.head(a)  # (N, K, H, W)


def overlaps(answer, truth):
    """Intersection over union of each class."""
    out = []
    for k in range(len(CLASSES)):
        both, either = (answer == k) & (truth == k), (answer == k) | (truth == k)
        out.append((both.sum() / either.sum().clamp(min=1)).item())
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=12, help="default: 12")
    parser.add_argument("--images", type=int, default=1200, help="to learn from; default: 1200")
    parser.add_argument("--side", type=int, default=32, help="pixels, a multiple of 4; default: 32")
    parser.add_argument("--width", type=int, default=12, help="channels at the top; default: 12")
    parser.add_argument("--lr", type=float, default=6e-3, help="Adam's rate; default: 0.006")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/unet"), help="default: runs/unet")
    options = parser.parse_args()
    if options.side % 4:
        parser.error(f"--side {options.side}: a multiple of 4, since it is halved twice")
    options.out.mkdir(parents=True, exist_ok=True)

    x, y = pictures(options.images, options.side, seed=1)
    test_x, test_y = pictures(100, options.side, seed=2)
    torch.manual_seed(options.seed)
    model = UNet(options.width).to(options.device)
    print(f"{len(x)} pictures, {sum(p.numel() for p in model.parameters()):,} parameters")
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    batches = -(-len(x) // 16)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.lr, total_steps=options.epochs * batches
    )
    losses, found, begin = [], [], time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(x)).split(16):
            images, classes = x[rows].to(options.device), y[rows].to(options.device)
            loss = F.cross_entropy(model(images), classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        losses.append(total / len(x))
        model.eval()
        with torch.no_grad():
            parts = [model(part.to(options.device)).argmax(1) for part in test_x.split(50)]
        answer = torch.cat(parts).cpu()  # (N, H, W)
        found.append(overlaps(answer, test_y))
        mean, seconds = sum(found[-1]) / len(CLASSES), time.perf_counter() - begin
        print(f"epoch {epoch:2}  loss {losses[-1]:.4f}  mean IoU {mean:.3f}  {seconds:.1f} s")

    print("IoU  " + "  ".join(f"{n} {v:.3f}" for n, v in zip(CLASSES, found[-1], strict=True)))
    grey = np.repeat((test_x[:8, 0].numpy() + 0.5)[..., None], 3, -1)  # (N, H, W, 3)
    rows = np.concatenate([grey, COLOURS[test_y[:8].numpy()], COLOURS[answer[:8].numpy()]])
    drawing.sheet(options.out / "segments.png", rows, 8, scale=3)
    curves = {name: [f[k] for f in found] for k, name in enumerate(CLASSES)}
    title = "Intersection over union on new pictures"
    drawing.chart(options.out / "iou.svg", curves, title, "epoch", "IoU")
    numbers = {"loss": losses, "iou": found}
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
