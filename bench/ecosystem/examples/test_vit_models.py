"""vit-pytorch: outputs and gradients of its models, from the same random weights."""

import importlib

import pytest
import torch

VIT = {
    "image_size": 32, "patch_size": 8, "num_classes": 5, "dim": 32, "depth": 2, "heads": 2,
    "mlp_dim": 48,
}  # fmt: skip
MODELS = {
    "vit.ViT": VIT,
    "simple_vit.SimpleViT": VIT,
    "simple_vit_with_register_tokens.SimpleViT": VIT,
    "simple_vit_with_patch_dropout.SimpleViT": VIT,
    "simple_vit_with_qk_norm.SimpleViT": VIT,
    "deepvit.DeepViT": VIT,
    "cait.CaiT": {**VIT, "cls_depth": 1},
    "t2t.T2TViT": {"dim": 32, "image_size": 32, "depth": 1, "heads": 2, "mlp_dim": 48,
                   "num_classes": 5, "t2t_layers": ((7, 4), (3, 2))},
    "cct.CCT": {"img_size": 32, "embedding_dim": 32, "n_conv_layers": 1, "num_layers": 2,
                "num_heads": 2, "mlp_ratio": 2.0, "num_classes": 5,
                "positional_embedding": "learnable"},
    "cross_vit.CrossViT": {"image_size": 32, "num_classes": 5, "depth": 1, "sm_dim": 16,
                           "sm_patch_size": 8, "sm_enc_heads": 2, "sm_enc_mlp_dim": 32,
                           "lg_dim": 24, "lg_patch_size": 16, "lg_enc_heads": 2,
                           "lg_enc_mlp_dim": 32},
    "pit.PiT": {"image_size": 32, "patch_size": 8, "dim": 32, "num_classes": 5, "depth": (1, 1),
                "heads": 2, "mlp_dim": 48},
    "levit.LeViT": {"image_size": 64, "num_classes": 5, "stages": 2, "dim": (32, 48), "depth": 1,
                    "heads": (2, 2), "mlp_mult": 2},
    "cvt.CvT": {"num_classes": 5, "s1_emb_dim": 16, "s1_depth": 1, "s2_emb_dim": 24,
                "s2_heads": 2, "s2_depth": 1, "s3_emb_dim": 32, "s3_heads": 2, "s3_depth": 1},
    "twins_svt.TwinsSVT": {"num_classes": 5, "s1_emb_dim": 16, "s2_emb_dim": 24, "s3_emb_dim": 32,
                           "s4_emb_dim": 32, "s1_depth": 1, "s2_depth": 1, "s3_depth": 1,
                           "s4_depth": 1, "s1_local_patch_size": 4, "s2_local_patch_size": 4,
                           "s3_local_patch_size": 2, "s4_local_patch_size": 1},
    "regionvit.RegionViT": {"dim": (16, 24, 32, 40), "depth": (1, 1, 1, 1), "window_size": 2,
                            "num_classes": 5},
    "crossformer.CrossFormer": {"num_classes": 5, "dim": (16, 24, 32, 40), "depth": (1, 1, 1, 1),
                                "global_window_size": (4, 2, 2, 1), "local_window_size": 2},
    "nest.NesT": {"image_size": 32, "patch_size": 4, "dim": 16, "heads": 2, "num_hierarchies": 2,
                  "block_repeats": (1, 1), "num_classes": 5},
    "mobile_vit.MobileViT": {"image_size": (64, 64), "dims": [16, 24, 32],
                             "channels": [8, 8, 16, 16, 16, 24, 24, 32, 32, 40, 40],
                             "num_classes": 5},
    "xcit.XCiT": {**VIT, "cls_depth": 1, "local_patch_kernel_size": 3},
    "max_vit.MaxViT": {"num_classes": 5, "dim_conv_stem": 8, "dim": 16, "dim_head": 8,
                       "depth": (1, 1), "window_size": 4, "mbconv_expansion_rate": 2,
                       "mbconv_shrinkage_rate": 0.25},
    "parallel_vit.ViT": VIT,
    "learnable_memory_vit.ViT": VIT,
    "vit_for_small_dataset.ViT": VIT,
    "local_vit.LocalViT": VIT,
    "rvt.RvT": VIT,
    "sep_vit.SepViT": {"num_classes": 5, "dim": 16, "dim_head": 8, "heads": (1, 2),
                       "depth": (1, 1), "window_size": 4},
    "scalable_vit.ScalableViT": {"num_classes": 5, "dim": 16, "heads": (2, 2), "depth": (1, 1),
                                 "ssa_dim_key": (8, 8), "reduction_factor": (2, 1),
                                 "window_size": (4, None)},
}  # fmt: skip
LARGE = (
    "max_vit.MaxViT mobile_vit.MobileViT levit.LeViT sep_vit.SepViT scalable_vit.ScalableViT "
    "cvt.CvT twins_svt.TwinsSVT regionvit.RegionViT crossformer.CrossFormer"
).split()


def made(name, weights):
    module, _, cls = name.partition(".")
    make = getattr(importlib.import_module(f"vit_pytorch.{module}"), cls)
    torch.manual_seed(0)
    model = weights(make(**MODELS[name]))
    side = 64 if name in LARGE else 32
    return model, torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", MODELS)
def test_eval(name, weights, same):
    model, x = made(name, weights)
    with torch.no_grad():
        same("logits", model.eval()(x))


@pytest.mark.parametrize("name", MODELS)
def test_training_step(name, weights, same):
    model, x = made(name, weights)
    torch.manual_seed(2)
    out = model.train()(x)
    loss = torch.nn.functional.cross_entropy(out, torch.tensor([1, 3]))
    loss.backward()
    same("loss", loss, rtol=1e-3)
    norms = {k: p.grad.norm() for k, p in model.named_parameters() if p.grad is not None}
    same("norms", norms, rtol=2e-2, atol=1e-3)


def test_masked_autoencoder(weights, same):
    from vit_pytorch import MAE, SimMIM, ViT

    for wrapper, options in (
        (MAE, {"masking_ratio": 0.75, "decoder_dim": 16, "decoder_depth": 1}),
        (SimMIM, {"masking_ratio": 0.5}),
    ):
        torch.manual_seed(0)
        model = weights(wrapper(encoder=ViT(**VIT), **options), wrapper.__name__)
        torch.manual_seed(3)
        same(wrapper.__name__, model(torch.rand(2, 3, 32, 32)), rtol=1e-3)


def test_recorder_and_extractor(weights, same):
    from vit_pytorch.extractor import Extractor
    from vit_pytorch.recorder import Recorder
    from vit_pytorch.vit import ViT

    torch.manual_seed(0)
    model = weights(ViT(**VIT)).eval()
    x = torch.rand(1, 3, 32, 32)
    _logits, attention = Recorder(model)(x)
    same("attention", attention)
    same("embeddings", Extractor(ViT(**VIT).eval(), return_embeddings_only=True)(x).shape)


def test_distillation(weights, same):
    from vit_pytorch.distill import DistillableViT, DistillWrapper

    torch.manual_seed(0)
    teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 5))
    model = DistillWrapper(student=DistillableViT(**VIT), teacher=teacher, temperature=3, alpha=0.5)
    same("loss", weights(model)(torch.rand(2, 3, 32, 32), torch.tensor([0, 4])), rtol=1e-3)
