"""The copy for mail, put together from the parts of a workbook: what is not taken over on purpose is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from lxml import etree
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from ...model.errors import WorkbookError
from ...opc.package import CONTENT_TYPES_PART, Relationship, worksheets
from ...opc.package import relationships_part as relationships_name
from ...opc.xml_rows import XmlRows
from ...opc.xml_text import (
    COMPATIBILITY,
    CONTENT_TYPES,
    MAIN,
    R_ID,
    Xml,
    main_tag,
    new_root,
    parse_xml,
    serialise_xml,
)
from ...opc.xml_text import OFFICE_RELATIONSHIPS as OFFICE
from ..layout import ABOUT_SHEET, COPY_SHEET, MERGE_SHEET, UNDO_SHEET, XLWINGS_CONF_SHEET
from . import small_parts as small
from .functions import Native
from .parts import Parts, harmless, relationships, relationships_xml, zipped
from .row_parts import Editable, Looks, Texts, shared_item, text_item
from .sheet_part import sheet_part

MOST_OF_A_SHEET = 150_000_000
"""Bytes of XML: 10,000 items with all their forecasts have 60 million. It takes some three times as much memory."""

LEFT_OUT_SHEETS = (UNDO_SHEET, XLWINGS_CONF_SHEET, "Versions", MERGE_SHEET, COPY_SHEET, ABOUT_SHEET)
_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_DROPPED = frozenset(
    main_tag(name)
    for name in ("fileVersion", "fileSharing", "workbookProtection", "externalReferences", "customWorkbookViews",
                 "pivotCaches", "webPublishing", "fileRecoveryPr", "webPublishObjects", "smartTagPr", "smartTagTypes",
                 "functionGroups", "oleSize", "extLst")
)  # fmt: skip
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"


@dataclass(frozen=True)
class CleanCopy:
    """``data``: the .xlsx. ``values``: formulas that became values, by sheet. ``hidden``: sheets that go along
    although they are hidden. ``dropped``: kinds of things that were left behind, in words."""

    data: bytes
    values: dict[str, int] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def clean_copy(
    data: bytes,
    editable: Mapping[str, Editable],
    kept_texts: Callable[[Mapping[str, bytes]], Collection[str]] = lambda _: (),
    about: Sequence[str] = (),
) -> CleanCopy:
    """A workbook file without macros, ribbon, controls, links, queries, hidden system sheets and traces of persons.

    ``editable``: by sheet, the cells that stay open to typing; the rest is protected, without a password.
    ``kept_texts``: asked with the sheets of the copy, written below each other into a very hidden sheet of its own;
    ``about``: into one that is seen.
    Raises WorkbookError where the bytes are no workbook.
    """
    parts = Parts(data)
    main = next((one.target for one in relationships(parts, "") if one.kind == "officeDocument"), "")
    if main not in parts:
        raise WorkbookError("This is no Excel workbook; give an .xlsm or .xlsx file.")
    return _Copy(parts, main).made(editable, kept_texts, about)


class _Copy:
    def __init__(self, parts: Mapping[str, bytes], main: str) -> None:
        self.parts = parts
        self.main = main
        self.root: Xml = parse_xml(parts[main], main)
        self.links = {one.identifier: one for one in harmless(parts, main)}
        self.types = _content_types(parts)
        self.out: dict[str, bytes] = {}
        self.sheets = self._kept_sheets()

    def made(
        self,
        editable: Mapping[str, Editable],
        kept_texts: Callable[[Mapping[str, bytes]], Collection[str]],
        about: Sequence[str],
    ) -> CleanCopy:
        styles = self._only("styles")
        texts = Texts(self._old_texts())
        looks = Looks(small.style_count(self.parts[styles.target]) if styles else 1)
        native = Native(self._function_names(), self.gone, self.gone_tables)
        values: dict[str, int] = {}
        for name, part in self.sheets.items():
            old = self.parts[part]
            if len(old) > MOST_OF_A_SHEET:
                raise WorkbookError(f"Sheet {name} is too large for a copy; delete cells that are not needed there.")
            links = self._with_targets(part, native)
            ids = frozenset(one.identifier for one in links)
            content, changed = sheet_part(
                name,
                old,
                ids,
                texts,
                looks,
                native,
                editable.get(name, Editable()),
                [parse_xml(self.out[one.target], one.target).get("ref", "A1") for one in links if one.kind == "table"],
            )
            self._put(part, content, links)
            if changed:
                values[name] = changed
        self._charts(texts)
        for one in self.links.values():
            if one.kind in ("theme", "sheetMetadata") and one.target not in self.out:
                self._put(one.target, self.parts[one.target], harmless(self.parts, one.target))
        if styles:
            self._put(styles.target, small.styles_part(self.parts[styles.target], looks.made), [])
        kept = kept_texts({name: self.out[part] for name, part in self.sheets.items()})
        self._workbook({COPY_SHEET: kept, ABOUT_SHEET: about}, texts, native)
        strings = small.strings_part(list(texts.numbers), texts.uses)
        self.out["xl/sharedStrings.xml"] = strings
        self.types["xl/sharedStrings.xml"] = _STRINGS_TYPE
        return CleanCopy(self._package(), values, self.hidden, self._dropped())

    # --- what is kept

    def _kept_sheets(self) -> dict[str, str]:
        """Name -> part of the worksheets of the copy; the others leave the workbook's list."""
        kept: dict[str, str] = {}
        self.gone: list[str] = []
        self.gone_tables: list[str] = []
        self.hidden: list[str] = []
        found = worksheets(self.root, self.links, "The workbook")
        sheets = self.root.find(main_tag("sheets"))
        self.order = [str(sheet.get("name")) for sheet in sheets]
        for sheet in list(sheets):
            name = str(sheet.get("name"))
            part = found.get(name)
            if part is None or name in LEFT_OUT_SHEETS:
                sheets.remove(sheet)
                self.gone.append(name)
                self.gone_tables += [] if part is None else self._tables_of(part)
                continue
            kept[name] = part
            if sheet.get("state", "visible") != "visible":
                self.hidden.append(name)
        if not kept:
            raise WorkbookError("The workbook has no worksheet that could be copied.")
        return kept

    def _tables_of(self, part: str) -> list[str]:
        """The names of the tables of a sheet."""
        tables = [one.target for one in relationships(self.parts, part) if one.kind == "table"]
        return [str(parse_xml(self.parts[table], table).get("displayName")) for table in tables if table in self.parts]

    def _only(self, kind: str) -> Relationship | None:
        return next((one for one in self.links.values() if one.kind == kind), None)

    def _old_texts(self) -> list[bytes]:
        part = self._only("sharedStrings")
        if part is None:
            return []
        return [shared_item(item) for item in XmlRows(self.parts[part.target], part.target, main_tag("si"))]

    def _function_names(self) -> list[str]:
        names = self.root.find(main_tag("definedNames"))
        return [] if names is None else [str(name.get("name")) for name in names if name.get("function") != "1"]

    # --- parts behind the sheets

    def _with_targets(self, part: str, native: Native) -> list[Relationship]:
        """The relationships of a sheet that stay, their targets put into the copy."""
        kept = []
        for one in harmless(self.parts, part):
            if one.kind == "comments":
                self._put(one.target, small.notes_part(self.parts[one.target]), [])
            elif one.kind == "table":
                self._put(one.target, small.table_part(self.parts[one.target], native), [])
            elif one.kind == "vmlDrawing":
                content = small.vml_part(self.parts[one.target])
                if content is None:
                    continue
                self._put(one.target, content, [])
            elif one.kind == "drawing":
                self._drawing(one.target)
            elif one.kind != "hyperlink":
                continue
            kept.append(one)
        return kept

    def _drawing(self, part: str) -> None:
        links = harmless(self.parts, part)
        links = [one for one in links if one.kind in ("chart", "image")]
        for one in links:
            if one.kind == "image":
                self._put(one.target, self.parts[one.target], [])
            else:
                inner = [each for each in harmless(self.parts, one.target) if each.kind != "hyperlink"]
                for each in inner:
                    self._put(each.target, self.parts[each.target], [])
                self._put(one.target, self.parts[one.target], inner)
        self._put(part, small.drawing_part(self.parts[part], frozenset(one.identifier for one in links)), links)

    def _charts(self, texts: Texts) -> None:
        charts = [part for part in self.out if self.types.get(part, "").endswith("drawingml.chart+xml")]
        shown: dict[str, set[tuple[int, int]]] = {}
        for sheet, row, column in chain.from_iterable(small.chart_cells(self.out[part]) for part in charts):
            shown.setdefault(sheet, set()).add((row, column))
        items = list(texts.numbers)
        cells = {
            name: _values(self.out[self.sheets[name]], wanted, items)
            for name, wanted in shown.items()
            if name in self.sheets
        }
        for part in charts:
            self.out[part] = small.chart_part(
                self.out[part], lambda sheet, row, column: cells.get(sheet, {}).get((row, column))
            )

    # --- the workbook and the package

    def _workbook(self, added: Mapping[str, Collection[str]], texts: Texts, native: Native) -> None:
        root = self.root
        for element in list(root):
            if element.tag in _DROPPED or element.tag == f"{{{COMPATIBILITY}}}AlternateContent":
                root.remove(element)
        for element in list(root):
            if not isinstance(element.tag, str) or not element.tag.startswith(main_tag("")):
                root.remove(element)  # revision ids and the like of later versions
        if (properties := root.find(main_tag("workbookPr"))) is not None:
            for name in ("codeName", "filterPrivacy"):
                properties.attrib.pop(name, None)
        for view in root.iter(main_tag("workbookView")):
            for name in ("activeTab", "firstSheet"):
                view.attrib.pop(name, None)
        self._names(native)
        links = [one for one in self.links.values() if one.target in self.out]
        for name, lines in added.items():
            if lines and name not in self.sheets:
                self._add_sheet(name, lines, texts, links)
        strings = Relationship("rIdSopTexts", "sharedStrings", "xl/sharedStrings.xml", False, f"{OFFICE}/sharedStrings")
        etree.cleanup_namespaces(root, keep_ns_prefixes=["r"])
        for name in [name for name in root.attrib if name.startswith(f"{{{COMPATIBILITY}}}")]:
            del root.attrib[name]
        self._put(self.main, serialise_xml(root), [*(one for one in links if one.kind != "sharedStrings"), strings])
        self.types[self.main] = _WORKBOOK_TYPE

    def _names(self, native: Native) -> None:
        """Names without macros, other workbooks and sheets that are gone; those of one sheet follow its new number."""
        names = self.root.find(main_tag("definedNames"))
        if names is None:
            return
        position = {name: number for number, name in enumerate(self.sheets)}
        for name in list(names):
            text, sheet = name.text or "", name.get("localSheetId")
            owner = None if sheet is None else self.order[int(sheet)]
            macro = any(name.get(flag) == "1" for flag in ("function", "vbProcedure", "xlm"))
            if macro or "#REF!" in text or not native(text) or (owner is not None and owner not in position):
                names.remove(name)
                continue
            for attribute in ("comment", "description", "help"):
                name.attrib.pop(attribute, None)
            if owner is not None:
                name.set("localSheetId", str(position[owner]))
        if not len(names):
            self.root.remove(names)

    def _add_sheet(self, name: str, lines: Collection[str], texts: Texts, links: list[Relationship]) -> None:
        """A sheet with one text a row; what the copy was when it was made is very hidden."""
        sheet = new_root(main_tag("worksheet"), MAIN)
        data = etree.SubElement(sheet, main_tag("sheetData"))
        for number, text in enumerate(lines, start=1):
            row = etree.SubElement(data, main_tag("row"), r=str(number))
            cell = etree.SubElement(row, main_tag("c"), r=f"A{number}", t="s")
            etree.SubElement(cell, main_tag("v")).text = str(texts.number(text_item(text)))
        etree.SubElement(sheet, main_tag("sheetProtection"), sheet="1")
        part, link = f"xl/worksheets/sop{name.partition(' ')[0]}.xml", f"rIdSop{name.partition(' ')[0]}"
        self._put(part, serialise_xml(sheet), [])
        self.types[part] = _SHEET_TYPE
        sheets = self.root.find(main_tag("sheets"))
        number = max(int(one.get("sheetId")) for one in sheets) + 1
        entry = etree.SubElement(sheets, main_tag("sheet"), name=name, sheetId=str(number))
        if name == COPY_SHEET:
            entry.set("state", "veryHidden")
        entry.set(R_ID, link)
        links.append(Relationship(link, "worksheet", part, False, f"{OFFICE}/worksheet"))

    def _put(self, part: str, content: bytes, links: list[Relationship]) -> None:
        self.out[part] = content
        if links:
            self.out[relationships_name(part)] = relationships_xml(links)

    def _package(self) -> bytes:
        root = [
            Relationship("rId1", "officeDocument", self.main, False, f"{OFFICE}/officeDocument"),
            Relationship("rId2", "core-properties", "docProps/core.xml", False, _PACKAGE),
            Relationship("rId3", "extended-properties", "docProps/app.xml", False, f"{OFFICE}/extended-properties"),
        ]
        self.types["docProps/core.xml"] = "application/vnd.openxmlformats-package.core-properties+xml"
        self.types["docProps/app.xml"] = "application/vnd.openxmlformats-officedocument.extended-properties+xml"
        self.out["docProps/core.xml"] = small.core_properties()
        self.out["docProps/app.xml"] = small.application_properties()
        head = {"[Content_Types].xml": self._types_part(), "_rels/.rels": relationships_xml(root)}
        return zipped(head | dict(sorted(self.out.items())))

    def _types_part(self) -> bytes:
        root = new_root(f"{{{CONTENT_TYPES}}}Types", CONTENT_TYPES)
        element = f"{{{CONTENT_TYPES}}}Default"
        etree.SubElement(root, element, Extension="rels",
                         ContentType="application/vnd.openxmlformats-package.relationships+xml")  # fmt: skip
        etree.SubElement(root, element, Extension="xml", ContentType="application/xml")
        for part in sorted(self.out):
            if not part.endswith(".rels"):
                etree.SubElement(root, f"{{{CONTENT_TYPES}}}Override", PartName=f"/{part}",
                                 ContentType=self.types.get(part, "application/xml"))  # fmt: skip
        return serialise_xml(root)

    def _dropped(self) -> list[str]:
        """In words, what the workbook had that matters to a reader of the copy."""
        kinds = {one.kind for part in self.parts for one in (relationships(self.parts, part) if "_rels/" not in part
                 and not part.endswith(".bin") else ())}  # fmt: skip
        words = {
            "externalLink": "links to other workbooks", "pivotTable": "pivot tables (their values stay)",
            "oleObject": "embedded objects", "queryTable": "queries", "slicer": "slicers", "chartEx": "new chart types",
            "threadedComment": "names in comment threads",
        }  # fmt: skip
        return [text for kind, text in words.items() if kind in kinds]


