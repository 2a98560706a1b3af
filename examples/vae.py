"""A variational autoencoder learns to draw digits.

    rushlight run examples/vae.py              (or python, with PyTorch: the same numbers)
    rushlight run examples/vae.py --latent 8 --epochs 100

Writes samples.png (digits that never were), walk.png (from one digit to another in eight steps,
four times), plane.png (what each place of a two-dimensional latent space is drawn as), loss.svg and
numbers.json.

Letters: N images, H and W height and width, Z latent numbers.
Source: Kingma, Welling 2013, arXiv:1312.6114
"""

import argparse
import json
import time
from pathlib import Path

import digits
import drawing
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    """Images (N, D) -> mean and log variance (N, Z) -> a draw (N, Z) -> logits of images (N, D)."""

    def __init__(self, pixels, hidden, latent):
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(
            nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.mean, self.logvar = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, pixels),
        )  # fmt: skip

    def forward(self, x):
        h = self.encoder(x)
        mean, logvar = self.mean(h), self.logvar(h)  # (N, Z)
        z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
        return self.decoder(z), mean, logvar

    def draw(self, z):
        """Latent numbers (N, Z) -> images (N, D) in 0..1."""
        return torch.sigmoid(self.decoder(z))


def loss_of(x, logits, mean, logvar):
    """(what the image costs, what the latent numbers cost), nats per image."""
    image = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    code = -0.5 * (1 + logvar - mean.square() - logvar.exp()).sum()
    return image / len(x), code / len(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=120, help="default: 120")
    parser.add_argument("--latent", type=int, default=2, help="latent numbers; default: 2")
    parser.add_argument("--hidden", type=int, default=128, help="units of a layer; default: 128")
    parser.add_argument("--lr", type=float, default=2e-3, help="Adam's rate; default: 0.002")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/vae"), help="default: runs/vae")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    (x, y), (test_x, _) = digits.load()
    side = x.shape[-1]
    x, test_x = x.flatten(1), test_x.flatten(1).to(options.device)  # (N, D)
    torch.manual_seed(options.seed)
    model = VAE(side * side, options.hidden, options.latent).to(options.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)

    rows, tests, begin = [], [], time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        total = torch.zeros(2)
        for images, _ in loader:
            images = images.to(options.device)
            image, code = loss_of(images, *model(images))
            optimizer.zero_grad()
            (image + code).backward()
            optimizer.step()
            total += torch.tensor([image.item(), code.item()]) * len(images)
        rows.append((total / len(x)).tolist())
        with torch.no_grad():
            tests.append(sum(loss_of(test_x, *model(test_x))).item())
        if epoch % max(1, options.epochs // 10) == 0:
            image, code = rows[-1]
            seconds = time.perf_counter() - begin
            print(
                f"epoch {epoch:3}  image {image:.2f} + code {code:.2f} = {image + code:.2f} nats  "
                f"test {tests[-1]:.2f}  {seconds:.1f} s"
            )

    model.eval()
    pictures = {}
    with torch.no_grad():
        generator = torch.Generator().manual_seed(options.seed)
        z = torch.randn(60, options.latent, generator=generator)
        pictures["samples"] = model.draw(z.to(options.device)), 12
        ends = model.mean(model.encoder(x[:8].to(options.device)))  # of the first eight digits
        share = torch.linspace(0, 1, 10, device=options.device).view(-1, 1)
        walks = [a + share * (b - a) for a, b in zip(ends[::2], ends[1::2], strict=True)]
        pictures["walk"] = model.draw(torch.cat(walks)), 10
        if options.latent == 2:  # places of equal probability
            near = torch.distributions.Normal(0.0, 1.0).icdf(torch.linspace(0.02, 0.98, 16))
            plane = torch.cartesian_prod(near.flip(0), near).flip(1)  # (256, 2): x runs first
            pictures["plane"] = model.draw(plane.to(options.device)), 16
    for name, (images, columns) in pictures.items():
        images = 1 - images.view(-1, side, side).cpu().numpy()
        drawing.sheet(options.out / f"{name}.png", images, columns, scale=4, gap=1)
    curves = {"image + code": [sum(r) for r in rows], "on test digits": tests}
    title = "Bound on the negative log likelihood of a digit"
    drawing.chart(options.out / "loss.svg", curves, title, "epoch", "nats")
    bits = tests[-1] / (side * side) / 0.6931471805599453
    print(f"test digits cost {tests[-1]:.2f} nats, {bits:.3f} bits per pixel: {options.out}")
    numbers = {"loss": rows, "test": tests, "first": pictures["samples"][0][0].tolist()}
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
