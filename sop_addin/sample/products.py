"""The items of the sample company: what is sold, for how much, where, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .shared import DISHWASHERS, FRIDGES, OVENS, SMALL, SPARES, WASHERS, Cell, day, frame


@dataclass(frozen=True, slots=True)
class Product:
    """One item. ``levels``: usual monthly sales in the middle of 2026 by region, in item units."""

    item: str
    description: str
    price: float
    cost: float
    levels: tuple[float, float, float]
    growth: float = 0.0
    """Growth a year on top of its family's."""
    per_family_unit: float = 1.0
    unit: str = "pcs"
    currency: str = "EUR"
    chance: float = 1.0
    """Share of months in which it sells at all; below 1 for spare parts."""
    status: str = "Active"
    launch: str = ""
    end: str = ""
    like: str = ""
    scale: float = 1.0


CATALOGUE: dict[str, tuple[Product, ...]] = {
    WASHERS: (
        Product("WM-5000", "Lina top loader, 6 kg", 329, 212, (210, 0, 60), growth=-0.08),
        Product("WM-6100", "Lina slim, 6 kg, 1000 rpm", 349, 221, (620, 0, 180)),
        Product("WM-7100", "Lina, 7 kg, 1200 rpm", 369, 234, (1250, 300, 260), growth=-0.02),
        Product("WM-7200", "Lina, 7 kg, 1400 rpm", 399, 249, (1080, 420, 240)),
        Product("WM-8100", "Aria, 8 kg, 1400 rpm", 429, 264, (1150, 0, 320), growth=0.03),
        Product("WM-8110", "Aria, 8 kg, 1400 rpm, UK", 369, 229, (0, 640, 0), growth=0.02, currency="GBP"),
        Product("WM-8400", "Aria steam, 8 kg", 479, 289, (640, 0, 210), growth=0.04),
        Product("WM-9200", "Aria, 9 kg, 1400 rpm", 529, 314, (430, 0, 190), growth=0.05),
        Product("WM-9210", "Aria, 9 kg, 1400 rpm, UK", 449, 268, (0, 260, 0), growth=0.05, currency="GBP"),
        Product("WM-9500", "Nova, 9 kg, auto-dosing", 589, 342, (0, 0, 0), status="New", launch="2027-03-01",
                like="WM-9200", scale=0.6),
        Product("WD-8500", "Duo washer-dryer, 8 and 5 kg", 699, 422, (240, 150, 90), growth=0.06),
    ),
    DISHWASHERS: (
        Product("DW-4100", "Clara, 45 cm, old series", 379, 246, (200, 0, 50), growth=-0.1, status="Discontinued",
                end="2026-03-31"),
        Product("DW-4500", "Clara, 45 cm", 399, 252, (520, 180, 130)),
        Product("DW-5200", "Clara, table top", 299, 196, (140, 110, 0), growth=-0.03),
        Product("DW-6000", "Clara, 60 cm, freestanding", 429, 268, (900, 380, 240)),
        Product("DW-6100", "Clara, 60 cm, built under", 449, 279, (640, 240, 200)),
        Product("DW-6200", "Stella, 60 cm, fully integrated", 499, 303, (980, 0, 310), growth=0.02),
        Product("DW-6210", "Stella, 60 cm, fully integrated, UK", 425, 259, (0, 420, 0), growth=0.02, currency="GBP"),
        Product("DW-6300", "Stella XXL, 60 cm", 549, 328, (420, 0, 160), growth=0.03),
        Product("DW-6400", "Stella silent, 39 dB", 619, 362, (230, 90, 120), growth=0.06),
    ),
    FRIDGES: (
        Product("RF-1400", "Polar, under the counter", 329, 216, (420, 260, 110), growth=-0.02),
        Product("RF-1800", "Polar larder, 185 cm", 449, 286, (360, 150, 120)),
        Product("RF-2400", "Polar combi, 186 cm", 549, 342, (980, 0, 290)),
        Product("RF-2410", "Polar combi, 186 cm, UK", 469, 292, (0, 520, 0), growth=0.01, currency="GBP"),
        Product("RF-2600", "Polar combi, 201 cm, class E", 599, 374, (560, 0, 150), growth=-0.04, status="Phase-out",
                end="2027-04-30"),
        Product("RF-2700", "Polar combi, 201 cm, class B (follows RF-2600)", 629, 382, (0, 0, 0), status="New",
                launch="2027-05-01", like="RF-2600", scale=1.05),
        Product("RF-3100", "Glacier no-frost, 186 cm", 699, 422, (520, 140, 200), growth=0.03),
        Product("RF-3400", "Glacier no-frost, 203 cm", 799, 478, (310, 90, 140), growth=0.04),
        Product("RF-4000", "Glacier French door", 1249, 748, (90, 60, 40), growth=0.05),
        Product("RF-5100", "Polar chest freezer, 200 l", 389, 250, (330, 0, 210)),
        Product("RF-5200", "Polar upright freezer", 519, 326, (270, 110, 170)),
    ),
    OVENS: (
        Product("OV-3100", "Terra built-in oven", 359, 226, (720, 260, 190)),
        Product("OV-3300", "Terra built-in oven, pyrolytic", 499, 302, (480, 120, 150), growth=0.02),
        Product("OV-4400", "Terra steam oven", 649, 386, (210, 60, 80), growth=0.05),
        Product("OV-5100", "Free-standing cooker, 50 cm", 389, 248, (390, 0, 130), growth=-0.03),
        Product("OV-5110", "Free-standing cooker, 60 cm, UK", 389, 246, (0, 380, 0), growth=-0.02, currency="GBP"),
        Product("OV-6100", "Ceramic hob, 60 cm", 249, 156, (640, 150, 170), growth=-0.05),
        Product("OV-6400", "Induction hob, 60 cm", 399, 242, (560, 170, 220), growth=0.05),
        Product("OV-6800", "Induction hob, 80 cm, flexible zones", 549, 328, (240, 60, 110), growth=0.06),
        Product("OV-7000", "Terra set: oven and ceramic hob", 579, 364, (150, 0, 40), per_family_unit=0.5, unit="sets"),
        Product("OV-7400", "Induction hob with downdraft", 990, 586, (150, 0, 60), status="New", launch="2026-10-01",
                like="OV-6800", scale=0.6),
    ),
    SMALL: (
        Product("SA-110", "Kettle, 1.7 l", 29, 16.5, (3600, 1500, 700), per_family_unit=6),
        Product("SA-120", "Toaster, two slots", 34, 19.5, (2700, 1200, 500), per_family_unit=6),
        Product("SA-210", "Hand blender set", 39, 22, (2400, 0, 600), per_family_unit=8),
        Product("SA-220", "Stand mixer", 189, 112, (420, 150, 120)),
        Product("SA-310", "Filter coffee maker", 59, 34, (1500, 0, 520), growth=-0.06, per_family_unit=2),
        Product("SA-320", "Espresso machine", 229, 136, (560, 210, 150), growth=0.04),
        Product("SA-330", "Bean-to-cup coffee machine", 449, 268, (230, 80, 60), growth=0.06),
        Product("SA-410", "Microwave, 20 l", 89, 54, (780, 0, 240), growth=-0.03),
        Product("SA-411", "Microwave, 20 l, UK", 79, 47, (0, 420, 0), growth=-0.03, currency="GBP"),
        Product("SA-510", "Air fryer, 5 l", 119, 69, (640, 310, 180), growth=0.10),
        Product("SA-520", "Steam iron", 49, 28, (1300, 500, 260), growth=-0.04, per_family_unit=4),
    ),
    SPARES: (
        Product("SP-010", "Filters and descaler", 9, 3.8, (4200, 1500, 1100), per_family_unit=12),
        Product("SP-020", "Door seals", 14, 6, (900, 300, 180), per_family_unit=10, chance=0.75),
        Product("SP-030", "Drain pump", 32, 14, (180, 70, 40), per_family_unit=4, chance=0.55),
        Product("SP-040", "Heating element", 38, 17, (130, 50, 30), per_family_unit=4, chance=0.5),
        Product("SP-050", "Control board, washing machines", 96, 44, (36, 14, 8), chance=0.4),
        Product("SP-060", "Control board, refrigerators", 104, 48, (24, 10, 7), chance=0.35),
        Product("SP-070", "Compressor", 129, 71, (16, 6, 6), chance=0.3),
        Product("SP-080", "Shelves and drawers", 19, 8, (420, 150, 110), per_family_unit=6, chance=0.7),
        Product("SP-090", "Oven door glass", 44, 20, (60, 22, 14), per_family_unit=2, chance=0.4),
        Product("SP-100", "Drum motor", 88, 41, (20, 8, 6), chance=0.3),
    ),
}  # fmt: skip

PRODUCTS: dict[str, tuple[str, Product]] = {
    product.item: (family, product) for family, products in CATALOGUE.items() for product in products
}
"""Family and product of every item."""


def items_table(opening: dict[str, float], safety: dict[str, float]) -> pd.DataFrame:
    """tblItems; opening and safety stock by item, in item units."""
    return frame("tblItems", [_row(family, one, opening, safety) for family, one in PRODUCTS.values()])


def _row(family: str, one: Product, opening: dict[str, float], safety: dict[str, float]) -> dict[str, Cell]:
    new = bool(one.like)
    return {
        "Item": one.item,
        "Description": one.description,
        "Family": family,
        "Unit": one.unit,
        "Units per family unit": one.per_family_unit,
        "Price": one.price,
        "Cost": one.cost,
        "Currency": one.currency,
        "Status": one.status,
        "Launch": day(one.launch) if one.launch else None,
        "End": day(one.end) if one.end else None,
        "Like item": one.like or None,
        "Like scale": one.scale if new else None,
        "Opening stock": opening[one.item],
        "Safety stock": safety[one.item],
        "Method": "Auto",
    }
