"""The ribbon buttons of the S&OP month, beside those of `macros`, which names them too."""

from __future__ import annotations

from . import stop
from .excel.read_tables import read_tables
from .excel.undo import undoable
from .excel.write_plan import write_findings
from .excel.write_roll import parts_rolled, write_roll
from .macro_frame import alone, button, process, refused, tell
from .planning.roll import roll_forward as rolled_forward
from .planning.roll import rolled_words


@alone
def roll_forward() -> None:
    """Ribbon: Roll forward. The first planned period is over: its actuals become history, the plan starts later."""
    with button("Reading the workbook") as book:
        tables = read_tables(book)
        if refused(book, tables, "Nothing was rolled", "roll again"):
            return
        rolled = rolled_forward(tables)
        stop.raise_if_asked(process(book))
        names = ("tblFindings",) if rolled.findings.errors else parts_rolled(rolled)
        with undoable(book, "Roll forward", names, tables.settings.bucket):
            if not rolled.findings.errors:
                write_roll(book, rolled, tables.settings.bucket)
            write_findings(book, rolled.findings)
        tell(book, rolled_words(rolled, tables.settings.bucket), bool(rolled.findings.errors))
