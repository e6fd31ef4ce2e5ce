"""How metals, stones and the rest look, as Mitsuba BSDFs.

Metals are Mitsuba's measured conductors: gold Au, rose gold Cu, silver Ag; white gold is sold plated with rhodium, so
it is Rh. Platinum is not among them: n and k at 650, 550 and 450 nm after W. S. M. Werner et al., J. Phys. Chem. Ref.
Data 38 (2009), as listed on https://refractiveindex.info. Alloys are paler than the pure metal, so Au and Cu carry a
tint set by eye.

Refractive indices and dispersion (B to G): GIA's gem encyclopedia (https://www.gia.edu/gem-encyclopedia) and
R. Webster, "Gems" (1994): diamond 2.417 and 0.044, corundum 1.766 and 0.018, beryl 1.580 and 0.014, quartz 1.549 and
0.013, topaz 1.620 and 0.014, nacre 1.53, agate (onyx) 1.54, turquoise 1.61.

A transparent stone absorbs by Beer and Lambert over its mean path, in through the crown and back out of it. Small
stones are cut from deeper coloured rough, so what passes is the same for every size; it is set by eye to the trade's
"vivid" colours. Each of the two crossings of the surface takes the square root of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

RGB = tuple[float, float, float]
Bsdf = dict[str, Any]


class Gem(NamedTuple):
    """`colour` in words; refractive index `ior` (D line), its `dispersion` (B to G); the light that `passes`."""

    colour: str
    ior: float
    dispersion: float
    passes: RGB


GEMS: dict[str, Gem] = {
    "diamond": Gem("colourless", 2.417, 0.044, (1.0, 1.0, 1.0)),
    "ruby": Gem("red", 1.766, 0.018, (0.4, 0.0012, 0.012)),
    "sapphire": Gem("blue", 1.766, 0.018, (0.008, 0.035, 0.5)),
    "emerald": Gem("green", 1.580, 0.014, (0.008, 0.42, 0.11)),
    "amethyst": Gem("purple", 1.549, 0.013, (0.22, 0.03, 0.48)),
    "topaz": Gem("light blue", 1.620, 0.014, (0.2, 0.6, 0.82)),
}
TONES = {"pale": 0.6, "deep": 1.5}
"""Tones of a transparent stone: the power that what passes is raised to."""
GEMS |= {
    f"{tone} {name}": gem._replace(passes=(gem.passes[0] ** power, gem.passes[1] ** power, gem.passes[2] ** power))
    for name, gem in list(GEMS.items())
    for tone, power in TONES.items()
    if name != "diamond"
}
GEMS["deep diamond"] = Gem("yellowish", 2.417, 0.044, (1.0, 0.86, 0.56))
SOLID: dict[str, tuple[str, float, RGB]] = {
    "pearl": ("white", 1.53, (0.8, 0.73, 0.66)),
    "deep pearl": ("cream", 1.53, (0.8, 0.64, 0.48)),
    "pale turquoise": ("pale blue-green", 1.61, (0.2, 0.56, 0.54)),
    "onyx": ("black", 1.54, (0.012, 0.012, 0.014)),
    "turquoise": ("blue-green", 1.61, (0.07, 0.46, 0.47)),
}
"""Opaque stones: colour in words, refractive index, linear reflectance."""
STONES = (*GEMS, *SOLID)
METALS = ("yellow gold", "white gold", "rose gold", "silver", "platinum", "blackened")
FINISHES = {"polished": 0.05, "brushed": 0.2, "hammered": 0.07, "worn": 0.1, "scratched": 0.4}
"""Roughness (alpha of the GGX distribution) of each finish."""

_TINTS: dict[str, tuple[str, RGB]] = {
    "yellow gold": ("Au", (1.0, 0.91, 0.8)),
    "rose gold": ("Cu", (1.0, 0.94, 0.92)),
    "white gold": ("Rh", (1.0, 0.99, 0.97)),
    "silver": ("Ag", (0.97, 0.97, 0.98)),
    "blackened": ("Ag", (0.12, 0.12, 0.13)),
}
_PLATINUM = {"eta": (2.4390, 2.0847, 1.7998), "k": (4.3677, 3.7153, 3.0211)}
_OTHER: dict[str, tuple[float, RGB]] = {
    "enamel white": (0.05, (0.86, 0.86, 0.84)),
    "enamel blue": (0.05, (0.015, 0.045, 0.17)),
    "enamel black": (0.05, (0.012, 0.012, 0.012)),
    "enamel green": (0.05, (0.015, 0.09, 0.05)),
    "enamel cream": (0.05, (0.78, 0.7, 0.52)),
    "leather brown": (0.32, (0.15, 0.06, 0.025)),
    "leather black": (0.32, (0.018, 0.018, 0.02)),
    "leather tan": (0.32, (0.36, 0.18, 0.07)),
    "leather navy": (0.32, (0.02, 0.03, 0.08)),
    "leather red": (0.32, (0.26, 0.02, 0.02)),
    "ceramic": (0.08, (0.25, 0.42, 0.5)),
    "painted wood": (0.4, (0.62, 0.1, 0.08)),
}
"""Glossy paints and leathers: roughness, linear reflectance; refractive index 1.5."""


_SMOOTH = {"type": "conductor"}


def rgb(value: RGB) -> dict[str, Any]:
    return {"type": "rgb", "value": list(value)}


def colour(stone: str) -> str:
    """The colour of a stone in words."""
    return GEMS[stone].colour if stone in GEMS else SOLID[stone][0]


def bsdf(material: str, dispersed: float = 0.0) -> Bsdf:
    """The BSDF of a metal ("silver", or "silver/brushed" with a finish), a stone or another material.

    `dispersed` is -1 for red light, 0 for yellow and 1 for blue: it moves a stone's index by half its dispersion.
    Raises `KeyError` for a material that does not exist.
    """
    name, _, finish = material.partition("/")
    if name in METALS:
        return _metal(name, 0.16 if name == "blackened" and not finish else FINISHES[finish or "polished"])
    if name in GEMS:
        gem = GEMS[name]
        red, green, blue = gem.passes
        return {
            "type": "dielectric",
            "int_ior": gem.ior + dispersed * gem.dispersion / 2,
            "specular_transmittance": rgb((red**0.5, green**0.5, blue**0.5)),
        }
    if name in SOLID:
        _, index, reflectance = SOLID[name]
        if name == "pearl":
            return _nacre(index, reflectance)
        return {"type": "roughplastic", "alpha": 0.04, "int_ior": index, "diffuse_reflectance": rgb(reflectance)}
    alpha, reflectance = _OTHER[name]
    return {"type": "roughplastic", "alpha": alpha, "diffuse_reflectance": rgb(reflectance)}


def reflected(metal: str) -> RGB:
    """Of light that falls straight on a metal, how much of red, green and blue comes back (0 to 1), its tint in it."""
    import mitsuba as mi

    mi.set_variant("scalar_rgb")
    look = bsdf(metal)
    smooth = mi.load_dict(
        {name: value for name, value in look.items() if name not in ("alpha", "distribution")} | _SMOOTH
    )
    straight = mi.SurfaceInteraction3f()
    straight.wi = mi.Vector3f(0, 0, 1)
    red, green, blue = smooth.sample(mi.BSDFContext(), straight, 0.5, [0.5, 0.5])[1]
    return float(red), float(green), float(blue)


def glossy(material: str) -> tuple[float, float, RGB]:
    """Roughness (alpha), refractive index and linear reflectance of what neither is metal nor lets light through."""
    if material in SOLID:
        _, index, reflectance = SOLID[material]
        return (0.1 if material == "pearl" else 0.04), index, reflectance
    alpha, reflectance = _OTHER[material]
    return alpha, 1.5, reflectance


def _metal(name: str, alpha: float) -> Bsdf:
    rough: Bsdf = {"type": "roughconductor", "distribution": "ggx", "alpha": alpha}
    if name == "platinum":
        return rough | {part: rgb(value) for part, value in _PLATINUM.items()}
    element, tint = _TINTS[name]
    return rough | {"material": element, "specular_reflectance": rgb(tint)}


def _nacre(index: float, reflectance: RGB) -> Bsdf:
    """Translucent platelets: a soft inner gloss under a clear skin."""
    return {
        "type": "principled",
        "base_color": rgb(reflectance),
        "roughness": 0.32,
        "eta": index,
        "spec_tint": 0.2,
        "metallic": 0.28,
        "sheen": 0.4,
        "clearcoat": 1.0,
        "clearcoat_gloss": 0.97,
    }
