"""What people bring to the S&OP month: settings, overrides, scenarios, risks, steps, decisions."""

from __future__ import annotations

import pandas as pd

from ..model.schema import SETTINGS, Setting
from .shared import (
    COMPANY,
    DISHWASHERS,
    FRIDGES,
    HORIZON,
    OVENS,
    PLAN_START,
    SMALL,
    WASHERS,
    Cell,
    day,
    frame,
    frame_of,
)
from .supply import COMPRESSORS

SALES_PLAN_COLUMNS = ("Family", "Measure", "Period", "Value")
PRODUCTION_PLAN_COLUMNS = ("Family", "Source", "Measure", "Period", "Value")

_SET: dict[str, Cell] = {"Company": COMPANY, "Plan start": PLAN_START, "Horizon": HORIZON, "Carbon price": 0}


def settings_table() -> pd.DataFrame:
    """tblSettings: every setting in the order of the schema, its default where the sample has no wish of its own."""
    return frame("tblSettings", [_setting_row(setting) for setting in SETTINGS])


def _setting_row(setting: Setting) -> dict[str, Cell]:
    return {
        "Setting": setting.name,
        "Value": _SET.get(setting.name, setting.default),
        "Unit": setting.unit or None,
        "Note": setting.help + (f" Default: {_words(setting.default)}." if setting.default not in ("", None) else ""),
    }


