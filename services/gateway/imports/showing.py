"""The pictures of rows: got from the file or from an address, and stored like any upload."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from services.gateway.imports.fetching import Fetcher, NotFetched
from services.gateway.listing import Listing
from services.gateway.multipart import Upload
from services.gateway.pictures import Inspector
from services.gateway.uploads import Uploads
from shared.errors import LoupeError, Permanent
from shared.imports.rows import Named, Row
from shared.imports.tables import Source

_AT_ONCE = 8
_SKUS_AT_ONCE = 16
_MAX_NAME = 200


@dataclass
class Shown:
    """What became of pictures. `counts` as in `PictureCounts`; `troubles` by the number of the row that names them."""

    counts: Counter[str] = field(default_factory=Counter)
    troubles: dict[int, list[str]] = field(default_factory=dict)

    def trouble(self, number: int, named: Named, kind: str, why: LoupeError) -> None:
        self.counts[kind] += len(named.skus)
        self.troubles.setdefault(number, []).append(f"Picture {named.name[:_MAX_NAME]}: {why.detail}")


class Pictures:
    """Stores the pictures of rows whose items are in the shop. Doing it again changes nothing."""

    def __init__(self, listing: Listing, uploads: Uploads, fetcher: Fetcher, inspect: Inspector) -> None:
        self._listing = listing
        self._uploads = uploads
        self._fetcher = fetcher
        self._inspect = inspect

    def take(self, tenant: str, source: Source, rows: Sequence[Row], going_on: Callable[[], bool]) -> Shown | None:
        """None when `going_on`, asked every few pictures, said no."""
        shown = Shown()
        named = [(row.number, picture) for row in rows for picture in row.pictures if picture.skus]
        for start in range(0, len(named), _AT_ONCE):
            if not going_on():
                return None
            for (number, picture), data in self._got(source, named[start : start + _AT_ONCE]):
                if isinstance(data, LoupeError):
                    kind = "not_fetched" if isinstance(data, NotFetched) else "refused"
                    shown.trouble(number, picture, kind, data)
                else:
                    self._store(tenant, number, picture, data, shown)
        return shown

    def try_out(self, tenant: str, source: Source, rows: Sequence[Row], going_on: Callable[[], bool]) -> Shown | None:
        """What `take` would do; nothing is fetched."""
        shown = Shown()
        for row in rows:
            if not going_on():
                return None
            for picture in row.pictures:
                try:
                    if source.holds(picture.name):
                        self._look(tenant, picture, source.picture(picture.name), shown)
                    else:
                        self._fetcher.check(picture.name)
                        shown.counts["to_fetch"] += len(picture.skus)
                except NotFetched as why:
                    shown.trouble(row.number, picture, "not_fetched", why)
                except Permanent as why:
                    shown.trouble(row.number, picture, "refused", why)
        return shown

    def _got(
        self, source: Source, named: Sequence[tuple[int, Named]]
    ) -> Iterator[tuple[tuple[int, Named], bytes | LoupeError]]:
        held = [one for one in named if source.holds(one[1].name)]
        for one in held:
            try:
                yield one, source.picture(one[1].name)
            except Permanent as why:
                yield one, why
        asked = [one for one in named if one not in held]
        if asked:
            yield from zip(asked, self._fetcher.fetch([picture.name for _, picture in asked]), strict=True)

    def _store(self, tenant: str, number: int, picture: Named, data: bytes, shown: Shown) -> None:
        known = self._known(tenant, picture, data)
        for start in range(0, len(picture.skus), _SKUS_AT_ONCE):
            skus = picture.skus[start : start + _SKUS_AT_ONCE]
            with ExitStack() as files:
                uploads = [(sku, Upload.of(data)) for sku in skus]
                for _, upload in uploads:
                    files.enter_context(upload.file)
                stored = self._uploads.store(tenant, uploads)
            for sku, image_id in zip(skus, stored, strict=True):
                if isinstance(image_id, LoupeError):
                    shown.trouble(number, Named(picture.name, (sku,)), "refused", image_id)
                else:
                    shown.counts["known" if sku in known else "stored"] += 1

    def _look(self, tenant: str, picture: Named, data: bytes, shown: Shown) -> None:
        upload = Upload.of(data)
        with upload.file:
            self._inspect(upload)
        known = self._known(tenant, picture, data)
        for sku in picture.skus:
            shown.counts["known" if sku in known else "stored"] += 1

    def _known(self, tenant: str, picture: Named, data: bytes) -> set[str]:
        """The items that have this picture."""
        sha256 = hashlib.sha256(data).hexdigest()
        found = self._listing.known_pictures(tenant, [(sku, sha256) for sku in picture.skus])
        return {sku for (sku, _), image_id in found.items() if image_id}
