"""torch.nn.utils.spectral_norm: the older spectral normalisation, by a hook before forward.

Found under the name of the function too: see nn/utils/__init__.py. O rows of the weight as a
matrix, K columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.grad_mode import no_grad
from ...core.parameter import Parameter, is_lazy
from ...core.tensor import Tensor, wrap
from ...dispatch.registry import FUNCTIONAL as F
from ...dispatch.registry import FUNCTIONS as T
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "remove_spectral_norm",
    "spectral_norm",
]


class SpectralNorm:
    """The hook: sets a module's weight to w / σ before each forward.

    name                of the parameter; w is name_orig, the singular vectors name_u and name_v
    n_power_iterations  steps of the power method in each forward in training
    dim                 the dimension of the outputs
    eps                 smallest length that a vector is divided by
    """

    # the format of state dicts: 1 has v (before, it was computed from u), and no weight
    _version: int = 1
    name: str
    dim: int
    n_power_iterations: int
    eps: float

    def __init__(
        self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ):
        self.name, self.dim = name, dim
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.n_power_iterations, self.eps = n_power_iterations, eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """(O, K)"""
        if self.dim != 0:
            order = [self.dim, *(d for d in range(weight.dim()) if d != self.dim)]
            weight = weight.permute(*order)
        return weight.reshape(weight.size(0), -1)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """w / σ; the singular vectors are improved in place first, if asked for."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v = F["normalize"](matrix.t() @ u, dim=0, eps=self.eps, out=v)
                    u = F["normalize"](matrix @ v, dim=0, eps=self.eps, out=u)
                u, v = u.clone(), v.clone()  # the next call changes the buffers in place
        return weight / T["dot"](u, matrix @ v)

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again, of the value that it has."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        delattr(module, self.name)
        delattr(module, self.name + "_u")
        delattr(module, self.name + "_v")
        delattr(module, self.name + "_orig")
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        weight = self.compute_weight(module, do_power_iteration=module.training)
        setattr(module, self.name, weight)

    def _solve_v_and_rescale(self, matrix: Tensor, u: Tensor, target_sigma: Tensor) -> Tensor:
        """The v with u = normalize(W v) whose σ is the target: what older files do not have."""
        w, right = matrix._a.astype(np.float64), (matrix.t() @ u)._a
        v = wrap((np.linalg.pinv(w.T @ w) @ right).astype(matrix._a.dtype))
        return v * (target_sigma / T["dot"](u, matrix @ v))

    @staticmethod
    def apply(
        module: Module, name: str, n_power_iterations: int, dim: int, eps: float
    ) -> SpectralNorm:
        """Replace the parameter by the original and its singular vectors; put the hooks in.

        RuntimeError: they are there already. KeyError: no such parameter.
        """
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two spectral_norm hooks on the same parameter {name}"
                )
        made = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make "
                "sure to run the dummy forward before applying spectral normalization"
            )
        with no_grad():
            matrix = made.reshape_weight_to_matrix(weight)
            h, w = matrix.size()
            u = F["normalize"](weight.new_empty(h).normal_(0, 1), dim=0, eps=eps)
            v = F["normalize"](weight.new_empty(w).normal_(0, 1), dim=0, eps=eps)
        del module._parameters[name]
        module.register_parameter(name + "_orig", weight)
        # a plain attribute until the first forward, and no Parameter
        setattr(module, name, weight.detach())
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(made)
        module._register_state_dict_hook(SpectralNormStateDictHook(made))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(made))
        return made


class SpectralNormLoadStateDictPreHook:
    """Brings state dicts of earlier versions up to date: v is found from u and σ."""

    def __init__(self, fn: SpectralNorm):
        self.fn = fn

    def __call__(
        self,
        state_dict: dict,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list,
        unexpected_keys: list,
        error_msgs: list,
    ) -> None:
        fn = self.fn
        version = local_metadata.get("spectral_norm", {}).get(fn.name + ".version", None)
        if version is not None and version >= 1:
            return
        key = prefix + fn.name
        # made by a version that already wrote v, but not its number
        if (
            version is None
            and all(key + s in state_dict for s in ("_orig", "_u", "_v"))
            and (key not in state_dict)
        ):
            return
        complete = True
        for suffix in ("_orig", "", "_u"):
            if key + suffix not in state_dict:
                complete = False
                if strict:
                    missing_keys.append(key + suffix)
        if not complete:
            return
        with no_grad():
            original, weight, u = (state_dict[key + s] for s in ("_orig", "", "_u"))
            state_dict.pop(key)
            sigma = (original / weight).mean()
            matrix = fn.reshape_weight_to_matrix(original)
            state_dict[key + "_v"] = fn._solve_v_and_rescale(matrix, u, sigma)


class SpectralNormStateDictHook:
    """Writes the version into a state dict's metadata."""

    def __init__(self, fn: SpectralNorm):
        self.fn = fn

    def __call__(self, module: Module, state_dict: dict, prefix: str, local_metadata: dict) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value; returns the module.

    n_power_iterations  how many steps of the power method each forward in training makes
    eps                 smallest length that a vector is divided by
    dim                 the dimension of the outputs: 0; 1 for transposed convolutions
    KeyError: no such parameter. RuntimeError: it has one already.
    source  Miyato et al. 2018, arXiv:1802.05957
    """
    if dim is None:
        dim = int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Take spectral normalisation out; returns the module. ValueError: it has none."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for table in (module._state_dict_hooks, module._load_state_dict_pre_hooks):
        for key, hook in table.items():
            fn = getattr(hook[0] if isinstance(hook, tuple) else hook, "fn", None)
            if isinstance(fn, SpectralNorm) and fn.name == name:
                del table[key]
                break
    return module
