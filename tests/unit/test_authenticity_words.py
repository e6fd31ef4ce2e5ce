"""Nothing that Loupe says of photos compared could be taken for a certificate that a piece is what it is sold as."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from services.authenticity import wording
from services.authenticity.deciding import Model, decide, fitted
from services.gateway.routes import public, references, verifications
from shared.contracts.comparing import FEATURES

ROOT = Path(__file__).parents[2]
NEVER = re.compile(
    r"\b(genuine|genuineness|authentic|authenticated|authenticity|real gold|real one|certified|certificate of|"
    r"guarantee|guaranteed|proven|original piece|counterfeit|fake|forged|forgery)\b"
    "|正品|真品|假货|赝品|认证|鉴定|保真|保证",
    re.IGNORECASE,
)
SAID = [
    *(ROOT / "services/gateway/page").glob("reference*.*"),
    ROOT / "services/gateway/page/registering.js",
    ROOT / "services/gateway/page/public.css",
    ROOT / "services/authenticity/words.json",
    ROOT / "services/authenticity/pdf_words.json",
    ROOT / "services/gateway/authenticity/public_page.json",
]


@pytest.mark.parametrize("file", SAID, ids=lambda file: file.name)
def test_no_text_for_people_says_what_no_photo_tells(file: Path) -> None:
    assert NEVER.findall(file.read_text()) == []


@pytest.mark.parametrize("routes", [references, verifications, public], ids=lambda one: one.__name__)
def test_no_text_of_the_api_says_it(routes: ModuleType) -> None:
    for route in routes.router.routes:
        told = " ".join(filter(None, [route.summary, route.description, json.dumps(route.openapi_extra)]))
        assert NEVER.findall(told) == []


def test_every_text_is_there_in_both_languages() -> None:
    words = json.loads((ROOT / "services/authenticity/words.json").read_text())
    page = json.loads((ROOT / "services/gateway/authenticity/public_page.json").read_text())
    report = json.loads((ROOT / "services/authenticity/pdf_words.json").read_text())
    for each in (page, report):
        assert each["en"].keys() == each["zh"].keys()
    assert report["en"]["views"].keys() == report["zh"]["views"].keys()

    def texts(node: dict[str, object]) -> None:
        for value in node.values():
            assert isinstance(value, dict)
            if "en" in value:
                assert value["en"]
                assert value["zh"]
            else:
                texts(value)

    texts(words)
    for design in ("match", "mismatch", "cannot_tell"):
        assert wording.of_verdict(design, "mismatch" if design == "mismatch" else "cannot_tell").zh


def test_a_model_over_unknown_features_is_refused() -> None:
    told = fitted().model_dump()
    told["logistic"]["weights"]["smell"] = 1.0
    with pytest.raises(ValueError, match="smell"):
        Model.model_validate(told)


def test_what_is_neither_likely_nor_unlikely_is_not_decided() -> None:
    features = dict.fromkeys(FEATURES, 0.0)
    model = Model.model_validate(
        {
            "version": "t",
            "logistic": {"intercept": 0, "weights": {"deep": 4}, "centre": {"deep": 0.5}, "scale": {"deep": 0.25}},
            "match_from": 0.9,
            "mismatch_to": 0.1,
            "cannot_tell": [{"feature": "query_sharpness", "below": 0.1, "code": "blurred"}],
            "incomparable": [{"feature": "aligned", "below": 0.5, "code": "not-aligned"}],
        }
    )
    assert decide(features, model).codes == ["blurred"]
    features["query_sharpness"] = 0.3
    assert decide(features, model).codes == ["not-aligned"]
    outcomes = {deep: decide(features | {"aligned": 1, "deep": deep}, model) for deep in (0.0, 0.5, 1.0)}
    assert [one.outcome for one in outcomes.values()] == ["mismatch", "cannot_tell", "match"]
    assert outcomes[0.5].probability == 0.5


def test_quite_another_piece_is_told_even_where_it_cannot_be_laid_over_the_registered_one() -> None:
    glance = {"intercept": 0, "weights": {"deep": 4}, "centre": {"deep": 0.5}, "scale": {"deep": 0.1}}
    told = fitted().model_dump() | {"glance": {"logistic": glance, "mismatch_to": 0.01}}
    model = Model.model_validate(told)
    features = dict.fromkeys(FEATURES, 0.0) | {"query_sharpness": 0.4, "deep": 0.1}
    decision = decide(features, model)
    assert (decision.outcome, decision.at_a_glance) == ("mismatch", True)
    assert decide(features | {"deep": 0.6}, model).codes == ["not-aligned"]
    assert decide(features | {"query_sharpness": 0.0}, model).codes == ["blurred"], "a poor photo tells nothing"
    told["glance"]["logistic"]["weights"]["smell"] = 1.0
    with pytest.raises(ValueError, match="smell"):
        Model.model_validate(told)
