"""One cell as bytes: what it holds, and the bytes of a new content."""

import datetime as dt
import re
from typing import TYPE_CHECKING, NamedTuple

from sop_addin.engines.closed_file.dates import from_serial, to_serial
from sop_addin.engines.closed_file.shared_strings import SharedStrings, plain_text
from sop_addin.engines.closed_file.styles import GENERAL, TEXT, Styles
from sop_addin.engines.errors import FileUnreadable
from sop_addin.engines.formulas import to_stored
from sop_addin.engines.references import MAX_COLUMNS, column_number
from sop_addin.engines.values import CellValue, DynamicFormula, Formula, XlError, is_retyped_by_excel
from sop_addin.opc.xml_text import attribute, decode_text, encode_text

if TYPE_CHECKING:
    from collections.abc import Callable

# A cell as nearly every producer writes it; groups: column, style, type, value - or, last, the raw cell to look at in
# detail. One branch for nearly all cells: a second one would cost a third of the reading time.
READ_CELLS = re.compile(
    rb'<c r="([A-Z]+)\d+"(?: s="(\d+)")?(?: t="(\w+)")?(?:>(?:<f[^<>]*?(?:/>|>[^<]*</f>))?<v>([^<]*)</v></c>|/>)'
    rb"|(<c\b[^<>]*?(?:/>|>.*?</c>))",
    re.S,
)
_ONE_CELL = re.compile(rb'<c\b(?: r="([A-Z]{1,3})\d+")?([^<>]*?)(?:/>|>(.*?)</c>)', re.S)
_USUAL_STYLE = re.compile(rb'<c r="[A-Z]+\d+"(?: s="(\d+)")?(?: t="\w+")?/?>')
_FORMULA = re.compile(rb"<f\b([^<>]*?)(?:/>|>([^<]*)</f>)")
_VALUE = re.compile(rb"<v\b[^<>]*?(?:/>|>([^<]*)</v>)")

# The formats Excel itself gives to a date typed into a General cell (built-in codes follow the user's locale).
_DATE_CODE, _MOMENT_CODE, _CLOCK_CODE, _DURATION_CODE = "mm-dd-yy", "m/d/yy h:mm", "h:mm:ss", "[h]:mm:ss"

_MAX_KNOWN_DATES = 10_000  # a plan has few dates, many times over

_SMALLEST_NORMAL = 2.2250738585072014e-308  # Excel knows no denormal numbers


class CellParts(NamedTuple):
    """The pieces of a raw cell: the inside of its tag without r, and what lies between the tags."""

    attributes: bytes
    inner: bytes


class FormulaParts(NamedTuple):
    """The pieces of <f>: the inside of its tag and its text ('' for a follower of a shared formula)."""

    attributes: bytes
    text: str


class _ColumnNumbers(dict[bytes, int]):
    """Column numbers by letters as they stand in the file; a plain dictionary look-up once known."""

    def __missing__(self, letters: bytes) -> int:
        number = column_number(letters.decode("ascii"))
        if not 1 <= number <= MAX_COLUMNS:
            raise ValueError(f"column {letters.decode()} is beyond the last one, XFD")
        self[letters] = number
        return number


_COLUMN_NUMBERS = _ColumnNumbers()


def split_cells(body: bytes) -> dict[int, bytes]:
    """Raw cells of a row by column number; a cell without address follows its predecessor."""
    cells: dict[int, bytes] = {}
    column = 0
    for match in _ONE_CELL.finditer(body):
        letters = match[1]
        if letters is None:
            reference = attribute(match[2], b"r")
            letters = reference.rstrip(b"0123456789") if reference else None
        column = _COLUMN_NUMBERS[letters] if letters else column + 1
        cells[column] = match[0]
    return cells


def split_cell(raw: bytes) -> CellParts:
    match = _ONE_CELL.match(raw)
    if match is None:
        raise FileUnreadable("A cell of the workbook is damaged; open it in Excel and let Excel repair it.")
    return CellParts(match[2], match[3] or b"")


def formula_of(raw: bytes) -> FormulaParts | None:
    """The formula of a raw cell as it is stored."""
    if b"<f" not in raw:
        return None
    match = _FORMULA.search(raw)
    if match is None:
        return None
    return FormulaParts(match[1], decode_text(match[2] or b""))


