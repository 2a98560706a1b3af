"""What there is not in a browser: what is said of it, line by line (test_node.py)."""

import warnings
from multiprocessing import Process

import rushlight as torch
from rushlight.utils.data import DataLoader, Dataset


def said(action):
    """The error of an action, or what it gives."""
    try:
        return str(action())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


class Squares(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        return i * i


def two_workers():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        batches = [x.tolist() for x in DataLoader(Squares(), batch_size=2, num_workers=2)]
    return batches, [str(w.message) for w in found]


def mapped():
    torch.save({"a": torch.ones(3)}, "/tmp/a.pt")
    return torch.load("/tmp/a.pt", mmap=True)["a"].tolist()


def muon():
    p = torch.nn.Parameter(torch.ones(2, 2))
    p.grad = torch.ones(2, 2)
    torch.optim.Muon([p]).step()


print("kernels:", torch.show_config().splitlines()[1])
print("bfloat16:", said(lambda: torch.zeros(2, dtype=torch.bfloat16)))
print("float8:", said(lambda: torch.zeros(2).to(torch.float8_e4m3fn)))
print("muon:", said(muon))
print("workers:", said(two_workers))
print("mmap:", said(mapped))
print("process:", said(lambda: Process(target=print).start()))
