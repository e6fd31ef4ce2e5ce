"""The report of heads and P(same piece): every figure with its count and 95% interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lab.datasets import Record, licence_table
from lab.evaluate.abstention import rejection
from lab.evaluate.report import Table
from lab.models.port import Vectors
from lab.statistics import Bools, Floats, calibration_error, calibration_interval, proportion
from lab.train.sameness import MISSED_MATCHES, Asked, Sameness, asked, best_cosines, pairs_of_styles
from services.embedder.heads import NOT_JEWELRY, UNTOLD, Head

if TYPE_CHECKING:
    from lab.train.heads import Fitted, Part

FALSE_REJECTION = 0.02


def report(fitted: Sequence[Fitted], same: Sameness, rows: Sequence[Record], vectors: Vectors) -> str:
    """Markdown. `vectors` are of `rows`."""
    kind = next(one for one in fitted if one.name == "type")
    shown = "\n\n".join(_classes(one) for one in fitted)
    return f"""# Heads, and what a cosine means

Made and printed again by `python -m lab train-heads`. Brackets: 95% interval (Wilson's for shares, by bootstrap for
calibration errors over 15 bins) and number of pictures.

Each head is a multinomial logistic regression on the vector, trained on the train split, every shop of a class counting
by the root of its pictures. The penalty, the temperature and the lowest confidence that is told were chosen on val
pictures of shops and designs that are not in training: the lowest confidence is that from which on eight in ten
answers are right there, of shops and of renders alike. A head that never gets there is not shipped, and its attribute
is absent. Figures are of the test split: **shops** are those whose every picture is in it, **renders** the evaluation
set's designs.
Cut and setting are labelled on renders alone: what they are worth on photographs nobody has measured, so they are never
told.

{_heads(fitted)}

{shown}

## Not jewelry

{_not_jewelry(kind)}

{_confusion(kind)}

## The same piece, a similar style

P(an item is the piece) = exp({same.same.slope:g} cosine) / (exp({-same.same.offset:g}) + the sum of the same over the
ten best items): items contend with each other and with "none of them". Queries are photographs of pieces among other
pieces, each asked twice, with its piece in the gallery and without. Below cosine **{same.no_match_below:.2f}** the best
hit is called no match: {MISSED_MATCHES:.0%} of the pieces that are there are lost by it where it was chosen.

{_same(same, rows, vectors)}

{_style(same, rows, vectors)}

## What the heads were trained on

