"""lab/reports/authenticity: the targets met and missed, then what is behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab.authenticity import copies
from lab.authenticity.counterfeits import KINDS
from lab.authenticity.figures import (
    Judged,
    Share,
    calibration,
    design_effect,
    of_truth,
    other_designs,
    twins,
    upper_bound,
)
from lab.authenticity.pairs import SAME, TWO
from lab.evaluate.report import Section, Table, write
from services.authenticity.deciding import Model

Floats = npt.NDArray[np.float64]
FALSE_MATCH, ANSWERED, FALSE_MISMATCH, CLEARLY, DETECTED, ECE, UNKNOWABLE = 0.003, 0.9, 0.02, 0.03, 0.95, 0.02, 0.95
FAMILIES, PAIRS, AP, RECALL, SECONDS, CHECK = 500, 3_000, 0.9, 0.9, 1.5, 0.05
WORDS = """
Written by `make evaluate-authenticity`. {families} test families of a rendered design and two counterfeits of it, each
with a picture as guided registration asks for it and another photo: other light, ground, lens and distance, the camera
up to 9 degrees aside. Every photo is claimed to show each of the three: {pairs} claims are of near-twins. What decides
was fitted on {fit} other families and on real photos of shops that are in no test, and its operating point is theirs.
Intervals are 95%, over families. Renders lack what no renderer draws: chains fall the same way, hinges stand still,
dust and skin are not there.

