"""Suggestions: what shoppers do with them, and what is learned from it."""

from __future__ import annotations

from deploy.grafana.asking import increase, quantile, rate, share
from deploy.grafana.panels import Board, Panel, Row, Series

_SUGGESTED = 'place=~"for-you|suggestions|e-mail"'


def _click_through(by: str, where: str = "") -> str:
    clicked, shown = (increase(f"loupe_recommender_{what}_total", "1d", by, where) for what in ("clicked", "shown"))
    return f"({clicked} or 0 * {shown}) / {shown}"


BOARD = Board(
    uid="loupe-recommender",
    title="Loupe: recommender",
    note="What shoppers are suggested, whether they click on it, by variant, and what is learned from that.",
    rows=[
        Row(
            "Do they click?",
            [
                Panel(
                    "Click-through by variant, of a day",
                    "Clicks for each page of suggestions shown. While a shop compares ways of ranking, each variant "
                    "apart: by its letter in the order of the variants' names, and how it ranks; `none` outside of "
                    "comparisons. A difference counts once it stays for days: `loupe` and the API tell it with its "
                    "uncertainty.",
                    "percentunit",
                    [Series(_click_through("variant", _SUGGESTED), "{{variant}}")],
                ),
                Panel(
                    "Click-through by place, of a day",
                    "Clicks for each page shown there. Places that nobody clicks on may be left out; none at all: the "
                    "shop does not tell clicks with their search_id.",
                    "percentunit",
                    [Series(_click_through("place"), "{{place}}")],
                ),
                Panel(
                    "Pages shown",
                    "Of lists, by their place. Falls to 0: the shop's pages do not ask any more.",
                    "ops",
                    [Series(rate("loupe_recommender_shown_total", "place"), "{{place}}")],
                ),
            ],
        ),
        Row(
            "What is suggested",
            [
                Panel(
                    "Suggested pieces by reason",
                    "By what the reason names: look, described and new by the pictures and words; together by what "
                    "others did; searched and set by the shopper's own. Popular and new fill up for shoppers who are "
                    "not known yet.",
                    "ops",
                    [Series(rate("loupe_recommender_suggested_total", "kind"), "{{kind}}")],
                    stacked=True,
                ),
                Panel(
                    "Places given away by chance",
                    "The share of suggested places that went to pieces at random among the next best, so that "
                    "newcomers are seen and rankings can be compared. Near what the settings or the experiment say; "
                    "more means that something else than the ranking decides.",
                    "percentunit",
                    [Series(share("loupe_suggested_places_total", 'by="chance"'), "by chance")],
                ),
                Panel(
                    "A list of suggestions, p95",
                    "One list in twenty takes the recommender longer.",
                    "s",
                    [
                        Series(
                            quantile(0.95, "loupe_http_request_seconds", "", 'service="recommender", route="/suggest"'),
                            "p95",
                        )
                    ],
                ),
            ],
        ),
        Row(
            "What is learned",
            [
                Panel(
                    "Events of shoppers",
                    "Views, clicks and purchases recorded by the recommender; repeated ones were sent twice by the "
                    "shop, erased ones came after their shopper was.",
                    "ops",
                    [Series(rate("loupe_recommender_events_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "What is learned in the background",
                    "Trainings of the last day by what became of them, each model apart. One that failed, or measured "
                    "worse than what is in use, is not taken into use: the suggestions go on by what was learned "
                    "before. If only such come for days, read the recommender's log.",
                    "none",
                    [
                        Series(
                            increase("loupe_recommender_lessons_total", "1d", "name, outcome"), "{{name}} {{outcome}}"
                        )
                    ],
                ),
                Panel(
                    "Forgotten and erased in a day",
                    "Events, visits and lists that were kept long enough, and those that went with their shopper.",
                    "none",
                    [
                        Series(increase("loupe_recommender_forgotten_total", "1d", "kind"), "{{kind}} forgotten"),
                        Series(increase("loupe_recommender_erased_total", "1d", "kind"), "{{kind}} erased"),
                    ],
                ),
                Panel(
                    "Lists that were shown and not kept",
                    "Too many waited to be logged. What is learned misses them; see LoupeImpressionsLost.",
                    "ops",
                    [Series(rate("loupe_impressions_lost_total"), "lost")],
                ),
            ],
        ),
    ],
)
