"""What the tests of memory formats evaluate: x is channels last, c is not, of the same numbers; p
lies in a third order. The oracle compares strides with PyTorch's, test_memory_format.py values with
those of c.
"""

import math

IMAGES = """
F.conv2d(x, w)
F.conv2d(x, w, padding=1, stride=2)
F.conv2d(c, wl)
F.conv2d(x, wl)
F.conv2d(x, w1)
F.conv2d(x, b1[:, :4])
F.conv2d(x, wd, groups=4)
F.conv_transpose2d(x, wt)
F.conv_transpose2d(x, wt, stride=2)
F.conv2d(x[0], w)
F.conv2d(c.double(), wl.double())
F.conv2d(x.double(), w.double())
F.max_pool2d(x, 2)
F.max_pool2d(x, 2, return_indices=True)
F.avg_pool2d(x, 2)
F.avg_pool2d(x, 2, padding=1)
F.adaptive_avg_pool2d(x, 2)
F.adaptive_avg_pool2d(x, 1)
F.adaptive_max_pool2d(x, 2)
F.lp_pool2d(x, 2, 2)
F.fractional_max_pool2d(x, 2, output_size=2)
F.adaptive_avg_pool2d(x, (2, 3))
F.adaptive_avg_pool2d(x.double(), 3)
F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)
F.batch_norm(x, rm, rv)
F.batch_norm(x, rm, rv, g, g, True)
F.batch_norm(x, None, None, training=True)
F.group_norm(x, 2)
F.group_norm(x, 2, g, g)
F.instance_norm(x)
F.layer_norm(x, (6, 6))
F.local_response_norm(x, 2)
F.rms_norm(x, (6,))
F.interpolate(x, scale_factor=2)
F.interpolate(x, scale_factor=2, mode='bilinear')
F.interpolate(x, size=3, mode='bicubic')
F.interpolate(x, size=3, mode='area')
F.interpolate(x, size=3, mode='bilinear', antialias=True)
F.relu(x)
F.relu6(x)
F.gelu(x)
F.silu(x)
F.leaky_relu(x)
F.elu(x)
F.hardtanh(x)
F.hardswish(x)
F.softplus(x)
F.prelu(x, g)
F.glu(x, 1)
F.logsigmoid(x)
F.softmax(x, 1)
F.log_softmax(x, 1)
F.softmax(x, 3)
F.threshold(x, 0., 1.)
F.mish(x)
F.hardsigmoid(x)
F.tanhshrink(x)
F.softsign(x)
F.softmin(x, 1)
F.celu(x)
F.selu(x)
F.hardshrink(x)
F.softshrink(x)
F.dropout(x, 0.5, True)
F.dropout(x, 0.5, False)
F.dropout2d(x, 0.5, True)
F.alpha_dropout(x, 0.5, True)
F.feature_alpha_dropout(x, 0.5, True)
F.pad(x, (1, 1))
F.pad(x, (1, 1), value=2.)
F.pad(x, (1, 1, 1, 1), mode='reflect')
F.pad(x, (1, 1, 1, 1), mode='replicate')
F.pad(x, (1, 1, 1, 1), mode='circular')
F.pixel_shuffle(x, 2)
F.pixel_unshuffle(x, 2)
F.channel_shuffle(x, 2)
F.grid_sample(x, gr, align_corners=False)
x + x
x + c
c + x
x * 2
2 - x
x + g.reshape(4, 1, 1)
g.reshape(4, 1, 1) + x
x / c
x > 0
x == c
-x
x ** 2
x.exp()
x.sqrt()
x.clone()
x.contiguous()
x.clone(memory_format=torch.contiguous_format)
c.clone(memory_format=torch.channels_last)
c.contiguous(memory_format=torch.channels_last)
x.detach()
x.double()
x.long()
x.to(torch.float64)
c.to(memory_format=torch.channels_last)
c.to(torch.float64, memory_format=torch.channels_last)
x.to(memory_format=torch.contiguous_format)
x.bool()
x.half()
torch.empty_like(x)
torch.zeros_like(x)
torch.ones_like(x)
torch.full_like(x, 1.)
torch.rand_like(x)
torch.randn_like(x)
torch.empty_like(c, memory_format=torch.channels_last)
torch.zeros_like(x, memory_format=torch.contiguous_format)
torch.zeros_like(x, dtype=torch.int64)
torch.randint_like(x, 3)
torch.empty(2, 4, 6, 6, memory_format=torch.channels_last)
torch.empty_like(x[:, :2])
torch.zeros_like(p)
p.clone()
p + 1
p * p
p + x
x + p
torch.empty_like(x[..., ::2])
x[..., ::2].clone()
x[..., ::2] + 1
torch.cat([x, x], 1)
torch.cat([x, c], 1)
torch.cat([c, x], 1)
torch.cat([x, x], 0)
torch.where(x > 0, x, c)
torch.where(x > 0, c, x)
torch.where(c > 0, x, c)
torch.where(x > 0, x, 0.)
torch.lerp(x, c, 0.5)
torch.lerp(c, x, 0.5)
torch.clamp(x, 0, 1)
torch.clamp(x, c, c)
torch.clamp(c, x)
torch.pow(x, c)
torch.pow(c, x)
torch.maximum(x, c)
torch.addcmul(c, x, x)
torch.addcmul(x, c, c)
torch.atan2(x, c)
x.sign()
torch.add(x, c, alpha=2)
torch.sub(c, x, alpha=2)
torch.nan_to_num(x)
x.masked_fill(x > 0, 1.)
c.masked_fill(x > 0, 1.)
torch.mul(c, x)
x.fill_(1)
x.abs_()
c.add_(x)
x.sum(1, keepdim=True)
x.mean((2, 3), keepdim=True)
x.max(1)[0]
x.argmax(1)
x.cumsum(1)
x.sort(1)[0]
x.sort(-1)[1]
x.argsort(2)
x.flip(1)
x.roll(1, 2)
x.permute(0, 2, 3, 1)
x.transpose(1, 2)
x[:, 1:3]
x.narrow(2, 1, 3)
x.unsqueeze(0)
x.squeeze()
x[1]
x.flatten(2)
x.view(2, 4, 6, 6)
x.reshape(2, 4, 36)
x.index_select(1, i)
x[:, i]
x.gather(1, x.long() * 0)
x.repeat(1, 2, 1, 1)
x.tril()
x.norm(dim=1)
x.var(1)
x.topk(2, 1)[0]
x.kthvalue(2, 1)[0]
x.median(1)[0]
x.cumprod(1)
x.logcumsumexp(1)
x.softmax(2)
torch.renorm(x, 2, 0, 1.)
x.unfold(2, 2, 2)
x.expand(2, 4, 6, 6)
x.scatter(1, x.long() * 0, x)
F.normalize(x)
F.cosine_similarity(x, x)
F.mse_loss(x, c, reduction='none')
F.l1_loss(x, c, reduction='none')
F.smooth_l1_loss(x, c, reduction='none')
F.binary_cross_entropy_with_logits(x, c, reduction='none')
F.cross_entropy(x, (x[:, 0] > 0).long(), reduction='none')
F.unfold(x, 2)
F.linear(x, torch.zeros(3, 6))
x @ x.transpose(2, 3)
F.embedding((x > 0).long(), torch.zeros(3, 4))
F.one_hot((x > 0).long(), 3)
F.kl_div(x, c, reduction='none')
F.huber_loss(c, x, reduction='none')
"""

