"""Models by name: the hand-made features, and towers of other libraries, loaded by the real code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import TypeAdapter

from lab.models import open_model
from services.embedder.main import load_models
from services.embedder.manifest import SHIPPED
from services.embedder.model import Batch
from services.embedder.named import is_named, open_named
from services.embedder.prepare import letterbox, levels, normalise, scale
from services.embedder.settings import Settings
from shared.contracts.fields import ModelVersion
from shared.errors import Permanent
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.rings import ring

BEFORE = Path(__file__).parents[1] / "fixtures" / "cbir" / "vectors.npz"
"""Of `pictures`, as the lab made them before the embedder had these features."""


def pictures() -> list[Image.Image]:
    return [ring(), *drawn_pieces(3)]


def prepared(size: int) -> Batch:
    return np.stack([normalise(letterbox(scale(picture, size), size)) for picture in pictures()])


def as_shown(mean: list[float], deviation: list[float]) -> torch.Tensor:
    """The pictures at 32 pixels as their library shows them to a network: float32 [N, 3, 32, 32]."""
    square = np.stack([np.asarray(letterbox(scale(picture, 32), 32)) for picture in pictures()])
    return torch.from_numpy((square / 255 - np.array(mean)) / np.array(deviation)).permute(0, 3, 1, 2).float()


def unit(vectors: torch.Tensor) -> Batch:
    return torch.nn.functional.normalize(vectors.detach(), dim=1).numpy()


def settings(**values: Any) -> Settings:
    return Settings(broker_url="", object_store_url="", **values)


def test_the_hand_made_vectors_are_those_of_the_floor() -> None:
    encoder, about = open_named("cbir", "cpu")
    with np.load(BEFORE) as arrays:
        assert encoder.forward(prepared(encoder.input_size)) == pytest.approx(arrays["vectors"], abs=1e-6)
    assert (about.version, about.dimension) == ("cbir-1", encoder.dimension)


def test_lab_and_product_have_the_same_hand_made_features() -> None:
    encoder, _ = open_named("cbir", "cpu")
    vectors = np.stack([open_model("cbir").embed(picture) for picture in pictures()])
    assert (encoder.forward(prepared(encoder.input_size)) == vectors).all()


def test_levels_come_back_from_the_prepared_picture_exactly() -> None:
    every = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert (levels(normalise(Image.fromarray(every))) == every).all()


def test_a_named_model_analyses_pictures_and_says_nothing_of_the_type() -> None:
    (model,) = load_models(settings(model_dirs="cbir", threads=1))
    analysis = model(jpeg(drawn_pieces(1)[0]), "query")
    model.close()
    assert analysis.model_version == model.about.version == "cbir-1"
    assert analysis.pieces[0].type is None
    assert analysis.pieces[0].embedding().shape == (model.about.dimension,)


def test_folders_and_names_stand_side_by_side_with_colons_between() -> None:
    given = "/models/one:cbir:timm:vit_small_patch14_dinov2:hf:facebook/dinov2-small:open_clip:ViT-B-32/openai:/two"
    assert [str(name) for name in settings(model_dirs=given).model_dirs] == [
        *("/models/one", "cbir", "timm:vit_small_patch14_dinov2", "hf:facebook/dinov2-small"),
        *("open_clip:ViT-B-32/openai", "/two"),
    ]
    assert [is_named(name) for name in ("/models/cbir", "cbir", "hf:x", str(SHIPPED))] == [False, True, True, False]


def test_the_same_model_twice_is_refused() -> None:
    with pytest.raises(Permanent, match="the same model twice: cbir-1, cbir-1"):
        load_models(settings(model_dirs="cbir:cbir"))


@pytest.mark.parametrize(
    ("name", "module", "words"),
    [
        ("timm:vit_small_patch14_dinov2", "timm", "pip install timm"),
        ("open_clip:ViT-B-32/laion2b_s34b_b79k", "open_clip", "pip install open-clip-torch"),
        ("hf:facebook/dinov2-small", "transformers", "pip install transformers"),
        ("cbir", "skimage", "pip install scikit-image"),
        ("hf:facebook/dinov2-small", "torch", "pip install torch"),
    ],
)
def test_a_library_that_is_missing_is_told_with_what_to_install(name: str, module: str, words: str) -> None:
    """In a process of its own, in which the library cannot be found, whether or not it is installed here."""
    program = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from services.embedder.named import open_named\n"
        "from shared.errors import Permanent\n"
        f"try: open_named({name!r}, 'cpu')\n"
        "except Permanent as error: print(error.detail)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert words in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["timm:", "hf:", "open_clip:"])
def test_a_kind_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(Permanent, match="There is no model"):
        open_named(name, "cpu")


needs_transformers = pytest.mark.skipif(not find_spec("transformers"), reason="transformers is not installed")


@pytest.fixture
def vision_transformer(tmp_path: Path) -> Path:
    """A tiny network of random weights, saved by transformers itself."""
    import transformers

    torch.manual_seed(3)
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.ViTConfig(image_size=32, patch_size=8, **sizes)
    folder = tmp_path / "Tiny_ViT"
    transformers.ViTModel(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        '{"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32},'
        ' "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.3]}'
    )
    return folder


@needs_transformers
def test_a_network_of_transformers_embeds_as_its_own_library_does(vision_transformer: Path) -> None:
    import transformers

    encoder, about = open_named(f"hf:{vision_transformer}", "cpu")
    vectors = encoder.forward(prepared(32))
    assert (encoder.input_size, encoder.dimension, about.dimension) == (32, 24, 24)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    own = transformers.ViTModel.from_pretrained(vision_transformer).eval()
    told = own(as_shown([0.5, 0.4, 0.3], [0.2, 0.25, 0.3])).pooler_output
    assert vectors == pytest.approx(unit(told), abs=1e-4)


@needs_transformers
def test_a_towers_version_is_lasting_and_follows_its_weights(vision_transformer: Path) -> None:
    import transformers

    first, _ = open_named(f"hf:{vision_transformer}", "cpu")
    again, _ = open_named(f"hf:{vision_transformer}/", "cpu")
    TypeAdapter(ModelVersion).validate_python(first.version)
    assert first.version == again.version
    assert re.fullmatch(r"hf-tiny-vit-[0-9a-f]{8}", first.version)
    network = transformers.ViTModel.from_pretrained(vision_transformer)
    with torch.no_grad():
        network.layernorm.bias += 1
    network.save_pretrained(vision_transformer)
    assert open_named(f"hf:{vision_transformer}", "cpu")[0].version != first.version


@needs_transformers
def test_a_pooler_without_trained_weights_is_not_used(vision_transformer: Path) -> None:
    import transformers

    config = transformers.ViTConfig.from_pretrained(vision_transformer)
    transformers.ViTModel(config, add_pooling_layer=False).save_pretrained(vision_transformer)
    one, two = (open_named(f"hf:{vision_transformer}", "cpu")[0] for _ in range(2))
    assert (one.forward(prepared(32)) == two.forward(prepared(32))).all()


@needs_transformers
def test_the_image_tower_of_a_clip_is_taken_without_its_words(tmp_path: Path) -> None:
    import transformers

    small = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.CLIPConfig(
        vision_config={"image_size": 32, "patch_size": 8, **small},
        text_config={"vocab_size": 50, "max_position_embeddings": 8, **small},
        projection_dim=16,
    )
    transformers.CLIPModel(config).save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(
        '{"size": {"shortest_edge": 40}, "do_center_crop": true, "crop_size": {"height": 32, "width": 32},'
        ' "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}'
    )
    encoder, _ = open_named(f"hf:{tmp_path}", "cpu")
    assert encoder.forward(prepared(32)).shape == (4, 16)


@needs_transformers
def test_a_folder_without_weights_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=f"hf:{tmp_path} cannot be had"):
        open_named(f"hf:{tmp_path}", "cpu")


@needs_transformers
def test_the_lab_measures_the_same_tower(vision_transformer: Path) -> None:
    encoder, _ = open_named(f"hf:{vision_transformer}", "cpu")
    told = open_model(f"hf:{vision_transformer}").embed(pictures()[0])
    assert encoder.forward(prepared(32))[0] == pytest.approx(told / np.linalg.norm(told), abs=1e-4)


def test_a_network_of_timm_embeds_as_its_own_library_does(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    sizes = {"img_size": 32, "patch_size": 8, "depth": 1}
    network = timm.create_model("vit_tiny_patch16_224", **sizes).eval()
    save_file(network.state_dict(), str(tmp_path / "model.safetensors"))
    shown: dict[str, Any] = {"input_size": [3, 32, 32], "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]}
    config = {
        "architecture": "vit_tiny_patch16_224",
        "model_args": sizes,
        "pretrained_cfg": shown | {"classifier": "head"},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    encoder, _ = open_named(f"timm:{tmp_path}", "cpu")
    own = network.forward_head(network.forward_features(as_shown(shown["mean"], shown["std"])), pre_logits=True)
    assert encoder.forward(prepared(32)) == pytest.approx(unit(own), abs=1e-4)


def test_the_image_side_of_a_network_of_open_clip_embeds_as_its_own_library_does(tmp_path: Path) -> None:
    open_clip = pytest.importorskip("open_clip")
    from safetensors.torch import save_file

    vision = {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8, "head_width": 32}
    words = {"context_length": 8, "vocab_size": 60, "width": 32, "heads": 2, "layers": 1}
    network = open_clip.CLIP(embed_dim=16, vision_cfg=vision, text_cfg=words).eval()
    save_file(network.state_dict(), str(tmp_path / "open_clip_model.safetensors"))
    shown = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]}
    config = {
        "model_cfg": {"embed_dim": 16, "vision_cfg": vision, "text_cfg": words},
        "preprocess_cfg": shown,
    }
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    encoder, _ = open_named(f"open_clip:{tmp_path}", "cpu")
    own = network.encode_image(as_shown(shown["mean"], shown["std"]))
    assert encoder.forward(prepared(32)) == pytest.approx(unit(own), abs=1e-4)
