"""Families, sources, resources and their calendar: how the sample company is supplied, and what limits it."""

from __future__ import annotations

import pandas as pd

from .shared import DISHWASHERS, FRIDGES, OVENS, SMALL, SPARES, WASHERS, Cell, day, frame

BRNO, PORTO = "Brno plant", "Porto plant"
KESSLER = "Kessler contract manufacturing"
OCEAN, EXPRESS = "Ocean import", "Iberia express supply"
POOL = "Parts pool"

BRNO_PRESS, BRNO_LINE, BRNO_PEOPLE = "Brno press", "Brno assembly", "Brno staff"
PORTO_FOAM, PORTO_ENAMEL, PORTO_LINE, PORTO_PEOPLE = "Porto foaming", "Porto enamel", "Porto assembly", "Porto staff"
COMPRESSORS, WAREHOUSE, DISPATCH = "Compressors", "Warehouse", "Dispatch"

_FAMILY_COLUMNS = (
    "Family", "Description", "Unit", "Priority", "Planning", "Price", "Holding cost", "Backorder cost",
    "Lost sale cost", "Min stock", "Target cover", "Shortfall cost", "Closing stock min", "Owner",
)  # fmt: skip
_FAMILIES: tuple[tuple[Cell, ...], ...] = (
    (WASHERS, "Front and top loaders, washer-dryers", "pcs", 1, "Bottom-up", 430, 6.4, 64, 430, 2000, 1.0, 30, 8500,
     "Elena Marques"),
    (DISHWASHERS, "45 and 60 cm, free-standing and built in", "pcs", 2, "Bottom-up", 465, 6.6, 66, 465, 1400, 1.0, 30,
     6000, "Elena Marques"),
    (FRIDGES, "Refrigerators and freezers", "pcs", 1, "Reconciled", 561, 9.5, 85, 561, 1600, 1.0, 30, 7500,
     "Ingrid Solberg"),
    (OVENS, "Ovens, cookers, hobs", "pcs", 2, "Bottom-up", 406, 5.8, 60, 406, 1300, 1.0, 20, 4800, "Ingrid Solberg"),
    (SMALL, "Bought small appliances, planned in cartons", "cartons", 3, "Bottom-up", 175, 2.6, 30, 175, 1500, 1.0, 8,
     6500, "Tom Whitfield"),
    (SPARES, "Spare parts, planned in kits", "kits", 4, "Top-down", 113, 1.4, 20, None, 400, 1.5, 4, 1500,
     "Tom Whitfield"),
)  # fmt: skip


def families_table() -> pd.DataFrame:
    rows: list[dict[str, Cell]] = [dict(zip(_FAMILY_COLUMNS, row, strict=True)) for row in _FAMILIES]
    return frame("tblFamilies", [{**row, "Fulfilment": "Stock"} for row in rows])


FAMILY_PRICE: dict[str, float] = {str(row[0]): float(str(row[5])) for row in _FAMILIES}


def family_periods_table() -> pd.DataFrame:
    """More stock before the peaks; a price that rises with the new energy label."""
    rows: list[dict[str, Cell]] = [
        {"Family": SMALL, "Period": day("2027-10"), "Min stock": 4000},
        {"Family": WASHERS, "Period": day("2027-08"), "Target stock": 12000},
    ]
    prices = [f"2027-{number:02d}" for number in range(4, 13)] + [f"2028-{number:02d}" for number in range(1, 7)]
    rows += [{"Family": FRIDGES, "Period": day(text), "Price": 578} for text in prices]
    return frame("tblFamilyPeriods", rows)


_SOURCE_COLUMNS = (
    "Family", "Source", "Kind", "Unit cost", "Max per period", "CO2e per unit", "Lead periods",
)  # fmt: skip
_SOURCES: tuple[tuple[Cell, ...], ...] = (
    (WASHERS, BRNO, "Make", 178, None, 112, 0),
    (WASHERS, KESSLER, "Buy", 269, 1200, 118, 0),
    (DISHWASHERS, BRNO, "Make", 190, None, 84, 0),
    (DISHWASHERS, PORTO, "Make", 203, 400, 96, 0),
    (DISHWASHERS, KESSLER, "Buy", 240, 450, 108, 0),
    (FRIDGES, PORTO, "Make", 268, None, 131, 0),
    (FRIDGES, KESSLER, "Buy", 374, 800, 160, 1),
    (OVENS, PORTO, "Make", 166, None, 74, 0),
    (OVENS, KESSLER, "Buy", 213, 700, 95, 0),
    (SMALL, OCEAN, "Buy", 104, 9800, 22, 2),
    (SMALL, EXPRESS, "Buy", 112, 2500, 17, 0),
    (SPARES, BRNO, "Make", 38, 1150, 6, 0),
    (SPARES, POOL, "Buy", 52, 400, 9, 0),
)


