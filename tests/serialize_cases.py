"""What the tests of save and load share: a round trip, and checkpoints of hand-made parts."""

import io
import struct
import zipfile

import numpy as np

import rushlight as torch


def there_and_back(obj, **options):
    buffer = io.BytesIO()
    torch.save(obj, buffer)
    buffer.seek(0)
    return torch.load(buffer, **options)


def archive(pickled, storages=(), name="archive", byteorder=b"little"):
    """A checkpoint of hand-made parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        z.writestr(f"{name}/data.pkl", pickled)
        z.writestr(f"{name}/byteorder", byteorder)
        for i, storage in enumerate(storages):
            z.writestr(f"{name}/data/{i}", storage)
        z.writestr(f"{name}/version", b"3\n")
    buffer.seek(0)
    return buffer


def storage(kind, count, location="cpu", key="0"):
    """The opcodes of a persistent id."""
    strings = [
        f"X{struct.pack('<I', len(s)).decode('latin1')}{s}" for s in ("storage", key, location)
    ]
    parts = f"({strings[0]}ctorch\n{kind}\n{strings[1]}{strings[2]}K{chr(count)}tQ"
    return parts.encode("latin1")


def tensor_pickle(kind="FloatStorage", count=6, offset=0, size=(2, 3), stride=(3, 1), **where):
    """The pickle of one tensor, as PyTorch writes it."""

    def ints(values):
        return b"(" + b"".join(b"K" + bytes([v]) for v in values) + b"t"

    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage(kind, count, **where)
        + b"K" + bytes([offset]) + ints(size) + ints(stride)
        + b"\x89ccollections\nOrderedDict\n)RtR."
    )  # fmt: skip


SIX = np.arange(6, dtype=np.float32)
