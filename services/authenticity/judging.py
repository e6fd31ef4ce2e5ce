"""From all comparisons of a verification to its verdicts: of the design, and of the very piece, apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.authenticity import wording
from services.authenticity.deciding import Decision, Model, decide
from shared.contracts.comparing import TEXT_VIEWS, Comparison, Comparisons, Photo, View
from shared.contracts.verifying import Outcome, Reason, ReasonCode, Retake, RetakeCode, Verdict

TEXT_AGREES = 0.999
"""Agreement from which a mark is the registered one: nothing differs but characters that are taken for each other."""
TEXT_DIFFERS = 0.8
"""Agreement up to which a mark that was read clearly is another one."""
SAME_PICTURE = 0.5
"""From this probability on it is told that a photo is a registered picture itself."""
_DIFFERS: dict[str, ReasonCode] = {
    "structure": "structure-differs",
    "colour": "colour-differs",
    "outline": "outline-differs",
}
_MOST_RETAKES = 3
Registered = Mapping[View, str]
"""The text that is registered for a close-up, by its view."""


@dataclass(frozen=True)
class Pair:
    """Photo `photo` of a verification against one picture of the reference."""

    photo: int
    query: Photo
    comparison: Comparison
    decision: Decision


@dataclass(frozen=True)
class Judgement:
    """`pairs`: the most telling first; their evidence is worth showing."""

    design: Verdict
    piece: Verdict
    reasons: list[Reason]
    retakes: list[Retake]
    same_picture: float
    pairs: list[Pair] = field(default_factory=list)


def judge(compared: Sequence[Comparisons], model: Model, registered: Registered) -> Judgement:
    """`compared`: one a photo, in their order, all against the same reference, of which `registered` are the marks.

    One photo in which a detail differs outweighs others that agree; a photo that cannot tell says nothing. Nor does
    one that is a registered picture itself: whoever saw it can send it.
    """
    pairs = [
        Pair(number, of.query, one, decide(one.features, model))
        for number, of in enumerate(compared)
        for one in of.comparisons
    ]
    reused = {pair.photo: pair for pair in pairs if pair.comparison.same_picture.probability >= SAME_PICTURE}
    own = [pair for pair in pairs if pair.photo not in reused]
    looks = _one_a_photo([pair for pair in own if pair.comparison.view not in TEXT_VIEWS])
    design, telling = _design(looks)
    marks = _marks(own, looks, registered)
    piece, why = _piece(design.outcome, marks)
    same = max((pair.comparison.same_picture.probability for pair in pairs), default=0.0)
    again = [_reason(pair, "same-picture") for _, pair in sorted(reused.items())]
    reasons = [*again, *_told(telling, design.outcome), *marks, *why]
    retakes = _retakes([*reused.values(), *looks], design.outcome)
    if piece.outcome == "cannot_tell" and design.outcome != "mismatch" and "serial" in registered:
        retakes.append(Retake(code="serial", view="serial", words=wording.of_retake("serial")))
    return Judgement(design, piece, reasons, retakes, same, [*telling, *reused.values()])


def _one_a_photo(pairs: Sequence[Pair]) -> list[Pair]:
    """Each photo with the registered picture that shows most of what it shows: another side differs in everything.
    It is quite another piece only if it looks like none of them."""
    of_photo: dict[int, list[Pair]] = {}
    for pair in pairs:
        of_photo.setdefault(pair.photo, []).append(pair)
    return [max(own, key=_in_common) for own in of_photo.values()]


def _in_common(pair: Pair) -> tuple[bool, float, float, float]:
    of = pair.comparison.features
    return not pair.decision.at_a_glance, of["aligned"], of["inliers"], of["deep"]


def _design(pairs: Sequence[Pair]) -> tuple[Verdict, list[Pair]]:
    """The verdict and the pairs that it rests on, the most telling first; where nothing is decided, the lowest
    probability of what could be compared."""
    differing = sorted(_with(pairs, "mismatch"), key=lambda pair: pair.decision.probability or 0.0)
    if differing:
        return Verdict(outcome="mismatch", probability=differing[0].decision.probability), differing
    agreeing = sorted(_with(pairs, "match"), key=lambda pair: -(pair.decision.probability or 0.0))
    if agreeing:
        return Verdict(outcome="match", probability=agreeing[0].decision.probability), agreeing
    nearest = sorted(pairs, key=lambda pair: -pair.comparison.features["aligned"])
    likely = [pair.decision.probability for pair in pairs if pair.decision.probability is not None]
    return Verdict(outcome="cannot_tell", probability=min(likely, default=None)), nearest


def _with(pairs: Sequence[Pair], outcome: Outcome) -> list[Pair]:
    return [pair for pair in pairs if pair.decision.outcome == outcome]


def _marks(own: Sequence[Pair], looks: Sequence[Pair], registered: Registered) -> list[Reason]:
    """What close-ups say. That a photo of the whole piece shows no text is not worth saying."""
    whole = {pair.photo for pair in looks if pair.decision.probability is not None}
    found = [_mark(pair, registered) for pair in own if pair.comparison.view in TEXT_VIEWS]
    return [mark for mark in found if mark and not (mark.code == "text-unread" and mark.photo in whole)]


def _mark(pair: Pair, registered: Registered) -> Reason | None:
    """What a close-up says of the text that is registered for this view; None where it says nothing, and where what was
    read is rather the other mark: a hallmark, which many pieces have, is no serial."""
    found = next(
        (text for text in pair.comparison.texts if text.expected == registered.get(pair.comparison.view)), None
    )
    if found is None:
        return None
    if found.read is None:
        return _reason(pair, "text-unread") if "text-unread" in pair.comparison.codes else None
    if any(text.read == found.read and text.agreement > found.agreement for text in pair.comparison.texts):
        return None
    told = {"expected": found.expected, "read": found.read}
    if found.agreement >= TEXT_AGREES:
        return _reason(pair, "text-agrees", **told)
    if found.differs and found.agreement <= TEXT_DIFFERS:
        return _reason(pair, "text-differs", **told)
    return _reason(pair, "text-unread")


def _piece(design: Outcome, marks: Sequence[Reason]) -> tuple[Verdict, list[Reason]]:
    """Of one design many pieces look alike in photos: without a mark of its own no piece is told from its like."""
    codes = {mark.code for mark in marks}
    serial = {mark.code for mark in marks if mark.view == "serial"}
    if design == "mismatch" or "text-differs" in codes:
        return Verdict(outcome="mismatch"), []
    if design == "match" and "text-agrees" in serial:
        return Verdict(outcome="match"), []
    return Verdict(outcome="cannot_tell"), [
        Reason(code="no-individual-mark", words=wording.of_reason("no-individual-mark"))
    ] if design == "match" else []


def _told(pairs: Sequence[Pair], outcome: Outcome) -> list[Reason]:
    if outcome == "mismatch":
        return [reason for pair in pairs[:2] for reason in _differences(pair)]
    if outcome == "match":
        alike = [(pair, [region for region in pair.comparison.regions if region.kind == "alike"]) for pair in pairs[:2]]
        return [_reason(pair, "alike").model_copy(update={"regions": regions}) for pair, regions in alike]
    codes: dict[tuple[int, ReasonCode], Reason] = {}
    for pair in pairs:
        for code in (*pair.query.codes, *pair.comparison.codes, *pair.decision.codes):
            if code != "text-unread":
                codes.setdefault((pair.photo, code), _reason(pair, code))
    return list(codes.values())


def _differences(pair: Pair) -> list[Reason]:
    """By the way in which parts differ, the strongest first; the whole, where no part stands out."""
    if pair.decision.at_a_glance:
        return [_reason(pair, "structure-differs").model_copy(update={"words": wording.ANOTHER})]
    found: dict[ReasonCode, Reason] = {}
    for region in sorted(pair.comparison.regions, key=lambda region: -region.strength):
        if region.kind == "differs":
            code = _DIFFERS[region.what]
            found.setdefault(code, _reason(pair, code)).regions.append(region)
    return list(found.values()) or [_reason(pair, "structure-differs")]


def _retakes(looks: Sequence[Pair], design: Outcome) -> list[Retake]:
    """Which photo would help to tell the design, where that cannot be told."""
    wanted: dict[RetakeCode, Retake] = {}
    if design == "cannot_tell":
        nearest = sorted(looks, key=lambda pair: -pair.comparison.features["aligned"])
        for pair in nearest:
            reused = ["same-picture"] if pair.comparison.same_picture.probability >= SAME_PICTURE else []
            for code in (*reused, *pair.query.codes, *pair.decision.codes, *pair.comparison.codes):
                if help_by := wording.RETAKE_OF.get(code):
                    view = pair.comparison.view if help_by == "same-side" else None
                    told = Retake(code=help_by, photo=pair.photo, view=view, words=wording.of_retake(help_by))
                    wanted.setdefault(help_by, told)
    return list(wanted.values())[:_MOST_RETAKES]


def _reason(pair: Pair, code: ReasonCode, **told: str) -> Reason:
    return Reason(
        code=code,
        words=wording.of_reason(code, **told),
        photo=pair.photo,
        view=pair.comparison.view,
        picture=pair.comparison.reference.sha256,
    )
