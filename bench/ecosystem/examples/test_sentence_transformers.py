"""sentence-transformers: MiniLM's embeddings of 50 sentences, and what is built on them."""

import embeddings
import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer, util

TEXTS = embeddings.sentences()


@pytest.fixture(scope="module")
def model():
    return SentenceTransformer(embeddings.folder(), device="cpu")


def test_one_batch(model, same):
    same("embeddings", model.encode(TEXTS), rtol=0, atol=1e-5)


def test_one_by_one(model, same):
    same("embeddings", np.stack([model.encode(text) for text in TEXTS]), rtol=0, atol=1e-5)


def test_plain_transformers(same):
    same("embeddings", embeddings.plain_route()(TEXTS), rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", ["int8", "uint8", "binary", "ubinary"])
def test_quantized(model, precision, same):
    found = model.encode(TEXTS, precision=precision).astype(np.int64)
    same("codes", found, rtol=0, atol=1)


def test_tensors_and_tokens(model, same):
    options = {"convert_to_tensor": True, "normalize_embeddings": True}
    same("embeddings", model.encode(TEXTS[:5], **options), atol=1e-5)
    tokens = model.encode(TEXTS[:3], output_value="token_embeddings")
    same("tokens", [t.numpy() for t in tokens], atol=1e-4)


def test_similarity_and_search(model, same):
    found = model.encode(TEXTS, convert_to_tensor=True)
    same("similarity", model.similarity(found, found), atol=1e-5)
    same("pairs", [torch.tensor(row) for row in util.paraphrase_mining(model, TEXTS, top_k=3)])
    hits = util.semantic_search(found[:5], found, top_k=4)
    same("ids", [np.array([hit["corpus_id"] for hit in row]) for row in hits], rtol=0, atol=0)


def test_training(same):
    """Six pairs, one epoch, with the loss of the most used recipe."""
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    torch.manual_seed(0)
    model = SentenceTransformer(embeddings.folder(), device="cpu")
    data = Dataset.from_dict({"anchor": TEXTS[:6], "positive": TEXTS[6:12]})
    arguments = SentenceTransformerTrainingArguments(
        output_dir="trained", num_train_epochs=1, per_device_train_batch_size=2, logging_steps=1,
        report_to="none", save_strategy="no", use_cpu=True, seed=1,
    )  # fmt: skip
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=data, loss=MultipleNegativesRankingLoss(model)
    )
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    same("losses", np.array(losses, float), rtol=1e-4, atol=1e-4)
    same("embeddings", model.encode(TEXTS[:4]), rtol=0, atol=1e-4)


def test_cross_encoder(same):
    """With a head of random weights from a seed."""
    from sentence_transformers import CrossEncoder

    torch.manual_seed(0)
    scores = CrossEncoder(embeddings.folder(), device="cpu", num_labels=1).predict(
        [(TEXTS[3], TEXTS[4]), (TEXTS[5], TEXTS[6])]
    )
    same("scores", scores, atol=1e-5)
