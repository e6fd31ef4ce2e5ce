"""Which way of ranking a shopper gets, while a shop compares some."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from services.recommender.history import Who
from services.recommender.tables import RunningExperiment
from shared.contracts.internal import Experiment, Policy
from shared.database import Database

_FRESH_S = 0.5
"""An experiment that was stopped in another process is so long still seen here."""
_HASHES = 2**64


@dataclass(frozen=True, slots=True)
class Assigned:
    """How a shopper's lists are ranked. `variant` is "experiment/variant", or empty where nothing is compared."""

    policy: Policy
    explore: float
    variant: str = ""


class Experiments:
    """One experiment a tenant, or none; a change is seen within a second in every process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Experiment | None]] = {}

    def of(self, tenant: str) -> Experiment | None:
        now = time.monotonic()
        with self._lock:
            fresh_until, kept = self._kept.get(tenant, (0.0, None))
        if now < fresh_until:
            return kept
        with self._database.read() as session:
            held = session.scalar(select(RunningExperiment.experiment).where(RunningExperiment.tenant == tenant))
        found = None if held is None else Experiment.model_validate(held)
        self._keep(tenant, found, now)
        return found

    def put(self, tenant: str, experiment: Experiment | None) -> None:
        """Start it, in place of one that runs. None stops what runs: from then on all are ranked alike."""
        with self._database.write() as session:
            if experiment is None:
                session.execute(delete(RunningExperiment).where(RunningExperiment.tenant == tenant))
            else:
                held = experiment.model_dump(mode="json")
                insert = postgresql.insert if self._database.locks_rows else sqlite.insert
                row = insert(RunningExperiment).values(tenant=tenant, experiment=held)
                session.execute(row.on_conflict_do_update(index_elements=["tenant"], set_={"experiment": held}))
        self._keep(tenant, experiment, time.monotonic())

    def assigned(self, tenant: str, who: Who, otherwise: Assigned) -> Assigned:
        """Always the same of one experiment for the same shopper, whatever else runs and in which process."""
        experiment = self.of(tenant)
        if experiment is None:
            return otherwise
        name = f"user {who.user_id}" if who.user_id else f"visit {who.session_id}"
        digest = hashlib.sha256("\n".join((tenant, experiment.name, name)).encode()).digest()
        drawn = int.from_bytes(digest[:8]) / _HASHES
        variants = sorted(experiment.variants)
        ends = np.cumsum([experiment.variants[variant].share for variant in variants])
        variant = variants[min(int(np.searchsorted(ends, drawn, side="right")), len(variants) - 1)]
        plan = experiment.variants[variant]
        return Assigned(plan.policy, plan.explore, f"{experiment.name}/{variant}")

    def _keep(self, tenant: str, experiment: Experiment | None, now: float) -> None:
        with self._lock:
            self._kept[tenant] = (now + _FRESH_S, experiment)
