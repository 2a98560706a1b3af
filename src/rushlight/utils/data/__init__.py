"""Data sets, samplers and the loader, under PyTorch's names."""

from importlib import import_module as _import_module

from ...core.names import elsewhere as _elsewhere
from .collate import default_collate, default_convert
from .dataloader import DataLoader, _DatasetKind
from .dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from .distributed import DistributedSampler
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "DistributedSampler",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "_DatasetKind",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]

#: name -> the file that has it, imported when the name is first asked for
_LAZY = {
    **dict.fromkeys(
        ("DFIterDataPipe", "IterDataPipe", "MapDataPipe", "functional_datapipe"), "datapipes"
    ),
    "get_worker_info": "worker",
}


def __getattr__(name: str):
    if name in _LAZY:
        globals()[name] = found = getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
        return found
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_LAZY})
