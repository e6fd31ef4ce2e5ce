"""What the embedder answers to image.stored: always an outcome, the same one at a repeat."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.embedder.analyse import Analyse, Analyser
from services.embedder.batcher import Array, Batcher, Lane
from services.embedder.decode import decode
from services.embedder.decoding import decode_here
from services.embedder.faces import Face
from services.embedder.handlers import handle_analysis_missing, handle_image_stored
from services.embedder.heads import Head, Heads
from services.embedder.lone_child import Limits, LoneChild
from services.embedder.manifest import HeadClasses
from services.embedder.quarantine import Quarantine
from services.embedder.redrawing import Redrawer
from shared import objectstore
from shared.contracts.analysis import Analysis, analysis_key, picture_key
from shared.contracts.messages import AnalysisMissing, ImageAnalysed, ImageRedrawn, ImageRejected, ImageStored, Message
from shared.contracts.models import Model
from shared.errors import Retryable
from shared.pictures import strip
from tests.support.colour_profiles import screen_profile
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.telling_pictures import SECRET, telling

VERSION = "mean-colour-1"
ANOTHER = "mean-colour-2"
TENANT = "acme"
TYPES = HeadClasses(classes=["ring", "watch"], temperature=1.0, min_confidence=0.0)
HEADS = Heads({"type": Head(np.eye(2, 3, dtype=np.float32), np.zeros(2, dtype=np.float32), TYPES)})


def about(version: str) -> Model:
    return Model(version=version, dimension=3, no_match_below=0.5, look_at_least=0.5)


class MeanColour:
    """A small model: a picture's mean colour, as a unit vector of 3; counts what it was given."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, batch: Array) -> Array:
        self.seen += len(batch)
        means = batch.mean(axis=(2, 3)) + 2
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


def _no_child() -> list[Analyse]:
    raise AssertionError("no suspect is among these pictures")


class Outbox:
    def __init__(self) -> None:
        self.sent: list[Message] = []

    def publish(self, message: Message) -> None:
        self.sent.append(message)


class Embedder:
    """The handler over real stores, a real batcher and a small model."""

    def __init__(self, folder: Path) -> None:
        self.pictures = objectstore.open(folder.as_uri(), "pictures")
        self.analyses = objectstore.open(folder.as_uri(), "analyses")
        self.renditions = objectstore.open(folder.as_uri(), "renditions")
        self.faces: list[Face] = []
        self.redrawer = Redrawer(self.renditions, lambda _: self.faces, decode_here)
        self.model = MeanColour()
        self.batcher = Batcher(self.model, 4, lambda *_: None)
        self.models = [Analyser(self.batcher, HEADS, about(VERSION), 64)]
        self.quarantine = Quarantine(LoneChild(_no_child, Limits()), self.analyses, 2)

    def load_another(self) -> None:
        self.models.append(Analyser(self.batcher, HEADS, about(ANOTHER), 32))

    def stored(self, data: bytes) -> ImageStored:
        message = self.announced(data)
        self.pictures.put(TENANT, picture_key(message.sha256), data)
        return message

    def announced(self, data: bytes) -> ImageStored:
        return ImageStored(
            tenant=TENANT,
            correlation_id="c-1",
            sku="RING-1",
            image_id="0" * 36,
            sha256=hashlib.sha256(data).hexdigest(),
            item_revision=4,
        )

    def handle(self, message: ImageStored) -> Message:
        (outcome,) = self.handle_all(message)
        return outcome

    def handle_all(self, message: ImageStored | AnalysisMissing) -> list[Message]:
        outbox = Outbox()
        over: dict[str, Any] = {"pictures": self.pictures, "analyses": self.analyses}
        over |= {"models": self.models, "quarantine": self.quarantine}
        over |= {"redrawer": self.redrawer, "publisher": outbox}
        if isinstance(message, AnalysisMissing):
            handle_analysis_missing(message, **over)
        else:
            handle_image_stored(message, **over)
        return outbox.sent


@pytest.fixture
def embedder(tmp_path: Path) -> Embedder:
    return Embedder(tmp_path)


def picture() -> bytes:
    return jpeg(drawn_pieces(1)[0])


