"""How each piece of the catalogue is built, by SKU; what it is called and costs stands in `catalogue.csv`."""

from __future__ import annotations

from collections.abc import Callable

from lab.render import bracelets, earrings, necklaces, rings, watches
from lab.render.mesh import circle, superellipse
from lab.render.parts import Parts, bezel, moved, stone

YG, RG, WG, AG = "yellow gold", "rose gold", "white gold", "silver"


def _pearl(y: float) -> Parts:
    return moved([stone("pearl", "pearl", 9)], y=y)


def _turquoise() -> Parts:
    return moved([stone("cabochon", "turquoise", 9, 13), *bezel(AG, 9, 13)], y=-6)


DESIGNS: dict[str, Callable[[], Parts]] = {
    "RING-EMERALD-HALO-01": lambda: rings.halo_ring(YG, "emerald", "emerald", 6, 8),
    "RING-EMERALD-TRIO-02": lambda: rings.three_stone(WG, "emerald", "diamond", 6.5, 8.5),
    "RING-EMERALD-CABOCHON-03": lambda: rings.bezel_ring(RG, "emerald", 10, 13, 4.6),
    "RING-EMERALD-CLUSTER-04": lambda: rings.cluster_ring(YG, "emerald", 4.2),
    "RING-DIAMOND-SOLITAIRE-05": lambda: rings.solitaire(WG, "diamond", 6.5),
    "RING-DIAMOND-ETERNITY-06": lambda: rings.eternity(RG, "diamond", 2.7, 22),
    "RING-ONYX-SIGNET-07": lambda: rings.signet(YG, "onyx", 11, 12),
    "RING-ROPE-08": lambda: rings.rope(RG, 3.4),
    "RING-TURQUOISE-09": lambda: rings.bezel_ring(AG, "turquoise", 8, 8, 7.5),
    "RING-PEARL-10": lambda: rings.pearl_ring(YG, 9, "diamond"),
    "RING-RUBY-FLOWER-11": lambda: rings.flower_ring(AG, "ruby", 6, 14),
    "RING-OPEN-BALL-12": lambda: rings.open_ring(YG, 6),
    "EAR-PEARL-STUD-01": lambda: earrings.pearl_stud(YG, 9),
    "EAR-PEARL-DROP-02": lambda: earrings.drop(AG, _pearl(-3.6), 12),
    "EAR-PEARL-HOOP-03": lambda: earrings.hoop(RG, 22, circle(0.8), hung=_pearl(0)),
    "EAR-PEARL-FLOWER-04": lambda: earrings.flower_stud(RG, 5, 15),
    "EAR-HOOP-SLIM-05": lambda: earrings.hoop(YG, 40, circle(0.9)),
    "EAR-HOOP-CHUNKY-06": lambda: earrings.hoop(YG, 20, circle(3.0, 32)),
    "EAR-HOOP-TWIST-07": lambda: earrings.hoop(YG, 28, superellipse(3.4, 3.4, 5), turns=9),
    "EAR-HOOP-WIDE-08": lambda: earrings.hoop(YG, 24, superellipse(8.5, 1.2, 5)),
    "EAR-DIAMOND-STUD-09": lambda: earrings.stud(WG, "diamond", 6),
    "EAR-RUBY-HALO-10": lambda: earrings.halo_stud(YG, "ruby", 6, 8),
    "EAR-TURQUOISE-CHAIN-11": lambda: earrings.drop(AG, _turquoise(), 16, links=True),
    "PEND-SAPPHIRE-HALO-01": lambda: necklaces.halo_pendant(WG, "sapphire", 8, 10),
    "PEND-SAPPHIRE-PEAR-02": lambda: necklaces.pear_pendant(YG, "sapphire", 9, 14),
    "PEND-SAPPHIRE-DOME-03": lambda: necklaces.bezel_pendant(RG, "sapphire", 12),
    "PEND-SAPPHIRE-LINE-04": lambda: necklaces.line_pendant(AG, "sapphire", 3, 7),
    "PEND-CROSS-05": lambda: necklaces.plate_pendant(YG, necklaces.cross(13, 20, 3.6), 1.8, "diamond"),
    "PEND-HEART-06": lambda: necklaces.plate_pendant(RG, necklaces.heart(17), 2.6),
    "PEND-ONYX-DISC-07": lambda: necklaces.bezel_pendant(AG, "onyx", 15),
    "NECK-PEARL-STRAND-01": lambda: necklaces.strands(9, 96, 110),
    "NECK-LINK-02": lambda: necklaces.link_necklace(YG, 19, 1.9, 84, 110),
    "NECK-RIVIERE-03": lambda: necklaces.riviere(WG, "ruby", 76, 96),
    "BRAC-TENNIS-DIAMOND-01": lambda: bracelets.tennis(WG, "diamond", 4.4),
    "BRAC-TENNIS-SAPPHIRE-02": lambda: bracelets.tennis(WG, "sapphire", 5.0),
    "BRAC-TENNIS-EMERALD-03": lambda: bracelets.tennis(YG, "emerald", 5.4, "emerald"),
    "BRAC-TENNIS-RUBY-04": lambda: bracelets.tennis(RG, "ruby", 6.4),
    "BRAC-BANGLE-TWIST-05": lambda: bracelets.bangle(YG, superellipse(11, 11, 6), turns=5),
    "BRAC-CUFF-06": lambda: bracelets.cuff(AG, 22),
    "BRAC-TURQUOISE-BEAD-07": lambda: bracelets.beads("turquoise", 8, AG),
    "BRAC-LINK-PEARL-08": lambda: bracelets.link_bracelet(RG, 11, 1.1, "pearl"),
    "WATCH-CLASSIC-01": lambda: watches.watch(RG, "enamel white", "leather brown", circle(19, 64)),
    "WATCH-BLUE-02": lambda: watches.watch(AG, "enamel blue", AG, circle(20, 64)),
    "WATCH-TANK-03": lambda: watches.watch(YG, "enamel white", "leather black", superellipse(24, 34, 8, 64)),
    "WATCH-GALA-04": lambda: watches.watch(YG, "enamel black", YG, circle(17, 64), "diamond"),
}
