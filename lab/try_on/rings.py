"""Where rings lie on fingers: fitted on people of the train split, and measured on those of the test split."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.statistics import wilson
from lab.try_on.browser import looking
from lab.try_on.marks import FINGERS, Marked, by_hand, by_set

REPORTS = Path(__file__).parents[1] / "reports" / "try-on"
NEAR = 0.10
"""Of the palm's width: a ring whose middle lies so near to the mark's is in its place."""
_BELIEF = 2
"""A finger's own median weighs as many people as wear a ring there, and that of its side of the hand as many as this:
few wear one on thumb, index or little finger."""
SIDES = {"back": False, "palm": True}


def fit() -> dict[str, dict[str, float]]:
    """`RING_AT` of `places.js`: side to finger to where along its bone. Writes fit.md (needs ../shared/data)."""
    with looking() as look:
        seen = list(_told(by_set("train", look)))
    rings = [one for one in seen if one.error is not None and not one.on_wrist]
    at = {side: _along(rings, palm) for side, palm in SIDES.items()}
    _write("fit.md", fit_report(seen, rings, at))
    return at


def _along(rings: list[Marked], palm: bool) -> dict[str, float]:
    """Of a person's rings on a finger the median; of people's the median, drawn to that of all fingers of the side."""
    of_people: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in rings:
        if one.palm_shown == palm:
            of_people[one.finger, one.person].append(one.along)
    medians = {key: statistics.median(along) for key, along in of_people.items()}
    side = statistics.median(medians.values())
    at = {}
    for finger in FINGERS:
        own = [along for (name, _), along in medians.items() if name == finger]
        middle = statistics.median(own) if own else side
        at[finger] = (len(own) * middle + _BELIEF * side) / (len(own) + _BELIEF)
    return at


def fit_report(seen: list[Marked], rings: list[Marked], at: dict[str, dict[str, float]]) -> str:
    """Markdown: what `places.js` has to say of rings, and of how many hands and people it is."""
    bands = [one.across for one in rings if one.palm_shown and one.finger == "ring"]
    lines = [
        "# Where hands wear rings",
        "",
        f"`python -m lab fit-try-on`, on the train split of the hands: {len(seen)} photographs, of "
        f"{len({one.person for one in seen})} people; {sum(one.error is None for one in seen)} without a hand found, "
        f"{sum(one.on_wrist for one in seen)} with a mark about the wrist. The marks are the boxes of the set. `at` is "
        "along the bone, from knuckle (0) to joint (1).",
        "",
        "| side seen | finger | rings | people | at |",
        "| --- | --- | --- | --- | --- |",
    ]
    for side, palm in SIDES.items():
        for finger in FINGERS:
            worn = [one for one in rings if one.palm_shown == palm and one.finger == finger]
            people = len({one.person for one in worn})
            lines.append(f"| {side} | {finger} | {len(worn)} | {people} | {at[side][finger]:.2f} |")
    lines += [
        "",
        f"A ring finger is {statistics.median(bands):.2f} of the palm's width: the median of bands seen from the "
        "palm's side, where no stone is.",
        "",
    ]
    return "\n".join(lines)


def evaluate(count: int) -> str:
    """The first so many photographs that were marked by hand; writes report.md (needs ../shared/data)."""
    with looking() as look:
        seen = list(_told(by_hand(count, look)))
    return _write("report.md", report(seen, count))


def report(seen: list[Marked], count: int) -> str:
    """What came of it, as Markdown."""
    found = [one for one in seen if one.error is not None]
    low, high = wilson(_near(seen), len(seen))
    lines = [
        "# Where try-on puts a ring",
        "",
        f"`python -m lab evaluate-try-on --count {count}`, on {len(seen)} photographs of hands with a ring, of "
        f"{len({one.person for one in seen})} people of the test split (not in this repository), in headless Chromium "
        "without a GPU.",
        "",
        "| | |",
        "| --- | --- |",
        f"| photographs with a ring marked by hand | {len(seen)} |",
        f"| of them with a hand found | {len(found)} |",
        f"| **ring within {NEAR:.0%} of the palm's width of the mark** | **{_near(seen)} of {len(seen)}"
        f" ({_near(seen) / max(len(seen), 1):.0%}, {low:.0%} to {high:.0%})** |",
        f"| median error, in palm widths | {statistics.median(one.error or 0.0 for one in found):.3f} |",
        f"| a look, median | {statistics.median(one.ms for one in found):.0f} ms |",
    ]
    for name, of in (("seen", "view"), ("worn on the", "finger")):
        for value in sorted({getattr(one, of) for one in seen}):
            some = [one for one in seen if getattr(one, of) == value]
            lines.append(f"| within, {name} {value} | {_near(some)} of {len(some)} |")
    lines += [
        "",
        "A mark is the middle of where the ring crosses the finger, and says which finger, as a shopper does. A",
        "photograph without a hand found counts as a miss. The places along the fingers were fitted on other people",
        "([fit](fit.md)). The interval is Wilson's, of 95%; one person's photographs are alike, so it is too narrow.",
        "",
    ]
    return "\n".join(lines)


def _near(seen: Iterable[Marked]) -> int:
    return sum(one.error is not None and one.error <= NEAR for one in seen)


def _told(seen: Iterable[Marked]) -> Iterator[Marked]:
    for number, one in enumerate(seen, 1):
        print(f"{number}: {one}", flush=True)
        yield one


def _write(name: str, text: str) -> str:
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / name).write_text(text)
    return text
