"""S&OP in another spreadsheet than Excel: the same macros and worksheet functions on a workbook live in LibreOffice."""
