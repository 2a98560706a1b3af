import torch
from torch import nn

torch.manual_seed(0)

text = "how much wood would a woodchuck chuck if a woodchuck could chuck wood? "
letters = sorted(set(text))
codes = torch.tensor([letters.index(c) for c in text])


class Letters(nn.Module):
    """After each letter, scores for the next."""

    def __init__(self, kinds, width=48):
        super().__init__()
        self.embedding = nn.Embedding(kinds, 16)
        self.gru = nn.GRU(16, width, batch_first=True)
        self.out = nn.Linear(width, kinds)

    def forward(self, codes, state=None):
        x = self.embedding(codes)
        y, state = self.gru(x, state)
        return self.out(y), state


model = Letters(len(letters))
opt = torch.optim.Adam(model.parameters(), lr=0.02)
x, y = codes[None, :-1], codes[None, 1:]

for step in range(80):
    scores, state = model(x)
    loss = nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 19:
        print(f"step {step + 1}  loss {loss.item():.3f}")

with torch.no_grad():
    code, state, out = codes[None, :1], None, text[0]
    for _ in range(60):
        scores, state = model(code, state)
        code = scores[:, -1].argmax(1, keepdim=True)
        out += letters[code.item()]
print(out)
