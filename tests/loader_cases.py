"""Programs whose orders and random numbers are frozen.

`tools/freeze_loader.py` runs them on PyTorch, the tests on rushlight. Each takes the torch module
and returns lists of numbers.
"""

import random

import numpy as np

LOADERS = {
    "shuffle": {"shuffle": True, "batch_size": 3},
    "drop_last": {"shuffle": True, "batch_size": 4, "drop_last": True},
    "single": {"shuffle": True, "batch_size": None},
    "sampler": {"sampler": [3, 1, 4, 1, 5]},
    "batch_sampler": {"batch_sampler": [[0, 1], [5]]},
}


class Draws:
    """Ten samples: the index and a number from each of the three global generators."""

    def __init__(self, torch):
        self.torch = torch

    def __len__(self):
        return 10

    def __getitem__(self, i):
        return i, self.torch.rand(1).item(), random.random(), np.random.rand()


def plain(x):
    """Tensors inside lists and dicts as lists."""
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [plain(value) for value in x]
    return x.tolist() if hasattr(x, "tolist") else x


def seed(torch, number):
    torch.manual_seed(number)
    random.seed(number)
    np.random.seed(number)


def samplers(torch):
    data = torch.utils.data
    ten, weights = range(10), [1.0, 2.0, 3.0, 4.0]
    made = {
        "random": lambda g: data.RandomSampler(ten, generator=g),
        "random 5 of 10": lambda g: data.RandomSampler(ten, num_samples=5, generator=g),
        "random 25 of 10": lambda g: data.RandomSampler(ten, num_samples=25, generator=g),
        "replacement": lambda g: data.RandomSampler(ten, True, 40, generator=g),
        "subset": lambda g: data.SubsetRandomSampler([5, 6, 7, 8], generator=g),
        "weighted": lambda g: data.WeightedRandomSampler(weights, 7, generator=g),
        "weighted once": lambda g: data.WeightedRandomSampler(weights, 3, False, generator=g),
    }
    out = {}
    for name, make in made.items():
        torch.manual_seed(1)
        generator = torch.Generator().manual_seed(2)
        # With the global generator, and with one's own; then what each of them draws next.
        orders = [list(make(None)), list(make(generator)), list(make(generator))]
        following = [torch.rand(1).item(), torch.rand(1, generator=generator).item()]
        out[name] = [orders, following]
    for shuffle in (False, True):
        for drop_last in (False, True):
            shares = []
            for rank in range(3):
                sampler = data.DistributedSampler(
                    range(11), 3, rank, shuffle=shuffle, drop_last=drop_last
                )
                sampler.set_epoch(2)
                shares.append(list(sampler))
            out[f"distributed {shuffle} {drop_last}"] = shares
    torch.manual_seed(4)
    out["random_split"] = [list(part.indices) for part in data.random_split(ten, [0.3, 0.3, 0.4])]
    return out


def drawn_by_loaders(torch, num_workers):
    """Two epochs of each loader over samples that draw, then the next global number."""
    out = {}
    for name, options in LOADERS.items():
        seed(torch, 11)
        loader = torch.utils.data.DataLoader(Draws(torch), num_workers=num_workers, **options)
        out[name] = [plain(list(loader)), plain(list(loader)), torch.rand(1).item()]
    return out


def whole_batches(torch, num_workers):
    """Data sets that are read a batch at a time, under several samplers."""
    data = torch.utils.data
    rows = data.TensorDataset(torch.arange(12.0).reshape(6, 2), torch.arange(6))
    sets = {
        "tensors": rows,
        "subset": data.Subset(rows, [5, 3, 1, 0]),
        "stack": data.StackDataset(rows, rows),
        "dict": data.StackDataset(a=rows),
        "concat": data.ConcatDataset([rows, rows]),
    }
    loaders = {
        "in order": {"batch_size": 4},
        "drop_last": {"batch_size": 4, "drop_last": True},
        "shuffle": {"batch_size": 4, "shuffle": True},
        "subset": {"batch_size": 2, "sampler": data.SubsetRandomSampler([1, 2, 3])},
        "weighted": {"batch_size": 2, "sampler": data.WeightedRandomSampler([1.0, 2, 3, 4], 5)},
    }
    out = {}
    for set_name, dataset in sets.items():
        for name, options in loaders.items():
            torch.manual_seed(5)
            loader = data.DataLoader(dataset, num_workers=num_workers, **options)
            out[f"{set_name}, {name}"] = [plain(list(loader)), torch.rand(1).item()]
    generator = torch.Generator().manual_seed(8)
    loader = data.DataLoader(rows, 2, shuffle=True, generator=generator)
    epochs = [plain(list(loader)), plain(list(loader))]
    out["generator"] = [epochs, torch.rand(1, generator=generator).item()]
    return out


def resized(torch):
    """Images made smaller and larger by interpolate: what a tensor Resize is measured by."""
    torch.manual_seed(0)
    image = torch.rand(1, 2, 7, 9)
    out = {}
    for mode in ("bilinear", "bicubic"):
        for antialias in (False, True):
            for size in ((4, 5), (11, 12), (3, 14)):
                y = torch.nn.functional.interpolate(
                    image, size=size, mode=mode, antialias=antialias, align_corners=False
                )
                out[f"{mode} {antialias} {size[0]} {size[1]}"] = plain(y)
    for mode in ("nearest", "nearest-exact"):
        out[f"{mode} False 4 12"] = plain(
            torch.nn.functional.interpolate(image, size=(4, 12), mode=mode)
        )
    return [plain(image), out]
