"""Planted mistakes: a type checker must report each line that ends in `# wrong`, and no other."""

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn, optim

x = torch.ones(2, 3)
net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())

torch.zeors(2)  # wrong
torch.relu()  # wrong
torch.exp(x, x)  # wrong
torch.exp("x")  # wrong
torch.cat(x, dim="0")  # wrong
torch.sum(x, dims=1)  # wrong
torch.softmax(x)  # wrong
torch.zeros(2, dtype="float32x", colour=1)  # wrong
torch.zeros("2")  # wrong
torch.maximum(x)  # wrong
torch.matmul(x, 3, 4)  # wrong
torch.no_gard()  # wrong
x.veiw(6)  # wrong
x.view("6")  # wrong
x.relu(1)  # wrong
x.sum(keepdim="yes")  # wrong
x.transpose(0)  # wrong
x.reshape(2, 3).itme()  # wrong
x.max(dim=1).sum()  # wrong
x.unsqueeze()  # wrong
x.backwards()  # wrong
F.crossentropy(x, x)  # wrong
F.relu(x, inplaec=True)  # wrong
F.cross_entropy(x)  # wrong
F.dropout(x, p="0.5")  # wrong
F.conv2d(x)  # wrong
nn.Relu()  # wrong
nn.Linear(3)  # wrong
nn.Conv2d(1, 2)  # wrong
nn.Linear(3, 2, biass=True)  # wrong
nn.BatchNorm2d()  # wrong
optim.adam(net.parameters())  # wrong
optim.SGD()  # wrong
optim.Adam(net.parameters(), learning_rate=0.1)  # wrong
torch.optim.lr_scheduler.StepLr(optim.SGD(net.parameters()), 1)  # wrong
values, indices = torch.max(x)  # right at run time only for a first dimension of 2
count: str = x.numel()  # wrong
