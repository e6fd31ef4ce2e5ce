"""What shoppers ask for in words: `understand` turns a text into filters, wishes, chips and what is left of it."""

from __future__ import annotations

from services.gateway.words.understanding import Understood, understand
from services.gateway.words.vocabulary import Vocabulary

__all__ = ["Understood", "Vocabulary", "understand"]
