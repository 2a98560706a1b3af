"""Building and looking at a network, as the tutorials do; written for PyTorch, run untouched."""

import torch
from torch import nn
from torch.utils.data import DataLoader  # noqa: F401
from torchvision import datasets, transforms  # noqa: F401

torch.manual_seed(0)
device = (
    "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
)
accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
print(f"on {device}, accelerator {accelerator}")


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
            nn.ReLU(),
        )

    def forward(self, x):
        return self.stack(self.flatten(x))


model = Classifier().to(device)
print(model)
x = torch.rand(1, 28, 28, device=device)
scores = model(x)
shares = nn.Softmax(dim=1)(scores)
print(f"{shares} of class {shares.argmax(1)}, together {shares.sum():.4f}")
print(f"weights: {model.stack[0].weight}\n")
print(f"bias: {model.stack[0].bias}\n")

images = torch.rand(3, 28, 28)
flatten = nn.Flatten()
layer = nn.Linear(in_features=28 * 28, out_features=20)
hidden = layer(flatten(images))
print(images.size(), flatten(images).size(), hidden.size())
print(f"before: {hidden}\n\n")
hidden = nn.ReLU()(hidden)
print(f"after: {hidden}")
modules = nn.Sequential(flatten, layer, nn.ReLU(), nn.Linear(20, 10))
print(nn.Softmax(dim=1)(modules(torch.rand(3, 28, 28))))
for name, parameter in model.named_parameters():
    print(f"{name} | {parameter.size()} | {parameter[:2]}\n")
