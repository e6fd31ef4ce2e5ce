"""The client for programs that wait for each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, overload

import httpx

from loupe.client import api
from loupe.client.calls import Call, Pages, Pause, Steps, Work
from loupe.client.exchange import Exchange, Way, exchange, through
from loupe.client.methods import PATIENCE, SECONDS, as_method, connections

P = ParamSpec("P")
T = TypeVar("T")


@overload
def sends(describe: Callable[P, Call[T]]) -> Callable[Concatenate[Client, P], T]: ...
@overload
def sends(describe: Callable[P, Steps[T]]) -> Callable[Concatenate[Client, P], T]: ...
def sends(describe: Callable[P, Call[T] | Steps[T]]) -> Callable[Concatenate[Client, P], T]:
    """The method that sends what `describe` describes."""

    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._send(describe(*args, **kwargs))

    return as_method(method, describe, "{}")


def lists(describe: Callable[P, Pages[T]]) -> Callable[Concatenate[Client, P], Iterator[T]]:
    """The method that iterates what `describe` describes, fetching pages as they are needed."""

    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self._list(describe(*args, **kwargs))

    return as_method(method, describe, "Iterator[{}]")


class Client:
    """One shop's view of a Loupe at `address`, by one of its keys. Threads may share it.

    `seconds`: how long to wait for each answer. `patience`: for how many seconds a call is tried again while Loupe
    cannot be reached, is busy, or says that it was asked too often; 0 tries once. Raises `loupe.client.errors`.
    """

    put_item = sends(api.items.put_item)
    put_items = sends(api.items.put_items)
    patch_item = sends(api.items.patch_item)
    get_item = sends(api.items.get_item)
    items = lists(api.items.items)
    remove_item = sends(api.items.remove_item)

    add_image = sends(api.images.add_image)
    add_images = sends(api.images.add_images)
    put_image = sends(api.uploads.put_image)
    upload_images = sends(api.uploads.upload_images)
    make_uploads = sends(api.uploads.make_uploads)
    upload = sends(api.uploads.upload)
    add_uploaded = sends(api.uploads.add_uploaded)
    image = sends(api.images.image)
    wait_for_image = sends(api.images.wait_for_image)
    images = lists(api.images.images)
    image_content = sends(api.images.image_content)
    image_cutout = sends(api.images.image_cutout)
    correct_image = sends(api.images.correct_image)
    remove_image = sends(api.images.remove_image)
    doubtful_images = lists(api.labelling.doubtful_images)
    labelling_page = sends(api.labelling.labelling_page)
    labelling_manifest = sends(api.labelling.labelling_manifest)

    start_import = sends(api.imports.start_import)
    import_status = sends(api.imports.import_status)
    wait_for_import = sends(api.imports.wait_for_import)
    imports = lists(api.imports.imports)
    import_rows = lists(api.imports.import_rows)
    import_errors = sends(api.imports.import_errors)
    stop_import = sends(api.imports.stop_import)

    inventory_summary = sends(api.inventory.inventory_summary)
    pieces_sold = sends(api.inventory.pieces_sold)
    inventory_items = lists(api.inventory.inventory_items)
    inventory_item = sends(api.inventory.inventory_item)
    movements = lists(api.inventory.movements)
    send_movements = sends(api.inventory.send_movements)
    send_counts = sends(api.inventory.send_counts)
    movements_csv = sends(api.inventory.movements_csv)
    import_movements = sends(api.inventory.import_movements)
    advice = lists(api.advice.advice)
    advice_page = sends(api.advice.advice_page)
    advice_of = sends(api.advice.advice_of)
    advice_csv = sends(api.advice.advice_csv)
    forecast = sends(api.advice.forecast)

    search = sends(api.searching.search)
    classify = sends(api.searching.classify)
    similar = sends(api.searching.similar)
    completes = sends(api.searching.completes)

    begin_board = sends(api.boards.begin_board)
    boards = sends(api.boards.boards)
    board = sends(api.boards.board)
    put_board = sends(api.boards.put_board)
    erase_board = sends(api.boards.erase_board)
    add_board_picture = sends(api.boards.add_board_picture)
    board_picture = sends(api.boards.board_picture)
    share_board = sends(api.boards.share_board)
    unshare_board = sends(api.boards.unshare_board)
    search_by_board = sends(api.boards.search_by_board)
    shared_board = sends(api.boards.shared_board)
    catalogue_map = sends(api.boards.catalogue_map)
    map_pieces = sends(api.boards.map_pieces)
    gaps = sends(api.boards.gaps)
    search_by_colours = sends(api.boards.search_by_colours)

    send_events = sends(api.shoppers.send_events)
    suggestions = sends(api.shoppers.suggestions)
    session_suggestions = sends(api.shoppers.session_suggestions)
    suggestions_for_many = sends(api.shoppers.suggestions_for_many)
    erase_user = sends(api.shoppers.erase_user)
    erase_session = sends(api.shoppers.erase_session)
    start_erasing_user = sends(api.people.start_erasing_user)
    start_erasing_session = sends(api.people.start_erasing_session)
    forget_visitor = sends(api.people.forget_visitor)
    erasure = sends(api.people.erasure)
    wait_for_erasure = sends(api.people.wait_for_erasure)
    export_user = sends(api.people.export_user)
    export_session = sends(api.people.export_session)
    export = sends(api.people.export)
    export_data = sends(api.people.export_data)
    experiment = sends(api.shoppers.experiment)
    put_experiment = sends(api.shoppers.put_experiment)
    stop_experiment = sends(api.shoppers.stop_experiment)

    styles = lists(api.styles.styles)
    style_pieces = lists(api.styles.style_pieces)
    refresh_styles = sends(api.styles.refresh_styles)
    dimension = sends(api.styles.dimension)
    take_stock = sends(api.stocktakes.take_stock)
    stocktake = sends(api.stocktakes.stocktake)
    look_closer = sends(api.stocktakes.look_closer)
    confirm_stocktake = sends(api.stocktakes.confirm_stocktake)

    register_reference = sends(api.references.register_reference)
    references = lists(api.references.references)
    reference = sends(api.references.reference)
    change_reference = sends(api.references.change_reference)
    erase_reference = sends(api.references.erase_reference)
    reference_file = sends(api.references.reference_file)
    add_reference_pictures = sends(api.references.add_reference_pictures)
    reference_picture = sends(api.references.reference_picture)
    remove_reference_picture = sends(api.references.remove_reference_picture)
    publish_reference = sends(api.references.publish_reference)
    unpublish_reference = sends(api.references.unpublish_reference)
    signing_keys = sends(api.references.signing_keys)
    verify = sends(api.verifications.verify)
    verifications = lists(api.verifications.verifications)
    verification = sends(api.verifications.verification)
    erase_verification = sends(api.verifications.erase_verification)
    evidence = sends(api.verifications.evidence)
    report = sends(api.verifications.report)
    report_pdf = sends(api.verifications.report_pdf)
    lookalikes = lists(api.lookalikes.lookalikes)
    lookalike = sends(api.lookalikes.lookalike)
    confirm_lookalike = sends(api.lookalikes.confirm_lookalike)
    dismiss_lookalike = sends(api.lookalikes.dismiss_lookalike)
    allow_lookalike = sends(api.lookalikes.allow_lookalike)
    lookalike_consent = sends(api.lookalikes.lookalike_consent)
    put_lookalike_consent = sends(api.lookalikes.put_lookalike_consent)
    lookalike_thresholds = sends(api.lookalikes.lookalike_thresholds)

    add_webhook = sends(api.webhooks.add_webhook)
    webhooks = sends(api.webhooks.webhooks)
    webhook = sends(api.webhooks.webhook)
    change_webhook = sends(api.webhooks.change_webhook)
    remove_webhook = sends(api.webhooks.remove_webhook)
    new_webhook_secret = sends(api.webhooks.new_webhook_secret)
    test_webhook = sends(api.webhooks.test_webhook)
    deliveries = lists(api.webhooks.deliveries)
    delivery = sends(api.webhooks.delivery)
    redeliver = sends(api.webhooks.redeliver)

    holder = sends(api.keys.holder)
    add_key = sends(api.keys.add_key)
    keys = sends(api.keys.keys)
    rotate_key = sends(api.keys.rotate_key)
    revoke_key = sends(api.keys.revoke_key)

    status = sends(api.operations.status)
    usage = sends(api.operations.usage)
    readiness = sends(api.operations.readiness)
    reconcile = sends(api.operations.reconcile)
    reconcile_report = sends(api.operations.reconcile_report)
    reindex = sends(api.operations.reindex)
    start_reindex = sends(api.operations.start_reindex)
    switch_reindex = sends(api.operations.switch_reindex)
    abort_reindex = sends(api.operations.abort_reindex)
    training = lists(api.operations.training)

    def __init__(self, address: str, key: str, *, seconds: float = SECONDS, patience: float = PATIENCE) -> None:
        self._http = httpx.Client(base_url=address, **connections(seconds))
        self._way = Way(self._http.build_request, address, key, seconds, patience)
        self.address = address

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, described: Call[T] | Steps[T]) -> T:
        return self._drive(
            exchange(described, self._way) if isinstance(described, Call) else through(described, self._way)
        )

    def _list(self, pages: Pages[T]) -> Iterator[T]:
        cursor: str | None = None
        while True:
            found, cursor = self._send(pages.page(cursor))
            yield from found
            if not cursor:
                return

    def _drive(self, going_on: Exchange[T]) -> T:
        with closing(going_on):
            try:
                step: Any = next(going_on)
                while True:
                    step = going_on.send(self._do(step))
            except StopIteration as end:
                result: T = end.value
                return result

    def _do(self, step: httpx.Request | Pause | Work[Any]) -> Any:
        match step:
            case Pause(seconds):
                return time.sleep(seconds)
            case Work(do):
                return do()
            case request:
                try:
                    return self._http.send(request)
                except httpx.TransportError as error:
                    return error