def sources_table() -> pd.DataFrame:
    return frame("tblSources", [dict(zip(_SOURCE_COLUMNS, row, strict=True)) for row in _SOURCES])


def source_periods_table() -> pd.DataFrame:
    """Freight is dearer before Christmas; Kessler is booked by others in August."""
    rows: list[dict[str, Cell]] = [
        {"Family": SMALL, "Source": OCEAN, "Period": day("2027-09"), "Unit cost": 108},
        {"Family": SMALL, "Source": OCEAN, "Period": day("2027-10"), "Unit cost": 108},
        {"Family": WASHERS, "Source": KESSLER, "Period": day("2027-08"), "Max per period": 500},
        {"Family": DISHWASHERS, "Source": KESSLER, "Period": day("2027-08"), "Max per period": 300},
    ]
    return frame("tblSourcePeriods", rows)


def receipts_table() -> pd.DataFrame:
    """On the water and at Kessler's: what lead times have in the pipeline."""
    rows: list[dict[str, Cell]] = [
        {"Family": SMALL, "Source": OCEAN, "Period": day("2027-01"), "Quantity": 6800},
        {"Family": SMALL, "Source": OCEAN, "Period": day("2027-02"), "Quantity": 7000},
        {"Family": FRIDGES, "Source": KESSLER, "Period": day("2027-01"), "Quantity": 150},
    ]
    return frame("tblReceipts", rows)


_MACHINE_COLUMNS = (
    "Resource", "Kind", "Unit", "Capacity", "Efficiency", "Regular cost", "Overtime limit", "Overtime cost",
    "CO2e per unit",
)  # fmt: skip
_MACHINES: tuple[tuple[Cell, ...], ...] = (
    (BRNO_PRESS, "Machine", "h", 610, 0.92, 150, 60, 205, 38),
    (BRNO_LINE, "Machine", "h", 790, 0.92, 240, 80, 345, 21),
    (PORTO_FOAM, "Machine", "h", 500, 0.94, 160, 60, 240, 33),
    (PORTO_ENAMEL, "Machine", "h", 330, 0.94, 210, 45, 300, 96),
    (PORTO_LINE, "Machine", "h", 665, 0.93, 210, 80, 310, 20),
    (COMPRESSORS, "Supplier", "pcs", 7900, 1, 0, None, None, None),
    (WAREHOUSE, "Storage", "pallets", 9900, 1, 0, None, None, None),
    (DISPATCH, "Distribution", "pallets", 10550, 1, 0, None, None, None),
)
_STAFF_COLUMNS = (
    "Resource", "Kind", "Unit", "Efficiency", "Regular cost", "Overtime limit", "Overtime cost", "Opening heads",
    "Hours per head", "Min heads", "Max heads", "Hire cost", "Layoff cost",
)  # fmt: skip
_STAFF: tuple[tuple[Cell, ...], ...] = (
    (BRNO_PEOPLE, "Labour", "h", 1, 3480, 20, 29.5, 186, 148, 186, 200, 2600, 7800),
    (PORTO_PEOPLE, "Labour", "h", 1, 2590, 20, 26, 152, 148, 152, 184, 900, 1200),
)


def resources_table() -> pd.DataFrame:
    rows: list[dict[str, Cell]] = [dict(zip(_MACHINE_COLUMNS, row, strict=True)) for row in _MACHINES]
    rows += [dict(zip(_STAFF_COLUMNS, row, strict=True)) for row in _STAFF]
    return frame("tblResources", rows)


