"""xlwings engines: the places where a workbook can live.

An engine knows cells, tables and names; it knows nothing of S&OP and imports nothing from the rest of the package.
`closed_file` edits an .xlsx/.xlsm that no program has open. Bulk reading and writing over any engine, live Excel
included, is in `sop_addin.excel.blocks`.
"""

from sop_addin.engines.errors import EngineError, FileChanged, FileLocked, FileUnreadable
from sop_addin.engines.values import DynamicFormula, Formula, XlError

__all__ = [
    "DynamicFormula",
    "EngineError",
    "FileChanged",
    "FileLocked",
    "FileUnreadable",
    "Formula",
    "XlError",
]
