"""The type head's report: every figure with its count and 95% Wilson interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lab.statistics import Bools, calibration_error, proportion
from services.embedder.heads import TypeHead

if TYPE_CHECKING:
    from lab.train_type import Part


def report(head: TypeHead, penalty: float, labelled: Part, no_match_below: float, no_match_rows: str) -> str:
    """Markdown. `labelled` are all pictures of known type, `no_match_rows` the rows of its table."""
    test = labelled.split("test")
    unseen = test.unseen_shops()
    classes = head.types.classes
    return f"""# Type head and thresholds

Made and printed again by `python -m lab train-type`. Brackets: 95% Wilson interval and number of pictures.

A multinomial logistic regression on the embedding, trained on {len(labelled.split("train").rows)} pictures of
{len(classes)} classes. 1/penalty {penalty:g}, temperature {head.types.temperature:.2f} and the lowest confidence that
is told, {head.types.min_confidence:.2f}, were chosen on {len(labelled.split("val").unseen_shops().rows)} val pictures
of shops that are not in training. `brooch` has no train picture and a `set` shows several pieces: the head does not
know them, and their pictures are in no figure here. Where `not-jewelry` wins, or confidence is lower, `type` is absent.

**Read the second column.** The first is mostly shops whose other pictures were trained on, where the backdrop tells the
type; the second is shops that training never saw ({", ".join(sorted({row.collection for row in unseen.rows}))}).

| | test, all | test, unseen shops |
|---|---|---|
| accuracy, always answering | {_accuracy(head, test)} | {_accuracy(head, unseen)} |
| share of pictures given a type or not-jewelry | {_told_share(head, test)} | {_told_share(head, unseen)} |
| accuracy of those | {_told_accuracy(head, test)} | {_told_accuracy(head, unseen)} |
| expected calibration error | {_calibration(head, test)} | {_calibration(head, unseen)} |

Recall of each class:

| type | test, all | test, unseen shops |
|---|---|---|
{_recalls(head, test, unseen)}

What unseen shops' pictures are taken for (rows: what they are):

{_confusion(head, unseen)}

## The clean head

Of the data here only RingFIR (MIT) is cleanly licensed, and it holds earrings alone: a head trained on it can only say
"earring". That is right for {_constant(test)} of the test pictures ({_constant(unseen)} of unseen shops), against
{_accuracy(head, test)} ({_accuracy(head, unseen)}) above. It is clearly worse, so the head above ships, and its card
says what it was trained on. Renders of our own with other types will make a clean head worth measuring again.

## No match

A best hit below cosine **{no_match_below:.2f}** is called no match: the highest threshold that wrongs at most 5% of
val queries whose piece is in the gallery. Queries: samepiece pictures, without themselves; gallery: samepiece,
mundobijou and typeshops of the same split.

| split | query | told "no match" | median best cosine |
|---|---|---|---|
{no_match_rows}
"""


def _right(head: TypeHead, part: Part) -> Bools:
    return np.asarray(head.probabilities(part.vectors).argmax(axis=1) == part.labels)


def _told(head: TypeHead, part: Part) -> Bools:
    return np.asarray(head.probabilities(part.vectors).max(axis=1) >= head.types.min_confidence)


def _accuracy(head: TypeHead, part: Part) -> str:
    return proportion(_right(head, part))


def _told_share(head: TypeHead, part: Part) -> str:
    return proportion(_told(head, part))


def _told_accuracy(head: TypeHead, part: Part) -> str:
    return proportion(_right(head, part)[_told(head, part)])


def _calibration(head: TypeHead, part: Part) -> str:
    return f"{calibration_error(head.probabilities(part.vectors).max(axis=1), _right(head, part)):.3f}"


def _constant(part: Part) -> str:
    return proportion(np.array([row.type == "earring" for row in part.rows]))


def _recalls(head: TypeHead, test: Part, unseen: Part) -> str:
    def of_class(part: Part, place: int) -> str:
        return proportion(_right(head, part)[part.labels == place])

    return "\n".join(
        f"| {name} | {of_class(test, place)} | {of_class(unseen, place)} |"
        for place, name in enumerate(head.types.classes)
    )


def _confusion(head: TypeHead, part: Part) -> str:
    classes = head.types.classes
    said = head.probabilities(part.vectors).argmax(axis=1)
    lines = [f"| | {' | '.join(classes)} |", "|---" * (len(classes) + 1) + "|"]
    for place, name in enumerate(classes):
        counts = np.bincount(said[part.labels == place], minlength=len(classes))
        if counts.sum():
            lines.append(f"| {name} | {' | '.join(str(count) for count in counts)} |")
    return "\n".join(lines)
