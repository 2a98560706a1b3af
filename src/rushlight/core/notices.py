"""Warnings that name the user's line."""

from __future__ import annotations

import os
import sys
import warnings

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: generated code: faces, runners, operators
_OURS = (_HERE, "<face", "<card")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """warnings.warn at the first line outside of rushlight, however many calls lie between."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
