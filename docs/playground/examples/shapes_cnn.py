import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


def drawn(kind, size=12):
    """A bar that lies, a bar that stands, or a cross, somewhere in a noisy image."""
    image = 0.2 * torch.rand(1, size, size)
    i, j = torch.randint(2, size - 2, (2,)).tolist()
    if kind != 1:
        image[0, i, j - 2 : j + 3] = 1
    if kind != 0:
        image[0, i - 2 : i + 3, j] = 1
    return image


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(x, 2)
        x = F.relu(self.conv2(x))
        x = x.amax((2, 3))
        return self.out(x)


labels = torch.randint(0, 3, (240,))
images = torch.stack([drawn(kind) for kind in labels.tolist()])

net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.02)

for step in range(60):
    chosen = torch.randint(0, 200, (40,))
    opt.zero_grad()
    loss = F.cross_entropy(net(images[chosen]), labels[chosen])
    loss.backward()
    opt.step()
    if step % 10 == 9:
        print(f"step {step + 1}  loss {loss.item():.3f}")

with torch.no_grad():
    right = net(images[200:]).argmax(1) == labels[200:]
print(f"of 40 new images right: {right.sum().item()}")
