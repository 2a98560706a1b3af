"""torch.utils.flop_counter: multiplications and additions of a program, by module and op.

Letters: N batch, C channels, B batches of matrices, M, K, N of a product of (M, K) by (K, N).

Counted are products of matrices, convolutions and attention, forward and backward, as PyTorch
counts them: 2 M K N for a product. Attention in one kernel counts as PyTorch's flash attention on a
GPU; on the CPU PyTorch leaves it out.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from math import prod
from threading import get_ident
from typing import Any

from ..autograd.node import next_number
from ..core.names import explain_missing
from ..core.notices import warn
from ..core.tensor import Tensor
from ..nn import Module
from ..nn.module_hooks import register_module_forward_hook, register_module_forward_pre_hook
from ..profiler.listening import listen, unlisten
from ..profiler.recorder import op_name

__all__ = ["FlopCounterMode", "register_flop_formula"]

suffixes = ["", "K", "M", "B", "T"]


class _Packet:
    """The name of an op of PyTorch's, a key of the counts: equal to torch.ops.aten.mm, which need
    not be there.
    """

    def __init__(self, name: str):
        self.name = name

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self.name}')>"

    def __eq__(self, other: object) -> bool:
        return str(other) == self.name

    def __hash__(self) -> int:
        return hash(self.name.replace(".", "::", 1))  # as library/namespaces.py has it


# ---------------------------------------------------------------- formulas, on shapes


def get_shape(i: Any) -> Any:
    """The shape of a tensor; anything else as it is."""
    return i.shape if isinstance(i, Tensor) else i


def mm_flop(a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """(M, K) by (K, N): 2 M K N"""
    m, k = a_shape
    k2, n = b_shape
    if k != k2:
        raise AssertionError(f"matmul: inner dimensions must match (k == k2), got {k} and {k2}")
    return m * n * 2 * k


def addmm_flop(self_shape: Any, a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None,
               **kwargs: Any) -> int:  # fmt: skip
    """The product's only: `mm_flop`"""
    return mm_flop(a_shape, b_shape)