def _content_types(parts: Mapping[str, bytes]) -> dict[str, str]:
    root = parse_xml(parts.get(CONTENT_TYPES_PART, b"<Types/>"), CONTENT_TYPES_PART)
    defaults: dict[str, str] = {}
    found: dict[str, str] = {}
    for element in root.iter(etree.Element):
        if element.get("Extension"):
            defaults[str(element.get("Extension")).lower()] = str(element.get("ContentType"))
        elif element.get("PartName"):
            found[str(element.get("PartName")).lstrip("/")] = str(element.get("ContentType"))
    for part in parts:
        extension = re.sub(r".*\.", "", part).lower()
        if part not in found and extension in defaults:
            found[part] = defaults[extension]
    return found


def _values(sheet: bytes, wanted: set[tuple[int, int]], texts: list[bytes]) -> dict[tuple[int, int], object]:
    """Numbers and texts of these cells of a sheet of the copy, by row and column."""
    found: dict[tuple[int, int], object] = {}
    rows = {row for row, _ in wanted}
    for row in XmlRows(sheet, "of a sheet", main_tag("row")):
        number = int(row.get("r"))
        for cell in row.iterchildren(main_tag("c")) if number in rows else ():
            place = (number, column_index_from_string(coordinate_from_string(cell.get("r"))[0]))
            value = cell.findtext(main_tag("v"))
            if place not in wanted or not value or cell.get("t") in ("e", "b"):  # empty: nothing has calculated it yet
                continue
            kind = cell.get("t", "n")
            found[place] = _plain(texts[int(value)]) if kind == "s" else value if kind == "str" else float(value)
    return found


def _plain(item: bytes) -> str:
    strings: Xml = parse_xml(small.strings_part([item], 1), "of a text")
    return "".join(strings.itertext(main_tag("t")))
