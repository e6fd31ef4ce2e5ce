"""What training is chosen by: shops, styles and designs that it never sees, and that no test holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from lab.datasets import Record
from lab.models.port import Vectors
from lab.train.fusion import Question

DISTRACTORS = 1_500
FITTED_ON = 2_500


def questions(records: Sequence[Record], trained_on: Sequence[Record] = ()) -> list[Question]:
    """The same piece in shops left out, the same style of RingFIR's val classes, the same design of left-out renders,
    and another design of its kind (three-stone ring, hoop) for a left-out render, among one picture of each design.

    The first and the third are searched among pictures of other shops too. A question without records is left out.
    Train shops that are not `trained_on` are left out too, so they are asked as well.
    """
    seen = {record.collection for record in trained_on}
    unseen = {"samepiece"} - seen if seen else set()
    val = [r for r in records if r.split == "val" or (r.split == "train" and r.collection in unseen)]
    others = drawn([r for r in records if r.split == "train" and not r.item_id and not r.clean], DISTRACTORS)
    shops = [record for record in val if record.collection in ("samepiece", "typeshops")]
    pieces = [record for record in shops if record.collection == "samepiece"]
    designs = [record for record in val if record.licence == "own render"]
    styles = [record for record in val if record.collection == "ringfir"]
    found = []
    for queries, near in ((pieces, shops), (designs, designs)):
        gallery = [*near, *others]
        asked = {record.sha256 for record in queries}
        labels = [record.item_id if record.sha256 in asked else None for record in gallery]
        found.append(Question(queries, [record.item_id for record in queries], gallery, labels))
    by_style = [record.style for record in styles]
    found.append(Question(styles, by_style, styles, by_style))
    renders = [record for record in records if record.licence == "own render" and record.split in ("train", "val")]
    of_each = list({record.item_id: record for record in renders}.values())
    found.append(Question(designs, [_kind(r) for r in designs], of_each, [_kind(r) for r in of_each], True))
    return [question for question in found if question.queries]


def _kind(record: Record) -> str:
    return f"{record.type} {record.style}"


def drawn(records: Sequence[Record], count: int) -> list[Record]:
    """So many of the records, the same ones whatever others are there, in their order."""
    order = sorted(records, key=lambda r: hashlib.sha256(r.sha256.encode()).digest())
    kept = {record.sha256 for record in order[:count]}
    return [record for record in records if record.sha256 in kept]


def shop_weights(records: Sequence[Record]) -> Vectors:
    """float32 [N]: each shop counts by the root of its pictures."""
    shops = [record.shop or record.collection for record in records]
    _, place, count = np.unique(shops, return_inverse=True, return_counts=True)
    return np.asarray(count[place] ** -0.5, np.float32)