VOLUMES = """
F.conv3d(x, w)
F.conv3d(c, wl)
F.conv_transpose3d(x, wt)
F.max_pool3d(x, 2)
F.avg_pool3d(x, 2)
F.adaptive_avg_pool3d(x, 2)
F.adaptive_avg_pool3d(x, 1)
F.adaptive_max_pool3d(x, 2)
F.batch_norm(x, rm, rv)
F.batch_norm(x, rm, rv, training=True)
F.group_norm(x, 2)
F.instance_norm(x)
F.interpolate(x, scale_factor=2)
F.interpolate(x, scale_factor=2, mode='trilinear')
F.relu(x)
x + c
c + x
x.clone()
torch.zeros_like(x)
c.to(memory_format=torch.channels_last_3d)
x.contiguous()
c.contiguous(memory_format=torch.channels_last_3d)
F.dropout(x, 0.5, True)
F.pad(x, (1, 1))
F.softmax(x, 1)
torch.cat([x, x], 1)
F.lp_pool3d(x, 2, 2)
"""

CASES = [(2, code) for code in IMAGES.split("\n") if code]
CASES += [(3, code) for code in VOLUMES.split("\n") if code]


def scope(T, rank, last=True):
    """The names in a case. last=False: x lies as c."""

    def numbers(*shape):
        return (T.arange(float(math.prod(shape))) * 1.7).sin().reshape(shape)

    memory = T.channels_last if rank == 2 else T.channels_last_3d
    c = numbers(2, 4, 6, 6) if rank == 2 else numbers(2, 4, 3, 4, 4)
    x = c.contiguous(memory_format=memory) if last else c.clone()
    w, wt = numbers(3, 4, *[2] * rank), numbers(4, 3, *[2] * rank)
    names = {"torch": T, "F": T.nn.functional, "c": c, "x": x, "w": w, "wt": wt}
    names["wl"] = w.contiguous(memory_format=memory) if last else w
    names |= {"w1": numbers(3, 4, 1, 1), "b1": numbers(5, 4, 3, 3), "wd": numbers(4, 1, 3, 3)}
    names |= {"g": numbers(4), "rm": numbers(4), "rv": numbers(4) ** 2 + 1}
    names |= {"gr": numbers(2, 5, 5, 2), "i": T.tensor([2, 0])}
    if rank == 2:
        names["p"] = c.permute(1, 3, 2, 0).contiguous().permute(3, 0, 2, 1) if last else c
    return names
