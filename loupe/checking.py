"""`loupe check-reference` and `loupe check-report`: whether something is as it was sealed, without a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from loupe.telling import out, told
from shared.contracts.references import RECORD_TYPE
from shared.contracts.verifying import PDF_TYPE, REPORT_TYPE
from shared.errors import Permanent
from shared.signing import PublicKey, canonical, check
from shared.signing.files import check_file

_PDF = b"%PDF-"
Keys = Annotated[
    Path,
    typer.Option(
        help="The keys that you trust, as `GET /v1/signing-keys` told them when you kept them.",
        exists=True,
        dir_okay=False,
    ),
]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
Pictures = Annotated[
    list[Path] | None, typer.Option("--picture", help="A picture that belongs to it; may be said several times.")
]


@told
def check_reference(file: File, keys: Keys, picture: Pictures = None) -> None:
    """Check the file of a reference: each version, their order, and pictures."""
    trusted = _keys(keys)
    versions = _read(file).get("versions")
    if not isinstance(versions, list) or not versions:
        raise Permanent(f"{file} is no file of a reference: it has no versions.")
    wrong = list(_of_versions(versions, trusted))
    named = [
        (str(told.get("sha256")), str(told.get("sent_sha256")), f"the {told.get('view')} picture of version {number}")
        for number, version in enumerate(versions, 1)
        for told in _list(_document(version).get("pictures"))
    ]
    wrong += _of_pictures(picture or [], [(one, what) for *hashes, what in named for one in hashes])
    _tell(wrong, f"{len(versions)} versions, sealed and in order" + _said_of(picture))


@told
def check_report(file: File, keys: Keys, picture: Pictures = None) -> None:
    """Check a report, JSON or PDF, and photos or pictures that it names."""
    trusted = _keys(keys)
    data = file.read_bytes()
    if data.startswith(_PDF):
        found = check_file(data, PDF_TYPE, trusted)
        if picture:
            raise Permanent("Pictures are checked against the report as JSON: it names their hashes.")
        _tell([found] if found else [], "the PDF is as it was signed")
        return
    report = _read(file)
    document = _document(report)
    wrong = list(_of_seal(document, report.get("seal"), REPORT_TYPE, trusted, ""))
    compared = document.get("compared")
    of_compared: dict[str, Any] = compared if isinstance(compared, dict) else {}
    named = [
        *((str(one), "a photo that was compared") for one in _list(of_compared.get("photos"))),
        *((str(one), "a registered picture") for one in _list(of_compared.get("reference_pictures"))),
        *((str(one.get("sha256")), f"evidence {one.get('name')}") for one in _list(document.get("pictures"))),
    ]
    wrong += _of_pictures(picture or [], named)
    _tell(wrong, "the report is as it was sealed" + _said_of(picture))


def _of_versions(versions: Sequence[Any], trusted: Sequence[PublicKey]) -> Iterator[str]:
    before: dict[str, Any] | None = None
    for number, version in enumerate(versions, 1):
        document = _document(version)
        seal = version.get("seal") if isinstance(version, dict) else None
        yield from _of_seal(document, seal, RECORD_TYPE, trusted, f"version {number}: ")
        if document.get("version") != number:
            yield f"version {number}: a version is missing, or they are out of order"
        if before is not None and document.get("previous") != hashlib.sha256(canonical(before)).hexdigest():
            yield f"version {number}: it does not follow the version before it, which was changed or exchanged"
        if before is not None and document.get("reference_id") != before.get("reference_id"):
            yield f"version {number}: it is of another reference"
        before = document


def _of_seal(
    document: dict[str, Any], seal: object, kind: str, trusted: Sequence[PublicKey], where: str
) -> Iterator[str]:
    if not isinstance(seal, dict):
        yield f"{where}there is no seal"
        return
    found = check(document, seal, kind, trusted)
    if not found.signature:
        known = any(key.kid == seal.get("kid") for key in trusted)
        told = "was changed" if known else f"is by the key {seal.get('kid')}, which is none of those that you trust"
        yield f"{where}the seal {told}"
    for names, how in ((found.changed, "was changed"), (found.added, "was added"), (found.missing, "is missing")):
        for name in names:
            yield f"{where}{name or 'all of it'} {how}"


def _of_pictures(files: Sequence[Path], named: Sequence[tuple[str, str]]) -> Iterator[str]:
    for file in files:
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        if not any(sha256 == one for one, _ in named):
            yield f"{file.name} is none of the pictures that it names, or was changed"


def _keys(file: Path) -> list[PublicKey]:
    keys = [one for one in _list(_read(file).get("keys")) if isinstance(one.get("x"), str)]
    if not keys:
        raise Permanent(f"{file} has no keys. Keep what GET /v1/signing-keys answers in it.")
    return [PublicKey(one["x"]) for one in keys]


def _read(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_bytes())
    except ValueError as error:
        raise Permanent(f"{file} is no JSON: it was changed, or is another file.") from error
    if not isinstance(read, dict):
        raise Permanent(f"{file} is another file.")
    return read


def _document(sealed: object) -> dict[str, Any]:
    document = sealed.get("document") if isinstance(sealed, dict) else None
    return document if isinstance(document, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _said_of(pictures: Sequence[Path] | None) -> str:
    return f"; {len(pictures)} pictures are those that it names" if pictures else ""


def _tell(wrong: Sequence[str], right: str) -> None:
    if wrong:
        for one in wrong:
            out.print(f"- {one}", markup=False)
        raise Permanent(f"It is not as it was sealed; what differs is above ({len(wrong)}).")
    out.print(f"Nothing was changed: {right}.", markup=False)
