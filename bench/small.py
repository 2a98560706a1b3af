"""Workloads of single operations on tensors of about a hundred numbers: what a call costs before
it computes anything, which is what nets of a few units are made of.

    python -m bench --threads 1 --only 'small: *'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Call = Callable[[], Any]


def operands(lib: Any) -> dict[str, Any]:
    """The names that the expressions below see."""
    T, F, nn = lib.torch, lib.F, lib.nn
    T.manual_seed(0)
    x, q = T.randn(8, 16), T.randn(2, 4, 8, 16)
    return {
        "T": T,
        "F": F,
        "x": x,  # (8, 16)
        "y": T.randn(8, 16),
        "v": T.randn(16),
        "d": T.zeros(8, 16),  # is written to
        "b": x > 0,
        "g": T.randn(8, 16, requires_grad=True),
        "images": T.randn(2, 3, 8, 8),
        "q": q,
        "rows": T.randint(0, 8, (5,)),
        "places": T.randint(0, 16, (5,)),
        "classes": T.randint(0, 16, (8,)),
        "counts": T.randint(0, 5, (8, 16)),
        "column": T.randint(0, 16, (8, 1)),
        "ones": T.ones(8, 1),
        "linear": nn.Linear(16, 4),
        "conv": nn.Conv2d(3, 4, 3),
        "norm": nn.BatchNorm1d(16),
        "layer_norm": nn.LayerNorm(16),
        "embedding": nn.Embedding(20, 8),
        "dropout": nn.Dropout(0.5),
        "pool": nn.MaxPool2d(2),
        "cell": nn.GRUCell(16, 8),
        "mse": nn.MSELoss(),
        "cross_entropy": nn.CrossEntropyLoss(),
    }


_ELEMENTWISE = """
    x + y; x - y; 1 - x; x / y; x**2; -x; x.abs(); x.exp(); x.sqrt(); x.tanh(); T.sigmoid(x)
    classes + 1; classes == 3; classes % 3; x * b; x * counts; x + v; x.pow(y); x.fmod(2)
    x.clamp(0, 1); T.where(b, x, y); T.where(b, x, 0.0); T.equal(x, y); T.maximum(x, y)
    x > y; x > 0; x == y; b & b; ~b
    d.add_(x, alpha=0.1); d.mul_(0.9); d.copy_(x); d.zero_(); d.addcmul_(x, y, value=0.1)
    d.fill_(1.0); d.neg_(); d.exp_(); d.clamp_(0, 1); d.masked_fill_(b, 0.0)
    d.uniform_(); d.normal_()
    d.lerp_(x, 0.1); F.relu(x); F.gelu(x); F.silu(x); F.leaky_relu(x, 0.1); x.masked_fill(b, 0.0)
"""
_REDUCTIONS = """
    x.sum(); x.sum(1); x.mean(); x.mean(0); x.max(); x.max(1); x.argmax(1); x.std(); x.var(1)
    x.amax(1); x.amin(0); x.aminmax(); x.median(); b.sum(); x.count_nonzero(); x.logsumexp(1)
    x.norm(); b.any(); b.all(); x.cumsum(1); x.topk(3); x.sort(); x.softmax(1)
    F.log_softmax(x, 1); x.median(1); x.mode(); counts.unique(); T.std_mean(x); T.var_mean(x, 1)
"""
_VIEWS = """
    x.dtype; x.size(); x.stride(); x.data_ptr(); x.contiguous(); x.flatten()
    x.squeeze(0); x.movedim(0, 1)
    x.flip(0); x.roll(1, 0); T.broadcast_tensors(x, v); T.hstack((x, y)); x.diagonal()
    x.unfold(1, 4, 2); x.as_strided((4, 4), (2, 1))
    x.shape; x.dim(); x.numel(); x.reshape(4, 32); x.view(-1); x.T; x.t()
    images.permute(0, 2, 3, 1); q.transpose(1, 2); x.unsqueeze(0); x.squeeze(); v.expand(8, 16)
    images.flatten(1); x.t().contiguous(); x.split(4, 1); x.chunk(2); x.unbind(0); T.cat((x, y))
    T.cat((x, y), 1); T.stack((x, y)); x.repeat(2, 1)
