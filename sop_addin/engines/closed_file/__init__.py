"""Lossless editing of .xlsx and .xlsm files that no program has open.

Only what changes is rewritten: untouched parts keep their compressed bytes, untouched sheets and cells their XML.
"""

from sop_addin.engines.closed_file.engine import open_book
from sop_addin.engines.closed_file.recalculate import Recalculation, recalculate_book, recalculate_bytes

__all__ = ["Recalculation", "open_book", "recalculate_book", "recalculate_bytes"]
