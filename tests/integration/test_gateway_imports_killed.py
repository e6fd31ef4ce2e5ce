"""A gateway that is killed in the middle of an import: the next one goes on, and every row is told once."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

from services.gateway.imports.claims import Claims
from services.gateway.imports.running import _PICTURES
from services.gateway.imports.tables import ImportJob
from tests.support.gateway import picture, running_gateway
from tests.support.importing import ended, importing, rows, said, send

DIES = """
import itertools, os, signal, sys, time
from pathlib import Path
from tests.support import dying
from tests.support.gateway import running_gateway
from tests.support.importing import importing

class AtPicture(dying.Steps):
    pictures = itertools.count(1)

    def reach(self, step):
        if step == "after-pictures.put" and next(self.pictures) == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
dying._watch(AtPicture(folder, at_once=True))
with running_gateway(folder) as stand, importing(stand):
    time.sleep(120)
"""


def zipped(count: int) -> bytes:
    """A table of so many items, each with a picture."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        lines = ["sku,title,images", *(f"R-{n:03},Ring {n},{n}.jpg" for n in range(count))]
        packed.writestr("items.csv", "\n".join(lines))
        for number in range(count):
            packed.writestr(f"{number}.jpg", picture(number, size=(20, 16)))
    return out.getvalue()


def test_a_kill_costs_an_import_no_row_and_tells_none_twice(tmp_path: Path) -> None:
    count = _PICTURES + 8
    with running_gateway(tmp_path) as stand:
        import_id = send(stand, zipped(count), "shop.zip")
        in_the_second_part = str(_PICTURES + 4)
        dying = subprocess.run([sys.executable, "-c", DIES, str(tmp_path), in_the_second_part], timeout=180)
        assert dying.returncode == -signal.SIGKILL
        with stand.catalogue.read() as session:
            assert session.get_one(ImportJob, import_id).done == _PICTURES
        killed_at = len(stand.client.get("/v1/items", params={"limit": 100}).json()["items"])
        assert killed_at > _PICTURES, "items were put whose pictures were not all there"

    with running_gateway(tmp_path, sole_worker=True) as stand, importing(stand):
        now = ended(stand, import_id)
        assert said(now) == {"imported": count}
        assert sum(now["pictures"].values()) == count
        assert [row["row"] for row in rows(stand, import_id)] == list(range(1, count + 1))
        assert stand.parts.listing.status("shop").images["stored"] == count


def test_what_a_dead_gateway_holds_is_taken_by_another_when_its_claim_is_over(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand:
        import_id = send(stand, b"sku\nA\n")
        claims = Claims(stand.catalogue)
        assert claims.take() is not None
        with importing(stand):
            assert claims.take() is None, "it is held"
            with stand.catalogue.write() as session:
                job = session.get_one(ImportJob, import_id)
                job.claimed_until = job.created_at
            assert said(ended(stand, import_id)) == {"imported": 1}
