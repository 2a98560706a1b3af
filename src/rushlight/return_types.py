"""torch.return_types: the classes of named results, such as that of max(dim)."""

from .dispatch.registry import CARDS as _CARDS

globals().update(
    {card.result.__name__: card.result for card in _CARDS.values() if getattr(card, "result", None)}
)