def test_a_stored_picture_is_analysed_and_its_analysis_lies_where_the_contract_says(embedder: Embedder) -> None:
    message = embedder.stored(picture())
    outcome = embedder.handle(message)
    expected = ImageAnalysed(**message.model_dump(exclude={"at"}), model_version=VERSION, at=outcome.at)
    assert outcome == expected
    analysis = Analysis.model_validate_json(embedder.analyses.get(TENANT, analysis_key(message.sha256, VERSION)))
    (piece,) = analysis.pieces
    assert (analysis.sha256, analysis.model_version) == (message.sha256, VERSION)
    assert (analysis.width, analysis.height) == drawn_pieces(1)[0].size
    assert np.linalg.norm(piece.embedding()) == pytest.approx(1, abs=1e-5)
    assert piece.type is not None


def test_a_repeat_sends_the_outcome_again_and_does_not_compute_again(embedder: Embedder) -> None:
    message = embedder.stored(picture())
    first, second = embedder.handle(message), embedder.handle(message)
    assert first.model_dump(exclude={"at"}) == second.model_dump(exclude={"at"})
    assert embedder.model.seen == 1


def test_a_tenants_picture_and_analysis_are_of_no_use_to_another_tenant(embedder: Embedder) -> None:
    message = embedder.stored(picture())
    embedder.handle(message)
    other = message.model_copy(update={"tenant": "zenith"})
    assert isinstance(embedder.handle(other), ImageRejected)


def test_a_picture_that_is_gone_is_rejected_and_may_be_sent_again(embedder: Embedder) -> None:
    outcome = embedder.handle(embedder.announced(picture()))
    assert isinstance(outcome, ImageRejected)
    assert outcome.code == "not-found"
    assert "Upload it again" in outcome.reason


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no picture at all", "unsupported-picture"),
        (picture()[:3_000], "unreadable-picture"),
        (b"", "unsupported-picture"),
    ],
    ids=["text", "truncated", "no bytes"],
)
def test_what_cannot_be_decoded_is_rejected_with_code_and_reason_every_time(
    embedder: Embedder, data: bytes, code: str
) -> None:
    message = embedder.stored(data)
    for outcome in (embedder.handle(message), embedder.handle(message)):
        assert isinstance(outcome, ImageRejected)
        assert (outcome.code, outcome.image_id, outcome.sku) == (code, message.image_id, message.sku)
        assert len(outcome.reason) > 30
    assert embedder.model.seen == 0


def test_a_picture_that_cannot_be_decoded_does_not_harm_its_batch_mates(embedder: Embedder) -> None:
    messages = [embedder.stored(jpeg(piece)) for piece in drawn_pieces(12)]
    messages[5] = embedder.stored(b"poison")
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(embedder.handle, messages))
    assert [isinstance(outcome, ImageRejected) for outcome in outcomes] == [n == 5 for n in range(12)]


def test_a_failure_that_may_pass_is_left_to_the_consumer_and_nothing_is_written(embedder: Embedder) -> None:
    message = embedder.stored(picture())
    embedder.batcher.close()
    with pytest.raises(Retryable):
        embedder.handle(message)
    assert not embedder.analyses.exists(TENANT, analysis_key(message.sha256, VERSION))


def missing(message: ImageStored, model_version: str) -> AnalysisMissing:
    return AnalysisMissing(**message.model_dump(), model_version=model_version)


def test_a_picture_is_analysed_by_every_loaded_model_and_each_is_told_of(embedder: Embedder) -> None:
    message = embedder.stored(picture())
    embedder.load_another()
    outcomes = embedder.handle_all(message)
    assert [o.model_version for o in outcomes if isinstance(o, ImageAnalysed)] == [VERSION, ANOTHER]
    for version in (VERSION, ANOTHER):
        stored = Analysis.model_validate_json(embedder.analyses.get(TENANT, analysis_key(message.sha256, version)))
        assert stored.model_version == version


def test_a_picture_that_cannot_be_decoded_is_rejected_once_whatever_is_loaded(embedder: Embedder) -> None:
    embedder.load_another()
    assert isinstance(embedder.handle(embedder.stored(b"no picture")), ImageRejected)


