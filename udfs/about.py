"""SOP_VERSION."""

from __future__ import annotations

import xlwings as xw

from sop_addin import __version__

from ._answer import CATEGORY, answered


@xw.func(category=CATEGORY)
@answered
def SOP_VERSION():
    """Version of sop-addin that answers this workbook."""
    return __version__
