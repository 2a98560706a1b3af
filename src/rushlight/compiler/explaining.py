"""torch._dynamo.explain: what torch.compile makes of a function, without keeping it."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass
class GraphCompileReason:
    """Why a call runs eagerly, and where."""

    reason: str
    user_stack: list[Any]
    graph_break: bool = True


@dataclasses.dataclass
class ExplainOutput:
    """graphs, graph_break_count, break_reasons, op_count (XLA operations), ops_per_graph, ..."""

    graphs: list[Any]
    graph_count: int
    graph_break_count: int
    break_reasons: list[GraphCompileReason]
    op_count: int
    ops_per_graph: list[list[str]] | None = None
    out_guards: list[Any] | None = None
    compile_times: str | None = None

    def __str__(self) -> str:
        lines = [
            f"Graph Count: {self.graph_count}",
            f"Graph Break Count: {self.graph_break_count}",
            f"Op Count: {self.op_count}",
            "Break Reasons:",
        ]
        for i, reason in enumerate(self.break_reasons, 1):
            lines += [f"  Break Reason {i}:", f"    Reason: {reason.reason}", "    User Stack:"]
            lines += [f"      {frame}" for frame in reason.user_stack]
        lines.append("Ops per Graph:")
        for i, ops in enumerate(self.ops_per_graph or (), 1):
            lines.append(f"  Ops {i}:")
            lines += [f"    {op}" for op in ops]
        lines.append("Out Guards:")
        for i, guard in enumerate(self.out_guards or (), 1):
            lines += [f"  Guard {i}:", f"    Name: {guard!r}"]
        if self.compile_times is not None:
            lines.append(f"Compile Times: {self.compile_times}")
        return "\n".join(lines)


def explained(f: Any, args: tuple, kwargs: dict) -> ExplainOutput:
    """Call f once, as torch.compile(f, backend="xla") would, and say what came of it."""
    import warnings

    from .program import EAGER, Program

    program = Program(f, on_host=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program(*args, **kwargs)
    entries = [e for e in program.known.values() if e is not EAGER]
    reasons = [
        GraphCompileReason(text, [] if frame is None else [frame])
        for text, frame in program.reasons
    ]
    guards = [g.label for world in program.worlds.values() for g in world.guards]
    return ExplainOutput(
        graphs=entries,
        graph_count=len(entries),
        graph_break_count=len(reasons),
        break_reasons=reasons,
        op_count=sum(len(e.equations) for e in entries),
        ops_per_graph=[e.equations for e in entries],
        out_guards=guards,
        compile_times="".join(f"\ntrace, {e.seconds:.4f}" for e in entries),
    )