def test_a_missing_analysis_is_made_by_the_model_asked_for_alone(embedder: Embedder) -> None:
    message = embedder.stored(picture())
    embedder.load_another()
    for _ in range(2):
        (outcome,) = embedder.handle_all(missing(message, ANOTHER))
        assert isinstance(outcome, ImageAnalysed)
        assert (outcome.model_version, outcome.image_id) == (ANOTHER, message.image_id)
    assert embedder.model.seen == 1
    assert not embedder.analyses.exists(TENANT, analysis_key(message.sha256, VERSION))


def test_a_missing_analysis_by_a_model_that_is_not_loaded_waits_and_says_what_to_do(embedder: Embedder) -> None:
    with pytest.raises(Retryable, match=f"{ANOTHER}.*has {VERSION}.*EMBEDDER_MODEL_DIRS"):
        embedder.handle_all(missing(embedder.stored(picture()), ANOTHER))


def test_the_lane_reaches_the_batcher(embedder: Embedder) -> None:
    heard: list[Lane] = []
    batcher = Batcher(embedder.model, 4, lambda lane, *_: heard.append(lane))
    analyse = Analyser(batcher, HEADS, about(VERSION), 64)
    analyse(picture(), "query")
    analyse(picture(), "ingest")
    batcher.close()
    assert heard == ["query", "ingest"]


def test_a_picture_whose_colours_need_a_profile_is_drawn_again_without_it(embedder: Embedder) -> None:
    written = io.BytesIO()
    drawn_pieces(1)[0].save(written, "JPEG", icc_profile=screen_profile(), quality=95)
    message = embedder.stored(written.getvalue())

    redrawn, analysed = embedder.handle_all(message)

    assert isinstance(redrawn, ImageRedrawn)
    assert isinstance(analysed, ImageAnalysed)
    drawn = embedder.renditions.get(TENANT, picture_key(message.sha256))
    assert "icc_profile" not in Image.open(io.BytesIO(drawn)).info
    ours, theirs = (np.asarray(decode(one, 5_000).rgb, int) for one in (drawn, written.getvalue()))
    assert np.abs(ours - theirs).mean() < 2


def test_faces_are_blurred_where_the_shop_wants_that_and_a_repeat_says_so_again(embedder: Embedder) -> None:
    data = picture()
    message = embedder.stored(data).model_copy(update={"blur_faces": True})
    embedder.faces = [Face(0, 0, 40, 40, 0.9)]

    for _ in range(2):
        kinds = [type(outcome) for outcome in embedder.handle_all(message)]
        assert kinds == [ImageRedrawn, ImageAnalysed]
    drawn = np.asarray(decode(embedder.renditions.get(TENANT, picture_key(message.sha256)), 5_000).rgb, int)
    assert np.abs(drawn - np.asarray(decode(data, 5_000).rgb, int))[:30, :30].max() > 3

    embedder.faces = []
    embedder.handle_all(message)
    assert embedder.renditions.get(TENANT, picture_key(message.sha256)) == b""


def test_the_analysis_of_what_was_stripped_bears_the_name_of_what_was_sent(embedder: Embedder) -> None:
    sent = telling("JPEG")
    message = embedder.announced(sent)
    embedder.pictures.put(TENANT, picture_key(message.sha256), strip(sent))

    embedder.handle(message)

    kept = embedder.analyses.get(TENANT, analysis_key(message.sha256, VERSION))
    assert Analysis.model_validate_json(kept).sha256 == message.sha256


def test_a_shoppers_photo_is_given_back_without_faces_and_metadata(embedder: Embedder) -> None:
    embedder.faces = [Face(0, 0, 30, 30, 0.9)]
    sent = telling("JPEG")

    clean = embedder.redrawer.of_shopper(sent)

    assert SECRET not in clean
    assert not Image.open(io.BytesIO(clean)).getexif()
    before, after = (np.asarray(decode(one, 5_000).rgb, int) for one in (sent, clean))
    assert before.shape == after.shape
    assert np.abs(before - after)[:20, :20].mean() > 20
