"""One spreadsheet open in LibreOffice, as the engine's requests see it. Part of the bridge: see `bridge.py`."""

import datetime as dt
import os

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.beans.PropertyState import AMBIGUOUS_VALUE
from com.sun.star.lang import Locale
from com.sun.star.sheet.FillDirection import TO_BOTTOM
from com.sun.star.table import CellAddress, CellRangeAddress

VALUES, DATES, TEXTS, FORMULAS = 1, 2, 4, 16  # com.sun.star.sheet.CellFlags
CONTENTS = VALUES | DATES | TEXTS | FORMULAS
FORMATS = 32 | 64
ERROR_RESULT = 4  # com.sun.star.sheet.FormulaResult
DATE, TIME, NUMBER, LOGICAL = 2, 4, 16, 1024  # com.sun.star.util.NumberFormat
EPOCH = dt.datetime(1899, 12, 30)
DAY = dt.timedelta(days=1)
ERRORS = {
    32767: "#N/A", 532: "#DIV/0!", 519: "#VALUE!", 524: "#REF!", 525: "#NAME?", 503: "#NUM!", 521: "#NULL!",
    502: "#VALUE!", 504: "#REF!",
}  # fmt: skip
FILTERS = {".xlsx": "Calc MS Excel 2007 XML", ".ods": "calc8", ".pdf": "calc_pdf_Export"}


class Refused(Exception):
    """Something that cannot be done; the message is for the user."""


def properties(**values):
    made = []
    for name, value in values.items():
        made.append(PropertyValue())
        made[-1].Name, made[-1].Value = name, value
    return tuple(made)


def url_of(path):
    return uno.systemPathToFileUrl(os.path.abspath(path))


class Lists:
    """Tables and names of a document in one call: asked for one by one over the pipe, a hundred of them take seconds.

    Runs in LibreOffice itself, as Basic of its (our own) profile.
    """

    MODULE = "SopLists"
    SOURCE = """Function TablesOf(oDoc, iSheet)
  Dim oRange, oArea, aFound(), aOne, i, n
  n = 0
  For i = 0 To oDoc.DatabaseRanges.Count - 1
    oRange = oDoc.DatabaseRanges.getByIndex(i)
    oArea = oRange.DataArea
    If oArea.Sheet = iSheet Then
      aOne = Array(oRange.Name, oArea.StartRow, oArea.StartColumn, oArea.EndRow, oArea.EndColumn, _
        oRange.ContainsHeader, oRange.TotalsRow, oRange.AutoFilter, _
        oDoc.Sheets.getByIndex(iSheet).getCellRangeByPosition( _
        oArea.StartColumn, oArea.StartRow, oArea.EndColumn, oArea.StartRow).getDataArray()(0))
      ReDim Preserve aFound(n)
      aFound(n) = aOne
      n = n + 1
    End If
  Next i
  TablesOf = aFound
End Function

Function NamesOf(oDoc)
  Dim oRanges, oRange, sSheet, aFound(), i, j, n
  n = 0
  For i = -1 To oDoc.Sheets.Count - 1
    If i < 0 Then
      oRanges = oDoc.NamedRanges
      sSheet = ""
    Else
      oRanges = oDoc.Sheets.getByIndex(i).NamedRanges
      sSheet = oDoc.Sheets.getByIndex(i).Name
    End If
    For j = 0 To oRanges.Count - 1
      oRange = oRanges.getByIndex(j)
      ReDim Preserve aFound(n)
      aFound(n) = Array(sSheet, oRange.Name, oRange.Content)
      n = n + 1
    Next j
  Next i
  NamesOf = aFound
End Function
"""

    def __init__(self, service):
        self.provider = service("com.sun.star.script.provider.MasterScriptProviderFactory").createScriptProvider("")

    def ask(self, function, *arguments):
        address = (
            "vnd.sun.star.script:Standard." + self.MODULE + "." + function + "?language=Basic&location=application"
        )
        return self.provider.getScript(address).invoke(arguments, (), ())[0]


