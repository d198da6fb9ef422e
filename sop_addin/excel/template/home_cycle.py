"""The step of the cycle on Home: its status, and by formula alone whether signed cells were edited since.

A signature keeps, beside the cells themselves, one number that a formula makes of them (tblSigned, column Mark). Where
the formula gives another number now, something was typed since; which cells, the next check or run says.
"""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from ...model.schema import STEPS, TABLES
from ...model.signing import CHANGED_RESULT, DATA, DEMAND, EXECUTIVE, PARTS, PRE, SUPPLY
from ..layout import MARKS_NAME, TABLE_ROW
from .home_figures import MARKS_LEFT, result, trend_ranges
from .sheets_common import Context, address

SIGNED, CHANGED, EDITED = "Signed", "Changed since sign-off", "Edited since sign-off"
SHOWN = (SIGNED, CHANGED, EDITED, "In work", "Reopened", "Open")
_DEMAND_TILE, _COST_TILE = 3, 2
_CLOSE = {DATA: "1E-12", DEMAND: "1E-9", SUPPLY: "1E-8", PRE: "1E-8", EXECUTIVE: "1E-8"}
"""Share of a mark that is rounding: of another program's sums, or of solving the same plan again."""


def add_sign_marks(context: Context, worksheet: Worksheet) -> None:
    """For each step what its signed cells come to now, and what they came to when it was signed."""
    styles = context.styles
    for offset, header in enumerate(("Step", "Mark now", "Mark when signed")):
        worksheet.write_string(TABLE_ROW - 1, MARKS_LEFT - 1 + offset, header, styles.header(right=offset > 0))
    for number, step in enumerate(STEPS, start=1):
        row = TABLE_ROW + number
        worksheet.write_string(row - 1, MARKS_LEFT - 1, step, styles.formula_cell())
        now = f"=IFERROR({_mark(worksheet.get_name(), step)},0)"
        worksheet.write_formula(row - 1, MARKS_LEFT, now, styles.formula_cell("0"), 0)
        then = f'=IFERROR(INDEX(tblSigned[Mark],MATCH("{step}",tblSigned[Step],0)),"")'
        worksheet.write_formula(row - 1, MARKS_LEFT + 1, then, styles.formula_cell("0"), "")
    first, last = (address(TABLE_ROW + at, MARKS_LEFT + 1, "both") for at in (1, len(STEPS)))
    context.workbook.define_name(MARKS_NAME, f"='{worksheet.get_name()}'!{first}:{last}")


def _mark(sheet: str, step: str) -> str:
    """Formula part: one number of everything that the step signs; a cell more or less, or another one, changes it."""
    (dates, demand), (_, cost) = (
        tuple(cells.removeprefix(f"='{sheet}'!") for cells in trend_ranges(sheet, tile))
        for tile in (_DEMAND_TILE, _COST_TILE)
    )
    parts = [f"SUMPRODUCT({demand},{dates})"] if "SalesPlan" in PARTS[step] else []
    parts += [f"SUMPRODUCT({cost},{dates})"] if "tblPlan" in PARTS[step] else []
    for name in PARTS[step]:
        if name == "tblDecisions":
            status = f"{name}[Status]"
            parts += [f'7*COUNTIF({status},"Decided")+11*COUNTIF({status},"Dropped")+COUNTA({name}[Decision])']
        elif name in TABLES and TABLES[name].role == "input":
            cells = _cells(name)
            parts += [f"SUM({cells})", f"COUNTA({cells})"]
    return "+".join(parts)


def _cells(name: str) -> str:
    """The columns of a table that the planner fills in."""
    if TABLES[name].period_columns:
        return f"{name}[]"  # LibreOffice does not know [#Data]
    if name == "tblSettings":
        return f"{name}[Value]"
    typed = [
        column.name for column in TABLES[name].columns if not (column.newer and name in ("tblRates", "tblScenarios"))
    ]
    return f"{name}[[{typed[0]}]:[{typed[-1]}]]"


def status_formula(step: str) -> str:
    """Open where nothing is said; of a signed step whether its content is still what was signed."""
    status = f'INDEX(tblCycle[Status],MATCH("{step}",tblCycle[Step],0))'
    changed = f'ISNUMBER(SEARCH("{step}",{result(CHANGED_RESULT)}))'
    row = TABLE_ROW + 1 + STEPS.index(step)
    now, then = (address(row, MARKS_LEFT + offset, "both") for offset in (1, 2))
    edited = f"IF(ISNUMBER({then}),ABS({now}-{then})>{_CLOSE[step]}*MAX(1,ABS({then})),FALSE)"
    since = f'IF(IFERROR({changed},FALSE),"{CHANGED}",IF({edited},"{EDITED}","{SIGNED}"))'
    return f'=IFERROR(IF({status}="","Open",IF({status}="{SIGNED}",{since},{status})),"-")'
