"""Numbers and dates as other systems write them: decimal comma or point, trailing minus, 31.12.2026, 2026/12, Dez 26.

One file is written by one system: how it writes numbers and days is decided once, from all of its cells, and what could
be read two ways is said.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import pandas as pd

from ...model.foreign import Cell, DecimalSign

DayOrder = Literal["day first", "month first"]

_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f \t"))
_NUMBER = re.compile(r"[\d.,'’]*\d[\d.,'’]*")
_MONEY_WORDS = re.compile(r"^(?:EUR|USD|GBP|CHF|PLN|SEK|DKK|[€$£])|(?:EUR|USD|GBP|CHF|PLN|SEK|DKK|[€$£])$", re.I)
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "null", "none", "#n/a", "k.a.", "."})


def is_blank(cell: Cell) -> bool:
    """Whether a cell says nothing: empty, or one of the signs that stand for it (-, n/a, null)."""
    if cell is None:
        return True
    if isinstance(cell, float):
        return cell != cell
    return isinstance(cell, str) and cell.strip().casefold() in _NOTHING


def cell_text(cell: Cell) -> str:
    """A cell as text without outer blanks; 1001.0 is '1001', a day is yyyy-mm-dd."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (dt.date, dt.datetime)):
        return cell.strftime("%Y-%m-%d")
    return " ".join(str(cell).split())


# --- numbers ----------------------------------------------------------------------------------------------------------