class Document:
    """One open spreadsheet."""

    def __init__(self, model, lists):
        self.model = model
        self.lists = lists
        self.english = Locale("en", "US", "")
        self.kinds = {}  # number format key -> kinds

    def sheet(self, name):
        return self.model.Sheets.getByName(name)

    def cells(self, sheet, box):
        return self.sheet(sheet).getCellRangeByPosition(box[1] - 1, box[0] - 1, box[3] - 1, box[2] - 1)

    def sheet_names(self):
        return list(self.model.Sheets.ElementNames)

    # -- contents

    def read(self, sheet, box):
        cells = self.cells(sheet, box)
        rows = [[None if value == "" else value for value in row] for row in cells.getDataArray()]
        for kind, (row1, column1, row2, column2) in self._special_formats(cells):
            for row in range(row1 - box[0], row2 - box[0] + 1):
                for column in range(column1 - box[1], column2 - box[1] + 1):
                    value = rows[row][column]
                    if isinstance(value, float):
                        rows[row][column] = bool(value) if kind & LOGICAL else moment(value)
        for area in areas(cells.queryFormulaCells(ERROR_RESULT)):
            for row in range(area[0], area[2] + 1):
                for column in range(area[1], area[3] + 1):
                    code = self.sheet(sheet).getCellByPosition(column - 1, row - 1).getError()
                    if code:
                        rows[row - box[0]][column - box[1]] = ("error", ERRORS.get(code, "#VALUE!"))
        return rows

    def _special_formats(self, cells, kinds=DATE | TIME | LOGICAL):
        """(kind, area) of the cells under a format of these kinds."""
        found = []
        groups = cells.getUniqueCellFormatRanges()
        for index in range(groups.getCount()):
            group = groups.getByIndex(index)
            kind = self._kind(group.NumberFormat)
            if kind & kinds:
                found.extend((kind, area) for area in areas(group))
        return found

    def _kind(self, key):
        if key not in self.kinds:
            self.kinds[key] = self.model.NumberFormats.getByKey(key).Type
        return self.kinds[key]

    def formulas(self, sheet, box):
        """Formula text, or a constant as text."""
        cells = self.cells(sheet, box)
        return [list(row) for row in cells.getFormulaArray()]

    def write(self, sheet, row, column, rows):
        """Values, texts and marked formulas in as few calls as their kinds allow."""
        width = len(rows[0])
        plain, formulas, logical, days, moments = [], [], [], [], []
        for down, line in enumerate(rows):
            values = []
            for right, value in enumerate(line):
                place = (row + down, column + right)
                if isinstance(value, tuple):
                    formulas.append((place, value))
                    value = ""
                elif isinstance(value, bool):
                    logical.append(place)
                    value = float(value)
                elif isinstance(value, dt.datetime):
                    (days if value.time() == dt.time() else moments).append(place)
                    value = (value - EPOCH) / DAY
                elif value is None:
                    value = ""
                values.append(value)
            plain.append(tuple(values))
        box = (row, column, row + len(rows) - 1, column + width - 1)
        self.model.lockControllers()
        try:
            self.cells(sheet, box).setDataArray(tuple(plain))
            self._format(sheet, box, logical, "BOOLEAN", LOGICAL)
            self._format(sheet, box, days, "YYYY-MM-DD", DATE)
            self._format(sheet, box, moments, "YYYY-MM-DD HH:MM:SS", DATE | TIME)
            for (top, left), texts in runs(formulas):
                area = (top, left, top, left + len(texts) - 1)
                self.cells(sheet, area).setFormulaArray((tuple(texts),))
            for (top, left), (_, text, is_matrix) in formulas:
                if is_matrix:
                    self.cells(sheet, (top, left, top, left)).setArrayFormula(text)
        finally:
            self.model.unlockControllers()

    def _format(self, sheet, box, places, code, kind):
        """Give cells of a box a format, where theirs does not show such a value."""
        if not places:
            return
        shown = [area for _, area in self._special_formats(self.cells(sheet, box), kind)]
        wanted = [
            place for place in places if not any(a <= place[0] <= c and b <= place[1] <= d for a, b, c, d in shown)
        ]
        if wanted:
            index = self.sheet_names().index(sheet)
            group = self.model.createInstance("com.sun.star.sheet.SheetCellRanges")
            group.addRangeAddresses(tuple(address(index, box) for box in columns_of(wanted)), True)
            group.NumberFormat = self._key(code)

    def clear(self, sheet, box, contents, formats):
        self.cells(sheet, box).clearContents((CONTENTS if contents else 0) | (FORMATS if formats else 0))

    def used(self, sheet):
        boxes = areas(self.sheet(sheet).queryContentCells(CONTENTS))
        if not boxes:
            return (1, 1, 1, 1)
        tops, lefts, bottoms, rights = zip(*boxes)  # noqa: B905  LibreOffice 7.4 brings Python 3.8
        return (min(tops), min(lefts), max(bottoms), max(rights))

    def has_array(self, sheet, row, column):
        return bool(self.cells(sheet, (row, column, row, column)).getArrayFormula())

    def merged(self, sheet, box):
        """Merged areas that overlap the box, found by halving."""
        found = []
        boxes = [box]
        while boxes:
            row1, column1, row2, column2 = part = boxes.pop()
            if not self.cells(sheet, part).getIsMerged():
                continue
            whole = self._merged_around(sheet, row1, column1)
            if whole is not None and whole not in found:
                found.append(whole)
            if row2 > row1:
                middle = (row1 + row2) // 2
                boxes += [(row1, column1, middle, column2), (middle + 1, column1, row2, column2)]
            elif column2 > column1:
                middle = (column1 + column2) // 2
                boxes += [(row1, column1, row2, middle), (row1, middle + 1, row2, column2)]
        return found

    def _merged_around(self, sheet, row, column):
        cursor = self.sheet(sheet).createCursorByRange(self.cells(sheet, (row, column, row, column)))
        cursor.collapseToMergedArea()
        whole = box_of(cursor.RangeAddress)
        return whole if whole != (row, column, row, column) else None

    # -- formats

    def _key(self, code):
        formats = self.model.NumberFormats
        key = formats.queryKey(code, self.english, False)
        return key if key != -1 else formats.addNew(code, self.english)

    def number_format(self, sheet, box):
        cells = self.cells(sheet, box)
        if cells.getPropertyState("NumberFormat") == AMBIGUOUS_VALUE:
            return None
        return self.model.NumberFormats.getByKey(cells.NumberFormat).FormatString

    def set_number_format(self, sheet, box, code):
        self.cells(sheet, box).NumberFormat = self._key(code)

    def color(self, sheet, row, column):
        number = self.cells(sheet, (row, column, row, column)).CellBackColor
        return None if number < 0 else (number >> 16 & 255, number >> 8 & 255, number & 255)

    def set_color(self, sheet, box, color):
        self.cells(sheet, box).CellBackColor = -1 if color is None else color[0] << 16 | color[1] << 8 | color[2]

    # -- tables (database ranges)

    def tables(self, sheet):
        """(name, box, has headers, has totals, column names, has a filter) of each table of a sheet."""
        found = []
        for name, row1, column1, row2, column2, *flags, header in self.lists.ask(
            "TablesOf", self.model, self.sheet_names().index(sheet)
        ):
            if not name.startswith("__"):
                texts = [value if isinstance(value, str) else repr(value) for value in header]
                headers, totals, has_filter = flags
                found.append((name, (row1 + 1, column1 + 1, row2 + 1, column2 + 1), headers, totals, texts, has_filter))
        return found

    def resize_table(self, sheet, name, box):
        table = self.model.DatabaseRanges.getByName(name)
        area = table.DataArea
        old = box_of(area)
        if (box[0], box[1]) != (old[0], old[1]):
            raise Refused("Table " + name + ": its first cell cannot move.")
        area.EndRow, area.EndColumn = box[2] - 1, box[3] - 1
        table.setDataArea(area)
        first = old[0] + int(table.ContainsHeader)
        below = (old[2] + 1, box[1], box[2], min(box[3], old[3]))
        if box[2] > old[2] >= first and not areas(self.cells(sheet, below).queryContentCells(CONTENTS)):
            # new rows look like the last one: formats, dropdowns and formulas
            self.cells(sheet, (old[2], *below[1:])).fillAuto(TO_BOTTOM, 1)
            self.cells(sheet, below).clearContents(VALUES | DATES | TEXTS)

    def add_table(self, sheet, box, name, has_headers):
        ranges = self.model.DatabaseRanges
        number = 1
        while not name:
            if not ranges.hasByName("Table" + str(number)):
                name = "Table" + str(number)
            number += 1
        ranges.addNewByName(name, address(self.sheet_names().index(sheet), box))
        table = ranges.getByName(name)
        table.ContainsHeader, table.AutoFilter = has_headers, True
        return name

    # -- names and sheets

    def names(self):
        """(sheet or '', name, content)."""
        return [tuple(entry) for entry in self.lists.ask("NamesOf", self.model)]

    def set_name(self, sheet, name, content):
        ranges = self.sheet(sheet).NamedRanges if sheet else self.model.NamedRanges
        if ranges.hasByName(name):
            ranges.getByName(name).setContent(content)
        else:
            ranges.addNewByName(name, content, CellAddress(), 0)

    def delete_name(self, sheet, name):
        (self.sheet(sheet).NamedRanges if sheet else self.model.NamedRanges).removeByName(name)

    def add_sheet(self, name, position):
        self.model.Sheets.insertNewByName(name, position)

    def is_visible(self, sheet):
        return self.sheet(sheet).IsVisible

    def set_visible(self, sheet, visible):
        if not visible and [name for name in self.sheet_names() if self.is_visible(name)] == [sheet]:
            raise Refused("Sheet " + sheet + " is the only visible one and cannot be hidden; show another first.")
        self.sheet(sheet).IsVisible = visible

    # -- the document

    def calculate(self):
        self.model.calculateAll()

    def save(self, path):
        kind = FILTERS.get(os.path.splitext(path)[1].lower())
        if kind is None:
            raise Refused(os.path.basename(path) + ": LibreOffice saves as .xlsx, .ods or .pdf here.")
        self.model.storeToURL(url_of(path), properties(FilterName=kind))


