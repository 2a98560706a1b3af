"""torch.return_types: the classes of named results, such as that of max(dim)."""

from .dispatch import late as _late
from .dispatch.registry import CARDS as _CARDS
from .dispatch.return_types import named_result as _named_result
from .ops.linear_algebra import NAMED as _NAMED

_late.complete()
globals().update(
    {card.result.__name__: card.result for card in _CARDS.values() if getattr(card, "result", None)}
)
globals().update({n.replace(".", "_"): _named_result(n, fields) for n, fields in _NAMED.items()})
