"""Workbooks live in LibreOffice Calc, over its UNO interface."""

from sop_addin.engines.libreoffice.engine import ENGINE, LibreOfficeBackend, open_book
from sop_addin.engines.libreoffice.office import (
    HOW_TO_GET_UNO,
    NoLibreOffice,
    Office,
    find_installation,
    find_soffice,
    how_to_get_it,
    pythons_for,
)

__all__ = [
    "ENGINE",
    "HOW_TO_GET_UNO",
    "LibreOfficeBackend",
    "NoLibreOffice",
    "Office",
    "find_installation",
    "find_soffice",
    "how_to_get_it",
    "open_book",
    "pythons_for",
]
