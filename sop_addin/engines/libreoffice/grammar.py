"""Formulas between Excel's notation and the one of LibreOffice's programming interface.

`=SUM('Sales Plan'!B2:C3,{1,2;3,4})` in Excel is `=SUM($'Sales Plan'.B2:C3;{1;2|3;4})` there: other separators, a point
after the sheet, logical values as functions.
"""

import re

from openpyxl.formula.tokenizer import Token, Tokenizer

from sop_addin.engines.formulas import from_stored, to_stored
from sop_addin.engines.references import quote_sheet, split_sheet

_TEXT_OR_SHEET = re.compile(r"(\"(?:[^\"]|\"\")*\"|\$?'(?:[^']|'')*'(?=\.)|\[[^\[\]]*\])")
_SHEET = re.compile(r"(?<![\w.'])\$?([^\W\d][\w]*)\.(?=\$?[A-Za-z]{1,3}\$?\d|\$?[A-Za-z]{1,3}:|#REF!)")
_PART = re.compile(r"\[(#(?:All|Data|Headers|Totals))\]", re.IGNORECASE)
_WHOLE_PART = re.compile(r"\[\[(#(?:All|Data|Headers|Totals))\]\]", re.IGNORECASE)
_ADD_IN = re.compile(r"\bCOM\.SUN\.STAR\.SHEET\.ADDIN\.(?:ANALYSIS|DATEFUNCTIONS)\.GET(?=\w+\()")  # EDATE and others
_LOGICAL = re.compile(r"\b(TRUE|FALSE)\(\)")


def to_libreoffice(formula: str, table: str | None = None) -> str:
    """An Excel formula with '=' -> LibreOffice's notation; `table` is the one the cell lies in, for [@Column]."""
    stored = from_stored(to_stored(formula, table))  # [@Column] spelt out, functions without prefix
    parts = []
    depth: list[str] = []
    for token in Tokenizer(stored).items:
        parts.append(_in_libreoffice(token, depth))
    return "=" + "".join(parts)


def _in_libreoffice(token: Token, depth: list[str]) -> str:
    text = str(token.value)
    if token.type == Token.SEP:
        return "|" if token.subtype == Token.ROW and depth[-1:] == [Token.ARRAY] else ";"
    if token.type in (Token.ARRAY, Token.FUNC, Token.PAREN):
        if token.subtype == Token.OPEN:
            depth.append(token.type)
        elif depth:
            depth.pop()
        return text
    if token.type == "ARRAYROW":  # the tokenizer opens and closes each row of an array, unseen in the text
        return ""
    if token.type == Token.OPERAND and token.subtype == Token.LOGICAL:
        return text + "()"
    if token.type == Token.OPERAND and token.subtype == Token.RANGE:
        return _reference_to_libreoffice(text)
    return text


def _reference_to_libreoffice(text: str) -> str:
    if "[[" in text:
        return text.replace("],[", "];[")
    if "[#" in text:
        return _PART.sub(r"[[\1]]", text)
    if "!" not in text or text.startswith("#"):
        return text
    sheet, reference = split_sheet(text)
    quoted = sheet if re.fullmatch(r"\w+", sheet or "") else "'" + (sheet or "").replace("'", "''") + "'"
    return f"${quoted}.{reference}"


def from_libreoffice(formula: str) -> str:
    """LibreOffice's notation -> Excel's; a matrix formula loses its braces, a constant stays as it is."""
    if formula.startswith("{=") and formula.endswith("}"):
        formula = formula[1:-1]
    if not formula.startswith("="):
        return formula
    pieces = _TEXT_OR_SHEET.split(_WHOLE_PART.sub(r"[\1]", formula))
    if any("," in piece for piece in pieces[::2]):
        return formula  # a function LibreOffice does not know: it keeps the text that it read from the file
    in_array = False
    for position, piece in enumerate(pieces):
        if position % 2 == 0:
            pieces[position], in_array = _separators(piece, in_array)
        elif piece.startswith(("'", "$'")):
            pieces[position] = quote_sheet(piece.lstrip("$")[1:-1].replace("''", "'"))
            pieces[position + 1] = "!" + pieces[position + 1][1:]  # in place of the point
    return "".join(pieces)


def _separators(piece: str, in_array: bool) -> tuple[str, bool]:
    """Text between quoted parts, and whether an array is still open at its end."""
    piece = _ADD_IN.sub("", piece)
    piece = _LOGICAL.sub(r"\1", _SHEET.sub(lambda match: quote_sheet(match[1]) + "!", piece))
    out = []
    for letter in piece:
        if letter in "{}":
            in_array = letter == "{"
        out.append(";" if in_array and letter == "|" else "," if letter == ";" else letter)
    return "".join(out), in_array
