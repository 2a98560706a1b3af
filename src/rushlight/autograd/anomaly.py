"""Anomaly detection: an error or a NaN in backward names the forward call that caused it."""

from __future__ import annotations

from ..core.grad_mode import mode, watching
from ..core.notices import warn


class detect_anomaly:
    """Context.

    An error or a NaN in backward names the forward call that caused it (slow: for debugging).
    """

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan

        warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
        )

    def __enter__(self) -> None:
        self.before = mode.anomaly, mode.anomaly_check_nan
        watching[0] += 1
        mode.anomaly, mode.anomaly_check_nan = True, self.check_nan

    def __exit__(self, *exc: object) -> None:
        watching[0] -= 1
        mode.anomaly, mode.anomaly_check_nan = self.before


class set_detect_anomaly:
    """Turn anomaly detection on or off.

    At once when called, until the end of the block as a context.
    """

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = _anomaly(bool(mode), check_nan)

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None:
        _anomaly(*self.before)


def _anomaly(on: bool, check_nan: bool) -> tuple[bool, bool]:
    before = mode.anomaly, mode.anomaly_check_nan
    watching[0] += on
    mode.anomaly, mode.anomaly_check_nan = on, check_nan
    return before


def is_anomaly_enabled() -> bool:
    """True if anomaly detection is on in this thread."""
    return mode.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """True if anomaly detection looks for NaN, too."""
    return mode.anomaly_check_nan


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Turn anomaly detection on or off, as set_detect_anomaly does."""
    _anomaly(bool(enabled), check_nan)
