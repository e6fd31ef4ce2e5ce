"""How often shoppers click on what they are shown, by place and variant, counted for operators.

Variants are named by shops, and labels of metrics are not: a variant is its letter in the order of the names of its
experiment, and how it ranks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from string import ascii_lowercase

from sqlalchemy import select

from services.recommender import metrics
from services.recommender.experiments import Experiments
from services.recommender.tables import Impression
from shared.contracts.impressions import ShownList
from shared.database import Database

NONE, ENDED, UNKNOWN = "none", "ended", "unknown"
_IDS = 500


class ClickThrough:
    """Counts what is new. A click whose list is not kept is of an `unknown` place."""

    def __init__(self, database: Database, experiments: Experiments) -> None:
        self._database = database
        self._experiments = experiments

    def shown(self, tenant: str, lists: Iterable[ShownList]) -> None:
        for one in lists:
            metrics.SHOWN.labels(one.place, self._label(tenant, one.variant)).inc()

    def clicked(self, tenant: str, search_ids: Sequence[str]) -> None:
        """One click each."""
        clicks = Counter(search_ids)
        names = list(clicks)
        for start in range(0, len(names), _IDS):
            few = names[start : start + _IDS]
            known = (
                select(Impression.search_id, Impression.place, Impression.variant)
                .where(Impression.tenant == tenant, Impression.search_id.in_(few))
                .distinct()
            )
            with self._database.read() as session:
                lists = {row.search_id: row for row in session.execute(known)}
            for name in few:
                place, variant = UNKNOWN, NONE
                if row := lists.get(name):
                    place, variant = row.place, self._label(tenant, row.variant)
                metrics.CLICKED.labels(place, variant).inc(clicks[name])

    def _label(self, tenant: str, variant: str) -> str:
        if not variant:
            return NONE
        experiment = self._experiments.of(tenant)
        name, _, of = variant.partition("/")
        if experiment is None or experiment.name != name or of not in experiment.variants:
            return ENDED
        letter = ascii_lowercase[sorted(experiment.variants).index(of)]
        return f"{letter}-{experiment.variants[of].policy}"
