"""timm: five families, random weights copied from PyTorch: outputs, gradients, a training step."""

import pytest
import timm
import torch
from torch.nn import functional as F

FAMILIES = [
    ("resnet10t", 64),
    ("resnet18", 64),
    ("resnet26d", 64),
    ("vit_tiny_patch16_224", 64),
    ("vit_small_patch32_224", 64),
    ("convnext_atto", 64),
    ("convnext_femto_ols", 64),
    ("mobilenetv3_small_050", 64),
    ("mobilenetv3_large_075", 64),
    ("efficientnet_lite0", 64),
    ("efficientnet_b0", 64),
    ("tf_efficientnetv2_b0", 64),
]


def made(name, size, weights):
    options = {"img_size": size} if name.startswith("vit") else {}
    torch.manual_seed(0)
    return weights(timm.create_model(name, pretrained=False, num_classes=10, **options))


def images(size):
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name, size", FAMILIES)
def test_eval(name, size, weights, same):
    model = made(name, size, weights).eval()
    with torch.no_grad():
        same("logits", model(images(size)))
        same("features", model.forward_features(images(size)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name, size", FAMILIES)
def test_seeded_weights(name, size, same):
    """The random weights of a seed are PyTorch's, without copying."""
    model = made(name, size, lambda model: model)
    same("sums", {key: p.detach().double().sum() for key, p in model.named_parameters()}, atol=1e-4)


@pytest.mark.parametrize("name, size", FAMILIES)
def test_training_step(name, size, weights, same):
    model = made(name, size, weights).train()
    optimizer = timm.optim.create_optimizer_v2(model, opt="adamw", lr=1e-3, weight_decay=0.05)
    torch.manual_seed(2)
    losses = []
    for _ in range(2):
        loss = F.cross_entropy(model(images(size)), torch.tensor([1, 7]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    same("losses", losses)
    same("norms", {k: p.grad.norm() for k, p in model.named_parameters()}, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_050", "efficientnet_b0"])
def test_features_only(name, weights, same):
    torch.manual_seed(0)
    model = weights(timm.create_model(name, pretrained=False, features_only=True)).eval()
    with torch.no_grad():
        same("maps", model(images(64)), rtol=1e-3, atol=1e-4)


def test_scheduler_and_average(same):
    model = torch.nn.Linear(3, 2)
    optimizer = timm.optim.create_optimizer_v2(model, opt="sgd", lr=0.1)
    scheduler = timm.scheduler.CosineLRScheduler(optimizer, t_initial=10, warmup_t=2)
    rates = []
    for epoch in range(10):
        scheduler.step(epoch)
        rates.append(optimizer.param_groups[0]["lr"])
    same("rates", rates)


@pytest.mark.parametrize("name", ["lion", "adamp", "lamb", "nadamw", "adabelief", "lookahead_adam"])
def test_optimizers(name, same):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    x = torch.randn(16, 5)
    optimizer = timm.optim.create_optimizer_v2(model, opt=name, lr=1e-2)
    for _ in range(8):
        loss = (model(x) - x[:, :1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    same("weights", dict(model.named_parameters()))
