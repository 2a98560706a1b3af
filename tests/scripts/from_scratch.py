"""From tensors by hand to nn, optim and data step by step; written for PyTorch, run untouched."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
patterns = torch.rand(10, 784)
y_train, y_valid = torch.randint(0, 10, (1000,)), torch.randint(0, 10, (300,))
x_train = patterns[y_train] + 0.8 * torch.randn(1000, 784)
x_valid = patterns[y_valid] + 0.8 * torch.randn(300, 784)
n, c = x_train.shape
print(x_train, y_train[:20], y_train.min(), y_train.max(), n, c)

weights = torch.randn(784, 10) / math.sqrt(784)
weights.requires_grad_()
bias = torch.zeros(10, requires_grad=True)


def log_softmax(x):
    return x - x.exp().sum(-1).log().unsqueeze(-1)


def linear(x):
    return log_softmax(x @ weights + bias)


def nll(scores, target):
    return -scores[range(target.shape[0]), target].mean()


def accuracy(scores, y):
    return (torch.argmax(scores, dim=1) == y).float().mean()


size, lr = 64, 0.05
scores = linear(x_train[:size])
print(scores[0], scores.shape, nll(scores, y_train[:size]), accuracy(scores, y_train[:size]))
for i in range((n - 1) // size + 1):
    x, y = x_train[i * size : i * size + size], y_train[i * size : i * size + size]
    loss = nll(linear(x), y)
    loss.backward()
    with torch.no_grad():
        weights -= weights.grad * lr
        bias -= bias.grad * lr
        weights.grad.zero_()
        bias.grad.zero_()
print(loss, bias, weights)
print(F.cross_entropy(x_train @ weights + bias, y_train))


class Logistic(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(784, 10) / math.sqrt(784))
        self.bias = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        return x @ self.weights + self.bias


model = Logistic()
for x, y in zip(x_train.split(size), y_train.split(size), strict=True):
    F.cross_entropy(model(x), y).backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= p.grad * lr
        model.zero_grad()
print(F.cross_entropy(model(x_train), y_train), model)


def fit(model, opt, train, valid, epochs=2):
    for epoch in range(epochs):
        model.train()
        for x, y in train:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            opt.zero_grad()
        model.eval()
        with torch.no_grad():
            pairs = [(F.cross_entropy(model(x), y).item(), len(x)) for x, y in valid]
        losses, counts = zip(*pairs, strict=True)
        print(epoch, np.sum(np.multiply(losses, counts)) / np.sum(counts))


train = DataLoader(TensorDataset(x_train, y_train), batch_size=size, shuffle=True)
valid = DataLoader(TensorDataset(x_valid, y_valid), batch_size=size * 2)
model = nn.Linear(784, 10)
fit(model, optim.SGD(model.parameters(), lr=lr), train, valid)


class Lambda(nn.Module):
    def __init__(self, func):
        super().__init__()
        self.func = func

    def forward(self, x):
        return self.func(x)


class Wrapped:
    def __init__(self, loader, func):
        self.loader, self.func = loader, func

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        for batch in self.loader:
            yield self.func(*batch)


device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")


def images(x, y):
    return x.view(-1, 1, 28, 28).to(device), y.to(device)


model = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.Conv2d(16, 16, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.Conv2d(16, 10, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    Lambda(lambda x: x.view(x.size(0), -1)),
)
opt = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
fit(model.to(device), opt, Wrapped(train, images), Wrapped(valid, images), epochs=1)
print(model)
