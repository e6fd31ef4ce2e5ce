"""`loupe train`: learn from the shop's own catalogue, measure, say which model is better, and switch to it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deploy.local.home import Home
from loupe.client import Client
from loupe.settings import Settings, connected
from loupe.telling import out, told
from shared.contracts.models import ReindexStatus
from shared.errors import LoupeError, Permanent

if TYPE_CHECKING:
    from loupe.learning.learning import Outcome
    from loupe.learning.packing import ModelFolder

_LOAD_SECONDS = 120.0
_LOOK_SECONDS = 0.5


@told
def train(
    into: Annotated[
        Path | None, typer.Option("--out", help="Folder for the new model's; default: in LOUPE_HOME.")
    ] = None,
    switch: Annotated[bool, typer.Option("--switch", help="If it is better, move the index to it.")] = False,
    even_if_worse: Annotated[bool, typer.Option("--even-if-worse", help="Switch whatever was measured.")] = False,
) -> None:
    """Learn from this shop's items, their photos, and what merchants corrected; say whether that is better."""
    settings = Settings()
    home = Home.at(settings.home)
    with connected(settings) as client:
        active = _active(client.reindex())
        outcome = _learn(client, settings, (into or home.models).absolute(), active)
        for words in outcome.words:
            out.print(words, soft_wrap=True)
        if outcome.made is None:
            out.print("Nothing was learned; the model in use stays.")
            return
        _print(outcome)
        version = outcome.made.manifest.version
        out.print(f"The new model: {outcome.made.path}", soft_wrap=True)
        if version == active:
            out.print(f"{version} is the model in use already.", soft_wrap=True)
        elif outcome.verdict != "better" and not (switch and even_if_worse):
            out.print(f"Not better, so {active} stays. `--switch --even-if-worse` switches anyway.", soft_wrap=True)
            return
        elif not switch:
            out.print("It is better. `loupe train --switch` moves the index to it.")
        if switch:
            _switch(client, home if settings.url is None else None, outcome.made, active)


def _learn(client: Client, settings: Settings, into: Path, active: str) -> Outcome:
    from loupe.learning.learning import learn
    from loupe.learning.lessons import lessons
    from loupe.learning.packing import find
    from services.embedder.manifest import MODELS

    home = Home.at(settings.home)
    given = [Path(name) for name in settings.model_dirs.split(os.pathsep) if name]
    folders = [*given, *map(Path, home.model_dirs), into, home.models, MODELS]
    used = find(active, folders)
    pages = list(client.training(active))
    pictures = [picture for page in pages for picture in page.pictures]
    if not pictures:
        raise Permanent("No picture of this shop is indexed yet. Import a catalogue with `loupe import FILE`.")
    if lacking := sum(page.lacking for page in pages):
        out.print(f"{lacking} pictures are left out: {active} has not analysed them yet.")
    into.mkdir(parents=True, exist_ok=True)
    return learn(lessons(pictures), pages[0].tenant, used, into)


def _print(outcome: Outcome) -> None:
    table = Table("measured on held-out items", "pictures", "items", "old", "new", "difference", "", box=None)
    for one in outcome.comparisons:
        between = f"{one.low:+.3f} to {one.high:+.3f}"
        share = (f"{one.old:.3f}", f"{one.new:.3f}")
        table.add_row(one.name, str(one.pictures), str(one.pieces), *share, between, one.verdict)
    out.print(table)


def _switch(client: Client, home: Home | None, made: ModelFolder, active: str) -> None:
    """Load the new model beside the old, fill the index by it, and unload the old. Run again, it goes on."""
    version = made.manifest.version
    if version != active:
        before = _loaded(home) if home else []
        if home:
            home.load_models([*before, *({made.path} - set(before))])
        try:
            _fill(client, version, seconds_to_load=_LOAD_SECONDS if home else 0.0)
        except LoupeError:
            if home:
                home.load_models(before)
            raise
        out.print(f"Searches use {version} now.", soft_wrap=True)
    if home is None:
        out.print("When the old collection is dropped (`loupe reindex status`), take its model out of the embedder.")
        return
    while any(each.state in ("retired", "dropping") for each in client.reindex().collections):
        time.sleep(_LOOK_SECONDS)
    home.load_models([made.path])
    out.print("The old model is unloaded.")


def _loaded(home: Home) -> list[Path]:
    from services.embedder.manifest import SHIPPED

    return [Path(name) for name in home.model_dirs] or [SHIPPED]


def models_told(home: Home) -> list[str]:
    """Of each model that a stack started here has: its version, and what it learned from where its folder says so."""
    from services.embedder.manifest import learned_from, read_manifest
    from services.embedder.named import is_named
    from services.embedder.settings import Settings

    settings = Settings(broker_url="", object_store_url="")
    chosen = "model_dirs" in settings.model_fields_set or not home.model_dirs
    told = []
    for name in map(str, settings.model_dirs if chosen else home.model_dirs):
        if is_named(name):
            told.append(name)
        else:
            manifest = read_manifest(Path(name))
            told.append(f"{manifest.version} ({learned_from(manifest)})")
    return told


def _fill(client: Client, version: str, seconds_to_load: float) -> None:
    """The reindex, once the embedder has the model. Raises `Permanent` when it does not end well."""
    status = _started(client, version, seconds_to_load)
    while _active(status) != version:
        if not _has(status, version):
            raise Permanent(f"The reindex by {version} was given up; {_active(status)} stays.")
        if status.refused and not status.waiting:
            raise Permanent(status.words)
        time.sleep(_LOOK_SECONDS)
        status = client.reindex()


def _started(client: Client, version: str, seconds_to_load: float) -> ReindexStatus:
    deadline = time.monotonic() + seconds_to_load
    while not _has(now := client.reindex(), version):
        try:
            return client.start_reindex(version)
        except LoupeError as error:
            if error.status == 409 or time.monotonic() > deadline:
                raise Permanent(
                    f"The index is not moved yet. {error.detail} When the embedder has {version}, "
                    f"`loupe reindex start --model {version}` moves it."
                ) from error
        time.sleep(_LOOK_SECONDS)
    return now


def _has(status: ReindexStatus, version: str) -> bool:
    return any(each.model_version == version and each.state in ("filling", "active") for each in status.collections)


def _active(status: ReindexStatus) -> str:
    return next(each.model_version for each in status.collections if each.state == "active")
