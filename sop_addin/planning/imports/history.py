"""Sales history out of a file: long or wide, by item and region, matched with the items of the workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from ...model import calendar
from ...model.findings import Findings
from ...model.foreign import Sheet
from ...model.suggest import listed, quote
from ...model.tables import Tables
from .figures import Figure, NameIndex, Notes, layout_notes, no_layout, period_of, read_figures
from .layout import PERIOD, TIME_NAMES, Layout, find_layout, plain
from .values import cell_text, read_number

ITEM, REGION, QUANTITY, DESCRIPTION = "Item", "Region", "Quantity", "Description"
COLUMNS = (ITEM, REGION, PERIOD, QUANTITY)

NAMES: dict[str, tuple[str, ...]] = {
    ITEM: (
        "item", "item no", "item number", "item code", "item id", "sku", "sku code", "sku no", "material",
        "material number", "material no", "material code", "material nr", "materialnummer", "materialnr", "article",
        "article no", "article number", "article code", "artikel", "artikelnummer", "artikelnr", "artikel nr",
        "art nr", "artnr", "artikel nummer", "product", "product code", "product no", "product number", "product id",
        "produkt", "produktnummer", "part", "part no", "part number", "teilenummer", "sachnummer", "code", "référence",
        "reference", "code article", "código", "codigo", "codice", "articolo", "matnr",
    ),
    DESCRIPTION: (
        "description", "item description", "material description", "materialkurztext", "kurztext", "bezeichnung",
        "artikelbezeichnung", "materialbezeichnung", "product name", "item name", "name", "text", "désignation",
        "descripción", "descrizione", "maktx",
    ),
    REGION: (
        "region", "sales region", "area", "market", "markt", "country", "land", "vertriebsregion", "gebiet",
        "verkaufsorganisation", "verkaufsorg", "vkorg", "sales org", "sales organization", "sales organisation",
        "territory", "channel", "sales channel", "kanal", "vertriebsweg", "pays", "región", "regione", "país",
    ),
    QUANTITY: (
        "quantity", "qty", "sales quantity", "sales qty", "quantity sold", "qty sold", "units", "units sold",
        "sold units", "volume", "sales volume", "shipped", "shipped qty", "shipped quantity", "invoiced quantity",
        "invoiced qty", "billed quantity", "billing quantity", "demand", "demand qty", "sales", "sales units",
        "order quantity", "ordered quantity", "order qty", "menge", "absatz", "absatzmenge", "verkaufsmenge",
        "verkaufte menge", "fakturamenge", "fakturierte menge", "auftragsmenge", "liefermenge", "stück", "stueck",
        "anzahl", "quantité", "quantite", "cantidad", "quantità", "fkimg",
    ),
    **TIME_NAMES,
}  # fmt: skip
_MONEY = (
    "umsatz",
    "revenue",
    "erlös",
    "amount",
    "betrag",
    "value",
    "wert",
    "price",
    "preis",
    "cost",
    "kosten",
    "margin",
)
_EXAMPLE = "Item, Region, Period, Quantity, or Item, Region, 2026-01, 2026-02 ..."


@dataclass(frozen=True)
class HistoryFile:
    """What a file says on past sales.

    ``figures``: Item (as the workbook spells it), Region, Period, Quantity in item units - one row each, sums of the
    file's lines. ``new_items``: Item, Description of items that the workbook has not; their figures are among
    ``figures``. ``findings``: how the file was understood, and what was not.
    """

    figures: pd.DataFrame
    new_items: pd.DataFrame
    findings: Findings = field(default_factory=Findings)


def read_history(sheets: Sequence[Sheet], file: str, tables: Tables) -> HistoryFile:
    """The sales history in ``sheets`` (of the file named ``file``). Nothing is raised: errors are findings."""
    notes = Notes(file)
    layouts = [found for sheet in sheets if (found := _layout(sheet, tables))]
    if not layouts:
        notes.add("Error", "header_missing", no_layout(sheets, "an item column and periods", _EXAMPLE))
        return HistoryFile(_figures([]), _new_items({}), notes.findings())
    figures: list[tuple[str, str, pd.Timestamp, float]] = []
    days: dict[pd.Timestamp, set[pd.Timestamp]] = {}
    lines = 0
    names: dict[str, str] = {}
    bucket = tables.settings.bucket
    coarse = 0
    for layout, regions in layouts:
        layout_notes(layout, notes, several=len(layouts) > 1)
        names |= _descriptions(layout)
        roles = list(regions) or [QUANTITY]
        for figure in read_figures(_with_regions(layout, regions), [ITEM, REGION], roles, notes):
            lines += 1
            period = period_of(figure.when, bucket)
            if period is None:
                coarse += not (layout.across and figure.when.span == "year")
                continue
            if figure.when.span == "day":
                days.setdefault(period, set()).add(figure.when.day)
            figures.append((figure.keys[0], _region(figure, regions), period, figure.value))
    if coarse:
        message = f"{coarse:,} figures are of longer periods than the plan's ({bucket.lower()}s); they are left out"
        notes.add("Warning" if figures else "Error", "period_too_long", message)
    _say_skipped(sheets, layouts, notes)
    matched = _matched(_figures(figures), tables, notes)
    new = matched.loc[~matched[ITEM].isin(set(tables.items[ITEM])), ITEM].drop_duplicates()
    _review(matched, lines, days, tables, notes)
    if len(new):
        index = NameIndex(tables.items[ITEM])
        shown = listed([f"{item}{index.near(item)}" for item in new])
        message = f"{len(new):,} items are not in tblItems: {shown}; add them, leave them out, or correct their names"
        notes.add("Warning", "item_new", message)
    return HistoryFile(matched, _new_items({item: names.get(item, "") for item in new}), notes.findings())


def _layout(sheet: Sheet, tables: Tables) -> tuple[Layout, dict[str, int]] | None:
    """The layout, and the columns of regions where each region has one (0-based by name)."""
    layout = find_layout(sheet, NAMES, ITEM, (QUANTITY,))
    if layout:
        return layout, {}
    layout = find_layout(sheet, NAMES, ITEM, ())
    if layout is None or layout.across:
        return None
    known = {region.casefold() for region in tables.history[REGION] if region}
    rows = layout.sheet.rows[layout.header + 1 : layout.header + 200]
    taken = set(layout.columns.values())
    numeric = {
        text: at
        for at, text in enumerate(layout.headers)
        if text and at not in taken and not any(word in plain(text) for word in _MONEY) and _is_numeric(rows, at)
    }
    if len(numeric) == 1:
        return Layout(
            sheet, layout.header, {**layout.columns, QUANTITY: next(iter(numeric.values()))}, layout.headers,
            doubles=layout.doubles, above=layout.above,
        ), {}  # fmt: skip
    regions = {text: at for text, at in numeric.items() if text.casefold() in known} or numeric
    return (layout, regions) if regions and REGION not in layout.columns else None


def _is_numeric(rows: Sequence[Sequence[object]], at: int) -> bool:
    cells = [row[at] for row in rows if at < len(row) and cell_text(row[at])]  # type: ignore[arg-type]
    return bool(cells) and all(read_number(c, ",") is not None or read_number(c, ".") is not None for c in cells)  # type: ignore[arg-type]


def _with_regions(layout: Layout, regions: dict[str, int]) -> Layout:
    if not regions:
        return layout
    return Layout(
        layout.sheet, layout.header, {**layout.columns, **regions}, layout.headers, (), layout.doubles, layout.above
    )


def _region(figure: Figure, regions: dict[str, int]) -> str:
    return figure.role if regions else figure.keys[1]


def _descriptions(layout: Layout) -> dict[str, str]:
    if DESCRIPTION not in layout.columns:
        return {}
    found: dict[str, str] = {}
    for _, row, reason in layout.rows(ITEM):
        if not reason and (item := cell_text(layout.cell(row, ITEM))):
            found.setdefault(item, cell_text(layout.cell(row, DESCRIPTION)))
    return found


def _figures(rows: Sequence[tuple[str, str, pd.Timestamp, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({ITEM: object, REGION: object, PERIOD: "datetime64[ns]", QUANTITY: float})


def _new_items(names: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({ITEM: list(names), DESCRIPTION: list(names.values())}, dtype=object)


def _matched(figures: pd.DataFrame, tables: Tables, notes: Notes) -> pd.DataFrame:
    """Items and regions as the workbook spells them, lines of the same item, region and period summed."""
    descriptions = {
        str(text): str(item)
        for text, item in zip(tables.items[DESCRIPTION], tables.items[ITEM], strict=True)
        if (tables.items[DESCRIPTION] == text).sum() == 1
    } if len(tables.items) < 5000 else {}  # fmt: skip
    items = NameIndex(tables.items[ITEM], descriptions)
    spelt = {text: items.find(text) or text for text in figures[ITEM].unique()}
    other = [f"{text} = {name}" for text, name in spelt.items() if text != name]
    if other:
        notes.add("Info", "item_spelt_otherwise", f"{len(other):,} items are spelt otherwise: {listed(other)}")
    regions = NameIndex(dict.fromkeys(region for region in tables.history[REGION] if region))
    where = {text: regions.find(text) or text for text in figures[REGION].unique()}
    strange = [text for text, name in where.items() if text and name not in regions.names]
    if strange and regions.names:
        shown = listed([f"{text}{regions.near(text)}" for text in strange])
        notes.add("Warning", "region_new", f"regions that the history does not have yet: {shown}")
    without = int((figures[REGION] == "").sum())
    if without and regions.names:
        message = (
            f"{without:,} figures name no region, but the history has {listed(regions.names)}; they "
            "become rows of their own"
        )
        notes.add("Warning", "region_missing", message)
    result = figures.assign(**{ITEM: figures[ITEM].map(spelt), REGION: figures[REGION].map(where)})
    return result.groupby([ITEM, REGION, PERIOD], sort=False)[QUANTITY].sum().reset_index()


def _say_skipped(sheets: Sequence[Sheet], layouts: Sequence[tuple[Layout, dict[str, int]]], notes: Notes) -> None:
    read = {layout.sheet.name for layout, _ in layouts}
    left = [quote(sheet.name) for sheet in sheets if sheet.name not in read and any(map(any, sheet.rows))]
    if left:
        notes.add("Info", "sheets_left_out", f"sheets without a history: {listed(left)}")


def _review(
    found: pd.DataFrame, lines: int, days: dict[pd.Timestamp, set[pd.Timestamp]], tables: Tables, notes: Notes
) -> None:
    """What a planner should look at before the figures are taken over."""
    if found.empty:
        notes.add("Error", "nothing_to_import", "the file holds no figure that can be read")
        return
    bucket = tables.settings.bucket
    first, last = (calendar.period_label(day, bucket) for day in (found[PERIOD].min(), found[PERIOD].max()))
    summed = f", summed from {lines:,}" if lines > len(found) else ""
    message = f"{len(found):,} figures of {found[ITEM].nunique():,} items, {first} to {last}{summed}"
    notes.add("Info", "figures_read", message)
    negative = found[found[QUANTITY] < 0]
    if len(negative):
        shown = listed(
            [f"{row[0]} {calendar.period_label(row[2], bucket)}" for row in negative.itertuples(index=False)]
        )
        notes.add("Warning", "quantity_negative", f"returns exceed sales: {shown}; the figures are below 0")
    start = tables.settings.plan_start
    if start is not None and (late := sorted(set(found.loc[found[PERIOD] >= start, PERIOD]))):
        shown = listed([calendar.period_label(day, bucket) for day in late])
        notes.add("Warning", "period_planned", f"{shown}: at or after Plan start; history is used only before it")
    _partial(days, bucket, notes)
    have = set(found[PERIOD]) | set(tables.history_periods)
    whole = calendar.period_range(min(have), calendar.periods_between(min(have), max(have), bucket), bucket)
    if missing := [day for day in whole if day not in have]:
        shown = listed([calendar.period_label(day, bucket) for day in missing])
        notes.add(
            "Warning",
            "period_missing",
            f"neither the file nor the workbook has {shown}; the months become blank columns",
        )


def _partial(days: dict[pd.Timestamp, set[pd.Timestamp]], bucket: str, notes: Notes) -> None:
    """The last month of daily lines may not be over yet."""
    if bucket != calendar.MONTH or not days:
        return
    last = max(days)
    usual = [max(each).day for period, each in days.items() if period != last and len(each) > 1]
    if usual and len(days[last]) >= 1 and max(days[last]).day < min(usual) - 5:
        label, day = calendar.period_label(last, bucket), max(days[last])
        notes.add(
            "Warning", "last_period_partial", f"{label} ends with {day:%Y-%m-%d} in the file; is the month complete?"
        )
