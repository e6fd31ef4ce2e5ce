"""What is fuzzed. Each target takes any bytes, and raises nothing: whatever they are, they are read or refused."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from services.embedder.decode import decode
from services.gateway import headers
from shared.contracts import shop
from shared.contracts.fields import PICTURE_FORMATS
from shared.contracts.routes import MESSAGES
from shared.errors import Permanent
from shared.imports.errors_file import errors_csv
from shared.imports.reading import opened

_MAX_PIXELS = 1_000_000
_NAMES = sorted(MESSAGES)
SEEDS = Path(__file__).parents[1] / "fixtures" / "fuzz"


def decoder(data: bytes) -> None:
    """The header as the gateway reads it, then the pixels as the embedder does, unless they are many."""
    with suppress(Permanent, MemoryError):
        told, _ = headers.read(data, {"formats": PICTURE_FORMATS, "max_pixels": _MAX_PIXELS, "told": ""})
        picture = decode(data, 64)
        assert picture.rgb.mode == "RGB"
        assert {picture.width, picture.height} == {told["width"], told["height"]}


def imports(data: bytes) -> None:
    """A file of a shop's, and each picture that it holds."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        file.write_bytes(data)
        with suppress(Permanent), opened(file) as source:
            for group in source.groups():
                for row in group:
                    assert (row.fault is None) or row.fault.reason
                    for named in row.pictures:
                        if source.holds(named.name):
                            with suppress(Permanent):
                                source.picture(named.name)
    assert "".join(errors_csv([]))


def envelope(data: bytes) -> None:
    """An event by the shop bus, and a message between services: the first byte says which."""
    with suppress(Permanent):
        shop.parse(data)
    if data:
        with suppress(ValidationError):
            message = MESSAGES[_NAMES[data[0] % len(_NAMES)]].model_validate_json(data[1:])
            message.model_dump_json()


TARGETS: Mapping[str, Callable[[bytes], None]] = {"decoder": decoder, "imports": imports, "envelope": envelope}