def _words(value: str | float | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


OVERRIDES: tuple[tuple[str, str, float, str], ...] = (
    (WASHERS, "2027-02", 8900, "Retail chain Kvadrat lists Aria: first order of 700 confirmed."),
    (DISHWASHERS, "2027-06", 6700, "Kitchen studios bring 300 forward from July."),
    (DISHWASHERS, "2027-07", 5700, "Brought forward to June."),
    (OVENS, "2027-09", 7400, "Builder's frame contract signed on 8 December."),
    (SMALL, "2027-10", 11000, "Retailers fill shelves earlier than last year."),
)


def sales_plan() -> pd.DataFrame:
    """The planners' overrides and why, long: Family, Measure, Period, Value."""
    rows: list[dict[str, Cell]] = []
    for family, period, quantity, reason in OVERRIDES:
        rows.append({"Family": family, "Measure": "Override", "Period": day(period), "Value": quantity})
        rows.append({"Family": family, "Measure": "Override reason", "Period": day(period), "Value": reason})
    return frame_of(SALES_PLAN_COLUMNS, rows)


def item_overrides_table() -> pd.DataFrame:
    """What the planners know of single items."""
    columns = ("Item", "Region", "Period", "Quantity", "Reason", "Owner")
    rows: list[tuple[Cell, ...]] = [
        ("SA-510", "UK and Ireland", day("2027-05"), 620, "Discounter takes 250 for its May leaflet.", "Tom Whitfield"),
        ("WD-8500", None, day("2027-06"), 640, "Hotel chain: 100 machines, order signed.", "Elena Marques"),
    ]  # fmt: skip
    return frame("tblItemOverrides", [dict(zip(columns, row, strict=True)) for row in rows])


def production_plan() -> pd.DataFrame:
    """Nothing is fixed and nothing approved yet."""
    return frame_of(PRODUCTION_PLAN_COLUMNS, [])


def scenarios_table() -> pd.DataFrame:
    columns = ("Scenario", "Lever", "Family", "Resource", "From", "To", "Change %", "Note")
    rows: list[tuple[Cell, ...]] = [
        ("Strong summer", "Demand", FRIDGES, None, day("2027-05"), day("2027-08"), 0.12, "Heat wave as in 2022."),
        ("Strong summer", "Price", FRIDGES, None, day("2027-06"), day("2027-08"), 0.02, "No promotions needed."),
        ("Supplier strike", "Supplier", None, COMPRESSORS, day("2027-04"), day("2027-06"), -0.5,
         "The only compressor supplier renews its wage agreement in March."),
        ("Weak pound", "Rate", None, None, day("2027-04"), day("2028-06"), -0.08, "Pound at 1.05."),
        ("Weak pound", "Demand", WASHERS, None, day("2027-04"), day("2028-06"), -0.02, "UK volume suffers."),
        ("No overtime", "Overtime", None, None, None, None, -1.0, "What the works council's ban would cost."),
    ]  # fmt: skip
    return frame("tblScenarios", [dict(zip(columns, row, strict=True)) for row in rows])


def risks_table() -> pd.DataFrame:
    columns = ("Risk", "Lever", "Family", "Resource", "From", "To", "Probability", "Low %", "Likely %", "High %")
    rows: list[tuple[Cell, ...]] = [
        ("Market", "Demand", None, None, None, None, 1.0, -0.06, 0.0, 0.05),
        ("Hot or cold summer", "Demand", FRIDGES, None, day("2027-05"), day("2027-08"), 1.0, -0.10, 0.0, 0.15),
        ("Compressor supplier fails", "Supplier", None, COMPRESSORS, day("2027-03"), day("2027-06"), 0.15, -0.60, -0.35,
         -0.15),
        ("Steel price", "Unit cost", None, None, day("2027-04"), day("2028-06"), 0.4, -0.02, 0.03, 0.07),
        ("Freight", "Unit cost", SMALL, None, day("2027-07"), day("2027-10"), 0.5, 0.0, 0.06, 0.20),
        ("Sick leave in winter", "Capacity", None, None, day("2027-11"), day("2028-02"), 0.3, -0.08, -0.04, 0.0),
    ]  # fmt: skip
    return frame("tblRisks", [dict(zip(columns, row, strict=True)) for row in rows])


def cycle_table() -> pd.DataFrame:
    columns = ("Step", "Owner", "Due", "Status", "Comment")
    rows: list[tuple[Cell, ...]] = [
        ("Data gathering", "Jana Kucerova", day("2026-12-21"), "In work", "History to December, stock count done."),
        ("Demand plan", "Elena Marques", day("2026-12-30"), "Open", None),
        ("Supply plan", "Pavel Dvorak", day("2027-01-07"), "Open", None),
        ("Pre-S&OP", "Ingrid Solberg", day("2027-01-12"), "Open", None),
        ("Executive S&OP", "Henrik Lindhaven", day("2027-01-19"), "Open", None),
    ]  # fmt: skip
    return frame("tblCycle", [dict(zip(columns, row, strict=True)) for row in rows])


def decisions_table() -> pd.DataFrame:
    columns = ("Number", "Step", "Decision", "Owner", "Due", "Status", "Family", "Effect")
    rows: list[tuple[Cell, ...]] = [
        ("2027-01", "Demand plan", "Washer cashback in October, as sales wants, or in May, when Brno has room?",
         "Elena Marques", day("2027-01-12"), "Open", WASHERS, "About 2,600 washers in the busiest months of Brno."),
        ("2027-02", "Supply plan", "Rent 500 pallet places from June to October?", "Pavel Dvorak", day("2027-01-19"),
         "Open", None, "A full warehouse stops building ahead: it costs overtime and bought dishwashers in autumn."),
        ("2027-03", "Supply plan", "More trucks in November, or let refrigerators wait until December?",
         "Pavel Dvorak", day("2027-02-16"), "Open", FRIDGES, "Some 650 refrigerators a month late."),
        ("2027-04", "Demand plan", "Take part in the Nordic housing tender?", "Ingrid Solberg", day("2027-02-16"),
         "Open", OVENS, "960 hobs in the busiest quarter of Porto."),
        ("2026-11", "Executive S&OP", "Refrigerator price plus 3 % from April.", "Henrik Lindhaven",
         day("2026-12-15"), "Decided", FRIDGES, "Volume minus 2 %."),
    ]  # fmt: skip
    return frame("tblDecisions", [dict(zip(columns, row, strict=True)) for row in rows])
