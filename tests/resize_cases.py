"""What the tests of resizing, sampling and the layers around them evaluate: CASES in the terms of
op_cases.py, and a small U-Net's training. tools/freeze_resize.py evaluates them with PyTorch.
"""

X3 = "(z * 1.7).sin() * 3"  # (2, 3, 4)
X4 = "((torch.arange(48.0) * 1.7).sin() * 3).reshape(2, 2, 3, 4)"
N4 = "((torch.arange(24.0) * 1.7).sin() * 3).reshape(2, 3, 2, 2)"
X5 = "((torch.arange(48.0) * 1.7).sin() * 3).reshape(1, 2, 2, 3, 4)"
BYTES = "(torch.arange(120) * 37 % 256).to(torch.uint8).reshape(2, 3, 4, 5)"
GRID = "((torch.arange(24.0) * 2.3).cos() * 1.4).reshape(2, 2, 3, 2)"
GRID3 = "((torch.arange(36.0) * 2.3).cos() * 1.4).reshape(1, 2, 2, 3, 3)"
THETA = "((torch.arange(12.0) * 1.3).cos()).reshape(2, 2, 3)"


def _grads(x, options):
    return f"grads(lambda t: F.interpolate(t, {options}), {x})"


def _sampling():
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for align in (False, True):
                call = f"grads(lambda t, g: F.grid_sample(t, g, {mode!r}, {padding!r}, {align})"
                yield f"{call}, {X4}.double(), {GRID}.double())"
                if mode != "bicubic":
                    yield f"{call}, {X5}.double(), {GRID3}.double())"


