"""Calls on sparse tensors, evaluated in both packages: s uncoalesced, c coalesced, h with a dense
dimension, d and m dense, T torch.tensor."""

from pathlib import Path

LINES = [line for line in (Path(__file__).parent / "cases" / "sparse.txt").read_text().splitlines()]
OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "dampening": 0.5, "maximize": True}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "maximize": True, "initial_accumulator_value": 0.5}),
    ("SparseAdam", {"lr": 0.1}),
    ("SparseAdam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3, "maximize": True}),
    ("LBFGS", {"lr": 0.1, "max_iter": 4}),
]


def names(torch):
    """What a line may name."""
    T = torch.tensor

    def sparse(**options):
        places = [[0, 1, 1], [2, 0, 0]]
        return torch.sparse_coo_tensor(T(places), T([3.0, 4.0, 5.0]), (2, 3), **options)

    return {
        "torch": torch, "T": T, "sparse": sparse, "s": sparse(), "c": sparse().coalesce(),
        "h": torch.sparse_coo_tensor(T([[0, 2, 0]]), T([[1.0, 2], [3, 4], [5, 6]]), (3, 2)),
        "d": T([[1.0, 2, 3], [4, 5, 6]]), "m": T([[1.0, 2], [3, 4], [5, 6]]),
    }  # fmt: skip


def answer(torch, line):
    """What a line says: its text, or its error."""
    try:
        found = eval(line, names(torch))
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as e:
        return (
            f"{type(e).__name__}: {str(e).splitlines()[0].split('. This could be')[0].rstrip('.')}"
        )
    return repr(found)


def trained(torch, name, options):
    """The table after three steps: places 0 twice, 0 and i; its state."""
    torch.manual_seed(0)
    e = torch.nn.Embedding(5, 2, sparse=True)
    optimizer = getattr(torch.optim, name)(e.parameters(), **options)

    for i in range(3):

        def loss(i=i):
            optimizer.zero_grad()
            y = (e(torch.tensor([0, 0, i])) ** 2).sum()
            y.backward()
            return y

        if name == "LBFGS":
            optimizer.step(loss)
        else:
            loss()
            optimizer.step()
    state = optimizer.state_dict()["state"].get(0, {}) if name != "LBFGS" else {}
    dense = {k: v.to_dense() if hasattr(v, "to_dense") else v for k, v in state.items()}
    return e.weight.tolist(), {
        k: v.tolist() if hasattr(v, "tolist") else v for k, v in dense.items()
    }
