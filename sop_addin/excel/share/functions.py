"""Which formulas mean the same in a workbook without macros and without other workbooks."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from openpyxl.utils import FORMULAE

_TEXT = re.compile(r'"(?:[^"]|"")*"')
_QUOTED_SHEET = re.compile(r"'(?:[^']|'')*'")
_OTHER_BOOK = re.compile(r"'[^'\[]*\[[^\]]+\][^']*'!|(?<![\w\])])\[\d+\][^\[\]!]*!|\|'?[^!]*!")
_COLUMN = re.compile(r"\[[^\[\]]*\]")
_CALL = re.compile(r"([A-Za-z_\\][\w.\\]*)\s*\(")
_NEW = ("_xlfn.", "_xlws.", "_xlfn._xlws.")
_LATER = frozenset({"AGGREGATE", "IFNA", "IFS", "SWITCH", "CONCAT", "TEXTJOIN", "MAXIFS", "MINIFS"})


class Native:
    """Tells native formulas from those that need a macro, an add-in, another workbook, or a sheet or table left out."""

    def __init__(
        self, names: Collection[str], sheets_left_out: Collection[str], tables_left_out: Collection[str] = ()
    ) -> None:
        """``names``: defined names, which may be functions (LAMBDA)."""
        tables = "|".join(map(re.escape, tables_left_out))
        self._no_table = re.compile(rf"(?<![\w.!'])(?:{tables})(?![\w.(!])", re.I) if tables else None
        self._names = {name.casefold() for name in names}
        left = "|".join(re.escape(name.replace("'", "''")) for name in sheets_left_out)
        self._left_out = re.compile(rf"(?:'(?:{left})'|(?<![\w.'])(?:{left}))!", re.I) if left else None
        self._native = lru_cache(maxsize=100_000)(self._look)

    def __call__(self, formula: str) -> bool:
        return self._native(formula) and not self.of_left_out_table(formula)

    def of_left_out_table(self, formula: str) -> bool:
        """Whether a formula looks at a table that is left out: one of the workbook's own, of which nobody is told."""
        return bool(self._no_table and self._no_table.search(_QUOTED_SHEET.sub("s", _TEXT.sub('""', formula))))

    def _look(self, formula: str) -> bool:
        bare = _TEXT.sub('""', formula)
        if _OTHER_BOOK.search(bare) or (self._left_out and self._left_out.search(bare)):
            return False
        bare = _QUOTED_SHEET.sub("s", bare)
        while "[" in bare and bare != (shorter := _COLUMN.sub("", bare)):
            bare = shorter  # names of table columns may hold anything
        return all(self._known(name) for name in _CALL.findall(bare))

    def _known(self, name: str) -> bool:
        upper = name.upper()
        if name.startswith(_NEW):
            return True
        return upper in FORMULAE or upper in _LATER or name.casefold() in self._names
