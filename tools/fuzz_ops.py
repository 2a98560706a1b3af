"""Random small programs of ops, run on the native kernels and on their NumPy twins, or a device.

    python tools/fuzz_ops.py --first 0 --count 500        # `make fuzz`
    python tools/fuzz_ops.py --first 123 --count 1 --show  # one program
    python tools/fuzz_ops.py --device xla --count 300     # beside JAX's device; strides may differ

A program is one to three leaves and up to eight lines: elementwise, reductions, views, indices, in
place, products, joins, casts, over shapes with sizes 0 and 1, strided views and mixed dtypes. Lines
that are refused are left out. This process makes the programs and runs them; a second one with
RUSHLIGHT_PURE=1 runs the same lines. Each line's value, dtype, shape and strides must agree, and so
must the gradients of the leaves. A difference is printed with its program; the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import warnings

import numpy as np

import rushlight as torch
import rushlight.nn.functional as F

warnings.filterwarnings("ignore")
DTYPES = ["float32"] * 6 + ["float64"] * 2 + ["int64", "int32", "uint8", "bool", "float16"]
LINES = """
-X  X.abs()  X.exp()  X.tanh()  X.sigmoid()  torch.erf(X)  torch.sqrt(X)  torch.log1p(X)  X.floor()
F.relu(X)  F.gelu(X)  F.silu(X)  F.elu(X)  F.celu(X)  F.selu(X)  F.mish(X)  F.hardswish(X)
F.softplus(X)  F.leaky_relu(X)  F.hardtanh(X)  F.logsigmoid(X)  F.softsign(X)  X.clamp(-0.5,1)
X+2  2.5-X  X*0.5  X/3  X%3  X//2  X**2  X**0.5  X>0  X==Y  X+Y  X*Y  X-Y  X/Y  X%Y
torch.maximum(X,Y)  torch.where(X>0,X,Y)  torch.lerp(X,Y,0.25)  torch.addcmul(X,Y,Y)
torch.atan2(X,Y)
X.sum()  X.sum(D)  X.mean(D)  X.amax(D)  X.max(D)[0]  X.argmin(D)  X.prod(D)  X.var(D)  X.std()
X.any(D)  X.cumsum(D)  X.logsumexp(D)  X.softmax(D)  X.log_softmax(D)  X.sort(D)[0]  X.median()
X.topk(1,D)[1]  X.kthvalue(1,D)[1]  torch.norm(X)  F.normalize(X,dim=D)
F.layer_norm(X,X.shape[-1:])
X.mT  X.transpose(D,E)  X.flatten()  X.unsqueeze(D)  X.squeeze()  X.expand(2,*X.shape)  X[0]  X[-1]
X[...,::2]  X[None]  X[1:]  X[X>0]  X[[0,-1]]  X[...,[0]]  X.narrow(D,0,1)  X.flip(D)  X.diagonal()
X.tril()  X.repeat(2,1)  X.unfold(D,2,1)  X.index_select(D,torch.tensor([0,0]))  X.clone()
X.gather(D,torch.zeros_like(X,dtype=torch.int64))  X.roll(1,D)  F.pad(X,(1,1))
X@Y  X@X.mT  X@Y.mT  torch.outer(X,Y)  F.linear(X,Y)  torch.einsum('ij,jk->ik',X,Y)
torch.cat([X,Y],D)  torch.stack([X,X],D)  F.mse_loss(X,Y)  F.cosine_similarity(X,Y,dim=D)
X.float()  X.double()  X.long()  X.half()  X.bool()
""".split()
# on a device another of several equal elements may be named, and NaN is 0 as an integer
NOT_THERE = ("X.topk(1,D)[1]", "X.kthvalue(1,D)[1]", "X.long()")
CHANGES = """
X.add_(1)  X.mul_(Y)  X.zero_()  X.exp_()  X.relu_()  X[0]=1  X[X>0]=0  X[...,0]+=1  X.clamp_(0,1)
X.t_()  X.T.mul_(2)  X.masked_fill_(X>0,1)  X.copy_(Y)  X.sigmoid_()  X.cumsum_(D)
""".split()


def leaf(r: random.Random) -> str:
    shape = [r.choice([0, 1, 2, 3, 4, 5, 17]) for _ in range(r.choice([0, 1, 2, 2, 3]))]
    dtype = r.choice(DTYPES)
    n = math.prod(shape)
    if dtype.startswith("float"):
        values = [r.choice([r.gauss(0, 1), r.randint(-8, 8) / 4]) for _ in range(n)]
        if n and r.random() < 0.1:
            values[r.randrange(n)] = r.choice([math.inf, -math.inf, math.nan, -0.0])
    else:
        values = [r.randint(0, 5) for _ in range(n)]
    text = f"torch.tensor({values}, dtype=torch.{dtype}).reshape({shape})"
    return text + ".requires_grad_()" * (dtype in ("float32", "float64") and r.random() < 0.6)


class Run:
    """One program's variables, and what each line came to."""

    def __init__(self) -> None:
        self.names = {"torch": torch, "F": F, "inf": math.inf, "nan": math.nan}
        self.found: list = []

    def line(self, text: str) -> bool:
        try:
            with np.errstate(all="ignore"):
                exec(text, self.names)
        except Exception as e:
            self.found.append(type(e).__name__)
            return False
        name = text.split(" = ")[0] if " = " in text else text.split("[")[0].split(".")[0]
        self.found.append(described(self.names[name]))
        return True

    def backward(self, leaves: list[str]) -> None:
        """The gradients of the last variable with a history."""
        last = [v for v in self.names.values() if isinstance(v, torch.Tensor) and v.grad_fn]
        if last:
            try:
                last[-1].sum().backward()
            except RuntimeError as e:
                self.found.append(type(e).__name__)
        for name in leaves:
            grad = self.names[name].grad if self.names[name].is_leaf else None
            self.found.append(None if grad is None else described(grad))


