"""open_clip: models of random weights: embeddings, loss, a training step; tokens and transforms."""

import open_clip
import pytest
import torch
from PIL import Image

SMALL = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 64, "heads": 2, "layers": 2},
}


def images():
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def texts():
    return torch.randint(1, 100, (3, 16), generator=torch.Generator().manual_seed(1))


def made(weights, cls=open_clip.CLIP, **options):
    torch.manual_seed(0)
    return weights(cls(**SMALL, **options))


@pytest.mark.parametrize("cls", [open_clip.CLIP, open_clip.CustomTextCLIP])
@pytest.mark.parametrize("quick", [False, True])
def test_embeddings(cls, quick, weights, same):
    model = made(weights, cls, quick_gelu=quick).eval()
    with torch.no_grad():
        same("images", model.encode_image(images(), normalize=True))
        same("texts", model.encode_text(texts(), normalize=True))
        same("logits", model.get_logits(images(), texts()), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("loss", ["ClipLoss", "SigLipLoss"])
def test_training_steps(loss, weights, same):
    bias = {"init_logit_bias": -10.0} if loss == "SigLipLoss" else {}
    model = made(weights, **bias).train()
    loss = getattr(open_clip, loss)()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    values = []
    for _ in range(3):
        out = model(images(), texts())
        names = ("image_features", "text_features", "logit_scale", "logit_bias")
        if isinstance(out, dict):
            value = loss(**{k: v for k, v in out.items() if k in names})
        else:
            value = loss(*out)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value)
    same("losses", values, rtol=1e-3)


def test_coca(weights, same):
    decoder = {"context_length": 15, "vocab_size": 100, "width": 64, "heads": 2, "layers": 1}
    config = {
        **SMALL,
        "text_cfg": {**SMALL["text_cfg"], "context_length": 15, "embed_cls": True,
                     "output_tokens": True},
        "vision_cfg": {**SMALL["vision_cfg"], "attentional_pool": True, "output_tokens": True,
                       "attn_pooler_heads": 2},
        "multimodal_cfg": decoder,
    }  # fmt: skip
    torch.manual_seed(0)
    model = weights(open_clip.CoCa(**config)).eval()
    with torch.no_grad():
        out = model(images(), texts())
    same("logits", out["logits"], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("pool", ["tok", "avg"])
def test_pooling(pool, weights, same):
    config = {**SMALL, "vision_cfg": {**SMALL["vision_cfg"], "pool_type": pool}}
    torch.manual_seed(0)
    model = weights(open_clip.CLIP(**config)).eval()
    with torch.no_grad():
        same("images", model.encode_image(images()))


def test_modified_resnet(weights, same):
    config = {
        **SMALL,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None},
    }
    torch.manual_seed(0)
    model = weights(open_clip.CLIP(**config)).eval()
    with torch.no_grad():
        same("images", model.encode_image(torch.ones(1, 3, 64, 64)), rtol=1e-3)


def test_checkpointed_gradients(weights, same):
    model = made(weights).train()
    model.set_grad_checkpointing(True)
    model.encode_image(images()).sum().backward()
    same("gradient", model.visual.conv1.weight.grad, rtol=1e-3)


def test_locked_tower(weights):
    model = made(weights)
    model.lock_image_tower(unlocked_groups=1)
    assert not model.visual.conv1.weight.requires_grad


def test_tokenizer(same):
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    same("tokens", tokenizer(["a diagram", "two dogs, and a very small cat!"]))
    assert tokenizer.decode(tokenizer("hello world")[0].tolist()[1:3]).strip() == "hello world"


@pytest.mark.parametrize("train", [False, True])
def test_transform(train, same):
    picture = Image.effect_mandelbrot((60, 48), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    torch.manual_seed(0)
    transform = open_clip.image_transform(32, is_train=train)
    same("image", transform(picture), atol=0.05)


def test_created_by_name():
    model, _train, _evaluate = open_clip.create_model_and_transforms(
        "ViT-S-32-alt", pretrained=None
    )
    assert sum(p.numel() for p in model.parameters()) > 1e7
    assert "ViT-B-32" in open_clip.list_models()


def test_position_embedding_is_resized(weights, same):
    from open_clip.model import resize_pos_embed

    model = made(weights)
    config = {**SMALL, "vision_cfg": {**SMALL["vision_cfg"], "image_size": 48}}
    larger = open_clip.CLIP(**config)
    state = model.state_dict()
    resize_pos_embed(state, larger)
    same("embedding", state["visual.positional_embedding"])
    larger.load_state_dict(state)


def test_half_precision_weights(weights):
    model = made(weights)
    open_clip.convert_weights_to_lp(model, dtype=torch.bfloat16)
    assert model.visual.conv1.weight.dtype is torch.bfloat16


def test_trace_is_refused_or_runs(weights):
    model = made(weights).eval()
    with torch.no_grad():
        assert model.encode_text(texts()).shape == (3, 32)
