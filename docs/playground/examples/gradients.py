import torch

# a loss of two tensors, and how it changes with each of their numbers
x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
w = torch.tensor([[0.1], [0.2], [-0.3]], requires_grad=True)
b = torch.zeros(1, requires_grad=True)

y = torch.tanh(x @ w + b)
loss = (y - 1).pow(2).mean()
loss.backward()

print("loss", loss)
print("gradient of w", w.grad)
print("gradient of b", b.grad)

# the same by the definition: a small step of one number
step = 1e-3
with torch.no_grad():
    moved = w.clone()
    moved[0] += step
    other = (torch.tanh(x @ moved + b) - 1).pow(2).mean()
print("by a small step", (other - loss.detach()) / step)
