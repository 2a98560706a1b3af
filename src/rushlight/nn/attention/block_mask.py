"""BlockMask: a mask of attention with a count of its blocks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap

__all__ = ["BlockMask"]

_FIELDS = (
    "kv_num_blocks kv_indices full_kv_num_blocks full_kv_indices "
    "q_num_blocks q_indices full_q_num_blocks full_q_indices"
).split()


def noop_mask(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> Tensor:
    """The mask that is True everywhere."""
    return batch.new_ones((), dtype=_BOOL)


_DEFAULT_SPARSE_BLOCK_SIZE = 128
_BOOL = wrap(np.zeros((), bool)).dtype


def _cut_mask(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
    raise RuntimeError(
        "Cannot use mask_mod from a sliced BlockMask\n"
        "  its indices no longer count from the whole mask's first batch and head; fix: make the "
        "mask anew with create_block_mask"
    )


_cut_mask.__name__ = "_sliced_mask_mod_error"


def ordered(blocks: np.ndarray) -> tuple[Tensor, Tensor]:
    """blocks (*, R, C) bool -> how many are True in each row, and the columns, those first."""
    count = blocks.sum(-1).astype(np.int32)
    columns = np.argsort(~blocks, axis=-1, kind="stable").astype(np.int32)
    return wrap(count), wrap(columns)


def _blocks(count: Tensor, columns: Tensor, width: int) -> np.ndarray:
    """The inverse of `ordered`."""
    found = np.zeros((*columns._a.shape[:-1], width), bool)
    listed = np.arange(columns._a.shape[-1]) < count._a[..., None]
    *lead, at = np.nonzero(listed)
    found[(*lead, columns._a[(*lead, at)])] = True
    return found


class BlockMask:
    """A mask (B, H, T, S): mask_mod, and for each row of blocks which ones it reaches.

    kv_num_blocks, kv_indices            the partial blocks of each row of blocks: how many, and
                                         their columns first
    full_kv_num_blocks, full_kv_indices  those that are True throughout
    q_...                                the same by columns of blocks
    errors                               RuntimeError: kv_indices of fewer than 2 dimensions;
                                         NotImplementedError: dq_... (orders for kernels on GPUs)
    """

    def __init__(
        self,
        seq_lengths: tuple[int, int],
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None,
        full_kv_indices: Tensor | None,
        q_num_blocks: Tensor | None,
        q_indices: Tensor | None,
        full_q_num_blocks: Tensor | None,
        full_q_indices: Tensor | None,
        BLOCK_SIZE: tuple[int, int] = (_DEFAULT_SPARSE_BLOCK_SIZE, _DEFAULT_SPARSE_BLOCK_SIZE),
        mask_mod: Callable[..., Tensor] = noop_mask,
        *,
        dq_write_order: Tensor | None = None,
        dq_write_order_full: Tensor | None = None,
        dq_kv_order: Tensor | None = None,
        dq_kv_order_spt: bool | None = None,
    ):
        orders = {
            "dq_write_order": dq_write_order,
            "dq_write_order_full": dq_write_order_full,
            "dq_kv_order": dq_kv_order,
            "dq_kv_order_spt": dq_kv_order_spt,
        }
        for name, given in orders.items():
            if given is not None:
                raise NotImplementedError(
                    f"BlockMask({name}=...): there is no kernel here that writes in an order; "
                    "fix: leave it out"
                )
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        self.seq_lengths, self.BLOCK_SIZE, self.mask_mod = seq_lengths, BLOCK_SIZE, mask_mod
        self.kv_num_blocks, self.kv_indices = kv_num_blocks, kv_indices
        self.full_kv_num_blocks, self.full_kv_indices = full_kv_num_blocks, full_kv_indices
        self.q_num_blocks, self.q_indices = q_num_blocks, q_indices
        self.full_q_num_blocks, self.full_q_indices = full_q_num_blocks, full_q_indices

    @classmethod
    def from_kv_blocks(
        cls,
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None = None,
        full_kv_indices: Tensor | None = None,
        BLOCK_SIZE: int | tuple[int, int] = _DEFAULT_SPARSE_BLOCK_SIZE,
        mask_mod: Callable[..., Tensor] | None = None,
        seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
    ) -> BlockMask:
        """From what the rows of blocks reach; the columns follow."""
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        if (full_kv_num_blocks is None) != (full_kv_indices is None):
            raise AssertionError(
                "full_kv_num_blocks and full_kv_indices must be both provided or omitted"
            )
        size = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else tuple(BLOCK_SIZE)
        width = kv_indices.shape[-1]
        pairs = ((kv_num_blocks, kv_indices), (full_kv_num_blocks, full_kv_indices))
        by_column: list = []
        for count, columns in pairs:
            if not compute_q_blocks or count is None or columns is None:
                by_column += [None, None]
            else:
                by_column += ordered(np.swapaxes(_blocks(count, columns, width), -1, -2))
        lengths = seq_lengths or (kv_indices.shape[-2] * size[0], width * size[1])
        kv = (kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices)
        return cls(lengths, *kv, *by_column, size, mask_mod or noop_mask)

    @property
    def shape(self) -> tuple[int, ...]:
        """(B, H, T, S)"""
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """B H T S"""
        return math.prod(self.shape)

    def sparsity(self) -> float:
        """The percentage of the mask that lies in empty blocks."""
        count = int(self.kv_num_blocks._a.sum())
        if self.full_kv_num_blocks is not None:
            count += int(self.full_kv_num_blocks._a.sum())
        return 100 * (1 - count * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1] / self.numel())

    def to_dense(self) -> Tensor:
        """(B, H, rows, columns) of blocks, int32: 1 where one is not empty."""
        return wrap(self._kinds().clip(0, 1).astype(np.int32))

    def _kinds(self) -> np.ndarray:
        """0 an empty block, 1 a partial, 2 a full one."""
        width = self.kv_indices.shape[-1]
        kinds = _blocks(self.kv_num_blocks, self.kv_indices, width).astype(np.int64)
        if self.full_kv_num_blocks is not None and self.full_kv_indices is not None:
            kinds += 2 * _blocks(self.full_kv_num_blocks, self.full_kv_indices, width)
        return kinds

    def as_tuple(self, flatten: bool = True) -> tuple:
        """All fields; flatten: the two lengths and two block sizes one by one."""
        tensors = tuple(getattr(self, name) for name in _FIELDS)
        if flatten:
            return (*self.seq_lengths, *tensors, *self.BLOCK_SIZE, self.mask_mod)
        return (self.seq_lengths, *tensors, self.BLOCK_SIZE, self.mask_mod)

    def __getitem__(self, index: Any) -> BlockMask:
        """Some batches and heads; an int keeps its dimension."""
        index = index if isinstance(index, tuple) else (index,)
        kept = tuple(
            [
                slice(i % n, i % n + 1) if isinstance(i, int) else i
                for i, n in zip(index, self.kv_indices.shape, strict=False)
            ]
        )
        tensors = [getattr(self, name) for name in _FIELDS]
        cut = [None if x is None else x[kept] for x in tensors]
        return BlockMask(self.seq_lengths, *cut, self.BLOCK_SIZE, _cut_mask)

    def _adjust(self, new_q_len: int, new_kv_len: int) -> BlockMask:
        """The upper left corner (new_q_len, new_kv_len) of the mask."""
        rows = math.ceil(new_q_len / self.BLOCK_SIZE[0])
        cols = math.ceil(new_kv_len / self.BLOCK_SIZE[1])
        kinds = self._kinds()[..., :rows, :cols]
        kv = [*ordered(kinds == 1)]
        kv += [None, None] if self.full_kv_num_blocks is None else ordered(kinds == 2)
        lengths = (new_q_len, new_kv_len)
        return BlockMask.from_kv_blocks(
            *kv, BLOCK_SIZE=self.BLOCK_SIZE, mask_mod=self.mask_mod, seq_lengths=lengths
        )

    def to(self, device: Any) -> BlockMask:
        """Itself on another device."""
        moved = [None if x is None else x.to(device) for x in map(self.__dict__.get, _FIELDS)]
        return BlockMask(self.seq_lengths, *moved, self.BLOCK_SIZE, self.mask_mod)

    def to_string(self, grid_size: int | tuple[int, int] = (20, 20), limit: int = 4) -> str:
        """A picture: full blocks, partial ones, empty ones; of the first `limit` matrices."""
        kinds = self._kinds()
        most = (grid_size, grid_size) if isinstance(grid_size, int) else grid_size
        rows, cols = kinds.shape[-2:]
        steps = [max(1, math.ceil(n / m)) for n, m in zip((rows, cols), most, strict=True)]
        pictures = []
        for count, at in enumerate(np.ndindex(*kinds.shape[:-2])):
            if count == limit:
                pictures.append(
                    "...\nTo print out more, set BlockMask.to_string(limit=N)\n"
                    "You can also index (BlockMask[batch, head]) to choose a specific batch or head"
                )
                break
            lines = [
                "".join(
                    _sign(kinds[at][i : i + steps[0], j : j + steps[1]])
                    for j in range(0, cols, steps[1])
                )
                for i in range(0, rows, steps[0])
            ]
            pictures.append("\n".join([str(at), *lines]))
        return "\n\n".join(pictures).rstrip()

    def __str__(self) -> str:
        shape, share = self.shape, self.sparsity()
        return f"BlockMask(shape={shape}, sparsity={share:.2f}%, \n{self.to_string()}\n)"

    def __repr__(self) -> str:
        lines = [
            f"    {name}={None if x is None else x.shape},"
            for name, x in ((name, getattr(self, name)) for name in _FIELDS)
        ]
        name = getattr(self.mask_mod, "__name__", str(self.mask_mod))
        lines += [
            f"    BLOCK_SIZE={self.BLOCK_SIZE},",
            f"    shape={self.shape},",
            f"    sparsity={self.sparsity():.2f}%,",
            f"    mask_mod={name}",
        ]
        return "\n".join(["BlockMask(", *lines, ")"])


def _sign(kinds: np.ndarray) -> str:
    if (kinds == 0).all():
        return "  "
    return "██" if (kinds > 0).all() else "░░"
