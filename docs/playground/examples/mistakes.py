import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.rand(64, 4)
y = (x.sum(1, keepdim=True) > 2).float()  # (64, 1)

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)

for _ in range(5):
    scores = model(x).squeeze(1)  # (64,)
    loss = F.mse_loss(scores, y)  # (64,) beside (64, 1)
    loss.backward()  # and nobody called zero_grad()
    opt.step()

with torch.no_grad():
    test = model(x)  # still in train mode: its dropout is on

# and a shape that does not fit: the error says which
more = nn.Linear(16, 2)
more(scores)
