"""What imports count."""

from __future__ import annotations

from typing import get_args

from prometheus_client import Counter

from shared.contracts.imports import PictureCounts, RowOutcome

ROWS = Counter("loupe_import_rows_total", "Rows of imports by what became of them", ["outcome"])
PICTURES = Counter("loupe_import_pictures_total", "Pictures of imports by what became of them", ["outcome"])
IMPORTS = Counter("loupe_imports_total", "Imports that ended, by how", ["state"])
for _outcome in get_args(RowOutcome):
    ROWS.labels(_outcome)  # 0 from the start
for _outcome in PictureCounts.model_fields:
    PICTURES.labels(_outcome)
for _state in ("done", "failed", "stopped"):
    IMPORTS.labels(_state)
