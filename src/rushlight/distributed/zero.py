"""ZeroRedundancyOptimizer: each process keeps the optimizer's state of a part of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..optim import Optimizer
from .data_parallel import sync_tensors
from .groups import _member, get_group_rank
from .objects import gather_object

__all__ = ["ZeroRedundancyOptimizer"]


class ZeroRedundancyOptimizer(Optimizer):
    """optimizer_class over parameters that all processes have, whose gradients are equal.

    Each process steps its own part of the parameters, about 1 / K of their size, has state for
    these only, and sends them to the others. The numbers are those of the optimizer itself.

    params           as for any optimizer
    optimizer_class  of torch.optim; defaults: its options
    parameters_as_bucket_view  has no effect

    errors  TypeError: optimizer_class is none. NotImplementedError: overlap_with_ddp
            RuntimeError: state_dict without consolidate_state_dict
    Source: Rajbhandari et al. 2020, arXiv:1910.02054 (stage 1)
    """

    def __init__(
        self,
        params: Iterable,
        optimizer_class: type[Optimizer],
        process_group: Any = None,
        parameters_as_bucket_view: bool = False,
        overlap_with_ddp: bool = False,
        **defaults: Any,
    ):
        if not (isinstance(optimizer_class, type) and issubclass(optimizer_class, Optimizer)):
            raise TypeError(f"optimizer_class {optimizer_class!r} is not an optimizer")
        if overlap_with_ddp:
            raise NotImplementedError(
                "rushlight does not have ZeroRedundancyOptimizer(overlap_with_ddp=True)"
            )
        self.process_group = _member(process_group)
        self._class, self._options = optimizer_class, defaults
        self._all_state: dict | None = None
        self._made = False
        super().__init__(params, defaults)
        self._made = True
        self._make()

    def _owners(self) -> dict[int, int]:
        """id of a parameter -> the process that steps it: the largest first, to whom has least."""
        loads = [0] * self.process_group.size()
        found = {}
        for group in self.param_groups:
            for p in sorted(group["params"], key=lambda p: -p.numel()):
                rank = loads.index(min(loads))
                loads[rank] += p.numel()
                found[id(p)] = rank
        return found

    def _make(self) -> None:
        """The optimizer of this process's part."""
        self._owner, rank = self._owners(), self.process_group.rank()
        groups: list[dict[str, Any]] = []
        for group in self.param_groups:
            mine = [p for p in group["params"] if self._owner[id(p)] == rank]
            groups.append({k: v for k, v in group.items() if k != "param_names"} | {"params": mine})
        self.optim = self._class(groups, **self._options)
        for group, part in zip(self.param_groups, self.optim.param_groups, strict=True):
            for key, value in part.items():
                group.setdefault(key, value)  # options that the class has by default
        self.state = self.optim.state

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize further parameters."""
        super().add_param_group(param_group)
        if self._made:
            state = self.optim.state
            self._make()
            self.optim.state.update(state)

    def step(self, closure: Callable | None = None) -> Any:
        """One update of the own part; then all parameters are those of their owners."""
        for group, part in zip(self.param_groups, self.optim.param_groups, strict=True):
            part.update({k: v for k, v in group.items() if k not in ("params", "param_names")})
        loss = self.optim.step() if closure is None else self.optim.step(closure)
        for owner in range(self.process_group.size()):
            tensors = [
                p for g in self.param_groups for p in g["params"] if self._owner[id(p)] == owner
            ]
            if tensors:
                sync_tensors(tensors, self.process_group, owner)
        return loss

    # ---- saving

    def _numbered(self) -> dict[int, int]:
        params = [p for group in self.param_groups for p in group["params"]]
        return {id(p): i for i, p in enumerate(params)}

    def consolidate_state_dict(self, to: int = 0) -> None:
        """Brings all state to the process `to`; all processes call it."""
        numbers = self._numbered()
        here = {numbers[id(p)]: dict(values) for p, values in self.optim.state.items()}
        group = self.process_group
        target = get_group_rank(group, to)
        lists: Any = [None] * group.size() if group.rank() == target else None
        gather_object(here, lists, group=group, group_dst=target)
        self._all_state = None
        if lists is not None:
            merged = {i: values for part in lists for i, values in part.items()}
            self._all_state = dict(sorted(merged.items()))

    def state_dict(self) -> dict[str, Any]:
        """The state of all parameters, as the optimizer itself would have it.

        errors  RuntimeError: consolidate_state_dict was not called, or to another process
        """
        if self._all_state is None:
            raise RuntimeError(
                "Optimizer state has not been consolidated on this rank. Please call "
                f"`consolidate_state_dict(to={self.process_group.rank()})` on all ranks beforehand "
                "if you meant to save the global state."
            )
        numbers = self._numbered()
        groups = [
            group | {"params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": dict(self._all_state), "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The state of all parameters: each process takes what is its own."""
        numbers, rank = self._numbered(), self.process_group.rank()
        order = [[numbers[id(p)] for p in g["params"]] for g in self.optim.param_groups]
        places = {i: k for k, i in enumerate(i for group in order for i in group)}
        owned = {i for p, i in numbers.items() if self._owner[p] == rank}
        start = 0
        groups = []
        for part, loaded in zip(order, state_dict["param_groups"], strict=True):
            groups.append(loaded | {"params": list(range(start, start + len(part)))})
            groups[-1].pop("param_names", None)
            start += len(part)
        state = {places[i]: v for i, v in state_dict["state"].items() if i in owned}
        self.optim.load_state_dict({"state": state, "param_groups": groups})
        for group, part in zip(self.param_groups, self.optim.param_groups, strict=True):
            group.update({k: v for k, v in part.items() if k != "params"})
        self.state = self.optim.state
        self._all_state = None
