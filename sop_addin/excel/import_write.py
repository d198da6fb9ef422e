"""Single cells into input tables by key, as an import, a publish or a roll forward gives them; the rest stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..model import calendar
from ..model.errors import WorkbookError
from .blocks import Formula, read_block, write_block
from .grid_sheets import moved_cell, with_formulas
from .tables_io import find_tables, is_newer, is_there, require_free


def write_history(book: Any, figures: pd.DataFrame, bucket: str) -> None:
    """Put Item, Region, Period, Quantity into tblHistory: new periods become columns in time order, new items rows.

    Raises WorkbookError where the table is missing or has no room to grow.
    """
    periods = sorted(set(figures["Period"]))
    labels = {period: calendar.period_label(period, bucket) for period in periods}
    values = {
        (str(item), str(region), period): float(quantity)
        for item, region, period, quantity in figures[["Item", "Region", "Period", "Quantity"]].itertuples(index=False)
    }
    put_cells(book, "tblHistory", ("Item", "Region"), labels, values, bucket)


def write_budget(book: Any, figures: pd.DataFrame, bucket: str) -> None:
    """Put Family, Period, Volume, Revenue, Margin into tblBudget; NaN leaves a cell as it is."""
    values = {
        (str(row["Family"]), row["Period"], measure): float(row[measure])
        for row in figures.to_dict("records")
        for measure in ("Volume", "Revenue", "Margin")
        if row[measure] == row[measure]
    }
    put_cells(book, "tblBudget", ("Family", "Period"), {}, values, bucket)


def write_approved(book: Any, approved: pd.DataFrame, rates: pd.DataFrame, bucket: str) -> None:
    """Put the approved plan in money into tblApproved, and its exchange rates into the column of tblRates.

    approved: columns of tblApproved. rates: columns of tblRates. Rows of other keys stay.
    """
    columns = [name for name in approved.columns if name not in ("Family", "Period")]
    values = {
        (str(row["Family"]), row["Period"], name): float(row[name])
        for row in approved.to_dict("records")
        for name in columns
        if row[name] == row[name]
    }
    put_cells(book, "tblApproved", ("Family", "Period"), {}, values, bucket)
    name = "Approved rate"
    of_rates = {
        (str(row["Currency"]), None if pd.isna(row["Period"]) else row["Period"], name): float(row[name])
        for row in rates.to_dict("records")
        if row[name] == row[name]
    }
    put_cells(book, "tblRates", ("Currency", "Period"), {}, of_rates, bucket)


def add_items(book: Any, items: pd.DataFrame) -> None:
    """New rows of tblItems: Item, Description. What else they need is asked by the next check."""
    values = {
        (str(item), column): str(text)
        for item, description in items[["Item", "Description"]].itertuples(index=False)
        for column, text in (("Description", description),)
    }
    put_cells(book, "tblItems", ("Item",), {}, values, calendar.MONTH)


def put_cells(
    book: Any, name: str, keys: Sequence[str], labels: dict[pd.Timestamp, str], values: dict[Any, Any], bucket: str
) -> None:
    """Values by (key cells ..., column) into a table, in one block; rows and period columns are added as needed.

    Newer tables and columns that an older workbook lacks are left out.
    """
    tables = find_tables(book)
    if not is_there(tables, name):
        return
    table = tables[name]
    area = table.range
    cells = with_formulas(read_block(area), area)
    headers = ["" if cell is None else str(cell).strip() for cell in cells[0]]
    missing = [key for key in keys if key not in headers]
    if missing:
        raise WorkbookError(
            f"{area.sheet.name}: table {name} has no column '{missing[0]}'; give the column its name back."
        )
    if labels:
        cells = _with_periods(cells, labels, bucket, (area.row, area.column))
        headers = [str(cell or "").strip() for cell in cells[0]]
    columns: dict[Any, int] = {header: at for at, header in reversed(list(enumerate(headers)))}
    for at, header in enumerate(headers):
        period = calendar.parse_period(header, bucket) if labels and header not in keys else None
        if period is not None:
            columns.setdefault(period, at)
    key_columns = [columns[key] for key in keys]
    rows = {_key([line[at] for at in key_columns], keys, bucket): at for at, line in enumerate(cells) if at}
    free = [at for at, line in enumerate(cells) if at and all(cell in (None, "") for cell in line)]
    for *key, column in values:
        if column not in columns and is_newer(name, str(column)):
            continue
        spot = tuple(key)
        if spot not in rows:
            if free:
                rows[spot] = free.pop(0)
            else:
                rows[spot] = len(cells)
                cells.append([None] * len(headers))
            for at, cell in zip(key_columns, spot, strict=True):
                cells[rows[spot]][at] = cell if cell != "" else None
        cells[rows[spot]][columns[column]] = values[(*key, column)]
    _write(table, area, cells)


def _key(cells: Sequence[object], keys: Sequence[str], bucket: str) -> tuple[object, ...]:
    return tuple(
        calendar.parse_period(cell, bucket) if key == "Period" else _text(cell)
        for key, cell in zip(keys, cells, strict=True)
    )


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _with_periods(
    cells: list[list[object]], labels: dict[pd.Timestamp, str], bucket: str, corner: tuple[int, int]
) -> list[list[object]]:
    """The table with a column for each period, in time order; formulas move along with their column."""
    found = {at: calendar.parse_period(cell, bucket) for at, cell in enumerate(cells[0])}
    present = {period: at for at, period in reversed(list(found.items())) if period is not None}
    order: list[int | pd.Timestamp] = list(range(len(cells[0])))
    for period in sorted(labels):
        if period in present:
            continue
        later = [at for known, at in present.items() if known > period]
        before = [place for place, entry in enumerate(order) if entry in later]
        earlier = [
            place
            for place, entry in enumerate(order)
            if (isinstance(entry, pd.Timestamp) and entry < period)
            or (isinstance(entry, int) and (known := found.get(entry)) is not None and known < period)
        ]
        order.insert(before[0] if before else (earlier[-1] + 1 if earlier else len(order)), period)
    if len(order) == len(cells[0]):
        return [list(line) for line in cells]
    result: list[list[object]] = [[labels[e] if isinstance(e, pd.Timestamp) else cells[0][e] for e in order]]
    top, left = corner
    for index, line in enumerate(cells[1:], 1):
        row = top + index
        result.append([
            None if isinstance(entry, pd.Timestamp)
            else moved_cell(line[entry], (row, left + entry), (row, left + place))
            for place, entry in enumerate(order)
        ])  # fmt: skip
    return result


def _write(table: Any, area: Any, cells: list[list[object]]) -> None:
    sheet, top, left = area.sheet, area.row, area.column
    height, width = len(cells), len(cells[0])
    target = sheet.range((top, left), (top + height - 1, left + width - 1))
    if (height, width) != area.shape:
        require_free(target, f"table {table.name}", read_block(target), owned=area)
        if width > area.shape[1]:
            # headers first: a table that grows takes what stands there for its headers
            write_block(sheet.range((top, left)), cells[:1])
        table.resize(target)
    block = [[cell if isinstance(cell, Formula) else _plain(cell) for cell in line] for line in cells]
    write_block(sheet.range((top, left)), block)


def _plain(cell: object) -> object:
    return cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell
