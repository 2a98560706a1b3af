"""spandrel: models of random weights, found by the keys of their state_dict and run."""

import importlib

import pytest
import torch
from spandrel import MAIN_REGISTRY, ImageModelDescriptor, ModelLoader
from spandrel.architectures import (
    DAT,
    DRCT,
    HAT,
    PLKSR,
    RCAN,
    SAFMN,
    SPAN,
    DnCNN,
    NAFNet,
    OmniSR,
    Swin2SR,
    SwinIR,
)


def inner(name):
    """A module of an architecture that its package does not show."""
    return importlib.import_module(f"spandrel.architectures.{name}")


MODELS = {
    "ESRGAN": lambda: inner("ESRGAN.__arch.RRDB").RRDBNet(num_filters=16, num_blocks=1, scale=2),
    "Compact": lambda: inner("Compact.__arch.SRVGG").SRVGGNetCompact(
        num_feat=16, num_conv=2, upscale=2
    ),
    "SPAN": lambda: SPAN.SPAN(num_in_ch=3, num_out_ch=3, feature_channels=16, upscale=2),
    "SwinIR": lambda: SwinIR.SwinIR(
        img_size=32, embed_dim=24, depths=[2], num_heads=[2], window_size=8, mlp_ratio=2,
        upsampler="pixelshuffledirect", upscale=2,
    ),
    "Swin2SR": lambda: Swin2SR.Swin2SR(
        img_size=32, embed_dim=24, depths=[2], num_heads=[2], window_size=8, mlp_ratio=2,
        upsampler="pixelshuffledirect", upscale=2,
    ),
    "HAT": lambda: HAT.HAT(
        img_size=32, embed_dim=24, depths=[1], num_heads=[2], window_size=8, mlp_ratio=2,
        upsampler="pixelshuffle", upscale=2, compress_ratio=3, squeeze_factor=6,
    ),
    "DAT": lambda: DAT.DAT(
        img_size=32, embed_dim=24, depth=[1], num_heads=[2], split_size=[2, 4],
        expansion_factor=2, upscale=2, upsampler="pixelshuffledirect",
    ),
    "DRCT": lambda: DRCT.DRCT(
        img_size=32, embed_dim=24, depths=[2], num_heads=[2], window_size=8, gc=8, upscale=2,
        upsampler="pixelshuffle",
    ),
    "OmniSR": lambda: OmniSR.OmniSR(num_feat=16, res_num=1, up_scale=2, window_size=8),
    "SAFMN": lambda: SAFMN.SAFMN(dim=12, n_blocks=2, upscaling_factor=2),
    "PLKSR": lambda: PLKSR.PLKSR(dim=16, n_blocks=2, kernel_size=5, upscaling_factor=2),
    "NAFNet": lambda: NAFNet.NAFNet(width=8, enc_blk_nums=[1, 1], dec_blk_nums=[1, 1]),
    "DnCNN": lambda: DnCNN.DnCNN(in_nc=3, out_nc=3, nc=16, nb=4),
    "RCAN": lambda: RCAN.RCAN(n_resgroups=1, n_resblocks=2, n_feats=16, reduction=4, scale=2),
    "SwiftSRGAN": lambda: inner("SwiftSRGAN.__arch.SwiftSRGAN").Generator(
        num_channels=16, num_blocks=2, upscale_factor=2
    ),
}  # fmt: skip


def image():
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", MODELS)
def test_network(name, weights, same):
    torch.manual_seed(0)
    model = weights(MODELS[name]()).eval()
    with torch.no_grad():
        same("out", model(image()), rtol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_found_by_its_keys(name, weights, same):
    torch.manual_seed(0)
    state = weights(MODELS[name]()).state_dict()
    found = ModelLoader().load_from_state_dict(state)
    assert found.architecture.id == name
    same("facts", [str(found.scale), str(found.tags), str(found.size_requirements)])
    if isinstance(found, ImageModelDescriptor):
        with torch.no_grad():
            same("out", found(image()), rtol=1e-3)


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_loaded_from_a_file(ending, tmp_path, weights, same):
    torch.manual_seed(0)
    model = weights(MODELS["Compact"]())
    path = tmp_path / f"model.{ending}"
    if ending == "pth":
        torch.save({"params": model.state_dict()}, path)
    else:
        from safetensors.torch import save_file

        save_file(model.state_dict(), path)
    found = ModelLoader().load_from_file(path)
    with torch.no_grad():
        same("out", found(image()), rtol=1e-3)


def test_registry():
    assert len(list(MAIN_REGISTRY.architectures("detection"))) > 40
