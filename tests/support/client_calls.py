"""The calls of the clients by the names of their methods, and one example of each."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from loupe.client import BoardEntry, Client, Correction, Experiment, ItemIn, ItemPatch, ItemPut, UserEvent, WebhookPatch
from loupe.client.calls import Call, Pages, Work
from shared.contracts.inventory import Counted, CountsIn
from shared.contracts.references import ReferenceIn, ReferencePatch
from shared.contracts.stock import Movement
from shared.contracts.uploads import Upload

IMAGE = "00000000-0000-0000-0000-000000000000"
ERASURE, EXPORT = "er_" + 32 * "0", "ex_" + 32 * "0"
STYLE, STOCKTAKE, LOOKALIKE = "st_" + 16 * "0", "stk_" + 32 * "0", "like_" + 32 * "0"
REFERENCE, VERIFICATION, SHA256 = "ref_" + 32 * "0", "vrf_" + 32 * "0", 64 * "0"
BOARD, BOARD_PICTURE = "bd_" + 24 * "0", "bp_" + 24 * "0"
HOOK = "wh_000000000000000000000000"
_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
_HALVES = Experiment.model_validate(
    {"name": "ranking-2", "variants": {"plain": {"share": 0.5, "policy": "plain"}, "learned": {"share": 0.5}}}
)

STEPS = {"wait_for_image", "wait_for_import", "upload_images", "wait_for_erasure"}
"""Methods that make several calls, all of them calls of other methods."""

EXAMPLES: dict[str, tuple[Any, ...]] = {
    "put_item": ("RING-1", ItemIn(title="A ring")),
    "put_items": ([ItemPut(sku="RING-1", title="A ring")],),
    "patch_item": ("RING-1", ItemPatch(price=450)),
    "get_item": ("RING-1",),
    "items": (),
    "remove_item": ("RING-1",),
    "add_image": ("RING-1", b"picture"),
    "add_images": ([("RING-1", b"picture")],),
    "put_image": ("RING-1", b"picture"),
    "make_uploads": (2,),
    "upload": (Upload(object_key="uploads/0", url="/v1/uploads/{name}", expires_at=_AT), b"picture"),
    "add_uploaded": ([("RING-1", "uploads/0")],),
    "image": (IMAGE,),
    "images": (),
    "image_content": (IMAGE,),
    "image_cutout": (IMAGE,),
    "correct_image": (IMAGE, Correction(type="ring")),
    "remove_image": (IMAGE,),
    "doubtful_images": (),
    "labelling_page": (),
    "labelling_manifest": (),
    "start_import": (b"sku,title",),
    "import_status": (IMAGE,),
    "imports": (),
    "import_rows": (IMAGE,),
    "import_errors": (IMAGE,),
    "stop_import": (IMAGE,),
    "inventory_summary": (),
    "pieces_sold": (),
    "inventory_items": (),
    "inventory_item": ("RING-1",),
    "movements": (),
    "send_movements": ([Movement(id="m-1", sku="RING-1", kind="received", quantity=2, occurred_at=_AT)],),
    "send_counts": (CountsIn(counts=[Counted(sku="RING-1", quantity=3)]),),
    "movements_csv": (),
    "import_movements": (b"sku,kind,quantity,occurred_at",),
    "advice": (),
    "advice_page": (),
    "advice_of": ("RING-1",),
    "advice_csv": (),
    "forecast": (),
    "search": (),
    "begin_board": ("Spring", [BoardEntry(sku="RING-1")]),
    "boards": (),
    "board": (BOARD,),
    "put_board": (BOARD, "Spring", [BoardEntry(words="halo", negative=True)]),
    "erase_board": (BOARD,),
    "add_board_picture": (BOARD, b"picture"),
    "board_picture": (BOARD, BOARD_PICTURE),
    "share_board": (BOARD,),
    "unshare_board": (BOARD,),
    "search_by_board": (BOARD,),
    "shared_board": (32 * "0",),
    "catalogue_map": (),
    "map_pieces": (["RING-1"],),
    "gaps": (),
    "search_by_colours": ({"#d4af37": 1.0},),
    "classify": (io.BytesIO(b"picture"),),
    "similar": ("RING-1",),
    "completes": ("RING-1",),
    "send_events": ([UserEvent(id="e-1", type="viewed", user_id="anna", sku="RING-1", at=_AT)],),
    "suggestions": ("anna",),
    "session_suggestions": ("visit-1",),
    "suggestions_for_many": (["anna"],),
    "erase_user": ("anna",),
    "erase_session": ("visit-1",),
    "start_erasing_user": ("anna",),
    "start_erasing_session": ("visit-1",),
    "forget_visitor": ("page-" + 24 * "0",),
    "erasure": (ERASURE,),
    "export_user": ("anna",),
    "export_session": ("visit-1",),
    "export": (EXPORT,),
    "export_data": (EXPORT,),
    "experiment": (),
    "put_experiment": (_HALVES,),
    "stop_experiment": (),
    "styles": (),
    "style_pieces": (STYLE,),
    "refresh_styles": (),
    "dimension": ("metal",),
    "take_stock": (b"picture",),
    "stocktake": (STOCKTAKE,),
    "look_closer": (STOCKTAKE, 0, b"picture"),
    "confirm_stocktake": (STOCKTAKE,),
    "register_reference": (ReferenceIn(title="A ring"), b"picture"),
    "references": (),
    "reference": (REFERENCE,),
    "change_reference": (REFERENCE, ReferencePatch(title="A ring")),
    "erase_reference": (REFERENCE,),
    "reference_file": (REFERENCE,),
    "add_reference_pictures": (REFERENCE, b"picture"),
    "reference_picture": (REFERENCE, SHA256),
    "remove_reference_picture": (REFERENCE, SHA256),
    "publish_reference": (REFERENCE,),
    "unpublish_reference": (REFERENCE,),
    "signing_keys": (),
    "verify": (b"picture",),
    "verifications": (),
    "verification": (VERIFICATION,),
    "erase_verification": (VERIFICATION,),
    "evidence": (VERIFICATION, "0-0"),
    "report": (VERIFICATION,),
    "report_pdf": (VERIFICATION,),
    "lookalikes": (),
    "lookalike": (LOOKALIKE,),
    "confirm_lookalike": (LOOKALIKE,),
    "dismiss_lookalike": (LOOKALIKE,),
    "allow_lookalike": (LOOKALIKE,),
    "lookalike_consent": (),
    "put_lookalike_consent": (True,),
    "lookalike_thresholds": (),
    "add_webhook": ("https://shop.example/loupe", ["*"]),
    "webhooks": (),
    "webhook": (HOOK,),
    "change_webhook": (HOOK, WebhookPatch(enabled=True)),
    "remove_webhook": (HOOK,),
    "new_webhook_secret": (HOOK,),
    "test_webhook": (HOOK,),
    "deliveries": (HOOK,),
    "delivery": (HOOK, IMAGE),
    "redeliver": (HOOK, IMAGE),
    "holder": (),
    "add_key": ("web shop", ["read"]),
    "keys": (),
    "revoke_key": ("k_000000000000",),
    "rotate_key": ("k_000000000000",),
    "status": (),
    "usage": (),
    "readiness": (),
    "reconcile": (),
    "reconcile_report": (),
    "reindex": (),
    "start_reindex": ("model-2",),
    "switch_reindex": (),
    "abort_reindex": (),
    "training": ("model-1",),
}


def methods(client: type) -> dict[str, Callable[..., Any]]:
    """The calls of a client by their names."""
    return {name: each for name, each in vars(client).items() if hasattr(each, "__wrapped__")}


def described(name: str) -> Call[Any]:
    """The first call of a method, by its example."""
    made = methods(Client)[name].__wrapped__(*EXAMPLES[name])  # type: ignore[attr-defined]
    if isinstance(made, Pages):
        return made.page(None)
    if isinstance(made, Call):
        return made
    step: Call[Any] | Work[Any] = next(made)
    while isinstance(step, Work):
        step = made.send(step.do())
    return step
