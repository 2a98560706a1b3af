"""torch.nn.utils.parametrizations: weights that are orthogonal, or normalised by slice or spectrum.

Each function registers a module of `parametrize` on a parameter. O rows, I columns of a weight.
"""

from __future__ import annotations

from ...core.dtype_info import finfo
from ...core.grad_mode import no_grad
from ...core.tensor import Tensor
from ...dispatch.registry import FUNCTIONAL as F
from ...dispatch.registry import FUNCTIONS as T
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


# ---------------------------------------------------------------- orthogonal

_MAPS = ("matrix_exp", "cayley", "householder")


def _is_orthogonal(q: Tensor, eps: float | None = None) -> bool:
    """True if QᴴQ is the identity, up to 10 n rounding errors."""
    n, k = q.shape[-2:]
    eye = T["eye"](k, dtype=q.dtype, device=q.device)
    eps = eps or 10.0 * n * finfo(q.dtype).eps
    return T["allclose"](q.mH @ q, eye, atol=eps)


def _make_orthogonal(x: Tensor) -> Tensor:
    """The Q of x = Q R whose R has a positive diagonal."""
    a, tau = T["geqrf"](x)
    q = T["linalg.householder_product"](a, tau)
    return q * a.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """A matrix with orthonormal columns (rows, if it has more columns) out of a free one.

    base   what trivialisations multiply, found by right_inverse
    """

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True):
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        """X (*, O, I) -> Q (*, O, I)"""
        n, k = X.shape[-2:]
        wide = n < k
        if wide:
            X = X.mT
            n, k = k, n
        if self.orthogonal_map == "householder":
            a = X.tril(-1)
            tau = 2 / (1 + (a * a).sum(-2))  # what makes I - τ v vᵀ orthogonal
            q = T["linalg.householder_product"](a, tau)
            q = q * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)  # ±1, kept by right_inverse
        else:
            q = self._of_skew(X.tril(), n, k)
        if getattr(self, "base", None) is not None:
            q = self.base @ q
        return q.mT if wide else q

    def _of_skew(self, a: Tensor, n: int, k: int) -> Tensor:
        """k columns of an orthogonal matrix out of the skew symmetric a - aᴴ."""
        if n != k:
            a = T["cat"]([a, a.new_zeros(n, n - k).expand(*a.shape[:-2], -1, -1)], -1)
        a = a - a.mH
        if self.orthogonal_map == "matrix_exp":
            q = T["matrix_exp"](a)
        else:
            eye = T["eye"](n, dtype=a.dtype, device=a.device)
            q = T["linalg.solve"](eye - 0.5 * a, eye + 0.5 * a)
        return q[..., :k] if n != k else q

    def right_inverse(self, Q: Tensor) -> Tensor:
        """What forward makes Q of, if Q is orthogonal. ValueError: another shape.

        NotImplementedError: matrix_exp or cayley without a base.
        """
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                f"shape {Q.shape}."
            )
        given, (n, k) = Q, Q.shape[-2:]
        wide = n < k
        if wide:
            Q, n, k = Q.mT, k, n
        if not hasattr(self, "base"):
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley "
                    "parametrizations when use_trivialization=False."
                )
            a, tau = T["geqrf"](Q)
            diagonal = a.diagonal(dim1=-2, dim2=-1)
            diagonal.sign_()
            diagonal[tau == 0] *= -1  # no reflection: the sign of Q is that of R
            return a.mT if wide else a
        if n == k:
            x = Q.clone() if _is_orthogonal(Q) else _make_orthogonal(Q)
        else:  # the base is square: random columns are added
            noise = T["randn"](*Q.shape[:-2], n, n - k, dtype=Q.dtype, device=Q.device)
            x = _make_orthogonal(T["cat"]([Q, noise], -1))
        self.base = x
        start = T["zeros_like"](given)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)  # its skew part is 0: forward gives the base
        return start


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Make a weight orthogonal: QᴴQ = I, or QQᴴ = I if it has more columns than rows.

    orthogonal_map      "matrix_exp": Q = exp(A), "cayley": Q = (I - A/2)⁻¹ (I + A/2), A = X - Xᴴ;
                        "householder": Q = the product of reflections below X's diagonal. Default:
                        matrix_exp for square and complex weights, householder for others
    use_trivialization  Q is multiplied from the left by a fixed orthogonal matrix, the weight as it
                        is now: assigning to the weight becomes possible, training easier
    ValueError: no such map, fewer than 2 dimensions, no such parameter.
    source  Lezcano-Casado 2019, arXiv:1909.09501
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
            f"Got: {orthogonal_map}"
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)


