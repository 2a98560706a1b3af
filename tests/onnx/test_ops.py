"""Every op that has a converter: the samples of its card, and cases as users write them."""

import re
import sys
import warnings
from pathlib import Path

import pytest

import rushlight as torch
from rushlight import nn
from rushlight.core.dtype import float32
from rushlight.core.tensor import Tensor
from rushlight.onnx.convert import CARDS
from rushlight.testing.samples import Make, sample_calls, sampled_cards

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import op_cases  # noqa: E402
from helpers import computes, exported, leaves  # noqa: E402

# samples that ONNX cannot write, and what the error says
REFUSED = {
    "as_strided": "as_strided",  # of a tensor that does not lie row by row
    "conv_transpose_nd": "output_padding",  # onnxruntime: as large as the stride
    "gru_layer": "packed sequences",
    "lstm_layer": "packed sequences|no projection",
    "rnn_layer": "packed sequences",
    "scatter_reduce": "mean|needs opset 18",
}
SINCE = {
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "col2im"), 18),
    "grid_sampler_3d_card": 20,
}


def put(x, given):
    """x with other tensors in the places of its own."""
    if isinstance(x, Tensor):
        return next(given)
    if isinstance(x, dict):
        return {k: put(v, given) for k, v in x.items()}
    return type(x)([put(y, given) for y in x]) if type(x) in (list, tuple) else x


SAMPLED = [c for c in sampled_cards() if c.name in CARDS]


def nodes(program):
    """The operators of a graph with their options, as bytes."""
    return [n.SerializeToString() for n in program.model_proto.graph.node]


@pytest.mark.parametrize("card", SAMPLED, ids=str)
def test_samples(card):
    """Every sample in opset 17 and in opset 21. onnxruntime runs that of 17, and that of 21 where
    its nodes are others; of every fourth card, both."""
    both = SAMPLED.index(card) % 4 == 0
    done = {17: 0, 21: 0}
    for args, kwargs in sample_calls(card, Make(card.name, dtype=float32)):
        tensors = tuple(leaves((args, kwargs)))

        def f(*given, args=args, kwargs=kwargs):
            a, k = put((args, kwargs), iter(given))
            return card(*a, **k)

        first = None
        for opset in done:
            try:
                program = torch.onnx.export(f, tensors, opset_version=opset)
                if first is None or both or nodes(first) != nodes(program):
                    computes(program, f, tensors)
                first = program
                done[opset] += 1
            except Exception as error:
                old = opset < SINCE.get(card.name, 0) and "since opset" in str(error)
                if not old and not re.search(REFUSED.get(card.name, "^$"), str(error)):
                    raise
    assert done[21] and (done[17] or 17 < SINCE.get(card.name, 0))


# lines of tests/cases that are no ops of ONNX, or need what an export cannot follow
LEFT_OUT = re.compile(
    r"grads\(|fails\(|Loss|ctc|seed|_sequence|proj_size|double\(\)|numpy|tolist|resize|requires_grad"
    r"|as_strided|\.t_\(|transpose_\(|nonzero_static|put_|masked_scatter|select_scatter|where\(m\)"
    r"|detach\(\); w|\"mean\", inc|\[0, 1\], y|torch\.tensor\(\[True|x\[m.*= |x\[0, i\] =|training="
    r"|scatter_\(1"
)
CASES = [
    line
    for family in ("layers", "shape", "index", "join", "matmul", "norm")
    for line in (HERE.parent / f"cases/{family}.txt").read_text().splitlines()
    if line and not line.startswith("#") and not LEFT_OUT.search(line)
]


@pytest.mark.parametrize("line", CASES)
def test_cases(line):
    names = op_cases.names(torch)
    tensors = {k: v for k, v in names.items() if isinstance(v, Tensor)}
    layer, arrow, given = line.partition("<-")
    if arrow:
        torch.manual_seed(0)
        try:
            f, args = eval(layer, names), eval(given, names)
        except Exception:
            return  # a case of an error
        args = args if isinstance(args, tuple) else (args,)
        f = f.eval() if isinstance(f, nn.Module) else f
    else:
        used = [k for k in tensors if re.search(rf"\b{k}\b", line)]
        args = tuple(tensors[k] for k in used)

        def f(*given):
            scope = {**names, **dict(zip(used, given, strict=True))}
            try:
                code = compile(line, "case", "eval")
            except SyntaxError:
                exec(line, scope)
                return scope["r"]
            return eval(code, scope)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wanted = list(leaves(f(*[a.clone() for a in args])))
        except Exception:
            return  # a case of an error
        if args and wanted and all(isinstance(a, Tensor) for a in args):
            exported(f, args)