def replace_formula(raw: bytes, formula: bytes) -> bytes:
    """The raw cell with its <f> element exchanged; its cached value stays."""
    return _FORMULA.sub(lambda _: formula, raw, count=1)


def formula_element(raw: bytes) -> bytes:
    match = _FORMULA.search(raw)
    return match[0] if match else b""


def style_of(raw: bytes) -> int:
    match = _USUAL_STYLE.match(raw)
    if match is not None:
        return int(match[1] or 0)
    return int(attribute(split_cell(raw).attributes, b"s") or 0)


def is_blank(raw: bytes) -> bool:
    """Whether a raw cell holds nothing (it may have a format)."""
    return (raw.endswith(b"/>") and raw.count(b"<") == 1) or not split_cell(raw).inner


class CellCodec:
    """Reads and writes cell contents of one workbook; holds what is common to all its sheets."""

    def __init__(self, styles: "Callable[[], Styles]", strings: "Callable[[], SharedStrings]", date_1904: bool) -> None:
        self._styles = styles
        self._strings = strings
        self.date_1904 = date_1904
        self._date_styles: dict[bytes, bool] = {b"": False}
        self._style_for: dict[tuple[int, str], int] = {}
        self._dates: dict[float, dt.datetime | float] = {}

    @property
    def styles(self) -> Styles:
        return self._styles()

    # -- reading

    def value(self, style: bytes, kind: bytes, content: bytes) -> CellValue:
        """Content of <v> under a cell type ('' is a number) and style ('' is the default)."""
        if kind == b"" or kind == b"n":
            number = float(content)
            is_date = self._date_styles.get(style)
            if is_date is None:
                is_date = self._date_styles[style] = self.styles.is_date(int(style))
            return self._date(number) if is_date else number
        if kind == b"s":
            return self._strings().get(int(content)) or None
        if kind == b"str":
            return decode_text(content)
        if kind == b"b":
            return content.strip() in (b"1", b"true")
        if kind == b"e":
            return XlError(decode_text(content))
        if kind == b"d":
            return dt.datetime.fromisoformat(content.decode().strip().rstrip("Z"))
        return decode_text(content)

    def raw_value(self, raw: bytes) -> CellValue:
        """Content of any raw cell, formulas by their cached value."""
        usual = READ_CELLS.match(raw)
        if usual is not None and usual[1] is not None:
            content, kind = usual[4], usual[3] or b""
            if not content:
                return None
            return self.value(usual[2] or b"", kind, content)
        attributes, inner = split_cell(raw)
        if not inner:
            return None
        kind = attribute(attributes, b"t") or b""
        if kind == b"inlineStr":
            return plain_text(inner) or None
        match = _VALUE.search(inner)
        if match is None:
            return None
        content = match[1] or b""
        if content == b"":
            return None
        return self.value(attribute(attributes, b"s") or b"", kind, content)

    def _date(self, serial: float) -> dt.datetime | float:
        known = self._dates.get(serial)
        if known is None:
            if len(self._dates) > _MAX_KNOWN_DATES:
                self._dates.clear()
            known = self._dates[serial] = from_serial(serial, self.date_1904)
        return known

    # -- comparing

    def holds(self, raw: bytes, value: CellValue) -> bool:
        """Whether a raw cell without formula already holds the value, so that its bytes may stay."""
        if value is None:
            return is_blank(raw)
        current = self.raw_value(raw)
        kind = type(value)
        if kind is str:
            return type(current) is str and current == value
        if kind is float:
            return type(current) is float and current == value
        if isinstance(value, Formula):
            return False
        if isinstance(value, bool) or isinstance(current, bool):
            return current is value
        if isinstance(value, str):
            return (
                isinstance(current, str)
                and current == value
                and isinstance(current, XlError) == isinstance(value, XlError)
            )
        if isinstance(value, (int, float)):
            return isinstance(current, float) and current == value
        if not isinstance(current, dt.datetime):
            return False
        if current == value:
            return True
        return to_serial(current, self.date_1904) == to_serial(value, self.date_1904)

    def caches(self, raw: bytes, value: CellValue) -> bool:
        """Whether a formula cell (or one it spills to) already shows the value."""
        attributes, inner = split_cell(raw)
        match = _VALUE.search(inner)
        kind = attribute(attributes, b"t") or b""
        if match is None or kind == b"s":
            return False
        content = match[1] or b""
        if kind in (b"", b"n") and not content:
            return False
        current = self.value(b"", kind, content)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return isinstance(current, float) and current == value
        return type(current) is type(value) and current == value

    # -- writing

    def encode(self, value: CellValue, style: int) -> tuple[int, str, str]:
        """(style, type attribute, inside of <c>) of a value that is not None.

        The style changes only where the content asks for it: a date under General, text that Excel would retype.
        """
        kind = type(value)
        if kind is float:
            return self._plain_style(style), "", f"<v>{number_text(value)}</v>"  # type: ignore[arg-type]
        if isinstance(value, str):
            return self._encode_text(value, style)
        if isinstance(value, bool):
            return self._plain_style(style), ' t="b"', f"<v>{value:d}</v>"
        if isinstance(value, int):
            return self._plain_style(style), "", f"<v>{number_text(float(value))}</v>"
        if isinstance(value, (dt.date, dt.time, dt.timedelta)):
            serial = to_serial(value, self.date_1904)
            return self._date_style(style, value), "", f"<v>{number_text(serial)}</v>"
        raise TypeError(f"cannot write a {kind.__name__} to a cell")

    def _encode_text(self, value: str, style: int) -> tuple[int, str, str]:
        if isinstance(value, Formula):
            if isinstance(value, DynamicFormula):
                raise TypeError("a dynamic formula needs its cell's address")
            return self._plain_style(style), "", f"<f>{encode_text(to_stored(value))}</f>"
        if isinstance(value, XlError):
            return self._plain_style(style), ' t="e"', f"<v>{encode_text(value)}</v>"
        number = self._strings().add(value)
        if is_retyped_by_excel(value):
            style = self._cached(style, "apostrophe" if value[0] == "'" else "quoted")
        else:
            style = self._plain_style(style)
        return style, ' t="s"', f"<v>{number}</v>"

    def _plain_style(self, style: int) -> int:
        return self._cached(style, "plain") if style else 0

    def _date_style(self, style: int, value: dt.date | dt.time | dt.timedelta) -> int:
        if isinstance(value, dt.timedelta):
            code = _DURATION_CODE
        elif isinstance(value, dt.time):
            code = _CLOCK_CODE
        elif isinstance(value, dt.datetime) and (value.hour or value.minute or value.second or value.microsecond):
            code = _MOMENT_CODE
        else:
            code = _DATE_CODE
        return self._cached(style, code)

    def _cached(self, style: int, wish: str) -> int:
        key = (style, wish)
        known = self._style_for.get(key)
        if known is None:
            known = self._style_for[key] = self._derive(style, wish)
        return known

    def _derive(self, style: int, wish: str) -> int:
        styles = self.styles
        if wish == "apostrophe":
            return styles.with_quote(style, True)
        if wish == "quoted":  # under the format Text nothing but a leading apostrophe is retyped
            return styles.with_quote(style, styles.code(style) != TEXT)
        if wish == "plain":
            return styles.with_quote(style, False)
        style = styles.with_quote(style, False)
        return styles.with_code(style, wish) if styles.code(style) in (GENERAL, TEXT) else style


