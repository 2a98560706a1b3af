"""Modules as functions of their tensors: functional_call, stack_module_state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.names import explain_missing
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS
from ..nn.module import Module
from ..nn.norm import _BatchNorm
from ..nn.utils.stateless import _functional_call

__all__ = ["functional_call", "replace_all_batch_norm_modules_", "stack_module_state"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """module(*args, **kwargs), with other tensors in place of its parameters and buffers.

    parameter_and_buffer_dicts  {name: tensor}, as `named_parameters` names them, or several such
                                dicts; the module keeps those of its own that are not named. What
                                the call puts in their place (running means) is in the dict after
    args, kwargs                a tuple, or one argument; keyword arguments
    tie_weights                 a tensor that the module has under several names is replaced under
                                all of them
    strict                      exactly the module's names must be given: RuntimeError
    ValueError: no dicts, a name in two dicts, two tensors for one. TypeError: no tensors.

    >>> layer = nn.Linear(2, 1)
    >>> functional_call(layer, {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}, torch.ones(2))
    tensor([2.])
    """
    given: Any = parameter_and_buffer_dicts
    if isinstance(given, dict):
        tensors = given
    elif isinstance(given, Sequence):
        if not all(isinstance(d, dict) for d in given):
            raise ValueError(
                "Expected all elements of parameter_and_buffer_dicts to be dictionaries"
            )
        names = [name for d in given for name in d]
        repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if repeated:
            raise ValueError(
                f"{repeated} appeared in multiple dictionaries; behavior of functional call is "
                "ambiguous"
            )
        tensors = {name: t for d in given for name, t in d.items()}
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, "
            f"but got {type(given)}"
        )
    return _functional_call(module, tensors, args, kwargs, tie_weights=tie_weights, strict=strict)


def stack_module_state(
    models: Sequence[Module],
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """(parameters, buffers) of several models of one class, each tensor stacked along dimension 0.

    RuntimeError: no models, of different classes, some in training and some not.
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({model.training for model in models}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if len({type(model) for model in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    return (
        {k: _stacked([d[k] for d in parameters]) for k in parameters[0]},
        {k: _stacked([d[k] for d in buffers]) for k in buffers[0]},
    )


def _stacked(tensors: list[Tensor]) -> Tensor:
    """New leaves: gradients stay with the stack."""
    wants = [t.requires_grad for t in tensors]
    if len(set(wants)) > 1:
        raise RuntimeError("Expected Parameters from each model to have the same .requires_grad")
    return FUNCTIONS["stack"](tensors).detach().requires_grad_(wants[0])


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Make every batch norm of a module use the statistics of its batch, and keep none: running
    statistics would be changed in place inside vmap. The module itself is changed and returned."""
    for module in root.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean = module.running_var = None
            module.num_batches_tracked = None
            module.track_running_stats = False
    return root


explain_missing(__name__)
