"""One worksheet of a copy, row by row."""

from __future__ import annotations

import re

import pytest

from sop_addin.excel.share.functions import Native
from sop_addin.excel.share.row_parts import Editable, Looks, Texts
from sop_addin.excel.share.sheet_part import sheet_part
from sop_addin.opc.errors import FileUnreadable
from sop_addin.opc.xml_text import MAIN

HEAD = f'<x:worksheet xmlns:x="{MAIN}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'


def copied(rows: str, editable: Editable | None = None, after: str = "") -> tuple[str, Texts, int]:
    content = f"{HEAD}<x:sheetData>{rows}</x:sheetData>{after}</x:worksheet>"
    texts = Texts([b"<si><t>zero</t></si>", b"<si><t>one</t></si>"])
    native = Native([], ["Undo"])
    part, changed = sheet_part("Own", content.encode(), frozenset(), texts, Looks(5), native, editable or Editable())
    return (
        re.sub(r".*<x:sheetData/?>|</x:sheetData>.*|<x:sheetProtection.*", "", part.decode(), flags=re.S),
        texts,
        changed,
    )


def test_rows_keep_their_place_prefix_and_spacing_and_say_no_namespace_again() -> None:
    rows = '\n<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>\n<x:row r="7" ht="20"/>\n'
    assert copied(rows)[0] == rows


def test_texts_are_numbered_by_first_use_and_inline_ones_become_shared() -> None:
    rows, texts, _ = copied(
        '<x:row r="1"><x:c r="A1" t="s"><x:v>1</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2" t="inlineStr"><x:is><x:t>in</x:t></x:is></x:c>'
        '<x:c r="B2" t="s"><x:v>1</x:v></x:c></x:row>'
    )
    assert re.findall(r't="(\w+)"><x:v>(\d+)<', rows) == [("s", "0"), ("s", "1"), ("s", "0")]
    assert len(texts.numbers) == 2


def test_a_shared_formula_that_is_not_kept_goes_from_all_rows_that_share_it() -> None:
    rows, _, changed = copied(
        '<x:row r="1"><x:c r="A1"><x:f t="shared" si="0" ref="A1:A2">Undo!B1</x:f><x:v>1</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2"><x:f t="shared" si="0"/><x:v>2</x:v></x:c>'
        '<x:c r="B2"><x:f>SUM(A1:A2)</x:f><x:v>3</x:v></x:c></x:row>'
    )
    assert changed == 2
    assert re.findall("<x:f.*?</x:f>", rows) == ["<x:f>SUM(A1:A2)</x:f>"]


def test_a_formula_is_found_wherever_it_stands_in_its_cell() -> None:
    rows, _, changed = copied('<x:row r="1"><x:c r="A1"><x:v>1</x:v><x:f>Undo!B1</x:f></x:c></x:row>')
    assert (changed, "<x:f" in rows) == (1, False)


def test_rows_and_cells_without_addresses_get_them_and_rows_out_of_order_are_put_in_order() -> None:
    rows = copied('<x:row r="9"><x:c/><x:c r="D9"/><x:c/></x:row><x:row><x:c/></x:row><x:row r="3"><x:c/></x:row>')[0]
    assert re.findall(r'<x:row r="(\d+)"', rows) == ["3", "9", "10"]
    assert re.findall(r'<x:c r="(\w+)"', rows) == ["A3", "A9", "D9", "E9", "A10"]


def test_cells_to_type_into_are_made_where_there_are_none() -> None:
    editable = Editable({2: [(2, 2)]}, {4: [(1, 2)]})
    rows = copied('<x:row r="2" spans="1:1"><x:c r="A2" s="1"/><x:c r="C2"/></x:row><x:row r="5"/>', editable)[0]
    assert rows == (
        '<x:row r="2"><x:c r="A2" s="1"/><x:c r="B2" s="5"/><x:c r="C2"/></x:row>'
        '<x:row r="4"><x:c r="A4" s="5"/><x:c r="B4" s="5"/></x:row><x:row r="5"/>'
    )


def test_a_cell_with_a_list_to_choose_from_below_the_rows_is_open() -> None:
    rule = '<x:dataValidations><x:dataValidation type="list" sqref="A1"/></x:dataValidations>'
    assert copied('<x:row r="1"><x:c r="A1"/></x:row>', after=rule)[0] == '<x:row r="1"><x:c r="A1" s="5"/></x:row>'


def test_text_that_looks_like_a_namespace_stays() -> None:
    text = f' xmlns:x="{MAIN}"'
    assert text in copied(f'<x:row r="1"><x:c r="A1" t="e"><x:v>{text}</x:v></x:c></x:row>')[0]


@pytest.mark.parametrize(
    "rows",
    ['<x:row r="0"/>', '<x:row r="1048577"/>', '<x:row r="one"/>', '<x:row r="1"/><x:row r="1"/>',
     '<x:row r="1"><x:c r="A1" t="s"><x:v>2</x:v></x:c></x:row>', '<x:row r="1"><x:c r="?"/><x:c/></x:row>',
     '<x:row r="1"><x:c r="A1" t="s"><x:v>x</x:v></x:c></x:row>',
     '<x:row r="1"><x:c r="A1" t="s"><x:v>-1</x:v></x:c></x:row>'],
)  # fmt: skip
def test_damaged_rows_are_refused_with_a_sentence(rows: str) -> None:
    with pytest.raises(FileUnreadable, match=r"^Sheet Own, row \w+, is damaged; open the workbook"):
        copied(rows)


def test_a_sheet_without_a_place_for_cells_is_refused() -> None:
    with pytest.raises(FileUnreadable, match="Sheet Own is damaged"):
        sheet_part(
            "Own", f"{HEAD}</x:worksheet>".encode(), frozenset(), Texts([]), Looks(1), Native([], []), Editable()
        )