CASES = [
    # every mode, larger and smaller, by size and by factor
    *(_grads(X3, f"{how}, mode={m!r}") for m in ("nearest", "nearest-exact", "linear", "area")
      for how in ("size=7", "size=2", "scale_factor=2.5", "scale_factor=0.6")),
    *(_grads(X4, f"{how}, mode={m!r}")
      for m in ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
      for how in ("size=(7, 3)", "size=2", "scale_factor=2", "scale_factor=(0.6, 1.7)")),
    *(_grads(X5, f"{how}, mode={m!r}") for m in ("nearest", "nearest-exact", "trilinear", "area")
      for how in ("size=(3, 2, 6)", "scale_factor=2", "scale_factor=(1.7, 0.7, 1.3)")),
    *(_grads(x, f"{how}, mode={m!r}, align_corners=True")
      for x, m in ((X3, "linear"), (X4, "bilinear"), (X4, "bicubic"), (X5, "trilinear"))
      for how in ("size=6", "scale_factor=1.7", "size=1")),
    *(_grads(X4, f"{how}, mode={m!r}, antialias=True")
      for m in ("bilinear", "bicubic", "lanczos")
      for how in ("size=(2, 3)", "size=(9, 3)", "scale_factor=(0.5, 2)")),
    _grads(X4, "size=(2, 3), mode='bilinear', antialias=True, align_corners=True"),
    # a factor is kept, or made anew from the sizes; near 1 and 2 in two dimensions it is 1 and 2
    _grads(X4, "scale_factor=1.3, mode='bilinear', recompute_scale_factor=True"),
    _grads(X4, "scale_factor=1.3, mode='bilinear', recompute_scale_factor=False"),
    *(f"F.interpolate({x}, scale_factor=1.2, mode={m!r})"
      for x, m in ((X3, "nearest"), (X3, "linear"), (X4, "nearest"), (X4, "nearest-exact"),
                   (X4, "bilinear"), (X4, "bicubic"), (X5, "nearest"), (X5, "trilinear"))),
    f"F.interpolate({X4}, scale_factor=2.1)",
    f"F.interpolate({X4}.double(), scale_factor=(1.9, 0.7), mode='bicubic')",
    f"F.interpolate({X4}.half(), scale_factor=(1.9, 0.7), mode='bilinear')",
    f"F.interpolate({X4}.bfloat16(), scale_factor=(1.9, 0.7), mode='bicubic')",
    *(f"F.interpolate({BYTES}, size=(7, 9), mode={m!r}{aa})"
      for m in ("nearest", "bilinear", "bicubic") for aa in ("", ", antialias=True")),
    f"F.interpolate({BYTES}, size=(3, 3), mode='bicubic', antialias=True)",
    f"F.interpolate({BYTES}, size=(3, 3), mode='bilinear', align_corners=True)",
    # what is wrong
    *(f"F.interpolate({X4}, {options})" for options in (
        "", "size=3, scale_factor=2", "size=(3, 4, 5)", "scale_factor=(3, 4, 5)", "size=(3.0, 4)",
        "scale_factor=2, mode='foo'", "scale_factor=2, mode='linear'",
        "scale_factor=2, mode='trilinear'", "scale_factor=2, align_corners=True",
        "scale_factor=2, antialias=True", "size=3, recompute_scale_factor=True", "size=0",
        "size=(3, -1), mode='bilinear'", "scale_factor=0.1, mode='bicubic'",
        "mode='lanczos', size=3",
        "mode='lanczos', size=3, antialias=True, align_corners=True",
        "scale_factor=float('inf'), mode='bilinear'")),
    *(f"F.interpolate({x}, scale_factor=2, mode={m!r})" for x, m in (
        (X3, "bilinear"), (X3, "bicubic"), (X5, "bicubic"), (X5, "linear"), ("x", "nearest"),
        ("torch.zeros(1, 0, 4, 4)", "bilinear"), ("torch.zeros(1, 2, 0, 4)", "nearest"),
        ("torch.zeros(1, 2, 0)", "linear"), ("torch.zeros(1, 2, 3, 0, 1)", "trilinear"),
        ("torch.zeros(1, 2, 0, 4)", "area"), (f"{X3}.long()", "nearest"),
        (f"{X3}.to(torch.uint8)", "linear"), (f"{X4}.to(torch.complex64)", "bicubic"))),
    "F.interpolate(torch.zeros(0, 2, 4, 4), scale_factor=2, mode='bilinear')",
    f"F.upsample({X4}, scale_factor=2, mode='bilinear')",
    f"F.upsample_nearest({X4}, 3)",
    f"F.upsample_bilinear({X4}, 3)",
    # sampling
    *_sampling(),
    f"F.grid_sample({X4}.half(), {GRID}.half(), align_corners=False)",
    *(f"F.grid_sample({a})" for a in (
        f"{X4}, {GRID}, 'foo'", f"{X4}, {GRID}, 'nearest', 'foo'",
        f"{X5}, {GRID3}, 'bicubic', align_corners=True", f"{X3}, {GRID}", f"{X4}, {GRID3}",
        f"{X4}, {GRID}.double()", f"{X4}[:1], {GRID}", f"{X4}[:, :, :0], {GRID}",
        f"{X4}.long(), {GRID}.long()", f"{X4}[:0], {GRID}[:0]", f"{X4}, {GRID}[:, :0]")),
    f"torch.grid_sampler({X4}, {GRID}, 2, 1, True)",
    f"torch.grid_sampler_2d({X4}, {GRID}, 0, 2, False)",
    f"torch.grid_sampler_3d({X5}, {GRID3}, 0, 0, False)",
    *(f"grads(lambda t: F.affine_grid(t, {size}, {align}), {theta})"
      for align in (False, True)
      for theta, size in ((THETA, "(2, 3, 4, 5)"),
                          ("torch.arange(24.0).reshape(2, 3, 4) / 8", "(2, 1, 2, 3, 4)"))),
    f"torch.affine_grid_generator({THETA}, [2, 1, 2, 3], True)",
    *(f"F.affine_grid({THETA}{a}, align_corners=False)" for a in (
        ", (2, 3, 4)", ", (2, 3, 4, 5, 6)", "[0], (2, 3, 4, 5)", ".long(), (2, 3, 4, 5)",
        ", (2, 3, 0, 5)", ", (3, 3, 4, 5)")),
    # layers
    f"nn.Upsample(scale_factor=2) <- {X4}",
    f"nn.Upsample((3, 4), mode='bilinear', align_corners=True) <- {X4}",
    f"nn.Upsample(scale_factor=(2, 1.5, 2), mode='trilinear') <- {X5}",
    f"nn.Upsample(scale_factor=1.3, mode='linear', recompute_scale_factor=True) <- {X3}",
    f"nn.UpsamplingNearest2d(3) <- {X4}",
    f"nn.UpsamplingBilinear2d(scale_factor=1.5) <- {X4}",
    f"nn.Upsample() <- {X4}",
    f"nn.CrossMapLRN2d(1, alpha=0.5)({X4})",
    f"nn.CrossMapLRN2d(3, alpha=0.5, beta=0.7, k=2)({X4}.repeat(1, 3, 1, 1))",
    f"nn.CrossMapLRN2d(4)({X4})",
    f"repr(nn.CrossMapLRN2d(3)), nn.CrossMapLRN2d(3)({X3})",
    f"nn.CrossMapLRN2d(3)({X4}.long())",
    f"nn.SyncBatchNorm(3) <- {N4}",
    f"nn.SyncBatchNorm(3, momentum=None, bias=False) <- {X3}",
    f"nn.SyncBatchNorm(3, affine=False, track_running_stats=False) <- {N4}",
    "nn.SyncBatchNorm(3) <- torch.ones(3)",
    "nn.SyncBatchNorm(0) <- torch.ones(2, 0, 3)",
    "nn.SyncBatchNorm(3) <- torch.ones(1, 3)",
    "repr(nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm2d(3), nn.Sequential("
    "nn.BatchNorm1d(4, affine=False)), nn.InstanceNorm2d(3))))",
    "nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm2d(3, momentum=None)).state_dict()",
    "nn.DataParallel(nn.Linear(4, 2)) <- x",
    "nn.parallel.DistributedDataParallel(nn.Linear(2, 2))",
]  # fmt: skip


def unet(T):
    """A small U-Net of two levels with bilinear upsampling."""
    nn, F = T.nn, T.nn.functional

    class Block(nn.Sequential):
        def __init__(self, inputs, outputs):
            super().__init__(
                nn.Conv2d(inputs, outputs, 3, padding=1),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
                nn.Conv2d(outputs, outputs, 3, padding=1),
                nn.ReLU(),
            )

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.bottom = Block(1, 8), Block(8, 16), Block(16, 16)
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.back2, self.back1 = Block(32, 8), Block(16, 8)
            self.head = nn.Conv2d(8, 2, 1)

        def forward(self, x):
            a = self.first(x)
            b = self.second(F.max_pool2d(a, 2))
            c = self.bottom(F.max_pool2d(b, 2))
            d = self.back2(T.cat([b, self.up(c)], 1))
            up = F.interpolate(d, size=a.shape[-2:], mode="bilinear")
            return self.head(self.back1(T.cat([a, up], 1)))

    return UNet()


def unet_losses(T, steps=10, memory=None):
    """The losses of the first steps of training, from seed 0."""
    T.manual_seed(0)
    net = unet(T)
    x = T.rand(4, 1, 16, 20)
    if memory is not None:
        net, x = net.to(memory_format=memory), x.to(memory_format=memory)
    y = (T.nn.functional.avg_pool2d(x, 3, 1, 1) > 0.5).long()[:, 0]
    opt = T.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(steps):
        opt.zero_grad()
        loss = T.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses
