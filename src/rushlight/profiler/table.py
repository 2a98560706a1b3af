"""Tables of events as text, laid out as PyTorch's."""

from __future__ import annotations

from typing import Any

_WIDTH = 12  # of a column of numbers
_UNITS = {"s": 1e6, "ms": 1e3, "us": 1.0}


def time_text(us: float, unit: str | None = None) -> str:
    """Microseconds with three digits: "1.500ms"; in the unit if one is given."""
    if unit is None:
        unit = "s" if us >= 1e6 else "ms" if us >= 1e3 else "us"
    if unit not in _UNITS:
        raise ValueError(f"time_unit must be one of 's', 'ms' and 'us', got {unit!r}")
    return f"{us / _UNITS[unit]:.3f}{unit}"


def share_text(part: float, whole: float) -> str:
    """A percentage: "12.50%"."""
    if whole == 0:
        if part != 0:
            raise AssertionError(f"Expected time_us == 0 but got {part}")
        return "NaN"
    return f"{part * 100.0 / whole:.2f}%"


def memory_text(size: int) -> str:
    """Bytes: "2.00 KB", "-5 B"."""
    for unit, word in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if abs(size) >= unit:
            return f"{size * 1.0 / unit:.2f} {word}"
    return f"{size} B"


class Columns:
    """Columns that are filled row by row."""

    def __init__(self) -> None:
        self.formats, self.rulers, self.headers = "", "", ""
        self.width = -2

    def add(self, title: str, width: int, sign: str = ">") -> None:
        self.formats += "{: " + sign + str(width) + "}  "
        self.rulers += "-" * width + "  "
        self.width += width + 2
        self.headers += f"{title: {sign}{width}}  "

    def row(self, *values: Any) -> str:
        return self.formats.format(*values)


def flops_scale(flops: list[int]) -> tuple[float, str]:
    """(divisor, unit) for a column of flops: that in which the smallest has a digit."""
    names = ["FLOPs", "KFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs"]
    power, rest = 0, min(flops)
    while rest >= 1000 and power < len(names) - 1:
        rest //= 1000
        power += 1
    return 1000.0**power, names[power]


def _column_width(texts: list[str], limit: int | None) -> int:
    width = max(len(text) for text in texts) + 4
    return width if limit is None else min(width, limit)


def build_table(
    events: Any,
    sort_by: str | None = None,
    header: str | None = None,
    row_limit: int = 100,
    max_src_column_width: int = 75,
    max_name_column_width: int = 55,
    max_shapes_column_width: int = 80,
    with_flops: bool = False,
    profile_memory: bool = False,
    top_level_events_only: bool = False,
    time_unit: str | None = None,
) -> str:
    """The table of EventList.table."""
    events = list(events)
    if not events:
        return ""
    whole = sum(e.self_cpu_time_total for e in events)
    if sort_by is not None:
        sort_by = sort_by.replace("cuda", "device")
        events.sort(key=lambda e: getattr(e, sort_by), reverse=True)
    shapes = [str(e.input_shapes) for e in events if e.input_shapes]
    stacks = [entry for e in events if e.stack for entry in e.stack]

    columns = Columns()
    columns.add("Name", _column_width([e.key for e in events], max_name_column_width))
    titles = ["Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"]
    if profile_memory:
        titles += ["CPU Mem", "Self CPU Mem"]
    for title in [*titles, "# of Calls"]:
        columns.add(title, _WIDTH)
    if shapes:
        columns.add("Input Shapes", _column_width(shapes, max_shapes_column_width))
    if stacks:
        columns.add("Source Location", _column_width(stacks, max_src_column_width), "<")
    counted = [e.flops for e in events if with_flops and e.flops]
    scale, unit = flops_scale(counted) if counted else (1.0, "")
    if counted:
        columns.add(f"Total {unit}", _WIDTH)

    lines = []
    if header is not None:
        lines += ["=" * columns.width, header]
    if top_level_events_only:
        lines += ["=" * columns.width, "This report only display top-level ops statistics"]
    lines += [columns.rulers, columns.headers, columns.rulers]
    shown = 0
    for e in events:
        if shown == row_limit:
            break
        if top_level_events_only and e.cpu_parent is not None:
            continue
        shown += 1
        name = e.key
        if max_name_column_width is not None and len(name) >= max_name_column_width - 3:
            name = name[: max_name_column_width - 3] + "..."
        texts = [
            name,
            share_text(e.self_cpu_time_total, whole),
            time_text(e.self_cpu_time_total, time_unit),
            share_text(e.cpu_time_total, whole) if not e.is_async else "0",
            time_text(e.cpu_time_total, time_unit),
            time_text(e.cpu_time, time_unit),
        ]
        if profile_memory:
            texts += [memory_text(e.cpu_memory_usage), memory_text(e.self_cpu_memory_usage)]
        texts.append(e.count)
        if shapes:
            texts.append(str(e.input_shapes)[:max_shapes_column_width])
        stack = [entry[-max_src_column_width:] for entry in (e.stack or [])][:5]
        if stacks:
            texts.append(stack[0] if stack else "")
        if counted:
            texts.append(f"{e.flops / scale:8.3f}" if e.flops else "--")
        lines.append(columns.row(*texts))
        if stacks:
            place = len(texts) - 1 - bool(counted)
            blank = [""] * len(texts)
            for entry in [*stack[1:], ""]:
                lines.append(columns.row(*blank[:place], entry, *blank[place + 1 :]))
    lines += [columns.rulers, f"Self CPU time total: {time_text(whole, time_unit)}"]
    return "\n".join(lines) + "\n"
