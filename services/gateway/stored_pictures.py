"""Pictures that were stored before: stripped where they lie, and drawn again where that needs more."""

from __future__ import annotations

import io
from collections import Counter

from PIL import Image as Opened
from sqlalchemy import select

from services.gateway.image_rows import blurs_faces
from services.gateway.outbox_keys import stored_key
from services.gateway.tables import OUTBOX, Image
from shared.contracts.analysis import picture_key
from shared.contracts.fields import PICTURE_FORMATS
from shared.contracts.messages import ImageStored
from shared.database import Database
from shared.errors import NotFound, UnsupportedPicture
from shared.objectstore import ObjectStore
from shared.observability import logs
from shared.pictures import strip

_PAGE = 100


def strip_stored(database: Database, pictures: ObjectStore, tenant: str) -> Counter[str]:
    """Go over a shop's pictures: how many were clean, stripped, are to be drawn again, and could not be followed.

    Those with a colour profile that counts, and all where the shop wants no faces, are sent to the embedder once more;
    a running gateway sends them. Doing it again does no harm.
    """
    with database.read() as session:
        blur = blurs_faces(session, tenant)
    done: Counter[str] = Counter()
    again: set[str] = set()
    for key in list(pictures.keys(tenant)):
        try:
            data = pictures.get(tenant, key)
            stripped = strip(data)
        except NotFound:  # it was collected meanwhile
            continue
        except UnsupportedPicture:
            done["damaged"] += 1
            continue
        if stripped != data:
            pictures.put(tenant, key, stripped)
        done["clean" if stripped == data else "stripped"] += 1
        if blur or Opened.open(io.BytesIO(stripped), formats=PICTURE_FORMATS).info.get("icc_profile"):
            again.add(key)
    done["drawn again"] = _send_again(database, tenant, again, blur=blur)
    return done


def _send_again(database: Database, tenant: str, keys: set[str], *, blur: bool) -> int:
    after, sent = "", set()
    while True:
        with database.write() as session:
            page = select(Image).where(Image.tenant == tenant, Image.image_id > after).order_by(Image.image_id)
            rows = session.execute(page.limit(_PAGE)).scalars().all()
            for row in rows:
                key = picture_key(row.sha256)
                if key not in keys or key in sent or row.state == "rejected":
                    continue
                sent.add(key)
                if OUTBOX.holds(session, stored_key(row.image_id)):
                    continue
                message = ImageStored(
                    tenant=tenant,
                    correlation_id=logs.correlation_id(),
                    sku=row.sku,
                    image_id=row.image_id,
                    sha256=row.sha256,
                    item_revision=row.item_revision,
                    attempt=1,
                    blur_faces=blur,
                )
                OUTBOX.add(session, stored_key(row.image_id), message)
        if len(rows) < _PAGE:
            return len(sent)
        after = rows[-1].image_id
