"""Tiny random models of transformers' families, on whatever `import torch` is here.

    python families.py record THEIRS            # with PyTorch: makes the weights, then as below
    python families.py record OURS --weights THEIRS
    python families.py record BACK --weights OURS   # with PyTorch: what rushlight has saved
    python families.py compare THEIRS OURS [BACK]

`record` writes for each family: logits and gradients of one batch with padding, the tokens that
`generate` gives (greedy, beam, sampling with a seed), the losses of one epoch of Trainer on the CPU
with dropout, and the model as save_pretrained writes it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from pathlib import Path

import numpy as np

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

SMALL = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
    "pad_token_id": 0,
}
CAUSAL = {"bos_token_id": 1, "eos_token_id": 2}
FAMILIES = {  # name -> (configuration, model, what differs from SMALL; None drops an option)
    "bert": ("BertConfig", "BertForMaskedLM", {}),
    "distilbert": (
        "DistilBertConfig",
        "DistilBertForMaskedLM",
        {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48},
    ),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", {"pad_token_id": 1}),
    "xlm-roberta": ("XLMRobertaConfig", "XLMRobertaForMaskedLM", {"pad_token_id": 1}),
    "mpnet": ("MPNetConfig", "MPNetForMaskedLM", {"pad_token_id": 1}),
    "modernbert": (
        "ModernBertConfig",
        "ModernBertForMaskedLM",
        {
            "global_attn_every_n_layers": 2,
            "local_attention": 8,
            "cls_token_id": 1,
            "sep_token_id": 2,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    ),
    "deberta-v2": (
        "DebertaV2Config",
        "DebertaV2ForMaskedLM",
        {
            "relative_attention": True,
            "position_buckets": 16,
            "pos_att_type": ["p2c", "c2p"],
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
        },
    ),
    "gpt2": (
        "GPT2Config",
        "GPT2LMHeadModel",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, **CAUSAL},
    ),
    "llama": ("LlamaConfig", "LlamaForCausalLM", {"num_key_value_heads": 2, **CAUSAL}),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", {"num_key_value_heads": 2, **CAUSAL}),
    "t5": (
        "T5Config",
        "T5ForConditionalGeneration",
        {
            "d_model": 32,
            "d_kv": 8,
            "d_ff": 48,
            "num_layers": 2,
            "num_heads": 4,
            "initializer_factor": 1.0,
            "decoder_start_token_id": 0,
            "eos_token_id": 2,
        },
    ),
    "whisper": (
        "WhisperConfig",
        "WhisperForConditionalGeneration",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 48,
            "decoder_ffn_dim": 48,
            "num_mel_bins": 16,
            "max_source_positions": 30,
            "max_target_positions": 64,
            "init_std": 0.2,
            "decoder_start_token_id": 1,
            "suppress_tokens": None,
            "begin_suppress_tokens": None,
            **CAUSAL,
        },
    ),
}
WRITES = ("gpt2", "llama", "qwen2", "t5", "whisper")  # those that generate
TOLERANCE = {"logits": 1e-5, "gradient": 1e-5, "loss": 1e-4, "weights": 0.0}


def made(family: str):
    """A model with random weights."""
    import torch
    import transformers

    config, model, options = FAMILIES[family]
    kind = getattr(transformers, config)
    known = {k: v for k, v in {**SMALL, **options}.items()}
    torch.manual_seed(0)
    return getattr(transformers, model)(kind(**known))


def batch(family: str, model, seed: int = 0, n: int = 4, length: int = 12) -> dict:
    """Inputs and labels: rows of different lengths, padded."""
    import torch

    rng = np.random.default_rng(seed)
    pad = model.config.pad_token_id
    labels = rng.integers(3, 99, (n, length))
    if family == "whisper":
        sounds = rng.standard_normal((n, 16, 60)).astype(np.float32)
        return {"input_features": torch.tensor(sounds), "labels": torch.tensor(labels)}
    ids = rng.integers(3, 99, (n, length))
    mask = np.ones((n, length), np.int64)
    for row in range(1, n):  # decoders are padded on the left
        part = slice(0, row) if family in ("gpt2", "llama", "qwen2") else slice(length - row, None)
        ids[row, part], mask[row, part], labels[row, part] = pad, 0, -100
    arrays = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    return {name: torch.tensor(a) for name, a in arrays.items()}


def gradients(family: str, model) -> dict:
    """Logits, loss and the gradient of every parameter, without dropout."""
    model.eval()
    out = model(**batch(family, model))
    out.loss.backward()
    found = {"logits": out.logits.detach().numpy(), "loss": out.loss.detach().numpy()}
    for name, p in model.named_parameters():
        if p.grad is not None:
            found["gradient " + name] = p.grad.numpy().copy()
    model.zero_grad()
    return found


def generated(family: str, model) -> dict:
    """Tokens: greedy, beam search, sampling with a seed."""
    import torch

    model.eval()
    inputs = {k: v for k, v in batch(family, model, 1).items() if k != "labels"}
    found = {}
    for name, options in {
        "greedy": {"do_sample": False},
        "beam": {"num_beams": 3, "do_sample": False},
        "sampling": {"do_sample": True, "top_k": 20, "top_p": 0.9, "temperature": 1.3},
    }.items():
        torch.manual_seed(5)
        with torch.no_grad():
            tokens = model.generate(**inputs, max_new_tokens=16, min_new_tokens=4, **options)
        found["tokens " + name] = tokens.numpy()
    return found


def trained(family: str, model, folder: Path) -> dict:
    """The losses of one epoch of Trainer, dropout included."""
    from transformers import Trainer, TrainingArguments

    rows = batch(family, model, 2, n=24)
    data = [{name: x[i] for name, x in rows.items()} for i in range(24)]
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        num_train_epochs=1,
        per_device_train_batch_size=4,
        learning_rate=1e-3,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        seed=11,
        disable_tqdm=True,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=data)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    norms = [entry["grad_norm"] for entry in trainer.state.log_history if "grad_norm" in entry]
    return {"loss of steps": np.array(losses), "loss norms": np.array(norms)}


def record(family: str, folder: Path, weights: Path | None) -> dict:
    """Everything above for one family; a part that fails leaves its error."""
    import transformers

    home = folder / family
    home.mkdir(parents=True, exist_ok=True)
    kind = getattr(transformers, FAMILIES[family][1])
    errors, found, seconds = {}, {}, time.perf_counter()

    def load():
        if weights is None and not (home / "model.safetensors").exists():
            made(family).save_pretrained(home)
        return kind.from_pretrained(home if weights is None else weights / family)

    def saved() -> dict:
        model = load()
        if weights is not None:
            model.save_pretrained(home)
        return {"weights " + name: p.detach().numpy() for name, p in model.state_dict().items()}

    parts = {"weights": saved, "gradients": lambda: gradients(family, load())}
    if family in WRITES:
        parts["generate"] = lambda: generated(family, load())
    parts["trainer"] = lambda: trained(family, load(), home)
    for name, part in parts.items():
        try:
            found.update(part())
        except Exception as error:
            errors[name] = f"{type(error).__name__}: {error}"
            traceback.print_exc()
    np.savez(home / "results.npz", **found)
    (home / "errors.json").write_text(json.dumps(errors, indent=1))
    print(f"{family}: {time.perf_counter() - seconds:.1f} s, errors: {list(errors) or 'none'}")
    return errors


def furthest(a: np.ndarray, b: np.ndarray) -> float:
    """The largest distance of two arrays, relative to the larger of 1 and the largest element."""
    if a.shape != b.shape:
        return float("inf")
    if a.size == 0:
        return 0.0
    if a.dtype.kind in "biu":
        return float((a != b).sum())
    scale = max(1.0, float(np.abs(a).max()))
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max()) / scale


def compare(theirs: Path, others: list[Path], families: list[str]) -> int:
    """A line for each family and folder; the number of differences."""
    wrong = 0
    for other in others:
        print(f"{other.name} beside {theirs.name}")
        for family in families:
            a = dict(np.load(theirs / family / "results.npz"))
            b = dict(np.load(other / family / "results.npz"))
            errors = json.loads((other / family / "errors.json").read_text())
            worst: dict[str, float] = {}
            missing = sorted({k.partition(" ")[0] for k in a.keys() ^ b.keys()})
            for key in a.keys() & b.keys():
                what = key.partition(" ")[0]
                name = key if what == "tokens" else what
                worst[name] = max(worst.get(name, 0.0), furthest(a[key], b[key]))
            bad = [k for k, v in worst.items() if v > TOLERANCE.get(k, 0.0)]
            wrong += len(bad) + len(missing) + len(errors)
            shown = ", ".join(f"{k} {v:.1e}" for k, v in sorted(worst.items()))
            verdict = "ok" if not (bad or missing or errors) else f"WRONG {bad + missing}"
            print(f"  {family:12} {verdict:6} {shown}", *errors.values(), sep="\n      ")
    return wrong


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("what", choices=["record", "compare"])
    p.add_argument("folders", nargs="+", type=Path)
    p.add_argument("--weights", type=Path)
    p.add_argument("--families", default=",".join(FAMILIES))
    a = p.parse_args()
    families = a.families.split(",")
    if a.what == "compare":
        return min(compare(a.folders[0], a.folders[1:], families), 1)
    import torch

    torch.set_num_threads(1)
    print(f"torch {torch.__version__}")
    failed = [family for family in families if record(family, a.folders[0], a.weights)]
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
