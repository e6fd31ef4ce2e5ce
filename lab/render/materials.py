"""How metals, stones and the rest look, as Mitsuba BSDFs.

Metals use Mitsuba's measured conductors (Au, Cu, Ag). Refractive indices: GIA's gem encyclopedia
(https://www.gia.edu/gem-encyclopedia): diamond 2.417, corundum (ruby, sapphire) 1.766, beryl (emerald) 1.580,
pearl (nacre) 1.53, agate (onyx) 1.54, turquoise 1.61. A stone's colour tints the light each time it enters or leaves.
"""

from __future__ import annotations

from typing import Any

RGB = tuple[float, float, float]
Bsdf = dict[str, Any]


def rgb(value: RGB) -> dict[str, Any]:
    return {"type": "rgb", "value": list(value)}


def _metal(element: str, roughness: float, tint: RGB = (1.0, 1.0, 1.0)) -> Bsdf:
    return {"type": "roughconductor", "material": element, "alpha": roughness, "specular_reflectance": rgb(tint)}


def _gem(ior: float, tint: RGB) -> Bsdf:
    return {"type": "dielectric", "int_ior": ior, "specular_transmittance": rgb(tint)}


def _polished(ior: float, colour: RGB, nonlinear: bool = True) -> Bsdf:
    return {"type": "plastic", "int_ior": ior, "diffuse_reflectance": rgb(colour), "nonlinear": nonlinear}


MATERIALS: dict[str, Bsdf] = {
    "yellow gold": _metal("Au", 0.07, (1.0, 0.92, 0.84)),
    "rose gold": _metal("Cu", 0.07, (1.0, 0.93, 0.95)),
    "white gold": _metal("Ag", 0.06),
    "silver": _metal("Ag", 0.16, (0.93, 0.93, 0.95)),
    "diamond": _gem(2.417, (1.0, 1.0, 1.0)),
    "ruby": _gem(1.766, (0.86, 0.06, 0.16)),
    "sapphire": _gem(1.766, (0.12, 0.24, 0.88)),
    "emerald": _gem(1.58, (0.1, 0.78, 0.4)),
    "pearl": _polished(1.53, (0.95, 0.9, 0.84)),
    "onyx": _polished(1.54, (0.012, 0.012, 0.014)),
    "turquoise": _polished(1.61, (0.1, 0.56, 0.56)),
    "enamel white": _polished(1.5, (0.88, 0.88, 0.86)),
    "enamel blue": _polished(1.5, (0.02, 0.06, 0.22)),
    "enamel black": _polished(1.5, (0.015, 0.015, 0.015)),
    "leather brown": {"type": "roughplastic", "alpha": 0.3, "diffuse_reflectance": rgb((0.2, 0.08, 0.035))},
    "leather black": {"type": "roughplastic", "alpha": 0.3, "diffuse_reflectance": rgb((0.02, 0.02, 0.022))},
    "ceramic": _polished(1.5, (0.25, 0.42, 0.5)),
    "painted wood": {"type": "roughplastic", "alpha": 0.4, "diffuse_reflectance": rgb((0.62, 0.1, 0.08))},
}
