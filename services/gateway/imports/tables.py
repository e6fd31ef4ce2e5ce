"""The tables of imports, in the catalogue's database: what is counted as done is committed with what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables import Base


class ImportJob(Base):
    """An import, its file in the bucket `imports` while it is not finished.

    `done` rows, in the order of reading, have their outcome and all of their pictures. `counts` has an entry a row
    outcome, `pictures` as in `PictureCounts`. Who works on it holds `claim` until `claimed_until`.
    """

    __tablename__ = "imports"
    __table_args__ = (
        Index("ix_imports_tenant_created_at", "tenant", "created_at", "import_id"),
        Index("ix_imports_state", "state", "created_at"),
    )

    import_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    state: Mapped[str] = mapped_column(String(16))
    format: Mapped[str | None] = mapped_column(String(16))
    file: Mapped[str] = mapped_column(String(200))
    dry_run: Mapped[bool]
    rows: Mapped[int | None]
    done: Mapped[int]
    counts: Mapped[dict[str, Any]]
    pictures: Mapped[dict[str, Any]]
    unknown_columns: Mapped[list[Any]]
    problem: Mapped[dict[str, Any] | None]
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportedRow(Base):
    """What became of one row of an import; `troubled`: there is a `reason` to tell."""

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_outcome", "import_id", "outcome", "number"),
        Index("ix_import_rows_troubled", "import_id", "troubled", "number"),
    )

    import_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int | None]
    file: Mapped[str | None] = mapped_column(Text)
    sku: Mapped[str | None] = mapped_column(String(128))
    outcome: Mapped[str] = mapped_column(String(16))
    troubled: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    path: Mapped[str | None] = mapped_column(String(200))
