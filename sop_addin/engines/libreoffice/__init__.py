"""Workbooks live in LibreOffice Calc, over its UNO interface."""

from sop_addin.engines.libreoffice.engine import ENGINE, LibreOfficeBackend, open_book
from sop_addin.engines.libreoffice.office import NoLibreOffice, Office, find_installation, find_soffice, how_to_get_it

__all__ = [
    "ENGINE",
    "LibreOfficeBackend",
    "NoLibreOffice",
    "Office",
    "find_installation",
    "find_soffice",
    "how_to_get_it",
    "open_book",
]
