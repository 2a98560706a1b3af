"""Three nets on handwritten digits: logistic regression, a perceptron with one hidden layer, a CNN.

    rushlight run examples/nets.py            (or python, with PyTorch: the same numbers)
    rushlight run examples/nets.py --model cnn --epochs 40

Writes accuracy.svg (each net's share of right answers on the test digits, epoch by epoch),
mistakes.png (what the last net got wrong) and numbers.json.

Letters: N images, H and W height and width, K classes.
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

CLASSES = 10


class Logistic(nn.Module):
    """One linear layer: a score for each class from the pixels."""

    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(size * size, CLASSES)

    def forward(self, x):
        return self.linear(x.flatten(1))  # (N, 1, H, W) -> (N, K)


class Perceptron(nn.Module):
    """A hidden layer with ReLU in between."""

    def __init__(self, size, hidden=64):
        super().__init__()
        self.hidden = nn.Linear(size * size, hidden)
        self.out = nn.Linear(hidden, CLASSES)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x.flatten(1))))  # (N, K)


class Convolutional(nn.Module):
    """Two convolutions, each followed by a smaller picture; then a linear layer."""

    def __init__(self, size, channels=16):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.pool, self.drop = nn.MaxPool2d(2), nn.Dropout(0.25)
        self.out = nn.Linear(2 * channels * (size // 4) ** 2, CLASSES)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))  # (N, C, H / 2, W / 2)
        x = self.pool(F.relu(self.conv2(x)))  # (N, 2 C, H / 4, W / 4)
        return self.out(self.drop(x.flatten(1)))  # (N, K)


MODELS = {"logistic": Logistic, "mlp": Perceptron, "cnn": Convolutional}


def train(model, data, epochs, lr, device):
    """Adam and cross-entropy. Yields after each epoch: mean loss, answers to the test digits."""
    (x, y), (test_x, _) = data
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(epochs):
        model.train()
        total = 0.0
        for images, labels in loader:
            loss = F.cross_entropy(model(images.to(device)), labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(images)
        model.eval()
        with torch.no_grad():
            yield total / len(x), model(test_x.to(device)).argmax(1).cpu()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", choices=MODELS, help="one of the three; default: all")
    parser.add_argument("--epochs", type=int, default=25, help="default: 25")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's rate; default: 0.003")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/nets"), help="default: runs/nets")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    data = digits.load()
    test_x, test_y = data[1]
    print(f"{len(data[0][0])} digits to learn from, {len(test_x)} to test with")
    numbers = {}
    for name in [options.model] if options.model else MODELS:
        torch.manual_seed(options.seed)
        model = MODELS[name](test_x.shape[-1]).to(options.device)
        size = sum(p.numel() for p in model.parameters())
        begin, losses, right = time.perf_counter(), [], []
        for loss, answers in train(model, data, options.epochs, options.lr, options.device):
            losses.append(loss)
            right.append((answers == test_y).float().mean().item())
        seconds = time.perf_counter() - begin
        print(
            f"{name:9} {size:6,} parameters  loss {losses[0]:.3f} -> {losses[-1]:.3f}  "
            f"right {right[-1]:.1%}  {seconds:.1f} s"
        )
        numbers[name] = {"loss": losses, "right": right}

    curves = {name: [100 * r for r in found["right"]] for name, found in numbers.items()}
    title = "Right answers on digits that were not trained on"
    drawing.chart(options.out / "accuracy.svg", curves, title, "epoch", "percent")
    wrong = (answers != test_y).nonzero().flatten()
    for i in wrong[:3].tolist():
        print(f"test digit {i} is a {test_y[i]}, the {name} says {answers[i]}")
    shown = test_x[wrong[:24]] if len(wrong) else test_x[:24]
    drawing.sheet(options.out / "mistakes.png", 1 - shown[:, 0].numpy(), 12, scale=5)
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))
    print(f"{len(wrong)} mistakes of the {name}: {options.out / 'mistakes.png'}")


if __name__ == "__main__":
    main()
