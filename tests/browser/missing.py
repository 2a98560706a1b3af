"""What there is not in a browser: each says so, with what to do instead."""

import io
import warnings

import rushlight as torch
from rushlight.utils.data import DataLoader, TensorDataset


def said(action):
    """The error of an action, or what it gives."""
    try:
        return str(action())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def two_workers():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        loader = DataLoader(TensorDataset(torch.arange(5)), batch_size=2, num_workers=2)
        batches = [x.tolist() for (x,) in loader]
    return batches, [str(w.message) for w in found]


def mapped():
    torch.save({"a": torch.ones(3)}, "/tmp/a.pt")
    return torch.load("/tmp/a.pt", mmap=True)["a"].tolist()


print(torch.get_num_threads(), torch.backends.mps.is_available())
print("bfloat16:", said(lambda: torch.zeros(2, dtype=torch.bfloat16)))
print("float8:", said(lambda: torch.zeros(2).to(torch.float8_e4m3fn)))
print("muon:", said(lambda: torch.optim.Muon([torch.nn.Parameter(torch.ones(2, 2))])))
print("workers:", said(two_workers))
print("mmap:", said(mapped))
print("shared:", said(lambda: torch.ones(2).share_memory_().is_shared()))
print("distributed:", said(lambda: torch.distributed.init_process_group("gloo")))
print("file:", said(lambda: torch.save(torch.ones(1), io.BytesIO())))
