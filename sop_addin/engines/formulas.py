"""Formula text: as a user writes it, as a file stores it, and moved from one cell to another."""

import re
from functools import lru_cache

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError

from sop_addin.engines.errors import EngineError

MAX_FORMULA = 8_192  # characters Excel takes

# Functions younger than the file format: stored under a prefix, shown without.
_FUTURE_NAMES = """
ACOT ACOTH AGGREGATE ARABIC ARRAYTOTEXT BASE BETA.DIST BETA.INV BINOM.DIST BINOM.DIST.RANGE BINOM.INV BITAND BITLSHIFT
BITOR BITRSHIFT BITXOR BYCOL BYROW CEILING.MATH CEILING.PRECISE CHISQ.DIST CHISQ.DIST.RT CHISQ.INV CHISQ.INV.RT
CHISQ.TEST CHOOSECOLS CHOOSEROWS COMBINA CONCAT CONFIDENCE.NORM CONFIDENCE.T COT COTH COVARIANCE.P COVARIANCE.S CSC
CSCH DAYS DECIMAL DROP ERF.PRECISE ERFC.PRECISE EXPAND EXPON.DIST F.DIST F.DIST.RT F.INV F.INV.RT F.TEST FILTERXML
FLOOR.MATH FLOOR.PRECISE FORECAST.ETS FORECAST.ETS.CONFINT FORECAST.ETS.SEASONALITY FORECAST.ETS.STAT FORECAST.LINEAR
FORMULATEXT GAMMA GAMMA.DIST GAMMA.INV GAMMALN.PRECISE GAUSS HSTACK HYPGEOM.DIST IFNA IFS IMCOSH IMCOT IMCSC IMCSCH
IMSEC IMSECH IMSINH IMTAN ISFORMULA ISOMITTED ISOWEEKNUM LAMBDA LET LOGNORM.DIST LOGNORM.INV MAKEARRAY MAP MAXIFS
MINIFS MODE.MULT MODE.SNGL MUNIT NEGBINOM.DIST NORM.DIST NORM.INV NORM.S.DIST NORM.S.INV NUMBERVALUE PDURATION
PERCENTILE.EXC PERCENTILE.INC PERCENTRANK.EXC PERCENTRANK.INC PERMUTATIONA PHI POISSON.DIST QUARTILE.EXC QUARTILE.INC
RANDARRAY RANK.AVG RANK.EQ REDUCE RRI SCAN SEC SECH SEQUENCE SHEET SHEETS SINGLE SKEW.P STDEV.P STDEV.S SWITCH T.DIST
T.DIST.2T T.DIST.RT T.INV T.INV.2T T.TEST TAKE TEXTAFTER TEXTBEFORE TEXTJOIN TEXTSPLIT TOCOL TOROW UNICHAR UNICODE
UNIQUE VALUETOTEXT VAR.P VAR.S VSTACK WEBSERVICE WEIBULL.DIST WRAPCOLS WRAPROWS XLOOKUP XMATCH XOR Z.TEST
"""
_FUTURE = _FUTURE_NAMES.split()
_PREFIX = dict.fromkeys(_FUTURE, "_xlfn.") | dict.fromkeys(("FILTER", "SORT", "SORTBY"), "_xlfn._xlws.")
_PREFIX["SORTBY"] = "_xlfn."

_QUOTED = re.compile(r"(\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*')")
_CALL = re.compile(r"(?<![\w.])([A-Za-z][A-Za-z0-9.]*)\(")
_SPILL = re.compile(r"(\$?[A-Z]{1,3}\$?\d+)#")
_THIS_ROW = re.compile(r"(?<![\w\]])(\w+)?\[@(?:\[([^\[\]]+)\]|([^\[\]]*))\]")
_STORED_PREFIX = re.compile(r"_xlfn\.(?:_xlws\.)?|_xlpm\.|_xlws\.")
_NAMED_ARGUMENT = re.compile(r"(?:_xlfn\.LET\(|_xlfn\.LAMBDA\(|,)\s*([A-Za-z_]\w*)\s*(?=,)")


def to_stored(formula: str, table: str | None = None) -> str:
    """'=XLOOKUP(...)' as typed -> the text of <f>: no '=', prefixed functions, [@Column] spelt out.

    `table` is the table the cell lies in. Raises EngineError for a formula beyond Excel's length.
    """
    text = formula[1:] if formula.startswith("=") else formula
    if len(text) > MAX_FORMULA:
        raise EngineError(f"formula of {len(text):,} characters, where Excel allows {MAX_FORMULA:,}; split it")
    if "[@" in text and table:
        text = _THIS_ROW.sub(lambda match: _spell_this_row(match, table), text)
    if "_xlfn." in text or ("(" not in text and "#" not in text):
        return text
    pieces = _QUOTED.split(text)
    for position in range(0, len(pieces), 2):
        piece = _CALL.sub(lambda match: _PREFIX.get(match[1].upper(), "") + match[0], pieces[position])
        pieces[position] = _SPILL.sub(r"_xlfn.ANCHORARRAY(\1)", piece)
    text = "".join(pieces)
    if "_xlfn.LET(" in text or "_xlfn.LAMBDA(" in text:
        text = _mark_named_arguments(text)
    return text


def _spell_this_row(match: re.Match[str], table: str) -> str:
    column = match[2] or match[3]
    return f"{match[1] or table}[[#This Row],[{column}]]" if column else f"{match[1] or table}[#This Row]"


def _mark_named_arguments(text: str) -> str:
    """Names that LET and LAMBDA introduce carry a prefix in the file."""
    names = {name for name in _NAMED_ARGUMENT.findall(text) if not re.fullmatch(r"[A-Za-z]{1,3}\d+", name)}
    for name in sorted(names - {"TRUE", "FALSE"}):
        text = re.sub(rf"(?<![\w.\[\]\"!]){re.escape(name)}(?![\w(\[!])", "_xlpm." + name, text)
    return text


def from_stored(text: str) -> str:
    """The text of <f> -> a formula as Excel shows it, with '='."""
    return "=" + (_STORED_PREFIX.sub("", text) if "_xl" in text else text)


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[tuple[str, bool], ...]:
    """(token, whether it is a reference) of a stored formula; tokenised once, moved many times. What is no formula
    is one token."""
    try:
        items = Tokenizer("=" + text).items
    except (TokenizerError, IndexError):
        return ((text, False),)
    return tuple((token.value, token.type == Token.OPERAND and token.subtype == Token.RANGE) for token in items)


def move(text: str, rows: int, columns: int) -> str:
    """A stored formula (no '=') as it reads when filled `rows` down and `columns` to the right."""
    if rows == 0 and columns == 0:
        return text
    return "".join(_moved(value, rows, columns) if is_reference else value for value, is_reference in _tokens(text))


def _moved(reference: str, rows: int, columns: int) -> str:
    try:
        return str(Translator.translate_range(reference, rows, columns))
    except TranslatorError:  # beyond the edge of the sheet
        return "#REF!"