"""
_PARTS = """
    x[rows, 0]; x[rows, places]; x[:, rows]; x[..., 0]; x[None]; T.take_along_dim(x, column, 1)
    d.__setitem__(rows, 1.0); d.__setitem__(b, 0.0); d.scatter_add_(1, column, ones)
    x[0]; x[:, 1]; x[1:3]; x[rows]; x[b]; x.gather(1, column); x.index_select(0, rows)
    d.__setitem__(0, 1.0); x[0, 0].item(); d.scatter_(1, column, 1.0); d.index_fill_(1, places, 1.0)
    d.index_copy_(1, places, x[:, :5]); d.index_add_(1, places, x[:, :5])
"""
_NEW = """
    T.rand_like(x); T.randn_like(x); T.arange(0.0, 1.0, 0.1)
    T.zeros(8, 16); T.ones_like(x); T.randn(8, 16); T.rand(8, 16); T.arange(16)
    T.tensor([1.0, 2.0, 3.0]); T.tensor(1.0); T.full((8, 16), 2.0); T.empty(8, 16)
    T.randint(0, 9, (8,)); T.randperm(16); T.eye(8); T.linspace(0, 1, 16)
    F.one_hot(classes, 16); x.tril(); classes.float(); x.to(T.float32); x.double(); x.clone()
    g.detach(); x.numpy(); v.tolist()
"""
_LAYERS = """
    v @ v; T.outer(v, v); F.normalize(x); F.glu(x); F.max_pool1d(q[0], 2)
    F.pad(images, (1, 1, 1, 1), "reflect"); T.linalg.cross(x[:, :3], y[:, :3])
    F.cosine_similarity(x, y)
    x @ x.T; x @ v; q[0] @ q[0].transpose(1, 2); T.einsum("ij,kj->ik", x, y); linear(x)
    conv(images); norm(x); layer_norm(x); embedding(classes); dropout(x); pool(images)
    F.adaptive_avg_pool2d(images, 1); cell(x); mse(x, y); cross_entropy(x, classes)
    F.binary_cross_entropy_with_logits(x, y); F.smooth_l1_loss(x, y); F.nll_loss(x, classes)
    F.pad(x, (1, 1)); F.interpolate(images, scale_factor=2)
    F.scaled_dot_product_attention(q, q, q)
"""
_GRADIENTS = """
    (g * y).sum().backward(); ((g * 2 + 1).tanh() * y).mean().backward()
    F.linear(g, y).sum().backward(); T.autograd.grad((g * g).sum(), g)
    T.cat((g, y), 1).sum().backward(); g[rows].sum().backward(); g[:, 1:3].sum().backward()
    sum(p.sum() for p in g.chunk(2, 1)).backward()
"""


def _workload(text: str) -> Callable[[Any], Call]:
    def make(lib: Any) -> Call:
        return eval(f"lambda: {text}", operands(lib))

    return make


def _expressions(table: str) -> list[str]:
    return [text.strip() for text in table.replace("\n", ";").split(";") if text.strip()]


_FORWARD = (_ELEMENTWISE, _REDUCTIONS, _VIEWS, _PARTS, _NEW, _LAYERS)
# name -> (workload, calls a block, PyTorch's time over ours: at least, aim)
ROWS: dict[str, tuple[Callable[[Any], Call], int, tuple[float, float]]] = {
    f"small: {text}": (_workload(text), calls, (1, 1.5))
    for tables, calls in ((_FORWARD, 2000), ((_GRADIENTS,), 500))
    for table in tables
    for text in _expressions(table)
}
