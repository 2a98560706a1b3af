"""The networks of the source documents, on torch or on rushlight under its name.

001 and 003 build an MLP (003 ends it with a ReLU) and send a mini-batch of three images through
Flatten, Linear and ReLU; 004 builds a CNN whose ReLU and pooling are functions.
"""


def networks(torch):
    """{name: (model, mini-batch)} after the documents' lines up to there, seed 0."""
    nn, F = torch.nn, torch.nn.functional

    class NeuralNetwork(nn.Module):
        def __init__(self, last=False):
            super().__init__()
            self.flatten = nn.Flatten()
            self.linear_relu_stack = nn.Sequential(
                nn.Linear(28 * 28, 512),
                nn.ReLU(),
                nn.Linear(512, 512),
                nn.ReLU(),
                nn.Linear(512, 10),
                *([nn.ReLU()] if last else []),
            )

        def forward(self, x):
            return self.linear_relu_stack(self.flatten(x))

    class MnistCNN(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 16, kernel_size=3, stride=2, padding=1)
            self.conv2 = nn.Conv2d(16, 16, kernel_size=3, stride=2, padding=1)
            self.conv3 = nn.Conv2d(16, 10, kernel_size=3, stride=2, padding=1)

        def forward(self, xb):
            xb = xb.view(-1, 1, 28, 28)
            xb = F.relu(self.conv1(xb))
            xb = F.relu(self.conv2(xb))
            xb = F.relu(self.conv3(xb))
            xb = F.avg_pool2d(xb, 4)
            return xb.view(-1, xb.size(1))

    found = {}
    for name, last in (("001", False), ("003", True)):
        torch.manual_seed(0)
        model = NeuralNetwork(last)
        torch.rand(1, 28, 28)  # X, of which the documents predict the class
        images = torch.rand(3, 28, 28)
        found[name] = (model, images)
        layer1 = nn.Linear(28 * 28, 20)
        found[f"{name} layers"] = (nn.Sequential(nn.Flatten(), layer1, nn.ReLU()), images)
    torch.manual_seed(0)
    model = MnistCNN()
    found["004"] = (model, torch.rand(3, 784))
    return found
