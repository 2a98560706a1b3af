"""torch.nn.utils.prune: parameters with a mask of zeros and ones in front.

A pruned module keeps `weight_orig`, the parameter, and `weight_mask`, a buffer; a hook sets
`weight` to their product before each forward. A method says which elements become 0; several
methods on one parameter are a PruningContainer, each seeing what the others left.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from ...core.layout import contiguous_format
from ...core.tensor import Tensor
from ...dispatch.registry import FUNCTIONS as T
from ..module import Module


class BasePruningMethod(ABC):
    """A method: `compute_mask` is its own, `PRUNING_TYPE` one of "unstructured" (elements),
    "structured" (slices along `dim`), "global" (all at once)."""

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Module, inputs: Any) -> None:
        """The forward pre-hook."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for t, or for scores of that shape, on top of the mask that it has."""

    def apply_mask(self, module: Module) -> Tensor:
        """The masked parameter."""
        assert self._tensor_name is not None, f"Module {module} has to be pruned"
        mask = getattr(module, self._tensor_name + "_mask")
        original = getattr(module, self._tensor_name + "_orig")
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(
        cls,
        module: Module,
        name: str,
        *args: Any,
        importance_scores: Tensor | None = None,
        **kwargs: Any,
    ) -> BasePruningMethod:
        """Prune a parameter; returns the method, or the container that it joined.

        importance_scores  what the method looks at instead of the elements
        """
        found = [
            (key, hook)
            for key, hook in module._forward_pre_hooks.items()
            if isinstance(hook, BasePruningMethod) and hook._tensor_name == name
        ]
        assert len(found) <= 1, (
            f"Avoid having multiple pruning hooks on the same\ntensor {name} in module {module}. "
            "Use a PruningContainer."
        )
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        for key, old in found:
            added = method
            method = old if isinstance(old, PruningContainer) else PruningContainer(old)
            method.add_pruning_method(added)
            del module._forward_pre_hooks[key]
        original = getattr(module, name)
        if importance_scores is not None:
            assert importance_scores.shape == original.shape, (
                "importance_scores should have the same shape as parameter "
                f"{name} of {module}, got {importance_scores.shape} vs {original.shape}"
            )
        scores = original if importance_scores is None else importance_scores
        if not found:
            module.register_parameter(name + "_orig", original)
            del module._parameters[name]
            mask = T["ones_like"](original)
        else:
            before = getattr(module, name + "_mask")
            mask = before.detach().clone(memory_format=contiguous_format)
        try:
            mask = method.compute_mask(scores, default_mask=mask)
            module.register_buffer(name + "_mask", mask)
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if not found:  # as if nothing had been asked for
                parameter = getattr(module, name + "_orig")
                module.__dict__.pop(name, None)
                module.register_parameter(name, parameter)
                del module._parameters[name + "_orig"]
            raise
        return method

    def prune(
        self,
        t: Tensor,
        default_mask: Tensor | None = None,
        importance_scores: Tensor | None = None,
    ) -> Tensor:
        """t with the method's mask applied; nothing is remembered."""
        if importance_scores is not None:
            assert importance_scores.shape == t.shape, (
                "importance_scores should have the same shape as tensor t"
            )
        else:
            importance_scores = t
        mask = default_mask if default_mask is not None else T["ones_like"](t)
        return t * self.compute_mask(importance_scores, default_mask=mask)

    def remove(self, module: Module) -> None:
        """Make the masked parameter the parameter; the mask is gone."""
        assert self._tensor_name is not None, (
            f"Module {module} has to be pruned            before pruning can be removed"
        )
        weight = self.apply_mask(module)
        if hasattr(module, self._tensor_name):
            delattr(module, self._tensor_name)
        original = module._parameters[self._tensor_name + "_orig"]
        assert original is not None
        original.data = weight.data
        del module._parameters[self._tensor_name + "_orig"]
        del module._buffers[self._tensor_name + "_mask"]
        setattr(module, self._tensor_name, original)


