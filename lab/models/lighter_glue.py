"""LighterGlue, which says what points of two pictures are the same, with the layers that its published weights name.

LightGlue: Lindenberger et al., ICCV 2023, section 3; made smaller for XFeat by its authors: 6 layers of 96 numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

ENTERING, WIDTH, LAYERS = 64, 96, 6


def _mixer() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2 * WIDTH, 2 * WIDTH), nn.LayerNorm(2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH)
    )


def _turned(values: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotary encoding: each pair of numbers turned by the angle of its place."""
    pairs = values.reshape(1, -1, WIDTH // 2, 2)
    across = torch.stack((-pairs[..., 1], pairs[..., 0]), -1).reshape(1, -1, WIDTH)
    return values * cosines + across * sines


def _attended(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    return functional.softmax(queries @ keys.transpose(-2, -1) * WIDTH**-0.5, -1) @ values


class _Within(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.Wqkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out_proj = nn.Linear(WIDTH, WIDTH)
        self.ffn = _mixer()

    def forward(self, points: Tensor, place: tuple[Tensor, Tensor]) -> Tensor:
        three = self.Wqkv(points).reshape(1, -1, WIDTH, 3)
        queries, keys, values = three[..., 0], three[..., 1], three[..., 2]
        seen = _attended(_turned(queries, *place), _turned(keys, *place), values)
        mixed: Tensor = self.ffn(torch.cat([points, self.out_proj(seen)], -1))
        return points + mixed


class _Across(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.to_qk = nn.Linear(WIDTH, WIDTH)
        self.to_v = nn.Linear(WIDTH, WIDTH)
        self.to_out = nn.Linear(WIDTH, WIDTH)
        self.ffn = _mixer()

    def forward(self, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        keys, others = self.to_qk(one), self.to_qk(other)
        seen, seen_back = _attended(keys, others, self.to_v(other)), _attended(others, keys, self.to_v(one))
        return (
            one + self.ffn(torch.cat([one, self.to_out(seen)], -1)),
            other + self.ffn(torch.cat([other, self.to_out(seen_back)], -1)),
        )


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self_attn = _Within()
        self.cross_attn = _Across()

    def forward(
        self, one: Tensor, other: Tensor, place: tuple[Tensor, Tensor], other_place: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        both: tuple[Tensor, Tensor] = self.cross_attn(self.self_attn(one, place), self.self_attn(other, other_place))
        return both


class _Assignment(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.matchability = nn.Linear(WIDTH, 1)
        self.final_proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        alike = self.final_proj(one) @ self.final_proj(other).transpose(-2, -1) * WIDTH**-0.5
        can = functional.logsigmoid(self.matchability(one)) + functional.logsigmoid(self.matchability(other)).transpose(
            -2, -1
        )
        return functional.log_softmax(alike, -1) + functional.log_softmax(alike, -2) + can


class _Places(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.Wr = nn.Linear(2, WIDTH // 2, bias=False)

    def forward(self, places: Tensor) -> tuple[Tensor, Tensor]:
        half = self.Wr(places)
        angles = torch.stack((half, half), -1).reshape(1, -1, WIDTH)
        return torch.cos(angles), torch.sin(angles)


class LighterGlue(nn.Module):
    """Points of two pictures, each by place [1, N, 2] in -1..1 (of half its longer side, from its middle) and
    descriptor [1, N, 64] -> the logarithm of how sure each pair is one point [1, N, M]."""

    def __init__(self) -> None:
        super().__init__()
        self.input_proj = nn.Linear(ENTERING, WIDTH)
        self.posenc = _Places()
        self.transformers = nn.ModuleList(_Layer() for _ in range(LAYERS))
        self.log_assignment = nn.ModuleList(_Assignment() for _ in range(LAYERS))

    def forward(self, places: Tensor, described: Tensor, other_places: Tensor, other_described: Tensor) -> Tensor:
        place, other_place = self.posenc(places), self.posenc(other_places)
        one, other = self.input_proj(described), self.input_proj(other_described)
        for layer in self.transformers:
            one, other = layer(one, other, place, other_place)
        pairs: Tensor = self.log_assignment[-1](one, other)
        return pairs

    def load(self, weights: Mapping[str, Tensor]) -> LighterGlue:
        """The weights as published, under the names that they had first."""
        kept = {}
        for name, each in weights.items():
            if name.startswith("matcher.") and "token_confidence" not in name:
                kept[name.removeprefix("matcher.")] = each
        self.load_state_dict(kept)
        return self.eval()
