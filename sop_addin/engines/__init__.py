"""xlwings engines: the places where a workbook can live.

An engine knows cells, tables and names; it knows nothing of S&OP and imports nothing from the rest of the package.
`closed_file` edits an .xlsx/.xlsm that no program has open; `write_block` and `read_block` move cells in bulk over any
engine, live Excel included.
"""

from sop_addin.engines.errors import EngineError, FileChanged, FileLocked, FileUnreadable
from sop_addin.engines.values import DynamicFormula, Formula, XlError
from sop_addin.engines.write_block import read_block, read_formulas, write_block

__all__ = [
    "DynamicFormula",
    "EngineError",
    "FileChanged",
    "FileLocked",
    "FileUnreadable",
    "Formula",
    "XlError",
    "read_block",
    "read_formulas",
    "write_block",
]