def cached_value(raw: bytes, value: CellValue) -> bytes:
    """The raw formula (or spilled) cell with another cached value; its formula, style and metadata stay."""
    opening = raw[2 : raw.index(b">")].rstrip(b"/")
    opening = re.sub(rb"\st\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", opening)
    formula = formula_element(raw).decode("utf-8")
    kind, content = "", ""
    if isinstance(value, bool):
        kind, content = ' t="b"', f"<v>{value:d}</v>"
    elif isinstance(value, XlError):
        kind, content = ' t="e"', f"<v>{encode_text(value)}</v>"
    elif isinstance(value, str):
        space = ' xml:space="preserve"' if value != value.strip() else ""
        kind, content = ' t="str"', f"<v{space}>{encode_text(value)}</v>"
    elif isinstance(value, (int, float)):
        content = f"<v>{number_text(float(value))}</v>"
    if not formula and not content:
        return b"<c" + opening + b"/>"
    return b"<c" + opening + f"{kind}>{formula}{content}</c>".encode()


def number_text(value: float) -> str:
    """Shortest text that reads back as the same number."""
    text = repr(value)
    if text[-2:] == ".0":
        return text[:-2] if text != "-0.0" else "0"
    if "e" in text and -_SMALLEST_NORMAL < value < _SMALLEST_NORMAL:
        return "0"
    return text
