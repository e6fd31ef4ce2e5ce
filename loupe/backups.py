"""`loupe backup FOLDER` and `loupe restore FOLDER`.

The commands import databases and stores themselves: `loupe search` should not wait for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loupe.telling import out, told


@told
def backup(
    folder: Annotated[
        Path, typer.Argument(help="Made if it is not there; a second backup into it copies what is new.")
    ],
) -> None:
    """Copy databases and objects into FOLDER, while Loupe runs. Whoever reads the folder reads everything."""
    from loupe.backup.places import Settings, place
    from loupe.backup.taking import take

    made, copied = take(place(Settings()), folder)
    at = f"{made.made_at:%Y-%m-%d %H:%M:%S}"
    out.print(f"{folder} is a backup of {at} UTC: {len(made.tenants)} shops, {copied} new objects.", soft_wrap=True)


@told
def restore(folder: Annotated[Path, typer.Argument(help="What `loupe backup` made.")]) -> None:
    """Put a backup where there is nothing yet. The index is made again when Loupe starts, without running a model."""
    from loupe.backup.places import Settings, place
    from loupe.backup.putting import put_back

    made = put_back(folder, place(Settings(), new=True))
    out.print(f"Restored the backup of {made.made_at:%Y-%m-%d %H:%M:%S} UTC: {len(made.tenants)} shops.")
    start = "Start Loupe by `loupe up --processes`" if made.home and made.of_servers else "Start Loupe"
    out.print(f"{start}: it makes the index again from what was analysed, 100 pictures at a time.", soft_wrap=True)
