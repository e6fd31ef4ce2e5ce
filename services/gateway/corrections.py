"""What merchants say of pictures: it holds over what a model saw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from services.gateway import writing
from services.gateway.catalogue import no_image
from services.gateway.outbox_keys import corrected_key
from services.gateway.tables import OUTBOX, CorrectionEntry, Image
from shared.contracts.analysis import ATTRIBUTES, Analysis
from shared.contracts.api import Correction
from shared.contracts.messages import ImageCorrected
from shared.database import Database
from shared.observability import logs


class Corrections:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def correct(self, tenant: str, image_id: str, correction: Correction, analysis: Analysis | None) -> None:
        """Keep what a merchant says of a picture. `analysis` is the model's, shown again for what is taken back."""

        def write(session: Session) -> bool:
            row = session.get(Image, image_id, with_for_update=True)
            if row is None or row.tenant != tenant:
                raise no_image(image_id)
            before = row.corrected
            said = {name: getattr(correction, name) for name in ATTRIBUTES if name in correction.model_fields_set}
            new = {name: value for name, value in said.items() if before.get(name) != value}
            if not new:
                return False
            row.correction_revision += 1
            row.corrected = {name: value for name, value in (before | new).items() if value is not None}
            for name, value in new.items():
                if value is None and analysis:
                    found = getattr(analysis.pieces[0], name)
                    setattr(row, name, found.model_dump() if found else None)
                session.add(_entry(row, name, value))
            message = ImageCorrected(
                tenant=tenant,
                correlation_id=logs.correlation_id(),
                sku=row.sku,
                image_id=image_id,
                revision=row.correction_revision,
                corrections=row.corrected,
            )
            OUTBOX.add(session, corrected_key(image_id, row.correction_revision), message)
            return True

        if writing.write(self._database, write):
            self._wake()


def _entry(row: Image, attribute: str, value: str | None) -> CorrectionEntry:
    return CorrectionEntry(
        tenant=row.tenant,
        image_id=row.image_id,
        sku=row.sku,
        sha256=row.sha256,
        revision=row.correction_revision,
        attribute=attribute,
        value=value,
        at=datetime.now(UTC),
    )
