"""Every model of rushlight.vision.models as ONNX: does onnxruntime compute what the model does?

    python tools/check_onnx_models.py                        # all of list_models(), 20 minutes
    python tools/check_onnx_models.py --only 'resnet*' --opset 17 --dynamic

Needs onnx and onnxruntime. One process per model, one line each: the seconds, the size of the
image, the parameters, the nodes, and the largest difference over the largest output; or what the
export refused. The weights are random, the mode is eval. The exit status is 1 where a model is off
by more than 1e-5 or is not exported.

Random weights are changed so that the outputs are not all alike, and rounding does not grow:
- a parameter that has one number everywhere (the gain of a norm, a bias, ConvNeXt's scale of 1e-6,
  the head of a ViT that is 0) gets normal noise of 0.1 on top;
- a batch normalisation gets the mean square of what comes in for these images as its variance, one
  number for all channels, and noise of a tenth of its root as its mean. With statistics per channel
  two libraries are 5e-4 apart after 100 layers, and each is that far from float64;
- the second layer of a squeeze-and-excitation gets a quarter of its weights. Each gate of a random
  net multiplies the rounding: efficientnet_b5 has 39, and is 6e-3 from float64 in either library.
Beside the difference stands the spread: how far the outputs of two images are apart, over the
largest output. Where the limit is passed, both libraries are compared with float64.
"""

from __future__ import annotations

import argparse
import fnmatch
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rushlight as torch
from rushlight import nn
from rushlight.vision import models

LIMIT = 1e-5
WITHOUT_INIT = ("googlenet", "inception_v3")  # their own init is slow and changes nothing here
SIDES = {"inception_v3": 80, "maxvit_t": 224, "vit_h_14": 28, "vit_b_16": 32, "vit_l_16": 32}


def measure(norm: nn.Module, args: tuple) -> None:
    """Statistics of a batch norm that keep its output near 1 and amplify no rounding."""
    power = float((args[0] * args[0]).mean())
    norm.running_var.fill_(power)
    norm.running_mean.normal_(std=0.1 * power**0.5)


def made(name: str, side: int) -> tuple[nn.Module, torch.Tensor]:
    """The model with random weights that let every layer count, and four images."""
    torch.manual_seed(0)
    side = side or SIDES.get(name, 64)
    images = torch.randn(4, 3, side, side)
    options: dict = {"init_weights": False} if name in WITHOUT_INIT else {}
    if name.startswith("vit_"):
        options["image_size"] = side
    if hasattr(models, "segmentation") and hasattr(models.segmentation, name):
        options["weights_backbone"] = None
    model = models.get_model(name, **options).eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.numel() and bool((p == p.reshape(-1)[0]).all()):
                p.add_(torch.randn(p.shape), alpha=0.1)
        for m in model.modules():
            if type(m).__name__ == "SqueezeExcitation":
                m.fc2.weight.mul_(0.25)
        norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        hooks = [m.register_forward_pre_hook(measure) for m in norms]
        if norms:
            model(images)
        for hook in hooks:
            hook.remove()
    return model, images


def leaves(y: object) -> list:
    if isinstance(y, torch.Tensor):
        return [y]
    values = y.values() if isinstance(y, dict) else y
    return [t for v in values for t in leaves(v)]  # type: ignore[attr-defined]


def checked(program: object) -> None:
    """onnx.checker, by way of a file where the model is too large for one message."""
    import onnx

    proto = program.model_proto  # type: ignore[attr-defined]
    if sum(len(t.raw_data) for t in proto.graph.initializer) < 2_000_000_000:
        onnx.checker.check_model(proto)
        return
    with tempfile.TemporaryDirectory() as folder:
        program.save(Path(folder) / "net.onnx")  # type: ignore[attr-defined]
        onnx.checker.check_model(str(Path(folder) / "net.onnx"))


def one(name: str, opset: int, dynamic: bool, side: int) -> bool:
    """One model; prints its line."""
    start = time.perf_counter()
    model, images = made(name, side)
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    x, side = images[:1], images.shape[-1]
    try:
        axes = {"x": {0: "n"}} if dynamic else None
        program = torch.onnx.export(
            model, (x,), input_names=["x"], opset_version=opset, dynamic_axes=axes
        )
    except torch.onnx.OnnxExporterError as error:
        print(f"{name:32} refused: {str(error).splitlines()[0]}", flush=True)
        return False
    checked(program)
    worst = spread = 0.0
    given = [x, images[1:2]]
    if dynamic:
        given.append(images[1:])
    outputs, first = [], x
    for k in given:
        with torch.no_grad():
            wanted = leaves(model(k))
        found = program(k)
        assert len(wanted) == len(found)
        for a, b in zip(wanted, found, strict=True):
            assert a.shape == b.shape and a.dtype is b.dtype, (a.shape, b.shape, a.dtype, b.dtype)
            worst = max(worst, float((a - b).abs().max()) / float(a.abs().max()))
        outputs.append(wanted[0])
        first = found[0] if k is x else first
    spread = float((outputs[0] - outputs[1]).abs().max()) / float(outputs[0].abs().max())
    good = worst <= LIMIT
    note = ""
    if not good:  # which of the two is nearer to the model in float64?
        with torch.no_grad():
            exact = leaves(model.double()(x.double()))[0]
        scale = float(exact.abs().max())
        ours, theirs = (float((t - exact).abs().max()) / scale for t in (outputs[0], first))
        note = f"  MORE THAN 1e-5; from float64: rushlight {ours:.1e}, onnxruntime {theirs:.1e}"
    print(
        f"{name:32} {time.perf_counter() - start:6.1f} s  {side:3}x{side:<3} {millions:6.1f} M  "
        f"{len(program.model_proto.graph.node):5} nodes  off by {worst:.1e}, spread {spread:.0e}"
        f"{note}",
        flush=True,
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="*", metavar="GLOB", help="names of models")
    parser.add_argument("--opset", type=int, default=20)
    parser.add_argument("--dynamic", action="store_true", help="the batch follows the input")
    parser.add_argument("--side", type=int, default=0, help="of the images; else small ones")
    parser.add_argument("--here", metavar="NAME", help="this model, in this process")
    options = parser.parse_args()
    if options.here:
        return 0 if one(options.here, options.opset, options.dynamic, options.side) else 1
    names = [n for n in models.list_models() if fnmatch.fnmatch(n, options.only)]
    bad = []
    for name in names:
        words = [sys.executable, __file__, "--here", name, "--opset", str(options.opset)]
        words += ["--side", str(options.side)]
        done = subprocess.run(
            words + ["--dynamic"] * options.dynamic, stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            bad.append(name)
        if done.stderr and done.returncode:
            print(f"{name:32} failed: {done.stderr.strip().splitlines()[-1]}", flush=True)
    print(f"{len(names) - len(bad)} of {len(names)} models within {LIMIT:g}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
