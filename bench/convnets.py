"""Convolutional nets of the sizes that people serve: ResNets, MobileNetV2, EfficientNet-B0.

The models are built here from layers, with random weights, in the way that hand-written ones are:
functions between layers, a residual addition in `forward`. Inference in eval mode without
gradients; training with cross entropy and SGD with momentum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .served import Served


def _residual_classes(lib: Any) -> tuple[Any, Any]:
    """The blocks of ResNet-18 and of ResNet-50 (He et al. 2015, arXiv:1512.03385)."""
    nn, functional = lib.nn, lib.F

    class Basic(nn.Module):
        widening = 1

        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.shortcut = _shortcut(nn, inputs, width, stride)

        def forward(self, x: Any) -> Any:
            y = functional.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            y += x if self.shortcut is None else self.shortcut(x)
            return functional.relu(y)

    class Bottleneck(nn.Module):
        widening = 4

        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(4 * width)
            self.shortcut = _shortcut(nn, inputs, 4 * width, stride)

        def forward(self, x: Any) -> Any:
            y = functional.relu(self.bn1(self.conv1(x)))
            y = functional.relu(self.bn2(self.conv2(y)))
            y = self.bn3(self.conv3(y))
            y += x if self.shortcut is None else self.shortcut(x)
            return functional.relu(y)

    return Basic, Bottleneck


def _shortcut(nn: Any, inputs: int, outputs: int, stride: int) -> Any:
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def resnet(lib: Any, depth: int, size: int) -> Any:
    """ResNet-18 or -50; for images of 32 x 32 the form for CIFAR: no 7x7, no first pooling."""
    nn = lib.nn
    basic, bottleneck = _residual_classes(lib)
    block, counts = {18: (basic, (2, 2, 2, 2)), 50: (bottleneck, (3, 4, 6, 3))}[depth]
    if size == 32:
        layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    else:
        layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        layers.append(nn.MaxPool2d(3, 2, 1))
    inputs = 64
    for stage, count in enumerate(counts):
        for i in range(count):
            width = 64 << stage
            layers.append(block(inputs, width, 2 if stage and not i else 1))
            inputs = width * block.widening
    return nn.Sequential(
        *layers,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(inputs, 10 if size == 32 else 1000),
    )


def _inverted_residual(lib: Any) -> Any:
    """Expansion, depthwise convolution, squeeze and excitation, projection (Sandler et al. 2018,
    arXiv:1801.04381; Tan & Le 2019, arXiv:1905.11946)."""
    nn = lib.nn

    class Gate(nn.Module):
        def __init__(self, channels: int, squeezed: int) -> None:
            super().__init__()
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.squeeze = nn.Conv2d(channels, squeezed, 1)
            self.excite = nn.Conv2d(squeezed, channels, 1)

        def forward(self, x: Any) -> Any:
            y = lib.F.silu(self.squeeze(self.pool(x)))
            return x * lib.torch.sigmoid(self.excite(y))

    class Inverted(nn.Module):
        def __init__(
            self, inputs: int, outputs: int, expand: int, kernel: int, stride: int, efficient: bool
        ) -> None:
            super().__init__()
            act, inner = nn.SiLU if efficient else nn.ReLU6, inputs * expand
            layers = []
            if expand != 1:
                layers += [nn.Conv2d(inputs, inner, 1, bias=False), nn.BatchNorm2d(inner), act()]
            layers += [
                nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner, bias=False),
                nn.BatchNorm2d(inner),
                act(),
            ]
            if efficient:
                layers.append(Gate(inner, max(1, inputs // 4)))
            layers += [nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
            self.layers = nn.Sequential(*layers)
            self.adds = stride == 1 and inputs == outputs

        def forward(self, x: Any) -> Any:
            return x + self.layers(x) if self.adds else self.layers(x)

    return Inverted


#: (expansion, outputs, repeats, stride, kernel) of each stage
_MOBILE = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 32, 3, 2, 3),
    (6, 64, 4, 2, 3),
    (6, 96, 3, 1, 3),
    (6, 160, 3, 2, 3),
    (6, 320, 1, 1, 3),
)
_EFFICIENT = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


def mobile(lib: Any, efficient: bool) -> Any:
    """MobileNetV2 or EfficientNet-B0."""
    nn = lib.nn
    block, act = _inverted_residual(lib), nn.SiLU if efficient else nn.ReLU6
    layers = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), act()]
    inputs = 32
    for expand, outputs, repeats, stride, kernel in _EFFICIENT if efficient else _MOBILE:
        for i in range(repeats):
            layers.append(block(inputs, outputs, expand, kernel, 1 if i else stride, efficient))
            inputs = outputs
    layers += [nn.Conv2d(inputs, 1280, 1, bias=False), nn.BatchNorm2d(1280), act()]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 1000)
    )


def inference(make: Callable[[Any], Any], batch: int, size: int) -> Callable[[Any], Any]:
    def call(lib: Any) -> Callable[[], Any]:
        return Served(lib, make(lib), lib.torch.rand(batch, 3, size, size))

    return call


def training(make: Callable[[Any], Any], batch: int, size: int) -> Callable[[Any], Any]:
    def call(lib: Any) -> Callable[[], Any]:
        torch, model = lib.torch, make(lib)
        x, y = torch.rand(batch, 3, size, size), torch.randint(0, 10, (batch,))
        opt = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

        def step() -> None:
            opt.zero_grad()
            lib.F.cross_entropy(model(x), y).backward()
            opt.step()

        return step

    return call


def _resnet(depth: int, size: int) -> Callable[[Any], Any]:
    return lambda lib: resnet(lib, depth, size)


def _mobile(efficient: bool) -> Callable[[Any], Any]:
    return lambda lib: mobile(lib, efficient)


#: name: (what makes a call, calls in a block, (PyTorch's time over ours at least, aim))
ROWS: dict[str, tuple[Callable[[Any], Callable[[], Any]], int, tuple[float, float]]] = {
    "ResNet-18, 32x32, batch 1": (inference(_resnet(18, 32), 1, 32), 3, (1.3, 2)),
    "ResNet-18, 32x32, batch 16": (inference(_resnet(18, 32), 16, 32), 1, (1.3, 2)),
    "ResNet-18, 32x32, training": (training(_resnet(18, 32), 16, 32), 1, (1.2, 1.6)),
    "ResNet-18, 224x224": (inference(_resnet(18, 224), 1, 224), 1, (1.2, 2)),
    "ResNet-50, 224x224": (inference(_resnet(50, 224), 1, 224), 1, (1.2, 2)),
    "MobileNetV2, 224x224": (inference(_mobile(False), 1, 224), 2, (1.3, 2)),
    "EfficientNet-B0, 224x224": (inference(_mobile(True), 1, 224), 2, (1.3, 2)),
}
