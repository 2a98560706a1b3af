"""Two nets against each other: one makes digits out of noise, the other tells them from real ones.

    rushlight run examples/gan.py              (or python, with PyTorch)
    rushlight run examples/gan.py --data ring

`digits` are made by transposed convolutions, as in DCGAN; `ring` are points around eight centres in
the plane, where it is plain to see whether all eight are found. Writes samples.png or samples.svg,
loss.svg and numbers.json.

Letters: N samples, Z noise, C channels, H and W height and width.
Source: Goodfellow et al. 2014, arXiv:1406.2661; Radford, Metz, Chintala 2015, arXiv:1511.06434;
Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406 (the penalty)
"""

import argparse
import json
import math
import time
from pathlib import Path

import digits
import drawing
import torch
from torch import nn
from torch.nn import functional as F

CENTRES, SPREAD = 8, 0.05


def ring(count, generator):
    """Points (N, 2) near eight places of a circle of radius 1."""
    angle = torch.randint(CENTRES, (count,), generator=generator) * (2 * math.pi / CENTRES)
    noise = torch.randn(count, 2, generator=generator) * SPREAD
    return torch.stack([angle.cos(), angle.sin()], 1) + noise


def point_nets(noise):
    """Perceptrons for points: the generator, the discriminator."""
    generator = nn.Sequential(
        nn.Linear(noise, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2)
    )
    discriminator = nn.Sequential(
        nn.Linear(2, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2),
        nn.Linear(128, 1),
    )  # fmt: skip
    return generator, discriminator