def bmm_flop(a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """(B, M, K) by (B, K, N): 2 B M K N"""
    b, m, k = a_shape
    b2, k2, n = b_shape
    if b != b2:
        raise AssertionError(f"bmm: batch dimensions must match (b == b2), got {b} and {b2}")
    if k != k2:
        raise AssertionError(f"bmm: inner dimensions must match (k == k2), got {k} and {k2}")
    return b * m * n * 2 * k


def baddbmm_flop(self_shape: Any, a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None,
                 **kwargs: Any) -> int:  # fmt: skip
    """The product's only: `bmm_flop`"""
    return bmm_flop(a_shape, b_shape)


def conv_flop_count(
    x_shape: Sequence[int], w_shape: Sequence[int], out_shape: Sequence[int],
    transposed: bool = False,
) -> int:  # fmt: skip
    """Each weight times each place of the result (of the input, if transposed), twice."""
    places = (x_shape if transposed else out_shape)[2:]
    return prod(places) * prod(w_shape) * x_shape[0] * 2


def conv_flop(
    x_shape: Any, w_shape: Any, _bias: Any, _stride: Any, _padding: Any, _dilation: Any,
    transposed: bool, *args: Any, out_shape: Any = None, **kwargs: Any,
) -> int:  # fmt: skip
    """A convolution: `conv_flop_count`"""
    return conv_flop_count(x_shape, w_shape, out_shape, transposed=transposed)


def conv_backward_flop(
    grad_out_shape: Any, x_shape: Any, w_shape: Any, _bias: Any, _stride: Any, _padding: Any,
    _dilation: Any, transposed: bool, _output_padding: Any, _groups: int,
    output_mask: Sequence[bool], out_shape: Any = None,
) -> int:  # fmt: skip
    """The gradients that output_mask wants: of the input, and of the weight, which is a convolution
    of the input by the gradient with N and C swapped."""

    def swapped(shape: Any) -> list[int]:
        return [shape[1], shape[0], *shape[2:]]

    count = 0
    if output_mask[0]:
        count += conv_flop_count(grad_out_shape, w_shape, x_shape, not transposed)
    if output_mask[1]:
        first, second = (grad_out_shape, x_shape) if transposed else (x_shape, grad_out_shape)
        count += conv_flop_count(swapped(first), swapped(second), swapped(w_shape))
    return count


def sdpa_flop_count(query_shape: Any, key_shape: Any, value_shape: Any) -> int:
    """(B, H, L, E), (B, H, S, E), (B, H, S, V): scores, and scores by values"""
    b, h, s_q, d_q = query_shape
    s_k, d_v = key_shape[-2], value_shape[-1]
    return bmm_flop((b * h, s_q, d_q), (b * h, d_q, s_k)) + bmm_flop(
        (b * h, s_q, s_k), (b * h, s_k, d_v)
    )


def sdpa_flop(query_shape: Any, key_shape: Any, value_shape: Any, *args: Any,
              out_shape: Any = None, **kwargs: Any) -> int:  # fmt: skip
    """Attention: `sdpa_flop_count`"""
    return sdpa_flop_count(query_shape, key_shape, value_shape)


def sdpa_backward_flop_count(
    grad_out_shape: Any, query_shape: Any, key_shape: Any, value_shape: Any
) -> int:
    """Scores again, and four products for the gradients."""
    b, h, s_q, d_q = query_shape
    s_k, d_v = key_shape[-2], value_shape[-1]
    pairs = b * h * s_q * s_k * 2
    return pairs * (3 * d_q + 2 * d_v)


def sdpa_backward_flop(grad_out_shape: Any, query_shape: Any, key_shape: Any, value_shape: Any,
                       *args: Any, out_shape: Any = None, **kwargs: Any) -> int:  # fmt: skip
    """The backward of attention: `sdpa_backward_flop_count`"""
    return sdpa_backward_flop_count(grad_out_shape, query_shape, key_shape, value_shape)


def shape_wrapper(f: Any) -> Any:
    """f(shapes of tensors, out_shape=) as g(tensors, out_val=)"""

    @functools.wraps(f)
    def nf(*args: Any, out_val: Any = None, **kwargs: Any) -> Any:
        given = {k: get_shape(v) for k, v in kwargs.items()}
        return f(*[get_shape(a) for a in args], out_shape=get_shape(out_val), **given)

    return nf


flop_registry: dict[Any, Any] = {
    _Packet(f"aten.{name}"): shape_wrapper(formula)
    for name, formula in {
        "mm": mm_flop,
        "addmm": addmm_flop,
        "bmm": bmm_flop,
        "baddbmm": baddbmm_flop,
        "convolution": conv_flop,
        "_convolution": conv_flop,
        "convolution_backward": conv_backward_flop,
        "_scaled_dot_product_flash_attention": sdpa_flop,
        "_scaled_dot_product_flash_attention_backward": sdpa_backward_flop,
    }.items()
}


def register_flop_formula(targets: Any, get_raw: bool = False) -> Callable[[Callable], Callable]:
    """Decorator: f(shapes of the arguments, out_shape=) -> flops of these ops.

    targets  an op such as torch.ops.aten.sin, or several
    get_raw  f gets the tensors, and out_val=
    ValueError, RuntimeError: no op, or one that has a formula
    """

    def register(formula: Callable) -> Callable:
        known = formula if get_raw else shape_wrapper(formula)
        for target in targets if isinstance(targets, (list, tuple)) else [targets]:
            if "." not in str(target) or isinstance(target, type) or hasattr(target, "__code__"):
                raise ValueError(
                    "register_flop_formula(targets): expected each target to be OpOverloadPacket "
                    "(i.e. torch.ops.mylib.foo), JitFunction, or HigherOrderOperator, got "
                    f"{target} which is of type {type(target)}"
                )
            if target in flop_registry:
                raise RuntimeError(f"duplicate registrations for {target}")
            flop_registry[target] = known
        return formula

    return register


# ---------------------------------------------------------------- what our ops are in PyTorch


def _forward(name: str, args: Any) -> list[tuple[str, tuple]]:
    """[(op, arguments)] of PyTorch's that an op of ours is."""
    if name == "linear":
        x, w, b = args[:3]
        flat, turned = _Shaped((prod(x.shape[:-1]), x.shape[-1])), _Shaped(tuple(w.shape[::-1]))
        return [("addmm", (b, flat, turned))] if b is not None else [("mm", (flat, turned))]
    if name == "matmul_batched":
        x, y = args[:2]
        lead = _broadcast(x.shape[:-2], y.shape[:-2])
        x, y = (_Shaped((prod(lead), *t.shape[-2:])) for t in (x, y))
        return [("bmm", (x, y))]
    if name == "convolution_nd":
        return [("convolution", (*args[:6], False))]
    if name == "conv_transpose_nd":
        return [("convolution", (*args[:3], None, None, None, True))]
    if name == "attention":
        return [("_scaled_dot_product_flash_attention", tuple(map(_four, args[:3])))]
    if name in ("gru_layer", "rnn_layer"):
        return [("addmm", (None, *pair)) for pair in _recurrent(args)]
    return []


def _recurrent(args: Any) -> list:
    x, _, w_input, w_hidden = args[:4]  # x (L, N, I): one product for all steps, then one for each
    steps, n = x.shape[:2]
    return [
        (_Shaped((steps * n, x.shape[2])), _Shaped(tuple(w_input.shape[::-1]))),
        *[(_Shaped((n, w_hidden.shape[1])), _Shaped(tuple(w_hidden.shape[::-1])))] * steps,
    ]


def _backward(node: Any, grads: list) -> list[tuple[str, tuple]]:
    """Likewise for a node of ours, whose gradients have arrived."""
    card = node.card
    code = card.source.backward.__code__
    first = 1 + (1 if card.outputs == "list" else card.outputs)
    names = code.co_varnames[first : code.co_argcount]
    if not node.saved or len(names) != len(node.saved):
        return []
    kept = dict(zip(names, [getattr(s, "shape", s) for s in node.saved], strict=True))
    dy = grads[0]
    if dy is None:
        return []
    dy = dy.shape
    if card.name in ("mm", "addmm", "linear"):
        (i, j), found = (1, 2) if card.name == "addmm" else (0, 1), []
        x, w = _operands(card, kept)
        m, n = prod(dy[:-1]), dy[-1]
        if node.needs(i) and w is not None:
            k = w[1] if card.name == "linear" else w[0]
            found.append(("mm", (_Shaped((m, n)), _Shaped((n, k)))))
        if node.needs(j) and x is not None:
            found.append(("mm", (_Shaped((x[-1], m)), _Shaped((m, n)))))
        return found
    if card.name in ("bmm", "baddbmm", "matmul_batched"):
        (i, j), found = (1, 2) if card.name == "baddbmm" else (0, 1), []
        x, y = _operands(card, kept)
        b, m, n = prod(dy[:-2]), dy[-2], dy[-1]
        if node.needs(i) and y is not None:
            found.append(("bmm", (_Shaped((b, m, n)), _Shaped((b, n, y[-2])))))
        if node.needs(j) and x is not None:
            found.append(("bmm", (_Shaped((b, x[-1], m)), _Shaped((b, m, n)))))
        return found
    if card.name in ("convolution_nd", "conv_transpose_nd"):
        x, w = kept.get("x_shape"), kept.get("w_shape")
        mask = [node.needs(0), node.needs(1), False]
        turned = card.name == "conv_transpose_nd"
        shapes = (_Shaped(dy), _Shaped(x), _Shaped(w))
        return [("convolution_backward", (*shapes, None, 0, 0, 0, turned, 0, 1, mask))]
    if card.name == "attention":
        given = tuple(_four(_Shaped(s)) for s in (dy, *[kept[n] for n in names[:3]]))
        return [("_scaled_dot_product_flash_attention_backward", given)]
    return []


def _operands(card: Any, kept: dict) -> list:
    """The shapes of the two factors; None for what was not kept."""
    names = card.parameters[1:3] if card.name in ("addmm", "baddbmm") else card.parameters[:2]
    return [kept.get(name) for name in names]


class _Shaped:
    """An operand of which only the shape is known."""

    def __init__(self, shape: Any):
        self.shape = tuple(shape)


def _four(x: Any) -> Any:
    shape = tuple(x.shape)
    return _Shaped((prod(shape[:-3]), *(shape[-3:] if len(shape) > 2 else (1, *shape))))


def _broadcast(a: Any, b: Any) -> tuple:
    a, b = (1,) * (len(b) - len(a)) + tuple(a), (1,) * (len(a) - len(b)) + tuple(b)
    return tuple(max(i, j) if 0 not in (i, j) else 0 for i, j in zip(a, b, strict=True))


def _count(formula: Any, args: tuple, result: Any) -> int:
    given = [a.shape if isinstance(a, _Shaped) else a for a in args]
    return formula(*given, out_val=result)


# ---------------------------------------------------------------- the mode


class FlopCounterMode:
    """Context: counts the flops of what runs inside, by module and op, and prints them at the end.

    mods            not needed, as in PyTorch
    depth           how deep modules are shown; None: all
    display         print the table at the end
    custom_mapping  {op: f(shapes, out_shape=)} beside the known formulas

    >>> with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
    ...     y = torch.nn.Linear(4, 5)(torch.ones(3, 4))
    >>> counter.get_total_flops()
    120
    """

    def __init__(
        self,
        mods: Module | list[Module] | None = None,
        depth: int | None = 2,
        display: bool = True,
        custom_mapping: dict[Any, Any] | None = None,
    ) -> None:
        if mods is not None:
            warn("mods argument is not needed anymore, you can stop passing it")
        self.depth, self.display = 999999 if depth is None else depth, display
        self.flop_counts: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
        custom = {
            k: v if getattr(v, "_get_raw", False) else shape_wrapper(v)
            for k, v in (custom_mapping or {}).items()
        }
        self.flop_registry = {**flop_registry, **custom}

    def __enter__(self) -> FlopCounterMode:
        self.flop_counts.clear()
        self.thread = get_ident()
        self._formulas = {str(k): (k, f) for k, f in self.flop_registry.items()}
        self._inside = 0
        self._open: list[tuple[Module, str, int]] = []  # module, its name, the first node's number
        self._spans: list[tuple[int, int, str]] = []  # nodes of which numbers it made
        self._names: dict[int, str] = {}
        self._hooks = [
            register_module_forward_pre_hook(self._enter_module),
            register_module_forward_hook(self._leave_module, always_call=True),
        ]
        listen(self)
        return self

    def __exit__(self, *exc: object) -> None:
        unlisten(self)
        for hook in self._hooks:
            hook.remove()
        if self.display:
            print(self.get_table(self.depth))

    # modules

    def _enter_module(self, module: Module, args: Any) -> None:
        if get_ident() != self.thread:
            return
        name = self._names.get(id(module))
        if name is None:
            name = type(module).__name__
            for path, child in module.named_modules():
                self._names[id(child)] = f"{name}.{path}" if path else name
        self._open.append((module, name, next_number()))

    def _leave_module(self, module: Module, args: Any, output: Any) -> None:
        while self._open and get_ident() == self.thread:
            left, name, first = self._open.pop()
            self._spans.append((first, next_number(), name))
            if left is module:
                return

    def _add(self, modules: set[str], found: list[tuple[Any, int]]) -> None:
        for key, count in found:
            for name in {"Global", *modules}:
                self.flop_counts[name][key] += count

    # listening.py

    def begin(self, kind: str, name: str, args: Any, what: Any, keywords: Any) -> Any:
        """An op begins: is it counted?"""
        args = (*args, *keywords.values()) if what is not None and keywords else args
        if self._inside:
            return None
        if kind == "node":
            known = [(n, a) for n, a in _backward(what, args) if f"aten.{n}" in self._formulas]
            if not known:
                return None
            number = what.number
            modules = {m for first, last, m in self._spans if first < number < last}
            modules |= {m for _, m, first in self._open if first < number}
        elif kind in ("op", "change"):
            public = name if what is None or kind == "change" else op_name(what)
            known = _forward(getattr(what, "name", name), args) or [(public, args)]
            known = [(n, a) for n, a in known if f"aten.{n}" in self._formulas]
            if not known:
                return None
            modules = {m for _, m, _ in self._open}
        else:
            return None
        self._inside += 1
        return known, modules, kind == "node"

    def end(self, token: Any, result: Any) -> None:
        """It ended: count."""
        if token is None:
            return
        known, modules, backward = token
        self._inside -= 1
        if result is None:
            return
        found = []
        for name, args in known:
            key, formula = self._formulas[f"aten.{name}"]
            found.append((key, _count(formula, args, None if backward else result)))
        self._add(modules, found)

    # what was counted

    def get_total_flops(self) -> int:
        """All of them."""
        return sum(self.flop_counts["Global"].values())

    def get_flop_counts(self) -> dict[str, dict[Any, int]]:
        """{module: {op: flops}}; "Global": all."""
        return {name: dict(counts) for name, counts in self.flop_counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """The counts as text."""
        depth = self.depth if depth is None else depth
        whole = self.get_total_flops()
        unit = get_suffix_str(whole)

        def rows(name: str) -> list[list[str]]:
            counts = self.flop_counts[name]
            lines = [(name, sum(counts.values()))]
            lines += [(f"- {key}", count) for key, count in counts.items()]
            return [
                [text, convert_num_with_suffix(n, unit), convert_to_percent_str(n, whole)]
                for text, n in lines
            ]

        table: list[list[str]] = []
        covered = False
        for name in sorted(self.flop_counts):
            if name == "Global" or name.count(".") + 1 > depth:
                continue
            covered |= sum(self.flop_counts[name].values()) >= whole
            table += rows(name)
        if self.flop_counts["Global"] and not covered:
            table = rows("Global") + table
        return _laid_out(["Module", "FLOP", "% Total"], table or [["Global", "0", "0%"]])


def _laid_out(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(header[i]) + 2, *[len(row[i]) for row in rows]) for i in range(len(header))]
    lines = [header, ["-" * w for w in widths], *rows]
    return "\n".join(
        "  ".join(
            t.rjust(w) if i else t.ljust(w)
            for i, (t, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in lines
    )


def get_suffix_str(number: int) -> str:
    """The unit that a number is shown in: at least two digits before the point."""
    return suffixes[max(0, min(len(suffixes) - 1, (len(str(number)) - 2) // 3))]


def convert_num_with_suffix(number: int, suffix: str) -> str:
    """12345, "K" -> "12.345K" """
    index = suffixes.index(suffix)
    return f"{number / 1000**index:.3f}{suffix}" if index else str(number)


def convert_to_percent_str(num: float, denom: float) -> str:
    """1, 3 -> "33.33%" """
    return "0%" if denom == 0 else f"{num / denom:.2%}"


explain_missing(__name__)