# family, source ("" = every Make source), resource, use per family unit
USES: tuple[tuple[str, str, str, float], ...] = (
    (WASHERS, "", BRNO_PRESS, 0.030),
    (WASHERS, "", BRNO_LINE, 0.040),
    (WASHERS, "", BRNO_PEOPLE, 1.55),
    (DISHWASHERS, BRNO, BRNO_PRESS, 0.028),
    (DISHWASHERS, BRNO, BRNO_LINE, 0.036),
    (DISHWASHERS, BRNO, BRNO_PEOPLE, 1.45),
    (DISHWASHERS, PORTO, PORTO_LINE, 0.040),
    (DISHWASHERS, PORTO, PORTO_PEOPLE, 1.60),
    (FRIDGES, "", PORTO_FOAM, 0.055),
    (FRIDGES, "", PORTO_LINE, 0.045),
    (FRIDGES, "", PORTO_PEOPLE, 1.85),
    (FRIDGES, PORTO, COMPRESSORS, 1),
    (FRIDGES, KESSLER, COMPRESSORS, 1),
    (OVENS, "", PORTO_ENAMEL, 0.042),
    (OVENS, "", PORTO_LINE, 0.038),
    (OVENS, "", PORTO_PEOPLE, 1.50),
    (SPARES, BRNO, BRNO_PEOPLE, 0.35),
    (WASHERS, "", WAREHOUSE, 0.25),
    (DISHWASHERS, "", WAREHOUSE, 0.25),
    (FRIDGES, "", WAREHOUSE, 0.50),
    (OVENS, "", WAREHOUSE, 0.20),
    (SMALL, "", WAREHOUSE, 0.06),
    (SPARES, "", WAREHOUSE, 0.03),
    (WASHERS, "", DISPATCH, 0.25),
    (DISHWASHERS, "", DISPATCH, 0.25),
    (FRIDGES, "", DISPATCH, 0.50),
    (OVENS, "", DISPATCH, 0.20),
    (SMALL, "", DISPATCH, 0.06),
    (SPARES, "", DISPATCH, 0.03),
)


def bill_of_resources_table() -> pd.DataFrame:
    rows: list[dict[str, Cell]] = [
        {"Family": family, "Source": source or None, "Resource": resource, "Use per unit": use}
        for family, source, resource, use in USES
    ]
    return frame("tblBillOfResources", rows)


_CAPACITY_COLUMNS = ("Resource", "Period", "Capacity", "Hours per head", "Overtime limit")
_EXCEPTIONS: tuple[tuple[str, str, float | None, float | None, float | None], ...] = (
    # Brno: two weeks of summer shutdown in July, Christmas week, maintenance of the press
    (BRNO_LINE, "2027-07", 620, None, 0),
    (BRNO_PRESS, "2027-07", 480, None, 0),
    (BRNO_PEOPLE, "2027-07", None, 112, 0),
    (BRNO_LINE, "2027-12", 620, None, None),
    (BRNO_PEOPLE, "2027-12", None, 124, None),
    (BRNO_PRESS, "2027-03", 480, None, None),
    # Porto: shutdown in August, Christmas week, relining of the enamel furnace
    (PORTO_LINE, "2027-08", 500, None, 0),
    (PORTO_FOAM, "2027-08", 375, None, 0),
    (PORTO_ENAMEL, "2027-08", 245, None, 0),
    (PORTO_PEOPLE, "2027-08", None, 112, 0),
    (PORTO_LINE, "2027-12", 560, None, None),
    (PORTO_PEOPLE, "2027-12", None, 124, None),
    (PORTO_ENAMEL, "2027-02", 240, None, None),
    # a second maker of compressors from March 2028 on, a second carrier from May on
    (COMPRESSORS, "2028-03", 8600, None, None),
    (COMPRESSORS, "2028-04", 8600, None, None),
    (COMPRESSORS, "2028-05", 8600, None, None),
    (COMPRESSORS, "2028-06", 8600, None, None),
    (DISPATCH, "2028-05", 11600, None, None),
    (DISPATCH, "2028-06", 11600, None, None),
)


def capacity_table() -> pd.DataFrame:
    rows: list[dict[str, Cell]] = []
    for resource, period, *limits in _EXCEPTIONS:
        rows.append(dict(zip(_CAPACITY_COLUMNS, (resource, day(period), *limits), strict=True)))
    return frame("tblCapacity", rows)
