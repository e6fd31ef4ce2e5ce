"""From the catalogue to a shop's own model, measured against the one in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loupe.learning import comparing, mapping
from loupe.learning import heads as teaching
from loupe.learning.comparing import Answers, Comparison, Verdict
from loupe.learning.lessons import Lessons
from loupe.learning.packing import CATALOGUE, Base, Learned, ModelFolder, pack, thresholds, write_card
from services.embedder.adaptation import Adaptation
from services.embedder.heads import Head
from shared.contracts.analysis import ATTRIBUTES, AttributeName
from shared.contracts.fields import Vector

MIN_PAIRED = 50
"""Fewer pieces with several pictures, held-out ones aside, teach no map."""


@dataclass(frozen=True)
class Outcome:
    """`made` is None when there was nothing to learn; `words` say what was too little."""

    made: ModelFolder | None
    comparisons: list[Comparison]
    words: list[str]

    @property
    def verdict(self) -> Verdict:
        return comparing.overall(self.comparisons)


def learn(lessons: Lessons, shop: str, used: ModelFolder, into: Path) -> Outcome:
    """`used` is the model whose analyses the lessons are.

    What is learned starts from the base model each time, never from what was learned before. The same catalogue gives
    the same model; one that is in use already is not made again. What is measured is what is packed.
    """
    words: list[str] = []
    if used.manifest.training.get(CATALOGUE) == lessons.fingerprint:
        return Outcome(used, [], ["Nothing was added, changed or corrected since the model in use was made."])
    laid = Adaptation.of(used.path, used.manifest)
    vectors = laid.undo(lessons.searched) if laid else lessons.searched
    base = Base.of(used)
    before = base.heads().heads
    seen = np.hstack([vectors, lessons.besides])
    learned = Learned(_map(lessons, vectors, words), _heads(lessons, seen, vectors.shape[1], before, words))
    if learned.nothing:
        return Outcome(None, [], words)
    mapped = learned.adaptation(vectors) if learned.adaptation else vectors
    sample = np.arange(0, len(vectors), -(-len(vectors) // mapping.MAX_QUERIES))
    strangers = [mapping.best_of_others(each, lessons.piece, sample) for each in (vectors, mapped)]
    taught = ~lessons.held_out
    facts = {
        "shop": shop,
        CATALOGUE: lessons.fingerprint,
        "pictures": str(int(taught.sum())),
        "pieces": str(len(set(lessons.piece[taught].tolist()))),
    }
    made = pack(base, learned, thresholds(base.manifest, *strangers), facts, into)
    answers = [_told(name, lessons, seen, head) for name, head in {**before, **learned.heads}.items()]
    comparisons = comparing.compare([_found(lessons, mapped), *answers])
    words += [
        f"Only {one.pieces} held-out items tell whether {one.name}: {comparing.MIN_PIECES} are needed to decide."
        for one in comparisons
        if one.pieces < comparing.MIN_PIECES
    ]
    write_card(made, comparisons)
    return Outcome(made, comparisons, words)


def _map(lessons: Lessons, vectors: Vector, words: list[str]) -> Adaptation | None:
    taught = ~lessons.held_out
    paired = len(set(lessons.piece[taught & lessons.paired].tolist()))
    if paired < MIN_PAIRED:
        words.append(
            f"To tell pieces apart there is too little to learn from: {paired} items outside the held-out part have "
            f"two or more pictures, and {MIN_PAIRED} are needed. Add second photos to items."
        )
        return None
    _, piece = np.unique(lessons.piece[taught], return_inverse=True)
    found = mapping.choose(vectors[taught], piece, lessons.fold[taught])
    if found is None:
        words.append(f"The second photos of {paired} items are found best as they are: nothing to learn from them.")
    return found


def _heads(
    lessons: Lessons, seen: Vector, dimension: int, before: Mapping[AttributeName, Head], words: list[str]
) -> dict[AttributeName, Head]:
    """The heads that something was learned for."""
    rows = np.flatnonzero(~lessons.held_out)
    piece, fold = lessons.piece[rows], lessons.fold[rows]
    heads: dict[AttributeName, Head] = {}
    scarce: list[str] = []
    for name in ATTRIBUTES:
        said, corrected = [lessons.said[name][row] for row in rows.tolist()], lessons.corrected[name][rows]
        found = teaching.lesson(seen[rows], dimension, said, corrected, piece, fold, before.get(name))
        if found is None:
            scarce.append(name)
        elif head := teaching.learn(found, before.get(name)):
            heads[name] = head
        else:
            words.append(f"What is said of the items' {name} teaches nothing that the model does not know.")
    if scarce:
        words.append(
            f"Too little is said of the items' {', '.join(scarce)} to learn from: {teaching.MIN_PIECES} items with an "
            f"attribute or a correction are needed, of two kinds or more with {teaching.MIN_PIECES_A_CLASS} each."
        )
    return heads


def _found(lessons: Lessons, mapped: Vector) -> Answers:
    asked = mapping.queries(lessons.piece, lessons.held_out)
    old, new = (mapping.found(each, lessons.piece, asked) for each in (lessons.searched, mapped))
    return Answers("another photo of the item is found first", old, new, lessons.piece[asked])


def _told(name: AttributeName, lessons: Lessons, seen: Vector, head: Head) -> Answers:
    said, told = lessons.said[name], lessons.told[name]
    asked = [place for place in np.flatnonzero(lessons.held_out).tolist() if said[place] is not None]
    words = teaching.words_of(head, seen[asked])
    old = np.array([told[place] == said[place] for place in asked], dtype=bool)
    new = np.array([word == said[place] for word, place in zip(words, asked, strict=True)], dtype=bool)
    return Answers(f"the {name} is told right", old, new, lessons.piece[asked])
