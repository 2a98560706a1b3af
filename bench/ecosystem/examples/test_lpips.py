"""lpips: its distances, with the linear layers that the package carries and random networks."""

import lpips
import pytest
import torch


def images(k):
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(k)) * 2 - 1


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
@pytest.mark.parametrize("version", ["0.1", "0.0"])
def test_distance(net, version, weights, same):
    torch.manual_seed(0)
    model = lpips.LPIPS(net=net, version=version, pnet_rand=True, verbose=False)
    with torch.no_grad():
        same("distance", weights(model).eval()(images(0), images(1)))


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_linear_layers_of_the_package(net, same):
    model = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
    same("weights", {k: v for k, v in model.state_dict().items() if k.startswith("lin")})


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_gradient(net, weights, same):
    torch.manual_seed(0)
    model = weights(lpips.LPIPS(net=net, pnet_rand=True, verbose=False)).eval()
    x = images(0).requires_grad_()
    model(x, images(1)).sum().backward()
    same("gradient", x.grad, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("net", ["alex", "squeeze"])
def test_layers_and_maps(net, weights, same):
    torch.manual_seed(0)
    model = weights(lpips.LPIPS(net=net, pnet_rand=True, spatial=True, verbose=False)).eval()
    with torch.no_grad():
        whole, layers = model(images(0), images(1), retPerLayer=True)
    same("map", whole)
    same("layers", layers)


def test_without_linear_layers(weights, same):
    torch.manual_seed(0)
    model = weights(lpips.LPIPS(lpips=False, pnet_rand=True, verbose=False)).eval()
    with torch.no_grad():
        same("distance", model(images(0), images(1), normalize=True))


@pytest.mark.parametrize("kind", ["L2", "DSSIM"])
def test_plain_distances(kind, same):
    measure = {"L2": lpips.L2, "DSSIM": lpips.DSSIM}[kind](use_gpu=False, colorspace="RGB")
    same("distance", torch.as_tensor(measure(images(0)[:1], images(1)[:1])).float())


def test_ranking_loss_trains(same):
    torch.manual_seed(0)
    loss = lpips.BCERankingLoss()
    near, far = torch.rand(4, 1, 1, 1), torch.rand(4, 1, 1, 1)
    value = loss(near, far, torch.tensor([1.0, -1.0, 1.0, 0.0]).reshape(4, 1, 1, 1))
    value.backward()
    same("loss", value)
    same("gradients", [p.grad for p in loss.parameters()])


def test_images_and_tensors(same):
    x = images(0)[:1]
    same("image", lpips.tensor2im(x))
    same("tensor", lpips.im2tensor(lpips.tensor2im(x)))