def read_number(cell: Cell, decimal: DecimalSign) -> float | None:
    """A cell as number, None where it is none. Takes 1.234,56 and 1,234.56 (as ``decimal`` says), 1 234, 1'234, 12-,
    (12), -12, 12 EUR."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, (int, float)):
        return float(cell) if cell == cell and abs(cell) != float("inf") else None
    if not isinstance(cell, str):
        return None
    bare, sign = _bare(cell)
    if bare is None:
        return None
    other = "." if decimal == "," else ","
    whole, *rest = bare.split(decimal)
    if len(rest) > 1 or (rest and other in rest[0]):
        return None
    groups = whole.split(other)
    if len(groups) > 1 and (not groups[0] or any(len(group) != 3 for group in groups[1:])):
        return None
    text = "".join(groups) + ("." + rest[0] if rest else "")
    return sign * float(text) if text not in ("", ".") else None


def _bare(text: str) -> tuple[str | None, float]:
    """Digits, points and commas of a number, and its sign; (None, 1) for what is no number."""
    bare = _MONEY_WORDS.sub("", text.translate(_BLANKS)).replace("−", "-")
    sign = 1.0
    if bare.startswith("(") and bare.endswith(")"):
        bare, sign = bare[1:-1], -1.0
    elif bare[:1] in ("-", "+") or bare[-1:] in ("-", "+"):
        sign = -1.0 if "-" in (bare[:1], bare[-1:]) else 1.0
        bare = bare[1:] if bare[:1] in ("-", "+") else bare[:-1]
    if not _NUMBER.fullmatch(bare):
        return None, 1.0
    return re.sub("['’]", "", bare), sign


@dataclass(frozen=True)
class NumberStyle:
    """How a file writes decimals; ``doubt`` is a cell that could be read two ways where no cell decides."""

    decimal: DecimalSign
    doubt: str = ""
    mixed: bool = False


def number_style(cells: Iterable[Cell], usual: DecimalSign) -> NumberStyle:
    """DecimalSign comma or point, from all cells of a file; ``usual`` where none of them says."""
    votes: dict[DecimalSign, int] = {",": 0, ".": 0}
    doubt = ""
    for cell in cells:
        if not isinstance(cell, str) or not ("," in cell or "." in cell):
            continue
        bare, _ = _bare(cell)
        if bare is None:
            continue
        found = _decimal_of(bare)
        if found:
            votes[found] += 1
        elif not doubt:
            doubt = cell.strip()
    if votes[","] != votes["."]:
        decimal: DecimalSign = "," if votes[","] > votes["."] else "."
        return NumberStyle(decimal, mixed=min(votes.values()) > 0)
    return NumberStyle(usual, doubt)


def _decimal_of(bare: str) -> DecimalSign | None:
    """What the decimal sign of this number must be; None where both can be."""
    commas, points = bare.count(","), bare.count(".")
    if commas and points:
        return "," if bare.rfind(",") > bare.rfind(".") else "."
    if commas + points == 0:
        return None
    sign: DecimalSign = "," if commas else "."
    other: DecimalSign = "." if commas else ","
    if commas + points > 1:
        return other  # more than one of a kind separates thousands
    before, _, behind = bare.partition(sign)
    # 0,500 and 1234,567 cannot be thousands; 1,234 can be both
    return sign if len(behind) != 3 or len(before) > 3 or before in ("", "0") else None


# --- periods ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class When:
    """A day, or the first day of a month, quarter, year or week; ``span`` says of what."""

    day: pd.Timestamp
    span: Literal["day", "month", "quarter", "year", "week"]


_MONTH_NAMES = tuple(
    tuple(names.split())
    for names in (
        "january januar jänner janvier enero gennaio janeiro januari styczeń",
        "february februar février fevrier febrero febbraio fevereiro februari luty",
        "march märz maerz mrz mars marzo março marco maart marzec",
        "april avril abril aprile kwiecień",
        "may mai mayo maggio maio mei maj",
        "june juni juin junio giugno junho czerwiec",
        "july juli juillet julio luglio julho lipiec",
        "august août aout agosto augustus sierpień",
        "september septembre septiembre settembre setembro wrzesień",
        "october oktober octobre octubre ottobre outubro październik",
        "november novembre noviembre novembro listopad",
        "december dezember décembre decembre diciembre dicembre dezembro grudzień",
    )
)
_NAME_FIRST = re.compile(r"([^\W\d_]{3,12})\.?[ ./'’-]*(\d{4}|\d{2})")
_NAME_LAST = re.compile(r"(\d{4})[ ./-]*([^\W\d_]{3,12})\.?")
_DAY_NAME = re.compile(r"(\d{1,2})[. /-]+([^\W\d_]{3,12})\.?[ ./-]*(\d{4}|\d{2})")
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), form)
    for pattern, form in (
        (r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?", "ymd"),
        (r"(\d{4})(\d{2})(\d{2})", "ymd"),
        (r"(\d{4})[-/. ]?W(?:eek)?[- ]?(\d{1,2})", "yw"),
        (r"(?:KW|W|CW|WK|Week)[ -]?(\d{1,2})[ /.-]+(\d{4})", "wy"),
        (r"(\d{4})[-/. ]?(?:KW|CW|WK)[ -]?(\d{1,2})", "yw"),
        (r"(\d{4})[-/. ]?Q([1-4])", "yq"),
        (r"Q([1-4])[-/. ]*(\d{4})", "qy"),
        (r"(\d{4})[-/. ]?[MP]?(\d{1,3})", "ym"),
        (r"[MP]?(\d{1,3})[-/. ](\d{4})", "my"),
        (r"(?:FY|GJ|Jahr|Year)?[ ]?((?:19|20|21)\d\d)", "y"),
    )
)
_NUMERIC_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d{2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")


def month_number(text: str) -> int | None:
    """1 to 12 for the name of a month in the languages of the trade (Jan, Januar, janvier, enero, gennaio), else
    None."""
    word = text.strip().strip(".").casefold()
    return next(
        (number for number, names in enumerate(_MONTH_NAMES, 1) for name in names if _is_short(word, name)), None
    )


def _is_short(word: str, name: str) -> bool:
    """Whether ``word`` is ``name`` or its first letters, three at least."""
    return len(word) >= 3 and name.startswith(word)


def read_when(cell: Cell, order: DayOrder | None) -> When | None:
    """The day, week, month, quarter or year that a cell names, None where it names none.

    ``order``: what 03/04/2026 means; None: days that need it are not read.
    """
    if isinstance(cell, dt.datetime):
        return When(pd.Timestamp(cell).tz_localize(None).normalize(), "day")
    if isinstance(cell, dt.date):
        return When(pd.Timestamp(cell), "day")
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, (int, float)):
        return _of_number(float(cell))
    return _of_text(" ".join(cell.split()), order) if isinstance(cell, str) else None


def _of_number(number: float) -> When | None:
    if not 1900 <= number < 1e8:
        return None
    return _serial(int(number)) or (_of_text(str(int(number)), None) if number.is_integer() else None)


def _serial(number: int) -> When | None:
    """The day of one of Excel's serial numbers, 1990 to 2099."""
    if not 32874 <= number < 73051:
        return None
    return When(pd.Timestamp(1899, 12, 30) + pd.Timedelta(days=number), "day")


