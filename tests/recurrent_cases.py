"""Ten training steps of recurrent nets from seed 0, on torch or rushlight (T): their losses."""


def packed_lstm(T):
    """Two layers with dropout over packed sequences, the last state classified; Adam."""
    nn, rnn = T.nn, T.nn.utils.rnn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(20, 8)
            self.lstm = nn.LSTM(8, 16, num_layers=2, dropout=0.4, batch_first=True)
            self.head = nn.Linear(16, 3)

        def forward(self, words, lengths):
            packed = rnn.pack_padded_sequence(
                self.embed(words), lengths, batch_first=True, enforce_sorted=False
            )
            output, (hidden, _) = self.lstm(packed)
            padded, _ = rnn.pad_packed_sequence(output, batch_first=True)
            return self.head(hidden[-1] + padded.mean(1))

    def batch():
        lengths = T.randint(1, 9, (12,))
        words = [T.randint(0, 20, (int(n),)) for n in lengths]
        labels = T.tensor([int(w.sum()) % 3 for w in words])
        return (rnn.pad_sequence(words, batch_first=True), lengths), labels

    return _train(T, Net(), batch, T.nn.functional.cross_entropy, T.optim.Adam, lr=0.02)


def gru(T):
    """The next character of a text in a circle; the state goes on from step to step; SGD."""
    nn = T.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(11, 16)
            self.head = nn.Linear(16, 11)
            self.state = None

        def forward(self, letters):
            x = nn.functional.one_hot(letters, 11).float()
            y, state = self.gru(x, self.state)
            self.state = state.detach()
            return self.head(y).flatten(0, 1)

    def batch():
        text = T.arange(13)[:, None] * 3 + T.randint(0, 11, (6,))
        return (text[:-1] % 11,), text[1:].flatten() % 11

    loss = T.nn.functional.cross_entropy
    return _train(T, Net(), batch, loss, T.optim.SGD, lr=0.5, momentum=0.9)


def bidirectional_rnn(T):
    """Both directions, two layers, tanh, a label for each step; AdamW and clipped gradients."""
    nn = T.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.RNN(3, 10, 2, batch_first=True, bidirectional=True)
            self.head = nn.Linear(20, 1)

        def forward(self, x):
            return self.head(self.rnn(x)[0]).squeeze(-1)

    def batch():
        x = T.randn(8, 7, 3)
        return (x,), x.sum(-1).cumsum(1) / 4

    return _train(T, Net(), batch, T.nn.functional.mse_loss, T.optim.AdamW, clip=0.5, lr=0.01)


ALL = (packed_lstm, gru, bidirectional_rnn)


def losses(T):
    """{net: ten losses}"""
    found = {}
    for net in ALL:
        T.manual_seed(0)
        found[net.__name__] = net(T)
    return found


def _train(T, net, batch, loss_of, optimizer, clip=None, **options):
    opt = optimizer(net.parameters(), **options)
    found = []
    for _ in range(10):
        inputs, target = batch()
        loss = loss_of(net(*inputs), target)
        opt.zero_grad()
        loss.backward()
        if clip:
            T.nn.utils.clip_grad_norm_(net.parameters(), clip)
        opt.step()
        found.append(loss.item())
    return found
