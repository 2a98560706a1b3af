import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

# two half circles, one in the other
n = 200
angle = math.pi * torch.rand(n)
upper = torch.stack([angle.cos(), angle.sin()], dim=1)
lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
x = torch.cat([upper, lower]) + 0.1 * torch.randn(2 * n, 2)
y = torch.cat([torch.zeros(n), torch.ones(n)]).long()

loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
loss_func = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(15):
    for xb, yb in loader:
        loss = loss_func(model(xb), yb)
        loss.backward()
        opt.step()
        opt.zero_grad()
    print(f"epoch {epoch:2}  loss {loss.item():.4f}")

accuracy = (model(x).argmax(1) == y).float().mean()
print(f"accuracy {accuracy:.3f}")
