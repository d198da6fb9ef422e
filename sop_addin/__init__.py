"""Sales and operations planning in an Excel workbook."""

__version__ = "0.1.0"