@lru_cache(maxsize=4000)
def _of_text(text: str, order: DayOrder | None) -> When | None:
    try:
        if match := _NUMERIC_DAY.fullmatch(text):
            first, second, year = int(match[1]), int(match[3]), _year(match[4])
            if match[2] == ".":  # with points the day comes first wherever points are used
                return When(pd.Timestamp(year, second, first), "day")
            if first > 12 or second > 12:
                order = "day first" if first > 12 else "month first"
            if order is None:
                return None
            day, month = (first, second) if order == "day first" else (second, first)
            return When(pd.Timestamp(year, month, day), "day")
        if re.fullmatch(r"\d{5}", text):
            return _serial(int(text))
        for pattern, form in _FORMS:
            if match := pattern.fullmatch(text):
                return _of_form(form, [int(part) for part in match.groups()])
        return _of_name(text)
    except ValueError:
        return None


def _of_form(form: str, parts: list[int]) -> When | None:
    if form == "ymd":
        return When(pd.Timestamp(parts[0], parts[1], parts[2]), "day") if 1900 <= parts[0] < 2200 else None
    by = dict(zip(form, parts, strict=True))
    year = by["y"]
    if not 1900 <= year < 2200:
        return None
    if "w" in by:
        return When(pd.Timestamp(dt.date.fromisocalendar(year, by["w"], 1)), "week")
    if "q" in by:
        return When(pd.Timestamp(year, 3 * by["q"] - 2, 1), "quarter")
    if "m" in by:
        return When(pd.Timestamp(year, by["m"], 1), "month")
    return When(pd.Timestamp(year, 1, 1), "year")


def _of_name(text: str) -> When | None:
    if (match := _DAY_NAME.fullmatch(text)) and (month := month_number(match[2])):
        return When(pd.Timestamp(_year(match[3]), month, int(match[1])), "day")
    if (match := _NAME_FIRST.fullmatch(text)) and (month := month_number(match[1])):
        return When(pd.Timestamp(_year(match[2]), month, 1), "month")
    if (match := _NAME_LAST.fullmatch(text)) and (month := month_number(match[2])):
        return When(pd.Timestamp(int(match[1]), month, 1), "month")
    return None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def day_order(cells: Iterable[Cell]) -> tuple[DayOrder | None, str]:
    """What 03/04/2026 means in this file, and the first cell in doubt where nothing decides.

    A part above 12 decides; else a part that is always 1 is the day, because months begin with it.
    """
    pairs: list[tuple[int, int]] = []
    first_cell = ""
    for cell in cells:
        if isinstance(cell, str) and (match := _NUMERIC_DAY.fullmatch(" ".join(cell.split()))) and match[2] != ".":
            pairs.append((int(match[1]), int(match[3])))
            first_cell = first_cell or cell.strip()
    if not pairs:
        return None, ""
    if any(first > 12 for first, _ in pairs):
        return "day first", ""
    if any(second > 12 for _, second in pairs):
        return "month first", ""
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    if firsts == {1} and len(seconds) > 1:
        return "day first", ""
    if seconds == {1} and len(firsts) > 1:
        return "month first", ""
    return None, first_cell
