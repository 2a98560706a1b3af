"""Augmentation of whole batches: each image of a batch is moved by its own random amount.

Letters: N batch, C channels, H, W height and width. Random numbers come from the default generator,
so that a seed (and a resumed run) gives the same images.
"""

import math
from collections.abc import Callable

import rushlight as rl
from rushlight import Tensor
from rushlight.app.errors import CliError

Coordinates = tuple[Tensor, Tensor]  # row and column that each pixel is read from, both (N, H, W)


def _grid(x: Tensor) -> Coordinates:
    """The coordinates that leave a batch (N, C, H, W) as it is."""
    n, _, h, w = x.shape
    rows = rl.arange(h, dtype=rl.float32).reshape(1, h, 1).expand(n, h, w)
    columns = rl.arange(w, dtype=rl.float32).reshape(1, 1, w).expand(n, h, w)
    return rows, columns  # (N, H, W), (N, H, W)


def _uniform(n: int, low: float, high: float) -> Tensor:
    """One random number per image, shaped to broadcast over it."""
    return (rl.rand(n) * (high - low) + low).reshape(n, 1, 1)  # (N, 1, 1)


def _shift(x: Tensor, rows: Tensor, columns: Tensor) -> Coordinates:
    """By up to a twelfth of the image, whole pixels, each way."""
    n, _, h, w = x.shape
    down = _uniform(n, -(h / 12), h / 12).round()
    right = _uniform(n, -(w / 12), w / 12).round()
    return rows + down, columns + right


def _rotate(x: Tensor, rows: Tensor, columns: Tensor) -> Coordinates:
    """About the centre, by up to 15 degrees each way."""
    n, _, h, w = x.shape
    angle = _uniform(n, -math.pi / 12, math.pi / 12)
    y, z = rows - (h - 1) / 2, columns - (w - 1) / 2
    cos, sin = angle.cos(), angle.sin()
    return y * cos - z * sin + (h - 1) / 2, y * sin + z * cos + (w - 1) / 2


def _zoom(x: Tensor, rows: Tensor, columns: Tensor) -> Coordinates:
    """About the centre, by up to a tenth, larger or smaller."""
    n, _, h, w = x.shape
    factor = _uniform(n, 0.9, 1.1)
    y, z = (h - 1) / 2, (w - 1) / 2
    return (rows - y) * factor + y, (columns - z) * factor + z


def _flip(x: Tensor, rows: Tensor, columns: Tensor) -> Coordinates:
    """Left to right, every second image."""
    n, _, _, w = x.shape
    mirrored = _uniform(n, 0, 1) < 0.5
    return rows, rl.where(mirrored, (w - 1) - columns, columns)


MOVES: dict[str, Callable[[Tensor, Tensor, Tensor], Coordinates]] = {
    "shift": _shift,
    "rotate": _rotate,
    "zoom": _zoom,
    "flip": _flip,
}


def _read(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Bilinear values of x (N, C, H, W) at the coordinates; beyond the border, the border's."""
    n, c, h, w = x.shape
    rows, columns = rows.clamp(0, h - 1), columns.clamp(0, w - 1)
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top).unsqueeze(1), (columns - left).unsqueeze(1)  # (N, 1, H, W)
    r0, c0 = top.long(), left.long()
    r1, c1 = (r0 + 1).clamp(max=h - 1), (c0 + 1).clamp(max=w - 1)
    flat = x.reshape(n, c, h * w)

    def at(row: Tensor, column: Tensor) -> Tensor:
        index = (row * w + column).reshape(n, 1, h * w).expand(n, c, h * w)
        return flat.gather(2, index).reshape(n, c, h, w)

    upper = at(r0, c0) * (1 - right) + at(r0, c1) * right
    lower = at(r1, c0) * (1 - right) + at(r1, c1) * right
    return upper * (1 - down) + lower * down  # (N, C, H, W)


def augmentation(names: str) -> Callable[[Tensor], Tensor] | None:
    """The function for names such as "shift" or "shift,rotate"; None for "none".

    All moves of a batch are put together before it is read, so several cost one interpolation.
    CliError: a name that is not there.
    """
    chosen = [name.strip() for name in names.split(",") if name.strip() not in ("", "none")]
    for name in chosen:
        if name not in MOVES:
            raise CliError(f"no augmentation {name!r}; choose from none, {', '.join(MOVES)}")
    if not chosen:
        return None

    def augment(x: Tensor) -> Tensor:
        rows, columns = _grid(x)
        for name in chosen:
            rows, columns = MOVES[name](x, rows, columns)
        return _read(x, rows.to(x.device), columns.to(x.device))

    return augment