class PruningContainer(BasePruningMethod):
    """Several methods on one parameter, in the order in which they were added."""

    def __init__(self, *args: Any):
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if not isinstance(args, Iterable):
            args = (args,)
        for i, method in enumerate(args):
            if i == 0:
                self._tensor_name = method._tensor_name
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """TypeError: no method. ValueError: a method of another parameter."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the method added last, applied to what default_mask leaves."""
        method: Any = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)
        if method.PRUNING_TYPE == "unstructured":
            left: Any = mask == 1
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    "Pruning methods of PRUNING_TYPE "
                    '"structured" need to have the attribute `dim` defined.'
                )
            dim = method.dim % t.dim()
            others = [d for d in range(t.dim()) if d != dim]
            kept = mask.sum(dim=others) != 0  # slices that are not all zeros
            left = (*(slice(None) for _ in range(dim)), kept)
        elif method.PRUNING_TYPE == "global":
            left = (slice(None),) * t.dim()
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        part = method.compute_mask(t[left], default_mask=mask[left])
        mask = mask.clone()
        mask[left] = part.to(dtype=mask.dtype)
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing: gives a parameter its mask of ones."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str) -> Any:  # type: ignore[override]
        """Prune a parameter of the module."""
        return super().apply(module, name)


class RandomUnstructured(BasePruningMethod):
    """Random elements. amount: how many (int), or which part of them (float)."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: Any):
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _how_many(self.amount, t.nelement())
        mask = default_mask.clone(memory_format=contiguous_format)
        if count:
            chosen = T["topk"](T["rand_like"](t).view(-1), k=count)
            mask.view(-1)[chosen.indices] = 0
        return mask

    @classmethod
    def apply(cls, module: Module, name: str, amount: Any) -> Any:  # type: ignore[override]
        """Prune a parameter of the module."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(BasePruningMethod):
    """The elements of the smallest size. amount: how many (int), or which part of them (float)."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: Any):
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _how_many(self.amount, t.nelement())
        mask = default_mask.clone(memory_format=contiguous_format)
        if count:
            smallest = T["topk"](t.abs().reshape(-1), k=count, largest=False)
            mask.view(-1)[smallest.indices] = 0
        return mask

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: Any, importance_scores: Tensor | None = None
    ) -> Any:
        """Prune a parameter of the module."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class RandomStructured(BasePruningMethod):
    """Random slices along dim. amount: how many (int), or which part of them (float)."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1):
        _check_amount(amount)
        self.amount, self.dim = amount, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        _check_structured(t, self.dim)
        slices = t.shape[self.dim]
        count = _how_many(self.amount, slices)
        if not count:
            return default_mask
        chance = T["rand"](slices)
        kept = chance > T["kthvalue"](chance, k=count).values
        return _of_slices(t, self.dim, kept) * default_mask.to(dtype=t.dtype)

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: Any, dim: int = -1
    ) -> Any:
        """Prune a parameter of the module."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(BasePruningMethod):
    """The slices along dim of the smallest n-norm. amount: how many (int), or which part (float).

    n  as the p of `torch.norm`
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, n: Any, dim: int = -1):
        _check_amount(amount)
        self.amount, self.n, self.dim = amount, n, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        _check_structured(t, self.dim)
        slices = t.shape[self.dim]
        count = _how_many(self.amount, slices)
        if not count:
            return default_mask
        others = [d for d in range(t.dim()) if d != self.dim % t.dim()]
        norms = T["norm"](t, p=self.n, dim=others)
        kept = T["zeros_like"](norms)
        kept[T["topk"](norms, k=slices - count).indices] = 1
        return _of_slices(t, self.dim, kept != 0) * default_mask.to(dtype=t.dtype)

    @classmethod
    def apply(  # type: ignore[override]
        cls,
        module: Module,
        name: str,
        amount: Any,
        n: Any,
        dim: int,
        importance_scores: Tensor | None = None,
    ) -> Any:
        """Prune a parameter of the module."""
        return super().apply(
            module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores
        )


class CustomFromMask(BasePruningMethod):
    """The zeros of a given mask."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor):
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        assert default_mask.shape == self.mask.shape, (
            f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
        )
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Tensor) -> Any:  # type: ignore[override]
        """Prune a parameter of the module."""
        return super().apply(module, name, mask=mask)


