"""Training: a loop with what is around it, for any model, data and loss.

`fit` trains in one call; a `Learner` is the same with its parts in reach. Both are the loop of
`rushlight train`. A Learner holds the whole state of a run: `state_dict` gives it as plain data and
tensors, `load_state_dict` restores it, and the run goes on with the same numbers as one that was
never stopped, in the middle of an epoch too: the position in the data and the random generator are
saved.

A loop of your own needs nothing of this; docs/learner.md says how they compare.

Letters: N examples in a batch, K classes.
"""

from __future__ import annotations

from .callbacks import Callback, EarlyStopping, JsonLines, Printer, TensorBoard
from .fitting import fit
from .loop import Diverged, Learner, Meter, Stopped, accuracy, read_history, write_whole

__all__ = [
    "Callback",
    "Diverged",
    "EarlyStopping",
    "JsonLines",
    "Learner",
    "Meter",
    "Printer",
    "Stopped",
    "TensorBoard",
    "accuracy",
    "fit",
    "read_history",
    "write_whole",
]