# ---------------------------------------------------------------- weight_norm


class _WeightNorm(Module):
    """w = g v / |v|"""

    def __init__(self, dim: int | None = 0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """(g, v) -> w"""
        return T["_weight_norm"](weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """w -> (its norms, w)"""
        return T["norm_except_dim"](weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train a weight's length and direction apart: w = g v / |v|.

    dim  a norm for each slice along dim; None: one for all of the weight
    original0 is g, original1 is v; state dicts of the older `nn.utils.weight_norm` are read.
    IndexError: no such dimension. ValueError: no such parameter.
    source  Salimans & Kingma 2016, arXiv:1602.07868
    """
    made = _WeightNorm(dim)
    register_parametrization(module, name, made, unsafe=True)

    def older_names(
        state_dict: dict,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list,
        unexpected_keys: list,
        error_msgs: list,
    ) -> None:
        g, v = f"{prefix}{name}_g", f"{prefix}{name}_v"
        if g in state_dict and v in state_dict:
            where = f"{prefix}parametrizations.{name}.original"
            state_dict[where + "0"] = state_dict.pop(g)
            state_dict[where + "1"] = state_dict.pop(v)

    module._register_load_state_dict_pre_hook(older_names)
    return module


# ---------------------------------------------------------------- spectral_norm


class _SpectralNorm(Module):
    """w / σ, σ the largest singular value, found by power iteration.

    _u, _v   the singular vectors so far: buffers; each call in training improves them
    """

    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ):
        super().__init__()
        ndim = weight.ndim
        if dim >= ndim or dim < -ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but "
                f"got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim if dim >= 0 else dim + ndim
        self.eps = eps
        if ndim > 1:  # the spectral norm of a vector is its length
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            h, w = matrix.shape
            u, v = matrix.new_empty(h).normal_(0, 1), matrix.new_empty(w).normal_(0, 1)
            self.register_buffer("_u", F["normalize"](u, dim=0, eps=eps))
            self.register_buffer("_v", F["normalize"](v, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _matrix(self, weight: Tensor) -> Tensor:
        """(O, rest), O in front."""
        if self.dim != 0:
            order = [self.dim, *(d for d in range(weight.ndim) if d != self.dim)]
            weight = weight.permute(*order)
        return weight.flatten(1)

    def _power_method(self, matrix: Tensor, n: int) -> None:
        """v ← Wᴴu / |Wᴴu|, u ← Wv / |Wv|, n times, in the buffers."""
        with no_grad():
            for _ in range(n):
                F["normalize"](matrix @ self._v, dim=0, eps=self.eps, out=self._u)
                F["normalize"](matrix.mH @ self._u, dim=0, eps=self.eps, out=self._v)

    def forward(self, weight: Tensor) -> Tensor:
        """w -> w / σ"""
        if weight.ndim == 1:
            return F["normalize"](weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the next call changes the buffers in place
        return weight / T["vdot"](u, matrix @ v)

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself: it is taken as a weight before the norm."""
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value.

    n_power_iterations  how many steps of the power method each call in training makes
    eps                 smallest length that a vector is divided by
    dim                 the dimension of the outputs: 0; 1 for transposed convolutions
    ValueError: no such parameter, n_power_iterations below 1. IndexError: no such dimension.
    source  Miyato et al. 2018, arXiv:1802.05957
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if dim is None:
        dim = int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))
    made = _SpectralNorm(weight, n_power_iterations, dim, eps)
    return register_parametrization(module, name, made)
