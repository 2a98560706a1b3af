"""A network learns exclusive or: written as for PyTorch, and it runs on either.

python examples/xor.py, or, with `import torch` in place of the first import,
rushlight run xor.py.
"""

import rushlight as torch
from rushlight import nn

torch.manual_seed(1)
x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])

model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
loss_func = nn.BCELoss()

for step in range(301):
    loss = loss_func(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(f"step {step:3}  loss {loss.item():.4f}")

with torch.no_grad():
    print(model(x).round().flatten().tolist())
