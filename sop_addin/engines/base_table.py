"""Tables (ListObjects) of the generic xlwings engine."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlwings import base_classes

from sop_addin.engines.backend import TableInfo
from sop_addin.engines.base_range import Range
from sop_addin.engines.errors import EngineError

if TYPE_CHECKING:
    from sop_addin.engines.base_sheet import Sheet


class Tables(base_classes.Collection):
    """Tables of one sheet."""

    def __init__(self, sheet: "Sheet") -> None:
        self._sheet = sheet

    @property
    def api(self) -> "Sheet":
        return self._sheet

    @property
    def parent(self) -> "Sheet":
        return self._sheet

    def _names(self) -> list[str]:
        return [info.name for info in self._sheet.backend.tables(self._sheet.name)]

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> "Iterator[Table]":
        return iter([Table(self._sheet, name) for name in self._names()])

    def __contains__(self, key: object) -> bool:
        return str(key).lower() in (name.lower() for name in self._names())

    def __call__(self, key: int | str) -> "Table":
        names = self._names()
        if isinstance(key, int):
            return Table(self._sheet, names[key - 1])
        for name in names:
            if name.lower() == key.lower():
                return Table(self._sheet, name)
        raise KeyError(f"There is no table {key} on sheet {self._sheet.name}.")

    def add(
        self,
        source_type: Any = None,
        source: Any = None,
        link_source: Any = None,
        has_headers: bool = True,
        destination: Any = None,
        table_style_name: str | None = None,
        name: str | None = None,
    ) -> "Table":
        box = _impl(source).box
        added = self._sheet.backend.add_table(self._sheet.name, box, name, has_headers, table_style_name)
        return Table(self._sheet, added)


class Table(base_classes.Table):
    """One table."""

    insert_row_range = None

    def __init__(self, sheet: "Sheet", name: str) -> None:
        self._sheet = sheet
        self._name = name

    @property
    def info(self) -> TableInfo:
        for info in self._sheet.backend.tables(self._sheet.name):
            if info.name == self._name:
                return info
        raise EngineError(f"There is no table {self._name} on sheet {self._sheet.name} any more.")

    @property
    def api(self) -> "Sheet":
        return self._sheet

    @property
    def parent(self) -> "Sheet":
        return self._sheet

    @property  # type: ignore[misc]
    def name(self) -> str:
        return self._name

    @property  # type: ignore[misc]
    def display_name(self) -> str:
        return self._name

    @property  # type: ignore[misc]
    def show_headers(self) -> bool:
        return self.info.header_rows > 0

    @property  # type: ignore[misc]
    def show_totals(self) -> bool:
        return self.info.totals_rows > 0

    @property  # type: ignore[misc]
    def show_autofilter(self) -> bool:
        return self.info.show_autofilter

    @property  # type: ignore[misc]
    def table_style(self) -> str | None:
        return self.info.style

    @property
    def range(self) -> Range:
        return Range(self._sheet, self.info.box)

    @property
    def header_row_range(self) -> Range | None:
        info = self.info
        row1, column1, _, column2 = info.box
        return Range(self._sheet, (row1, column1, row1, column2)) if info.header_rows else None

    @property
    def data_body_range(self) -> Range | None:
        info = self.info
        row1, column1, row2, column2 = info.box
        first, last = row1 + info.header_rows, row2 - info.totals_rows
        return Range(self._sheet, (first, column1, last, column2)) if first <= last else None

    @property
    def totals_row_range(self) -> Range | None:
        info = self.info
        _, column1, row2, column2 = info.box
        return Range(self._sheet, (row2, column1, row2, column2)) if info.totals_rows else None

    @property
    def columns(self) -> "TableColumns":
        return TableColumns(self)

    @property
    def rows(self) -> "TableRows":
        return TableRows(self)

    def part_range(self, part: str) -> Range | None:
        """'' or '#Data', '#All', '#Headers', '#Totals' or a column name -> its range."""
        special = {
            "": self.data_body_range,
            "#data": self.data_body_range,
            "#all": self.range,
            "#headers": self.header_row_range,
            "#totals": self.totals_row_range,
        }
        if part.lower() in special:
            return special[part.lower()]
        return self.columns(part).data_body_range

    def resize(self, range: Any) -> None:
        """Give the table the cells of `range`; its first cell must stay."""
        self._sheet.backend.resize_table(self._sheet.name, self._name, _impl(range).box)


class TableColumns(base_classes.Collection):
    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def api(self) -> Table:
        return self._table

    def __len__(self) -> int:
        return len(self._table.info.columns)

    def __iter__(self) -> "Iterator[TableColumn]":
        return iter([TableColumn(self._table, index) for index in range(1, len(self) + 1)])

    def __contains__(self, key: object) -> bool:
        return str(key).lower() in (name.lower() for name in self._table.info.columns)

    def __call__(self, key: int | str) -> "TableColumn":
        if isinstance(key, int):
            return TableColumn(self._table, key)
        for index, name in enumerate(self._table.info.columns, start=1):
            if name.lower() == key.lower():
                return TableColumn(self._table, index)
        raise KeyError(f"There is no column {key} in table {self._table.name}.")


class TableColumn(base_classes.TableColumn):
    def __init__(self, table: Table, index: int) -> None:
        self._table = table
        self._index = index

    @property
    def index(self) -> int:
        return self._index

    @property
    def name(self) -> str:
        return self._table.info.columns[self._index - 1]

    def _column_of(self, whole: Range | None) -> Range | None:
        if whole is None:
            return None
        column = whole.column + self._index - 1
        return Range(whole.sheet, (whole.box[0], column, whole.box[2], column))

    @property
    def range(self) -> Range | None:
        return self._column_of(self._table.range)

    @property
    def data_body_range(self) -> Range | None:
        return self._column_of(self._table.data_body_range)


class TableRows(base_classes.Collection):
    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def api(self) -> Table:
        return self._table

    @property
    def column_count(self) -> int:
        return len(self._table.info.columns)

    def __len__(self) -> int:
        body = self._table.data_body_range
        return 0 if body is None else body.shape[0]

    def __iter__(self) -> "Iterator[TableRow]":
        return iter([TableRow(self._table, index) for index in range(1, len(self) + 1)])

    def __call__(self, key: int) -> "TableRow":
        return TableRow(self._table, key)

    def add(self, values: list[Any] | None, index: int | None) -> "TableRow":
        """Append a row. Inserting in the middle would move other cells, which this engine does not do."""
        if index is not None and index != len(self) + 1:
            raise EngineError(f"Table {self._table.name}: rows are added at the end only; sort afterwards in Excel.")
        row1, column1, row2, column2 = self._table.info.box
        self._table.resize(Range(self._table.parent, (row1, column1, row2 + 1, column2)))
        row = TableRow(self._table, len(self))
        if values:
            row.range.raw_value = [["" if value is None else value for value in values]]
        return row


class TableRow(base_classes.TableRow):
    def __init__(self, table: Table, index: int) -> None:
        self._table = table
        self._index = index

    @property
    def index(self) -> int:
        return self._index

    @property
    def range(self) -> Range:
        body = self._table.data_body_range
        if body is None or not 1 <= self._index <= body.shape[0]:
            raise IndexError(f"Table {self._table.name} has no row {self._index}.")
        row = body.row + self._index - 1
        return Range(body.sheet, (row, body.column, row, body.box[3]))


def _impl(range_: Any) -> Range:
    """xlwings hands over its own Range or ours."""
    ours: Range = getattr(range_, "impl", range_)
    return ours