{licence_table(kind.labelled.split("train").rows)}
"""


def _right(head: Head, part: Part) -> Bools:
    return np.asarray(head.probabilities(part.vectors).argmax(axis=1) == part.labels)


def _confidence(head: Head, part: Part) -> Floats:
    return np.asarray(head.probabilities(part.vectors).max(axis=1))


def _on(fitted: Fitted) -> dict[str, Part]:
    test = fitted.labelled.split("test")
    parts = {"all": test, "shops": test.unseen_shops(), "renders": test.renders()}
    return {name: part for name, part in parts.items() if len(part.rows)}


HEAD_COLUMNS = (
    "head",
    "on",
    "temperature, told from",
    "accuracy, always answering",
    "ECE",
    "told",
    "accuracy of those",
)


def head_rows(one: Fitted) -> list[list[str]]:
    """Rows of `HEAD_COLUMNS`: what the head is worth on the test split."""
    rows = []
    about = one.head.about
    for on, part in _on(one).items():
        right, confidence = _right(one.head, part), _confidence(one.head, part)
        told = np.array([word not in UNTOLD for word in about.classes])
        said = one.head.probabilities(part.vectors).argmax(axis=1)
        sure = (confidence >= about.min_confidence) & told[said]
        rows.append(
            [
                one.name if one.told else f"{one.name} (never told)",
                on,
                f"{about.temperature:.2f}, {about.min_confidence:.2f}",
                proportion(right),
                calibration_interval(confidence, right),
                proportion(sure),
                proportion(right[sure]),
            ]
        )
    return rows


def calibration(one: Fitted) -> float:
    """Expected calibration error on the test split."""
    part = one.labelled.split("test")
    return calibration_error(_confidence(one.head, part), _right(one.head, part))


def _heads(fitted: Sequence[Fitted]) -> str:
    return Table(HEAD_COLUMNS, [row for one in fitted for row in head_rows(one)]).markdown()


def _classes(one: Fitted) -> str:
    """Train pictures and recall of each class."""
    train = Counter(one.labelled.split("train").labels.tolist())
    parts = _on(one)
    rows = [
        [
            word,
            str(train[place]),
            *(proportion(_right(one.head, part)[part.labels == place]) for part in parts.values()),
        ]
        for place, word in enumerate(one.head.about.classes)
    ]
    header = (one.name, "train pictures", *(f"recall, {on}" for on in parts))
    return Table(header, rows).markdown()


def _not_jewelry(kind: Fitted) -> str:
    classes = kind.head.about.classes
    if NOT_JEWELRY not in classes:
        return "This head has seen no such pictures, and cannot tell."
    place = classes.index(NOT_JEWELRY)
    test = kind.labelled.split("test")
    jewelry = kind.head.probabilities(test.vectors)[:, place]
    other = test.labels == place
    shops = test.unseen_shops()
    lines = []
    for on, good in (
        ("all test jewelry", 1 - jewelry[~other]),
        ("shops", 1 - kind.head.probabilities(shops.vectors)[:, place]),
    ):
        turned = rejection(good, 1 - jewelry[other], FALSE_REJECTION)
        lines.append([on, str(len(good)), f"{turned.auroc:.3f}", proportion(turned.rejected)])
    said = kind.head.probabilities(test.vectors).argmax(axis=1) == place
    table = Table(("against", "pictures", "AUROC", f"turned away where {FALSE_REJECTION:.0%} of jewelry is"), lines)
    return (
        f"As it runs, nothing is told where `not-jewelry` is the likeliest: so for {proportion(said[other])} of the "
        f" pictures of other things, and for {proportion(said[~other])} of jewelry.\n\n{table.markdown()}"
    )


def _confusion(kind: Fitted) -> str:
    classes = kind.head.about.classes
    part = kind.labelled.split("test").unseen_shops()
    said = kind.head.probabilities(part.vectors).argmax(axis=1)
    rows = [
        [name, *map(str, np.bincount(said[part.labels == place], minlength=len(classes)).tolist())]
        for place, name in enumerate(classes)
        if (part.labels == place).any()
    ]
    return f"What shops' pictures are taken for:\n\n{Table(('is', *classes), rows).markdown()}"


def _same(same: Sameness, rows: Sequence[Record], vectors: Vectors) -> str:
    lines = []
    for split in ("val", "test"):
        for kind in ("shops", "renders"):
            found = asked(rows, vectors, split, kind)
            if len(found.there):
                lines.append([f"{split}, {kind}", *_asked(same, found)])
        best = best_cosines(rows, vectors, split)
        if len(best):
            lines.append([f"{split}, not jewelry", "-", "-", "-", "-", proportion(best < same.no_match_below)])
    columns = ("on", "R@1", "ECE, ten best items", "ECE, best item", "there: no match", "not there: no match")
    return Table(columns, lines).markdown()


def _asked(same: Sameness, found: Asked) -> list[str]:
    chances = found.chances(same.same)
    far = found.cosine[:, 0] < same.no_match_below
    return [
        proportion(found.same[found.there, 0]),
        calibration_interval(chances.ravel(), found.same.ravel()),
        calibration_interval(chances[:, 0], found.same[:, 0]),
        proportion(far[found.there]),
        proportion(far[~found.there]),
    ]


def _style(same: Sameness, rows: Sequence[Record], vectors: Vectors) -> str:
    if same.style is None:
        return "No style was measured."
    cosine, alike, weight = pairs_of_styles(rows, vectors, "test")
    chance = np.array([same.style(one) for one in cosine.tolist()])
    ringfir = weight == weight[0]
    return (
        f"P(similar style) = 1 / (1 + exp(-({same.style.slope:g} cosine {same.style.offset:+g}))), fitted on pairs of "
        "neighbours: RingFIR's val classes among shops' jewelry, and kinds of designs that no training saw. ECE on "
        f"RingFIR's test classes {calibration_interval(chance[ringfir], alike[ringfir])}, on the kinds of the "
        f"evaluation set's designs {calibration_interval(chance[~ringfir], alike[~ringfir])}. It is even at cosine "
        f"{same.look_at_least:.2f}, from which on two pieces may be told to look alike."
    )