def areas(ranges):
    return [box_of(found) for found in ranges.getRangeAddresses()]


def box_of(found):
    return (found.StartRow + 1, found.StartColumn + 1, found.EndRow + 1, found.EndColumn + 1)


def address(sheet, box):
    made = CellRangeAddress()
    made.Sheet, made.StartRow, made.StartColumn, made.EndRow, made.EndColumn = (
        sheet, box[0] - 1, box[1] - 1, box[2] - 1, box[3] - 1,
    )  # fmt: skip
    return made


def moment(serial):
    return EPOCH + dt.timedelta(milliseconds=round(serial * 86_400_000))


def runs(formulas):
    """Ordinary formulas that stand side by side, as (first place, texts)."""
    found = []
    for (row, column), (_, text, is_matrix) in formulas:
        if is_matrix:
            continue
        if found and found[-1][0][0] == row and found[-1][0][1] + len(found[-1][1]) == column:
            found[-1][1].append(text)
        else:
            found.append(((row, column), [text]))
    return found


def columns_of(places):
    """Cells as boxes: those that stand below each other are one."""
    boxes = []
    for row, column in sorted(places, key=lambda place: (place[1], place[0])):
        if boxes and boxes[-1][1] == column and boxes[-1][2] == row - 1:
            boxes[-1] = (boxes[-1][0], column, row, column)
        else:
            boxes.append((row, column, row, column))
    return boxes
