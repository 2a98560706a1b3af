"""The programs of examples/ in small: the words that make each take a moment, and MiniLM's files in
small. tools/freeze_examples.py runs them on PyTorch, tests/test_examples_run.py on rushlight."""

import json
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

#: a name of our own -> the program, its words
SMALL = {
    "nets": ("nets.py", "--epochs 2"),
    "char_rnn": ("char_rnn.py", "--letters 15000 --width 24 --span 24 --epochs 2 --write 40"),
    "char_gru": (
        "char_rnn.py",
        "--cell gru --layers 2 --letters 8000 --width 16 --span 24 --epochs 2 --write 40",
    ),
    "gpt": (
        "gpt.py",
        "--letters 9000 --width 24 --layers 2 --heads 2 --block 24 --batch 8 --steps 24 --write 40",
    ),
    "vae": ("vae.py", "--epochs 3 --hidden 24"),
    "gan": ("gan.py", "--steps 8 --batch 16"),
    "gan_ring": ("gan.py", "--data ring --steps 25 --batch 32 --noise 16 --penalty 0.1"),
    "dqn": ("dqn.py", "--episodes 40 --tests 2"),
    "forecast": ("forecast.py", "--hours 1000 --hidden 8 --epochs 3 --lr 0.02"),
    "unet": ("unet.py", "--images 32 --side 16 --width 4 --epochs 3"),
    "minilm": ("minilm.py", "--model MODEL"),
    "mlp_ddp": ("mlp_ddp.py", "--epochs 3"),
}

#: pictures that each writes
PICTURES = {
    "nets": ["accuracy.svg", "mistakes.png"],
    "char_rnn": ["loss.svg", "unit.svg"],
    "char_gru": ["loss.svg", "unit.svg"],
    "gpt": ["loss.svg"],
    "vae": ["loss.svg", "samples.png", "walk.png", "plane.png"],
    "gan": ["loss.svg", "samples.png"],
    "gan_ring": ["loss.svg", "samples.svg"],
    "dqn": ["returns.svg", "balance.svg"],
    "forecast": ["forecast.svg", "errors.svg"],
    "unet": ["iou.svg", "segments.png"],
    "minilm": ["similar.svg"],
    "mlp_ddp": ["accuracy.svg"],
}


def words(name: str, out: Path) -> list[str]:
    """The program's path, then its words; MODEL is made beside `out`."""
    program, given = SMALL[name]
    found = given.split()
    if "MODEL" in found:
        folder = out.parent / "model"
        small_model(folder)
        found[found.index("MODEL")] = str(folder)
    return [str(EXAMPLES / program), *found, "--out", str(out)]


def numbers(out: Path) -> list[float]:
    """All that a run wrote into numbers.json, in order, without names."""
    found: list[float] = []

    def walk(x):
        if isinstance(x, dict):
            x = list(x.values())
        if isinstance(x, list):
            for y in x:
                walk(y)
        else:
            found.append(float(x))

    walk(json.loads((out / "numbers.json").read_text()))
    return found


def small_model(folder: Path) -> None:
    """A BERT of two small layers under the names of all-MiniLM-L6-v2's file."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,?"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *("##" + c for c in letters)]
    pieces += ["ferry", "##ing", "the", "loaf", "umbrella", "##bug", "##og"]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    config = {
        "hidden_size": 16, "layer_norm_eps": 1e-12, "num_attention_heads": 2,
        "intermediate_size": 24, "vocab_size": len(pieces), "max_position_embeddings": 64,
        "type_vocab_size": 2, "num_hidden_layers": 2,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    shapes = {
        "embeddings.word_embeddings.weight": (len(pieces), 16),
        "embeddings.position_embeddings.weight": (64, 16),
        "embeddings.token_type_embeddings.weight": (2, 16),
        "embeddings.LayerNorm.weight": (16,),
        "embeddings.LayerNorm.bias": (16,),
        "pooler.dense.weight": (16, 16),
    }
    for i in range(2):
        layer = f"encoder.layer.{i}."
        for name, (to, of) in {
            "attention.self.query": (16, 16), "attention.self.key": (16, 16),
            "attention.self.value": (16, 16), "attention.output.dense": (16, 16),
            "intermediate.dense": (24, 16), "output.dense": (16, 24),
        }.items():  # fmt: skip
            shapes[f"{layer}{name}.weight"], shapes[f"{layer}{name}.bias"] = (to, of), (to,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{layer}{name}.weight"] = shapes[f"{layer}{name}.bias"] = (16,)
    rng = np.random.default_rng(0)
    tensors = {name: rng.normal(0, 0.3, s).astype(np.float32) for name, s in shapes.items()}
    tensors["embeddings.position_ids"] = np.arange(64)[None]
    save_file(tensors, folder / "model.safetensors")
