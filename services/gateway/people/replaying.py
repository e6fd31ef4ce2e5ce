"""A backup came back: whoever was erased after it was made is erased again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from uuid import uuid4

import structlog

from services.gateway.erasing import forget, names_here
from services.gateway.impressions import Whose
from services.gateway.outbox_keys import erasure_key
from services.gateway.people.block_list import BlockList, Entry, entries_of, note_entries
from services.gateway.tables import OUTBOX
from services.gateway.upstream import Recommender
from shared.contracts.messages import ErasureAsked
from shared.database import Database
from shared.errors import LoupeError
from shared.observability import logs

_AGAIN_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class Replaying:
    """At its start a gateway compares the block list with its file. What the table lacks, a restored backup lacks too.

    `recommender` makes a client of its own.
    """

    def __init__(
        self,
        database: Database,
        block_list: BlockList,
        recommender: Callable[[], Recommender],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._block_list = block_list
        self._recommender = recommender
        self._wake = wake

    def run(self, stop: threading.Event) -> None:
        """Once, tried again until it succeeds or `stop` is set."""
        while not stop.is_set():
            try:
                self.replay_block_list()
                return
            except LoupeError as error:
                _log.warning("block_list_waits", detail=error.detail)
                stop.wait(_AGAIN_SECONDS)

    def replay_block_list(self) -> int:
        """Erase again whom the file knows and the table does not; how many shoppers of whom there was anything.

        The table learns of them last, so that a kill in between begins anew.
        """
        with self._database.read() as session:
            known = {(one.tenant, one.shopper): one.at for one in entries_of(session)}
        written = {(one.tenant, one.shopper): one for one in self._block_list.written()}
        lacking = [one for key, one in written.items() if key not in known or known[key] < one.at]
        self._block_list.write_down(
            [Entry(*key, at) for key, at in known.items() if key not in written or written[key].at < at]
        )
        erased = sum(self._erase(tenant, lacking) for tenant in sorted({one.tenant for one in lacking}))
        with self._database.write() as session:
            note_entries(session, lacking)
        if lacking:
            _log.warning("restored_backup_filtered", forgotten=len(lacking), found=erased)
        return erased

    def _erase(self, tenant: str, entries: Sequence[Entry]) -> int:
        by_hash = {one.shopper: one for one in entries if one.tenant == tenant}
        with self._database.read() as session:
            names = names_here(session, tenant)
        names |= asyncio.run(self._in_history(tenant))
        found = [(whose, by_hash[shopper]) for whose in names if (shopper := self._hash(tenant, whose)) in by_hash]
        for whose, entry in found:
            message = ErasureAsked(
                tenant=tenant,
                correlation_id=logs.correlation_id(),
                at=entry.at,
                erasure_id=f"er_{uuid4().hex}",
                user_id=whose.user_id,
                session_id=whose.session_id,
                restored=True,
            )
            with self._database.write() as session:
                forget(session, tenant, whose)
                OUTBOX.add(session, erasure_key(message.erasure_id), message)
        self._wake()
        return len(found)

    def _hash(self, tenant: str, whose: Whose) -> str:
        return self._block_list.hash_of(tenant, whose)

    async def _in_history(self, tenant: str) -> set[Whose]:
        recommender, after, found = self._recommender(), "", set[Whose]()
        try:
            while True:
                page = await recommender.shoppers(tenant, after)
                for shopper in page.shoppers:
                    kind, _, name = shopper.partition(":")
                    found.add(Whose(name) if kind == "u" else Whose(None, name))
                if page.last:
                    return found
                after = page.shoppers[-1]
        finally:
            await recommender.close()
