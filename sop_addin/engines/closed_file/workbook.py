"""A closed workbook: its parts put together, sheets loaded when first used, changes written back on `flush`."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from sop_addin.engines.backend import SheetState
from sop_addin.engines.closed_file.atomic_save import save_atomically
from sop_addin.engines.closed_file.cells import CellCodec
from sop_addin.engines.closed_file.shared_strings import EMPTY_PART, SHARED_STRINGS_TYPE, SharedStrings
from sop_addin.engines.closed_file.sheet_xml import SheetXml
from sop_addin.engines.closed_file.spelling import usual_spelling
from sop_addin.engines.closed_file.styles import DEFAULT_PART, STYLES_TYPE, Styles
from sop_addin.engines.closed_file.tables import Tables
from sop_addin.engines.errors import EngineError, FileUnreadable
from sop_addin.opc.package import Package, worksheets
from sop_addin.opc.xml_text import (
    MAIN,
    OFFICE_RELATIONSHIPS,
    R_ID,
    STRICT_MAIN,
    main_tag,
    parse_xml,
    serialise_xml,
)

_WORKSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_METADATA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheetMetadata+xml"
_MACRO_CONTENT = "macroEnabled"
_BAD_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")

_EMPTY_SHEET = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}" '
    f'xmlns:r="{OFFICE_RELATIONSHIPS}"><dimension ref="A1"/><sheetViews><sheetView workbookViewId="0"/></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><sheetData></sheetData></worksheet>'
).encode()

# What Excel writes to mark a formula as dynamic (cm="1" points to the first cell metadata block).
_DYNAMIC_ARRAY_METADATA = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<metadata xmlns="{MAIN}" '
    'xmlns:xda="http://schemas.microsoft.com/office/spreadsheetml/2017/dynamicarray"><metadataTypes count="1">'
    '<metadataType name="XLDAPR" minSupportedVersion="120000" copy="1" pasteAll="1" pasteValues="1" merge="1" '
    'splitFirst="1" rowColShift="1" clearFormats="1" clearComments="1" assign="1" coerce="1" cellMeta="1"/>'
    '</metadataTypes><futureMetadata name="XLDAPR" count="1"><bk><extLst>'
    '<ext uri="{bdbb8cdc-fa1e-496e-a857-3c3f30c029c3}"><xda:dynamicArrayProperties fDynamic="1" fCollapsed="0"/></ext>'
    '</extLst></bk></futureMetadata><cellMetadata count="1"><bk><rc t="1" v="0"/></bk></cellMetadata></metadata>'
).encode()

# Elements that may stand before <definedNames> and <calcPr> in a workbook part, in the order of the schema.
_BEFORE_NAMES = ("sheets", "functionGroups", "externalReferences")


class Workbook:
    """The parts of one workbook and the ways to change them. Nothing reaches the disk before `save`."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.part = self._find_main_part()
        content = package.read(self.part)
        if STRICT_MAIN.encode() in content[:4096]:
            raise FileUnreadable(
                f"{package.name} is saved as 'Strict Open XML'; open it in Excel and save it as an ordinary workbook."
            )
        self.root = parse_xml(content, self.part)
        self._root_changed = False
        self._relationships = package.relationships(self.part)
        properties = self.root.find(main_tag("workbookPr"))
        date_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self.codec = CellCodec(self._load_styles, self._load_strings, date_1904)
        self._styles: Styles | None = None
        self._styles_part = self._related("styles")
        self._strings: SharedStrings | None = None
        self._strings_part = self._related("sharedStrings")
        self._metadata_part = self._related("sheetMetadata")
        self._sheet_parts = self._find_sheets()
        self._sheets: dict[str, SheetXml] = {}
        self._tables: Tables | None = None

    @classmethod
    def open(cls, path: Path) -> "Workbook":
        return cls(Package.read_file(path))

    def _find_main_part(self) -> str:
        for relationship in self.package.relationships("").values():
            if relationship.kind == "officeDocument":
                if relationship.target.endswith(".bin"):
                    raise FileUnreadable(
                        f"{self.package.name} is in the binary .xlsb format; open it in Excel and save it as .xlsm."
                    )
                kind = self.package.content_type(relationship.target) or "spreadsheetml"
                # .xlsm and .xltm have a type of their own: application/vnd.ms-excel.sheet.macroEnabled.main+xml
                if "spreadsheetml" not in kind and "ms-excel" not in kind:
                    raise FileUnreadable(f"{self.package.name} is no Excel workbook but another Office document.")
                return relationship.target
        if "xl/workbook.xml" in self.package:
            return "xl/workbook.xml"
        raise FileUnreadable(f"{self.package.name} is a zip file but not a workbook; choose an .xlsx or .xlsm file.")

    def _related(self, kind: str) -> str | None:
        for relationship in self._relationships.values():
            if relationship.kind == kind and relationship.target in self.package:
                return relationship.target
        return None

    def _find_sheets(self) -> dict[str, str]:
        found = worksheets(self.root, self._relationships, self.package.name)
        if not found:
            raise FileUnreadable(f"{self.package.name} holds no worksheet; open it in Excel and let Excel repair it.")
        return found

    # -- common parts

    def _load_styles(self) -> Styles:
        if self._styles is None:
            if self._styles_part is None:
                self._styles_part = self._add_part("xl/styles.xml", "styles", DEFAULT_PART, STYLES_TYPE)
            self._styles = Styles(self.package.read(self._styles_part), self._styles_part)
        return self._styles

    def _load_strings(self) -> SharedStrings:
        if self._strings is None:
            content = EMPTY_PART if self._strings_part is None else self.package.read(self._strings_part)
            self._strings = SharedStrings(usual_spelling(content, self._strings_part or "", b"sst"))
        return self._strings

    def _add_part(self, part: str, kind: str, content: bytes, content_type: str) -> str:
        if part in self.package:
            stem, dot, extension = part.rpartition(".")
            part = self.package.free_name(stem + "{}" + dot + extension)
        self.package.add_part(part, content, content_type)
        self.package.add_relationship(self.part, f"{OFFICE_RELATIONSHIPS}/{kind}", part)
        return part

    def dynamic_array_metadata(self) -> int:
        """The `cm` index that marks a dynamic array; adds the metadata part where the workbook has none."""
        if self._metadata_part is None:
            self._metadata_part = self._add_part(
                "xl/metadata.xml", "sheetMetadata", _DYNAMIC_ARRAY_METADATA, _METADATA_TYPE
            )
            return 1
        root = parse_xml(self.package.read(self._metadata_part), self._metadata_part)
        types = [element.get("name") for element in root.iter(main_tag("metadataType"))]
        blocks = root.find(main_tag("cellMetadata"))
        if "XLDAPR" in types and blocks is not None:
            wanted = str(types.index("XLDAPR") + 1)
            for number, block in enumerate(blocks, start=1):
                if len(block) and block[0].get("t") == wanted:
                    return number
        raise EngineError("The workbook's cell metadata knows no dynamic arrays; enter one in Excel first.")

    # -- sheets

    def sheet_elements(self) -> Iterator[etree._Element]:
        return self.root.iter(main_tag("sheet"))

    def sheet_names(self) -> list[str]:
        """Worksheets in tab order, hidden ones included."""
        return list(self._sheet_parts)

    def sheet(self, name: str) -> SheetXml:
        """A worksheet, read on first use."""
        if name not in self._sheets:
            if name not in self._sheet_parts:
                raise EngineError(f"There is no sheet {name} in {self.package.name}.")
            part = self._sheet_parts[name]
            self._sheets[name] = SheetXml(self, name, part, self.package.read(part))
        return self._sheets[name]

    def sheet_part(self, name: str) -> str:
        return self._sheet_parts[name]

    def loaded_sheets(self) -> list[SheetXml]:
        return list(self._sheets.values())

    def _sheet_element(self, name: str) -> etree._Element:
        for element in self.sheet_elements():
            if element.get("name") == name:
                return element
        raise EngineError(f"There is no sheet {name} in {self.package.name}.")

    def sheet_state(self, name: str) -> SheetState:
        state = self._sheet_element(name).get("state", "visible")
        return "veryHidden" if state == "veryHidden" else "hidden" if state == "hidden" else "visible"

    def set_sheet_state(self, name: str, state: SheetState) -> None:
        """Show or hide a sheet; the last visible one stays visible (EngineError)."""
        element = self._sheet_element(name)
        if element.get("state", "visible") == state:
            return
        if state != "visible":
            shown = [e for e in self.sheet_elements() if e.get("state", "visible") == "visible" and e is not element]
            if not shown:
                raise EngineError(f"Sheet {name} is the only visible one and cannot be hidden; show another first.")
            element.set("state", state)
            self._leave_tab(element, shown[0])
        else:
            del element.attrib["state"]
        self._root_changed = True

    def _leave_tab(self, hidden: etree._Element, shown: etree._Element) -> None:
        """Excel refuses a file whose active tab is hidden."""
        elements = list(self.sheet_elements())
        for view in self.root.iter(main_tag("workbookView")):
            if int(view.get("activeTab", "0")) == elements.index(hidden):
                view.set("activeTab", str(elements.index(shown)))

    def add_sheet(self, name: str, position: int) -> None:
        """Add an empty worksheet before the worksheet at `position` (from 0), or last."""
        if not name or len(name) > 31 or _BAD_SHEET_NAME.search(name) or name[0] == "'" or name[-1] == "'":
            raise EngineError(f"{name!r} is no sheet name: 1 to 31 characters without []:*?/\\ are allowed.")
        if name.lower() in (known.lower() for known in self._sheet_parts):
            raise EngineError(f"There is a sheet {name} already.")
        part = self.package.free_name("xl/worksheets/sheet{}.xml")
        self.package.add_part(part, _EMPTY_SHEET, _WORKSHEET_TYPE)
        identifier = self.package.add_relationship(self.part, f"{OFFICE_RELATIONSHIPS}/worksheet", part)
        elements = list(self.sheet_elements())
        names = self.sheet_names()
        at = len(elements)
        if position < len(names):
            at = elements.index(self._sheet_element(names[position]))
        element = etree.Element(main_tag("sheet"))
        element.set("name", name)
        element.set("sheetId", str(max(int(e.get("sheetId", "0")) for e in elements) + 1))
        element.set(R_ID, identifier)
        self.root.find(main_tag("sheets")).insert(at, element)  # type: ignore[union-attr]
        self._shift_tabs(at)
        self._sheet_parts = dict(
            sorted(
                (self._sheet_parts | {name: part}).items(),
                key=lambda item: [e.get("name") for e in self.sheet_elements()].index(item[0]),
            )
        )
        self._root_changed = True

    def _shift_tabs(self, at: int) -> None:
        """Tabs are counted by position: names of one sheet, the active tab and the first tab move along."""
        for element in self.root.iter(main_tag("definedName")):
            local = element.get("localSheetId")
            if local is not None and int(local) >= at:
                element.set("localSheetId", str(int(local) + 1))
        for view in self.root.iter(main_tag("workbookView")):
            for tab in ("activeTab", "firstSheet"):
                if int(view.get(tab, "-1")) >= at or (tab == "activeTab" and at == 0 and view.get(tab) is None):
                    view.set(tab, str(int(view.get(tab, "0")) + 1))

    # -- names

    def name_elements(self) -> list[tuple[str, etree._Element]]:
        """(name, element); a name of one sheet reads 'Sheet!Name'. Of Excel's own (_xlnm.) only print areas."""
        sheets = [element.get("name") for element in self.sheet_elements()]
        found = []
        for element in self.root.iter(main_tag("definedName")):
            name, local = element.get("name") or "", element.get("localSheetId")
            name = "Print_Area" if name == "_xlnm.Print_Area" else name
            if not name.startswith("_xlnm."):
                found.append((f"{sheets[int(local)]}!{name}" if local is not None else name, element))
        return found

    def set_name(self, name: str, refers_to: str) -> None:
        """Define or redefine a name ('Sheet!Name' for a name of one sheet)."""
        text = refers_to.removeprefix("=")
        for known, element in self.name_elements():
            if known.lower() == name.lower():
                if element.text != text:
                    element.text = text
                    self._root_changed = True
                return
        sheet, bang, bare = name.rpartition("!")
        if not re.fullmatch(r"[^\W\d][\w.\\]*|\\[\w.\\]*", bare):
            raise EngineError(
                f"{bare!r} is no name: letters, digits, points and underscores, no space, no cell address."
            )
        element = etree.Element(main_tag("definedName"))
        element.set("name", bare)
        if bang:
            sheets = [e.get("name") for e in self.sheet_elements()]
            element.set("localSheetId", str(sheets.index(sheet.strip("'").replace("''", "'"))))
        element.text = text
        self._names_holder().append(element)
        self._root_changed = True

    def delete_name(self, name: str) -> None:
        for known, element in self.name_elements():
            if known.lower() == name.lower():
                holder = self._names_holder()
                holder.remove(element)
                if len(holder) == 0:
                    self.root.remove(holder)
                self._root_changed = True
                return
        raise EngineError(f"There is no name {name} in {self.package.name}.")

    def _names_holder(self) -> etree._Element:
        holder = self.root.find(main_tag("definedNames"))
        if holder is None:
            holder = etree.Element(main_tag("definedNames"))
            self._last_of(_BEFORE_NAMES).addnext(holder)
        return holder

    def _last_of(self, names: tuple[str, ...]) -> etree._Element:
        found = [child for name in names for child in self.root.findall(main_tag(name))]
        return max(found, key=lambda child: self.root.index(child))

    def mark_names_changed(self) -> None:
        self._root_changed = True

    # -- tables

    @property
    def tables(self) -> Tables:
        if self._tables is None:
            self._tables = Tables(self)
        return self._tables

    def table_at(self, sheet: str, row: int, column: int) -> str | None:
        """Name of the table a cell lies in."""
        return self.tables.name_at(sheet, row, column)

    # -- writing back

    @property
    def has_macros(self) -> bool:
        return _MACRO_CONTENT in (self.package.content_type(self.part) or "")

    def flush(self) -> None:
        """Bring all changes into the package's parts."""
        if self._tables is not None:
            self._tables.flush()
        changed = [sheet for sheet in self._sheets.values() if sheet.changed]
        for sheet in changed:
            self.package.write(sheet.part, sheet.to_bytes())
            sheet.changed = False
        if any(sheet.formulas_changed for sheet in self._sheets.values()):
            self._drop_calculation_chain()
        if self._strings is not None and self._strings.changed:
            content = self._strings.to_bytes()
            if self._strings_part is None:
                self._strings_part = self._add_part(
                    "xl/sharedStrings.xml", "sharedStrings", content, SHARED_STRINGS_TYPE
                )
            else:
                self.package.write(self._strings_part, content)
        if self._styles is not None and self._styles.changed and self._styles_part is not None:
            self.package.write(self._styles_part, self._styles.to_bytes())
            self._styles.changed = False
        if self.package.changed or self._root_changed:
            self._ask_for_calculation()
        if self._root_changed:
            self.package.write(self.part, serialise_xml(self.root))
            self._root_changed = False

    def _drop_calculation_chain(self) -> None:
        """Excel rebuilds the chain; a chain that names a cell without formula makes Excel repair the file."""
        for relationship in self.package.relationships(self.part).values():
            if relationship.kind == "calcChain" and relationship.target in self.package:
                self.package.drop_part(relationship.target, self.part)
        for sheet in self._sheets.values():
            sheet.formulas_changed = False

    def _ask_for_calculation(self) -> None:
        """fullCalcOnLoad: Excel recalculates everything when it opens the file."""
        properties = self.root.find(main_tag("calcPr"))
        if properties is None:
            properties = etree.Element(main_tag("calcPr"))
            self._last_of((*_BEFORE_NAMES, "definedNames")).addnext(properties)
        if properties.get("fullCalcOnLoad") not in ("1", "true"):
            properties.set("fullCalcOnLoad", "1")
            self._root_changed = True

    def to_bytes(self) -> bytes:
        self.flush()
        return self.package.to_bytes()

    def save(self, path: Path, opened_from: Path | None) -> None:
        """Save to `path`; where that is the file opened, only if nobody changed it meanwhile."""
        self._check_extension(path)
        content = self.to_bytes()
        same_file = opened_from is not None and os.path.realpath(path) == os.path.realpath(opened_from)
        save_atomically(path, content, self.package.data if same_file else None)
        self._reopen(content)

    def _check_extension(self, path: Path) -> None:
        extension = path.suffix.lower()
        fitting = (".xlsm", ".xltm", ".xlam") if self.has_macros else (".xlsx", ".xltx")
        if extension not in fitting:
            why = "holds macros" if self.has_macros else "holds no macros"
            raise EngineError(f"{path.name}: the workbook {why}, so its name must end in {fitting[0]}; rename it.")

    def _reopen(self, content: bytes) -> None:
        """After a save the saved bytes are what the next save starts from; loaded sheets stay as they are."""
        self.package = Package(content, self.package.name)