Compared by `{method}`; a match from {match:.4f} on, a mismatch up to {mismatch:.4f}, quite another piece at a glance up
to {another:.4f}.
"""


@dataclass(frozen=True)
class Fooled:
    """An attempt: the registered picture itself, changed in a way; the probability told of its being one, each."""

    attempt: str
    told: Floats


@dataclass(frozen=True)
class Cost:
    """Seconds of one photo against three pictures, never seen and known, and of one check of a copy against those that
    are nearest."""

    fresh: Floats
    known: Floats
    check: Floats


@dataclass(frozen=True)
class Found:
    """All that was measured. `alone`: by the cosine of the vectors alone, fitted the same way."""

    judged: Judged
    alone: Judged
    real: Judged
    copies: Sequence[copies.Copy]
    fooled: Sequence[Fooled]
    cost: Cost
    model: Model
    method: str
    fit_families: int


def written(found: Found, out: Path) -> str:
    """The report, written to `out`; returns the table of targets."""
    near = twins(found.judged)
    words = WORDS.strip().format(
        families=len(set(found.judged.groups)),
        pairs=len(near.claims),
        fit=found.fit_families,
        method=found.method,
        match=found.model.match_from,
        mismatch=found.model.mismatch_to,
        another=found.model.glance.mismatch_to if found.model.glance else 0.0,
    )
    target = _targets(found)
    sections = [target, _kinds(found), _same(found), _unknowable(found), _alone(found), _real(found)]
    write(out, "Is this the registered piece?", words, [*sections, _copies(found), _fooled(found)])
    return target.tables[0].markdown()


def _targets(found: Found) -> Section:
    near, same = twins(found.judged), of_truth(found.judged, "same")
    good = same.where([claim.kind == SAME for claim in same.claims])
    clear = near.where([claim.share > CLEARLY for claim in near.claims])
    wrong, missed = near.share("match"), good.share("mismatch")
    bound = upper_bound(near.told("match"), near.groups) if near.claims else 1.0
    answered, detected = near.answered(), clear.share("mismatch")
    ece, low, high = calibration(found.judged)
    unsure = of_truth(found.judged, "unknowable").share("cannot_tell")
    precision, recall = copies.micro_precision(found.copies)
    slow, check = _p95(found.cost.fresh), _p95(found.cost.check)
    families = len(set(near.groups))
    targets = [
        ("near-twin families", f"at least {FAMILIES}", str(families), families >= FAMILIES),
        ("pairs of near-twins", f"at least {PAIRS:,}", f"{len(near.claims):,}", len(near.claims) >= PAIRS),
        ("near-twins told a match", "", str(wrong), None),
        ("the same: upper bound", f"at most {FALSE_MATCH:.1%}", f"{bound:.2%}", bound <= FALSE_MATCH),
        ("near-twins answered", f"at least {ANSWERED:.0%}", str(answered), answered.value >= ANSWERED),
        (
            "same piece, good photos, told a mismatch",
            f"at most {FALSE_MISMATCH:.0%}",
            str(missed),
            missed.value <= FALSE_MISMATCH,
        ),
        (
            f"differences over {CLEARLY:.0%} of the piece, told a mismatch",
            f"at least {DETECTED:.0%}",
            str(detected),
            detected.value >= DETECTED,
        ),
        ("ECE of the probabilities", f"at most {ECE}", f"{ece:.3f} ({low:.3f}-{high:.3f})", ece <= ECE),
        (
            "photos that cannot tell, answered so",
            f"at least {UNKNOWABLE:.0%}",
            str(unsure),
            unsure.value >= UNKNOWABLE,
        ),
        ("edited copies, micro-AP", f"at least {AP}", f"{precision:.3f}", precision >= AP),
        ("edited copies, recall at 90% precision", f"at least {RECALL}", f"{recall:.3f}", recall >= RECALL),
        ("one photo against three pictures, p95", f"at most {SECONDS} s", f"{slow:.2f} s", slow <= SECONDS),
        ("check of a copy, p95", f"at most {1000 * CHECK:.0f} ms", f"{1000 * check:.0f} ms", check <= CHECK),
    ]
    rows = [[what, target, measured, "" if so is None else _is(so)] for what, target, measured, so in targets]
    figures = {
        "false match": wrong.figures() | {"upper": bound},
        "design effect": design_effect(near.told("match"), near.groups) if near.claims else 1.0,
        "answered": answered.figures(),
        "false mismatch": missed.figures(),
        "clear differences": detected.figures(),
        "ece": {"value": ece, "low": low, "high": high},
        "cannot tell": unsure.figures(),
        "copies": {"micro-AP": precision, "recall at 90% precision": recall},
        "seconds": {"verification": slow, "known pictures": _p95(found.cost.known), "copy check": check},
    }
    told = "The bound is one-sided, 95%. Times are of this machine while the report was made."
    return Section("Targets", told, [Table(("what", "target", "measured", ""), rows)], figures)


def _kinds(found: Found) -> Section:
    near, others = twins(found.judged), other_designs(found.judged)
    rows, figures = [], {}
    for kind in (*KINDS, TWO):
        mine = near.where([claim.kind == kind for claim in near.claims])
        if mine.claims:
            rows.append(_kind_row(kind, mine))
            figures[kind] = mine.share("mismatch").figures() | {"matched": mine.share("match").figures()}
    for low, high in ((0.0, 0.01), (0.01, 0.03), (0.03, 0.1), (0.1, 1.01)):
        mine = near.where([low <= claim.share < high for claim in near.claims])
        if mine.claims:
            rows.append(_kind_row(f"{low:.0%} to {min(high, 1):.0%} of the piece differ", mine))
    if others.claims:
        rows.append(_kind_row("quite another design", others))
    told = (
        "How often each difference is told. Share: how much of the piece differs in the registered view, in the middle "
        "claim: pixels without a like one within 1% of the frame there. Photos say nothing of what they do not show: "
        "counterfeits that change less than 0.5% of the piece are not drawn."
    )
    columns = ("difference", "claims", "share", "told a mismatch", "cannot tell", "told a match")
    return Section("By kind of difference", told, [Table(columns, rows)], figures)


def _kind_row(name: str, mine: Judged) -> list[str]:
    share_of = float(np.median([claim.share for claim in mine.claims]))
    shares = [mine.share(outcome) for outcome in ("mismatch", "cannot_tell", "match")]
    return [name, str(len(mine.claims)), f"{share_of:.1%}", *(_short(one) for one in shares)]


def _same(found: Found) -> Section:
    return _by_kind(
        "The same piece", "Also worn: its polish dulled, and up to 120 scratches.", of_truth(found.judged, "same")
    )


def _unknowable(found: Found) -> Section:
    told = "Blur and size are made of good photos; glare and the other side are rendered."
    return _by_kind("Photographs that cannot tell", told, of_truth(found.judged, "unknowable"))


def _by_kind(title: str, told: str, mine: Judged) -> Section:
    rows, figures = [], {}
    for kind in dict.fromkeys(claim.kind for claim in mine.claims):
        those = mine.where([claim.kind == kind for claim in mine.claims])
        shares = {outcome: those.share(outcome) for outcome in ("match", "cannot_tell", "mismatch")}
        rows.append([kind, *(_short(one) for one in shares.values())])
        figures[kind] = {outcome: one.figures() for outcome, one in shares.items()}
    return Section(title, told, [Table(("photos", "match", "cannot tell", "mismatch"), rows)], figures)


def _alone(found: Found) -> Section:
    rows = []
    for name, judged in (("Loupe", found.judged), ("the vectors' cosine alone", found.alone)):
        near, same = twins(judged), of_truth(judged, "same")
        error = calibration(judged)[0]
        rows.append(
            [name, _short(near.share("match")), _short(near.answered()), _short(same.share("match")),
             _short(same.share("mismatch")), f"{error:.3f}"]
        )  # fmt: skip
    told = "The same fit and the same rule for thresholds, with one feature."
    columns = (
        "by",
        "near-twin told a match",
        "near-twins answered",
        "same told a match",
        "same told a mismatch",
        "ECE",
    )
    return Section("What comparing brings", told, [Table(columns, rows)])


def _real(found: Found) -> Section:
    if not found.real.claims:
        return Section("Real photographs", "Not measured: the real pictures were not here.")
    told = (
        "Shops' photos of one piece, seldom from one side: of the test split of `samepiece`, whose shops are in no "
        "fit. Each against every other of its piece, against that of another piece whose vector is nearest, and "
        "against one by chance."
    )
    return _by_kind("Real photographs", told, found.real)


def _copies(found: Found) -> Section:
    rows = [[edit, f"{copies.found_share(found.copies, edit):.1%}"] for edit in copies.ASKED]
    rows.append(["no copy at all, taken for one", f"{copies.told_falsely(found.copies):.1%}"])
    count = sum(one.of >= 0 for one in found.copies)
    told = (
        f"{count} copies, and {len(found.copies) - count} photos that are none, looked for among {copies.OTHERS:,}: "
        f"the {copies.NEAREST} nearest by vector, as it is and mirrored, are looked at closely. All but the "
        "originals are vectors drawn near theirs."
    )
    figures = {row[0]: row[1] for row in rows}
    return Section("Copies", told, [Table(("edit", "found"), rows)], figures)


def _fooled(found: Found) -> Section:
    rows = [[one.attempt, str(len(one.told)), f"{(one.told >= 0.5).mean():.1%}"] for one in found.fooled]
    told = (
        "A registered picture itself, sent as a photo of one's own piece. Told as the same picture, it is no evidence: "
        "the answer is `cannot_tell`, and asks for another photo."
    )
    return Section("Attempts to fool it", told, [Table(("attempt", "pictures", "told as the same picture"), rows)])


def _p95(seconds: Floats) -> float:
    return float(np.percentile(seconds, 95)) if len(seconds) else float("nan")


def _short(one: Share) -> str:
    return f"{one.value:.1%} ({one.low:.1%}-{one.high:.1%})" if one.of else "-"


def _is(reached: bool) -> str:
    return "reached" if reached else "missed"
