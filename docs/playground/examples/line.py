import torch

torch.manual_seed(0)

# 100 points near a line
x = torch.linspace(-1, 1, 100)
y = 3 * x + 0.5 + 0.1 * torch.randn(100)

slope = torch.zeros((), requires_grad=True)
shift = torch.zeros((), requires_grad=True)

for step in range(60):
    prediction = slope * x + shift
    loss = ((prediction - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        slope -= 0.3 * slope.grad
        shift -= 0.3 * shift.grad
        slope.grad.zero_()
        shift.grad.zero_()
    if step % 10 == 0:
        print(f"step {step:2}  loss {loss.item():.4f}")

print(f"y = {slope.item():.2f} x + {shift.item():.2f}")
