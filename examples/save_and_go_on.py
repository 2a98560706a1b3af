"""Training in two halves with a checkpoint between them gives the numbers of training in one."""

import tempfile
from pathlib import Path

import rushlight as torch
from rushlight import nn
from rushlight.nn import functional as F
from rushlight.utils.data import DataLoader, TensorDataset


def make():
    """Data, model and optimizer, the same each time."""
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(256, 10), torch.randint(0, 3, (256,)))
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))
    return (
        DataLoader(data, batch_size=32, shuffle=True),
        model,
        torch.optim.AdamW(model.parameters()),
    )


def epochs(loader, model, optimizer, count):
    for _ in range(count):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return loss.item()


whole = epochs(*make(), 4)

checkpoint = Path(tempfile.mkdtemp()) / "half.pt"
loader, model, optimizer = make()
epochs(loader, model, optimizer, 2)
torch.save(
    {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
    },
    checkpoint,
)

loader, model, optimizer = make()
state = torch.load(checkpoint)
model.load_state_dict(state["model"])
optimizer.load_state_dict(state["optimizer"])
torch.set_rng_state(state["rng"])
halves = epochs(loader, model, optimizer, 2)

print(f"loss in one go {whole:.6f}, in two halves {halves:.6f}")
assert whole == halves
