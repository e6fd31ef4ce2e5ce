"""From a sentence to the word pieces that a BERT model without capitals reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

_LONGEST_WORD = 100
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class WordPieces:
    """The tokenizer of "BERT: Pre-training of Deep Bidirectional Transformers" (Devlin et al., 2018), uncased.

    Characters are cleaned, accents taken off, words split at spaces and punctuation, and each cut into the longest
    pieces that `vocabulary` has, from its start.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._first, self._last = vocabulary["[CLS]"], vocabulary["[SEP]"]
        self._unknown = vocabulary["[UNK]"]

    def ids(self, text: str, limit: int) -> list[int]:
        """At most `limit` ids, the marks of start and end among them."""
        ids = [self._first]
        for word in _words(text):
            ids.extend(self._pieces(word))
            if len(ids) >= limit:
                break
        return [*ids[: limit - 1], self._last]

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        pieces, start = [], 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(len(word), start, -1):
                if (piece := self._vocabulary.get(mark + word[start:end])) is not None:
                    pieces.append(piece)
                    start = end
                    break
            else:
                return [self._unknown]
        return pieces


def _words(text: str) -> Iterator[str]:
    spaced = "".join(_spaced(character) for character in text)
    bare = (c for c in unicodedata.normalize("NFD", spaced) if unicodedata.category(c) != "Mn")
    for chunk in "".join(c.lower() for c in bare).split():
        start = 0
        for position, character in enumerate(chunk):
            if character in _ASCII_PUNCTUATION or unicodedata.category(character).startswith("P"):
                if start < position:
                    yield chunk[start:position]
                yield character
                start = position + 1
        if start < len(chunk):
            yield chunk[start:]


def _spaced(character: str) -> str:
    """Without what cannot be seen; a character of Chinese is a word of its own."""
    if character in "\t\n\r" or character.isspace():
        return " "
    if character == "\ufffd" or unicodedata.category(character).startswith("C"):
        return ""
    if any(low <= ord(character) <= high for low, high in _CJK):
        return f" {character} "
    return character