def described(x: torch.Tensor) -> list:
    x = x.detach()
    return [str(x.dtype), list(x.shape), x.stride() if x.numel() else (), x.double().tolist()]


def program(seed: int) -> tuple[list[str], list[str], list]:
    """(lines, names of leaves, what the lines came to)"""
    r, run, lines = random.Random(seed), Run(), []
    leaves = [f"v{i}" for i in range(r.choice([1, 2, 2, 3]))]
    for name in leaves:
        lines.append(f"{name} = {leaf(r)}")
        run.line(lines[-1])
    tensors = list(leaves)
    for _ in range(40):
        if len(lines) - len(leaves) == 8:
            break
        x, y = r.choices(tensors, range(1, len(tensors) + 1))[0], r.choice(tensors)
        change = r.random() < 0.15
        n = run.names[x].ndim
        text = r.choice(CHANGES if change else LINES)
        for word, value in (("D", r.randint(-n, n - 1) if n else 0), ("E", r.randint(-n, 0))):
            text = text.replace(f"({word}", f"({value}").replace(f",{word}", f",{value}")
            text = text.replace(f"={word}", f"={value}")
        text = text.replace("X", x).replace("Y", y)
        if not change:
            text = f"v{len(lines)} = {text}"
        if run.line(text):
            lines.append(text)
            if not change:
                tensors.append(text.split(" = ")[0])
            if run.names[tensors[-1]].numel() > 2000:
                break
        elif change:  # it may have changed something before it was refused
            lines.append(text)
        else:
            run.found.pop()
    run.backward(leaves)
    return lines, leaves, run.found


def replay(device: str) -> None:
    """The second process: programs in, what their lines came to out."""
    torch.set_default_device(device)
    for message in sys.stdin:
        lines, leaves = json.loads(message)
        run = Run()
        for text in lines:
            run.line(text)
        run.backward(leaves)
        print(json.dumps(run.found), flush=True)


CLOSE = {"torch.float16": 2e-2, "torch.float32": 3e-4}


def differences(found: list, wanted: list, on_device: bool) -> list[int]:
    """The places that do not agree, to the precision of the coarsest dtype so far."""
    bad, close = [], 1e-9
    for i, (a, b) in enumerate(zip(found, wanted, strict=True)):
        if isinstance(a, list):
            close = max(close, CLOSE.get(a[0], 0.0))
            if on_device and isinstance(b, list):  # results lie in row-major order there
                a = [*a[:2], b[2], a[3]]
        if not agree(a, b, close):
            bad.append(i)
    return bad


def agree(a: object, b: object, close: float) -> bool:
    if not isinstance(a, list) or not isinstance(b, list):
        return a == b
    if [a[0], a[1], list(a[2])] != [b[0], b[1], list(b[2])]:
        return False
    x, y = np.asarray(a[3], float), np.asarray(b[3], float)
    scale = np.max(np.abs(y), initial=0, where=np.isfinite(y))
    return bool(np.allclose(x, y, rtol=close, atol=close * (1 + scale), equal_nan=True))


def main() -> int:
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--first", type=int, default=0, metavar="SEED")
    p.add_argument("--count", type=int, default=500)
    p.add_argument("--show", action="store_true", help="print every program")
    p.add_argument("--device", default="cpu", help="xla: against JAX's device, not the twins")
    p.add_argument("--replay", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.replay:
        replay(a.device)
        return 0
    on_device = a.device != "cpu"
    if on_device:
        LINES[:] = [text for text in LINES if text not in NOT_THERE]
    # most of the time would go into compiling what runs once
    unlike = (
        {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
        if on_device
        else {"RUSHLIGHT_PURE": "1"}
    )
    other = subprocess.Popen(
        [sys.executable, __file__, "--replay", "--device", a.device],
        env={**os.environ, **unlike},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdin and other.stdout
    count = 0
    for seed in range(a.first, a.first + a.count):
        lines, leaves, found = program(seed)
        other.stdin.write(json.dumps([lines, leaves]) + "\n")
        other.stdin.flush()
        wanted = json.loads(other.stdout.readline())
        bad = differences(found, wanted, on_device)
        if a.show or bad:
            print(f"# program {seed}", *lines, sep="\n    ")
        if bad:
            count += 1
            where = lines[bad[0]] if bad[0] < len(lines) else "a gradient"
            second = a.device if on_device else "twins"
            print(f"  {where}\n    native {found[bad[0]]}\n    {second:<6} {wanted[bad[0]]}")
    other.stdin.close()
    other.wait()
    print(f"{a.count} programs of ops, {count} with a difference")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
