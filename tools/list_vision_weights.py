"""Writes src/rushlight/vision/models/weights.json and core/torchvision_names.txt from torchvision.

    python tools/list_vision_weights.py     # in an environment with torchvision 0.28

What programs read of published weights: where they are, how images are prepared for them, their
size and their scores, and the names of the classes. Facts only: no text of torchvision's is taken.
"""

import importlib
import json
import pkgutil
from pathlib import Path

import torchvision
from torchvision.models import _meta, get_model_weights, list_models

ROOT = Path(__file__).parents[1] / "src" / "rushlight"
KINDS = ("ImageClassification", "SemanticSegmentation")
LISTS = {name: value for name, value in vars(_meta).items() if name.endswith(("IES", "NAMES"))}


def plain(value):
    """What json can hold; a list of names becomes the name of the list."""
    for name, names in LISTS.items():
        if value == names:
            return name
    if isinstance(value, torchvision.transforms.InterpolationMode):
        return value.value
    if isinstance(value, torchvision.models.WeightsEnum):
        return str(value)
    return value


def member(weight):
    meta = {k: plain(v) for k, v in weight.meta.items() if k != "_docs"}
    preset = {k: plain(v) for k, v in weight.transforms.keywords.items()}
    return {
        "url": weight.url,
        "preset": weight.transforms.func.__name__,
        "prepare": preset,
        "meta": meta,
    }


def weights():
    enums = {}
    for model in list_models():
        kind = get_model_weights(model)
        first = next(iter(kind))
        preset = getattr(getattr(first.transforms, "func", None), "__name__", "")
        if preset not in KINDS or ".quantization" in kind.__module__:
            continue
        enums[kind.__name__] = {
            name: member(w) if name == w.name else w.name for name, w in kind.__members__.items()
        }
    return enums


def modules(package):
    yield package.__name__, package
    for info in pkgutil.iter_modules(package.__path__):
        name = f"{package.__name__}.{info.name}"
        if info.name.startswith("_") or name.endswith((".extension", ".image")):
            continue
        try:
            module = importlib.import_module(name)
        except ImportError:  # the readers of videos need a package of their own
            continue
        if info.ispkg:
            yield from modules(module)
        else:
            yield name, module


def public(module):
    names = getattr(module, "__all__", None)
    if names is None:
        home = "torchvision"
        names = [
            n
            for n, v in vars(module).items()
            if not n.startswith("_")
            and (getattr(v, "__module__", None) or getattr(v, "__name__", "")).startswith(home)
        ]
    return sorted(set(names))


def main():
    table = {"lists": LISTS, "enums": weights()}
    path = ROOT / "vision" / "models" / "weights.json"
    lines = [f'"lists": {json.dumps(LISTS, ensure_ascii=False)}']
    rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in table["enums"].items())
    lines.append(f'"enums": {{\n{rows}\n}}')
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    with open(ROOT / "core" / "torchvision_names.txt", "w", encoding="utf-8") as out:
        for name, module in sorted(modules(torchvision)):
            out.write(f"{name}: {' '.join(public(module))}\n")


if __name__ == "__main__":
    main()
