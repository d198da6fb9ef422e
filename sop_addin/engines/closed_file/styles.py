"""Cell styles: number formats looked up and, where a cell needs another one, cell formats appended to the part."""

import copy
from collections.abc import Callable

from lxml import etree
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_REVERSE, is_date_format

from sop_addin.engines.errors import FileUnreadable
from sop_addin.opc.xml_text import MAIN, main_tag, parse_xml, serialise_xml

STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
GENERAL = "General"
TEXT = "@"

DEFAULT_PART = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<styleSheet xmlns="{MAIN}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
).encode()

_FIRST_CUSTOM_FORMAT = 164


class Styles:
    """Cell formats by index (the `s` of a cell). Index 0 is the workbook's default."""

    def __init__(self, content: bytes, part: str) -> None:
        self._root = parse_xml(content, part)
        formats = self._root.find(main_tag("cellXfs"))
        if formats is None or len(formats) == 0:
            raise FileUnreadable("The workbook's styles are damaged; open it in Excel and let Excel repair it.")
        self._formats = formats
        self._codes = {
            int(element.get("numFmtId", "0")): element.get("formatCode", GENERAL)
            for element in self._root.iterfind(f"{main_tag('numFmts')}/{main_tag('numFmt')}")
        }
        self._is_date: dict[int, bool] = {}
        self._variants: dict[tuple[int, str, str], int] = {}
        self.changed = False

    def to_bytes(self) -> bytes:
        return serialise_xml(self._root)

    def code(self, style: int) -> str:
        """Number format code of a style; General for an index the file lacks."""
        if not 0 <= style < len(self._formats):
            return GENERAL
        number = int(self._formats[style].get("numFmtId", "0"))
        return self._codes.get(number) or BUILTIN_FORMATS.get(number, GENERAL)

    def is_date(self, style: int) -> bool:
        """Whether numbers under this style are dates or times."""
        known = self._is_date.get(style)
        if known is None:
            known = self._is_date[style] = bool(is_date_format(self.code(style)))
        return known

    def with_code(self, style: int, code: str) -> int:
        """The same style with another number format."""
        if self.code(style) == code:
            return style

        def change(cell_format: etree._Element) -> None:
            cell_format.set("numFmtId", str(self._format_number(code)))
            cell_format.set("applyNumberFormat", "1")

        return self._variant(style, "code", code, change)

    def is_quoted(self, style: int) -> bool:
        """Whether Excel shows the cell's text with a leading apostrophe (quotePrefix)."""
        return 0 <= style < len(self._formats) and self._formats[style].get("quotePrefix") in ("1", "true")

    def with_quote(self, style: int, quoted: bool) -> int:
        """The same style with or without quotePrefix, which keeps '=...' text from becoming a formula on editing."""
        if self.is_quoted(style) == quoted:
            return style

        def change(cell_format: etree._Element) -> None:
            if quoted:
                cell_format.set("quotePrefix", "1")
            else:
                del cell_format.attrib["quotePrefix"]

        return self._variant(style, "quote", str(quoted), change)

    def color(self, style: int) -> tuple[int, int, int] | None:
        """Solid fill as red, green, blue; None for no fill or a theme colour."""
        if not 0 <= style < len(self._formats):
            return None
        fills = self._root.find(main_tag("fills"))
        number = int(self._formats[style].get("fillId", "0"))
        if fills is None or number >= len(fills):
            return None
        pattern = fills[number].find(main_tag("patternFill"))
        if pattern is None or pattern.get("patternType") != "solid":
            return None
        foreground = pattern.find(main_tag("fgColor"))
        rgb = foreground.get("rgb") if foreground is not None else None
        if not rgb or len(rgb) not in (6, 8):
            return None
        red, green, blue = bytes.fromhex(rgb[-6:])
        return red, green, blue

    def with_color(self, style: int, color: tuple[int, int, int] | None) -> int:
        """The same style with a solid background, or none."""
        if self.color(style) == color:
            return style

        def change(cell_format: etree._Element) -> None:
            cell_format.set("fillId", str(self._fill_number(color) if color else 0))
            cell_format.set("applyFill", "1")

        return self._variant(style, "color", str(color), change)

    # -- parts of a style

    def _variant(self, style: int, kind: str, value: str, change: Callable[[etree._Element], None]) -> int:
        key = (style, kind, value)
        if key in self._variants:
            return self._variants[key]
        base = self._formats[style if 0 <= style < len(self._formats) else 0]
        wanted = copy.deepcopy(base)
        wanted.tail = None
        change(wanted)
        canonical = etree.tostring(wanted, method="c14n")
        for number, existing in enumerate(self._formats):
            if existing.get("numFmtId") == wanted.get("numFmtId") and _canonical(existing) == canonical:
                self._variants[key] = number
                return number
        self._formats.append(wanted)
        self._formats.set("count", str(len(self._formats)))
        self.changed = True
        self._variants[key] = len(self._formats) - 1
        return len(self._formats) - 1

    def _format_number(self, code: str) -> int:
        builtin = BUILTIN_FORMATS_REVERSE.get(code)
        if builtin is not None:
            return int(builtin)
        for number, known in self._codes.items():
            if known == code:
                return number
        number = max([_FIRST_CUSTOM_FORMAT - 1, *self._codes]) + 1
        self._codes[number] = code
        holder = self._root.find(main_tag("numFmts"))
        if holder is None:
            holder = etree.Element(main_tag("numFmts"))
            self._root.insert(0, holder)
        element = etree.SubElement(holder, main_tag("numFmt"))
        element.set("numFmtId", str(number))
        element.set("formatCode", code)
        holder.set("count", str(len(holder)))
        return number

    def _fill_number(self, color: tuple[int, int, int]) -> int:
        fills = self._root.find(main_tag("fills"))
        if fills is None:
            raise FileUnreadable("The workbook's styles hold no fills; open it in Excel and save it anew.")
        fill = etree.SubElement(fills, main_tag("fill"))
        pattern = etree.SubElement(fill, main_tag("patternFill"))
        pattern.set("patternType", "solid")
        etree.SubElement(pattern, main_tag("fgColor")).set("rgb", "FF{:02X}{:02X}{:02X}".format(*color))
        etree.SubElement(pattern, main_tag("bgColor")).set("indexed", "64")
        fills.set("count", str(len(fills)))
        return len(fills) - 1


def _canonical(element: etree._Element) -> bytes:
    alone = copy.deepcopy(element)
    alone.tail = None
    return etree.tostring(alone, method="c14n")
