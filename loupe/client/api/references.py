"""References: what a shop registers, with sealed records."""

from __future__ import annotations

import json
from collections.abc import Sequence

from loupe.client.calls import Call, Form, Pages, answer, json_body, nothing, paged
from loupe.client.pictures import Picture
from shared.contracts.comparing import View
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.people import PublicKeys
from shared.contracts.references import Reference, ReferenceFile, ReferenceIn, ReferencePage, ReferencePatch

_ALL = "/v1/references"
_ONE = "/v1/references/{reference_id}"
_PICTURE = f"{_ONE}/pictures/{{sha256}}"


def register_reference(said: ReferenceIn, *pictures: Picture, views: Sequence[View] | None = None) -> Call[Reference]:
    """Register a piece or a design with one to eight pictures; `views`: what each shows, the front where not said."""
    texts = {"record": said.model_dump_json(exclude_none=True)} | _views(views)
    return Call("POST", _ALL, answer(Reference), body=Form("image", pictures, texts))


def references(*, sku: str | None = None, page: int = MAX_LIMIT) -> Pages[Reference]:
    """What the shop registered, the newest first. `page`: how many are fetched at a time."""
    return paged(ReferencePage, "references", _ALL, page, sku=sku)


def reference(reference_id: str) -> Call[Reference]:
    """As it is now; `guidance` says which photo is missing."""
    return Call("GET", _ONE, answer(Reference), {"reference_id": reference_id})


def change_reference(reference_id: str, patch: ReferencePatch) -> Call[Reference]:
    """What the patch says, as a new sealed version; what it leaves out stays."""
    body = json_body(patch, exclude_unset=True)
    return Call("PATCH", _ONE, answer(Reference), {"reference_id": reference_id}, body=body)


def erase_reference(reference_id: str) -> Call[None]:
    """The record with all its versions, its pictures, and verifications against it."""
    return Call("DELETE", _ONE, nothing, {"reference_id": reference_id})


def reference_file(reference_id: str) -> Call[ReferenceFile]:
    """All sealed versions: what `loupe check-reference` checks."""
    return Call("GET", f"{_ONE}/file", answer(ReferenceFile), {"reference_id": reference_id})


def add_reference_pictures(
    reference_id: str, *pictures: Picture, views: Sequence[View] | None = None
) -> Call[Reference]:
    """More pictures, as a new sealed version."""
    form = Form("image", pictures, _views(views))
    return Call("POST", f"{_ONE}/pictures", answer(Reference), {"reference_id": reference_id}, body=form)


def reference_picture(reference_id: str, sha256: str) -> Call[bytes]:
    """The bytes of a picture."""
    of = {"reference_id": reference_id, "sha256": sha256}
    return Call("GET", f"{_PICTURE}/content", lambda response: response.content, of)


def remove_reference_picture(reference_id: str, sha256: str) -> Call[Reference]:
    """Take a picture away, as a new sealed version; its bytes are erased."""
    return Call("DELETE", _PICTURE, answer(Reference), {"reference_id": reference_id, "sha256": sha256})


def publish_reference(reference_id: str) -> Call[Reference]:
    """Give it a public page: `public` of the answer says where."""
    return Call("POST", f"{_ONE}:publish", answer(Reference), {"reference_id": reference_id})


def unpublish_reference(reference_id: str) -> Call[Reference]:
    """Take its public page back."""
    return Call("POST", f"{_ONE}:unpublish", answer(Reference), {"reference_id": reference_id})


def signing_keys() -> Call[PublicKeys]:
    """The keys that records and reports are checked with. Keep them where you check."""
    return Call("GET", "/v1/signing-keys", answer(PublicKeys))


def _views(views: Sequence[View] | None) -> dict[str, str]:
    return {} if views is None else {"views": json.dumps(list(views))}
