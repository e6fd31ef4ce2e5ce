"""What an operator asks: how far things are, the index, the comparison of the stores, what there is to learn from."""

from __future__ import annotations

from collections.abc import Sequence

from loupe.client.calls import Call, Pages, answer, given, json_body
from shared.contracts.api import Readiness, ReconcileReport, ReindexIn, Status
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.models import ReindexStatus
from shared.contracts.training import TrainingPage
from shared.contracts.usage import Usage


def status() -> Call[Status]:
    """Counts of items and pictures, and what waits."""
    return Call("GET", "/v1/status", answer(Status))


def usage() -> Call[Usage]:
    """What the shop has of each quota, and may have."""
    return Call("GET", "/v1/usage", answer(Usage))


def readiness() -> Call[Readiness]:
    """Whether each part answers that the gateway needs. It is told either way."""
    return Call("GET", "/readyz", answer(Readiness), also=(503,))


def reconcile() -> Call[ReconcileReport]:
    """Have the shop's stores compared, unless that is going on."""
    return Call("POST", "/v1/admin/reconcile", answer(ReconcileReport))


def reconcile_report() -> Call[ReconcileReport]:
    """The newest comparison of the shop's stores."""
    return Call("GET", "/v1/admin/reconcile", answer(ReconcileReport))


def reindex() -> Call[ReindexStatus]:
    """The collections of the index, and how far a new one is filled."""
    return Call("GET", "/v1/admin/reindex", answer(ReindexStatus))


def start_reindex(model: str, *, hold: bool = False) -> Call[ReindexStatus]:
    """Fill a new collection by a model that the embedder has loaded; `hold`: wait for `switch_reindex` at the end."""
    return Call("POST", "/v1/admin/reindex", answer(ReindexStatus), body=json_body(ReindexIn(model=model, hold=hold)))


def switch_reindex() -> Call[ReindexStatus]:
    """Search the new collection now."""
    return Call("POST", "/v1/admin/reindex/switch", answer(ReindexStatus))


def abort_reindex() -> Call[ReindexStatus]:
    """Give up the new collection."""
    return Call("POST", "/v1/admin/reindex/abort", answer(ReindexStatus))


def training(model: str, *, page: int = MAX_LIMIT) -> Pages[TrainingPage]:
    """All pages of what the catalogue has to learn from, as this model sees it."""

    def one(cursor: str | None) -> Call[tuple[Sequence[TrainingPage], str | None]]:
        params = given(model=model, limit=page, cursor=cursor)
        return Call("GET", "/v1/admin/training", lambda response: _of_one(answer(TrainingPage)(response)), {}, params)

    return Pages(one)


def _of_one(page: TrainingPage) -> tuple[Sequence[TrainingPage], str | None]:
    return [page], page.next_cursor