# ---------------------------------------------------------------- as functions


def identity(module: Module, name: str) -> Module:
    """Give a parameter a mask of ones; returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: Any) -> Module:
    """Prune random elements of a parameter; returns the module.

    amount  how many (int), or which part of those that are left (float in [0, 1])
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(
    module: Module, name: str, amount: Any, importance_scores: Tensor | None = None
) -> Module:
    """Prune the elements of the smallest size; returns the module.

    amount             how many (int), or which part of those that are left (float in [0, 1])
    importance_scores  looked at instead of the elements, of their shape
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: Any, dim: int) -> Module:
    """Prune random slices along dim; returns the module.

    amount  how many (int), or which part of those that are left (float in [0, 1])
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module,
    name: str,
    amount: Any,
    n: Any,
    dim: int,
    importance_scores: Tensor | None = None,
) -> Module:
    """Prune the slices along dim of the smallest n-norm; returns the module.

    amount             how many (int), or which part of those that are left (float in [0, 1])
    importance_scores  looked at instead of the elements, of their shape
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune where the mask is 0; returns the module. AssertionError: another shape."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: Any,
    importance_scores: dict | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one.

    parameters         (module, name) of each
    pruning_method     an unstructured one, as a class; kwargs are its arguments
    importance_scores  {(module, name): tensor}, looked at instead of the elements
    TypeError: not such arguments.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    given = {} if importance_scores is None else importance_scores
    if not isinstance(given, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    targets = list(parameters)
    tensors = [getattr(module, name) for module, name in targets]
    scores = [given.get(key, t) for key, t in zip(targets, tensors, strict=True)]
    masks = [
        getattr(module, name + "_mask", T["ones_like"](t))
        for (module, name), t in zip(targets, tensors, strict=True)
    ]
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for '
            f"the `pruning_method`. Found method {pruning_method} of type {method.PRUNING_TYPE}"
        )
    container = PruningContainer(method)
    mask = container.compute_mask(
        T["cat"]([t.reshape(-1) for t in scores]),
        default_mask=T["cat"]([t.reshape(-1) for t in masks]),
    )
    start = 0
    for (module, name), t in zip(targets, tensors, strict=True):
        part = mask[start : start + t.numel()].view_as(t)
        custom_from_mask(module, name, mask=part)
        start += t.numel()


def remove(module: Module, name: str) -> Module:
    """Make pruning permanent: the masked parameter becomes the parameter; returns the module.

    ValueError: it is not pruned.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(
        f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
    )


def is_pruned(module: Module) -> bool:
    """True if a parameter of the module, or of one inside it, is pruned."""
    return any(
        isinstance(hook, BasePruningMethod)
        for _, submodule in module.named_modules()
        for hook in submodule._forward_pre_hooks.values()
    )


# ---------------------------------------------------------------- checks


def _check_amount(amount: Any) -> None:
    """TypeError: no number. ValueError: a fraction outside [0, 1], a negative count."""
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    whole = isinstance(amount, numbers.Integral)
    if (whole and amount < 0) or (not whole and not 0.0 <= amount <= 1.0):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] or a non-negative "
            "integer"
        )


def _how_many(amount: Any, size: int) -> int:
    """The number of elements or slices to prune. ValueError: more than there are."""
    if isinstance(amount, numbers.Integral):
        if amount > size:
            raise ValueError(
                f"amount={amount} should be smaller than the number of parameters to prune={size}"
            )
        return int(amount)
    return round(amount * size)


def _check_structured(t: Tensor, dim: int) -> None:
    """ValueError: a vector. IndexError: no such dimension."""
    if t.dim() <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of "
            f"shape {t.shape} with {t.dim()} dims"
        )
    if dim >= t.dim() or dim < -t.dim():
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")


def _of_slices(t: Tensor, dim: int, kept: Tensor) -> Tensor:
    """A mask of t's shape: 1 in the slices along dim that are kept."""
    mask = T["zeros_like"](t)
    mask[(*(slice(None) for _ in range(dim % t.dim())), kept)] = 1
    return mask
