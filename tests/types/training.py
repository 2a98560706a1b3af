"""An ordinary training program: mypy and pyright must find nothing to say about it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import Tensor, nn, optim
from rushlight.nn import init
from rushlight.nn.utils import clip_grad_norm_
from rushlight.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR, StepLR
from rushlight.utils.data import DataLoader, Dataset, Subset, TensorDataset, random_split
from rushlight.vision import transforms


class Digits(Dataset):
    def __init__(self, n: int, transform: transforms.Compose | None = None) -> None:
        self.images = torch.rand(n, 1, 8, 8)
        self.labels = torch.randint(0, 10, (n,))
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        image = self.images[i]
        if self.transform is not None:
            image = self.transform(image)
        return image, self.labels[i]


class Block(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outside)
        self.act = nn.ReLU(inplace=True)
        self.shortcut: nn.Module = nn.Identity()
        if inside != outside:
            self.shortcut = nn.Sequential(nn.Conv2d(inside, outside, 1), nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        out = self.act(self.bn(self.conv(x)))
        return F.relu(out + self.shortcut(x))


class Net(nn.Module):
    mean: Tensor

    def __init__(self, classes: int = 10, p: float = 0.1) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1))
        self.scale = nn.Parameter(torch.ones(1))
        self.blocks = nn.ModuleList([Block(1, 8), Block(8, 16)])
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p)
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, classes)
        self.embedding = nn.Embedding(10, 4, padding_idx=0)
        self.norm = nn.LayerNorm(32)
        self.heads = nn.ModuleDict({"main": nn.Linear(4, 2)})
        self.apply(self.start)

    @staticmethod
    def start(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        x = (x - self.mean) * self.scale * scale
        for block in self.blocks:
            x = block(x)
        x = F.max_pool2d(x, 2)
        x = self.pool(x).flatten(1)
        x = self.dropout(F.gelu(self.norm(self.fc1(x))))
        x = F.dropout(x, p=0.1, training=self.training)
        return self.fc2(x)


def tensors() -> Tensor:
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    b = torch.zeros(2, 2, dtype=torch.float32) + torch.ones((2, 2)) + torch.ones(size=(2, 2))
    c = torch.randn(2, 2, generator=torch.Generator().manual_seed(1))
    d = torch.arange(4).view(2, 2).float() / 3 + torch.arange(0, 4, 1).reshape((2, 2))
    e = torch.full((2, 2), 0.5) @ torch.eye(2) - torch.linspace(0, 1, 4).reshape(2, -1)
    f = torch.from_numpy(np.ones((2, 2), dtype=np.float32)) ** 2 + torch.empty(2, 2).normal_()
    total = 1 - 2 * a + b / c * d - e % 2 + (-f) + torch.zeros_like(a) + a.new_zeros(2, 2)
    total += torch.where(a > 0, a, torch.zeros_like(a)) + torch.where(a < 1.0, 1.0, 0.0)
    total = torch.cat([total, total], dim=0)[:2] + torch.stack((a, b, c)).sum(dim=0)
    total = total + torch.cat((a, b), axis=1)[:, :2] + a.sum(axis=1, keepdims=True)
    values, indices = torch.max(a, dim=1)
    values, indices = a.max(1)
    largest = torch.max(a) + torch.max(a, b).max() + a.max(dim=0).values[0] + a.max(dim=0)[0].sum()
    top, where = a.topk(1, dim=1)
    ordered, order = torch.sort(a, dim=-1, descending=True)
    kept = a.topk(k=2).indices + order + where.long() + ordered.argsort(dim=1)
    first, second = a.chunk(2, dim=0)
    parts = torch.split(a, 1, dim=0)
    total = total + largest + values.unsqueeze(1) + indices + top + first + second + parts[0] + kept
    mask = (a > 1) & (b <= 2) | ~(c == d) ^ (a != b)
    total[mask] = 0
    total[0, :] = total[..., 1] + total[None, 0].squeeze(0) + total[:, [0, 1]][0]
    mean, spread = a.mean(), a.std(dim=0, unbiased=False)
    total = (total - mean) / (spread + 1e-5) + a.var() + a.norm() + torch.norm(a, p=2)
    total = total + torch.logsumexp(a, dim=1, keepdim=True) + a.softmax(dim=-1) + a.log_softmax(-1)
    total = total + torch.einsum("ij,jk->ik", a, b) + a.t() + a.transpose(0, 1)
    total = total + a.T + a.permute(1, 0)
    total = total + a.exp().log().abs().sqrt().clamp(min=0.0, max=1.0).pow(2) + torch.clamp(a, 0, 1)
    total = total.masked_fill(mask, -math.inf).masked_fill_(total > 1e9, 0.0).nan_to_num()
    total = total + a.gather(1, torch.zeros(2, 1, dtype=torch.long)) + a.expand(2, 2).contiguous()
    total = total + a.mean(dim=(0, 1), keepdim=True) + a.cumsum(dim=0) + torch.cumsum(a, 1)
    total = total + a.type(torch.float64) + a.to("cpu") + a.to(torch.float32)
    total = total + a.to(device=b.device)
    total = total + a.float().double().half().int().bool() + a.repeat(1, 1) + a.argmax(dim=1)
    any_, all_ = (a > 0).any(), (a > 0).all(dim=1)
    number: float = total.sum().item()
    rows, columns = a.shape
    n: int = a.numel() + a.size(0) + a.dim() + a.shape[-1] + len(a) + rows * columns
    array: np.ndarray = a.detach().cpu().numpy() + np.asarray(b)
    listed: list[float] = a.tolist()
    for row in a:
        number += float(row.sum()) + int(any_) + bool(all_[0])
    print(f"{number:.3f}", n, array, listed, a.requires_grad, a.grad, a.grad_fn, a.is_leaf, a.dtype)
    assert torch.equal(a, a) and torch.allclose(a, a, atol=1e-6) and torch.is_tensor(a)
    assert isinstance(a, torch.Tensor) and a.dtype == torch.float32 and a.device.type == "cpu"
    torch.zeros(3, out=b)
    torch.add(a, b, alpha=2, out=c)
    b.zero_().add_(1).mul_(2.0).fill_(3).copy_(c).clamp_(0, 1).uniform_(-1, 1)
    grid = torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")
    rolled = torch.roll(a, 1, 0).flip(0) + torch.bincount(torch.tensor([0, 1])) + torch.tril(a)
    return total + grid[0].sum() + rolled + torch.nonzero(mask)[0] + (a - b).abs().mean()


def losses(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    logits = net(x)
    loss = F.cross_entropy(logits, y, label_smoothing=0.1, reduction="mean")
    loss = loss + nn.CrossEntropyLoss(weight=torch.ones(10))(logits, y)
    loss = loss + F.nll_loss(F.log_softmax(logits, dim=1), y) + F.mse_loss(logits, logits * 0)
    loss = loss + F.binary_cross_entropy_with_logits(logits, torch.rand_like(logits))
    loss = loss + nn.MSELoss(reduction="sum")(logits, logits) + F.smooth_l1_loss(logits, logits)
    padded = F.pad(x, (1, 1, 1, 1), mode="constant", value=0.0)
    out = F.conv2d(padded, torch.rand(4, 1, 3, 3), bias=None, stride=2, padding=1)
    out, places = F.max_pool2d(out, (2, 2), return_indices=True)
    one = F.one_hot(y, num_classes=10).float() + F.normalize(logits, dim=-1) + F.softmax(logits, -1)
    return loss + out.mean() + places.sum() + one.sum() + F.leaky_relu(logits, 0.1).mean()


@torch.no_grad()
def accuracy(net: Net, loader: DataLoader, device: torch.device) -> float:
    net.eval()
    right = total = 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        predicted = net(images).argmax(dim=1)
        right += (predicted == labels).sum().item()
        total += labels.size(0)
    return right / total


@torch.inference_mode()
def predict(net: nn.Module, x: Tensor) -> Tensor:
    return net(x).softmax(dim=1)


@torch.no_grad
def frozen(net: nn.Module, x: Tensor) -> Tensor:
    return net(x)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, dy: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 2 * x * dy


def main(epochs: int = 2, path: Path = Path("net.pt")) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    augment = transforms.Compose(
        [
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomCrop(8, padding=1),
            transforms.Normalize((0.5,), (0.5,)),
        ]
    )
    data = Digits(64, augment)
    train, valid = random_split(data, [48, 16], generator=torch.Generator().manual_seed(0))
    loader = DataLoader(train, batch_size=16, shuffle=True, num_workers=0, drop_last=True)
    check = DataLoader(Subset(valid, range(8)), batch_size=8)
    pairs = TensorDataset(torch.rand(8, 2), torch.rand(8))
    print(len(pairs), len(loader.dataset), pairs[0])

    net = Net(classes=10).to(device)
    head = nn.Sequential(nn.Linear(10, 10), nn.ReLU(), nn.Dropout(0.5), nn.Softmax(dim=1))
    print(sum(p.numel() for p in net.parameters() if p.requires_grad), head[0], len(head), net.fc1)
    optimizer = optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.999), weight_decay=1e-2)
    other = torch.optim.SGD(
        [{"params": head.parameters(), "lr": 0.1}], lr=0.01, momentum=0.9, nesterov=True
    )
    scheduler = StepLR(optimizer, step_size=1, gamma=0.1)
    print(CosineAnnealingLR(other, T_max=10), LambdaLR(other, lambda epoch: 0.95**epoch))
    print(OneCycleLR(other, max_lr=0.1, total_steps=10).get_last_lr())
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    best = 0.0
    for epoch in range(epochs):
        net.train()
        running = 0.0
        for i, (images, labels) in enumerate(loader):
            images, labels = images.to(device), labels.to(device, non_blocking=True)
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(net(images), labels)
            loss.backward()
            clip_grad_norm_(net.parameters(), max_norm=1.0)
            torch.nn.utils.clip_grad_value_(net.parameters(), 1.0)
            optimizer.step()
            running += loss.item() * images.size(0)
            print(epoch, i, running / (i + 1), optimizer.param_groups[0]["lr"])
        scheduler.step()
        score = accuracy(net, check, device)
        if score >= best:
            best = score
            torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, path)
    saved = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(saved["model"], strict=True)
    optimizer.load_state_dict(saved["optimizer"])
    for name, parameter in net.named_parameters():
        if name.endswith("bias") and parameter.grad is not None:
            parameter.grad.zero_()
            parameter.data.mul_(0.5)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.01
    for parameter in net.parameters():
        parameter.requires_grad = False
    with torch.no_grad():
        net.scale.add_(0.1)
        net.fc1.weight.normal_(0, 0.02)
    with torch.enable_grad(), torch.autograd.set_detect_anomaly(True):
        x = torch.rand(2, 1, 8, 8, requires_grad=True)
        (dx,) = torch.autograd.grad(losses(net, x, torch.zeros(2, dtype=torch.int64)), x)
        y: Tensor = Square.apply(dx)
    handle = net.fc1.register_forward_hook(lambda module, args, output: None)
    handle.remove()
    print(predict(net, y).sum(), frozen(net, y), tensors())
    print(torch.finfo(torch.float32).eps, torch.get_default_dtype())
    print(torch.linalg.cross(y, y), torch.special.expit(y), torch.__version__, nn.Parameter(y))
    torch.testing.assert_close(y, y.clone(), rtol=1e-5, atol=1e-8)


if __name__ == "__main__":
    main()