def image_nets(noise, side, channels=48):
    """Convolutions for images of side x side."""
    small = side // 4
    generator = nn.Sequential(
        nn.Linear(noise, channels * small * small, bias=False),
        nn.BatchNorm1d(channels * small * small),
        nn.ReLU(),
        nn.Unflatten(1, (channels, small, small)),
        nn.ConvTranspose2d(channels, channels // 2, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(channels // 2),
        nn.ReLU(),  # (N, C / 2, H / 2, W / 2)
        nn.ConvTranspose2d(channels // 2, 1, 4, stride=2, padding=1),
        nn.Tanh(),  # (N, 1, H, W)
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, channels // 2, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Dropout2d(0.3),
        nn.Conv2d(channels // 2, channels, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Dropout2d(0.3),
        nn.Flatten(),
        nn.Linear(channels * small * small, 1),
    )
    return generator, discriminator


def step(nets, optimizers, real, noise, penalty):
    """One update of each net; the losses of the discriminator and of the generator."""
    generator, discriminator = nets
    fake = generator(noise)
    real.requires_grad_(penalty > 0)
    # the discriminator: real ones are 1 (0.9, so that it is never too sure), made ones are 0
    scores = discriminator(real), discriminator(fake.detach())
    loss = F.binary_cross_entropy_with_logits(scores[0], torch.full_like(scores[0], 0.9))
    loss = loss + F.binary_cross_entropy_with_logits(scores[1], torch.zeros_like(scores[1]))
    if penalty:  # its scores must not be steep at real samples: a derivative in the loss
        (slope,) = torch.autograd.grad(scores[0].sum(), real, create_graph=True)
        loss = loss + penalty / 2 * slope.flatten(1).square().sum(1).mean()
    optimizers[1].zero_grad()
    loss.backward()
    optimizers[1].step()
    # the generator: what it makes shall be taken for real
    scores = discriminator(fake)
    cheat = F.binary_cross_entropy_with_logits(scores, torch.ones_like(scores))
    optimizers[0].zero_grad()
    cheat.backward()
    optimizers[0].step()
    return loss.item(), cheat.item()


def judge(real, labels):
    """A small net that reads digits: what it makes of the generator's."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(real[0].numel(), 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(10):
        for rows in torch.randperm(len(real)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(net(real[rows]), labels[rows]).backward()
            optimizer.step()
    return net


def look_at_points(points, out):
    """Draws them; how many centres were found, the share of points near one."""
    angle = torch.arange(CENTRES) * (2 * math.pi / CENTRES)
    centres = torch.stack([angle.cos(), angle.sin()], 1)
    far, which = torch.cdist(points, centres).min(1)
    near = far < 4 * SPREAD
    counts = torch.bincount(which[near], minlength=CENTRES)
    real = ring(1000, torch.Generator().manual_seed(1))
    clouds = {"real": tuple(real.T.tolist()), "made": tuple(points.T.tolist())}
    title = "Points of a ring of eight"
    drawing.chart(out / "samples.svg", clouds, title, "x", "y", dots=clouds, square=True)
    found, share = int((counts > len(points) / CENTRES / 10).sum()), near.float().mean().item()
    print(f"{found} of {CENTRES} centres found, {share:.1%} of the points are near one")
    return {"found": found, "near": share}


def look_at_images(images, net, out):
    """Draws them; how many of the ten digits they are for a net that reads digits, and how sure."""
    drawing.sheet(out / "samples.png", 0.5 - images[:60, 0].numpy() / 2, 12, scale=5)
    with torch.no_grad():
        sure, which = net(images).softmax(1).max(1)
    counts = torch.bincount(which, minlength=10)
    print(f"read as 0..9: {counts.tolist()}; {(sure > 0.9).float().mean():.1%} with over 90 %")
    return {"counts": counts.tolist(), "sure": (sure > 0.9).float().mean().item()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", choices=["digits", "ring"], default="digits", help="digits")
    parser.add_argument("--steps", type=int, default=2000, help="batches; default: 2000")
    parser.add_argument("--batch", type=int, default=64, help="samples in each; default: 64")
    parser.add_argument("--noise", type=int, help="numbers of it; default: ring 4, digits 16")
    parser.add_argument("--lr", type=float, default=1e-3, help="Adam's rate; default: 0.001")
    parser.add_argument(
        "--penalty", type=float, help="on steep scores; default: ring 0.03, digits 0"
    )
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/gan"), help="default: runs/gan")
    options = parser.parse_args()
    if options.penalty is None:
        options.penalty = 0.03 if options.data == "ring" else 0.0
    if options.noise is None:
        options.noise = 4 if options.data == "ring" else 16
    options.out.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(options.seed)
    draws = torch.Generator().manual_seed(options.seed)
    if options.data == "ring":
        nets = point_nets(options.noise)
    else:
        (images, labels), _ = digits.load()
        images = 2 * images - 1  # -1..1, as tanh gives them
        reader = judge(images, labels)
        nets = image_nets(options.noise, images.shape[-1])
    nets = [net.to(options.device) for net in nets]
    optimizers = [
        torch.optim.Adam(net.parameters(), lr=options.lr, betas=(0.5, 0.999)) for net in nets
    ]
    print(f"{sum(p.numel() for net in nets for p in net.parameters()):,} parameters in two nets")

    losses, begin = [], time.perf_counter()
    for number in range(1, options.steps + 1):
        if options.data == "ring":
            real = ring(options.batch, draws)
        else:
            real = images[torch.randint(len(images), (options.batch,), generator=draws)]
        noise = torch.randn(options.batch, options.noise, generator=draws)
        real, noise = real.to(options.device), noise.to(options.device)
        losses.append(step(nets, optimizers, real, noise, options.penalty))
        if number % max(1, options.steps // 10) == 0:
            seconds = time.perf_counter() - begin
            both = "discriminator {:.3f}  generator {:.3f}".format(*losses[-1])
            print(f"step {number:4}  {both}  {seconds:.1f} s")

    nets[0].eval()
    with torch.no_grad():
        noise = torch.randn(1000, options.noise, generator=draws).to(options.device)
        made = nets[0](noise).cpu()
    if options.data == "ring":
        found = look_at_points(made, options.out)
    else:
        found = look_at_images(made, reader, options.out)
    curves = {"discriminator": [a for a, _ in losses], "generator": [b for _, b in losses]}
    drawing.chart(options.out / "loss.svg", curves, "Losses of the two nets", "batch", "loss")
    numbers = {"loss": losses, **found}
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
